//! The document as it is kept: a change of the contract shows in a review, and one that breaks programs fails.

use std::{fs, path::PathBuf};

use cutover::http::contract::contract;
use serde_json::Value;

use super::breaking::breaks;
use crate::support::app::TestApp;

/// Set to write the kept documents anew.
pub const KEEP: &str = "CUTOVER_KEEP_CONTRACT";

pub fn is_to_be_kept() -> bool {
    std::env::var_os(KEEP).is_some()
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract/openapi.json")
}

/// The document, without the version of the program, which every release moves.
fn made() -> String {
    let mut document = contract().value.clone();
    document["info"]["version"] = "[version]".into();
    format!("{document:#}\n")
}

#[test]
fn the_contract_is_kept_and_what_breaks_it_is_told() {
    let made = made();
    let Ok(kept) = fs::read_to_string(file()) else {
        assert!(
            is_to_be_kept(),
            "no contract is kept; run again with {KEEP}=1"
        );
        fs::write(file(), made).expect("the contract is written");
        return;
    };
    let read = |text: &str| -> Value { serde_json::from_str(text).expect("a document") };
    let found = breaks(&read(&kept), &read(&made));
    assert!(
        found.is_empty(),
        "this breaks programs that were made for v1:\n  {}\nTake it back, or make a v2 beside it. What may change stands in static/contract/about.md.",
        found.join("\n  ")
    );
    if is_to_be_kept() {
        fs::write(file(), made).expect("the contract is written");
        return;
    }
    let differs = kept
        .lines()
        .zip(made.lines())
        .find(|(before, now)| before != now);
    assert!(
        kept == made,
        "the contract is another one than tests/it/contract/openapi.json, first in {differs:?}; nothing of it breaks programs. Run again with {KEEP}=1 and look at what has changed."
    );
}

#[tokio::test]
async fn the_server_sends_the_document_and_it_says_what_it_is() {
    for app in TestApp::each().await {
        let answer = app.get("/api/v1/openapi.json").await.ok("the contract");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.json(), contract().value);
        let document = answer.json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
