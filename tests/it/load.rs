//! The load generator against a server that answers as the contract says, busy or broken when told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    collections::{HashMap, HashSet},
    io::Read as _,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State, connect_info::IntoMakeServiceWithConnectInfo},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use cutover::{
    cli::load::{Encoding, LoadError, Outcome, Plan, Trust, drive},
    domain::time::Timestamp,
    sim::Fleet,
};
use serde_json::{Value, json};

const AT: Timestamp = Timestamp(1_795_507_200_000);

#[derive(Default)]
struct Stub {
    requests: AtomicU64,
    /// Every n-th request is refused as too busy; 0: none.
    busy_every: u64,
    /// Every n-th request is answered with 500; 0: none.
    broken_every: u64,
    /// Reports of clients whose name ends so are rejected.
    rejects: Option<char>,
    /// Milliseconds before an answer.
    delay: u64,
    seen: Mutex<HashMap<String, Vec<Value>>>,
    population: Mutex<String>,
    peers: Mutex<HashSet<SocketAddr>>,
}

type Shared = Arc<Stub>;

fn unpacked(headers: &HeaderMap, body: &Bytes) -> Vec<u8> {
    let mut out = Vec::new();
    match headers.get("content-encoding").map(|v| v.to_str().unwrap()) {
        Some("gzip") => {
            flate2::read::GzDecoder::new(body.as_ref())
                .read_to_end(&mut out)
                .unwrap();
        }
        Some("zstd") => out = zstd::decode_all(body.as_ref()).unwrap(),
        None => out = body.to_vec(),
        Some(other) => panic!("{other}"),
    }
    out
}

async fn reports(
    State(stub): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    stub.peers.lock().unwrap().insert(peer);
    if headers.get("authorization").map(HeaderValue::as_bytes) != Some(b"Bearer right") {
        let problem = json!({"detail": "no such token"});
        return (StatusCode::UNAUTHORIZED, Json(problem)).into_response();
    }
    tokio::time::sleep(std::time::Duration::from_millis(stub.delay)).await;
    let number = 1 + stub.requests.fetch_add(1, Ordering::Relaxed);
    if stub.busy_every > 0 && number.is_multiple_of(stub.busy_every) {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response();
    }
    if stub.broken_every > 0 && number.is_multiple_of(stub.broken_every) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let text = unpacked(&headers, &body);
    let mut results = Vec::new();
    let mut rejected = 0;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let report: Value = serde_json::from_slice(line).unwrap();
        let name = report["client"]["name"].as_str().unwrap().to_owned();
        if stub.rejects.is_some_and(|last| name.ends_with(last)) {
            rejected += 1;
            results.push(json!({"index": index, "status": "rejected", "problem": {}}));
            continue;
        }
        results.push(json!({"index": index, "status": "stored"}));
        let client = report["client"]["sms_guid"].as_str().unwrap().to_owned();
        stub.seen
            .lock()
            .unwrap()
            .entry(client)
            .or_default()
            .push(report);
    }
    let stored = results.len() - rejected;
    let answer = json!({"received": results.len(), "stored": stored, "unchanged": 0,
        "rejected": rejected, "results": results});
    Json(answer).into_response()
}

async fn population(State(stub): State<Shared>, headers: HeaderMap, body: String) -> Response {
    assert_eq!(headers["authorization"], "Bearer list");
    assert!(!headers.contains_key("content-encoding"));
    let rows = body.lines().count() - 1;
    *stub.population.lock().unwrap() = body;
    Json(json!({"new": rows})).into_response()
}

impl Stub {
    fn service(self: &Shared) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
        Router::new()
            .route("/api/v1/reports", post(reports))
            .route("/api/v1/population", put(population))
            .with_state(Arc::clone(self))
            .into_make_service_with_connect_info()
    }

    async fn start(self: &Shared) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.service();
        tokio::spawn(async { axum::serve(listener, service).await });
        format!("http://{address}")
    }

    /// Serves HTTPS with a certificate of its own; gives back the address and the certificate.
    fn start_tls(self: &Shared) -> (SocketAddr, String) {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let pem = own.cert.pem();
        let key = own.signing_key.serialize_pem();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.service();
        let certificate = pem.clone();
        tokio::spawn(async move {
            let config = axum_server::tls_rustls::RustlsConfig::from_pem(
                certificate.into_bytes(),
                key.into_bytes(),
            )
            .await
            .unwrap();
            axum_server::from_tcp_rustls(listener, config)
                .unwrap()
                .serve(service)
                .await
        });
        (address, pem)
    }

    fn reports_seen(&self) -> u64 {
        self.seen
            .lock()
            .unwrap()
            .values()
            .map(|all| all.len() as u64)
            .sum()
    }
}

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
