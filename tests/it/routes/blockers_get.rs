//! `GET /api/v1/blockers`: who is not cleared, as JSON, CSV and NDJSON.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    routes::{clients_get::walked, summary_get::fleet},
    support::{
        answer::{Answer, hidden},
        app::TestApp,
    },
};

const PATH: &str = "/api/v1/blockers";

async fn accepting(app: &TestApp, accept: &str) -> Answer {
    let request = app
        .request(Method::GET, PATH)
        .bearer_auth(app.token("read"))
        .header(header::ACCEPT, accept);
    Answer::to(request).await
}

fn records(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader
        .headers()
        .expect("a header")
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    (head, rows)
}

#[tokio::test]
async fn the_same_clients_come_in_every_format() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let ids = walked(&app, "/api/v1/blockers?", 4).await;
        assert!(ids.len() > 5);
        for (what, answer) in [
            ("Accept", accepting(&app, "text/csv").await),
            ("format", app.get(&format!("{PATH}?format=csv")).await),
        ] {
            assert_eq!(
                answer.header("content-type"),
                "text/csv; charset=utf-8; header=present",
                "{what}"
            );
            assert_eq!(
                answer.header("content-disposition"),
                "attachment; filename=\"blockers.csv\""
            );
            let (head, rows) = records(&answer.text());
            assert_eq!((head[0].as_str(), head[1].as_str()), ("id", "name"));
            assert_eq!(
                rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(),
                ids,
                "{what} on {}",
                app.engine
            );
            assert!(answer.text().ends_with("\r\n"));
        }
        for answer in [
            accepting(&app, "application/x-ndjson").await,
            app.get(&format!("{PATH}?format=ndjson")).await,
        ] {
            assert_eq!(answer.header("content-type"), "application/x-ndjson");
            let rows: Vec<Value> = answer
                .text()
                .lines()
                .map(|line| serde_json::from_str(line).expect("a line"))
                .collect();
            let found: Vec<_> = rows
                .iter()
                .map(|row| row["id"].as_str().expect("an id").to_owned())
                .collect();
            assert_eq!(found, ids);
            let page = app.json(&format!("{PATH}?limit=1000")).await;
            assert_eq!(
                page["items"],
                Value::from(rows),
                "lines and items are the same objects"
            );
        }
        for accept in [
            "application/json",
            "*/*",
            "text/html, */*;q=0.1",
            "image/png, application/json",
        ] {
            assert_eq!(
                accepting(&app, accept)
                    .await
                    .ok(accept)
                    .header("content-type"),
                "application/json"
            );
        }
        accepting(&app, "image/png").await.problem(406);
        let marked = app.get(&format!("{PATH}?format=csv&bom=1")).await;
        assert!(marked.body.starts_with("\u{FEFF}id,".as_bytes()));
    }
}

#[tokio::test]
async fn nobody_is_an_empty_list_in_every_format() {
    for app in TestApp::each().await {
        insta::assert_snapshot!("blockers_nobody", hidden(app.json(PATH).await));
        let (head, rows) = records(&app.get(&format!("{PATH}?format=csv")).await.text());
        assert_eq!((head.len(), rows.len()), (25, 0));
        assert!(
            app.get(&format!("{PATH}?format=ndjson"))
                .await
                .ok("lines")
                .body
                .is_empty()
        );
    }
}

#[tokio::test]
async fn the_csv_keeps_its_columns() {
    for app in TestApp::each().await {
        app.report("PC-1").windows7_untouched().stored().await;
        let (head, rows) = records(&app.get(&format!("{PATH}?format=csv")).await.text());
        let row: serde_json::Map<_, _> = head
            .into_iter()
            .zip(rows[0].iter().map(|cell| json!(cell)))
            .collect();
        insta::assert_snapshot!("a_csv_row", hidden(row.into()));
    }
}

#[tokio::test]
async fn what_a_spreadsheet_would_run_is_made_text_in_csv_and_left_alone_in_json() {
    for app in TestApp::each().await {
        let hostile = [
            "=cmd|'/C calc'!A0",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            "＋1",
            "－1",
            "＠1",
            "=1,\"2\"\n=3",
        ];
        for (n, name) in hostile.iter().enumerate() {
            let report = app
                .report(&format!("PC-{n}"))
                .windows7_untouched()
                .set("/client/name", json!(name));
            let answer = report
                .set("/client/serial_number", json!(name))
                .send()
                .await;
            assert!(
                matches!(answer.status, 200 | 422),
                "{name:?}: {}",
                answer.text()
            );
        }
        let list = "Name,Owner\nPC-X,\"=HYPERLINK(\"\"http://evil.example\"\")\"\n";
        app.put_agreed("", list).await.ok("a list");
        let (_, rows) = records(&app.get("/api/v1/clients?format=csv").await.text());
        assert!(rows.len() >= 8, "{rows:?}");
        for cell in rows.iter().flatten() {
            let risky =
                cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
            assert!(!risky, "{cell:?} on {}", app.engine);
        }
        let list = app.json("/api/v1/clients?limit=1000").await.to_string();
        assert!(list.contains("\"=cmd|'/C calc'!A0\""), "{list}");
    }
}

#[tokio::test]
async fn the_list_is_who_blocks_unless_other_standings_are_named() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let plain = app.json(PATH).await;
        let items = plain["items"].as_array().expect("items");
        assert!(
            items
                .iter()
                .all(|item| item["standing"] == "blocking" && item["cleared"] == false)
        );
        let all = app.json(&format!("{PATH}?standing=all&limit=1000")).await;
        let ready = app.json("/api/v1/clients?standing=ready").await["total"]
            .as_i64()
            .expect("a number");
        let everybody = app.json("/api/v1/clients").await["total"]
            .as_i64()
            .expect("a number");
        assert_eq!(all["total"].as_i64(), Some(everybody - ready));
        let problem = app
            .get(&format!("{PATH}?standing=ready"))
            .await
            .problem(422);
        insta::assert_snapshot!("ready_is_no_blocker", hidden(problem));
        for item in items {
            let reasons = item["reasons"].as_array().expect("reasons");
            assert!(
                !reasons.is_empty() && item["deciding"].is_string() && item["impact"].is_string()
            );
            for reason in reasons {
                let reason = reason.as_str().expect("a code");
                let found = app
                    .json(&format!(
                        "{PATH}?reason={reason}&q={}",
                        item["name"].as_str().expect("a name")
                    ))
                    .await;
                assert!(found["total"].as_i64() >= Some(1), "{reason}");
            }
        }
        let fix = items[0]["fixes"][0].as_str().expect("a fix");
        let fixed = app.json(&format!("{PATH}?fix={fix}&limit=1000")).await;
        let by_hand = items
            .iter()
            .filter(|item| {
                item["fixes"]
                    .as_array()
                    .expect("fixes")
                    .contains(&json!(fix))
            })
            .count();
        assert_eq!(
            fixed["total"].as_u64(),
            u64::try_from(by_hand).ok(),
            "{fix}"
        );
    }
}

#[tokio::test]
async fn an_export_is_whole_when_it_is_compressed() {
    for app in TestApp::each().await {
        fleet(&app).await;
        for format in ["csv", "ndjson"] {
            let path = format!("{PATH}?format={format}&standing=all");
            let plain = app.get(&path).await.text();
            assert!(plain.lines().count() > 5);
            let packed = app
                .request(Method::GET, &path)
                .bearer_auth(app.token("read"))
                .header(header::ACCEPT_ENCODING, "gzip")
                .send()
                .await
                .expect("an answer")
                .bytes()
                .await
                .expect("all of it, to its end");
            let mut text = String::new();
            std::io::Read::read_to_string(
                &mut flate2::read::GzDecoder::new(packed.as_ref()),
                &mut text,
            )
            .expect("gzip");
            assert_eq!(text, plain, "{format}");
        }
    }
}

/// `all` beside a standing takes nothing away.
#[tokio::test]
async fn all_among_other_standings_means_all() {
    let app = TestApp::one();
    app.report("OLD-1").windows7_untouched().stored().await;
    app.report("UNKNOWN-1").without_registry().stored().await;
    for query in [
        "all",
        "all,blocking",
        "blocking,all",
        "all&standing=blocking",
        "blocking&standing=all",
    ] {
        let list = app
            .json(&format!("/api/v1/blockers?standing={query}"))
            .await;
        assert_eq!(list["total"], 2, "{query}");
    }
    assert_eq!(app.json("/api/v1/blockers").await["total"], 1);
}
