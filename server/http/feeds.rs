//! Who feeds the server and when it last did, for people and programs.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    auth::{Person, Reader},
    pages::{html, layout},
};
use crate::{
    clock,
    domain::feeds::{Completeness, FeedState},
    error::Problem,
    state::App,
    views::{
        Nav,
        feeds::{FeedsPage, sentence},
    },
};

/// `/feeds`
pub async fn page(
    State(app): State<App>,
    Person(user): Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Feeds, Some(&user), Some(&headers));
    let feeds = app.store().feeds(layout.now).await?;
    html(&FeedsPage::new(layout, &feeds))
}

/// `GET /feeds`: every feed, those that stopped first.
pub async fn list(State(app): State<App>, _: Reader) -> Result<Response, Problem> {
    let now = clock::now();
    let feeds = app.store().feeds(now).await?;
    let stopped = feeds
        .iter()
        .filter(|feed| feed.state(now) == FeedState::Stopped)
        .count();
    let items: Vec<_> = feeds
        .iter()
        .map(|feed| {
            json!({
                "site_code": feed.site,
                "sent_by": feed.sender,
                "way": feed.way,
                "state": feed.state(now).code(),
                "says": sentence(feed, now),
                "first_at": feed.first_at.to_string(),
                "last_at": feed.last_at.to_string(),
                "reports": feed.reports,
                "reports_since_yesterday": feed.since_yesterday,
                "reports_7_days": feed.week,
                "usual_gap_days": feed.days.usual_gap(),
                "asked": feed.completeness.map(|told| told.asked),
                "answered": feed.completeness.map(|told| told.answered),
                "said_nothing": feed.completeness.map(Completeness::silent),
                "asked_at": feed.completeness.map(|told| told.at.to_string()),
            })
        })
        .collect();
    let answer = json!({"as_of": now.to_string(), "stopped": stopped, "items": items});
    Ok(Json(answer).into_response())
}
