//! PostgreSQL crashes, stays away and comes back while the server runs on.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, StatusCode, Url, header::RETRY_AFTER};

use super::{
    check,
    ledger::Ledger,
    load::{Fate, Load, PATIENCE, Rounds},
};
use crate::support::{postgres::OwnServer, process::Home};

const CLIENTS: u64 = 1_000;
const CRASHES: u32 = 5;

/// Reads until the answer has this status; any other answer must be a 503 that says when to come back.
async fn reads_until(client: &Client, url: &Url, wanted: StatusCode) {
    let reading = async {
        loop {
            let answer = client.get(url.clone()).send().await.expect("an answer");
            if answer.status() == wanted {
                return;
            }
            let status = answer.status();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                assert!(answer.headers().contains_key(RETRY_AFTER), "{url}");
            } else {
                assert_eq!(status, StatusCode::OK, "{url}: {:?}", answer.text().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, reading).await;
    assert!(came.is_ok(), "{url} never answered {wanted}");
}

/// Something that takes its time and is not about the server under test.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("done")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_outlives_its_postgres() {
    let Some(database) = OwnServer::start() else {
        return;
    };
    let database = Arc::new(database);
    let home = Home::postgres(database.url());
    let mut server = home.start();
    let token = home.token("read");
    let (reader, summary) = server.client(Some(&token), "summary");
    let (watcher, ready) = server.client(None, "summary");
    let ready = ready.join("/readyz").expect("an address");
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(13, CLIENTS);
    let load = Load::start((&home, &server), rounds, 0..u64::MAX, &ledger, Fate::Lives);

    for _ in 0..CRASHES {
        load.acknowledges(100).await;
        let crashing = Arc::clone(&database);
        aside(move || crashing.crash_and_restart()).await;
        load.acknowledges(100).await;
        reads_until(&reader, &summary, StatusCode::OK).await;
    }
    let away = Arc::clone(&database);
    aside(move || away.stop()).await;
    load.is_refused(16).await;
    let before = load.acknowledged();
    reads_until(&reader, &summary, StatusCode::SERVICE_UNAVAILABLE).await;
    reads_until(&watcher, &ready, StatusCode::SERVICE_UNAVAILABLE).await;
    load.is_refused(16).await;
    assert_eq!(
        load.acknowledged(),
        before,
        "acknowledged without a database"
    );
    assert!(server.is_alive());
    let back = Arc::clone(&database);
    aside(move || back.resume()).await;
    load.acknowledges(200).await;
    reads_until(&reader, &summary, StatusCode::OK).await;
    reads_until(&watcher, &ready, StatusCode::OK).await;
    let refused = load.refused();
    load.end().await;
    assert!(server.is_alive());
    server.kill();
    let promises = ledger.promises();
    check::verify(database.url(), &promises).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
    println!(
        "PostgreSQL crashed {CRASHES} times and was away once: {refused} refusals, {} acknowledged reports: all there",
        promises.count
    );
}
