//! Registry texts as a way in: exports, the output of `reg query` and of the kit for cmd.

mod cut;
mod facts;
mod files;
mod kit;
mod names;
mod properties;

use std::fmt::Write as _;

use cutover::{
    domain::facts::Facts,
    wire::{
        foreign::{Piece, Refused, Source, reg_export, reg_query},
        report_v1,
    },
};

/// What a reader makes of a file: the piece and the refusals, or why it cannot be read.
type Outcome = Result<(Piece, Vec<Refused>), String>;

/// Reads a file as whoever recognises it does.
fn read(name: &str, text: &str, device: Option<&str>) -> Outcome {
    let source = Source { name, text, device };
    let (mut pieces, mut refused) = (Vec::new(), Vec::new());
    let mut sink = |result| match result {
        Ok(piece) => pieces.push(piece),
        Err(refusal) => refused.push(refusal),
    };
    let head = &text[..text.floor_char_boundary(64 * 1024)];
    let known = [
        reg_export::recognises(name, head),
        reg_query::recognises(name, head),
    ];
    let result = match known {
        [true, false] => reg_export::read(&source, &mut sink),
        [false, true] => reg_query::read(&source, &mut sink),
        _ => panic!("{name}: recognised by {known:?}"),
    };
    match result {
        Ok(_) => {
            assert_eq!(pieces.len(), 1, "{name}: one file is one device");
            Ok((pieces.remove(0), refused))
        }
        Err(unreadable) => {
            assert!(
                pieces.is_empty() && refused.is_empty(),
                "{name}: said something all the same"
            );
            Err(unreadable.0)
        }
    }
}

/// The facts that the report reader makes of a piece, which must take it as it is.
fn facts(piece: &Piece) -> Facts {
    let mut document: serde_json::Value =
        serde_json::from_slice(&piece.document.to_json()).expect("a document is JSON");
    document["collected_at"] = "2026-11-23T08:15:00Z".into();
    if document["os"]["version"].is_null() {
        document["os"]["version"] = "10.0.19045".into();
    }
    let json = serde_json::to_vec(&document).expect("JSON is written");
    report_v1::parse(&json)
        .unwrap_or_else(|errors| panic!("the report reader refuses it: {errors:#?}\n{document:#}"))
        .facts
}

/// An outcome as text, for snapshots.
fn shown(outcome: &Outcome) -> String {
    let (piece, refused) = match outcome {
        Ok(read) => read,
        Err(unreadable) => return format!("UNREADABLE {unreadable}\n"),
    };
    let mut text = String::new();
    let document = &piece.document;
    writeln!(
        text,
        "{}",
        serde_json::to_string(&document.collector).expect("JSON")
    )
    .expect("text");
    writeln!(
        text,
        "{}",
        serde_json::to_string(&document.client).expect("JSON")
    )
    .expect("text");
    writeln!(
        text,
        "{}",
        serde_json::to_string(&document.os).expect("JSON")
    )
    .expect("text");
    for key in &document.registry {
        let state = match (key.exists, key.partial) {
            (false, _) => "NOT THERE",
            (true, true) => "partial",
            (true, false) => "complete",
        };
        writeln!(text, "[{}] {state}", key.key).expect("text");
        for (name, value) in &key.values {
            let value = serde_json::to_string(value).expect("JSON");
            writeln!(text, "  {name} = {value}").expect("text");
        }
    }
    for note in &piece.notes {
        writeln!(text, "NOTE {note}").expect("text");
    }
    for refusal in refused {
        let raw = String::from_utf8_lossy(&refusal.raw);
        writeln!(text, "REFUSED {}: {}", refusal.place, refusal.detail).expect("text");
        writeln!(text, "  {raw:?}").expect("text");
    }
    text
}
