//! A program that is told: takes messages, checks their signatures by itself, and answers what it was told to.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

/// What it answers.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

/// A message that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).expect("a header");
        value.to_str().expect("text")
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether one of its signatures is of this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("the prefix");
        let key = STANDARD.decode(key).expect("base64");
        let timestamp: i64 = self.header("webhook-timestamp").parse().expect("seconds");
        let signed = format!("{}.{timestamp}.{}", self.id(), self.body);
        let wanted = format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())));
        self.header("webhook-signature")
            .split(' ')
            .any(|given| given == wanted)
    }
}

/// HMAC-SHA256 as RFC 2104 describes it, made of nothing but the hash.
pub fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = block.map(|byte| byte ^ 0x36);
    let outer = block.map(|byte| byte ^ 0x5c);
    let inside = Sha256::digest([&inner[..], text].concat());
    Sha256::digest([&outer[..], &inside[..]].concat()).to_vec()
}

#[derive(Default)]
struct Inner {
    replies: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

/// The program.
pub struct Receiver {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner::default());
        let app = Self::app(&inner);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, inner }
    }

    /// The same over HTTPS.
    pub fn start_with(tls: rustls::ServerConfig) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("not blocking");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner::default());
        let service = Self::app(&inner).into_make_service();
        let tls = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(tls));
        let server = axum_server::from_tcp_rustls(listener, tls).expect("a server");
        tokio::spawn(server.serve(service));
        Self { address, inner }
    }

    fn app(inner: &Arc<Inner>) -> Router {
        Router::new().fallback(take).with_state(Arc::clone(inner))
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks/tls?key=of-the-target", self.address)
    }

    /// What it answers next; 204 when there is nothing left.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.replies.lock().expect("alive").extend(replies);
    }

    /// What has arrived since the last time.
    pub fn taken(&self) -> Vec<Received> {
        std::mem::take(&mut *self.inner.received.lock().expect("alive"))
    }

    /// The same, once there is something.
    pub async fn wait(&self) -> Vec<Received> {
        let arrived = async {
            loop {
                let next = self.inner.arrived.notified();
                let taken = self.taken();
                if !taken.is_empty() {
                    return taken;
                }
                next.await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), arrived)
            .await
            .expect("a message arrives")
    }
}

async fn take(
    State(inner): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    inner.received.lock().expect("alive").push(Received {
        path: uri.to_string(),
        headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    });
    inner.arrived.notify_one();
    let reply = inner.replies.lock().expect("alive").pop_front();
    let reply = reply.unwrap_or_else(|| Reply::status(204));
    let status = StatusCode::from_u16(reply.status).expect("a status");
    let mut response = (status, reply.body).into_response();
    for (name, value) in reply.headers {
        let value = value.parse().expect("a value");
        response.headers_mut().insert(name, value);
    }
    response
}
