//! What was seen on the wire beside what is configured, for programs: sent, and read.

use axum::{
    Json,
    body::Body,
    extract::{Extension, RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{Importer, Reader},
    body,
    from_where::FromWhere,
    ingest::{check_type, let_in},
    media,
    observed_json::ObservedAnswer,
    polled,
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each},
};
use crate::{
    clock,
    domain::{
        audit::{Actor, Entry},
        observed::Quadrant,
        time::{HOUR, Timestamp},
    },
    error::Problem,
    state::App,
    store::observed::{Logged, Noted},
    wire::observed::{Checked, Delivery},
};

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
    /// Sightings of addresses that were taken.
    sightings: usize,
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
    importer: Result<Importer, Problem>,
    from: Option<Extension<FromWhere>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (importer, body) = let_in(importer, body).await?;
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
    let by = match importer.token {
        Some(id) => Actor::Token {
            id,
            name: name.trim_start_matches("token ").to_owned(),
        },
        None => Actor::Person(name.clone()),
    };
    let from = from.map(|Extension(FromWhere(from))| from);
    let entry = entry(&checked, by, now).from(from);
    let taken = take(&app, checked, name, entry, now).await?;
    Ok(Json(taken).into_response())
}

/// What the audit log says of it.
pub(super) fn entry(checked: &Checked, by: Actor, now: Timestamp) -> Entry {
    let file = checked.file.as_ref().map(|(name, ..)| name.as_str());
    let what = format!(
        "{} observations, {} hours, {} addresses",
        checked.observations.len(),
        checked.hours.len(),
        checked.sightings.len()
    );
    let subject = format!("{} {}", checked.system, file.unwrap_or_default());
    Entry::new(now, by, "observations.add", subject.trim()).change(None, Some(what))
}

/// Stores what was checked.
pub(super) async fn take(
    app: &App,
    checked: Checked,
    sent_by: String,
    entry: Entry,
    now: Timestamp,
) -> Result<Taken, Problem> {
    let (observations, hours, sightings) = (
        checked.observations.len(),
        checked.hours.len(),
        checked.sightings.len(),
    );
    let logged = Logged {
        system: checked.system,
        site: checked.site,
        file: checked.file,
        observations: checked.observations,
        hours: checked.hours,
        sightings: checked.sightings,
    };
    let noted = app
        .store()
        .add_observations(logged, sent_by, entry, now)
        .await?;
    let taken = |status, whole: bool| Taken {
        status,
        observations: if whole { observations } else { 0 },
        hours: if whole { hours } else { 0 },
        sightings: if whole { sightings } else { 0 },
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

/// What is asked of observations.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Days of the window.
    pub(super) days: i64,
    /// Only clients of this box.
    pub(super) quadrant: Option<Quadrant>,
    /// Behind this client.
    pub(super) cursor: Option<String>,
    /// Rows of a page.
    pub(super) limit: usize,
}

/// Reads what is asked.
pub(super) fn asked(query: Option<&str>) -> Result<Asked, Problem> {
    let mut asked = Asked {
        days: 30,
        quadrant: None,
        cursor: None,
        limit: DEFAULT_LIMIT,
    };
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
                "cursor" => asked.cursor = Some(value),
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
        .observed(&reader.sites, asked.days, clock::now())
        .await?;
    polled::json(&headers, ObservedAnswer::new(&observed, &asked)?)
}
