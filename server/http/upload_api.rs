//! `/api/v1/uploads`: files of any format, for programs.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::{
    auth::Importer,
    query::{DEFAULT_LIMIT, MAX_LIMIT, Named, form_pairs},
    receiving::receive,
    table::{csv_record, harmless},
};
use crate::{
    clock,
    domain::verdict::Standing,
    error::Problem,
    state::App,
    store::{
        Store,
        upload_model::{Lack, RowOutcome, RowStatus, Shown, State as Step, Upload, UploadRow},
    },
    uploads::{Chosen, by_itself_of, names_of, told_of},
};

/// The longest that `?wait=` waits, seconds.
const LONGEST_WAIT: u64 = 30;
/// Rejected rows read at a time for their file; each may hold 64 KiB.
const AT_A_TIME: i64 = 50;

/// `POST /uploads`
pub async fn add(
    State(app): State<App>,
    importer: Importer,
    request: Request,
) -> Result<Response, Problem> {
    let id = receive(&app, &importer, request).await?;
    let upload = found(&app, &importer, &id).await?;
    let location = format!("/api/v1/uploads/{id}");
    let answer = Json(upload_json(&upload));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], answer).into_response())
}

/// `GET /uploads`
pub async fn list(
    State(app): State<App>,
    importer: Importer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = Asked::of(query.as_deref(), &["cursor", "limit"])?;
    let before = asked.cursor.clone().unwrap_or_default();
    if !before.is_empty() && uuid::Uuid::parse_str(&before).is_err() {
        return Err(Problem::Malformed(
            "this cursor was not made by this server for the list of uploads; start again without a cursor"
                .to_owned(),
        ));
    }
    let found = app
        .store()
        .uploads(importer.only(), &before, asked.limit + 1)
        .await?;
    let (items, next) = cut(found, asked.limit, |last| last.id.clone());
    let items: Vec<Value> = items.iter().map(upload_json).collect();
    Ok(Json(json!({"items": items, "next_cursor": next})).into_response())
}

/// `GET /uploads/{id}`; with `?wait=SECONDS` answers when the server is no longer at work on it.
pub async fn one(
    State(app): State<App>,
    importer: Importer,
    Named(id): Named,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = Asked::of(query.as_deref(), &["wait"])?;
    let until = tokio::time::Instant::now() + Duration::from_secs(asked.wait);
    let mut upload = found(&app, &importer, &id).await?;
    while upload.state.is_busy() && tokio::time::Instant::now() < until {
        app.bell().moved().await;
        upload = found(&app, &importer, &id).await?;
    }
    Ok(Json(upload_json(&upload)).into_response())
}

/// `GET /uploads/{id}/rows`
pub async fn rows(
    State(app): State<App>,
    importer: Importer,
    Named(id): Named,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let known = ["cursor", "limit", "status", "by_itself", "lacks"];
    let asked = Asked::of(query.as_deref(), &known)?;
    let upload = found(&app, &importer, &id).await?;
    let from = match &asked.cursor {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| {
            Problem::invalid("?cursor", "must be the next_cursor of the page before")
        })?,
    };
    let found = app
        .store()
        .upload_rows(&id, asked.shown, from, asked.limit + 1)
        .await?;
    let (items, next) = cut(found, asked.limit, |last| (last.n + 1).to_string());
    let items: Vec<Value> = items.iter().map(row_json).collect();
    let gone = Store::upload_rows_are_gone(upload.state, upload.finished_at, clock::now());
    Ok(Json(json!({
        "items": items,
        "next_cursor": next,
        "rows_are_gone": gone,
    }))
    .into_response())
}

/// `POST /uploads/{id}/commit`
pub async fn commit(
    State(app): State<App>,
    importer: Importer,
    Named(id): Named,
) -> Result<Response, Problem> {
    let upload = store_it(&app, &importer, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(upload_json(&upload))).into_response())
}

/// `POST /uploads/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    importer: Importer,
    Named(id): Named,
) -> Result<Response, Problem> {
    let upload = discard(&app, &importer, &id).await?;
    Ok(Json(upload_json(&upload)).into_response())
}

/// Has a preview stored. Asked twice it is the same.
///
/// # Errors
/// There is nothing to store (409), or no such upload.
pub async fn store_it(app: &App, importer: &Importer, id: &str) -> Result<Upload, Problem> {
    found(app, importer, id).await?;
    let by = importer.sender.name.to_string();
    let begun = app
        .store()
        .commit_upload(id.to_owned(), by, importer.author.clone(), clock::now())
        .await?;
    if begun {
        app.bell().ring();
    }
    let upload = found(app, importer, id).await?;
    match upload.state {
        Step::Committing | Step::Done => Ok(upload),
        Step::Reading => Err(Problem::Conflict(
            "The files are still being read. Wait for the preview, then store it.".to_owned(),
        )),
        _ => Err(Problem::Conflict(
            "This upload is over, and nothing more of it can be stored. Send the files again."
                .to_owned(),
        )),
    }
}

/// Ends an upload. Asked twice it is the same.
///
/// # Errors
/// It is over in another way (409), or there is no such upload.
pub async fn discard(app: &App, importer: &Importer, id: &str) -> Result<Upload, Problem> {
    found(app, importer, id).await?;
    let why = format!("Discarded by {}.", importer.sender.name);
    app.store()
        .cancel_upload(id.to_owned(), why, importer.author.clone(), clock::now())
        .await?;
    let upload = found(app, importer, id).await?;
    if upload.state == Step::Cancelled {
        return Ok(upload);
    }
    Err(Problem::Conflict(
        "This upload is over already; what was stored of it stays.".to_owned(),
    ))
}

/// `GET /uploads/{id}/rejected`: what was not taken, as a table.
pub async fn rejected(
    State(app): State<App>,
    importer: Importer,
    Named(id): Named,
) -> Result<Response, Problem> {
    found(&app, &importer, &id).await?;
    let heading = ["file", "place", "problem", "raw"].map(str::to_owned);
    let heading = csv_record(heading.into_iter()).map_err(|_| Problem::Internal)?;
    let file = format!("rejected-{id}.csv");
    let rows = stream::unfold(Some((app, id, 0, heading)), |at| async move {
        let (app, id, from, mut piece) = at?;
        let rows = match app.store().rejected_upload_rows(&id, from, AT_A_TIME).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "a list of rejected rows broke off");
                return Some((Err(std::io::Error::other("the list broke off")), None));
            }
        };
        let next = rows.last().map(|row| row.n + 1);
        for row in rows {
            let raw = String::from_utf8_lossy(&row.raw).into_owned();
            let cells = [row.file_name, row.place, row.problem, raw];
            match csv_record(cells.iter().map(|cell| harmless(cell))) {
                Ok(line) => piece.extend(line),
                Err(error) => return Some((Err(std::io::Error::other(error)), None)),
            }
        }
        let next = next.map(|next| (app, id, next, Vec::new()));
        Some((Ok::<Bytes, std::io::Error>(piece.into()), next))
    });
    let mut response = Body::from_stream(futures::StreamExt::fuse(rows)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// An upload that the caller may see, or 404.
///
/// # Errors
/// There is none, or it is somebody else's.
pub async fn found(app: &App, importer: &Importer, id: &str) -> Result<Upload, Problem> {
    let nothing = || Problem::NotFound("There is no upload with this id.".to_owned());
    if id.contains('\0') {
        return Err(nothing());
    }
    app.store()
        .upload(id)
        .await?
        .filter(|upload| importer.only().is_none_or(|only| only == upload.token))
        .ok_or_else(nothing)
}

/// What the address asks for.
pub struct Asked {
    /// Where to go on.
    pub cursor: Option<String>,
    /// Rows of a page.
    pub limit: i64,
    /// Which rows.
    pub shown: Shown,
    /// The page tells why the files were read once more.
    pub again: bool,
    wait: u64,
}

impl Asked {
    /// Reads it; only `names` are known.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn of(query: Option<&str>, names: &[&str]) -> Result<Self, Problem> {
        let mut asked = Self {
            cursor: None,
            limit: i64::try_from(DEFAULT_LIMIT).unwrap_or(100),
            shown: Shown::All,
            again: false,
            wait: 0,
        };
        for (name, value) in query.map(form_pairs).unwrap_or_default() {
            if value.is_empty() {
                continue;
            }
            let wrong = |detail: String| Problem::invalid(&format!("?{name}"), detail);
            if !names.contains(&name.as_str()) || value.contains('\0') {
                return Err(wrong(format!("use {}", names.join(", "))));
            }
            match name.as_str() {
                "cursor" => asked.cursor = Some(value),
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
                    let limit = limit.and_then(|limit| i64::try_from(limit).ok());
                    asked.limit = limit
                        .ok_or_else(|| wrong(format!("must be a number from 1 to {MAX_LIMIT}")))?;
                }
                // One of these: there is one list of each.
                "status" | "by_itself" | "lacks" if asked.shown != Shown::All => {
                    return Err(wrong(
                        "use one of status, by_itself and lacks at a time".to_owned(),
                    ));
                }
                "status" => asked.shown = shown(&value).map_err(wrong)?,
                "by_itself" => {
                    let standing = Standing::from_code(&value).ok_or_else(|| {
                        let codes = Standing::ALL.map(Standing::code).join(", ");
                        wrong(format!("use one of {codes}"))
                    })?;
                    asked.shown = Shown::ByItself(standing);
                }
                "lacks" if value == Lack::View.code() => {
                    asked.shown = Shown::Lacking(Lack::View);
                }
                "lacks" => return Err(wrong(format!("use {}", Lack::View.code()))),
                "again" => asked.again = true,
                _ => {
                    let wait = value.parse().ok().filter(|wait| *wait <= LONGEST_WAIT);
                    asked.wait = wait
                        .ok_or_else(|| wrong(format!("must be seconds, at most {LONGEST_WAIT}")))?;
                }
            }
        }
        Ok(asked)
    }
}

fn shown(code: &str) -> Result<Shown, String> {
    let statuses = RowStatus::ALL.map(|status| (status.code(), Shown::Status(status)));
    // A new device is one before and after it is stored.
    let outcomes = [RowOutcome::Changed, RowOutcome::Unchanged, RowOutcome::Late];
    let outcomes = outcomes.map(|outcome| (outcome.code(), Shown::Outcome(outcome)));
    let all: Vec<(&str, Shown)> = statuses.into_iter().chain(outcomes).collect();
    let known = all.iter().find(|(known, _)| *known == code);
    known.map(|(_, shown)| *shown).ok_or_else(|| {
        let codes: Vec<&str> = all.iter().map(|(code, _)| *code).collect();
        format!("use one of {}", codes.join(", "))
    })
}

/// The rows of a page, and where the next one begins.
pub fn cut<T>(
    mut found: Vec<T>,
    limit: i64,
    cursor: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(cursor);
    (found, next)
}

/// An upload as programs read it.
fn upload_json(upload: &Upload) -> Value {
    let chosen = Chosen::of(&upload.options);
    let hash: String = upload
        .file_hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let counts = upload.counts;
    let by_itself = by_itself_of(&upload.by_itself);
    json!({
        "id": upload.id,
        "state": upload.state.code(),
        "created_at": upload.created_at.to_string(),
        "created_by": upload.created_by,
        "committed_at": upload.committed_at.map(|at| at.to_string()),
        "committed_by": upload.committed_by,
        "finished_at": upload.finished_at.map(|at| at.to_string()),
        "way": upload.way,
        "files": names_of(&upload.names),
        "sha256": hash,
        "bytes": upload.bytes,
        "options": chosen,
        "collected_at": upload.collected_at.map(|at| at.to_string()),
        "format": upload.format,
        "told": told_of(&upload.told),
        "rows": {"total": counts.total, "done": counts.done, "about": upload.about},
        "found": {"new": counts.found_new, "known": counts.found_known},
        "would": {
            "new": counts.would_new,
            "changed": counts.would_changed,
            "unchanged": counts.would_unchanged,
            "late": counts.would_late,
        },
        "by_itself": by_itself.standings,
        "lacks": {"view": by_itself.lacking_view},
        "stored": {
            "new": counts.stored_new,
            "changed": counts.stored_changed,
            "unchanged": counts.stored_unchanged,
            "late": counts.stored_late,
        },
        "rejected": counts.rejected,
        "asked": upload.completeness.map(|(asked, _)| asked),
        "answered": upload.completeness.map(|(_, answered)| answered),
        "problem": upload.problem,
    })
}

fn row_json(row: &UploadRow) -> Value {
    json!({
        "index": row.n,
        "file": row.file_name,
        "place": row.place,
        "status": row.status.code(),
        "name": row.name,
        "client_id": row.client.as_ref().map(|(id, _)| id),
        "client_name": row.client.as_ref().map(|(_, name)| name),
        "notes": row.notes,
        "problem": row.problem,
        "forecast": row.forecast.map(RowOutcome::code),
        "outcome": row.outcome,
        "by_itself": row.by_itself.map(Standing::code),
        "standing": row.standing.map(Standing::code),
    })
}
