//! A fleet of a hundred thousand, and of a quarter of it in a usual run: killed while it is loaded, then the disk fills up, or PostgreSQL crashes.
//!
//! Each client reports once before the last kill, so nothing that was lost could have been sent again unnoticed.

use std::{fs, sync::Arc};

use super::{
    check,
    full_disk::{Disk, fill},
    ledger::Ledger,
    load::{Fate, Load, Rounds},
};
use crate::support::{large, postgres::OwnServer, process::Home};

const CLIENTS: u64 = 100_000;
const KILLS: u64 = 20;
/// Acknowledgements between two kills. Some clients are silent, and what was under way at a kill is not sent again.
const BETWEEN: u64 = 3_600;

/// Loads the fleet's first round, kills the server again and again, and answers the number to go on with.
async fn loaded_and_killed(home: &Home, rounds: Rounds, ledger: &Arc<Ledger>) {
    let mut next = 0;
    for _ in 0..large(KILLS) {
        let server = home.start();
        let load = Load::start(
            (home, &server),
            rounds,
            next..large(CLIENTS),
            ledger,
            Fate::Dies,
        );
        load.acknowledges(BETWEEN).await;
        server.kill();
        next = load.next();
        load.end().await;
    }
    assert!(next < large(CLIENTS), "the last kill came after the load");
    let server = home.start();
    Load::start(
        (home, &server),
        rounds,
        next..large(CLIENTS),
        ledger,
        Fate::Lives,
    )
    .finish()
    .await;
    server.kill();
    let promises = ledger.promises();
    // What was under way at a kill was never acknowledged and is not sent again: some thousands on a slow machine.
    let enough = large(KILLS) * BETWEEN;
    assert!(
        promises.count >= enough,
        "only {} were acknowledged",
        promises.count
    );
    check::verify(&home.database_url(), &promises).await;
}

/// The first screen's numbers, the list's and the API's are one.
async fn the_api_agrees(home: &Home) {
    let server = home.start();
    let read = home.token("read");
    let get = async |call: &str| -> serde_json::Value {
        let (client, url) = server.client(Some(&read), "summary");
        let url = url.join(call).expect("an address");
        let answer = client.get(url).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let summary = get("summary").await;
    let blocking = &summary["standings"]["blocking"];
    assert!(blocking.as_i64() > Some(250), "{summary}");
    let list = get("blockers?limit=1").await;
    assert_eq!(&list["total"], blocking);
    let (mut listed, mut cursor) = (0, String::new());
    loop {
        let page = get(&format!("blockers?limit=1000{cursor}")).await;
        listed += page["items"].as_array().expect("a list").len();
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(Some(listed as u64), blocking.as_u64());
    server.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_fleet_survives_kills_and_a_full_disk_on_sqlite() {
    let Some(disk) = Disk::of(1_200) else {
        return;
    };
    let home = Home::sqlite_in(&disk.path().join("data"));
    let url = home.database_url();
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(17, large(CLIENTS)).in_large_requests();
    loaded_and_killed(&home, rounds, &ledger).await;

    let mut server = home.start();
    let filler = disk.path().join("filler");
    fill(&filler);
    let numbers = large(CLIENTS)..u64::MAX;
    let load = Load::start((&home, &server), rounds, numbers, &ledger, Fate::Lives);
    load.is_refused(50).await;
    fs::remove_file(&filler).expect("the filler goes");
    load.acknowledges(2_000).await;
    load.end().await;
    assert!(server.is_alive());
    server.kill();
    check::verify(&url, &ledger.promises()).await;
    check::sqlite_is_whole(&url).await;
    the_api_agrees(&home).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_fleet_survives_kills_and_a_crash_of_postgres() {
    let Some(database) = OwnServer::start() else {
        return;
    };
    let database = Arc::new(database);
    let home = Home::postgres(database.url());
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(19, large(CLIENTS)).in_large_requests();
    loaded_and_killed(&home, rounds, &ledger).await;

    let mut server = home.start();
    let numbers = large(CLIENTS)..u64::MAX;
    let load = Load::start((&home, &server), rounds, numbers, &ledger, Fate::Lives);
    load.acknowledges(1_000).await;
    let crashing = Arc::clone(&database);
    tokio::task::spawn_blocking(move || crashing.crash_and_restart())
        .await
        .expect("PostgreSQL comes back");
    load.acknowledges(2_000).await;
    load.end().await;
    assert!(server.is_alive());
    server.kill();
    check::verify(database.url(), &ledger.promises()).await;
    the_api_agrees(&home).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
