//! Facts that one source told in two ways: neither is believed, and what is older does not take their place.

use super::{
    Combined, Source, combine,
    join::JUDGED_UPDATES,
    keys::{JUDGED, is_redirected, is_sure},
};
use crate::domain::facts::{Contradicted, Facts, FileVersion, Files, Key, Reading};

/// What else than registry values can be told in two ways and is judged, by its name in the report document.
const OTHERS: [&str; 8] = [
    "os.version",
    "os.product_type",
    "os.architecture",
    "os.service_pack",
    "os.sku",
    "os.suite_mask",
    "cipher_suites",
    "software",
];
/// Begins the name of an update.
const UPDATE: &str = "hotfix:KB";
/// Begins the name of a file.
const FILE: &str = "file:";

impl Contradicted {
    /// The fact that a code of the report document names; `None`: nothing that is judged.
    pub fn from_code(code: &str) -> Option<Self> {
        let Some(rest) = code.strip_prefix("registry:") else {
            let judged = update(code).is_some_and(|number| JUDGED_UPDATES.contains(&number));
            if judged || OTHERS.contains(&code) {
                return Some(Self::Other(code.to_owned()));
            }
            return file(code).map(|(name, _)| Self::Other(format!("{FILE}{name}")));
        };
        let Some((path, name)) = rest.split_once('!') else {
            return Key::from_path(rest).map(Self::Key);
        };
        let key = Key::from_path(path)?;
        let (_, names) = JUDGED.iter().find(|(known, _)| *known == key)?;
        let name = names
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))?;
        Some(Self::Value(key, (*name).to_owned()))
    }

    /// The registry key that it is of.
    pub const fn key(&self) -> Option<Key> {
        match self {
            Self::Key(key) | Self::Value(key, _) => Some(*key),
            Self::Other(_) => None,
        }
    }

    /// What it is, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Key(key) => format!("whether there is {}", key.path()),
            Self::Value(key, name) => format!("{name} in {}", key.path()),
            Self::Other(name) => match name.as_str() {
                "os.version" => "the Windows version".to_owned(),
                "os.product_type" => "the product type".to_owned(),
                "os.architecture" => "the width of Windows (32-bit or 64-bit)".to_owned(),
                "os.service_pack" => "the service pack".to_owned(),
                "os.sku" => "the edition".to_owned(),
                "os.suite_mask" => "the suite mask".to_owned(),
                "cipher_suites" => "the cipher suites".to_owned(),
                "software" => "the installed software".to_owned(),
                other => match (other.strip_prefix("hotfix:"), other.strip_prefix(FILE)) {
                    (Some(update), _) => format!("whether {update} is installed"),
                    (_, Some(file)) => format!("the version of {file}"),
                    _ => other.to_owned(),
                },
            },
        }
    }

    /// Whether these facts know it all the same.
    pub fn is_known(&self, facts: &Facts) -> bool {
        let os = &facts.os;
        match self {
            Self::Key(key) => facts.registry.key(*key).is_some(),
            Self::Value(key, name) => facts.registry.value(*key, name) != Reading::NotCollected,
            Self::Other(name) => match name.as_str() {
                "os.version" => os.version.is_some(),
                "os.product_type" => os.product_type.is_some(),
                "os.architecture" => os.bits.is_some(),
                "os.service_pack" => os.service_pack.is_some(),
                "os.sku" => os.sku.is_some(),
                "os.suite_mask" => os.suite_mask.is_some(),
                "cipher_suites" => facts.cipher_suites.is_some(),
                "software" => facts.software.is_some(),
                other => match (update(other), file(other)) {
                    (Some(update), _) => facts
                        .hotfixes
                        .as_ref()
                        .is_some_and(|listed| !facts.hotfixes_cut || listed.contains(&update)),
                    (_, Some((_, part))) => {
                        let mut files = facts.files.clone().unwrap_or_default();
                        part(&mut files).is_some()
                    }
                    _ => false,
                },
            },
        }
    }

    /// Makes these facts not know it.
    fn forget(&self, facts: &mut Facts) {
        let os = &mut facts.os;
        match self {
            Self::Key(key) => drop(facts.registry.remove(*key)),
            Self::Value(key, name) => forget_value(facts, *key, name),
            Self::Other(other) => match other.as_str() {
                "os.version" => os.version = None,
                "os.product_type" => os.product_type = None,
                "os.architecture" => os.bits = None,
                "os.service_pack" => os.service_pack = None,
                "os.sku" => os.sku = None,
                "os.suite_mask" => os.suite_mask = None,
                "cipher_suites" => facts.cipher_suites = None,
                "software" => facts.software = None,
                other => match (update(other), file(other)) {
                    (Some(update), _) => {
                        if let Some(listed) = &mut facts.hotfixes {
                            listed.retain(|known| *known != update);
                            facts.hotfixes_cut = true;
                        }
                    }
                    (_, Some((_, part))) => {
                        if let Some(files) = &mut facts.files {
                            *part(files) = None;
                        }
                    }
                    _ => {}
                },
            },
        }
    }
}

fn update(name: &str) -> Option<u32> {
    name.strip_prefix(UPDATE)?.parse().ok()
}

/// Where the version of a file stands.
type Part = fn(&mut Files) -> &mut Option<FileVersion>;

/// A file that is judged: its name, and where its version stands. The copies for 32-bit programs are not.
fn file(name: &str) -> Option<(&'static str, Part)> {
    let path = name.strip_prefix(FILE)?;
    let known: [(&str, Part); 4] = [
        ("winhttp.dll", |files| &mut files.winhttp),
        ("webio.dll", |files| &mut files.webio),
        ("schannel.dll", |files| &mut files.schannel),
        ("wsusservice.exe", |files| &mut files.wsus_service),
    ];
    let ends = |name: &str| {
        let before = path.strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['\\', '/']))
    };
    let found = known.into_iter().find(|(name, _)| ends(name));
    found.filter(|_| !path.contains("syswow64"))
}

/// Of the other values that the rules read under the key, what was known stays known.
fn forget_value(facts: &mut Facts, key: Key, name: &str) {
    let judged = JUDGED.iter().find(|(known, _)| *known == key);
    let names = judged.map_or(&[][..], |(_, names)| *names);
    let absent: Vec<String> = names
        .iter()
        .filter(|known| **known != name)
        .filter(|known| facts.registry.value(key, known) == Reading::Absent)
        .map(|known| (*known).to_owned())
        .collect();
    if facts.registry.key(key).is_none() {
        return;
    }
    let reading = facts.registry.key_mut(key);
    reading
        .values
        .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    reading.exists = true;
    reading.partial = true;
    reading.absent = absent;
}

/// As [`combine`], but what a source told in two ways is not known from sources that are no newer either; `None`: no
/// source did. What is known for sure of a registry view stays known, whatever a reading in doubt tells in two ways.
pub fn combine_doubting(sources: &[Source<'_>]) -> Option<Combined> {
    let doubts = |source: &Source<'_>| !source.facts.contradicted.is_empty();
    if sources.len() < 2 || !sources.iter().any(doubts) {
        return None;
    }
    let mut masked: Vec<Facts> = sources.iter().map(|source| source.facts.clone()).collect();
    for (teller, source) in sources.iter().enumerate() {
        for fact in &source.facts.contradicted {
            let others = sources.iter().zip(&mut masked).enumerate();
            for (_, (other, facts)) in others.filter(|(at, _)| *at != teller) {
                let redirected = fact.key().is_some_and(is_redirected);
                let surer = redirected && is_sure(other.facts) && !is_sure(source.facts);
                if other.rank.0 <= source.rank.0 && !surer {
                    fact.forget(facts);
                }
            }
        }
    }
    let masked: Vec<Source<'_>> = sources
        .iter()
        .zip(&masked)
        .map(|(source, facts)| Source { facts, ..*source })
        .collect();
    Some(combine(&masked))
}
