//! The `registry` list of a report, read into what the rules know.

use std::{borrow::Cow, collections::HashSet};

use serde::Deserialize;

use super::{
    fields::{
        Path, Problems, check_id, check_text, dword, not_cut, number, optional_bool, optional_time,
        quoted,
    },
    key_paths::{looks_misspelt, without_provider},
    raw::{RawRegValue, Scalar},
    shapes::{Many, Object, Pairs},
};
use crate::domain::facts::{Key, KeyReading, RegData, RegType, RegValue, Registry};

/// Most keys in one report.
pub const MAX_KEYS: usize = 2_000;

/// Most values under one key.
pub const MAX_VALUES: usize = 2_000;

/// Most misspelt keys that are remembered; one is enough for a warning.
const MAX_MISSPELT: usize = 20;

/// The list as sent.
pub(super) type RawRegistry<'a> = Many<Object<RawKey<'a>>, MAX_KEYS>;

/// One key as sent.
#[derive(Debug, Deserialize)]
pub(super) struct RawKey<'a> {
    #[serde(borrow, default)]
    key: Scalar<'a>,
    #[serde(borrow, default)]
    exists: Scalar<'a>,
    #[serde(borrow, default)]
    last_write_at: Scalar<'a>,
    #[serde(borrow, default)]
    partial: Scalar<'a>,
    #[serde(borrow, default)]
    values: Pairs<'a, RawRegValue<'a>, MAX_VALUES>,
}

/// Reads all listed keys; those that the rules do not know stay in the raw report.
pub(super) fn read(raw: RawRegistry<'_>, at: Path<'_>, problems: &mut Problems) -> Registry {
    let mut registry = Registry::default();
    let mut listed_at = [None; Key::ALL.len()];
    for (index, Object(entry)) in raw.items.into_iter().flatten().enumerate() {
        let indexed = at.index(index);
        let here = if raw.unwrapped { at } else { indexed };
        let Some(entry) = entry else {
            problems.add(here, "this entry is null; leave it out or name a key");
            continue;
        };
        let Some(path) = entry.key.text().filter(|_| !entry.key.is_blank()) else {
            problems.add(here.field("key"), "the path of the key is missing");
            continue;
        };
        if let Err(detail) = check_text(path).and_then(|()| plain_path(path)) {
            problems.add(here.field("key"), detail);
            continue;
        }
        let path = without_provider(path);
        let Some(key) = Key::from_path(path) else {
            if looks_misspelt(path)
                && registry.misspelt.len() < MAX_MISSPELT
                && !matches!(optional_bool(&entry.exists), Ok(Some(false)))
                && !registry.misspelt.iter().any(|known| known == path)
            {
                registry.misspelt.push(path.to_owned());
            }
            continue;
        };
        let Some(reading) = read_key(entry, here, problems) else {
            continue;
        };
        match listed_at[key as usize] {
            None => {
                listed_at[key as usize] = Some(index);
                if let Some(reading) = reading {
                    registry.insert(key, reading);
                }
            }
            Some(_) if registry.key(key) == reading.as_ref() => {}
            Some(first) => problems.add(
                here,
                format!(
                    "this key is listed twice with different content (first at {}); send it once",
                    at.index(first).pointer()
                ),
            ),
        }
    }
    registry
}

fn plain_path(path: &str) -> Result<(), String> {
    match path.chars().find(|c| c.is_control()) {
        Some(control) => Err(format!(
            "the path holds the control character U+{:04X}",
            u32::from(control)
        )),
        None => Ok(()),
    }
}

/// What was seen at a key; `Some(None)`: it is there, but nobody looked into it. `None`: a problem was noted.
#[expect(
    clippy::option_option,
    reason = "a problem, a key that nobody looked into, and a reading are three things"
)]
fn read_key(
    entry: RawKey<'_>,
    here: Path<'_>,
    problems: &mut Problems,
) -> Option<Option<KeyReading>> {
    let stated = problems.take(here.field("exists"), optional_bool(&entry.exists))?;
    let last_write_at = problems.maybe(
        here.field("last_write_at"),
        optional_time(&entry.last_write_at),
    );
    let listed = entry.values.0;
    if stated.is_none() && listed.is_none() {
        problems.add(
            here,
            "neither `exists` nor `values` is given; say whether the key is there",
        );
        return None;
    }
    // The key was seen, but nobody says what is in it, as when reading was refused. Empty `values` would say that
    // nothing is; their being missing or null says that nobody looked.
    if stated == Some(true) && listed.is_none() {
        return Some(None);
    }
    let listed = listed.unwrap_or_default();
    let values_at = here.field("values");
    let partial = problems
        .maybe(here.field("partial"), optional_bool(&entry.partial))
        .unwrap_or(false);
    let mut absent = Vec::new();
    let values = read_values(listed, values_at, &mut absent, problems);
    if !partial {
        absent.clear();
    }
    if stated == Some(false) && !values.is_empty() {
        problems.add(
            here,
            "this contradicts itself: `exists` is false but there are values under the key",
        );
        return None;
    }
    Some(Some(KeyReading {
        exists: stated.unwrap_or(true),
        last_write_at,
        values,
        absent,
        partial,
    }))
}

fn read_values(
    listed: Vec<(Cow<'_, str>, RawRegValue<'_>)>,
    at: Path<'_>,
    absent: &mut Vec<String>,
    problems: &mut Problems,
) -> Vec<(String, RegValue)> {
    let mut values = Vec::with_capacity(listed.len());
    let doubled = doubled(&listed);
    for (index, (name, raw)) in listed.into_iter().enumerate() {
        let here = at.field(&name);
        if doubled.contains(&index) {
            problems.add(
                here,
                format!(
                    "the value `{name}` is given twice (names compare without case); send it once"
                ),
            );
            continue;
        }
        if is_powershell_extra(&name) {
            continue;
        }
        if let Some(detail) = check_id(&name).err() {
            problems.add(here, detail);
            continue;
        }
        match read_value(raw) {
            Ok(Some(value)) => values.push((name.into_owned(), value)),
            Ok(None) => absent.push(name.into_owned()),
            Err(Wrong { part, detail }) => match part {
                Some(part) => problems.add(here.field(part), detail),
                None => problems.add(here, detail),
            },
        }
    }
    values
}

/// Where a name comes up again, without case.
fn doubled<T>(listed: &[(Cow<'_, str>, T)]) -> Vec<usize> {
    const FEW: usize = 16;
    let names = listed.iter().map(|(name, _)| name).enumerate();
    if listed.len() <= FEW {
        let again = |at: usize, name: &str| {
            listed[..at]
                .iter()
                .any(|(earlier, _)| earlier.eq_ignore_ascii_case(name))
        };
        return names
            .filter(|(at, name)| again(*at, name))
            .map(|(at, _)| at)
            .collect();
    }
    let mut seen = HashSet::with_capacity(listed.len());
    names
        .filter(|(_, name)| !seen.insert(name.to_ascii_lowercase()))
        .map(|(at, _)| at)
        .collect()
}

/// What `Get-ItemProperty` adds to the values of a key.
pub(super) fn is_powershell_extra(name: &str) -> bool {
    [
        "PSPath",
        "PSParentPath",
        "PSChildName",
        "PSDrive",
        "PSProvider",
    ]
    .iter()
    .any(|extra| extra.eq_ignore_ascii_case(name))
}

struct Wrong {
    part: Option<&'static str>,
    detail: String,
}

impl Wrong {
    fn data(detail: String) -> Self {
        Self {
            part: Some("data"),
            detail,
        }
    }
}

/// `None`: a bare `null`, which says that the value is not there.
fn read_value(raw: RawRegValue<'_>) -> Result<Option<RegValue>, Wrong> {
    let (kind, data) = match raw {
        RawRegValue::Bare(data) => {
            let data = read_untyped(data).map_err(|detail| Wrong { part: None, detail })?;
            return Ok(data.map(|data| RegValue { kind: None, data }));
        }
        RawRegValue::Typed {
            kind: None,
            data: None,
        } => {
            return Err(Wrong {
                part: None,
                detail: "this object has neither `type` nor `data`; write {\"type\": \"REG_DWORD\", \"data\": 2720}"
                    .to_owned(),
            });
        }
        RawRegValue::Typed { kind, data } => (kind.unwrap_or_default(), data.unwrap_or_default()),
    };
    let kind = read_kind(&kind).map_err(|detail| Wrong {
        part: Some("type"),
        detail,
    })?;
    let Some(kind) = kind else {
        let data = read_untyped(data).map_err(Wrong::data)?;
        return Ok(data.map(|data| RegValue { kind: None, data }));
    };
    if let Scalar::Text(text) = &data {
        check_text(text).map_err(Wrong::data)?;
    }
    let data = match (kind, data) {
        (_, Scalar::Null) => RegData::Unreadable("null".to_owned()),
        (RegType::Dword, data) => RegData::Number(number(&data).map_err(Wrong::data)?),
        (RegType::Text, Scalar::Text(text)) => RegData::Text(text.into_owned()),
        (RegType::Text, data @ (Scalar::Whole(_) | Scalar::Large(_))) => {
            RegData::Text(data.to_string())
        }
        (RegType::MultiText, Scalar::Text(text)) => RegData::Texts(vec![text.into_owned()]),
        (RegType::MultiText, data @ Scalar::List { .. }) => texts(&data).map_err(Wrong::data)?,
        (RegType::Qword | RegType::Other, data) => unsigned(&data),
        (_, data) => RegData::Unreadable(data.to_string()),
    };
    Ok(Some(RegValue {
        kind: Some(kind),
        data,
    }))
}

/// A number of a type that has no 32-bit sign to undo.
fn unsigned(data: &Scalar<'_>) -> RegData {
    let negative = match data {
        Scalar::Whole(whole) => *whole < 0,
        Scalar::Text(text) => text.trim_start().starts_with('-'),
        _ => false,
    };
    match dword(data) {
        Some(fits) if !negative => RegData::Number(fits),
        _ => RegData::Unreadable(data.to_string()),
    }
}

/// Data of a source without types: a number where it can be read as one, else text as found.
fn read_untyped(data: Scalar<'_>) -> Result<Option<RegData>, String> {
    Ok(Some(match data {
        Scalar::Null => return Ok(None),
        Scalar::Text(text) => {
            not_cut(&text)?;
            check_text(&text)?;
            match dword(&Scalar::Text(Cow::Borrowed(&text))) {
                Some(fits) => RegData::Number(fits),
                None => RegData::Text(text.into_owned()),
            }
        }
        Scalar::Whole(_) => match dword(&data) {
            Some(fits) => RegData::Number(fits),
            None => RegData::Unreadable(data.to_string()),
        },
        Scalar::List { .. } => texts(&data)?,
        other => RegData::Unreadable(other.to_string()),
    }))
}

/// A list of texts, or something to show when it is anything else.
fn texts(data: &Scalar<'_>) -> Result<RegData, String> {
    let Scalar::List { items, cut: false } = data else {
        return Ok(RegData::Unreadable(data.to_string()));
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let Some(text) = item.text() else {
            return Ok(RegData::Unreadable(data.to_string()));
        };
        check_text(text)?;
        found.push(text.to_owned());
    }
    Ok(RegData::Texts(found))
}

/// `REG_DWORD`, .NET's `DWord`, or the number of the type; `None` when the source has no types.
fn read_kind(kind: &Scalar<'_>) -> Result<Option<RegType>, String> {
    let name = match kind {
        Scalar::Null => return Ok(None),
        Scalar::Text(text) => Cow::Borrowed(text.trim()),
        Scalar::Whole(number) => Cow::Owned(number.to_string()),
        other => {
            return Err(format!(
                "{} is not the name of a registry type",
                quoted(other)
            ));
        }
    };
    let name = match name.split_at_checked(4) {
        Some((head, rest)) if head.eq_ignore_ascii_case("REG_") => rest,
        _ => &name,
    };
    let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    Ok(Some(if name.is_empty() {
        return Ok(None);
    } else if is(&["DWORD", "DWORD_LITTLE_ENDIAN", "4"]) {
        RegType::Dword
    } else if is(&["SZ", "EXPAND_SZ", "String", "ExpandString", "1", "2"]) {
        RegType::Text
    } else if is(&["QWORD", "QWORD_LITTLE_ENDIAN", "11"]) {
        RegType::Qword
    } else if is(&["MULTI_SZ", "MultiString", "7"]) {
        RegType::MultiText
    } else {
        RegType::Other
    }))
}

/// The build number that `CurrentVersion` holds, as text or number.
pub(super) fn build_number(registry: &Registry) -> Option<u32> {
    let key = registry.key(Key::CurrentVersion)?;
    let (_, value) = key
        .values
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("CurrentBuildNumber"))?;
    match &value.data {
        RegData::Number(build) => Some(*build),
        RegData::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
