//! Whose word counts: every fact beside the registry, and the whole put together.

use std::cmp::Reverse;

use super::{
    Combined, Contradiction, Source,
    keys::{self, Among, Keys},
};
use crate::domain::facts::{Bits, Facts, FileVersion, Files, OsVersion, Software};

/// The updates that the rules look for. A list that is cut has nothing else to say.
pub(super) const JUDGED_UPDATES: [u32; 5] = [3_140_245, 4_019_276, 4_467_770, 4_022_720, 4_022_721];

/// Characters of a list that are shown of each side of a contradiction.
const SHOWN: usize = 120;

/// Joins sources, given in any order: the newest that says anything about a fact is believed.
pub fn combine(sources: &[Source<'_>]) -> Combined {
    let mut newest_first: Vec<usize> = (0..sources.len()).collect();
    newest_first.sort_by_key(|&index| Reverse((sources[index].rank, sources[index].trust)));
    joined(sources, newest_first, false)
}

/// As [`combine`] and [`combine_by_trust`], but of sources of the same time the other one is believed first.
pub fn combine_turned(sources: &[Source<'_>], by_trust: bool) -> Combined {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&index| {
        let Source { rank, trust, .. } = sources[index];
        (Reverse((by_trust.then_some(trust), rank.0)), rank.1, trust)
    });
    joined(sources, order, by_trust)
}

/// Joins sources, given in any order: of those that say anything about a fact the best trusted is believed, and of
/// these the newest. So less trusted ones only tell what better trusted ones do not speak of.
pub fn combine_by_trust(sources: &[Source<'_>]) -> Combined {
    let mut best_first: Vec<usize> = (0..sources.len()).collect();
    best_first.sort_by_key(|&index| Reverse((sources[index].trust, sources[index].rank)));
    joined(sources, best_first, true)
}

fn joined(sources: &[Source<'_>], order: Vec<usize>, by_trust: bool) -> Combined {
    let mut join = Join {
        sources,
        order,
        by_trust,
        decides: vec![Vec::new(); sources.len()],
        live: vec![false; sources.len()],
        contradictions: Vec::new(),
    };
    let facts = join.facts();
    Combined {
        facts: match sources {
            [only] => only.facts.clone(),
            _ => facts,
        },
        decides: join.decides,
        live: join.live,
        contradictions: join.contradictions,
    }
}

struct Join<'s, 'f> {
    sources: &'s [Source<'f>],
    /// Indexes, the one that is believed first.
    order: Vec<usize>,
    by_trust: bool,
    decides: Vec<Vec<String>>,
    live: Vec<bool>,
    contradictions: Vec<Contradiction>,
}

impl Join<'_, '_> {
    fn facts(&mut self) -> Facts {
        let mut facts = Facts {
            client_version: self.shown(|facts| facts.client_version.clone()),
            communication: self.shown(|facts| facts.communication.clone()),
            management_point: self.shown(|facts| facts.management_point.clone()),
            ip_addresses: self
                .shown(|facts| Some(facts.ip_addresses.clone()).filter(|list| !list.is_empty()))
                .unwrap_or_default(),
            ..Facts::default()
        };
        // A source that names no role does not say that there is none.
        facts.roles = self
            .first(
                "site system roles",
                |facts| Some(facts.roles.clone()).filter(|roles| !roles.is_empty()),
                |roles| roles.join(", "),
            )
            .unwrap_or_default();
        self.os(&mut facts);
        self.registry(&mut facts);
        self.hotfixes(&mut facts);
        self.files(&mut facts);
        facts.cipher_suites = self.first(
            "cipher suites",
            |facts| facts.cipher_suites.clone(),
            |suites| suites.join(", "),
        );
        facts.software = self.first(
            "installed software",
            |facts| facts.software.clone(),
            |products| {
                let named = |item: &Software| format!("{} {}", item.name, item.version);
                let mut named: Vec<String> = products.iter().map(named).collect();
                // The order in which products are listed says nothing.
                named.sort_unstable();
                named.join(", ")
            },
        );
        self.contradicted(&mut facts);
        facts
    }

    /// What a source told in two ways and no other one tells is known to be in doubt, and the first that did so says it.
    fn contradicted(&mut self, facts: &mut Facts) {
        for index in self.order.clone() {
            for fact in self.said(index).contradicted.clone() {
                if !fact.is_known(facts) && !facts.contradicted.contains(&fact) {
                    self.decide(index, &format!("{}, told in two ways", fact.words()));
                    facts.contradicted.push(fact);
                }
            }
        }
    }

    fn said(&self, index: usize) -> &Facts {
        self.sources[index].facts
    }

    fn decide(&mut self, index: usize, fact: &str) {
        self.decides[index].push(fact.to_owned());
        self.live[index] = true;
    }

    /// A fact that is only shown.
    fn shown<T>(&self, read: impl Fn(&Facts) -> Option<T>) -> Option<T> {
        self.order.iter().find_map(|&index| read(self.said(index)))
    }

    /// A fact that is judged: the first source that has it decides, and whoever says otherwise is noted.
    fn first<T: PartialEq>(
        &mut self,
        name: &str,
        read: impl Fn(&Facts) -> Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        let told = self
            .order
            .iter()
            .filter_map(|&index| Some((index, read(self.said(index))?)));
        let mut told = told.collect::<Vec<_>>().into_iter();
        let (index, value) = told.next()?;
        self.decide(index, name);
        let believed = show(&value);
        let differ = told.filter(|(_, other)| *other != value);
        let differ = differ.map(|(other, differs)| (other, show(&differs)));
        if let Some((other, differs)) = differ.into_iter().find(|(_, shown)| *shown != believed) {
            let (believed, differs) = apart(&believed, &differs);
            self.contradictions.push(Contradiction {
                fact: name.to_owned(),
                believed: (index, believed),
                other: (other, differs),
            });
        }
        Some(value)
    }

    fn os(&mut self, facts: &mut Facts) {
        let number = |number: &u32| number.to_string();
        let os = &mut facts.os;
        os.platform = self.first("platform", |facts| facts.os.platform.clone(), Clone::clone);
        os.caption = self.shown(|facts| facts.os.caption.clone());
        os.version = self.first(
            "Windows version",
            |facts| facts.os.version,
            |version: &OsVersion| format!("{}.{}.{}", version.major, version.minor, version.build),
        );
        os.registry_build = self.build();
        os.product_type = self.first("kind of Windows", |facts| facts.os.product_type, number);
        os.bits = self.first(
            "32-bit or 64-bit Windows",
            |facts| facts.os.bits,
            |bits| match bits {
                Bits::B32 => "32-bit".to_owned(),
                Bits::B64 => "64-bit".to_owned(),
            },
        );
        os.service_pack = self.first("service pack", |facts| facts.os.service_pack, number);
        os.sku = self.first("edition", |facts| facts.os.sku, number);
        os.suite_mask = self.first("suite mask", |facts| facts.os.suite_mask, number);
        // Every start is another one; that is no contradiction.
        let started = |&index: &usize| Some((index, self.said(index).os.last_boot_at?));
        if let Some((index, at)) = self.order.iter().find_map(started) {
            os.last_boot_at = Some(at);
            self.decide(index, "last start");
        }
    }

    /// A build number that stands beside the version belongs to it. One from a source that comes before contradicts
    /// it, and one from a source behind it is history.
    fn build(&mut self) -> Option<u32> {
        for index in self.order.clone() {
            let os = &self.said(index).os;
            let (build, has_version) = (os.registry_build, os.version.is_some());
            if build.is_some() && !has_version {
                self.decide(index, "build number");
            }
            if build.is_some() || has_version {
                return build;
            }
        }
        None
    }

    fn registry(&mut self, facts: &mut Facts) {
        let narrow = facts.os.bits == Some(Bits::B32);
        let among = |narrow| Among {
            sources: self.sources,
            order: &self.order,
            by_trust: self.by_trust,
            narrow,
        };
        let Keys {
            registry,
            view,
            decides,
            live,
            contradictions,
        } = keys::join(among(narrow));
        // What would count if another source came and said that Windows is of the other width.
        let otherwise = keys::join(among(!narrow));
        facts.registry = registry;
        for (index, fact) in &decides {
            self.decide(*index, fact);
        }
        self.contradictions.extend(contradictions);
        if let Some(index) = view {
            let view = self.said(index);
            (facts.process_bits, facts.explicit_views) = (view.process_bits, view.explicit_views);
        } else {
            facts.process_bits = self.shown(|facts| facts.process_bits);
        }
        for index in self.order.clone() {
            for path in self.said(index).registry.misspelt.clone() {
                if !facts.registry.misspelt.contains(&path) {
                    facts.registry.misspelt.push(path);
                }
            }
        }
        let decide = otherwise.decides.into_iter().map(|(index, _)| index);
        for index in decide.chain(otherwise.live).chain(live) {
            self.live[index] = true;
        }
    }

    /// The first list decides. A cut one proves what it holds and nothing else, so others speak on behind it.
    fn hotfixes(&mut self, facts: &mut Facts) {
        let mut numbers: Vec<u32> = Vec::new();
        let mut whole = None;
        let mut any = false;
        for index in self.order.clone() {
            let source = self.sources[index].facts;
            let Some(listed) = &source.hotfixes else {
                continue;
            };
            let news = |kb: &u32| listed.contains(kb) && !numbers.contains(kb);
            if let Some(whole) = whole {
                let others = JUDGED_UPDATES.iter().filter(|kb| news(kb));
                for kb in others.copied().collect::<Vec<_>>() {
                    self.differ_on_update(kb, whole, index);
                }
                continue;
            }
            if any && source.hotfixes_cut && !JUDGED_UPDATES.iter().any(news) {
                continue;
            }
            numbers.extend(listed);
            any = true;
            if !source.hotfixes_cut {
                whole = Some(index);
            }
            self.decide(index, "updates");
        }
        numbers.sort_unstable();
        numbers.dedup();
        facts.hotfixes = any.then_some(numbers);
        facts.hotfixes_cut = any && whole.is_none();
    }

    fn differ_on_update(&mut self, kb: u32, whole: usize, other: usize) {
        let fact = format!("KB{kb} in the list of updates");
        if !self.contradictions.iter().any(|known| known.fact == fact) {
            self.contradictions.push(Contradiction {
                fact,
                believed: (whole, "not listed".to_owned()),
                other: (other, "listed".to_owned()),
            });
        }
    }

    fn files(&mut self, facts: &mut Facts) {
        if self.shown(|facts| facts.files.clone()).is_none() {
            return;
        }
        let mut one = |name: &str, read: fn(&Files) -> Option<FileVersion>| {
            self.first(
                name,
                |facts| facts.files.as_ref().and_then(read),
                |FileVersion(parts)| parts.map(|part| part.to_string()).join("."),
            )
        };
        let joined = Files {
            winhttp: one("winhttp.dll", |files| files.winhttp),
            webio: one("webio.dll", |files| files.webio),
            schannel: one("schannel.dll", |files| files.schannel),
            wsus_service: one("WsusService.exe", |files| files.wsus_service),
        };
        facts.files = Some(joined);
    }
}

/// Two texts that differ, cut so that the difference is seen.
fn apart(one: &str, other: &str) -> (String, String) {
    const BEFORE: usize = 20;
    let alike = one.chars().zip(other.chars());
    let alike = alike.take_while(|(a, b)| a == b).count();
    let from = if alike < SHOWN { 0 } else { alike - BEFORE };
    let cut = |text: &str| {
        let mut rest = text.chars().skip(from);
        let mut shown: String = if from > 0 { "…" } else { "" }.to_owned();
        shown.extend(rest.by_ref().take(SHOWN));
        if rest.next().is_some() {
            shown.push('…');
        }
        shown
    };
    (cut(one), cut(other))
}
