//! Signing in at another server that vouches for people: out to it, and back.

mod claims;
mod http;
mod provider;

use std::net::IpAddr;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use claims::Groups;
pub use provider::Provider;
use provider::{Back, Trouble};

use super::{
    auth::cookie_name,
    door::network_text,
    from_where::FromWhere,
    query::form_pairs,
    sign_in::{agent, cookie, page, slowed},
};
use crate::{
    clock,
    domain::audit::{Actor, Author},
    error::Problem,
    state::App,
    store::{
        access::random_secret,
        accounts::By,
        single_sign_on::{Begun, HOLDS, Vouched, Welcomed},
    },
    views::sign_in::local_path,
};

/// Name of the cookie that binds a sign-in to its browser, over TLS.
const SECURE_COOKIE: &str = "__Host-cutover-sign-in";
/// Its name without TLS, where a browser would refuse the prefix.
const PLAIN_COOKIE: &str = "cutover-sign-in";
/// Bytes of the path that somebody is led to afterwards.
const LONGEST_PATH: usize = 2_000;
/// Characters of a code or a state at most; Entra ID's codes have more than a thousand.
const LONGEST_CODE: usize = 8_192;
/// What is slowed with an address when its returns fail; no account has such a name.
const TRIED: &str = "\u{1}single sign-on";

type Where = Option<Extension<FromWhere>>;

fn binding_name(app: &App) -> &'static str {
    if app.secure_cookies() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

/// The cookie that binds a sign-in to its browser. It comes back from another site, so it cannot be stricter.
fn binding(app: &App, secret: String) -> Cookie<'static> {
    let name = binding_name(app);
    let text = format!("{name}={secret}; Max-Age={}", HOLDS / 1_000);
    let mut cookie = Cookie::parse(text).unwrap_or_else(|_| Cookie::new(name, ""));
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(app.secure_cookies());
    cookie
}

fn provider(app: &App) -> Result<&Provider, Problem> {
    app.provider().ok_or_else(|| {
        Problem::NotFound(
            "There is no single sign-on here; sign in with an account of this server.".to_owned(),
        )
    })
}

/// The secret that a browser has from a sign-in in another tab; that one goes on, too.
fn bound(jar: &CookieJar, app: &App) -> Option<String> {
    let known = jar.get(binding_name(app))?.value();
    let ours = known.len() == 64 && known.bytes().all(|b| b.is_ascii_hexdigit());
    ours.then(|| known.to_owned())
}

/// `GET /sign-in/oidc`: out to the provider.
pub async fn begin(
    State(app): State<App>,
    from: Where,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let pairs = query.as_deref().map(form_pairs).unwrap_or_default();
    let next = pairs.iter().find(|(name, _)| name == "next");
    let next = next.map_or("/", |(_, next)| local_path(next));
    let next = if next.len() > LONGEST_PATH { "/" } else { next };
    let beginning = match provider.begin().await {
        Ok(beginning) => beginning,
        Err(trouble) => return not_now(&app, provider, trouble, next),
    };
    let browser = bound(&jar, &app).unwrap_or_else(random_secret);
    let begun = Begun {
        nonce: beginning.nonce,
        verifier: beginning.verifier,
        next: next.to_owned(),
    };
    let network = network_text(address(from));
    app.store()
        .begin_sign_in(&beginning.state, &browser, begun, network, clock::now())
        .await?;
    let out = Redirect::to(beginning.url.as_str());
    Ok((jar.add(binding(&app, browser)), out).into_response())
}

fn address(from: Where) -> Option<IpAddr> {
    from.map(|Extension(FromWhere(from))| from)
}

/// The page to sign in on, with what went wrong.
fn again(app: &App, status: StatusCode, error: &str, next: &str) -> Result<Response, Problem> {
    let page = page(app, "", Some(error), next)?;
    Ok((status, page).into_response())
}

fn not_now(
    app: &App,
    provider: &Provider,
    trouble: Trouble,
    next: &str,
) -> Result<Response, Problem> {
    let name = &provider.settings().name;
    match trouble {
        Trouble::Away => {
            let error = format!(
                "{name} cannot be reached from this server now, so nobody can sign in with it. Try again in a minute; the server's log has the cause. Accounts of this server work as always."
            );
            let mut page = again(app, StatusCode::SERVICE_UNAVAILABLE, &error, next)?;
            page.headers_mut().insert(header::RETRY_AFTER, 60.into());
            Ok(page)
        }
        Trouble::Wrong => {
            let error = format!(
                "What {name} answered does not hold, so nobody was signed in. Start again; if it stays so, the server's log has the cause."
            );
            again(app, StatusCode::FORBIDDEN, &error, next)
        }
    }
}

/// What comes back with a person.
#[derive(Default)]
struct Returned {
    code: String,
    state: String,
    error: String,
    issuer: Option<String>,
}

fn returned(query: Option<&str>) -> Returned {
    let mut back = Returned::default();
    for (name, value) in query.map(form_pairs).unwrap_or_default() {
        if value.len() > LONGEST_CODE {
            continue;
        }
        match name.as_str() {
            "code" => back.code = value,
            "state" => back.state = value,
            "error" => back.error = value,
            "iss" => back.issuer = Some(value),
            _ => {}
        }
    }
    back
}

/// `GET /sign-in/oidc/return`: back from the provider.
pub async fn finish(
    State(app): State<App>,
    from: Where,
    headers: HeaderMap,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let from = address(from);
    let back = returned(query.as_deref());
    let begun = match bound(&jar, &app) {
        Some(browser) if !back.state.is_empty() => {
            let now = clock::now();
            app.store().take_sign_in(&back.state, &browser, now).await?
        }
        _ => None,
    };
    let Some(begun) = begun else {
        let error = "This sign-in did not begin in this browser, was finished before, or began more than 10 minutes ago. Start again.";
        return again(&app, StatusCode::BAD_REQUEST, error, "/");
    };
    let next = begun.next.clone();
    let others = back
        .issuer
        .is_some_and(|issuer| issuer != provider.settings().issuer);
    if others {
        return not_now(&app, provider, Trouble::Wrong, &next);
    }
    if !back.error.is_empty() || back.code.is_empty() {
        return declined(&app, provider, &back.error, &next);
    }
    if let Some(wait) = app.door().may_try(&app, from, TRIED).await? {
        return slowed(&app, "", wait, &next);
    }
    let Back { who, groups } = match provider.finish(back.code, begun).await {
        Ok(back) => back,
        Err(trouble) => {
            match trouble {
                Trouble::Away => app.door().not_looked_at(from),
                Trouble::Wrong => app.door().was_wrong(from, TRIED),
            }
            return not_now(&app, provider, trouble, &next);
        }
    };
    app.door().was_right(from, TRIED);
    let by = By {
        at: clock::now(),
        author: Author::new(Actor::Server, from),
    };
    let granted = match &groups {
        Groups::Named(names) => provider.settings().roles.settle(names),
        Groups::TooMany | Groups::Missing => None,
    };
    let Some(rights) = granted else {
        return turned_away(&app, provider, who, &groups, by, &next).await;
    };
    let called = who.called.clone();
    let old = jar.get(cookie_name(&app)).map(Cookie::value);
    let became = app
        .store()
        .sign_in_vouched(who, rights, old, agent(&headers), app.lasting(), by)
        .await?;
    match became {
        Welcomed::In(secret) => {
            let jar = jar
                .remove(binding(&app, String::new()))
                .add(cookie(&app, secret));
            Ok((jar, Redirect::to(local_path(&next))).into_response())
        }
        Welcomed::Disabled => {
            let error = format!(
                "The account of {called} is disabled on this server. Ask an administrator of this server to enable it."
            );
            again(&app, StatusCode::FORBIDDEN, &error, &next)
        }
        Welcomed::NotSetUp => {
            let error = "Nobody has an account here yet, and the first one has to be an administrator's. An administrator signs in first, or opens the link that the server printed when it was started.";
            again(&app, StatusCode::FORBIDDEN, error, &next)
        }
    }
}

/// The provider let nobody in, or the person did not want to.
fn declined(app: &App, provider: &Provider, code: &str, next: &str) -> Result<Response, Problem> {
    let name = &provider.settings().name;
    // Whoever makes up an address makes up what the page says, so only codes are repeated.
    let plain = code.len() <= 60 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let error = match code {
        "access_denied" => format!(
            "{name} let nobody in: the sign-in was cancelled there, or this person may not use cutover. Ask whoever looks after {name} to assign the application."
        ),
        "" => format!("{name} sent nobody back. Start again."),
        code if plain => format!(
            "{name} let nobody in and gave the code {code}. Start again; if it stays so, ask whoever looks after {name}."
        ),
        _ => format!(
            "{name} let nobody in. Start again; if it stays so, ask whoever looks after {name}."
        ),
    };
    tracing::warn!(
        code = plain.then_some(code),
        "single sign-on: the provider let nobody in"
    );
    again(app, StatusCode::FORBIDDEN, &error, next)
}

/// Somebody is known, and has nothing to do here.
async fn turned_away(
    app: &App,
    provider: &Provider,
    who: Vouched,
    groups: &Groups,
    by: By,
    next: &str,
) -> Result<Response, Problem> {
    let settings = provider.settings();
    let (name, claim) = (&settings.name, &settings.groups_claim);
    let called = who.called.clone();
    let (why, error) = match groups {
        Groups::Named(names) => (
            format!("none of {} groups has a role here", names.len()),
            format!(
                "{called} is signed in at {name}, and in no group that has a role here. Ask the administrator of cutover which group to be put in."
            ),
        ),
        Groups::TooMany => (
            format!(
                "the provider leaves the groups out because there are too many (claim {claim})"
            ),
            format!(
                "{called} is signed in at {name}, and is in so many groups that {name} leaves them out. Ask whoever looks after {name} to send only groups that are assigned to the application, or application roles instead."
            ),
        ),
        Groups::Missing => (
            format!("the provider says nothing of groups (claim {claim})"),
            format!(
                "{called} is signed in at {name}, and {name} says nothing of groups: the claim {claim} is missing. Ask whoever looks after {name} to add it to the ID token."
            ),
        ),
    };
    app.store().turn_away(who, why, by).await?;
    again(app, StatusCode::FORBIDDEN, &error, next)
}
