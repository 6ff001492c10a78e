//! A form that was refused is shown again, with what was typed and what is wrong. One way for all forms.

use axum::{
    http::{HeaderMap, header},
    response::Response,
};

use crate::{error::Problem, views::refused::Refused};

/// Whether whoever asks reads pages; programs get the problem itself.
fn reads_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The name of a field, out of a place such as `/name` or `?name`.
fn field(place: &str) -> String {
    place.trim_start_matches(['/', '?']).to_owned()
}

/// What was refused; `None`: it failed in another way, and no other words in the form would help.
fn refused(
    form: &'static str,
    fields: Vec<(String, String)>,
    problem: &Problem,
) -> Option<Refused> {
    let wrong = match problem {
        Problem::Invalid(errors) => errors
            .iter()
            .map(|error| (field(&error.pointer), error.detail.clone()))
            .collect(),
        Problem::Conflict(detail) => vec![(String::new(), detail.clone())],
        _ => return None,
    };
    Some(Refused::new(form, fields, wrong))
}

/// What was done; where it was refused, the page of the form again, with the same status.
///
/// # Errors
/// It failed in another way, or whoever asks reads no pages.
pub(super) async fn or_again<Shown>(
    done: Result<Response, Problem>,
    headers: &HeaderMap,
    form: &'static str,
    fields: Vec<(String, String)>,
    show: impl FnOnce(Refused) -> Shown,
) -> Result<Response, Problem>
where
    Shown: Future<Output = Result<Response, Problem>>,
{
    let problem = match done {
        Err(problem) if reads_pages(headers) => problem,
        done => return done,
    };
    let Some(refused) = refused(form, fields, &problem) else {
        return Err(problem);
    };
    let mut page = show(refused).await?;
    *page.status_mut() = problem.status();
    Ok(page)
}
