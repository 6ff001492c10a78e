//! The collector kit: files for administrators, built into the program, and the page that explains them.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    auth::Person,
    pages::{html, layout},
    polled,
    query::Named,
};
use crate::{
    error::Problem,
    state::App,
    views::{
        Nav,
        feeding::{FeedingPage, KitFile},
    },
};

/// Name and content of every file in `static/kit`, by name.
const FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/kit.rs"));

/// `GET /feeding`
pub async fn feeding(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Feeding, Some(&person), Some(&headers));
    let files = FILES.iter().map(|(name, bytes)| KitFile { name, bytes });
    html(&FeedingPage::new(layout, files))
}

/// `GET /kit/{name}`: a file to save, as text whatever it is, so that no browser runs or shows it.
pub async fn file(
    _: Person,
    Named(wanted): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, bytes) = FILES
        .iter()
        .find(|(name, _)| *name == wanted)
        .ok_or_else(|| Problem::NotFound("The kit has no such file.".to_owned()))?;
    let mut response = polled::bytes(&headers, bytes, || {
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (kind, *bytes).into_response()
    });
    let attachment = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&attachment) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
