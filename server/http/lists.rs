//! Taking an expected list out of force, for programs and for people.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    auth::{Person, Planner},
    form::Form,
    population,
    query::{Once, form_pairs, unknown, yes},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::audit,
    error::Problem,
    expected::{self, Agreed, Planning},
    state::App,
    store::membership::Consent,
    views::population::Withdrawal,
    wire::FieldError,
};

/// What stands behind `?` where an expected list is meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Name of the list.
    pub list: Option<String>,
    /// What somebody has agreed to.
    pub agreed: Agreed,
    /// Why.
    pub why: Option<String>,
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
                "confirm" => yes(&value).map(|confirmed| found.agreed.confirmed = confirmed),
                "confirm_shrink" => shrink(&value).map(|shrink| found.agreed.shrink = Some(shrink)),
                "why" => audit::reason(&value).map(|why| found.why = Some(why)),
                _ => Err(unknown(
                    &name,
                    &["list", "confirm", "confirm_shrink", "why"],
                )),
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

/// The number of clients that go; numbers that JSON does not hold exactly are none.
fn shrink(value: &str) -> Result<i64, String> {
    value
        .parse()
        .ok()
        .filter(|shrink| (0..=9_007_199_254_740_991).contains(shrink))
        .ok_or_else(|| {
            "must be the number of clients that would go, as the refusal names it".to_owned()
        })
}

/// `DELETE /population?list=NAME`. `?confirm=1` when that hides clients, or when it is the last list; where more than a twentieth
/// goes `?confirm_shrink=N` with the number, and `why`.
pub async fn withdraw(
    State(app): State<App>,
    Planner {
        name: sender,
        sites,
        author,
    }: Planner,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of(query.as_deref())?;
    let name = query.list.ok_or_else(|| {
        Problem::invalid("?list", "say which list is meant, such as ?list=default")
    })?;
    let because = author.because(query.why);
    let consent = query.agreed.consent(&because);
    let by = Planning {
        name: &sender,
        sites: &sites,
        because,
    };
    let answer = expected::withdraw(app.store(), &name, by, consent, clock::now()).await?;
    match answer.needs_confirmation {
        Some(why) => Err(Problem::NeedsConfirmation(format!(
            "{why} {}",
            expected::remedy(answer.number)
        ))),
        None => Ok(Json(answer).into_response()),
    }
}

/// A reason that a form has to come with.
///
/// # Errors
/// 422: it is too short or too long.
pub(super) fn reason(text: &str) -> Result<String, Problem> {
    audit::reason(text).map_err(|detail| Problem::invalid("why", detail))
}

/// What the button sends.
#[derive(Deserialize)]
pub struct Wanted {
    list: String,
    /// Number of the upload that was looked at; there when what would happen has been seen.
    confirm: Option<String>,
    /// The reason, which a confirmation comes with.
    #[serde(default)]
    why: String,
}

/// `POST /population/withdraw`: shows first what would happen.
pub async fn withdraw_form(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let seen = wanted.confirm.as_deref().map(str::parse::<i64>).transpose();
    let seen = seen.map_err(|_| {
        Problem::invalid(
            "/confirm",
            "does not say which upload you looked at; use the page of the expected lists",
        )
    })?;
    let consent = seen.map_or(Consent::Ask, Consent::ForUpload);
    let why = match consent {
        Consent::ForUpload(_) => Some(reason(&wanted.why)?),
        _ => None,
    };
    let by = Planning {
        name: &person.name,
        sites: &person.sites,
        because: person.author.clone().because(why),
    };
    let answer = expected::withdraw(app.store(), &wanted.list, by, consent, clock::now()).await?;
    let withdrawal = Withdrawal {
        list: answer.list,
        gone: answer.gone,
        population: answer.population,
        needs_confirmation: answer.needs_confirmation,
    };
    population::page(&app, &person, &headers, |page| {
        page.say_withdrawal(withdrawal);
    })
    .await
}
