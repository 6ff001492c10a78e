//! What the JSON reader says, in words for people.

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::fields::{FieldError, push_token};

/// A message that goes on from something as a sentence of its own.
pub(super) fn whole(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Reading JSON with the place of an error; slow, so only after the fast way failed.
pub(super) fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let mut pointer = pointer(error.path());
    if let Some(doubled) = doubled_key(&error.inner().to_string()) {
        push_token(&mut pointer, doubled);
    }
    FieldError {
        pointer,
        detail: json(error.inner()),
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_token(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_token(&mut pointer, key),
            Segment::Enum { variant } => push_token(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn doubled_key(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("duplicate field `")?;
    rest.rsplit_once('`').map(|(key, _)| key)
}

/// One sentence for an error of the JSON reader, with line and column where there are any.
pub(super) fn json(error: &serde_json::Error) -> String {
    let full = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let core = full.strip_suffix(&place).unwrap_or(&full);
    // Most records are one line, and the first line of a record is seldom the first line of its body.
    let column = format!(" at column {}", error.column());
    let place = match error.line() {
        0 => "",
        1 => &column,
        _ => &place,
    };
    if error.classify() == Category::Eof {
        return format!(
            "the JSON ends too early{place}; it was probably cut off on the way: send the whole document"
        );
    }
    if core.starts_with("trailing characters") {
        return format!(
            "there is more text after the end of the JSON{place}; send one object, one list, or one object on each line"
        );
    }
    if core.contains("surrogate")
        || core.starts_with("unexpected end of hex escape")
        || core.contains("unicode code point")
    {
        return format!(
            "a text holds half of a Unicode character (a \\u escape from D800 to DFFF without its other half){place}; replace it, for example with \\uFFFD"
        );
    }
    if core.starts_with("control character") {
        return format!(
            "a text holds a bare control character or line break{place}; write it as an escape such as \\u0000 or \\n"
        );
    }
    if core.starts_with("number out of range") {
        return format!("a number is larger than any that JSON readers take{place}");
    }
    if core.starts_with("recursion limit") {
        return format!("the JSON is nested too deeply{place}");
    }
    if let Some(key) = doubled_key(core) {
        return format!("the key `{key}` is given twice{place}; send it once");
    }
    if core.starts_with("expected value") || core.starts_with("expected ident") {
        return format!(
            "this is not JSON{place}: a value is missing or misspelt (NaN, Infinity and undefined are not JSON; write null)"
        );
    }
    if let Some((found, expected)) = core
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        let cut = found.contains("\"@{") || found.contains("\"System.");
        let remedy = if cut {
            "; PowerShell's ConvertTo-Json cut it: call it with -Depth 8"
        } else {
            ""
        };
        let found = match found {
            "sequence" => "a list",
            "map" => "an object",
            other => other,
        };
        return format!("expected {expected}, found {found}{place}{remedy}");
    }
    if error.classify() == Category::Syntax {
        return format!("this is not valid JSON{place}: {core}");
    }
    if place.is_empty() {
        core.to_owned()
    } else {
        format!("{core} ({})", place.trim_start())
    }
}
