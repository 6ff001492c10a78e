//! Where in a document something is wrong, and how single fields are read.

use std::borrow::Cow;

use serde::Serialize;

use super::raw::{Facet, Scalar};
use crate::domain::time::{DAY, Timestamp};

/// Most errors listed for one document; the first ones are enough to repair it.
const MAX_ERRORS: usize = 50;

/// Most characters of an id, a name, an address or a role.
pub(super) const MAX_ID: usize = 256;

/// Most bytes of any other text.
pub(super) const MAX_TEXT: usize = 32 * 1024;

/// One thing that is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// RFC 6901 JSON pointer to the place; empty for the document as a whole.
    pub pointer: String,
    /// A sentence for people: what is wrong and what to write instead.
    pub detail: String,
}

impl FieldError {
    /// An error about the document as a whole.
    pub(super) fn whole(detail: impl Into<String>) -> Self {
        Self {
            pointer: String::new(),
            detail: detail.into(),
        }
    }
}

/// The way to a field; costs nothing until an error needs it as a pointer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(super) fn field<'p>(&'p self, name: &'p str) -> Path<'p> {
        Path::Field(self, name)
    }

    pub(super) fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }

    /// RFC 6901 text.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Field(parent, name) => {
                let mut text = parent.pointer();
                push_token(&mut text, name);
                text
            }
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// Adds one step to a JSON pointer; `~` and `/` are escaped, overlong names are cut.
pub(super) fn push_token(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars().take(MAX_ID) {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// Everything found wrong in one document, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<FieldError>,
}

impl Problems {
    pub(super) fn add(&mut self, at: Path<'_>, detail: impl Into<String>) {
        if self.found.len() < MAX_ERRORS {
            self.found.push(FieldError {
                pointer: at.pointer(),
                detail: detail.into(),
            });
        }
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// The value of a reading, or its error noted.
    pub(super) fn take<T>(&mut self, at: Path<'_>, read: Result<T, String>) -> Option<T> {
        read.map_err(|detail| self.add(at, detail)).ok()
    }

    /// The same for readings that may find nothing.
    pub(super) fn maybe<T>(&mut self, at: Path<'_>, read: Result<Option<T>, String>) -> Option<T> {
        self.take(at, read).flatten()
    }

    /// The result, unless something was wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.found.is_empty() {
            Ok(value)
        } else {
            Err(self.found)
        }
    }
}

/// A number as the contract has it: JSON number, decimal or `0x…` text, negative as two's complement.
pub(super) fn dword(value: &Scalar<'_>) -> Option<u32> {
    whole(value).and_then(as_dword)
}

/// The same, with a sentence when it is none.
pub(super) fn number(value: &Scalar<'_>) -> Result<u32, String> {
    dword(value).ok_or_else(|| {
        format!(
            "{} is not a number that can be used; write 0 to 4294967295 in decimal, or as text with 0x in front for hexadecimal",
            quoted(value)
        )
    })
}

fn whole(value: &Scalar<'_>) -> Option<i64> {
    match value {
        Scalar::Whole(whole) => Some(*whole),
        Scalar::Text(text) => whole_text(text),
        _ => None,
    }
}

fn as_dword(whole: i64) -> Option<u32> {
    match whole {
        // PowerShell and other signed readers hand over large DWORDs as negative numbers.
        -0x8000_0000..=-1 => u32::try_from(whole + (1 << 32)).ok(),
        _ => u32::try_from(whole).ok(),
    }
}

fn whole_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let plain = !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
        return plain.then(|| i64::from_str_radix(hex, 16).ok()).flatten();
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A number that may be left out.
pub(super) fn optional_number(value: &Scalar<'_>) -> Result<Option<u32>, String> {
    if value.is_blank() {
        Ok(None)
    } else {
        number(value).map(Some)
    }
}

/// A positive whole number of any size, such as a resource id.
pub(super) fn optional_large(value: &Scalar<'_>) -> Result<Option<i64>, String> {
    if value.is_blank() {
        return Ok(None);
    }
    whole(value)
        .filter(|whole| *whole >= 0)
        .map(Some)
        .ok_or_else(|| format!("{} is not a positive whole number", quoted(value)))
}

/// Yes or no: `true`, `false`, the same as text in any case, 1 or 0.
pub(super) fn optional_bool(value: &Scalar<'_>) -> Result<Option<bool>, String> {
    let found = match value {
        Scalar::Null => return Ok(None),
        Scalar::Bool(value) => Some(*value),
        Scalar::Whole(0) => Some(false),
        Scalar::Whole(1) => Some(true),
        Scalar::Text(text) => match text.trim() {
            "" => return Ok(None),
            text if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
            text if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    found
        .map(Some)
        .ok_or_else(|| format!("{} is neither true nor false", quoted(value)))
}

/// A time with its offset: RFC 3339, PowerShell's `/Date(…)/`, or an object with the time under `value`.
pub(super) fn optional_time(value: &Scalar<'_>) -> Result<Option<Timestamp>, String> {
    let value = value.facet(Facet::Value).unwrap_or(value);
    if value.is_blank() {
        return Ok(None);
    }
    value
        .text()
        .and_then(|text| {
            let text = text.trim();
            script_date(text).or_else(|| Timestamp::parse(text).ok())
        })
        .map(Some)
        .ok_or_else(|| {
            format!(
                "{} is not a time that can be used; write it like 2026-11-23T08:15:00Z, with Z or an offset such as +01:00",
                quoted(value)
            )
        })
}

/// `/Date(1700000000000)/`; an offset behind the number only says how it was shown.
fn script_date(text: &str) -> Option<Timestamp> {
    /// The year 9999 ends here.
    const LAST: i64 = 2_932_896 * DAY + DAY - 1;
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let sign = inner.get(1..)?.find(['+', '-']).map(|at| at + 1);
    let (millis, offset) = inner.split_at(sign.unwrap_or(inner.len()));
    let offset_fits = offset.is_empty()
        || (offset.len() == 5 && offset[1..].bytes().all(|byte| byte.is_ascii_digit()));
    let millis = whole_text(millis)?;
    (offset_fits && (-LAST..=LAST).contains(&millis)).then_some(Timestamp(millis))
}

/// An id, a name, an address: short, without control characters. Blank is the same as missing.
pub(super) fn optional_id(value: &Scalar<'_>) -> Result<Option<String>, String> {
    let text = match value {
        Scalar::Null => return Ok(None),
        Scalar::Text(text) => text.trim().to_owned(),
        Scalar::Whole(whole) => whole.to_string(),
        Scalar::Large(whole) => whole.to_string(),
        other => return Err(format!("{} is not a text", quoted(other))),
    };
    check_id(&text)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Whether a text may be an id or a name.
pub(super) fn check_id(text: &str) -> Result<(), String> {
    if text.len() > MAX_ID && text.chars().count() > MAX_ID {
        return Err(format!(
            "this is longer than {MAX_ID} characters, the most that an id or a name may have"
        ));
    }
    not_cut(text)?;
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        return Err(format!(
            "this holds the control character U+{:04X}; an id or a name cannot",
            u32::from(control)
        ));
    }
    Ok(())
}

/// Refuses what PowerShell's `ConvertTo-Json` leaves of an object or a list beyond its depth.
pub(super) fn not_cut(text: &str) -> Result<(), String> {
    let object = text.starts_with("@{") && text.ends_with('}');
    let list = text.starts_with("System.") && text.ends_with("[]");
    if object || list || text == "System.Collections.Hashtable" {
        return Err(format!(
            "{} is what PowerShell's ConvertTo-Json leaves when it cuts a value; call it with -Depth 8",
            quoted(&Scalar::Text(text.into()))
        ));
    }
    Ok(())
}

/// Text from the registry or a product list: up to 32 KiB, any character.
pub(super) fn check_text(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT {
        return Err(format!(
            "this text is longer than {} KiB, the most that is taken",
            MAX_TEXT / 1024
        ));
    }
    Ok(())
}

/// A text without the control characters that a database or a terminal stumbles over.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if text.chars().any(char::is_control) {
        Cow::Owned(text.replace(char::is_control, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The value for a message: texts in backticks, with control characters made visible.
pub(super) fn quoted(value: &Scalar<'_>) -> String {
    match value {
        Scalar::Text(_) => format!(
            "`{}`",
            value.to_string().replace(char::is_control, "\u{FFFD}")
        ),
        Scalar::List { .. } => "a list".to_owned(),
        Scalar::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}
