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
    export::{ClientJson, OsJson, PopulationJson},
    query::ListQuery,
    spreadsheet, table, trend,
    trend_api::readiness_json,
};
use crate::{
    clock,
    domain::{assess, days::date_of, feeds::day_of, readiness::Readiness, verdict::Standing},
    error::Problem,
    state::App,
    store::model::{Filter, Summary},
    views::change::{self, Change},
};

/// `GET /summary`: counts by standing, by OS version, by reason, and what they cover.
///
/// With filters: the same of the clients that they describe.
pub async fn summary(
    State(app): State<App>,
    _: Reader,
    query: ListQuery,
) -> Result<Response, Problem> {
    let summary = app
        .store()
        .selection(&query.filter, &app.judge().ruleset, clock::now())
        .await?;
    let week_ago = day_of(summary.as_of) - change::DAYS;
    // Days are kept for the estate; a selection has no numbers of a week ago.
    let then = if query.filter == Filter::default() {
        app.store().systems_of_day(week_ago).await?
    } else {
        None
    };
    let regressed = trend::regressed(&app, &query.filter, summary.as_of).await?;
    let mut answer = summary_json(summary, &app.judge().ruleset, then.as_ref());
    answer["regressed_30_days"] = regressed.into();
    // `null`: no numbers were kept 7 days ago, so no change is known.
    answer["changes_since"] = then.map(|_| date_of(week_ago)).into();
    Ok(Json(answer).into_response())
}

fn summary_json(
    summary: Summary,
    ruleset: &str,
    then: Option<&change::Systems>,
) -> serde_json::Value {
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
                .and_then(|top| assess::reason(&top.reason).map(|reason| (reason, top)));
            json!({
                "os": OsJson::of(&line.os_key),
                "total": line.total,
                "no_verdict": line.no_verdict(),
                "change_7_days": then.map(|then| {
                    let change = Change::new(then.get(&line.os_key), &line.standings);
                    json!({
                        "blocking": change.blocking,
                        "no_verdict": change.no_verdict,
                        "ready": change.ready,
                    })
                }),
                "standings": standings(&line.standings),
                "top_reason": reason.map(|(reason, top)| json!({
                    "reason": reason.code, "title": reason.title, "clients": top.clients,
                    "standing": top.of.code(),
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
        "readiness": readiness_json(Readiness::of(&summary.population.standings)),
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

/// Media type of an Excel workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Xlsx,
    Ndjson,
}

fn format(headers: &HeaderMap, query: &ListQuery) -> Result<Format, Problem> {
    match query.format.as_deref() {
        Some("csv") => return Ok(Format::Csv),
        Some("xlsx") => return Ok(Format::Xlsx),
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
            XLSX => return Ok(Format::Xlsx),
            "application/x-ndjson" | "application/ndjson" => return Ok(Format::Ndjson),
            _ => {}
        }
    }
    Err(Problem::NotAcceptable(
        "This list comes as application/json, text/csv, application/x-ndjson or an Excel workbook (format=xlsx)."
            .to_owned(),
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
    if !query.fields.is_empty() && !matches!(format, Format::Csv | Format::Xlsx) {
        return Err(Problem::invalid(
            "?fields",
            "chooses the columns of format=csv and format=xlsx; JSON always has all fields",
        ));
    }
    if format != Format::Json {
        return stream_whole(app, query, format, name).await;
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
    let walk = app
        .store()
        .walk_by(query.filter, query.order, clock::now())
        .await?;
    let fields = table::chosen(&query.fields);
    if format == Format::Xlsx {
        return spreadsheet::answer(walk, fields, name).await;
    }
    let mut start = Vec::new();
    if format == Format::Csv {
        if query.bom {
            start.extend_from_slice("\u{FEFF}".as_bytes());
        }
        start.extend(table::csv_header(&fields).map_err(|_| Problem::Internal)?);
    }
    let rows = stream::unfold((walk, fields), move |(mut walk, fields)| async move {
        let piece = match walk.next().await {
            Ok(None) => return None,
            Ok(Some(rows)) => written(rows, &fields, format),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Err(std::io::Error::other("the export broke off"))
            }
        };
        Some((piece, (walk, fields)))
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
    fields: &[&'static table::Field],
    format: Format,
) -> Result<Bytes, std::io::Error> {
    let mut out = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        if format == Format::Csv {
            out.extend(table::csv_line(&row, fields).map_err(std::io::Error::other)?);
        } else {
            serde_json::to_writer(&mut out, &ClientJson::from(row))?;
            out.push(b'\n');
        }
    }
    Ok(out.into())
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

/// The filter of a page, for its downloads.
pub fn blockers_filter(mut query: ListQuery) -> Filter {
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    } else if query.filter.standings.is_empty() {
        query.filter.standings = not_cleared();
    }
    query.filter
}
