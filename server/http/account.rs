//! One's own account: the password, and where one is signed in.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::{
    auth::Person,
    door::Tries,
    form::{Button, Form},
    from_where::FromWhere,
    pages::{html, layout},
    query::Named,
    sign_in::{agent, cookie},
};
use crate::{
    clock,
    domain::passwords,
    error::Problem,
    state::App,
    views::{Nav, account::AccountPage, text::counted},
};

/// `GET /account`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&app, &person, &headers, None).await
}

async fn shown(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    error: Option<String>,
) -> Result<Response, Problem> {
    let account = app.store().account(&person.name).await?;
    let account = account.ok_or(Problem::Unauthorized)?;
    let sessions = app
        .store()
        .own_sessions(&person.name, app.lasting(), clock::now())
        .await?;
    let layout = layout(app, Nav::Account, Some(person), Some(headers));
    html(&AccountPage::new(
        layout,
        &account,
        &sessions,
        &person.session,
        error,
    ))
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Passwords {
    /// Whose form it is; it is there for programs that keep passwords.
    user: Option<String>,
    old: String,
    new: String,
    again: String,
}

/// `POST /account/password`
pub async fn password(
    State(app): State<App>,
    person: Person,
    from: Option<Extension<FromWhere>>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(given): Form<Passwords>,
) -> Result<Response, Problem> {
    // Somebody else may have signed in since, in the same browser.
    if given.user.is_some_and(|user| user != person.name) {
        return Err(Problem::Conflict(format!(
            "This form is of another account, and you are signed in as {}; open the page Account anew.",
            person.name
        )));
    }
    let from = from.map(|Extension(FromWhere(from))| from);
    let refuse = async |status: StatusCode, why: String| {
        let page = shown(&app, &person, &headers, Some(why)).await?;
        Ok((status, page).into_response())
    };
    let wrong = if given.new != given.again {
        Some("The two new passwords differ; type the same one twice.".to_owned())
    } else if given.new == given.old {
        Some("The new password is the old one; choose another.".to_owned())
    } else {
        passwords::check(&person.name, &given.new).err()
    };
    if let Some(wrong) = wrong {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, wrong).await;
    }
    let tries = if given.old.len() > 1_024 {
        Tries::Wrong
    } else {
        app.door()
            .check(&app, from, &person.name, given.old)
            .await?
    };
    let who = match tries {
        Tries::Right(who) => who,
        Tries::Wrong => {
            let why = "The old password is another one.".to_owned();
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, why).await;
        }
        Tries::Slowed(wait) => {
            let why = format!(
                "Too many attempts from this address failed. Wait {}, then try again.",
                counted(i64::from(wait), "second", "seconds")
            );
            let mut page = refuse(StatusCode::TOO_MANY_REQUESTS, why).await?;
            page.headers_mut().insert(header::RETRY_AFTER, wait.into());
            return Ok(page);
        }
        Tries::Full => return Err(Problem::Busy),
    };
    let hash = app.door().hash(given.new).await?;
    let changed = app
        .store()
        .change_own_password(who, hash, agent(&headers), person.by(from))
        .await?;
    // Without one, the account was changed in this moment, and its sessions are over.
    let secret = changed.ok_or(Problem::Unauthorized)?;
    Ok((jar.add(cookie(&app, secret)), Redirect::to("/account")).into_response())
}

/// `POST /account/sessions/{id}/end`
pub async fn end(
    State(app): State<App>,
    person: Person,
    from: Option<Extension<FromWhere>>,
    Named(session): Named,
    _: Button,
) -> Result<Response, Problem> {
    let from = from.map(|Extension(FromWhere(from))| from);
    // It may have ended a moment ago; then it is over, as was wanted.
    let by = person.by(from);
    app.store()
        .revoke_sessions(person.name, session, false, by)
        .await?;
    Ok(Redirect::to("/account").into_response())
}

/// `POST /account/sessions/end-others`
pub async fn end_others(
    State(app): State<App>,
    person: Person,
    from: Option<Extension<FromWhere>>,
    _: Button,
) -> Result<Response, Problem> {
    let from = from.map(|Extension(FromWhere(from))| from);
    let by = person.by(from);
    app.store()
        .revoke_sessions(person.name, person.session, true, by)
        .await?;
    Ok(Redirect::to("/account").into_response())
}
