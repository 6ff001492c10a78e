//! Lists of updates as `Get-HotFix | ConvertTo-Json` writes them: an array of objects, or one object when there is one
//! update; Windows PowerShell 5 puts a list that was given to `-InputObject` into `{"value": […], "Count": n}`.
//!
//! `InstalledOn` is a text, `/Date(…)/` or an object with both, by version; nothing is read from it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::super::{csv_text::LineCount, sentence};
use super::{
    Unreadable, format,
    hotfix_list::{DEVICE, Found, NUMBER, Row},
    naming, powershell_json,
};

/// The property in which a list stands that PowerShell wrapped.
const WRAPPED: &str = "value";

/// Whether a text, by its beginning, is such a list.
pub(super) fn recognises(head: &str) -> bool {
    let named = || {
        head.match_indices('"').any(|(at, _)| {
            let rest = head.get(at + 1..).unwrap_or_default();
            let key = rest.get(..NUMBER.len()).unwrap_or_default();
            let behind = rest.get(NUMBER.len()..).unwrap_or_default();
            let behind = behind.strip_prefix('"').map(str::trim_start);
            key.eq_ignore_ascii_case(NUMBER) && behind.is_some_and(|rest| rest.starts_with(':'))
        })
    };
    format::is_json(head) && named()
}

/// Reads the list.
///
/// # Errors
/// It is no JSON, or ends in the middle.
pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Unreadable> {
    let json = powershell_json::begins(text)?;
    let mut lines = LineCount::after(0);
    for whole in serde_json::Deserializer::from_str(json).into_iter::<&RawValue>() {
        let whole = whole.map_err(|error| {
            Unreadable(format!(
                "This list of updates cannot be read as JSON: {}. Send it as ConvertTo-Json writes it.",
                sentence::json(&error)
            ))
        })?;
        let list = whole.get();
        let list = match serde_json::from_str::<Wrapped<'_>>(list) {
            Ok(Wrapped { value: Some(inner) }) => inner.get(),
            _ => list,
        };
        let entries = serde_json::from_str::<Vec<&RawValue>>(list);
        for entry in entries.unwrap_or_else(|_| vec![whole]) {
            let entry = entry.get();
            let from = (entry.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let line = lines.at(text.as_bytes(), from);
            match serde_json::from_str::<Entry>(entry) {
                Ok(Entry {
                    number: Some(number),
                    device,
                }) => found.row(&Row {
                    line,
                    device: device.as_ref().map(|(_, name)| name.as_str()),
                    number: &number,
                }),
                _ => found.passed_over(),
            }
        }
    }
    Ok(())
}

/// What PowerShell puts round a list.
struct Wrapped<'t> {
    value: Option<&'t RawValue>,
}

impl<'de> Deserialize<'de> for Wrapped<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pick;
        impl<'de> Visitor<'de> for Pick {
            type Value = Wrapped<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut value = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key == WRAPPED {
                        let raw: &RawValue = map.next_value()?;
                        value = Some(raw).filter(|raw| raw.get().starts_with('['));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Wrapped { value })
            }
        }
        deserializer.deserialize_map(Pick)
    }
}

/// One update.
#[derive(Default)]
struct Entry {
    number: Option<String>,
    /// What it calls its machine, and how sure that is.
    device: Option<(usize, String)>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pick;
        impl<'de> Visitor<'de> for Pick {
            type Value = Entry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an update as an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut entry = Entry::default();
                while let Some(key) = map.next_key::<String>()? {
                    entry.take(&key, &mut map)?;
                }
                Ok(entry)
            }
        }
        deserializer.deserialize_map(Pick)
    }
}

impl Entry {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let is_number = key.eq_ignore_ascii_case(NUMBER);
        let rank = DEVICE
            .iter()
            .position(|name| name.eq_ignore_ascii_case(key));
        if !is_number && rank.is_none() {
            map.next_value::<IgnoredAny>()?;
            return Ok(());
        }
        let Value::String(text) = map.next_value::<Value>()? else {
            return Ok(());
        };
        if is_number {
            if self.number.is_some() {
                // Which of the two is meant nobody knows.
                return Err(A::Error::custom("an update has two numbers"));
            }
            self.number = Some(text).filter(|text| !text.trim().is_empty());
        } else if let Some(rank) = rank
            && naming::device(&text).is_some()
            && self.device.as_ref().is_none_or(|(known, _)| rank < *known)
        {
            self.device = Some((rank, text));
        }
        Ok(())
    }
}
