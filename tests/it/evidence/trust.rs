//! Who holds the clients' token can add a blocker, and can never take one away that a person brought.

use cutover::{
    clock,
    domain::{
        assess::Policy,
        time::{DAY, HOUR, Timestamp},
    },
    ingest::Judge,
    store::{Store, incoming::Sender},
};

use super::machine::{
    LASTS, Letter, PARTS, claimed, empty, letter, send, standing, vouched, whole,
};
use crate::support::stores::TestStore;

async fn ends(store: &Store, letters: &[Letter], now: Timestamp) -> &'static str {
    let judge = Judge::new(Policy::default(), LASTS);
    for one in letters {
        send(store, &judge, std::slice::from_ref(one), now).await;
    }
    standing(store, 0, now).await
}

/// Every order of a few.
fn orders(letters: &[Letter]) -> Vec<Vec<Letter>> {
    if letters.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..letters.len() {
        let mut rest = letters.to_vec();
        let one = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, one.clone());
            all.push(order);
        }
    }
    all
}

#[tokio::test]
async fn a_claim_adds_a_blocker_and_never_takes_one_away() {
    for test in TestStore::each().await {
        let now = clock::now();
        let hours = |hours: i64| now.plus(-hours * HOUR);
        let blocks = whole(0, hours(9), &[("winhttp", 1)], &vouched());
        let clears = whole(0, hours(1), &[], &claimed());
        let piecewise: Vec<Letter> = (1..)
            .zip(PARTS)
            .map(|(n, part)| {
                letter(
                    0,
                    hours(8).plus(n * HOUR / 2),
                    &[(part, 0)],
                    Some(64),
                    &claimed(),
                )
            })
            .collect();
        for order in orders(&[blocks.clone(), clears.clone()]) {
            empty(&test.url).await;
            assert_eq!(
                ends(&test.store, &order, now).await,
                "blocking",
                "{}",
                test.engine
            );
        }
        let mut small = piecewise.clone();
        small.push(blocks.clone());
        for _ in 0..2 {
            empty(&test.url).await;
            assert_eq!(
                ends(&test.store, &small, now).await,
                "blocking",
                "{}",
                test.engine
            );
            small.rotate_right(1);
        }
        // Who brought the blocker brings the remedy.
        empty(&test.url).await;
        let remedy = whole(0, now.plus(-HOUR / 2), &[], &vouched());
        assert_eq!(
            ends(
                &test.store,
                &[blocks.clone(), clears.clone(), remedy.clone()],
                now
            )
            .await,
            "ready"
        );
        // And a claim adds one.
        let worse = whole(0, now.plus(-HOUR / 4), &[("suites", 1)], &claimed());
        for order in orders(&[remedy, worse]) {
            empty(&test.url).await;
            assert_eq!(
                ends(&test.store, &order, now).await,
                "blocking",
                "{}",
                test.engine
            );
        }
    }
}

#[tokio::test]
async fn a_blocking_value_that_a_person_brought_alone_is_not_claimed_away() {
    // The person's file holds one value and nothing else, so by itself it decides nothing; beside what the client
    // said of itself it blocks.
    for test in TestStore::each().await {
        let now = clock::now();
        let hours = |hours: i64| now.plus(-hours * HOUR);
        let agent = whole(0, hours(9), &[], &claimed());
        for part in ["schannel", "winhttp", "suites", "dotnet"] {
            let value = letter(0, hours(5), &[(part, 1)], Some(64), &vouched());
            let again = whole(0, hours(1), &[("updates", 2)], &claimed());
            for order in orders(&[agent.clone(), value.clone(), again.clone()]) {
                empty(&test.url).await;
                assert_eq!(
                    ends(&test.store, &order, now).await,
                    "blocking",
                    "{} {part}",
                    test.engine
                );
            }
        }
    }
}

#[tokio::test]
async fn a_trusted_blocker_that_grows_old_does_not_clear_its_client() {
    for test in TestStore::each().await {
        let start = clock::now();
        let later = start.plus(20 * DAY);
        let blocks = [
            whole(0, start.plus(-HOUR), &[("winhttp", 1)], &vouched()),
            letter(0, start.plus(-HOUR), &[("suites", 1)], Some(64), &vouched()),
        ];
        for blocks in blocks {
            empty(&test.url).await;
            ends(&test.store, std::slice::from_ref(&blocks), start).await;
            for day in 1..=20 {
                let now = start.plus(day * DAY);
                let clears = whole(0, now.plus(-HOUR), &[], &claimed());
                let standing = ends(&test.store, &[clears], now).await;
                assert_ne!(standing, "ready", "{} day {day}", test.engine);
            }
            let small: Vec<Letter> = (0..)
                .zip(PARTS)
                .map(|(n, part)| {
                    letter(0, later.plus(-n * HOUR), &[(part, 0)], Some(64), &claimed())
                })
                .collect();
            assert_ne!(
                ends(&test.store, &small, later).await,
                "ready",
                "{}",
                test.engine
            );
        }
    }
}

#[tokio::test]
async fn what_a_client_said_before_counts_for_more_when_a_person_vouches_for_it() {
    // Also when the file claims a time to come, which is only ever counted once.
    for test in TestStore::each().await {
        let now = clock::now();
        let blocks = |at: Timestamp, sender: &Sender| whole(0, at, &[("winhttp", 1)], sender);
        let clears = whole(0, now.plus(HOUR), &[], &claimed());
        for vouched_at in [now.plus(-HOUR), now.plus(10 * DAY)] {
            empty(&test.url).await;
            ends(&test.store, &[blocks(now.plus(-9 * HOUR), &claimed())], now).await;
            ends(&test.store, &[blocks(vouched_at, &vouched())], now).await;
            let then = now.plus(2 * HOUR);
            assert_eq!(
                ends(&test.store, std::slice::from_ref(&clears), then).await,
                "blocking",
                "{}",
                test.engine
            );
        }
    }
}
