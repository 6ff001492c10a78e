//! Who may do what, for every route; forged requests, headers that protect, and secrets that stay hidden.

use std::collections::BTreeSet;

use reqwest::{Method, header};

use crate::support::{
    answer::{Answer, assert_reveals_nothing},
    app::TestApp,
};

/// Whom a route is for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    /// Whoever asks.
    Anyone,
    /// Read tokens and people.
    Readers,
    /// Ingest tokens and people.
    Reporters,
    /// Population tokens and people.
    Planners,
    /// Import tokens and people.
    Importers,
    /// People who have signed in.
    People,
}

/// Every route of the server with its methods. One that is not here fails `no_route_is_forgotten`.
const ROUTES: &[(&str, &str, For)] = &[
    ("GET", "/", For::People),
    ("GET", "/os/{key}", For::People),
    ("GET", "/sites/{site}", For::People),
    ("GET", "/roles/{role}", For::People),
    ("GET", "/trend", For::People),
    ("GET", "/trend/{day}", For::People),
    ("GET", "/views", For::People),
    ("POST", "/views", For::People),
    ("POST", "/views/{view}/delete", For::People),
    ("GET", "/blockers", For::People),
    ("GET", "/fixes", For::People),
    ("GET", "/fixes/{code}", For::People),
    ("GET", "/fixes/{code}/{file}", For::People),
    ("GET", "/clients", For::People),
    ("GET", "/clients/{id}", For::People),
    ("GET", "/upload", For::People),
    ("POST", "/clients/{id}/two-machines", For::People),
    ("POST", "/upload", For::People),
    ("GET", "/uploads/{upload}", For::People),
    ("POST", "/uploads/{upload}/commit", For::People),
    ("POST", "/uploads/{upload}/cancel", For::People),
    ("POST", "/uploads/{upload}/again", For::People),
    ("POST", "/uploads/{upload}/vouch", For::People),
    ("GET", "/population", For::People),
    ("POST", "/population", For::People),
    ("POST", "/population/withdraw", For::People),
    ("GET", "/feeds", For::People),
    ("GET", "/cutover", For::People),
    ("POST", "/cutover", For::People),
    ("GET", "/cutover/{scope}", For::People),
    ("POST", "/cutover/{scope}", For::People),
    ("POST", "/cutover/{scope}/run", For::People),
    ("POST", "/cutover/{scope}/limits", For::People),
    ("POST", "/cutover/{scope}/say", For::People),
    ("POST", "/cutover/{scope}/decide", For::People),
    ("GET", "/cutover/{scope}/what-if/{run}", For::People),
    ("GET", "/cutover/decisions/{number}", For::People),
    ("GET", "/cutover/decisions/{number}/record", For::People),
    ("GET", "/cutover/decisions/{number}/sheet", For::People),
    ("GET", "/cutover/decisions/{number}/calendar", For::People),
    ("GET", "/board/{scope}", For::People),
    ("GET", "/webhooks", For::People),
    ("GET", "/feeding", For::People),
    ("GET", "/kit/{name}", For::People),
    ("GET", "/method", For::People),
    ("GET", "/api", For::People),
    ("GET", "/components", For::People),
    ("GET", "/sign-in", For::Anyone),
    ("POST", "/sign-in", For::Anyone),
    ("POST", "/sign-out", For::Anyone),
    ("GET", "/static/{file}", For::Anyone),
    ("GET", "/favicon.ico", For::Anyone),
    ("POST", "/api/v1/reports", For::Reporters),
    ("PUT", "/api/v1/population", For::Planners),
    ("DELETE", "/api/v1/population", For::Planners),
    ("GET", "/api/v1/summary", For::Readers),
    ("GET", "/api/v1/clients", For::Readers),
    ("GET", "/api/v1/clients/{id}", For::Readers),
    ("GET", "/api/v1/clients/{id}/raw", For::Readers),
    ("GET", "/api/v1/clients/{id}/reports/{entry}", For::Readers),
    ("GET", "/api/v1/blockers", For::Readers),
    ("GET", "/api/v1/blockers/changes", For::Readers),
    ("GET", "/api/v1/fixes", For::Readers),
    ("GET", "/api/v1/gate", For::Readers),
    ("GET", "/api/v1/trend", For::Readers),
    ("GET", "/api/v1/regressed", For::Readers),
    ("GET", "/api/v1/feeds", For::Readers),
    ("GET", "/api/v1/rejects", For::Readers),
    ("GET", "/api/v1/scopes", For::Readers),
    ("GET", "/api/v1/scopes/{scope}/what-if", For::Readers),
    ("GET", "/api/v1/decisions", For::Readers),
    ("GET", "/api/v1/decisions/{number}", For::Readers),
    ("GET", "/api/v1/uploads", For::Importers),
    ("POST", "/api/v1/uploads", For::Importers),
    ("GET", "/api/v1/uploads/{upload}", For::Importers),
    ("GET", "/api/v1/uploads/{upload}/rows", For::Importers),
    ("POST", "/api/v1/uploads/{upload}/commit", For::Importers),
    ("POST", "/api/v1/uploads/{upload}/cancel", For::Importers),
    ("GET", "/api/v1/uploads/{upload}/rejected", For::Importers),
    ("GET", "/api/v1/openapi.json", For::Anyone),
    ("GET", "/healthz", For::Anyone),
    ("GET", "/readyz", For::Anyone),
    ("GET", "/metrics", For::Readers),
];

fn method(name: &str) -> Method {
    name.parse().expect("a method")
}

/// The methods of every route as the route table of the server has them.
fn routes_in_source() -> BTreeSet<(String, String)> {
    let source = include_str!("../../server/http/mod.rs");
    let (site, rest) = source
        .split_once("let api = Router::new()")
        .expect("the API");
    let (api, health) = rest
        .split_once("let health = Router::new()")
        .expect("health");
    let mut found = BTreeSet::new();
    for (prefix, part) in [("", site), ("/api/v1", api), ("", health)] {
        for line in part.split(".route(").skip(1) {
            let path = line.split('"').nth(1).expect("a path");
            for name in ["get", "post", "put", "patch", "delete"] {
                if line.contains(&format!("{name}(")) {
                    // An upload is named by `{upload}` here, a client by `{id}`.
                    let path = path
                        .replace("/uploads/{id}", "/uploads/{upload}")
                        .replace("/scopes/{id}", "/scopes/{scope}");
                    found.insert((name.to_uppercase(), format!("{prefix}{path}")));
                }
            }
        }
    }
    found
}

#[test]
fn no_route_is_forgotten() {
    let here: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(here, routes_in_source(), "every route has a row in ROUTES");
}

/// An address for a route: with a client that is there.
fn address(path: &str, id: &str, upload: &str) -> String {
    path.replace("{id}", id)
        .replace("{upload}", upload)
        .replace("{code}/{file}", "restart-computer/restart-computer.ps1")
        .replace("{code}", "restart-computer")
        .replace("{key}", "10.0.19045-client")
        .replace("{site}", "P01")
        .replace("{role}", "management_point")
        .replace("{day}", "2020-01-01")
        .replace("{view}", "none")
        .replace("{scope}", "none")
        .replace("{run}", "none")
        .replace("{number}", "1")
        .replace("{file}", "none.css")
        .replace("{name}", "cutover-collect.ps1")
}

fn body(method: &str, path: &str, app: &TestApp) -> String {
    match (method, path) {
        ("POST", "/api/v1/reports" | "/api/v1/uploads") => app.report("PC-1").line(),
        ("PUT", "/api/v1/population") => "Name\nPC-1\n".to_owned(),
        _ => String::new(),
    }
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "a table of exceptions, one after the other"
)]
async fn every_route_takes_those_it_is_for_and_nobody_else() {
    for app in TestApp::each().await {
        let id = app.report("PC-1").stored().await;
        let taken_back = app.make_token("read", "taken back");
        let id_of_it = app.token_id("taken back");
        assert!(
            app.command(&["token", "revoke", &id_of_it], "")
                .status
                .success()
        );
        let cookie = app.sign_in().await;
        let garbage = format!("{}x", app.token("read"));
        let callers: [(&str, Option<(&str, String)>); 10] = [
            ("nobody", None),
            (
                "garbage",
                Some((
                    "authorization",
                    "Bearer cut_read_000000000000_00".to_owned(),
                )),
            ),
            (
                "a token and one letter",
                Some(("authorization", format!("Bearer {garbage}"))),
            ),
            (
                "another scheme",
                Some(("authorization", format!("Basic {}", app.token("read")))),
            ),
            (
                "taken back",
                Some(("authorization", format!("Bearer {taken_back}"))),
            ),
            (
                "ingest",
                Some(("authorization", format!("Bearer {}", app.token("ingest")))),
            ),
            (
                "read",
                Some(("authorization", format!("bearer {}", app.token("read")))),
            ),
            (
                "population",
                Some((
                    "authorization",
                    format!("Bearer {}", app.token("population")),
                )),
            ),
            (
                "import",
                Some(("authorization", format!("Bearer {}", app.token("import")))),
            ),
            ("person", Some(("cookie", cookie.clone()))),
        ];
        let upload = app.uploaded("pc-1.json", app.report("PC-1").line()).await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let entry = client["history"][0]["entry"].as_str().expect("an entry");
        for (method_name, path, whom) in ROUTES.iter().filter(|(.., whom)| *whom != For::Anyone) {
            for (caller, credential) in &callers {
                let mut request = app
                    .request(
                        method(method_name),
                        &address(path, &id, &upload).replace("{entry}", entry),
                    )
                    .body(body(method_name, path, &app));
                if let Some((name, value)) = credential {
                    request = request.header(*name, value);
                }
                let answer = Answer::to(request).await;
                let expected = match (*caller, whom) {
                    // A form without its file is refused after its sender was let in.
                    ("person", For::People) if *path == "/upload" && *method_name == "POST" => 422,
                    ("person", For::People)
                        if path.starts_with("/population") && *method_name == "POST" =>
                    {
                        400
                    }
                    // Without the name of a list it is refused, after its sender was let in.
                    ("person" | "population", For::Planners) if *method_name == "DELETE" => 422,
                    ("person", For::People)
                        if path.ends_with("/again") || path.ends_with("/two-machines") =>
                    {
                        400
                    }
                    // It is done already, and cannot be discarded any more.
                    ("person" | "import", _)
                        if path.ends_with("/cancel")
                            && (*caller == "person" || *whom == For::Importers) =>
                    {
                        409
                    }
                    // It is read and stored already.
                    ("person", For::People) if path.ends_with("/vouch") => 409,
                    // No numbers were kept on that day, and no client of this fleet has a role.
                    ("person", For::People)
                        if path.ends_with("{day}") || path.ends_with("{role}") =>
                    {
                        404
                    }
                    // Nothing was made and decided yet.
                    ("person", For::People) | ("person" | "read", For::Readers)
                        if path.contains("{scope}") || path.contains("{number}") =>
                    {
                        404
                    }
                    ("person", For::People) if *path == "/cutover" && *method_name == "POST" => 422,
                    ("person", For::People) if *path == "/views" && *method_name == "POST" => 400,
                    ("person", For::People)
                        if path.ends_with("/commit") || path.ends_with("/delete") =>
                    {
                        303
                    }
                    ("person" | "import", For::Importers) if *method_name == "POST" => 202,
                    ("person", _)
                    | ("ingest" | "import", For::Reporters)
                    | ("read", For::Readers)
                    | ("population", For::Planners)
                    | ("import", For::Importers) => 200,
                    ("ingest" | "read" | "population" | "import", _) => 403,
                    _ => 401,
                };
                let what = format!(
                    "{method_name} {path} for {caller} on {}: {}",
                    app.engine,
                    answer.text()
                );
                assert_eq!(answer.status, expected, "{what}");
                if expected >= 400 {
                    answer.problem(expected);
                }
                let challenge = answer.header("www-authenticate");
                assert_eq!(challenge.is_empty(), expected != 401, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_reads_pages_is_sent_to_sign_in_and_back() {
    let app = TestApp::one();
    for (method_name, path, _) in ROUTES.iter().filter(|(.., whom)| *whom == For::People) {
        let path = address(path, "x", "x");
        let request = app
            .request(method(method_name), &format!("{path}?q=%2F%2Fevil"))
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

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    for (method_name, path, _) in ROUTES.iter().filter(|(name, ..)| *name != "GET") {
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
                    .request(method(method_name), path)
                    .header(header::COOKIE, &cookie)
                    .header(header::CONTENT_TYPE, kind)
                    .header(name, value)
                    .body(body(method_name, path, &app));
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
    for (method_name, path, _) in ROUTES {
        for credential in ["", &cookie] {
            let request = app
                .request(method(method_name), &address(path, &id, "none"))
                .header(header::COOKIE, credential)
                .header(header::ACCEPT, "text/html");
            answers.push((*path, Answer::to(request).await));
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
