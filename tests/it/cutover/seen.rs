//! Who is configured well and was yet seen with an old protocol is never safe.

use reqwest::{Method, header};
use serde_json::json;

use super::served::{estate, page, scope};
use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{HOUR, from_now},
};

async fn standing(app: &TestApp, name: &str) -> String {
    let found = app.json(&format!("/api/v1/clients?q={name}")).await;
    found["items"][0]["standing"]
        .as_str()
        .expect("a standing")
        .to_owned()
}

/// Waits until a client stands so.
async fn until(app: &TestApp, name: &str, wanted: &str) {
    for _ in 0..300 {
        if standing(app, name).await == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{name} is {} and not {wanted}", standing(app, name).await);
}

#[tokio::test]
async fn who_was_seen_using_the_old_after_its_report_is_not_safe() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let what_if = async || app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        let before = what_if().await;
        assert_eq!(before["tally"]["fates"]["safe"], 2, "{before}");
        // One was seen just now; the other before the report that tells of its settings.
        let row = |machine: &str, last: i64| {
            json!({"address": "10.0.0.1", "machine": machine, "protocol": "tls1.0",
                   "first_at": from_now(last), "last_at": from_now(last), "count": 3})
        };
        let seen = json!({
            "system": "MP01",
            "file": {"name": "a.log", "sha256": "ab".repeat(32), "portion": 0, "last": true},
            "observations": [row("READY-1", 0), row("READY-2", -30 * HOUR)],
        });
        let bearer = format!("Bearer {}", app.token("import"));
        let request = app
            .request(Method::POST, "/api/v1/observations")
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .body(seen.to_string());
        Answer::to(request).await.ok("observations");
        let after = what_if().await;
        let may = |answer: &serde_json::Value| answer["tally"]["fates"]["may_lose"].as_i64();
        assert_eq!(after["tally"]["fates"]["safe"], 1, "{} {after}", app.engine);
        assert_eq!(may(&after), may(&before).map(|n| n + 1), "{after}");
        assert_ne!(after["input_hash"], before["input_hash"]);
        // So do lists and counts, a moment later.
        let one = async || app.json("/api/v1/clients?q=READY-1").await;
        until(&app, "READY-1", "conflict").await;
        let clients = one().await;
        assert_eq!(standing(&app, "READY-2").await, "ready");
        let summary = app.json("/api/v1/summary").await;
        assert_eq!(summary["standings"]["conflict"], 1, "{summary}");
        let listed = app.json("/api/v1/clients?standing=conflict").await;
        assert_eq!(listed["total"], 1, "{listed}");
        // The page of the client says it above everything else.
        let client = clients["items"][0]["id"].as_str().expect("an id");
        let shown = page(&app, &cookie, &format!("/clients/{client}")).await;
        let warned = shown.find("Seen otherwise:").expect("a warning");
        assert!(warned < shown.find("<dt>OS version</dt>").expect("the facts"));
    }
}
