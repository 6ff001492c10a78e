//! `POST /api/v1/reports` and `PUT /api/v1/population`: how programs feed the server.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Planner, Reporter},
    body,
    contract::{codes, said},
    lists::ListQuery,
    media,
};
use crate::{
    clock,
    domain::{bound::Bound, lists, verdict::Standing},
    error::Problem,
    expected::{self, Confirmed, Planning},
    ingest::{self, Outcome, Result1},
    state::App,
    store::incoming::{Kept, Sender},
    wire::report_v1,
};

/// How long reports that have arrived may wait to be written, before their sender is told to come again. Shorter
/// than the time a request has, whose end would read as the sender's fault.
const LONGEST_WAIT: Duration = Duration::from_secs(40);

/// What became of the reports of a request; it comes after they are durable.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportsAnswer {
    /// Reports in the request.
    received: usize,
    /// Those that say something new.
    stored: usize,
    /// Those that say what was known already.
    unchanged: usize,
    /// Those that were not taken.
    rejected: usize,
    /// Each of them, in the order of the request.
    results: Vec<RecordAnswer>,
}

/// What became of one report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordResult)]
struct RecordAnswer {
    /// Its place in the request, from 0.
    index: usize,
    /// Id of the report, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    report_id: Option<String>,
    /// Our id of the client; not there when it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Uuid)]
    client_id: Option<String>,
    #[schema(value_type = codes::RecordStatus)]
    status: &'static str,
    /// How the client stands now. A token for reports is told how it would stand by this report alone; nothing of a late report, and nothing where it is ready by this report and not by what else is known. Not there when it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = codes::Standing)]
    standing: Option<&'static str>,
    /// Kept in the history only, because a newer report was there; not there when it is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    /// Why it was rejected; not there otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = said::Problem)]
    problem: Option<serde_json::Value>,
}

/// Takes reports; answers after they are durable.
pub async fn reports(
    State(app): State<App>,
    Reporter(sender): Reporter,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_reports(&headers)?;
    let held = body::read(&headers, body, app.budget()).await?;
    let (bytes, _room) = held.split();
    let outcome = take(&app, bytes, &sender).await?;
    Ok(Json(settled(outcome)?).into_response())
}

/// Whether the body says of itself that it can be reports.
pub(super) fn check_reports(headers: &HeaderMap) -> Result<(), Problem> {
    check_type(
        headers,
        REPORTS,
        "Reports are JSON: send application/json (one object or an array) or application/x-ndjson (one object a line).",
    )
}

/// What is answered; one report that was refused makes the request a bad one.
pub(super) fn settled(outcome: Outcome) -> Result<ReportsAnswer, Problem> {
    if outcome.single
        && let [Result1::Rejected(errors)] = outcome.results.as_slice()
    {
        if outcome.oversized {
            return Err(Problem::TooLarge(format!(
                "A report may have {} MiB; this one is larger.",
                report_v1::MAX_RECORD >> 20
            )));
        }
        return Err(Problem::Invalid(errors.clone()));
    }
    Ok(answer(outcome))
}

/// The way in that API and page share.
pub async fn take(app: &App, bytes: Vec<u8>, sender: &Sender) -> Result<Outcome, Problem> {
    take_of(app, bytes, sender, None).await
}

/// The same of a sender that may speak of one machine only.
pub(super) async fn take_of(
    app: &App,
    bytes: Vec<u8>,
    sender: &Sender,
    bound: Option<Bound>,
) -> Result<Outcome, Problem> {
    let taking = ingest::take_of(app.store(), app.judge(), bytes, clock::now(), sender, bound);
    // What is on its way to the writer is still written; sent again, it is found unchanged.
    tokio::time::timeout(LONGEST_WAIT, taking)
        .await
        .map_err(|_| Problem::Busy)?
        .map_err(|error| match error {
            ingest::Error::Body(detail) => Problem::Malformed(detail),
            ingest::Error::Store(error) => match error {
                // Whatever went wrong, nothing unacknowledged is lost if it is sent again.
                crate::store::Error::Database(cause) => {
                    tracing::error!(error = %cause, "reports could not be kept");
                    Problem::Unavailable
                }
                other => other.into(),
            },
        })
}

/// Media types under which anything may come, because many senders say nothing better.
const ANY: [&str; 4] = [
    "",
    "application/octet-stream",
    // What curl --data-binary says when nobody tells it otherwise.
    "application/x-www-form-urlencoded",
    "text/plain",
];

/// Media types of reports.
const REPORTS: &[&str] = &[
    media::JSON,
    media::NDJSON,
    "application/ndjson",
    "application/jsonl",
    "text/json",
];

/// Media types of lists; a browser on Windows calls a CSV file one of Excel.
const LISTS: &[&str] = &[
    media::CSV,
    media::JSON,
    "application/csv",
    "application/vnd.ms-excel",
    "text/json",
    "text/tab-separated-values",
];

pub(super) fn check_type(headers: &HeaderMap, taken: &[&str], remedy: &str) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let value = value.to_str().unwrap_or("-");
    let kind = value.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    if ANY.contains(&kind.as_str()) || taken.contains(&kind.as_str()) {
        return Ok(());
    }
    Err(Problem::Unsupported(remedy.to_owned()))
}

/// What says that it is JSON is an array or an object. Anything else would be taken for the name of a device, and could
/// put a list of one in force.
fn check_json(headers: &HeaderMap, bytes: &[u8]) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let says_json = kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with(media::JSON);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        // Where a byte-order mark comes first, what follows is read as it is.
        Some(b'[' | b'{' | 0x80..) | None => Ok(()),
        Some(_) if says_json => Err(Problem::invalid(
            "",
            "this says that it is JSON, but starts like none; send an array of objects, or names, one a line, as text/csv",
        )),
        Some(_) => Ok(()),
    }
}

fn answer(outcome: Outcome) -> ReportsAnswer {
    let mut answer = ReportsAnswer {
        received: outcome.results.len(),
        stored: 0,
        unchanged: 0,
        rejected: 0,
        results: Vec::with_capacity(outcome.results.len()),
    };
    for (index, result) in outcome.results.into_iter().enumerate() {
        let record = match result {
            Result1::Kept {
                report_id,
                client_id,
                kept,
                standing,
                ..
            } => {
                if kept == Kept::Unchanged {
                    answer.unchanged += 1;
                } else {
                    answer.stored += 1;
                }
                RecordAnswer {
                    index,
                    report_id,
                    client_id: Some(client_id),
                    status: if kept == Kept::Unchanged {
                        "unchanged"
                    } else {
                        "stored"
                    },
                    standing: standing.map(Standing::code),
                    late: kept == Kept::Late,
                    problem: None,
                }
            }
            Result1::Rejected(errors) => {
                answer.rejected += 1;
                RecordAnswer {
                    index,
                    report_id: None,
                    client_id: None,
                    status: "rejected",
                    standing: None,
                    late: false,
                    problem: Some(Problem::Invalid(errors).to_json()),
                }
            }
        };
        answer.results.push(record);
    }
    answer
}

/// Replaces the expected list called `?list=NAME`. `?confirm=1` puts a list in force that hides clients, and
/// `?confirm_shrink=N` with `why` one by which many go.
pub async fn population(
    State(app): State<App>,
    planner: Planner,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_type(
        &headers,
        LISTS,
        "An expected list is a table or JSON: send text/csv (a device list, or one name a line) or application/json (an array). Save a workbook as CSV first.",
    )?;
    let query = ListQuery::of(query.as_deref())?;
    let confirmed = Confirmed::ByNumber(query.agreed);
    let because = planner.author.because(query.why);
    let name = query.list.as_deref().unwrap_or(lists::DEFAULT_NAME);
    let held = body::read(&headers, body, app.budget()).await?;
    let (bytes, _room) = held.split();
    check_json(&headers, &bytes)?;
    let by = Planning {
        name: &planner.name,
        sites: &planner.sites,
        because,
    };
    let answer = expected::replace(app.store(), name, bytes, by, &confirmed, clock::now()).await?;
    match answer.needs_confirmation {
        Some(why) => Err(Problem::NeedsConfirmation(format!(
            "{why} {}",
            expected::remedy(answer.number)
        ))),
        None => Ok(Json(answer).into_response()),
    }
}
