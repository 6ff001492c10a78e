//! The pages of tokens.

use reqwest::{Method, header};

use crate::support::{answer::Answer, app::TestApp};

async fn post(app: &TestApp, cookie: &str, path: &str, form: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one step after the other")]
async fn a_token_is_made_shown_once_used_set_aside_and_revoked() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let form = "purpose=ingest&name=stolen+%3Cb%3E&expires=90d&sites=P01&from=127.0.0.0%2F8";
        let made = post(&app, &cookie, "/tokens", form).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let text = made.text();
        let secret = text
            .split("cut_ingest_")
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .expect("the text of the token");
        let secret = format!("cut_ingest_{secret}");
        let id = app.token_id("stolen <b>");
        let listed = page(&app, &cookie, "/tokens").await;
        assert!(listed.contains(&id) && !listed.contains(&secret));
        assert!(!listed.contains("stolen <b>"), "it is escaped");
        let wrong = post(
            &app,
            &cookie,
            "/tokens",
            "purpose=ingest&name=x&from=nowhere",
        )
        .await;
        assert_eq!(wrong.status, 422, "{}", wrong.text());

        let report = app.request(Method::POST, "/api/v1/reports");
        let report = report.bearer_auth(&secret).body(app.report("PC-1").line());
        Answer::to(report).await.ok("a report");
        let one = format!("/tokens/{id}");
        page(&app, &cookie, &one).await;
        let aside = format!("{one}/quarantine");
        let shown = post(&app, &cookie, &aside, "why=it+was+found").await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert!(
            shown.text().contains("1 kept report about 1 client"),
            "{}",
            shown.text()
        );
        assert!(
            shown.text().contains("not known any more"),
            "{}",
            shown.text()
        );
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);
        let done = post(&app, &cookie, &aside, "why=it+was+found&confirm=1").await;
        assert_eq!(done.status, 303, "{}", done.text());
        let gone = async || app.json("/api/v1/summary").await["population"]["total"] == 0;
        for _ in 0..100 {
            if gone().await {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert!(gone().await, "the server carries it out");
        // Something may still be on its way, so the gate stays shut.
        let gate = app.json("/api/v1/gate").await;
        let failed = gate["failed"].as_array().expect("a list");
        assert!(failed.contains(&"to_rejudge".into()), "{gate}");
        let listed = app.command(&["quarantine", "list"], "");
        let listed = String::from_utf8(listed.stdout).expect("text");
        let (quarantine, _) = listed.split_once('\t').expect("columns");
        assert!(listed.contains("it was found"), "{listed}");
        let lift = ["quarantine", "lift", quarantine, "--why", "a drill"];
        assert!(app.command(&lift, "").status.success());
        for _ in 0..100 {
            if !gone().await {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert!(!gone().await, "it counts again");
        assert!(
            !app.command(&lift, "").status.success(),
            "it is lifted already"
        );
        let unknown = ["quarantine", "nobody", "--why", "x"];
        assert!(!app.command(&unknown, "").status.success());
        assert!(
            !app.command(&["quarantine", &id], "").status.success(),
            "it needs a reason"
        );
        let again = app.command(&["quarantine", &id, "--why", "once more"], "");
        assert!(again.status.success(), "{again:?}");

        // The button asks first; a reason and a tick revoke it.
        let revoke = format!("{one}/revoke");
        for form in ["", "why=it+was+found"] {
            let asked = post(&app, &cookie, &revoke, form).await;
            assert_eq!(asked.status, 200, "{}", asked.text());
            assert!(
                asked.text().contains("What revoking would do"),
                "{}",
                asked.text()
            );
            assert!(!page(&app, &cookie, &one).await.contains("Revoked"));
        }
        let bare = post(&app, &cookie, &revoke, "why=&confirm=1").await;
        assert_eq!(bare.status, 422, "{}", bare.text());
        let revoked = post(&app, &cookie, &revoke, "why=it+was+found&confirm=1").await;
        assert_eq!(revoked.status, 303);
        let log = page(&app, &cookie, "/audit?deed=token.revoke").await;
        assert!(log.contains("it was found"), "{log}");
        assert!(page(&app, &cookie, &one).await.contains("Revoked"));
        assert!(!app.log().contains(&secret));
    }
}
