//! The columns of a table that nobody knows can be given their meanings at once, without calling it a table first.

use std::io::{Cursor, Write as _};

use reqwest::{Method, header};
use serde_json::json;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{id, stored};
use crate::support::{answer::Answer, app::TestApp, report::from_now};

const TABLE: &str = "Kasten;Windows;Farbe\nTAB-01;10.0.19045;rot\nTAB-02;10.0.22631;blau\n";

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = SimpleFileOptions::default();
        archive.start_file(*name, options).expect("an entry");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

#[tokio::test]
async fn columns_of_an_unknown_table_can_be_chosen_at_once() {
    let alone = TABLE.as_bytes().to_vec();
    let beside = packed(&[
        (
            "read-me.txt",
            "Hello, this is a letter.\nIt has no columns, none, at all.\n",
        ),
        ("folder/own.csv", TABLE),
    ]);
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let at = from_now(-3_600_000);
        for (name, file, body) in [
            ("own.csv", "own.csv", alone.clone()),
            ("own.zip", "own.zip/folder/own.csv", beside.clone()),
        ] {
            let query = format!("?name={name}&collected_at={at}");
            let preview = app.upload(&query, body).await;
            let told = preview["told"].as_array().expect("files");
            let table = told.iter().find(|told| told["name"] == file);
            let table = table.unwrap_or_else(|| panic!("{preview}"));
            let problem = table["problem"].as_str().expect("a problem");
            assert!(problem.contains("looks like a table"), "{problem}");
            let columns = &table["mapping"]["columns"];
            assert_eq!(columns[0]["heading"], "Kasten", "{table}");
            for other in told.iter().filter(|told| told["name"] != file) {
                assert_eq!(other["mapping"], json!(null), "{other}");
            }
            let page = app
                .request(Method::GET, &format!("/uploads/{}", id(&preview)))
                .header(header::COOKIE, &cookie);
            let page = Answer::to(page).await.ok("a page").text();
            assert!(page.contains("name=\"meaning-0\""), "{page}");
            let form = format!("collected_at={at}&meaning-0=device.name&meaning-1=os.version");
            let again = app
                .request(Method::POST, &format!("/uploads/{}/again", id(&preview)))
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
            let answer = Answer::to(again).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            let read = app.settled(id(&preview)).await;
            let found = read["found"]["new"].as_i64().unwrap_or(0)
                + read["found"]["known"].as_i64().unwrap_or(0);
            assert_eq!(found, 2, "{name}: {read}");
            let done = stored(&app, &read).await;
            assert_eq!(done["state"], "done", "{done}");
        }
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 2);
    }
}

#[tokio::test]
async fn what_is_no_table_offers_no_columns() {
    let app = TestApp::one();
    for text in [
        "Dear all,\nplease find enclosed, as promised, the list.\n",
        "{\"a\": 1, \"b\": 2}\n",
        "<a>1,2</a>\n<b>3,4</b>\n",
        "one column\nalone\n",
        "a,a\n1,2\n",
        "a,b\n",
        "a,b\n1,2,3\n",
    ] {
        let preview = app.upload("?name=x.txt", text).await;
        assert_eq!(preview["told"][0]["mapping"], json!(null), "{preview}");
    }
}
