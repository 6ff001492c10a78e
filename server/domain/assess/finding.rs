//! Small tools to write check results with: an empty one to fill in, and how values are shown.

use std::fmt::Write as _;

use super::os::System;
use crate::domain::{
    facts::{Facts, Key, Reading, RegData, RegType, RegValue, Registry},
    protocols::Mask,
    verdict::{CheckResult, Outcome},
};

/// What is shown where nothing was found.
pub(super) const ABSENT: &str = "absent";
/// What is shown where nobody looked.
pub(super) const NOT_COLLECTED: &str = "not collected";

/// Said of a value that a later reading of unknown view contradicts.
pub(super) const DISPUTED: &str = "A later reading says otherwise, but not which registry view it is of. If it is of this one, what was proven before has changed.";

/// What mends a reading of which nobody says the view, beside reading again.
pub(super) const OR_SAY_SO: &str = "Where a table brought the values, such as a result of CMPivot, and you know that 64-bit programs read them, upload it again and say so.";

/// Whether a later reading of unknown view contradicts a key.
pub(super) fn disputed(facts: &Facts, system: &System, key: Key) -> bool {
    facts.registry.disputed.contains(&key) && !system.is_32_bit()
}

/// A result without any words yet.
pub(super) fn blank(id: &'static str, outcome: Outcome, reason: &'static str) -> CheckResult {
    CheckResult {
        id,
        outcome,
        reason,
        message: String::new(),
        expected: String::new(),
        observed: String::new(),
        fix: String::new(),
        sources: &[],
        disputed: false,
    }
}

/// A registry value where the rules want a DWORD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dword<'f> {
    /// Nobody looked.
    NotCollected,
    /// The place was read; nothing there.
    Absent,
    /// A number.
    Number(u32),
    /// There, but of another type or unreadable: never taken as absent.
    Unusable(&'f RegValue),
}

impl<'f> Dword<'f> {
    /// Reads one value. A source without types is believed to have read a DWORD.
    pub(super) fn read(registry: &'f Registry, key: Key, name: &str) -> Self {
        match registry.value(key, name) {
            Reading::NotCollected => Self::NotCollected,
            Reading::Absent => Self::Absent,
            Reading::Value(value) => match (value.kind, &value.data) {
                (Some(RegType::Dword) | None, RegData::Number(number)) => Self::Number(*number),
                _ => Self::Unusable(value),
            },
        }
    }

    pub(super) fn is(self, number: u32) -> bool {
        self == Self::Number(number)
    }

    /// A number other than 0.
    pub(super) fn is_on(self) -> bool {
        matches!(self, Self::Number(number) if number != 0)
    }

    pub(super) fn is_unusable(self) -> bool {
        matches!(self, Self::Unusable(_))
    }

    /// The value as found, for people.
    pub(super) fn shown(self) -> String {
        match self {
            Self::NotCollected => NOT_COLLECTED.to_owned(),
            Self::Absent => ABSENT.to_owned(),
            Self::Number(0) => "0".to_owned(),
            Self::Number(1) => "1".to_owned(),
            Self::Number(number) => format!("0x{number:08X} ({number})"),
            Self::Unusable(value) => raw(value),
        }
    }
}

/// Two values of one key, as found.
pub(super) fn pair(first: (&str, Dword<'_>), second: (&str, Dword<'_>)) -> String {
    if first.1 == Dword::NotCollected && second.1 == Dword::NotCollected {
        return NOT_COLLECTED.to_owned();
    }
    let mut text = String::with_capacity(64);
    for (name, value) in [first, second] {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
        text.push_str(" = ");
        match value {
            Dword::Absent => text.push_str(ABSENT),
            Dword::Number(number) if number < 2 => text.push(if number == 0 { '0' } else { '1' }),
            other => text.push_str(&other.shown()),
        }
    }
    text
}

/// A value that is not what the rules want: its type and its data.
fn raw(value: &RegValue) -> String {
    let kind = match value.kind {
        Some(RegType::Dword) => "REG_DWORD",
        Some(RegType::Qword) => "REG_QWORD",
        Some(RegType::Text) => "REG_SZ",
        Some(RegType::MultiText) => "REG_MULTI_SZ",
        Some(RegType::Other) => "another type",
        None => "type unknown",
    };
    match &value.data {
        RegData::Number(number) => format!("{kind} 0x{number:08X} ({number})"),
        RegData::Text(text) => format!("{kind} \"{}\"", cut(text)),
        RegData::Texts(texts) => format!("{kind} \"{}\"", cut(&texts.join(", "))),
        RegData::Unreadable(text) => format!("{kind}, unreadable: {}", cut(text)),
    }
}

/// The first 120 characters.
fn cut(text: &str) -> &str {
    text.char_indices()
        .nth(120)
        .map_or(text, |(end, _)| &text[..end])
}

/// A mask of protocols with its decoding: `0x000000A0 (160): SSL 3.0, TLS 1.0`.
pub(super) fn mask(bits: u32) -> String {
    let mask = Mask::of(bits);
    let mut text = String::with_capacity(64);
    // Writing to a String cannot fail.
    let _ = write!(text, "0x{bits:08X} ({bits}): ");
    let names: Vec<&str> = mask.on().collect();
    text.push_str(&names.join(", "));
    if mask.unknown != 0 {
        let separator = if names.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}undefined bits 0x{:X}", mask.unknown);
    } else if names.is_empty() {
        text.push_str("no protocol");
    }
    text
}
