//! A day's numbers are written once, whoever is first, are true, and never change.

use std::collections::BTreeMap;

use cutover::{
    domain::{
        days::start_of,
        feeds::day_of,
        time::{DAY, HOUR, MINUTE, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        days::{Day, DayCount},
        incoming::Incoming,
        trend::Slice,
    },
};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

/// A minute after the midnight that ends the day of `NOON` and `days` more.
fn after_midnight(days: i64) -> Timestamp {
    start_of(day_of(NOON) + 1 + days).plus(MINUTE)
}

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept");
}

async fn keep(store: &Store, now: Timestamp) -> Option<i64> {
    // A server that has been running for a long time.
    store
        .keep_day("test", 400, NOON.plus(-DAY), now)
        .await
        .expect("a day")
}

async fn kept(store: &Store) -> Vec<i64> {
    let days = store
        .trend(&Slice::default(), 0, i64::MAX)
        .await
        .expect("days");
    days.into_iter().map(|day| day.head.day).collect()
}

#[tokio::test]
async fn a_day_holds_the_numbers_of_its_moment_by_everything() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut elsewhere = blocking(3, NOON, 1);
        elsewhere.ids.site_code = Some("P02".to_owned());
        elsewhere.os_key = "6.1.7601-client".to_owned();
        send(
            store,
            vec![report(1, NOON, 1), blocking(2, NOON, 1), elsewhere],
            NOON,
        )
        .await;
        let now = after_midnight(0);
        let day = day_of(NOON);
        assert_eq!(keep(store, now).await, Some(day), "{}", test.engine);
        let summary = store.summary("test", now).await.expect("a summary");
        let past = store
            .past_day(day, &EVERYWHERE)
            .await
            .expect("a day")
            .expect("kept");
        assert_eq!(past.head.standings, summary.population.standings);
        assert_eq!((past.head.total, past.head.expected), (3, 0));
        assert_eq!(past.head.taken_at, now);
        assert_eq!((past.head.feeds, past.head.feeds_stopped), (2, 0));
        assert_eq!(past.impacts, summary.impacts);
        assert_eq!(past.reasons, summary.reasons);
        assert_eq!(past.by_site, summary.by_site);
        let systems: BTreeMap<_, _> = summary
            .by_os
            .iter()
            .map(|line| (line.os_key.clone(), line.standings.clone()))
            .collect();
        assert_eq!(
            store.systems_of_day(day, &EVERYWHERE).await.expect("a day"),
            Some(systems)
        );
        assert_eq!(
            store
                .systems_of_day(day - 1, &EVERYWHERE)
                .await
                .expect("none"),
            None
        );
        for slice in [
            Slice {
                site: Some("P02".to_owned()),
                ..Slice::default()
            },
            Slice {
                os: Some("10.0.19045-client".to_owned()),
                ..Slice::default()
            },
            Slice {
                within: EVERYWHERE.clone(),
                site: Some("P01".to_owned()),
                os: Some("10.0.19045-client".to_owned()),
                reason: Some("os.not_usable".to_owned()),
            },
            Slice {
                reason: Some("nobody.knows".to_owned()),
                ..Slice::default()
            },
        ] {
            let then = store.trend(&slice, day, day).await.expect("a trend");
            let now = store.slice_now(&slice, now).await.expect("numbers");
            assert_eq!(then[0].standings, now, "{slice:?} on {}", test.engine);
        }
    }
}

#[tokio::test]
async fn two_servers_write_a_day_once_and_nobody_changes_it() {
    for test in TestStore::each().await {
        let first = &test.store;
        let second = Store::open(&test.url).await.expect("a second server");
        send(first, vec![report(1, NOON, 1), blocking(2, NOON, 1)], NOON).await;
        let now = after_midnight(0);
        let (one, other) = tokio::join!(keep(first, now), keep(&second, now));
        assert_eq!(
            usize::from(one.is_some()) + usize::from(other.is_some()),
            1,
            "{}: {one:?} {other:?}",
            test.engine
        );
        let day = day_of(NOON);
        let before = first.past_day(day, &EVERYWHERE).await.expect("a day");
        let later = now.plus(20 * MINUTE);
        send(first, vec![blocking(1, later, 9)], later).await;
        assert_eq!(keep(&second, later).await, None);
        assert_eq!(
            first.past_day(day, &EVERYWHERE).await.expect("a day"),
            before
        );
        let total: i64 = before
            .expect("kept")
            .by_os
            .iter()
            .flat_map(|(_, standings)| standings.values())
            .sum();
        assert_eq!(total, 2, "written once");
        assert_eq!(kept(first).await, [day]);
    }
}

#[tokio::test]
async fn days_on_which_nothing_ran_are_gaps() {
    for test in TestStore::each().await {
        let store = &test.store;
        assert_eq!(keep(store, NOON).await, None, "nothing is known");
        send(store, vec![report(1, NOON, 1)], NOON).await;
        assert_eq!(
            keep(store, NOON.plus(MINUTE)).await,
            None,
            "it has only begun"
        );
        let day = day_of(NOON);
        for days in [0, 1, 2] {
            assert_eq!(keep(store, after_midnight(days)).await, Some(day + days));
            assert_eq!(keep(store, after_midnight(days).plus(9 * HOUR)).await, None);
        }
        // Asleep for four days and over midnight, and awake again in the morning.
        let morning = after_midnight(6).plus(8 * HOUR);
        assert_eq!(keep(store, morning).await, Some(day + 7));
        assert_eq!(
            keep(store, after_midnight(7)).await,
            None,
            "that day is there"
        );
        assert_eq!(keep(store, after_midnight(8)).await, Some(day + 8));
        assert_eq!(
            kept(store).await,
            [day, day + 1, day + 2, day + 7, day + 8],
            "{}",
            test.engine
        );
        assert_eq!(store.first_day().await.expect("a day"), Some(day));
        assert_eq!(
            store.days_beside(day + 2).await.expect("days"),
            (Some(day + 1), Some(day + 7))
        );
    }
}

#[tokio::test]
async fn who_grew_stale_by_then_is_stale_in_it() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1)], NOON).await;
        // Nobody looked in between.
        let now = after_midnight(14);
        let day = keep(store, now).await.expect("a day");
        let past = store
            .past_day(day, &EVERYWHERE)
            .await
            .expect("a day")
            .expect("kept");
        assert_eq!(past.head.standings[&Standing::Stale], 1, "{}", test.engine);
        assert_eq!(past.head.standings[&Standing::Ready], 0);
    }
}

#[tokio::test]
async fn days_are_let_go_of_as_a_whole() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1), blocking(2, NOON, 1)], NOON).await;
        for days in [0, 1, 2] {
            keep(store, after_midnight(days)).await;
        }
        let day = day_of(NOON);
        let last = store
            .keep_day("test", 60, NOON, after_midnight(62))
            .await
            .expect("a day");
        assert_eq!(last, Some(day + 62));
        assert_eq!(kept(store).await, [day + 2, day + 62], "{}", test.engine);
        assert_eq!(store.past_day(day, &EVERYWHERE).await.expect("none"), None);
        let none = store
            .systems_of_day(day + 1, &EVERYWHERE)
            .await
            .expect("none");
        assert_eq!(none, None);
        assert!(
            store
                .moves_after(0, 10)
                .await
                .expect("moves")
                .iter()
                .all(|one| one.at > 0)
        );
    }
}

#[tokio::test]
async fn a_made_up_day_says_so_and_takes_no_place() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1)], NOON).await;
        let day = keep(store, after_midnight(0)).await.expect("a day");
        let made_up = |day| Day {
            day,
            taken_at: start_of(day + 1),
            ruleset: "before".to_owned(),
            expected: 5,
            total: 5,
            standings: BTreeMap::from([(Standing::Blocking, 5)]),
            lists: 1,
            feeds: 2,
            feeds_stopped: 1,
            to_rejudge: 0,
            simulated: true,
            partial: false,
        };
        let counts = vec![DayCount {
            kind: "client",
            site: "P01".to_owned(),
            os_key: "10.0.19045-client".to_owned(),
            standing: Standing::Blocking,
            detail: "orphan".to_owned(),
            n: 5,
        }];
        for day in [day - 1, day] {
            let counts = counts.clone();
            store
                .make_up_day(made_up(day), counts)
                .await
                .expect("written");
        }
        let real = store
            .past_day(day, &EVERYWHERE)
            .await
            .expect("a day")
            .expect("kept");
        assert_eq!((real.head.simulated, real.head.total), (false, 1));
        let past = store
            .past_day(day - 1, &EVERYWHERE)
            .await
            .expect("a day")
            .expect("kept");
        assert_eq!(
            (past.head.simulated, past.head.total),
            (true, 5),
            "{}",
            test.engine
        );
        assert_eq!(past.by_site[0].1[&Standing::Blocking], 5);
    }
}
