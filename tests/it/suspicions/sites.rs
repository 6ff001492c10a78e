//! Who is not ready stays where it was counted until somebody has looked: what is noted when a site is named, and who may close it.

use cutover::domain::{
    access::Sites,
    evidence::Trust,
    suspicions::{Kind, Mover, Place, may_close, other_site},
};
use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{close, page};
use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{HOUR, Report},
};

#[test]
fn a_site_is_odd_where_it_moves_who_is_not_ready() {
    const CLAIMED: Place<'_> = Place::Nowhere { claimed: true };
    const VOUCHED: Place<'_> = Place::Nowhere { claimed: false };
    let by = |trust, by_token| Mover { trust, by_token };
    let claim = by(Trust::Claimed, true);
    let import = by(Trust::Vouched, true);
    let person = by(Trust::Vouched, false);
    let proven = by(Trust::Proven, false);
    for (was, became, who, listed, wanted) in [
        (Place::At("P01"), Some("P02"), claim, true, true),
        (
            Place::At("P01"),
            Some("P02"),
            by(Trust::Signed, false),
            true,
            true,
        ),
        (Place::At("P01"), Some("P02"), import, true, true),
        (Place::At("P01"), Some("P02"), person, true, false),
        (Place::At("P01"), Some("P02"), proven, true, false),
        (Place::At("P01"), Some("p01"), claim, true, false),
        (Place::At("P01"), Some(""), claim, true, false),
        (Place::At("P01"), None, claim, true, false),
        // One that could be anywhere, and says where it is.
        (CLAIMED, Some("P02"), claim, true, true),
        (CLAIMED, Some("QQQ"), claim, false, true),
        (VOUCHED, Some("P02"), claim, true, false),
        (VOUCHED, Some("QQQ"), claim, false, true),
        (CLAIMED, Some("P02"), import, false, false),
        (CLAIMED, None, claim, false, false),
        (Place::Unheard, Some("QQQ"), claim, false, false),
    ] {
        let found = other_site(was, became, false, who, listed);
        assert_eq!(found.is_some(), wanted, "{was:?} {became:?} {who:?}");
        assert!(
            other_site(was, became, true, who, listed).is_none(),
            "ready all along"
        );
    }
    let found = other_site(CLAIMED, Some("P02"), false, claim, true).expect("odd");
    assert_eq!((&found.was[..], &found.became[..]), ("", "P02"));
}

#[test]
fn only_who_sees_both_sites_closes_that_a_client_went_from_one_to_the_other() {
    let only = |codes: &[&str]| Sites::only(codes.iter().map(|code| (*code).to_owned()));
    for (sites, was, became, wanted) in [
        (Sites::all(), "P01", "P02", true),
        (Sites::all(), "", "P02", true),
        (only(&["P02"]), "P01", "P02", false),
        (only(&["P01"]), "P01", "P02", false),
        (only(&["P01", "P02"]), "P01", "P02", true),
        (only(&["P01", "P02"]), "", "P02", false),
        (only(&["P01", "P02"]), "P01", "P03", false),
    ] {
        let may = may_close(Kind::Site, &sites, "P02", was, became);
        assert_eq!(may, wanted, "{sites:?} {was} {became}");
    }
    // Of other kinds what was before is no site.
    assert!(may_close(
        Kind::Sender,
        &only(&["P02"]),
        "P02",
        "10.0.0.1",
        "10.0.0.2"
    ));
    assert!(!may_close(
        Kind::Sender,
        &only(&["P01"]),
        "P02",
        "10.0.0.1",
        "10.0.0.2"
    ));
    assert!(
        !may_close(Kind::Burst, &only(&["P01"]), "", "", "")
            && may_close(Kind::Burst, &Sites::all(), "", "", "")
    );
}

/// Sends a report with a token.
pub async fn sent(app: &TestApp, token: &str, report: Report<'_>) {
    let request = app
        .request(Method::POST, "/api/v1/reports")
        .bearer_auth(token)
        .header(header::CONTENT_TYPE, "application/json")
        .body(report.line());
    let answer = Answer::to(request).await.ok("a report").json();
    assert_eq!(answer["stored"], 1, "{answer}");
}

/// How many may belong to a site.
async fn unplaced(app: &TestApp, site: &str) -> i64 {
    let gate = app.json(&format!("/api/v1/gate?site={site}")).await;
    let criteria = gate["criteria"].as_array().expect("criteria");
    let found = criteria.iter().find(|one| one["criterion"] == "unplaced");
    found.expect("the criterion")["figure"]
        .as_i64()
        .expect("a figure")
}

async fn noted(app: &TestApp) -> Vec<(String, String, String)> {
    let list = app.json("/api/v1/suspicions?kind=site").await;
    let items = list["items"].as_array().expect("items");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = items.iter();
    each.map(|one| {
        (
            text(&one["client"]["name"]),
            text(&one["was"]),
            text(&one["became"]),
        )
    })
    .collect()
}

/// Closes all that is open.
pub async fn close_all(app: &TestApp, cookie: &str) {
    let list = app.json("/api/v1/suspicions").await;
    let ids: Vec<String> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|one| format!("id={}", one["id"].as_str().expect("an id")))
        .collect();
    let form = format!("{}&why=looked+at", ids.join("&"));
    assert_eq!(close(app, cookie, &form).await.status, 303);
}

#[tokio::test]
async fn a_blocker_of_no_known_site_leaves_the_other_sites_by_no_claim() {
    for app in TestApp::each().await {
        app.put_population("", "name,site\r\nREADY-1,P01\r\nREADY-2,P02\r\n")
            .await
            .ok("a list");
        app.report("READY-1").stored().await;
        app.report("READY-2").at_site("P02").stored().await;
        app.report("LOST-1")
            .winhttp_old()
            .without_site()
            .collected(-HOUR)
            .stored()
            .await;
        assert_eq!(
            (unplaced(&app, "P01").await, unplaced(&app, "P02").await),
            (1, 1)
        );
        app.report("LOST-1")
            .winhttp_old()
            .at_site("QQQ")
            .collected(-HOUR / 2)
            .stored()
            .await;
        let of = |was: &str, became: &str| ("LOST-1".to_owned(), was.to_owned(), became.to_owned());
        assert_eq!(noted(&app).await, [of("", "QQQ")], "on {}", app.engine);
        assert_eq!(
            (unplaced(&app, "P01").await, unplaced(&app, "P02").await),
            (1, 1)
        );
        // Nor by a second one, and once it is one of a site that is known it is counted there as what it is.
        app.report("LOST-1")
            .winhttp_old()
            .at_site("P02")
            .stored()
            .await;
        assert_eq!(noted(&app).await, [of("QQQ", "P02"), of("", "QQQ")]);
        assert_eq!(
            (unplaced(&app, "P01").await, unplaced(&app, "P02").await),
            (1, 0)
        );
        let blocking = app.json("/api/v1/clients?standing=blocking&site=P02").await;
        assert_eq!(blocking["total"], 1);
        let cookie = app.sign_in().await;
        let text = page(&app, &cookie, "/suspicions").await;
        assert!(text.contains("no known site"), "{text}");
        close_all(&app, &cookie).await;
        assert_eq!(
            (unplaced(&app, "P01").await, unplaced(&app, "P02").await),
            (0, 0)
        );
    }
}

#[tokio::test]
async fn who_was_brought_without_a_site_names_one_that_a_list_knows() {
    for app in TestApp::each().await {
        app.put_population("", "name,site\r\nREADY-1,P01\r\nREADY-2,P02\r\n")
            .await
            .ok("a list");
        for name in ["OLD-1", "OLD-2"] {
            let brought = app
                .report(name)
                .winhttp_old()
                .without_site()
                .collected(-HOUR);
            sent(&app, app.token("import"), brought).await;
        }
        assert_eq!(unplaced(&app, "P01").await, 2);
        // Afterwards its own report comes.
        app.report("OLD-1")
            .winhttp_old()
            .at_site("P02")
            .stored()
            .await;
        assert_eq!(noted(&app).await, [], "on {}", app.engine);
        assert_eq!(unplaced(&app, "P01").await, 1);
        app.report("OLD-2")
            .winhttp_old()
            .at_site("QQQ")
            .stored()
            .await;
        assert_eq!(noted(&app).await.len(), 1, "on {}", app.engine);
        assert_eq!(unplaced(&app, "P01").await, 1);
        // Who was never heard says first where it is: nobody knew better.
        app.put_population("?list=names", "name\r\nNEVER-1\r\n")
            .await
            .ok("names");
        app.report("NEVER-1")
            .winhttp_old()
            .at_site("P02")
            .stored()
            .await;
        assert_eq!(noted(&app).await.len(), 1);
    }
}

#[tokio::test]
async fn an_import_takes_no_blocker_out_of_its_site_unseen() {
    for app in TestApp::each().await {
        app.put_population("", "name,site\r\nREADY-1,P01\r\nOLD-1,P02\r\n")
            .await
            .ok("a list");
        app.report("OLD-1")
            .winhttp_old()
            .at_site("P02")
            .collected(-HOUR)
            .stored()
            .await;
        let moved = app.report("OLD-1").winhttp_old().at_site("Q99");
        sent(&app, app.token("import"), moved).await;
        let wanted = ("OLD-1".to_owned(), "P02".to_owned(), "Q99".to_owned());
        assert_eq!(noted(&app).await, [wanted], "on {}", app.engine);
        assert_eq!(unplaced(&app, "P02").await, 1);
    }
}

#[tokio::test]
async fn an_operator_of_the_new_site_does_not_close_it_for_the_old_one() {
    for app in TestApp::each().await {
        app.report("OLD-1")
            .winhttp_old()
            .collected(-HOUR)
            .stored()
            .await;
        app.report("OLD-1")
            .winhttp_old()
            .at_site("P02")
            .stored()
            .await;
        app.report("OLD-2")
            .winhttp_old()
            .without_site()
            .collected(-HOUR)
            .stored()
            .await;
        app.report("OLD-2")
            .winhttp_old()
            .at_site("P02")
            .stored()
            .await;
        let password = "brown horse, 4 legs";
        for (name, sites) in [("otto", "P02"), ("bea", "P01,P02")] {
            let add = [
                "user",
                "add",
                name,
                "--role",
                "operator",
                "--sites",
                sites,
                "--password-stdin",
            ];
            let added = app.command(&add, &format!("{password}\n"));
            assert!(added.status.success(), "{added:?}");
        }
        let all = app.json("/api/v1/suspicions?kind=site").await;
        let items = all["items"].as_array().expect("items");
        let id = |was: &str| {
            let one = items.iter().find(|one| one["was"] == was).expect("noted");
            one["id"].as_str().expect("an id").to_owned()
        };
        let (left, nowhere) = (id("P01"), id(""));
        let otto = app.sign_in_as("otto", password).await;
        let text = page(&app, &otto, "/suspicions").await;
        assert!(
            text.contains("OLD-1")
                && text.contains("For somebody to close who may see both sites."),
            "{text}"
        );
        assert!(!text.contains("type=\"checkbox\""), "{text}");
        for form in [format!("id={left}"), format!("id={left}&id={nowhere}")] {
            let refused = close(&app, &otto, &format!("{form}&why=mine"))
                .await
                .problem(403);
            let detail = refused["detail"].as_str().expect("a sentence");
            assert!(
                detail.starts_with("Nothing was closed") && detail.contains("both sites"),
                "on {}: {detail}",
                app.engine
            );
        }
        assert_eq!(
            app.json("/api/v1/suspicions?kind=site").await["total"],
            json!(2)
        );
        // Who sees both closes the one; that it could have been anywhere is for somebody without a limit.
        let bea = app.sign_in_as("bea", password).await;
        let text = page(&app, &bea, "/suspicions").await;
        assert!(text.contains(&format!("value=\"{left}\"")), "{text}");
        assert!(!text.contains(&format!("value=\"{nowhere}\"")), "{text}");
        close(&app, &bea, &format!("id={nowhere}&why=mine"))
            .await
            .problem(403);
        assert_eq!(
            close(&app, &bea, &format!("id={left}&why=it+moved"))
                .await
                .status,
            303
        );
        let cookie = app.sign_in().await;
        assert_eq!(
            close(&app, &cookie, &format!("id={nowhere}&why=it+moved"))
                .await
                .status,
            303
        );
        assert_eq!(
            app.json("/api/v1/suspicions").await["total"],
            json!(0),
            "on {}",
            app.engine
        );
    }
}

/// A turn to ready and another site in one report: whoever looks at the old site is told, and so is a board.
#[tokio::test]
async fn who_turns_ready_on_the_way_to_another_site_has_not_left_its_own() {
    for app in TestApp::each().await {
        let old = || app.report("OLD-1").windows7_untouched();
        old().at_site("P01").stored().await;
        app.report("READY-1").at_site("P01").stored().await;
        assert_eq!(unplaced(&app, "P01").await, 0);
        app.report("OLD-1").at_site("P02").stored().await;
        assert_eq!(unplaced(&app, "P01").await, 1, "on {}", app.engine);
        let cookie = app.sign_in().await;
        let form = "name=P01&sites=P01&tls10=1&freshness_days=14";
        let made = crate::cutover::post(&app, &cookie, "/cutover", form).await;
        let scope = made.header("location");
        let id = scope.rsplit('/').next().expect("an id");
        let now = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!(now["tally"]["because"]["unplaced"], 1, "{now}");
        // Somebody has looked.
        close_all(&app, &cookie).await;
        assert_eq!(unplaced(&app, "P01").await, 0);
    }
}

/// A list of the site that a report named takes it out of the count there, and not out of the question here.
#[tokio::test]
async fn no_list_of_another_site_takes_a_blocker_out_of_the_one_it_left() {
    for app in TestApp::each().await {
        let old = || app.report("OLD-1").windows7_untouched();
        old().at_site("P01").stored().await;
        old().at_site("P02").stored().await;
        assert_eq!(unplaced(&app, "P01").await, 1);
        let list = "name,site,obsolete\r\nOLD-1,P02,1\r\nNEW-1,P02,0\r\n";
        let put = app.put_population("?list=two&confirm_shrink=1&why=It+was+scrapped", list);
        let put = put.await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert_eq!(unplaced(&app, "P01").await, 1, "on {}", app.engine);
    }
}

/// The first report turns it, and the second one takes it away, as one that was ready all along.
#[tokio::test]
async fn who_is_ready_by_a_suspected_report_leaves_no_site_by_the_next_one() {
    for app in TestApp::each().await {
        let thief = app.make_token("ingest", "another sender");
        let forged = async |report: Report<'_>| {
            let sent = app.request(Method::POST, "/api/v1/reports");
            let sent = sent.bearer_auth(&thief).body(report.line());
            Answer::to(sent).await.ok("forged");
        };
        let failed = async || app.json("/api/v1/gate?site=P01").await["failed"].to_string();
        let old = || app.report("OLD-1").collected(-3 * HOUR);
        app.report("PC-1").stored().await;
        old().windows7_untouched().stored().await;
        forged(old().collected(-2 * HOUR)).await;
        assert!(failed().await.contains("suspicious"), "on {}", app.engine);
        forged(old().collected(-HOUR).at_site("P02")).await;
        assert!(failed().await.contains("unplaced"), "on {}", app.engine);
        let cookie = app.sign_in().await;
        close_all(&app, &cookie).await;
        let left = failed().await;
        assert!(
            !left.contains("unplaced") && !left.contains("suspicious"),
            "{left}"
        );
    }
}
