//! Taking an expected list out of force, for programs and for people.

use axum::{
    Form, Json,
    extract::{RawQuery, State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    auth::{Person, Planner},
    population,
    query::{Once, form_pairs, unknown, yes},
};
use crate::{
    clock, error::Problem, expected, state::App, store::membership::Consent,
    views::population::Withdrawal, wire::FieldError,
};

/// What stands behind `?` where an expected list is meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Name of the list.
    pub list: Option<String>,
    /// Somebody has said that clients may be hidden.
    pub confirmed: bool,
}

impl ListQuery {
    /// Reads it. What is not known here is refused: a misspelt `list` would replace another list than was meant.
    ///
    /// # Errors
    /// Each parameter that is wrong.
    pub fn of(query: Option<&str>) -> Result<Self, Problem> {
        let mut found = Self::default();
        let mut errors = Vec::new();
        let mut once = Once::default();
        for (name, value) in query.map(form_pairs).unwrap_or_default() {
            if value.is_empty() {
                continue;
            }
            let taken = once.check(&name).and_then(|()| match name.as_str() {
                "list" => {
                    found.list = Some(value);
                    Ok(())
                }
                "confirm" => yes(&value).map(|confirmed| found.confirmed = confirmed),
                _ => Err(unknown(&name, &["list", "confirm"])),
            });
            if let Err(detail) = taken {
                let pointer = format!("?{name}");
                errors.push(FieldError { pointer, detail });
            }
        }
        if errors.is_empty() {
            Ok(found)
        } else {
            Err(Problem::Invalid(errors))
        }
    }
}

/// `DELETE /population?list=NAME`. `?confirm=1` when that hides clients, or when it is the last list.
pub async fn withdraw(
    State(app): State<App>,
    Planner {
        name: sender,
        sites,
    }: Planner,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of(query.as_deref())?;
    let name = query.list.ok_or_else(|| {
        Problem::invalid("?list", "say which list is meant, such as ?list=default")
    })?;
    let consent = if query.confirmed {
        Consent::Given
    } else {
        Consent::IfHarmless
    };
    let answer =
        expected::withdraw(app.store(), &name, &sender, &sites, consent, clock::now()).await?;
    match answer.needs_confirmation {
        Some(why) => Err(Problem::NeedsConfirmation(format!(
            "{why} Send it again with ?confirm=1."
        ))),
        None => Ok(Json(answer).into_response()),
    }
}

/// What the button sends.
#[derive(Deserialize)]
pub struct Wanted {
    list: String,
    /// Number of the upload that was looked at; there when what would happen has been seen.
    confirm: Option<i64>,
}

/// `POST /population/withdraw`: shows first what would happen.
pub async fn withdraw_form(
    State(app): State<App>,
    Person {
        name: user, sites, ..
    }: Person,
    headers: HeaderMap,
    wanted: Result<Form<Wanted>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(wanted) = wanted.map_err(|_| {
        Problem::Malformed("This is no list: use the button on the page Expected lists.".to_owned())
    })?;
    let consent = wanted.confirm.map_or(Consent::Ask, Consent::ForUpload);
    let answer = expected::withdraw(
        app.store(),
        &wanted.list,
        &user,
        &sites,
        consent,
        clock::now(),
    )
    .await?;
    let withdrawal = Withdrawal {
        list: answer.list,
        gone: answer.gone,
        population: answer.population,
        needs_confirmation: answer.needs_confirmation,
    };
    population::page(&app, &user, &headers, |page| {
        page.say_withdrawal(withdrawal);
    })
    .await
}
