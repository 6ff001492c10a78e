//! Sources by chance: whole reports, and such as say a part.

use cutover::domain::{
    evidence::{Source, Trust},
    facts::{Facts, Key},
    time::{HOUR, Timestamp},
};
use proptest::{option, prelude::*, sample::select};

use crate::properties::facts;

pub const NOON: Timestamp = Timestamp(1_795_100_000_000);
/// Nothing is too old.
pub const NEVER: Timestamp = Timestamp(i64::MIN);

/// One source with facts of its own.
#[derive(Clone, Debug)]
pub struct Said {
    pub facts: Facts,
    pub trust: Trust,
    /// Hours from noon, and the hash that decides between equals.
    pub rank: (i64, u8),
}

impl Said {
    pub fn source(&self) -> Source<'_> {
        let (hours, hash) = self.rank;
        Source {
            rank: (NOON.plus(hours * HOUR), [hash; 16]),
            trust: self.trust,
            facts: &self.facts,
        }
    }
}

pub fn sources(said: &[Said]) -> Vec<Source<'_>> {
    said.iter().map(Said::source).collect()
}

/// What a collector that knows only a part says: some facts are left out, and of some keys only some values are read.
fn part() -> BoxedStrategy<Facts> {
    let keys = prop::collection::vec((0_u8..10, any::<bool>()), Key::ALL.len());
    let pieces = (
        prop::collection::vec(any::<bool>(), 12),
        any::<bool>(),
        select(&["", "", "windows", "macos"][..]),
        option::weighted(0.2, select(&[19_045_u32, 17_763, 7_601][..])),
    );
    (facts(), keys, pieces)
        .prop_map(|(mut facts, keys, (kept, cut, platform, build))| {
            for (key, (fate, asked)) in Key::ALL.into_iter().zip(keys) {
                let Some(mut reading) = facts.registry.remove(key) else {
                    continue;
                };
                match fate {
                    0..4 => continue,
                    4..8 if reading.exists => {
                        reading.partial = true;
                        if asked {
                            reading.absent =
                                vec!["DisabledByDefault".to_owned(), "Enabled".to_owned()];
                            reading.absent.retain(|name| {
                                reading.values.iter().all(|(known, _)| known != name)
                            });
                        } else {
                            reading.values.truncate(1);
                        }
                        if fate == 4 {
                            reading.last_write_at = None;
                        }
                    }
                    _ => {}
                }
                facts.registry.insert(key, reading);
            }
            let forget = |at: usize| !kept.get(at).copied().unwrap_or(true);
            let os = &mut facts.os;
            os.platform = Some(platform.to_owned()).filter(|text| !text.is_empty());
            if forget(0) {
                os.version = None;
                os.registry_build = build;
            }
            if forget(1) {
                os.product_type = None;
            }
            if forget(2) {
                os.bits = None;
            }
            if forget(3) {
                os.suite_mask = None;
            }
            if forget(4) {
                os.last_boot_at = None;
            }
            if forget(5) {
                facts.hotfixes = None;
            }
            if forget(6) {
                facts.files = None;
            }
            if forget(7) {
                facts.cipher_suites = None;
            }
            if forget(8) {
                facts.software = None;
            }
            if forget(9) {
                facts.roles.clear();
            }
            facts.hotfixes_cut = cut && facts.hotfixes.is_some();
            facts
        })
        .boxed()
}

pub fn said() -> BoxedStrategy<Said> {
    (
        prop_oneof![3 => part(), 1 => facts()],
        select(&[Trust::Claimed, Trust::Proven, Trust::Vouched][..]),
        (-400_i64..0, any::<u8>()),
    )
        .prop_map(|(facts, trust, rank)| Said { facts, trust, rank })
        .boxed()
}

/// Up to `most` sources, each of another rank.
pub fn several(most: usize) -> BoxedStrategy<Vec<Said>> {
    prop::collection::vec(said(), 1..=most)
        .prop_map(|mut all| {
            let mut seen = std::collections::HashSet::new();
            all.retain(|one| seen.insert(one.rank));
            all
        })
        .boxed()
}
