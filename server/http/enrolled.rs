//! Machines that sign their reports, for those who look after them: which have a key, and whose is made void.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    auth::Person,
    form::Form,
    lists::reason,
    pages::{html, layout},
    query::{Empty, Named, Once, each, unknown},
    refused::or_again,
    within::WholeEstate,
};
use crate::{
    clock,
    domain::access::Permission,
    error::Problem,
    state::App,
    store::enrolment::{Enrolled, WhichEnrolled},
    views::{
        Layout, Nav,
        enrolled::{EnrolledPage, MachinePage, machine_url},
        refused::Refused,
    },
};

/// Machines on a page.
const SHOWN: usize = 100;
/// Names that an address may have.
const NAMES: [&str; 3] = ["q", "state", "cursor"];

/// The list as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct EnrolledQuery {
    which: WhichEnrolled,
    after: String,
}

impl<S: Send + Sync> FromRequestParts<S> for EnrolledQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut query = Self::default();
        let text = parts.uri.query().unwrap_or_default();
        each(text, Once::default(), Empty::MeansAny, |name, value| {
            match name {
                "q" => query.which.q = value,
                "state" => {
                    query.which.holds = match value.as_str() {
                        "holds" => Some(true),
                        "void" => Some(false),
                        "any" => None,
                        _ => return Err(unknown(&value, &["holds", "void", "any"])),
                    }
                }
                "cursor" => query.after = value,
                _ => return Err(unknown(name, &NAMES)),
            }
            Ok(())
        })
        .map_err(Problem::Invalid)?;
        Ok(query)
    }
}

/// It belongs to the tokens, which auditors do not see.
fn framed(app: &App, person: &Person, headers: &HeaderMap) -> Layout {
    let nav = if person.may(Permission::Administer) {
        Nav::Tokens
    } else {
        Nav::Audit
    };
    layout(app, nav, Some(person), Some(headers))
}

/// `/enrolled`
pub async fn page(
    State(app): State<App>,
    person: Person,
    // Which site a machine belongs to, its key does not say.
    _: WholeEstate,
    headers: HeaderMap,
    query: EnrolledQuery,
) -> Result<Response, Problem> {
    let page = app
        .store()
        .enrolled_page(&query.which, &query.after, SHOWN)
        .await?;
    let layout = framed(&app, &person, &headers);
    html(&EnrolledPage::new(layout, &query.which, &page))
}

async fn known(app: &App, name: &str) -> Result<Enrolled, Problem> {
    let found = app.store().enrolled_machine(name).await?;
    found.ok_or_else(|| {
        Problem::NotFound("No machine of this name was ever given a key.".to_owned())
    })
}

/// `/enrolled/{machine}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    Named(name): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&app, &person, &headers, &name, None).await
}

async fn shown(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    name: &str,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let machine = known(app, name).await?;
    let mut layout = framed(app, person, headers);
    layout.refused = refused;
    html(&MachinePage::new(layout, &machine))
}

/// What the form that revokes sends.
#[derive(Deserialize)]
pub struct Revoked {
    #[serde(default)]
    why: String,
    /// There when what it would do was looked at.
    confirm: Option<String>,
}

/// `POST /enrolled/{machine}/revoke`: shows first what it would do.
pub async fn revoke(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    Named(name): Named,
    headers: HeaderMap,
    Form(wanted): Form<Revoked>,
) -> Result<Response, Problem> {
    if wanted.confirm.is_none() {
        return shown(&app, &person, &headers, &name, None).await;
    }
    let done = revoked(&app, &person, &name, &wanted.why).await;
    let fields = vec![("why".to_owned(), wanted.why)];
    or_again(done, &headers, "revoke", fields, |refused| {
        shown(&app, &person, &headers, &name, Some(refused))
    })
    .await
}

async fn revoked(app: &App, person: &Person, name: &str, why: &str) -> Result<Response, Problem> {
    let machine = known(app, name).await?;
    let by = person.author.clone().because(Some(reason(why)?));
    // Somebody else may have revoked it a moment ago; then it holds no more, as was wanted.
    app.store()
        .revoke_enrolment(machine.name.clone(), by, clock::now())
        .await?;
    Ok(Redirect::to(&machine_url(&machine.name)).into_response())
}
