//! Of how many devices an upload was to speak, and of how many it does: silence is not success.

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{id, stored};
use crate::support::{answer::Answer, app::TestApp, report::from_now};

const RUN: &str = "Query completed on 3100 of 5000 clients (1900 clients offline and 0 failure)\r\n\r\n\
Device,Caption,Version,ProductType,OSArchitecture\r\n\
TAB-01,Microsoft Windows 10 Pro,10.0.19045,1,64-bit\r\n\
TAB-02,Microsoft Windows 10 Pro,10.0.19045,1,64-bit\r\n";
const LIST: &str = "Name0,Caption0,Version0,ProductType0\n\
TAB-01,Microsoft Windows 10 Pro,10.0.19045,1\n\
TAB-02,Microsoft Windows 10 Pro,10.0.19045,1\n\
TAB-02,Microsoft Windows 10 Pro,10.0.19045,1\n";

fn told(value: &Value) -> [Value; 2] {
    ["asked", "answered"].map(|name| value[name].clone())
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let asked = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    Answer::to(asked).await.ok(path).text()
}

#[tokio::test]
async fn what_a_file_says_of_it_stands_on_the_receipt_and_with_the_feed() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let at = from_now(-3_600_000);
        let preview = app
            .upload(&format!("?name=run.csv&collected_at={at}"), RUN)
            .await;
        assert_eq!(told(&preview), [json!(5_000), json!(3_100)], "{preview}");
        let feeds = app.json("/api/v1/feeds").await;
        assert_eq!(feeds["items"], json!([]), "nothing is stored yet");
        let done = stored(&app, &preview).await;
        assert_eq!(told(&done), [json!(5_000), json!(3_100)], "{done}");
        let feeds = app.json("/api/v1/feeds").await;
        let feed = &feeds["items"][0];
        assert_eq!(told(feed), [json!(5_000), json!(3_100)], "{feeds}");
        assert_eq!(feed["said_nothing"], 1_900);
        assert_eq!(feed["asked_at"], done["committed_at"]);
        assert_eq!(feeds["items"].as_array().map(Vec::len), Some(1), "{feeds}");
        let words = "asked 5,000, answered 3,100: 1,900 said nothing";
        for path in ["/feeds", &format!("/uploads/{}", id(&done)), "/upload"] {
            let html = page(&app, &cookie, path).await;
            assert!(html.contains(words), "{path} on {}: {html}", app.engine);
        }
        // A later file that does not say it leaves what was said, with its time.
        let at = from_now(-1_800_000);
        let query = format!("?name=list.csv&commit=true&collected_at={at}");
        let silent = app.upload(&query, LIST).await;
        assert_eq!(told(&silent), [json!(null), json!(null)], "{silent}");
        let feeds = app.json("/api/v1/feeds").await;
        assert_eq!(told(&feeds["items"][0]), [json!(5_000), json!(3_100)]);
        assert_eq!(feeds["items"][0]["asked_at"], done["committed_at"]);
    }
}

#[tokio::test]
async fn where_the_file_says_nothing_somebody_can() {
    for app in TestApp::each().await {
        let at = from_now(-3_600_000);
        let query = format!("?name=list.csv&commit=true&collected_at={at}");
        let list = app.upload(&format!("{query}&asked=10"), LIST).await;
        // Devices, not rows.
        assert_eq!(told(&list), [json!(10), json!(2)], "{list}");
        let feeds = app.json("/api/v1/feeds").await;
        assert_eq!(told(&feeds["items"][0]), [json!(10), json!(2)], "{feeds}");
        // What the file says itself counts.
        let run = app.upload(&format!("{query}&asked=10"), RUN).await;
        assert_eq!(told(&run), [json!(5_000), json!(3_100)], "{run}");
        for wrong in ["0", "-1", "many", "9999999999999"] {
            let sent = app.uploads(Method::POST, &format!("{query}&asked={wrong}"));
            Answer::to(sent.body(LIST)).await.problem(422);
        }
    }
}

#[tokio::test]
async fn it_is_noted_for_the_site_that_all_rows_name_and_for_none_where_they_differ() {
    for app in TestApp::each().await {
        let body = |sites: [&str; 2]| {
            format!(
                "{}\n{}\n",
                app.report("PC-1").at_site(sites[0]).line(),
                app.report("PC-2").at_site(sites[1]).line()
            )
        };
        let query = "?name=two.ndjson&commit=true";
        app.upload(&format!("{query}&asked=7"), body(["P01", "P01"]))
            .await;
        app.upload(&format!("{query}&asked=9"), body(["P01", "P02"]))
            .await;
        let feeds = app.json("/api/v1/feeds").await;
        let mut seen: Vec<(Value, Value)> = feeds["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|feed| (feed["site_code"].clone(), feed["asked"].clone()))
            .collect();
        seen.sort_by_key(|(site, _)| site.to_string());
        assert_eq!(
            seen,
            [
                (json!(""), json!(9)),
                (json!("P01"), json!(7)),
                (json!("P02"), json!(null))
            ],
            "{feeds}"
        );
    }
}

#[tokio::test]
async fn two_tokens_of_one_name_do_not_see_each_others_uploads() {
    for app in TestApp::each().await {
        let tokens = [1, 2].map(|_| app.make_token("import", "nightly"));
        let mut ids = Vec::new();
        for token in &tokens {
            let sent = app
                .request(Method::POST, "/api/v1/uploads?name=a.json")
                .bearer_auth(token)
                .body(app.report("PC-1").line());
            let answer = Answer::to(sent).await;
            assert_eq!(answer.status, 202, "{}", answer.text());
            ids.push(id(&answer.json()).to_owned());
        }
        for (own, token) in tokens.iter().enumerate() {
            let list = app
                .request(Method::GET, "/api/v1/uploads")
                .bearer_auth(token);
            let list = Answer::to(list).await.ok("a list").json();
            assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
            assert_eq!(list["items"][0]["id"], ids[own]);
            let others = &ids[1 - own];
            for (method, path) in [
                (Method::GET, String::new()),
                (Method::GET, "/rows".to_owned()),
                (Method::GET, "/rejected".to_owned()),
                (Method::POST, "/commit".to_owned()),
                (Method::POST, "/cancel".to_owned()),
            ] {
                let path = format!("/api/v1/uploads/{others}{path}");
                let asked = app.request(method, &path).bearer_auth(token);
                Answer::to(asked).await.problem(404);
            }
        }
        // A person sees both.
        let cookie = app.sign_in().await;
        for id in ids {
            page(&app, &cookie, &format!("/uploads/{id}")).await;
        }
    }
}
