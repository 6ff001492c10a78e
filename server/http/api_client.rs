//! One client, as programs read it: every check, who said what, its history, its report.

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};

use super::{
    auth::Reader,
    client_json, media, polled,
    query::{Named, Once, form_pairs},
    timeline,
};
use crate::{
    clock,
    domain::{
        access::Sites,
        assess::{self, Prospect},
        facts::Facts,
        verdict::Verdict,
    },
    error::Problem,
    state::App,
    store::model::ClientDetail,
    wire::FieldError,
};

/// `GET /clients/{id}`: one client with every check, history and the report in force.
pub async fn client(
    State(app): State<App>,
    reader: Reader,
    Named(id): Named,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let detail = detail(
        &app,
        &id,
        older(query.as_deref())?.as_deref(),
        &reader.sites,
    )
    .await?;
    let chapters = timeline::told(app.judge(), &detail).await?;
    let judged = judged(&app, &detail)?;
    polled::json(
        &headers,
        client_json::answer(&app, detail, &judged, &chapters),
    )
}

/// The one thing that may be asked of a client: from which entry on its history is wanted.
pub fn older(query: Option<&str>) -> Result<Option<String>, Problem> {
    let mut older = None;
    let mut once = Once::default();
    for (name, value) in query.map(form_pairs).unwrap_or_default() {
        if let Err(detail) = once.check(&name) {
            return Err(Problem::invalid(&format!("?{name}"), detail));
        }
        if name != "older" {
            return Err(Problem::Invalid(vec![FieldError {
                pointer: format!("?{name}"),
                detail: "this is not known here; use older".to_owned(),
            }]));
        }
        older = Some(value).filter(|value| !value.is_empty());
    }
    Ok(older)
}

/// One client, with the page of its history behind `older`; or 404, for one of another site as for none.
pub async fn detail(
    app: &App,
    id: &str,
    older: Option<&str>,
    within: &Sites,
) -> Result<ClientDetail, Problem> {
    app.store()
        .client_before(id, older, within, clock::now())
        .await?
        .ok_or_else(|| Problem::NotFound("There is no client with this id.".to_owned()))
}

/// What the rules of this server say of a client, and what each of its sources decides.
#[derive(Debug, Default)]
pub struct Judged {
    /// Every check; `None`: it never reported.
    pub verdict: Option<Verdict>,
    /// The facts that it was made from; `None`: it never reported.
    pub facts: Option<Facts>,
    /// For each of the client's sources, the facts that rest on it, in words; empty where there is one source only.
    pub decides: Vec<Vec<String>>,
}

impl Judged {
    /// What would make it ready; `None`: nothing is known of it.
    pub fn prospect(&self, app: &App) -> Option<Prospect> {
        let facts = self.facts.as_ref()?;
        Some(assess::prospect(facts, &app.judge().policy))
    }
}

/// Every check of what counts about a client, judged by the rules of this server.
pub fn judged(app: &App, detail: &ClientDetail) -> Result<Judged, Problem> {
    if !detail.sources.is_empty() {
        let said: Vec<_> = detail.sources.iter().map(|row| row.said.clone()).collect();
        // As it was judged while that held: what has grown too old since is shown as what was last known.
        let held = detail.stale_at.map(|at| at.plus(-1));
        let as_of = held.map_or(clock::now(), |held| held.min(clock::now()));
        let joint = app.judge().judge_sources(&said, as_of);
        return Ok(Judged {
            verdict: Some(joint.verdict),
            facts: Some(joint.combined.facts),
            decides: joint.combined.decides,
        });
    }
    let Some(raw) = &detail.raw else {
        return Ok(Judged::default());
    };
    match app.judge().judge_raw(raw) {
        Ok((report, verdict)) => Ok(Judged {
            verdict: Some(verdict),
            facts: Some(report.facts),
            decides: Vec::new(),
        }),
        Err(errors) => {
            tracing::error!(
                client = detail.row.id,
                ?errors,
                "a stored report cannot be read"
            );
            Err(Problem::Internal)
        }
    }
}

/// `GET /clients/{id}/raw`: the report in force, to the byte.
pub async fn raw(
    State(app): State<App>,
    reader: Reader,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let detail = detail(&app, &id, None, &reader.sites).await?;
    let raw = detail
        .raw
        .ok_or_else(|| Problem::NotFound("This client has never reported.".to_owned()))?;
    Ok(as_file(&headers, raw))
}

/// The two names in the path of a report.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct OneReport {
    id: String,
    entry: String,
}

/// `GET /clients/{id}/reports/{entry}`: a report of the history, to the byte.
pub async fn report(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    path: Result<Path<OneReport>, PathRejection>,
) -> Result<Response, Problem> {
    let nowhere = || Problem::NotFound("There is no such report of this client.".to_owned());
    let Path(OneReport { id, entry }) = path.map_err(|_| nowhere())?;
    let raw = app.store().report(&id, &entry, &reader.sites).await?;
    Ok(as_file(&headers, raw.ok_or_else(nowhere)?))
}

fn as_file(headers: &HeaderMap, raw: Vec<u8>) -> Response {
    let said = raw.clone();
    polled::bytes(headers, &said, || {
        let headers = [
            (header::CONTENT_TYPE, media::JSON),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"report.json\"",
            ),
        ];
        (headers, raw).into_response()
    })
}
