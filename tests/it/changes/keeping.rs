//! Changes are kept for a time; whoever comes too late, or with a cursor of something else, is told what to do.

use cutover::{
    clock,
    domain::{
        access::Sites,
        time::{DAY, HOUR},
    },
    store::{Error, Store},
};

use super::{Follower, codes, send, tell};
use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

#[tokio::test]
async fn what_is_old_is_let_go_of_and_a_cursor_before_it_is_refused() {
    for test in TestStore::each().await {
        let store = &test.store;
        let start = Follower::new(store, NOON).await;
        for n in 1..=5 {
            send(store, vec![blocking(n, NOON, 1)], NOON).await;
        }
        let all = store.changes_after(0, 10).await.expect("changes");
        assert_eq!(all.len(), 5);
        let mut middle = Follower {
            within: Sites::all(),
            cursor: start.cursor.clone(),
        };
        middle.page(store, 3, NOON).await;
        let now = clock::now();

        // By the clock of the database all are of this moment.
        store.tidy_changes(1, now).await.expect("nothing is old");
        assert_eq!(store.changes_after(0, 10).await.expect("changes"), all);

        // The second is as old as they come, and the first is not: nothing behind what is kept may go.
        let aged = format!("UPDATE changes SET at = 1 WHERE seq = {}", all[1].seq);
        tell(&test.url, &aged).await;
        store.tidy_changes(1, now).await.expect("nothing is old");
        assert_eq!(store.changes_after(0, 10).await.expect("changes").len(), 5);

        let aged = format!("UPDATE changes SET at = 1 WHERE seq <= {}", all[2].seq);
        tell(&test.url, &aged).await;
        store.tidy_changes(1, now).await.expect("let go of");
        let gone = store
            .changes(Some(&start.cursor), 10, &EVERYWHERE, NOON)
            .await;
        let Err(Error::Gone(sentence)) = gone else {
            panic!("{}: {gone:?}", test.engine);
        };
        assert!(sentence.contains("without a cursor") && sentence.contains("keep_changes"));
        let gone = store.changes_after(all[1].seq, 10).await;
        assert!(matches!(gone, Err(Error::Gone(_))), "{gone:?}");
        // Whoever has read up to the last that was let go of misses nothing.
        let rest = middle.news(store, NOON).await;
        let rest: Vec<i64> = rest.iter().map(|change| change.seq).collect();
        assert_eq!(rest, [all[3].seq, all[4].seq], "{}", test.engine);
        let rest = store.changes_after(all[2].seq, 10).await.expect("changes");
        assert_eq!(rest.len(), 2);

        // When all is let go of, numbers go on where they were.
        store
            .tidy_changes(1, now.plus(2 * DAY))
            .await
            .expect("let go of");
        let newest = store.newest_change().await.expect("a number");
        assert_eq!(newest, all[4].seq, "{}", test.engine);
        middle.none(&test, NOON, "all is read").await;
        let mut fresh = Follower::new(store, NOON).await;
        send(store, vec![blocking(6, NOON, 1)], NOON).await;
        for follower in [&mut middle, &mut fresh] {
            let next = follower.one(&test, NOON, "the next").await;
            assert!(next.seq > newest, "{}", test.engine);
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_a_page_can_be_had_again() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut follower = Follower::new(store, NOON).await;
        send(store, (1..=7).map(|n| blocking(n, NOON, 1)).collect(), NOON).await;
        let before = follower.cursor.clone();
        let first = follower.page(store, 3, NOON).await;
        assert_eq!((first.items.len(), first.more), (3, true));
        let again = store
            .changes(Some(&before), 3, &EVERYWHERE, NOON)
            .await
            .expect("a page");
        assert_eq!(again, first, "{}", test.engine);
        // What happens in between comes at its end.
        send(store, vec![report(1, NOON.plus(HOUR), 2)], NOON.plus(HOUR)).await;
        let second = follower.page(store, 3, NOON).await;
        assert_eq!((second.items.len(), second.more), (3, true));
        let third = follower.page(store, 2, NOON).await;
        assert_eq!((third.items.len(), third.more), (2, false));
        assert_eq!(codes(&third.items[1]), ("cleared", Some("fixed")));
        let mut seen: Vec<i64> = [first, second, third]
            .iter()
            .flat_map(|page| page.items.iter().map(|change| change.seq))
            .collect();
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
        seen.dedup();
        assert_eq!(seen.len(), 8);
        let last = follower.cursor.clone();
        let nothing = follower.page(store, 3, NOON).await;
        assert_eq!((nothing.items.len(), nothing.more), (0, false));
        assert_eq!(
            nothing.next_cursor, last,
            "nothing to say, in the same words"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused() {
    let stores = TestStore::each().await;
    let other = TestStore::each().await.swap_remove(0);
    let foreign = Follower::new(&other.store, NOON).await.cursor;
    for test in stores {
        let store = &test.store;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        let own = Follower::new(store, NOON).await.cursor;
        let cut = &own[..own.len() - 2];
        let longer = format!("{own}00");
        let negative = format!("{}{}{}", &own[..17], "f".repeat(16), &own[33..]);
        let signed = own.replacen('0', "+", 1);
        for cursor in [
            "",
            "n",
            "x",
            "1",
            "n\u{e4}",
            "n\u{20ac}0",
            cut,
            &longer,
            &negative,
            &signed,
            &foreign,
        ] {
            let refused = store.changes(Some(cursor), 10, &EVERYWHERE, NOON).await;
            let Err(Error::Input(sentence)) = refused else {
                panic!("{cursor:?} on {}: {refused:?}", test.engine);
            };
            assert!(
                sentence.contains("start again without a cursor"),
                "{sentence}"
            );
        }
        let page = store
            .changes(Some(&own), 10, &EVERYWHERE, NOON)
            .await
            .expect("its own");
        assert!(page.items.is_empty());
    }
}

#[tokio::test]
async fn after_a_database_was_set_back_nobody_goes_on_as_if_nothing_were() {
    let test = TestStore::each().await.swap_remove(0);
    assert_eq!(test.engine, "sqlite");
    let store = &test.store;
    send(store, vec![blocking(1, NOON, 1)], NOON).await;
    let before = Follower::new(store, NOON).await.cursor;
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("copy.db").display().to_string();
    store.backup(&copy).await.expect("a copy");
    send(store, vec![blocking(2, NOON, 1)], NOON).await;
    let after = Follower::new(store, NOON).await.cursor;

    let back = Store::open(&format!("sqlite://{copy}"))
        .await
        .expect("the copy");
    let lost = back.changes(Some(&after), 10, &EVERYWHERE, NOON).await;
    assert!(matches!(lost, Err(Error::Gone(_))), "{lost:?}");
    // Another change gets the number of the one that is lost.
    send(&back, vec![blocking(3, NOON, 1)], NOON).await;
    let aged = "UPDATE changes SET at = at + 1 WHERE name = 'PC-3'";
    tell(&format!("sqlite://{copy}"), aged).await;
    assert_eq!(
        back.newest_change().await.expect("a number"),
        store.newest_change().await.expect("a number")
    );
    let lost = back.changes(Some(&after), 10, &EVERYWHERE, NOON).await;
    let Err(Error::Gone(sentence)) = lost else {
        panic!("{lost:?}");
    };
    assert!(sentence.contains("set back"), "{sentence}");
    let page = back
        .changes(Some(&before), 10, &EVERYWHERE, NOON)
        .await
        .expect("what is common");
    assert_eq!(page.items.len(), 1);
}
