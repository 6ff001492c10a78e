//! What is shown when a request cannot be answered.

use askama::Template;

use super::Layout;

/// A page that says what went wrong, and what to do next.
#[derive(Debug, Template)]
#[template(path = "problem.html", whitespace = "minimize")]
pub struct ProblemPage {
    /// The frame.
    pub layout: Layout,
    /// HTTP status.
    pub status: u16,
    /// A few words.
    pub title: String,
    /// A sentence.
    pub detail: String,
    /// What was wrong where: JSON pointer or parameter, and a sentence.
    pub errors: Vec<(String, String)>,
    /// Id of the request, to find it in the log.
    pub request_id: Option<String>,
    /// What the reader can do.
    pub advice: &'static str,
}

impl ProblemPage {
    /// The page of a problem.
    pub fn new(
        layout: Layout,
        status: u16,
        title: &str,
        detail: &str,
        errors: &[(String, String)],
        request_id: Option<&str>,
    ) -> Self {
        Self {
            layout,
            status,
            title: title.to_owned(),
            detail: detail.to_owned(),
            errors: errors.to_vec(),
            request_id: request_id.map(str::to_owned),
            advice: advice(status),
        }
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        400 | 422 => "Nothing was changed. Go back, correct it and try again.",
        401 => "Sign in and try again.",
        403 => "You are signed in, but this needs other rights. Ask whoever runs this server.",
        404 => {
            "The address may be old, or the client may have been removed. The overview leads to everything there is."
        }
        409 => "Somebody else was faster. Load the page again and look before you repeat it.",
        413 => "Nothing was stored. Split the file and send the parts one after the other.",
        415 => "Nothing was stored. Reports are JSON or NDJSON; the expected list is CSV or JSON.",
        429 | 503 => "Nothing is lost. Wait a moment and try again.",
        500..=599 => "The cause is in the log of this server. What was confirmed before is safe.",
        _ => "Go back and try again.",
    }
}
