//! Any file into report documents, by one way: what is recognised, joined, refused and never lost.

mod assess;
mod feeds;
mod hotfix_json;
mod joined;
mod options;
mod properties;
mod refused;
mod times;

use std::{
    fs,
    io::{Cursor, Write as _},
    path::PathBuf,
};

use cutover::{
    domain::facts::Report,
    wire::{
        foreign::{
            Refused, Unreadable,
            any_file::{self, File, Options, Row, Told},
        },
        report_v1,
    },
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Everything that came of some files.
#[derive(Debug, Default)]
pub struct Read {
    pub readings: Vec<Reading>,
    pub refused: Vec<(String, Refused)>,
    pub told: Vec<Result<Told, (String, Unreadable)>>,
}

/// What was read of one device.
#[derive(Clone, Debug)]
pub struct Reading {
    pub file: String,
    pub also: Vec<String>,
    pub place: String,
    pub document: Vec<u8>,
    pub notes: Vec<String>,
    pub needs_time: bool,
    pub own: bool,
}

/// When undated facts are taken to have been read.
pub const TIME: &str = "2026-11-23T08:15:00Z";

impl Reading {
    /// As the report's reader takes it, which it must when it is none of our own.
    pub fn report(&self) -> Report {
        let document = if self.needs_time {
            any_file::with_time(&self.document, TIME)
        } else {
            self.document.clone()
        };
        report_v1::parse(&document)
            .unwrap_or_else(|errors| panic!("{}\n{errors:#?}", String::from_utf8_lossy(&document)))
    }
}

impl Read {
    /// The documents, as text, in an order of their own.
    pub fn documents(&self) -> Vec<String> {
        let mut documents: Vec<String> = self
            .readings
            .iter()
            .map(|reading| String::from_utf8_lossy(&reading.document).into_owned())
            .collect();
        documents.sort();
        documents
    }
}

/// Reads files by their names and bytes.
pub fn read(files: &[(&str, &[u8])], options: &Options) -> Read {
    let files: Vec<File<'_>> = files
        .iter()
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    let mut read = Read::default();
    let (readings, refused) = (&mut read.readings, &mut read.refused);
    read.told = any_file::read(&files, options, &mut |row| {
        match row {
            Row::Reading {
                file,
                also,
                place,
                document,
                notes,
                needs_time,
                record,
                ..
            } => readings.push(Reading {
                file,
                also,
                place,
                document,
                notes,
                needs_time,
                own: record.is_some(),
            }),
            Row::Refused {
                file,
                refused: what,
            } => refused.push((file, what)),
        }
        true
    });
    read
}

/// Reads one text.
pub fn read_text(name: &str, text: &str) -> Read {
    read(&[(name, text.as_bytes())], &Options::default())
}

/// Every feed: its folder, name and bytes.
pub fn feeds() -> Vec<(String, String, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut feeds = Vec::new();
    for folder in ["csv", "kit", "reg", "texts"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder of feeds") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if !name.starts_with('.') {
                let bytes = fs::read(&path).expect("a feed");
                feeds.push((folder.to_owned(), name.into_owned(), bytes));
            }
        }
    }
    feeds.sort();
    assert!(feeds.len() > 100, "the feeds are there");
    feeds
}

/// One feed.
pub fn feed(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An archive of files.
pub fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("an entry");
        writer.write_all(bytes).expect("bytes");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Text as Windows PowerShell writes it.
pub fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}
