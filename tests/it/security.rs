//! Forged requests, headers that protect, and secrets that stay hidden.

use cutover::http::routes::{Needs, table};
use reqwest::{Method, header};

use crate::{
    people::matrix::{address, body},
    support::{
        answer::{Answer, assert_reveals_nothing},
        app::TestApp,
    },
};

#[tokio::test]
async fn whoever_reads_pages_is_sent_to_sign_in_and_back() {
    let app = TestApp::one();
    let pages = table().into_iter().filter(|route| {
        let programs = route.path.starts_with("/api/") || route.path == "/metrics";
        route.rule.needs != Needs::Anyone && !programs
    });
    for route in pages {
        let path = address(route.path, "x", "x");
        let method_name = route.method;
        let request = app
            .request(method_name.clone(), &format!("{path}?q=%2F%2Fevil"))
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 303, "{method_name} {path}");
        let location = answer.header("location");
        assert!(location.starts_with("/sign-in?next=%2F"), "{location}");
    }
    // A program is not sent to a page.
    let api = app
        .request(Method::GET, "/api/v1/summary")
        .header(header::ACCEPT, "text/html");
    Answer::to(api).await.problem(401);
}

/// What pages show to be typed elsewhere leads to where the page came from, by either HTTP.
#[tokio::test]
async fn pages_name_the_server_as_it_was_asked_for() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let old = app.client_builder().http1_only().build();
    let old = old.expect("a client");
    for (client, version) in [
        (app.client(), reqwest::Version::HTTP_2),
        (&old, reqwest::Version::HTTP_11),
    ] {
        let url = app.request(Method::GET, "/").build().expect("a request");
        let url = url.url().clone();
        let asked = client.get(url.clone()).header(header::COOKIE, &cookie);
        let answer = asked.send().await.expect("an answer");
        assert_eq!(answer.version(), version);
        let text = answer.text().await.expect("a page");
        let wanted = format!("{url}api/v1/reports");
        assert!(text.contains(&wanted), "{version:?}: {text}");
    }
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    for route in table() {
        let (method_name, path) = (route.method, route.path);
        if method_name == Method::GET {
            continue;
        }
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            for kind in [
                "application/json",
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
            ] {
                let request = app
                    .request(method_name.clone(), path)
                    .header(header::COOKIE, &cookie)
                    .header(header::CONTENT_TYPE, kind)
                    .header(name, value)
                    .body(body(&method_name, path, &app));
                let answer = Answer::to(request).await;
                assert_eq!(
                    answer.status,
                    403,
                    "{method_name} {path} {name}: {value}: {}",
                    answer.text()
                );
                answer.problem(403);
            }
        }
    }
    assert_eq!(
        app.json("/api/v1/summary").await["population"]["total"],
        0,
        "nothing was changed"
    );
    // The session still holds: not even signing out was possible.
    let page = app
        .request(Method::GET, "/method")
        .header(header::COOKIE, &cookie);
    Answer::to(page).await.ok("the session");
    // The server's own pages may.
    let own = app
        .request(Method::POST, "/api/v1/reports")
        .header(header::COOKIE, &cookie)
        .header("sec-fetch-site", "same-origin")
        .body(app.report("PC-1").line());
    Answer::to(own).await.ok("from its own page");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_browsers() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let id = app.report("PC-1").stored().await;
    let mut answers = Vec::new();
    for route in table() {
        let (method_name, path) = (route.method, route.path);
        for credential in ["", &cookie] {
            let request = app
                .request(method_name.clone(), &address(path, &id, "none"))
                .header(header::COOKIE, credential)
                .header(header::ACCEPT, "text/html");
            answers.push((path, Answer::to(request).await));
        }
    }
    answers.push(("/nothing", app.get("/nothing").await));
    let forged = app
        .request(Method::POST, "/upload")
        .header("sec-fetch-site", "cross-site");
    answers.push(("a forged request", Answer::to(forged).await));
    for (path, answer) in answers {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {}", answer.status);
        }
        assert!(!answer.header("x-request-id").is_empty());
        let kept =
            path.starts_with("/static") || path.starts_with("/kit") || path == "/favicon.ico";
        if !kept {
            // What has a tag may be kept by whoever asked, who then asks each time whether it still holds.
            let polled = path.starts_with("/api/v1") && !answer.header("etag").is_empty();
            let wanted = if polled {
                "private, no-cache"
            } else {
                "no-store"
            };
            assert_eq!(answer.header("cache-control"), wanted, "{path}");
        }
        assert!(answer.header("server").is_empty());
        // The guide and the kit hold queries for administrators to copy.
        if path != "/feeding" && !path.starts_with("/kit") {
            assert_reveals_nothing(&answer.text());
        }
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_metric_or_list() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let (name, secret) = cookie.split_once('=').expect("a cookie");
        assert_eq!(name, "__Host-cutover");
        app.report("PC-CANARY-NAME").send().await.ok("a report");
        app.get("/api/v1/clients?q=PC-CANARY-NAME")
            .await
            .ok("a search");
        app.get(&format!("/api/v1/clients?q={}", app.token("read")))
            .await
            .ok("a slip");
        app.post_form("/sign-in", "user=admin&password=CANARY-PASSWORD&next=")
            .await;
        app.send("{\"CANARY-BODY\": 1}").await.problem(422);
        let log = app.log();
        let metrics = app.get("/metrics").await.text();
        let tokens = String::from_utf8(app.command(&["token", "list"], "").stdout).expect("text");
        for hidden in [
            secret,
            &app.password,
            app.token("ingest"),
            app.token("read"),
            "CANARY",
        ] {
            for (place, text) in [
                ("log", &log),
                ("metrics", &metrics),
                ("token list", &tokens),
            ] {
                assert!(
                    !text.contains(hidden),
                    "{hidden} is in the {place} on {}",
                    app.engine
                );
            }
        }
    }
}
