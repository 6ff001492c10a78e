//! Which computer a registry text is about.
//!
//! The registry's own word comes first (`ComputerName`, then the host name and the domain of `Tcpip\Parameters`), then
//! what somebody said when handing in the file, then the file's name. A contradiction is a note; the facts go where
//! the registry says they were read.
//!
//! The file's name is read by this rule: the ending goes (`.reg`, `.txt`, …), and so does the ` (1)` of a second
//! download. Of three or more parts between dots it is a full name (`pc-0042.corp.example.reg`); of two, the first
//! counts (`PC-0042.winhttp.reg`). Behind an underscore or a blank, words that say what is exported go
//! (`PC-0042_software.reg`). What is left must be able to be a computer's name and must not be made of such words
//! alone (`tls12-enable.reg`).

use super::{
    super::document::{Client, Data, Value},
    Source, Unreadable,
    reg_machine::Machine,
    reg_paths::{ACTIVE_NAME, COMPUTER_NAME, TCPIP},
};

/// Longest NetBIOS name; longer names are cut to it.
const NETBIOS: usize = 15;

/// Words that say what a file holds, not whose it is.
const TOPICS: &[&str] = &[
    "32",
    "32bit",
    "64",
    "64bit",
    "all",
    "backup",
    "bit",
    "changes",
    "client",
    "copy",
    "crypto",
    "cutover",
    "data",
    "default",
    "disable",
    "dotnet",
    "enable",
    "export",
    "file",
    "fips",
    "fix",
    "hive",
    "hkcu",
    "hklm",
    "key",
    "keys",
    "lsa",
    "machine",
    "native",
    "ndp",
    "net",
    "netfx",
    "new",
    "old",
    "protocol",
    "protocols",
    "query",
    "reg",
    "regedit",
    "registry",
    "schannel",
    "secure",
    "server",
    "settings",
    "software",
    "ssl",
    "strong",
    "system",
    "test",
    "tls",
    "tls1",
    "tls10",
    "tls11",
    "tls12",
    "tls13",
    "untitled",
    "v2",
    "v4",
    "view",
    "winhttp",
    "wow",
    "wow64",
    "wow6432node",
    "x64",
    "x86",
];

/// Endings of files that hold registry texts.
const ENDINGS: &[&str] = &[".reg", ".txt", ".log", ".bat", ".cmd"];

/// What the machine says of itself.
#[derive(Debug, Default)]
pub(super) struct Told {
    name: Option<String>,
    fqdn: Option<String>,
}

impl Told {
    /// From the registry, or else from what the machine stated beside it.
    pub(super) fn by(machine: &Machine, stated: Option<&str>) -> Self {
        let text = |key, name| machine.value(key, name).and_then(text_of);
        let host = text(TCPIP, "Hostname").or_else(|| text(TCPIP, "NV Hostname"));
        let domain = text(TCPIP, "Domain").or_else(|| text(TCPIP, "NV Domain"));
        let name = text(ACTIVE_NAME, "ComputerName")
            .or_else(|| text(COMPUTER_NAME, "ComputerName"))
            .or(stated)
            .or(host);
        let fqdn = host
            .or(name)
            .zip(domain)
            .map(|(host, domain)| format!("{host}.{domain}"));
        Self {
            name: name.filter(|name| is_label(name)).map(str::to_owned),
            fqdn: fqdn.filter(|fqdn| is_fqdn(fqdn)),
        }
    }
}

/// The client of a document.
///
/// # Errors
/// Nothing names the computer.
pub(super) fn client(
    source: &Source<'_>,
    told: Told,
    note: &mut dyn FnMut(String),
) -> Result<Client, Unreadable> {
    let said = source.device.map(str::trim).filter(|name| !name.is_empty());
    let (given, how) = match said {
        Some(device) => (named(device), "was handed in for"),
        None => (by_file_name(source.name), "is named for"),
    };
    if told.name.is_none() && told.fqdn.is_none() {
        return given.ok_or_else(|| match said {
            Some(device) => Unreadable(format!(
                "`{}` cannot be the name of a computer. Give its name, such as PC-0042, or its full name, such as pc-0042.corp.example.",
                plain(device)
            )),
            None => Unreadable(format!(
                "A registry export does not say which computer it is from, and the file name `{}` is not the name of one. Rename the file to the computer's name, such as PC-0042.reg, or name the device when you hand it in.",
                plain(source.name)
            )),
        });
    }
    let mut client = Client {
        name: told.name,
        fqdn: told.fqdn,
        ..Client::default()
    };
    if let Some(given) = given {
        let (ours, theirs) = (short(&client), short(&given));
        if ours == theirs {
            client.fqdn = client.fqdn.or(given.fqdn);
        } else {
            note(format!(
                "The file {how} {theirs}, but the registry in it is that of {ours}. It is taken for {ours}."
            ));
        }
    }
    Ok(client)
}

/// The name by which two spellings of one computer are compared.
fn short(client: &Client) -> String {
    let name = client.name.as_deref().or(client.fqdn.as_deref());
    let host = name.unwrap_or_default().split('.').next();
    host.unwrap_or_default()
        .chars()
        .take(NETBIOS)
        .flat_map(char::to_uppercase)
        .collect()
}

/// A name or a full name.
fn named(text: &str) -> Option<Client> {
    let text = text.trim().trim_end_matches('.');
    let host = text.split('.').next().filter(|host| is_label(host))?;
    let full = text.contains('.');
    if full && !is_fqdn(text) {
        return None;
    }
    Some(Client {
        name: Some(host.to_owned()),
        fqdn: full.then(|| text.to_owned()),
        ..Client::default()
    })
}

/// See the rule above.
fn by_file_name(file: &str) -> Option<Client> {
    let mut text = file.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let ends = |text: &str, ending: &str| {
        text.len()
            .checked_sub(ending.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    };
    while let Some(ending) = ENDINGS.iter().find(|ending| ends(text, ending)) {
        text = text.get(..text.len() - ending.len()).unwrap_or_default();
    }
    let text = without_copy_number(text);
    let mut parts: Vec<&str> = text.split('.').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| is_topic(part)) {
        parts.pop();
    }
    if let [host, _] = parts[..] {
        parts = vec![host];
    }
    if let [.., last] = &mut parts[..] {
        while let Some((before, word)) = last.rsplit_once(['_', ' '])
            && (is_topic(word) || word.is_empty())
            && !before.is_empty()
        {
            *last = before;
        }
    }
    let client = named(&parts.join("."))?;
    let host = client.name.as_deref().unwrap_or_default();
    let words = host.split(['-', '_']).filter(|word| !word.is_empty());
    let made_of_topics = words.clone().all(is_topic) && words.count() > 0;
    // What is longer is no computer's name, but words put together, such as `PC-0042-schannel`.
    let can_be = host.chars().count() <= NETBIOS;
    (can_be && !made_of_topics).then_some(client)
}

/// `PC-0042 (1)` is what a browser makes of a second `PC-0042`.
fn without_copy_number(text: &str) -> &str {
    text.trim_end()
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
        .filter(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .map_or(text, |(before, _)| before)
        .trim()
}

fn is_topic(word: &str) -> bool {
    TOPICS.iter().any(|topic| topic.eq_ignore_ascii_case(word))
}

/// A computer's name: letters, digits, `-` and `_`, not of digits alone.
fn is_label(name: &str) -> bool {
    let characters = name
        .chars()
        .all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    (1..=63).contains(&name.len())
        && characters
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.chars().all(|c| c.is_ascii_digit())
}

fn is_fqdn(name: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    name.len() <= 255 && name.contains('.') && name.split('.').all(part)
}

/// Text of a value, when it is one and not empty.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Typed {
            r#type: "REG_SZ" | "REG_EXPAND_SZ",
            data: Data::Text(text),
        } => Some(text.trim()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// For a message.
fn plain(text: &str) -> String {
    const SHOWN: usize = 80;
    text.chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}
