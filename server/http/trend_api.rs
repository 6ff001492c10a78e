//! What the numbers were, for programs.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    auth::Reader,
    export::OsJson,
    table::{csv_record, harmless},
    trend::{days, forecast_of, length, not_ready, regressed, unchanged},
    trend_query::TrendQuery,
};
use crate::{
    clock,
    domain::{
        assess,
        days::{date_of, is_whole},
        feeds::day_of,
        forecast,
        readiness::Readiness,
        time::Timestamp,
        verdict::Standing,
    },
    error::Problem,
    state::App,
    store::{model::Filter, moves::NEWS, trend::TrendDay},
    views::{
        outlook,
        trend::{Asked, Days},
    },
};

/// Clients in one answer about those that were ready.
const REGRESSED_MOST: i64 = 1_000;

/// `GET /trend`: a line a day, JSON or CSV.
pub async fn list(
    State(app): State<App>,
    _: Reader,
    TrendQuery { asked, csv }: TrendQuery,
) -> Result<Response, Problem> {
    let now = clock::now();
    let summary = app.store().summary(&app.judge().ruleset, now).await?;
    let feeds = app.store().feeds(now).await?;
    let days = days(&app, &asked.slice, asked.days, &summary, &feeds).await?;
    let first = day_of(now) - asked.days + 1;
    let shown: Vec<&TrendDay> = days
        .kept
        .iter()
        .filter(|day| day.head.day >= first && day.head.day < day_of(now))
        .chain([&days.today])
        .collect();
    if csv {
        return csv_of(&shown, &asked);
    }
    let items: Vec<_> = shown.iter().map(|day| day_json(day, &asked)).collect();
    let outlook = if asked.slice.reason.is_some() {
        json!(null)
    } else {
        outlook_json(&app, &asked, &days, now).await?
    };
    let answer = json!({
        "as_of": now.to_string(),
        "days": asked.days,
        "site_code": asked.slice.site,
        "os": asked.slice.os.as_deref().map(OsJson::of),
        "reason": asked.slice.reason,
        "first_day": app.store().first_day().await?.map(date_of),
        "items": items,
        "forecast": outlook,
    });
    Ok(Json(answer).into_response())
}

async fn outlook_json(
    app: &App,
    asked: &Asked,
    days: &Days,
    now: Timestamp,
) -> Result<serde_json::Value, Problem> {
    let outcome = forecast_of(days);
    let left = not_ready(&days.today.standings);
    let by = asked.by.as_deref().and_then(forecast::day_named);
    let needed = by.and_then(|by| forecast::needed(left, day_of(now), by));
    let given = outcome.as_ref().ok();
    Ok(json!({
        "says": outlook::sentences(&outcome),
        "given": given.is_some(),
        "not_ready": left,
        "at_middle_pace": given.map(|forecast| date_of(forecast.middle)),
        "at_slow_pace": given.and_then(|forecast| forecast.slow).map(date_of),
        "clients_a_week": given.map(|forecast| forecast.pace),
        "by": by.map(date_of),
        "needed_a_week": needed.map(|needed| needed.pace),
        "unchanged_60_days": length(app, &unchanged(&asked.slice), now).await?,
    }))
}

fn shown_standings(asked: &Asked) -> Vec<Standing> {
    if asked.slice.reason.is_some() {
        vec![Standing::Blocking, Standing::Undetermined]
    } else {
        Standing::ALL.to_vec()
    }
}

fn day_json(day: &TrendDay, asked: &Asked) -> serde_json::Value {
    let head = &day.head;
    let of = |standing: Standing| day.standings.get(&standing).copied().unwrap_or(0);
    let standings: serde_json::Map<_, _> = shown_standings(asked)
        .into_iter()
        .map(|standing| (standing.code().to_owned(), of(standing).into()))
        .collect();
    let range = asked
        .slice
        .reason
        .is_none()
        .then(|| readiness_json(Readiness::of(&day.standings)));
    json!({
        "day": date_of(head.day),
        "complete": is_whole(head.day, head.taken_at),
        "taken_at": head.taken_at.to_string(),
        "ruleset": head.ruleset,
        "standings": standings,
        "readiness": range,
        "lists": head.lists,
        "feeds": head.feeds,
        "feeds_stopped": head.feeds_stopped,
        "to_rejudge": head.to_rejudge,
        "simulated": head.simulated,
    })
}

/// A range of readiness, as every answer gives it.
pub fn readiness_json(range: Readiness) -> serde_json::Value {
    json!({
        "at_least": range.least,
        "at_most": range.most,
        "of": range.total,
        "cannot_be_judged": range.gap(),
    })
}

fn csv_of(shown: &[&TrendDay], asked: &Asked) -> Result<Response, Problem> {
    let standings = shown_standings(asked);
    let mut heading: Vec<String> = ["day", "taken_at", "ruleset"].map(str::to_owned).into();
    heading.extend(standings.iter().map(|standing| standing.code().to_owned()));
    heading
        .extend(["lists", "feeds", "feeds_stopped", "to_rejudge", "simulated"].map(str::to_owned));
    let mut out = csv_record(heading.into_iter()).map_err(|_| Problem::Internal)?;
    for day in shown {
        let head = &day.head;
        let mut line = vec![
            date_of(head.day),
            head.taken_at.to_string(),
            harmless(&head.ruleset),
        ];
        line.extend(standings.iter().map(|standing| {
            let n = day.standings.get(standing).copied().unwrap_or(0);
            n.to_string()
        }));
        line.extend(
            [head.lists, head.feeds, head.feeds_stopped, head.to_rejudge].map(|n| n.to_string()),
        );
        line.push(head.simulated.to_string());
        out.extend(csv_record(line.into_iter()).map_err(|_| Problem::Internal)?);
    }
    let mut response = out.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"trend.csv\""),
    );
    Ok(response)
}

/// `GET /regressed`: who was ready and is not any more, the latest first, with what came up.
pub async fn who_was_ready(State(app): State<App>, _: Reader) -> Result<Response, Problem> {
    let now = clock::now();
    let total = regressed(&app, &Filter::default(), now).await?;
    let rows = app.store().regressions(REGRESSED_MOST, now).await?;
    let items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let gained: Vec<_> = assess::reasons_in(row.gained)
                .map(|reason| reason.code)
                .collect();
            json!({
                "id": row.id,
                "name": row.name,
                "os": OsJson::of(&row.os_key),
                "at": row.at.to_string(),
                "was": row.from.code(),
                "became": row.to.code(),
                "standing": row.standing.code(),
                "reasons_gained": gained,
            })
        })
        .collect();
    let answer = json!({
        "as_of": now.to_string(),
        "since": now.plus(-NEWS).to_string(),
        "total": total,
        // The list with `regressed=1` has all of them, page by page.
        "shown": items.len(),
        "items": items,
    });
    Ok(Json(answer).into_response())
}
