//! The self-test of TLS, and what the first screen says of the certificates.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    auth::Person,
    pages::{html, layout},
    tls::{State as Certificates, with_server},
};
use crate::{
    domain::time::{DAY, Timestamp},
    error::Problem,
    state::App,
    views::{Nav, home::HomePage, tls::TlsPage},
};

/// So long a sighting stays on the first screen.
const LOOKED_AT: i64 = 30 * DAY;

fn state(app: &App) -> Certificates {
    app.doors().certificates.as_ref().map_or_else(
        || Certificates {
            certificates: Vec::new(),
            trouble: None,
        },
        |certificates| certificates.state(),
    )
}

/// `/tls`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Tls, Some(&person), Some(&headers));
    let state = state(&app);
    let page = with_server(&state.certificates, |server| {
        TlsPage::new(
            layout,
            &state.certificates,
            state.trouble.as_deref(),
            server,
        )
    });
    html(&page)
}

/// What the first screen says of certificates and of who could not come in.
pub(super) async fn say_doors(
    app: &App,
    page: &mut HomePage,
    now: Timestamp,
) -> Result<(), Problem> {
    let state = state(app);
    let refused = app.store().refused_addresses(now.plus(-LOOKED_AT)).await?;
    page.say_doors(&state.certificates, state.trouble.as_deref(), refused);
    Ok(())
}
