//! Who has an account, for those who administrate.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    auth::Person,
    form::{Button, Form},
    from_where::FromWhere,
    lists::reason,
    pages::{html, layout},
    query::Named,
    refused::or_again,
};
use crate::{
    domain::access::rights,
    error::Problem,
    state::App,
    store::{
        access::random_secret,
        accounts::{By, Changed, NewAccount, name_fits},
    },
    views::{
        Nav,
        people::{PeoplePage, PersonPage, person_url},
        refused::Refused,
    },
};

type Where = Option<Extension<FromWhere>>;

fn by(person: &Person, from: Where) -> By {
    person.by(from.map(|Extension(FromWhere(from))| from))
}

/// A password for once: 24 hexadecimal digits, 96 random bits.
pub fn for_once() -> String {
    random_secret().chars().take(24).collect()
}

/// `GET /people`
pub async fn list(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accounts = app.store().accounts().await?;
    let layout = layout(&app, Nav::People, Some(&person), Some(&headers));
    html(&PeoplePage::new(layout, &accounts))
}

/// What the form for a new account sends.
#[derive(Deserialize)]
pub struct Added {
    name: String,
    role: String,
    #[serde(default)]
    sites: String,
}

/// `POST /people`: makes an account, and shows its password for once.
pub async fn add(
    State(app): State<App>,
    person: Person,
    from: Where,
    headers: HeaderMap,
    Form(given): Form<Added>,
) -> Result<Response, Problem> {
    let name = given.name.trim();
    if !name_fits(name) {
        return Err(Problem::invalid(
            "/name",
            "A name has 1 to 100 characters that can be seen.",
        ));
    }
    let (role, sites) =
        rights(&given.role, &given.sites).map_err(|why| Problem::invalid("/role", why))?;
    let password = for_once();
    let new = NewAccount {
        name: name.to_owned(),
        role,
        sites,
        password_hash: app.door().hash(password.clone()).await?,
        must_change: true,
    };
    let done = app.store().add_account(new, by(&person, from)).await?;
    if done != Changed::Done {
        return Err(Problem::Conflict(format!(
            "There is an account {name} already, perhaps in other case; choose another name."
        )));
    }
    let page = shown(&app, &person, &headers, name, Some(password)).await?;
    Ok((StatusCode::CREATED, page).into_response())
}

async fn shown(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    name: &str,
    password: Option<String>,
) -> Result<Response, Problem> {
    let account = app.store().account(name).await?.ok_or_else(nobody)?;
    let layout = layout(app, Nav::People, Some(person), Some(headers));
    html(&PersonPage::new(layout, &account, password))
}

async fn asked_to_remove(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    name: &str,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let account = app.store().account(name).await?.ok_or_else(nobody)?;
    let mut layout = layout(app, Nav::People, Some(person), Some(headers));
    layout.refused = refused;
    let mut page = PersonPage::new(layout, &account, None);
    page.removing = true;
    html(&page)
}

fn nobody() -> Problem {
    Problem::NotFound("There is no account of this name.".to_owned())
}

/// `GET /people/{name}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(name): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&app, &person, &headers, &name, None).await
}

/// What the form for a role sends.
#[derive(Deserialize)]
pub struct Rights {
    role: String,
    #[serde(default)]
    sites: String,
}

/// `POST /people/{name}/role`
pub async fn set_role(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    Form(given): Form<Rights>,
) -> Result<Response, Problem> {
    let (role, sites) =
        rights(&given.role, &given.sites).map_err(|why| Problem::invalid("/role", why))?;
    let url = person_url(&name);
    let done = app
        .store()
        .set_role(name, role, sites, by(&person, from))
        .await?;
    if done == Changed::Nothing {
        return Err(nobody());
    }
    back(done, &url)
}

fn elsewhere() -> Problem {
    Problem::Conflict(
        "This person signs in with single sign-on: there is no password here, and the role comes from the groups there."
            .to_owned(),
    )
}

/// After a change: to the page of the account, or why not.
fn back(done: Changed, url: &str) -> Result<Response, Problem> {
    match done {
        Changed::LastAdministrator => Err(Problem::Conflict(
            "This is the only administrator whose account is not disabled. Make another one first."
                .to_owned(),
        )),
        Changed::Elsewhere => Err(elsewhere()),
        // Somebody else may have done it a moment ago; then it is so, as was wanted.
        _ => Ok(Redirect::to(url).into_response()),
    }
}

/// `POST /people/{name}/disable`
pub async fn disable(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    _: Button,
) -> Result<Response, Problem> {
    let url = person_url(&name);
    let done = app.store().disable_account(name, by(&person, from)).await?;
    back(done, &url)
}

/// `POST /people/{name}/enable`
pub async fn enable(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    _: Button,
) -> Result<Response, Problem> {
    let url = person_url(&name);
    let done = app.store().enable_account(name, by(&person, from)).await?;
    back(done, &url)
}

/// `POST /people/{name}/password`: a new one for once, shown once.
pub async fn password(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    headers: HeaderMap,
    _: Button,
) -> Result<Response, Problem> {
    let password = for_once();
    let hash = app.door().hash(password.clone()).await?;
    let by = by(&person, from);
    let done = app
        .store()
        .set_password(name.clone(), hash, true, by)
        .await?;
    match done {
        Changed::Done => {}
        Changed::Elsewhere => return Err(elsewhere()),
        _ => return Err(nobody()),
    }
    shown(&app, &person, &headers, &name, Some(password)).await
}

/// `POST /people/{name}/second-factor`: takes it off, for whoever has lost app and codes.
pub async fn reset_factor(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    _: Button,
) -> Result<Response, Problem> {
    let url = person_url(&name);
    // There may be none any more; then it is so, as was wanted.
    app.store().reset_factor(name, by(&person, from)).await?;
    Ok(Redirect::to(&url).into_response())
}

/// What the form that removes sends.
#[derive(Deserialize)]
pub struct Removed {
    #[serde(default)]
    why: String,
    /// There when what it would do was looked at.
    confirm: Option<String>,
}

/// `POST /people/{name}/remove`: shows first what it would do.
pub async fn remove(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
    headers: HeaderMap,
    Form(wanted): Form<Removed>,
) -> Result<Response, Problem> {
    if wanted.confirm.is_none() {
        return asked_to_remove(&app, &person, &headers, &name, None).await;
    }
    let done = removed(&app, by(&person, from), &name, &wanted.why).await;
    let fields = vec![("why".to_owned(), wanted.why)];
    or_again(done, &headers, "remove", fields, |refused| {
        asked_to_remove(&app, &person, &headers, &name, Some(refused))
    })
    .await
}

async fn removed(app: &App, by: By, name: &str, why: &str) -> Result<Response, Problem> {
    let why = Some(reason(why)?);
    let done = app.store().remove_account(name.to_owned(), by, why).await?;
    back(done, "/people")
}
