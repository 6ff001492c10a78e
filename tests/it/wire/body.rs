//! Bodies: encodings, shapes, and bytes that nobody meant.

use std::fmt::Write as _;

use cutover::{
    domain::facts::{Key, Reading, RegData},
    wire::{BodyError, DecodeError, Shape, for_each_record, population, report_v1, to_utf8},
};
use proptest::prelude::*;

use super::report::SAMPLE;

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

/// The records as text, or the error with its line; and the line of each.
type Seen = Vec<(Option<u64>, Result<String, String>)>;

fn split(body: &[u8]) -> Result<(Shape, Seen), BodyError> {
    let mut seen = Vec::new();
    let shape = for_each_record(body, |place, record| {
        assert_eq!(place.index, seen.len());
        let record = record
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .map_err(|cut| cut.error.detail);
        seen.push((place.line, record));
    })?;
    Ok((shape, seen))
}

#[test]
fn utf16_with_its_mark_reads_like_utf8() {
    for body in [
        SAMPLE.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", SAMPLE.as_bytes()].concat(),
        utf16(SAMPLE, true),
        utf16(SAMPLE, false),
    ] {
        let text = to_utf8(&body).expect("an encoding that is taken");
        assert_eq!(text.as_ref(), SAMPLE.as_bytes());
        assert!(text.len() <= 2 * body.len() + 16);
    }
}

#[test]
fn powershell_51_output_is_read() {
    let printed = "{\r\n    \"schema_version\":  1,\r\n    \"collected_at\":  {\r\n        \"value\":  \"\\/Date(1700000000000)\\/\",\r\n        \"DateTime\":  \"Dienstag, 14. November 2023 23:13:20\"\r\n    },\r\n    \"client\":  {\r\n        \"name\":  \"PC-\\u00e4\",\r\n        \"ip_addresses\":  \"10.0.0.1\"\r\n    },\r\n    \"os\":  {\r\n        \"version\":  \"10.0.19045\"\r\n    },\r\n    \"registry\":  {\r\n        \"key\":  \"HKLM:\\\\SYSTEM\\\\CurrentControlSet\\\\Control\\\\SecurityProviders\\\\SCHANNEL\\\\Protocols\\\\TLS 1.2\\\\Client\",\r\n        \"exists\":  true,\r\n        \"values\":  {\r\n            \"Enabled\":  -1,\r\n            \"PSChildName\":  \"Client\"\r\n        }\r\n    },\r\n    \"hotfixes\":  \"KB3140245\"\r\n}\r\n";
    let body = utf16(printed, true);
    let text = to_utf8(&body).expect("an encoding that is taken");
    let (shape, seen) = split(&text).expect("one object");
    assert_eq!((shape, seen.len()), (Shape::Single, 1));
    let report =
        report_v1::parse(seen[0].1.as_ref().expect("a record").as_bytes()).expect("a good report");
    let Reading::Value(enabled) = report.facts.registry.value(Key::Tls12Client, "enabled") else {
        panic!("Enabled was given");
    };
    assert_eq!(enabled.data, RegData::Number(u32::MAX));
    assert_eq!(report.facts.hotfixes, Some(vec![3_140_245]));
}

#[test]
fn other_encodings_are_refused_by_name() {
    let bare = &utf16("{\"a\": 1}", true)[2..];
    let mut odd = utf16("{}", true);
    odd.push(0);
    for (body, expected) in [
        (bare.to_vec(), DecodeError::NoByteOrderMark),
        (
            utf16("{}", false)[2..].to_vec(),
            DecodeError::NoByteOrderMark,
        ),
        (
            vec![0xFF, 0xFE, 0x00, 0xD8, b'x', 0],
            DecodeError::BrokenUtf16,
        ),
        (odd, DecodeError::BrokenUtf16),
        (vec![0xFF, 0xFE, 0, 0, b'{', 0, 0, 0], DecodeError::Utf32),
        (vec![0x1F, 0x8B, 8], DecodeError::Compressed("gzip")),
        (
            vec![0x28, 0xB5, 0x2F, 0xFD],
            DecodeError::Compressed("zstd"),
        ),
    ] {
        assert_eq!(to_utf8(&body), Err(expected));
    }
    assert_eq!(to_utf8(b"").as_deref(), Ok(&b""[..]));
}

#[test]
fn bodies_fall_into_records() {
    let ok = |line: Option<u64>, text: &str| (line, Ok(text.to_owned()));
    for (body, shape, records) in [
        ("{\"a\": 1}", Shape::Single, vec![ok(None, "{\"a\": 1}")]),
        (
            " {\n  \"a\": [\n{\n}]\n}\n \n",
            Shape::Single,
            vec![ok(None, "{\n  \"a\": [\n{\n}]\n}")],
        ),
        (
            "{\"a\": \"}{\\\"\"}",
            Shape::Single,
            vec![ok(None, "{\"a\": \"}{\\\"\"}")],
        ),
        (
            "{\"a\": {\n \"b\"",
            Shape::Single,
            vec![ok(None, "{\"a\": {\n \"b\"")],
        ),
        ("[]", Shape::Array, vec![]),
        (
            "[{\"a\":1}, 5,\n{}]\n",
            Shape::Array,
            vec![ok(None, "{\"a\":1}"), ok(None, "5"), ok(None, "{}")],
        ),
        (
            "{\"a\":1}\r\n\r\n{\"b\":2}\r\n",
            Shape::Lines,
            vec![ok(Some(1), "{\"a\":1}"), ok(Some(3), "{\"b\":2}")],
        ),
        (
            "\n{\n}\n{\n\"b\":2}",
            Shape::Lines,
            vec![ok(Some(2), "{\n}"), ok(Some(4), "{\n\"b\":2}")],
        ),
    ] {
        assert_eq!(split(body.as_bytes()), Ok((shape, records)), "{body}");
    }
}

#[test]
fn a_broken_line_does_not_spoil_the_others() {
    let body = "{\"a\":1}\nnonsense\n{\"b\":\n{\"c\":1} x\n{\"d\":\"\n{\"e\":1}\n{\"f\":";
    insta::assert_debug_snapshot!(split(body.as_bytes()));
    // Also when the first line is the broken one, or one line is no UTF-8.
    for first in ["{\"a\":", "{\"a\":\"", "{\"a\":[{}", "{} x"] {
        let (shape, seen) = split(format!("{first}\n{{\"b\":1}}\n").as_bytes()).expect("lines");
        assert_eq!(shape, Shape::Lines);
        assert!(seen[0].1.is_err(), "{first}");
        assert_eq!(seen[1].1.as_deref(), Ok("{\"b\":1}"), "{first}");
    }
    let (_, seen) = split(b"{\"a\":\"\xFF\"}\n{}\n").expect("lines");
    assert_eq!(seen.len(), 2);
}

#[test]
fn the_line_is_named_for_errors_inside_a_record() {
    let body = format!("{{}}\n{}\n", r#"{"schema_version": 1,}"#);
    let mut pages = Vec::new();
    for_each_record(body.as_bytes(), |place, record| {
        let mut errors = record
            .map_err(|cut| vec![cut.error])
            .and_then(report_v1::parse)
            .expect_err("both are bad");
        place.name_line(&mut errors);
        pages.push(errors);
    })
    .expect("lines");
    insta::assert_debug_snapshot!(pages);
}

#[test]
fn bodies_are_refused_as_a_whole() {
    let bodies = [
        "",
        " \r\n\t",
        "[{\"a\":1}, {\"b\":]\n",
        "[{\"a\":1},\n {\"b\":1}",
        "[{\"a\":1}] x",
        "[{\"a\":1},]",
        "WARNING: Resulting JSON is truncated.\r\n{\"a\":1}",
        "<Objs Version=\"1.1.0.1\">",
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE]",
        "null",
        "{\n}\n{\n}\nx",
    ];
    let mut page = String::new();
    for body in bodies {
        let error = split(body.as_bytes()).expect_err(body);
        writeln!(page, "{body:?}\n    {error}").expect("a string takes all");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn the_number_of_records_is_limited() {
    let most = 20_000;
    for (one, ends, last) in [
        ("{},", ("[", "]"), "{}"),
        ("{}\n", ("", ""), ""),
        ("{\n}\n", ("", ""), ""),
    ] {
        let body = |count: usize| {
            let count = if last.is_empty() { count } else { count - 1 };
            format!("{}{}{last}{}", ends.0, one.repeat(count), ends.1)
        };
        let mut calls = 0;
        for_each_record(body(most).as_bytes(), |_, _| calls += 1).expect("as many as are taken");
        assert_eq!(calls, most);
        let refused = for_each_record(body(most + 1).as_bytes(), |_, _| {
            panic!("nothing may be taken")
        });
        assert_eq!(refused, Err(BodyError::TooMany));
    }
    assert!(BodyError::TooMany.to_string().contains("20000"));
}

#[test]
fn deep_nesting_anywhere_is_no_danger() {
    for text in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        let _ = for_each_record(text.as_bytes(), |_, record| {
            assert!(
                record
                    .map_err(|cut| vec![cut.error])
                    .and_then(report_v1::parse)
                    .is_err()
            );
        });
        assert!(report_v1::parse(text.as_bytes()).is_err());
        assert!(population::parse_json(text.as_bytes()).is_err());
    }
}

/// Everything that reads bytes, one after the other.
fn read_all(body: &[u8]) {
    let Ok(text) = to_utf8(body) else { return };
    assert!(text.len() <= 2 * body.len() + 16);
    let _ = for_each_record(&text, |_, record| {
        if let Ok(record) = record {
            let parsed = report_v1::parse_with_hash(record);
            assert_eq!(parsed.is_ok(), report_v1::parse(record).is_ok());
            let hash = report_v1::content_hash(record);
            if let Ok(parsed) = parsed {
                assert_eq!(hash, parsed.content_hash);
            }
        }
    });
    let _ = report_v1::parse_with_hash(&text);
    let _ = population::parse_csv(&text);
    let _ = population::parse_json(&text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&body);
    }

    #[test]
    fn random_json_like_text_never_panics(text in r#"([\[\]{}:,"\\\n0-9a-f.eE+-]|"key"|"data"|"values"|null|true| ){0,120}"#) {
        read_all(text.as_bytes());
    }

    #[test]
    fn a_damaged_sample_never_panics(at in 0..SAMPLE.len(), with in any::<u8>(), cut in any::<bool>()) {
        let mut body = SAMPLE.as_bytes().to_vec();
        body[at] = with;
        if cut {
            body.truncate(at);
        }
        read_all(&body);
    }

    #[test]
    fn values_in_the_wrong_places_never_panic(pick in any::<prop::sample::Index>(), value in prop::sample::select(vec![
        "null", "[]", "{}", "-1", "1e400", "18446744073709551616", "\"\\u0000\"", "\"\"", "true", "[[]]", "[null]", "{\"value\": null}", "\"@{x=1}\"",
    ])) {
        let marks: Vec<usize> = SAMPLE.match_indices(": ").map(|(at, _)| at + 2).collect();
        let at = *pick.get(&marks);
        let end = at + SAMPLE[at..].find([',', '\n', '}']).unwrap_or(0);
        read_all(format!("{}{value}{}", &SAMPLE[..at], &SAMPLE[end..]).as_bytes());
    }
}
