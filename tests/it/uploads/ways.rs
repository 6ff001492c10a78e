//! The same file once more by another way: the receipt says what moved, and no more than that.

use std::fs;

use reqwest::{Method, header};
use serde_json::Value;

use super::{four, id, rows, stored, vouched::RUN};
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
    let page = answer.header("location").clone();
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
        for (name, text, rows) in [("run.csv", RUN, 3), ("reports.ndjson", reports.as_str(), 1)] {
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

#[tokio::test]
async fn what_was_known_and_is_only_better_vouched_for_is_no_change() {
    for app in TestApp::each().await {
        let line = app.report("PC-9").collected(-7_200_000).line();
        assert_eq!(app.send(line.clone()).await.status, 200);
        let preview = app.upload("?name=one.json", line).await;
        assert_eq!(four(&preview, "would"), [0, 0, 1, 0], "{preview}");
        let done = stored(&app, &preview).await;
        assert_eq!(four(&done, "stored"), [0, 0, 1, 0], "{done}");
        let row = &rows(&app, &done).await[0];
        let note = row["notes"][0].as_str().expect("a note");
        assert!(
            note.contains("a person or an import vouches for it"),
            "{row}"
        );
        // And it does count as vouched for: an agent's better word does not clear what is seen to block.
        let client = row["client_id"].as_str().expect("an id");
        let told = app.json(&format!("/api/v1/clients/{client}")).await;
        assert_eq!(told["standing"], "ready", "{told}");
    }
}

#[tokio::test]
async fn less_of_the_same_is_no_change_and_other_facts_are_one() {
    for app in TestApp::each().await {
        let query = |at: i64, more: &str| {
            format!(
                "?name=run.csv&commit=true&collected_at={}{more}",
                from_now(at)
            )
        };
        let vouched = query(-7_200_000, "&read_by_64_bit=true");
        let first = app.upload(&vouched, RUN).await;
        assert_eq!(four(&first, "stored"), [3, 0, 0, 0], "{first}");
        // The same file without the word: what was proven stays, and nothing moves.
        let again = app.upload(&query(-3_600_000, ""), RUN).await;
        assert_eq!(four(&again, "stored"), [0, 0, 3, 0], "{again}");
        let other = RUN.replace("64-bit,2720,128,", "64-bit,2720,2720,");
        let changed = app.upload(&query(-1_800_000, ""), other).await;
        assert_eq!(four(&changed, "stored"), [0, 1, 2, 0], "{changed}");
    }
}

/// A compressed file that is damaged stops itself, and not those beside it.
#[tokio::test]
async fn a_damaged_file_is_refused_and_the_others_go_on() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let send = async |files: &[(&str, &[u8])]| {
            let mut body = Vec::new();
            for (name, bytes) in files {
                let head = format!(
                    "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
                );
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(bytes);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"--x--\r\n");
            let sent = app
                .request(Method::POST, "/upload")
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
                .body(body);
            Answer::to(sent).await
        };
        let report = format!("{}\n", app.report("PC-9").collected(-7_200_000).line());
        let damaged: &[u8] = b"\x1F\x8B\x08\x00damaged";
        let both = send(&[("a.csv.gz", damaged), ("b.json", report.as_bytes())]).await;
        assert_eq!(both.status, 303, "{}", both.text());
        let read = app.settled_as(&cookie, &both.header("location")).await;
        assert_eq!(
            (&read["rows"]["total"], &read["rejected"]),
            (&2.into(), &1.into()),
            "{read}"
        );
        assert_eq!(send(&[("a.csv.gz", damaged)]).await.status, 400);
    }
}
