//! The server is killed in the middle of a load, again and again.

use std::sync::Arc;

use cutover::{domain::time::Timestamp, store::Store};

use super::{
    check,
    ledger::{Ledger, Sent},
    load::{Fate, Load, Rounds},
};
use crate::support::{postgres::Database, process::Home};

/// Starts and kills on each database.
const KILLS: u64 = 24;
const CLIENTS: u64 = 2_000;

/// Acknowledgements to see before the kill: from one to some hundreds, the same in every run.
const fn moment(cycle: u64) -> u64 {
    let drawn = (cycle + 1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(17);
    1 + drawn % 600
}

async fn kill_again_and_again(home: &Home) {
    let ledger = Arc::new(Ledger::default());
    let url = home.database_url();
    let rounds = Rounds::new(7, CLIENTS);
    let mut next = 0;
    for cycle in 0..KILLS {
        let server = home.start();
        check::verify(&url, &ledger.promises()).await;
        let numbers = next..u64::MAX;
        let load = Load::start((home, &server), rounds, numbers, &ledger, Fate::Dies);
        load.acknowledges(moment(cycle)).await;
        server.kill();
        next = load.next();
        load.end().await;
    }
    let mut server = home.start();
    let promises = ledger.promises();
    check::verify(&url, &promises).await;
    assert!(server.is_alive());
    assert!(!home.log().contains("panicked"), "{}", home.log());
    assert!(promises.count >= (0..KILLS).map(moment).sum());
    println!(
        "{KILLS} kills, {} acknowledged reports about {} clients, {} of them news: all there",
        promises.count,
        promises.newest.len(),
        promises.stored.len()
    );
    a_broken_promise_is_noticed(&url, &ledger).await;
}

/// A test that cannot fail proves nothing: promises that were never kept have to be found.
async fn a_broken_promise_is_noticed(url: &str, ledger: &Ledger) {
    let late = Timestamp(4_000_000_000_000);
    let guid = ledger.promises().newest.keys().next().cloned();
    for (guid, report_id) in [
        ("nobody".to_owned(), "never"),
        (guid.expect("a client"), "late"),
    ] {
        let sent = Sent {
            report_id: report_id.to_owned(),
            guid,
            collected_at: late,
        };
        ledger.note(&sent, true);
    }
    let store = Store::open(url).await.expect("a store");
    let missing = check::missing(url, &ledger.promises()).await;
    assert_eq!(missing.len(), 4, "{missing:#?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_sqlite() {
    let home = Home::sqlite();
    kill_again_and_again(&home).await;
    check::sqlite_is_whole(&home.database_url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_postgres() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    kill_again_and_again(&Home::postgres(&database.url())).await;
}
