//! Tokens for programs, and what one of them sent set aside, for administrators.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    auth::Person,
    form::Form,
    lists::reason,
    pages::{html, layout},
    query::Named,
    refused::or_again,
    token_form::Words,
};
use crate::{
    clock,
    domain::time::Timestamp,
    error::Problem,
    state::App,
    store::{quarantine_model::Span, tokens::Token},
    views::{
        Nav,
        refused::Refused,
        tokens::{TokenPage, TokensPage},
    },
};

/// `GET /tokens`
pub async fn list(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    page(&app, &person, &headers, None).await
}

async fn page(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    made: Option<String>,
) -> Result<Response, Problem> {
    let store = app.store();
    let layout = layout(app, Nav::Tokens, Some(person), Some(headers));
    let tokens = store.tokens().await?;
    let resting = store.resting_on_tokens().await?;
    let quarantines = store.quarantines().await?;
    html(&TokensPage::new(
        layout,
        &tokens,
        &resting,
        &quarantines,
        made,
    ))
}

/// What the form of a new token sends.
#[derive(Deserialize)]
pub struct Wanted {
    purpose: String,
    name: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    sites: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    new_clients_per_hour: String,
}

/// `POST /tokens`: makes one; its text is on the page that comes back, and nowhere else.
pub async fn make(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let words = Words {
        purpose: wanted.purpose,
        name: wanted.name,
        expires: wanted.expires,
        sites: wanted.sites,
        networks: wanted.from,
        new_ids: wanted.new_clients_per_hour,
    };
    let new = words.understood(now).map_err(Problem::Invalid)?;
    let author = person.author.clone();
    let text = app.store().create_token(new, author, now).await?;
    page(&app, &person, &headers, Some(text)).await
}

async fn known(app: &App, id: &str) -> Result<Token, Problem> {
    app.store()
        .token_by_id(id)
        .await?
        .ok_or_else(|| Problem::NotFound("There is no token with this id.".to_owned()))
}

/// What the form that revokes sends.
#[derive(Deserialize)]
pub struct Revoked {
    #[serde(default)]
    why: String,
    /// There when what it would do was looked at.
    confirm: Option<String>,
}

/// `POST /tokens/{token}/revoke`: shows first what it would do.
pub async fn revoke(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    given: Result<Form<Revoked>, Problem>,
) -> Result<Response, Problem> {
    let token = known(&app, &id).await?;
    let Form(wanted) = given?;
    if wanted.confirm.is_none() {
        return asked_to_revoke(&app, &person, &headers, &token, None).await;
    }
    let done = revoked(&app, &person, &token, &wanted.why).await;
    let fields = vec![("why".to_owned(), wanted.why)];
    or_again(done, &headers, "revoke", fields, |refused| {
        asked_to_revoke(&app, &person, &headers, &token, Some(refused))
    })
    .await
}

async fn revoked(
    app: &App,
    person: &Person,
    token: &Token,
    why: &str,
) -> Result<Response, Problem> {
    let by = person.author.clone().because(Some(reason(why)?));
    // Somebody else may have revoked it a moment ago; then it holds no more, as was wanted.
    app.store()
        .revoke_token(token.id.clone(), by, clock::now())
        .await?;
    Ok(Redirect::to("/tokens").into_response())
}

async fn asked_to_revoke(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    token: &Token,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let quarantines = app.store().quarantines().await?;
    let resting = app.store().resting_on_tokens().await?;
    let clients = resting.iter().find(|(id, _)| *id == token.id);
    let mut layout = layout(app, Nav::Tokens, Some(person), Some(headers));
    layout.refused = refused;
    let mut page = TokenPage::new(layout, token, &quarantines);
    page.ask_to_revoke(clients.map_or(0, |(_, n)| *n));
    html(&page)
}

/// `GET /tokens/{token}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = known(&app, &id).await?;
    let quarantines = app.store().quarantines().await?;
    let layout = layout(&app, Nav::Tokens, Some(&person), Some(&headers));
    html(&TokenPage::new(layout, &token, &quarantines))
}

/// What the form of a quarantine sends.
#[derive(Deserialize)]
pub struct Aside {
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    why: String,
    /// There when what it would do was looked at.
    confirm: Option<String>,
}

/// `POST /tokens/{token}/quarantine`: shows first what it would do.
pub async fn quarantine(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    given: Result<Form<Aside>, Problem>,
) -> Result<Response, Problem> {
    let token = known(&app, &id).await?;
    let Form(wanted) = given?;
    let now = clock::now();
    let time = |place: &str, text: &str, open: Timestamp| {
        if text.trim().is_empty() {
            return Ok(open);
        }
        Timestamp::parse(text).map_err(|why| Problem::invalid(place, why))
    };
    let span = Span {
        token: token.id.clone(),
        since: time("/since", &wanted.since, Timestamp(0))?,
        until: time("/until", &wanted.until, now)?.min(now),
    };
    if span.since > span.until {
        return Err(Problem::invalid("/since", "the span ends before it begins"));
    }
    let why = reason(&wanted.why)?;
    if wanted.confirm.is_none() {
        let preview = app.store().preview_quarantine(&span, app.judge(), now);
        let preview = preview.await?;
        let quarantines = app.store().quarantines().await?;
        let layout = layout(&app, Nav::Tokens, Some(&person), Some(&headers));
        let mut page = TokenPage::new(layout, &token, &quarantines);
        page.say_preview(&preview, &span, &why);
        return html(&page);
    }
    app.store().set_aside(span, why, person.author, now).await?;
    Ok(Redirect::to(&format!("/tokens/{}", token.id)).into_response())
}

/// What the form that takes a quarantine back sends.
#[derive(Deserialize)]
pub struct Lifted {
    quarantine: String,
    why: String,
}

/// `POST /tokens/{token}/lift`
pub async fn lift(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    given: Result<Form<Lifted>, Problem>,
) -> Result<Response, Problem> {
    let token = known(&app, &id).await?;
    let Form(wanted) = given?;
    let why = reason(&wanted.why)?;
    let lifted = app
        .store()
        .lift_quarantine(wanted.quarantine, why, person.author, clock::now());
    if !lifted.await? {
        return Err(Problem::Conflict(
            "This quarantine is not in force any more.".to_owned(),
        ));
    }
    Ok(Redirect::to(&format!("/tokens/{}", token.id)).into_response())
}
