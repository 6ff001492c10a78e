//! What the server answered, and snapshots of it that are the same in every run.

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer to this request.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole answer").to_vec(),
        }
    }

    /// The same answer, which has status 200.
    #[track_caller]
    pub fn ok(self, what: &str) -> Self {
        assert_eq!(self.status, 200, "{what}: {}", self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name);
        value.map_or_else(String::new, |value| {
            value.to_str().expect("text").to_owned()
        })
    }

    /// The problem document, which says the same status as the answer and nothing of the inside.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for name in ["type", "title", "detail"] {
            let text = problem[name].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name} is missing: {problem}");
        }
        assert_reveals_nothing(&self.text());
        problem
    }
}

/// Words that would say how the server is made: libraries, paths, statements.
pub fn assert_reveals_nothing(text: &str) {
    for word in [
        "sqlx", "axum", "serde", "rustls", "tokio", "SELECT ", "INSERT ", "panicked", "/.cargo/",
        ".rs:", "RUST_",
    ] {
        assert!(!text.contains(word), "says {word:?}: {text}");
    }
}

/// JSON, laid out, with ids and times hidden that differ between runs.
pub fn hidden(mut value: Value) -> String {
    hide(&mut value);
    serde_json::to_string_pretty(&value).expect("JSON")
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => {
            if is_uuid(text) {
                "[id]".clone_into(text);
            } else if is_time(text) {
                "[time]".clone_into(text);
            } else if is_entry(text) {
                "[entry]".clone_into(text);
            } else if let Some((before, entry)) = text.rsplit_once('/')
                && is_entry(entry)
            {
                *text = format!("{before}/[entry]");
            } else {
                // In a sentence.
                while let Some((before, after)) = text.split_once("uploaded 20")
                    && let Some((_, after)) = after.split_once(" UTC")
                {
                    *text = format!("{before}uploaded [time]{after}");
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(values) => values.values_mut().for_each(hide),
        _ => {}
    }
}

fn fits(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .chars()
            .zip(shape.chars())
            .all(|(c, wanted)| match wanted {
                'x' => c.is_ascii_hexdigit(),
                '0' => c.is_ascii_digit(),
                other => c == other,
            })
}

/// The name of an entry of a history.
fn is_entry(text: &str) -> bool {
    fits(text, &"x".repeat(48))
}

fn is_uuid(text: &str) -> bool {
    fits(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_time(text: &str) -> bool {
    text.get(..19)
        .is_some_and(|start| fits(start, "0000-00-00T00:00:00"))
        && text.ends_with('Z')
}
