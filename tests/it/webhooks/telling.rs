//! What is told: newly blocking, newly cleared with why, feeds that stopped; from now on, in order, each once.

use std::sync::Arc;

use cutover::domain::audit::Author;
use cutover::{
    domain::{
        time::{DAY, HOUR, MINUTE, Timestamp},
        webhooks::Event,
    },
    store::{
        Store,
        incoming::{Incoming, Sender},
        webhooks::Secret,
    },
    webhooks::{deliver_due, gather},
};
use serde_json::{Value, json};

use super::{add, courier, receiver::Receiver};
use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    let kept = store.writer().reports(reports, now, true).await;
    kept.expect("kept");
}

/// What the receiver is told until `now`.
async fn told(store: &Store, receiver: &Receiver, now: Timestamp) -> Vec<Value> {
    gather(store, now).await.expect("made");
    deliver_due(store, &courier(), now).await.expect("sent");
    receiver
        .taken()
        .iter()
        .map(super::receiver::Received::json)
        .collect()
}

fn names(message: &Value) -> Vec<&str> {
    let clients = message["data"]["clients"].as_array().expect("clients");
    clients
        .iter()
        .map(|client| client["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn who_newly_blocks_and_who_does_not_any_more_is_told_with_why() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        add(
            store,
            "ops",
            &receiver.url(),
            &[Event::Blocking, Event::Cleared],
            NOON,
        )
        .await;
        assert!(
            told(store, &receiver, NOON).await.is_empty(),
            "it is told what comes from now on"
        );
        send(store, vec![blocking(2, NOON, 1), report(3, NOON, 1)], NOON).await;
        let messages = told(store, &receiver, NOON).await;
        assert_eq!(messages.len(), 1, "who is ready is no news: {messages:?}");
        let message = &messages[0];
        assert_eq!(message["type"], "blockers.added");
        let client = &message["data"]["clients"][0];
        assert_eq!(message["timestamp"], client["at"]);
        let mut shown = client.clone();
        for name in ["id", "at", "number", "reasons"] {
            shown
                .as_object_mut()
                .expect("an object")
                .remove(name)
                .expect(name);
        }
        assert_eq!(
            shown,
            json!({
                "name": "PC-2", "site_code": "P01", "os": {"key": "10.0.19045-client", "name": "Windows 10 22H2"}, "standing": "blocking",
                "impact": "orphan", "deciding": "winhttp.tls12_bit_missing",
            })
        );
        assert_eq!(client["id"].as_str().map(str::len), Some(36));
        // Fixed, and grown too old: only one of them is good news.
        let later = NOON.plus(DAY);
        send(store, vec![report(2, later, 2)], later).await;
        let messages = told(store, &receiver, later).await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["type"], "blockers.cleared");
        let cleared = &messages[0]["data"]["clients"][0];
        assert_eq!(
            (&cleared["why"], &cleared["standing"]),
            (&json!("fixed"), &json!("ready"))
        );
        let much_later = NOON.plus(15 * DAY);
        store.sweep(much_later).await.expect("swept");
        let messages = told(store, &receiver, much_later).await;
        let cleared = &messages[0]["data"]["clients"][0];
        assert_eq!(
            (&cleared["why"], &cleared["standing"]),
            (&json!("went_stale"), &json!("stale"))
        );
        assert_eq!(names(&messages[0]), ["PC-1"]);
    }
}

#[tokio::test]
async fn a_webhook_is_told_what_it_asked_for() {
    for test in TestStore::each().await {
        let (store, added, cleared) = (
            &test.store,
            Receiver::start().await,
            Receiver::start().await,
        );
        add(store, "added", &added.url(), &[Event::Blocking], NOON).await;
        add(store, "cleared", &cleared.url(), &[Event::Cleared], NOON).await;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        send(store, vec![report(1, NOON.plus(HOUR), 2)], NOON.plus(HOUR)).await;
        gather(store, NOON).await.expect("made");
        deliver_due(store, &courier(), NOON).await.expect("sent");
        let kinds = |receiver: &Receiver| -> Vec<String> {
            let taken = receiver.taken();
            taken
                .iter()
                .map(|message| message.json()["type"].to_string())
                .collect()
        };
        assert_eq!(kinds(&added), ["\"blockers.added\""]);
        assert_eq!(kinds(&cleared), ["\"blockers.cleared\""]);
    }
}

#[tokio::test]
async fn many_changes_are_few_messages_in_order_and_the_feed_goes_on_behind_them() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        add(store, "ops", &receiver.url(), &Event::ALL, NOON).await;
        let start = store
            .changes(None, 10, &EVERYWHERE, NOON)
            .await
            .expect("a cursor")
            .next_cursor;
        send(
            store,
            (0..250).map(|n| blocking(n, NOON, 1)).collect(),
            NOON,
        )
        .await;
        let messages = told(store, &receiver, NOON).await;
        let counts: Vec<usize> = messages
            .iter()
            .map(|message| names(message).len())
            .collect();
        assert_eq!(counts, [100, 100, 50], "on {}", test.engine);
        let all = store
            .changes(Some(&start), 1_000, &EVERYWHERE, NOON)
            .await
            .expect("changes");
        let in_feed: Vec<&str> = all
            .items
            .iter()
            .map(|change| change.is.name.as_str())
            .collect();
        let in_messages: Vec<&str> = messages.iter().flat_map(names).collect();
        assert_eq!(in_messages, in_feed);
        // Behind its cursor come the clients of the next message; from the one before, its own.
        let text = |n: usize, name: &str| {
            messages[n]["data"][name]
                .as_str()
                .expect("a cursor")
                .to_owned()
        };
        assert_eq!(text(0, "cursor_before"), start);
        assert_eq!(text(1, "cursor_before"), text(0, "cursor"));
        let behind = store
            .changes(Some(&text(1, "cursor")), 100, &EVERYWHERE, NOON)
            .await
            .expect("changes");
        let behind: Vec<&str> = behind
            .items
            .iter()
            .map(|change| change.is.name.as_str())
            .collect();
        assert_eq!(behind, names(&messages[2]));
        assert_eq!(text(2, "cursor"), all.next_cursor);
    }
}

#[tokio::test]
async fn a_target_that_takes_nothing_does_not_fill_the_database() {
    let test = TestStore::each().await.swap_remove(0);
    let (store, receiver) = (&test.store, Receiver::start().await);
    add(store, "ops", &receiver.url(), &[Event::Blocking], NOON).await;
    // A message for each of them.
    for n in 0..1_010 {
        send(store, vec![blocking(n, NOON, 1)], NOON).await;
        if n < 1_005 {
            gather(store, NOON).await.expect("made");
        }
    }
    let waiting = store.webhooks().await.expect("webhooks")[0].waiting;
    assert_eq!(waiting, 1_000, "the others wait in the change feed");
    deliver_due(store, &courier(), NOON).await.expect("sent");
    assert_eq!(receiver.taken().len(), 1_000);
    let messages = told(store, &receiver, NOON).await;
    assert_eq!(
        messages
            .iter()
            .map(|message| names(message).len())
            .sum::<usize>(),
        10
    );
}

#[tokio::test]
async fn what_was_let_go_of_before_it_was_told_is_said() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        add(store, "ops", &receiver.url(), &[Event::Blocking], NOON).await;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        // Changes have the time of the database.
        let far = cutover::clock::now().plus(400 * DAY);
        store.tidy_changes(1, far).await.expect("tidied");
        let messages = told(store, &receiver, NOON).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0]["type"], "changes.missed");
        assert!(
            messages[0]["data"]["detail"]
                .as_str()
                .is_some_and(|words| words.contains("/api/v1/blockers"))
        );
        assert!(told(store, &receiver, NOON).await.is_empty(), "said once");
        send(store, vec![blocking(2, NOON, 1)], NOON).await;
        assert_eq!(names(&told(store, &receiver, NOON).await[0]), ["PC-2"]);
    }
}

fn from(sender: &str, at: Timestamp) -> Incoming {
    let mut report = report(1, at, 1);
    report.sender = Sender {
        name: Arc::from(sender),
        ..report.sender
    };
    report
}

#[tokio::test]
async fn a_feed_that_stops_is_told_once_and_again_when_it_stops_again() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        for day in 0..12 {
            let at = NOON.plus(day * DAY);
            send(store, vec![from("old", at), from("export", at)], at).await;
        }
        for day in 12..16 {
            let at = NOON.plus(day * DAY);
            send(store, vec![from("export", at)], at).await;
        }
        // `old` had stopped before anybody wanted to know.
        let day = |days: i64| NOON.plus(days * DAY);
        add(
            store,
            "ops",
            &receiver.url(),
            &[Event::FeedStopped],
            day(15),
        )
        .await;
        for hours in [0, 1, 24, 47] {
            let now = day(15).plus(hours * HOUR);
            assert!(
                told(store, &receiver, now).await.is_empty(),
                "{hours} hours"
            );
        }
        let now = day(17).plus(MINUTE);
        let messages = told(store, &receiver, now).await;
        assert_eq!(messages.len(), 1, "on {}", test.engine);
        assert_eq!(messages[0]["type"], "feed.stopped");
        assert_eq!(messages[0]["timestamp"], json!(now.to_string()));
        assert_eq!(
            messages[0]["data"],
            json!({"feeds": [{
                "site_code": "P01", "sent_by": "export", "way": "report", "state": "stopped", "reports": 16,
                "first_at": NOON.to_string(), "last_at": day(15).to_string(), "usual_gap_days": 1,
            }]})
        );
        for days in [18, 20, 40] {
            assert!(
                told(store, &receiver, day(days)).await.is_empty(),
                "it was said"
            );
        }
        // It speaks again for a while, and falls silent again.
        for days in 41..46 {
            send(store, vec![from("export", day(days))], day(days)).await;
            assert!(
                told(store, &receiver, day(days).plus(MINUTE))
                    .await
                    .is_empty()
            );
        }
        let mut stopped = 0;
        for days in 46..75 {
            stopped += told(store, &receiver, day(days)).await.len();
        }
        assert_eq!(stopped, 1, "on {}", test.engine);
    }
}

#[tokio::test]
async fn webhooks_are_made_named_and_forgotten() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        let (id, _) = add(store, "ops", &receiver.url(), &Event::ALL, NOON).await;
        let place = (
            "https://a.example/".to_owned(),
            "https://a.example".to_owned(),
        );
        for taken in ["ops", &id] {
            let again = store.add_webhook(
                taken.to_owned(),
                place.clone(),
                &Event::ALL,
                Secret::new(),
                Author::server(),
                NOON,
            );
            assert_eq!(again.await.expect("asked"), None, "the name is taken");
        }
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        gather(store, NOON).await.expect("made");
        // A day after a rotation only the new secret signs.
        let secret = Secret::new();
        assert!(
            store
                .rotate_webhook("ops".to_owned(), secret.clone(), Author::server(), NOON)
                .await
                .expect("rotated")
        );
        let signs = async |now| {
            store
                .webhook_signing("ops", now)
                .await
                .expect("asked")
                .expect("there")
                .secrets
                .len()
        };
        assert_eq!((signs(NOON).await, signs(NOON.plus(DAY)).await), (2, 1));
        assert!(
            !store
                .rotate_webhook("none".to_owned(), secret, Author::server(), NOON)
                .await
                .expect("asked")
        );
        // Removed: nothing waits, nothing is sent, nothing is left.
        assert!(
            store
                .remove_webhook("ops".to_owned(), Author::server(), NOON)
                .await
                .expect("removed")
        );
        assert!(
            !store
                .remove_webhook("ops".to_owned(), Author::server(), NOON)
                .await
                .expect("asked")
        );
        assert!(store.webhooks().await.expect("webhooks").is_empty());
        assert!(told(store, &receiver, NOON).await.is_empty());
        assert!(
            store
                .delivery_log(false, 10)
                .await
                .expect("a log")
                .is_empty()
        );
    }
}
