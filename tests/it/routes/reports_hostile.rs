//! `POST /api/v1/reports`: JSON that is made to confuse, to crash, or to be read in two ways.

use serde_json::{Value, json};

use crate::support::{answer::assert_reveals_nothing, app::TestApp, report::Report};

/// A report with a piece of text put in at its end.
fn with(report: &Report<'_>, more: &str) -> String {
    let line = report.line();
    format!("{},{more}}}", &line[..line.len() - 1])
}

#[tokio::test]
async fn keys_that_are_there_twice_are_refused_where_they_decide() {
    for app in TestApp::each().await {
        let report = app.report("PC-1").windows7_untouched();
        let twice = with(&report, "\"schema_version\":1");
        app.send(twice).await.problem(422);
        for (once, twice) in [
            ("\"exists\":false", "\"exists\":true,\"exists\":false"),
            ("\"service_pack\":", "\"service_pack\":0,\"service_pack\":"),
            ("\"site_code\":", "\"site_code\":\"XXX\",\"site_code\":"),
        ] {
            let line = report.line();
            assert!(line.contains(once));
            let problem = app.send(line.replacen(once, twice, 1)).await.problem(422);
            assert!(problem["errors"][0]["detail"].is_string(), "{problem}");
        }
        let values = report.set(
            "/registry/3/values",
            json!({"A": {"type": "REG_DWORD", "data": 1}}),
        );
        let twice = values.line().replacen(
            "\"A\":",
            "\"A\":{\"type\":\"REG_DWORD\",\"data\":0},\"a\":",
            1,
        );
        let answer = app.send(twice).await;
        assert!(matches!(answer.status, 200 | 422), "{}", answer.text());
        assert_eq!(
            app.json("/api/v1/summary").await["population"]["standings"]["ready"],
            0
        );
    }
}

/// Bodies nobody honest sends.
#[expect(clippy::too_many_lines, reason = "a table")]
fn hostile(app: &TestApp) -> Vec<(&'static str, Vec<u8>)> {
    let plain = || app.report("PC-1");
    let line = plain().line();
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        (
            "a NUL in a name",
            plain()
                .set("/client/name", json!("PC\u{0}1"))
                .line()
                .into_bytes(),
        ),
        (
            "a NUL in an unknown field",
            plain().set("/x", json!("\u{0}")).line().into_bytes(),
        ),
        (
            "a raw NUL",
            line.replacen("PC-1", "PC\u{0}1", 1).into_bytes(),
        ),
        (
            "a lone surrogate",
            line.replacen("PC-1", "\\ud800", 1).into_bytes(),
        ),
        (
            "half a pair at the end",
            line.replacen("PC-1", "\\ud83d\\u0041", 1).into_bytes(),
        ),
        (
            "not UTF-8",
            line.replacen("PC-1", "PC", 1)
                .into_bytes()
                .iter()
                .map(|b| if *b == b'P' { 0xFF } else { *b })
                .collect(),
        ),
        (
            "deep nesting",
            with(
                &plain(),
                &format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            )
            .into_bytes(),
        ),
        (
            "deep nesting without an end",
            with(&plain(), &format!("\"x\":{}", "{\"a\":".repeat(50_000))).into_bytes(),
        ),
        (
            "a huge exponent",
            with(&plain(), "\"x\":1e131071").into_bytes(),
        ),
        (
            "a huge number where one is read",
            line.replacen("\"service_pack\":0", "\"service_pack\":1e999999", 1)
                .into_bytes(),
        ),
        (
            "a long number",
            line.replacen(
                "\"service_pack\":0",
                &format!("\"service_pack\":{}", "9".repeat(5_000)),
                1,
            )
            .into_bytes(),
        ),
        (
            "not a number",
            line.replacen("\"service_pack\":0", "\"service_pack\":NaN", 1)
                .into_bytes(),
        ),
        ("text behind", format!("{line} and more").into_bytes()),
        ("a comment", format!("/* */ {line}").into_bytes()),
        (
            "control characters",
            plain()
                .set("/client/name", json!("a\u{1b}[31m\u{202e}\r\nb"))
                .line()
                .into_bytes(),
        ),
        (
            "a long name",
            plain()
                .set("/client/name", json!("n".repeat(100_000)))
                .line()
                .into_bytes(),
        ),
        (
            "a long key",
            with(&plain(), &format!("\"{}\":1", "k".repeat(500_000))).into_bytes(),
        ),
        ("an empty object", b"{}".to_vec()),
        (
            "a list for an object",
            plain().set("/client", json!([1])).line().into_bytes(),
        ),
        (
            "text for an object",
            plain().set("/os", json!("Windows")).line().into_bytes(),
        ),
        (
            "an object for text",
            plain()
                .set("/client/name", json!({"a": 1}))
                .line()
                .into_bytes(),
        ),
        (
            "a negative id",
            plain()
                .set("/client/resource_id", json!(-5))
                .line()
                .into_bytes(),
        ),
        (
            "an id beyond 64 bits",
            line.replacen(
                "\"resource_id\":",
                "\"resource_id\":99999999999999999999",
                1,
            )
            .into_bytes(),
        ),
    ];
    let many: Value = (0..100_000).map(|n| json!(n)).collect();
    bodies.push((
        "many hotfixes",
        plain().set("/hotfixes", many).line().into_bytes(),
    ));
    for time in [
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "-262144-01-01T00:00:00Z",
        "1e308",
        "2026-13-01T00:00:00Z",
    ] {
        bodies.push((
            "a strange time",
            plain()
                .set("/collected_at", json!(time))
                .line()
                .into_bytes(),
        ));
    }
    bodies
}

#[tokio::test]
async fn hostile_json_is_stored_or_refused_and_never_an_error_of_ours() {
    for app in TestApp::each().await {
        for (what, body) in hostile(&app) {
            let answer = app.send(body).await;
            let status = answer.status;
            assert!(
                matches!(status, 200 | 400 | 413 | 422),
                "{what} on {}: {status} {}",
                app.engine,
                answer.text()
            );
            assert_reveals_nothing(&answer.text());
            if status != 200 {
                answer.problem(status);
            }
        }
        // Nobody's list breaks over what was stored.
        let list = app.json("/api/v1/clients?limit=1000").await;
        assert_eq!(
            list["total"].as_u64(),
            list["items"]
                .as_array()
                .and_then(|items| items.len().try_into().ok())
        );
        for item in list["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id");
            app.json(&format!("/api/v1/clients/{id}")).await;
            app.get(&format!("/api/v1/clients/{id}/raw"))
                .await
                .ok("the raw report");
        }
        app.get("/api/v1/clients?format=csv").await.ok("the CSV");
        app.json("/api/v1/rejects").await;
        let log = app.log();
        assert!(!log.contains("panicked"), "{log}");
        assert!(
            !log.contains('\u{1b}') && !log.contains('\u{202e}'),
            "what came from outside is not in the log: {log:?}"
        );
    }
}

#[tokio::test]
async fn nul_in_registry_text_is_ordinary_and_comes_back_as_it_came() {
    for app in TestApp::each().await {
        let report = app.report("PC-1").set(
            "/registry/0/values/CurrentBuildNumber",
            json!({"type": "REG_SZ", "data": "19045\u{0}"}),
        );
        let line = report.line();
        let answer = app.send(line.clone()).await.ok("a NUL in a value").json();
        let id = answer["results"][0]["client_id"].as_str().expect("an id");
        let raw = app
            .get(&format!("/api/v1/clients/{id}/raw"))
            .await
            .ok("raw");
        assert_eq!(raw.text(), line, "{}", app.engine);
        app.json(&format!("/api/v1/clients/{id}")).await;
    }
}

#[tokio::test]
async fn unknown_fields_are_kept_to_the_byte() {
    for app in TestApp::each().await {
        let odd = "\"unknown\":  {\"a\" : [1.0, 1e3, \"\\u00e4\\/\"] , \"ü\":null}";
        let body = with(&app.report("PC-1"), odd);
        let answer = app
            .send(format!("  {body}\n"))
            .await
            .ok("an unknown field")
            .json();
        let id = answer["results"][0]["client_id"].as_str().expect("an id");
        let raw = app
            .get(&format!("/api/v1/clients/{id}/raw"))
            .await
            .ok("raw");
        assert_eq!(raw.text(), body, "{}", app.engine);
        assert_eq!(raw.header("content-type"), "application/json");
    }
}
