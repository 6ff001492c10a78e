//! Two servers on one PostgreSQL that are at work on one upload at the same moment count each row once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cutover::{clock, sim::Fleet};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::support::{postgres::Database, process::Home};

const CLIENTS: u64 = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_at_work_on_one_upload_count_nothing_twice() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let homes = [(); 2].map(|()| Home::postgres(&database.url()));
    let first = homes[0].start();
    let (second, _) = homes[1].launch().ready_beside(&homes[1]);
    let token = homes[0].token("import");
    // While it is stored nobody's hold on it lasts, as on a machine that stands still for seconds: both take it.
    let over = Arc::new(AtomicBool::new(false));
    let taking = tokio::spawn({
        let (url, over) = (database.url(), Arc::clone(&over));
        async move {
            let mut conn = PgConnection::connect(&url).await.expect("connect");
            let mut workers = std::collections::BTreeSet::new();
            while !over.load(Ordering::Relaxed) {
                let seen: Vec<String> = sqlx::query_scalar(
                    "UPDATE uploads SET worker_until = 0 WHERE state = 'committing' AND worker <> '' RETURNING worker",
                )
                .fetch_all(&mut conn)
                .await
                .expect("let go of");
                workers.extend(seen);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            workers
        }
    });
    let mut body = Vec::new();
    for client in Fleet::new(3, CLIENTS).clients() {
        body.extend(client.report(clock::now().plus(-60_000), 0));
        body.push(b'\n');
    }
    let (client, url) = first.client(Some(&token), "uploads");
    let mut post = url.clone();
    post.set_query(Some("commit=true&name=fleet.ndjson"));
    let sent = client.post(post).body(body).send().await.expect("sent");
    assert_eq!(sent.status(), 202);
    let sent: Value = serde_json::from_str(&sent.text().await.expect("text")).expect("JSON");
    let id = sent["id"].as_str().expect("an id").to_owned();
    let (client, mut url) = second.client(Some(&token), "uploads");
    url.path_segments_mut().expect("a path").push(&id);
    url.set_query(Some("wait=30"));
    let upload = loop {
        let answer = client.get(url.clone()).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        let upload: Value = serde_json::from_str(&text).expect("JSON");
        if upload["state"] != "reading" && upload["state"] != "committing" {
            break upload;
        }
    };
    over.store(true, Ordering::Relaxed);
    let workers = taking.await.expect("the taker");
    assert_eq!(upload["state"], "done", "{upload}");
    let count = |name: &str| upload["stored"][name].as_u64().expect("a number");
    let all: u64 = ["new", "changed", "unchanged", "late"]
        .map(count)
        .iter()
        .sum();
    assert_eq!(all, CLIENTS, "each row counts once: {upload}");
    assert_eq!(count("unchanged"), 0, "none was stored twice: {upload}");
    let mut conn = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    let (reports, outcomes): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT SUM(reports)::bigint FROM feeds), (SELECT COUNT(outcome) FROM upload_rows)",
    )
    .fetch_one(&mut conn)
    .await
    .expect("numbers");
    let wanted = i64::try_from(CLIENTS).expect("few");
    assert_eq!((reports, outcomes), (wanted, wanted));
    assert_eq!(workers.len(), 2, "both were at work on it");
    for home in &homes {
        assert!(!home.log().contains("panicked"), "{}", home.log());
    }
}
