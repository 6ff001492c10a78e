//! The contract of the API as a document: OpenAPI 3.1, made from the table of calls, the types of the answers and the
//! codes of the domain.

mod assemble;
pub mod call;
pub mod codes;
mod examples;
mod failures;
pub mod params;
mod params_suspicions;
mod params_uploads;
mod reading;
pub mod said;
mod schemas;
mod writing;

use std::sync::OnceLock;

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use super::{
    auth::Person,
    media,
    pages::{html, layout},
    polled,
};
use crate::{
    error::Problem,
    state::App,
    views::{Nav, api::ApiPage},
};

/// The document, and its text.
pub struct Contract {
    /// For those who look into it.
    pub value: Value,
    text: String,
}

/// The document, which is the same as long as the program runs.
pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let value = assemble::document(&calls());
        let text = format!("{value:#}\n");
        Contract { value, text }
    })
}

/// Every call that there is.
pub fn calls() -> Vec<call::Call> {
    [reading::calls(), reading::of_itself(), writing::calls()].concat()
}

/// `GET /openapi.json`
pub async fn document(headers: HeaderMap) -> Response {
    let text = contract().text.as_bytes();
    polled::bytes(&headers, text, || {
        ([(header::CONTENT_TYPE, media::JSON)], text).into_response()
    })
}

/// `/api`: the same for people.
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Api, Some(&person), Some(&headers));
    html(&ApiPage::new(layout, &contract().value))
}
