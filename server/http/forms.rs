//! Which fields each form has. What has another is no form of ours, and nothing of it is taken: a field that is passed over
//! today may mean something tomorrow, and whoever sends it believes that it was heard.

use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};

use super::query::form_pairs;
use crate::{error::Problem, wire::FieldError};

/// Fields of a form by its address. A field that ends in `-` has a number behind it. A form that is not here has no fields:
/// it is a button alone, or is sent in parts with files (`multipart/form-data`) and looks at their names as it reads them.
const FORMS: &[(&str, &[&str])] = &[
    ("/account/password", &["user", "old", "new", "again"]),
    ("/account/second-factor/confirm", &["code"]),
    ("/account/second-factor/remove", &["code"]),
    ("/clients/{id}/exceptions", ASKED),
    ("/clients/{id}/two-machines", &["other", "why"]),
    ("/cutover", SCOPE),
    ("/cutover/decisions/{number}/switched", &["take_back"]),
    ("/cutover/{scope}", SCOPE),
    (
        "/cutover/{scope}/decide",
        &["seen_go", "seen_most", "decided", "why", "conditions"],
    ),
    ("/cutover/{scope}/limits", &["criterion", "limit", "why"]),
    (
        "/cutover/{scope}/say",
        &["kind", "note", "about", "link", "take_back"],
    ),
    ("/enrolled/{machine}/revoke", &["why", "confirm"]),
    ("/exceptions/decide", &["id", "note", "decision"]),
    (
        "/exceptions/new",
        &["kind", "reason", "control", "owner", "until", "clients"],
    ),
    ("/exceptions/{id}/approve", &["note"]),
    ("/exceptions/{id}/reject", &["note"]),
    ("/exceptions/{id}/withdraw", &["note"]),
    ("/people", &["name", "role", "sites"]),
    ("/people/{person}/remove", &["why", "confirm"]),
    ("/people/{person}/role", &["role", "sites"]),
    ("/population/withdraw", &["list", "confirm", "why"]),
    ("/setup", &["key", "user", "password", "again"]),
    ("/sign-in", &["user", "password", "next"]),
    ("/sign-in/code", &["code"]),
    ("/suspicions/close", &["id", "why"]),
    (
        "/tokens",
        &[
            "purpose",
            "name",
            "expires",
            "sites",
            "from",
            "new_clients_per_hour",
        ],
    ),
    ("/tokens/{token}/lift", &["quarantine", "why"]),
    (
        "/tokens/{token}/quarantine",
        &["since", "until", "why", "confirm"],
    ),
    ("/tokens/{token}/revoke", &["why", "confirm"]),
    ("/uploads/{id}/again", READING),
    ("/uploads/{id}/commit", READING),
    ("/views", &["name", "address"]),
];
const ASKED: &[&str] = &["kind", "reason", "control", "owner", "until"];
const SCOPE: &[&str] = &[
    "name",
    "sites",
    "roles",
    "filter",
    "tls10",
    "tls11",
    "planned",
    "freshness_days",
    "two_people",
];
const READING: &[&str] = &[
    "format",
    "collected_at",
    "dates",
    "device",
    "key",
    "key-",
    "asked",
    "read_by_64_bit",
    "mapping",
    "meaning-",
    "save_as",
];

/// Letters of a name that is refused that are said again.
const SAID: usize = 40;

/// The fields of the form that this address takes.
pub fn fields(path: &str) -> &'static [&'static str] {
    let form = FORMS.iter().find(|(known, _)| *known == path);
    form.map_or(&[], |(_, fields)| *fields)
}

/// Says that a form has no field of this name.
pub(super) fn unknown(name: &str, fields: &[&str]) -> FieldError {
    let said: String = name.chars().take(SAID).collect();
    let known = match fields {
        [] => "it has none".to_owned(),
        fields => format!("it has {}", fields.join(", ")),
    };
    FieldError {
        pointer: format!("/{said}"),
        detail: format!(
            "is no field of this form; {known}. Nothing was changed: send the form as the page does"
        ),
    }
}

fn has(fields: &[&str], name: &str) -> bool {
    fields.iter().any(|field| match field.strip_suffix('-') {
        Some(_) => name
            .strip_prefix(field)
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())),
        None => *field == name,
    })
}

/// What is looked at: the fields, and how long the body may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) fields: &'static [&'static str],
    pub(super) longest: usize,
}

/// Refuses a form with fields that it does not have, before anything is done with it.
pub(super) async fn check(
    State(form): State<Form>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let in_parts = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
    if in_parts {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, form.longest)
        .await
        .map_err(|_| {
            Problem::TooLarge(format!(
                "A form may have {} KiB here, and has to arrive whole.",
                form.longest >> 10
            ))
        })?;
    let wrong: Vec<FieldError> = form_pairs(&String::from_utf8_lossy(&bytes))
        .iter()
        .filter(|(name, _)| !has(form.fields, name))
        .map(|(name, _)| unknown(name, form.fields))
        .take(form.fields.len().max(10))
        .collect();
    if !wrong.is_empty() {
        return Err(Problem::Invalid(wrong));
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_fields_have_a_number() {
        for (name, known) in [
            ("key", true),
            ("key-0", true),
            ("key-12", true),
            ("key-", false),
            ("key-x", false),
            ("meaning-3", true),
            ("meaning", false),
            ("role", false),
            ("", false),
        ] {
            assert_eq!(has(READING, name), known, "{name:?}");
        }
    }
}
