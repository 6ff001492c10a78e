//! Time and several sources: what is too old makes a client stale, and never ready.

use cutover::domain::audit::Author;
use cutover::{
    clock,
    domain::{
        assess::Policy,
        time::{DAY, HOUR},
    },
    ingest::Judge,
};

use super::machine::{
    LASTS, Letter, claimed, empty, expected, found, letter, send, standing, vouched, whole,
};
use crate::{store::numbers_equal_the_lists, support::stores::TestStore};

/// Everything that is needed, and no cipher suites.
const NEEDED: [(&str, usize); 4] = [
    ("system", 0),
    ("winhttp", 0),
    ("schannel", 0),
    ("dotnet", 0),
];

#[tokio::test]
async fn a_client_is_stale_when_the_oldest_source_that_counts_is() {
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let now = clock::now();
        let system = letter(0, now.plus(-10 * DAY), &NEEDED[..2], Some(64), &claimed());
        let rest = letter(0, now.plus(-DAY), &NEEDED[2..], Some(64), &claimed());
        send(&test.store, &judge, &[rest.clone(), system], now).await;
        assert_eq!(standing(&test.store, 0, now).await, "ready");
        assert_eq!(
            standing(&test.store, 0, now.plus(4 * DAY - 1)).await,
            "ready"
        );
        let stale = now.plus(4 * DAY);
        assert_eq!(
            standing(&test.store, 0, stale).await,
            "stale",
            "{}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, stale).await;
        // The newer part again does not bring it back; the older one does.
        let again = letter(0, stale.plus(-HOUR), &NEEDED[2..], Some(64), &claimed());
        send(&test.store, &judge, &[again], stale).await;
        assert_ne!(
            standing(&test.store, 0, stale).await,
            "ready",
            "{}",
            test.engine
        );
        let system = letter(0, stale.plus(-HOUR), &NEEDED[..2], Some(64), &claimed());
        send(&test.store, &judge, &[system], stale).await;
        assert_eq!(
            standing(&test.store, 0, stale).await,
            "ready",
            "{}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, stale).await;
    }
}

#[tokio::test]
async fn another_freshness_limit_counts_from_the_oldest_source() {
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let now = clock::now();
        let system = letter(0, now.plus(-10 * DAY), &NEEDED[..2], Some(64), &claimed());
        let rest = letter(0, now.plus(-DAY), &NEEDED[2..], Some(64), &claimed());
        send(&test.store, &judge, &[rest, system], now).await;
        test.store
            .apply_freshness(9 * DAY, Author::server(), now)
            .await
            .expect("a limit");
        assert_eq!(
            standing(&test.store, 0, now).await,
            "stale",
            "{}",
            test.engine
        );
        test.store
            .apply_freshness(12 * DAY, Author::server(), now)
            .await
            .expect("a limit");
        assert_eq!(
            standing(&test.store, 0, now).await,
            "ready",
            "{}",
            test.engine
        );
        assert_eq!(
            standing(&test.store, 0, now.plus(2 * DAY)).await,
            "stale",
            "{}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, now.plus(2 * DAY)).await;
    }
}

#[tokio::test]
async fn a_blocker_that_grows_old_makes_a_client_stale_and_never_ready() {
    // Also between sources that are believed alike: that nobody has looked again is no remedy.
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let start = clock::now();
        for (sender, agent) in [
            (claimed(), claimed()),
            (vouched(), vouched()),
            (claimed(), vouched()),
        ] {
            empty(&test.url).await;
            let suites = letter(0, start, &[("suites", 1)], None, &sender);
            send(&test.store, &judge, &[suites], start).await;
            for day in 0..20 {
                let now = start.plus(day * DAY + HOUR);
                let needed = letter(0, now, &NEEDED, Some(64), &agent);
                send(&test.store, &judge, &[needed], now).await;
                let wanted = if day < 14 { "blocking" } else { "stale" };
                assert_eq!(
                    standing(&test.store, 0, now).await,
                    wanted,
                    "{} day {day}",
                    test.engine
                );
            }
            // Somebody looks again.
            let now = start.plus(20 * DAY);
            let suites = letter(0, now, &[("suites", 0)], None, &sender);
            send(&test.store, &judge, &[suites], now).await;
            assert_eq!(
                standing(&test.store, 0, now).await,
                "ready",
                "{}",
                test.engine
            );
        }
    }
}

#[tokio::test]
async fn a_good_fact_that_nobody_needs_may_grow_old() {
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let start = clock::now();
        let suites = letter(0, start, &[("suites", 0)], None, &vouched());
        send(&test.store, &judge, &[suites], start).await;
        let now = start.plus(15 * DAY);
        let needed = letter(0, now, &NEEDED, Some(64), &claimed());
        send(&test.store, &judge, &[needed], now).await;
        assert_eq!(
            standing(&test.store, 0, now).await,
            "ready",
            "{}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, now).await;
    }
}

#[tokio::test]
async fn a_fresh_blocker_is_shown_beside_an_old_and_worse_one() {
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let start = clock::now();
        let orphan = whole(0, start, &[("winhttp", 1)], &vouched());
        send(&test.store, &judge, &[orphan], start).await;
        let now = start.plus(15 * DAY);
        let degraded = whole(0, now, &[("dotnet", 1)], &claimed());
        send(&test.store, &judge, &[degraded], now).await;
        assert_eq!(
            standing(&test.store, 0, now).await,
            "blocking",
            "{}",
            test.engine
        );
    }
}

#[tokio::test]
async fn what_is_too_old_ends_the_same_in_any_order() {
    for test in TestStore::each().await {
        let judge = Judge::new(Policy::default(), LASTS);
        let now = clock::now();
        let old = |part: &'static str, variant, sender| {
            letter(0, now.plus(-16 * DAY), &[(part, variant)], Some(64), sender)
        };
        let sets: [Vec<Letter>; 3] = [
            // A trusted one is old, a claimed one is not and is superseded by a trusted one.
            vec![
                letter(0, now.plus(-2 * DAY), &NEEDED[..2], Some(64), &claimed()),
                old("suites", 0, &vouched()),
                letter(0, now.plus(-DAY), &NEEDED, Some(64), &vouched()),
            ],
            // Alone the old one decides nothing; with the last one it does.
            vec![
                old("files", 1, &claimed()),
                letter(0, now.plus(-2 * DAY), &[("updates", 0)], None, &claimed()),
                letter(
                    0,
                    now.plus(-DAY),
                    &[
                        ("system", 1),
                        ("winhttp", 0),
                        ("schannel", 0),
                        ("dotnet", 0),
                    ],
                    Some(64),
                    &claimed(),
                ),
            ],
            vec![
                old("suites", 1, &claimed()),
                old("roles", 1, &vouched()),
                letter(0, now.plus(-DAY), &NEEDED, Some(64), &claimed()),
            ],
        ];
        for (number, mut letters) in sets.into_iter().enumerate() {
            let expected = expected(&letters, &judge, now);
            assert!(
                !expected["PC-0"].contains("standing=ready") || number == 0,
                "{expected:?}"
            );
            for turn in 0..6 {
                empty(&test.url).await;
                letters.rotate_left(1);
                if turn == 3 {
                    letters.reverse();
                }
                for one in &letters {
                    send(&test.store, &judge, std::slice::from_ref(one), now).await;
                }
                assert_eq!(
                    found(&test.url).await,
                    expected,
                    "{} set {number} turn {turn}",
                    test.engine
                );
            }
        }
    }
}
