//! Whole files in the shapes that Configuration Manager and people produce, read from end to end; and per format
//! which cells say *absent* and which say nothing.

use std::fmt::Write as _;

use cutover::{
    domain::facts::{Facts, Key, Reading, RegData},
    wire::{
        document::Document,
        foreign::{cmpivot, run_scripts, table::Table, wide},
        report_v1,
    },
};

use super::{Read, read_pivot, read_scripts, read_wide};

macro_rules! feed {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../feeds/csv/", $name, ".csv")),
        )
    };
}

pub const WIDE: &[(&str, &str)] = &[
    feed!("site-query"),
    feed!("registry-columns"),
    feed!("german"),
    feed!("updates-by-row"),
];
pub const PIVOT: &[(&str, &str)] = &[
    feed!("pivot-registry"),
    feed!("pivot-registry-old"),
    feed!("pivot-system"),
    feed!("pivot-updates"),
    feed!("pivot-files"),
    feed!("pivot-keys"),
];
pub const SCRIPTS: (&str, &str) = feed!("scripts");

/// What was read, as people would look at it.
fn shown(read: &Read) -> String {
    let mut text = String::new();
    let overview = &read.overview;
    for note in &overview.notes {
        writeln!(text, "file: {note}").expect("a string takes all");
    }
    writeln!(
        text,
        "asked {:?}, answered {:?}",
        overview.asked, overview.answered
    )
    .expect("a string takes all");
    for piece in &read.pieces {
        let json: serde_json::Value =
            serde_json::from_slice(&piece.document.to_json()).expect("it is JSON");
        writeln!(
            text,
            "\n{}{}: {json:#}",
            piece.place,
            if piece.answered { " (answered)" } else { "" }
        )
        .expect("a string takes all");
        if let Some(raw) = &piece.raw {
            writeln!(text, "raw: {}", String::from_utf8_lossy(raw)).expect("a string takes all");
        }
        for note in &piece.notes {
            writeln!(text, "note: {note}").expect("a string takes all");
        }
    }
    for refused in &read.refused {
        writeln!(text, "\n{} refused: {}", refused.place, refused.detail)
            .expect("a string takes all");
    }
    text
}

#[test]
fn every_sample_is_read_as_it_should() {
    for (name, text) in WIDE {
        insta::assert_snapshot!(*name, shown(&read_wide(text, None)));
    }
    for (name, text) in PIVOT {
        insta::assert_snapshot!(*name, shown(&read_pivot(text, None)));
    }
    insta::assert_snapshot!(SCRIPTS.0, shown(&read_scripts(SCRIPTS.1)));
}

#[test]
fn each_sample_is_recognised_by_its_reader_alone() {
    let check = |name: &str, text: &str, expected: [bool; 3]| {
        let table = Table::open(text).expect("a table");
        let heading = table.heading();
        let told = [
            wide::recognises(heading) && !cmpivot::recognises(heading),
            cmpivot::recognises(heading),
            run_scripts::recognises(heading),
        ];
        assert_eq!(told, expected, "{name}");
    };
    for (name, text) in WIDE {
        check(name, text, [true, false, false]);
    }
    for (name, text) in PIVOT {
        check(name, text, [false, true, false]);
    }
    check(SCRIPTS.0, SCRIPTS.1, [false, false, true]);
    for text in [
        "Owner,Mail\na,b\n",
        "Device\nPC-1\n",
        "Key,Property,Value\n",
    ] {
        check(text, text, [false, false, false]);
    }
}

/// The facts of a document as the rules will see them.
pub fn facts(document: &Document) -> Facts {
    let mut document = document.clone();
    document
        .collected_at
        .get_or_insert_with(|| "2026-11-20T00:00:00Z".to_owned());
    document
        .os
        .version
        .get_or_insert_with(|| "10.0.19045".to_owned());
    document.client.name.get_or_insert_with(|| "PC".to_owned());
    report_v1::parse(&document.to_json())
        .unwrap_or_else(|errors| panic!("{document:#?}\n{errors:#?}"))
        .facts
}

pub fn word(facts: &Facts, key: Key, name: &str) -> String {
    match facts.registry.value(key, name) {
        Reading::NotCollected => "not collected".to_owned(),
        Reading::Absent => "absent".to_owned(),
        Reading::Value(value) => match &value.data {
            RegData::Number(number) => number.to_string(),
            RegData::Text(_) => "text".to_owned(),
            other => format!("{other:?}"),
        },
    }
}

#[test]
fn in_a_column_of_its_own_only_the_words_for_it_say_absent() {
    for (cell, expected) in [
        ("2720", "2720"),
        ("0xAA0", "2720"),
        ("0X00000aa0", "2720"),
        ("4294967295", "4294967295"),
        ("-2", "4294967294"),
        ("", "not collected"),
        ("   ", "not collected"),
        ("NULL", "not collected"),
        ("null", "not collected"),
        ("NULL --- Error: no access", "not collected"),
        ("N/A", "not collected"),
        ("unknown", "not collected"),
        ("Not Set", "absent"),
        ("NOT FOUND", "absent"),
        ("not present", "absent"),
        ("<absent>", "absent"),
        ("absent", "absent"),
        ("-1", "text"),
        ("'-1", "text"),
        ("Not Set!", "text"),
        ("True", "text"),
        ("aa0", "text"),
        ("2720.0", "text"),
        ("99999999999", "text"),
        ("@{Value=1}", "text"),
        ("System.Byte[]", "text"),
    ] {
        let read = read_wide(
            &format!("Name,DefaultSecureProtocols,TLS12ClientEnabled\nPC-1,\"{cell}\",1\n"),
            None,
        );
        let facts = facts(&read.pieces[0].document);
        let told = word(&facts, Key::WinHttpNative, "DefaultSecureProtocols");
        assert_eq!(told, expected, "{cell}");
        assert_eq!(word(&facts, Key::Tls12Client, "enabled"), "1", "{cell}");
        let beside = word(&facts, Key::Tls12Client, "DisabledByDefault");
        assert_eq!(beside, "not collected", "a column says only its own value");
        assert_eq!(facts.process_bits, None);
        assert!(!facts.explicit_views);
    }
}

#[test]
fn in_a_row_of_its_own_a_value_is_there_whatever_it_says() {
    for (cell, expected) in [
        ("2720", "2720"),
        ("0xAA0", "2720"),
        ("", "text"),
        ("Not Found", "text"),
        ("NULL", "text"),
        ("-1", "text"),
        ("System.Byte[]", "text"),
    ] {
        let text = format!(
            "Device,Key,Property,Value\nPC-1,HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319,SchUseStrongCrypto,{cell}\n"
        );
        let read = read_pivot(&text, None);
        let facts = facts(&read.pieces[0].document);
        assert_eq!(
            word(&facts, Key::NetV4Native, "SchUseStrongCrypto"),
            expected,
            "{cell}"
        );
        assert_eq!(
            word(&facts, Key::NetV4Native, "SystemDefaultTlsVersions"),
            "not collected"
        );
        assert_eq!(facts.process_bits, None, "which view was read is not known");
        assert!(!facts.explicit_views);
    }
}

#[test]
fn a_listed_update_proves_its_presence_and_a_missing_one_nothing() {
    for (heading, cell, expected) in [
        ("HasKB3140245", "1", Some(vec![3_140_245])),
        ("HasKB3140245", "True", Some(vec![3_140_245])),
        ("HasKB3140245", "0", None),
        ("HasKB3140245", "", None),
        ("HasKB3140245", "NULL", None),
        ("HasKB3140245", "maybe", None),
        ("HotFixID0", "KB3140245", Some(vec![3_140_245])),
        ("HotFixID0", "KB893803v2 - Update", Some(vec![893_803])),
        ("HotFixID0", "File 1", None),
        ("HotFixID0", "N/A", None),
        (
            "hotfixes",
            "KB3140245 KB4019276",
            Some(vec![3_140_245, 4_019_276]),
        ),
        (
            "hotfixes",
            "KB3140245;kb4019276;",
            Some(vec![3_140_245, 4_019_276]),
        ),
        ("hotfixes", "KB4019276; KB3140245 missing", None),
        ("hotfixes", "not KB3140245", None),
        ("hotfixes", "", None),
    ] {
        let read = read_wide(&format!("Name,{heading}\nPC-1,{cell}\n"), None);
        let facts = facts(&read.pieces[0].document);
        assert_eq!(facts.hotfixes, expected, "{heading} {cell}");
        assert_eq!(facts.hotfixes_cut, expected.is_some(), "{heading} {cell}");
    }
}

#[test]
fn times_are_taken_for_the_earliest_that_they_can_be() {
    let with = |other: &str, cell: &str, heading: &str| {
        let text = format!(
            "Name,{heading},OSVersion\nPC-1,\"{cell}\",10.0.19045\nPC-2,{other},10.0.19045\n"
        );
        let read = read_wide(&text, None);
        let first = read.pieces.into_iter().next();
        first
            .filter(|piece| piece.place == "line 2")
            .map(|piece| piece.document)
    };
    for (cell, other, expected) in [
        ("2026-11-20T08:15:00Z", "", Some("2026-11-20T08:15:00Z")),
        (
            "2026-11-20T08:15:00+01:00",
            "",
            Some("2026-11-20T07:15:00Z"),
        ),
        (
            "2026-11-20 08:15:00.0000000 +01:00",
            "",
            Some("2026-11-20T07:15:00Z"),
        ),
        (
            "20261120081500.000000-420",
            "",
            Some("2026-11-20T15:15:00Z"),
        ),
        ("2026-11-20 08:15:00.000", "", Some("2026-11-19T18:15:00Z")),
        ("2026-11-20", "", Some("2026-11-19T10:00:00Z")),
        ("11/20/2026 8:15:00 AM", "", Some("2026-11-19T18:15:00Z")),
        ("11/20/2026 12:15:00 AM", "", Some("2026-11-19T10:15:00Z")),
        ("20.11.2026 08:15", "", Some("2026-11-19T18:15:00Z")),
        ("11/12/2026 8:15:00 PM", "", None),
        (
            "11/12/2026 8:15:00 PM",
            "11/13/2026",
            Some("2026-11-12T06:15:00Z"),
        ),
        (
            "11/12/2026 20:15",
            "13/11/2026",
            Some("2026-12-11T06:15:00Z"),
        ),
        ("5/5/2026", "", Some("2026-05-04T10:00:00Z")),
        ("11/20/26", "", None),
        ("31.02.2026", "", None),
        ("11/20/2026 25:00", "", None),
        ("yesterday", "", None),
        ("", "", None),
        ("NULL", "", None),
    ] {
        // A row whose time cannot be used is refused.
        let collected = with(other, cell, "LastHWScan").map(|document| document.collected_at);
        let expected_row = expected.map(|at| Some(at.to_owned()));
        assert_eq!(collected, expected_row, "{cell} beside {other}");
        let booted =
            with(other, cell, "LastBootUpTime0").and_then(|document| document.os.last_boot_at);
        assert_eq!(booted.as_deref(), expected, "{cell}");
    }
    let mixed = read_wide(
        "Name,Time,OSVersion\nA,11/13/2026,6.1.7601\nB,13/11/2026,6.1.7601\nC,11/12/2026,6.1.7601\n",
        None,
    );
    assert_eq!((mixed.pieces.len(), mixed.refused.len()), (0, 3));
    assert!(
        mixed
            .overview
            .notes
            .iter()
            .any(|note| note.contains("others the month"))
    );
}
