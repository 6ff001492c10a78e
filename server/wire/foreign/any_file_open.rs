//! From bytes to what a reader reads: files out of archives, decoded, and their format recognised.

use std::borrow::Cow;

use super::super::{archive, sentence, to_text, to_utf8};
use super::{
    Refused, Unreadable,
    any_file::{File, Options},
    any_file_columns::looks_like_a_table,
    format::{self, Format, HEAD, head, recognise},
    mapping::Mapping,
    meaning::Meaning,
    table::Table,
};

/// Endings of names that Office and others give to documents that are archives inside.
const OFFICE: &[&str] = &[
    ".xlsx", ".xlsm", ".xlsb", ".docx", ".docm", ".pptx", ".ods", ".odt",
];

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Opened<'b> {
    pub(super) format: Format,
    /// For people.
    pub(super) encoding: &'static str,
    pub(super) notes: Vec<String>,
    pub(super) content: Content<'b>,
}

/// What is in it.
#[derive(Debug)]
pub(super) enum Content<'b> {
    /// Report documents; whether each of them is UTF-8 is not known yet.
    Records(Cow<'b, [u8]>),
    /// Something for a reader.
    Text(Cow<'b, str>),
}

/// Where files go, each with its name for people.
pub(super) type Each<'e> = dyn FnMut(&str, Result<&[u8], Refused>) + 'e;

/// Hands out a file, or one after another the files of an archive. Answers with notes on the archive.
pub(super) fn for_each_file(
    file: &File<'_>,
    each: &mut Each<'_>,
) -> Result<Vec<String>, Unreadable> {
    if !archive::is_zip(file.bytes) {
        each(file.name, Ok(file.bytes));
        return Ok(Vec::new());
    }
    if is_office(file) {
        return Err(Unreadable(
            "This is a document of Excel or another Office program. Save the sheet as CSV (\"CSV UTF-8\") and send that."
                .to_owned(),
        ));
    }
    archive::for_each_entry(file.bytes, |entry| match entry {
        Ok(entry) => each(&within(file, &entry.place), Ok(&entry.bytes)),
        Err(refused) => each(&within(file, &refused.place), Err(refused)),
    })
}

/// Whether the files are only one, archives opened.
pub(super) fn are_one(files: &[File<'_>]) -> bool {
    match files {
        [] => true,
        [file] => !archive::is_zip(file.bytes) || archive::is_lone(file.bytes),
        _ => false,
    }
}

fn within(file: &File<'_>, place: &str) -> String {
    format!("{}/{place}", file.name)
}

fn is_office(file: &File<'_>) -> bool {
    /// Where the name of the first entry stands.
    const NAME: usize = 30;
    let name = file.name.to_ascii_lowercase();
    let first = file.bytes.get(NAME..).unwrap_or_default();
    OFFICE.iter().any(|ending| name.ends_with(ending)) || first.starts_with(b"[Content_Types].xml")
}

/// A name without folders. Standard input (`-`) has none, and never names a device.
pub(super) fn bare(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name == "-" { "" } else { name }
}

/// Decodes a file and says what it is.
pub(super) fn open<'b>(
    name: &str,
    bytes: &'b [u8],
    options: &Options,
) -> Result<Opened<'b>, Unreadable> {
    let name = bare(name);
    match options.format {
        Some(Format::Report) => return records(bytes),
        Some(_) => {}
        // Our own reports are not decoded as a whole, so that one bad line does not spoil the others.
        None => {
            if let Ok(utf8) = to_utf8(bytes) {
                let beginning = utf8.get(..HEAD).unwrap_or(&utf8);
                let beginning = String::from_utf8_lossy(beginning);
                if format::is_json(&beginning)
                    && recognise(name, &beginning) == Some(Format::Report)
                {
                    return Ok(of_records(utf8, bytes));
                }
            }
        }
    }
    let decoded =
        to_text(bytes).map_err(|error| Unreadable(sentence::whole(&error.to_string())))?;
    let known = options
        .format
        .or_else(|| recognise(name, head(&decoded.text)))
        .or_else(|| by_mapping(&decoded.text, options.mapping.as_ref()));
    match known {
        None => Err(unknown(&decoded.text)),
        Some(Format::Report) => records(bytes),
        Some(format) => Ok(Opened {
            format,
            encoding: decoded.encoding,
            notes: decoded.notes,
            content: Content::Text(decoded.text),
        }),
    }
}

fn records(bytes: &[u8]) -> Result<Opened<'_>, Unreadable> {
    let utf8 = to_utf8(bytes).map_err(|error| Unreadable(sentence::whole(&error.to_string())))?;
    Ok(of_records(utf8, bytes))
}

fn of_records<'b>(utf8: Cow<'b, [u8]>, bytes: &[u8]) -> Opened<'b> {
    let encoding = match bytes {
        [0xFF, 0xFE, ..] => "UTF-16 (little endian)",
        [0xFE, 0xFF, ..] => "UTF-16 (big endian)",
        _ => "UTF-8",
    };
    Opened {
        format: Format::Report,
        encoding,
        notes: Vec::new(),
        content: Content::Records(utf8),
    }
}

/// A table whose heading says nothing, but of which somebody said what its columns mean.
fn by_mapping(text: &str, mapping: Option<&Mapping>) -> Option<Format> {
    let mapping = mapping.filter(|mapping| mapping.check().is_ok())?;
    let table = Table::open(text).ok()?;
    missing(mapping, table.heading())
        .is_empty()
        .then(|| Format::by_mapping(mapping))
}

/// Columns that a mapping reads and a table does not have.
pub(super) fn missing(mapping: &Mapping, heading: &[String]) -> Vec<String> {
    let folded = |text: &str| text.trim().to_lowercase();
    let heading: Vec<String> = heading.iter().map(|name| folded(name)).collect();
    let read = mapping
        .columns
        .iter()
        .filter(|column| column.meaning != Meaning::Ignored);
    read.filter(|column| !heading.contains(&folded(&column.heading)))
        .map(|column| format!("`{}`", column.heading))
        .collect()
}

/// What to say of a file that nobody knows.
fn unknown(text: &str) -> Unreadable {
    if text.trim().is_empty() {
        return Unreadable("The file is empty.".to_owned());
    }
    if let Ok(table) = Table::open(text) {
        let mapping = Mapping::guess(table.heading());
        let reads = mapping
            .columns
            .iter()
            .any(|column| column.meaning != Meaning::Ignored);
        if !reads && looks_like_a_table(text) {
            return Unreadable(format!(
                "This looks like a table, but none of its columns is known. Say what they mean, on the page of the upload or with a kept mapping. Its columns are {}.",
                some_of(table.heading())
            ));
        }
        if let (true, true, Err(wrong)) = (table.heading().len() > 1, reads, mapping.check()) {
            return Unreadable(format!(
                "This looks like a table, but its heading does not say enough. {} Its columns are {}.",
                wrong.join(" "),
                some_of(table.heading())
            ));
        }
    }
    let titles: Vec<&str> = Format::ALL.into_iter().map(Format::title).collect();
    Unreadable(format!(
        "What this file is cannot be told from its beginning. It is read when it is one of these, as the program wrote it: {}.",
        titles.join("; ")
    ))
}

fn some_of(heading: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<String> = heading
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    if let Some(more @ 1..) = heading.len().checked_sub(SHOWN) {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}
