//! From a scope to a record that does not move, through the pages and the program.

use std::fs;

use cutover::cli::verify_record::verify_record;
use reqwest::{Method, header};

use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{HOUR, from_now},
    stores::run,
};

pub async fn post(app: &TestApp, cookie: &str, path: &str, form: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

pub async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await.ok(path).text()
}

/// Two that are ready, one that blocks, one that was never heard; of one site. And one that blocks and has no site.
pub async fn estate(app: &TestApp) {
    app.report("READY-1").stored().await;
    app.report("READY-2").stored().await;
    app.report("OLD-1").windows7_untouched().stored().await;
    let list = "name,site\r\nREADY-1,P01\r\nREADY-2,P01\r\nOLD-1,P01\r\nNEVER-1,P01\r\n";
    app.put_population("", list).await.ok("a list");
}

pub async fn scope(app: &TestApp, cookie: &str, more: &str) -> String {
    let form = format!(
        "name=Site+P01&sites=p01&tls10=1&tls11=1&planned=2027-03-12&freshness_days=14{more}"
    );
    let made = post(app, cookie, "/cutover", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    made.header("location")
}

/// A scope changed as it could be before what was decided on held it fast.
pub async fn moved(app: &TestApp, id: &str, set: &str) {
    let text = format!("UPDATE scopes SET {set} WHERE id = '{id}'");
    run(app.database_url(), &text).await;
}

/// The day before yesterday, as forms take it.
pub fn lately() -> String {
    from_now(-48 * HOUR)[..10].to_owned()
}

/// A scope of everybody about which something was decided; answers its id.
pub async fn decided(app: &TestApp) -> String {
    let cookie = app.sign_in().await;
    let scope = scope(app, &cookie, "").await;
    let id = scope.rsplit('/').next().expect("an id").to_owned();
    let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
    let form = format!(
        "decided=no_go&seen_go=0&seen_most={}&why=Too+early",
        now["most"]
    );
    let made = post(app, &cookie, &format!("{scope}/decide"), &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    id
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one step after the other")]
async fn a_board_decides_and_the_record_does_not_move() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains("No-go: 11 of 11 criteria are not met."),
            "{text}"
        );
        assert!(text.contains("guess by site code"), "{text}");
        let run = post(&app, &cookie, &format!("{scope}/run"), "").await;
        assert_eq!(run.status, 303, "{}", run.text());
        let run = run.header("location");
        let text = page(&app, &cookie, &run).await;
        assert!(
            text.contains("Of 4 clients at least 1 would lose contact"),
            "{text}"
        );
        let only = page(&app, &cookie, &format!("{run}?fate=cannot_say&site=P01")).await;
        assert!(
            only.contains("NEVER-1") && !only.contains("OLD-1"),
            "{only}"
        );
        // The same to take away.
        let csv = format!("{run}/names.csv");
        assert!(text.contains(&format!("href=\"{csv}\"")), "{text}");
        let kept = format!("{csv}?fate=cannot_say&#38;site=P01");
        let names = page(&app, &cookie, &csv).await;
        assert_eq!(names.lines().count(), 3, "{names}");
        let first = names.lines().next().expect("a head");
        assert_eq!(
            first,
            "id,name,site_code,os,os_name,fate,what_would_happen,because,why,owner"
        );
        let old = names.lines().find(|line| line.contains(",OLD-1,P01,"));
        let wanted = ",will_lose,Will lose contact,blocks,";
        assert!(old.is_some_and(|line| line.contains(wanted)), "{names}");
        assert!(!names.contains("READY-1"), "{names}");
        assert!(only.contains(&kept), "{only}");
        let some = page(&app, &cookie, &kept.replace("&#38;", "&")).await;
        assert_eq!(some.lines().count(), 2, "{some}");
        assert!(some.contains("NEVER-1"), "{some}");
        for (asked, status) in [("after=1", 422), ("fate=gone", 422)] {
            let request = app.request(Method::GET, &format!("{csv}?{asked}"));
            let answer = Answer::to(request.header(header::COOKIE, &cookie)).await;
            assert_eq!(answer.status, status, "{asked}: {}", answer.text());
        }
        // What people say, and a limit.
        for kind in [
            "rehearsal",
            "rollback",
            "site_systems",
            "freeze",
            "repair_path",
        ] {
            let about = if kind == "freeze" {
                "2027-03-12".to_owned()
            } else {
                lately()
            };
            let form = format!("kind={kind}&note=Seen+and+timed&about={about}");
            assert_eq!(
                post(&app, &cookie, &format!("{scope}/say"), &form)
                    .await
                    .status,
                303
            );
        }
        let form = "criterion=coverage&limit=97.5&why=Agreed+in+the+board";
        assert_eq!(
            post(&app, &cookie, &format!("{scope}/limits"), form)
                .await
                .status,
            303
        );
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains("No-go: 4 of 11 criteria are not met."),
            "{text}"
        );
        assert!(
            text.contains("97.50 %") && text.contains("set by admin"),
            "{text}"
        );
        // A go has to be overruled in words, and by what was looked at.
        let decide = format!("{scope}/decide");
        let refused = post(&app, &cookie, &decide, "decided=go&seen_go=0&seen_most=2").await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        let refused = post(
            &app,
            &cookie,
            &decide,
            "decided=go&seen_go=0&seen_most=1&why=because+of+that+other+plan",
        )
        .await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        let refused = post(
            &app,
            &cookie,
            &decide,
            "decided=go_with_conditions&seen_go=0&seen_most=2&why=because",
        )
        .await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        let form = "decided=go_with_conditions&seen_go=0&seen_most=2&why=The+plant+closes+this+year&conditions=OLD-1+is+scrapped";
        let decided = post(&app, &cookie, &decide, form).await;
        assert_eq!(decided.status, 303, "{}", decided.text());
        assert_eq!(decided.header("location"), "/cutover/decisions/1");
        let text = page(&app, &cookie, "/cutover/decisions/1").await;
        assert!(
            text.contains(
                "Nothing: the same clients are not safe, and none of them is worse off, as of 20"
            ),
            "{text}"
        );
        assert!(text.contains("That was overruled."), "{text}");
        let record = page(&app, &cookie, "/cutover/decisions/1/record").await;
        let sheet = page(&app, &cookie, "/cutover/decisions/1/sheet").await;
        assert!(
            sheet.contains("NEVER-1") && !sheet.contains("<script") && !sheet.contains("href="),
            "{sheet}"
        );
        let calendar = page(&app, &cookie, "/cutover/decisions/1/calendar").await;
        assert!(
            calendar.contains("DTSTART;VALUE=DATE:20270312\r\n"),
            "{calendar}"
        );
        // Then the world goes on.
        app.report("NEVER-1").stored().await;
        app.report("READY-2").windows7_untouched().stored().await;
        let text = page(&app, &cookie, "/cutover/decisions/1").await;
        assert!(text.contains("+1 / −1"), "{text}");
        assert_eq!(
            page(&app, &cookie, "/cutover/decisions/1/record").await,
            record
        );
        assert_eq!(
            page(&app, &cookie, "/cutover/decisions/1/sheet").await,
            sheet
        );
        verified(&app, &record);
        // Programs see the same.
        let decisions = app.json("/api/v1/decisions").await;
        assert_eq!(decisions["items"][0]["decided"], "go_with_conditions");
        let one = app.json("/api/v1/decisions/1").await;
        let head = one["head"].as_str().expect("a line");
        let head: serde_json::Value = serde_json::from_str(head).expect("JSON");
        assert_eq!(head["tally"]["fates"]["safe"], 2);
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!((&now["least"], &now["most"]), (&2.into(), &2.into()));
    }
}

/// A calendar puts the later one in the place of the earlier one, and takes the day out when it does not stand.
#[tokio::test]
async fn all_records_of_a_scope_are_one_entry_of_a_calendar() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let entry = async |number: i64| {
            let path = format!("/cutover/decisions/{number}/calendar");
            // Long lines are cut, and go on behind a blank.
            let text = page(&app, &cookie, &path).await.replace("\r\n ", "");
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines
        };
        let has = |lines: &[String], wanted: &[String]| {
            for wanted in wanted {
                let found = lines.iter().any(|line| line.contains(wanted.as_str()));
                assert!(found, "{wanted} of {lines:?}");
            }
            assert!(lines.iter().any(|line| line.starts_with("URL:https://")));
        };
        let uid = format!("UID:scope-{id}@cutover");
        let decide = async |decided: &str| {
            let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
            let sent = format!(
                "decided={decided}&seen_go=0&seen_most={most}&why=The+plant+closes+this+year"
            );
            let made = post(&app, &cookie, &format!("{scope}/decide"), &sent).await;
            assert_eq!(made.status, 303, "{}", made.text());
        };
        let same = |number: i64, status: &str, day: &str| {
            [
                uid.clone(),
                format!("SEQUENCE:{number}"),
                format!("STATUS:{status}"),
                format!("DTSTART;VALUE=DATE:{day}"),
                format!("/cutover/decisions/{number}"),
            ]
        };
        decide("go").await;
        let first = entry(1).await;
        has(&first, &same(1, "CONFIRMED", "20270312"));
        // Another day, and another record: both give the newest.
        let later = "name=Site+P01&sites=P01&tls10=1&tls11=1&planned=2027-04-01&freshness_days=14";
        assert_eq!(post(&app, &cookie, &scope, later).await.status, 303);
        decide("go").await;
        for number in [1, 2] {
            has(&entry(number).await, &same(2, "CONFIRMED", "20270401"));
        }
        decide("no_go").await;
        for number in [1, 3] {
            has(&entry(number).await, &same(3, "CANCELLED", "20270401"));
        }
        // A record without a day takes the day out that was planned before it.
        let never = "name=Site+P01&sites=P01&tls10=1&tls11=1&freshness_days=14";
        assert_eq!(post(&app, &cookie, &scope, never).await.status, 303);
        decide("go").await;
        has(&entry(1).await, &same(4, "CANCELLED", "20270312"));
    }
}

#[tokio::test]
async fn who_was_not_safe_and_is_worse_off_is_named() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let id = decided(&app).await;
        let run = format!("/cutover/{id}/run");
        assert_eq!(post(&app, &cookie, &run, "").await.status, 303);
        app.report("NEVER-1").windows7_untouched().stored().await;
        let again = post(&app, &cookie, &run, "").await.header("location");
        for path in [again.as_str(), "/cutover/decisions/1"] {
            let text = page(&app, &cookie, path).await;
            assert!(text.contains("0 / 0, 1 worse off"), "{path}: {text}");
            let named = "<bdi>NEVER-1</bdi></a> (was: Cannot say; now: Will lose contact)";
            assert!(text.contains(named), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn a_scope_that_becomes_another_one_moves_nothing_of_what_is_compared() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let id = decided(&app).await;
        app.report("READY-2").windows7_untouched().stored().await;
        let text = page(&app, &cookie, "/cutover/decisions/1").await;
        assert!(text.contains("+1 / 0"), "{text}");
        assert!(text.contains("By the criteria now: No-go: "), "{text}");
        let narrower = "roles = 'management_point', filter = 'os=10.0.19045-client'";
        moved(&app, &id, narrower).await;
        let text = page(&app, &cookie, "/cutover/decisions/1").await;
        assert!(text.contains("+1 / 0"), "{text}");
        assert!(
            text.contains("The scope has become another one since"),
            "{text}"
        );
        assert!(!text.contains("By the criteria now"), "{text}");
        let scope = page(&app, &cookie, &format!("/cutover/{id}")).await;
        let others = "Only clients of the filter os=10.0.19045-client are counted.";
        assert!(scope.contains(others), "{scope}");
    }
}

/// Else the history of a site would speak of another one.
#[tokio::test]
async fn what_a_scope_is_about_stays_once_somebody_decides_on_it() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let change = |what: &str| format!("name=Site+P01&freshness_days=14&{what}");
        let others = [
            ("sites=P02&tls10=1&tls11=1", "/sites"),
            ("tls10=1&tls11=1", "/sites"),
            ("sites=P01&roles=management_point&tls10=1&tls11=1", "/roles"),
            (
                "sites=P01&filter=os%3D6.1.7601-client&tls10=1&tls11=1",
                "/filter",
            ),
            ("sites=P01&tls11=1", "/tls10"),
        ];
        let refused = async |why: &str| {
            for (what, place) in others {
                let answer = post(&app, &cookie, &scope, &change(what)).await;
                assert_eq!(answer.status, 422, "{what}: {}", answer.text());
                let text = answer.text();
                assert!(text.contains(place) && text.contains(why), "{what}: {text}");
            }
        };
        // While somebody asks, and again once that was taken back.
        let say = format!("{scope}/say");
        assert_eq!(post(&app, &cookie, &say, "kind=request").await.status, 303);
        refused("while admin asks for a decision on it; take that back first").await;
        let back = post(&app, &cookie, &say, "kind=request&take_back=1").await;
        assert_eq!(back.status, 303, "{}", back.text());
        for what in ["sites=P02&tls10=1&tls11=1", "sites=P01&tls10=1&tls11=1"] {
            let answer = post(&app, &cookie, &scope, &change(what)).await;
            assert_eq!(answer.status, 303, "{what}: {}", answer.text());
        }
        let id = scope.rsplit('/').next().expect("an id");
        let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
        let no = format!("decided=no_go&seen_go=0&seen_most={most}&why=Too+early");
        let made = post(&app, &cookie, &format!("{scope}/decide"), &no).await;
        assert_eq!(made.status, 303, "{}", made.text());
        refused("because record 1 speaks of it; make a new scope").await;
        // A browser gets the form again, with what was typed.
        let request = app
            .request(Method::POST, &scope)
            .header(header::COOKIE, &cookie)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(change("sites=P02&tls10=1&tls11=1"));
        let again = Answer::to(request).await;
        assert_eq!(again.status, 422);
        let text = again.text();
        for wanted in [
            "id=\"scope-sites-wrong\">Sites: stays as it is, because record 1 speaks of it",
            "value=\"P02\"",
            "What it is about stays as it is",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        // All else goes on changing.
        let rest = "name=The+mill&sites=p01&tls10=1&tls11=1&planned=2027-05-01&freshness_days=9&two_people=1";
        let answer = post(&app, &cookie, &scope, rest).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let text = page(&app, &cookie, &scope).await;
        assert!(
            text.contains("The mill") && text.contains("2027-05-01"),
            "{text}"
        );
    }
}

fn verified(app: &TestApp, record: &str) {
    let file = app.data_dir().join("decision.ndjson");
    fs::write(&file, record).expect("written");
    let name = file.to_str().expect("a path");
    let good = app.command(&["verify", name], "");
    assert!(good.status.success(), "{good:?}");
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    let (_, key) = said.split_once("key       ").expect("a key");
    let key = key.lines().next().expect("a line");
    assert!(
        app.command(&["verify", name, "--key", key], "")
            .status
            .success()
    );
    let other = "0".repeat(64);
    assert!(
        !app.command(&["verify", name, "--key", &other], "")
            .status
            .success()
    );
    for place in (0..record.len()).step_by(97) {
        let mut bytes = record.as_bytes().to_vec();
        bytes[place] ^= 1;
        fs::write(&file, bytes).expect("written");
        assert!(
            verify_record(&file, None).is_err(),
            "byte {place} was changed"
        );
    }
    // By the command, too, whatever it takes the file for: at the beginning, in the middle, at the end.
    for place in [
        0,
        1,
        12,
        record.len() / 3,
        record.len() / 2,
        record.len() - 2,
    ] {
        let mut bytes = record.as_bytes().to_vec();
        bytes[place] ^= 1;
        fs::write(&file, bytes).expect("written");
        let bad = app.command(&["verify", name], "");
        assert_eq!(bad.status.code(), Some(1), "byte {place}: {bad:?}");
        assert!(bad.stdout.is_empty(), "byte {place}: {bad:?}");
    }
    // Nobody else may read the key.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = fs::metadata(app.data_dir().join("decisions.key")).expect("the key");
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn where_two_people_are_needed_one_is_not_enough() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "&two_people=1").await;
        let decide = format!("{scope}/decide");
        let form = "decided=no_go&seen_go=0&seen_most=2&why=Too+early";
        let refused = post(&app, &cookie, &decide, form).await;
        assert!(
            refused.text().contains("somebody else has to ask"),
            "{}",
            refused.text()
        );
        let asked = post(&app, &cookie, &format!("{scope}/say"), "kind=request").await;
        assert_eq!(asked.status, 303);
        let refused = post(&app, &cookie, &decide, form).await;
        assert!(
            refused.text().contains("you asked for this decision"),
            "{}",
            refused.text()
        );
        // Whoever is not named by the scope may belong to it all the same.
        app.report("LOST-1")
            .windows7_untouched()
            .set("/client/site_code", serde_json::Value::Null)
            .set("/client/resource_id", serde_json::Value::Null)
            .stored()
            .await;
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!(now["tally"]["because"]["unplaced"], 1, "{now}");
    }
}

/// Whoever left a site of the scope by a report is counted in it, and once.
#[tokio::test]
async fn nobody_who_is_not_ready_leaves_a_scope_by_what_a_report_says() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let form = "name=Two+sites&sites=P01%2CP02&tls10=1&freshness_days=14";
        let made = post(&app, &cookie, "/cutover", form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let scope = made.header("location");
        let id = scope.rsplit('/').next().expect("an id");
        let path = format!("/api/v1/scopes/{id}/what-if");
        let before = app.json(&path).await;
        assert!(before["tally"]["because"]["unplaced"].is_null(), "{before}");
        // From one site of the scope to the other.
        let old = || app.report("OLD-1").windows7_untouched();
        old().at_site("P02").stored().await;
        let within = app.json(&path).await;
        let fates = &before["tally"]["fates"];
        assert!(fates.is_object(), "{before}");
        assert_eq!(&within["tally"]["fates"], fates, "{within}");
        assert!(within["tally"]["because"]["unplaced"].is_null(), "{within}");
        // And out of it.
        old().at_site("Q99").stored().await;
        let after = app.json(&path).await;
        assert_eq!(after["tally"]["because"]["unplaced"], 1, "{after}");
    }
}

/// What was said was said of other clients.
#[tokio::test]
async fn what_people_said_goes_when_the_scope_becomes_another_one() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let say = format!("{scope}/say");
        let form = format!("kind=rehearsal&note=Held+in+the+lab&about={}", lately());
        assert_eq!(post(&app, &cookie, &say, &form).await.status, 303);
        let long_ago = "kind=rehearsal&note=Held+in+the+lab&about=2020-01-01";
        let refused = post(&app, &cookie, &say, long_ago).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().contains("more than 180 days ago"),
            "{}",
            refused.text()
        );
        for short in ["ok", "-----------------", "2026-11-24 12:00"] {
            let short = format!("kind=rehearsal&note={short}&about={}", lately());
            let refused = post(&app, &cookie, &say, &short).await;
            assert_eq!(refused.status, 422);
            let text = refused.text();
            assert!(text.contains("in a sentence"), "{text}");
        }
        let to_come = "kind=rehearsal&note=To+be+held&about=2999-03-01";
        let refused = post(&app, &cookie, &say, to_come).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().contains("is a day to come"),
            "{}",
            refused.text()
        );
        let change = |what: &str| format!("name=Site+P01&tls10=1&tls11=1&freshness_days=14&{what}");
        // Another day is no other scope.
        let same = change("sites=P01&planned=2027-04-01");
        assert_eq!(post(&app, &cookie, &scope, &same).await.status, 303);
        assert!(
            page(&app, &cookie, &scope)
                .await
                .contains("Held in the lab")
        );
        let limit = "criterion=blockers&limit=7&why=Agreed+for+these";
        let limits = format!("{scope}/limits");
        assert_eq!(post(&app, &cookie, &limits, limit).await.status, 303);
        assert!(
            page(&app, &cookie, &scope)
                .await
                .contains("Agreed for these")
        );
        let other = change("sites=P02");
        assert_eq!(post(&app, &cookie, &scope, &other).await.status, 303);
        assert!(
            !page(&app, &cookie, &scope)
                .await
                .contains("Held in the lab")
        );
        let back = change("sites=P01");
        assert_eq!(post(&app, &cookie, &scope, &back).await.status, 303);
        assert!(
            !page(&app, &cookie, &scope)
                .await
                .contains("Agreed for these")
        );
        assert!(
            !page(&app, &cookie, &scope)
                .await
                .contains("Held in the lab")
        );
    }
}

#[tokio::test]
async fn whoever_is_bound_by_the_rule_of_two_does_not_take_it_back() {
    for app in TestApp::each().await {
        estate(&app).await;
        let admin = app.sign_in().await;
        app.add_user("pat", "approver", "brown horse, 4 legs");
        let pat = app.sign_in_as("pat", "brown horse, 4 legs").await;
        let scope = scope(&app, &admin, "&two_people=1").await;
        let alone = "name=Site+P01&sites=P01&tls10=1&tls11=1&freshness_days=14";
        let refused = post(&app, &pat, &scope, alone).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().contains("only an administrator"),
            "{}",
            refused.text()
        );
        let another = "name=Alone&sites=P01&tls10=1&tls11=1&freshness_days=14";
        let refused = post(&app, &pat, "/cutover", another).await;
        assert_eq!(refused.status, 422, "not by another scope, either");
        assert_eq!(post(&app, &admin, &scope, alone).await.status, 303);
    }
}

/// A limit that lets more through is set by one, and decided by with another.
#[tokio::test]
async fn whoever_loosens_a_limit_does_not_decide_by_it_alone() {
    for app in TestApp::each().await {
        estate(&app).await;
        let admin = app.sign_in().await;
        app.add_user("pat", "approver", "brown horse, 4 legs");
        let pat = app.sign_in_as("pat", "brown horse, 4 legs").await;
        let scope = scope(&app, &admin, "&two_people=1").await;
        let form = "criterion=blockers&limit=50&why=They+are+kiosks";
        let set = post(&app, &pat, &format!("{scope}/limits"), form).await;
        assert_eq!(set.status, 303, "{}", set.text());
        let asked = post(&app, &admin, &format!("{scope}/say"), "kind=request").await;
        assert_eq!(asked.status, 303);
        let id = scope.rsplit('/').next().expect("an id");
        let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
        let go = format!("decided=go&seen_go=0&seen_most={most}&why=The+plant+closes+this+year");
        let decide = format!("{scope}/decide");
        let refused = post(&app, &pat, &decide, &go).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().contains("you set the limit by which"),
            "{}",
            refused.text()
        );
        // Somebody else sets it, and then it is theirs.
        let set = post(&app, &admin, &format!("{scope}/limits"), form).await;
        assert_eq!(set.status, 303, "{}", set.text());
        let made = post(&app, &pat, &decide, &go).await;
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

/// Wherever a decision is named, it says that it was made against the criteria.
#[tokio::test]
async fn a_go_against_the_criteria_is_never_told_as_a_plain_one() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id").to_owned();
        let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
        let form = format!(
            "decided=go&seen_go=0&seen_most={most}&why=The+board+says+%22overruled%22%3Atrue"
        );
        let made = post(&app, &cookie, &format!("{scope}/decide"), &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let record = made.header("location");
        for path in [
            "/cutover".to_owned(),
            scope.clone(),
            record.clone(),
            format!("{record}/after"),
            format!("{record}/calendar"),
        ] {
            let text = page(&app, &cookie, &path).await;
            // A calendar has a sign before each comma.
            let text = text.replace("\\,", ",");
            assert!(text.contains("Go, against the criteria"), "{path}: {text}");
        }
        let decisions = app.json("/api/v1/decisions").await;
        assert_eq!(decisions["items"][0]["overruled"], true, "{decisions}");
        // What somebody writes is not taken for it.
        let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
        let form = format!(
            "decided=no_go&seen_go=0&seen_most={most}&why=Nobody+%22overruled%22%3Atrue+it"
        );
        let made = post(&app, &cookie, &format!("{scope}/decide"), &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let decisions = app.json("/api/v1/decisions").await;
        assert_eq!(decisions["items"][0]["overruled"], false, "{decisions}");
        let file = app.data_dir().join("go.ndjson");
        let signed = page(&app, &cookie, &format!("{record}/record")).await;
        fs::write(&file, signed).expect("written");
        let verified = app.command(&["verify", &file.display().to_string()], "");
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(said.contains("Go, against the criteria"), "{said}");
        // That it was switched off stays, whatever becomes of the scope.
        let switched = format!("{record}/switched");
        assert_eq!(
            post(&app, &cookie, &switched, "why=The+night+was+free+for+it")
                .await
                .status,
            303
        );
        moved(&app, &id, "sites = 'P02'").await;
        let text = page(&app, &cookie, &format!("{record}/after")).await;
        assert!(text.contains("that it was switched off"), "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    for (form, place) in [
        ("name=&tls10=1&freshness_days=14", "/name"),
        ("name=a&freshness_days=14", "/tls10"),
        ("name=a&tls10=1&freshness_days=0", "/freshness_days"),
        ("name=a&tls10=1&freshness_days=14&sites=LONG", "/sites"),
        (
            "name=a&tls10=1&freshness_days=14&planned=12.3.2027",
            "/planned",
        ),
        // The ready ones alone would always pass.
        (
            "name=a&tls10=1&freshness_days=14&filter=standing%3Dready",
            "/filter",
        ),
    ] {
        let answer = post(&app, &cookie, "/cutover", form).await;
        assert_eq!(answer.status, 422, "{form}");
        assert!(answer.text().contains(place), "{form}: {}", answer.text());
    }
    scope(&app, &cookie, "").await;
    let again = post(
        &app,
        &cookie,
        "/cutover",
        "name=Site+P01&tls10=1&freshness_days=14",
    )
    .await;
    assert_eq!(again.status, 422);
    // A limit and a decision need a reason.
    let scope = scope_url(&app, &cookie).await;
    for (path, form, place) in [
        ("limits", "criterion=coverage&limit=90", "/why"),
        (
            "limits",
            "criterion=coverage&limit=101&why=because",
            "/limit",
        ),
        (
            "limits",
            "criterion=rehearsal&limit=1&why=because",
            "/criterion",
        ),
        (
            "limits",
            "criterion=rollback_trigger&limit=101&why=because",
            "/limit",
        ),
        (
            "limits",
            "criterion=heard_again_hours&limit=0&why=because",
            "/limit",
        ),
        ("decide", "decided=no_go&seen_go=0&seen_most=0", "/why"),
        (
            "decide",
            "decided=maybe&seen_go=0&seen_most=0&why=because",
            "/decided",
        ),
        ("say", "kind=rehearsal&note=Done+and+timed", "/about"),
        ("say", "kind=switched_off_1&note=Done+and+timed", "/kind"),
    ] {
        let answer = post(&app, &cookie, &format!("{scope}/{path}"), form).await;
        assert_eq!(answer.status, 422, "{path} {form}: {}", answer.text());
        assert!(answer.text().contains(place), "{form}: {}", answer.text());
    }
}

/// The address of the only scope.
async fn scope_url(app: &TestApp, cookie: &str) -> String {
    let text = page(app, cookie, "/cutover").await;
    let (_, rest) = text.split_once("href=\"/cutover/").expect("a scope");
    let (id, _) = rest.split_once('"').expect("an id");
    format!("/cutover/{id}")
}
