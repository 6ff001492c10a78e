//! The server is killed while it stores an upload, again and again, and goes on where it was.

use cutover::{clock, sim::Fleet};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::support::{postgres::Database, process::Home};

const CLIENTS: u64 = 6_000;

async fn asked(client: &Client, url: &Url) -> Value {
    let answer = client.get(url.clone()).send().await.expect("an answer");
    let text = answer.text().await.expect("a whole answer");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn done(upload: &Value) -> u64 {
    upload["rows"]["done"].as_u64().expect("a number")
}

async fn killed_while_storing(home: &Home) {
    let server = home.start();
    let token = home.token("import");
    let (client, url) = server.client(Some(&token), "uploads");
    let fleet = Fleet::new(3, CLIENTS);
    let now = clock::now();
    let mut body = Vec::new();
    for client in fleet.clients() {
        body.extend(client.report(now.plus(-60_000), 0));
        body.push(b'\n');
    }
    let mut post = url.clone();
    post.set_query(Some("commit=true&name=fleet.ndjson"));
    let sent = client
        .post(post)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status(), 202);
    let sent: Value = serde_json::from_str(&sent.text().await.expect("text")).expect("JSON");
    let id = sent["id"].as_str().expect("an id").to_owned();
    let below = |url: &Url, query: &str| {
        let mut url = url.clone();
        url.path_segments_mut().expect("a path").push(&id);
        url.set_query(Some(query));
        url
    };
    let mut running = Some((server, client, url));
    let mut reached = 0;
    for _ in 0..3 {
        let (server, client, url) = running.take().expect("a server");
        let upload = loop {
            let upload = asked(&client, &below(&url, "wait=0")).await;
            if done(&upload) > reached || upload["state"] == "done" {
                break upload;
            }
        };
        reached = done(&upload);
        server.kill();
        let server = home.start();
        let (client, url) = server.client(Some(&token), "uploads");
        running = Some((server, client, url));
    }
    let (_server, client, url) = running.expect("a server");
    let upload = loop {
        let upload = asked(&client, &below(&url, "wait=30")).await;
        if upload["state"] != "reading" && upload["state"] != "committing" {
            break upload;
        }
    };
    assert_eq!(upload["state"], "done", "{upload}");
    let count = |name: &str| upload["stored"][name].as_u64().expect("a number");
    let all: u64 = ["new", "changed", "unchanged", "late"]
        .map(count)
        .iter()
        .sum();
    assert_eq!(all, CLIENTS, "each row counts once: {upload}");
    assert_eq!(
        count("unchanged"),
        0,
        "no portion was stored twice: {upload}"
    );
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_survives_kills_while_it_is_stored_on_sqlite() {
    killed_while_storing(&Home::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_survives_kills_while_it_is_stored_on_postgres() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    killed_while_storing(&Home::postgres(&database.url())).await;
}
