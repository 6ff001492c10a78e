//! The load generator against a server that answers as the contract says: everything arrives, and the numbers are true.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{net::TcpListener, path::Path, sync::Arc};

use cutover::{
    cli::load::{Encoding, LoadError, Outcome, Plan, Trust, drive},
    domain::time::Timestamp,
    sim::Fleet,
};
use serde_json::Value;

use crate::stub::{Shared, Stub};

const AT: Timestamp = Timestamp(1_795_507_200_000);

fn fleet() -> Fleet {
    Fleet::new(5, 1_000)
}

fn expected(fleet: Fleet, rounds: u64) -> u64 {
    (0..rounds)
        .map(|round| {
            fleet
                .clients()
                .filter(|client| client.reports_in(round))
                .count() as u64
        })
        .sum()
}

fn plan(server: &str) -> Plan {
    let mut plan = Plan::new(server, fleet(), AT);
    plan.token = "right".parse().ok();
    plan.connections = 8;
    plan
}

fn assert_complete(outcome: &Outcome, stub: &Stub, rounds: u64) {
    let all = expected(fleet(), rounds);
    assert_eq!(outcome.stopped, None);
    assert_eq!(outcome.acknowledged, all);
    assert_eq!(outcome.stored, all);
    assert_eq!(outcome.rejected + outcome.given_up, 0);
    assert_eq!(stub.reports_seen(), all);
    assert!(outcome.latency.p50_us > 0 && outcome.latency.p50_us <= outcome.latency.max_us);
    assert!(outcome.peak_reports_per_second > 0);
}

#[tokio::test]
async fn every_reporting_client_arrives_once_a_round_and_in_order() {
    let stub = Shared::default();
    let mut plan = plan(&stub.start().await);
    plan.rounds = 3;
    let outcome = drive(&plan).await.unwrap();
    assert_complete(&outcome, &stub, 3);
    assert_eq!(outcome.requests, outcome.acknowledged);
    for reports in stub.seen.lock().unwrap().values() {
        let times: Vec<_> = reports
            .iter()
            .map(|report| report["collected_at"].as_str().unwrap().to_owned())
            .collect();
        assert!(times.is_sorted());
        assert!(times.len() == 3 || times.len() == 1);
    }
}

#[tokio::test]
async fn batches_are_lines_and_may_be_compressed() {
    for (encoding, batch) in [
        (Encoding::Plain, 50),
        (Encoding::Gzip, 1),
        (Encoding::Gzip, 300),
        (Encoding::Zstd, 7),
    ] {
        let stub = Shared::default();
        let mut plan = plan(&stub.start().await);
        plan.encoding = encoding;
        plan.batch = batch;
        plan.rounds = 2;
        let outcome = drive(&plan).await.unwrap();
        assert_complete(&outcome, &stub, 2);
        let fewest = outcome.acknowledged.div_ceil(batch);
        assert!((fewest..fewest + 24).contains(&outcome.requests));
        if encoding != Encoding::Plain {
            assert!(outcome.body_bytes < outcome.acknowledged * 2_000);
        }
    }
}

#[tokio::test]
async fn a_busy_or_broken_server_gets_the_same_reports_again() {
    let stub = Arc::new(Stub {
        busy_every: 3,
        broken_every: 10,
        ..Stub::default()
    });
    let outcome = drive(&plan(&stub.start().await)).await.unwrap();
    assert_complete(&outcome, &stub, 1);
    assert!(outcome.busy > 300 && outcome.errors > 50);
    assert!(outcome.latency.max_us > outcome.exchange.p50_us);
    assert!(outcome.first_problem.unwrap().contains("500"));
}

#[tokio::test]
async fn an_open_loop_keeps_its_rate_and_counts_waiting() {
    let stub = Shared::default();
    let mut plan = plan(&stub.start().await);
    plan.rate = 2_000;
    let outcome = drive(&plan).await.unwrap();
    assert_complete(&outcome, &stub, 1);
    assert!(
        (0.45..3.0).contains(&outcome.seconds),
        "{}",
        outcome.seconds
    );

    // One connection, 5 ms an answer, 1,000 a second offered: the queue grows, and the latency must show it.
    let slow = Arc::new(Stub {
        delay: 5,
        ..Stub::default()
    });
    plan.server = slow.start().await;
    plan.connections = 1;
    plan.rate = 1_000;
    plan.seconds = Some(1);
    let outcome = drive(&plan).await.unwrap();
    assert_eq!(outcome.stopped, None);
    assert!(outcome.acknowledged < 300);
    assert!(outcome.exchange.p50_us < 100_000);
    assert!(outcome.latency.p90_us > 500_000, "{}", outcome.latency);
}

#[tokio::test]
async fn the_ledger_lists_exactly_what_was_acknowledged() {
    let stub = Arc::new(Stub {
        rejects: Some('7'),
        busy_every: 5,
        ..Stub::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(&stub.start().await);
    plan.batch = 20;
    plan.ledger = Some(folder.path().join("ledger"));
    let outcome = drive(&plan).await.unwrap();
    assert!(outcome.rejected > 50);
    let ledger = std::fs::read_to_string(folder.path().join("ledger")).unwrap();
    let mut lines: Vec<_> = ledger.lines().collect();
    let mut seen: Vec<_> = stub
        .seen
        .lock()
        .unwrap()
        .values()
        .flatten()
        .map(|report| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let guid = text(&report["client"]["sms_guid"]).replace("GUID:", "");
            let at = text(&report["collected_at"]);
            format!("{} {guid} {at}", text(&report["report_id"]))
        })
        .collect();
    lines.sort_unstable();
    seen.sort_unstable();
    assert_eq!(lines, seen);
    assert_eq!(outcome.acknowledged, lines.len() as u64);
}

#[tokio::test]
async fn the_device_list_goes_first() {
    let stub = Shared::default();
    let mut plan = plan(&stub.start().await);
    plan.population = "list".parse().ok();
    plan.encoding = Encoding::Gzip;
    let outcome = drive(&plan).await.unwrap();
    assert_complete(&outcome, &stub, 1);
    let rows = stub.population.lock().unwrap().lines().count() - 1;
    assert_eq!(outcome.population.unwrap()["new"], rows);
}

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let stub = Shared::default();
    let (address, pem) = stub.start_tls();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();

    let small = Fleet::new(5, 60);
    let mut plan = plan(&format!("https://{address}"));
    plan.fleet = small;
    plan.trust = Trust::File(file);
    plan.new_connection = true;
    let outcome = drive(&plan).await.unwrap();
    assert_eq!(outcome.acknowledged, expected(small, 1));
    assert_eq!(outcome.errors, 0);
    let peers = std::mem::take(&mut *stub.peers.lock().unwrap());
    assert_eq!(peers.len() as u64, outcome.requests);

    plan.trust = Trust::Anything;
    plan.new_connection = false;
    let outcome = drive(&plan).await.unwrap();
    assert_eq!(outcome.acknowledged, expected(small, 1));
    assert!(stub.peers.lock().unwrap().len() as u64 <= plan.connections);

    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let file = folder.path().join("other.pem");
    std::fs::write(&file, other.cert.pem()).unwrap();
    plan.trust = Trust::File(file);
    let outcome = drive(&plan).await.unwrap();
    assert_eq!(outcome.acknowledged, 0);
    let why = outcome.stopped.unwrap();
    assert!(
        why.contains("certificate is not trusted") && why.contains("--ca FILE"),
        "{why}"
    );
}

#[tokio::test]
async fn wrong_settings_are_one_sentence() {
    let stub = Shared::default();
    let server = stub.start().await;

    let mut wrong = plan(&server);
    wrong.token = "wrong".parse().ok();
    let outcome = drive(&wrong).await.unwrap();
    let why = outcome.stopped.unwrap();
    assert!(why.contains("no such token") && why.contains("cutover token create"));

    let mut remote = plan("https://192.0.2.1:8443");
    remote.trust = Trust::Anything;
    let refused = drive(&remote).await.unwrap_err();
    assert!(matches!(refused, LoadError::InsecureRemote(_)));

    for address in ["", "127.0.0.1:8443", "ftp://127.0.0.1", "https://"] {
        let refused = drive(&plan(address)).await.unwrap_err();
        assert!(matches!(refused, LoadError::Address(_)), "{address}");
    }

    let mut missing = plan(&server);
    missing.trust = Trust::File(Path::new("/no/such/file.pem").to_owned());
    let refused = drive(&missing).await.unwrap_err().to_string();
    assert!(refused.contains("/no/such/file.pem"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_the_run() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let outcome = drive(&plan(&format!("http://{address}"))).await.unwrap();
    let why = outcome.stopped.unwrap();
    assert!(
        why.starts_with(&format!("no answer from http://{address}")),
        "{why}"
    );
    assert!(outcome.seconds < 20.0);
}
