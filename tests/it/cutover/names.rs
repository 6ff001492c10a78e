//! Names of a kept run: the same, whether its beginning is enough or all of it has to be got.

use cutover::{
    cutovers::{
        comparing::{self, Leftover, Wanted},
        kept,
    },
    domain::{
        audit::{Actor, Author},
        cutover::{tally::Tally, whatif::Fate},
    },
    store::{Store, cutover::runs::KeptRun},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use crate::support::stores::{NOON, TestStore};

/// Of so many clients, whose names cannot be packed; one in fifty is accepted.
fn packed(clients: usize) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(7);
    let lines: String = (0..clients)
        .map(|n| {
            let name = format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>());
            let (fate, because) = if n % 50 == 49 {
                ("accepted", "blocks")
            } else {
                ("will_lose", "blocks")
            };
            let line = json!([
                format!("{n:08}"),
                name,
                "P01",
                "6.1.7601-client",
                fate,
                because,
                null
            ]);
            format!("{line}\n")
        })
        .collect();
    zstd::encode_all(lines.as_bytes(), 3).expect("packed")
}

fn tally(clients: usize) -> Tally {
    let fates = json!({"will_lose": clients - clients / 50, "accepted": clients / 50});
    Tally::read(&json!({"fates": fates}))
}

async fn keep(store: &Store, id: &str, body: Vec<u8>) -> KeptRun {
    let run = KeptRun {
        id: id.to_owned(),
        scope: "s".to_owned(),
        made_by: "ada".to_owned(),
        made_at: NOON.0,
        input_hash: String::new(),
        summary: "{}".to_owned(),
        moved: String::new(),
    };
    let author = Author::new(Actor::Person("ada".to_owned()), None);
    let entry = author.entry(NOON, "scope.run", "Site P01");
    let kept = store.add_run(run.clone(), body, entry).await;
    kept.expect("kept");
    run
}

#[tokio::test]
async fn a_page_of_names_is_the_same_however_much_of_the_run_is_read() {
    const LARGE: usize = 20_000;
    for test in TestStore::each().await {
        let store = &test.store;
        for (id, clients) in [("r0", 0), ("r1", 100), ("r2", LARGE)] {
            let body = packed(clients);
            assert_eq!(body.len() > 3 * (256 << 10), clients == LARGE);
            let tally = tally(clients);
            let run = keep(store, id, body.clone()).await;
            let after = |after| Wanted {
                after,
                ..Wanted::default()
            };
            let accepted = |after| Wanted {
                fate: Some(Fate::Accepted),
                after,
                ..Wanted::default()
            };
            let elsewhere = Wanted {
                site: Some("P02".to_owned()),
                fate: Some(Fate::Accepted),
                ..Wanted::default()
            };
            for wanted in [
                Wanted::default(),
                after(90),
                after(LARGE - 5),
                after(LARGE + 5),
                accepted(0),
                accepted(LARGE / 50 - 2),
                elsewhere,
            ] {
                let says = format!("{} {id} {wanted:?}", test.engine);
                let (found, total) = kept::names(store, &run, &tally, &wanted, 100)
                    .await
                    .expect(&says);
                let (all, known) = comparing::page(&body, &tally, &wanted, 100).expect(&says);
                assert_eq!((&found, total), (&all, known), "{says}");
                // Told apart from what was written, too.
                let of_those = |one: usize| wanted.fate.is_none() || one % 50 == 49;
                let nowhere = wanted.site.is_some();
                let expected: Vec<String> = (0..clients)
                    .filter(|one| !nowhere && of_those(*one))
                    .skip(wanted.after)
                    .take(100)
                    .map(|one| format!("{one:08}"))
                    .collect();
                let ids: Vec<String> = found.into_iter().map(|Leftover { id, .. }| id).collect();
                assert_eq!(ids, expected, "{says}");
            }
        }
        // What cannot be read is not an empty page.
        let torn = packed(LARGE);
        let run = keep(store, "r3", torn[..torn.len() - 100].to_vec()).await;
        let last = Wanted {
            after: LARGE - 5,
            ..Wanted::default()
        };
        let read = kept::names(store, &run, &tally(LARGE), &last, 100).await;
        assert!(read.is_err(), "{}: {read:?}", test.engine);
    }
}
