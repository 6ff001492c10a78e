//! A site system whose report does not name its role any more: noted, and asked about like before, until somebody has looked.

use cutover::domain::suspicions::{Kind, dropped};
use serde_json::{Value, json};

use super::sites::close_all;
use crate::{
    cutover::post,
    support::{
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
                (Kind::Roles, before.join(", "), after.join(", "))
            );
        }
    }
}

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
            (
                &json!(1),
                &json!("client, management_point"),
                &json!("client"),
                &json!(1)
            ),
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
        ready().at_site("Q99").stored().await;
        assert_eq!(safe(&app, &what_if).await, 0, "on {}", app.engine);
        // Its roles came from the list, which comes again: nothing is lost, and nothing noted.
        app.put_agreed("", list).await.ok("a list");
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
