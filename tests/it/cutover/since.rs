//! What becomes of a decision without anybody asking: it is held against its clients, and says so itself when it does not stand.

use std::time::{Duration, Instant};

use cutover::clock;
use serde_json::Value;

use super::{
    after::decide,
    served::{estate, lately, page, post, scope},
};
use crate::support::{app::TestApp, report::HOUR, stores::run};

const OFTEN: &[&str] = &["--rate-limit", "0", "--watch-minutes", "0"];

/// Waits until what the newest decision says of itself is so.
async fn until(app: &TestApp, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let all = app.json("/api/v1/decisions").await;
        let now = all["items"][0]["now"].clone();
        if is_so(&now) {
            return now;
        }
        assert!(Instant::now() < end, "{what}: {all}\n{}", app.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_decision_that_does_not_stand_says_so_on_the_first_screen() {
    for app in TestApp::each_with(OFTEN).await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let record = decide(&app, &cookie, &scope).await;
        let first = until(&app, "it is looked at", Value::is_object).await;
        assert_eq!(first["look_again"], false, "{first}");
        assert_eq!(first["more"], 0, "{first}");
        assert_eq!(first["rollback_due"], Value::Null, "{first}");
        let text = page(&app, &cookie, "/cutover").await;
        assert!(text.contains("As it was decided"), "{text}");
        let stands = |text: &str| {
            let row = text.split("data-label=\"Stands\">").nth(1).expect("a cell");
            row.split("</td>").next().expect("its end").to_owned()
        };
        let named = format!("<a href=\"{record}\">Record 1</a>, Go, against the criteria. ");
        let cell = stands(&text);
        assert!(
            cell.starts_with(&format!("{named}As it was decided")),
            "{cell}"
        );
        let home = page(&app, &cookie, "/").await;
        assert!(!home.contains("does not stand as it was decided"), "{home}");
        // One that was safe blocks now.
        app.report("READY-1").windows7_untouched().stored().await;
        let found = until(&app, "it has changed", |now| now["look_again"] == true).await;
        assert_eq!(found["more"], 1, "{found}");
        assert_eq!(found["recommended"], false, "{found}");
        for (path, words) in [
            ("/cutover", "1 more client is not safe"),
            (&*scope, "1 more client is not safe"),
            (&*record, "+1"),
        ] {
            let text = page(&app, &cookie, path).await;
            assert!(text.contains(words), "{path}: {text}");
        }
        let cell = stands(&page(&app, &cookie, "/cutover").await);
        let bad = format!("{named}<strong>1 more client is not safe");
        assert!(cell.starts_with(&bad), "{cell}");
        let home = page(&app, &cookie, "/").await;
        let line = format!(
            "<a href=\"{record}\">Record 1 for Site P01 (Go, against the criteria) does not stand as it was decided. 1 more client is not safe</a>"
        );
        assert!(home.contains(&line), "{home}");
        // Whoever is about to switch off is told that, and that the day is to come.
        let text = page(&app, &cookie, &format!("{record}/after")).await;
        assert!(text.contains("Before you switch off"), "{text}");
        assert!(
            text.contains("The planned day is 2027-03-12, which is to come."),
            "{text}"
        );
        assert!(
            text.contains("It does not stand as it was decided. 1 more client is not safe."),
            "{text}"
        );
        // A later decision is the one that counts.
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        let form = format!(
            "decided=no_go&seen_go=0&seen_most={}&why=Too+early",
            now["most"]
        );
        let made = post(&app, &cookie, &format!("{scope}/decide"), &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let text = page(&app, &cookie, "/cutover").await;
        assert!(text.contains("A later decision came"), "{text}");
        assert!(text.contains("Nothing to watch"), "{text}");
        let home = page(&app, &cookie, "/").await;
        assert!(!home.contains("does not stand as it was decided"), "{home}");
        let text = page(&app, &cookie, &format!("{record}/after")).await;
        assert!(
            text.contains("A later decision of this scope was made: record 2, No-go."),
            "{text}"
        );
    }
}

#[tokio::test]
async fn going_back_is_called_for_without_anybody_looking() {
    for app in TestApp::each_with(OFTEN).await {
        // One whose report gets too old in some seconds, and one that goes on.
        let edge = -24 * HOUR + 15_000;
        app.report("QUIET-1").collected(edge).stored().await;
        app.report("READY-1").stored().await;
        let cookie = app.sign_in().await;
        let form = "name=Everybody&tls10=1&freshness_days=1";
        let made = post(&app, &cookie, "/cutover", form).await;
        let scope = made.header("location");
        let form = "criterion=heard_again_hours&limit=1&why=Clients+report+hourly";
        let set = post(&app, &cookie, &format!("{scope}/limits"), form).await;
        assert_eq!(set.status, 303, "{}", set.text());
        let record = decide(&app, &cookie, &scope).await;
        let switched = post(&app, &cookie, &format!("{record}/switched"), "").await;
        assert_eq!(switched.status, 422, "it was decided against the criteria");
        let why = "why=The+night+was+free+for+it";
        let switched = post(&app, &cookie, &format!("{record}/switched"), why).await;
        assert_eq!(switched.status, 303);
        until(&app, "somebody is missed", |now| {
            now["rollback_due"] == true
        })
        .await;
        let home = page(&app, &cookie, "/").await;
        let line = format!(
            "<a href=\"{record}/after\">Record 1 for Everybody (Go, against the criteria) does not stand as it was decided. Going back is due: 1 of 2 heard lately have stopped"
        );
        assert!(home.contains(&line), "{home}");
        let text = page(&app, &cookie, &record).await;
        assert!(
            text.contains("Going back is due: 1 of 2 heard lately have stopped"),
            "{text}"
        );
        // That a board says no now brings nobody back.
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        let form = format!(
            "decided=no_go&seen_go=0&seen_most={}&why=We+go+back",
            now["most"]
        );
        let made = post(&app, &cookie, &format!("{scope}/decide"), &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let list = page(&app, &cookie, "/cutover").await;
        let stands = format!(
            "No-go. Nothing to watch <a href=\"{record}/after\">Record 1</a>: <strong>Going back is due"
        );
        assert!(list.contains(&stands), "{list}");
        let home = page(&app, &cookie, "/").await;
        assert!(home.contains(&line), "{home}");
        let all = app.json("/api/v1/decisions").await;
        assert_eq!(all["items"][1]["now"]["rollback_due"], true, "{all}");
        let back = post(
            &app,
            &cookie,
            &format!("{record}/switched"),
            "take_back=1&why=It+is+on+again",
        )
        .await;
        assert_eq!(back.status, 303, "{}", back.text());
        let home = page(&app, &cookie, "/").await;
        assert!(!home.contains("Going back is due"), "{home}");
    }
}

#[tokio::test]
async fn what_moved_since_a_run_is_said_beside_it() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let run = post(&app, &cookie, &format!("{scope}/run"), "").await;
        assert_eq!(run.status, 303, "{}", run.text());
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains("No client that was known then has changed its standing since."),
            "{text}"
        );
        // The clock of the database tells whether it was later.
        tokio::time::sleep(Duration::from_millis(20)).await;
        app.report("READY-1").windows7_untouched().stored().await;
        app.report("ELSEWHERE-1").at_site("P02").stored().await;
        app.report("ELSEWHERE-1")
            .at_site("P02")
            .windows7_untouched()
            .stored()
            .await;
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains(
                "The standing of 1 client of these sites has changed since, and new ones may have come: run it again."
            ),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_a_site_system_reports_nobody_says_away() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let say = format!("{scope}/say");
        let form = format!("kind=site_systems&note=All+parts+seen&about={}", lately());
        assert_eq!(post(&app, &cookie, &say, &form).await.status, 303);
        let alone = "No site system of this scope reports, so nothing but this word is known.";
        let text = page(&app, &cookie, &scope).await;
        assert!(text.contains(alone), "{text}");
        let met = |text: &str| text.matches("data-label=\"Met?\">Met<").count();
        let before = met(&text);
        let roles = serde_json::json!(["management_point"]);
        let server = || app.report("MP-1").set("/client/roles", roles.clone());
        server().windows7_untouched().stored().await;
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains("1 of 1 that report are not ready, whatever anybody says."),
            "{text}"
        );
        assert_eq!(met(&text), before - 1, "{text}");
        let beside = "Of 1 site system of this scope that reports, 1 is not ready: MP-1. At 1 site that is a management point, or what one needs:";
        assert!(text.contains(beside), "{text}");
        let home = page(&app, &cookie, "/").await;
        assert!(
            home.contains("1 machine of the role management point blocks itself, with everybody who depends on it"),
            "{home}"
        );
        // One of another site is another scope's.
        let elsewhere = app.report("MP-2").at_site("P02");
        elsewhere
            .set("/client/roles", roles.clone())
            .windows7_untouched()
            .stored()
            .await;
        let text = page(&app, &cookie, &scope).await;
        assert!(text.contains("1 of 1 that report are not ready"), "{text}");
    }
}

/// Whoever was called safe and left the filter of its scope is still somebody who was called safe.
#[tokio::test]
async fn nobody_leaves_a_record_by_another_windows() {
    for app in TestApp::each_with(OFTEN).await {
        app.report("READY-1").stored().await;
        app.report("READY-2").stored().await;
        let cookie = app.sign_in().await;
        let os = app.json("/api/v1/clients").await["items"][0]["os"]["key"].clone();
        let os = os.as_str().expect("an OS version");
        let form = format!("name=One+Windows&sites=P01&tls10=1&freshness_days=14&filter=os%3D{os}");
        let made = post(&app, &cookie, "/cutover", &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let scope = made.header("location");
        let record = decide(&app, &cookie, &scope).await;
        let first = until(&app, "it is looked at", Value::is_object).await;
        assert_eq!(first["look_again"], false, "{first}");
        let others = "left out by the filter of this scope";
        let text = page(&app, &cookie, &scope).await;
        assert!(!text.contains(others), "{text}");
        // It is another Windows now, blocks, and is not in the filter any more.
        app.report("READY-1").windows7_untouched().stored().await;
        let found = until(&app, "it has changed", |now| now["look_again"] == true).await;
        assert_eq!(found["more"], 1, "{found}");
        let text = page(&app, &cookie, &record).await;
        assert!(text.contains("READY-1") && text.contains("+1"), "{text}");
        let text = page(&app, &cookie, &scope).await;
        let one = "1 other client of the same sites is not ready, and left out by the filter of this scope.";
        assert!(text.contains(one), "{text}");
    }
}

/// Whoever switches off relies on what is so now, and not on what was found within the last hour.
#[tokio::test]
async fn whoever_says_that_it_was_switched_off_is_told_what_is_so_now() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let record = decide(&app, &cookie, &scope).await;
        let switched = format!("{record}/switched");
        let says = "It does not stand as it was decided. 1 more client is not safe.";
        let refused = post(&app, &cookie, &switched, "").await;
        assert_eq!(refused.status, 422, "the day is to come");
        let after = format!("{record}/after");
        let text = page(&app, &cookie, &after).await;
        assert!(!text.contains(says), "{text}");
        app.report("READY-1").windows7_untouched().stored().await;
        let refused = post(&app, &cookie, &switched, "").await;
        assert_eq!(refused.status, 422);
        let text = page(&app, &cookie, &after).await;
        assert!(text.contains(says), "{text}");
        let waits =
            "Nobody has said that it was switched off, so nobody can tell yet how right it was.";
        assert!(text.contains(waits), "{text}");
        let all_the_same = "why=The+line+stands+still+tonight+only";
        let done = post(&app, &cookie, &switched, all_the_same).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let text = page(&app, &cookie, &after).await;
        assert!(!text.contains(waits), "{text}");
    }
}

#[tokio::test]
async fn exceptions_that_came_or_went_since_a_run_are_said_beside_it() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let ran = post(&app, &cookie, &format!("{scope}/run"), "").await;
        assert_eq!(ran.status, 303, "{}", ran.text());
        let now = clock::now().0;
        let approved = format!(
            "INSERT INTO exceptions (estate, id, client_id, kind, reason, control, owner, expires_at, verdict, reasons, os_key,
  requested_by, requested_at, decision, decided_by, decided_at)
SELECT estate, 'x', id, 'grace', 'a', 'b', 'c', {}, verdict, reasons, os_key, 'olga', 1, 'approved', 'anna', {}
FROM clients WHERE standing = 'blocking' AND site = 'P01'",
            now + 864_000_000,
            now + 1
        );
        let ended = format!(
            "UPDATE exceptions SET decided_at = 1, ended_at = {}, ended_by = 'anna', ended_why = 'withdrawn'",
            now + 1
        );
        let expired = format!(
            "UPDATE exceptions SET expires_at = {}, ended_at = NULL, ended_by = NULL, ended_why = NULL",
            now + 1
        );
        let says = "1 exception of these sites was approved or has ended since: run it again.";
        for text in [approved, ended, expired] {
            run(app.database_url(), &text).await;
            let seen = page(&app, &cookie, &scope).await;
            assert!(seen.contains(says), "{text}: {seen}");
        }
        // Of another site, or ended before the run, it is nothing to this scope.
        for text in [
            "UPDATE exceptions SET expires_at = 2, ended_at = 2, ended_why = 'expired'",
            "UPDATE exceptions SET decided_at = 9000000000000, ended_at = NULL, ended_why = NULL;
UPDATE clients SET site = 'P02' WHERE standing = 'blocking'",
        ] {
            run(app.database_url(), text).await;
            let seen = page(&app, &cookie, &scope).await;
            assert!(
                !seen.contains("1 exception of these sites"),
                "{text}: {seen}"
            );
        }
        run(
            app.database_url(),
            "UPDATE clients SET site = 'P01' WHERE standing = 'blocking'",
        )
        .await;
        let seen = page(&app, &cookie, &scope).await;
        assert!(seen.contains(says), "{seen}");
    }
}
