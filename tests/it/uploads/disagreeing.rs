//! Rows of one file that contradict each other about a device.

use reqwest::{Method, header};
use serde_json::Value;

use super::{rows, stored, vouched::RUN};
use crate::support::{answer::Answer, app::TestApp, report::from_now};

#[tokio::test]
async fn the_page_of_the_client_says_that_they_disagree_and_not_that_nothing_was_read() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let query = |hours: i64| {
            let at = from_now(-hours * 3_600_000);
            format!("?name=run.csv&read_by_64_bit=true&collected_at={at}")
        };
        // A good word of before does not take the place of what is told in two ways now.
        let before = app.upload(&query(2), RUN).await;
        stored(&app, &before).await;
        let again = RUN.lines().nth(1).expect("a row");
        let other = again.replace("64-bit,2720,2720,", "64-bit,2720,128,");
        assert_ne!(again, other);
        let text = format!("{RUN}{other}\r\n");
        let upload = app.upload(&query(1), text).await;
        let done = stored(&app, &upload).await;
        let rows = rows(&app, &done).await;
        let row = rows.iter().find(|row| row["name"] == "TAB-01");
        let row = row.expect("the row");
        assert_eq!(row["standing"], "undetermined", "{row}");
        let client = row["client_id"].as_str().expect("an id");
        let told = app.json(&format!("/api/v1/clients/{client}")).await;
        let check = told["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .find(|check| check["id"] == "winhttp.default_secure_protocols.wow64")
            .cloned()
            .unwrap_or(Value::Null);
        let message = check["message"].as_str().expect("a message");
        let words = "Rows of one upload say different things of DefaultSecureProtocols in HKLM";
        assert!(message.starts_with(words), "{check}");
        let page = app
            .request(Method::GET, &format!("/clients/{client}"))
            .header(header::COOKIE, &cookie);
        let page = Answer::to(page).await.ok("a page").text();
        assert!(page.contains(words), "{page}");
    }
}
