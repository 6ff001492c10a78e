//! The log of a real server: one line for each event, whatever others send, and no secrets.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Method,
    header::{self, HeaderValue},
};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
};

/// Ends the line, forges another, clears the screen, names the window, turns the direction.
const HOSTILE: &str = "x\r\n1999-01-01T00:00:00.000000Z  INFO forged: all is well\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2028}\0";
/// The same as far as a file can be called so.
const FILE: &str = "a\n1999-01-01T00:00:00.000000Z  INFO forged: all is well\u{1b}[2J\u{202e}";

/// A token of nobody, in the form of ours.
const LOST: &str = "cut_read_0123456789ab_5e4d3c2b1a5e4d3c2b1a5e4d3c2b1a5e4d3c2b1a5e4d3c2b1a";

async fn post(app: &TestApp, cookie: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let form: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.join("&"));
    Answer::to(request).await
}

/// Sends it wherever something can be sent.
#[expect(clippy::too_many_lines, reason = "one place after the other")]
async fn everywhere(app: &TestApp, cookie: &str) {
    let hostile = encoded(HOSTILE);
    for path in [
        "/{}",
        "/clients/{}",
        "/people/{}",
        "/enrolled/{}",
        "/tokens/{}",
        "/uploads/{}",
        "/cutover/{}",
        "/static/{}",
        "/kit/{}",
        "/api/v1/clients/{}",
        "/api/v1/scopes/{}/what-if",
        "/clients?q={}",
        "/clients?{}=1",
        "/setup?key={}",
        "/sign-in/oidc/return?state={}&code=x&error={}",
    ] {
        for value in [hostile.as_str(), LOST] {
            let request = app.request(Method::GET, &path.replace("{}", value));
            Answer::to(request.header(header::COOKIE, cookie)).await;
        }
    }
    let odd = HeaderValue::from_bytes(b"\x80\x9b2J\t\xff").expect("a header can be so");
    for name in [
        "x-request-id",
        "user-agent",
        "referer",
        "x-forwarded-for",
        "accept",
    ] {
        let request = app.request(Method::GET, "/blockers");
        Answer::to(request.header(name, odd.clone())).await;
        let request = app.request(Method::GET, "/blockers");
        Answer::to(request.header(name, LOST)).await;
    }
    for place in [
        "/client/name",
        "/client/fqdn",
        "/client/sms_guid",
        "/client/serial_number",
        "/os/caption",
        "/os/version",
        "/report_id",
        "/collected_at",
    ] {
        app.report("PC-1").set(place, json!(HOSTILE)).send().await;
    }
    app.send(HOSTILE).await;
    let report = app.reports(app.report("PC-2").line());
    Answer::to(report.header(header::CONTENT_ENCODING, "x-odd")).await;
    app.put_population(&format!("?list={hostile}"), HOSTILE)
        .await;
    let sent = app
        .uploads(Method::POST, &format!("?name={hostile}"))
        .body(HOSTILE);
    Answer::to(sent).await;
    // A line feed would end the head of a part, so in the name of a file it does not come.
    let name = HOSTILE.replace(['\r', '\n'], "");
    let part = format!(
        "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{HOSTILE}\r\n--x--\r\n"
    );
    let sent = app
        .request(Method::POST, "/upload")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(part);
    Answer::to(sent).await;
    for user in [HOSTILE, "admin", LOST] {
        let form = format!(
            "user={}&password={}&next={hostile}",
            encoded(user),
            encoded("WRONG-PASSWORD")
        );
        app.post_form("/sign-in", &form).await;
    }
    for (path, form) in [
        ("/people", &[("name", HOSTILE), ("role", HOSTILE)][..]),
        (
            "/people",
            &[("name", "eve"), ("role", "viewer"), ("sites", HOSTILE)],
        ),
        (
            "/tokens",
            &[("purpose", "read"), ("name", HOSTILE), ("expires", HOSTILE)],
        ),
        ("/views", &[("name", HOSTILE), ("address", HOSTILE)]),
        ("/cutover", &[("name", HOSTILE), ("planned", HOSTILE)]),
        ("/suspicions/close", &[("id", HOSTILE), ("why", HOSTILE)]),
        (
            "/account/password",
            &[
                ("old", "WRONG-PASSWORD"),
                ("new", "ANOTHER-SECRET-1"),
                ("again", "x"),
            ],
        ),
        ("/account/second-factor/confirm", &[("code", HOSTILE)]),
        (
            "/setup",
            &[
                ("key", LOST),
                ("user", HOSTILE),
                ("password", "ANOTHER-SECRET-1"),
                ("again", "x"),
            ],
        ),
        (HOSTILE_FIELD, &[(HOSTILE, HOSTILE)]),
    ] {
        post(app, cookie, path, form).await;
    }
    // Programs that were given the wrong thing.
    for credential in [
        format!("Bearer {LOST}"),
        format!("Bearer {}", STANDARD.encode("WRONG-PASSWORD")),
        "Basic YWRtaW46V1JPTkctUEFTU1dPUkQ=".to_owned(),
    ] {
        let request = app.request(Method::GET, "/api/v1/summary");
        Answer::to(request.header(header::AUTHORIZATION, credential)).await;
    }
}

/// A form, to send a field with a hostile name to.
const HOSTILE_FIELD: &str = "/views";

/// A certificate in a file whose name is hostile, too; made unusable later, which the log names it for.
fn certificate(directory: &std::path::Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
        .expect("a certificate");
    let (cert, key) = (
        directory.join(format!("{FILE}.pem")),
        directory.join("key.pem"),
    );
    fs::write(&cert, made.cert.pem()).expect("written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    (cert, key)
}

#[tokio::test]
async fn whatever_is_sent_the_log_has_one_plain_line_for_each_event_and_no_secret() {
    for format in ["text", "json"] {
        let directory = tempfile::tempdir().expect("a directory");
        let (cert, key) = certificate(directory.path());
        let (cert_name, key) = (cert.display().to_string(), key.display().to_string());
        let app = TestApp::with_logging(
            "info,tower_http=debug,cutover=debug",
            &[
                "--rate-limit",
                "0",
                "--log-format",
                format,
                "--tls-cert",
                &cert_name,
                "--tls-key",
                &key,
            ],
        );
        fs::copy(&cert, app.certificate()).expect("for the clients of this test");
        let cookie = app.sign_in().await;
        everywhere(&app, &cookie).await;
        fs::write(&cert, "nothing").expect("written");
        let told = std::process::Command::new("kill")
            .args(["-HUP", &app.pid().to_string()])
            .status();
        assert!(told.expect("kill").success());
        for _ in 0..600 {
            if app.log().contains("the old one stays") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let log = app.log();
        assert!(log.contains("the old one stays"), "{log}");
        assert!(
            log.contains("forged: all is well"),
            "something hostile was logged"
        );
        assert!(log.matches('\n').count() > 50, "requests are logged");
        for line in log.lines() {
            let hidden = |sign: char| {
                sign.is_control() || matches!(sign, '\u{2028}' | '\u{202a}'..='\u{202e}')
            };
            assert!(!line.contains(hidden), "{line:?}");
            if format == "json" {
                let event: Value = serde_json::from_str(line).expect("an object a line");
                assert!(
                    event["timestamp"].is_string() && event["level"].is_string(),
                    "{line}"
                );
                continue;
            }
            let (at, rest) = line.split_once('Z').expect("a time");
            assert!(at.starts_with("20") && at.len() == 26, "{line:?}");
            let level = rest.split_whitespace().next().unwrap_or_default();
            assert!(
                ["ERROR", "WARN", "INFO", "DEBUG"].contains(&level),
                "{line:?}"
            );
        }
        let (_, session) = cookie.split_once('=').expect("a cookie");
        for secret in [
            session,
            &app.password,
            app.token("ingest"),
            app.token("read"),
            app.token("import"),
            LOST,
            "5e4d3c2b1a",
            "WRONG-PASSWORD",
            "ANOTHER-SECRET-1",
            "YWRtaW46",
        ] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    }
}
