//! Exceptions as people and programs read them.

use axum::{
    extract::{FromRequestParts, State as Of},
    http::{HeaderMap, request::Parts},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Person, Reader},
    contract::{codes, params},
    manners::led_by_us,
    pages::{html, layout},
    polled::{self, Polled},
    query::{
        DEFAULT_LIMIT, Empty, ListQuery, MAX_LIMIT, Named, Once, each, site_code, unknown, yes,
    },
};
use crate::{
    clock,
    domain::{
        access::Permission,
        exceptions::{Kind, State, Step, TOGETHER},
        time::Timestamp,
        verdict::Standing,
    },
    error::Problem,
    state::App,
    store::{
        exception_list::{Exception, Which},
        identify::ClientId,
        model::{Filter, Order},
    },
    views::{
        Nav,
        exceptions::{AskForAll, ExceptionsPage, May, Offered, OneException},
        exceptions_words::{self, Told},
        headline::Piece,
        refused::Refused,
    },
    wire::FieldError,
};

/// A list of exceptions as asked for, and what has just been done, for display only.
#[derive(Clone, Debug, Default)]
pub struct ExceptionQuery {
    which: Which,
    cursor: Option<String>,
    limit: usize,
    told: Told,
}

impl<S: Send + Sync> FromRequestParts<S> for ExceptionQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)
    }
}

fn parse(text: &str) -> Result<ExceptionQuery, Vec<FieldError>> {
    let mut query = ExceptionQuery {
        limit: DEFAULT_LIMIT,
        ..ExceptionQuery::default()
    };
    each(text, Once::default(), Empty::MeansAny, |name, value| {
        apply(&mut query, name, value)
    })?;
    Ok(query)
}

fn apply(query: &mut ExceptionQuery, name: &str, value: String) -> Result<(), String> {
    let which = &mut query.which;
    let number = |value: &str| value.parse().map_err(|_| "must be a number".to_owned());
    match name {
        "state" => {
            which.state = Some(
                State::from_code(&value)
                    .ok_or_else(|| unknown(&value, &State::ALL.map(State::code)))?,
            );
        }
        "kind" => {
            which.kind = Some(
                Kind::from_code(&value)
                    .ok_or_else(|| unknown(&value, &Kind::ALL.map(Kind::code)))?,
            );
        }
        "owner" => which.owner = Some(value),
        "site" => which.site = Some(site_code(&value)?),
        "soon" => which.soon = yes(&value)?,
        "waiting" => which.waiting = yes(&value)?,
        "lapsed_lately" => which.lately = yes(&value)?,
        "unowned" => which.unowned = yes(&value)?,
        "cursor" => query.cursor = Some(value),
        "limit" => {
            query.limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?;
        }
        "what" => {
            query.told.what = Told::named(&value).ok_or_else(|| unknown(&value, &Told::WHAT))?;
        }
        _ => {
            let Some(count) = query.told.count(name) else {
                return Err(unknown(name, &params::EXCEPTIONS.map(|param| param.name)));
            };
            *count = number(&value)?;
        }
    }
    Ok(())
}

/// Exceptions, the latest request first.
#[derive(Serialize, ToSchema)]
#[schema(as = ExceptionList)]
pub(super) struct ListAnswer {
    items: Vec<ExceptionJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Exceptions in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
}

impl Polled for ListAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// An exception: one client that somebody answers for. The client stands where it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Exception)]
struct ExceptionJson {
    /// Our id of it.
    id: String,
    /// Our id of the client.
    #[schema(format = Uuid)]
    client_id: String,
    /// Name of the client.
    client_name: String,
    /// Its site; empty: not known.
    site_code: String,
    /// Where the client stands now; null: it is gone.
    #[schema(value_type = Option<codes::Standing>)]
    standing: Option<&'static str>,
    #[schema(value_type = codes::ExceptionState)]
    state: &'static str,
    #[schema(value_type = codes::ExceptionKind)]
    kind: &'static str,
    /// Why the client stays as it is.
    reason: String,
    /// The compensating control: what is done so that nothing comes of it.
    control: String,
    /// Who answers for it.
    owner: String,
    /// When it ends.
    #[schema(format = DateTime)]
    until: String,
    /// Who asked for it.
    requested_by: String,
    /// When.
    #[schema(format = DateTime)]
    requested_at: String,
    /// Who decided; null: nobody yet.
    decided_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    decided_at: Option<String>,
    /// What was said to the decision.
    decision_note: Option<String>,
    /// When it ended; null: it has not, or a moment ago.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Who ended it; `server`: it ended by itself.
    ended_by: Option<String>,
    /// Why it ended, in words; null: it has not, or nobody wrote it down.
    ended_note: Option<String>,
}

impl From<Exception> for ExceptionJson {
    fn from(one: Exception) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            id: one.id,
            client_id: one.client_id,
            client_name: one.name,
            site_code: one.site,
            standing: one.standing.map(Standing::code),
            state: one.state.code(),
            kind: one.kind.code(),
            reason: one.reason,
            control: one.control,
            owner: one.owner,
            until: one.until.to_string(),
            requested_by: one.requested_by,
            requested_at: one.requested_at.to_string(),
            decided_by: one.decided_by,
            decided_at: time(one.decided_at),
            decision_note: one.note,
            ended_at: time(one.ended_at),
            ended_by: one.ended_by,
            ended_note: one.ended_note,
        }
    }
}

/// `GET /api/v1/exceptions`
pub async fn list(
    Of(app): Of<App>,
    reader: Reader,
    headers: HeaderMap,
    query: ExceptionQuery,
) -> Result<Response, Problem> {
    if query.told != Told::default() {
        return Err(Problem::invalid(
            "?what",
            "is for the page only; leave it out",
        ));
    }
    let now = clock::now();
    let cursor = query.cursor.as_deref();
    let page = app
        .store()
        .exceptions(&query.which, &reader.sites, cursor, query.limit, now)
        .await?;
    let answer = ListAnswer {
        items: page.items.into_iter().map(ExceptionJson::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        as_of: now.to_string(),
    };
    polled::json(&headers, answer)
}

/// `/exceptions`
pub async fn page(
    Of(app): Of<App>,
    person: Person,
    headers: HeaderMap,
    query: ExceptionQuery,
) -> Result<Response, Problem> {
    shown(&app, &person, &headers, query, None).await
}

/// The list of those that wait, with a form that was refused.
pub(super) async fn list_again(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    refused: Refused,
) -> Result<Response, Problem> {
    let query = ExceptionQuery {
        which: Which {
            state: Some(State::Requested),
            ..Which::default()
        },
        limit: DEFAULT_LIMIT,
        ..ExceptionQuery::default()
    };
    shown(app, person, headers, query, Some(refused)).await
}

async fn shown(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    query: ExceptionQuery,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let store = app.store();
    let limit = query.limit.min(DEFAULT_LIMIT);
    let cursor = query.cursor.as_deref();
    let page = store
        .exceptions(&query.which, &person.sites, cursor, limit, now)
        .await?;
    let pile = store.exception_pile(&person.sites, now).await?;
    let blocking = Filter {
        standings: vec![Standing::Blocking],
        ..Filter::of(&person.sites)
    };
    let blocking = store.length(&blocking, now).await?;
    let sites = store.sites_offered(&person.sites).await?;
    let offered = Offered {
        owners: store.exception_owners(&person.sites, now).await?,
        sites: sites.codes,
        further_sites: sites.further,
    };
    let mut layout = layout(app, Nav::Exceptions, Some(person), Some(headers));
    layout.refused = refused;
    let mut page = ExceptionsPage::new(
        layout,
        &query.which,
        &page,
        (&pile, blocking),
        &offered,
        (&person.name, person.may(Permission::Decide)),
    );
    if led_by_us(headers) {
        page.told = query.told.says();
    }
    html(&page)
}

/// `/exceptions/{id}`
pub async fn one(
    Of(app): Of<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown_one(&app, &person, &id, &headers, None).await
}

/// The page of an exception, with a form that was refused.
pub(super) async fn one_again(
    app: &App,
    person: &Person,
    id: String,
    headers: &HeaderMap,
    refused: Refused,
) -> Result<Response, Problem> {
    shown_one(app, person, &id, headers, Some(refused)).await
}

async fn shown_one(
    app: &App,
    person: &Person,
    id: &str,
    headers: &HeaderMap,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let found = app
        .store()
        .exception(id, &person.sites, clock::now())
        .await?;
    let exception =
        found.ok_or_else(|| Problem::NotFound("There is no exception of this name.".to_owned()))?;
    let own = exception.requested_by == person.name;
    let may = May {
        decide: Step::Approve.is_for(person.role, own),
        withdraw: Step::Withdraw.is_for(person.role, own),
    };
    let mut layout = layout(app, Nav::Exceptions, Some(person), Some(headers));
    layout.refused = refused;
    html(&OneException::new(layout, &exception, &person.name, may))
}

/// The form for all clients of a list that was refused; it goes for the same clients.
pub(super) async fn form_again(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    ids: &str,
    refused: Refused,
) -> Result<Response, Problem> {
    let ids = ids.split(',').filter_map(|id| id.parse().ok());
    let ids: Vec<ClientId> = ids.take(TOGETHER).collect();
    let names = app.store().names_of(&ids, &person.sites).await?;
    let mut layout = layout(app, Nav::Exceptions, Some(person), Some(headers));
    layout.refused = Some(refused);
    html(&AskForAll::again(layout, names))
}

/// `GET /exceptions/new`: the form for all clients of a list, with their names.
pub async fn form(
    Of(app): Of<App>,
    person: Person,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let page = app
        .store()
        .list_by(&query.filter, Order::Name, None, TOGETHER, clock::now())
        .await?;
    let layout = layout(&app, Nav::Exceptions, Some(&person), Some(&headers));
    html(&AskForAll::new(layout, &page))
}

/// The numbers of a list before and after exceptions. Where nobody of it is under one, there is nothing to count.
pub(super) async fn side_by_side(app: &App, filter: &Filter) -> Result<Vec<Piece>, Problem> {
    let now = clock::now();
    let under_one = app.store().excepted(filter, now).await?;
    if under_one.is_empty() || !filter.possible_standings().contains(&Standing::Blocking) {
        return Ok(Vec::new());
    }
    let blocking = Filter {
        standings: vec![Standing::Blocking],
        ..filter.clone()
    };
    let blocking = app.store().length(&blocking, now).await?;
    Ok(exceptions_words::excepted(blocking, &under_one, filter))
}

/// The exceptions of a client, the latest first.
pub(super) async fn of_client(
    app: &App,
    id: &str,
    person: &Person,
) -> Result<Vec<Exception>, Problem> {
    let which = Which {
        client: id.parse().ok(),
        ..Which::default()
    };
    let page = app
        .store()
        .exceptions(&which, &person.sites, None, DEFAULT_LIMIT, clock::now())
        .await?;
    Ok(page.items)
}
