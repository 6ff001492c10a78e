//! A client that turned ready in a suspicious way keeps a board from "go", until somebody has looked.

use reqwest::Method;
use serde_json::{Value, json};

use super::served::{page, post, scope};
use crate::{
    support::{answer::Answer, app::TestApp, report::HOUR},
    suspicions::sites::close_all,
};

const PASSWORD: &str = "brown horse, 4 legs";

fn criterion(what_if: &Value) -> Value {
    let all = what_if["criteria"].as_array().expect("criteria");
    let one = all.iter().find(|one| one["criterion"] == "suspicious");
    one.expect("it is asked").clone()
}

#[tokio::test]
async fn an_open_suspicion_about_a_turn_to_ready_is_a_criterion() {
    for app in TestApp::each().await {
        let thief = app.make_token("ingest", "another sender");
        for name in ["PC-1", "PC-2"] {
            let bad = app.report(name).windows7_untouched().collected(-HOUR);
            bad.stored().await;
        }
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let what_if = async || app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        let before = what_if().await;
        assert_eq!(
            (&criterion(&before)["figure"], &criterion(&before)["met"]),
            (&json!(0), &json!(true)),
            "{before}"
        );
        // One is mended and says so itself; of the other somebody else says so.
        app.report("PC-1").stored().await;
        let forged = app
            .request(Method::POST, "/api/v1/reports")
            .bearer_auth(&thief)
            .body(app.report("PC-2").line());
        Answer::to(forged).await.ok("forged");
        let after = what_if().await;
        let held = criterion(&after);
        assert_eq!(
            (&held["figure"], &held["limit"], &held["met"]),
            (&json!(1), &json!(0), &json!(false)),
            "{} {after}",
            app.engine
        );
        assert_eq!(
            (&after["go"], &after["tally"]["suspected"]),
            (&json!(false), &json!(1))
        );
        assert_eq!(
            after["tally"]["fates"]["safe"], 2,
            "it moves nobody: {after}"
        );
        assert_ne!(after["input_hash"], before["input_hash"]);
        // The board says it, and where it can be looked at.
        post(&app, &cookie, &format!("{scope}/run"), "").await;
        let text = page(&app, &cookie, &scope).await;
        let row = text.split("#criterion-suspicious").nth(1).expect("a row");
        let row = row.split("</tr>").next().expect("its end");
        assert!(
            row.contains("1; at most 0 may be.") && row.contains("href=\"/suspicions\""),
            "{row}"
        );
        // Somebody looks.
        let open = app.json("/api/v1/suspicions").await;
        let open = open["items"][0]["id"].as_str().expect("an id").to_owned();
        let form = format!("id={open}&why=its+disk+was+moved");
        assert_eq!(
            post(&app, &cookie, "/suspicions/close", &form).await.status,
            303
        );
        assert_eq!(criterion(&what_if().await)["met"], true, "{}", app.engine);
    }
}

#[tokio::test]
async fn a_verdict_that_a_report_took_away_is_a_criterion_too() {
    for app in TestApp::each().await {
        app.report("PC-1").stored().await;
        app.report("PC-2")
            .winhttp_old()
            .collected(-HOUR)
            .stored()
            .await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let what_if = async || app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!(criterion(&what_if().await)["figure"], json!(0));
        app.report("PC-2").winhttp_unreadable().stored().await;
        let held = criterion(&what_if().await);
        assert_eq!(
            (&held["figure"], &held["met"]),
            (&json!(1), &json!(false)),
            "{}",
            app.engine
        );
        let open = app.json("/api/v1/suspicions").await;
        let open = open["items"][0]["id"].as_str().expect("an id").to_owned();
        let form = format!("id={open}&why=it+is+being+mended");
        assert_eq!(
            post(&app, &cookie, "/suspicions/close", &form).await.status,
            303
        );
        assert_eq!(criterion(&what_if().await)["met"], true, "{}", app.engine);
    }
}

/// That nothing is behind a suspicion is a word by which a board decides, so that somebody else does.
#[tokio::test]
async fn whoever_closed_a_suspicion_does_not_decide_by_that_alone() {
    for app in TestApp::each().await {
        let thief = app.make_token("ingest", "another sender");
        let bad = app.report("PC-1").windows7_untouched().collected(-HOUR);
        bad.stored().await;
        let forged = app.request(Method::POST, "/api/v1/reports");
        let forged = forged.bearer_auth(&thief).body(app.report("PC-1").line());
        Answer::to(forged).await.ok("forged");
        let cookie = app.sign_in().await;
        app.add_user("pat", "approver", PASSWORD);
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let scope = scope(&app, &cookie, "&two_people=1").await;
        close_all(&app, &pat).await;
        let asked = post(&app, &cookie, &format!("{scope}/say"), "kind=request").await;
        assert_eq!(asked.status, 303, "{}", asked.text());
        post(&app, &pat, &format!("{scope}/run"), "").await;
        let text = page(&app, &pat, &scope).await;
        let wanted = "you closed a suspicion about PC-1 yourself. So somebody else decides";
        assert!(text.contains(wanted), "on {}: {text}", app.engine);
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        let go = format!(
            "decided=go&seen_go=0&seen_most={}&why=The+plant+closes+this+year",
            now["most"]
        );
        let refused = post(&app, &pat, &format!("{scope}/decide"), &go).await;
        assert_eq!(refused.status, 422);
        let text = refused.text();
        assert!(text.contains("you closed a suspicion about PC-1"), "{text}");
        // Against it they decide, and somebody else for it.
        let no = go.replace("decided=go", "decided=no_go");
        let made = post(&app, &pat, &format!("{scope}/decide"), &no).await;
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

/// A list takes nobody out of what is decided whom a report made ready that nobody has looked at.
#[tokio::test]
async fn whom_a_list_leaves_out_after_a_suspected_report_counts_until_somebody_has_looked() {
    for app in TestApp::each().await {
        let thief = app.make_token("ingest", "another sender");
        let bad = app.report("PC-1").windows7_untouched().collected(-HOUR);
        bad.stored().await;
        let forged = app.request(Method::POST, "/api/v1/reports");
        let forged = forged.bearer_auth(&thief).body(app.report("PC-1").line());
        Answer::to(forged).await.ok("forged");
        app.report("PC-2").stored().await;
        let list = "name,site,obsolete\r\nPC-1,P01,1\r\nPC-2,P01,0\r\n";
        let agreed = app.put_agreed("", list).await;
        agreed.ok("a list");
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let counted = async || {
            let run = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
            let gate = app.json("/api/v1/gate?site=P01").await;
            let held = gate["criteria"].as_array().expect("criteria").iter();
            let held = held
                .clone()
                .find(|one| one["criterion"] == "left_out_heard");
            let figure = held.expect("it is asked")["figure"].clone();
            (run["tally"]["because"]["left_out_heard"].clone(), figure)
        };
        assert_eq!(counted().await, (json!(1), json!(1)), "on {}", app.engine);
        close_all(&app, &cookie).await;
        assert_eq!(
            counted().await,
            (Value::Null, json!(0)),
            "on {}",
            app.engine
        );
    }
}
