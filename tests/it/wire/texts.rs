//! Files of systeminfo, wmic, osquery, InSpec and HealthChecker: what is read from each, and what is not.

mod archives;
mod encodings;
mod facts;
mod hostile;

use std::{fs, path::PathBuf};

use cutover::{
    domain::facts::Report,
    wire::{
        document::Document,
        foreign::{
            Overview, Piece, Refused, Source, Unreadable, health_checker, hotfix_list, inspec,
            osquery, systeminfo,
        },
        report_v1, to_text,
    },
};

pub type Outcome = (Result<Overview, Unreadable>, Vec<Result<Piece, Refused>>);

/// A reader by its name.
#[derive(Clone, Copy)]
pub struct Format {
    pub name: &'static str,
    pub recognises: fn(&str, &str) -> bool,
    pub read: fn(&Source<'_>) -> Outcome,
}

macro_rules! format_of {
    ($module:ident) => {
        Format {
            name: stringify!($module),
            recognises: $module::recognises,
            read: |source| {
                let mut pieces = Vec::new();
                let overview = $module::read(source, &mut |piece| pieces.push(piece));
                (overview, pieces)
            },
        }
    };
}

pub const FORMATS: &[Format] = &[
    format_of!(systeminfo),
    format_of!(hotfix_list),
    format_of!(osquery),
    format_of!(inspec),
    format_of!(health_checker),
];

/// Every feed, by name.
pub fn feeds() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/feeds/texts");
    let mut found: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("the folder of feeds")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a feed"))
        })
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    found.sort();
    found
}

/// The beginning of a text that recognisers look at.
pub fn head(text: &str) -> &str {
    let mut end = text.len().min(64 * 1024);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The readers that know a file.
pub fn known(name: &str, text: &str) -> Vec<Format> {
    FORMATS
        .iter()
        .filter(|format| (format.recognises)(name, head(text)))
        .copied()
        .collect()
}

/// A document as a report; what every report needs is filled in where the file does not say it.
pub fn report(document: &Document) -> Report {
    let mut document = document.clone();
    document
        .collected_at
        .get_or_insert_with(|| "2026-11-23T08:15:00Z".to_owned());
    document
        .os
        .version
        .get_or_insert_with(|| "6.1.7601".to_owned());
    let json = document.to_json();
    report_v1::parse(&json)
        .unwrap_or_else(|errors| panic!("{}\n{errors:#?}", String::from_utf8_lossy(&json)))
}

fn told(name: &str, file: &[u8]) -> String {
    let mut told = String::new();
    let decoded = to_text(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    told += &format!("encoding: {}\n", decoded.encoding);
    for note in &decoded.notes {
        told += &format!("  {note}\n");
    }
    let formats = known(name, &decoded.text);
    let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
    told += &format!("format: {}\n", names.join(", "));
    let [format] = formats.as_slice() else {
        return told;
    };
    let source = Source {
        name,
        text: &decoded.text,
        device: None,
    };
    let (overview, pieces) = (format.read)(&source);
    for piece in &pieces {
        match piece {
            Err(refused) => {
                told += &format!("refused at {}: {}\n", refused.place, refused.detail);
            }
            Ok(piece) => {
                // What names no device is refused further on, with the remedy.
                if serde_json::to_value(&piece.document.client)
                    .is_ok_and(|ids| ids == serde_json::json!({}))
                {
                    told += "names no device\n";
                } else {
                    let _: Report = report(&piece.document);
                }
                told += &format!("piece at {}\n", piece.place);
                told += &shown(&piece.document);
                for note in &piece.notes {
                    told += &format!("  note: {note}\n");
                }
            }
        }
    }
    match overview {
        Ok(overview) => {
            for note in overview.notes {
                told += &format!("note: {note}\n");
            }
        }
        Err(error) => told += &format!("unreadable: {error}\n"),
    }
    told
}

/// The document as JSON, long lists of updates by their ends.
fn shown(document: &Document) -> String {
    let mut document = document.clone();
    if let Some(updates) = &mut document.hotfixes
        && updates.len() > 12
    {
        let decisive = ["KB3140245", "KB2919355"];
        let named = decisive
            .iter()
            .filter(|kb| updates.iter().any(|u| u == *kb));
        let summary = format!(
            "{} updates, with {:?}",
            updates.len(),
            named.collect::<Vec<_>>()
        );
        *updates = vec![summary];
    }
    let json: serde_json::Value =
        serde_json::from_slice(&document.to_json()).expect("a document is JSON");
    let text = serde_json::to_string_pretty(&json).expect("JSON");
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[test]
fn every_feed_is_read_as_it_should_be() {
    for (name, file) in feeds() {
        insta::with_settings!({snapshot_path => "snapshots/texts", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name.replace('.', "-"), told(&name, &file));
        });
    }
}

#[test]
fn every_feed_is_known_by_one_reader() {
    let wrong: Vec<String> = feeds()
        .into_iter()
        .filter_map(|(name, file)| {
            let decoded = to_text(&file).expect("text");
            let formats = known(&name, &decoded.text);
            let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
            (names.len() != 1).then(|| format!("{name}: {names:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_that_names_no_device_is_about_whom_somebody_said() {
    let text = "HotFixID  \nKB3140245  \n";
    for (device, name) in [(Some("PC-9"), "PC-9"), (None, "PC-8")] {
        let source = Source {
            name: "PC-8.systeminfo.txt",
            text,
            device,
        };
        let mut found = None;
        hotfix_list::read(&source, &mut |piece| found = piece.ok()).expect("a list");
        let client = found.expect("a piece").document.client;
        assert_eq!(client.name.as_deref(), Some(name));
    }
}
