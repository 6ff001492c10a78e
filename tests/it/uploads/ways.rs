//! The same file once more by another way: the receipt says what moved, and no more than that.

use std::fs;

use reqwest::{Method, header};
use serde_json::Value;

use super::{four, id, vouched::RUN};
use crate::support::{answer::Answer, app::TestApp, report::from_now};

/// Sends a file as the page does, and has it stored.
async fn by_page(app: &TestApp, cookie: &str, name: &'static str, text: &str, at: &str) -> Value {
    const EDGE: &str = "edge-of-the-parts";
    let part = |what: &str, text: &str| {
        format!("--{EDGE}\r\ncontent-disposition: form-data; {what}\r\n\r\n{text}\r\n")
    };
    let body = [
        part(&format!("name=\"files\"; filename=\"{name}\""), text),
        part("name=\"collected_at\"", at),
        format!("--{EDGE}--\r\n"),
    ];
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let sent = app
        .request(Method::POST, "/upload")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, kind)
        .body(body.concat());
    let answer = Answer::to(sent).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = answer.header("location").to_owned();
    let read = app.settled_as(cookie, &page).await;
    let request = app
        .request(Method::POST, &format!("{page}/commit"))
        .header(header::COOKIE, cookie);
    assert_eq!(Answer::to(request).await.status, 303, "{read}");
    app.settled_as(cookie, &page).await
}

async fn newest(app: &TestApp, cookie: &str) -> Value {
    let list = app
        .request(Method::GET, "/api/v1/uploads?limit=1")
        .header(header::COOKIE, cookie);
    Answer::to(list).await.ok("a list").json()["items"][0].clone()
}

#[tokio::test]
async fn by_page_then_by_command_nothing_changes() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let folder = tempfile::tempdir().expect("a folder");
        let reports = format!("{}\n", app.report("PC-9").collected(-7_200_000).line());
        for (name, text) in [("run.csv", RUN), ("reports.ndjson", reports.as_str())] {
            let rows = text.lines().count() as i64 - i64::from(name == "run.csv");
            let at = from_now(-3_600_000);
            let first = by_page(&app, &cookie, name, text, &at).await;
            assert_eq!(four(&first, "stored"), [rows, 0, 0, 0], "{first}");
            let file = folder.path().join(name);
            fs::write(&file, text).expect("written");
            let file = file.display().to_string();
            let url = format!("https://{}", app.address);
            let ca = app.certificate().display().to_string();
            let direct = vec!["import", &file];
            let mut timed = direct.clone();
            timed.extend(["--collected-at", &at]);
            let mut through = direct.clone();
            through.extend([
                "--server",
                &url,
                "--ca",
                &ca,
                "--token",
                app.token("import"),
            ]);
            for command in [timed, direct, through] {
                let output = app.command(&command, "");
                assert!(output.status.success(), "{output:?}");
                let upload = newest(&app, &cookie).await;
                assert_ne!(id(&upload), id(&first));
                assert_eq!(
                    four(&upload, "stored"),
                    [0, 0, rows, 0],
                    "{command:?}: {upload}"
                );
            }
        }
    }
}
