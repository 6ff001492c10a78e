//! What was seen on the wire beside what is configured, for programs: sent, and read.

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Importer, Reader},
    body,
    ingest::check_type,
    media,
    observed_json::ObservedAnswer,
    polled,
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{
        audit::Author,
        observed::Quadrant,
        time::{HOUR, Timestamp},
    },
    error::Problem,
    state::App,
    store::{
        observed::{Logged, Noted},
        observed_model::Window,
    },
    views::text::joined,
    wire::observed::{Checked, Delivery},
};

/// Days of the window where nobody says another number.
const DAYS: i64 = 30;

/// What became of observations.
#[derive(Serialize, ToSchema)]
#[schema(as = ObservationsTaken)]
pub(super) struct Taken {
    /// `added`; `known`: this portion was there already; `known_file`: the whole file was.
    status: &'static str,
    /// Rows of observations that were taken.
    observations: usize,
    /// Hours of coverage that were taken.
    hours: usize,
    /// Leases of addresses that were taken.
    leases: usize,
}

impl Taken {
    /// The whole file was there already.
    pub(super) fn is_known_file(&self) -> bool {
        self.status == "known_file"
    }
}

/// `POST /observations`
pub async fn add(
    State(app): State<App>,
    importer: Importer,
    // An address belongs to no site, and what is seen from it decides about clients of all.
    _: WholeEstate,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_type(
        &headers,
        &[media::JSON, "text/json"],
        "Observations are JSON: send application/json. Logs as they are go to `cutover observe`, which makes it of them.",
    )?;
    let held = body::read(&headers, body, app.budget()).await?;
    let (bytes, _room) = held.split();
    let now = clock::now();
    let checking = move || Delivery::read(&bytes)?.check(now.plus(HOUR));
    let checked = tokio::task::spawn_blocking(checking)
        .await
        .map_err(|_| Problem::Internal)?
        .map_err(Problem::Invalid)?;
    let name = importer.sender.name.to_string();
    let taken = take(&app, checked, name, importer.author, now).await?;
    Ok(Json(taken).into_response())
}

/// Stores what was checked.
pub(super) async fn take(
    app: &App,
    checked: Checked,
    sent_by: String,
    author: Author,
    now: Timestamp,
) -> Result<Taken, Problem> {
    if checked.one_system
        && !checked.system.is_empty()
        && let Some((_, hash, 0, _)) = &checked.file
    {
        let systems = app.store().systems_with_log(hash.clone()).await?;
        if !systems.is_empty() && !systems.contains(&checked.system) {
            return Err(Problem::Conflict(format!(
                "This file was read before as a log of {}, and would be counted twice. Nothing was taken. If it is a log of {} as well, say so: with --another-system of `cutover observe`, or with the box on the page.",
                joined(&systems),
                checked.system
            )));
        }
    }
    let (observations, hours, leases) = (
        checked.observations.len(),
        checked.hours.len(),
        checked.leases.len(),
    );
    let logged = Logged {
        system: checked.system,
        site: checked.site,
        file: checked.file,
        observations: checked.observations,
        hours: checked.hours,
        leases: checked.leases,
    };
    let noted = app
        .store()
        .add_observations(logged, sent_by, author, now)
        .await?;
    let taken = |status, whole: bool| Taken {
        status,
        observations: if whole { observations } else { 0 },
        hours: if whole { hours } else { 0 },
        leases: if whole { leases } else { 0 },
    };
    match noted {
        Noted::Added => Ok(taken("added", true)),
        Noted::Known => Ok(taken("known", false)),
        Noted::KnownFile => Ok(taken("known_file", false)),
        Noted::Gap(expected) => Err(Problem::Conflict(format!(
            "Portion {expected} of this file has to come first; send the file from there."
        ))),
    }
}

/// Reads what is asked.
pub(super) fn asked(query: Option<&str>) -> Result<Window, Problem> {
    let mut asked = Window {
        days: DAYS,
        quadrant: None,
        after: None,
        limit: DEFAULT_LIMIT,
    };
    let mut cursor: Option<String> = None;
    each(
        query.unwrap_or_default(),
        Once::default(),
        Empty::MeansAny,
        |name, value| {
            match name {
                "days" => {
                    let days = value.parse().ok().filter(|days| (1..=400).contains(days));
                    asked.days = days.ok_or("is no number from 1 to 400")?;
                }
                "box" => {
                    let codes = Quadrant::ALL.map(Quadrant::code);
                    let quadrant = Quadrant::from_code(&value);
                    asked.quadrant =
                        Some(quadrant.ok_or_else(|| format!("is none of {}", codes.join(", ")))?);
                }
                "cursor" => cursor = Some(value),
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
                    asked.limit = limit.ok_or("is no number from 1 to 1000")?;
                }
                _ => return Err("is not known here; use days, box, cursor or limit".to_owned()),
            }
            Ok(())
        },
    )
    .map_err(Problem::Invalid)?;
    if let Some(cursor) = cursor {
        let id = cursor.parse().map_err(|_| {
            Problem::Malformed(
                "This cursor was not made by this server for this list; start again without a cursor."
                    .to_owned(),
            )
        })?;
        asked.after = Some(id);
    }
    Ok(asked)
}

/// `GET /observations`
pub async fn list(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = asked(query.as_deref())?;
    let observed = app
        .store()
        .observed(&reader.sites, asked, clock::now())
        .await?;
    polled::json(&headers, ObservedAnswer::new(&observed))
}
