//! Uploads from the file to the receipt: what is said beforehand, what becomes of it, who sees it, and what is let go of.

mod columns;
mod complete;
mod disagreeing;
mod forecast;
mod keeping;
mod one_run;
mod several;
mod vouched;
mod ways;

pub use vouched::RUN;

use reqwest::Method;
use serde_json::Value;

use crate::support::{answer::Answer, app::TestApp};

/// All rows of an upload, in their order.
async fn rows(app: &TestApp, upload: &Value) -> Vec<Value> {
    let path = format!("/{}/rows?limit=1000", id(upload));
    let page = Answer::to(app.uploads(Method::GET, &path)).await;
    page.ok("rows").json()["items"]
        .as_array()
        .expect("items")
        .clone()
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

/// Has an upload stored, and answers it when that is done.
async fn stored(app: &TestApp, upload: &Value) -> Value {
    let path = format!("/{}/commit", id(upload));
    let answer = Answer::to(app.uploads(Method::POST, &path)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    app.settled(id(upload)).await
}

/// `new`, `changed`, `unchanged` and `late` of one of an upload's counts.
fn four(upload: &Value, which: &str) -> [i64; 4] {
    ["new", "changed", "unchanged", "late"].map(|name| {
        let count = &upload[which][name];
        count
            .as_i64()
            .unwrap_or_else(|| panic!("{which}: {upload}"))
    })
}
