//! Who answers for a client that a report took away from another site: somebody who sees both, once it was looked at, and before that
//! nobody of the site that it went to.

use reqwest::Method;
use serde_json::Value;

use super::{page, sites::close_all};
use crate::{
    cutover::post,
    support::{
        answer::Answer,
        app::TestApp,
        report::{HOUR, from_now},
    },
};

const PASSWORD: &str = "brown horse, 4 legs";

/// Signs somebody in who is limited to sites.
async fn limited(app: &TestApp, name: &str, role: &str, sites: &str) -> String {
    let add = [
        "user",
        "add",
        name,
        "--role",
        role,
        "--sites",
        sites,
        "--password-stdin",
    ];
    let added = app.command(&add, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{added:?}");
    app.sign_in_as(name, PASSWORD).await
}

fn fields() -> String {
    let day = &from_now(40 * 24 * HOUR)[..10];
    format!("kind=grace&reason=later&control=watched&owner=Ward&until={day}")
}

async fn refused(app: &TestApp, cookie: &str, path: &str, form: &str) {
    let answer = post(app, cookie, path, form).await;
    assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    let text = answer.text();
    assert!(
        text.contains("took this client away from a site that you do not see")
            && text.contains("somebody who sees both sites"),
        "on {}: {path}: {text}",
        app.engine
    );
}

async fn in_force(app: &TestApp) -> Value {
    app.json("/api/v1/clients?excepted=yes").await["total"].clone()
}

#[tokio::test]
async fn people_of_the_new_site_answer_for_nobody_that_a_report_took_from_another() {
    for app in TestApp::each().await {
        let old = || app.report("OLD-1").windows7_untouched();
        let id = old().collected(-HOUR).stored().await;
        old().at_site("P02").stored().await;
        let otto = limited(&app, "otto", "operator", "P02").await;
        let anna = limited(&app, "anna", "approver", "P02").await;
        let bea = limited(&app, "bea", "approver", "P01,P02").await;
        let cookie = app.sign_in().await;
        let ask = format!("/clients/{id}/exceptions");
        refused(&app, &otto, &ask, &fields()).await;
        let all = format!("{}&clients={id}", fields());
        let bulk = post(&app, &otto, "/exceptions/new", &all).await;
        assert_eq!(
            bulk.header("location"),
            "/exceptions?state=requested&what=asked&done=0&elsewhere=1"
        );
        let led = app
            .request(Method::GET, &bulk.header("location"))
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &otto);
        let text = Answer::to(led).await.ok("the list").text();
        assert!(
            text.contains("1 client was not")
                && text.contains("1 went from a site that you do not see"),
            "{text}"
        );
        let asked = post(&app, &cookie, &ask, &fields()).await;
        assert_eq!(asked.status, 303, "{}", asked.text());
        let address = asked.header("location");
        for way in ["approve", "reject"] {
            refused(&app, &anna, &format!("{address}/{way}"), "note=fine").await;
        }
        let one = address.rsplit('/').next().expect("an id");
        let form = format!("id={one}&decision=approve&note=fine");
        let bulk = post(&app, &anna, "/exceptions/decide", &form).await;
        assert!(
            bulk.header("location").ends_with("done=0&elsewhere=1"),
            "{}",
            bulk.header("location")
        );
        assert_eq!(in_force(&app).await, 0, "on {}", app.engine);
        // Who sees both may.
        let done = post(&app, &bea, &format!("{address}/approve"), "note=fine").await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(in_force(&app).await, 1, "on {}", app.engine);
    }
}

#[tokio::test]
async fn an_exception_of_one_site_does_not_count_at_another_that_the_client_was_taken_from() {
    for app in TestApp::each().await {
        let old = || app.report("OLD-1").windows7_untouched();
        let id = old().at_site("P02").collected(-3 * HOUR).stored().await;
        let anna = limited(&app, "anna", "approver", "P02").await;
        let cookie = app.sign_in().await;
        let form = "name=P01&sites=P01&tls10=1&freshness_days=14";
        let scope = post(&app, &cookie, "/cutover", form)
            .await
            .header("location");
        let scope = scope.rsplit('/').next().expect("an id").to_owned();
        let accepted = async || {
            let run = app.json(&format!("/api/v1/scopes/{scope}/what-if")).await;
            run["tally"]["fates"]["accepted"].clone()
        };
        let ask = format!("/clients/{id}/exceptions");
        let asked = post(&app, &cookie, &ask, &fields()).await;
        let address = asked.header("location");
        let approve = format!("{address}/approve");
        let done = post(&app, &anna, &approve, "note=fine").await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(in_force(&app).await, 1);
        // It says that it is at another site, and then that it is not: it may be one of that site.
        old().at_site("P01").collected(-2 * HOUR).stored().await;
        assert_eq!(in_force(&app).await, 0, "on {}", app.engine);
        old().at_site("P02").collected(-HOUR).stored().await;
        assert_eq!(in_force(&app).await, 0, "on {}", app.engine);
        let again = post(&app, &cookie, &approve, "note=fine").await;
        assert_eq!(again.status, 409, "it is over: {}", again.text());
        assert_eq!(accepted().await, 0, "on {}", app.engine);
        let text = page(&app, &cookie, &address).await;
        assert!(
            text.contains("of which whoever approved it does not see both"),
            "{text}"
        );
        // Once somebody has looked, they answer for it again, for their site.
        close_all(&app, &cookie).await;
        let asked = post(&app, &cookie, &ask, &fields()).await;
        let approve = format!("{}/approve", asked.header("location"));
        let done = post(&app, &anna, &approve, "note=fine").await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(in_force(&app).await, 1);
    }
}
