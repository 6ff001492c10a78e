//! The page of the webhooks, in every state worth looking at.

use cutover::{
    domain::time::{DAY, HOUR, MINUTE},
    store::{deliveries::Logged, webhooks::Webhook},
    views::{Nav, webhooks::WebhooksPage},
};

use super::{html, samples};

fn webhook(name: &str, host: &str) -> Webhook {
    Webhook {
        id: format!("id of {name}"),
        name: name.to_owned(),
        url: format!("https://{host}/hooks/secret-of-the-target"),
        origin: format!("https://{host}"),
        events: "blocking,cleared,feed-stopped".to_owned(),
        position: 7,
        feeds_at: samples::now().0,
        created_at: samples::now().plus(-20 * DAY).0,
        disabled_at: None,
        disabled_why: None,
        waiting: 0,
        failing: 0,
        given_up: 0,
        delivered_at: Some(samples::now().plus(-3 * HOUR).0),
    }
}

/// Webhooks in every state.
pub fn webhooks() -> Vec<Webhook> {
    vec![
        webhook("chat", "chat.corp.example"),
        Webhook {
            events: "feed-stopped".to_owned(),
            waiting: 1_000,
            failing: 3,
            given_up: 12,
            ..webhook(
                "tickets <b>",
                "tickets.a-very-long-name-of-a-department.corp.example:8443",
            )
        },
        Webhook {
            disabled_at: Some(samples::now().plus(-2 * DAY).0),
            disabled_why: Some("gone".to_owned()),
            given_up: 1,
            delivered_at: None,
            ..webhook("old", "old.corp.example")
        },
    ]
}

fn logged(name: &str, kind: &str, things: i64) -> Logged {
    Logged {
        id: "msg_0190a5d2c1e37b1f8f00a1b2c3d4e5f6".to_owned(),
        name: name.to_owned(),
        origin: "https://chat.corp.example".to_owned(),
        kind: kind.to_owned(),
        things,
        state: "delivered".to_owned(),
        attempts: 1,
        made_at: samples::now().plus(-3 * HOUR).0,
        next_at: samples::now().plus(-3 * HOUR).0,
        last_at: Some(samples::now().plus(-3 * HOUR).0),
        status: Some(204),
        said: Some(String::new()),
    }
}

fn log() -> Vec<Logged> {
    vec![
        Logged {
            state: "waiting".to_owned(),
            attempts: 0,
            last_at: None,
            status: None,
            said: None,
            ..logged("tickets <b>", "feed.stopped", 1)
        },
        Logged {
            state: "waiting".to_owned(),
            attempts: 2,
            next_at: samples::now().plus(4 * MINUTE).0,
            status: Some(500),
            said: Some("<h1>Out of order</h1> and a very-long-word-that-has-no-place-to-break-at-all-anywhere".to_owned()),
            ..logged("tickets <b>", "feed.stopped", 2)
        },
        logged("chat", "blockers.added", 100),
        logged("chat", "blockers.cleared", 1),
        Logged {
            state: "given_up".to_owned(),
            attempts: 10,
            status: None,
            said: Some("no answer within 15 seconds".to_owned()),
            ..logged("tickets <b>", "changes.missed", 0)
        },
    ]
}

/// The page without webhooks, and with all of them.
pub fn pages() -> Vec<(&'static str, String)> {
    let page = |webhooks: &[Webhook], log: &[Logged]| {
        html(&WebhooksPage::new(
            samples::layout(Nav::Webhooks),
            webhooks,
            log,
        ))
    };
    vec![
        ("webhooks", page(&webhooks(), &log())),
        ("webhooks-none", page(&[], &[])),
        ("webhooks-quiet", page(&webhooks()[..1], &[])),
    ]
}
