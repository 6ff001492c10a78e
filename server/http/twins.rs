//! What somebody says of two records that may be one machine.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{api_client, auth::Person, form::Form, lists::reason, query::Named};
use crate::{clock, error::Problem, state::App, store::identify::ClientId, views::links};

/// What the button sends.
#[derive(Deserialize)]
pub struct Other {
    other: String,
    /// Why, in the words of whoever says it.
    #[serde(default)]
    why: String,
}

/// `POST /clients/{id}/two-machines`
pub async fn two_machines(
    State(app): State<App>,
    Person {
        name: user,
        author,
        sites,
        ..
    }: Person,
    Named(id): Named,
    Form(given): Form<Other>,
) -> Result<Response, Problem> {
    let nobody = || Problem::NotFound("There is no client with this id.".to_owned());
    let one: ClientId = id.parse().map_err(|_| nobody())?;
    let other: ClientId = given.other.parse().map_err(|_| nobody())?;
    for id in [one, other] {
        api_client::detail(&app, &id.to_string(), None, &sites).await?;
    }
    let said = author.because(Some(reason(&given.why)?));
    // Somebody else may have said it a moment ago; then it is settled, as was wanted.
    app.store()
        .settle_as_two(one, other, user, said, clock::now())
        .await?;
    Ok(Redirect::to(&links::client_url(&one.to_string())).into_response())
}
