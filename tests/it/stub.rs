//! A server that answers reports as the contract says and remembers them, busy or broken when told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    collections::{HashMap, HashSet},
    io::Read as _,
    net::{SocketAddr, TcpListener},
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
use serde_json::{Value, json};

#[derive(Default)]
pub struct Stub {
    pub requests: AtomicU64,
    /// Every n-th request is refused as too busy; 0: none.
    pub busy_every: u64,
    /// Every n-th request is answered with 500; 0: none.
    pub broken_every: u64,
    /// Reports of clients whose name ends so are rejected.
    pub rejects: Option<char>,
    /// Milliseconds before an answer.
    pub delay: u64,
    pub seen: Mutex<HashMap<String, Vec<Value>>>,
    pub population: Mutex<String>,
    pub peers: Mutex<HashSet<SocketAddr>>,
}

pub type Shared = Arc<Stub>;

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

    pub async fn start(self: &Shared) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.service();
        tokio::spawn(async { axum::serve(listener, service).await });
        format!("http://{address}")
    }

    /// Serves HTTPS with a certificate of its own; gives back the address and the certificate.
    pub fn start_tls(self: &Shared) -> (SocketAddr, String) {
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

    pub fn reports_seen(&self) -> u64 {
        self.seen
            .lock()
            .unwrap()
            .values()
            .map(|all| all.len() as u64)
            .sum()
    }
}
