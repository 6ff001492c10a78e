//! Which query a result of CMPivot answers, guessed from its rows and its name. A person looks at the guess before it
//! counts: only who ran the query knows whether it left rows out.

use std::collections::HashMap;

use super::{
    mapping::Mapping,
    meaning::{Meaning, machine_key},
    table::Table,
};

/// Rows that are looked at.
const LOOKED_AT: usize = 1_000;

const WINHTTP: &str = r"Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp";
const DOTNET: &str = r"Microsoft\.NETFramework\v4.0.30319";
const SCHANNEL: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";
const FULL: &str = r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full";

/// The query; `None`: it is no result of `Registry('…')`, or says too little.
pub(super) fn guess(name: &str, text: &str) -> Option<String> {
    let mut table = Table::open(text).ok()?;
    let heading = table.heading();
    let mapping = Mapping::guess(heading);
    let place = |wanted: &Meaning| {
        let mut columns = mapping.columns.iter();
        columns.position(|column| column.meaning == *wanted)
    };
    let property = place(&Meaning::LongProperty)?;
    place(&Meaning::LongValue)?;
    let key = place(&Meaning::LongKey).or_else(|| {
        let mut names = heading.iter();
        names.position(|heading| heading.eq_ignore_ascii_case("Key"))
    });
    let mut keys: HashMap<String, u64> = HashMap::new();
    let mut properties: HashMap<String, u64> = HashMap::new();
    for row in table.by_ref().take(LOOKED_AT).flatten() {
        if let Some(key) = key.and_then(|index| machine_key(row.cell(index))) {
            *keys.entry(key).or_default() += 1;
        }
        *properties
            .entry(row.cell(property).to_ascii_lowercase())
            .or_default() += 1;
    }
    let most = keys
        .into_iter()
        .max_by(|(a, n), (b, m)| (n, b).cmp(&(m, a)))
        .map(|(key, _)| key);
    let key = most.or_else(|| by_values(name, &properties))?;
    Some(written(&key))
}

/// By the values that stand in the rows; whose 32-bit view it is only the file's name can tell.
fn by_values(name: &str, properties: &HashMap<String, u64>) -> Option<String> {
    let has = |value: &str| properties.contains_key(value);
    let name = name.to_ascii_lowercase();
    let redirected = name.contains("32") || name.contains("wow");
    let software = if redirected {
        r"HKLM\SOFTWARE\Wow6432Node"
    } else {
        r"HKLM\SOFTWARE"
    };
    if has("defaultsecureprotocols") {
        Some(format!("{software}\\{WINHTTP}"))
    } else if has("disabledbydefault") || has("enabled") {
        Some(SCHANNEL.to_owned())
    } else if has("schusestrongcrypto") || has("systemdefaulttlsversions") {
        Some(format!("{software}\\{DOTNET}"))
    } else if has("release") {
        Some(FULL.to_owned())
    } else {
        None
    }
}

/// As it is typed into CMPivot, with its backslashes doubled.
fn written(key: &str) -> String {
    let path = key.get(4..).filter(|_| {
        key.get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("HKLM"))
    });
    let path = format!("hklm:{}", path.unwrap_or(key)).replace('\\', r"\\");
    format!("Registry('{path}')")
}
