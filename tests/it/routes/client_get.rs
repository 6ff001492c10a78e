//! `GET /api/v1/clients/{id}` and `/raw`: one client with every check, and its report to the byte.

use serde_json::json;

use crate::support::{answer::hidden, app::TestApp, report::HOUR};

#[tokio::test]
async fn one_client_shows_every_check_its_evidence_and_its_history() {
    for app in TestApp::each().await {
        app.report("PC-1").collected(-30 * HOUR).stored().await;
        let id = app.report("PC-1").windows7_untouched().stored().await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        insta::assert_snapshot!("a_blocking_client", hidden(client.clone()));
        for check in client["checks"].as_array().expect("checks") {
            for name in [
                "id", "outcome", "reason", "message", "expected", "observed", "fix", "sources",
            ] {
                assert!(!check[name].is_null(), "{name} of {check}");
            }
        }
        assert_eq!(client["report"]["client"]["name"], "PC-1");
    }
}

#[tokio::test]
async fn the_raw_report_is_the_one_in_force_to_the_byte() {
    for app in TestApp::each().await {
        let first = app.report("PC-1").pretty();
        let answer = app.send(first.clone()).await.ok("the first").json();
        let id = answer["results"][0]["client_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let path = format!("/api/v1/clients/{id}/raw");
        assert_eq!(
            app.get(&path).await.ok("raw").text(),
            first,
            "{}",
            app.engine
        );
        let second = app
            .report("PC-1")
            .windows7_untouched()
            .collected(-1_000)
            .line();
        app.send(second.clone()).await.ok("the second");
        let raw = app.get(&path).await.ok("raw");
        assert_eq!(raw.text(), second);
        assert_eq!(
            raw.header("content-disposition"),
            "attachment; filename=\"report.json\""
        );
        assert_eq!(raw.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_silent_client_has_no_report_and_no_checks() {
    for app in TestApp::each().await {
        app.put_population("", "Name,Owner\nPC-1,Finance\n")
            .await
            .ok("a list");
        let list = app.json("/api/v1/clients").await;
        let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        insta::assert_snapshot!("a_silent_client", hidden(client));
        app.get(&format!("/api/v1/clients/{id}/raw"))
            .await
            .problem(404);
    }
}

#[tokio::test]
async fn two_clients_that_may_be_one_name_each_other() {
    for app in TestApp::each().await {
        let old = app
            .report("PC-1")
            .windows7_untouched()
            .collected(-HOUR)
            .stored()
            .await;
        let new = app
            .report("PC-1")
            .set(
                "/client/sms_guid",
                json!("GUID:FFFFFFFF-0000-4000-8000-00000000BEEF"),
            )
            .set("/client/resource_id", json!(77))
            .stored()
            .await;
        assert_ne!(old, new, "never merged by hardware alone");
        let client = app.json(&format!("/api/v1/clients/{new}")).await;
        assert_eq!(
            client["suspected_duplicates"][0]["id"], old,
            "{}: {client}",
            app.engine
        );
        assert_eq!(
            app.json(&format!("/api/v1/clients/{old}")).await["standing"],
            "blocking",
            "the old verdict stands"
        );
    }
}

#[tokio::test]
async fn an_id_that_is_nobodys_is_404() {
    for app in TestApp::each().await {
        let nobody = "00000000-0000-4000-8000-000000000000";
        insta::assert_snapshot!(
            "nobody",
            hidden(
                app.get(&format!("/api/v1/clients/{nobody}"))
                    .await
                    .problem(404)
            )
        );
        for odd in [
            "x",
            "%00",
            "%FF",
            "..%2F..%2Fetc%2Fpasswd",
            "'",
            "0",
            "%F0%9F%92%A9",
            &"9".repeat(3_000),
        ] {
            for tail in ["", "/raw"] {
                let answer = app.get(&format!("/api/v1/clients/{odd}{tail}")).await;
                let status = answer.status;
                assert!(
                    matches!(status, 400 | 404),
                    "{odd} on {}: {status}",
                    app.engine
                );
                answer.problem(status);
            }
        }
    }
}
