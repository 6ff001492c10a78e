//! What the numbers were: the pages of the trend and of a past day.

use std::collections::BTreeMap;

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    auth::Person,
    pages::{html, layout},
    query::Named,
    trend_query::TrendQuery,
};
use crate::{
    domain::{
        access::Sites,
        feeds::{Feed, FeedState, day_of},
        forecast::{self, Forecast, NoForecast, Point},
        time::Timestamp,
        verdict::Standing,
    },
    error::Problem,
    state::App,
    store::{
        days::Day,
        model::{Filter, Summary},
        trend::{Slice, TrendDay},
    },
    views::{
        Nav,
        day::DayPage,
        direction,
        form::Choices,
        outlook,
        text::Count,
        trend::{Asked, Days, LENGTHS, Trend, TrendSection},
        trend_page::{Outlook, TrendPage},
    },
};

/// Days without change after which no trend is expected to help.
const UNCHANGED: i64 = 60;
/// So many of the clients that were ready are shown on the page; the list has all.
const REGRESSED_SHOWN: i64 = 50;

/// The head of this moment.
fn today(summary: &Summary, feeds: &[Feed], ruleset: &str) -> Day {
    let now = summary.as_of;
    let population = &summary.population;
    let in_state = |wanted| {
        let n = feeds
            .iter()
            .filter(|feed| feed.state(now) == wanted)
            .count();
        i64::try_from(n).unwrap_or(i64::MAX)
    };
    let stopped = in_state(FeedState::Stopped);
    Day {
        day: day_of(now),
        taken_at: now,
        ruleset: ruleset.to_owned(),
        expected: population.expected,
        total: population.total,
        standings: population.standings.clone(),
        lists: i64::try_from(population.lists.len()).unwrap_or(i64::MAX),
        feeds: stopped + in_state(FeedState::Speaking),
        feeds_stopped: stopped,
        to_rejudge: summary.to_rejudge,
        simulated: false,
        partial: false,
    }
}

/// The days of a slice, as far back as the picture and a forecast need.
pub(super) async fn days(
    app: &App,
    slice: &Slice,
    back: i64,
    summary: &Summary,
    feeds: &[Feed],
) -> Result<Days, Problem> {
    let head = today(summary, feeds, &app.judge().ruleset);
    let back = back.max(LENGTHS[1]);
    let kept = app
        .store()
        .trend(slice, head.day - back + 1, head.day)
        .await?;
    let standings = if slice.is_all() {
        head.standings.clone()
    } else {
        app.store().slice_now(slice, summary.as_of).await?
    };
    Ok(Days {
        kept,
        today: TrendDay { head, standings },
    })
}

pub(super) fn forecast_of(days: &Days) -> Result<Forecast, NoForecast> {
    let points: Vec<Point> = days
        .kept
        .iter()
        .chain([&days.today])
        .map(|day| Point {
            day: day.head.day,
            left: not_ready(&day.standings),
            ruleset: day.head.ruleset.clone(),
        })
        .collect();
    forecast::forecast(&points)
}

pub(super) fn not_ready(standings: &BTreeMap<Standing, i64>) -> i64 {
    standings
        .iter()
        .filter(|(standing, _)| !standing.is_cleared())
        .map(|(_, n)| n)
        .sum()
}

/// The trend on the first screen.
pub async fn section(
    app: &App,
    summary: &Summary,
    feeds: &[Feed],
    within: &Sites,
) -> Result<TrendSection, Problem> {
    let mut asked = Asked::usual();
    asked.slice.within = within.clone();
    let days = days(app, &asked.slice, asked.days, summary, feeds).await?;
    Ok(TrendSection {
        trend: Trend::new(&asked, &days),
        direction: direction::words(&days),
        forecast: outlook::sentences(&forecast_of(&days)),
    })
}

pub(super) async fn length(app: &App, filter: &Filter, now: Timestamp) -> Result<i64, Problem> {
    Ok(app.store().length(filter, now).await?)
}

/// How many clients were ready and are not any more.
pub async fn regressed(app: &App, base: &Filter, now: Timestamp) -> Result<i64, Problem> {
    let filter = Filter {
        regressed: true,
        ..base.clone()
    };
    length(app, &filter, now).await
}

pub(super) fn unchanged(slice: &Slice) -> Filter {
    Filter {
        unchanged: Some(UNCHANGED),
        site: slice.site.clone(),
        os: slice.os.clone(),
        ..Filter::of(&slice.within)
    }
}

/// `/trend`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    TrendQuery { asked, .. }: TrendQuery,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Trend, Some(&person), Some(&headers));
    let now = layout.now;
    let store = app.store();
    let everybody = Filter::of(&person.sites);
    let summary = store
        .selection(&everybody, &app.judge().ruleset, now)
        .await?;
    let feeds = store.feeds(&person.sites, now).await?;
    let days = days(&app, &asked.slice, asked.days, &summary, &feeds).await?;
    let outlook =
        if asked.slice.reason.is_some() {
            None
        } else {
            let outcome = forecast_of(&days);
            let left = not_ready(&days.today.standings);
            let filter = unchanged(&asked.slice);
            Some(Outlook {
                forecast: outlook::sentences(&outcome),
                by: asked.by.as_deref().and_then(forecast::day_named).map(|by| {
                    outlook::for_date(by, forecast::needed(left, day_of(now), by), &outcome)
                }),
                unchanged: Some(Count::new(length(&app, &filter, now).await?, &filter)),
            })
        };
    let count = regressed(&app, &everybody, now).await?;
    let regressions = store
        .regressions(REGRESSED_SHOWN, &person.sites, now)
        .await?;
    let (os, ..) = store.occurring(&person.sites).await?;
    let sites = store.sites_offered(&person.sites).await?;
    let choices = Choices {
        os,
        sites: sites.codes,
        further_sites: sites.further,
        ..Choices::default()
    };
    html(&TrendPage::new(
        layout,
        &asked,
        &days,
        &choices,
        outlook,
        (count, &regressions),
    ))
}

/// `/trend/{day}`
pub async fn day(
    State(app): State<App>,
    person: Person,
    Named(date): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Trend, Some(&person), Some(&headers));
    let nothing = || {
        Problem::NotFound("No numbers were written down for this day. A day that is still going on is on the first screen.".to_owned())
    };
    let day = forecast::day_named(&date).ok_or_else(nothing)?;
    let past = app
        .store()
        .past_day(day, &person.sites)
        .await?
        .ok_or_else(nothing)?;
    let (before, after) = app.store().days_beside(day).await?;
    html(&DayPage::new(layout, &past, before, after))
}
