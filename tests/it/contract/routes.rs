//! Each route of the router is in the document, and each call of the document is a route.

use std::collections::BTreeSet;

use cutover::http::routes::table;
use reqwest::Method;

use super::filled::calls;
use crate::support::{answer::Answer, app::TestApp};

/// Every route that is for programs, of the server's own table.
fn routes() -> BTreeSet<(String, String)> {
    let programs = ["/healthz", "/readyz", "/metrics"];
    let found: BTreeSet<(String, String)> = table()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/") || programs.contains(&route.path))
        .map(|route| {
            let method = route.method.as_str().to_lowercase();
            (route.path.to_owned(), method)
        })
        .collect();
    assert!(found.len() > 20, "{found:?}");
    found
}

#[test]
fn document_and_routes_are_the_same() {
    let described: BTreeSet<(String, String)> = calls()
        .iter()
        .map(|call| (call.path.to_owned(), call.method.to_owned()))
        .collect();
    let routes = routes();
    let silent: Vec<_> = routes.difference(&described).collect();
    assert!(silent.is_empty(), "not in the document: {silent:?}");
    let dead: Vec<_> = described.difference(&routes).collect();
    assert!(dead.is_empty(), "no route: {dead:?}");
}

#[tokio::test]
async fn the_server_allows_what_the_document_says() {
    let app = TestApp::one();
    let paths: BTreeSet<&str> = calls().iter().map(|call| call.path).collect();
    for path in paths {
        let mut wanted: BTreeSet<String> = calls()
            .iter()
            .filter(|call| call.path == path)
            .map(|call| call.method.to_uppercase())
            .collect();
        if wanted.contains("GET") {
            wanted.insert("HEAD".to_owned());
        }
        wanted.insert("OPTIONS".to_owned());
        let address = path
            .replace("{id}", "x")
            .replace("{entry}", "x")
            .replace("{number}", "1");
        let answer = Answer::to(app.request(Method::OPTIONS, &address)).await;
        assert_eq!(answer.status, 204, "{path}: {}", answer.text());
        assert!(answer.body.is_empty(), "{path}");
        let allowed = answer.header("allow");
        let allowed: BTreeSet<String> = allowed.split(", ").map(str::to_owned).collect();
        assert_eq!(allowed, wanted, "{path}");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            if wanted.contains(method) {
                continue;
            }
            let method: Method = method.parse().expect("a method");
            let answer = Answer::to(app.request(method.clone(), &address)).await;
            let problem = answer.problem(405);
            assert_eq!(problem["type"], "urn:cutover:problem:method-not-allowed");
            let said = answer.header("allow");
            let said: BTreeSet<String> = said.split(", ").map(str::to_owned).collect();
            assert_eq!(said, wanted, "{method} {path}");
        }
    }
}
