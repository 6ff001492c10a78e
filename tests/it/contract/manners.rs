//! What every call does besides answering: HEAD, ids of requests, compression, caches, pages of other sites.

use reqwest::{Method, header};

use super::filled::{calls, filled};
use crate::support::{answer::Answer, app::TestApp};

#[tokio::test]
async fn head_is_get_without_a_body() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        for call in calls().iter().filter(|call| call.method == "get") {
            let address = call.address(&filled);
            let get = Answer::to(call.request(&app, &address)).await.ok(&address);
            let request = app.request(Method::HEAD, &address);
            let request = match (call.purpose(), app.session()) {
                (Some(purpose), _) => request.bearer_auth(app.token(purpose)),
                (None, Some(session)) => request.header("cookie", session),
                (None, None) => request,
            };
            let head = Answer::to(request).await.ok(&address);
            assert!(head.body.is_empty(), "{address}");
            for name in [
                "content-type",
                "etag",
                "cache-control",
                "content-disposition",
                "vary",
            ] {
                assert_eq!(head.header(name), get.header(name), "{name} of {address}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_has_an_id() {
    let app = TestApp::one();
    let ask = async |id: &str| {
        let request = app.request(Method::GET, "/api/v1/summary");
        Answer::to(request.header("x-request-id", id))
            .await
            .header("x-request-id")
    };
    assert_eq!(ask("my-run_7.1").await, "my-run_7.1");
    let long = "x".repeat(129);
    for strange in ["a b", "<b>", "\"", "", &long] {
        let id = ask(strange).await;
        assert!(
            uuid::Uuid::parse_str(&id).is_ok(),
            "{strange:?} became {id:?}"
        );
    }
    for path in ["/api/v1/openapi.json", "/api/v1/nothing", "/healthz"] {
        let id = app.get(path).await.header("x-request-id");
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{path}: {id:?}");
    }
}

#[tokio::test]
async fn answers_are_compressed_where_that_is_asked_for() {
    let app = TestApp::one();
    filled(&app).await;
    for path in [
        "/api/v1/summary",
        "/api/v1/clients?format=csv",
        "/api/v1/openapi.json",
    ] {
        for encoding in ["gzip", "zstd", "br"] {
            let request = app
                .request(Method::GET, path)
                .bearer_auth(app.token("read"));
            let request = request.header(header::ACCEPT_ENCODING, encoding);
            let answer = Answer::to(request).await.ok(path);
            assert_eq!(answer.header("content-encoding"), encoding, "{path}");
            let vary: Vec<_> = answer.headers.get_all(header::VARY).iter().collect();
            assert!(
                vary.iter().any(|value| *value == "accept-encoding"),
                "{path}: {vary:?}"
            );
        }
        let plain = app.get(path).await.ok(path);
        assert_eq!(plain.header("content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn nothing_is_kept_by_others_or_given_to_pages_of_other_sites() {
    let app = TestApp::one();
    let filled = filled(&app).await;
    for call in calls() {
        let address = call.address(&filled);
        let request = app.request(Method::OPTIONS, &address);
        let request = request.header("origin", "https://other.example");
        let request = request.header("access-control-request-method", call.method.to_uppercase());
        let asked = Answer::to(request).await;
        let strange = |answer: &Answer| {
            let mut names = answer.headers.keys();
            names.any(|name| name.as_str().starts_with("access-control"))
        };
        assert!(!strange(&asked), "{address}");
        if call.method != "get" {
            continue;
        }
        let request = call
            .request(&app, &address)
            .header("origin", "https://other.example");
        let answer = Answer::to(request).await.ok(&address);
        assert!(!strange(&answer), "{address}");
        let tagged = !answer.header("etag").is_empty();
        let kept = if tagged {
            "private, no-cache"
        } else {
            "no-store"
        };
        assert_eq!(answer.header("cache-control"), kept, "{address}");
        assert_eq!(tagged, call.response(304).is_some(), "{address}");
    }
    for path in ["/api/v1/nothing", "/api/v1/summary?nonsense=1"] {
        assert_eq!(
            app.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
}

#[tokio::test]
async fn of_two_forms_the_one_that_is_liked_better_comes() {
    let app = TestApp::one();
    filled(&app).await;
    for path in ["/api/v1/clients", "/api/v1/trend"] {
        for (accept, kind) in [
            ("application/json;q=0.5, text/csv", "text/csv"),
            ("text/csv;q=0.5, */*", "application/json"),
            ("text/csv;q=0, */*;q=0.1", "application/json"),
        ] {
            let request = app
                .request(Method::GET, path)
                .bearer_auth(app.token("read"));
            let answer = Answer::to(request.header(header::ACCEPT, accept))
                .await
                .ok(path);
            assert!(
                answer.header("content-type").starts_with(kind),
                "{path} {accept}"
            );
        }
        // What the address says is meant, whatever a program adds by itself.
        let request = app.request(Method::GET, &format!("{path}?format=csv"));
        let request = request
            .bearer_auth(app.token("read"))
            .header(header::ACCEPT, "application/json");
        let answer = Answer::to(request).await.ok(path);
        assert!(
            answer.header("content-type").starts_with("text/csv"),
            "{path}"
        );
    }
}
