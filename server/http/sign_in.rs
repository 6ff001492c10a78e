//! Signing in and out.

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use super::{
    auth::cookie_name,
    door::Tries,
    form::{Button, Form},
    from_where::FromWhere,
    pages::{html, layout},
    query::form_pairs,
    second_factor,
};
use crate::{
    clock,
    domain::audit::{Actor, Author},
    error::Problem,
    state::App,
    store::{accounts::By, second_factor::Factor},
    views::{
        Nav,
        sign_in::{self, SignInPage},
        text::counted,
    },
};

/// Seconds after which to come back when too many passwords are being checked.
const FULL: u32 = 5;

/// `GET /sign-in`
pub async fn form(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let pairs = query.as_deref().map(form_pairs).unwrap_or_default();
    let next = pairs.iter().find(|(name, _)| name == "next");
    let next = next.map_or("", |(_, next)| next);
    let mut page = dressed(&app, "", None, next);
    page.nobody_yet = !app.store().has_users().await?;
    html(&page)
}

fn dressed(app: &App, user: &str, error: Option<&str>, next: &str) -> SignInPage {
    let layout = layout(app, Nav::None, None, None);
    let page = SignInPage::new(layout, user, error, next);
    match app.provider() {
        Some(provider) => page.with(&provider.settings().name),
        None => page,
    }
}

/// The page to sign in on, with what went wrong.
pub(super) fn page(
    app: &App,
    user: &str,
    error: Option<&str>,
    next: &str,
) -> Result<Response, Problem> {
    html(&dressed(app, user, error, next))
}

/// The same, for whoever failed too often.
pub(super) fn slowed(app: &App, user: &str, wait: u32, next: &str) -> Result<Response, Problem> {
    let error = format!(
        "Too many attempts from this address failed. Wait {}, then try again.",
        counted(i64::from(wait), "second", "seconds")
    );
    let page = page(app, user, Some(&error), next)?;
    let mut page = (StatusCode::TOO_MANY_REQUESTS, page).into_response();
    page.headers_mut().insert(header::RETRY_AFTER, wait.into());
    Ok(page)
}

/// What the sign-in form sends.
#[derive(Deserialize)]
pub struct Credentials {
    user: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub async fn sign_in(
    State(app): State<App>,
    from: Option<Extension<FromWhere>>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(given): Form<Credentials>,
) -> Result<Response, Problem> {
    let from = from.map(|Extension(FromWhere(from))| from);
    let impossible =
        given.user.len() > 512 || given.password.len() > 1_024 || given.user.contains('\0');
    let tries = if impossible {
        Tries::Wrong
    } else {
        app.door()
            .check(&app, from, &given.user, given.password)
            .await?
    };
    let again = |status: StatusCode, error: &str, wait: Option<u32>| {
        let page = page(&app, &given.user, Some(error), &given.next)?;
        let mut page = (status, page).into_response();
        if let Some(wait) = wait {
            page.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        Ok(page)
    };
    let wrong = "This name and password do not belong together.";
    let who = match tries {
        Tries::Right(who) => who,
        Tries::Wrong => return again(StatusCode::UNAUTHORIZED, wrong, None),
        Tries::Slowed(wait) => return slowed(&app, &given.user, wait, &given.next),
        Tries::Full => {
            let error = format!(
                "Too many people sign in at this moment. Wait {FULL} seconds, then try again."
            );
            return again(StatusCode::SERVICE_UNAVAILABLE, &error, Some(FULL));
        }
    };
    if matches!(app.store().factor(&who.name).await?, Factor::Holds(_)) {
        return second_factor::ask(&app, jar, who, &given.next).await;
    }
    let by = By {
        at: clock::now(),
        author: Author::new(Actor::Person(who.name.clone()), from),
    };
    let old = jar.get(cookie_name(&app)).map(Cookie::value);
    let secret = app
        .store()
        .start_session(who, old, agent(&headers), app.lasting(), by)
        .await?;
    let Some(secret) = secret else {
        // Its password was changed, or it was disabled, in this moment.
        return again(StatusCode::UNAUTHORIZED, wrong, None);
    };
    let next = sign_in::local_path(&given.next).to_owned();
    Ok((jar.add(cookie(&app, secret)), Redirect::to(&next)).into_response())
}

/// What a browser says of itself.
pub(super) fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    String::from_utf8_lossy(agent.unwrap_or_default()).into_owned()
}

/// The cookie of a session. Without a date it ends with the browser; the server ends it earlier if nobody uses it.
pub(super) fn cookie(app: &App, secret: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(cookie_name(app), secret);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(app.secure_cookies());
    cookie
}

/// `POST /sign-out`
pub async fn sign_out(
    State(app): State<App>,
    from: Option<Extension<FromWhere>>,
    jar: CookieJar,
    _: Button,
) -> Result<Response, Problem> {
    let name = cookie_name(&app);
    if let Some(cookie) = jar.get(name) {
        let from = from.map(|Extension(FromWhere(from))| from);
        let by = move |name| By {
            at: clock::now(),
            author: Author::new(Actor::Person(name), from),
        };
        app.store().end_session(cookie.value(), by).await?;
    }
    let mut gone = Cookie::new(name, "");
    gone.set_path("/");
    gone.set_secure(app.secure_cookies());
    Ok((jar.remove(gone), Redirect::to("/sign-in")).into_response())
}
