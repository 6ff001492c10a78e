//! One client, as programs read it: every check, who said what, its history, its report.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use serde_json::json;

use super::{auth::Reader, export::ClientJson, query::Named};
use crate::{
    clock,
    domain::{
        assess,
        verdict::{CheckResult, Verdict},
    },
    error::Problem,
    state::App,
    store::model::ClientDetail,
};

/// `GET /clients/{id}`: one client with every check, history and the report in force.
pub async fn client(
    State(app): State<App>,
    _: Reader,
    Named(id): Named,
) -> Result<Response, Problem> {
    let detail = detail(&app, &id).await?;
    let Judged { verdict, decides } = judged(&app, &detail)?;
    let sources: Vec<_> = detail
        .sources
        .iter()
        .zip(decides)
        .map(|(source, decides)| {
            json!({
                "collected_at": source.collected_at.to_string(),
                "received_at": source.received_at.to_string(),
                "last_seen_at": source.said.seen_at.to_string(),
                "sent_by": source.sent_by,
                "way": source.way,
                "trust": source.said.trust.code(),
                "decides": decides,
                "report": serde_json::from_slice::<Box<serde_json::value::RawValue>>(&source.said.raw).ok(),
            })
        })
        .collect();
    let raw: Option<Box<serde_json::value::RawValue>> = detail
        .raw
        .as_deref()
        .and_then(|raw| serde_json::from_slice(raw).ok());
    let history: Vec<_> = detail
        .history
        .iter()
        .map(|entry| {
            json!({
                "collected_at": entry.collected_at.to_string(),
                "received_at": entry.received_at.to_string(),
                "report_id": entry.report_id,
                "verdict": entry.verdict.code(),
                "impact": entry.impact.map(crate::domain::verdict::Impact::code),
                "reasons": assess::reasons_in(entry.reasons).map(|r| r.code).collect::<Vec<_>>(),
                "ruleset": entry.ruleset,
                "late": entry.late,
                "sent_by": entry.sent_by,
            })
        })
        .collect();
    let suspects: Vec<_> = detail
        .suspects
        .iter()
        .map(|other| json!({"id": other.id, "name": other.name, "shares": other.shares}))
        .collect();
    #[derive(Serialize)]
    struct Answer {
        #[serde(flatten)]
        client: ClientJson,
        as_of: String,
        judged_by: String,
        checks: Vec<serde_json::Value>,
        notes: Vec<serde_json::Value>,
        suspected_duplicates: Vec<serde_json::Value>,
        /// Empty where there is one source: the report below.
        sources: Vec<serde_json::Value>,
        history: Vec<serde_json::Value>,
        report: Option<Box<serde_json::value::RawValue>>,
    }
    let (checks, notes) = verdict.map_or_else(Default::default, |verdict| {
        (
            verdict.checks.iter().map(check_json).collect(),
            verdict
                .notes
                .iter()
                .map(|note| json!({"code": note.code, "message": note.message}))
                .collect(),
        )
    });
    Ok(Json(Answer {
        client: detail.row.into(),
        as_of: clock::now().to_string(),
        judged_by: app.judge().ruleset.to_string(),
        checks,
        notes,
        suspected_duplicates: suspects,
        sources,
        history,
        report: raw,
    })
    .into_response())
}

/// A check result as the contract has it.
pub fn check_json(check: &CheckResult) -> serde_json::Value {
    json!({
        "id": check.id,
        "outcome": check.outcome.code(),
        "reason": check.reason,
        "message": check.message,
        "expected": check.expected,
        "observed": check.observed,
        "fix": check.fix,
        "sources": check.sources,
        "disputed": check.disputed,
    })
}

/// One client, or 404.
pub async fn detail(app: &App, id: &str) -> Result<ClientDetail, Problem> {
    app.store()
        .client(id, clock::now())
        .await?
        .ok_or_else(|| Problem::NotFound("There is no client with this id.".to_owned()))
}

/// What the rules of this server say of a client, and what each of its sources decides.
#[derive(Debug, Default)]
pub struct Judged {
    /// Every check; `None`: it never reported.
    pub verdict: Option<Verdict>,
    /// For each of the client's sources, the facts that rest on it, in words; empty where there is one source only.
    pub decides: Vec<Vec<String>>,
}

/// Every check of what counts about a client, judged by the rules of this server.
pub fn judged(app: &App, detail: &ClientDetail) -> Result<Judged, Problem> {
    if !detail.sources.is_empty() {
        let said: Vec<_> = detail.sources.iter().map(|row| row.said.clone()).collect();
        let joint = app.judge().judge_sources(&said);
        return Ok(Judged {
            verdict: Some(joint.verdict),
            decides: joint.combined.decides,
        });
    }
    let Some(raw) = &detail.raw else {
        return Ok(Judged::default());
    };
    match app.judge().judge_raw(raw) {
        Ok((_, verdict)) => Ok(Judged {
            verdict: Some(verdict),
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
pub async fn raw(State(app): State<App>, _: Reader, Named(id): Named) -> Result<Response, Problem> {
    let detail = detail(&app, &id).await?;
    let raw = detail
        .raw
        .ok_or_else(|| Problem::NotFound("This client has never reported.".to_owned()))?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"report.json\"",
            ),
        ],
        raw,
    )
        .into_response())
}
