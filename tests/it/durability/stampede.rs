//! Many more reports at once than may wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cutover::store::writer::QUEUE;
use reqwest::StatusCode;
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    check,
    ledger::Ledger,
    load::{self, PATIENCE, Rounds},
};
use crate::support::process::Home;

/// Requests at the same moment, and reports in each.
const REQUESTS: u64 = 120;
const BATCH: u64 = 100;
/// Megabytes the server may ever use.
const MEMORY: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stampede_is_put_off_without_loss() {
    assert!(REQUESTS * BATCH > u64::try_from(QUEUE).expect("a number"));
    let home = Home::sqlite();
    let mut server = home.start();
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(17, REQUESTS * BATCH);
    let (client, url) = server.client(Some(&home.welcome().ingest_token), "reports");
    let together = Arc::new(Barrier::new(usize::try_from(REQUESTS).expect("a number")));
    let mut senders = JoinSet::new();
    for request in 0..REQUESTS {
        let (client, url) = (client.clone(), url.clone());
        let (together, ledger) = (Arc::clone(&together), Arc::clone(&ledger));
        senders.spawn(async move {
            let numbers = request * BATCH..(request + 1) * BATCH;
            let reports: Vec<_> = numbers.filter_map(|number| rounds.report(number)).collect();
            together.wait().await;
            load::insist(&client, &url, &reports, &ledger).await
        });
    }
    let over = Arc::new(AtomicBool::new(false));
    let (watcher, health) = server.client(None, "summary");
    let health = health.join("/healthz").expect("an address");
    let watching = tokio::spawn({
        let over = Arc::clone(&over);
        async move {
            let mut answers = 0_u32;
            while !over.load(Ordering::Relaxed) {
                let answer = watcher.get(health.clone()).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::OK);
                answers += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answers
        }
    });
    let mut put_off = 0;
    let all = async {
        while let Some(sender) = senders.join_next().await {
            put_off += sender.expect("a sender");
        }
    };
    let came_through = tokio::time::timeout(PATIENCE, all).await;
    assert!(came_through.is_ok(), "the stampede came to no end");
    over.store(true, Ordering::Relaxed);
    let answers = watching.await.expect("the watcher");
    assert!(answers > 0);
    assert!(server.is_alive());
    let memory = server.most_memory();
    server.kill();
    let promises = ledger.promises();
    check::verify(&home.database_url(), &promises).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
    assert!(memory.is_none_or(|most| most < MEMORY), "{memory:?} MB");
    println!(
        "{} reports in {REQUESTS} requests at once: {put_off} put off, {answers} times healthy, {memory:?} MB at most",
        promises.count
    );
}
