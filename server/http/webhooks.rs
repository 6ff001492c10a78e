//! Which programs are told what happens, for people who have signed in. Webhooks are made on the command line.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    auth::Person,
    pages::{html, layout},
    within::WholeEstate,
};
use crate::{
    error::Problem,
    state::App,
    views::{
        Nav,
        webhooks::{LISTED, WebhooksPage},
    },
};

/// `/webhooks`
pub async fn page(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Webhooks, Some(&person), Some(&headers));
    let webhooks = app.store().webhooks().await?;
    let log = app.store().delivery_log(false, LISTED).await?;
    html(&WebhooksPage::new(layout, &webhooks, &log))
}
