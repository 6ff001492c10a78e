//! After a decision, through the server: who is watched, what is said of the switch, and who has stopped.

use std::time::Duration;

use super::served::{estate, page, post, scope};
use crate::support::{app::TestApp, report::HOUR};

/// Decides to switch off, against the criteria; answers the address of the record.
pub async fn decide(app: &TestApp, cookie: &str, scope: &str) -> String {
    let id = scope.rsplit('/').next().expect("an id");
    let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
    let form = format!(
        "decided=go&seen_go=0&seen_most={}&why=The+plant+closes+this+year",
        now["most"]
    );
    let made = post(app, cookie, &format!("{scope}/decide"), &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    made.header("location")
}

#[tokio::test]
async fn who_is_heard_lately_is_watched_and_nobody_is_called_stopped_too_early() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let form = "criterion=rollback_trigger&limit=5&why=Agreed+in+the+board";
        let set = post(&app, &cookie, &format!("{scope}/limits"), form).await;
        assert_eq!(set.status, 303, "{}", set.text());
        let decision = decide(&app, &cookie, &scope).await;
        let api = format!("/api/v1{}/after", decision.replace("/cutover", ""));
        let after = app.json(&api).await;
        assert_eq!(after["all"]["clients"], 4, "{after}");
        assert_eq!(after["all"]["baseline"], 3, "{after}");
        assert_eq!(after["all"]["waiting"], 3, "{after}");
        assert_eq!(after["by_predicted"]["cannot_say"]["baseline"], 0);
        assert_eq!(after["rollback_due"], serde_json::Value::Null);
        assert_eq!(after["rollback_trigger"], 500, "as it was frozen");
        assert_eq!(after["switched_by"], serde_json::Value::Null);
        let at = format!("{decision}/after");
        let text = page(&app, &cookie, &at).await;
        assert!(text.contains("Too early to say"), "{text}");
        assert!(text.contains("Nobody had written one down"), "{text}");
        // A later limit is not that of the decision.
        let form = "criterion=rollback_trigger&limit=1&why=Another+mood";
        let set = post(&app, &cookie, &format!("{scope}/limits"), form).await;
        assert_eq!(set.status, 303);
        let switched = format!("{decision}/switched");
        assert_eq!(post(&app, &cookie, &switched, "").await.status, 422);
        assert_eq!(
            post(&app, &cookie, &switched, "why=The+night+was+free+for+it")
                .await
                .status,
            303
        );
        let after = app.json(&api).await;
        assert_eq!(after["switched_by"], "admin");
        assert_eq!(after["rollback_trigger"], 500);
        // What was read before the switch is no word after it, whenever it comes.
        app.report("READY-1").collected(-HOUR / 60).stored().await;
        assert_eq!(app.json(&api).await["all"]["heard"], 0);
        tokio::time::sleep(Duration::from_millis(20)).await;
        for name in ["READY-1", "READY-2", "OLD-1", "NEVER-1"] {
            app.report(name).collected(0).stored().await;
        }
        let after = app.json(&api).await;
        assert_eq!(after["all"]["heard"], 3, "{after}");
        assert_eq!(after["rollback_due"], false, "{after}");
        assert_eq!(after["by_predicted"]["will_lose"]["heard"], 1, "{after}");
        let text = page(&app, &cookie, &at).await;
        assert!(text.contains("Going back is not due"), "{text}");
        assert!(
            text.contains("Of 1 that was to lose contact and heard lately, 1 was heard again."),
            "{text}"
        );
        let back = post(&app, &cookie, &switched, "take_back=1&why=Said+too+early").await;
        assert_eq!(back.status, 303);
        let after = app.json(&api).await;
        assert_eq!(after["switched_by"], serde_json::Value::Null);
        let log = app
            .request(reqwest::Method::GET, "/api/v1/audit?deed=decision.switched")
            .header("cookie", &cookie);
        let log = crate::support::answer::Answer::to(log)
            .await
            .ok("the log")
            .json();
        assert_eq!(log["items"].as_array().map(Vec::len), Some(2), "{log}");
    }
}

#[tokio::test]
async fn who_is_missed_is_named_and_going_back_is_due() {
    let app = TestApp::one();
    // Heard so long ago that its report gets too old in a moment; others just now.
    let left = Duration::from_secs(12);
    let edge = -24 * HOUR + i64::try_from(left.as_millis()).expect("a number");
    app.report("QUIET-1").collected(edge).stored().await;
    app.report("READY-1").stored().await;
    let cookie = app.sign_in().await;
    let form = "name=Site+P01&sites=P01&tls10=1&freshness_days=1";
    let made = post(&app, &cookie, "/cutover", form).await;
    let scope = made.header("location");
    let form = "criterion=heard_again_hours&limit=1&why=Clients+report+hourly";
    let set = post(&app, &cookie, &format!("{scope}/limits"), form).await;
    assert_eq!(set.status, 303, "{}", set.text());
    let decision = decide(&app, &cookie, &scope).await;
    let api = format!("/api/v1{}/after", decision.replace("/cutover", ""));
    let first = app.json(&api).await;
    assert_eq!(first["all"]["baseline"], 2, "{first}");
    assert_eq!(first["all"]["stopped"], 0, "{first}");
    let switched = format!("{decision}/switched");
    let why = "why=The+line+stands+still+tonight+only";
    let said = post(&app, &cookie, &switched, why).await;
    assert_eq!(said.status, 303, "{}", said.text());
    tokio::time::sleep(left).await;
    app.report("READY-1").collected(0).stored().await;
    let after = app.json(&api).await;
    assert_eq!(after["all"]["stopped"], 1, "{after}");
    assert_eq!(after["stopped"][0]["name"], "QUIET-1", "{after}");
    assert_eq!(after["stopped"][0]["predicted"], "safe", "{after}");
    assert_eq!(after["rollback_due"], true, "{after}");
    assert_eq!(after["stopped_share"], 5_000, "{after}");
    let text = page(&app, &cookie, &format!("{decision}/after")).await;
    assert!(text.contains("Going back is due: 1 of 2"), "{text}");
    assert!(
        text.contains(
            "Of 1 that has stopped, 0 had been named before, and 1 had been called safe."
        ),
        "{text}"
    );
    assert!(text.contains("QUIET-1"), "{text}");
}
