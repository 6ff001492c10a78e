//! Whose word counts about the registry: value by value, and only the values that the rules read.
//!
//! Because nothing else counts, however many small reports somebody sends, no more of them are kept than there are
//! values here, a few times over.

use super::{Contradiction, Source};
use crate::domain::facts::{Facts, Key, KeyReading, Reading, RegData, RegType, RegValue, Registry};

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
#[derive(Default)]
pub(super) struct Keys {
    pub(super) registry: Registry,
    /// The source whose way of reading speaks for the native keys, but for those that are listed as unproven.
    pub(super) view: Option<usize>,
    /// Who decides what.
    pub(super) decides: Vec<(usize, String)>,
    /// Who decides nothing now, but would beside another source.
    pub(super) live: Vec<usize>,
    pub(super) contradictions: Vec<Contradiction>,
}

/// How sources are told apart.
#[derive(Clone, Copy)]
pub(super) struct Among<'s, 'f> {
    pub(super) sources: &'s [Source<'f>],
    /// Indexes, the one that is believed first.
    pub(super) order: &'s [usize],
    pub(super) by_trust: bool,
    /// Windows is 32-bit, so that there is one view only.
    pub(super) narrow: bool,
}

impl Among<'_, '_> {
    /// Whether a source has the last word against another one. At the same time each has it.
    fn is_later(&self, one: usize, other: usize) -> bool {
        let key = |index: usize| {
            let Source { rank, trust, .. } = self.sources[index];
            (self.by_trust.then_some(trust), rank.0)
        };
        key(one) >= key(other)
    }
}

/// Joins what sources read.
///
/// Of keys that Windows shows 32-bit programs a copy of, a value that a program of unknown width read counts only where
/// no other source has read this value, and then the key is in doubt, and the rules say so. Where it is later than a
/// proven value and says otherwise, that value is disputed.
pub(super) fn join(among: Among<'_, '_>) -> Keys {
    let mut keys = Keys::default();
    let (mut proven, mut doubted) = (None, None);
    for (key, names) in JUDGED {
        let readers: Vec<(usize, &KeyReading)> = among
            .order
            .iter()
            .filter_map(|&index| Some((index, among.sources[index].facts.registry.key(key)?)))
            .filter(|(_, reading)| says_anything(reading, names))
            .collect();
        let before = keys.decides.len();
        if !is_redirected(key) || among.narrow {
            one(among, key, names, &readers, &[], &mut keys);
        } else {
            let (sure, unsure): (Vec<_>, Vec<_>) = readers
                .into_iter()
                .partition(|(index, _)| is_sure(among.sources[*index].facts));
            one(among, key, names, &sure, &unsure, &mut keys);
        }
        if is_redirected(key) {
            for (index, _) in &keys.decides[before..] {
                let place = if is_sure(among.sources[*index].facts) {
                    &mut proven
                } else {
                    &mut doubted
                };
                *place = Some(*index);
            }
        }
    }
    keys.view = proven.or(doubted);
    keys
}

/// One key, from the sources that say anything about it: those that read it for sure, and the others.
fn one(
    among: Among<'_, '_>,
    key: Key,
    names: &[&str],
    sure: &[(usize, &KeyReading)],
    unsure: &[(usize, &KeyReading)],
    keys: &mut Keys,
) {
    let mut joined = KeyReading {
        partial: true,
        ..KeyReading::default()
    };
    let mut deciders: Vec<usize> = Vec::new();
    for name in names {
        let said = |readers: &[(usize, &KeyReading)]| {
            readers
                .iter()
                .map(|(index, _)| {
                    (
                        *index,
                        among.sources[*index].facts.registry.value(key, name),
                    )
                })
                .filter(|(_, reading)| *reading != Reading::NotCollected)
                .collect::<Vec<_>>()
        };
        let (proven, doubted) = (said(sure), said(unsure));
        let mut told = if proven.is_empty() { &doubted } else { &proven }
            .iter()
            .copied();
        let Some((index, value)) = told.next() else {
            continue;
        };
        match value {
            Reading::Value(value) => joined.values.push(((*name).to_owned(), value.clone())),
            _ => joined.absent.push((*name).to_owned()),
        }
        let fact = format!("{name} in {}", key.path());
        let mut differ = told.find(|(_, other)| !same(*other, value));
        if proven.is_empty() && !unsure.is_empty() {
            list(&mut keys.registry.unproven, key);
        } else if let Some(&(other, otherwise)) = doubted.first()
            && among.is_later(other, index)
        {
            keys.live.push(other);
            if !same(otherwise, value) {
                list(&mut keys.registry.disputed, key);
                keys.decides
                    .push((other, format!("that {fact} is disputed")));
                differ = Some((other, otherwise));
            }
        }
        if let Some((other, differs)) = differ {
            keys.contradictions.push(Contradiction {
                fact: fact.clone(),
                believed: (index, shown(value)),
                other: (other, shown(differs)),
            });
        }
        keys.decides.push((index, fact));
        deciders.push(index);
    }
    // What else a key says, those who read it for sure say.
    let readers = if sure.is_empty() { unsure } else { sure };
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
    let decide = || {
        let all = sure.iter().chain(unsure);
        all.filter(|(index, _)| deciders.contains(index))
    };
    let Some((_, first)) = decide().next() else {
        return;
    };
    joined.exists = first.exists || !joined.values.is_empty();
    joined.last_write_at = decide().filter_map(|(_, read)| read.last_write_at).max();
    keys.registry.insert(key, joined);
}

fn list(keys: &mut Vec<Key>, key: Key) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

/// Whether two readings say the same. A source without types agrees with any type.
fn same(one: Reading<&RegValue>, other: Reading<&RegValue>) -> bool {
    match (one, other) {
        (Reading::Value(one), Reading::Value(other)) => {
            let kinds = one.kind == other.kind || one.kind.is_none() || other.kind.is_none();
            kinds && one.data == other.data
        }
        (one, other) => one == other,
    }
}

/// Whether 32-bit programs on 64-bit Windows are shown a copy in place of this key that may say something else. What
/// Setup and .NET write about themselves they write alike in both.
pub fn is_redirected(key: Key) -> bool {
    let alike = matches!(key, Key::NdpV4Full | Key::NdpV35 | Key::CurrentVersion);
    key.path().starts_with(r"HKLM\SOFTWARE\Microsoft\") && !alike
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

fn shown(reading: Reading<&RegValue>) -> String {
    let value = match reading {
        Reading::NotCollected => return "not collected".to_owned(),
        Reading::Absent => return "absent".to_owned(),
        Reading::Value(value) => value,
    };
    let data = match &value.data {
        RegData::Number(number) => format!("{number} (0x{number:X})"),
        RegData::Text(text) | RegData::Unreadable(text) => text.clone(),
        RegData::Texts(texts) => texts.join(", "),
    };
    match value.kind {
        None | Some(RegType::Dword) => data,
        Some(RegType::Qword) => format!("{data} as REG_QWORD"),
        Some(RegType::Text) => format!("{data} as REG_SZ"),
        Some(RegType::MultiText) => format!("{data} as REG_MULTI_SZ"),
        Some(RegType::Other) => format!("{data} as another type"),
    }
}
