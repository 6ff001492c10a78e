//! All sites: as many as there are, a page at a time.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    auth::Person,
    pages::{html, layout},
    query::ListQuery,
};
use crate::{
    clock,
    error::Problem,
    state::App,
    views::{Nav, sites::SitesPage},
};

/// `/sites`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    ListQuery { filter, before, .. }: ListQuery,
) -> Result<Response, Problem> {
    let now = clock::now();
    let ruleset = &app.judge().ruleset;
    let summary = app.store().selection(&filter, ruleset, now).await?;
    let layout = layout(&app, Nav::Overview, Some(&person), Some(&headers));
    html(&SitesPage::new(layout, &summary, &filter, before))
}
