//! The log as people see it, take it away, and look at it without the server.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};

async fn asked(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let request = app.request(Method::GET, path).header("cookie", cookie);
    Answer::to(request).await
}

fn names(count: usize) -> String {
    let lines: Vec<String> = (0..count).map(|n| format!("PC-{n}")).collect();
    format!("Name\n{}\n", lines.join("\n"))
}

#[tokio::test]
async fn the_log_is_shown_filtered_paged_and_taken_away() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.put_population("?list=lab", names(40))
            .await
            .ok("a list");
        let save = app
            .request(Method::POST, "/views")
            .header("cookie", &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("name=%3Dcmd&address=%2Fblockers");
        assert_eq!(Answer::to(save).await.status, 303);
        let all = asked(&app, &cookie, "/api/v1/audit?limit=1000")
            .await
            .ok("all")
            .json();
        let total = all["total"].as_i64().expect("a number");
        assert!(total > 5, "{all}");
        let newest = &all["items"][0];
        assert_eq!(
            (&newest["deed"], &newest["subject"]),
            (&json!("view.save"), &json!("=cmd"))
        );
        assert_eq!(
            (&newest["kind"], &newest["actor"]),
            (&json!("person"), &json!("admin"))
        );
        assert_eq!(newest["address"], "127.0.0.1");
        assert_eq!(
            (&all["head"]["seq"], &all["head"]["hash"]),
            (&newest["seq"], &newest["hash"])
        );
        // Page by page it is the same.
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = asked(&app, &cookie, &format!("/api/v1/audit?limit=2{cursor}")).await;
            let page = page.ok("a page").json();
            seen.extend(page["items"].as_array().expect("items").clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&Value::Array(seen), &all["items"]);
        for (filter, deeds) in [
            ("deed=list", vec!["list.replace"]),
            ("deed=view.save", vec!["view.save"]),
            ("deed=vie", vec![]),
            ("who=PLANNER&deed=list", vec!["list.replace"]),
            ("subject=LAB", vec!["list.replace"]),
            ("subject=%25", vec![]),
            ("from=2000-01-01&to=2000-01-02", vec![]),
            ("deed=view&from=2020-01-01&to=2999-01-01", vec!["view.save"]),
        ] {
            let found = asked(&app, &cookie, &format!("/api/v1/audit?{filter}")).await;
            let found = found.ok(filter).json();
            let items = found["items"].as_array().expect("items");
            let found: Vec<&str> = items
                .iter()
                .filter_map(|item| item["deed"].as_str())
                .collect();
            assert_eq!(found, deeds, "{filter} on {}", app.engine);
        }
        asked(&app, &cookie, "/api/v1/audit?cursor=7")
            .await
            .problem(400);
        asked(&app, &cookie, "/api/v1/audit?to=tomorrow&x=1")
            .await
            .problem(422);
        let page = asked(&app, &cookie, "/audit?deed=view")
            .await
            .ok("a page")
            .text();
        assert!(
            page.contains("Saved a view") && page.contains("127.0.0.1"),
            "{page}"
        );
        assert!(page.contains(all["head"]["hash"].as_str().expect("a hash")));
        let csv = asked(&app, &cookie, "/audit/log.csv?deed=view")
            .await
            .ok("a table")
            .text();
        assert!(csv.contains(",'=cmd,"), "{csv}");
        assert_eq!(csv.lines().count(), 2);
        for path in [
            "/api/v1/audit",
            "/audit",
            "/audit/log.csv",
            "/audit/log.ndjson",
        ] {
            let read = app
                .request(Method::GET, path)
                .header("authorization", format!("Bearer {}", app.token("read")));
            Answer::to(read).await.problem(403);
        }
    }
}

#[tokio::test]
async fn a_log_that_was_taken_away_is_verified_without_the_server() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.put_population("?list=lab", names(4)).await.ok("a list");
        app.token("read");
        let text = asked(&app, &cookie, "/audit/log.ndjson")
            .await
            .ok("the log")
            .text();
        let file = app.data_dir().join("audit.ndjson");
        let verify = |text: &str, more: &[&str]| {
            std::fs::write(&file, text).expect("a file");
            let name = file.display().to_string();
            let mut arguments = vec!["verify", &name];
            arguments.extend(more);
            let output = app.command(&arguments, "");
            let told = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            (output.status.code(), told)
        };
        let (code, told) = verify(&text, &[]);
        assert_eq!(code, Some(0), "{told}");
        let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
        let head = last["head"]["hash"].as_str().expect("a hash");
        assert!(told.contains(head), "{told}");
        let in_database = app.command(&["verify", "--head", head], "");
        assert_eq!(in_database.status.code(), Some(0), "{in_database:?}");
        let other = "0123456789abcdef".repeat(4);
        let in_database = app.command(&["verify", "--head", &other], "");
        assert_eq!(in_database.status.code(), Some(1), "{in_database:?}");
        assert_eq!(verify(&text, &["--head", &other]).0, Some(1));
        assert_eq!(verify(&text, &["--head", "short"]).0, Some(2));
        let lines: Vec<&str> = text.lines().collect();
        let changed = text.replacen("\"seq\":2,", "\"seq\":3,", 1);
        assert!(
            verify(&changed, &[]).1.contains("2 is missing"),
            "{changed}"
        );
        let changed = text.replacen("lab", "bal", 1);
        assert_eq!(verify(&changed, &[]).0, Some(1));
        let changed = [&lines[..1], &lines[2..]].concat().join("\n");
        assert_eq!(verify(&changed, &[]).0, Some(1), "one is missing");
        let cut = lines[..lines.len() - 1].join("\n");
        assert!(verify(&cut, &[]).1.contains("not whole"), "cut off");
        assert!(verify("", &[]).1.contains("no audit log"), "empty");
        assert!(
            verify("{}\n", &[]).1.contains("no audit log"),
            "another file"
        );
        let chosen = asked(&app, &cookie, "/audit/log.ndjson?deed=list")
            .await
            .text();
        assert!(
            verify(&chosen, &[]).1.contains("without a filter"),
            "chosen"
        );
        let kept = app.command(&["migrate"], "");
        assert!(kept.status.success());
        let newest = asked(&app, &cookie, "/api/v1/audit?limit=1").await.json();
        assert_eq!(newest["items"][0]["deed"], "database.migrate");
        assert_eq!(newest["items"][0]["kind"], "command");
    }
}

#[tokio::test]
async fn a_list_that_is_much_shorter_goes_in_force_only_by_its_number_and_with_a_reason() {
    for app in TestApp::each().await {
        app.put_population("", names(40)).await.ok("the first");
        let refused = app.put_population("", names(30)).await.problem(409);
        let detail = refused["detail"].as_str().expect("words");
        assert!(
            detail.contains("10 of 40") && detail.contains("confirm_shrink=10"),
            "{detail}"
        );
        for query in [
            "?confirm=1",
            "?confirm=1&why=they+moved",
            "?confirm_shrink=9&why=they+moved",
            "?confirm_shrink=10",
        ] {
            app.put_population(query, names(30)).await.problem(409);
        }
        app.put_population("?confirm_shrink=10&why=x", names(30))
            .await
            .problem(422);
        app.put_population("?confirm_shrink=ten&why=they+moved", names(30))
            .await
            .problem(422);
        app.put_population("?confirm_shrink=10&why=they+moved", names(30))
            .await
            .ok("confirmed");
        // One of thirty is less than a twentieth.
        app.put_population("", names(29))
            .await
            .ok("a little shorter");
        let cookie = app.sign_in().await;
        let found = asked(&app, &cookie, "/api/v1/audit?deed=list").await.json();
        assert_eq!(found["total"], 3, "{found}");
        assert_eq!(found["items"][1]["why"], "they moved");
        assert_eq!(found["items"][1]["old"], "40 rows");
        let press = |form: &'static str| {
            let request = app
                .request(Method::POST, "/population/withdraw")
                .header("cookie", &cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.to_owned());
            Answer::to(request)
        };
        let page = press("list=default").await.ok("asks first").text();
        assert!(page.contains("name=\"why\""), "{page}");
        press("list=default&confirm=1").await.problem(422);
        press("list=default&confirm=1&why=++").await.problem(422);
    }
}
