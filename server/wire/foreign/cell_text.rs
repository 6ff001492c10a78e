//! What the text of a single cell says: nothing, *absent*, yes, a version, updates, a registry value.

use super::super::{
    document::{Data, Document, Value},
    fields::{check_id, check_text, dword, not_cut},
    machine::os_version_text,
    raw::Scalar,
    tables::{file_version, kb_number},
};
use crate::domain::facts::OsVersion;

/// Whether a cell says nothing at all, so that the fact is not collected. `NULL` is what an outer join leaves where
/// there was no row to look at, and what scripts print beside an error; neither says that somebody looked.
pub(super) fn says_nothing(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "-",
        "--",
        "n/a",
        "#n/a",
        "na",
        "nil",
        "none",
        "null",
        "(null)",
        "<null>",
        "unknown",
        "error",
        "#value!",
        "#ref!",
        "not collected",
    ];
    let text = text.trim();
    if WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return true;
    }
    text.split_at_checked(8)
        .is_some_and(|(head, _)| head.eq_ignore_ascii_case("NULL ---"))
}

/// Whether a cell says that somebody looked and nothing was there.
pub(super) fn says_absent(text: &str) -> bool {
    ["not set", "not found", "not present", "<absent>", "absent"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text.trim()))
}

pub(super) fn says_yes(text: &str) -> bool {
    [
        "1",
        "true",
        "yes",
        "y",
        "x",
        "installed",
        "present",
        "wahr",
        "ja",
        "vrai",
        "oui",
    ]
    .iter()
    .any(|word| word.eq_ignore_ascii_case(text))
}

/// Data of a source without types. `-1` may be 0xFFFFFFFF from a reader of signed numbers, or the sign of some scripts
/// for absent. For `Enabled` both are no "off", so there it is the number; elsewhere it stays a text, which decides nothing.
pub(super) fn bare(name: &str, text: &str, notes: &mut Vec<String>) -> Value {
    let text = text.trim();
    if text == "-1" && !name.eq_ignore_ascii_case("Enabled") {
        notes.push(format!(
            "{name} is -1, which may mean 0xFFFFFFFF or that the value is absent. It was taken for neither; write 4294967295 or Not Set."
        ));
        return Value::Bare(Data::Text("-1 (0xFFFFFFFF or absent)".to_owned()));
    }
    if let Some(number) = dword(&Scalar::Text(text.into())) {
        return Value::Bare(Data::Number(u64::from(number)));
    }
    if let Err(detail) = not_cut(text).and_then(|()| check_text(text)) {
        notes.push(format!("{name} is there, but cannot be read: {detail}."));
        let start: String = text.chars().take(64).collect();
        return Value::Bare(Data::Text(format!("unreadable: {start}")));
    }
    Value::Bare(Data::Text(text.to_owned()))
}

/// Adds an update that is there; a table never shows that it lists all of them.
pub(super) fn add_update(document: &mut Document, number: u32) {
    let name = format!("KB{number}");
    let list = document.hotfixes.get_or_insert_default();
    if !list.contains(&name) {
        list.push(name);
    }
    document.hotfixes_cut = true;
}

/// Adds the version of a file, when it is one.
pub(super) fn add_file(document: &mut Document, path: &str, text: &str, notes: &mut Vec<String>) {
    match file_version(&Scalar::Text(text.into())) {
        Ok(Some(_)) => {
            let files = document.files.get_or_insert_default();
            files.insert(path.to_owned(), text.to_owned());
        }
        Ok(None) => {}
        Err(detail) => notes.push(format!("The version of {path} was not taken: {detail}.")),
    }
}

/// The updates that a cell lists. Anything beside the numbers may well say that one of them is missing, so then none
/// is taken.
pub(super) fn updates(text: &str, notes: &mut Vec<String>) -> Vec<u32> {
    const TYPES: &[&str] = &["", "- update", "- security update", "- hotfix"];
    let mut found = Vec::new();
    for part in text.split([',', ';', '|', '\n']).map(str::trim) {
        let mut words = part.split_whitespace().map(kb_number);
        let first = words.next().flatten();
        let rest = part
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim());
        let only_type = TYPES.iter().any(|kind| kind.eq_ignore_ascii_case(rest));
        let numbers: Option<Vec<u32>> = part.split_whitespace().map(kb_number).collect();
        match (first, numbers) {
            (Some(first), _) if only_type => found.push(first),
            (Some(_), Some(numbers)) => found.extend(numbers),
            _ if part.is_empty() => {}
            _ => {
                let shown: String = part.chars().take(64).collect();
                notes.push(format!(
                    "`{shown}` is not just the number of an update, so this list was not read. Write numbers alone, such as KB3140245, separated by commas."
                ));
                return Vec::new();
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// `10.0.19045`, `10.0 (19045)`, or `10.0` with the build in a column of its own.
pub(super) fn version(text: &str, build: Option<u32>, notes: &mut Vec<String>) -> Option<String> {
    let (short, behind) = text.split_once('(').unwrap_or((text, ""));
    let behind = behind.trim_end_matches(')').trim().parse().ok();
    let Some(version) = os_version_text(short, behind.or(build)) else {
        notes.push(format!(
            "The Windows version `{text}` was not taken: it has no three numbers. Write it like 10.0.19045, or add a column with the build."
        ));
        return None;
    };
    if let Some(other) = build.filter(|build| *build != version.build) {
        notes.push(format!(
            "The Windows version is {text} but the build beside it is {other}, so neither was taken. Correct the one that is wrong, or leave the build out."
        ));
        return None;
    }
    let OsVersion {
        major,
        minor,
        build,
    } = version;
    Some(format!("{major}.{minor}.{build}"))
}

/// A text for display, when it can be one.
pub(super) fn shown(text: &str, notes: &mut Vec<String>) -> Option<String> {
    match check_id(text) {
        Ok(()) => Some(text.to_owned()),
        Err(detail) => {
            notes.push(format!("A cell was not taken: {detail}."));
            None
        }
    }
}

pub(super) fn list(text: &str, separates: impl Fn(char) -> bool) -> Vec<String> {
    let parts = text.split(separates).map(str::trim);
    let mut found: Vec<String> = Vec::new();
    for part in parts
        .filter(|part| !part.is_empty() && check_id(part).is_ok())
        .take(1_000)
    {
        if !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    found
}

pub(super) fn capped(
    mut all: Vec<String>,
    most: usize,
    what: &str,
    notes: &mut Vec<String>,
) -> Vec<String> {
    if all.len() > most {
        all.truncate(most);
        notes.push(format!(
            "More than {most} {what} are listed; only the first {most} were taken."
        ));
    }
    all
}

/// A GUID in the spelling that is compared; the one of zeros, which means none, is none.
pub(super) fn guid_of(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("GUID:").unwrap_or(&upper);
    let bare = bare.trim_matches(|c| c == '{' || c == '}');
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = bare.split('-').collect();
    let fits = parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    let some = bare.bytes().any(|byte| byte != b'0' && byte != b'-');
    (fits && some).then(|| bare.to_owned())
}
