//! What becomes of a message: taken, sent again under the same id, given up, or refused for ever.

use std::collections::BTreeSet;

use cutover::{
    domain::{
        time::{DAY, HOUR, MINUTE, SECOND, Timestamp},
        webhooks::Event,
    },
    store::{Store, deliveries::Logged},
    webhooks::{deliver_due, gather, noted, send_one},
};

use super::{
    add, courier,
    receiver::{Receiver, Reply},
};
use crate::support::stores::{NOON, TestStore, blocking};

/// A later moment.
fn after(millis: i64) -> Timestamp {
    NOON.plus(millis)
}

/// A store with one webhook that has a message waiting; the webhook's id and secret.
async fn waiting(store: &Store, receiver: &Receiver) -> (String, String) {
    let made = add(store, "ops", &receiver.url(), &Event::ALL, NOON).await;
    block(store, 1).await;
    assert_eq!(gather(store, NOON).await.expect("made"), 1);
    made
}

async fn block(store: &Store, n: u32) {
    let report = blocking(n, NOON, 1);
    store
        .writer()
        .reports(vec![report], NOON, true)
        .await
        .expect("kept");
}

async fn only(store: &Store) -> Logged {
    let mut log = store.delivery_log(false, 100).await.expect("a log");
    assert_eq!(log.len(), 1, "{log:?}");
    log.swap_remove(0)
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_under_the_same_id() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        let (_, secret) = waiting(store, &receiver).await;
        receiver.answers([
            Reply {
                body: "out\r\nof order\u{202e}".to_owned(),
                ..Reply::status(500)
            },
            Reply::status(404),
        ]);
        assert_eq!(deliver_due(store, &courier, NOON).await.expect("sent"), 1);
        let first = receiver.taken().swap_remove(0);
        assert!(first.is_signed_with(&secret));
        let logged = only(store).await;
        assert_eq!(
            (logged.state.as_str(), logged.attempts, logged.status),
            ("waiting", 1, Some(500))
        );
        assert_eq!(logged.said.as_deref(), Some("out  of order"));
        assert!((5 * SECOND..=6 * SECOND).contains(&(logged.next_at - NOON.0)));
        // Not before it is due.
        assert_eq!(
            deliver_due(store, &courier, after(4 * SECOND))
                .await
                .expect("sent"),
            0
        );
        assert_eq!(
            deliver_due(store, &courier, after(7 * SECOND))
                .await
                .expect("sent"),
            1
        );
        assert_eq!(
            deliver_due(store, &courier, after(MINUTE))
                .await
                .expect("sent"),
            0
        );
        assert_eq!(
            deliver_due(store, &courier, after(HOUR))
                .await
                .expect("sent"),
            1
        );
        let again = receiver.taken();
        assert_eq!(again.len(), 2);
        for message in &again {
            assert_eq!((message.id(), &message.body), (first.id(), &first.body));
            assert!(message.is_signed_with(&secret));
            let sent = message.header("webhook-timestamp");
            assert_ne!(
                sent,
                first.header("webhook-timestamp"),
                "the time of the attempt"
            );
        }
        assert!(first.id().starts_with("msg_") && !first.id().contains('.'));
        let logged = only(store).await;
        assert_eq!(
            (logged.state.as_str(), logged.attempts, logged.status),
            ("delivered", 3, Some(204))
        );
        assert_eq!(
            deliver_due(store, &courier, after(9 * DAY))
                .await
                .expect("sent"),
            0
        );
    }
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_sends_again_under_the_same_id() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        let (webhook, _) = waiting(store, &receiver).await;
        let sent = send_one(store, &courier, &webhook, NOON)
            .await
            .expect("sent");
        let (claimed, said) = sent.expect("a message");
        assert!(said.taken(), "it arrived, and then the server was gone");
        let first = receiver.taken().swap_remove(0);
        // Somebody may still be at it.
        assert_eq!(
            deliver_due(store, &courier, after(30 * SECOND))
                .await
                .expect("sent"),
            0
        );
        let other = Store::open(&test.url).await.expect("the next server");
        assert_eq!(
            deliver_due(&other, &courier, after(MINUTE))
                .await
                .expect("sent"),
            1
        );
        let again = receiver.taken().swap_remove(0);
        assert_eq!((again.id(), &again.body), (first.id(), &first.body));
        // One who is late changes nothing of it.
        let late = noted(store, &webhook, claimed, said, after(2 * MINUTE)).await;
        late.expect("noted");
        assert_eq!(
            (only(store).await.attempts, only(store).await.last_at),
            (1, Some(after(MINUTE).0))
        );
    }
}

#[tokio::test]
async fn a_position_moves_together_with_its_messages_and_once() {
    for test in TestStore::each().await {
        let (store, receiver) = (&test.store, Receiver::start().await);
        waiting(store, &receiver).await;
        assert_eq!(gather(store, NOON).await.expect("made"), 0, "told already");
        for n in 2..40 {
            block(store, n).await;
        }
        // Two servers at once make each message once.
        let other = Store::open(&test.url).await.expect("another server");
        let (one, two) = tokio::join!(gather(store, NOON), gather(&other, NOON));
        assert_eq!(
            one.expect("made") + two.expect("made"),
            1,
            "on {}",
            test.engine
        );
        let log = store.delivery_log(false, 100).await.expect("a log");
        assert_eq!(log.iter().map(|logged| logged.things).sum::<i64>(), 39);
    }
}

#[tokio::test]
async fn two_servers_do_not_send_the_same() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        add(store, "ops", &receiver.url(), &[Event::Blocking], NOON).await;
        for n in 0..30 {
            block(store, n).await;
            gather(store, NOON).await.expect("made");
        }
        let other = Store::open(&test.url).await.expect("another server");
        let (one, two) = tokio::join!(
            deliver_due(store, &courier, NOON),
            deliver_due(&other, &courier, NOON)
        );
        one.expect("sent");
        two.expect("sent");
        deliver_due(store, &courier, NOON).await.expect("sent");
        let taken = receiver.taken();
        let ids: BTreeSet<&str> = taken.iter().map(super::receiver::Received::id).collect();
        assert_eq!((taken.len(), ids.len()), (30, 30), "on {}", test.engine);
    }
}

#[tokio::test]
async fn after_ten_attempts_a_message_is_given_up_and_the_log_says_so() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        let (webhook, _) = waiting(store, &receiver).await;
        receiver.answers((0..20).map(|_| Reply::status(503)));
        let mut now = NOON;
        let mut sent = 0;
        while only(store).await.state == "waiting" {
            sent += deliver_due(store, &courier, now).await.expect("sent");
            now = Timestamp(only(store).await.next_at);
        }
        assert_eq!(sent, 10);
        assert!(now.since(NOON) > 3 * DAY, "over a weekend");
        let logged = only(store).await;
        assert_eq!(
            (logged.state.as_str(), logged.attempts, logged.status),
            ("given_up", 10, Some(503))
        );
        assert_eq!(
            deliver_due(store, &courier, now.plus(9 * DAY))
                .await
                .expect("sent"),
            0
        );
        let listed = store.webhooks().await.expect("webhooks").swap_remove(0);
        assert_eq!(
            (listed.id, listed.given_up, listed.waiting),
            (webhook, 1, 0)
        );
        assert_eq!(listed.disabled_at, None, "the next message is tried");
        assert_eq!(store.delivery_log(true, 100).await.expect("a log").len(), 1);
        // The log is let go of after a month.
        store
            .tidy_deliveries(NOON.plus(29 * DAY))
            .await
            .expect("tidied");
        assert_eq!(only(store).await.state, "given_up");
        store
            .tidy_deliveries(NOON.plus(31 * DAY))
            .await
            .expect("tidied");
        assert!(
            store
                .delivery_log(false, 100)
                .await
                .expect("a log")
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_target_that_is_gone_is_told_nothing_any_more() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        waiting(store, &receiver).await;
        block(store, 2).await;
        gather(store, NOON).await.expect("made");
        receiver.answers([Reply::status(410)]);
        deliver_due(store, &courier, NOON).await.expect("sent");
        assert_eq!(receiver.taken().len(), 1, "the second is not sent");
        let listed = store.webhooks().await.expect("webhooks").swap_remove(0);
        assert_eq!(
            (listed.disabled_at, listed.waiting, listed.given_up),
            (Some(NOON.0), 0, 2)
        );
        block(store, 3).await;
        assert_eq!(gather(store, after(DAY)).await.expect("made"), 0);
        assert_eq!(
            deliver_due(store, &courier, after(DAY))
                .await
                .expect("sent"),
            0
        );
        assert!(receiver.taken().is_empty());
    }
}

#[tokio::test]
async fn a_target_that_asks_for_patience_gets_it_for_all_its_messages() {
    for test in TestStore::each().await {
        let (store, receiver, courier) = (&test.store, Receiver::start().await, courier());
        waiting(store, &receiver).await;
        block(store, 2).await;
        gather(store, NOON).await.expect("made");
        receiver.answers([Reply {
            headers: vec![("retry-after", "600".to_owned())],
            ..Reply::status(429)
        }]);
        assert_eq!(deliver_due(store, &courier, NOON).await.expect("sent"), 1);
        assert_eq!(
            deliver_due(store, &courier, after(599 * SECOND))
                .await
                .expect("sent"),
            0
        );
        assert_eq!(
            deliver_due(store, &courier, after(600 * SECOND))
                .await
                .expect("sent"),
            2
        );
        // Until a time, as HTTP writes it.
        block(store, 3).await;
        let now = after(HOUR);
        gather(store, now).await.expect("made");
        let until = jiff::Timestamp::from_millisecond(now.plus(HOUR).0).expect("a time");
        let until = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        receiver.answers([Reply {
            headers: vec![("retry-after", until)],
            ..Reply::status(503)
        }]);
        deliver_due(store, &courier, now).await.expect("sent");
        let waits = store
            .delivery_log(true, 1)
            .await
            .expect("a log")
            .swap_remove(0);
        let asked = waits.next_at - now.0;
        assert!((HOUR - SECOND..=HOUR).contains(&asked), "{asked}");
    }
}
