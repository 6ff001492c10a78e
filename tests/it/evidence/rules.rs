//! After a switch of rules every client stands as a fresh database would have it, also one with several sources.

use std::sync::Arc;

use cutover::{
    clock,
    domain::{
        assess::{DotnetPolicy, Policy},
        time::{DAY, HOUR},
    },
    ingest::Judge,
    rejudge,
};

use super::machine::{
    Dice, LASTS, Letter, by_chance, claimed, expected, found, letter, send, standing, vouched,
    whole,
};
use crate::{store::numbers_equal_the_lists, support::stores::TestStore};

fn judges() -> [Judge; 2] {
    let strict = Policy {
        min_dotnet_release: 600_000,
        server_suites: Some(vec!["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned()]),
        ..Policy::default()
    };
    let lenient = Policy {
        dotnet: DotnetPolicy::Warn,
        ..Policy::default()
    };
    [Judge::new(lenient, LASTS), Judge::new(strict, LASTS)]
}

#[tokio::test]
async fn other_rules_make_what_a_fresh_database_would_have() {
    for test in TestStore::each().await {
        let now = clock::now();
        let mut dice = Dice::new(5);
        let letters: Vec<Letter> = (0..240)
            .map(|_| {
                let client = dice.below(60);
                by_chance(&mut dice, client, now)
            })
            .collect();
        let [first, second] = judges();
        send(&test.store, &first, &letters, now).await;
        for judge in [&second, &first, &second] {
            rejudge::run(test.store.clone(), judge.clone()).await;
            let (found, wanted) = (found(&test.url).await, expected(&letters, judge, now));
            for (key, value) in &wanted {
                assert_eq!(found.get(key), Some(value), "{} {key}", test.engine);
            }
            assert_eq!(found.len(), wanted.len(), "{}", test.engine);
            numbers_equal_the_lists(&test.store, now).await;
            let summary = test
                .store
                .summary(&judge.ruleset, now)
                .await
                .expect("a summary");
            assert_eq!(summary.to_rejudge, 0);
        }
    }
}

#[tokio::test]
async fn rules_under_which_older_evidence_decides_make_a_client_as_old_as_that() {
    // By the first rules all is well on new evidence; by the others an older and better trusted source blocks.
    for test in TestStore::each().await {
        let now = clock::now();
        let [lenient, _] = judges();
        let strict = Judge::new(Policy::default(), LASTS);
        let letters = [
            whole(0, now.plus(-13 * DAY), &[("dotnet", 1)], &vouched()),
            whole(0, now.plus(-HOUR), &[], &claimed()),
        ];
        send(&test.store, &lenient, &letters, now).await;
        rejudge::run(test.store.clone(), strict).await;
        assert_eq!(
            standing(&test.store, 0, now).await,
            "blocking",
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
async fn a_source_that_comes_in_while_others_are_judged_again_is_not_lost() {
    for test in TestStore::each().await {
        let now = clock::now();
        let [first, second] = judges();
        let needed = [
            ("system", 0),
            ("winhttp", 0),
            ("schannel", 0),
            ("dotnet", 0),
        ];
        let base = [
            letter(0, now.plus(-HOUR), &needed, Some(64), &claimed()),
            letter(0, now.plus(-9 * HOUR), &[("updates", 0)], None, &claimed()),
        ];
        send(&test.store, &first, &base, now).await;
        // Read to be judged by the second rules; meanwhile an older source comes in, judged by the first.
        let lost = letter(0, now.plus(-8 * HOUR), &[("suites", 1)], None, &claimed());
        let read = test
            .store
            .to_rejudge(&second.ruleset, None, 100)
            .await
            .expect("clients");
        send(&test.store, &first, std::slice::from_ref(&lost), now).await;
        let judged = rejudge::judged(&second, read, now);
        let written = test
            .store
            .write_rejudged(judged, Arc::clone(&second.ruleset), now)
            .await;
        written.expect("written");
        rejudge::run(test.store.clone(), second.clone()).await;
        let mut all = base.to_vec();
        all.push(lost);
        assert_eq!(
            found(&test.url).await,
            expected(&all, &second, now),
            "{}",
            test.engine
        );
    }
}
