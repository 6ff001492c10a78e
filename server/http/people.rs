//! Who has an account, for those who administrate.

use axum::{
    Extension, Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    auth::Person,
    from_where::FromWhere,
    pages::{html, layout},
    query::Named,
};
use crate::{
    domain::access::{Role, Sites},
    error::Problem,
    state::App,
    store::{
        access::random_secret,
        accounts::{By, Changed, NewAccount, name_fits},
    },
    views::{
        Nav,
        people::{PeoplePage, PersonPage, person_url},
    },
};

/// Site codes that somebody can be limited to, at most.
const SITES_AT_MOST: usize = 100;

type Where = Option<Extension<FromWhere>>;

fn by(person: &Person, from: Where) -> By {
    person.by(from.map(|Extension(FromWhere(from))| from))
}

/// A password for once: 24 hexadecimal digits, 96 random bits.
pub fn for_once() -> String {
    random_secret().chars().take(24).collect()
}

/// What an account is for, by words: a role, and codes of sites. Who administrates is never limited to sites.
///
/// # Errors
/// One sentence that says what is wrong.
pub fn rights(role: &str, sites: &str) -> Result<(Role, Sites), String> {
    let role = Role::from_code(role).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::code).collect();
        format!("A role is one of {}.", known.join(", "))
    })?;
    let codes: Vec<String> = sites
        .split([',', ' '])
        .map(|code| code.trim().to_ascii_uppercase())
        .filter(|code| !code.is_empty())
        .collect();
    if codes.is_empty() {
        return Ok((role, Sites::all()));
    }
    if role == Role::Administrator {
        return Err("An administrator sees every site; leave the sites empty.".to_owned());
    }
    if codes.len() > SITES_AT_MOST {
        return Err(format!("At most {SITES_AT_MOST} sites can be named."));
    }
    let fits = |code: &String| code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !codes.iter().all(fits) {
        return Err(
            "A site code has three letters or digits, such as P01; separate several by commas."
                .to_owned(),
        );
    }
    Ok((role, Sites::only(codes)))
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
    given: Result<Form<Added>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(given) = given.map_err(not_a_form)?;
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

fn not_a_form(_: FormRejection) -> Problem {
    Problem::Malformed("This is no such form: send it as the page does.".to_owned())
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
    given: Result<Form<Rights>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(given) = given.map_err(not_a_form)?;
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

/// After a change: to the page of the account, or why not.
fn back(done: Changed, url: &str) -> Result<Response, Problem> {
    match done {
        Changed::LastAdministrator => Err(Problem::Conflict(
            "This is the only administrator whose account is not disabled. Make another one first."
                .to_owned(),
        )),
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
) -> Result<Response, Problem> {
    let password = for_once();
    let hash = app.door().hash(password.clone()).await?;
    let by = by(&person, from);
    let done = app
        .store()
        .set_password(name.clone(), hash, true, by)
        .await?;
    if done != Changed::Done {
        return Err(nobody());
    }
    shown(&app, &person, &headers, &name, Some(password)).await
}

/// `POST /people/{name}/remove`
pub async fn remove(
    State(app): State<App>,
    person: Person,
    from: Where,
    Named(name): Named,
) -> Result<Response, Problem> {
    let done = app.store().remove_account(name, by(&person, from)).await?;
    back(done, "/people")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_said_in_words() {
        assert_eq!(rights("viewer", " "), Ok((Role::Viewer, Sites::all())));
        let two = Sites::only(["P01".to_owned(), "P02".to_owned()]);
        assert_eq!(rights("operator", "p02, P01"), Ok((Role::Operator, two)));
        for (role, sites) in [
            ("owner", ""),
            ("administrator", "P01"),
            ("viewer", "P0"),
            ("viewer", "P01;P02"),
            ("viewer", "'; --"),
        ] {
            assert!(rights(role, sites).is_err(), "{role} {sites}");
        }
        assert!(rights("viewer", &"P01,".repeat(101)).is_err());
    }
}
