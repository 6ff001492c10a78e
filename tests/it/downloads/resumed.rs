//! Lines of JSON and CSV: what they hold, and that two parts of a download are the whole.

use serde_json::Value;

use crate::{routes::summary_get::fleet, support::app::TestApp};

#[tokio::test]
async fn a_part_and_what_follows_its_last_row_are_the_whole() {
    for app in TestApp::each().await {
        fleet(&app).await;
        for sort in ["name", "-name", "since", "-since"] {
            for more in ["", "&fields=name,standing"] {
                for format in ["csv", "ndjson"] {
                    let list =
                        format!("/api/v1/clients?format={format}&sort={sort}{more}&cursors=1");
                    let whole = app.get(&list).await.ok(&list);
                    let total = whole.header("x-total-count");
                    let text = whole.text();
                    let lines: Vec<&str> = text.split_inclusive('\n').collect();
                    let head = usize::from(format == "csv");
                    assert_eq!((lines.len() - head).to_string(), total, "{list}");
                    for (at, line) in lines.iter().enumerate().skip(head) {
                        let cursor = cursor_of(line);
                        let rest = app.get(&format!("{list}&cursor={cursor}")).await.ok(&list);
                        assert_eq!(
                            rest.text(),
                            lines[at + 1..].concat(),
                            "{list} behind {line}"
                        );
                        assert_eq!(rest.header("x-total-count"), total, "{list}");
                        if format == "csv" {
                            let kind = rest.header("content-type");
                            assert!(kind.ends_with("header=absent"), "{kind}");
                        }
                    }
                }
            }
        }
        // The cursor of a page does as well.
        let page = app.json("/api/v1/clients?limit=3").await;
        let cursor = page["next_cursor"].as_str().expect("more");
        let rest = format!("/api/v1/clients?format=ndjson&cursor={cursor}");
        let whole = app.get("/api/v1/clients?format=ndjson").await.text();
        let behind: String = whole.split_inclusive('\n').skip(3).collect();
        assert_eq!(app.get(&rest).await.ok(&rest).text(), behind);
        let foreign = "/api/v1/clients?format=csv&cursor=x";
        app.get(foreign).await.problem(400);
        let other = format!("/api/v1/clients?format=csv&sort=since&cursor={cursor}");
        app.get(&other).await.problem(400);
    }
}

/// The last field of a row.
fn cursor_of(line: &str) -> &str {
    let line = line.trim_end();
    let line = line.strip_suffix("\"}").unwrap_or(line);
    line.rsplit(['"', ',']).next().expect("a field")
}

#[tokio::test]
async fn lines_hold_the_fields_that_are_chosen() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let whole = app.get("/api/v1/clients?format=ndjson").await.text();
        let chosen = "/api/v1/clients?format=ndjson&fields=standing,os,name";
        let chosen = app.get(chosen).await.ok(chosen).text();
        assert_eq!(whole.lines().count(), chosen.lines().count());
        for (all, some) in whole.lines().zip(chosen.lines()) {
            let all: Value = serde_json::from_str(all).expect("JSON");
            let wanted = format!(
                "{{\"standing\":{},\"os\":{},\"name\":{}}}",
                all["standing"], all["os"], all["name"]
            );
            let value: Value = serde_json::from_str(some).expect("JSON");
            assert_eq!(value, serde_json::from_str::<Value>(&wanted).expect("JSON"));
            assert!(
                some.starts_with("{\"standing\":"),
                "in the order of the choice: {some}"
            );
        }
        let cursors = app
            .get("/api/v1/clients?format=ndjson&cursors=1")
            .await
            .text();
        for (all, one) in whole.lines().zip(cursors.lines()) {
            let mut one: Value = serde_json::from_str(one).expect("JSON");
            assert!(
                one.as_object_mut()
                    .expect("an object")
                    .remove("cursor")
                    .is_some()
            );
            assert_eq!(one, serde_json::from_str::<Value>(all).expect("JSON"));
        }
    }
}

#[tokio::test]
async fn what_a_form_has_no_place_for_is_refused_and_not_dropped() {
    let app = TestApp::one();
    for (query, pointer, word) in [
        ("fields=name", "?fields", "pages of JSON"),
        ("format=ids&fields=name", "?fields", "format=csv"),
        ("format=csv&fields=cleared", "?fields", "os_key"),
        ("format=ndjson&fields=os_key", "?fields", "cleared"),
        ("format=ndjson&fields=nam", "?fields", "cleared"),
        ("cursors=1", "?cursors", "next_cursor"),
        ("format=xlsx&cursors=1", "?cursors", "format=csv"),
        ("format=xlsx&cursor=x", "?cursor", "whole"),
        ("format=powershell&cursor=x", "?cursor", "whole"),
        ("ids=name", "?ids", "format=ids"),
        (
            "format=ids&ids=serial",
            "?ids",
            "resource_id, sms_guid, name, fqdn, id",
        ),
        ("sort=os", "?sort", "name, -name, since, -since"),
    ] {
        let problem = app
            .get(&format!("/api/v1/clients?{query}"))
            .await
            .problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
        let detail = problem["detail"].as_str().expect("words");
        assert!(detail.contains(word), "{query}: {detail}");
    }
}
