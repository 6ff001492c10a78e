//! The whole site on one screen: which address does what, and what surrounds every request.

pub mod api;
pub mod api_client;
pub mod assets;
pub mod auth;
pub mod body;
mod changes;
pub mod client_json;
mod client_parts;
pub mod collection;
pub mod contract;
pub mod cutover;
pub mod export;
pub mod feeds;
pub mod fixes;
mod fixes_json;
pub mod from_where;
pub mod gate;
mod health;
pub mod ingest;
pub mod kit;
mod layers;
pub mod lists;
mod manners;
mod media;
pub mod pacing;
pub mod pages;
mod polled;
pub mod population;
pub mod powershell;
pub mod query;
pub mod receiving;
pub mod saved;
mod spreadsheet;
mod summary_json;
pub mod table;
mod timeline;
pub mod tls;
pub mod trend;
pub mod trend_api;
mod trend_json;
pub mod trend_query;
mod twins;
pub mod upload_again;
pub mod upload_api;
pub mod uploads;
pub mod webhooks;
mod whole;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post, put},
};

use crate::state::App;

/// Every route, in the order a stranger would browse them.
pub fn router(app: App) -> Router {
    // Whoever has not signed in yet cannot fill our memory.
    let strangers = DefaultBodyLimit::max(16 << 10);
    let site = Router::new()
        // Pages, for people who have signed in.
        .route("/", get(pages::home))
        .route("/os/{key}", get(pages::os))
        .route("/sites/{site}", get(pages::site))
        .route("/roles/{role}", get(pages::role))
        .route("/blockers", get(pages::blockers))
        .route("/fixes", get(fixes::page))
        .route("/fixes/{code}", get(fixes::one))
        .route("/fixes/{code}/{file}", get(fixes::file))
        .route("/clients", get(pages::clients))
        .route("/clients/{id}", get(pages::client))
        .route("/clients/{id}/two-machines", post(twins::two_machines))
        .route("/views", get(saved::list).post(saved::save))
        .route("/views/{view}/delete", post(saved::delete))
        .route("/upload", get(uploads::form).post(uploads::take))
        .route("/uploads/{id}", get(uploads::one))
        .route("/uploads/{id}/commit", post(upload_again::commit))
        .route("/uploads/{id}/cancel", post(uploads::cancel))
        .route("/uploads/{id}/again", post(upload_again::again))
        .route("/uploads/{id}/vouch", post(upload_again::vouch))
        .route(
            "/population",
            get(population::form).post(population::replace),
        )
        .route("/population/withdraw", post(lists::withdraw_form))
        .route("/feeds", get(feeds::page))
        .route(
            "/cutover",
            get(cutover::pages::list).post(cutover::forms::add),
        )
        .route(
            "/cutover/{scope}",
            get(cutover::pages::one).post(cutover::forms::change),
        )
        .route("/cutover/{scope}/run", post(cutover::forms::run))
        .route("/cutover/{scope}/limits", post(cutover::forms::limits))
        .route("/cutover/{scope}/say", post(cutover::forms::say))
        .route("/cutover/{scope}/decide", post(cutover::forms::decide))
        .route("/cutover/{scope}/what-if/{run}", get(cutover::pages::run))
        .route("/cutover/decisions/{number}", get(cutover::decisions::one))
        .route(
            "/cutover/decisions/{number}/record",
            get(cutover::decisions::record),
        )
        .route(
            "/cutover/decisions/{number}/sheet",
            get(cutover::decisions::sheet),
        )
        .route(
            "/cutover/decisions/{number}/calendar",
            get(cutover::decisions::calendar),
        )
        .route("/board/{scope}", get(cutover::pages::paper))
        .route("/webhooks", get(webhooks::page))
        .route("/trend", get(trend::page))
        .route("/trend/{day}", get(trend::day))
        .route("/feeding", get(kit::feeding))
        .route("/kit/{name}", get(kit::file))
        .route("/method", get(pages::method))
        .route("/api", get(contract::page))
        .route("/components", get(pages::components))
        .route(
            "/sign-in",
            get(pages::sign_in_form)
                .post(pages::sign_in)
                .layer(strangers),
        )
        .route("/sign-out", post(pages::sign_out))
        .route("/static/{file}", get(assets::file))
        .route("/favicon.ico", get(assets::favicon))
        .layer(DefaultBodyLimit::max(body::LARGEST));

    // For programs.
    let api = Router::new()
        .route("/reports", post(ingest::reports))
        .route(
            "/population",
            put(ingest::population).delete(lists::withdraw),
        )
        .route("/summary", get(api::summary))
        .route("/clients", get(api::clients))
        .route("/clients/{id}", get(api_client::client))
        .route("/clients/{id}/raw", get(api_client::raw))
        .route("/clients/{id}/reports/{entry}", get(api_client::report))
        .route("/blockers", get(api::blockers))
        .route("/blockers/changes", get(changes::list))
        .route("/fixes", get(fixes::api))
        .route("/gate", get(gate::answer))
        .route("/feeds", get(feeds::list))
        .route("/trend", get(trend_api::list))
        .route("/regressed", get(trend_api::who_was_ready))
        .route("/rejects", get(api::rejects))
        .route("/scopes", get(cutover::api::scopes))
        .route("/scopes/{id}/what-if", get(cutover::api::what_if))
        .route("/decisions", get(cutover::api::decisions))
        .route("/decisions/{number}", get(cutover::api::decision))
        .route("/openapi.json", get(contract::document))
        .route("/uploads", get(upload_api::list).post(upload_api::add))
        .route("/uploads/{id}", get(upload_api::one))
        .route("/uploads/{id}/rows", get(upload_api::rows))
        .route("/uploads/{id}/commit", post(upload_api::commit))
        .route("/uploads/{id}/cancel", post(upload_api::cancel))
        .route("/uploads/{id}/rejected", get(upload_api::rejected))
        .layer(DefaultBodyLimit::max(body::LARGEST));

    // For machines that watch machines.
    let health = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics));

    let routes = site
        .nest("/api/v1", api)
        .merge(health)
        .fallback(pages::nothing_here)
        .method_not_allowed_fallback(pages::wrong_method)
        .with_state(app.clone());
    layers::around(routes, app)
}
