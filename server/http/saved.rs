//! Views that people give a name, so that the same list is one click away tomorrow.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    auth::Person,
    form::{Button, Form},
    pages::{html, layout},
    query::Named,
};
use crate::{
    clock,
    domain::access::Permission,
    error::Problem,
    state::App,
    store::saved::MOST,
    views::{Nav, saved::SavedPage, sign_in},
};

/// Characters of a name at most.
const NAME_AT_MOST: usize = 80;
/// Characters of an address at most.
const ADDRESS_AT_MOST: usize = 2_000;

/// What the form sends.
#[derive(Deserialize)]
pub struct View {
    name: String,
    address: String,
}

/// `GET /views`
pub async fn list(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let views = app
        .store()
        // What others saved may name any site.
        .saved_views(person.sites.is_limited().then_some(person.name.as_str()))
        .await?;
    let layout = layout(&app, Nav::Views, Some(&person), Some(&headers));
    html(&SavedPage::new(layout, &views))
}

/// `POST /views`: keeps the address that the form stands on.
pub async fn save(
    State(app): State<App>,
    Person {
        name: user, author, ..
    }: Person,
    Form(view): Form<View>,
) -> Result<Response, Problem> {
    let name = view.name.trim();
    if name.is_empty() || name.chars().count() > NAME_AT_MOST || name.contains(char::is_control) {
        return Err(Problem::invalid(
            "/name",
            "give the view a name of 1 to 80 characters",
        ));
    }
    let local = sign_in::local_path(&view.address);
    if local != view.address || local.len() > ADDRESS_AT_MOST || local.contains(char::is_control) {
        return Err(Problem::invalid(
            "/address",
            "a view is an address of this server of at most 2,000 characters, such as /blockers?site=P01",
        ));
    }
    let kept = app
        .store()
        .save_view(
            name.to_owned(),
            local.to_owned(),
            user,
            author,
            clock::now(),
        )
        .await?;
    if !kept {
        return Err(Problem::invalid(
            "/name",
            format!(
                "there are {MOST} saved views already; delete one on the page Saved views first"
            ),
        ));
    }
    Ok(Redirect::to("/views").into_response())
}

/// `POST /views/{id}/delete`
pub async fn delete(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    button: Result<Button, Problem>,
) -> Result<Response, Problem> {
    // Somebody else may have deleted it a moment ago; then it is gone, as was wanted.
    let views = app.store().saved_views(None).await?;
    let Some(view) = views.into_iter().find(|view| view.id == id) else {
        return Ok(Redirect::to("/views").into_response());
    };
    if view.created_by != person.name && !person.may(Permission::Administer) {
        return Err(Problem::Forbidden(format!(
            "{} saved this view; only they or an administrator delete it.",
            view.created_by
        )));
    }
    button?;
    app.store()
        .delete_view(id, person.author, clock::now())
        .await?;
    Ok(Redirect::to("/views").into_response())
}
