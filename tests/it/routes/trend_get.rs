//! `GET /trend`, `/trend/{day}`, `/api/v1/trend` and `/api/v1/regressed`: numbers that agree with each other.

use cutover::{
    clock,
    domain::{days::date_of, feeds::day_of},
};
use reqwest::{Method, header};
use serde_json::Value;

use super::summary_get::fleet;
use crate::support::{answer::Answer, app::TestApp};

async fn page(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await
}

#[tokio::test]
async fn a_first_day_is_there_at_once_and_has_the_numbers_of_the_summary() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let summary = app.json("/api/v1/summary").await;
        let trend = app.json("/api/v1/trend").await;
        let items = trend["items"].as_array().expect("items");
        let today = items.last().expect("today");
        assert_eq!(today["day"], date_of(day_of(clock::now())));
        assert_eq!(today["complete"], false);
        assert_eq!(today["standings"], summary["standings"], "{}", app.engine);
        assert_eq!(today["readiness"], summary["readiness"]);
        let range = &summary["readiness"];
        let n = |value: &Value| value.as_i64().expect("a number");
        assert_eq!(n(&range["at_least"]), n(&summary["standings"]["ready"]));
        assert_eq!(n(&range["of"]), n(&summary["population"]["total"]));
        assert_eq!(trend["forecast"]["given"], false);
        let says = trend["forecast"]["says"][0].as_str().expect("a sentence");
        assert!(says.starts_with("No forecast yet"), "{says}");
        assert_eq!(summary["changes_since"], Value::Null);
        assert_eq!(summary["by_os"][0]["change_7_days"], Value::Null);
        for query in [
            "site=P01",
            "os=6.1.7601-client",
            "site=P02&os=6.1.7601-client",
        ] {
            let trend = app.json(&format!("/api/v1/trend?{query}")).await;
            for standing in ["blocking", "ready", "silent"] {
                let list = app
                    .json(&format!("/api/v1/clients?{query}&standing={standing}"))
                    .await;
                assert_eq!(
                    trend["items"][0]["standings"][standing], list["total"],
                    "{query} {standing} on {}",
                    app.engine
                );
            }
        }
        let reason = summary["reasons"][0]["reason"].as_str().expect("a reason");
        let trend = app.json(&format!("/api/v1/trend?reason={reason}")).await;
        assert_eq!(
            trend["items"][0]["standings"]["blocking"],
            summary["reasons"][0]["blocking"]
        );
        assert_eq!(trend["forecast"], Value::Null);
        let csv = app.get("/api/v1/trend?format=csv").await.ok("csv");
        assert!(csv.header("content-type").starts_with("text/csv"));
        let text = csv.text();
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some(
                "day,taken_at,ruleset,blocking,undetermined,conflict,restart_pending,stale,silent,ready,lists,feeds,feeds_stopped,to_rejudge,simulated"
            )
        );
        assert_eq!(lines.count(), items.len());
    }
}

#[tokio::test]
async fn who_was_ready_is_one_number_everywhere() {
    for app in TestApp::each().await {
        for name in ["PC-1", "PC-2", "PC-3"] {
            app.report(name).collected(-3 * 3_600_000).stored().await;
        }
        app.report("PC-1").windows7_untouched().stored().await;
        app.report("PC-2").windows7_untouched().stored().await;
        let summary = app.json("/api/v1/summary").await;
        assert_eq!(summary["regressed_30_days"], 2, "{}", app.engine);
        for path in [
            "/api/v1/clients?regressed=1",
            "/api/v1/clients?regressed=1&limit=1",
        ] {
            assert_eq!(app.json(path).await["total"], 2);
        }
        let blockers = app.json("/api/v1/blockers?regressed=1").await;
        assert_eq!(blockers["total"], 2);
        let who = app.json("/api/v1/regressed").await;
        assert_eq!((&who["total"], &who["shown"]), (&2.into(), &2.into()));
        for item in who["items"].as_array().expect("items") {
            assert_eq!(item["was"], "ready");
            let gained = item["reasons_gained"].as_array().expect("reasons");
            assert!(!gained.is_empty(), "{item}");
        }
        let cookie = app.sign_in().await;
        let home = page(&app, &cookie, "/").await.ok("/").text();
        assert!(
            home.contains(
                "<a href=\"/clients?regressed=1\">2 clients were ready and are not any more"
            ),
            "{home}"
        );
        let trend = page(&app, &cookie, "/trend?days=30&by=2030-01-01")
            .await
            .ok("a page")
            .text();
        assert!(
            trend.contains("href=\"/clients?regressed=1\">2</a>"),
            "{trend}"
        );
        assert!(
            trend.contains("To have nobody left on 2030-01-01"),
            "{trend}"
        );
        for path in [
            "/clients?regressed=1",
            "/blockers?unchanged=60&standing=all",
        ] {
            page(&app, &cookie, path).await.ok(path);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let app = TestApp::one();
    for (query, word) in [
        ("days=1", "from 2 to 3650"),
        ("days=x", "from 2 to 3650"),
        ("standing=green", "must be one of"),
        ("by=tomorrow", "a date such as"),
        ("format=xml", "json or csv"),
        ("q=pc", "not known here"),
        ("os=%00", "NUL"),
    ] {
        let answer = app.get(&format!("/api/v1/trend?{query}")).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
        assert!(answer.text().contains(word), "{query}: {}", answer.text());
    }
    for query in ["unchanged=0", "unchanged=x", "regressed=2"] {
        let answer = app.get(&format!("/api/v1/clients?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
    }
    let cookie = app.sign_in().await;
    for path in [
        "/trend/2020-01-01",
        "/trend/x",
        "/trend/9999-12-31",
        "/trend/%FF",
    ] {
        assert_eq!(page(&app, &cookie, path).await.status, 404, "{path}");
    }
    let stranger = app.request(Method::GET, "/api/v1/trend");
    assert_eq!(Answer::to(stranger).await.status, 401);
}
