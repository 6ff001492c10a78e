//! Tokens that end, that hold for some sites and networks, and for so many new clients.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};

fn made(app: &TestApp, name: &str, more: &[&str]) -> String {
    let mut words = vec!["token", "create", "--name", name];
    words.extend(more);
    let made = app.command(&words, "");
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

async fn send(app: &TestApp, token: &str, body: String) -> Answer {
    let request = app.request(Method::POST, "/api/v1/reports");
    Answer::to(request.bearer_auth(token).body(body)).await
}

fn of_site(app: &TestApp, name: &str, site: Option<&str>) -> String {
    let mut report: serde_json::Value =
        serde_json::from_str(&app.report(name).line()).expect("JSON");
    match site {
        Some(site) => report["client"]["site_code"] = site.into(),
        None => drop(
            report["client"]
                .as_object_mut()
                .expect("a client")
                .remove("site_code"),
        ),
    }
    report.to_string()
}

#[tokio::test]
async fn a_token_holds_only_where_and_while_it_says() {
    for app in TestApp::each().await {
        let near = made(
            &app,
            "near",
            &["--purpose", "ingest", "--from", "127.0.0.0/8,::1"],
        );
        send(&app, &near, app.report("PC-1").line())
            .await
            .ok("from here");
        let far = made(
            &app,
            "far",
            &["--purpose", "ingest", "--from", "192.0.2.0/24"],
        );
        let refused = send(&app, &far, app.report("PC-1").line()).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        assert!(refused.text().contains("may not be used from this address"));
        // Whoever has not the secret is not told that there is such a token.
        let wrong = send(&app, &format!("{far}0"), app.report("PC-1").line()).await;
        assert_eq!(wrong.status, 401, "{}", wrong.text());
        let end = cutover::clock::now().plus(3_000).to_string();
        let short = made(&app, "short", &["--purpose", "ingest", "--expires", &end]);
        send(&app, &short, app.report("PC-1").line())
            .await
            .ok("in time");
        tokio::time::sleep(std::time::Duration::from_millis(3_200)).await;
        // It was right a moment ago, and is remembered.
        let late = send(&app, &short, app.report("PC-1").line()).await;
        assert_eq!(late.status, 401, "{}", late.text());
        assert!(late.text().contains("has expired"), "{}", late.text());
        let wrong = send(&app, &format!("{short}0"), app.report("PC-1").line()).await;
        assert!(!wrong.text().contains("expired"), "{}", wrong.text());
        let listed = app.command(&["token", "list"], "");
        let listed = String::from_utf8(listed.stdout).expect("text");
        let line = listed
            .lines()
            .find(|line| line.contains("\tnear\t"))
            .expect("listed");
        assert!(line.contains("from 127.0.0.0/8,::1/128"), "{line}");
        assert!(line.contains(" from 127.0.0.1"), "last used: {line}");
        for odd in [
            ["--expires", "0d"],
            ["--from", "10.0.0.1/8"],
            ["--sites", "P-1"],
        ] {
            let mut words = vec!["token", "create", "--purpose", "read"];
            words.extend(odd);
            assert!(!app.command(&words, "").status.success(), "{odd:?}");
        }
    }
}

#[tokio::test]
async fn a_token_speaks_only_of_clients_of_its_sites() {
    for app in TestApp::each().await {
        send(
            &app,
            app.token("ingest"),
            of_site(&app, "PC-2", Some("P02")),
        )
        .await
        .ok("kept");
        let token = made(&app, "p01", &["--purpose", "ingest", "--sites", "P01"]);
        send(&app, &token, of_site(&app, "PC-1", Some("P01")))
            .await
            .ok("its own");
        let other = send(&app, &token, of_site(&app, "PC-3", Some("P02"))).await;
        let problem = other.problem(422);
        assert_eq!(
            problem["errors"][0]["pointer"], "/client/site_code",
            "{problem}"
        );
        let none = send(&app, &token, of_site(&app, "PC-3", None)).await;
        none.problem(422);
        // A client of another site stays one, whatever is claimed.
        let stolen = send(&app, &token, of_site(&app, "PC-2", Some("P01"))).await;
        let problem = stolen.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], "/client", "{problem}");
        let both = format!(
            "{}\n{}",
            of_site(&app, "PC-4", Some("P01")),
            of_site(&app, "PC-5", Some("P02"))
        );
        let answer = send(&app, &token, both).await;
        assert_eq!(answer.json()["stored"], 1, "{}", answer.text());
        assert_eq!(answer.json()["rejected"], 1, "{}", answer.text());
        let lists = made(&app, "l01", &["--purpose", "population", "--sites", "P01"]);
        let put = |list: &str, body: &'static str| {
            let path = format!("/api/v1/population?list={list}&confirm=1");
            Answer::to(
                app.request(Method::PUT, &path)
                    .bearer_auth(&lists)
                    .body(body),
            )
        };
        let rows = "Name,Site Code\nPC-1,P01\nPC-9,P02\nPC-8,\n";
        let answer = put("p01", rows).await;
        assert_eq!(answer.json()["rows"], 1, "{}", answer.text());
        assert_eq!(answer.json()["rejected_count"], 2, "{}", answer.text());
        put("p01", "Name,Site Code\nPC-9,P02\n").await.problem(422);
        let whole = app.request(Method::PUT, "/api/v1/population?list=all&confirm=1");
        let whole = whole.bearer_auth(app.token("population")).body(rows);
        Answer::to(whole).await.ok("the whole list");
        put("all", "Name,Site Code\nPC-1,P01\n").await.problem(403);
        // Nor does a list take anybody from another site, whatever it says of them, by a name or by a better id.
        let stolen = "Name,Site Code\nPC-1,P01\nPC-2,P01\n";
        let answer = put("p01", stolen).await;
        assert_eq!(answer.json()["rejected_count"], 1, "{}", answer.text());
        assert!(
            answer
                .text()
                .contains("PC-2: this client is known at a site"),
            "{}",
            answer.text()
        );
        put("p01", "Name,Site Code\nPC-2,P01\n").await.problem(422);
        let there = app.json("/api/v1/clients?site=P02").await;
        assert_eq!(
            there["total"], 2,
            "PC-2, and PC-9 of the whole list: {there}"
        );
    }
}

#[tokio::test]
async fn a_token_for_lists_of_some_sites_hears_numbers_of_those_sites_only() {
    for app in TestApp::each().await {
        // Forty clients elsewhere, of which nothing may be told, and one of no known site.
        let mut whole = "Name,Site Code\n".to_owned();
        for n in 0..40 {
            whole.push_str(&format!("ELSEWHERE-{n},P02\n"));
        }
        whole.push_str("NOWHERE,\n");
        app.put_agreed("?list=all", whole).await.ok("the others");
        let lists = made(&app, "l01", &["--purpose", "population", "--sites", "P01"]);
        let ask = async |method: Method, query: &str, body: &'static str| {
            let path = format!("/api/v1/population?list=p01{query}");
            let request = app.request(method, &path).bearer_auth(&lists);
            Answer::to(request.body(body)).await
        };
        let three = "Name,Site Code\nPC-1,P01\nPC-2,P01\nPC-3,P01\n";
        let first = ask(Method::PUT, "", three).await.ok("three").json();
        assert_eq!(first["population"], serde_json::json!([0, 3]), "{first}");
        // Of its own three one goes, which is more than a twentieth of them, and none of the whole.
        let fewer = "Name,Site Code,Obsolete\nPC-1,P01,0\nPC-2,P01,0\nPC-3,P01,1\n";
        let asked = ask(Method::PUT, "", fewer).await.problem(409);
        let detail = asked["detail"].as_str().expect("a sentence");
        assert!(
            detail.contains("1 of 3 clients would no longer be counted")
                && detail.contains("?confirm_shrink=1"),
            "on {}: {detail}",
            app.engine
        );
        let done = ask(Method::PUT, "&confirm_shrink=1&why=a+test", fewer).await;
        let done = done.ok("agreed").json();
        assert_eq!(done["population"], serde_json::json!([3, 2]), "{done}");
        // Taking it out of force tells no more.
        let asked = ask(Method::DELETE, "", "").await;
        let asked = if asked.status == 409 {
            let problem = asked.problem(409);
            let detail = problem["detail"].as_str().expect("a sentence").to_owned();
            assert!(!detail.contains("43") && !detail.contains("41"), "{detail}");
            ask(Method::DELETE, "&confirm=1&confirm_shrink=2&why=a+test", "").await
        } else {
            asked
        };
        let gone = asked.ok("out of force").json();
        assert!(!gone.to_string().contains('4'), "{gone}");
        // The audit log is for those who may see all of it, and has the whole.
        let cookie = app.sign_in().await;
        let log = app
            .request(Method::GET, "/api/v1/audit?deed=list.replace")
            .header("cookie", cookie);
        let log = Answer::to(log).await.ok("the log").text();
        assert!(log.contains("population 44 to 43"), "{log}");
    }
}

#[tokio::test]
async fn a_token_makes_only_so_many_clients_known_in_an_hour() {
    for app in TestApp::each().await {
        let words = ["--purpose", "ingest", "--new-clients-per-hour", "2"];
        let token = made(&app, "two", &words);
        let all: Vec<String> = (1..=4)
            .map(|n| app.report(&format!("PC-{n}")).line())
            .collect();
        let answer = send(&app, &token, all.join("\n")).await;
        assert_eq!(answer.json()["stored"], 2, "{}", answer.text());
        assert_eq!(answer.json()["rejected"], 2, "{}", answer.text());
        // Those that are known may go on.
        send(&app, &token, app.report("PC-1").line())
            .await
            .ok("known");
        send(&app, &token, app.report("PC-9").line())
            .await
            .problem(422);
        send(&app, app.token("ingest"), app.report("PC-9").line())
            .await
            .ok("another token");
    }
}

/// What an upload says of itself and of its rows, without what tells one upload from another.
async fn said_of(app: &TestApp, token: &str, id: &str) -> (Value, Vec<Value>) {
    let ask = async |path: &str| {
        let request = app.request(Method::GET, &format!("/api/v1/uploads/{id}{path}"));
        Answer::to(request.bearer_auth(token)).await.ok(path).json()
    };
    let mut upload = ask("?wait=30").await;
    while upload["state"] == "reading" || upload["state"] == "committing" {
        upload = ask("?wait=30").await;
    }
    let numbers = ["found", "would", "stored", "rejected", "rows", "state"];
    let told = numbers.map(|name| (name.to_owned(), upload[name].clone()));
    let rows = ask("/rows").await["items"]
        .as_array()
        .expect("rows")
        .clone();
    (Value::Object(told.into_iter().collect()), rows)
}

#[tokio::test]
async fn a_preview_of_a_token_for_some_sites_knows_nobody_of_another() {
    for app in TestApp::each().await {
        for name in ["OTHER-1", "OTHER-2", "OTHER-3"] {
            let known = app.report(name).at_site("P02");
            send(&app, app.token("ingest"), known.line()).await.ok(name);
        }
        for name in ["MINE-1", "MINE-2"] {
            send(&app, app.token("ingest"), app.report(name).line())
                .await
                .ok(name);
        }
        let token = made(&app, "p01", &["--purpose", "import", "--sites", "P01"]);
        let upload = async |body: String| {
            let request = app.request(Method::POST, "/api/v1/uploads?name=rows.ndjson");
            let sent = Answer::to(request.bearer_auth(&token).body(body)).await;
            assert_eq!(sent.status, 202, "{}", sent.text());
            sent.json()["id"].as_str().expect("an id").to_owned()
        };
        // As far as anybody can tell by looking, who is known elsewhere is as new as who is known nowhere.
        let of_site = |name: &str, site: &str| app.report(name).windows7_untouched().at_site(site);
        let mut previews = Vec::new();
        for (name, site) in [
            ("OTHER-1", "P01"),
            ("NOBODY-1", "P01"),
            ("OTHER-2", "P02"),
            ("NOBODY-2", "P02"),
        ] {
            let id = upload(of_site(name, site).line()).await;
            let (told, rows) = said_of(&app, &token, &id).await;
            let row = rows.first().expect("a row");
            let same = json!([
                told,
                row["status"],
                row["forecast"],
                row["notes"],
                row["problem"]
            ]);
            previews.push((same, id, row["client_name"].clone()));
        }
        let engine = app.engine;
        assert_eq!(previews[0].0, previews[1].0, "on {engine}");
        assert_eq!(previews[0].0[0]["would"]["new"], 1, "{:?}", previews[0]);
        assert_eq!(previews[0].2, Value::Null, "a new device has no page");
        assert_eq!(previews[2].0, previews[3].0, "on {engine}");
        assert_eq!(previews[2].0[0]["rejected"], 1, "{:?}", previews[2]);
        assert!(
            previews[2].0[4]
                .as_str()
                .is_some_and(|why| why.contains("this record says P02")),
            "{:?}",
            previews[2]
        );
        // Nor is anybody of another site named who is mixed up with one of theirs.
        let guid = |name: &str| app.report(name).value()["client"]["sms_guid"].clone();
        let mixed = [
            app.report("MINE-1")
                .set("/client/sms_guid", guid("OTHER-3")),
            app.report("OTHER-3")
                .set("/client/sms_guid", guid("MINE-2")),
        ];
        let mixed = mixed.map(|report| {
            let mut client = report.value()["client"].clone();
            for id in ["resource_id", "fqdn", "smbios_guid", "serial_number"] {
                client.as_object_mut().expect("a client").remove(id);
            }
            report.set("/client", client).line()
        });
        let id = upload(mixed.join("\n")).await;
        let (told, rows) = said_of(&app, &token, &id).await;
        assert_eq!(told["rejected"], 0, "{told}");
        assert!(!rows[0].to_string().contains("OTHER"), "{}", rows[0]);
        // What is theirs is known as before.
        let own = upload(of_site("MINE-1", "P01").line()).await;
        let (told, _) = said_of(&app, &token, &own).await;
        assert_eq!(told["found"]["known"], 1, "{told}");

        // Stored, nobody is taken over.
        let before = app.json("/api/v1/clients?site=P02").await;
        for (id, rejected) in [(&previews[0].1, 1), (&previews[1].1, 0), (&id, 2)] {
            let request = app.request(Method::POST, &format!("/api/v1/uploads/{id}/commit"));
            let stored = Answer::to(request.bearer_auth(&token)).await;
            assert_eq!(stored.status, 202, "{}", stored.text());
            let (told, rows) = said_of(&app, &token, id).await;
            assert_eq!(told["rejected"], rejected, "on {engine}: {told} {rows:?}");
            for row in rows.iter().filter(|row| row["status"] == "rejected") {
                let why = "this client is known at a site that the token does not hold for";
                let said = row["problem"].as_str().expect("a sentence");
                assert!(said.ends_with(why), "on {engine}: {row}");
            }
        }
        let after = app.json("/api/v1/clients?site=P02").await;
        assert_eq!(before["items"], after["items"], "on {engine}");
        assert_eq!(after["total"], 3);
    }
}
