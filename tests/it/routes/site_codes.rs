//! What a site may be called: the same wherever a site comes in.

use cutover::domain::identity::{SITE_AT_MOST, check_site};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    answer::Answer,
    app::{TestApp, stored_rows},
    report::from_now,
};

/// Control, zero-width and bidi signs, and one that is only blank.
const HIDDEN: [&str; 6] = [
    "P0\u{1}1",
    "P01\u{200b}",
    "\u{202e}10P",
    "P\u{2066}01",
    "P01\u{feff}",
    "P01\u{3164}",
];

#[test]
fn a_site_code_is_short_and_of_signs_that_can_be_seen() {
    for good in [
        "P01",
        "Frankfurt – West",
        "東京",
        "a",
        &"x".repeat(SITE_AT_MOST),
    ] {
        assert_eq!(check_site(good), Ok(()), "{good}");
    }
    for bad in HIDDEN {
        let said = check_site(bad).expect_err(bad);
        assert!(said.contains("U+") && said.contains("P01"), "{said}");
    }
    let said = check_site(&"é".repeat(SITE_AT_MOST + 1)).expect_err("long");
    assert!(said.contains("longer than 64 characters"), "{said}");
}

#[tokio::test]
async fn a_site_that_cannot_be_seen_comes_in_nowhere() {
    for app in TestApp::each().await {
        let long = "x".repeat(SITE_AT_MOST + 1);
        let mut bad: Vec<&str> = HIDDEN.to_vec();
        bad.push(&long);
        for site in bad {
            let report = app.report("PC-1").at_site(site);
            let refused = Answer::to(app.reports(report.line())).await;
            assert_eq!(refused.status, 422, "{site:?}: {}", refused.text());
            let text = refused.text();
            assert!(
                text.contains("/client/site_code") && text.contains("a site code"),
                "on {}: {text}",
                app.engine
            );
            let id = app.upload("?name=a.json", report.line()).await;
            let rows = stored_rows(&app, id["id"].as_str().expect("an id")).await;
            assert!(
                rows.to_string().contains("/client/site_code"),
                "{site:?}: {rows}"
            );
            let list = format!("name,site\r\nPC-1,{site}\r\nPC-2,P01\r\n");
            let put = app.put_population("", list).await.ok("a list").json();
            let told = &put["rejected"][0];
            assert_eq!(
                (&put["rows"], &told["line"]),
                (&json!(1), &json!(2)),
                "{put}"
            );
            let detail = told["detail"].as_str().expect("a sentence");
            assert!(detail.contains("a site code"), "{detail}");
            let seen = json!({
                "system": "MP01", "site_code": site,
                "observations": [{"address": "10.0.0.1", "protocol": "tls1.0", "first_at": from_now(-9000),
                    "last_at": from_now(-9000), "count": 1}],
            });
            let request = app
                .request(Method::POST, "/api/v1/observations")
                .bearer_auth(app.token("import"))
                .body(seen.to_string());
            Answer::to(request).await.problem(422);
            let token = [
                "token",
                "create",
                "--purpose",
                "ingest",
                "--name",
                "t",
                "--sites",
            ];
            let made = app.command(&[&token[..], &[site]].concat(), "");
            assert!(!made.status.success(), "{site:?}");
        }
        let known = app.json("/api/v1/clients?q=PC-1").await;
        assert_eq!(known["total"], 0, "{known}");
        // A long name is a name.
        app.report("PC-3")
            .at_site("Frankfurt – West")
            .stored()
            .await;
        let there = app
            .json("/api/v1/clients?site=Frankfurt%20%E2%80%93%20West")
            .await;
        assert_eq!(there["total"], 1, "on {}: {there}", app.engine);
    }
}
