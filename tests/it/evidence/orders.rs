//! Any order and any grouping in which the same reports come in ends in the same state: the one the domain names.

use cutover::{
    clock,
    domain::assess::{DotnetPolicy, Policy},
    ingest::Judge,
    store::incoming::Kept,
};

use super::machine::{
    Dice, LASTS, Letter, State, by_chance, claimed, empty, expected, found, letter, send, vouched,
    whole,
};
use crate::support::stores::EVERYWHERE;
use crate::{store::numbers_equal_the_lists, support::stores::TestStore};

/// Sets of reports that are tried on each engine.
const SETS: u64 = 30;
/// Orders of each.
const ORDERS: u64 = 4;

fn differences(found: &State, expected: &State) -> String {
    let mut text = String::new();
    for key in found
        .keys()
        .chain(expected.keys())
        .collect::<std::collections::BTreeSet<_>>()
    {
        if found.get(key) != expected.get(key) {
            text.push_str(&format!(
                "{key}\n  found    {:?}\n  expected {:?}\n",
                found.get(key),
                expected.get(key)
            ));
        }
    }
    text
}

#[tokio::test]
async fn any_order_and_grouping_ends_in_the_state_that_the_domain_names() {
    let judge = Judge::new(
        Policy {
            dotnet: DotnetPolicy::Warn,
            ..Policy::default()
        },
        LASTS,
    );
    for test in TestStore::each().await {
        for set in 0..SETS {
            let now = clock::now();
            let mut dice = Dice::new(set);
            let count = 2 + dice.below(9);
            let mut letters: Vec<Letter> = (0..count)
                .map(|_| {
                    let client = dice.below(3);
                    by_chance(&mut dice, client, now)
                })
                .collect();
            // Some come more than once.
            for _ in 0..dice.below(3) {
                letters.push(letters[dice.below(letters.len())].clone());
            }
            let expected = expected(&letters, &judge, now);
            for order in 0..ORDERS {
                empty(&test.url).await;
                dice.shuffle(&mut letters);
                let mut rest = &letters[..];
                while !rest.is_empty() {
                    let (group, later) = rest.split_at(1 + dice.below(rest.len()));
                    send(&test.store, &judge, group, now).await;
                    rest = later;
                }
                let differences = differences(&found(&test.url).await, &expected);
                assert!(
                    differences.is_empty(),
                    "{} set {set} order {order}:\n{differences}",
                    test.engine
                );
            }
            // Sending everything again is harmless.
            let again = send(&test.store, &judge, &letters, now).await;
            assert!(
                !again.contains(&Kept::Stored),
                "{} set {set}: {again:?}",
                test.engine
            );
            let differences = self::differences(&found(&test.url).await, &expected);
            assert!(
                differences.is_empty(),
                "{} set {set} sent again:\n{differences}",
                test.engine
            );
            numbers_equal_the_lists(&test.store, now).await;
        }
    }
}

#[tokio::test]
async fn a_report_that_says_nothing_leaves_a_client_that_was_seen() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let now = clock::now();
        let hour = 3_600_000;
        let nothing = [
            letter(0, now.plus(-2 * hour), &[], None, &vouched()),
            letter(0, now.plus(-hour), &[], Some(64), &claimed()),
        ];
        send(&test.store, &judge, &nothing, now).await;
        let state = found(&test.url).await;
        let differences = differences(&state, &expected(&nothing, &judge, now));
        assert!(differences.is_empty(), "{}:\n{differences}", test.engine);
        assert!(state["PC-0"].contains("standing=undetermined"), "{state:?}");
        numbers_equal_the_lists(&test.store, now).await;
    }
}

#[tokio::test]
async fn times_shown_are_the_same_in_any_order() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let now = clock::now();
        let hour = 3_600_000;
        let agent = |hours: i64| {
            letter(
                0,
                now.plus(-hours * hour),
                &[("system", 0), ("winhttp", 0)],
                Some(64),
                &claimed(),
            )
        };
        let list = letter(0, now.plus(-5 * hour), &[("updates", 0)], None, &claimed());
        let late = letter(0, now.plus(-4 * hour), &[("suites", 0)], None, &claimed());
        // The agent says the same twice; what others say comes in later, and is older.
        for order in [
            [agent(9), agent(1), list.clone(), late.clone()],
            [list.clone(), agent(9), late.clone(), agent(1)],
            [agent(9), list.clone(), agent(1), late],
        ] {
            empty(&test.url).await;
            for one in order {
                send(&test.store, &judge, &[one], now).await;
            }
            let page = test
                .store
                .list(&cutover::store::model::Filter::default(), None, 10, now)
                .await
                .expect("a list");
            // That of the oldest word that the verdict rests on.
            let shown = page.items[0].collected_at.expect("a time");
            assert_eq!(now.since(shown) / hour, 5, "{}", test.engine);
            let detail = test
                .store
                .client(&page.items[0].id, &EVERYWHERE, now)
                .await
                .expect("a client")
                .expect("there");
            let newest = &detail.sources[0];
            assert_eq!(now.since(newest.collected_at) / hour, 1, "{}", test.engine);
        }
    }
}

#[tokio::test]
async fn a_client_with_one_source_is_as_it_was_before_there_were_several() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let now = clock::now();
        let hour = 3_600_000;
        let good = |hours: i64| whole(0, now.plus(-hours * hour), &[], &claimed());
        let bad = |hours: i64| {
            whole(
                0,
                now.plus(-hours * hour),
                &[("schannel", 2), ("system", 1)],
                &claimed(),
            )
        };
        let kept = |letter: Letter| {
            let (store, judge) = (&test.store, &judge);
            async move { send(store, judge, &[letter], now).await[0] }
        };
        assert_eq!(kept(good(9)).await, Kept::Stored);
        assert_eq!(kept(good(8)).await, Kept::Unchanged);
        assert_eq!(kept(bad(7)).await, Kept::Stored);
        assert_eq!(kept(good(6)).await, Kept::Stored);
        assert_eq!(kept(bad(10)).await, Kept::Late);
        assert_eq!(kept(bad(10)).await, Kept::Unchanged);
        assert_eq!(kept(good(5)).await, Kept::Unchanged);
        let all = [good(9), good(8), bad(7), good(6), bad(10), good(5)];
        let state = found(&test.url).await;
        let differences = differences(&state, &expected(&all, &judge, now));
        assert!(differences.is_empty(), "{}:\n{differences}", test.engine);
        assert_eq!(state.len(), 1, "no row in evidence: {state:?}");
    }
}
