//! Of which file of an upload the query is, that somebody said with it.
//!
//! One query is said for all files, but it was run for one of them. Given to another one it would put values under a
//! key that they are not of, or show values absent that nobody asked for.

use super::{
    any_file::{File, Options},
    any_file_open::{Content, are_one, bare, for_each_file, open},
    format::Format,
    mapping::Mapping,
    meaning::Meaning,
    pivot_query,
    table::Table,
};

/// Whose the query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of the only file.
    OneFile,
    /// Of the only one of several files that says no query itself.
    OneThatSaysNone,
    /// Not known: so many say none.
    Nobody(usize),
}

/// Looks through the files; only when a query was said, and more than one file could be meant.
pub(super) fn whose(files: &[File<'_>], options: &Options) -> Whose {
    if options.key.is_none() || are_one(files) {
        return Whose::OneFile;
    }
    let mut silent = 0;
    for file in files {
        // What cannot be read is refused when it is read.
        let _ = for_each_file(file, &mut |name, bytes| {
            let Ok(bytes) = bytes else {
                return;
            };
            let Ok(opened) = open(bare(name), bytes, options) else {
                return;
            };
            if let (Format::CmPivot, Content::Text(text)) = (opened.format, opened.content) {
                silent += usize::from(Silent::of(&text).is_some());
            }
        });
    }
    if silent > 1 {
        Whose::Nobody(silent)
    } else {
        Whose::OneThatSaysNone
    }
}

/// A result with registry values that says no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// Each row names its key.
    WithKeys,
    /// Nothing says of which key its values are.
    WithoutKeys,
}

impl Silent {
    /// `None`: the query stands above the heading, or no registry values are in it.
    pub(super) fn of(text: &str) -> Option<Self> {
        let table = Table::open(text).ok()?;
        let mapping = Mapping::guess(table.heading());
        if !mapping.has(&Meaning::LongValue) {
            return None;
        }
        let said = table
            .before()
            .iter()
            .any(|line| pivot_query::is_told(line) && pivot_query::status(line).is_none());
        if said {
            None
        } else if mapping.has(&Meaning::LongKey) {
            Some(Self::WithKeys)
        } else {
            Some(Self::WithoutKeys)
        }
    }
}

/// The query for a file; the error is a sentence.
pub(super) fn key_for<'o>(
    text: &str,
    whose: Whose,
    key: Option<&'o str>,
) -> Result<Option<&'o str>, String> {
    match (whose, Silent::of(text)) {
        (Whose::OneFile, _) | (Whose::OneThatSaysNone, Some(_)) => Ok(key),
        (Whose::Nobody(files), Some(Silent::WithoutKeys)) => Err(format!(
            "One query was said, but {files} files of this upload say none, so whose it is is not known. Say of each file which query it answers, or write that query into the file, on a line above the heading."
        )),
        (Whose::OneThatSaysNone, None) | (Whose::Nobody(_), _) => Ok(None),
    }
}
