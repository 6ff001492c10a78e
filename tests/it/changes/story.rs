//! Each thing that can happen to the list of blockers, and how the feed tells it.

use crate::support::stores::EVERYWHERE;
use cutover::domain::audit::Author;
use cutover::{
    clock,
    domain::{
        assess::{DotnetPolicy, Policy},
        time::{DAY, HOUR},
        verdict::{Impact, Standing},
    },
    ingest::Judge,
    rejudge,
    store::{incoming::Incoming, membership::Consent, model::Listing},
};

use super::{Follower, codes, put, row, send, tell};
use crate::{
    evidence::machine::{self, LASTS, claimed, whole},
    support::stores::{NOON, TestStore, blocking, report},
};

#[tokio::test]
async fn reports_bring_clients_into_the_list_change_them_and_take_them_out() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut follower = Follower::new(store, NOON).await;
        let mut at = NOON;

        send(store, vec![blocking(1, at, 1), report(2, at, 1)], at).await;
        let first = follower.one(&test, at, "a first report").await;
        assert_eq!(codes(&first), ("added", None));
        assert_eq!(
            (first.is.name.as_str(), first.is.impact),
            ("PC-1", Some(Impact::Orphan))
        );
        assert_eq!((&first.was, first.changed.len()), (&None, 0));

        at = at.plus(HOUR);
        send(store, vec![blocking(1, at, 1), report(2, at, 1)], at).await;
        follower.none(&test, at, "the same again").await;

        at = at.plus(HOUR);
        let other = Incoming {
            reasons: 3,
            ..blocking(1, at, 2)
        };
        send(store, vec![other], at).await;
        let more = follower.one(&test, at, "one reason more").await;
        assert_eq!(codes(&more), ("changed", None));
        assert_eq!(more.changed, ["reasons"]);
        assert_eq!((more.is.reasons, more.was.expect("known").reasons), (3, 1));
        assert!(more.seq > first.seq && more.client_id == first.client_id);

        at = at.plus(HOUR);
        let mut moved = blocking(1, at, 3);
        moved.reasons = 3;
        moved.impact = Some(Impact::Degraded);
        moved.ids.site_code = Some("P02".to_owned());
        moved.os_key = "6.1.7601-client".to_owned();
        send(store, vec![moved], at).await;
        let more = follower.one(&test, at, "elsewhere").await;
        assert_eq!(more.changed, ["site_code", "os", "impact", "since"]);

        // Facts that the list does not show.
        at = at.plus(HOUR);
        let mut hidden = blocking(1, at, 4);
        hidden.reasons = 3;
        hidden.impact = Some(Impact::Degraded);
        hidden.ids.site_code = Some("P02".to_owned());
        hidden.os_key = "6.1.7601-client".to_owned();
        hidden.warnings = 7;
        send(store, vec![hidden], at).await;
        follower
            .none(&test, at, "what the list does not show")
            .await;

        for (n, (standing, why)) in (5..).zip([
            (Standing::Ready, "fixed"),
            (Standing::RestartPending, "fixed"),
            (Standing::Undetermined, "undetermined"),
            (Standing::Conflict, "contradicted"),
        ]) {
            at = at.plus(HOUR);
            let better = Incoming {
                verdict: standing,
                ..report(1, at, 2 * n)
            };
            send(store, vec![better], at).await;
            let left = follower.one(&test, at, why).await;
            assert_eq!(codes(&left), ("cleared", Some(why)));
            assert_eq!(left.is.standing, standing);
            assert!(left.changed.contains(&"standing") && left.changed.contains(&"verdict"));

            at = at.plus(HOUR);
            send(store, vec![blocking(1, at, 2 * n + 1)], at).await;
            let back = follower.one(&test, at, "back").await;
            assert_eq!(codes(&back), ("added", None));
            assert_eq!(back.was.expect("known").standing, standing);
        }
    }
}

#[tokio::test]
async fn time_alone_takes_a_client_out_and_says_so() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        let mut follower = Follower::new(store, NOON).await;
        let later = NOON.plus(15 * DAY);
        // Nobody looked in between.
        let left = follower.one(&test, later, "too old").await;
        assert_eq!(codes(&left), ("cleared", Some("went_stale")));
        assert_eq!(left.changed, ["standing"]);
        assert_eq!(left.is.verdict, Some(Standing::Blocking));
        send(store, vec![blocking(1, later, 1)], later).await;
        let back = follower.one(&test, later, "heard again").await;
        assert_eq!(codes(&back), ("added", None));
        assert_eq!(back.was.expect("known").standing, Standing::Stale);
        // Another limit of age moves only whom it moves.
        store
            .apply_freshness(14 * DAY, Author::server(), later)
            .await
            .expect("a limit");
        let much_later = later.plus(20 * DAY);
        let left = follower.one(&test, much_later, "too old again").await;
        assert_eq!(codes(&left), ("cleared", Some("went_stale")));
        store
            .apply_freshness(16 * DAY, Author::server(), much_later)
            .await
            .expect("a limit");
        follower.none(&test, much_later, "still too old").await;
        store
            .apply_freshness(30 * DAY, Author::server(), much_later)
            .await
            .expect("a limit");
        let back = follower.one(&test, much_later, "young enough").await;
        assert_eq!(codes(&back), ("added", None));
        // The first that is known of it is too old already.
        let old = NOON.plus(-20 * DAY);
        send(store, vec![blocking(2, old, 1)], later).await;
        follower
            .none(&test, later, "stale from the beginning")
            .await;
    }
}

#[tokio::test]
async fn only_a_list_that_says_it_is_gone_takes_a_client_out() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        let mut follower = Follower::new(store, NOON).await;
        let mut at = NOON.plus(HOUR);

        put(store, vec![row(1, Listing::Expected, Some("IT"))], at).await;
        let change = follower.one(&test, at, "expected").await;
        assert_eq!(codes(&change), ("changed", None));
        assert_eq!(change.changed, ["listing", "owner"]);

        // Nobody expects it any more, and it is counted all the same, because it reported.
        at = at.plus(HOUR);
        put(store, vec![row(2, Listing::Expected, None)], at).await;
        let change = follower.one(&test, at, "not expected any more").await;
        assert_eq!(codes(&change), ("changed", None));
        assert_eq!(change.is.listing, Listing::Unlisted);

        for listing in [Listing::Obsolete, Listing::Decommissioned] {
            at = at.plus(HOUR);
            put(
                store,
                vec![row(1, listing, None), row(2, Listing::Expected, None)],
                at,
            )
            .await;
            let change = follower.one(&test, at, "marked as gone").await;
            assert_eq!(codes(&change), ("cleared", Some("retired")));
            assert_eq!(change.changed, ["listing"]);
            assert_eq!(change.is.standing, Standing::Blocking);

            // What was read before the list came in brings nobody back, and is no news.
            let version = if listing == Listing::Obsolete { 2 } else { 4 };
            let before = Incoming {
                reasons: 5,
                ..blocking(1, at.plus(-1), version)
            };
            send(store, vec![before], at).await;
            follower
                .none(&test, at, "changed while it is not counted")
                .await;

            at = at.plus(HOUR);
            send(store, vec![blocking(1, at, version + 1)], at).await;
            let change = follower.one(&test, at, "it has reported since").await;
            assert_eq!(codes(&change), ("added", None));
            assert_eq!(change.is.listing, Listing::Returned);
            let was = change.was.expect("known");
            assert_eq!((was.standing, was.listing), (Standing::Blocking, listing));
        }

        // Taking the list out of force.
        at = at.plus(HOUR);
        let taken = store.withdraw_population(
            &EVERYWHERE,
            "default",
            "a test",
            Author::server().into(),
            Consent::Given,
            at,
        );
        taken.await.expect("taken out of force");
        let change = follower.one(&test, at, "without a list").await;
        assert_eq!(codes(&change), ("changed", None));
        // A change that was only asked about never happened.
        let both = vec![
            row(1, Listing::Expected, None),
            row(3, Listing::Expected, None),
        ];
        put(store, both, at.plus(1)).await;
        follower.one(&test, at.plus(1), "expected again").await;
        let asked = store.withdraw_population(
            &EVERYWHERE,
            "default",
            "a test",
            Author::server().into(),
            Consent::Ask,
            at.plus(2),
        );
        asked.await.expect_err("it needs a confirmation");
        follower.none(&test, at.plus(2), "only asked").await;
        // A silent client that no list names any more is removed; it never was in the list.
        put(store, vec![row(1, Listing::Expected, None)], at.plus(3)).await;
        follower.none(&test, at.plus(3), "another is gone").await;
    }
}

#[tokio::test]
async fn other_rules_are_told_from_a_client_that_was_mended() {
    for test in TestStore::each().await {
        let store = &test.store;
        let now = clock::now();
        let strict = Judge::new(Policy::default(), LASTS);
        let lenient = Policy {
            dotnet: DotnetPolicy::Warn,
            ..Policy::default()
        };
        let lenient = Judge::new(lenient, LASTS);
        let mut follower = Follower::new(store, now).await;
        let letters = [
            whole(0, now.plus(-HOUR), &[("dotnet", 1)], &claimed()),
            whole(1, now.plus(-HOUR), &[("winhttp", 1)], &claimed()),
        ];
        machine::send(store, &strict, &letters, now).await;
        let news = follower.news(store, now).await;
        let kinds: Vec<_> = news.iter().map(codes).collect();
        assert_eq!(kinds, [("added", None); 2], "{}", test.engine);
        rejudge::run(store.clone(), lenient.clone()).await;
        let mut news = follower.news(store, now).await;
        news.sort_by_key(|change| change.is.name.clone());
        let kinds: Vec<_> = news.iter().map(codes).collect();
        let wanted = [("cleared", Some("rules_changed")), ("changed", None)];
        assert_eq!(kinds, wanted, "{}: {news:#?}", test.engine);
        assert!(news[1].changed.contains(&"ruleset"), "{news:#?}");
        rejudge::run(store.clone(), strict).await;
        let news = follower.news(store, now).await;
        assert_eq!(news.len(), 2);
        // Mended, and judged by other rules in the same report: nobody can say which it was.
        let other = [whole(0, now.plus(-1), &[], &claimed())];
        machine::send(store, &lenient, &other, now).await;
        let left = follower.one(&test, now, "both at once").await;
        assert_eq!(codes(&left), ("cleared", Some("rules_changed")));
    }
}

#[tokio::test]
async fn a_record_that_is_removed_is_gone() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![blocking(1, NOON, 1), report(2, NOON, 1)], NOON).await;
        let mut follower = Follower::new(store, NOON).await;
        tell(&test.url, "DELETE FROM clients").await;
        let left = follower.one(&test, NOON, "removed").await;
        assert_eq!(codes(&left), ("cleared", Some("gone")));
        assert_eq!(left.is.standing, Standing::Blocking);
    }
}
