//! Two servers that write about the same clients at the same time: nothing is lost, and nothing is wrong.

use cutover::{
    clock,
    domain::{
        assess::Policy,
        time::{HOUR, Timestamp},
    },
    ingest::Judge,
    store::Store,
};

use super::machine::{Dice, LASTS, Letter, by_chance, expected, found, send};
use crate::{
    store::numbers_equal_the_lists,
    support::{large, stores::TestStore},
};

/// Rounds of both servers writing about the same three clients, of which a usual run takes a part.
const ROUNDS: u64 = 2_000;
/// Rounds after which the database is compared with what should be in it.
const LOOKED_AT: u64 = 100;

async fn some(store: &Store, judge: &Judge, letters: &[Letter], now: Timestamp) {
    for group in letters.chunks(2) {
        send(store, judge, group, now).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_write_about_the_same_clients_lose_nothing() {
    for test in TestStore::each().await {
        if test.engine == "sqlite" {
            continue;
        }
        let other = Store::open(&test.url).await.expect("a second server");
        let judge = Judge::new(Policy::default(), LASTS);
        let now = clock::now();
        let mut dice = Dice::new(77);
        let mut all: Vec<Letter> = Vec::new();
        let mut kept = 0;
        for round in 0..large(ROUNDS) {
            let first = usize::try_from(round).expect("small") * 3;
            let count = 3 + dice.below(4);
            let letters: Vec<Letter> = (0..count)
                .map(|_| {
                    let client = first + dice.below(3);
                    by_chance(&mut dice, client, now)
                })
                .collect();
            let (mut here, mut there) = (Vec::new(), Vec::new());
            for one in &letters {
                // Some go to both.
                match dice.below(3) {
                    0 => here.push(one.clone()),
                    1 => there.push(one.clone()),
                    _ => {
                        here.push(one.clone());
                        there.push(one.clone());
                    }
                }
            }
            dice.shuffle(&mut here);
            dice.shuffle(&mut there);
            tokio::join!(
                some(&test.store, &judge, &here, now),
                some(&other, &judge, &there, now)
            );
            all.extend(letters);
            if (round + 1) % LOOKED_AT == 0 {
                let (found, wanted) = (found(&test.url).await, expected(&all, &judge, now));
                for (key, value) in &wanted {
                    assert_eq!(found.get(key), Some(value), "round {round}: {key}");
                }
                kept += wanted.len();
                assert_eq!(found.len(), kept, "round {round}");
                all.clear();
            }
        }
        numbers_equal_the_lists(&test.store, now.plus(HOUR)).await;
        other.close().await;
    }
}
