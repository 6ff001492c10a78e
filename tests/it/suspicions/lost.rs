//! A client that is known not to be ready and cannot be judged any more: noted whoever said so, and counted where a turn to ready
//! is, until somebody has looked.

use cutover::domain::{
    suspicions::{Kind, lost_verdict},
    verdict::Standing,
};
use serde_json::{Value, json};

use super::{close, page, sites::sent};
use crate::support::{app::TestApp, report::HOUR};

#[test]
fn only_who_was_known_not_to_be_ready_loses_a_verdict() {
    for before in Standing::ALL {
        for after in Standing::ALL {
            let failed = matches!(
                before,
                Standing::Blocking | Standing::RestartPending | Standing::Conflict
            );
            let wanted = failed && after == Standing::Undetermined;
            let found = lost_verdict(before, after);
            assert_eq!(found.is_some(), wanted, "{before:?} {after:?}");
            if let Some(found) = found {
                assert_eq!(
                    (found.kind, &found.was[..]),
                    (Kind::VerdictLost, before.words())
                );
            }
        }
    }
}

fn failed(gate: &Value) -> Vec<&str> {
    let failed = gate["failed"].as_array().expect("codes");
    failed.iter().filter_map(Value::as_str).collect()
}

/// Fifty that are expected: one of them blocks, the others are ready.
async fn fleet(app: &TestApp, of_site: &str) -> String {
    let mut list = "name,site\r\n".to_owned();
    let mut reports = Vec::new();
    for n in 0..50 {
        list.push_str(&format!("PC-{n},{of_site}\r\n"));
        let report = app
            .report(&format!("PC-{n}"))
            .at_site(of_site)
            .collected(-HOUR);
        reports.push(if n == 0 { report.winhttp_old() } else { report }.line());
    }
    let stored = app.send(reports.join("\n")).await.ok("reports").json();
    assert_eq!(stored["stored"], 50, "{stored}");
    app.put_population("", list.clone()).await.ok("a list");
    list
}

#[tokio::test]
async fn who_blocks_and_cannot_be_judged_any_more_is_noted_and_counted() {
    for app in TestApp::each().await {
        let list = fleet(&app, "P01").await;
        let gate = async || app.json("/api/v1/gate?site=P01").await;
        assert_eq!(failed(&gate().await), ["blocking"]);
        // By the token that it has itself.
        app.report("PC-0").winhttp_unreadable().stored().await;
        let undetermined = app.json("/api/v1/clients?standing=undetermined").await;
        assert_eq!(undetermined["total"], 1, "{undetermined}");
        let after = gate().await;
        assert_eq!(failed(&after), ["suspicious"], "on {}: {after}", app.engine);
        let noted = app.json("/api/v1/suspicions?kind=verdict_lost").await;
        let one = &noted["items"][0];
        assert_eq!(
            (
                &noted["total"],
                &one["was"],
                &one["became"],
                &one["turned_ready"]
            ),
            (
                &json!(1),
                &json!("Blocking"),
                &json!("Undetermined"),
                &json!(false)
            ),
            "{noted}"
        );
        assert_eq!(app.json("/api/v1/clients?suspicious=1").await["total"], 1);
        // The same again is the same.
        app.report("PC-0")
            .winhttp_unreadable()
            .collected(-60_000)
            .stored()
            .await;
        assert_eq!(app.json("/api/v1/suspicions").await["total"], 1);
        // A list that drops it is asked about, as if it still blocked.
        let without = list
            .replace("site\r\n", "site,obsolete\r\n")
            .replace("PC-0,P01", "PC-0,P01,1");
        let asked = app.put_population("", without.clone()).await.problem(409);
        let detail = asked["detail"].as_str().expect("a sentence");
        assert!(
            detail.contains("1 blocker (1 whose verdict a report took away) would no longer"),
            "{detail}"
        );
        // Somebody looks.
        let cookie = app.sign_in().await;
        let text = page(&app, &cookie, "/suspicions").await;
        assert!(text.contains("<strong>Verdict lost</strong>"), "{text}");
        let form = format!(
            "id={}&why=the+value+is+being+mended",
            one["id"].as_str().expect("an id")
        );
        assert_eq!(close(&app, &cookie, &form).await.status, 303);
        assert_eq!(gate().await["pass"], true, "on {}", app.engine);
        app.put_population("", without)
            .await
            .ok("nothing is hidden that somebody has not seen");
    }
}

#[tokio::test]
async fn whoever_says_so_it_is_noted() {
    for app in TestApp::each().await {
        let thief = app.make_token("ingest", "a thief");
        for (name, token) in [("PC-1", &thief[..]), ("PC-2", app.token("import"))] {
            app.report(name)
                .winhttp_old()
                .collected(-HOUR)
                .stored()
                .await;
            sent(&app, token, app.report(name).winhttp_unreadable()).await;
        }
        // What never had a verdict loses none, nor does who was ready.
        app.report("PC-3").winhttp_unreadable().stored().await;
        app.report("PC-4").collected(-HOUR).stored().await;
        app.report("PC-4").winhttp_unreadable().stored().await;
        let noted = app.json("/api/v1/suspicions").await;
        let mut names: Vec<&str> = noted["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|one| {
                assert_eq!(one["kind"], "verdict_lost", "{noted}");
                one["client"]["name"].as_str().expect("a name")
            })
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["PC-1", "PC-2"], "on {}: {noted}", app.engine);
    }
}
