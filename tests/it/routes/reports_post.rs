//! `POST /api/v1/reports`: every shape and encoding of a body, and what becomes of each record.

use serde_json::{Value, json};

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
    report::{HOUR, Report, from_now},
};

/// How many were stored, unchanged and rejected.
pub fn counts(answer: &Answer) -> (u64, u64, u64) {
    let json = answer.json();
    let count = |name: &str| json[name].as_u64().expect("a number");
    assert_eq!(
        count("received"),
        count("stored") + count("unchanged") + count("rejected")
    );
    assert_eq!(
        json["results"].as_array().map(Vec::len),
        usize::try_from(count("received")).ok()
    );
    (count("stored"), count("unchanged"), count("rejected"))
}

async fn standing_of(app: &TestApp, name: &str) -> Value {
    let list = app.json(&format!("/api/v1/clients?q={name}")).await;
    list["items"][0].clone()
}

#[tokio::test]
async fn one_object_is_stored_judged_and_unchanged_when_sent_again() {
    for app in TestApp::each().await {
        let report = app.report("PC-1").windows7_untouched();
        let first = report.clone().send().await.ok("the first");
        insta::assert_snapshot!("one_report", hidden(first.json()));
        let again = report.send().await.ok("the same bytes");
        assert_eq!(counts(&again), (0, 1, 0), "{}", app.engine);
        assert_eq!(
            again.json()["results"][0]["client_id"],
            first.json()["results"][0]["client_id"]
        );
        assert_eq!(standing_of(&app, "PC-1").await["standing"], "blocking");
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);
    }
}

#[tokio::test]
async fn an_array_and_lines_answer_for_each_record_in_order() {
    for app in TestApp::each().await {
        let good = app.report("PC-1");
        let other = app.report("PC-2").windows7_untouched();
        let bad = app.report("PC-3").set("/os/version", json!("seven"));
        let array = json!([good.value(), bad.value(), other.value()]);
        let answer = app.send(array.to_string()).await.ok("an array");
        insta::assert_snapshot!("an_array", hidden(answer.json()));
        // One line is cut off on its way, one is no JSON at all, one is blank.
        let whole = app.report("PC-4").line();
        let lines = [
            app.report("PC-5").line(),
            whole[..whole.len() / 2].to_owned(),
            "WARNING: a cmdlet says something".to_owned(),
            String::new(),
            app.report("PC-6").line(),
        ];
        let answer = app.send(lines.join("\r\n")).await.ok("lines");
        assert_eq!(
            counts(&answer),
            (2, 0, 2),
            "{}: {}",
            app.engine,
            answer.text()
        );
        insta::assert_snapshot!("lines", hidden(answer.json()));
        let total = app.json("/api/v1/summary").await["population"]["total"].clone();
        assert_eq!(total, 4, "only the good ones");
        let empty = app.send("[]").await.ok("an empty array");
        assert_eq!(counts(&empty), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_late_report_goes_into_the_history_and_changes_nothing() {
    for app in TestApp::each().await {
        app.report("PC-1").windows7_untouched().stored().await;
        let late = app
            .report("PC-1")
            .collected(-48 * HOUR)
            .send()
            .await
            .ok("a late report");
        let json = late.json();
        assert_eq!(
            (&json["stored"], &json["results"][0]["late"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(
            standing_of(&app, "PC-1").await["standing"],
            "blocking",
            "the newer one still decides"
        );
        let id = json["results"][0]["client_id"].as_str().expect("an id");
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let history = client["history"].as_array().expect("a history");
        assert_eq!(history.len(), 2, "{}", app.engine);
        assert_eq!(
            history.iter().filter(|entry| entry["late"] == true).count(),
            1
        );
    }
}

/// Every client has the token that reports are sent with, so somebody will ask with it who else cannot be patched.
#[tokio::test]
async fn the_token_for_reports_hears_of_its_own_report_and_of_nothing_else() {
    for app in TestApp::each().await {
        let known = app.report("PC-1").windows7_untouched();
        let whom = known.value()["client"].clone();
        known.stored().await;
        for millis in [0, -9_000 * HOUR] {
            let nothing = json!({
                "schema_version": 1, "partial": true, "client": whom, "collected_at": from_now(millis),
            });
            let answer = app.send(nothing.to_string()).await.ok("a question");
            let told = answer.json()["results"][0]["standing"].clone();
            assert_ne!(told, "blocking", "{}", answer.text());
        }
        let old = app.report("PC-1").collected(-48 * HOUR);
        let answer = old.send().await.ok("an old report that is ready");
        assert!(answer.json()["results"][0]["standing"].is_null());
        // What somebody who may read has brought is not told to those who may not.
        let person = app.sign_in().await;
        let seen = app.report("PC-2").windows7_untouched();
        let request = app
            .request(reqwest::Method::POST, "/api/v1/reports")
            .header("cookie", person)
            .header("content-type", "application/json")
            .body(seen.line());
        let told = Answer::to(request).await.ok("a report by a person");
        assert_eq!(told.json()["results"][0]["standing"], "blocking");
        let ready = app.report("PC-2").send().await.ok("a claim");
        assert!(
            ready.json()["results"][0]["standing"].is_null(),
            "not ready for that: {}",
            ready.text()
        );
        assert_eq!(standing_of(&app, "PC-2").await["standing"], "blocking");
    }
}

#[tokio::test]
async fn a_report_from_the_future_is_kept_and_flagged_and_does_not_pin_the_client() {
    for app in TestApp::each().await {
        let id = app
            .report("PC-1")
            .set("/collected_at", json!("2099-01-01T00:00:00Z"))
            .stored()
            .await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        assert_eq!(client["future_report"], true, "{client}");
        let flagged = app.json("/api/v1/clients?future=1").await;
        assert_eq!(flagged["total"], 1);
        let summary = app.json("/api/v1/summary").await;
        assert_eq!(summary["population"]["future_reports"], 1);
        // Four minutes ahead is an ordinary clock.
        let ahead = app.report("PC-2").collected(4 * 60_000).stored().await;
        assert_eq!(
            app.json(&format!("/api/v1/clients/{ahead}")).await["future_report"],
            false
        );
        // The next honest report of the same machine decides.
        let next = app
            .report("PC-1")
            .windows7_untouched()
            .collected(2_000)
            .send()
            .await
            .ok("the next day");
        let json = next.json();
        assert_eq!(
            json["results"][0]["standing"], "blocking",
            "{}: {json}",
            app.engine
        );
        assert!(json["results"][0]["late"].is_null(), "{json}");
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        assert_eq!(
            (&client["standing"], &client["future_report"]),
            (&json!("blocking"), &json!(false))
        );
    }
}

#[tokio::test]
async fn a_report_past_the_limit_is_stale_from_the_start() {
    for app in TestApp::each().await {
        let answer = app
            .report("PC-1")
            .collected(-15 * 24 * HOUR)
            .send()
            .await
            .ok("an old report");
        assert_eq!(
            answer.json()["results"][0]["standing"],
            "stale",
            "{}",
            app.engine
        );
        let client = standing_of(&app, "PC-1").await;
        assert_eq!(
            (&client["standing"], &client["verdict"]),
            (&json!("stale"), &json!("ready"))
        );
        assert_eq!(client["cleared"], false);
    }
}

#[tokio::test]
async fn a_single_bad_report_is_422_and_says_where() {
    for app in TestApp::each().await {
        let bad: Report<'_> = app
            .report("PC-1")
            .set("/collected_at", json!("yesterday"))
            .set("/os/version", json!("seven"))
            .set("/schema_version", json!(1));
        let problem = bad.send().await.problem(422);
        insta::assert_snapshot!("a_bad_report", hidden(problem));
        let other = app
            .report("PC-1")
            .set("/schema_version", json!(2))
            .send()
            .await
            .problem(422);
        insta::assert_snapshot!("another_version", hidden(other));
        let nobody = app
            .report("PC-1")
            .set("/client", json!({"site_code": "P01"}))
            .send()
            .await;
        insta::assert_snapshot!("a_report_of_nobody", hidden(nobody.problem(422)));
        // A list of one is a list: it is answered record by record.
        let list = json!([app
            .report("PC-1")
            .set("/os/version", json!("seven"))
            .value()]);
        let answer = app.send(list.to_string()).await.ok("a list of one");
        assert_eq!(counts(&answer), (0, 0, 1));
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 0);
    }
}

#[tokio::test]
async fn what_is_no_list_of_reports_is_refused_as_a_whole() {
    let app = TestApp::one();
    for (name, body) in [
        ("empty", ""),
        ("blank", " \r\n\t"),
        ("number", "42"),
        ("xml", "<Objs Version=\"1.1.0.1\"/>"),
        ("cut_array", "[{\"schema_version\": 1}, {\"schem"),
        ("two_arrays", "[] []"),
    ] {
        let problem = app.send(body).await.problem(400);
        insta::assert_snapshot!(format!("whole_body_{name}"), hidden(problem));
    }
    let utf16_without_mark: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    app.send(utf16_without_mark).await.problem(400);
    let untold = app
        .send(super::reports_encodings::gzip(
            app.report("PC-1").line().as_bytes(),
        ))
        .await;
    assert!(
        untold.problem(400)["detail"]
            .as_str()
            .expect("text")
            .contains("gzip")
    );
}

#[tokio::test]
async fn a_batch_of_a_thousand_keeps_exactly_the_good_ones() {
    for app in TestApp::each().await {
        let mut lines = String::new();
        for n in 0..1_000 {
            let report = app.report(&format!("PC-{n}"));
            let report = if n % 7 == 0 {
                report.set("/os/version", Value::Null)
            } else {
                report
            };
            lines.push_str(&report.line());
            lines.push('\n');
        }
        let answer = app.send(lines).await.ok("a thousand");
        assert_eq!(counts(&answer), (857, 0, 143), "{}", app.engine);
        for (n, result) in answer.json()["results"]
            .as_array()
            .expect("results")
            .iter()
            .enumerate()
        {
            assert_eq!(result["index"], n);
            let status = if n % 7 == 0 { "rejected" } else { "stored" };
            assert_eq!(result["status"], status, "{n}");
        }
        let total = app.json("/api/v1/summary").await["population"]["total"].clone();
        assert_eq!(total, 857, "what was answered is what is there");
    }
}

#[tokio::test]
async fn times_in_any_zone_are_the_same_time() {
    let app = TestApp::one();
    let at = from_now(-HOUR);
    let report = app.report("PC-1");
    let id = report
        .clone()
        .set("/collected_at", json!(at))
        .stored()
        .await;
    let again = report.set("/collected_at", json!(at.replace('Z', "+00:00")));
    assert_eq!(counts(&again.send().await.ok("the same time")), (0, 1, 0));
    let client = app.json(&format!("/api/v1/clients/{id}")).await;
    assert_eq!(client["history"].as_array().map(Vec::len), Some(1));
}
