//! `GET /api/v1/clients`: filters, pages that join without gap, and parameters nobody knows.

use std::collections::BTreeSet;

use crate::{
    routes::summary_get::fleet,
    support::{answer::hidden, app::TestApp},
};

/// Ids of the whole list, read page by page.
pub async fn walked(app: &TestApp, path: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.json(&format!("{path}limit={limit}{cursor}")).await;
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= limit);
        ids.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().expect("an id").to_owned()),
        );
        match page["next_cursor"].as_str() {
            None => {
                assert_eq!(
                    page["total"].as_u64(),
                    u64::try_from(ids.len()).ok(),
                    "{path}"
                );
                return ids;
            }
            Some(next) => {
                assert_eq!(items.len(), limit, "only the last page may be short");
                cursor = format!("&cursor={next}");
            }
        }
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_list_whatever_their_length() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let whole = walked(&app, "/api/v1/clients?", 1_000).await;
        assert_eq!(
            whole.iter().collect::<BTreeSet<_>>().len(),
            whole.len(),
            "nobody twice"
        );
        for limit in [1, 3, 7, whole.len() - 1, whole.len(), whole.len() + 1] {
            assert_eq!(
                walked(&app, "/api/v1/clients?", limit).await,
                whole,
                "{limit} on {}",
                app.engine
            );
        }
        let blocking = walked(&app, "/api/v1/clients?standing=blocking&", 2).await;
        assert_eq!(blocking, walked(&app, "/api/v1/blockers?", 1_000).await);
    }
}

#[tokio::test]
async fn a_row_keeps_its_words() {
    for app in TestApp::each().await {
        app.report("PC-1").windows7_untouched().stored().await;
        insta::assert_snapshot!("a_list", hidden(app.json("/api/v1/clients").await));
    }
}

#[tokio::test]
async fn a_client_is_found_by_any_of_its_names() {
    for app in TestApp::each().await {
        let report = app.report("PC-1");
        let client = report.value()["client"].clone();
        let id = report.stored().await;
        app.report("XX-2").stored().await;
        for q in [
            "pc-1".to_owned(),
            "PC".to_owned(),
            "pc-1.corp".to_owned(),
            client["sms_guid"].as_str().expect("a GUID").to_owned(),
            client["sms_guid"]
                .as_str()
                .expect("a GUID")
                .to_lowercase()
                .replace("guid:", ""),
            client["smbios_guid"].as_str().expect("a GUID").to_owned(),
            client["serial_number"]
                .as_str()
                .expect("a number")
                .to_lowercase(),
            id.clone(),
        ] {
            let found = app.json(&format!("/api/v1/clients?q={q}")).await;
            assert_eq!(
                (&found["total"], &found["items"][0]["id"]),
                (&1.into(), &id.clone().into()),
                "{q} on {}",
                app.engine
            );
        }
        for nobody in [
            "%25",
            "_C-1",
            "'%20OR%201=1--",
            "%22",
            "%5C",
            "%F4%8F%BF%BF",
            "%FF",
            "*",
        ] {
            let found = app.json(&format!("/api/v1/clients?q={nobody}")).await;
            assert_eq!(found["total"], 0, "{nobody} on {}", app.engine);
        }
    }
}

#[tokio::test]
async fn a_parameter_nobody_knows_is_refused_with_those_that_are_known() {
    for app in TestApp::each().await {
        app.report("PC-1").stored().await;
        for (name, query) in [
            ("name", "standng=blocking"),
            ("standing", "standing=blocked"),
            ("impact", "impact=none"),
            ("limit", "limit=0"),
            ("limit_large", "limit=1001"),
            ("format", "format=xls"),
            ("several", "limit=-1&sort=name&future=maybe"),
            ("nul", "q=a%00b"),
        ] {
            let problem = app
                .get(&format!("/api/v1/clients?{query}"))
                .await
                .problem(422);
            insta::assert_snapshot!(format!("parameter_{name}"), hidden(problem));
        }
        let long = format!("/api/v1/clients?{}=1", "x".repeat(5_000));
        app.get(&long).await.problem(422);
        // A misspelt code would list nobody, which is what everybody hopes for.
        for (name, query) in [
            ("reason", "reason=winhttp.default_without_tls12,no.such"),
            ("fix", "fix=no-such"),
        ] {
            for path in ["clients", "blockers", "summary"] {
                let path = format!("/api/v1/{path}?{query}");
                let problem = app.get(&path).await.problem(422);
                assert_eq!(problem["errors"][0]["pointer"], format!("?{name}"));
            }
        }
        // Values that name nobody list nobody.
        for query in ["os=nothing", "site=XYZ", "role=none", "q=nobody"] {
            let list = app.json(&format!("/api/v1/clients?{query}")).await;
            assert_eq!(list["total"], 0, "{query}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_somebody_elses_making_is_refused() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let page = app.json("/api/v1/clients?limit=2").await;
        let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
        let id = &cursor[..33];
        for forged in [
            "x".to_owned(),
            "1".to_owned(),
            "2".to_owned() + &cursor[1..],
            cursor[..20].to_owned(),
            cursor.clone() + "f",
            id.to_owned() + "00",
            id.to_owned() + "ff",
            "1'%20OR%201=1".to_owned(),
            format!("1{}", "%C3%A9".repeat(40)),
        ] {
            let answer = app
                .get(&format!("/api/v1/clients?limit=2&cursor={forged}"))
                .await;
            assert_eq!(
                answer.status,
                400,
                "{forged} on {}: {}",
                app.engine,
                answer.text()
            );
            answer.problem(400);
        }
    }
}
