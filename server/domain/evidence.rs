//! Several sources about one client, joined fact by fact.
//!
//! For each fact the newest source that says anything about it is believed, be it a value or that nothing is there.
//! What a source did not collect it says nothing about. A source that speaks of no fact any more is left out for
//! good: the newest of a set stays the newest whatever else arrives, so any order of arrival ends the same.

use super::{
    facts::{Bits, Facts, Files, Key, KeyReading, Reading, RegValue, Registry},
    time::Timestamp,
};

/// How far a source is believed. A lower one can add a failure, and never take away one that a higher one found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Whoever holds the ingest token, which is on every client.
    #[default]
    Claimed,
    /// A person who signed in, or the holder of a token for imports, vouches for it.
    Vouched,
}

impl Trust {
    /// The number that is stored.
    pub const fn level(self) -> i64 {
        match self {
            Self::Claimed => 1,
            Self::Vouched => 2,
        }
    }

    /// The trust of a stored number; anything unknown is the lowest.
    pub const fn from_level(level: i64) -> Self {
        match level {
            2 => Self::Vouched,
            _ => Self::Claimed,
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Vouched => "vouched",
        }
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Claimed => "sent with the clients' token",
            Self::Vouched => "brought by a person or an import",
        }
    }
}

/// One source about a client.
#[derive(Clone, Copy, Debug)]
pub struct Source<'f> {
    /// Orders sources: later is newer; the hash decides between equals, so that it does not matter which came first.
    pub rank: (Timestamp, [u8; 16]),
    /// How far it is believed.
    pub trust: Trust,
    /// What it says.
    pub facts: &'f Facts,
}

/// A fact on which two sources differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The fact, in words.
    pub fact: String,
    /// What the newer source says, which is believed; its place in the list of sources.
    pub believed: (usize, String),
    /// What an older one says.
    pub other: (usize, String),
}

/// What all sources together say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combined {
    /// The facts to judge.
    pub facts: Facts,
    /// For each source, in the order given, the facts that it decides, in words. A source without any is superseded.
    pub decides: Vec<Vec<String>>,
    /// Where sources differ.
    pub contradictions: Vec<Contradiction>,
}

/// Joins sources, in any order.
pub fn combine(sources: &[Source<'_>]) -> Combined {
    let mut newest_first: Vec<usize> = (0..sources.len()).collect();
    newest_first.sort_by_key(|&index| std::cmp::Reverse(sources[index].rank));
    let mut join = Join {
        sources,
        order: newest_first,
        decides: vec![Vec::new(); sources.len()],
        contradictions: Vec::new(),
    };
    let facts = join.facts();
    Combined {
        facts,
        decides: join.decides,
        contradictions: join.contradictions,
    }
}

struct Join<'s, 'f> {
    sources: &'s [Source<'f>],
    /// Indexes, newest first.
    order: Vec<usize>,
    decides: Vec<Vec<String>>,
    contradictions: Vec<Contradiction>,
}

impl Join<'_, '_> {
    fn facts(&mut self) -> Facts {
        let mut facts = Facts {
            client_version: self.shown(|facts| facts.client_version.clone()),
            communication: self.shown(|facts| facts.communication.clone()),
            management_point: self.shown(|facts| facts.management_point.clone()),
            ..Facts::default()
        };
        for &index in &self.order {
            let source = self.sources[index].facts;
            if facts.ip_addresses.is_empty() {
                facts.ip_addresses.clone_from(&source.ip_addresses);
            }
            for path in &source.registry.misspelt {
                if !facts.registry.misspelt.contains(path) {
                    facts.registry.misspelt.push(path.clone());
                }
            }
        }
        // A source that names no role does not say that there is none.
        facts.roles = self
            .newest("site system roles", |facts| {
                Some(facts.roles.clone()).filter(|roles| !roles.is_empty())
            })
            .unwrap_or_default();
        self.os(&mut facts);
        self.registry(&mut facts);
        self.hotfixes(&mut facts);
        self.files(&mut facts);
        facts.cipher_suites = self.newest("cipher suites", |facts| facts.cipher_suites.clone());
        facts.software = self.newest("installed software", |facts| facts.software.clone());
        facts
    }

    /// A fact that is only shown: the newest source that has it.
    fn shown<T>(&self, read: impl Fn(&Facts) -> Option<T>) -> Option<T> {
        self.order
            .iter()
            .find_map(|&index| read(self.sources[index].facts))
    }

    /// A fact that is judged: the newest source that has it decides.
    fn newest<T>(&mut self, name: &str, read: impl Fn(&Facts) -> Option<T>) -> Option<T> {
        let (index, value) = self
            .order
            .iter()
            .find_map(|&index| Some((index, read(self.sources[index].facts)?)))?;
        self.decides[index].push(name.to_owned());
        Some(value)
    }

    fn os(&mut self, facts: &mut Facts) {
        facts.os.platform = self.newest("platform", |facts| facts.os.platform.clone());
        facts.os.caption = self.shown(|facts| facts.os.caption.clone());
        // A build number from elsewhere can only contradict the version; one beside the version belongs to it.
        let version = self.newest("Windows version", |facts| {
            let os = &facts.os;
            os.version.map(|version| (version, os.registry_build))
        });
        facts.os.version = version.map(|(version, _)| version);
        facts.os.registry_build = match version {
            Some((_, build)) => build,
            None => self.newest("build number", |facts| facts.os.registry_build),
        };
        facts.os.product_type = self.newest("kind of Windows", |facts| facts.os.product_type);
        facts.os.bits = self.newest("width of Windows", |facts| facts.os.bits);
        facts.os.service_pack = self.newest("service pack", |facts| facts.os.service_pack);
        facts.os.sku = self.newest("edition", |facts| facts.os.sku);
        facts.os.suite_mask = self.newest("suite mask", |facts| facts.os.suite_mask);
        facts.os.last_boot_at = self.newest("last start", |facts| facts.os.last_boot_at);
        let versions: Vec<(usize, String)> = self
            .order
            .iter()
            .filter_map(|&index| {
                let version = self.sources[index].facts.os.version?;
                let text = format!("{}.{}.{}", version.major, version.minor, version.build);
                Some((index, text))
            })
            .collect();
        self.compare("Windows version", versions);
    }

    fn registry(&mut self, facts: &mut Facts) {
        let sure = |source: &Facts| {
            source.explicit_views
                || source.process_bits == Some(64)
                || facts.os.bits == Some(Bits::B32)
        };
        // Of keys that Windows shows 32-bit programs a copy of, readings by programs of unknown width count only
        // where no other source has read any such key; then they are all in doubt, and the rules say so.
        let read_surely = self.order.iter().any(|&index| {
            let source = self.sources[index].facts;
            sure(source)
                && Key::ALL
                    .into_iter()
                    .any(|key| is_redirected(key) && source.registry.key(key).is_some())
        });
        let view = self
            .order
            .iter()
            .map(|&index| self.sources[index].facts)
            .find(|source| {
                sure(source) == read_surely
                    && Key::ALL
                        .into_iter()
                        .any(|key| is_redirected(key) && source.registry.key(key).is_some())
            })
            .or_else(|| self.order.first().map(|&index| self.sources[index].facts));
        if let Some(view) = view {
            facts.process_bits = view.process_bits;
            facts.explicit_views = view.explicit_views;
        }
        let usable: Vec<bool> = self
            .sources
            .iter()
            .map(|source| !read_surely || sure(source.facts))
            .collect();
        let mut registry = Registry::default();
        registry.misspelt = std::mem::take(&mut facts.registry.misspelt);
        for key in Key::ALL {
            let readers: Vec<usize> = self
                .order
                .iter()
                .copied()
                .filter(|&index| usable[index] || !is_redirected(key))
                .filter(|&index| self.sources[index].facts.registry.key(key).is_some())
                .collect();
            if let Some(reading) = self.key(key, &readers) {
                registry.insert(key, reading);
            }
        }
        facts.registry = registry;
    }

    /// One key, from the sources that looked at it, newest first.
    fn key(&mut self, key: Key, readers: &[usize]) -> Option<KeyReading> {
        let sources = self.sources;
        let reading = move |index: usize| sources[index].facts.registry.key(key);
        let first = *readers.first()?;
        let mut joined = KeyReading {
            exists: reading(first)?.exists,
            partial: true,
            ..KeyReading::default()
        };
        let mut names: Vec<&str> = Vec::new();
        for &index in readers {
            let reading = reading(index)?;
            let known = reading.values.iter().map(|(name, _)| name.as_str());
            for name in known.chain(reading.absent.iter().map(String::as_str)) {
                if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    names.push(name);
                }
            }
        }
        let mut deciders: Vec<usize> = Vec::new();
        for name in names {
            let said: Vec<(usize, Reading<&RegValue>)> = readers
                .iter()
                .map(|&index| (index, sources[index].facts.registry.value(key, name)))
                .filter(|(_, reading)| *reading != Reading::NotCollected)
                .collect();
            let Some(&(index, value)) = said.first() else {
                continue;
            };
            match value {
                Reading::Value(value) => joined.values.push((name.to_owned(), value.clone())),
                _ => joined.absent.push(name.to_owned()),
            }
            let fact = format!("{name} in {}", key.path());
            self.decides[index].push(fact.clone());
            deciders.push(index);
            let told = said
                .into_iter()
                .map(|(index, value)| (index, shown(value)))
                .collect();
            self.compare(&fact, told);
        }
        // The newest whole reading speaks for every value that nobody names.
        let whole = readers.iter().copied().find(|&index| {
            reading(index).is_some_and(|reading| !reading.partial || !reading.exists)
        });
        if let Some(index) = whole {
            self.decides[index].push(format!("every other value in {}", key.path()));
            deciders.push(index);
            joined.partial = false;
        }
        joined.exists = joined.exists || !joined.values.is_empty();
        joined.last_write_at = deciders
            .into_iter()
            .filter_map(|index| reading(index)?.last_write_at)
            .max();
        Some(joined)
    }

    /// The newest list decides. A cut one proves what it holds and nothing else, so older ones speak on behind it.
    fn hotfixes(&mut self, facts: &mut Facts) {
        let mut numbers: Vec<u32> = Vec::new();
        let mut whole = false;
        let mut any = false;
        for index in self.order.clone() {
            let source = self.sources[index].facts;
            let Some(listed) = &source.hotfixes else {
                continue;
            };
            any = true;
            whole = !source.hotfixes_cut;
            let fresh: Vec<u32> = listed
                .iter()
                .copied()
                .filter(|kb| !numbers.contains(kb))
                .collect();
            let says_more = !fresh.is_empty();
            numbers.extend(fresh);
            if whole || says_more {
                self.decides[index].push("updates".to_owned());
            }
            if whole {
                break;
            }
        }
        numbers.sort_unstable();
        facts.hotfixes = any.then_some(numbers);
        facts.hotfixes_cut = any && !whole;
    }

    fn files(&mut self, facts: &mut Facts) {
        let files = |facts: &Facts| facts.files.clone();
        if self.shown(files).is_none() {
            return;
        }
        let mut one = |name: &str, read: fn(&Files) -> Option<super::facts::FileVersion>| {
            self.newest(name, |facts| facts.files.as_ref().and_then(read))
        };
        let joined = Files {
            winhttp: one("winhttp.dll", |files| files.winhttp),
            webio: one("webio.dll", |files| files.webio),
            schannel: one("schannel.dll", |files| files.schannel),
            wsus_service: one("WsusService.exe", |files| files.wsus_service),
        };
        facts.files = Some(joined);
    }

    /// Notes the newest reading that differs from the believed one, the first.
    fn compare(&mut self, fact: &str, said: Vec<(usize, String)>) {
        let mut said = said.into_iter();
        let Some(believed) = said.next() else {
            return;
        };
        if let Some(other) = said.find(|(_, text)| *text != believed.1) {
            self.contradictions.push(Contradiction {
                fact: fact.to_owned(),
                believed,
                other,
            });
        }
    }
}

/// Whether 32-bit programs on 64-bit Windows are shown a copy in place of this key.
fn is_redirected(key: Key) -> bool {
    let path = key.path();
    path.starts_with(r"HKLM\SOFTWARE\Microsoft\")
}

fn shown(reading: Reading<&RegValue>) -> String {
    use super::facts::RegData;
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

/// Which facts a source speaks of, as bits. Tells without reading both whether a source leaves nothing of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Facts it says anything about.
    pub touched: i64,
    /// Facts about which it says everything, so that an older source has nothing to add.
    pub whole: i64,
}

impl Coverage {
    /// What a source with these facts speaks of.
    pub fn of(facts: &Facts) -> Self {
        let mut coverage = Self::default();
        let mut bit = 0;
        let mut fact = |said: bool, everything: bool| {
            coverage.touched |= i64::from(said) << bit;
            coverage.whole |= i64::from(said && everything) << bit;
            bit += 1;
        };
        let sure = facts.explicit_views
            || facts.process_bits == Some(64)
            || facts.os.bits == Some(Bits::B32);
        for key in Key::ALL {
            let reading = facts.registry.key(key);
            let everything = reading.is_some_and(|reading| !reading.partial || !reading.exists);
            fact(
                reading.is_some(),
                everything && (sure || !is_redirected(key)),
            );
        }
        let os = &facts.os;
        for said in [
            os.platform.is_some(),
            os.version.is_some(),
            os.version.is_none() && os.registry_build.is_some(),
            os.product_type.is_some(),
            os.bits.is_some(),
            os.service_pack.is_some(),
            os.sku.is_some(),
            os.suite_mask.is_some(),
            os.last_boot_at.is_some(),
        ] {
            fact(said, true);
        }
        fact(facts.hotfixes.is_some(), !facts.hotfixes_cut);
        let files = facts.files.clone().unwrap_or_default();
        for said in [
            files.winhttp.is_some(),
            files.webio.is_some(),
            files.schannel.is_some(),
            files.wsus_service.is_some(),
        ] {
            fact(said, true);
        }
        fact(facts.cipher_suites.is_some(), true);
        fact(facts.software.is_some(), true);
        fact(!facts.roles.is_empty(), true);
        coverage
    }

    /// Whether a newer source with this coverage leaves nothing for an older one to say.
    pub const fn supersedes(self, older: Self) -> bool {
        older.touched & !self.whole == 0
    }
}
