//! What a column probably means, by its heading: ConfigMgr's names, scripts' names, and names that people make up.

use super::super::columns::{self, Column};
use super::{
    meaning::{Meaning, machine_key},
    reading_time,
};
use crate::domain::facts::Key;

/// What a heading probably means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// This; of two headings the one with the lower rank is meant, where ranks differ.
    Meaning(Meaning, u8),
    /// It could be something, but does not say enough; a sentence.
    Unclear(String),
    /// Nothing that is read.
    Nothing,
}

/// Names that are more than columns of a device list; without case, spaces, punctuation and the final 0.
const NAMES: &[(Meaning, &[&str])] = &[
    (
        Meaning::OsDiscovered,
        &["operatingsystemnameand", "operatingsystemnameandversion"],
    ),
    (
        Meaning::OsProductType,
        &["producttype", "osproducttype", "ostype"],
    ),
    (
        Meaning::OsArchitecture,
        &[
            "osarchitecture",
            "architecture",
            "systemtype",
            "osbits",
            "bitness",
        ],
    ),
    (
        Meaning::OsServicePack,
        &[
            "csdversion",
            "servicepack",
            "servicepackmajorversion",
            "osservicepack",
        ],
    ),
    (
        Meaning::OsSku,
        &["operatingsystemsku", "ossku", "ossuitesku"],
    ),
    (
        Meaning::LastBoot,
        &[
            "lastbootuptime",
            "lastboot",
            "lastboottime",
            "lastbootat",
            "lastreboot",
            "boottime",
            "systemboottime",
        ],
    ),
    (
        Meaning::ClientVersion,
        &[
            "clientversion",
            "smsclientversion",
            "configmgrclientversion",
            "sccmclientversion",
            "agentversion",
        ],
    ),
    (
        Meaning::IpAddresses,
        &["ipaddresses", "ipaddress", "ip", "ips"],
    ),
    (
        Meaning::Updates,
        &[
            "hotfixid",
            "hotfixids",
            "hotfixes",
            "hotfix",
            "updates",
            "installedupdates",
            "installedkbs",
            "kbs",
            "kblist",
            "qfe",
        ],
    ),
    (Meaning::LongKey, &["key", "registrykey", "keypath"]),
    (
        Meaning::LongProperty,
        &["property", "propertyname", "valuename"],
    ),
    (
        Meaning::LongValue,
        &["value", "valuedata", "data", "propertyvalue"],
    ),
    (Meaning::ScriptOutput, &["scriptoutput"]),
];

/// Begins the headings of the kit's joined queries, whose empty cells mean absent where the device answered.
pub(super) const ASKED: &str = "asked";

/// Of several columns with a device's name, which is meant.
const NAME_RANKS: &[&str] = &[
    "device",
    "devicename",
    "computername",
    "netbiosname",
    "name",
];

/// What a heading probably means.
pub(super) fn guess(heading: &str) -> Guess {
    let plain: String = heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    // What a joined query of CMPivot asked every device for.
    let plain = plain.strip_prefix(ASKED).unwrap_or(&plain).to_owned();
    if plain.is_empty() {
        return Guess::Nothing;
    }
    if let Some(found) = path(heading) {
        return found;
    }
    let without_zero = plain.strip_suffix('0').filter(|rest| !rest.is_empty());
    let spellings = || std::iter::once(plain.as_str()).chain(without_zero);
    for (meaning, names) in NAMES {
        if spellings().any(|plain| names.contains(&plain)) {
            return Guess::Meaning(meaning.clone(), 0);
        }
    }
    if let Some(rank) = spellings().find_map(reading_time::rank) {
        return Guess::Meaning(Meaning::CollectedAt, rank);
    }
    for reader in [registry, update, file] {
        let guesses: Vec<Guess> = spellings().map(reader).collect();
        let told = guesses
            .iter()
            .find(|guess| matches!(guess, Guess::Meaning(..)));
        let found = told.or_else(|| guesses.iter().find(|guess| **guess != Guess::Nothing));
        if let Some(found) = found {
            return found.clone();
        }
    }
    let meaning = match columns::recognise(heading) {
        Some(Column::Name) => Meaning::Name,
        Some(Column::Fqdn) => Meaning::Fqdn,
        Some(Column::Domain) => Meaning::Domain,
        Some(Column::SmsGuid) => Meaning::SmsGuid,
        Some(Column::ResourceId) => Meaning::ResourceId,
        Some(Column::SiteCode) => Meaning::SiteCode,
        Some(Column::SmbiosGuid) => Meaning::SmbiosGuid,
        Some(Column::SerialNumber) => Meaning::SerialNumber,
        Some(Column::Os) => Meaning::OsCaption,
        Some(Column::OsVersion) => Meaning::OsVersion,
        Some(Column::OsBuild) => Meaning::OsBuild,
        Some(Column::Roles) => Meaning::Roles,
        Some(
            Column::LastContact
            | Column::Obsolete
            | Column::Decommissioned
            | Column::Owner
            | Column::Enabled
            | Column::AdMark,
        )
        | None => return Guess::Nothing,
    };
    let rank = NAME_RANKS
        .iter()
        .position(|known| spellings().any(|plain| plain == *known));
    let last = NAME_RANKS.len();
    let rank = u8::try_from(rank.unwrap_or(last)).unwrap_or(u8::MAX);
    Guess::Meaning(meaning, rank)
}

/// `HKLM\…\Value`, also with `!` before the value.
fn path(heading: &str) -> Option<Guess> {
    let heading = heading.trim();
    let (key, value) = heading
        .rsplit_once('!')
        .or_else(|| heading.rsplit_once('\\'))?;
    let whole = machine_key(heading);
    if whole.is_some_and(|path| Key::from_path(&path).is_some()) {
        return Some(Guess::Unclear(
            "This is a registry key without the name of a value; add the name behind the key."
                .to_owned(),
        ));
    }
    let code = format!("registry:{}!{value}", machine_key(key)?);
    code.parse().ok().map(|meaning| Guess::Meaning(meaning, 0))
}

/// Takes the first of some words out of a text.
fn take<'w>(text: &mut String, words: &[&'w str]) -> Option<&'w str> {
    let (at, word) = words
        .iter()
        .find_map(|word| text.find(word).map(|at| (at, *word)))?;
    text.replace_range(at..at + word.len(), "");
    Some(word)
}

/// What people put round a name to say that it is a registry value.
const FILLERS: &[&str] = &[
    "internetsettings",
    "securityproviders",
    "schannel",
    "protocols",
    "protocol",
    "winhttp",
    "registry",
    "hklm",
    "dword",
    "value",
    "reg",
];

/// Whether a name means the 32-bit view; `None`: there are words in it that mean something else.
fn is_wow(mut rest: String) -> Option<bool> {
    let wow = take(
        &mut rest,
        &[
            "wow6432node",
            "wow6432",
            "wow64",
            "wow",
            "x86",
            "32bit",
            "32",
        ],
    );
    let native = take(&mut rest, &["native", "x64", "64bit", "64"]);
    while take(&mut rest, FILLERS).is_some() {}
    (rest.is_empty() && !(wow.is_some() && native.is_some())).then_some(wow.is_some())
}

fn registry(plain: &str) -> Guess {
    let mut rest = plain.to_owned();
    if take(&mut rest, &["defaultsecureprotocols"]).is_some() {
        return match is_wow(rest) {
            Some(true) => found(Key::WinHttpWow64, "DefaultSecureProtocols"),
            Some(false) => found(Key::WinHttpNative, "DefaultSecureProtocols"),
            None => unclear("which registry view"),
        };
    }
    let names = ["SchUseStrongCrypto", "SystemDefaultTlsVersions"];
    for (plain, name) in ["schusestrongcrypto", "systemdefaulttlsversions"]
        .into_iter()
        .zip(names)
    {
        if take(&mut rest, &[plain]).is_some() {
            return dotnet(rest, name);
        }
    }
    if [
        "netrelease",
        "dotnetrelease",
        "netframeworkrelease",
        "netframeworkv4release",
        "net4release",
        "netv4release",
        "ndpv4release",
        "ndpv4fullrelease",
    ]
    .contains(&plain)
    {
        return found(Key::NdpV4Full, "Release");
    }
    match plain {
        "net35install" | "netv35install" | "ndpv35install" => found(Key::NdpV35, "Install"),
        "fipsenabled" | "fipsalgorithmpolicyenabled" | "fipsalgorithmpolicy" => {
            found(Key::FipsPolicy, "Enabled")
        }
        "currentbuildnumber" => found(Key::CurrentVersion, "CurrentBuildNumber"),
        "winhttpnative" => found(Key::WinHttpNative, "DefaultSecureProtocols"),
        "winhttpwow64" => found(Key::WinHttpWow64, "DefaultSecureProtocols"),
        _ => schannel(plain),
    }
}

fn dotnet(mut rest: String, name: &str) -> Guess {
    let version = take(
        &mut rest,
        &["v4030319", "v2050727", "v40", "v4", "v20", "v2"],
    );
    while take(&mut rest, &["netframework", "dotnet", "net"]).is_some() {}
    let Some(version) = version else {
        return unclear("whether it is of .NET 4 (v4) or 2 (v2)");
    };
    let key = match (version.starts_with("v4"), is_wow(rest)) {
        (_, None) => return unclear("which registry view"),
        (true, Some(false)) => Key::NetV4Native,
        (true, Some(true)) => Key::NetV4Wow64,
        (false, Some(false)) => Key::NetV2Native,
        (false, Some(true)) => Key::NetV2Wow64,
    };
    found(key, name)
}

fn schannel(plain: &str) -> Guess {
    let mut rest = plain.to_owned();
    let Some(protocol) = take(&mut rest, &["tls10", "tls11", "tls12", "tls13"]) else {
        return Guess::Nothing;
    };
    let Some(value) = take(&mut rest, &["disabledbydefault", "enabled"]) else {
        return Guess::Nothing;
    };
    let side = take(&mut rest, &["client", "server"]);
    while take(&mut rest, FILLERS).is_some() {}
    if !rest.is_empty() {
        return Guess::Nothing;
    }
    let Some(side) = side else {
        return unclear("whether it is of the Client or the Server key");
    };
    let number = protocol.trim_start_matches("tls1");
    let side = if side == "client" { "Client" } else { "Server" };
    let value = if value == "enabled" {
        "Enabled"
    } else {
        "DisabledByDefault"
    };
    Guess::Meaning(
        Meaning::Registry {
            key: format!(
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.{number}\{side}"
            ),
            value: value.to_owned(),
        },
        0,
    )
}

/// `HasKB3140245`, `KB3140245 installed`.
fn update(plain: &str) -> Guess {
    let mut rest = plain.to_owned();
    while take(
        &mut rest,
        &["isinstalled", "installed", "present", "hotfix", "has", "is"],
    )
    .is_some()
    {}
    match rest
        .strip_prefix("kb")
        .map(|digits| format!("kb:{digits}").parse())
    {
        Some(Ok(meaning)) => Guess::Meaning(meaning, 0),
        _ => Guess::Nothing,
    }
}

/// `winhttp.dll`, `WebioDllVersion`.
fn file(plain: &str) -> Guess {
    for name in [
        "winhttp.dll",
        "webio.dll",
        "schannel.dll",
        "WsusService.exe",
    ] {
        let known = name.replace('.', "").to_lowercase();
        let Some(behind) = plain.strip_prefix(known.as_str()) else {
            continue;
        };
        if ["", "version", "fileversion"].contains(&behind) {
            return Guess::Meaning(Meaning::FileVersion(name.to_owned()), 0);
        }
    }
    Guess::Nothing
}

fn found(key: Key, value: &str) -> Guess {
    Guess::Meaning(Meaning::registry(key, value), 0)
}

fn unclear(what: &str) -> Guess {
    Guess::Unclear(format!(
        "This looks like a registry value, but does not say {what}. Choose its meaning yourself."
    ))
}
