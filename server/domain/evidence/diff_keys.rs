//! What differs between two readings of one registry key.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diff::{Area, Note, State},
    keys::JUDGED,
};
use crate::domain::facts::{Key, KeyReading, RegData, RegType, RegValue};

/// One key: every value that either report names or the rules read, and its last write.
pub(super) fn registry(both: [Option<&KeyReading>; 2], key: Key, note: &mut Note<'_>) {
    if both == [None, None] {
        return;
    }
    let judged = JUDGED.iter().find(|(known, _)| *known == key);
    let judged = judged.map_or(&[][..], |(_, names)| names);
    let sides = both.map(Side::of);
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for name in judged {
        names.insert(name.to_ascii_lowercase(), name);
    }
    for reading in both.into_iter().flatten() {
        let values = reading.values.iter().map(|(name, _)| name);
        for name in values.chain(&reading.absent) {
            names.entry(name.to_ascii_lowercase()).or_insert(name);
        }
    }
    let mut any = false;
    for (lower, name) in names {
        let [was, is] = [sides[0].state(&lower), sides[1].state(&lower)];
        any |= was != is;
        note(Area::Registry, format!("{name} in {}", key.path()), was, is);
    }
    let [was, is] = both.map(|reading| match reading {
        None => State::NotCollected,
        Some(reading) if reading.exists => State::Value("there".to_owned()),
        Some(_) => State::Absent,
    });
    // That the key came or went with its values goes without saying.
    if !any {
        note(Area::Registry, format!("key {}", key.path()), was, is);
    }
    let [was, is] = both.map(|reading| {
        State::of(reading.and_then(|reading| reading.last_write_at), |at| {
            at.to_string()
        })
    });
    note(
        Area::Times,
        format!("last write of {}", key.path()),
        was,
        is,
    );
}

/// A key as one report has it, with its values to be found by name.
struct Side<'f> {
    reading: Option<&'f KeyReading>,
    values: BTreeMap<String, &'f RegValue>,
    absent: BTreeSet<String>,
}

impl<'f> Side<'f> {
    fn of(reading: Option<&'f KeyReading>) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in reading.iter().flat_map(|reading| &reading.values) {
            values.entry(name.to_ascii_lowercase()).or_insert(value);
        }
        let absent = reading.iter().flat_map(|reading| &reading.absent);
        Self {
            reading,
            values,
            absent: absent.map(|name| name.to_ascii_lowercase()).collect(),
        }
    }

    /// The same three answers as [`crate::domain::facts::Registry::value`].
    fn state(&self, lower: &str) -> State {
        let Some(reading) = self.reading else {
            return State::NotCollected;
        };
        match self.values.get(lower) {
            Some(value) => State::Value(shown(value)),
            None if !reading.partial || !reading.exists || self.absent.contains(lower) => {
                State::Absent
            }
            None => State::NotCollected,
        }
    }
}

/// A value with its type where that is not a plain number.
fn shown(value: &RegValue) -> String {
    let kind = match value.kind {
        Some(RegType::Dword) => "",
        Some(RegType::Qword) => "REG_QWORD ",
        Some(RegType::Text) => "REG_SZ ",
        Some(RegType::MultiText) => "REG_MULTI_SZ ",
        Some(RegType::Other) => "another type ",
        None => "type unknown ",
    };
    let data = match &value.data {
        RegData::Number(number) if *number < 10 => number.to_string(),
        RegData::Number(number) => format!("0x{number:X} ({number})"),
        RegData::Text(text) => format!("\"{text}\""),
        RegData::Texts(texts) => format!("\"{}\"", texts.join("\", \"")),
        RegData::Unreadable(text) => format!("unreadable: {text}"),
    };
    format!("{kind}{data}")
}
