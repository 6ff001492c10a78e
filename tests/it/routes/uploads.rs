//! `/api/v1/uploads` and its pages: files of any format, looked at before they are stored.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
    report::from_now,
};

const TABLE: &str = "Device;Caption;Version;ProductType;OSArchitecture\r\n\
TAB-01;Microsoft Windows 10 Pro;10.0.19045;1;64-bit\r\n\
TAB-02;Microsoft Windows 10 Pro;10.0.19045;1;64-bit\r\n";

/// The upload's rows.
async fn rows(app: &TestApp, upload: &Value, query: &str) -> Vec<Value> {
    let id = upload["id"].as_str().expect("an id");
    let asked = app.uploads(Method::GET, &format!("/{id}/rows{query}"));
    let page = Answer::to(asked).await.ok("rows").json();
    page["items"].as_array().expect("items").clone()
}

async fn act(app: &TestApp, upload: &Value, what: &str) -> Answer {
    let id = upload["id"].as_str().expect("an id");
    Answer::to(app.uploads(Method::POST, &format!("/{id}/{what}"))).await
}

/// The numbers of an upload: new, changed, unchanged, late, rejected.
fn stored(upload: &Value) -> [i64; 5] {
    ["new", "changed", "unchanged", "late"]
        .map(|name| upload["stored"][name].as_i64().expect("a number"))
        .into_iter()
        .chain([upload["rejected"].as_i64().expect("a number")])
        .collect::<Vec<_>>()
        .try_into()
        .expect("five")
}

#[tokio::test]
async fn a_file_is_shown_first_and_stored_when_somebody_says_so() {
    for app in TestApp::each().await {
        let known = app.report("PC-1").stored().await;
        let body = format!(
            "{}\n{}\n{{\"schema_version\": 1}}\n",
            app.report("PC-1")
                .windows7_untouched()
                .collected(-1_000)
                .line(),
            app.report("PC-2").collected(-1_000).line()
        );
        let preview = app.upload("?name=two.ndjson", body).await;
        assert_eq!(preview["state"], "preview", "{}", app.engine);
        let shown = rows(&app, &preview, "").await;
        let mut answer = preview.clone();
        answer["sha256"] = json!("[hash]");
        answer["bytes"] = json!("[bytes]");
        insta::assert_snapshot!("upload_preview", hidden(json!([answer, shown])));
        assert_eq!(shown[0]["client_id"], json!(known));
        assert_eq!(shown[1]["client_id"], json!(null), "not there yet");
        assert_eq!(rows(&app, &preview, "?status=rejected").await.len(), 1);
        // Nothing is stored yet.
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);
        let answer = act(&app, &preview, "commit").await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let done = app.settled(preview["id"].as_str().expect("an id")).await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(stored(&done), [1, 1, 0, 0, 1], "{done}");
        assert_eq!(done["rows"], json!({"total": 3, "done": 3, "about": null}));
        let after = rows(&app, &done, "").await;
        insta::assert_snapshot!("upload_rows_stored", hidden(json!(after)));
        let client = app.json(&format!("/api/v1/clients/{known}")).await;
        assert_eq!(client["standing"], "blocking");
        // Once more it is the same.
        assert_eq!(act(&app, &done, "commit").await.status, 202);
        act(&app, &done, "cancel").await.problem(409);
    }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    for app in TestApp::each().await {
        let body: String = (0..1_300)
            .map(|n| {
                format!(
                    "{}\n",
                    app.report(&format!("PC-{n}")).collected(-60_000).line()
                )
            })
            .collect();
        let query = "?commit=true&name=many.ndjson";
        let first = app.upload(query, body.clone()).await;
        assert_eq!(stored(&first), [1_300, 0, 0, 0, 0], "{first}");
        let again = app.upload(query, body).await;
        assert_eq!(stored(&again), [0, 0, 1_300, 0, 0], "{again}");
        assert_eq!(again["sha256"], first["sha256"]);
        let page = rows(&app, &again, "?limit=1000&cursor=700").await;
        assert_eq!((page.len(), &page[0]["index"]), (600, &json!(700)));
    }
}

#[tokio::test]
async fn rows_without_a_time_need_one_and_none_in_the_future() {
    for app in TestApp::each().await {
        let without = app.upload("?name=tab.csv", TABLE).await;
        assert_eq!(without["rejected"], 2, "{without}");
        let shown = rows(&app, &without, "").await;
        let problem = shown[0]["problem"].as_str().expect("a problem");
        assert!(problem.contains("collected_at"), "{problem}");
        let at = from_now(-3_600_000);
        let with = app
            .upload(
                &format!("?name=tab.csv&collected_at={at}&commit=true"),
                TABLE,
            )
            .await;
        assert_eq!(stored(&with), [2, 0, 0, 0, 0], "{with}");
        let later = from_now(3_600_000);
        let path = format!("?name=tab.csv&collected_at={later}");
        let refused = Answer::to(app.uploads(Method::POST, &path).body(TABLE)).await;
        let problem = refused.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], "?collected_at");
        for wrong in [
            "?format=excel",
            "?mapping=none",
            "?colour=red",
            "?commit=maybe",
        ] {
            let sent = app.uploads(Method::POST, wrong).body(TABLE);
            Answer::to(sent).await.problem(422);
        }
        let nothing = app.uploads(Method::POST, "?name=nothing");
        Answer::to(nothing).await.problem(422);
    }
}

#[tokio::test]
async fn what_could_be_about_several_clients_is_about_none() {
    for app in TestApp::each().await {
        for guid in ["A", "B"] {
            let guid = format!("0000000{guid}-0000-4000-8000-000000000000");
            app.report("TAB-01")
                .set("/client/sms_guid", json!(guid))
                .set("/client/smbios_guid", json!(guid))
                .set("/client/resource_id", json!(null))
                .set("/client/fqdn", json!(null))
                .stored()
                .await;
        }
        let at = from_now(-3_600_000);
        let query = format!("?name=tab.csv&collected_at={at}");
        let preview = app.upload(&query, TABLE).await;
        let shown = rows(&app, &preview, "").await;
        assert_eq!(shown[0]["status"], "rejected", "{shown:?}");
        let problem = shown[0]["problem"].as_str().expect("a problem");
        assert!(problem.contains("Several known clients"), "{problem}");
        assert_eq!(shown[1]["status"], "new");
        act(&app, &preview, "commit").await;
        let done = app.settled(preview["id"].as_str().expect("an id")).await;
        assert_eq!(stored(&done), [1, 0, 0, 0, 1], "{done}");
    }
}

#[tokio::test]
async fn a_discarded_upload_stores_nothing_and_stays_as_a_receipt() {
    for app in TestApp::each().await {
        let preview = app.upload("?name=a.json", app.report("PC-1").line()).await;
        let gone = act(&app, &preview, "cancel").await.ok("cancelled").json();
        assert_eq!(gone["state"], "cancelled");
        act(&app, &preview, "cancel").await.ok("again");
        act(&app, &preview, "commit").await.problem(409);
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 0);
        let list = Answer::to(app.uploads(Method::GET, "?limit=1")).await;
        let list = list.ok("receipts").json();
        assert_eq!(list["items"][0]["id"], preview["id"]);
        assert_eq!(list["next_cursor"], json!(null));
        // Another program sees nothing of it.
        let other = app.make_token("import", "another");
        let id = preview["id"].as_str().expect("an id");
        let asked = app.request(Method::GET, &format!("/api/v1/uploads/{id}"));
        Answer::to(asked.bearer_auth(other)).await.problem(404);
    }
}

#[tokio::test]
async fn a_mapping_is_saved_and_used() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let table = "Kasten;Windows\nTAB-01;10.0.19045\n";
        let at = from_now(-3_600_000);
        let query = format!("?name=own.csv&format=table&collected_at={at}");
        let preview = app.upload(&query, table).await;
        let id = preview["id"].as_str().expect("an id");
        let columns = &preview["told"][0]["mapping"]["columns"];
        assert_eq!(columns[0]["heading"], "Kasten", "{preview}");
        let form = format!(
            "format=table&collected_at={at}&meaning-0=device.name&meaning-1=os.version&save_as=Ours"
        );
        let again = app
            .request(Method::POST, &format!("/uploads/{id}/again"))
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = Answer::to(again).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let read = app.settled(id).await;
        assert_eq!(read["found"]["new"], 1, "{read}");
        let used = app
            .upload(&format!("{query}&mapping=Ours&commit=true"), table)
            .await;
        assert_eq!(stored(&used), [1, 0, 0, 0, 0], "{used}");
    }
}

#[tokio::test]
async fn what_is_refused_can_be_taken_home() {
    for app in TestApp::each().await {
        let body = format!(
            "{}\n{{\"a\": \"=1+1\"}}\nnot json\n",
            app.report("PC-1").line()
        );
        let preview = app.upload("?name=mixed.ndjson", body).await;
        assert_eq!(preview["rejected"], 2, "{preview}");
        let id = preview["id"].as_str().expect("an id");
        let answer = Answer::to(app.uploads(Method::GET, &format!("/{id}/rejected"))).await;
        assert!(answer.header("content-type").starts_with("text/csv"));
        insta::assert_snapshot!("upload_rejected", answer.ok("a table").text());
    }
}

#[tokio::test]
async fn hostile_names_are_shown_as_text() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let name = "<script>alert(1)</script>";
        let report = app.report("PC-1").set("/client/name", json!(name));
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"<b>a</b>.json\"\r\n\r\n{}\r\n--x--\r\n",
            report.line()
        );
        let sent = app
            .request(Method::POST, "/upload")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(body);
        let answer = Answer::to(sent).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let path = answer.header("location");
        app.settled_as(&cookie, &path).await;
        for path in [path.as_str(), "/upload"] {
            let page = app
                .request(Method::GET, path)
                .header(header::COOKIE, &cookie)
                .header(header::ACCEPT, "text/html");
            let page = Answer::to(page).await.ok("a page").text();
            assert!(page.contains("b&#62;.json"), "{page}");
            for bad in ["<script>alert", "<b>a</b>"] {
                assert!(!page.contains(bad), "{path} has {bad}");
            }
        }
    }
}
