//! `PUT /api/v1/population`: the expected list in the forms that sites export it, and what it takes to make a fleet smaller.

use serde_json::json;

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
    report::utf16,
};

/// A list of `PC-1` to `PC-n`, with this between the columns.
fn list(n: u32, separator: char) -> String {
    let mut text = format!(
        "Name{separator}ResourceID{separator}SiteCode{separator}Operating System{separator}Owner\r\n"
    );
    for n in 1..=n {
        let columns = [
            format!("PC-{n}"),
            format!("{}", 16_777_000 + n),
            "P01".to_owned(),
            "Microsoft Windows NT Workstation 10.0".to_owned(),
            "\"Müller, Ö.\"".to_owned(),
        ];
        text.push_str(&columns.join(&separator.to_string()));
        text.push_str("\r\n");
    }
    text
}

#[tokio::test]
async fn a_list_in_any_form_says_the_same() {
    for app in TestApp::each().await {
        let comma = list(3, ',');
        let first = app.put_population("", comma.clone()).await.ok("commas");
        insta::assert_snapshot!("a_first_list", hidden(first.json()));
        let ids: Vec<_> = (1..=3)
            .map(|n| json!({"name": format!("PC-{n}"), "resource_id": 16_777_000 + n, "site_code": "P01"}))
            .collect();
        for (what, body) in [
            ("the same", comma.clone().into_bytes()),
            ("semicolons", list(3, ';').into_bytes()),
            ("tabs", list(3, '\t').into_bytes()),
            ("a BOM", format!("\u{FEFF}{comma}").into_bytes()),
            ("UTF-16LE", utf16(&list(3, '\t'), false)),
            ("UTF-16BE", utf16(&list(3, ';'), true)),
            ("JSON", serde_json::to_vec(&ids).expect("JSON")),
        ] {
            let answer = app.put_population("", body).await.ok(what).json();
            let numbers = ["rows", "new", "gone", "matched", "duplicate", "left_out"]
                .map(|name| answer[name].as_i64());
            assert_eq!(
                numbers,
                [3, 0, 0, 3, 0, 0].map(Some),
                "{what} on {}: {answer}",
                app.engine
            );
        }
        let summary = app.json("/api/v1/summary").await;
        assert_eq!(summary["population"]["expected"], 3);
        assert_eq!(summary["population"]["standings"]["silent"], 3);
    }
}

#[tokio::test]
async fn who_never_reported_is_silent_until_a_report_comes() {
    for app in TestApp::each().await {
        assert_eq!(
            app.json("/api/v1/summary").await["population"]["complete"],
            false
        );
        app.report("PC-1").windows7_untouched().stored().await;
        app.report("PC-99").stored().await;
        let names = "Name\nPC-1\nPC-2\nPC-3\nPC-3\n";
        let answer = app.put_population("", names).await.ok("names alone").json();
        assert_eq!(
            (&answer["matched"], &answer["new"], &answer["duplicate"]),
            (&json!(1), &json!(2), &json!(1)),
            "{answer}"
        );
        let population = app.json("/api/v1/summary").await["population"].clone();
        assert_eq!(population["complete"], true);
        let numbers = ["total", "expected", "unlisted", "reported", "fresh"]
            .map(|name| population[name].as_i64());
        assert_eq!(
            numbers,
            [4, 3, 1, 2, 2].map(Some),
            "{}: {population}",
            app.engine
        );
        assert_eq!(population["standings"]["silent"], 2);
        let silent = app.json("/api/v1/blockers?standing=silent").await;
        assert_eq!(silent["total"], 2);
        assert_eq!(
            app.json("/api/v1/clients?unlisted=1").await["items"][0]["name"],
            "PC-99"
        );
        let answer = app.report("PC-2").send().await.ok("a report").json();
        assert_eq!(answer["results"][0]["standing"], "ready");
        let population = app.json("/api/v1/summary").await["population"].clone();
        assert_eq!(
            (&population["standings"]["silent"], &population["total"]),
            (&json!(1), &json!(4)),
            "{population}"
        );
    }
}

#[tokio::test]
async fn a_list_that_hides_clients_needs_a_confirmation() {
    for app in TestApp::each().await {
        app.put_population("", list(40, ',')).await.ok("the first");
        let before = app.json("/api/v1/summary").await["population"].clone();
        let problem = app.put_population("", list(30, ',')).await.problem(409);
        insta::assert_snapshot!("a_shorter_list", hidden(problem));
        assert_eq!(
            app.json("/api/v1/summary").await["population"],
            before,
            "nothing was changed"
        );
        app.put_population("?confirm=0", list(30, ','))
            .await
            .problem(409);
        let answer = app
            .put_population("?confirm_shrink=10&why=given+back", list(30, ','))
            .await
            .ok("confirmed")
            .json();
        assert_eq!(
            (&answer["gone"], &answer["matched"]),
            (&json!(10), &json!(30))
        );
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 30);
        // A blocking client that is called obsolete.
        let first = app.report("PC-1").windows7_untouched();
        first
            .set("/client/resource_id", json!(16_777_001))
            .stored()
            .await;
        let mut marked = list(30, ',')
            .replace("Owner\r\n", "Owner,Obsolete\r\n")
            .replace("Ö.\"\r\n", "Ö.\",0\r\n");
        marked = marked.replacen("Ö.\",0", "Ö.\",1", 1);
        let problem = app.put_population("", marked.clone()).await.problem(409);
        assert!(
            problem["detail"]
                .as_str()
                .expect("text")
                .contains("1 blocking"),
            "{problem}"
        );
        let answer = app.put_agreed("", marked).await.ok("confirmed").json();
        assert_eq!(answer["left_out"], 1);
        let population = app.json("/api/v1/summary").await["population"].clone();
        assert_eq!(
            (&population["left_out"], &population["total"]),
            (&json!(1), &json!(29))
        );
        assert_eq!(app.json("/api/v1/clients?left_out=1").await["total"], 1);
    }
}

#[tokio::test]
async fn rows_that_say_nothing_are_named_and_the_others_count() {
    for app in TestApp::each().await {
        let text =
            "Name,Resource ID,Notes\nPC-1,16777217,a\n,,nobody\nPC-2,sixteen,b\nPC-3,16777219,c\n";
        let answer = app.put_population("", text).await.ok("some rows");
        insta::assert_snapshot!("rows_refused", hidden(answer.json()));
    }
}

#[tokio::test]
async fn what_is_no_list_changes_nothing() {
    for app in TestApp::each().await {
        app.put_population("", list(3, ',')).await.ok("the first");
        for (name, body) in [
            ("nothing", ""),
            ("a_header_alone", "Name,Owner\n"),
            ("no_id", "Colour,Size\nred,4\n"),
            ("an_empty_array", "[]"),
            ("broken_json", "[{\"name\": \"PC-1\"}"),
            ("numbers", "[1,2]"),
        ] {
            let answer = app.put_agreed("", body).await;
            let status = answer.status;
            assert!(
                matches!(status, 400 | 422),
                "{name}: {status} {}",
                answer.text()
            );
            insta::assert_snapshot!(format!("no_list_{name}"), hidden(answer.problem(status)));
        }
        assert_eq!(
            app.json("/api/v1/summary").await["population"]["expected"],
            3,
            "{}",
            app.engine
        );
    }
}

#[tokio::test]
async fn a_hostile_list_is_no_error_of_ours() {
    for app in TestApp::each().await {
        for body in [
            "Name\nPC\u{0}1\n".to_owned(),
            "Name,Owner\nPC-1,a\u{0}b\n".to_owned(),
            format!("Name\n{}\n", "n".repeat(100_000)),
            format!("Name,{}\nPC-1\n", "c,".repeat(10_000)),
            "Name\n\"PC-1\n".to_owned(),
            "Name\n=cmd|'/C calc'!A0\n".to_owned(),
            format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000)),
            "[{\"name\":\"\\ud800\"}]".to_owned(),
        ] {
            let answer: Answer = app.put_agreed("", body.clone()).await;
            assert!(
                matches!(answer.status, 200 | 400 | 422),
                "{:.40} on {}: {} {}",
                body,
                app.engine,
                answer.status,
                answer.text()
            );
            app.json("/api/v1/clients").await;
        }
    }
}
