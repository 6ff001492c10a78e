//! A small server that vouches for people. It checks what it is told as a real one would, and says whatever a test wants.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use axum_server::tls_rustls::RustlsConfig;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Trip;

pub const CLIENT: &str = "cutover-test";
pub const SECRET: &str = "canary-of-the-client";

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time").as_secs()
}

fn text(part: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part)
}

/// A key that proofs are signed with.
pub struct Key {
    pair: EcdsaKeyPair,
    pub id: String,
}

impl Key {
    pub fn new(id: &str) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            id: id.to_owned(),
        }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": text(&point[1..33]), "y": text(&point[33..65]),
        })
    }
}

/// How a proof is signed.
pub enum Signed {
    /// With the key of now.
    Well,
    /// With a key that nobody published, under the name of one that is.
    ByAnother,
    /// Not at all.
    Not,
    /// With the secret of the client.
    WithTheSecret,
    /// There is none.
    Missing,
}

struct Inner {
    key: Key,
    published: Value,
    claims: Value,
    challenge: String,
    redirect: String,
    signed: Signed,
    user: Option<Value>,
    down: bool,
    codes: usize,
}

/// The server.
pub struct Fake {
    pub issuer: String,
    inner: Arc<Mutex<Inner>>,
}

type Shared = State<(String, Arc<Mutex<Inner>>)>;

impl Fake {
    pub fn start() -> Self {
        Self::serve(None)
    }

    /// One that speaks TLS with this certificate and key, as PEM.
    pub async fn start_with(certificate: String, key: String) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let tls = RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await;
        Self::serve(Some(tls.expect("a certificate and its key")))
    }

    fn serve(tls: Option<RustlsConfig>) -> Self {
        let key = Key::new("first");
        let published = json!({"keys": [key.public()]});
        let inner = Arc::new(Mutex::new(Inner {
            key,
            published,
            claims: Value::Null,
            challenge: String::new(),
            redirect: String::new(),
            signed: Signed::Well,
            user: None,
            down: false,
            codes: 0,
        }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let issuer = match tls {
            Some(_) => format!("https://localhost:{}", address.port()),
            None => format!("http://{address}"),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/user", get(user))
            .with_state((issuer.clone(), Arc::clone(&inner)));
        let routes = routes.into_make_service();
        if let Some(tls) = tls {
            let server = axum_server::from_tcp_rustls(listener, tls).expect("a server");
            tokio::spawn(server.serve(routes));
        } else {
            let server = axum_server::from_tcp(listener).expect("a server");
            tokio::spawn(server.serve(routes));
        }
        Self { issuer, inner }
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.lock().expect("nobody failed"));
    }

    /// Somebody is about to come for a proof of this.
    pub fn expect(&self, trip: &Trip, claims: Value) {
        self.change(|inner| {
            inner.claims = claims;
            inner.challenge.clone_from(&trip.challenge);
            inner.redirect.clone_from(&trip.redirect);
        });
    }

    pub fn sign(&self, signed: Signed) {
        self.change(|inner| inner.signed = signed);
    }

    /// What it says of whoever is asked for.
    pub fn says(&self, user: Value) {
        self.change(|inner| inner.user = Some(user));
    }

    pub fn down(&self, down: bool) {
        self.change(|inner| inner.down = down);
    }

    /// Signs with another key from now on, and publishes it alone.
    pub fn rotate(&self, id: &str) {
        self.change(|inner| {
            inner.key = Key::new(id);
            inner.published = json!({"keys": [inner.key.public()]});
        });
    }

    /// How often a code was brought.
    pub fn codes(&self) -> usize {
        self.inner.lock().expect("nobody failed").codes
    }
}

async fn discovery(State((issuer, inner)): Shared) -> Response {
    if inner.lock().expect("nobody failed").down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/user"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // All of them, so that what is refused is refused by us.
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
    }))
    .into_response()
}

async fn keys(State((_, inner)): Shared) -> Response {
    Json(inner.lock().expect("nobody failed").published.clone()).into_response()
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

async fn token(
    State((_, inner)): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut inner = inner.lock().expect("nobody failed");
    inner.codes += 1;
    let basic = format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}"))
    );
    if headers
        .get("authorization")
        .is_none_or(|sent| *sent != *basic)
    {
        return refused("invalid_client");
    }
    let part = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let verifier = text(Sha256::digest(part("code_verifier")));
    let fits = part("grant_type") == "authorization_code"
        && part("code") == "the-code"
        && part("redirect_uri") == inner.redirect
        && verifier == inner.challenge;
    if !fits {
        return refused("invalid_grant");
    }
    let mut answer = json!({"access_token": "an-access-token", "token_type": "Bearer"});
    if let Some(proof) = proof(&inner) {
        answer["id_token"] = proof.into();
    }
    Json(answer).into_response()
}

fn proof(inner: &Inner) -> Option<String> {
    let head = match inner.signed {
        Signed::Missing => return None,
        Signed::Not => json!({"alg": "none"}),
        Signed::WithTheSecret => json!({"alg": "HS256"}),
        Signed::Well | Signed::ByAnother => json!({"alg": "ES256", "kid": inner.key.id}),
    };
    let said = format!(
        "{}.{}",
        text(head.to_string()),
        text(inner.claims.to_string())
    );
    let by = |key: &Key| {
        let signature = key.pair.sign(&SystemRandom::new(), said.as_bytes());
        text(signature.expect("a signature"))
    };
    let signature = match inner.signed {
        Signed::Well => by(&inner.key),
        Signed::ByAnother => by(&Key::new("another")),
        Signed::WithTheSecret => {
            use hmac::Mac as _;
            let mac = hmac::Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
            text(
                mac.expect("any key")
                    .chain_update(&said)
                    .finalize()
                    .into_bytes(),
            )
        }
        Signed::Not | Signed::Missing => String::new(),
    };
    Some(format!("{said}.{signature}"))
}

async fn user(State((_, inner)): Shared, headers: HeaderMap) -> Response {
    if headers
        .get("authorization")
        .is_none_or(|sent| sent != "Bearer an-access-token")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let inner = inner.lock().expect("nobody failed");
    let nothing = || json!({"sub": inner.claims["sub"]});
    Json(inner.user.clone().unwrap_or_else(nothing)).into_response()
}
