//! The page, its files and the API: the same numbers, each the length of its list.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    routes::summary_get::fleet,
    support::{
        answer::{Answer, hidden},
        app::TestApp,
    },
};

async fn total(app: &TestApp, path: &str) -> Value {
    app.json(&format!("{path}&limit=1000")).await["total"].clone()
}

fn joined(codes: &Value) -> String {
    let codes = codes.as_array().expect("codes");
    let texts: Vec<&str> = codes
        .iter()
        .map(|code| code.as_str().expect("a code"))
        .collect();
    texts.join(",")
}

#[tokio::test]
async fn every_number_of_the_plan_is_the_length_of_its_list() {
    for app in TestApp::each().await {
        fleet(&app).await;
        for (query, place) in [
            ("", ""),
            ("?site=P01", "&site=P01"),
            (
                "?os=6.1.7601-client&site=none",
                "&os=6.1.7601-client&site=none",
            ),
        ] {
            let answer = app.json(&format!("/api/v1/fixes{query}")).await;
            for standing in ["blocking", "undetermined"] {
                let plan = &answer[standing];
                let list = format!("/api/v1/blockers?standing={standing}{place}");
                assert_eq!(plan["clients"], total(&app, &list).await);
                for step in plan["steps"].as_array().expect("steps") {
                    let only = joined(&step["only_fixes"]);
                    assert_eq!(
                        step["clients"],
                        total(&app, &format!("{list}&only_fixes={only}")).await,
                        "{query} {only}"
                    );
                }
                for single in plan["singles"].as_array().expect("singles") {
                    let fix = single["fix"].as_str().expect("a code");
                    assert_eq!(
                        single["asked"],
                        total(&app, &format!("{list}&fix={fix}")).await,
                        "{query} {fix}"
                    );
                    assert_eq!(
                        single["alone"],
                        total(&app, &format!("{list}&only_fixes={fix},restart-computer")).await,
                        "{query} {fix}"
                    );
                }
            }
            assert!(answer["population"]["total"].is_i64());
        }
        let whole = app.json("/api/v1/fixes").await;
        assert!(
            !whole["blocking"]["steps"]
                .as_array()
                .expect("steps")
                .is_empty()
        );
        insta::assert_snapshot!(
            "plan_of_a_fleet",
            hidden(json!({
                "blocking": whole["blocking"], "undetermined": whole["undetermined"],
            }))
        );
    }
}

#[tokio::test]
async fn other_filters_and_unknown_fixes_are_refused_with_their_names() {
    let app = TestApp::one();
    let problem = app
        .get("/api/v1/fixes?standing=blocking")
        .await
        .problem(422);
    assert!(problem.to_string().contains("os and site"), "{problem}");
    let problem = app
        .get("/api/v1/clients?only_fixes=set-default-secure-protocols,nonsense")
        .await
        .problem(422);
    assert!(problem.to_string().contains("nonsense"), "{problem}");
    assert!(
        problem.to_string().contains("install-kb3140245"),
        "{problem}"
    );
}

async fn person(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    Answer::to(request).await
}

#[tokio::test]
async fn people_find_the_plan_each_fix_and_its_files() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let cookie = app.sign_in().await;
        let page = person(&app, &cookie, "/fixes?site=P01")
            .await
            .ok("the plan")
            .text();
        assert!(page.contains("only_fixes="), "numbers lead to lists");
        assert!(page.contains("at site P01"));
        let whole = app.json("/api/v1/fixes").await;
        let actions = whole["actions"].as_array().expect("actions");
        assert_eq!(actions.len(), cutover::domain::plan::actions().len());
        for action in actions {
            let page = action["page"].as_str().expect("a page");
            let text = person(&app, &cookie, page).await.ok(page).text();
            for file in action["files"].as_array().expect("files") {
                let file = file.as_str().expect("an address");
                assert!(text.contains(file), "{page} leads to {file}");
                let answer = person(&app, &cookie, file).await.ok(file);
                let registry = file.rsplit('.').next() == Some("reg");
                let kind = if registry {
                    "text/x-ms-regedit; charset=us-ascii"
                } else {
                    "application/x-powershell; charset=us-ascii"
                };
                assert_eq!(answer.header("content-type"), kind);
                assert!(
                    answer
                        .header("content-disposition")
                        .starts_with("attachment; filename=")
                );
                assert_eq!(
                    registry,
                    answer
                        .text()
                        .starts_with("Windows Registry Editor Version 5.00\r\n")
                );
            }
        }
        for nowhere in [
            "/fixes/nothing",
            "/fixes/restart-computer/nothing.ps1",
            "/fixes/nothing/x.reg",
            "/fixes/%FF/x.reg",
        ] {
            assert_eq!(
                person(&app, &cookie, nowhere).await.status,
                404,
                "{nowhere}"
            );
        }
    }
}
