//! What is taken away of a decision: the signed record, and the sheet for the board.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    super::{auth::Person, query::Named},
    decision,
    kept::{leftovers, whole},
    whole_record,
};
use crate::{
    error::Problem,
    state::App,
    views::{
        Page as _,
        cutover::decision::{Frozen, SheetPage},
    },
};

/// Leftovers on the sheet.
const ON_SHEET: usize = 2_000;

pub(super) fn attached(name: &str, kind: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// `GET /cutover/decisions/{number}/record`: the signed file, streamed.
pub async fn record(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    whole_record(&head, &person.sites)?;
    let name = format!("decision-{}.ndjson", decision.number);
    let body = whole(&app, decision)?;
    Ok(attached(&name, "application/x-ndjson", body))
}

/// `GET /cutover/decisions/{number}/sheet`: one file for the board that needs nothing else.
pub async fn sheet(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    whole_record(&head, &person.sites)?;
    let (rows, count) = leftovers(&app, decision.number, &head, &person.sites, ON_SHEET).await?;
    let page = SheetPage {
        frozen: Frozen::new(&decision, &head, &person.sites),
        leftovers: rows,
        count,
    };
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a sheet could not be rendered");
        Problem::Internal
    })?;
    let name = format!("decision-{}.html", decision.number);
    Ok(attached(&name, "text/html; charset=utf-8", text.into()))
}
