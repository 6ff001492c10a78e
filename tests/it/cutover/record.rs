//! The record: closed, checked, and any byte of it changed.

use aws_lc_rs::signature::Ed25519KeyPair;
use cutover::domain::cutover::{
    canonical,
    record::{Lines, close},
    verify::{Reading, Verified},
    whatif::judge,
};
use serde_json::json;

use super::rules::ready;

fn made(number: i64, before: &str, key: &Ed25519KeyPair) -> Vec<u8> {
    let mut lines = Lines::default();
    let mut body = String::new();
    for n in 0..40 {
        let known = ready(&format!("PC-{n} „ü“"));
        body.push_str(&lines.add(&known.line(judge(&known))));
    }
    let (count, sha256) = lines.end();
    let head = json!({
        "scope": {"name": "Site P01"},
        "decision": {"decided": "no_go", "by": "ada", "at": "2027-03-01T12:00:00Z"},
        "lines": {"count": count, "sha256": sha256},
    });
    let closed = close(head, number, before, key);
    format!("{}\n{body}{}\n", closed.head, closed.foot).into_bytes()
}

fn read(bytes: &[u8], key: Option<&str>) -> Result<Verified, String> {
    let mut reading: Option<Reading> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match &mut reading {
            None => reading = Some(Reading::of(line)?),
            Some(reading) => reading.take(line)?,
        }
    }
    reading.ok_or("empty")?.end(key)
}

#[test]
fn a_record_holds_together_until_one_byte_is_changed() {
    let key = Ed25519KeyPair::generate().expect("a key");
    let record = made(7, "abc", &key);
    let verified = read(&record, None).expect("it holds");
    assert_eq!((verified.number, verified.clients), (7, 40));
    assert_eq!(
        (verified.before.as_str(), verified.decided.as_str()),
        ("abc", "no_go")
    );
    read(&record, Some(&verified.key)).expect("the same key");
    assert!(read(&record, Some(&"00".repeat(32))).is_err());
    // Every byte of head and foot, and every 97th of the rest; each bit that a text can bear, and a case.
    let head = record
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a head");
    for place in 0..record.len() {
        if place > head && place + 300 < record.len() && place % 97 != 0 {
            continue;
        }
        for flip in [1, 0x20] {
            let mut other = record.clone();
            other[place] ^= flip;
            assert!(read(&other, None).is_err(), "byte {place} with {flip}");
        }
    }
    // Cut, longer, or with a line twice.
    for length in 0..record.len() {
        if length % 97 == 0 || length + 300 > record.len() {
            assert!(read(&record[..length], None).is_err(), "cut at {length}");
        }
    }
    for more in ["\n", " ", "{}\n"] {
        assert!(
            read(&[&record[..], more.as_bytes()].concat(), None).is_err(),
            "{more:?}"
        );
    }
    // Signed by somebody else, and with its own key: it holds together, so the key has to be known by another way.
    let other = Ed25519KeyPair::generate().expect("a key");
    let forged = made(7, "abc", &other);
    read(&forged, None).expect("it holds together");
    let why = read(&forged, Some(&verified.key)).expect_err("another key");
    assert!(why.contains("another key"), "{why}");
}

#[test]
fn one_form_whatever_the_order() {
    let one = json!({"b": [1, {"d": null, "c": "\u{7}ü\""}], "a": true});
    assert_eq!(
        canonical::written(&one),
        r#"{"a":true,"b":[1,{"c":"\u0007ü\"","d":null}]}"#
    );
    assert_eq!(canonical::unhex("0aFf"), None);
    assert_eq!(canonical::unhex("0af"), None);
    assert_eq!(canonical::unhex("0aff"), Some(vec![10, 255]));
}
