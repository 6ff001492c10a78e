//! The second factor: set up on one's own page, and asked for after the password.

use std::net::IpAddr;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use super::{
    auth::{Person, cookie_name},
    form::{Button, Form},
    from_where::FromWhere,
    pages::{html, layout},
    sign_in::{agent, cookie, page as sign_in_page},
};
use crate::{
    clock,
    domain::audit::{Actor, Author},
    error::Problem,
    state::App,
    store::{
        accounts::By,
        second_factor::{AWAITED, Code, Factor},
        sessions::Checked,
    },
    views::{
        Nav,
        second_factor::{CodePage, FactorPage},
        sign_in::local_path,
        text::counted,
    },
};

/// Name of the cookie between password and code, over TLS.
const SECURE_COOKIE: &str = "__Host-cutover-code";
/// Its name without TLS.
const PLAIN_COOKIE: &str = "cutover-code";
/// Bytes of the path that somebody is led to afterwards.
const LONGEST_PATH: usize = 2_000;

type Where = Option<Extension<FromWhere>>;

fn address(from: Where) -> Option<IpAddr> {
    from.map(|Extension(FromWhere(from))| from)
}

/// What slows wrong codes of an account; wrong passwords are counted apart, so that a right one pardons no code.
fn tried(name: &str) -> String {
    format!("\u{1}code of {name}")
}

fn between_name(app: &App) -> &'static str {
    if app.secure_cookies() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

/// The cookie between password and code. Nothing but our own form sends it.
fn between(app: &App, secret: &str) -> Cookie<'static> {
    let name = between_name(app);
    let text = format!("{name}={secret}; Max-Age={}", AWAITED / 1_000);
    let mut cookie = Cookie::parse(text).unwrap_or_else(|_| Cookie::new(name, ""));
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Strict);
    cookie.set_secure(app.secure_cookies());
    cookie
}

/// After the right password of an account with a second factor: to the page that asks for a code.
pub(super) async fn ask(
    app: &App,
    jar: CookieJar,
    who: Checked,
    next: &str,
) -> Result<Response, Problem> {
    let next = local_path(next);
    let next = if next.len() > LONGEST_PATH { "/" } else { next };
    let secret = app
        .store()
        .await_code(who, next.to_owned(), clock::now())
        .await?;
    let jar = jar.add(between(app, &secret));
    Ok((jar, Redirect::to("/sign-in/code")).into_response())
}

fn code_page(app: &App, error: Option<String>) -> Result<Response, Problem> {
    html(&CodePage {
        layout: layout(app, Nav::None, None, None),
        error,
    })
}

/// `GET /sign-in/code`
pub async fn code_form(State(app): State<App>, jar: CookieJar) -> Result<Response, Problem> {
    let waits = match jar.get(between_name(&app)) {
        Some(cookie) => app.store().awaited(cookie.value(), clock::now()).await?,
        None => None,
    };
    if waits.is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    code_page(&app, None)
}

/// What a form with a code sends.
#[derive(Deserialize)]
pub struct Typed {
    code: String,
}

impl Typed {
    fn code(self) -> String {
        // Nothing that long is one, and nothing more is looked at.
        self.code.chars().take(64).collect()
    }
}

fn slowed(wait: u32) -> String {
    format!(
        "Too many wrong codes came from this address. Wait {}, then try again.",
        counted(i64::from(wait), "second", "seconds")
    )
}

/// `POST /sign-in/code`
pub async fn code(
    State(app): State<App>,
    from: Where,
    headers: HeaderMap,
    jar: CookieJar,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let typed = typed.code();
    let from = address(from);
    let now = clock::now();
    let secret = jar
        .get(between_name(&app))
        .map(|cookie| cookie.value().to_owned());
    let name = match &secret {
        Some(secret) => app.store().awaited(secret, now).await?,
        None => None,
    };
    let over = || {
        let error =
            "That took longer than five minutes, or too many codes were wrong. Sign in once more.";
        let page = sign_in_page(&app, "", Some(error), "")?;
        Ok((StatusCode::UNAUTHORIZED, page).into_response())
    };
    let (Some(secret), Some(name)) = (secret, name) else {
        return over();
    };
    let key = tried(&name);
    if let Some(wait) = app.door().may_try(&app, from, &key).await? {
        let page = code_page(&app, Some(slowed(wait)))?;
        let mut page = (StatusCode::TOO_MANY_REQUESTS, page).into_response();
        page.headers_mut().insert(header::RETRY_AFTER, wait.into());
        return Ok(page);
    }
    let by = By {
        at: now,
        author: Author::new(Actor::Server, from),
    };
    let old = jar.get(cookie_name(&app)).map(Cookie::value);
    let became = app
        .store()
        .finish_with_code(&secret, typed, old, agent(&headers), app.lasting(), by)
        .await?;
    match became {
        Code::Right(session, next) => {
            app.door().was_right(from, &key);
            let jar = jar.remove(between(&app, "")).add(cookie(&app, session));
            Ok((jar, Redirect::to(local_path(&next))).into_response())
        }
        Code::Wrong => {
            app.door().was_wrong(from, &key);
            let error = "This code is wrong, or was used already. Type the one that the app shows now, or a recovery code.";
            let page = code_page(&app, Some(error.to_owned()))?;
            Ok((StatusCode::UNAUTHORIZED, page).into_response())
        }
        Code::Over => {
            app.door().was_wrong(from, &key);
            over()
        }
        Code::TooMany => {
            app.door().not_looked_at(from);
            let error = "Too many wrong codes came for this account in the last hour, so somebody else may know its password. Wait an hour, or ask an administrator.";
            let page = code_page(&app, Some(error.to_owned()))?;
            Ok((StatusCode::TOO_MANY_REQUESTS, page).into_response())
        }
    }
}

/// What became of the other sessions of whoever has just set a second factor up.
fn notice(ended: u64) -> String {
    let others = i64::try_from(ended).unwrap_or(i64::MAX);
    let others = counted(others, "other session", "other sessions");
    format!("The second factor is set up, and {others} of yours ended.")
}

async fn shown(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    error: Option<String>,
    done: Option<(Vec<String>, u64)>,
) -> Result<Response, Problem> {
    let factor = app.store().factor(&person.name).await?;
    let (codes, ended) = done.unzip();
    let mut layout = layout(app, Nav::Account, Some(person), Some(headers));
    layout.notice = ended.map(notice);
    html(&FactorPage::new(
        layout,
        &person.name,
        &factor,
        app.needs_second_factor(person.role),
        error,
        codes.unwrap_or_default(),
    ))
}

/// `GET /account/second-factor`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&app, &person, &headers, None, None).await
}

/// `POST /account/second-factor`: makes a secret up, and shows it.
pub async fn begin(State(app): State<App>, person: Person, _: Button) -> Result<Response, Problem> {
    if matches!(app.store().factor(&person.name).await?, Factor::Elsewhere) {
        return Err(Problem::Conflict(
            "You sign in with single sign-on: a second factor is asked for there.".to_owned(),
        ));
    }
    // Where there is one already, the page says so.
    app.store().offer_factor(person.name).await?;
    Ok(Redirect::to("/account/second-factor").into_response())
}

/// `POST /account/second-factor/confirm`
pub async fn confirm(
    State(app): State<App>,
    person: Person,
    from: Where,
    headers: HeaderMap,
    jar: CookieJar,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let by = person.by(address(from));
    let (name, session) = (person.name.clone(), person.session.clone());
    let done = app
        .store()
        .confirm_factor(name, typed.code(), session, by)
        .await?;
    if let Some((codes, ended)) = done {
        let jar = keeping(&app, jar, ended.secret);
        let done = Some((codes, ended.others));
        let page = shown(&app, &person, &headers, None, done).await?;
        return Ok((jar, page).into_response());
    }
    let error = "This code is not of this secret, or no longer shown. Type the one that the app shows now; the clocks of the app and of this server have to agree to half a minute.";
    let page = shown(&app, &person, &headers, Some(error.to_owned()), None).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The cookie of the session that stays, with its new secret. Without one it has ended meanwhile, and whoever it was signs in.
fn keeping(app: &App, jar: CookieJar, secret: Option<String>) -> CookieJar {
    match secret {
        Some(secret) => jar.add(cookie(app, secret)),
        None => jar,
    }
}

/// `POST /account/second-factor/remove`
pub async fn remove(
    State(app): State<App>,
    person: Person,
    from: Where,
    headers: HeaderMap,
    jar: CookieJar,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let typed = typed.code();
    let from = address(from);
    let key = tried(&person.name);
    let (status, why) = if let Some(wait) = app.door().may_try(&app, from, &key).await? {
        (StatusCode::TOO_MANY_REQUESTS, slowed(wait))
    } else {
        let by = person.by(from);
        let (name, session) = (person.name.clone(), person.session.clone());
        let removed = app.store().remove_factor(name, typed, session, by).await?;
        if let Some(ended) = removed {
            app.door().was_right(from, &key);
            let jar = keeping(&app, jar, ended.secret);
            return Ok((jar, Redirect::to("/account/second-factor")).into_response());
        }
        app.door().was_wrong(from, &key);
        let why = "This code is wrong, or was used already. Type the one that the app shows now, or a recovery code.";
        (StatusCode::UNPROCESSABLE_ENTITY, why.to_owned())
    };
    let page = shown(&app, &person, &headers, Some(why), None).await?;
    Ok((status, page).into_response())
}
