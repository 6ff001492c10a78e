//! The sentences by which InSpec describes a test of the registry, and what a failed one got.

use super::super::{fields::dword, raw::Scalar};
use crate::domain::facts::Key;

/// What a test claims about a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    KeyExists {
        not: bool,
    },
    ValueExists {
        name: String,
        not: bool,
    },
    ValueIs {
        name: String,
        /// `None`: compared with something else than one number.
        wanted: Option<u32>,
        /// The test asks for a DWORD.
        typed: bool,
        not: bool,
    },
    ValueIsNil {
        name: String,
        not: bool,
    },
    Other,
}

const SUBJECT: &str = "Registry Key ";

/// `Registry Key HKEY_LOCAL_MACHINE\…\TLS 1.2\Client Enabled is expected to cmp == 1` and its relatives.
/// `None`: not about a key that the rules know.
pub(super) fn claim(description: &str) -> Option<(Key, Claim)> {
    const LONGEST: usize = 4_096;
    let text = description.trim();
    if text.len() > LONGEST {
        return None;
    }
    let (head, rest) = text.split_at_checked(SUBJECT.len())?;
    if !head.eq_ignore_ascii_case(SUBJECT) {
        return None;
    }
    let (subject, predicate) = parts(rest)?;
    let (key, property) = key_of(subject)?;
    let (not, predicate) = predicate;
    Some((key, meaning(property, predicate, not)))
}

/// Subject, and predicate with whether it is denied.
fn parts(text: &str) -> Option<(&str, (bool, &str))> {
    const VERBS: &[(&str, bool)] = &[
        (" is expected not to ", true),
        (" is expected to not ", true),
        (" is expected to ", false),
        (" should not ", true),
        (" should ", false),
    ];
    let (at, verb, not) = VERBS
        .iter()
        .filter_map(|(verb, not)| text.find(verb).map(|at| (at, *verb, *not)))
        .min_by_key(|(at, verb, _)| (*at, usize::MAX - verb.len()))?;
    Some((text.get(..at)?, (not, text.get(at + verb.len()..)?)))
}

/// The known key that a subject begins with, and what is said behind it.
fn key_of(subject: &str) -> Option<(Key, &str)> {
    let subject = subject.trim();
    let rest = [r"HKEY_LOCAL_MACHINE\", r"HKLM\", r"HKLM:\"]
        .iter()
        .find_map(|hive| {
            let (head, rest) = subject.split_at_checked(hive.len())?;
            head.eq_ignore_ascii_case(hive).then_some(rest)
        })?;
    Key::ALL
        .into_iter()
        .filter_map(|key| {
            let path = key.path().get(r"HKLM\".len()..)?;
            let (head, behind) = rest.split_at_checked(path.len())?;
            let behind = behind
                .strip_prefix('\\')
                .filter(|b| b.is_empty() || b.starts_with(' '))
                .unwrap_or(behind);
            let ends = behind.is_empty() || behind.starts_with(' ');
            (head.eq_ignore_ascii_case(path) && ends).then_some((key, path.len(), behind.trim()))
        })
        .max_by_key(|(_, length, _)| *length)
        .map(|(key, _, behind)| (key, behind))
}

fn meaning(property: &str, predicate: &str, not: bool) -> Claim {
    let predicate = without_current(predicate);
    let property = without_current(property);
    let property = ["property value ", "property "]
        .iter()
        .find_map(|word| property.strip_prefix(word))
        .unwrap_or(property);
    let property = unquoted(property);
    if property.is_empty() {
        return about_key(predicate, not);
    }
    if property.len() > 256 || property.contains(char::is_control) {
        return Claim::Other;
    }
    let name = property.to_owned();
    if matches!(predicate, "be nil" | "cmp == nil" | "eq nil" | "equal nil") {
        return Claim::ValueIsNil { name, not };
    }
    let wanted = ["cmp == ", "cmp ", "eq ", "equal ", "== "]
        .iter()
        .find_map(|verb| predicate.strip_prefix(verb));
    match wanted {
        Some(wanted) => Claim::ValueIs {
            name,
            wanted: number(wanted),
            typed: false,
            not,
        },
        // Other comparisons prove no number; what a failed one got is told all the same.
        None => Claim::ValueIs {
            name,
            wanted: None,
            typed: false,
            not,
        },
    }
}

/// A test of the key itself, or of its properties by matchers.
fn about_key(predicate: &str, not: bool) -> Claim {
    if predicate == "exist" {
        return Claim::KeyExists { not };
    }
    let value = ["have property value ", "have_property_value "]
        .iter()
        .find_map(|verb| predicate.strip_prefix(verb));
    if let Some(rest) = value {
        let mut words = rest.split(',').map(str::trim);
        let name = unquoted(words.next().unwrap_or_default()).to_owned();
        let typed = words.next() == Some(":dword");
        let wanted = words.next().filter(|_| typed).and_then(number);
        return match (wanted, words.next()) {
            (Some(wanted), None) if !name.is_empty() => Claim::ValueIs {
                name,
                wanted: Some(wanted),
                typed: true,
                not,
            },
            _ => Claim::Other,
        };
    }
    let there = ["have property ", "have_property "]
        .iter()
        .find_map(|verb| predicate.strip_prefix(verb));
    match there {
        Some(name) if !name.contains(',') && !unquoted(name).is_empty() => Claim::ValueExists {
            name: unquoted(name).to_owned(),
            not,
        },
        _ => Claim::Other,
    }
}

/// Without the "(currently: …)" that some tests print, which is not what the test saw.
fn without_current(text: &str) -> &str {
    let text = text.trim();
    match text.find("(currently") {
        Some(at) => text.get(..at).unwrap_or_default().trim_end(),
        None => text,
    }
}

fn unquoted(text: &str) -> &str {
    text.trim()
        .trim_matches(|c| matches!(c, '"' | '\'' | '`'))
        .trim_start_matches(':')
        .trim()
}

fn number(text: &str) -> Option<u32> {
    dword(&Scalar::Text(unquoted(text).into()))
}

/// What a message says that the test got: `Some(None)` is nothing (`nil`); `None`: it does not say.
#[expect(
    clippy::option_option,
    reason = "not said, nothing there, and a number are three things"
)]
pub(super) fn got(message: &str) -> Option<Option<u32>> {
    let (_, rest) = message.split_once("got: ")?;
    let said = rest.lines().next()?.trim();
    let said = said.split(" (compared").next()?.trim();
    if said == "nil" {
        return Some(None);
    }
    number(said).map(Some)
}
