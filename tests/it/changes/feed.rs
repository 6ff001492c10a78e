//! `GET /api/v1/blockers/changes`: the feed as programs follow it.

use cutover::{clock, domain::time::DAY, store::Store};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{HOUR, Report},
};

pub const PATH: &str = "/api/v1/blockers/changes";

/// A page behind a cursor.
async fn page(app: &TestApp, cursor: &Value, more: &str) -> Value {
    let cursor = cursor.as_str().expect("a cursor");
    app.json(&format!("{PATH}?cursor={cursor}{more}")).await
}

/// What the feed tells of a client.
const FIELDS: [&str; 15] = [
    "id",
    "name",
    "site_code",
    "os",
    "standing",
    "cleared",
    "verdict",
    "impact",
    "deciding",
    "reasons",
    "fixes",
    "since",
    "ruleset",
    "listing",
    "owner",
];

/// A client, or an item of the list, cut down to that.
pub fn shown(client: &Value) -> Value {
    FIELDS
        .map(|name| (name.to_owned(), client[name].clone()))
        .into_iter()
        .collect()
}

#[tokio::test]
async fn a_program_gets_a_cursor_first_and_then_what_happens() {
    for app in TestApp::each().await {
        let before = app.report("PC-1").windows7_untouched().collected(-3 * HOUR);
        before.stored().await;
        let start = app.json(PATH).await;
        assert_eq!(
            (&start["items"], &start["more"]),
            (&json!([]), &json!(false))
        );
        assert!(start["as_of"].is_string() && start["ruleset"].is_string());
        let id = app
            .report("PC-2")
            .windows7_untouched()
            .collected(-2 * HOUR)
            .stored()
            .await;
        let first = page(&app, &start["next_cursor"], "").await;
        let change = &first["items"][0];
        assert_eq!(first["items"].as_array().map(Vec::len), Some(1), "{first}");
        assert_eq!(change["kind"], "added");
        for name in ["why", "says", "from", "from_listing"] {
            assert_eq!(change[name], Value::Null, "{name}");
        }
        assert_eq!(change["client"]["id"], *id);
        let list = app.json("/api/v1/blockers?q=PC-2").await;
        let told = &change["client"];
        assert_eq!(shown(&list["items"][0]), *told, "{}", app.engine);

        app.report("PC-2").collected(-HOUR).stored().await;
        app.report("PC-1")
            .without_registry()
            .collected(-HOUR)
            .stored()
            .await;
        let second = page(&app, &first["next_cursor"], "&limit=1").await;
        assert_eq!(second["more"], true);
        let change = &second["items"][0];
        assert_eq!(
            (&change["kind"], &change["why"]),
            (&json!("cleared"), &json!("fixed"))
        );
        assert_eq!(
            (&change["from"], &change["from_listing"]),
            (&json!("blocking"), &json!("unlisted"))
        );
        assert_eq!(
            (&change["client"]["standing"], &change["client"]["cleared"]),
            (&json!("ready"), &json!(true))
        );
        assert!(change["says"].as_str().expect("a sentence").ends_with('.'));
        let third = page(&app, &second["next_cursor"], "").await;
        let change = &third["items"][0];
        assert_eq!(
            (&change["kind"], &change["why"]),
            (&json!("cleared"), &json!("undetermined"))
        );
        assert_eq!(
            change["client"]["cleared"], false,
            "left the list, and is not cleared"
        );
        assert_eq!(third["more"], false);
        let nothing = page(&app, &third["next_cursor"], "").await;
        assert_eq!(nothing["next_cursor"], third["next_cursor"]);
    }
}

#[tokio::test]
async fn asking_again_costs_nothing_while_nothing_happens() {
    for app in TestApp::each().await {
        let begin = app.json(PATH).await;
        let place = format!(
            "{PATH}?cursor={}",
            begin["next_cursor"].as_str().expect("a cursor")
        );
        let ask = async |tag: &str| {
            let request = app
                .request(Method::GET, &place)
                .bearer_auth(app.token("read"));
            Answer::to(request.header(header::IF_NONE_MATCH, tag)).await
        };
        let first = ask("\"none\"").await.ok("nothing");
        let tag = first.header("etag");
        assert_eq!(ask(&tag).await.status, 304, "{}", app.engine);
        app.report("PC-1").stored().await;
        assert_eq!(ask(&tag).await.status, 304, "nobody blocks");
        app.report("PC-2").windows7_untouched().stored().await;
        let news = ask(&tag).await.ok("news");
        assert_eq!(news.json()["items"][0]["client"]["name"], "PC-2");
        assert_eq!(ask(&news.header("etag")).await.status, 304);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_with_the_remedy() {
    for app in TestApp::each().await {
        for (query, pointer) in [
            ("limit=0", "?limit"),
            ("limit=1001", "?limit"),
            ("limit=x", "?limit"),
            ("limit=1&limit=1", "?limit"),
            ("cursor=%00", "?cursor"),
            ("standing=blocking", "?standing"),
        ] {
            let problem = app.get(&format!("{PATH}?{query}")).await.problem(422);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
        for cursor in ["x", "n00", "1234"] {
            let problem = app
                .get(&format!("{PATH}?cursor={cursor}"))
                .await
                .problem(400);
            let detail = problem["detail"].as_str().expect("a sentence");
            assert!(detail.contains("start again without a cursor"), "{detail}");
        }
        let start = app.json(PATH).await;
        assert_eq!(
            app.json(&format!("{PATH}?cursor=&limit=")).await["items"],
            json!([])
        );
        app.report("PC-1").windows7_untouched().stored().await;
        let store = Store::open(app.database_url())
            .await
            .expect("the same database");
        let later = clock::now().plus(91 * DAY);
        store.tidy_changes(90, later).await.expect("let go of");
        let path = format!(
            "{PATH}?cursor={}",
            start["next_cursor"].as_str().expect("a cursor")
        );
        let problem = app.get(&path).await.problem(410);
        assert_eq!(problem["type"], "urn:cutover:problem:gone");
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains("fetch the whole list anew"), "{detail}");
        // The remedy helps.
        let anew = app.json(PATH).await;
        let list = app.json("/api/v1/blockers").await;
        assert_eq!(list["total"], 1);
        let next = page(&app, &anew["next_cursor"], "").await;
        assert_eq!(next["items"], json!([]));
    }
}

#[tokio::test]
async fn a_list_of_devices_changes_owners_and_takes_clients_out() {
    for app in TestApp::each().await {
        let old: Report<'_> = app.report("PC-1").windows7_untouched().collected(-HOUR);
        old.stored().await;
        let start = app.json(PATH).await;
        let list = "Name,Owner,Obsolete\nPC-1,Finance,0\nPC-2,,0\n";
        app.put_population("", list).await.ok("a list");
        let first = page(&app, &start["next_cursor"], "").await;
        let change = &first["items"][0];
        assert_eq!(change["changed"], json!(["listing", "owner"]), "{first}");
        assert_eq!(change["client"]["owner"], "Finance");
        let list = "Name,Owner,Obsolete\nPC-1,Finance,1\nPC-2,,0\n";
        app.put_agreed("", list).await.ok("a list");
        let second = page(&app, &first["next_cursor"], "").await;
        let change = &second["items"][0];
        assert_eq!(
            (&change["kind"], &change["why"]),
            (&json!("cleared"), &json!("retired")),
            "{second}"
        );
        assert_eq!(change["client"]["listing"], "obsolete");
        assert_eq!(app.json("/api/v1/blockers").await["total"], 0);
    }
}
