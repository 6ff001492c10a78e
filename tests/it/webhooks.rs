//! Other programs are told what happens: at least once, signed, and nowhere inside unless that is allowed.

mod addresses;
mod delivery;
mod program;
mod receiver;
mod signing;
mod targets;
mod telling;

use std::sync::Arc;

use cutover::domain::audit::Author;
use cutover::{
    domain::{time::Timestamp, webhooks::Event},
    store::{Store, webhooks::Secret},
    webhooks::{
        address::Allowed,
        names::{Names, SystemNames},
        settings::WebhookSettings,
        sign,
        target::Courier,
    },
};

/// One that may send to loopback addresses.
fn courier() -> Courier {
    courier_with("127.0.0.0/8", Arc::new(SystemNames))
}

fn courier_with(allowed: &str, names: Arc<dyn Names>) -> Courier {
    // Another test may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let settings = WebhookSettings {
        allowed: Allowed::parse(allowed).expect("networks"),
        authorities: Vec::new(),
    };
    Courier::new(settings, names).expect("a courier")
}

/// Makes a webhook; answers its id and its secret as its holder gets it.
async fn add(
    store: &Store,
    name: &str,
    url: &str,
    events: &[Event],
    now: Timestamp,
) -> (String, String) {
    let secret = Secret::new();
    let shown = sign::shown(&secret);
    let place = (url.to_owned(), "http://receiver".to_owned());
    let added = store
        .add_webhook(
            name.to_owned(),
            place,
            events,
            secret,
            Author::server(),
            now,
        )
        .await
        .expect("kept");
    (added.expect("a new name"), shown)
}
