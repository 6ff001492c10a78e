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
            for tail in ["", "/raw", "/reports/x"] {
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

#[tokio::test]
async fn the_history_says_what_changed_and_its_reports_can_be_had_one_by_one() {
    for app in TestApp::each().await {
        let first = app.report("PC-1").collected(-30 * HOUR).line();
        app.send(first.clone()).await.ok("the first");
        let id = app.report("PC-1").windows7_untouched().stored().await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let newest = &client["history"][0];
        assert_eq!(newest["cause"], "client", "{}: {newest}", app.engine);
        assert_eq!(newest["compared_with"], client["history"][1]["entry"]);
        let changed = newest["changes"].as_array().expect("changes");
        let version = changed
            .iter()
            .find(|change| change["fact"] == "Windows version")
            .expect("another Windows");
        assert_eq!(version["after"]["text"], "6.1.7601");
        assert_eq!(version["before"]["state"], "value");
        let added = newest["reasons_added"].as_array().expect("reasons");
        assert!(!added.is_empty());
        let memory = &client["memory"];
        assert_eq!(memory["history_entries"], 2);
        assert_eq!(memory["last_ready_until"], memory["first_blocking_at"]);
        assert!(
            client["prospect"]["steps"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty())
        );

        let path = client["history"][1]["report_url"]
            .as_str()
            .expect("an address");
        assert_eq!(app.get(path).await.ok("a report").text(), first);
        let entry = client["history"][1]["entry"].as_str().expect("an entry");
        for odd in ["x", "%00", &entry.replace(['0'], "1"), &"f".repeat(48)] {
            let path = format!("/api/v1/clients/{id}/reports/{odd}");
            app.get(&path).await.problem(404);
        }
        let other = "00000000-0000-4000-8000-000000000000";
        app.get(&format!("/api/v1/clients/{other}/reports/{entry}"))
            .await
            .problem(404);
    }
}

#[tokio::test]
async fn a_long_history_is_read_a_page_at_a_time_and_nothing_is_left_out() {
    for app in TestApp::each().await {
        let mut id = String::new();
        for n in 0..25_i64 {
            let report = app.report("PC-1").collected((n - 30) * HOUR);
            let report = report.set("/client/management_point", json!(format!("mp{n}")));
            id = report.stored().await;
        }
        let mut seen = Vec::new();
        let mut query = String::new();
        loop {
            let client = app.json(&format!("/api/v1/clients/{id}{query}")).await;
            let page = client["history"].as_array().expect("a page").clone();
            assert!(page.len() <= 10);
            for entry in &page {
                let oldest = seen.len() == 24;
                let changes = entry["changes"].as_array().expect("changes");
                let moved = changes
                    .iter()
                    .any(|change| change["fact"] == "management point");
                assert_eq!(moved, !oldest, "{}: {entry}", app.engine);
                seen.push(entry["entry"].as_str().expect("an entry").to_owned());
            }
            match client["history_older"].as_str() {
                Some(older) => query = format!("?older={older}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 25, "{}", app.engine);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25);
        for odd in ["older=x", "older=%00", "page=2"] {
            let answer = app.get(&format!("/api/v1/clients/{id}?{odd}")).await;
            let status = answer.status;
            assert!(matches!(status, 400 | 422), "{odd}: {status}");
        }
    }
}

#[tokio::test]
async fn the_bits_of_a_mask_are_named_and_who_names_a_client_is_said() {
    for app in TestApp::each().await {
        app.put_population(
            "?list=cm",
            "Name,Owner,LastActiveTime\nPC-1,Finance,2026-08-02\n",
        )
        .await
        .ok("a list");
        let id = app.report("PC-1").stored().await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let check = client["checks"]
            .as_array()
            .and_then(|checks| {
                checks
                    .iter()
                    .find(|check| check["id"] == "winhttp.default_secure_protocols.native")
            })
            .expect("the check");
        assert_eq!(check["protocols"]["tls12"], true, "{check}");
        assert_eq!(check["protocols"]["bits"].as_array().map(Vec::len), Some(6));
        assert_eq!(client["lists"][0]["list"], "cm", "{}", app.engine);
        assert_eq!(client["lists"][0]["listing"], "expected");
        assert_eq!(client["history_older"], json!(null));
    }
}
