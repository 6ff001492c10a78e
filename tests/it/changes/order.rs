//! Several servers write at once: nothing is passed over, and each change comes once.

use sqlx::{Connection as _, PgConnection};

use cutover::store::Store;

use super::{Follower, send};
use crate::support::stores::{NOON, TestStore, blocking};

async fn on(conn: &mut PgConnection, statement: &'static str) {
    let done = sqlx::raw_sql(statement).execute(conn).await;
    done.expect(statement);
}

#[tokio::test]
async fn a_change_that_is_written_first_and_committed_last_is_not_passed_over() {
    for test in TestStore::each().await {
        // SQLite has one writer, so nothing of the kind can happen there.
        if test.engine == "sqlite" {
            continue;
        }
        let store = &test.store;
        let reports = (1..=3).map(|n| blocking(n, NOON, 1)).collect();
        send(store, reports, NOON).await;
        let mut follower = Follower::new(store, NOON).await;
        let mut first = PgConnection::connect(&test.url).await.expect("connect");
        let mut second = PgConnection::connect(&test.url).await.expect("connect");

        on(&mut first, "BEGIN").await;
        on(
            &mut first,
            "UPDATE clients SET reasons = 2 WHERE name = 'PC-1'",
        )
        .await;
        on(&mut second, "BEGIN").await;
        on(
            &mut second,
            "UPDATE clients SET reasons = 2 WHERE name = 'PC-2'",
        )
        .await;
        follower.none(&test, NOON, "nothing is committed").await;
        on(&mut second, "COMMIT").await;
        let seen = follower.one(&test, NOON, "the second is").await;
        assert_eq!(seen.is.name, "PC-2");
        // What comes and is committed between, by the same clients and others.
        on(
            &mut second,
            "UPDATE clients SET reasons = 3 WHERE name = 'PC-2'",
        )
        .await;
        on(
            &mut second,
            "UPDATE clients SET reasons = 3 WHERE name = 'PC-3'",
        )
        .await;
        let between = follower.news(store, NOON).await;
        assert_eq!(between.len(), 2);
        follower.none(&test, NOON, "nothing more").await;
        on(
            &mut first,
            "UPDATE clients SET reasons = 4 WHERE name = 'PC-1'",
        )
        .await;
        on(&mut first, "COMMIT").await;
        let late = follower.news(store, NOON).await;
        assert!(
            late[0].at <= seen.at && late[0].seq > between[1].seq,
            "{late:?}"
        );
        let late: Vec<_> = late
            .iter()
            .map(|change| (change.is.name.as_str(), change.is.reasons))
            .collect();
        assert_eq!(late, [("PC-1", 2), ("PC-1", 4)]);
        follower.none(&test, NOON, "each once").await;

        // What is not committed in the end never happened.
        on(&mut first, "BEGIN").await;
        on(
            &mut first,
            "UPDATE clients SET reasons = 9 WHERE name = 'PC-1'",
        )
        .await;
        on(
            &mut second,
            "UPDATE clients SET reasons = 9 WHERE name = 'PC-2'",
        )
        .await;
        on(&mut first, "ROLLBACK").await;
        let last = follower.one(&test, NOON, "the other one").await;
        assert_eq!(last.is.name, "PC-2");
    }
}

#[tokio::test]
async fn servers_that_number_at_once_give_each_change_one_number() {
    for test in TestStore::each().await {
        let first = &test.store;
        let second = Store::open(&test.url).await.expect("a second server");
        let mut follower = Follower::new(first, NOON).await;
        let mut numbers = Vec::new();
        for round in 1..=8_u8 {
            let at = NOON.plus(i64::from(round));
            let reports = |from| (from..from + 20).map(|n| blocking(n, at, round)).collect();
            // Each round is other reasons for everybody.
            let with = |mut reports: Vec<cutover::store::incoming::Incoming>| {
                for report in &mut reports {
                    report.reasons = i64::from(round);
                }
                reports
            };
            let ((), (), one, other) = tokio::join!(
                send(first, with(reports(1)), at),
                send(&second, with(reports(101)), at),
                first.changes_after(0, 1_000),
                second.changes_after(0, 1_000),
            );
            for page in [one.expect("changes"), other.expect("changes")] {
                assert!(page.windows(2).all(|pair| pair[0].seq < pair[1].seq));
            }
            let news = follower.news(&second, at).await;
            assert_eq!(news.len(), 40, "{} in round {round}", test.engine);
            numbers.extend(news.iter().map(|change| change.seq));
        }
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        let all = first.changes_after(0, 1_000).await.expect("changes");
        let all: Vec<i64> = all.iter().map(|change| change.seq).collect();
        assert_eq!(all, numbers, "{}", test.engine);
        assert_eq!(
            first.newest_change().await.expect("it"),
            *numbers.last().expect("one")
        );
    }
}
