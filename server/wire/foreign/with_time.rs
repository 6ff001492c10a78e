//! The time of a reading, put into its document.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::shapes::Object;
use crate::domain::time::Timestamp;

/// How documents of foreign files begin; the time has its place behind this, see [`super::super::document::Document`].
const BEGINNING: &[u8] = br#"{"schema_version":1,"partial":true"#;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stamp<'a> {
    /// Also `null`, which would be none otherwise, and come twice when a time is put in.
    #[serde(borrow, deserialize_with = "as_written")]
    collected_at: Option<&'a RawValue>,
}

fn as_written<'de, D: Deserializer<'de>>(input: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(input).map(Some)
}

/// Puts the time at which its facts were read into a document that does not say it. A document that says one keeps the
/// earlier of the two, so that no fact looks fresher than it is. Nothing else changes by a byte; what is no JSON object
/// comes back as it is.
pub fn with_time(document: &[u8], collected_at: &str) -> Vec<u8> {
    let Ok(Object(Some(stamp))) = serde_json::from_slice::<Object<Stamp<'_>>>(document) else {
        return document.to_vec();
    };
    let value = serde_json::Value::from(collected_at).to_string();
    let Some(known) = stamp.collected_at else {
        return inserted(document, &value);
    };
    let keeps = match serde_json::from_str::<Option<String>>(known.get()) {
        Ok(None) => false,
        Ok(Some(told)) if told.trim().is_empty() => false,
        // What is no time is for the report's reader to refuse.
        Ok(Some(told)) => match (Timestamp::parse(&told), Timestamp::parse(collected_at)) {
            (Ok(told), Ok(given)) => told <= given,
            _ => true,
        },
        Err(_) => true,
    };
    if keeps {
        return document.to_vec();
    }
    let from = (known.get().as_ptr() as usize).saturating_sub(document.as_ptr() as usize);
    let to = from + known.get().len();
    let before = document.get(..from).unwrap_or_default();
    let behind = document.get(to..).unwrap_or_default();
    [before, value.as_bytes(), behind].concat()
}

fn inserted(document: &[u8], value: &str) -> Vec<u8> {
    if let Some(rest) = document.strip_prefix(BEGINNING)
        && matches!(rest.first(), Some(b',' | b'}'))
    {
        return [BEGINNING, b",\"collected_at\":", value.as_bytes(), rest].concat();
    }
    let open = document.iter().position(|byte| *byte == b'{');
    let Some((before, rest)) = open.and_then(|at| document.split_at_checked(at + 1)) else {
        return document.to_vec();
    };
    let comma: &[u8] = if rest.trim_ascii_start().starts_with(b"}") {
        b""
    } else {
        b","
    };
    [before, b"\"collected_at\":", value.as_bytes(), comma, rest].concat()
}
