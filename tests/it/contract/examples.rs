//! The examples of the document are what a server answers: asked here, made calm, and held to the files.

use std::{fs, path::PathBuf};

use reqwest::{RequestBuilder, header};
use serde_json::{Value, json};

use super::{
    filled::{Call, Filled, calls, filled},
    kept::{KEEP, is_to_be_kept},
    shapes::fits,
};
use crate::support::{
    answer::Answer,
    app::TestApp,
    report::{HOUR, from_now},
};

/// Longer lists are cut.
const ITEMS: usize = 2;
const TIME: &str = "2026-11-24T08:15:00Z";
const UPLOAD: &str = "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("static/contract/examples")
}

/// Whether a text begins like this: `0` is a digit, `x` a hexadecimal one.
fn begins(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(c, wanted)| match wanted {
                b'0' => c.is_ascii_digit(),
                b'x' => c.is_ascii_hexdigit(),
                other => c == other,
            })
}

/// A text with what differs between runs made the same: times, ids that are made of them, hashes.
fn calm_text(text: &str) -> String {
    let shapes = [
        (
            "x".repeat(64),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        ),
        ("x".repeat(48), format!("{:0>48}", 1)),
        // An exception's.
        (
            "xxxxxxxxxxxx7xxxxxxxxxxxxxxxxxxx".to_owned(),
            UPLOAD.replace('-', ""),
        ),
        (
            "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx".to_owned(),
            UPLOAD.to_owned(),
        ),
        ("(xxxxxxxxxxxx)".to_owned(), "(0198f3a27c11)".to_owned()),
        ("; 0000 bytes".to_owned(), "; 2961 bytes".to_owned()),
        ("0000-00-00T00:00:00".to_owned(), TIME.to_owned()),
        ("0000-00-00 00:00".to_owned(), "2026-11-24 08:15".to_owned()),
        ("0000-00-00".to_owned(), "2026-11-24".to_owned()),
    ];
    let mut calm = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let Some((shape, instead)) = shapes.iter().find(|(shape, _)| begins(rest, shape)) else {
            calm.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        calm.push_str(instead);
        rest = &rest[shape.len()..];
        if instead == TIME {
            rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            rest = rest.strip_prefix('Z').unwrap_or(rest);
        }
    }
    calm
}

fn calm(value: &mut Value) {
    match value {
        Value::String(text) => *text = calm_text(text),
        Value::Array(all) => {
            all.truncate(ITEMS);
            all.iter_mut().for_each(calm);
        }
        Value::Object(all) => {
            for (name, one) in all.iter_mut() {
                if name == "bytes" || name == "length" {
                    *one = json!(2_961);
                }
                // The id of a token that is named by itself.
                if name == "token" && one.as_str().is_some_and(|id| begins(id, "xxxxxxxxxxxx")) {
                    *one = json!("0198f3a27c11");
                }
                calm(one);
            }
        }
        _ => {}
    }
}

/// Holds an answer to the file with its example, or writes it.
fn hold(name: &str, answer: &Answer, wrong: &mut Vec<String>) {
    let kind = answer.header("content-type");
    let (ending, made) = match kind.split(';').next().unwrap_or_default() {
        "application/json" => {
            let mut value = answer.json();
            calm(&mut value);
            ("json", format!("{value:#}\n"))
        }
        "text/csv" => ("csv", lines(&answer.text())),
        "application/x-ndjson" => ("ndjson", lines(&answer.text())),
        // The figures of a process are never the same.
        "text/plain" => ("txt", String::new()),
        _ => return,
    };
    let file = folder().join(format!("{name}.{ending}"));
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if ending == "txt" {
        let first = kept.lines().next().unwrap_or_default();
        if first.is_empty() || !answer.text().contains(first) {
            wrong.push(format!("{name}.{ending}: {}", answer.text()));
        }
    } else if is_to_be_kept() {
        fs::write(&file, made).expect("the example is written");
    } else if kept != made {
        wrong.push(format!("{name}.{ending}"));
    }
}

fn lines(text: &str) -> String {
    let lines = text.split_inclusive('\n').take(ITEMS + 1);
    calm_text(&lines.collect::<String>())
}

async fn answered(call: &Call, request: RequestBuilder, wrong: &mut Vec<String>) {
    let answer = Answer::to(request).await;
    fits(call, &answer, "an example");
    assert!(
        answer.status < 300,
        "{} {}: {}",
        call.method,
        call.path,
        answer.text()
    );
    hold(call.id(), &answer, wrong);
}

#[tokio::test]
async fn examples_are_what_the_server_answers() {
    let app = TestApp::one();
    let filled = filled(&app).await;
    let mut wrong = Vec::new();
    let all = calls();
    for call in all.iter().filter(|call| call.method == "get") {
        // Of itself the document gives no example, and of changes there is one at the end.
        if ["getContract", "listChanges"].contains(&call.id()) {
            continue;
        }
        let forms = &call.response(200).expect("an answer")["content"];
        for media in forms.as_object().expect("forms").keys() {
            let mut address = call.address_as(&filled, media);
            // Few of these machines have a resource id, and an example without any says little.
            if media == "text/plain" && address.contains('?') {
                address.push_str("&ids=name");
            }
            if call.id() == "listUploadRows" {
                address.push_str("?limit=2");
            }
            let request = call.request(&app, &address).header(header::ACCEPT, media);
            answered(call, request, &mut wrong).await;
        }
    }
    let call = |id: &str| all.iter().find(|call| call.id() == id).expect("a call");
    sent(&app, &filled, &call, &mut wrong).await;
    changed(&app, call("listChanges"), &mut wrong).await;
    assert!(
        wrong.is_empty(),
        "these examples are not what the server answers; run again with {KEEP}=1, then once more: {wrong:#?}"
    );
    assert_eq!(
        call("getClient").params("path")[0]["example"],
        filled.client,
        "the id of the examples is the one of PC-0042"
    );
}

/// A client comes into the list of blockers, and leaves it.
async fn changed(app: &TestApp, call: &Call, wrong: &mut Vec<String>) {
    let start = Answer::to(call.request(app, call.path))
        .await
        .ok("a cursor");
    let start = start.json()["next_cursor"].as_str().expect("it").to_owned();
    let client = app.report("PC-0500");
    let before = client.clone().windows7_untouched().collected(-2 * HOUR);
    before.stored().await;
    client.collected(-HOUR).stored().await;
    let address = format!("{}?cursor={start}&limit=2", call.path);
    answered(call, call.request(app, &address), wrong).await;
}

/// The calls that change something, with the requests of the document.
async fn sent<'a>(
    app: &TestApp,
    filled: &Filled,
    call: &impl Fn(&str) -> &'a Call,
    wrong: &mut Vec<String>,
) {
    let bodies = |call: &Call| {
        let forms = call.says["requestBody"]["content"]
            .as_object()
            .expect("forms");
        let forms = forms.iter().filter_map(|(media, form)| {
            let body = match form.get("example")? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // A report that is too old would be another example.
            Some((media.clone(), body.replace(TIME, &from_now(-60_000))))
        });
        forms.collect::<Vec<_>>()
    };
    let send = call("sendReports");
    for (media, body) in bodies(send) {
        let request = send
            .request(app, send.path)
            .header(header::CONTENT_TYPE, &media);
        let answer = Answer::to(request.body(body)).await.ok(&media);
        fits(send, &answer, &media);
        assert_eq!(
            answer.json()["rejected"],
            i32::from(media.ends_with("x-ndjson"))
        );
        if media.ends_with("x-ndjson") {
            hold(send.id(), &answer, wrong);
        }
    }
    let replace = call("replaceList");
    for (media, body) in bodies(replace) {
        let address = format!("{}?list=weekly&confirm=1", replace.path);
        let put = |address: &str| {
            let request = replace
                .request(app, address)
                .header(header::CONTENT_TYPE, &media);
            Answer::to(request.body(body.clone()))
        };
        let answer = put(&address).await;
        let answer = match by_number(&address, &answer) {
            Some(address) => put(&address).await,
            None => answer,
        };
        let answer = answer.ok(&media);
        fits(replace, &answer, &media);
        if media == "text/csv" {
            hold(replace.id(), &answer, wrong);
        }
    }
    let withdraw = call("withdrawList");
    let address = format!("{}?list=weekly&confirm=1", withdraw.path);
    answered(withdraw, withdraw.request(app, &address), wrong).await;
    let observe = call("addObservations");
    for (media, body) in bodies(observe) {
        let request = observe
            .request(app, observe.path)
            .header(header::CONTENT_TYPE, &media);
        answered(observe, request.body(body), wrong).await;
    }
    let add = call("addUpload");
    let body = app.report("PC-0400").line();
    let request = add.request(app, "/api/v1/uploads?name=one.json").body(body);
    answered(add, request, wrong).await;
    let store = call("storeUpload");
    answered(store, store.request(app, &store.address(filled)), wrong).await;
    let other = app
        .upload("?name=other.json", app.report("PC-0401").line())
        .await;
    let cancel = call("cancelUpload");
    let address = cancel
        .path
        .replace("{id}", other["id"].as_str().expect("an id"));
    answered(cancel, cancel.request(app, &address), wrong).await;
}

/// The address that agrees to the shrink that a refusal names.
fn by_number(address: &str, refused: &Answer) -> Option<String> {
    let text = refused.text();
    let (_, number) = text.split_once("confirm_shrink=")?;
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{address}&confirm_shrink={number}&why=a+test"))
}
