//! A site system whose report does not name its role any more: noted, and asked about like before, until somebody has looked.

use cutover::domain::suspicions::{Kind, dropped};
use reqwest::Method;
use serde_json::{Value, json};

use super::sites::close_all;
use crate::{
    cutover::post,
    support::{
        answer::Answer,
        app::TestApp,
        report::{HOUR, Report},
    },
};

#[test]
fn only_a_role_that_is_lost_is_odd() {
    let cases: &[(&[&str], &[&str], bool)] = &[
        (&["management_point"], &[], true),
        (&["management_point"], &["client"], true),
        (&["management_point"], &["distribution_point"], true),
        (&["management_point"], &["SMS Management Point"], false),
        (&["management_point"], &["site_server", "client"], false),
        (&["distribution_point"], &["console"], true),
        (&["distribution_point"], &["wsus"], false),
        (&["wsus", "management_point"], &["management_point"], true),
        (
            &["database", "management_point"],
            &["management_point"],
            true,
        ),
        (&["database", "management_point"], &["site_database"], false),
        (&["client"], &[], false),
        (&[], &["management_point"], false),
        (&[], &[], false),
    ];
    for (before, after, odd) in cases {
        let found = dropped(before.iter().copied(), after.iter().copied());
        assert_eq!(found.is_some(), *odd, "{before:?} {after:?}");
        if let Some(found) = found {
            assert_eq!(
                (found.kind, found.was, found.became),
                (Kind::Roles, systems(before), systems(after))
            );
        }
    }
}

fn systems(roles: &[&str]) -> String {
    let systems = roles.iter().filter(|role| !PLAIN.contains(role));
    systems.copied().collect::<Vec<&str>>().join(", ")
}

/// Those among the above that make no site system.
const PLAIN: [&str; 2] = ["client", "console"];

/// A scope of clients of P01 alone, so that the servers are in no number; its what-if in the API.
async fn scope(app: &TestApp, cookie: &str) -> String {
    let form = "name=P01&sites=P01&tls10=1&freshness_days=3&filter=os%3D10.0.19045-client";
    let made = post(app, cookie, "/cutover", form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let scope = made.header("location");
    let id = scope.rsplit('/').next().expect("an id");
    format!("/api/v1/scopes/{id}/what-if")
}

async fn safe(app: &TestApp, what_if: &str) -> Value {
    app.json(what_if).await["tally"]["fates"]["safe"].clone()
}

fn point<'a>(app: &'a TestApp, roles: &[&str]) -> Report<'a> {
    let report = app.report("MP-1").at_site("P01").without_registry();
    report.set("/client/roles", json!(roles))
}

async fn noted(app: &TestApp) -> Value {
    app.json("/api/v1/suspicions?kind=roles").await
}

#[tokio::test]
async fn no_report_takes_its_role_from_a_management_point_unseen() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").at_site("P01").stored().await;
        let what_if = scope(&app, &cookie).await;
        assert_eq!(safe(&app, &what_if).await, 1);
        let first = point(&app, &["client", "management_point"]);
        first.collected(-3 * HOUR).stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        assert_eq!(noted(&app).await["total"], 0);
        for (n, roles) in [(2, &["client"][..]), (1, &[])] {
            point(&app, roles).collected(-n * HOUR).stored().await;
            assert_eq!(safe(&app, &what_if).await, 0, "{roles:?} on {}", app.engine);
        }
        // Also once it is ready as a client: nobody has judged it as what it was.
        let ready = app.report("MP-1").at_site("P01");
        ready.set("/client/roles", json!([])).stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        let list = noted(&app).await;
        let one = &list["items"][0];
        assert_eq!(
            (&list["total"], &one["was"], &one["became"], &one["times"]),
            (&json!(1), &json!("management_point"), &json!(""), &json!(1)),
            "on {}: {list}",
            app.engine
        );
        // It is asked for its logs as before.
        let observed = app.json("/api/v1/observations").await.to_string();
        assert!(observed.contains("mp-1"), "{observed}");
        close_all(&app, &cookie).await;
        // Somebody has looked: it is a client, and ready.
        assert_eq!(safe(&app, &what_if).await, 2, "on {}", app.engine);
    }
}

#[tokio::test]
async fn what_a_list_calls_a_management_point_is_one_whatever_it_says_of_itself() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").at_site("P01").stored().await;
        let what_if = scope(&app, &cookie).await;
        let list = "name,site,roles\r\nPC-1,P01,\r\nMP-1,P01,SMS Management Point\r\n";
        app.put_agreed("", list).await.ok("a list");
        assert_eq!(safe(&app, &what_if).await, 0, "it is silent");
        // Ready, as a client, and at another site by what it says.
        let ready = || app.report("MP-1").set("/client/roles", json!([]));
        ready().at_site("P01").collected(-HOUR).stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        // It says less than the list: somebody looks at that once.
        assert_eq!(noted(&app).await["items"][0]["times"], 1);
        close_all(&app, &cookie).await;
        ready().at_site("Q99").stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        // The list comes again, and so does a report: nothing is lost that somebody has not looked at.
        app.put_agreed("", list).await.ok("a list");
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        ready().at_site("P01").collected(HOUR / 60).stored().await;
        assert_eq!(noted(&app).await["total"], 0, "on {}", app.engine);
        // Judged as what it is.
        let judged = app.report("MP-1").at_site("P01").collected(HOUR / 30);
        let judged = judged.set("/client/roles", json!(["management_point"]));
        let standing = judged.send().await.json()["results"][0]["standing"].clone();
        let wanted = i32::from(standing == "ready");
        assert_eq!(safe(&app, &what_if).await, wanted, "{standing}");
    }
}

/// A management point that blocks, and said that it is a console: whatever comes then, somebody looks first.
async fn console(app: &TestApp) {
    app.report("PC-1").at_site("P01").stored().await;
    let list = "name,site\r\nPC-1,P01\r\nMP-1,P01\r\n";
    app.put_agreed("?list=all", list).await.ok("a list");
    let first = app.report("MP-1").at_site("P01").winhttp_old();
    let first = first.set("/client/roles", json!(["management_point"]));
    first.collected(-3 * HOUR).stored().await;
    let ready = app.report("MP-1").at_site("P01").collected(-2 * HOUR);
    let ready = ready.set("/client/roles", json!(["console"]));
    assert_eq!(
        ready.send().await.json()["results"][0]["standing"],
        "ready",
        "as a client it is"
    );
}

#[tokio::test]
async fn a_gate_waits_until_somebody_has_looked_at_a_role_that_was_dropped() {
    for app in TestApp::each().await {
        console(&app).await;
        let gate = app.json("/api/v1/gate?site=P01").await;
        let failed = gate["failed"].to_string();
        assert!(failed.contains("suspicious"), "on {}: {gate}", app.engine);
        let cookie = app.sign_in().await;
        close_all(&app, &cookie).await;
        let gate = app.json("/api/v1/gate?site=P01").await;
        assert_eq!(gate["pass"], true, "on {}: {gate}", app.engine);
    }
}

#[tokio::test]
async fn who_dropped_its_role_leaves_no_site_unseen() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        console(&app).await;
        let what_if = scope(&app, &cookie).await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        // By what it says itself.
        let away = app.report("MP-1").at_site("Q99").collected(-HOUR);
        let away = away.set("/client/roles", json!(["console"]));
        away.stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        assert_eq!(app.json("/api/v1/suspicions?kind=site").await["total"], 1);
        // By a list, unasked.
        for gone in ["MP-1,P02,0", "MP-1,P01,1"] {
            let list = format!("name,site,obsolete\r\nPC-1,P01,0\r\n{gone}\r\n");
            app.put_population("?list=all", list).await.problem(409);
        }
        // Left out by what was agreed to, it is still heard.
        let list = "name,site,obsolete\r\nPC-1,P01,0\r\nMP-1,P01,1\r\n";
        app.put_agreed("?list=all", list).await.ok("a list");
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
    }
}

#[tokio::test]
async fn each_role_that_was_dropped_is_looked_at() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").at_site("P01").stored().await;
        let what_if = scope(&app, &cookie).await;
        for (n, roles) in [
            (4, ["distribution_point"]),
            (3, ["console"]),
            (2, ["management_point"]),
            (1, ["console"]),
        ] {
            let report = app.report("MP-1").at_site("P01").collected(-n * HOUR);
            report.set("/client/roles", json!(roles)).stored().await;
        }
        assert_eq!(noted(&app).await["total"], 2, "on {}", app.engine);
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
    }
}

#[tokio::test]
async fn a_list_that_calls_a_management_point_none_any_more_is_asked_about() {
    let list = |point: &str| format!("name,site,roles\r\nPC-1,P01,\r\nMP-1,{point}\r\n");
    for app in TestApp::each().await {
        app.put_agreed("", list("P01,SMS Management Point"))
            .await
            .ok("a list");
        app.report("MP-1").at_site("P01").stored().await;
        // Somebody has looked that its report says less than the list.
        close_all(&app, &app.sign_in().await).await;
        for other in ["P01,", "P02,SMS Management Point", "P01,console"] {
            let said = app.put_population("", list(other)).await.problem(409);
            let said = said["detail"].as_str().expect("a sentence");
            let wanted = if other.starts_with("P01") {
                "1 machine would no longer be called a management point, site server or database"
            } else {
                "(1 on which the clients of a site hang"
            };
            assert!(said.contains(wanted), "{other} on {}: {said}", app.engine);
        }
        // The same again changes nothing.
        app.put_population("", list("P01,SMS Management Point"))
            .await
            .ok("the same");
    }
}

/// What a gate of P01 holds against it.
async fn failed(app: &TestApp) -> String {
    let gate = app.json("/api/v1/gate?site=P01").await;
    assert_eq!(gate["pass"] == true, gate["failed"] == json!([]), "{gate}");
    gate["failed"].to_string()
}

fn says<'a>(app: &'a TestApp, roles: &[&str], hour: i64) -> Report<'a> {
    let report = app.report("MP-1").collected(hour * HOUR);
    report.set("/client/roles", json!(roles))
}

#[tokio::test]
async fn a_list_that_calls_it_so_covers_up_no_role_that_was_dropped() {
    let named = "name,site,roles\r\nMP-1,P01,SMS Management Point\r\n";
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").stored().await;
        let what_if = scope(&app, &cookie).await;
        let blocks = says(&app, &["management_point"], -3).winhttp_old();
        blocks.stored().await;
        let all = "name,site\r\nPC-1,P01\r\nMP-1,P01\r\n";
        app.put_agreed("?list=all", all).await.ok("a list");
        app.put_agreed("?list=x", named).await.ok("a list");
        says(&app, &["console"], -2).stored().await;
        assert_eq!(noted(&app).await["total"], 1, "on {}", app.engine);
        assert!(failed(&app).await.contains("suspicious"));
        // Nor is it forgotten when the list goes.
        let gone = app
            .request(Method::DELETE, "/api/v1/population?list=x&confirm=1")
            .bearer_auth(app.token("population"));
        Answer::to(gone).await.ok("the list is gone");
        assert!(failed(&app).await.contains("suspicious"));
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        close_all(&app, &cookie).await;
        assert_eq!(failed(&app).await, "[]", "on {}", app.engine);
        assert_eq!(safe(&app, &what_if).await, 2, "on {}", app.engine);
    }
}

#[tokio::test]
async fn who_was_never_heard_and_says_it_is_less_than_a_list_says_is_looked_at() {
    let named = "name,site,roles\r\nPC-1,P01,\r\nMP-1,P01,SMS Management Point\r\n";
    for app in TestApp::each().await {
        app.put_agreed("", named).await.ok("a list");
        app.report("PC-1").stored().await;
        says(&app, &["console"], -2).stored().await;
        assert_eq!(noted(&app).await["total"], 1, "on {}", app.engine);
        assert!(failed(&app).await.contains("suspicious"));
        // Said once: whoever looks at it does so once.
        says(&app, &["console"], -1).stored().await;
        let list = noted(&app).await;
        assert_eq!(
            (&list["total"], &list["items"][0]["times"]),
            (&json!(1), &json!(1))
        );
    }
}

#[tokio::test]
async fn who_turned_ready_by_a_suspected_report_is_left_out_by_no_list_unseen() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").stored().await;
        says(&app, &["management_point"], -5)
            .winhttp_old()
            .stored()
            .await;
        let list = |rest: &str| format!("name,site,obsolete\r\nPC-1,P01,0\r\nMP-1,{rest}\r\n");
        app.put_agreed("", list("P01,1")).await.ok("a list");
        assert_eq!(failed(&app).await, "[\"left_out_heard\"]");
        says(&app, &["console"], -4).stored().await;
        let gate = app.json("/api/v1/gate?site=P01").await;
        let held = gate["criteria"].as_array().expect("criteria").iter();
        let held = held.filter(|one| one["criterion"] == "left_out_heard");
        let held: Vec<&Value> = held.collect();
        assert_eq!(held[0]["met"], false, "on {}: {gate}", app.engine);
        // The number is the length of its list.
        let path = held[0]["list"].as_str().expect("a list");
        let found = app.json(path).await;
        assert_eq!(found["items"][0]["name"], "MP-1", "{found}");
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
        // Also at another site, by what it says.
        says(&app, &["console"], -3).at_site("P02").stored().await;
        app.put_agreed("", list("P02,1")).await.ok("a list");
        assert_eq!(failed(&app).await, "[\"unplaced\"]", "on {}", app.engine);
        let named = "name=Both&sites=P01&tls10=1&freshness_days=3";
        let made = post(&app, &cookie, "/cutover", named).await;
        let made = made.header("location");
        let id = made.rsplit('/').next().expect("an id");
        let what_if = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!(what_if["tally"]["fates"]["safe"], 0, "{what_if}");
        // PC-1, whose way nobody knows.
        assert_eq!(what_if["tally"]["fates"]["cannot_say"], 1, "{what_if}");
        assert_eq!(what_if["tally"]["fates"]["may_lose"], 1, "{what_if}");
    }
}

#[tokio::test]
async fn a_management_point_that_names_another_site_is_at_both_in_a_scope_of_both() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        for (name, site) in [("PC-1", "P01"), ("PC-2", "P02")] {
            app.report(name).at_site(site).stored().await;
        }
        let blocks = |hour, site| {
            says(&app, &["management_point"], hour)
                .winhttp_old()
                .at_site(site)
        };
        blocks(-3, "P01").stored().await;
        let mut scopes = Vec::new();
        for sites in ["P01%2CP02", ""] {
            let form = format!("name=Scope+{sites}&sites={sites}&tls10=1&freshness_days=3");
            let made = post(&app, &cookie, "/cutover", &form).await;
            assert_eq!(made.status, 303, "{}", made.text());
            let id = made.header("location");
            let id = id.rsplit('/').next().expect("an id");
            scopes.push(format!("/api/v1/scopes/{id}/what-if"));
        }
        let each_safe = async || {
            let mut found = Vec::new();
            for scope in &scopes {
                found.push(safe(&app, scope).await);
            }
            found
        };
        assert_eq!(each_safe().await, [1, 1], "PC-2 is, on {}", app.engine);
        for (hour, site) in [(-2, "P02"), (-1, "Q99")] {
            blocks(hour, site).stored().await;
            assert_eq!(each_safe().await, [0, 0], "{site} on {}", app.engine);
        }
        close_all(&app, &cookie).await;
        assert_eq!(each_safe().await, [2, 2], "on {}", app.engine);
    }
}

#[tokio::test]
async fn a_management_point_that_was_at_no_known_site_may_stand_at_any() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        for (name, site) in [("PC-1", "P01"), ("PC-3", "P03")] {
            app.report(name).at_site(site).stored().await;
        }
        let blocks = |hour| says(&app, &["management_point"], hour).winhttp_old();
        let nowhere = blocks(-3).set("/client/site_code", json!(null));
        nowhere.stored().await;
        for (hour, site) in [(-2, "P01"), (-1, "P02")] {
            blocks(hour).at_site(site).stored().await;
            for sites in ["P01%2CP03", "P03", ""] {
                let form = format!("name={site}+{sites}&sites={sites}&tls10=1&freshness_days=3");
                let made = post(&app, &cookie, "/cutover", &form).await;
                assert_eq!(made.status, 303, "{}", made.text());
                let id = made.header("location");
                let id = id.rsplit('/').next().expect("an id").to_owned();
                let found = safe(&app, &format!("/api/v1/scopes/{id}/what-if")).await;
                assert_eq!(found, 0, "{sites} after {site} on {}", app.engine);
            }
        }
    }
}

#[tokio::test]
async fn what_is_expected_of_a_first_report_is_what_lists_in_force_say() {
    let list = |role: &str| format!("name,site,roles\r\nMP-1,P01,{role}\r\n");
    for app in TestApp::each().await {
        // A list that was wrong and is mended expects nothing any more.
        app.put_agreed("?list=a", list("SMS Management Point"))
            .await
            .ok("a list");
        app.put_agreed("?list=a", list("")).await.ok("mended");
        says(&app, &["console"], -3).stored().await;
        assert_eq!(noted(&app).await["total"], 0, "on {}", app.engine);
    }
    for app in TestApp::each().await {
        // Whichever list came first.
        app.put_agreed("?list=a", list("SMS Distribution Point"))
            .await
            .ok("a list");
        app.put_agreed("?list=b", list("SMS Management Point"))
            .await
            .ok("another");
        says(&app, &["distribution_point"], -3).stored().await;
        assert_eq!(noted(&app).await["total"], 1, "on {}", app.engine);
    }
}
