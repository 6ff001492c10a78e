//! Who was ready and is not any more, and who never moves: the number is the length of the list.

use cutover::{
    clock,
    domain::{
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{Store, incoming::Incoming, model::Filter},
};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

async fn send(store: &Store, one: Incoming) {
    let at = one.received_at;
    store
        .writer()
        .reports(vec![one], at, true)
        .await
        .expect("kept");
}

/// The names on a list, whose length is its total, by pages and as a whole.
async fn names(store: &Store, filter: &Filter, now: Timestamp) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = None;
    let total = loop {
        let page = store
            .list(filter, cursor.as_deref(), 2, now)
            .await
            .expect("a list");
        names.extend(page.items.into_iter().map(|row| row.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break page.total;
        }
    };
    assert_eq!(i64::try_from(names.len()), Ok(total), "{filter:?}");
    let mut walked = Vec::new();
    let mut walk = store.walk(filter.clone(), now).await.expect("a walk");
    while let Some(piece) = walk.next().await.expect("a piece") {
        walked.extend(piece.into_iter().map(|row| row.name));
    }
    assert_eq!(names, walked);
    names
}

fn regressed() -> Filter {
    Filter {
        regressed: true,
        ..Filter::default()
    }
}

#[tokio::test]
async fn the_client_changed_and_not_the_rules() {
    for test in TestStore::each().await {
        let store = &test.store;
        let now = clock::now();
        let ago = |hours: i64| now.plus(-hours * HOUR);
        for n in 1..=7 {
            send(store, report(n, ago(9), 1)).await;
        }
        // 1 was ready and blocks.
        send(store, blocking(1, ago(8), 2)).await;
        // 2 recovered.
        send(store, blocking(2, ago(8), 2)).await;
        send(store, report(2, ago(7), 3)).await;
        // 3 blocks by other rules.
        let mut by_others = blocking(3, ago(8), 2);
        by_others.ruleset = "other".into();
        send(store, by_others).await;
        // 4 was about to be ready, and cannot be judged any more.
        let mut pending = report(4, ago(8), 2);
        pending.verdict = Standing::RestartPending;
        send(store, pending).await;
        let mut unknown = report(4, ago(7), 3);
        unknown.verdict = Standing::Undetermined;
        unknown.reasons = 2;
        send(store, unknown).await;
        // 5 never moved; 6 recovered and fell back again; 7 blocks and says so again with more reasons.
        send(store, blocking(6, ago(8), 2)).await;
        send(store, report(6, ago(7), 3)).await;
        send(store, blocking(6, ago(6), 4)).await;
        send(store, blocking(7, ago(8), 2)).await;
        let mut worse = blocking(7, ago(7), 3);
        worse.reasons = 3;
        send(store, worse).await;
        // 8 always blocked; 9 was ready until its report grew too old, and came back blocking.
        send(store, blocking(8, ago(8), 1)).await;
        send(store, report(9, now.plus(-20 * DAY), 1)).await;
        store.sweep(now).await.expect("swept");
        send(store, blocking(9, ago(1), 2)).await;
        let later = clock::now();
        let expected = ["PC-1", "PC-4", "PC-6", "PC-7", "PC-9"];
        assert_eq!(
            names(store, &regressed(), later).await,
            expected,
            "{}",
            test.engine
        );
        let rows = store
            .regressions(100, &EVERYWHERE, later)
            .await
            .expect("regressions");
        let mut found: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "one line each");
        let four = rows.iter().find(|row| row.name == "PC-4").expect("PC-4");
        assert_eq!(
            (four.from, four.to, four.gained),
            (Standing::RestartPending, Standing::Undetermined, 2)
        );
        assert!((now.0..=later.0).contains(&four.at.0), "{four:?}");
        // Other filters narrow it.
        for (filter, expected) in [
            (
                Filter {
                    standings: vec![Standing::Undetermined],
                    ..regressed()
                },
                &["PC-4"][..],
            ),
            (
                Filter {
                    q: Some("pc-7".to_owned()),
                    ..regressed()
                },
                &["PC-7"][..],
            ),
            (
                Filter {
                    site: Some("P02".to_owned()),
                    ..regressed()
                },
                &[][..],
            ),
            (
                Filter {
                    os: Some("10.0.19045-client".to_owned()),
                    reason: Some("os.not_usable".to_owned()),
                    ..regressed()
                },
                &["PC-1", "PC-6", "PC-7", "PC-9"][..],
            ),
        ] {
            assert_eq!(names(store, &filter, later).await, expected, "{filter:?}");
        }
        // After a month it is no news.
        assert!(
            names(store, &regressed(), later.plus(31 * DAY))
                .await
                .is_empty()
        );
    }
}

#[tokio::test]
async fn who_does_not_move_is_counted_from_when_it_last_could_have_been_ready() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, blocking(1, NOON, 1)).await;
        send(store, report(2, NOON, 1)).await;
        send(store, blocking(3, NOON, 1)).await;
        send(store, blocking(3, NOON.plus(10 * DAY), 2)).await;
        let mut lighter = blocking(4, NOON.plus(10 * DAY), 2);
        lighter.impact = Some(cutover::domain::verdict::Impact::Partial);
        send(store, blocking(4, NOON, 1)).await;
        send(store, lighter).await;
        let on = |days: i64| NOON.plus(days * DAY + HOUR);
        let unchanged = Filter {
            unchanged: Some(60),
            ..Filter::default()
        };
        assert!(names(store, &unchanged, on(59)).await.is_empty());
        // The same verdict by other facts is the same verdict.
        assert_eq!(
            names(store, &unchanged, on(60)).await,
            ["PC-1", "PC-3"],
            "{}",
            test.engine
        );
        assert_eq!(
            names(store, &unchanged, on(70)).await,
            ["PC-1", "PC-3", "PC-4"]
        );
        // The ready one grew stale after 14 days.
        assert_eq!(names(store, &unchanged, on(73)).await.len(), 3);
        assert_eq!(names(store, &unchanged, on(74)).await.len(), 4);
        let stale = Filter {
            standings: vec![Standing::Ready],
            ..unchanged
        };
        assert!(names(store, &stale, on(74)).await.is_empty());
    }
}
