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
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics().render(),
    )
        .into_response()
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
