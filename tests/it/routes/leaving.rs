//! Who leaves the count or a site by an expected list: told by client, by site and over several lists, and asked about.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    support::{answer::Answer, app::TestApp, report::HOUR},
    suspicions::sites::{close_all, sent},
};

/// A list of these, each with its site.
fn list(rows: impl IntoIterator<Item = (String, &'static str)>) -> String {
    let mut text = "name,site\r\n".to_owned();
    for (name, site) in rows {
        text.push_str(&format!("{name},{site}\r\n"));
    }
    text
}

fn names(numbers: impl IntoIterator<Item = u32>) -> String {
    list(numbers.into_iter().map(|n| (format!("PC-{n}"), "P01")))
}

fn detail(problem: &Value) -> String {
    problem["detail"].as_str().expect("a sentence").to_owned()
}

async fn asked(app: &TestApp, body: String) -> String {
    detail(&app.put_population("?confirm=1", body).await.problem(409))
}

#[tokio::test]
async fn names_that_are_exchanged_for_as_many_others_are_asked_about() {
    for app in TestApp::each().await {
        app.put_population("", names(0..40)).await.ok("the first");
        let said = asked(&app, names(10..50)).await;
        assert!(
            said.contains("10 of 40 clients would no longer be counted (10 never reported)")
                && said.contains("confirm_shrink=10"),
            "on {}: {said}",
            app.engine
        );
        let query = "?confirm_shrink=10&why=given+back";
        let done = app
            .put_population(query, names(10..50))
            .await
            .ok("confirmed")
            .json();
        assert_eq!(done["population"], serde_json::json!([40, 40]), "{done}");
    }
}

#[tokio::test]
async fn small_steps_are_added_up() {
    for app in TestApp::each().await {
        app.put_population("", names(0..60)).await.ok("the first");
        for n in 1..=3 {
            app.put_population("", names(n..60)).await.ok("one less");
        }
        let said = asked(&app, names(4..60)).await;
        assert!(
            said.contains("1 of 57 clients would no longer be counted")
                && said.contains("3 clients went so in the last 30 days")
                && said.contains("confirm_shrink=4"),
            "on {}: {said}",
            app.engine
        );
        // Somebody has seen all of them: it begins anew.
        let query = "?confirm_shrink=4&why=given+back";
        app.put_population(query, names(4..60))
            .await
            .ok("confirmed");
        app.put_population("", names(5..60)).await.ok("one less");
    }
}

#[tokio::test]
async fn a_small_site_does_not_vanish_in_a_large_estate() {
    for app in TestApp::each().await {
        let rows = |small: u32| {
            let large = (0..90).map(|n| (format!("PC-{n}"), "P01"));
            let small = (0..small).map(|n| (format!("LAB-{n}"), "P02"));
            list(large.chain(small))
        };
        app.put_population("", rows(10)).await.ok("the first");
        app.put_population("", rows(9)).await.ok("one of a site");
        let said = asked(&app, rows(8)).await;
        assert!(
            said.contains("more than a twentieth would leave a site: 1 of the 9 clients of P02")
                && said.contains("confirm_shrink=2"),
            "on {}: {said}",
            app.engine
        );
        assert!(!said.contains("of P01"), "{said}");
    }
}

#[tokio::test]
async fn a_list_takes_no_blocker_to_another_site_unasked() {
    for app in TestApp::each().await {
        let mut rows: Vec<(String, &'static str)> =
            (0..60).map(|n| (format!("PC-{n}"), "P01")).collect();
        app.put_population("", list(rows.clone()))
            .await
            .ok("the first");
        app.report("PC-0")
            .winhttp_old()
            .collected(-HOUR)
            .stored()
            .await;
        app.report("PC-1").collected(-HOUR).stored().await;
        app.report("PC-2")
            .winhttp_old()
            .collected(-HOUR)
            .stored()
            .await;
        app.report("PC-2").winhttp_unreadable().stored().await;
        // Who is ready goes where it is said to be, and one that was never heard is one of sixty.
        rows[1].1 = "Q98";
        rows[3].1 = "Q98";
        app.put_population("", list(rows.clone()))
            .await
            .ok("harmless");
        rows[0].1 = "Q99";
        rows[2].1 = "Q99";
        let said = asked(&app, list(rows.clone())).await;
        assert!(
            said.contains("2 clients that are not ready (1 blocking, 1 whose verdict a report took away) would be counted at another site: 2 from P01 to Q99")
                && said.contains("confirm_shrink=3"),
            "on {}: {said}",
            app.engine
        );
        for query in [
            "",
            "?confirm=1&why=they+moved",
            "?confirm_shrink=3",
            "?confirm_shrink=2&why=they+moved",
        ] {
            app.put_population(query, list(rows.clone()))
                .await
                .problem(409);
        }
        assert_eq!(app.json("/api/v1/clients?site=Q99").await["total"], 0);
        let query = "?confirm_shrink=3&why=they+moved";
        app.put_population(query, list(rows.clone()))
            .await
            .ok("confirmed");
        assert_eq!(app.json("/api/v1/clients?site=Q99").await["total"], 2);
        app.put_population("", list(rows.clone()))
            .await
            .ok("the same again");
        // Whom a report takes away, the list takes back: nobody waits for it where it said that it was.
        app.report("PC-0")
            .winhttp_old()
            .at_site("P01")
            .stored()
            .await;
        app.put_population("", list(rows.clone()))
            .await
            .ok("the same again");
        assert_eq!(app.json("/api/v1/clients?site=Q99").await["total"], 2);
        // Those that were never heard are counted by their site.
        for row in rows.iter_mut().skip(10).take(4) {
            row.1 = "Q97";
        }
        let said = asked(&app, list(rows)).await;
        assert!(
            said.contains("4 clients that are not ready (4 never reported) would be counted at another site: 4 from P01 to Q97")
                && said.contains("4 of the 56 clients of P01"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_form_says_what_would_go_and_does_it_once_it_is_confirmed() {
    let app = TestApp::one();
    app.put_population("", names(0..40)).await.ok("the first");
    let cookie = app.sign_in().await;
    let press = |form: &str| {
        let request = app
            .request(Method::POST, "/population/withdraw")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        Answer::to(request)
    };
    let text = press("list=default").await.ok("asks").text();
    assert!(
        text.contains("40 of 40 clients would no longer be counted"),
        "{text}"
    );
}

/// So long ago that a report is too old.
const LONG_AGO: i64 = -20 * 24 * HOUR;

/// Sixty of a site: one that blocked when it was heard last, long ago; one that a stranger turned ready; another, which was not heard
/// since for too long; and one that is ready.
async fn with_blockers_in_hiding(app: &TestApp) -> Vec<(String, &'static str)> {
    let rows: Vec<(String, &'static str)> = (0..60).map(|n| (format!("PC-{n}"), "P01")).collect();
    app.put_population("", list(rows.clone()))
        .await
        .ok("the first");
    let thief = app.make_token("ingest", "a thief");
    let long_ago = |name: &str| app.report(name).winhttp_old().collected(LONG_AGO);
    long_ago("PC-0").stored().await;
    app.report("PC-1")
        .winhttp_old()
        .collected(-HOUR)
        .stored()
        .await;
    sent(app, &thief, app.report("PC-1")).await;
    long_ago("PC-2").collected(2 * LONG_AGO).stored().await;
    sent(app, &thief, app.report("PC-2").collected(LONG_AGO)).await;
    app.report("PC-4").stored().await;
    rows
}

#[tokio::test]
async fn who_blocked_when_it_was_heard_last_or_is_ready_by_a_suspected_report_hides_like_a_blocker()
{
    const HIDDEN: &str = "3 blockers (1 not ready when last heard, which is too long ago, 2 ready by a report about which a suspicion is open)";
    for app in TestApp::each().await {
        let rows = with_blockers_in_hiding(&app).await;
        let told = app.json("/api/v1/clients?suspicious=1").await;
        assert_eq!(told["total"], 2, "{told}");
        let hides = |names: &[&str]| {
            let mut text = "name,site,obsolete\r\n".to_owned();
            for (name, site) in &rows {
                let obsolete = u8::from(names.contains(&&name[..]));
                text.push_str(&format!("{name},{site},{obsolete}\r\n"));
            }
            text
        };
        let all = hides(&["PC-0", "PC-1", "PC-2"]);
        let said = detail(&app.put_population("", all).await.problem(409));
        assert!(
            said.contains(&format!(
                "With this list {HIDDEN} would no longer be counted"
            )),
            "on {}: {said}",
            app.engine
        );
        for one in ["PC-0", "PC-1", "PC-2"] {
            let said = detail(&app.put_population("", hides(&[one])).await.problem(409));
            assert!(
                said.contains("With this list 1 blocker (1 "),
                "{one}: {said}"
            );
        }
        // One that nobody suspects may go unasked.
        app.put_population("", hides(&["PC-4"])).await.ok("ready");
        // To another site they go by their number only, and nobody passes for cleared.
        let moves = |names: &[&str]| {
            let each = rows.iter().map(|(name, site)| {
                let site = if names.contains(&&name[..]) {
                    "Q99"
                } else {
                    site
                };
                (name.clone(), site)
            });
            list(each)
        };
        let said = asked(&app, moves(&["PC-0", "PC-1", "PC-2"])).await;
        assert!(
            said.contains("3 clients that are not surely ready (1 not ready when last heard, which is too long ago, 2 ready by a report about which a suspicion is open) would be counted at another site: 3 from P01 to Q99"),
            "on {}: {said}",
            app.engine
        );
        for one in ["PC-0", "PC-1", "PC-2"] {
            asked(&app, moves(&[one])).await;
        }
        // Once somebody has looked, those are as ready as others.
        let cookie = app.sign_in().await;
        close_all(&app, &cookie).await;
        app.put_population("", moves(&["PC-1"])).await.ok("ready");
        asked(&app, moves(&["PC-0"])).await;
    }
}

#[tokio::test]
async fn a_limited_list_gives_no_blocker_its_first_site_unasked() {
    for app in TestApp::each().await {
        let lists = app.command(
            &[
                "token",
                "create",
                "--purpose",
                "population",
                "--name",
                "l02",
                "--sites",
                "P02",
            ],
            "",
        );
        let token = String::from_utf8(lists.stdout).expect("text");
        let put = async |query: &str, body: &str| {
            let path = format!("/api/v1/population?list=p02{query}");
            let request = app.request(Method::PUT, &path).bearer_auth(token.trim());
            Answer::to(request.body(body.to_owned())).await
        };
        for name in ["LOST-1", "LOST-2", "LOST-3"] {
            app.report(name)
                .winhttp_old()
                .without_site()
                .collected(-HOUR)
                .stored()
                .await;
        }
        app.report("LOST-2").without_site().stored().await;
        app.report("LOST-3")
            .winhttp_unreadable()
            .without_site()
            .stored()
            .await;
        app.put_population("?list=names", "name\r\nNEVER-1\r\n")
            .await
            .ok("names");
        // Who was never heard counts wherever it may belong, too.
        let silent = list([("NEVER-1".to_owned(), "P02")]);
        let said = detail(&put("", &silent).await.problem(409));
        let wanted = "1 client that is not ready (1 never reported) would be counted at another site: 1 from no known site to P02";
        assert!(said.contains(wanted), "on {}: {said}", app.engine);
        // Who is ready is as in any first list.
        let harmless = list([("LOST-2".to_owned(), "P02")]);
        put("", &harmless).await.ok("harmless");
        let blockers = list(["LOST-1", "LOST-3"].map(|name| (name.to_owned(), "P02")));
        for query in ["", "&confirm=1", "&confirm_shrink=2"] {
            let said = detail(&put(query, &blockers).await.problem(409));
            assert!(
                said.contains("2 clients that are not ready (1 blocking, 1 whose verdict a report took away) would be counted at another site: 2 from no known site to P02")
                    && said.contains("confirm_shrink="),
                "on {}: {said}",
                app.engine
            );
        }
        let elsewhere = app.json("/api/v1/clients?site=P02").await;
        assert_eq!(elsewhere["total"], 1, "{elsewhere}");
        let said = detail(&put("", &blockers).await.problem(409));
        let (_, number) = said.split_once("confirm_shrink=").expect("a number");
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        put(&format!("&confirm_shrink={number}&why=ours"), &blockers)
            .await
            .ok("confirmed");
        // Whoever sees all sites says where they are, as the first list of an estate does.
        app.report("LOST-9")
            .winhttp_old()
            .without_site()
            .stored()
            .await;
        app.put_population("?list=first", list([("LOST-9".to_owned(), "P01")]))
            .await
            .ok("the first");
    }
}

/// The clients of a site hang on it, so that it is no client like others whom nobody can judge.
#[tokio::test]
async fn no_list_takes_a_management_point_of_which_nobody_knows_how_it_stands_unasked() {
    let roles = |point: &str, site: &str| {
        let others = (0..60).map(|n| format!("PC-{n},P01,\r\n"));
        let others: String = others.collect();
        format!("name,site,roles\r\n{others}{point},{site},SMS Management Point\r\n")
    };
    for app in TestApp::each().await {
        app.put_agreed("", roles("MP-1", "P01")).await.ok("a list");
        let said = asked(&app, roles("MP-1", "P02")).await;
        let wanted = "(1 on which the clients of a site hang, and of which nobody knows that they are ready) would be counted at another site: 1 from P01 to P02";
        assert!(said.contains(wanted), "on {}: {said}", app.engine);
        let said = detail(&app.put_population("", names(0..60)).await.problem(409));
        let wanted = "(1 on which the clients of a site hang, and of which nobody knows that they are ready) would no longer be counted";
        assert!(said.contains(wanted), "on {}: {said}", app.engine);
        let undetermined = app.report("MP-1").at_site("P01").winhttp_unreadable();
        let undetermined = undetermined.set("/client/roles", json!(["management_point"]));
        undetermined.stored().await;
        asked(&app, roles("MP-1", "P02")).await;
    }
}
