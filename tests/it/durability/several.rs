//! Several servers on one PostgreSQL: whatever comes in where, and in which order, the end is the same.

use std::{collections::BTreeMap, sync::Arc};

use cutover::{clock, store::Store, wire::report_v1::content_hash};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    check,
    ledger::{Ledger, Sent},
    load::{self, PATIENCE, Rounds},
};
use crate::support::stores::EVERYWHERE;
use crate::support::{
    postgres::Database,
    process::{Home, Server},
};

const SERVERS: usize = 3;
const CLIENTS: u64 = 500;
const ROUNDS: u64 = 4;
/// Reports in one request.
const BATCH: usize = 25;

/// A different order for each server, the same in every run.
fn shuffled(mut numbers: Vec<u64>, seed: u64) -> Vec<u64> {
    let key = |number: &u64| {
        (number + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(seed.wrapping_mul(0xD1B5_4A32_D192_ED03))
            .rotate_left(29)
            .wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    numbers.sort_by_key(key);
    numbers
}

async fn summary(home: &Home, server: &Server) -> Value {
    let (client, url) = server.client(Some(&home.token("read")), "summary");
    let answer = client.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.expect("a body");
    let mut summary: Value = serde_json::from_str(&text).expect("JSON");
    summary["as_of"].take();
    summary
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_end_with_the_newest_of_every_client() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let url = database.url();
    // All at the same moment, on an empty database.
    let homes: Vec<Home> = (0..SERVERS).map(|_| Home::postgres(&url)).collect();
    let starting: Vec<_> = homes.iter().map(Home::launch).collect();
    let started: Vec<(Server, _)> = starting
        .into_iter()
        .zip(&homes)
        .map(|(starting, home)| starting.ready_beside(home))
        .collect();
    let told = started
        .iter()
        .filter(|(_, welcome)| welcome.is_some())
        .count();
    assert_eq!(
        told, 1,
        "exactly one server greets, with the password that holds"
    );
    let servers: Vec<Server> = started.into_iter().map(|(server, _)| server).collect();
    let token = homes[0].token("ingest");

    let rounds = Rounds::new(19, CLIENTS);
    let mut newest: BTreeMap<String, (Sent, Vec<u8>)> = BTreeMap::new();
    for number in 0..CLIENTS * ROUNDS {
        if let Some((sent, text)) = rounds.report(number) {
            newest.insert(sent.guid.clone(), (sent, text));
        }
    }
    let ledger = Arc::new(Ledger::default());
    let mut senders = JoinSet::new();
    for (seed, server) in (0_u64..).zip(&servers) {
        let (client, url) = server.client(Some(&token), "reports");
        // Every report goes to two of the three servers.
        let mine = (0..CLIENTS * ROUNDS)
            .filter(|number| number % 3 != seed)
            .collect();
        for numbers in shuffled(mine, seed).chunks(BATCH * 10) {
            let numbers = numbers.to_vec();
            let (client, url, ledger) = (client.clone(), url.clone(), Arc::clone(&ledger));
            senders.spawn(async move {
                let mut put_off = 0;
                for batch in numbers.chunks(BATCH) {
                    let reports: Vec<_> = batch.iter().filter_map(|n| rounds.report(*n)).collect();
                    put_off += load::insist(&client, &url, &reports, &ledger).await;
                }
                put_off
            });
        }
    }
    let mut put_off = 0;
    let all = async {
        while let Some(sender) = senders.join_next().await {
            put_off += sender.expect("a sender");
        }
    };
    let came_through = tokio::time::timeout(PATIENCE, all).await;
    assert!(came_through.is_ok(), "sending came to no end");

    let mut seen = Vec::new();
    for server in &servers {
        seen.push(summary(&homes[0], server).await);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    let promises = ledger.promises();
    check::verify(&url, &promises).await;
    let store = Store::open(&url).await.expect("a store");
    let rows = check::rows(&store).await;
    assert_eq!(rows.len(), newest.len());
    for row in rows {
        let guid = row.ids.sms_guid.as_deref().expect("a GUID");
        let (sent, text) = newest.get(guid).expect("a client of the fleet");
        assert_eq!(row.collected_at, Some(sent.collected_at), "{guid}");
        let detail = store
            .client(&row.id, &EVERYWHERE, clock::now())
            .await
            .expect("a client");
        let raw = detail.and_then(|detail| detail.raw).expect("a report");
        assert_eq!(content_hash(&raw), content_hash(text), "{guid}");
    }
    store.close().await;
    for home in &homes {
        assert!(!home.log().contains("panicked"), "{}", home.log());
    }
    println!(
        "{SERVERS} servers, {} acknowledgements about {} clients, {put_off} put off: the newest of each",
        promises.count,
        newest.len()
    );
}
