//! What cannot be read is kept with the reason, and never sinks what stands beside it.

use cutover::wire::foreign::{RAW_KEPT, any_file::Options};

use super::{packed, read, read_text};

const GOOD: &str = "Name,OSVersion\nPC-1,10.0.19045\n";

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_beginning() {
    let long = "nothing that anybody knows\n".repeat(10_000);
    let workbook = packed(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b""),
    ]);
    let inner = packed(&[("inner.csv", GOOD.as_bytes())]);
    let folder = packed(&[("readme.txt", b"nothing that anybody knows")]);
    let nested = packed(&[("inner.zip", &inner)]);
    let macos = packed(&[("__MACOSX/._x", b"x")]);
    let mut told = String::new();
    let files: [(&str, &[u8]); 13] = [
        ("empty.txt", b""),
        ("blank.txt", b" \r\n"),
        ("long.txt", long.as_bytes()),
        (
            "program.exe",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0\xB8\0\0\0",
        ),
        ("log.gz", b"\x1F\x8B\x08\0"),
        ("cut.zip", &inner[..inner.len() - 10]),
        ("book.xlsx", &workbook),
        ("book.zip", &workbook),
        ("folder.zip", &folder),
        ("nested.zip", &nested),
        ("macos.zip", &macos),
        ("broken.json", b"[{\"schema_version\":1},"),
        ("page.html", b"<html><body>Sign in</body></html>"),
    ];
    for (name, bytes) in files {
        let alone = read(&[(name, bytes)], &Options::default());
        assert!(alone.readings.is_empty(), "{name}");
        assert!(alone.told.iter().all(Result::is_err), "{name}: {alone:#?}");
        for (file, refused) in &alone.refused {
            told += &format!("{file}, {}: {}\n", refused.place, refused.detail);
            assert!(refused.raw.len() <= RAW_KEPT);
        }
        for (file, why) in alone.told.iter().filter_map(|told| told.as_ref().err()) {
            told += &format!("  {file}: {why}\n");
            let last = why.0.chars().last();
            assert!(
                last == Some('.') && !why.0.starts_with(char::is_lowercase),
                "{why}"
            );
        }
        // Beside a good file, the good one is read.
        for files in [
            [(name, bytes), ("good.csv", GOOD.as_bytes())],
            [("good.csv", GOOD.as_bytes()), (name, bytes)],
        ] {
            let both = read(&files, &Options::default());
            assert_eq!(both.readings.len(), 1, "{name}");
            assert_eq!(both.refused.len(), alone.refused.len(), "{name}");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn records_of_our_own_are_refused_as_ever() {
    let text =
        "{\"schema_version\":1,\"client\":{\"name\":\"PC-1\"}}\nhello\n\n{\"schema_version\":1\n";
    let read = read_text("lines.ndjson", text);
    assert_eq!(read.readings.len(), 1);
    let place = |at: usize| {
        (
            read.refused[at].1.place.as_str(),
            read.refused[at].1.detail.as_str(),
        )
    };
    assert_eq!(read.refused.len(), 2);
    assert_eq!(place(0).0, "line 2");
    assert!(
        place(0)
            .1
            .starts_with("line 2: a report is one JSON object")
    );
    assert_eq!(place(1).0, "line 4");
    // One line that is no UTF-8, and one with a zero byte, spoil nothing else.
    let bytes =
        b"{\"schema_version\":1}\n{\"a\":\"\xFF\"}\n{\"b\":\"\0\"}\n{\"schema_version\":1}\n";
    let read = super::read(&[("lines.ndjson", bytes)], &Options::default());
    assert_eq!((read.readings.len(), read.refused.len()), (4, 0));
    assert_eq!(read.readings[1].document, b"{\"a\":\"\xFF\"}");
    assert!(
        read.readings
            .iter()
            .all(|reading| reading.own && !reading.needs_time)
    );
}

#[test]
fn every_refusal_of_a_reader_comes_through() {
    let text = "Name,OSVersion\n,10.0.19045\nPC-1,10.0.19045\nPC-2,10.0.19045,more\n";
    let read = read_text("table.csv", text);
    assert_eq!(read.readings.len(), 1);
    let places: Vec<&str> = read
        .refused
        .iter()
        .map(|(_, refused)| refused.place.as_str())
        .collect();
    assert_eq!(places, ["line 2", "line 4"]);
    // A resource id alone finds nobody, joined or not.
    let read = read_text("updates.csv", "ResourceID,HotFixID0\n5,KB3140245\n");
    assert_eq!((read.readings.len(), read.refused.len()), (0, 1));
}

/// A path that no report may hold costs its own row, not the device: it stays there as a path that is misspelt.
#[test]
fn a_control_character_in_a_path_does_not_sink_the_device() {
    let whole = String::from_utf8(super::feed("texts/PC-OSQ.osquery.json")).expect("text");
    let broken = whole.replace("TLS 1.2", "\\u008fTLS 1.2");
    assert_ne!(broken, whole);
    let result = read_text("PC-OSQ.osquery.json", &broken);
    let report = result.readings[0].report();
    let misspelt = report.facts.registry.misspelt;
    assert!(
        misspelt.iter().any(|path| path.contains("\u{FFFD}TLS 1.2")),
        "{misspelt:?}"
    );
}
