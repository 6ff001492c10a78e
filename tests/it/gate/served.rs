//! Asked over HTTPS, and by the command.

use std::process::Output;

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
};

/// Two of a site that are ready, and one of another that blocks; all of them expected.
async fn estate(app: &TestApp) {
    app.report("READY-1").stored().await;
    app.report("READY-2").stored().await;
    app.report("OLD-1")
        .windows7_untouched()
        .at_site("P02")
        .stored()
        .await;
    let list = "name,site\r\nREADY-1,P01\r\nREADY-2,P01\r\nOLD-1,P02\r\n";
    app.put_population("", list).await.ok("a list");
}

fn codes(gate: &Value) -> Vec<&str> {
    let failed = gate["failed"].as_array().expect("codes");
    failed
        .iter()
        .map(|code| code.as_str().expect("a code"))
        .collect()
}

#[tokio::test]
async fn it_passes_who_is_ready_and_nobody_else() {
    for app in TestApp::each().await {
        let empty = app.json("/api/v1/gate").await;
        assert_eq!(empty["pass"], false);
        assert_eq!(codes(&empty), ["clients", "list_age_days"]);
        estate(&app).await;
        for (query, failed) in [
            ("", &["blocking"][..]),
            ("?site=P01", &[]),
            ("?site=P02", &["blocking"]),
            ("?site=PO1", &["clients", "list_age_days"]),
            ("?site=p01", &[]),
            ("?site=P02&criteria=blocking:1", &[]),
            ("?criteria=blocking:33%25", &["blocking"]),
            ("?criteria=blocking:33.34%25", &[]),
            ("?os=6.1.7601-client", &["blocking"]),
            ("?role=management_point", &["clients", "list_age_days"]),
            ("?owner=nobody", &["clients", "list_age_days"]),
        ] {
            let gate = app.json(&format!("/api/v1/gate{query}")).await;
            assert_eq!(codes(&gate), failed, "{query} on {}", app.engine);
            assert_eq!(gate["pass"], failed.is_empty(), "{query}");
            every_figure_is_the_length_of_its_list(&app, &gate).await;
        }
        // Somebody who is expected and has never spoken closes it.
        let list = "name,site\r\nREADY-1,P01\r\nREADY-2,P01\r\nNEVER-1,P01\r\nOLD-1,P02\r\n";
        app.put_population("", list).await.ok("a list");
        let gate = app.json("/api/v1/gate?site=P01").await;
        assert_eq!(codes(&gate), ["no_verdict", "silent"]);
        every_figure_is_the_length_of_its_list(&app, &gate).await;
        let loosened = "/api/v1/gate?site=P01&criteria=silent:1,no_verdict:34%25";
        assert_eq!(app.json(loosened).await["pass"], true);
        insta::assert_snapshot!("gate_of_a_site", hidden(gate));
    }
}

async fn every_figure_is_the_length_of_its_list(app: &TestApp, gate: &Value) {
    for criterion in gate["criteria"].as_array().expect("criteria") {
        let Some(list) = criterion["list"].as_str() else {
            continue;
        };
        let list = app.json(list).await;
        let length = if criterion["criterion"] == "stopped_feeds" {
            &list["stopped"]
        } else {
            &list["total"]
        };
        assert_eq!(*length, criterion["figure"], "{criterion}");
    }
}

/// Nobody slips through because it is not known where it belongs, or because a list says that it is gone.
#[tokio::test]
async fn who_may_belong_to_the_scope_closes_it() {
    for app in TestApp::each().await {
        estate(&app).await;
        assert_eq!(app.json("/api/v1/gate?site=P01").await["pass"], true);
        // A list of names alone knows no sites, and whoever is on it has never spoken.
        let names = "name\r\nGHOST-1\r\nGHOST-2\r\n";
        app.put_population("?list=names", names).await.ok("a list");
        let gate = app.json("/api/v1/gate?site=P01").await;
        assert_eq!(codes(&gate), ["unplaced"], "on {}", app.engine);
        every_figure_is_the_length_of_its_list(&app, &gate).await;
        let loosened = "/api/v1/gate?site=P01&criteria=unplaced:2";
        assert_eq!(app.json(loosened).await["pass"], true);
        // A list of one site says nothing about who is missing at another.
        app.report("OTHER-1").at_site("P03").stored().await;
        let gate = app
            .json("/api/v1/gate?site=P03&criteria=unplaced:any")
            .await;
        assert_eq!(codes(&gate), ["list_age_days"]);
        assert_eq!(gate["criteria"][6]["figure"], Value::Null);
    }
}

/// How many may belong to the scope of a gate.
fn unplaced(gate: &Value) -> i64 {
    let criteria = gate["criteria"].as_array().expect("criteria");
    let found = criteria.iter().find(|one| one["criterion"] == "unplaced");
    found.expect("the criterion")["figure"]
        .as_i64()
        .expect("a figure")
}

#[tokio::test]
async fn nobody_who_is_not_ready_leaves_a_site_by_what_a_report_says() {
    for app in TestApp::each().await {
        estate(&app).await;
        let list = "name,site\r\nREADY-1,P01\r\nREADY-2,P01\r\nNEVER-1,P02\r\nREADY-3,P02\r\nOLD-1,P02\r\n";
        app.put_population("", list).await.ok("a list");
        app.report("READY-3").at_site("P02").stored().await;
        let gate = "/api/v1/gate?site=P02&criteria=blocking:1,no_verdict:any,silent:1";
        let before = app.json(gate).await;
        assert_eq!(before["pass"], true, "{before}");
        // The blocker, and one that was never heard, say that they are of another site.
        app.report("OLD-1")
            .windows7_untouched()
            .at_site("Q99")
            .stored()
            .await;
        app.report("NEVER-1")
            .windows7_untouched()
            .at_site("Q99")
            .stored()
            .await;
        let after = app.json(gate).await;
        assert_eq!(codes(&after), ["unplaced"], "on {}: {after}", app.engine);
        assert_eq!(unplaced(&after), 2, "{after}");
        let noted = app.json("/api/v1/suspicions?kind=site").await;
        assert_eq!(noted["total"], 2, "{noted}");
        assert_eq!(noted["items"][0]["was"], "P02", "{noted}");
        // Back where it was known, it counts there once.
        app.report("OLD-1")
            .windows7_untouched()
            .at_site("P02")
            .stored()
            .await;
        let back = app.json(gate).await;
        assert_eq!(unplaced(&back), 1, "{back}");
        // A client that is ready goes where it says, and stays noted when it blocks from there on.
        // The way back of the other is one more: it left that site, too.
        app.report("READY-3").at_site("Q98").stored().await;
        assert_eq!(app.json("/api/v1/suspicions?kind=site").await["total"], 3);
        app.report("READY-3")
            .windows7_untouched()
            .at_site("Q97")
            .stored()
            .await;
        assert_eq!(app.json("/api/v1/suspicions?kind=site").await["total"], 4);
        // Each site that it left counts it, whichever way it went and with one token all along.
        for site in ["P03", "P04", "P05"] {
            app.report("WANDERER")
                .windows7_untouched()
                .at_site(site)
                .stored()
                .await;
        }
        for (site, figure) in [("P03", 1), ("P04", 1), ("P05", 0)] {
            let gate = app.json(&format!("/api/v1/gate?site={site}")).await;
            assert_eq!(unplaced(&gate), figure, "{site} on {}", app.engine);
        }
        let noted = app.json("/api/v1/suspicions?kind=site").await;
        let addresses = noted["items"].as_array().expect("items").iter();
        assert!(
            addresses.map(|one| &one["address"]).all(Value::is_null),
            "{noted}"
        );
    }
}

#[tokio::test]
async fn who_is_left_out_and_heard_all_the_same_closes_it() {
    for app in TestApp::each().await {
        let list = "name,site,obsolete\r\nREADY-1,P01,0\r\nOLD-1,P01,1\r\n";
        app.put_population("", list).await.ok("a list");
        app.report("READY-1").stored().await;
        assert_eq!(app.json("/api/v1/gate?site=P01").await["pass"], true);
        app.report("OLD-1").windows7_untouched().stored().await;
        let gate = app.json("/api/v1/gate?site=P01").await;
        assert_eq!(gate["pass"], false, "on {}: {gate}", app.engine);
        every_figure_is_the_length_of_its_list(&app, &gate).await;
    }
}

/// It may belong to any site, whether a list calls it gone or not.
#[tokio::test]
async fn who_is_left_out_and_at_no_known_site_closes_it() {
    for app in TestApp::each().await {
        app.report("READY-1").stored().await;
        let away = app.report("LOST-1").windows7_untouched().without_site();
        away.set("/client/resource_id", Value::Null).stored().await;
        let list = "name,site,obsolete\r\nREADY-1,P01,0\r\nLOST-1,,1\r\n";
        app.put_agreed("", list).await.ok("a list");
        let gate = app.json("/api/v1/gate?site=P01").await;
        assert_eq!(codes(&gate), ["left_out_heard"], "on {}", app.engine);
        every_figure_is_the_length_of_its_list(&app, &gate).await;
        let cookie = app.sign_in().await;
        let scope = crate::cutover::served::scope(&app, &cookie, "").await;
        let id = scope.rsplit('/').next().expect("an id");
        let run = app.json(&format!("/api/v1/scopes/{id}/what-if")).await;
        assert_eq!(
            run["tally"]["because"]["unplaced"], 1,
            "on {}: {run}",
            app.engine
        );
    }
}

#[tokio::test]
async fn what_does_not_name_a_scope_is_refused() {
    let app = TestApp::one();
    for query in [
        "standing=ready",
        "reason=x",
        "q=PC",
        "site=A&site=B",
        "criteria=blocking:many",
        "criteria=blockers:0",
        "site=",
        "site=%20",
        "criteria=",
    ] {
        let problem = app.get(&format!("/api/v1/gate?{query}")).await.problem(422);
        let name = query.split('=').next().expect("a name");
        assert_eq!(
            problem["errors"][0]["pointer"],
            format!("?{name}"),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn the_command_ends_as_a_pipeline_needs_it() {
    let app = TestApp::one();
    estate(&app).await;
    let server = format!("https://{}", app.address);
    let ca = app.certificate().display().to_string();
    let asked = |more: &[&str]| -> Output {
        let token = app.token("read");
        let mut arguments = vec!["gate", "--server", &server, "--ca", &ca, "--token", token];
        arguments.extend(more);
        app.command(&arguments, "")
    };
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();

    let passed = asked(&["--site", "P01"]);
    assert_eq!(passed.status.code(), Some(0), "{passed:?}");
    assert!(text(&passed).ends_with("PASSED\n"));
    let failed = asked(&[]);
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(text(&failed).ends_with("NOT PASSED\n"));
    assert!(
        text(&failed).contains("NOT   Blocking: 1 of 3 clients; at most 0 may be.\n"),
        "{}",
        text(&failed)
    );
    let json = asked(&["--json", "--criteria", "blocking:1"]);
    assert_eq!(json.status.code(), Some(0), "{json:?}");
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["pass"], true);

    // Nobody knows, so nobody passes; and a wrong word is told before anything is asked.
    assert_eq!(
        asked(&["--criteria", "blocking:many"]).status.code(),
        Some(2)
    );
    let stranger = app.command(
        &["gate", "--server", &server, "--ca", &ca, "--token", "wrong"],
        "",
    );
    assert_eq!(stranger.status.code(), Some(1), "{stranger:?}");
    let nowhere = app.command(
        &[
            "gate",
            "--server",
            "https://127.0.0.1:1",
            "--ca",
            &ca,
            "--token",
            "x",
        ],
        "",
    );
    assert_eq!(nowhere.status.code(), Some(1), "{nowhere:?}");
}

/// A token that may not see a site cannot know who is missing there, and is told that it is the token.
#[tokio::test]
async fn a_gate_of_a_site_that_a_token_may_not_see_says_so() {
    for app in TestApp::each().await {
        estate(&app).await;
        let made = app.command(
            &[
                "token",
                "create",
                "--purpose",
                "read",
                "--name",
                "p01",
                "--sites",
                "P01",
            ],
            "",
        );
        let token = String::from_utf8(made.stdout).expect("text");
        let ask = async |query: &str| {
            let request = app
                .request(reqwest::Method::GET, &format!("/api/v1/gate{query}"))
                .bearer_auth(token.trim());
            crate::support::answer::Answer::to(request)
                .await
                .ok(query)
                .json()
        };
        let other = ask("?site=P02").await;
        assert_eq!(other["pass"], false);
        let said = other.to_string();
        assert!(said.contains("may not see site P02"), "{said}");
        assert!(!said.contains("Upload one"), "{said}");
        let own = ask("?site=P01").await;
        assert_eq!(own["pass"], true, "{own}");
    }
}

/// Those that are ready and expected at another site do not make room for those of whom nobody knows here.
#[tokio::test]
async fn who_is_expected_at_another_site_raises_no_share() {
    for app in TestApp::each().await {
        let rows = |of_others: &str| {
            let mut list = "name,site\r\n".to_owned();
            for n in 0..10 {
                list.push_str(&format!("OWN-{n},P01\r\n"));
            }
            for n in 0..60 {
                list.push_str(&format!("OTHER-{n},{of_others}\r\n"));
            }
            list
        };
        app.put_population("", rows("P02")).await.ok("a list");
        let mut reports: Vec<String> = (1..10)
            .map(|n| app.report(&format!("OWN-{n}")).line())
            .collect();
        // They say that they are here.
        reports.extend((0..60).map(|n| app.report(&format!("OTHER-{n}")).at_site("P01").line()));
        let stored = app.send(reports.join("\n")).await.ok("reports").json();
        assert_eq!(stored["stored"], 69, "{stored}");
        let gate = "/api/v1/gate?site=P01&criteria=silent:any,no_verdict:2%25";
        let held = app.json(gate).await;
        assert_eq!(codes(&held), ["no_verdict"], "on {}: {held}", app.engine);
        let says = held["criteria"][2]["says"].as_str().expect("a sentence");
        assert!(
            says.contains("1 of 70 clients; at most 2% of those whom a list expects, without 60 clients expected at another site, may be."),
            "{says}"
        );
        // Who may see that site only is told the same.
        let token = app.command(
            &[
                "token",
                "create",
                "--purpose",
                "read",
                "--name",
                "r01",
                "--sites",
                "P01",
            ],
            "",
        );
        let token = String::from_utf8(token.stdout).expect("text");
        let limited = app
            .request(
                Method::GET,
                "/api/v1/gate?criteria=silent:any,no_verdict:2%25,unplaced:any",
            )
            .bearer_auth(token.trim());
        let limited = Answer::to(limited).await.ok("a gate").json();
        assert_eq!(
            codes(&limited),
            ["no_verdict"],
            "on {}: {limited}",
            app.engine
        );
        // The estate is theirs, too; and so is this site, once a list says so.
        let whole = gate.replace("site=P01&", "");
        assert_eq!(app.json(&whole).await["pass"], true, "on {}", app.engine);
        app.put_population("", rows("P01")).await.ok("they moved");
        assert_eq!(app.json(gate).await["pass"], true, "on {}", app.engine);
        // Of two lists that differ either may be right.
        app.put_population("?list=other", rows("P02"))
            .await
            .ok("another list");
        let mut reports: Vec<String> = Vec::new();
        reports.extend((0..60).map(|n| app.report(&format!("OTHER-{n}")).at_site("P01").line()));
        app.send(reports.join("\n")).await.ok("reports");
        assert_eq!(app.json(gate).await["pass"], true, "on {}", app.engine);
    }
}
