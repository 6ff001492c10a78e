//! Every move from one standing to another is noted, and nothing else is: whatever happens in which order.

use crate::support::stores::EVERYWHERE;
use std::collections::BTreeMap;

use cutover::domain::audit::Author;
use cutover::store::membership::Consent;
use cutover::{
    domain::{
        lists::ListOrigin,
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        incoming::Incoming,
        model::{Filter, Listing},
        moves::Move,
        population::{Expected, ExpectedList},
    },
};

use crate::support::stores::{NOON, TestStore, blocking, report};

/// Every client by its id: code of its standing, and whether it is counted.
async fn everybody(store: &Store, now: Timestamp) -> BTreeMap<String, (&'static str, bool)> {
    let mut found = BTreeMap::new();
    for left_out in [false, true] {
        let filter = Filter {
            left_out,
            ..Filter::default()
        };
        let mut walk = store.walk(filter, now).await.expect("a walk");
        while let Some(piece) = walk.next().await.expect("a piece") {
            found.extend(
                piece
                    .into_iter()
                    .map(|row| (row.id, (row.standing.code(), !left_out))),
            );
        }
    }
    found
}

fn counted(listing: &str) -> bool {
    Listing::from_code(listing).expect("a listing").is_counted()
}

fn id_of(one: &Move) -> String {
    uuid::Uuid::from_slice(&one.client_id)
        .expect("an id")
        .to_string()
}

/// A small chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn random_report(chance: &mut Chance, n: u32, at: Timestamp) -> Incoming {
    let version = u8::try_from(chance.below(4)).expect("small");
    let mut one = if version % 2 == 0 {
        report(n, at, version)
    } else {
        blocking(n, at, version)
    };
    if version == 2 {
        one.verdict = Standing::RestartPending;
    }
    if chance.below(10) == 0 {
        one.ruleset = "other".into();
    }
    one
}

async fn random_list(store: &Store, chance: &mut Chance, now: Timestamp) {
    let rows: Vec<Expected> = (1..=10)
        .filter_map(|n| {
            let listing = match chance.below(4) {
                0 => Listing::Obsolete,
                1 => return None,
                _ => Listing::Expected,
            };
            Some(Expected {
                ids: report(n, NOON, 1).ids,
                os_key: "unknown".to_owned(),
                roles: Vec::new(),
                owner: None,
                last_contact: None,
                listing,
            })
        })
        .collect();
    let list = ExpectedList {
        name: "default".to_owned(),
        kind: ListOrigin::Names,
        rows,
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: Consent::Given,
    };
    // An empty list is refused, and moves nobody.
    let _ = store.replace_population(&EVERYWHERE, list, now).await;
}

#[tokio::test]
async fn moves_are_exactly_what_changed() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut chance = Chance(17);
        let mut now = NOON;
        let mut last = 0;
        let mut noted = 0;
        for step in 0..120 {
            // No two reports are of one time: none of them would be the newer.
            now = now.plus(1);
            let before = everybody(store, now).await;
            // What grew stale by the look above belongs to the step before.
            let settled = store.moves_after(last, 1_000).await.expect("moves");
            last = settled.last().map_or(last, |one| one.id);
            match chance.below(6) {
                0 => now = now.plus(i64::try_from(chance.below(9)).expect("small") * DAY),
                1 => random_list(store, &mut chance, now).await,
                _ => {
                    let reports: Vec<Incoming> = (1..=8)
                        .filter_map(|n| {
                            let late = i64::try_from(chance.below(3)).expect("small") * HOUR;
                            (chance.below(3) > 0)
                                .then(|| random_report(&mut chance, n, now.plus(-late)))
                        })
                        .collect();
                    store
                        .writer()
                        .reports(reports, now, true)
                        .await
                        .expect("kept");
                }
            }
            let after = everybody(store, now).await;
            let moves = store.moves_after(last, 1_000).await.expect("moves");
            assert!(moves.windows(2).all(|pair| pair[0].id < pair[1].id));
            let mut ends = before.clone();
            for one in &moves {
                let id = id_of(one);
                let was = (one.from_standing.as_str(), counted(&one.from_listing));
                let is = (one.to_standing.as_str(), counted(&one.to_listing));
                assert_ne!(was, is, "step {step} on {}: {one:?}", test.engine);
                let known = ends.get(&id).copied();
                // One that is new in this step begins somewhere.
                assert!(
                    known.is_none_or(|known| known == was),
                    "step {step}: {one:?} {known:?}"
                );
                let standing = Standing::from_code(is.0).expect("a standing");
                ends.insert(id, (standing.code(), is.1));
                noted += 1;
            }
            for (id, is) in &after {
                if before.contains_key(id) {
                    assert_eq!(ends.get(id), Some(is), "step {step} on {}", test.engine);
                }
            }
        }
        assert!(noted > 100, "only {noted} moves on {}", test.engine);
    }
}

#[tokio::test]
async fn reports_that_say_nothing_new_note_nothing() {
    for test in TestStore::each().await {
        let store = &test.store;
        for hours in 0..50 {
            let at = NOON.plus(hours * HOUR);
            let reports = vec![report(1, at, 1), blocking(2, at, 1)];
            store
                .writer()
                .reports(reports, at, true)
                .await
                .expect("kept");
        }
        let moves = store.moves_after(0, 10).await.expect("moves");
        assert!(moves.is_empty(), "{}: {moves:?}", test.engine);
    }
}
