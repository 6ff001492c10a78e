//! What machines that watch machines ask: alive, ready, and how it goes.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};

use super::{auth::Reader, within::WholeEstate};
use crate::{
    clock,
    domain::{access::Sites, feeds::FeedState},
    error::Problem,
    state::App,
};

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

/// `GET /metrics`: Prometheus text, for whoever may read of every site.
pub async fn metrics(State(app): State<App>, _: Reader, _: WholeEstate) -> Response {
    metrics::gauge!("cutover_queue_room").set(precise(app.store().writer().room()));
    metrics::gauge!("cutover_feeds_stopped").set(stopped_feeds(&app).await);
    certificates(&app);
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics().render(),
    )
        .into_response()
}

/// How long each certificate is valid still; negative: it has expired.
fn certificates(app: &App) {
    let Some(certificates) = &app.doors().certificates else {
        return;
    };
    let now = clock::now();
    for one in certificates.state().certificates {
        let left = one.not_after.since(now).div_euclid(1_000);
        // No certificate is valid for so long that this cuts anything.
        let left = i32::try_from(left).unwrap_or(if left < 0 { i32::MIN } else { i32::MAX });
        metrics::gauge!("cutover_tls_certificate_expires_seconds", "key" => one.key.code(), "file" => one.file)
            .set(f64::from(left));
    }
    if let Some(sightings) = &app.doors().sightings {
        let dropped = u32::try_from(sightings.dropped()).unwrap_or(u32::MAX);
        metrics::gauge!("cutover_tls_sightings_dropped").set(f64::from(dropped));
    }
}

/// How many feeds have stopped; not a number while nobody knows, because the last known one could be a comfort.
async fn stopped_feeds(app: &App) -> f64 {
    let now = clock::now();
    match app.store().feeds(&Sites::all(), now).await {
        Ok(feeds) => {
            let stopped =
                |feed: &&_| crate::domain::feeds::Feed::state(feed, now) == FeedState::Stopped;
            precise(feeds.iter().filter(stopped).count())
        }
        Err(error) => {
            tracing::warn!(%error, "the feeds could not be read for the metrics");
            f64::NAN
        }
    }
}

fn precise(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
