//! The first start: whoever holds the link that the server printed makes the first administrator.

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::{
    form::Form,
    from_where::FromWhere,
    pages::{html, layout},
    query::form_pairs,
    sign_in::{agent, cookie},
};
use crate::{
    clock,
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        passwords,
    },
    error::Problem,
    state::App,
    store::{
        accounts::{By, NewAccount, name_fits},
        setup::Link,
    },
    views::{Nav, setup::SetupPage},
};

/// Whether a link may be used now; says why not.
async fn holds(app: &App, key: &str) -> Result<(), Problem> {
    match app.store().setup_link(key, clock::now()).await? {
        Link::Holds => Ok(()),
        Link::Done => Err(Problem::NotFound(
            "This server is set up: somebody has an account, and the link is gone. Sign in on /sign-in; who administrates the machine makes accounts with `cutover user add`.".to_owned(),
        )),
        Link::Void => Err(Problem::Forbidden(
            "This link does not hold. It is valid for 60 minutes, and each start of a server prints a new one and voids the one before: restart the server and take the newest.".to_owned(),
        )),
    }
}

/// `GET /setup?key=…`
pub async fn form(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let pairs = query.as_deref().map(form_pairs).unwrap_or_default();
    let key = pairs.iter().find(|(name, _)| name == "key");
    let key = key.map_or("", |(_, key)| key);
    holds(&app, key).await?;
    html(&SetupPage::new(
        layout(&app, Nav::None, None, None),
        key,
        "admin",
        None,
    ))
}

/// What the form sends.
#[derive(Deserialize)]
pub struct First {
    key: String,
    user: String,
    password: String,
    again: String,
}

/// `POST /setup`
pub async fn set_up(
    State(app): State<App>,
    from: Option<Extension<FromWhere>>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(given): Form<First>,
) -> Result<Response, Problem> {
    holds(&app, &given.key).await?;
    let name = given.user.trim();
    let wrong = if !name_fits(name) {
        Some("A name has 1 to 100 characters that can be seen.".to_owned())
    } else if given.password != given.again {
        Some("The two passwords differ; type the same one twice.".to_owned())
    } else {
        passwords::check(name, &given.password).err()
    };
    if let Some(wrong) = wrong {
        let layout = layout(&app, Nav::None, None, None);
        let page = html(&SetupPage::new(layout, &given.key, name, Some(&wrong)))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let new = NewAccount {
        name: name.to_owned(),
        role: Role::Administrator,
        sites: Sites::all(),
        password_hash: app.door().hash(given.password).await?,
        must_change: false,
    };
    let by = By {
        at: clock::now(),
        author: Author::new(
            Actor::Person(name.to_owned()),
            from.map(|Extension(FromWhere(from))| from),
        ),
    };
    let made = app
        .store()
        .set_up(&given.key, new, agent(&headers), by)
        .await?;
    let Some(secret) = made else {
        // Somebody else was quicker by a moment, or the hour is over.
        holds(&app, &given.key).await?;
        return Err(Problem::Internal);
    };
    Ok((jar.add(cookie(&app, secret)), Redirect::to("/")).into_response())
}
