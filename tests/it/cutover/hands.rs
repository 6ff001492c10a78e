//! Whose hands a decision goes through: what one person alone cannot bring about, what has to be said, and what goes away.

use super::{
    after::decide,
    served::{estate, lately, page, post, scope},
};
use crate::{
    support::{
        app::TestApp,
        report::{HOUR, from_now},
    },
    suspicions::sites::close_all,
};
use cutover::domain::audit::ARGUMENT;
use serde_json::json;

/// What is no sentence.
const NO_ARGUMENTS: [&str; 6] = [
    "",
    "+",
    "ok+go",
    "The+board+says",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ok+ok+ok+ok+ok+ok+ok+ok+ok+ok",
];

const PASSWORD: &str = "brown horse, 4 legs";

async fn most(app: &TestApp, scope: &str) -> i64 {
    let id = scope.rsplit('/').next().expect("an id");
    let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
    now["most"].as_i64().expect("a number")
}

/// Who says that the way back was tried is not the one who decides by it.
#[tokio::test]
async fn whoever_says_what_meets_a_criterion_does_not_decide_by_it_alone() {
    for app in TestApp::each().await {
        estate(&app).await;
        let admin = app.sign_in().await;
        app.add_user("pat", "approver", PASSWORD);
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let scope = scope(&app, &admin, "&two_people=1").await;
        let (say, decide) = (format!("{scope}/say"), format!("{scope}/decide"));
        let mark = format!("kind=rollback&note=Written+and+tried&about={}", lately());
        assert_eq!(post(&app, &pat, &say, &mark).await.status, 303);
        assert_eq!(post(&app, &admin, &say, "kind=request").await.status, 303);
        post(&app, &pat, &format!("{scope}/run"), "").await;
        let most = most(&app, &scope).await;
        let go = format!("decided=go&seen_go=0&seen_most={most}&why=The+plant+closes+this+year");
        let refused = post(&app, &pat, &decide, &go).await;
        assert_eq!(refused.status, 422);
        let text = refused.text();
        assert!(text.contains("you said yourself what meets"), "{text}");
        let text = page(&app, &pat, &scope).await;
        assert!(
            text.contains("So somebody else decides to switch off."),
            "{text}"
        );
        let text = page(&app, &admin, &scope).await;
        assert!(text.contains("You asked for this decision, so"), "{text}");
        assert!(!text.contains("Decide with my name"), "{text}");
        // Nobody is kept from stopping it.
        let no = format!("decided=no_go&seen_go=0&seen_most={most}&why=Too+early");
        assert_eq!(post(&app, &pat, &decide, &no).await.status, 303);
        // Said by the other one it is theirs.
        assert_eq!(post(&app, &admin, &say, "kind=request").await.status, 303);
        assert_eq!(post(&app, &admin, &say, &mark).await.status, 303);
        let made = post(&app, &pat, &decide, &go).await;
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

/// The form stands where it is somebody's turn, and else what has to happen first.
#[tokio::test]
async fn the_form_of_a_decision_is_there_for_whoever_can_decide() {
    const FORM: &str = "Decide with my name";
    const ALONE: &str = "One person decided alone.";
    for app in TestApp::each().await {
        estate(&app).await;
        let admin = app.sign_in().await;
        app.add_user("pat", "approver", PASSWORD);
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let scope = scope(&app, &admin, "&two_people=1").await;
        assert_eq!(
            post(&app, &admin, &format!("{scope}/run"), "").await.status,
            303
        );
        let shows = async |cookie: &str, form: bool, words: &str| {
            let text = page(&app, cookie, &scope).await;
            assert_eq!(text.contains(FORM), form, "{words}: {text}");
            assert!(text.contains(words), "{words}: {text}");
        };
        for cookie in [&admin, &pat] {
            let words = "Nobody has asked for a decision. Somebody else has to ask first";
            shows(cookie, false, words).await;
        }
        let say = format!("{scope}/say");
        assert_eq!(post(&app, &admin, &say, "kind=request").await.status, 303);
        shows(&admin, false, "also where it is a no-go").await;
        shows(&pat, true, "admin asked for a decision").await;
        let most = most(&app, &scope).await;
        let no = format!("decided=no_go&seen_go=0&seen_most={most}&why=Too+early");
        let decide = format!("{scope}/decide");
        assert_eq!(post(&app, &admin, &decide, &no).await.status, 422);
        let record = post(&app, &pat, &decide, &no).await.header("location");
        shows(
            &pat,
            false,
            "Nobody has asked for a decision since the last one.",
        )
        .await;
        for path in [&scope, &record] {
            let text = page(&app, &pat, path).await;
            assert!(!text.contains(ALONE), "{path}: {text}");
        }
        // Without the rule there is nobody to wait for, and the record says so.
        let alone = "name=Site+P01&sites=P01&tls10=1&tls11=1&planned=2027-03-12&freshness_days=14";
        assert_eq!(post(&app, &admin, &scope, alone).await.status, 303);
        assert_eq!(
            post(&app, &admin, &format!("{scope}/run"), "").await.status,
            303
        );
        shows(&admin, true, "One person can decide alone.").await;
        let record = post(&app, &admin, &decide, &no).await.header("location");
        for path in [&scope, &record, &format!("{record}/sheet")] {
            let text = page(&app, &admin, path).await;
            assert!(text.contains(ALONE), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn whoever_loosens_what_is_watched_for_does_not_decide_alone() {
    for app in TestApp::each().await {
        estate(&app).await;
        let admin = app.sign_in().await;
        app.add_user("pat", "approver", PASSWORD);
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let scope = scope(&app, &admin, "&two_people=1").await;
        let limits = format!("{scope}/limits");
        let most = most(&app, &scope).await;
        let go = format!("decided=go&seen_go=0&seen_most={most}&why=The+plant+closes+this+year");
        let asked = post(&app, &admin, &format!("{scope}/say"), "kind=request").await;
        assert_eq!(asked.status, 303);
        for (form, refused) in [
            ("criterion=rollback_trigger&limit=100&why=No+alarm", true),
            ("criterion=rollback_trigger&limit=1&why=Strict", false),
            ("criterion=heard_again_hours&limit=744&why=No+alarm", true),
        ] {
            let set = post(&app, &pat, &limits, form).await;
            assert_eq!(set.status, 303, "{}", set.text());
            if refused {
                let answer = post(&app, &pat, &format!("{scope}/decide"), &go).await;
                assert_eq!(answer.status, 422, "{form}");
                let text = answer.text();
                assert!(text.contains("you set what is watched for"), "{text}");
            }
        }
        let set = post(
            &app,
            &admin,
            &limits,
            "criterion=heard_again_hours&limit=26&why=Usual",
        )
        .await;
        assert_eq!(set.status, 303, "{}", set.text());
        let made = post(&app, &pat, &format!("{scope}/decide"), &go).await;
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

/// Who asked did so for that day, and for reports that count so long.
#[tokio::test]
async fn a_request_goes_when_the_scope_changes() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "&two_people=1").await;
        let say = format!("{scope}/say");
        let same = "name=Site+P01&sites=P01&tls10=1&tls11=1&two_people=1";
        for (changed, stays) in [
            ("&planned=2027-03-12&freshness_days=14", true),
            ("&planned=2027-01-04&freshness_days=14", false),
            ("&planned=2027-01-04&freshness_days=13", false),
        ] {
            assert_eq!(post(&app, &cookie, &say, "kind=request").await.status, 303);
            let form = format!("{same}{changed}");
            assert_eq!(post(&app, &cookie, &scope, &form).await.status, 303);
            let text = page(&app, &cookie, &scope).await;
            assert_eq!(
                text.contains("admin asked for a decision"),
                stays,
                "{changed}: {text}"
            );
        }
    }
}

/// A look at a calendar is a look at one day.
#[tokio::test]
async fn a_freeze_is_said_of_the_planned_day_and_of_no_other() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let say = format!("{scope}/say");
        let freeze = |day: &str| format!("kind=freeze&note=Looked+at+the+calendar&about={day}");
        let refused = post(&app, &cookie, &say, &freeze("2027-03-13")).await;
        assert_eq!(refused.status, 422);
        let text = refused.text();
        assert!(text.contains("the planned day is 2027-03-12"), "{text}");
        assert_eq!(
            post(&app, &cookie, &say, &freeze("2027-03-12"))
                .await
                .status,
            303
        );
        let later = "name=Site+P01&sites=P01&tls10=1&tls11=1&planned=2027-03-19&freshness_days=14";
        assert_eq!(post(&app, &cookie, &scope, later).await.status, 303);
        let text = page(&app, &cookie, &scope).await;
        let wanted = "The planned day is 2027-03-19: look at that one, and say so.";
        assert!(text.contains(wanted), "{text}");
        let unplanned = "name=Site+P01&sites=P01&tls10=1&tls11=1&freshness_days=14";
        assert_eq!(post(&app, &cookie, &scope, unplanned).await.status, 303);
        let refused = post(&app, &cookie, &say, &freeze("2027-03-12")).await;
        let text = refused.text();
        assert!(text.contains("plan a day first"), "{text}");
    }
}

/// What speaks against the switch is overruled in words, and they stay.
#[tokio::test]
async fn an_early_switch_needs_a_reason_and_stays_one() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let record = decide(&app, &cookie, &scope).await;
        let switched = format!("{record}/switched");
        for short in NO_ARGUMENTS {
            let refused = post(&app, &cookie, &switched, &format!("why={short}")).await;
            assert_eq!(refused.status, 422, "{short}");
            let text = refused.text();
            assert!(text.contains(ARGUMENT), "{short}: {text}");
        }
        let text = page(&app, &cookie, &format!("{record}/after")).await;
        assert!(text.contains(ARGUMENT), "the form says it, too: {text}");
        let api = format!("/api/v1{}/after", record.replace("/cutover", ""));
        assert_eq!(app.json(&api).await["switched_by"], json!(null));
        let said = post(&app, &cookie, &switched, "why=The+night+was+free+for+it").await;
        assert_eq!(said.status, 303, "{}", said.text());
        let after = app.json(&api).await;
        assert_eq!(after["switched_why"], "The night was free for it");
        let days = after["switched_early_days"].as_i64().expect("a number");
        assert!(days > 0, "{after}");
        let text = page(&app, &cookie, &format!("{record}/after")).await;
        let wanted = format!("It was switched off {days} days before the planned day.");
        assert!(text.contains(&wanted), "{text}");
        assert!(
            text.contains("<q><bdi>The night was free for it</bdi></q>"),
            "{text}"
        );
        let back = post(&app, &cookie, &switched, "take_back=1").await;
        assert_eq!(back.status, 422, "that is taken back with a reason, too");
    }
}

/// "ok go" tells nobody later why a board did what its own criteria speak against.
#[tokio::test]
async fn what_is_recommended_is_overruled_in_a_sentence() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let path = format!("{scope}/decide");
        assert_eq!(
            post(&app, &cookie, &format!("{scope}/run"), "")
                .await
                .status,
            303
        );
        let text = page(&app, &cookie, &scope).await;
        assert!(text.contains(ARGUMENT), "the form says it: {text}");
        let most = most(&app, &scope).await;
        // Also a no-go where a go is recommended: the page that was looked at says which.
        for (decided, go) in [("go", 0), ("go_with_conditions", 0), ("no_go", 1)] {
            for short in NO_ARGUMENTS {
                let sent = format!(
                    "decided={decided}&seen_go={go}&seen_most={most}&conditions=none&why={short}"
                );
                let refused = post(&app, &cookie, &path, &sent).await;
                assert_eq!(refused.status, 422, "{decided} {short}");
            }
            let sent = format!(
                "decided={decided}&seen_go={go}&seen_most={most}&conditions=none&why=ok+go"
            );
            let text = post(&app, &cookie, &path, &sent).await.text();
            assert!(text.contains(ARGUMENT), "{decided}: {text}");
        }
        // What is recommended takes no more than a word.
        let sent = format!("decided=no_go&seen_go=0&seen_most={most}&why=Too+early");
        let made = post(&app, &cookie, &path, &sent).await;
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

/// Site systems and scopes that no number counts stand in the record, too.
#[tokio::test]
async fn what_stands_beside_the_numbers_is_frozen_with_them() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let safe = |now: serde_json::Value| now["tally"]["fates"]["safe"].clone();
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let what_if = format!("/api/v1/scopes/{id}/what-if");
        assert_eq!(safe(app.json(&what_if).await), 2);
        // A management point that blocks, a distribution point elsewhere, and another scope about the same site.
        let point = app.report("MP-1").winhttp_old();
        let point = point.set("/client/roles", json!(["management_point"]));
        point.stored().await;
        let other = "name=Old+ones&sites=P01,P02&tls10=1&freshness_days=14";
        let wide = post(&app, &cookie, "/cutover", other).await;
        assert_eq!(wide.status, 303, "{}", wide.text());
        let now = app.json(&what_if).await;
        assert_eq!(now["tally"]["because"]["management_point"], 2, "{now}");
        assert_eq!(safe(now), 0);
        // They are ready, so that the likely picture does not count them; beside it stands how many they are.
        let left_out = "or what one needs, that is not";
        let text = page(&app, &cookie, &scope).await;
        assert!(text.contains(&format!("{left_out}.</p>")), "{text}");
        assert_eq!(
            post(&app, &cookie, &format!("{scope}/run"), "")
                .await
                .status,
            303
        );
        let text = page(&app, &cookie, &scope).await;
        let beside = format!("{left_out}; by the what-if 2 clients.</p>");
        assert!(text.contains(&beside), "{text}");
        let beside = [
            "At 1 site that is a management point",
            "Another scope is about site systems of the same sites: Old ones; nothing has been decided there.",
        ];
        let text = page(&app, &cookie, &scope).await;
        let record = decide(&app, &cookie, &scope).await;
        let frozen = page(&app, &cookie, &record).await;
        let sheet = page(&app, &cookie, &format!("{record}/sheet")).await;
        for (place, text) in [("scope", &text), ("record", &frozen)] {
            assert!(text.contains(beside[0]), "{place}: {text}");
        }
        assert!(text.contains(beside[1]), "{text}");
        // Whoever reads the record may see its sites, and perhaps no others.
        let other = "1 other scope is about site systems of the same sites, too.";
        assert!(frozen.contains(other), "{frozen}");
        assert!(sheet.contains(beside[0]), "{sheet}");
        // From there it is told, too, and by its number where it may not be seen.
        let wide = page(&app, &cookie, &wide.header("location")).await;
        let wanted = "Site P01; decided there last was: Go, against the criteria (record 1).";
        assert!(wide.contains(wanted), "{wide}");
        let add = [
            "user",
            "add",
            "lim",
            "--role",
            "viewer",
            "--sites",
            "P01",
            "--password-stdin",
        ];
        let added = app.command(&add, &format!("{PASSWORD}\n"));
        assert!(added.status.success(), "{added:?}");
        let lim = app.sign_in_as("lim", PASSWORD).await;
        let narrow = page(&app, &lim, &scope).await;
        assert!(
            narrow.contains("1 other scope is about site systems of the same sites"),
            "{narrow}"
        );
        assert!(!narrow.contains("Old ones"), "{narrow}");
        // Once nothing of that kind stands there, and somebody has looked whether that is so, they are safe again.
        app.report("MP-1")
            .set("/client/roles", json!(["distribution_point"]))
            .set("/collected_at", json!(from_now(-HOUR / 12)))
            .stored()
            .await;
        assert_eq!(safe(app.json(&what_if).await), 0);
        close_all(&app, &cookie).await;
        assert_eq!(safe(app.json(&what_if).await), 3);
    }
}

/// The list of scopes cannot be filled for good.
#[tokio::test]
async fn a_scope_of_which_nothing_was_decided_can_be_removed() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        app.add_user("otto", "operator", PASSWORD);
        let otto = app.sign_in_as("otto", PASSWORD).await;
        let gone = post(
            &app,
            &otto,
            "/cutover",
            "name=Mine&sites=P01&tls10=1&freshness_days=14&two_people=1",
        )
        .await;
        assert_eq!(gone.status, 303, "{}", gone.text());
        let gone = gone.header("location");
        assert_eq!(
            post(&app, &cookie, &format!("{gone}/run"), "").await.status,
            303
        );
        let remove = format!("{gone}/remove");
        assert_eq!(
            post(&app, &otto, &remove, "why=Not+needed").await.status,
            403
        );
        assert_eq!(post(&app, &cookie, &remove, "why=").await.status, 422);
        let done = post(&app, &cookie, &remove, "why=Not+needed").await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert!(!page(&app, &cookie, "/cutover").await.contains("Mine"));
        assert_eq!(
            post(&app, &cookie, &remove, "why=Not+needed").await.status,
            404
        );
        let kept = scope(&app, &cookie, "").await;
        assert!(
            page(&app, &cookie, &kept)
                .await
                .contains("Remove the scope")
        );
        decide(&app, &cookie, &kept).await;
        assert!(
            !page(&app, &cookie, &kept)
                .await
                .contains("Remove the scope")
        );
        let refused = post(&app, &cookie, &format!("{kept}/remove"), "why=Not+needed").await;
        assert_eq!(refused.status, 409, "{}", refused.text());
    }
}

/// Who is ready elsewhere makes no share of a board better by saying that it is here.
#[tokio::test]
async fn who_is_expected_at_another_site_raises_no_coverage() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let what_if = format!("/api/v1/scopes/{id}/what-if");
        let before = app.json(&what_if).await["tally"].clone();
        assert_eq!(
            (&before["expected"], &before["judged"]),
            (&json!(4), &json!(3))
        );
        let list = "name,site\r\nGUEST-1,P02\r\nGUEST-2,P02\r\nOWN-1,P01\r\n";
        app.put_population("?list=more", list).await.ok("a list");
        for name in ["GUEST-1", "GUEST-2", "OWN-1"] {
            app.report(name).at_site("P01").stored().await;
        }
        let after = app.json(&what_if).await["tally"].clone();
        assert_eq!(after["fates"]["safe"], 5, "they are here: {after}");
        assert_eq!(
            (&after["expected"], &after["judged"]),
            (&json!(5), &json!(4)),
            "{after}"
        );
        // Where they are not ready, they count.
        app.report("GUEST-1")
            .at_site("P01")
            .windows7_untouched()
            .stored()
            .await;
        let worse = app.json(&what_if).await["tally"].clone();
        assert_eq!(worse["fates"]["will_lose"], 2, "{worse}");
    }
}

/// What a report or a list says of a management point that is not ready makes no client behind it safe.
#[tokio::test]
async fn a_management_point_that_is_not_ready_leaves_no_site_unseen() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let role = || json!(["management_point"]);
        for (site, name) in [("P01", "PC-1"), ("P02", "PC-2"), ("P03", "PC-3")] {
            app.report(name).at_site(site).stored().await;
        }
        let point = |name: &str, site: &str| {
            let report = app.report(name).at_site(site).without_registry();
            report.set("/client/roles", role())
        };
        let mut paths = Vec::new();
        for site in ["P01", "P02", "P03"] {
            // Of clients alone, so that the servers are in no number.
            let form = format!(
                "name={site}&sites={site}&tls10=1&freshness_days=3&filter=os%3D10.0.19045-client"
            );
            let made = post(&app, &cookie, "/cutover", &form).await;
            assert_eq!(made.status, 303, "{}", made.text());
            let scope = made.header("location");
            let id = scope.rsplit('/').next().expect("an id").to_owned();
            paths.push(format!("/api/v1/scopes/{id}/what-if"));
        }
        let safe = async |at: usize| app.json(&paths[at]).await["tally"]["fates"]["safe"].clone();
        assert_eq!(safe(0).await, 1);
        for (name, site) in [("MP-1", "P01"), ("MP-2", "P02")] {
            point(name, site).stored().await;
        }
        assert_eq!((safe(0).await, safe(1).await), (json!(0), json!(0)));
        // One says that it is elsewhere, one is left out by a list although it is heard.
        point("MP-1", "Q99").collected(-HOUR / 12).stored().await;
        assert_eq!(safe(0).await, 0, "it left by what it said itself");
        let list = "name,site,obsolete\r\nPC-2,P02,0\r\nMP-2,P02,1\r\n";
        app.put_agreed("?list=gone", list).await.ok("a list");
        assert_eq!(safe(1).await, 0, "it is heard, and left out");
        // One that was heard longer ago than the scope takes, of which nobody can say what it is now.
        point("MP-3", "P03").collected(-96 * HOUR).stored().await;
        assert_eq!(safe(2).await, 0, "it was heard too long ago");
    }
}
