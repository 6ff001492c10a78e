//! The collector kit: files for administrators, built into the program, and the page that explains them.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::{
    auth::Person,
    pages::{html, layout},
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
    Person(user): Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::Feeding, Some(&user), Some(&headers));
    let files = FILES.iter().map(|(name, bytes)| KitFile { name, bytes });
    html(&FeedingPage::new(layout, files))
}

/// `GET /kit/{name}`: a file to save, as text whatever it is, so that no browser runs or shows it.
pub async fn file(
    Person(_): Person,
    Named(wanted): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, bytes) = FILES
        .iter()
        .find(|(name, _)| *name == wanted)
        .ok_or_else(|| Problem::NotFound("The kit has no such file.".to_owned()))?;
    let tag = tag(bytes);
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim() == tag || value.trim() == "*");
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            *bytes,
        )
            .into_response()
    };
    let attachment = format!("attachment; filename=\"{name}\"");
    for (name, value) in [
        (header::CONTENT_DISPOSITION, attachment),
        (header::ETAG, tag),
        // Asked for again each time, and answered without a body while it is the same.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// A weak tag, because the same file may go out compressed.
fn tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("W/\"{hash}\"")
}
