//! When facts were read, and what happens when nobody said so.

use cutover::wire::{
    document::Document,
    foreign::any_file::{Options, with_time},
};

use super::{TIME, read, read_text};

#[test]
fn a_time_is_put_in_and_nothing_else_changes() {
    for (document, expected) in [
        ("{}", r#"{"collected_at":"2026-11-23T08:15:00Z"}"#),
        ("{ }", r#"{"collected_at":"2026-11-23T08:15:00Z" }"#),
        (
            " {\"a\": 1 }\n",
            " {\"collected_at\":\"2026-11-23T08:15:00Z\",\"a\": 1 }\n",
        ),
        // Only at the top.
        (
            r#"{"client":{"collected_at":"2020-01-01T00:00:00Z"}}"#,
            r#"{"collected_at":"2026-11-23T08:15:00Z","client":{"collected_at":"2020-01-01T00:00:00Z"}}"#,
        ),
        (
            r#"{"a":1,"collected_at" : null,"b":2}"#,
            r#"{"a":1,"collected_at" : "2026-11-23T08:15:00Z","b":2}"#,
        ),
        (
            r#"{"collected_at":" "}"#,
            r#"{"collected_at":"2026-11-23T08:15:00Z"}"#,
        ),
        // The earlier of two times, whatever their zones.
        (
            r#"{"collected_at":"2026-11-23T09:00:00+01:00"}"#,
            r#"{"collected_at":"2026-11-23T09:00:00+01:00"}"#,
        ),
        (
            r#"{"collected_at":"2026-11-23T08:16:00Z"}"#,
            r#"{"collected_at":"2026-11-23T08:15:00Z"}"#,
        ),
        // For the report's reader to refuse.
        (
            r#"{"collected_at":"yesterday"}"#,
            r#"{"collected_at":"yesterday"}"#,
        ),
        (r#"{"collected_at":17}"#, r#"{"collected_at":17}"#),
        ("[1]", "[1]"),
        ("{", "{"),
        ("", ""),
    ] {
        let timed = with_time(document.as_bytes(), TIME);
        assert_eq!(String::from_utf8_lossy(&timed), expected);
        assert_eq!(with_time(&timed, TIME), timed, "twice is once");
    }
    // A time that is given is the same bytes as one that the file says.
    let mut document = Document::by("x");
    let bare = document.to_json();
    document.collected_at = Some(TIME.to_owned());
    assert_eq!(with_time(&bare, TIME), document.to_json());
}

#[test]
fn facts_without_a_time_do_not_become_fresh_beside_dated_ones() {
    let dated = "Name,OSVersion,CollectedAt\nPC-1,10.0.19045,2026-11-22T08:00:00Z\nPC-2,10.0.19045,2026-11-22T08:00:00Z\n";
    let undated = "Name,HasKB3140245\nPC-1,1\n";
    let alone = read_text("dated.csv", dated);
    assert!(alone.readings.iter().all(|reading| !reading.needs_time));
    for files in [[dated, undated], [undated, dated]] {
        let files = [
            ("a.csv", files[0].as_bytes()),
            ("b.csv", files[1].as_bytes()),
        ];
        let read = read(&files, &Options::default());
        for reading in &read.readings {
            let document = String::from_utf8_lossy(&reading.document);
            assert_eq!(
                reading.needs_time,
                document.contains("\"PC-1\""),
                "{document}"
            );
            // An old file makes the whole reading old; a new one does not make it new.
            for (given, kept) in [
                ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
                ("2026-11-23T00:00:00Z", "2026-11-22T08:00:00Z"),
            ] {
                let timed = with_time(&reading.document, given);
                assert!(String::from_utf8_lossy(&timed).contains(kept), "{document}");
            }
        }
    }
    // A row without its time is refused where the table has one for others.
    let mixed = "Name,OSVersion,CollectedAt,HasKB3140245\nPC-1,10.0.19045,2026-11-22T08:00:00Z,\nPC-1,,,1\n";
    let read = read_text("mixed.csv", mixed);
    assert_eq!((read.readings.len(), read.refused.len()), (1, 1));
    assert!(!read.readings[0].needs_time);
}
