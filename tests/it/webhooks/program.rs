//! Webhooks of the real program: made on the command line, told by the server, shown on a page, and no secret anywhere.

use std::process::Output;

use reqwest::{Method, header};

use super::receiver::{Receiver, Reply};
use crate::support::{answer::Answer, app::TestApp};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Makes a webhook; answers its secret.
fn add(app: &TestApp, url: &str, more: &[&str]) -> String {
    let made = app.command(&[&["webhook", "add", url], more].concat(), "");
    assert!(made.status.success(), "{made:?}");
    let secret = stdout(&made);
    assert!(!stderr(&made).contains(secret.trim()));
    assert_eq!(secret.lines().count(), 1, "alone");
    secret.trim().to_owned()
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    Answer::to(request).await.ok(path).text()
}

// Commands are waited for on the thread of the test, so the receiver needs another.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_a_program_what_happens_and_shows_what_became_of_it() {
    for app in TestApp::each_with(&["--webhook-allow", "127.0.0.0/8"]).await {
        let receiver = Receiver::start().await;
        let cookie = app.sign_in().await;
        let empty = page(&app, &cookie, "/webhooks").await;
        assert!(empty.contains("cutover webhook add"), "{empty}");
        let secret = add(
            &app,
            &receiver.url(),
            &["--on", "blocking,cleared", "--name", "ops <chat>"],
        );
        app.report("PC-1").windows7_untouched().stored().await;
        let message = receiver.wait().await.swap_remove(0);
        assert!(message.is_signed_with(&secret), "{message:?}");
        assert_eq!(message.header("content-type"), "application/json");
        assert_eq!(message.json()["type"], "blockers.added");
        let client = message.json()["data"]["clients"][0].clone();
        let listed = app.json("/api/v1/blockers").await;
        for name in [
            "id",
            "name",
            "site_code",
            "os",
            "standing",
            "deciding",
            "reasons",
            "impact",
        ] {
            assert_eq!(
                client[name], listed["items"][0][name],
                "{name} as in the API: {client}"
            );
        }
        // It is refused by a setting, and said.
        let test = app.command(&["webhook", "test", "ops <chat>"], "");
        assert_eq!(test.status.code(), Some(1));
        assert!(
            stdout(&test).starts_with("no answer\t") && stdout(&test).contains("--webhook-allow"),
            "{test:?}"
        );
        let allowed = [
            "webhook",
            "test",
            "ops <chat>",
            "--webhook-allow",
            "127.0.0.0/8",
        ];
        let test = app.command(&allowed, "");
        assert_eq!(
            (test.status.code(), stdout(&test)),
            (Some(0), "204\t\n".to_owned())
        );
        let tried = receiver.taken().swap_remove(0);
        assert!(tried.is_signed_with(&secret) && tried.json()["type"] == "webhook.test");
        // Another secret: for a day both sign.
        let rotated = stdout(&app.command(&["webhook", "rotate", "ops <chat>"], ""));
        let rotated = rotated.trim();
        receiver.answers([Reply::status(500)]);
        app.report("PC-1").stored().await;
        let message = receiver.wait().await.swap_remove(0);
        assert!(message.is_signed_with(&secret) && message.is_signed_with(rotated));
        assert_eq!(message.json()["type"], "blockers.cleared");
        assert_eq!(message.json()["data"]["clients"][0]["why"], "fixed");
        let again = receiver.wait().await.swap_remove(0);
        assert_eq!(
            (again.id(), &again.body),
            (message.id(), &message.body),
            "after five seconds"
        );
        // Shown to people who signed in, with the host of the target only, and to nobody else.
        let shown = page(&app, &cookie, "/webhooks").await;
        for words in [
            "ops &#60;chat&#62;",
            "Newly blocking: 1 client",
            "Newly cleared: 1 client",
            message.id(),
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(!shown.contains("of-the-target") && !shown.contains("/hooks/tls"));
        let list = stdout(&app.command(&["webhook", "list"], ""));
        assert!(
            list.contains("\tops <chat>\t") && list.contains("\tblocking,cleared\t"),
            "{list}"
        );
        let log = stdout(&app.command(&["webhook", "deliveries"], ""));
        assert!(log.contains(message.id()), "{log}");
        let request = app
            .request(Method::GET, "/metrics")
            .bearer_auth(app.token("read"));
        let metrics = Answer::to(request).await.ok("metrics").text();
        assert!(
            metrics.contains("cutover_webhook_attempts_total{outcome=\"failed\"}"),
            "{metrics}"
        );
        let home = page(&app, &cookie, "/").await;
        let texts = [shown, list, log, metrics, home, app.log()];
        assert_says_no_secret(&texts, &[&secret, rotated]);
        assert_is_forgotten(&app);
    }
}

fn assert_says_no_secret(texts: &[String], secrets: &[&str]) {
    for text in texts {
        assert!(!text.contains("whsec_"), "{text}");
        for secret in secrets {
            let bare = secret.strip_prefix("whsec_").expect("the prefix");
            assert!(!text.contains(bare), "{text}");
        }
    }
}

fn assert_is_forgotten(app: &TestApp) {
    let removed = app.command(&["webhook", "remove", "ops <chat>"], "");
    assert!(removed.status.success());
    for command in ["remove", "rotate", "test"] {
        let none = app.command(&["webhook", command, "ops <chat>"], "");
        assert_eq!(none.status.code(), Some(1));
        assert!(stderr(&none).contains("cutover webhook list"), "{none:?}");
    }
}

#[tokio::test]
async fn a_target_inside_that_is_not_allowed_is_shown_with_the_setting_that_allows_it() {
    let app = TestApp::one();
    let receiver = Receiver::start().await;
    let secret = add(&app, &receiver.url(), &[]);
    app.report("PC-1").windows7_untouched().stored().await;
    let cookie = app.sign_in().await;
    let shown = loop {
        let shown = page(&app, &cookie, "/webhooks").await;
        if shown.contains("Not taken yet") {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert!(
        shown.contains("Not sent: the address 127.0.0.1 is loopback")
            && shown.contains("CUTOVER_WEBHOOK_ALLOW"),
        "{shown}"
    );
    assert!(receiver.taken().is_empty());
    let failed = stdout(&app.command(&["webhook", "deliveries", "--failed"], ""));
    assert!(failed.contains("blockers.added"), "{failed}");
    assert!(
        !app.log().contains("of-the-target") && !app.log().contains(&secret),
        "{}",
        app.log()
    );
}

#[test]
fn wrong_commands_and_settings_say_what_is_wrong() {
    let app = TestApp::one();
    for (wrong, code, part) in [
        (&["add", "http://chat.corp.example/"][..], 2, "HTTPS only"),
        (
            &["add", "https://a:b@chat.corp.example/"],
            2,
            "a name or a password",
        ),
        (
            &["add", "https://chat.corp.example/", "--on", "everything"],
            2,
            "\"everything\" is no event",
        ),
        (
            &["add", "https://chat.corp.example/", "--name", "a\nb"],
            2,
            "printable",
        ),
        (
            &["test", "none", "--webhook-allow", "10.0.0.0/99"],
            2,
            "no network",
        ),
        (
            &["test", "none", "--webhook-ca", "/none.pem"],
            2,
            "cannot be read",
        ),
        (&["remove", "none"], 1, "no webhook \"none\""),
    ] {
        let output = app.command(&[&["webhook"], wrong].concat(), "");
        assert_eq!(output.status.code(), Some(code), "{wrong:?}: {output:?}");
        assert!(
            output.stdout.is_empty() && stderr(&output).contains(part),
            "{output:?}"
        );
    }
    add(&app, "https://chat.corp.example/", &[]);
    let twice = app.command(&["webhook", "add", "https://chat.corp.example/other"], "");
    assert_eq!(twice.status.code(), Some(1));
    assert!(
        twice.stdout.is_empty() && stderr(&twice).contains("--name"),
        "{twice:?}"
    );
}
