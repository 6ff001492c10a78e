//! What the preview says that storing would do is what storing does.

use reqwest::{Method, header};
use serde_json::json;

use super::{four, id, rows, stored};
use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{Report, from_now},
};

/// A report that differs by nothing but its time from others about this name.
fn at<'a>(app: &'a TestApp, name: &str, minutes: i64) -> Report<'a> {
    let report = app.report(name).collected(-minutes * 60_000);
    report.set("/os/last_boot_at", json!("2026-01-02T03:04:05Z"))
}

fn lines<'a>(reports: impl IntoIterator<Item = Report<'a>>) -> String {
    let lines = reports.into_iter().map(|report| report.line() + "\n");
    lines.collect()
}

#[tokio::test]
async fn the_preview_says_row_by_row_what_storing_does() {
    for app in TestApp::each().await {
        let at = |name: &str, minutes: i64| at(&app, name, minutes);
        // Vouched for like what comes next; an agent's word would not be the same.
        let before = [
            at("SAME", 60),
            at("OLD-CHANGED", 120).windows7_untouched(),
            at("OLD-CHANGED", 60),
            at("NEWER", 60).windows7_untouched(),
            at("OLDER", 60),
            at("OLDER-SAID", 120).windows7_untouched(),
            at("OLDER-SAID", 60),
        ];
        app.uploaded("before.ndjson", lines(before)).await;
        let list = "Name\nLISTED\n";
        let put = app.put_population("", list).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let now = [
            (at("FRESH", 10), "new"),
            (at("FRESH", 10), "unchanged"),
            (at("LISTED", 10), "changed"),
            (at("SAME", 10), "unchanged"),
            (at("SAME-BUT-NEW", 10), "new"),
            (at("NEWER", 10), "changed"),
            (at("OLDER", 90).windows7_untouched(), "late"),
            (at("OLDER-SAID", 120).windows7_untouched(), "unchanged"),
        ];
        let expected: Vec<&str> = now.iter().map(|(_, outcome)| *outcome).collect();
        let body = lines(now.into_iter().map(|(report, _)| report));
        let preview = app.upload("?name=now.ndjson", body.clone()).await;
        let said: Vec<String> = rows(&app, &preview)
            .await
            .iter()
            .map(|row| row["forecast"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(said, expected, "{}", app.engine);
        assert_eq!(four(&preview, "would"), [2, 2, 3, 1], "{preview}");
        let done = stored(&app, &preview).await;
        assert_eq!(four(&done, "stored"), four(&preview, "would"), "{done}");
        for row in rows(&app, &done).await {
            assert_eq!(row["outcome"], row["forecast"], "{}: {row}", app.engine);
        }
        // And the same file once more is nothing new at all.
        let again = app.upload("?name=now.ndjson", body).await;
        assert_eq!(four(&again, "would"), [0, 0, 8, 0], "{again}");
        let done = stored(&app, &again).await;
        assert_eq!(four(&done, "stored"), [0, 0, 8, 0], "{done}");
    }
}

#[tokio::test]
async fn beside_other_sources_what_was_said_before_is_unchanged_too() {
    for app in TestApp::each().await {
        app.report("TAB-01").collected(-7_200_000).stored().await;
        let table = "Device;Caption;Version;ProductType;OSArchitecture\r\n\
TAB-01;Microsoft Windows 10 Pro;10.0.19045;1;64-bit\r\n";
        let at = from_now(-3_600_000);
        let query = format!("?name=tab.csv&collected_at={at}");
        let first = app.upload(&query, table).await;
        assert_eq!(four(&first, "would"), [0, 1, 0, 0], "{first}");
        let done = stored(&app, &first).await;
        assert_eq!(four(&done, "stored"), [0, 1, 0, 0], "{done}");
        let again = app.upload(&query, table).await;
        assert_eq!(four(&again, "would"), [0, 0, 1, 0], "{again}");
        let done = stored(&app, &again).await;
        assert_eq!(four(&done, "stored"), [0, 0, 1, 0], "{done}");
    }
}

#[tokio::test]
async fn the_rows_of_a_preview_can_be_had_by_what_would_become_of_them() {
    for app in TestApp::each().await {
        let known = lines([at(&app, "PC-1", 1)]);
        app.uploaded("known.ndjson", known).await;
        let both = ["PC-1", "PC-2"].map(|name| at(&app, name, 1));
        let preview = app.upload("?name=both.ndjson", lines(both)).await;
        let path = format!("/{}/rows?status=unchanged", id(&preview));
        let page = Answer::to(app.uploads(Method::GET, &path));
        let page = page.await.ok("rows").json();
        let items = page["items"].as_array().expect("items");
        assert_eq!(items.len(), 1, "{page}");
        assert_eq!(items[0]["name"], "PC-1");
        let cookie = app.sign_in().await;
        let asked = app
            .request(Method::GET, &format!("/uploads/{}", id(&preview)))
            .header(header::COOKIE, &cookie);
        let html = Answer::to(asked).await.ok("a page").text();
        let said = "Of 2 rows: 1 would bring a new client and 1 unchanged.";
        assert!(html.contains(said), "{html}");
    }
}
