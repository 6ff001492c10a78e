//! The ways in which calls fail, each as the document says.

use std::io::Write as _;

use cutover::{clock, domain::time::DAY, store::Store};
use flate2::{Compression, write::GzEncoder};
use reqwest::header;
use serde_json::Value;

use super::{
    filled::{Call, Filled, calls, example, filled},
    shapes::fits,
};
use crate::support::{answer::Answer, app::TestApp};

/// The problem, which the document knows.
async fn fails(call: &Call, request: reqwest::RequestBuilder, status: u16, what: &str) -> Value {
    let answer = Answer::to(request).await;
    assert_eq!(
        answer.status,
        status,
        "{} {} ({what}): {}",
        call.method,
        call.path,
        answer.text()
    );
    fits(call, &answer, what);
    answer.problem(status)
}

/// A request that would be fine: the path of a filled server, and a body where one is needed.
fn fine(call: &Call, app: &TestApp, filled: &Filled) -> reqwest::RequestBuilder {
    let request = call.request(app, &call.address(filled));
    with_body(call, request)
}

fn with_body(call: &Call, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    if call.says.get("requestBody").is_some() {
        request.body("{}")
    } else {
        request
    }
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        for call in calls() {
            let address = call.address(&filled);
            let by_people = call.purpose().is_none() && call.response(401).is_some();
            let Some(purpose) = call.purpose().or(by_people.then_some("")) else {
                let nobody = Answer::to(app.request(call.method(), &address)).await;
                assert_eq!(nobody.status, 200, "{address}");
                assert!(call.response(401).is_none(), "{address}");
                continue;
            };
            let nobody = with_body(&call, app.request(call.method(), &address));
            fails(&call, nobody, 401, "nobody").await;
            for wrong in ["Bearer nonsense", "Basic YTpi", "Bearer"] {
                let request = with_body(&call, app.request(call.method(), &address));
                let request = request.header(header::AUTHORIZATION, wrong);
                fails(&call, request, 401, wrong).await;
            }
            let other = if purpose == "read" {
                "population"
            } else {
                "read"
            };
            let request = with_body(&call, app.request(call.method(), &address));
            fails(&call, request.bearer_auth(app.token(other)), 403, other).await;
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_so_is_told() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        for call in calls() {
            if call.path.contains("{id}") {
                for id in [
                    "00000000-0000-8000-8000-000000000000",
                    "x",
                    "%00",
                    "%FF",
                    "..%2F..",
                ] {
                    let address = call
                        .path
                        .replace("{id}", id)
                        .replace("{entry}", &filled.entry);
                    fails(&call, call.request(&app, &address), 404, id).await;
                }
            }
            if call.path.contains("{number}") {
                for number in ["0", "2", "-1", "x", "%00", "%FF", "99999999999999999999"] {
                    let address = call.path.replace("{number}", number);
                    fails(&call, call.request(&app, &address), 404, number).await;
                }
            }
            if call.path.contains("{entry}") {
                for entry in ["0", "x", "%FF", &"f".repeat(48)] {
                    let address = call
                        .path
                        .replace("{id}", &filled.client)
                        .replace("{entry}", entry);
                    fails(&call, call.request(&app, &address), 404, entry).await;
                }
            }
            if call.response(406).is_some() {
                let request = fine(&call, &app, &filled).header(header::ACCEPT, "image/png");
                fails(&call, request, 406, "a picture").await;
                let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
                let request = fine(&call, &app, &filled).header(header::ACCEPT, browser);
                assert_eq!(Answer::to(request).await.status, 200, "{}", call.path);
            }
        }
        let all = calls();
        let call = |id: &str| all.iter().find(|call| call.id() == id).expect("a call");
        for (id, query) in [
            ("listClients", "cursor=x"),
            ("listBlockers", "cursor=x"),
            ("listChanges", "cursor=x"),
        ] {
            let call = call(id);
            let request = call.request(&app, &format!("{}?{query}", call.path));
            fails(call, request, 400, query).await;
        }
        let changes = call("listChanges");
        let start = Answer::to(changes.request(&app, changes.path)).await.json();
        app.report("PC-0302").windows7_untouched().stored().await;
        let store = Store::open(app.database_url()).await.expect("the database");
        let tidied = store.tidy_changes(1, clock::now().plus(2 * DAY)).await;
        tidied.expect("let go of");
        let cursor = start["next_cursor"].as_str().expect("a cursor");
        let late = changes.request(&app, &format!("{}?cursor={cursor}", changes.path));
        fails(changes, late, 410, "too late").await;
        let withdraw = call("withdrawList");
        let gone = withdraw.request(&app, "/api/v1/population?list=no-such-list");
        fails(withdraw, gone, 404, "no such list").await;
        let last = withdraw.request(&app, "/api/v1/population?list=default");
        fails(withdraw, last, 409, "the last list").await;
        let replace = call("replaceList");
        let shorter = replace
            .request(&app, "/api/v1/population")
            .body("Name,Obsolete\nPC-0042,1\nPC-0001,0\n");
        fails(replace, shorter, 409, "a list that hides a blocking client").await;
        let done = app
            .uploaded("done.ndjson", app.report("PC-0301").line())
            .await;
        let cancel = call("cancelUpload");
        let over = cancel.request(&app, &format!("/api/v1/uploads/{done}/cancel"));
        fails(cancel, over, 409, "over").await;
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_what_it_takes() {
    let app = TestApp::one();
    let filled = filled(&app).await;
    for call in calls() {
        for param in call.params("query") {
            let name = param["name"].as_str().expect("a name");
            let schema = &param["schema"];
            let of_codes = schema["$ref"].is_string()
                || schema["items"]["$ref"].is_string()
                || schema["enum"].is_array();
            let wrong = match schema["type"].as_str() {
                _ if of_codes || name == "by" || name == "collected_at" => "no.such",
                Some("integer") => "-1",
                // Words may say anything but this.
                _ => "%00",
            };
            if name == "older" || name == "mapping" {
                continue;
            }
            let address = format!("{}?{name}={wrong}", call.address(&filled));
            let request = with_body(&call, call.request(&app, &address));
            let problem = fails(&call, request, 422, &address).await;
            let pointer = &problem["errors"][0]["pointer"];
            assert_eq!(pointer, &format!("?{name}"), "{problem}");
            // Of two values one would be dropped in silence.
            let adds_up =
                ["standing", "reason", "fields"].contains(&name) && call.path != "/api/v1/trend";
            let example = example(param).filter(|_| !adds_up);
            if let Some(value) = example {
                let address = format!("{}?{name}={value}&{name}={value}", call.address(&filled));
                let request = with_body(&call, call.request(&app, &address));
                let problem = fails(&call, request, 422, &address).await;
                let pointer = &problem["errors"][0]["pointer"];
                assert_eq!(pointer, &format!("?{name}"), "{problem}");
            }
        }
        if !call.params("query").is_empty() {
            let address = format!("{}?nonsense=1", call.address(&filled));
            let request = with_body(&call, call.request(&app, &address));
            let problem = fails(&call, request, 422, &address).await;
            assert_eq!(problem["errors"][0]["pointer"], "?nonsense");
        }
    }
}

#[tokio::test]
async fn a_wrong_body_is_named_with_what_is_taken() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..65 {
            bomb.write_all(&vec![b' '; 1 << 20]).expect("memory");
        }
        let bomb = bomb.finish().expect("memory");
        for call in calls()
            .iter()
            .filter(|call| call.says.get("requestBody").is_some())
        {
            let request = || call.request(&app, &call.address(&filled));
            let packed = |encoding: &str| request().header(header::CONTENT_ENCODING, encoding);
            fails(call, packed("br").body("x"), 415, "br").await;
            fails(call, packed("gzip").body("x"), 400, "not gzip").await;
            fails(call, packed("gzip").body(bomb.clone()), 413, "a bomb").await;
            if !call.path.ends_with("/uploads") {
                let picture = request()
                    .header(header::CONTENT_TYPE, "image/png")
                    .body("x");
                fails(call, picture, 415, "a picture").await;
            }
            let wrong = if call.path.ends_with("/uploads") {
                ""
            } else {
                "["
            };
            let answer = Answer::to(request().body(wrong)).await;
            assert!(matches!(answer.status, 400 | 422), "{}", answer.text());
            fits(call, &answer, "broken");
        }
        let all = calls();
        let replace = all.iter().find(|call| call.id() == "replaceList");
        let replace = replace.expect("a call");
        for wrong in ["false", "\"PC-1\"", "PC-1\nPC-2\n"] {
            let request = replace.request(&app, "/api/v1/population?confirm=1");
            let request = request.header(header::CONTENT_TYPE, "application/json");
            fails(replace, request.body(wrong), 422, wrong).await;
        }
        let send = all
            .iter()
            .find(|call| call.id() == "sendReports")
            .expect("a call");
        let request = |body: String| send.request(&app, send.path).body(body);
        let report = app.report("PC-0042");
        let large = report
            .clone()
            .set("/filling", "x".repeat(1 << 20).into())
            .line();
        fails(send, request(large), 413, "a large report").await;
        let wrong = report.set("/os/version", "seven".into()).line();
        let problem = fails(send, request(wrong), 422, "a wrong version").await;
        assert_eq!(problem["errors"][0]["pointer"], "/os/version");
    }
}
