//! What programs read: summary, lists, refused records.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::Reader,
    contract::said::ErrorPlace,
    export::{ClientJson, PopulationJson},
    polled::{self, Polled},
    query::{ListQuery, Nothing},
    summary_json::{Beside, SummaryAnswer},
    trend,
    whole::{self, Format},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{days::date_of, feeds::day_of, verdict::Standing},
    error::Problem,
    state::App,
    store::model::Filter,
    views::{change, links::ListKind},
    wire::FieldError,
};

/// Refused records in one answer.
pub(super) const REJECTS: i64 = 100;

/// `GET /summary`: counts by standing, by OS version, by reason, and what they cover.
///
/// With filters: the same of the clients that they describe.
pub async fn summary(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let summary = app
        .store()
        .selection(&query.filter, &app.judge().ruleset, clock::now())
        .await?;
    let week_ago = day_of(summary.as_of) - change::DAYS;
    // Days are kept for the estate; a selection has no numbers of a week ago.
    let then = if query.filter.is_everybody() {
        app.store()
            .systems_of_day(week_ago, &query.filter.within)
            .await?
    } else {
        None
    };
    let regressed = trend::regressed(&app, &query.filter, summary.as_of).await?;
    let beside = Beside {
        ruleset: &app.judge().ruleset,
        then: then.as_ref(),
        // None: no numbers were kept 7 days ago, so no change is known.
        since: then.as_ref().map(|_| date_of(week_ago)),
        regressed,
    };
    polled::json(&headers, SummaryAnswer::new(summary, beside))
}

/// `GET /clients`: everyone, unless the filter says otherwise.
pub async fn clients(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    list(&app, &headers, query, ListKind::Clients)
        .await
        .map(vary)
}

/// `GET /blockers`: who is not cleared; the blocking ones, unless the filter names other standings.
pub async fn blockers(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    if query.standing_given && query.filter.standings.is_empty() {
        query.filter.standings = Standing::not_cleared();
    }
    if query.filter.standings.contains(&Standing::Ready) {
        return Err(Problem::invalid(
            "?standing",
            "ready clients are not blockers; ask /api/v1/clients for them",
        ));
    }
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    }
    list(&app, &headers, query, ListKind::Blockers)
        .await
        .map(vary)
}

/// A page of a list, and what the whole covers.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientList)]
pub(super) struct ListAnswer {
    items: Vec<ClientJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Clients in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    population: PopulationJson,
}

impl Polled for ListAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

async fn list(
    app: &App,
    headers: &HeaderMap,
    query: ListQuery,
    kind: ListKind,
) -> Result<Response, Problem> {
    let format = whole::format(headers, &query)?;
    whole::check(format, &query)?;
    if format != Format::Json {
        return whole::answer(app, query, format, kind).await;
    }
    let now = clock::now();
    let page = app
        .store()
        .list_by(
            &query.filter,
            query.order,
            query.cursor.as_deref(),
            query.limit,
            now,
        )
        .await?;
    let population = app.store().population(&query.filter.within, now).await?;
    let answer = ListAnswer {
        items: page.items.into_iter().map(ClientJson::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        as_of: now.to_string(),
        ruleset: app.judge().ruleset.to_string(),
        population: population.into(),
    };
    let total = answer.total;
    let mut response = polled::json(headers, answer)?;
    response.headers_mut().insert(whole::TOTAL, total.into());
    Ok(response)
}

/// The same address answers in several forms.
fn vary(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The latest refused records.
#[derive(Serialize, ToSchema)]
pub(super) struct RejectList {
    items: Vec<Reject>,
}

impl Polled for RejectList {
    fn moments(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// A record that was refused.
#[derive(Serialize, ToSchema)]
struct Reject {
    /// Our id of the refusal.
    id: String,
    /// When it came in.
    #[schema(format = DateTime)]
    received_at: String,
    /// Who sent it: the name of a user or of a token.
    sent_by: String,
    /// Its place in the request, from 0.
    index: i64,
    /// Its length in bytes.
    length: i64,
    /// What is wrong with it.
    #[schema(value_type = Vec<ErrorPlace>)]
    errors: Vec<FieldError>,
    /// Its beginning, made printable.
    excerpt: String,
}

/// `GET /rejects`: the latest refused records.
pub async fn rejects(
    State(app): State<App>,
    _: Reader,
    _: WholeEstate,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let rows = app.store().rejects(REJECTS).await?;
    let items = rows.into_iter().map(|row| Reject {
        id: row.id,
        received_at: row.received_at.to_string(),
        sent_by: row.sent_by,
        index: row.index,
        length: row.length,
        errors: row
            .errors
            .into_iter()
            .map(|(pointer, detail)| FieldError { pointer, detail })
            .collect(),
        excerpt: row.excerpt,
    });
    let items = items.collect();
    polled::json(&headers, RejectList { items })
}

/// The filter of a page, for its downloads.
pub fn blockers_filter(mut query: ListQuery) -> Filter {
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    } else if query.filter.standings.is_empty() {
        query.filter.standings = Standing::not_cleared();
    }
    query.filter
}
