//! What programs read: summary, lists, one client, health.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;

use super::{
    auth::Reader,
    export::{self, ClientJson, OsJson, PopulationJson},
    query::{ListQuery, Named},
};
use crate::{
    clock,
    domain::{
        assess,
        verdict::{CheckResult, Standing, Verdict},
    },
    error::Problem,
    state::App,
    store::model::{ClientDetail, Filter, Summary},
};

/// `GET /summary`: counts by standing, by OS version, by reason, and what they cover.
pub async fn summary(State(app): State<App>, _: Reader) -> Result<Response, Problem> {
    let summary = app
        .store()
        .summary(&app.judge().ruleset, clock::now())
        .await?;
    Ok(Json(summary_json(summary, &app.judge().ruleset)).into_response())
}

fn summary_json(summary: Summary, ruleset: &str) -> serde_json::Value {
    let standings = |map: &std::collections::BTreeMap<Standing, i64>| -> serde_json::Value {
        Standing::ALL
            .into_iter()
            .map(|standing| {
                (
                    standing.code().to_owned(),
                    map.get(&standing).copied().unwrap_or(0).into(),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let by_os: Vec<_> = summary
        .by_os
        .iter()
        .map(|line| {
            let reason = line
                .top_reason
                .as_ref()
                .and_then(|(code, n)| assess::reason(code).map(|reason| (reason, *n)));
            json!({
                "os": OsJson::of(&line.os_key),
                "total": line.total,
                "no_verdict": line.no_verdict(),
                "standings": standings(&line.standings),
                "top_reason": reason.map(|(reason, n)| json!({
                    "reason": reason.code, "title": reason.title, "clients": n,
                    "fix": reason.fix, "fix_title": reason.fix_title,
                })),
            })
        })
        .collect();
    let reasons: Vec<_> = summary
        .reasons
        .iter()
        .map(|line| {
            let known = assess::reason(&line.reason);
            json!({
                "reason": line.reason,
                "title": known.map(|reason| reason.title),
                "fix": known.map(|reason| reason.fix),
                "fix_title": known.map(|reason| reason.fix_title),
                "blocking": line.blocking,
                "undetermined": line.undetermined,
            })
        })
        .collect();
    let by_site: Vec<_> = summary
        .by_site
        .iter()
        .map(|(site, map)| json!({"site_code": site, "standings": standings(map)}))
        .collect();
    let impacts: serde_json::Map<_, _> = crate::domain::verdict::Impact::ALL
        .into_iter()
        .map(|impact| {
            let n = summary.impacts.get(&impact).copied().unwrap_or(0);
            (impact.code().to_owned(), n.into())
        })
        .collect();
    json!({
        "as_of": summary.as_of.to_string(),
        "ruleset": ruleset,
        "to_rejudge": summary.to_rejudge,
        "standings": standings(&summary.population.standings),
        "impacts": impacts,
        "by_os": by_os,
        "by_site": by_site,
        "reasons": reasons,
        "population": PopulationJson::from(summary.population),
    })
}

/// `GET /clients`: everyone, unless the filter says otherwise.
pub async fn clients(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    list(&app, &headers, query, "clients").await
}

/// `GET /blockers`: who is not cleared; the blocking ones, unless the filter names other standings.
pub async fn blockers(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    if query.standing_given && query.filter.standings.is_empty() {
        query.filter.standings = not_cleared();
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
    list(&app, &headers, query, "blockers").await
}

/// Every standing that is not cleared: what `standing=all` means in the blocker list.
pub fn not_cleared() -> Vec<Standing> {
    Standing::ALL
        .into_iter()
        .filter(|standing| !standing.is_cleared())
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Ndjson,
}

fn format(headers: &HeaderMap, query: &ListQuery) -> Result<Format, Problem> {
    match query.format.as_deref() {
        Some("csv") => return Ok(Format::Csv),
        Some("ndjson") => return Ok(Format::Ndjson),
        Some(_) => return Ok(Format::Json),
        None => {}
    }
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(Format::Json);
    };
    for wanted in accept.split(',') {
        match wanted.split(';').next().unwrap_or_default().trim() {
            "application/json" | "application/*" | "*/*" | "text/html" => return Ok(Format::Json),
            "text/csv" | "text/*" => return Ok(Format::Csv),
            "application/x-ndjson" | "application/ndjson" => return Ok(Format::Ndjson),
            _ => {}
        }
    }
    Err(Problem::NotAcceptable(
        "This list comes as application/json, text/csv or application/x-ndjson.".to_owned(),
    ))
}

/// A page of JSON with what it covers.
#[derive(Serialize)]
struct ListAnswer {
    items: Vec<ClientJson>,
    next_cursor: Option<String>,
    total: i64,
    as_of: String,
    ruleset: String,
    population: PopulationJson,
}

async fn list(
    app: &App,
    headers: &HeaderMap,
    query: ListQuery,
    name: &str,
) -> Result<Response, Problem> {
    let format = format(headers, &query)?;
    if format != Format::Json {
        return stream_whole(app, query, format, name).await;
    }
    let now = clock::now();
    let page = app
        .store()
        .list(&query.filter, query.cursor.as_deref(), query.limit, now)
        .await?;
    let population = app.store().population(now).await?;
    let answer = ListAnswer {
        items: page.items.into_iter().map(ClientJson::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        as_of: now.to_string(),
        ruleset: app.judge().ruleset.to_string(),
        population: population.into(),
    };
    Ok(Json(answer).into_response())
}

/// The whole list from one snapshot, a piece at a time: constant memory, whatever its length.
async fn stream_whole(
    app: &App,
    query: ListQuery,
    format: Format,
    name: &str,
) -> Result<Response, Problem> {
    let walk = app.store().walk(query.filter, clock::now()).await?;
    let mut start = Vec::new();
    if format == Format::Csv {
        if query.bom {
            start.extend_from_slice("\u{FEFF}".as_bytes());
        }
        start.extend(export::csv_header().map_err(|_| Problem::Internal)?);
    }
    let rows = stream::unfold(walk, move |mut walk| async move {
        let piece = match walk.next().await {
            Ok(None) => return None,
            Ok(Some(rows)) => written(rows, format),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Err(std::io::Error::other("the export broke off"))
            }
        };
        Some((piece, walk))
    })
    // The compressing layer asks once more after the end.
    .fuse();
    let whole = stream::once(async move { Ok(Bytes::from(start)) }).chain(rows);
    let (kind, ending) = if format == Format::Csv {
        ("text/csv; charset=utf-8; header=present", "csv")
    } else {
        ("application/x-ndjson", "ndjson")
    };
    let mut response = Body::from_stream(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn written(
    rows: Vec<crate::store::model::ClientRow>,
    format: Format,
) -> Result<Bytes, std::io::Error> {
    let mut out = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        if format == Format::Csv {
            out.extend(export::csv_line(row).map_err(std::io::Error::other)?);
        } else {
            serde_json::to_writer(&mut out, &ClientJson::from(row))?;
            out.push(b'\n');
        }
    }
    Ok(out.into())
}

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
        // As it was judged while that held: what has grown too old since is shown as what was last known.
        let held = detail.stale_at.map(|at| at.plus(-1));
        let as_of = held.map_or(clock::now(), |held| held.min(clock::now()));
        let joint = app.judge().judge_sources(&said, as_of);
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

/// `GET /rejects`: the latest refused records.
pub async fn rejects(State(app): State<App>, _: Reader) -> Result<Response, Problem> {
    let rows = app.store().rejects(100).await?;
    let items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            json!({
                "id": row.id,
                "received_at": row.received_at.to_string(),
                "sent_by": row.sent_by,
                "index": row.index,
                "length": row.length,
                "errors": row.errors.iter()
                    .map(|(pointer, detail)| json!({"pointer": pointer, "detail": detail}))
                    .collect::<Vec<_>>(),
                "excerpt": row.excerpt,
            })
        })
        .collect();
    Ok(Json(json!({"items": items})).into_response())
}

/// `GET /healthz`: the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and there is room for reports.
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.store().ping().await?;
    if app.store().writer().room() == 0 {
        return Err(Problem::Busy);
    }
    Ok("ready\n")
}

/// `GET /metrics`: Prometheus text, for whoever may read.
pub async fn metrics(State(app): State<App>, _: Reader) -> Response {
    metrics::gauge!("cutover_queue_room").set(f64::from(
        u32::try_from(app.store().writer().room()).unwrap_or(u32::MAX),
    ));
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics().render(),
    )
        .into_response()
}

/// The filter of a page, for its downloads.
pub fn blockers_filter(mut query: ListQuery) -> Filter {
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    } else if query.filter.standings.is_empty() {
        query.filter.standings = not_cleared();
    }
    query.filter
}
