//! Commands beside a running server on the same SQLite file.

use std::sync::Arc;

use reqwest::StatusCode;

use super::{
    check,
    ledger::Ledger,
    load::{Fate, Load, Rounds},
};
use crate::support::process::Home;

const CLIENTS: u64 = 1_000;
const TIMES: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_work_beside_a_server_under_load() {
    let home = Arc::new(Home::sqlite());
    let mut server = home.start();
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(23, CLIENTS);
    let load = Load::start((&home, &server), rounds, 0..u64::MAX, &ledger, Fate::Lives);
    let copies = tempfile::tempdir().expect("a directory");
    for time in 0..TIMES {
        load.acknowledges(100).await;
        let beside = Arc::clone(&home);
        let token = tokio::task::spawn_blocking(move || beside.token("read"))
            .await
            .expect("a token");
        let (reader, summary) = server.client(Some(&token), "summary");
        let answer = reader.get(summary).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);

        // What was promised before the copy began is in it.
        let promised = ledger.promises();
        let copy = copies.path().join(format!("copy-{time}.db"));
        let (beside, file) = (Arc::clone(&home), copy.clone());
        let output = tokio::task::spawn_blocking(move || {
            beside.run(&["backup", file.to_str().expect("a plain path")])
        })
        .await
        .expect("a backup");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let url = format!("sqlite://{}", copy.display());
        check::verify(&url, &promised).await;
        check::sqlite_is_whole(&url).await;
    }
    let refused = load.refused();
    load.end().await;
    assert_eq!(refused, 0, "nobody had to be put off for it");
    assert!(server.is_alive());
    server.kill();
    let promises = ledger.promises();
    check::verify(&home.database_url(), &promises).await;
    check::sqlite_is_whole(&home.database_url()).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
    println!(
        "{TIMES} tokens and {TIMES} backups beside {} acknowledged reports",
        promises.count
    );
}
