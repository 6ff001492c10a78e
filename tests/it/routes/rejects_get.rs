//! `GET /api/v1/rejects`: what was refused is kept, with its place and its reasons.

use serde_json::json;

use crate::support::{answer::hidden, app::TestApp};

#[tokio::test]
async fn refused_records_are_listed_newest_first() {
    for app in TestApp::each().await {
        assert_eq!(app.json("/api/v1/rejects").await, json!({"items": []}));
        app.report("PC-1")
            .set("/os/version", json!("seven"))
            .send()
            .await
            .problem(422);
        let lines = ["{\"cut\": ", "{\"schema_version\":1}", "\u{1b}[2J not JSON"];
        app.send(format!(
            "{}\n{}",
            app.report("PC-2").line(),
            lines.join("\n")
        ))
        .await
        .ok("lines");
        let mut rejects = app.json("/api/v1/rejects").await;
        let items = rejects["items"].as_array_mut().expect("items");
        assert_eq!(items.len(), 4, "{}", app.engine);
        // Those of one request have one time; their order is their place, and no two have the same here.
        items.sort_by_key(|item| item["index"].as_i64());
        for item in items.iter_mut() {
            let excerpt = item["excerpt"].as_str().expect("text");
            assert!(!excerpt.contains(char::is_control), "{excerpt:?}");
            let start: String = excerpt.chars().take(30).collect();
            item["excerpt"] = json!(start);
        }
        // The length of a report depends on the digits of the day.
        items[0]["length"] = json!("[length]");
        insta::assert_snapshot!("rejects", hidden(rejects));
    }
}

#[tokio::test]
async fn at_most_a_hundred_are_shown() {
    for app in TestApp::each().await {
        app.send("{}\n".repeat(150)).await.ok("many bad ones");
        let rejects = app.json("/api/v1/rejects").await;
        assert_eq!(
            rejects["items"].as_array().map(Vec::len),
            Some(100),
            "{}",
            app.engine
        );
    }
}
