//! Who may come in: extractors named like roles. A handler that names one is authorised.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use axum_extra::extract::CookieJar;
use tokio::sync::Semaphore;

use super::{from_where::FromWhere, pacing::Use};
use crate::{
    clock,
    domain::{
        access::{Role, Sites},
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::{
        incoming::{Sender, Way},
        tokens::{Purpose, Token},
    },
};

/// Name of the session cookie over TLS. The prefix makes browsers insist on `Secure` and on this host.
pub const SECURE_COOKIE: &str = "__Host-cutover";
/// Its name on plain loopback HTTP, where a browser would refuse the prefix.
pub const PLAIN_COOKIE: &str = "cutover";

/// How long a token is believed without asking the database again; a revoked one holds no longer than this.
const BELIEVED: Duration = Duration::from_secs(5);
/// Tokens remembered at most.
const REMEMBERED: usize = 4_096;
/// How often the last use of a token is written down.
const NOTED: i64 = 60_000;
/// Failed sign-ins from all sides within a minute, above which everyone waits.
const FAILURES: usize = 20;

/// Which tokens were right a moment ago, how many sign-ins failed, and how many passwords are being checked.
#[derive(Debug)]
pub struct Guard {
    tokens: Mutex<HashMap<String, (Instant, Token)>>,
    failures: Mutex<Vec<Instant>>,
    // A password check takes some 20 MB and 40 ms on purpose; a storm of them must not take the machine.
    checks: Semaphore,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            tokens: Mutex::default(),
            failures: Mutex::default(),
            checks: Semaphore::new(2),
        }
    }
}

impl Guard {
    /// The token a text belongs to, if it holds and may be used from there.
    async fn token(&self, app: &App, text: &str, from: Option<IpAddr>) -> Result<Token, Problem> {
        let token = self.believed(app, text, from).await?;
        let token = token.ok_or(Problem::Unauthorized)?;
        // Only whoever has the secret is told more than that it does not hold. Asked each time, also of a token that
        // was right a moment ago.
        if token.is_expired(clock::now()) {
            return Err(Problem::Expired);
        }
        if !token.holds_from(from) {
            return Err(Problem::Forbidden(
                "This token may not be used from this address.".to_owned(),
            ));
        }
        Ok(token)
    }

    async fn believed(
        &self,
        app: &App,
        text: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<Token>, Problem> {
        let known = {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens
                .get(text)
                .filter(|(at, _)| at.elapsed() < BELIEVED)
                .map(|(_, token)| token.clone())
        };
        if known.is_some() {
            return Ok(known);
        }
        let Some(token) = app.store().token(text).await? else {
            return Ok(None);
        };
        let now = clock::now();
        let used_lately = token
            .last_used_at
            .is_some_and(|used| now.since(used) <= NOTED);
        if !used_lately && !token.is_expired(now) && token.holds_from(from) {
            // Not worth holding up a report for.
            let store = app.store().clone();
            let id = token.id.clone();
            tokio::spawn(async move {
                if let Err(error) = store.token_used(id, from, now).await {
                    tracing::warn!(%error, "the last use of a token could not be written down");
                }
            });
        }
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= REMEMBERED {
            tokens.clear();
        }
        tokens.insert(text.to_owned(), (Instant::now(), token.clone()));
        Ok(Some(token))
    }

    fn too_many_failures(&self) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|at| at.elapsed() < Duration::from_secs(60));
        failures.len() >= FAILURES
    }

    fn note_failure(&self) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Instant::now());
    }

    /// Checks a name and a password. An unknown name costs as much as a wrong password.
    ///
    /// # Errors
    /// Too many failures lately, or the store failed.
    pub async fn check(
        &self,
        app: &App,
        name: &str,
        password: String,
    ) -> Result<Option<String>, Problem> {
        if self.too_many_failures() {
            return Err(Problem::TooManyAttempts);
        }
        let stored = app.store().password_hash(name).await?;
        let (user, hash) = stored.unwrap_or_else(|| (String::new(), NOBODY.to_owned()));
        let _turn = self.checks.acquire().await.map_err(|_| Problem::Busy)?;
        let right = tokio::task::spawn_blocking(move || verify(&password, &hash))
            .await
            .map_err(|_| Problem::Internal)?;
        if right && !user.is_empty() {
            return Ok(Some(user));
        }
        self.note_failure();
        Ok(None)
    }
}

/// A hash no password fits, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3dOsIFXDHaPVcZCNaDJ8ACZQ7wPS+gmfzPSwXWdMXyM";

/// Hashes a password with Argon2id (19 MiB, two passes).
///
/// # Errors
/// The system gave no random salt.
pub fn hash_password(password: &str) -> Result<String, String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| format!("the password could not be hashed: {error}"))
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Who is asking, as far as it is known.
enum Caller {
    Program(Token),
    Person(Person),
}

async fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let text = value
            .to_str()
            .ok()
            .and_then(|text| {
                let (scheme, rest) = text.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
            })
            .ok_or(Problem::Unauthorized)?;
        let from = sent_from(parts);
        return app
            .guard()
            .token(app, text, from)
            .await
            .map(Caller::Program);
    }
    let jar = CookieJar::from_headers(&parts.headers);
    let name = cookie_name(app);
    let Some(cookie) = jar.get(name) else {
        return Err(Problem::Unauthorized);
    };
    app.store()
        .session_user(cookie.value(), clock::now())
        .await?
        .map(|name| {
            Caller::Person(Person {
                name,
                role: Role::Administrator,
                sites: Sites::all(),
            })
        })
        .ok_or(Problem::Unauthorized)
}

/// The address a request comes from.
fn sent_from(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get().map(|FromWhere(from)| *from)
}

/// The cookie's name for how this server is reached.
pub fn cookie_name(app: &App) -> &'static str {
    if app.secure_cookies() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

fn only(token: &Token, purpose: Purpose) -> Result<Arc<str>, Problem> {
    if token.purpose == purpose {
        return Ok(format!("token {}", token.name).into());
    }
    Err(Problem::Forbidden(format!(
        "This token is for {} only; this call needs one for {}.",
        token.purpose.code(),
        purpose.code()
    )))
}

/// May send reports: an ingest token, an import token, or a person. How far a report is believed depends on which.
#[derive(Clone, Debug)]
pub struct Reporter(pub Sender);

/// May bring in files of any format: an import token, or a person.
#[derive(Clone, Debug)]
pub struct Importer {
    /// Who it is, vouched for.
    pub sender: Sender,
    /// Id of the token; `None`: a person. A person sees what others have sent, a program what came with its token, and
    /// nothing of another one that is called the same.
    pub token: Option<String>,
}

impl Importer {
    /// Of which token it may see uploads; `None`: everybody's.
    pub fn only(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

/// May read: a read token, or a person.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Name of the person, or `token NAME`.
    pub name: Arc<str>,
    /// Which sites it may see.
    pub sites: Sites,
}

/// May replace the expected list: a population token, or a person.
#[derive(Clone, Debug)]
pub struct Planner {
    /// Name of the person, or `token NAME`.
    pub name: Arc<str>,
    /// Which sites it may see.
    pub sites: Sites,
}

/// A person who has signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Name of the account.
    pub name: String,
    /// What the person is here for.
    pub role: Role,
    /// Which sites the person may see.
    pub sites: Sites,
}

macro_rules! role {
    ($role:ident, $purpose:expr) => {
        impl<S> FromRequestParts<S> for $role
        where
            App: FromRef<S>,
            S: Send + Sync,
        {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let app = App::from_ref(state);
                match caller(parts, &app).await? {
                    Caller::Program(token) => {
                        let name = only(&token, $purpose)?;
                        app.pacer().ask(parts, &token.id, Use::Reading)?;
                        Ok(Self {
                            name,
                            sites: token.sites,
                        })
                    }
                    Caller::Person(person) => Ok(Self {
                        name: person.name.into(),
                        sites: person.sites,
                    }),
                }
            }
        }
    };
}
impl<S> FromRequestParts<S> for Reporter
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        Ok(Self(
            match caller(parts, &app).await? {
                Caller::Person(person) => Sender {
                    sites: person.sites,
                    ..Sender::vouched(&person.name, Way::Report)
                },
                Caller::Program(token) => {
                    let sender = if token.purpose == Purpose::Import {
                        Sender::vouched(&only(&token, Purpose::Import)?, Way::Report)
                    } else {
                        Sender::claimed(&only(&token, Purpose::Ingest)?)
                    };
                    app.pacer().ask(parts, &token.id, Use::Sending)?;
                    Sender {
                        new_ids: token.new_ids_per_hour.unwrap_or(app.new_clients_per_hour()),
                        sites: token.sites.clone(),
                        ..sender.with_token(&token.id)
                    }
                }
            }
            .at(sent_from(parts)),
        ))
    }
}

impl<S> FromRequestParts<S> for Importer
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let (name, token, sites): (Arc<str>, Option<String>, Sites) =
            match caller(parts, &app).await? {
                Caller::Person(person) => (person.name.into(), None, person.sites),
                Caller::Program(token) => {
                    let name = only(&token, Purpose::Import)?;
                    app.pacer().ask(parts, &token.id, Use::Sending)?;
                    (name, Some(token.id), token.sites)
                }
            };
        let sender = Sender::vouched(&name, Way::Upload).at(sent_from(parts));
        Ok(Self {
            sender: Sender {
                sites,
                ..sender.with_token(token.as_deref().unwrap_or_default())
            },
            token,
        })
    }
}

role!(Reader, Purpose::Read);
role!(Planner, Purpose::Population);

impl<S> FromRequestParts<S> for Person
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        match caller(parts, &app).await? {
            Caller::Person(person) => Ok(person),
            Caller::Program(_) => Err(Problem::Forbidden(
                "This page is for people; programs use /api/v1.".to_owned(),
            )),
        }
    }
}

/// A session that was just started: the secret for its cookie.
///
/// # Errors
/// The store failed.
pub async fn start_session(app: &App, user: String, now: Timestamp) -> Result<String, Problem> {
    Ok(app.store().start_session(user, now).await?)
}
