//! Who comes in: found out once for each request, and handed to handlers by extractors named like what they are for.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::FromRequestParts,
    http::{Extensions, header, request::Parts},
};
use axum_extra::extract::CookieJar;

use super::{from_where::FromWhere, within};
use crate::{
    clock,
    domain::{
        access::{Permission, Role, Sites},
        audit::{Actor, Author},
    },
    error::Problem,
    state::App,
    store::{
        accounts::By,
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

/// Which tokens were right a moment ago.
#[derive(Debug, Default)]
pub struct Guard {
    tokens: Mutex<HashMap<String, (Instant, Token)>>,
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
}

/// Who is asking. On every request whose rule lets it in, as an extension; a route for whoever asks has none.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// A token.
    Program(Token),
    /// Somebody who has signed in.
    Person(Person),
}

impl Caller {
    /// Which sites it may see.
    pub(super) fn sites(&self) -> Sites {
        match self {
            Self::Program(token) => token.sites.clone(),
            Self::Person(person) => person.sites.clone(),
        }
    }

    /// Who it is, for the audit log.
    fn author(&self, parts: &Parts) -> Author {
        match self {
            Self::Program(token) => author_of(parts, token),
            Self::Person(person) => person.author.clone(),
        }
    }
}

/// Finds out who is asking.
///
/// # Errors
/// Nobody is known, or the store failed.
pub(super) async fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let text = value
            .to_str()
            .ok()
            .and_then(|text| {
                let (scheme, rest) = text.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
            })
            .ok_or(Problem::Unauthorized)?;
        let from = address(&parts.extensions);
        let mut token = app.guard().token(app, text, from).await?;
        // What it does not say itself is as the server is set.
        token
            .new_ids_per_hour
            .get_or_insert(app.new_clients_per_hour());
        return Ok(Caller::Program(token));
    }
    let jar = CookieJar::from_headers(&parts.headers);
    let name = cookie_name(app);
    let Some(cookie) = jar.get(name) else {
        return Err(Problem::Unauthorized);
    };
    let holder = app
        .store()
        .session_holder(cookie.value(), app.lasting(), clock::now())
        .await?;
    holder
        .map(|holder| {
            Caller::Person(Person {
                role: holder.role,
                sites: holder.sites,
                session: holder.session,
                must_change: holder.must_change,
                lacks_factor: holder.password_only && app.needs_second_factor(holder.role),
                author: author(parts, Actor::Person(holder.name.clone())),
                name: holder.name,
            })
        })
        .ok_or(Problem::Unauthorized)
}

/// Who it is for the audit log, and from where.
fn author(parts: &Parts, by: Actor) -> Author {
    Author::new(by, address(&parts.extensions))
}

fn author_of(parts: &Parts, token: &Token) -> Author {
    let (id, name) = (token.id.clone(), token.name.clone());
    author(parts, Actor::Token { id, name })
}

/// The cookie's name for how this server is reached.
pub fn cookie_name(app: &App) -> &'static str {
    if app.secure_cookies() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

/// What a token is called where its deeds are told.
fn called(token: &Token) -> Arc<str> {
    format!("token {}", token.name).into()
}

/// Who was let in.
fn admitted(parts: &Parts) -> Result<&Caller, Problem> {
    parts.extensions.get().ok_or_else(|| {
        tracing::error!(
            path = parts.uri.path(),
            "a route asks for a caller that its rule does not"
        );
        Problem::Internal
    })
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
    /// Who it is, for the audit log.
    pub author: Author,
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
    /// Who it is, for the audit log.
    pub author: Author,
}

/// May replace the expected list: a population token, or a person.
#[derive(Clone, Debug)]
pub struct Planner {
    /// Name of the person, or `token NAME`.
    pub name: Arc<str>,
    /// Which sites it may see.
    pub sites: Sites,
    /// Who it is, for the audit log.
    pub author: Author,
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
    /// Public id of the session.
    pub session: String,
    /// The password is for once, and another has to be chosen.
    pub must_change: bool,
    /// The role needs a second factor, and there is none.
    pub lacks_factor: bool,
    /// Who it is, for the audit log.
    pub author: Author,
}

impl Person {
    /// Whether the person may do that.
    pub const fn may(&self, what: Permission) -> bool {
        self.role.may(what)
    }

    /// The person as somebody who changes something.
    pub fn by(&self, from: Option<IpAddr>) -> By {
        By {
            at: clock::now(),
            author: Author::new(Actor::Person(self.name.clone()), from),
        }
    }
}

/// From which address a request comes, where that is known.
pub fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<FromWhere>().map(|FromWhere(from)| *from)
}

macro_rules! from_caller {
    ($who:ident, |$parts:ident, $caller:ident, $sites:ident| $made:expr) => {
        impl<S: Send + Sync> FromRequestParts<S> for $who {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let $parts: &Parts = parts;
                let $sites = within::of($parts)?;
                let $caller = admitted($parts)?;
                $made
            }
        }
    };
}

from_caller!(Reader, |parts, caller, sites| Ok(Self {
    name: match caller {
        Caller::Program(token) => called(token),
        Caller::Person(person) => person.name.as_str().into(),
    },
    sites,
    author: caller.author(parts),
}));
from_caller!(Planner, |parts, caller, sites| {
    let name = match caller {
        Caller::Program(token) => called(token),
        Caller::Person(person) => {
            within::whole_estate(&sites)?;
            person.name.as_str().into()
        }
    };
    Ok(Self {
        name,
        sites,
        author: caller.author(parts),
    })
});
from_caller!(Reporter, |parts, caller, sites| {
    let sender = match caller {
        Caller::Program(token) if token.purpose == Purpose::Ingest => {
            Sender::claimed(&called(token)).with_token(&token.id)
        }
        Caller::Program(token) => {
            Sender::vouched(&called(token), Way::Report).with_token(&token.id)
        }
        Caller::Person(person) => {
            within::whole_estate(&sites)?;
            Sender::vouched(&person.name, Way::Report)
        }
    };
    let new_ids = match caller {
        Caller::Program(token) => token.new_ids_per_hour.unwrap_or_default(),
        Caller::Person(_) => 0,
    };
    Ok(Self(Sender {
        sites,
        new_ids,
        ..sender.at(address(&parts.extensions))
    }))
});
from_caller!(Importer, |parts, caller, sites| {
    let (sender, token) = match caller {
        Caller::Program(token) => {
            let sender = Sender::vouched(&called(token), Way::Upload).with_token(&token.id);
            (sender, Some(token.id.clone()))
        }
        Caller::Person(person) => {
            within::whole_estate(&sites)?;
            (Sender::vouched(&person.name, Way::Upload), None)
        }
    };
    Ok(Self {
        sender: Sender {
            sites,
            ..sender.at(address(&parts.extensions))
        },
        token,
        author: caller.author(parts),
    })
});
from_caller!(Person, |_parts, caller, sites| match caller {
    Caller::Person(person) => Ok(Self {
        sites,
        ..person.clone()
    }),
    Caller::Program(_) => Err(Problem::Forbidden(
        "This page is for people; programs use /api/v1.".to_owned(),
    )),
});
