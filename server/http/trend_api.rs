//! What the numbers were, for programs.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    auth::Reader,
    export::OsJson,
    polled,
    query::Nothing,
    table::{csv_record, harmless},
    trend::{days, forecast_of, length, not_ready, regressed, unchanged},
    trend_json::{
        DayJson, ForecastJson, RegressedAnswer, RegressionJson, TrendAnswer, shown_standings,
    },
    trend_query::TrendQuery,
};
use crate::{
    clock,
    domain::{days::date_of, feeds::day_of, forecast, time::Timestamp},
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
    reader: Reader,
    headers: HeaderMap,
    TrendQuery { asked, csv }: TrendQuery,
) -> Result<Response, Problem> {
    let now = clock::now();
    let within = &reader.sites;
    let summary = app
        .store()
        .selection(&Filter::of(within), &app.judge().ruleset, now)
        .await?;
    let feeds = app.store().feeds(within, now).await?;
    let days = days(&app, &asked.slice, asked.days, &summary, &feeds).await?;
    let first = day_of(now) - asked.days + 1;
    let shown: Vec<&TrendDay> = days
        .kept
        .iter()
        .filter(|day| day.head.day >= first && day.head.day < day_of(now))
        .chain([&days.today])
        .collect();
    let mut response = if csv {
        csv_of(&headers, &shown, &asked)?
    } else {
        let forecast = if asked.slice.reason.is_some() {
            None
        } else {
            Some(forecast_json(&app, &asked, &days, now).await?)
        };
        let answer = TrendAnswer {
            as_of: now.to_string(),
            days: asked.days,
            site_code: asked.slice.site.clone(),
            os: asked.slice.os.as_deref().map(OsJson::of),
            reason: asked.slice.reason.clone(),
            first_day: app.store().first_day().await?.map(date_of),
            items: shown.iter().map(|day| DayJson::of(day, &asked)).collect(),
            forecast,
            sites: within.limit().map(<[String]>::to_vec),
        };
        polled::json(&headers, answer)?
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

async fn forecast_json(
    app: &App,
    asked: &Asked,
    days: &Days,
    now: Timestamp,
) -> Result<ForecastJson, Problem> {
    let outcome = forecast_of(days);
    let left = not_ready(&days.today.standings);
    let by = asked.by.as_deref().and_then(forecast::day_named);
    let needed = by.and_then(|by| forecast::needed(left, day_of(now), by));
    let given = outcome.as_ref().ok();
    Ok(ForecastJson {
        says: outlook::sentences(&outcome),
        given: given.is_some(),
        not_ready: left,
        at_middle_pace: given.map(|forecast| date_of(forecast.middle)),
        at_slow_pace: given.and_then(|forecast| forecast.slow).map(date_of),
        clients_a_week: given.map(|forecast| forecast.pace),
        by: by.map(date_of),
        needed_a_week: needed.map(|needed| needed.pace),
        unchanged_60_days: length(app, &unchanged(&asked.slice), now).await?,
    })
}

fn csv_of(headers: &HeaderMap, shown: &[&TrendDay], asked: &Asked) -> Result<Response, Problem> {
    let table = csv_text(shown, asked, |day| day.head.taken_at.to_string())?;
    // Today's numbers are of this moment, which says nothing by itself.
    let today = shown.last().map(|day| day.head.day);
    let said = csv_text(shown, asked, |day| {
        let kept = Some(day.head.day) != today;
        if kept {
            day.head.taken_at.to_string()
        } else {
            String::new()
        }
    })?;
    Ok(polled::bytes(headers, &said, || {
        let headers = [
            (
                header::CONTENT_TYPE,
                "text/csv; charset=utf-8; header=present",
            ),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"trend.csv\"",
            ),
        ];
        (headers, table).into_response()
    }))
}

fn csv_text(
    shown: &[&TrendDay],
    asked: &Asked,
    taken_at: impl Fn(&TrendDay) -> String,
) -> Result<Vec<u8>, Problem> {
    let standings = shown_standings(asked);
    let mut heading: Vec<String> = ["day", "taken_at", "ruleset"].map(str::to_owned).into();
    heading.extend(standings.iter().map(|standing| standing.code().to_owned()));
    heading
        .extend(["lists", "feeds", "feeds_stopped", "to_rejudge", "simulated"].map(str::to_owned));
    let mut out = csv_record(heading.into_iter()).map_err(|_| Problem::Internal)?;
    for day in shown {
        let head = &day.head;
        let mut line = vec![date_of(head.day), taken_at(day), harmless(&head.ruleset)];
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
    Ok(out)
}

/// `GET /regressed`: who was ready and is not any more, the latest first, with what came up.
pub async fn who_was_ready(
    State(app): State<App>,
    reader: Reader,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = clock::now();
    let total = regressed(&app, &Filter::of(&reader.sites), now).await?;
    let rows = app
        .store()
        .regressions(REGRESSED_MOST, &reader.sites, now)
        .await?;
    let items: Vec<_> = rows.into_iter().map(RegressionJson::from).collect();
    let answer = RegressedAnswer {
        as_of: now.to_string(),
        since: now.plus(-NEWS).to_string(),
        total,
        // The list with `regressed=1` has all of them, page by page.
        shown: items.len(),
        items,
        sites: reader.sites.limit().map(<[String]>::to_vec),
    };
    polled::json(&headers, answer)
}
