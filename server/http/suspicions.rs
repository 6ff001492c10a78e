//! Suspicions: what people and programs read of them, and how somebody closes them.

use axum::{
    extract::{FromRequestParts, State as Of},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Person, Reader},
    contract::{codes, params},
    form::{Field, Sent},
    lists::reason,
    manners::led_by_us,
    pages::{html, layout},
    polled::{self, Polled},
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each, unknown},
};
use crate::{
    clock,
    domain::{
        access::{Permission, Sites},
        exceptions::TOGETHER,
        suspicions::Kind,
        verdict::Standing,
    },
    error::Problem,
    state::App,
    store::{
        suspicion_closing::Closing,
        suspicion_list::{Closed, State, Suspicion, Which, Whom},
    },
    views::{
        Nav, links,
        suspicions::{SuspicionRow, SuspicionsPage},
    },
    wire::FieldError,
};

/// So many stand on the page of a client.
const OF_A_CLIENT: usize = 10;

/// A list of suspicions as asked for, and how many have just been closed, for display only.
#[derive(Clone, Debug, Default)]
pub struct SuspicionQuery {
    which: Which,
    cursor: Option<String>,
    limit: usize,
    done: Option<bool>,
}

impl<S: Send + Sync> FromRequestParts<S> for SuspicionQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)
    }
}

fn parse(text: &str) -> Result<SuspicionQuery, Vec<FieldError>> {
    let mut query = SuspicionQuery {
        limit: DEFAULT_LIMIT,
        ..SuspicionQuery::default()
    };
    each(text, Once::default(), Empty::MeansAny, |name, value| {
        apply(&mut query, name, value)
    })?;
    Ok(query)
}

fn apply(query: &mut SuspicionQuery, name: &str, value: String) -> Result<(), String> {
    let which = &mut query.which;
    match name {
        "state" => {
            which.state = State::from_code(&value)
                .ok_or_else(|| unknown(&value, &State::ALL.map(State::code)))?;
        }
        "kind" => {
            which.kind = Some(
                Kind::from_code(&value)
                    .ok_or_else(|| unknown(&value, &Kind::ALL.map(Kind::code)))?,
            );
        }
        "client" => {
            let id = value.parse();
            which.client = Some(id.map_err(|_| "must be our id of a client".to_owned())?);
        }
        "cursor" => query.cursor = Some(value),
        "limit" => {
            query.limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?;
        }
        "done" => {
            query.done = Some(match value.as_str() {
                SOME => true,
                NONE => false,
                _ => return Err(unknown(&value, &[SOME, NONE])),
            });
        }
        _ => {
            let known = params::SUSPICIONS.map(|param| param.name);
            return Err(unknown(name, &known));
        }
    }
    Ok(())
}

/// Suspicions, the latest first.
#[derive(Serialize, ToSchema)]
pub(super) struct SuspicionList {
    items: Vec<SuspicionJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Suspicions in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
}

impl Polled for SuspicionList {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// What reports did that honest machines seldom do. Something to look at, and never a verdict.
#[derive(Serialize, ToSchema)]
#[schema(as = Suspicion)]
struct SuspicionJson {
    /// Our id of it.
    #[schema(format = Uuid)]
    id: String,
    #[schema(value_type = codes::SuspicionKind)]
    kind: &'static str,
    /// The client that it is about; null: it is about a sender.
    client: Option<SuspectedClient>,
    /// Id of the token that the reports came with; empty: none, or several.
    token: String,
    /// Of a burst from one address: that address; else null.
    address: Option<String>,
    /// Name of whoever sent the latest of these reports.
    sent_by: String,
    /// The address that it came from; empty: not over the network.
    sent_from: String,
    /// What was known before, in plain words; of `site` the code of the site; empty: nothing was, or it says nothing here.
    was: String,
    /// What the latest of these reports said, in plain words.
    became: String,
    /// One of these reports turned a client ready.
    turned_ready: bool,
    /// The first of these reports.
    #[schema(format = DateTime)]
    first_at: String,
    /// The latest.
    #[schema(format = DateTime)]
    last_at: String,
    /// How many; of a burst: how many clients turned ready.
    times: i64,
    /// How it was closed; null: it is open.
    closed: Option<ClosedSuspicion>,
}

/// The client that a suspicion is about, as it is now.
#[derive(Serialize, ToSchema)]
struct SuspectedClient {
    /// Our id of it.
    #[schema(format = Uuid)]
    id: String,
    /// Its name; empty: it is gone.
    name: String,
    /// Its site; empty: not known.
    site_code: String,
    /// Where it stands; null: it is gone.
    #[schema(value_type = Option<codes::Standing>)]
    standing: Option<&'static str>,
}

/// How a suspicion was closed.
#[derive(Serialize, ToSchema)]
struct ClosedSuspicion {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    by: String,
    /// Why.
    why: String,
    /// The reports that it is about were set aside.
    set_aside: bool,
}

impl From<Whom> for SuspectedClient {
    fn from(client: Whom) -> Self {
        Self {
            id: client.id,
            name: client.name,
            site_code: client.site,
            standing: client.standing.map(Standing::code),
        }
    }
}

impl From<Closed> for ClosedSuspicion {
    fn from(closed: Closed) -> Self {
        Self {
            at: closed.at.to_string(),
            by: closed.by,
            why: closed.why,
            set_aside: closed.set_aside,
        }
    }
}

impl From<Suspicion> for SuspicionJson {
    fn from(one: Suspicion) -> Self {
        Self {
            id: one.id,
            kind: one.kind.code(),
            client: one.client.map(Into::into),
            token: one.token,
            address: Some(one.about).filter(|about| one.kind == Kind::Burst && !about.is_empty()),
            sent_by: one.sent_by,
            sent_from: one.sent_from,
            was: one.was,
            became: one.became,
            turned_ready: one.turned,
            first_at: one.first_at.to_string(),
            last_at: one.last_at.to_string(),
            times: one.times,
            closed: one.closed.map(Into::into),
        }
    }
}

/// `GET /api/v1/suspicions`
pub async fn list(
    Of(app): Of<App>,
    reader: Reader,
    headers: HeaderMap,
    query: SuspicionQuery,
) -> Result<Response, Problem> {
    if query.done.is_some() {
        return Err(Problem::invalid(
            "?done",
            "is for the page only; leave it out",
        ));
    }
    let cursor = query.cursor.as_deref();
    let page = app
        .store()
        .suspicions(&query.which, &reader.sites, cursor, query.limit)
        .await?;
    let answer = SuspicionList {
        items: page.items.into_iter().map(SuspicionJson::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        as_of: clock::now().to_string(),
    };
    polled::json(&headers, answer)
}

/// `/suspicions`
pub async fn page(
    Of(app): Of<App>,
    person: Person,
    headers: HeaderMap,
    query: SuspicionQuery,
) -> Result<Response, Problem> {
    let limit = query.limit.min(DEFAULT_LIMIT);
    let cursor = query.cursor.as_deref();
    let page = app
        .store()
        .suspicions(&query.which, &person.sites, cursor, limit)
        .await?;
    let mut layout = layout(&app, Nav::Suspicions, Some(&person), Some(&headers));
    // How many, the list of those that are closed tells.
    let done = query.done.filter(|_| led_by_us(&headers));
    layout.notice = done.map(|some| {
        let said = if some {
            "What was ticked and still open is closed. It stays readable, with your reason, in the list of those that are closed."
        } else {
            "Nothing was closed: what was ticked is closed already, or not yours to close."
        };
        said.to_owned()
    });
    let may = person.may(Permission::Feed) || person.may(Permission::Decide);
    let closer = may.then_some(&person.sites);
    html(&SuspicionsPage::new(layout, &query.which, &page, closer))
}

/// What the page says after a form that closed something, and after one that did not.
const SOME: &str = "some";
const NONE: &str = "none";

/// The form that closes.
const CLOSING: &[Field] = &[Field::Often("id"), Field::Once("why")];

/// `POST /suspicions/close`: all that are ticked, for one reason.
pub async fn close(Of(app): Of<App>, person: Person, sent: Sent) -> Result<Response, Problem> {
    let pairs = sent.only(CLOSING)?;
    let why = pairs.iter().find(|(name, _)| name == "why");
    let why = reason(why.map_or("", |(_, why)| why.as_str()))?;
    let ids: Vec<String> = pairs
        .into_iter()
        .filter(|(name, _)| name == "id")
        .map(|(_, id)| id)
        .collect();
    if ids.is_empty() || ids.len() > TOGETHER {
        return Err(Problem::invalid(
            "/id",
            format!("tick 1 to {TOGETHER} suspicions"),
        ));
    }
    let closed = app
        .store()
        .close_suspicions(ids, why, person.author, person.sites, clock::now())
        .await?;
    let done = match closed {
        Closing::Done(0) => NONE,
        Closing::Done(_) => SOME,
        Closing::NotBothSites(some) => return Err(Problem::Forbidden(not_both_sites(some))),
    };
    Ok(Redirect::to(&format!("{}?done={done}", links::SUSPICIONS)).into_response())
}

fn not_both_sites(some: usize) -> String {
    format!(
        "Nothing was closed: {some} of those ticked say that a client left a site for another one. That is closed only by somebody who may see both sites, and every site where the first one was not known. Ask somebody who may, or tick the others alone."
    )
}

/// The suspicions about a client, the latest first, and the bursts that it belongs to. For whoever may see the client: the page
/// says of a burst that there was one, and neither who else is in it nor how many, so it is no list of another site.
pub(super) async fn of_client(app: &App, id: &str) -> Result<Vec<SuspicionRow>, Problem> {
    let Ok(client) = id.parse() else {
        return Ok(Vec::new());
    };
    let which = Which {
        state: State::Any,
        client: Some(client),
        ..Which::default()
    };
    let page = app
        .store()
        .suspicions(&which, &Sites::all(), None, OF_A_CLIENT)
        .await?;
    let now = clock::now();
    let rows = page.items.iter().map(|one| SuspicionRow::new(one, now));
    Ok(rows.collect())
}
