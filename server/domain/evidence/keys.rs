//! Whose word counts about the registry: value by value, and only the values that the rules read.
//!
//! Because nothing else counts, however many small reports somebody sends, no more of them are kept than there are
//! values here, a few times over.

use super::{Contradiction, Source};
use crate::domain::facts::{Facts, Key, KeyReading, Reading, RegData, RegValue, Registry};

const PROTOCOLS: &[&str] = &["DefaultSecureProtocols"];
const SCHANNEL: &[&str] = &["Enabled", "DisabledByDefault"];
const DOTNET: &[&str] = &["SystemDefaultTlsVersions", "SchUseStrongCrypto"];

/// The values that the rules read.
pub(super) const JUDGED: [(Key, &[&str]); 14] = [
    (Key::WinHttpNative, PROTOCOLS),
    (Key::WinHttpWow64, PROTOCOLS),
    (Key::Tls12Client, SCHANNEL),
    (Key::Tls12Server, SCHANNEL),
    (Key::NetV4Native, DOTNET),
    (Key::NetV4Wow64, DOTNET),
    (Key::NetV2Native, DOTNET),
    (Key::NetV2Wow64, DOTNET),
    (Key::NdpV4Full, &["Release"]),
    (Key::NdpV35, &["Install"]),
    (Key::FipsPolicy, &["Enabled"]),
    (Key::Lsa, &["FIPSAlgorithmPolicy"]),
    (Key::CipherPolicy, &["Functions"]),
    (Key::CurrentVersion, &["CurrentBuildNumber"]),
];

/// The registry of all sources together.
pub(super) struct Keys {
    pub(super) registry: Registry,
    /// The source whose way of reading speaks for all native keys: of those that decide any, one that is in doubt.
    pub(super) view: Option<usize>,
    /// Who decides what.
    pub(super) decides: Vec<(usize, String)>,
    pub(super) contradictions: Vec<Contradiction>,
}

/// Joins what sources read, in this order. `narrow`: Windows is 32-bit, so that there is one view only.
///
/// Of keys that Windows shows 32-bit programs a copy of, readings by programs of unknown width count only where no
/// other source has read any such key; then they are all in doubt, and the rules say so. By trust, a source makes
/// another one not count only where it is trusted as far.
pub(super) fn join(sources: &[Source<'_>], order: &[usize], by_trust: bool, narrow: bool) -> Keys {
    let best_sure = sources
        .iter()
        .filter(|source| is_sure(source.facts) && speaks_of_redirected(source.facts))
        .map(|source| source.trust)
        .max();
    let usable = |index: usize| {
        let source = &sources[index];
        narrow
            || is_sure(source.facts)
            || best_sure.is_none_or(|trust| by_trust && trust < source.trust)
    };
    let mut keys = Keys {
        registry: Registry::default(),
        view: None,
        decides: Vec::new(),
        contradictions: Vec::new(),
    };
    let mut native = vec![false; sources.len()];
    for (key, names) in JUDGED {
        let redirected = is_redirected(key);
        let readers: Vec<(usize, &KeyReading)> = order
            .iter()
            .filter(|&&index| !redirected || usable(index))
            .filter_map(|&index| Some((index, sources[index].facts.registry.key(key)?)))
            .filter(|(_, reading)| says_anything(reading, names))
            .collect();
        let before = keys.decides.len();
        if let Some(reading) = one(key, names, &readers, sources, &mut keys) {
            keys.registry.insert(key, reading);
        }
        if redirected {
            for (index, _) in &keys.decides[before..] {
                native[*index] = true;
            }
        }
    }
    let deciders = || order.iter().copied().filter(|&index| native[index]);
    keys.view = deciders()
        .find(|&index| !is_sure(sources[index].facts))
        .or_else(|| deciders().next());
    keys
}

/// One key, from the sources that say anything about it.
fn one(
    key: Key,
    names: &[&str],
    readers: &[(usize, &KeyReading)],
    sources: &[Source<'_>],
    keys: &mut Keys,
) -> Option<KeyReading> {
    let mut joined = KeyReading {
        partial: true,
        ..KeyReading::default()
    };
    let mut deciders: Vec<usize> = Vec::new();
    for name in names {
        let mut said = readers
            .iter()
            .map(|(index, _)| (*index, sources[*index].facts.registry.value(key, name)))
            .filter(|(_, reading)| *reading != Reading::NotCollected);
        let Some((index, value)) = said.next() else {
            continue;
        };
        match value {
            Reading::Value(value) => joined.values.push(((*name).to_owned(), value.clone())),
            _ => joined.absent.push((*name).to_owned()),
        }
        let fact = format!("{name} in {}", key.path());
        if let Some((other, differs)) = said.find(|(_, other)| *other != value) {
            keys.contradictions.push(Contradiction {
                fact: fact.clone(),
                believed: (index, shown(value)),
                other: (other, shown(differs)),
            });
        }
        keys.decides.push((index, fact));
        deciders.push(index);
    }
    // The first whole reading speaks for every value that nobody names.
    let whole = readers.iter().position(|(_, reading)| is_whole(reading));
    if let Some((index, reading)) = whole.and_then(|at| readers.get(at)) {
        let is_other = |name: &str| !names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let others = reading.values.iter().filter(|(name, _)| is_other(name));
        joined.values.extend(others.cloned());
        joined.partial = false;
        keys.decides
            .push((*index, format!("every other value in {}", key.path())));
        deciders.push(*index);
    }
    // When the key was written last, the first that knows says; behind a whole reading is history.
    let current = readers.len().min(whole.map_or(usize::MAX, |at| at + 1));
    let timed = readers.iter().take(current);
    if let Some((index, _)) = timed.clone().find(|(_, read)| read.last_write_at.is_some())
        && !deciders.contains(index)
    {
        keys.decides
            .push((*index, format!("last write of {}", key.path())));
        deciders.push(*index);
    }
    let decide = || readers.iter().filter(|(index, _)| deciders.contains(index));
    let (_, first) = decide().next()?;
    joined.exists = first.exists || !joined.values.is_empty();
    joined.last_write_at = decide().filter_map(|(_, read)| read.last_write_at).max();
    Some(joined)
}

/// Whether 32-bit programs on 64-bit Windows are shown a copy in place of this key.
pub(super) fn is_redirected(key: Key) -> bool {
    key.path().starts_with(r"HKLM\SOFTWARE\Microsoft\")
}

/// Whether what was read is the native view whatever the width of Windows.
pub(super) fn is_sure(facts: &Facts) -> bool {
    facts.explicit_views || facts.process_bits == Some(64)
}

/// Whether a reading says everything about a key.
pub(super) const fn is_whole(reading: &KeyReading) -> bool {
    !reading.partial || !reading.exists
}

/// Whether a reading says anything that the rules look at.
pub(super) fn says_anything(reading: &KeyReading, names: &[&str]) -> bool {
    let judged = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    is_whole(reading)
        || reading.last_write_at.is_some()
        || reading.values.iter().any(|(name, _)| judged(name))
        || reading.absent.iter().any(|name| judged(name))
}

fn speaks_of_redirected(facts: &Facts) -> bool {
    JUDGED.iter().any(|(key, names)| {
        let reading = facts.registry.key(*key);
        is_redirected(*key) && reading.is_some_and(|reading| says_anything(reading, names))
    })
}

fn shown(reading: Reading<&RegValue>) -> String {
    match reading {
        Reading::NotCollected => "not collected".to_owned(),
        Reading::Absent => "absent".to_owned(),
        Reading::Value(value) => match &value.data {
            RegData::Number(number) => format!("{number} (0x{number:X})"),
            RegData::Text(text) | RegData::Unreadable(text) => text.clone(),
            RegData::Texts(texts) => texts.join(", "),
        },
    }
}
