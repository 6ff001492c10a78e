//! What fuzz targets share: the pure layers of the server, and what must hold of whatever comes out of a reader.

#[path = "../../../server/domain/mod.rs"]
pub mod domain;
#[path = "../../../server/wire/mod.rs"]
pub mod wire;

use domain::{
    assess::{Policy, assess},
    facts::{Facts, Key, Reading},
    verdict::Standing,
};
use wire::{
    foreign::{Overview, Piece, Refused, Sink, Source, Unreadable, with_time},
    report_v1,
};

/// As many bytes of a file as its recognition sees.
const HEAD: usize = 64 * 1024;

/// A reader of foreign files.
pub type Reader = fn(&Source<'_>, &mut Sink<'_>) -> Result<Overview, Unreadable>;

/// Says whether a file is for a reader.
pub type Recognition = fn(&str, &str) -> bool;

/// Whatever the bytes: a reader answers, what it makes are reports that can be read, and nothing is made ready of
/// nothing.
pub fn file(name: &str, bytes: &[u8], recognises: Recognition, read: Reader) {
    let Ok(decoded) = wire::to_text(bytes) else {
        return;
    };
    let text: &str = &decoded.text;
    let _ = recognises(name, &text[..text.floor_char_boundary(HEAD)]);
    for device in [None, Some("PC-1")] {
        let source = Source { name, text, device };
        let _ = read(&source, &mut |read: Result<Piece, Refused>| piece(read));
    }
}

/// What holds of one piece that a reader hands out.
pub fn piece(read: Result<Piece, Refused>) {
    match read {
        Ok(piece) => match piece.raw {
            Some(raw) => report(&raw),
            None => document(&piece.document.to_json()),
        },
        Err(refused) => assert!(!refused.detail.is_empty() && !refused.place.is_empty()),
    }
}

/// A document that we wrote: it is a report, unless it says too much for one or does not say whom it is about.
pub fn document(json: &[u8]) {
    let timed = with_time(json, "2026-11-23T08:15:00Z");
    match report_v1::parse(&timed) {
        Ok(report) => judged(&report.facts),
        Err(errors) => {
            let excused = timed.len() > report_v1::MAX_RECORD
                || errors.iter().all(|error| {
                    error.pointer == "/client" || error.detail.contains("the most that is taken")
                });
            assert!(excused, "{errors:?}\n{}", String::from_utf8_lossy(&timed));
        }
    }
}

/// Any bytes as a report: refused with a reason, or read and judged.
pub fn report(bytes: &[u8]) {
    let hash = report_v1::content_hash(bytes);
    match report_v1::parse_with_hash(bytes) {
        Ok(parsed) => {
            assert_eq!(parsed.content_hash, hash);
            assert!(parsed.report.ids.identifies());
            judged(&parsed.report.facts);
        }
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|error| !error.detail.is_empty()))
        }
    }
}

/// The first law: nobody is ready without what readiness rests on.
pub fn judged(facts: &Facts) {
    let verdict = assess(facts, &Policy::default());
    if !matches!(verdict.standing, Standing::Ready | Standing::RestartPending) {
        return;
    }
    assert!(facts.os.version.is_some() && facts.os.product_type.is_some());
    for (key, name) in [
        (Key::WinHttpNative, "DefaultSecureProtocols"),
        (Key::Tls12Client, "Enabled"),
        (Key::Tls12Client, "DisabledByDefault"),
        (Key::NdpV4Full, "Release"),
        (Key::NetV4Native, "SystemDefaultTlsVersions"),
    ] {
        let reading = facts.registry.value(key, name);
        assert!(reading != Reading::NotCollected, "{name} was not collected");
    }
}

/// Splits a fuzzer's input at bytes that no text has, so that one input can be several files.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == 0xFF)
}
