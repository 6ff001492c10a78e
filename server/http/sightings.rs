//! Handshakes that failed, for people and programs.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Person, Reader},
    contract::codes,
    pages::{html, layout},
    polled::{self, Polled},
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each, unknown},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{handshake::version_name, sightings::Sighting},
    error::Problem,
    state::App,
    store::sightings::SightingPage,
    views::{
        Nav,
        sightings::{LISTED, SightingsPage},
        words,
    },
    wire::FieldError,
};

/// A place in the list as it is asked for.
#[derive(Clone, Debug)]
pub struct SightingsQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

impl<S: Send + Sync> FromRequestParts<S> for SightingsQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)
    }
}

fn parse(text: &str) -> Result<SightingsQuery, Vec<FieldError>> {
    let mut query = SightingsQuery {
        cursor: None,
        limit: None,
    };
    each(text, Once::default(), Empty::MeansAny, |name, value| {
        match name {
            "cursor" => query.cursor = Some(value),
            "limit" => {
                let limit = value.parse().ok();
                let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
                query.limit =
                    Some(limit.ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?);
            }
            _ => return Err(unknown(name, &["cursor", "limit"])),
        }
        Ok(())
    })?;
    Ok(query)
}

/// `/sightings`
pub async fn page(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
    query: SightingsQuery,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Sightings, Some(&person), Some(&headers));
    let limit = query.limit.unwrap_or(LISTED).min(LISTED);
    let page = app
        .store()
        .sightings(query.cursor.as_deref(), limit)
        .await?;
    let watched = app.doors().sightings.as_ref();
    let networks: Vec<String> = watched
        .map(|sightings| sightings.from().iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    let dropped = watched.map_or(0, super::tls::watch::Sightings::dropped);
    html(&SightingsPage::new(
        layout,
        &page,
        networks.join(", "),
        dropped,
    ))
}

/// A page of the list of failed handshakes.
#[derive(Serialize, ToSchema)]
pub(super) struct SightingList {
    /// The latest first.
    items: Vec<SightingJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Rows of the whole list.
    total: i64,
    /// Whether failed handshakes are noted now. If not, the list says nothing of today.
    noting: bool,
    /// Failed handshakes that came faster than notes are written, since this server started; they are not in the list.
    dropped: u64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
}

impl Polled for SightingList {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// Failed handshakes of one kind from one address. Something to look at, and never a verdict.
#[derive(Serialize, ToSchema)]
#[schema(as = Sighting)]
struct SightingJson {
    /// The address that they came from: a machine, a gateway, or a scanner.
    address: String,
    #[schema(value_type = codes::HandshakeFailure)]
    failure: &'static str,
    /// The same in a sentence.
    says: &'static str,
    /// The highest version that the latest of them offered; null: it was no hello that can be read.
    highest_version: Option<String>,
    /// Whether the latest of them offered TLS 1.2.
    offered_tls12: bool,
    /// Suites that the latest of them offered.
    suites: usize,
    /// Suites of these that this server could take with its certificates then.
    shared_suites: usize,
    /// The name that the latest of them asked for; null: none.
    server_name: Option<String>,
    /// The first.
    #[schema(format = DateTime)]
    first_at: String,
    /// The latest.
    #[schema(format = DateTime)]
    last_at: String,
    /// How many.
    times: i64,
    /// The one client that was last heard from this address; null: none, several, or not known.
    #[schema(format = Uuid)]
    client_id: Option<String>,
}

impl SightingJson {
    fn of(one: &Sighting, page: &SightingPage) -> Self {
        let offered = &one.offered;
        Self {
            address: one.address.clone(),
            failure: one.failure.code(),
            says: words::failure(one.failure),
            highest_version: offered.highest.map(version_name),
            offered_tls12: offered.tls12,
            suites: offered.suites,
            shared_suites: offered.shared,
            server_name: Some(offered.server_name.clone()).filter(|name| !name.is_empty()),
            first_at: one.first_at.to_string(),
            last_at: one.last_at.to_string(),
            times: one.times,
            client_id: page.clients.get(&one.address).cloned(),
        }
    }
}

/// `GET /sightings`: failed handshakes, the latest first.
pub async fn list(
    State(app): State<App>,
    _: Reader,
    // An address belongs to no site.
    _: WholeEstate,
    headers: HeaderMap,
    query: SightingsQuery,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let page = app
        .store()
        .sightings(query.cursor.as_deref(), limit)
        .await?;
    let watched = app.doors().sightings.as_ref();
    let answer = SightingList {
        items: page
            .items
            .iter()
            .map(|one| SightingJson::of(one, &page))
            .collect(),
        next_cursor: page.next_cursor.clone(),
        total: page.total,
        noting: watched.is_some(),
        dropped: watched.map_or(0, super::tls::watch::Sightings::dropped),
        as_of: clock::now().to_string(),
    };
    polled::json(&headers, answer)
}
