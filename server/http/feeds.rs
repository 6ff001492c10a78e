//! Who feeds the server and when it last did, for people and programs.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Person, Reader},
    contract::codes,
    pages::{html, layout},
    polled::{self, Polled},
    query::Nothing,
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{
        feeds::{Completeness, Feed, FeedState},
        time::Timestamp,
    },
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
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Feeds, Some(&person), Some(&headers));
    let feeds = app.store().feeds(&person.sites, layout.now).await?;
    html(&FeedsPage::new(layout, &feeds))
}

/// Who feeds the server, those that stopped first.
#[derive(Serialize, ToSchema)]
pub(super) struct FeedList {
    /// The moment that the states are of.
    #[schema(format = DateTime)]
    as_of: String,
    /// How many have stopped.
    stopped: usize,
    items: Vec<FeedJson>,
}

impl Polled for FeedList {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// Somebody who sends reports about a site by one way.
#[derive(Serialize, ToSchema)]
#[schema(as = Feed)]
struct FeedJson {
    /// Site code; empty: the reports name none.
    site_code: String,
    /// The name of a user or of a token.
    sent_by: String,
    #[schema(value_type = codes::Way)]
    way: String,
    #[schema(value_type = codes::FeedState)]
    state: &'static str,
    /// How it stands, in a sentence.
    says: String,
    /// When it first spoke.
    #[schema(format = DateTime)]
    first_at: String,
    /// When it last spoke.
    #[schema(format = DateTime)]
    last_at: String,
    /// Reports of all time.
    reports: i64,
    /// Reports since midnight of yesterday, UTC.
    reports_since_yesterday: i64,
    /// Reports of today and the six days before, UTC.
    reports_7_days: i64,
    /// After how many days it usually speaks again; null: not known yet.
    usual_gap_days: Option<i64>,
    /// Devices that were asked, where files or people say so.
    asked: Option<i64>,
    /// Devices that answered.
    answered: Option<i64>,
    /// Devices that were asked and said nothing.
    said_nothing: Option<i64>,
    /// When the upload was stored that says these three.
    #[schema(format = DateTime)]
    asked_at: Option<String>,
}

impl FeedJson {
    fn of(feed: &Feed, now: Timestamp) -> Self {
        let told = feed.completeness;
        Self {
            site_code: feed.site.clone(),
            sent_by: feed.sender.clone(),
            way: feed.way.clone(),
            state: feed.state(now).code(),
            says: sentence(feed, now),
            first_at: feed.first_at.to_string(),
            last_at: feed.last_at.to_string(),
            reports: feed.reports,
            reports_since_yesterday: feed.since_yesterday,
            reports_7_days: feed.week,
            usual_gap_days: feed.days.usual_gap(),
            asked: told.map(|told| told.asked),
            answered: told.map(|told| told.answered),
            said_nothing: told.map(Completeness::silent),
            asked_at: told.map(|told| told.at.to_string()),
        }
    }
}

/// `GET /feeds`: every feed, those that stopped first.
pub async fn list(
    State(app): State<App>,
    reader: Reader,
    _: WholeEstate,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = clock::now();
    let feeds = app.store().feeds(&reader.sites, now).await?;
    let stopped = |feed: &&Feed| feed.state(now) == FeedState::Stopped;
    let answer = FeedList {
        as_of: now.to_string(),
        stopped: feeds.iter().filter(stopped).count(),
        items: feeds.iter().map(|feed| FeedJson::of(feed, now)).collect(),
    };
    polled::json(&headers, answer)
}
