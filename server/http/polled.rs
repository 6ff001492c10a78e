//! Answers that programs ask for again and again: tagged by what they say, and not sent again while that is the same.
//!
//! The tag is a hash of the whole answer without the moment at which it was made, so an answer is made each time and only
//! its sending is spared. A cheaper version of the data would have to move with everything that an answer rests on, and
//! some of that is the clock: clients become stale, moves leave the last 30 days, feeds stop, a day ends. A version that
//! missed one of these would keep an old "ready" alive, and making an answer takes some milliseconds.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::Problem;

/// An answer that says when it was made.
pub trait Polled: Serialize {
    /// The texts in it that tell nothing but that moment.
    fn moments(&mut self) -> Vec<&mut String>;
}

/// The answer as JSON; 304 when the caller has it.
pub fn json<A: Polled>(headers: &HeaderMap, mut answer: A) -> Result<Response, Problem> {
    let texts: Vec<String> = answer.moments().into_iter().map(std::mem::take).collect();
    let tag = tag(&written(&answer)?);
    if is_known(headers, &tag) {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    for (place, text) in answer.moments().into_iter().zip(texts) {
        *place = text;
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok(tagged((json, written(&answer)?).into_response(), &tag))
}

/// An answer whose bytes are all that it says; 304 when the caller has it.
pub fn bytes(headers: &HeaderMap, said: &[u8], answer: impl FnOnce() -> Response) -> Response {
    let tag = tag(said);
    if is_known(headers, &tag) {
        return tagged(StatusCode::NOT_MODIFIED.into_response(), &tag);
    }
    tagged(answer(), &tag)
}

fn written(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::Internal
    })
}

/// Whether the caller says that it has this one, or whichever there is.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    // The comparison that RFC 9110 asks for does not look at whether a tag is weak.
    let plain = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim() == "*" || plain(value) == plain(tag))
}

/// A weak tag, because the same answer may go out compressed, and at another moment.
pub fn tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("W/\"{hash}\"")
}

fn tagged(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, value);
    }
    // Asked for again each time, kept for nobody else, and answered without a body while it is the same.
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_however_it_is_written() {
        let tag = tag(b"something");
        let strong = tag.trim_start_matches("W/").to_owned();
        for (said, known) in [
            (tag.clone(), true),
            (strong, true),
            (format!("\"another\", {tag}"), true),
            ("*".to_owned(), true),
            ("\"another\"".to_owned(), false),
            (String::new(), false),
            (tag.trim_end_matches('"').to_owned(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::IF_NONE_MATCH,
                HeaderValue::from_str(&said).expect("a value"),
            );
            assert_eq!(is_known(&headers, &tag), known, "{said}");
        }
    }
}
