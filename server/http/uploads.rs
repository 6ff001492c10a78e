//! Files from a browser: reports to judge, and the expected lists.

use axum::{
    extract::{
        Multipart, State,
        multipart::{MultipartError, MultipartRejection},
    },
    http::HeaderMap,
    response::Response,
};

use super::{
    auth::Person,
    body, ingest,
    pages::{html, layout},
};
use crate::{
    clock,
    domain::lists::{self, ListOrigin},
    error::Problem,
    expected::{self, Confirmed, ListAnswer},
    ingest::{Outcome, Result1},
    state::App,
    store::incoming::{Kept, Sender, Way},
    views::{
        Nav,
        population::{PopulationOutcome, PopulationPage},
        upload::{RecordOutcome, RecordStatus, UploadPage},
    },
};

/// Refused records that the page shows.
const REJECTS_SHOWN: i64 = 20;

/// `GET /upload`
pub async fn form(
    State(app): State<App>,
    Person(user): Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    upload_page(&app, &user, &headers, None).await
}

/// `POST /upload`
pub async fn take(
    State(app): State<App>,
    Person(user): Person,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let mut parts = parts.map_err(|_| unreadable())?;
    let sender = Sender::vouched(&user, Way::Upload);
    let mut records = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        let Some(file) = field.file_name().map(str::to_owned) else {
            continue;
        };
        let bytes = field.bytes().await.map_err(broken)?;
        if file.is_empty() && bytes.is_empty() {
            continue;
        }
        take_file(&app, &sender, &file, bytes.into(), &mut records).await?;
    }
    if records.is_empty() {
        records.push(refused(
            "(no file)",
            "No file was chosen. Choose one and send it again.",
        ));
    }
    upload_page(&app, &user, &headers, Some(&records)).await
}

/// One file; what is wrong with it as a whole becomes one refused record, so that the other files still count.
async fn take_file(
    app: &App,
    sender: &Sender,
    file: &str,
    bytes: Vec<u8>,
    records: &mut Vec<RecordOutcome>,
) -> Result<(), Problem> {
    let held = match body::unpacked(bytes, app.budget()).await {
        Ok(held) => held,
        Err(Problem::Busy) => return Err(Problem::Busy),
        Err(problem) => {
            records.push(refused(file, &problem.detail()));
            return Ok(());
        }
    };
    let (bytes, _room) = held.split();
    match ingest::take(app, bytes, sender).await {
        Ok(outcome) => dress(file, outcome, records),
        Err(Problem::Malformed(detail)) => records.push(refused(file, &detail)),
        Err(problem) => return Err(problem),
    }
    Ok(())
}

fn refused(file: &str, detail: &str) -> RecordOutcome {
    RecordOutcome {
        file: file.to_owned(),
        index: 0,
        status: RecordStatus::Rejected,
        client: None,
        standing: None,
        problems: vec![(String::new(), detail.to_owned())],
    }
}

fn dress(file: &str, outcome: Outcome, records: &mut Vec<RecordOutcome>) {
    for (index, result) in outcome.results.into_iter().enumerate() {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        records.push(match result {
            Result1::Kept {
                client_id,
                client_name,
                kept,
                standing,
                ..
            } => RecordOutcome {
                file: file.to_owned(),
                index,
                status: match kept {
                    Kept::Stored => RecordStatus::Stored,
                    Kept::Unchanged => RecordStatus::Unchanged,
                    Kept::Late => RecordStatus::Late,
                },
                client: Some((client_id, client_name)),
                standing: Some(standing),
                problems: Vec::new(),
            },
            Result1::Rejected(errors) => RecordOutcome {
                file: file.to_owned(),
                index,
                status: RecordStatus::Rejected,
                client: None,
                standing: None,
                problems: errors
                    .into_iter()
                    .map(|error| (error.pointer, error.detail))
                    .collect(),
            },
        });
    }
}

async fn upload_page(
    app: &App,
    user: &str,
    headers: &HeaderMap,
    records: Option<&[RecordOutcome]>,
) -> Result<Response, Problem> {
    let rejects = app.store().rejects(REJECTS_SHOWN).await?;
    let layout = layout(app, Nav::Upload, Some(user), Some(headers));
    html(&UploadPage::new(layout, records, &rejects))
}

/// `GET /population`
pub async fn population_form(
    State(app): State<App>,
    Person(user): Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    population_page(&app, &user, &headers, |_| ()).await
}

/// `POST /population`
pub async fn population(
    State(app): State<App>,
    Person(user): Person,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let mut parts = parts.map_err(|_| unreadable())?;
    let mut file = None;
    let mut confirmed = Confirmed::No;
    let mut name = lists::DEFAULT_NAME.to_owned();
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => file = Some(field.bytes().await.map_err(broken)?),
            Some("list") => {
                let given = field.text().await.map_err(broken)?;
                if !given.trim().is_empty() {
                    name = given;
                }
            }
            Some("confirm") => {
                confirmed = Confirmed::ForUpload(field.text().await.map_err(broken)?);
            }
            _ => {}
        }
    }
    let bytes = file.filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
        Problem::invalid("file", "No file was chosen. Choose one and send it again.")
    })?;
    let held = body::unpacked(bytes.into(), app.budget()).await?;
    let (bytes, _room) = held.split();
    let answer =
        expected::replace(app.store(), &name, bytes, &user, &confirmed, clock::now()).await?;
    let outcome = outcome(answer);
    population_page(&app, &user, &headers, |page| page.say_outcome(&outcome)).await
}

fn outcome(answer: ListAnswer) -> PopulationOutcome {
    let n = |n: i64| u64::try_from(n).unwrap_or(0);
    PopulationOutcome {
        list: answer.list,
        kind: ListOrigin::from_code(answer.kind).unwrap_or_default(),
        rows: n(answer.rows),
        new: n(answer.new),
        gone: n(answer.gone),
        matched: n(answer.matched),
        duplicate: n(answer.duplicate),
        left_out: n(answer.left_out),
        rejected_count: n(answer.rejected_count),
        rejected: answer
            .rejected
            .into_iter()
            .map(|row| (row.line, row.detail))
            .collect(),
        columns: answer.columns,
        ignored: answer.ignored,
        needs_confirmation: answer.needs_confirmation,
        file_hash: answer.confirmation,
    }
}

/// The page of the expected lists; `say` adds what was just done.
pub(super) async fn population_page(
    app: &App,
    user: &str,
    headers: &HeaderMap,
    say: impl FnOnce(&mut PopulationPage) + Send,
) -> Result<Response, Problem> {
    let population = app.store().population(clock::now()).await?;
    let layout = layout(app, Nav::Population, Some(user), Some(headers));
    let mut page = PopulationPage::new(layout, &population, None);
    say(&mut page);
    html(&page)
}

fn broken(error: MultipartError) -> Problem {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge(format!(
            "An upload may have {} MiB; send the files in several uploads.",
            body::LARGEST >> 20
        ))
    } else {
        unreadable()
    }
}

fn unreadable() -> Problem {
    Problem::Malformed(
        "The upload cannot be read; choose the files again and send them.".to_owned(),
    )
}
