//! Every call that reads, with the examples of the document, on a filled server: each answer fits the document.

use reqwest::header;

use super::{
    filled::{calls, example, filled},
    shapes::fits,
};
use crate::support::{answer::Answer, app::TestApp};

#[tokio::test]
async fn every_reading_call_answers_as_the_document_says() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        for call in calls().iter().filter(|call| call.method == "get") {
            let address = call.address(&filled);
            let response = call.response(200).expect("a good answer");
            for media in response["content"].as_object().expect("forms").keys() {
                let address = call.address_as(&filled, media);
                let answer = call.ask(&app, &address, media).await.ok(&address);
                let kind = answer.header("content-type");
                assert!(
                    kind.starts_with(media.as_str()),
                    "{address} as {media} is {kind}"
                );
                fits(call, &answer, media);
            }
            // Each parameter by itself, and then all together that can stand together.
            for param in call.params("query") {
                let name = param["name"].as_str().expect("a name");
                let Some(value) = example(param) else {
                    continue;
                };
                let asked = format!("{address}?{name}={value}");
                let answer = Answer::to(call.request(&app, &asked)).await.ok(&asked);
                fits(call, &answer, &asked);
                if let Some(codes) = codes_of(&param["schema"]) {
                    for code in codes {
                        let media = match code.as_str() {
                            "ids" | "powershell" => "text/plain",
                            _ => "",
                        };
                        let asked = call.address_as(&filled, media);
                        let more = if asked.contains('?') { '&' } else { '?' };
                        let asked = format!("{asked}{more}{name}={code}");
                        let answer = Answer::to(call.request(&app, &asked)).await.ok(&asked);
                        fits(call, &answer, &asked);
                    }
                }
            }
        }
    }
}

/// The codes that a parameter takes; none for `fields` and `ids`, which are no parameters of JSON.
fn codes_of(schema: &serde_json::Value) -> Option<Vec<String>> {
    let place = schema["$ref"]
        .as_str()
        .or(schema["items"]["$ref"].as_str())?;
    if place.ends_with("/Field") || place.ends_with("/IdKind") {
        return None;
    }
    let codes = cutover::http::contract::contract()
        .value
        .pointer(&place[1..])?;
    let codes = codes["enum"].as_array()?.iter();
    codes.map(|code| code.as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn pages_of_lists_and_columns_of_tables_fit_too() {
    let app = TestApp::one();
    let filled = filled(&app).await;
    let all = calls();
    let call = |id: &str| all.iter().find(|call| call.id() == id).expect("a call");
    for id in ["listClients", "listBlockers"] {
        let call = call(id);
        let address = format!("{}?limit=2", call.address(&filled));
        let first = Answer::to(call.request(&app, &address)).await.ok(id);
        let cursor = first.json()["next_cursor"]
            .as_str()
            .expect("more")
            .to_owned();
        let second = format!("{address}&cursor={cursor}");
        fits(
            call,
            &Answer::to(call.request(&app, &second)).await.ok(id),
            "page two",
        );
        let table = format!("{}?format=csv&fields=name,standing&bom=1", call.path);
        let table = Answer::to(call.request(&app, &table)).await.ok(id);
        fits(call, &table, "fields");
        assert!(table.text().starts_with("\u{feff}name,standing\r\n"));
    }
    let changes = call("listChanges");
    let start = Answer::to(changes.request(&app, changes.path))
        .await
        .ok("a cursor");
    app.report("PC-0500").windows7_untouched().stored().await;
    let cursor = start.json()["next_cursor"]
        .as_str()
        .expect("one")
        .to_owned();
    let address = format!("{}?cursor={cursor}", changes.path);
    let news = Answer::to(changes.request(&app, &address)).await.ok("news");
    assert_eq!(news.json()["items"].as_array().map(Vec::len), Some(1));
    fits(changes, &news, "news");
    let rows = call("listUploadRows");
    let address = format!("{}?limit=1", rows.address(&filled));
    let first = Answer::to(rows.request(&app, &address)).await.ok("rows");
    fits(rows, &first, "page one");
    let cursor = first.json()["next_cursor"]
        .as_str()
        .expect("more")
        .to_owned();
    let second = format!("{address}&cursor={cursor}");
    fits(
        rows,
        &Answer::to(rows.request(&app, &second)).await.ok("rows"),
        "page two",
    );
    // A client that never reported has another answer.
    let silent = app.json("/api/v1/clients?standing=silent&limit=1").await;
    let id = silent["items"][0]["id"].as_str().expect("an id");
    let client = call("getClient");
    let address = format!("/api/v1/clients/{id}");
    fits(
        client,
        &Answer::to(client.request(&app, &address))
            .await
            .ok("silent"),
        "silent",
    );
    let older = format!("{}?older={}", client.address(&filled), filled.entry);
    fits(
        client,
        &Answer::to(client.request(&app, &older)).await.ok("older"),
        "older",
    );
}

#[tokio::test]
async fn a_person_may_make_every_call() {
    let app = TestApp::one();
    let filled = filled(&app).await;
    let cookie = app.sign_in().await;
    for call in calls().iter().filter(|call| call.method == "get") {
        let address = call.address(&filled);
        let asked = app
            .request(call.method(), &address)
            .header(header::COOKIE, &cookie);
        fits(call, &Answer::to(asked).await.ok(&address), "a person");
    }
}

#[tokio::test]
async fn the_page_has_every_call_and_every_schema() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let page = app.request(reqwest::Method::GET, "/api");
    let page = page.header(header::COOKIE, cookie);
    let page = Answer::to(page).await.ok("the page").text();
    for call in calls() {
        let place = format!("<h3 id=\"{}\">", call.id());
        assert!(page.contains(&place), "{place}");
    }
    let document = &cutover::http::contract::contract().value;
    for name in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
        .keys()
    {
        let place = format!("<h3 id=\"schema-{name}\">");
        assert!(page.contains(&place), "{place}");
    }
    assert!(page.contains("<code>next_cursor</code>") && !page.contains("`next_cursor`"));
}
