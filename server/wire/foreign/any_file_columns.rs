//! What can be said of tables before, or without, reading them: about how many rows they have, and what the columns of
//! one probably mean that nobody knows, so that people can say it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::to_text;
use super::{
    any_file::{File, Options},
    any_file_open::{Content, are_one, bare, for_each_file, open},
    format,
    mapping::Mapping,
    pivot_guess,
    table::Table,
};

/// Rows that are looked at to tell whether a text is a table.
const LOOKED_AT: usize = 5;
/// Most columns of all unknown tables of one call whose meaning is guessed.
const MOST: usize = 20_000;

/// About how many rows reading these files will come to; `None`: that cannot be told before. A table has a row a line,
/// and fewer where several rows are about one device.
pub fn about(files: &[File<'_>], options: &Options) -> Option<u64> {
    if !are_one(files) {
        return None;
    }
    let mut about = None;
    for file in files {
        // What cannot be opened has no rows.
        let _ = for_each_file(file, &mut |name, bytes| {
            let opened = bytes.ok().and_then(|bytes| open(name, bytes, options).ok());
            let Some(opened) = opened.filter(|opened| opened.format.is_table()) else {
                return;
            };
            if let Content::Text(text) = opened.content {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                about = Some((lines.count() as u64).saturating_sub(1));
            }
        });
    }
    about.filter(|rows| *rows > 0)
}

/// What the columns of tables among these files probably mean, of those called so in `unread`: by name of the file, as
/// [`super::any_file::Told::name`] has it.
pub fn columns(
    files: &[File<'_>],
    options: &Options,
    unread: &BTreeSet<&str>,
) -> HashMap<String, Mapping> {
    let mut found = HashMap::new();
    let mut room = MOST;
    if unread.is_empty() {
        return found;
    }
    for file in files {
        // What cannot be opened has no columns.
        let _ = for_each_file(file, &mut |name, bytes| {
            let Some(bytes) = bytes.ok().filter(|_| unread.contains(name)) else {
                return;
            };
            let mapping = to_text(bytes)
                .ok()
                .and_then(|decoded| of_table(&decoded.text, options));
            if let Some(mapping) = mapping.filter(|mapping| mapping.columns.len() <= room) {
                room -= mapping.columns.len();
                found.insert(name.to_owned(), mapping);
            }
        });
    }
    found
}

/// Which queries the results of CMPivot among these files probably answer, of those called so in `unread`.
pub fn queries(files: &[File<'_>], unread: &BTreeSet<&str>) -> HashMap<String, String> {
    let mut found = HashMap::new();
    if unread.is_empty() {
        return found;
    }
    for file in files {
        // What cannot be opened answers nothing.
        let _ = for_each_file(file, &mut |name, bytes| {
            let Some(bytes) = bytes.ok().filter(|_| unread.contains(name)) else {
                return;
            };
            let guess = to_text(bytes)
                .ok()
                .and_then(|decoded| pivot_guess::guess(bare(name), &decoded.text));
            if let Some(guess) = guess {
                found.insert(name.to_owned(), guess);
            }
        });
    }
    found
}

/// What the columns of a table probably mean; as somebody chose it, where that was for these columns.
fn of_table(text: &str, options: &Options) -> Option<Mapping> {
    let called_so = options.format.is_some_and(format::Format::is_table);
    if !called_so && (options.format.is_some() || !looks_like_a_table(text)) {
        return None;
    }
    let table = Table::open(text).ok()?;
    let guess = Mapping::guess(table.heading());
    let fits = |mapping: &&Mapping| {
        let headings = |mapping: &Mapping| -> Vec<String> {
            let columns = mapping.columns.iter();
            columns.map(|column| column.heading.clone()).collect()
        };
        headings(mapping) == headings(&guess)
    };
    let given = options.mapping.as_ref().filter(fits).cloned();
    Some(given.unwrap_or(guess))
}

/// Whether a text is plainly a table with separators: a heading of several names, all different, and rows as wide.
pub(super) fn looks_like_a_table(text: &str) -> bool {
    let head = format::head(text);
    if format::is_json(head) || head.trim_start().starts_with('<') {
        return false;
    }
    let Ok(table) = Table::open(text) else {
        return false;
    };
    let heading = table.heading();
    let names: HashSet<String> = heading.iter().map(|name| name.to_lowercase()).collect();
    let width = heading.len();
    if width < 2 || names.contains("") || names.len() != width {
        return false;
    }
    let rows: Vec<bool> = table
        .take(LOOKED_AT)
        .map(|row| row.is_ok_and(|row| row.width() == width))
        .collect();
    !rows.is_empty() && rows.into_iter().all(|fits| fits)
}
