//! Every feed of the tests, by the way that all files take.

use std::fmt::Write as _;

use cutover::wire::{
    foreign::{
        Format,
        any_file::Options,
        format::{self, recognise},
    },
    to_text,
};

use super::{Read, feeds, packed, read, utf16};

fn options() -> Options {
    Options {
        device: Some("PC-1".to_owned()),
        ..Options::default()
    }
}

fn one(name: &str, bytes: &[u8]) -> Read {
    read(&[(name, bytes)], &options())
}

#[test]
fn every_feed_is_recognised_and_read() {
    let mut table = String::new();
    for (folder, name, bytes) in feeds() {
        let read = one(&name, &bytes);
        assert_eq!(read.told.len(), 1, "{name}");
        for reading in &read.readings {
            let report = reading.report();
            assert!(report.ids.identifies(), "{name}");
            assert_eq!(reading.file, name);
        }
        let outcome = match &read.told[0] {
            Ok(told) => format!("{}, {}", told.format.code(), told.encoding),
            Err((_, why)) => {
                assert!(!read.refused.is_empty(), "{name}: nothing is lost");
                let first = why.0.split_inclusive('.').next().unwrap_or_default();
                format!("UNREADABLE {first}")
            }
        };
        writeln!(
            table,
            "{folder}/{name}: {} read, {} refused: {outcome}",
            read.readings.len(),
            read.refused.len()
        )
        .expect("a string takes all");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_recognised_format_is_the_one_that_a_person_would_say() {
    for (_, name, bytes) in feeds() {
        let decoded = to_text(&bytes).expect("text");
        let known = recognise(&name, format::head(&decoded.text))
            .unwrap_or_else(|| panic!("{name} is not recognised"));
        let usual = one(&name, &bytes);
        let said = read(
            &[(&name, &bytes)],
            &Options {
                format: Some(known),
                ..options()
            },
        );
        assert_eq!(usual.documents(), said.documents(), "{name}");
        if let Ok(told) = &usual.told[0] {
            assert_eq!(told.format, known, "{name}");
            assert_eq!(told.mapping.is_some(), known.is_table(), "{name}");
        }
    }
}

#[test]
fn the_encoding_of_a_file_never_matters() {
    for (_, name, bytes) in feeds() {
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let text = text.trim_start_matches('\u{FEFF}');
        if text.contains('\0') {
            continue;
        }
        let usual = one(&name, &bytes);
        for (how, bytes) in [
            ("UTF-16", utf16(text)),
            (
                "UTF-8 with a mark",
                [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            ),
        ] {
            let other = one(&name, &bytes);
            assert_eq!(usual.documents(), other.documents(), "{name} in {how}");
            assert_eq!(usual.refused.len(), other.refused.len(), "{name} in {how}");
        }
    }
}

#[test]
fn an_archive_says_what_its_files_say() {
    let feeds = feeds();
    let files: Vec<(String, &[u8])> = feeds
        .iter()
        .map(|(folder, name, bytes)| (format!("{folder}/{name}"), bytes.as_slice()))
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let archive = packed(&files);
    let plain = read(&files, &Options::default());
    let zipped = read(&[("all.zip", &archive)], &Options::default());
    assert_eq!(plain.documents(), zipped.documents());
    assert_eq!(plain.refused.len(), zipped.refused.len());
    assert_eq!(plain.told.len(), zipped.told.len());
    let named = zipped.told.iter().map(|told| match told {
        Ok(told) => told.name.clone(),
        Err((name, _)) => name.clone(),
    });
    let wanted = files.iter().map(|(name, _)| format!("all.zip/{name}"));
    assert!(named.eq(wanted));
    // One file in an archive is read like the file itself.
    for (name, bytes) in &files {
        let single = packed(&[(name, bytes)]);
        let bare = name.rsplit('/').next().expect("a name");
        let (zipped, plain) = (one("one.zip", &single), one(bare, bytes));
        assert_eq!(zipped.documents(), plain.documents(), "{name}");
        let places = |read: &Read| -> Vec<String> {
            let places = read.readings.iter().map(|reading| reading.place.clone());
            places.collect()
        };
        assert_eq!(places(&zipped), places(&plain), "{name}");
    }
}

#[test]
fn codes_and_titles_tell_the_formats_apart() {
    for format in Format::ALL {
        assert_eq!(Format::from_code(format.code()), Some(format));
        let same = Format::ALL
            .iter()
            .filter(|other| other.title() == format.title() || other.code() == format.code());
        assert_eq!(same.count(), 1);
    }
    assert_eq!(Format::from_code("Report"), None);
    let codes: Vec<&str> = Format::ALL.into_iter().map(Format::code).collect();
    assert_eq!(
        codes,
        [
            "report",
            "cmpivot",
            "table",
            "run-scripts",
            "reg-export",
            "reg-query",
            "systeminfo",
            "hotfix-list",
            "osquery",
            "inspec",
            "health-checker"
        ],
        "programs and stored mappings know them by these names"
    );
}

#[test]
fn what_stands_at_the_beginning_decides() {
    for (name, text, expected) in [
        ("x.json", "{}", Some(Format::Report)),
        ("x", "\u{FEFF}\r\n [ ]", Some(Format::Report)),
        ("x", "[{\"name\":1}]", Some(Format::Report)),
        (
            "x.txt",
            "WARNING: old\n{\"schema_version\":1}",
            Some(Format::Report),
        ),
        // A registry key in brackets is no list of JSON.
        (
            "x.reg",
            "[HKEY_LOCAL_MACHINE\\SYSTEM]\n",
            Some(Format::RegExport),
        ),
        ("x.txt", "[HKEY_LOCAL_MACHINE\\SYSTEM]\n", None),
        ("x.txt", "[-HKEY_LOCAL_MACHINE\\SYSTEM]\n", None),
        ("x.csv", "Name,OSVersion\n", Some(Format::Table)),
        ("x.csv", "Device,Property,Value\n", Some(Format::CmPivot)),
        ("x.csv", "Device,HotFixID\n", Some(Format::CmPivot)),
        (
            "x.csv",
            "PSComputerName,HotFixID\n",
            Some(Format::HotfixList),
        ),
        (
            "x.csv",
            "DeviceName,ScriptOutput\nPC-1,\"{\n  \"\"schema_version\"\": 1\n}\"\n",
            Some(Format::RunScripts),
        ),
        ("x.csv", "Owner,Mail\n", None),
        ("x.txt", "", None),
        ("x.txt", "nothing that anybody knows\n", None),
    ] {
        assert_eq!(recognise(name, text), expected, "{name} {text:?}");
    }
}
