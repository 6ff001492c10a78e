//! On a running server, on each engine: the command, the API and the page.

use std::fs;

use cutover::{clock, domain::time::DAY};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};

/// Yesterday, as logs write it.
fn yesterday() -> String {
    clock::now().plus(-DAY).to_string()[..10].to_owned()
}

async fn post(app: &TestApp, purpose: &str, body: &Value) -> Answer {
    let request = app
        .request(Method::POST, "/api/v1/observations")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", app.token(purpose)),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string());
    Answer::to(request).await
}

fn clients_in(answer: &Value, code: &str) -> i64 {
    let boxes = answer["boxes"].as_array().expect("boxes");
    let found = boxes
        .iter()
        .find(|known| known["box"] == code)
        .expect("a box");
    found["clients"].as_i64().expect("a number")
}

#[tokio::test]
async fn a_log_lands_in_the_right_boxes_once() {
    for app in TestApp::each().await {
        let day = yesterday();
        for name in ["WS0001", "WS0002", "WS0003", "WS0004"] {
            app.report(name).stored().await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("u_ex.log");
        let text = format!(
            "#Fields: date time c-ip cs-username crypt-protocol\r\n\
             {day} 08:00:00 10.0.0.1 - 40\r\n{day} 08:00:01 10.0.0.2 - 400\r\n{day} 08:00:02 10.0.0.9 CORP\\WS0003$ 100\r\n\
             {day} 08:00:03 10.0.0.77 - 40\r\n{day} 08:00:04 10.0.0.2 - -\r\n"
        );
        fs::write(&log, &text).expect("a log");
        let leases = folder.path().join("leases.csv");
        let table = format!(
            "address,name,from,until\n10.0.0.1,WS0001,{day} 00:00:00,{day} 23:00:00\n10.0.0.2,WS0002,{day} 00:00:00,{day} 23:00:00\n"
        );
        fs::write(&leases, table).expect("a table");
        let (log, leases) = (log.display().to_string(), leases.display().to_string());
        let observe = || {
            app.command(
                &[
                    "observe", &log, &leases, "--system", "MP01", "--site", "P01",
                ],
                "",
            )
        };
        let before = app.json("/api/v1/summary").await["population"].clone();
        let done = observe();
        assert!(done.status.success(), "{done:?}");
        let answer = app.json("/api/v1/observations").await;
        let again = observe();
        assert!(again.status.success(), "{again:?}");
        let said = String::from_utf8_lossy(&again.stdout);
        assert_eq!(said.matches("nothing changed").count(), 2, "{said}");
        let mut once_more = app.json("/api/v1/observations").await;
        once_more["as_of"] = answer["as_of"].clone();
        assert_eq!(answer, once_more, "{}", app.engine);

        let legacy = clients_in(&answer, "ready_legacy") + clients_in(&answer, "not_ready_legacy");
        let modern = clients_in(&answer, "ready_modern") + clients_in(&answer, "not_ready_modern");
        let nothing =
            clients_in(&answer, "ready_nothing") + clients_in(&answer, "not_ready_nothing");
        assert_eq!((legacy, modern, nothing), (2, 1, 1), "{answer}");
        assert_eq!(answer["ambiguous"][0]["who"], "10.0.0.77");
        assert_eq!(answer["ambiguous"][0]["why"], "unknown_address");
        assert_eq!(answer["systems"][0]["covered_days"], 1);
        assert_eq!(answer["systems"][0]["legacy_clients"], 2);
        assert_eq!(answer["systems"][0]["lines"], 5);
        // Observations never move a standing.
        assert_eq!(before, app.json("/api/v1/summary").await["population"]);

        // Page by page, each client once.
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app
                .json(&format!("/api/v1/observations?limit=2&cursor={cursor}"))
                .await;
            for item in page["items"].as_array().expect("items") {
                names.push(item["name"].as_str().expect("a name").to_owned());
            }
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(names, ["WS0001", "WS0002", "WS0003"]);
        // A short window does not reach back to it.
        let today = app.json("/api/v1/observations?days=1").await;
        assert_eq!(today["total"], 0);
        assert!(
            today["coverage"]
                .as_str()
                .expect("words")
                .starts_with("No log")
        );
    }
}

#[tokio::test]
async fn a_portion_is_taken_once_and_what_is_wrong_is_named() {
    for app in TestApp::each().await {
        let day = yesterday();
        let row = |protocol: &str| {
            json!({"address": "10.0.0.1", "machine": "WS0001", "protocol": protocol,
                   "first_at": format!("{day}T08:00:00Z"), "last_at": format!("{day}T09:00:00Z"), "count": 3})
        };
        let portion = |n: i64, last: bool| {
            json!({"system": "MP01", "file": {"name": "a.log", "sha256": "ab".repeat(32), "portion": n, "last": last},
                   "observations": [row("tls1.0")]})
        };
        assert_eq!(post(&app, "import", &portion(1, false)).await.status, 409);
        for (n, last, wanted) in [
            (0, false, "added"),
            (0, false, "known"),
            (1, true, "added"),
            (1, true, "known_file"),
            (2, true, "known_file"),
        ] {
            let answer = post(&app, "import", &portion(n, last))
                .await
                .ok("a portion")
                .json();
            assert_eq!(answer["status"], wanted, "{n}");
        }
        app.report("WS0001").stored().await;
        // Who became known since the last look stands in the usual window some minutes later; in any other one at once.
        let seen = app.json("/api/v1/observations?days=31").await;
        assert_eq!(seen["items"][0]["seen"][0]["count"], 6, "{seen}");

        let wrong = json!({"observations": [row("tls1.2"), row("tls9")], "coverage": [{"hour": "2099-01-01T00:00:00Z", "lines": 1, "told": 1}],
            "leases": [{"address": "x", "name": "WS1", "from": "2026-01-01", "until": "2026-01-02"}]});
        let problem = post(&app, "import", &wrong).await.problem(422);
        let places: Vec<&str> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| error["pointer"].as_str().expect("a place"))
            .collect();
        assert_eq!(
            places,
            [
                "/system",
                "/observations/1/protocol",
                "/coverage/0/hour",
                "/leases/0/address"
            ]
        );
        let shape = post(&app, "import", &json!({"observations": [{"address": 7}]})).await;
        assert_eq!(
            shape.problem(422)["errors"][0]["pointer"],
            "/observations/0/address"
        );
        assert_eq!(post(&app, "read", &portion(3, true)).await.status, 403);
    }
}

#[tokio::test]
async fn the_page_shows_boxes_and_takes_small_logs() {
    for app in TestApp::each().await {
        let day = yesterday();
        app.report("WS0001").stored().await;
        let cookie = app.sign_in().await;
        let read = |path: &str| {
            app.request(Method::GET, path)
                .header(header::COOKIE, cookie.clone())
        };
        let empty = Answer::to(read("/observed")).await.ok("the page").text();
        assert!(empty.contains("cutover observe FILES"), "{empty}");
        let log = format!(
            "#Fields: date time c-ip cs-username crypt-protocol\r\n{day} 08:00:00 10.0.0.1 CORP\\WS0001$ 40\r\n{day} 08:00:00 10.0.0.2 - 40\r\n"
        );
        let form = format!(
            "--x\r\ncontent-disposition: form-data; name=\"system\"\r\n\r\nMP01\r\n--x\r\ncontent-disposition: form-data; name=\"file\"; \
             filename=\"u.log\"\r\n\r\n{log}\r\n--x--\r\n"
        );
        let send = || {
            app.request(Method::POST, "/observed")
                .header(header::COOKIE, cookie.clone())
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
                .body(form.clone())
        };
        let page = Answer::to(send()).await.ok("the page").text();
        assert!(
            page.contains("Logs cover 1 of 30 days on 1 of 1 system."),
            "{page}"
        );
        assert!(
            page.contains("Nobody said for certain who had this address"),
            "{page}"
        );
        let again = Answer::to(send()).await.ok("the page").text();
        assert!(again.contains("read before; nothing changed"), "{again}");
        let list = Answer::to(read("/observed?box=not_ready_legacy"))
            .await
            .ok("a list")
            .text();
        let ready = Answer::to(read("/observed?box=ready_legacy"))
            .await
            .ok("a list")
            .text();
        assert!(list.contains("WS0001") ^ ready.contains("WS0001"), "{list}");
        Answer::to(read("/observed?box=round")).await.problem(422);
    }
}

#[test]
fn the_command_prints_what_it_would_send() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("u.log");
    fs::write(
        &log,
        "#Fields: date time c-ip crypt-protocol\n2026-11-20 08:00:00 10.0.0.1 40\n",
    )
    .expect("a log");
    let log = log.display().to_string();
    let done = crate::support::app::program()
        .args(["observe", &log, "--system", "MP01", "--format", "json"])
        .output()
        .expect("the program");
    assert!(done.status.success(), "{done:?}");
    let sent: Value = serde_json::from_slice(&done.stdout).expect("a line of JSON");
    assert_eq!(sent["system"], "mp01");
    assert_eq!(sent["file"]["last"], true);
    assert_eq!(sent["observations"][0]["protocol"], "tls1.0");
}

#[tokio::test]
async fn the_same_log_is_not_counted_for_two_systems_unless_somebody_says_so() {
    for app in TestApp::each().await {
        let day = yesterday();
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("u_ex.log");
        let text =
            format!("#Fields: date time c-ip crypt-protocol\r\n{day} 08:00:00 10.0.0.1 40\r\n");
        fs::write(&log, &text).expect("a log");
        let name = log.display().to_string();
        let observe = |more: &[&str]| app.command(&[&["observe", &name], more].concat(), "");
        let lines = async || {
            let answer = app.json("/api/v1/observations").await;
            let systems = answer["systems"].as_array().expect("systems").clone();
            let sum: i64 = systems.iter().filter_map(|one| one["lines"].as_i64()).sum();
            (systems.len(), sum)
        };
        let first = observe(&["--system", "MP01"]);
        assert!(first.status.success(), "{first:?}");
        let other = observe(&["--system", "MP02"]);
        assert!(!other.status.success(), "{other:?}");
        let said = String::from_utf8_lossy(&other.stderr).into_owned();
        assert!(said.contains("as a log of mp01"), "{said}");
        assert!(said.contains("--another-system"), "{said}");
        assert_eq!(lines().await, (1, 1));
        // The page and the API hold it back as well, in words.
        let mut portion = json!({
            "system": "mp02",
            "file": {
                "name": "u_ex.log", "portion": 0, "last": true, "one_system": true,
                "sha256": sha256(text.as_bytes()),
            },
            "observations": [{
                "address": "10.0.0.1", "protocol": "tls1.0", "count": 1,
                "first_at": format!("{day}T08:00:00Z"), "last_at": format!("{day}T08:00:00Z"),
            }],
        });
        let refused = post(&app, "import", &portion).await;
        assert!(
            refused.problem(409)["detail"]
                .as_str()
                .expect("words")
                .contains("as a log of mp01")
        );
        let cookie = app.sign_in().await;
        let upload = async |more: &str| {
            let part = |name: &str, value: &str| {
                format!(
                    "--cut\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
            };
            let body = format!(
                "{}{}{more}--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"u_ex.log\"\r\n\r\n{text}\r\n--cut--\r\n",
                part("system", "mp02"),
                part("site", "P<1>"),
            );
            let request = app
                .request(Method::POST, "/observed")
                .header(header::COOKIE, &cookie)
                .header(header::ACCEPT, "text/html")
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
                .body(body);
            Answer::to(request).await
        };
        let page = upload("").await;
        assert_eq!(page.status, 409, "{}", page.text());
        for wanted in [
            "as a log of mp01",
            "value=\"mp02\"",
            "value=\"P&#60;1&#62;\"",
            "Choose it again",
        ] {
            assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
        }
        assert_eq!(lines().await, (1, 1));
        let again = observe(&["--system", "MP01"]);
        assert!(
            String::from_utf8_lossy(&again.stdout).contains("nothing changed"),
            "{again:?}"
        );
        // Asked for, it counts once more, and once.
        for _ in 0..2 {
            let asked = observe(&["--system", "MP02", "--another-system"]);
            assert!(asked.status.success(), "{asked:?}");
            assert_eq!(lines().await, (2, 2));
        }
        portion["file"]["one_system"] = json!(false);
        portion["system"] = json!("mp03");
        assert_eq!(post(&app, "import", &portion).await.status, 200);
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
