//! The server is killed in the middle of a quarantine, again and again: it goes on where it was, and ends as a server that never
//! got what is set aside.

use std::collections::BTreeMap;

use cutover::{
    clock,
    domain::time::{DAY, MINUTE, Timestamp},
    sim::Fleet,
    store::{Store, quarantine_model::Quarantine},
};
use serde_json::Value;

use crate::support::{
    postgres::Database,
    process::{Home, Server},
};

/// More than a few portions.
const CLIENTS: u64 = 4_000;
/// Reports in one request.
const TOGETHER: usize = 500;
/// Read well, and ready.
const READY: &str = include_str!("../../browser/fixtures/windows-10-ready.json");

/// What every client of the fleet says of itself.
fn honest(now: Timestamp) -> Vec<Value> {
    let fleet = Fleet::new(5, CLIENTS);
    let reports = fleet
        .clients()
        .map(|client| client.report(now.plus(-5 * MINUTE), 0));
    reports
        .filter_map(|report| serde_json::from_slice(&report).ok())
        .collect()
}

/// The same clients, as somebody says of them who wants all of them to be ready.
fn forged(honest: &[Value], now: Timestamp) -> Vec<Value> {
    let ready: Value = serde_json::from_str(READY).expect("the fixture");
    let forge = |report: &Value| {
        let mut forged = ready.clone();
        forged["client"] = report["client"].clone();
        forged["report_id"] = uuid::Uuid::now_v7().to_string().into();
        forged["os"]["last_boot_at"] = now.plus(-DAY).to_string().into();
        forged["collected_at"] = now.plus(-MINUTE).to_string().into();
        forged
    };
    honest.iter().map(forge).collect()
}

async fn send(server: &Server, token: &str, reports: &[Value]) {
    let (client, url) = server.client(Some(token), "reports");
    for some in reports.chunks(TOGETHER) {
        let body: Vec<String> = some.iter().map(Value::to_string).collect();
        let sent = client.post(url.clone()).body(body.join("\n")).send().await;
        let text = sent.expect("an answer").text().await.expect("text");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["stored"], some.len(), "{text}");
    }
}

/// Every client by its id: how it stands, and why.
async fn standings(server: &Server, token: &str) -> BTreeMap<String, String> {
    let (client, url) = server.client(Some(token), "clients");
    let mut all = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let mut page = url.clone();
        page.set_query(Some(&format!("limit=1000&cursor={cursor}")));
        let answer = client.get(page).send().await.expect("an answer");
        let text = answer.text().await.expect("a whole answer");
        let page: Value = serde_json::from_str(&text).expect("JSON");
        for item in page["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id").to_owned();
            let stands = ["name", "standing", "reasons", "os", "collected_at"]
                .map(|part| item[part].to_string());
            all.insert(id, stands.join(" "));
        }
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

async fn progress(store: &Store) -> Quarantine {
    let all = store.quarantines().await.expect("quarantines");
    all.into_iter().next().expect("the quarantine")
}

async fn killed_meanwhile(home: &Home, never: &Home) {
    let now = clock::now();
    let honest = honest(now);
    let mut server = home.start();
    send(&server, &home.welcome().ingest_token, &honest).await;
    let thief = home.token("ingest");
    let listed = String::from_utf8(home.run(&["token", "list"]).stdout).expect("text");
    let thief_id = listed
        .lines()
        .find(|line| line.contains("\ta test\t"))
        .and_then(|line| line.split('\t').next())
        .expect("the token")
        .to_owned();
    send(&server, &thief, &forged(&honest, now)).await;
    let read = home.token("read");
    let robbed = standings(&server, &read).await;

    // At hand before it begins, so that none of it is missed.
    let store = Store::open(&home.database_url())
        .await
        .expect("the database");
    let aside = home.run(&["quarantine", &thief_id, "--why", "it was stolen"]);
    assert!(aside.status.success(), "{aside:?}");
    let (mut reached, mut kills) = (0, 0);
    loop {
        let quarantine = progress(&store).await;
        if quarantine.judged >= quarantine.clients {
            break;
        }
        if quarantine.judged > reached && kills < 4 {
            reached = quarantine.judged;
            kills += 1;
            server.kill();
            server = home.start();
        }
    }
    let quarantine = progress(&store).await;
    assert!(
        kills > 1,
        "it was killed in the middle: {kills}, {quarantine:?}"
    );
    assert_eq!(
        (quarantine.judged, quarantine.clients),
        (
            i64::try_from(robbed.len()).expect("small"),
            i64::try_from(robbed.len()).expect("small")
        ),
        "each client once"
    );
    let after = standings(&server, &read).await;
    assert_ne!(after, robbed, "it did something");
    store.close().await;

    let other = never.start();
    send(&other, &never.welcome().ingest_token, &honest).await;
    let wanted = standings(&other, &never.token("read")).await;
    assert_eq!(after.len(), wanted.len());
    for (id, stands) in &wanted {
        assert_eq!(after.get(id), Some(stands), "{id}");
    }
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarantine_survives_kills_on_sqlite() {
    killed_meanwhile(&Home::sqlite(), &Home::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarantine_survives_kills_on_postgres() {
    let (Some(database), Some(other)) = (Database::fresh().await, Database::fresh().await) else {
        return;
    };
    killed_meanwhile(
        &Home::postgres(&database.url()),
        &Home::postgres(&other.url()),
    )
    .await;
}
