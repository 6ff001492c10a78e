//! Addresses and methods that are not there, answered as problems; HEAD wherever there is GET.

use reqwest::{Method, header};

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
};

#[tokio::test]
async fn what_is_not_there_is_404_as_a_problem_or_a_page() {
    let app = TestApp::one();
    for path in [
        "/api/v1/nothing",
        "/api/v2/summary",
        "/api/v1",
        "/nothing",
        "/static/none.css",
        "/.env",
        "/api/v1/summary/",
    ] {
        let problem = app.get(path).await.problem(404);
        assert!(!problem["detail"].to_string().contains(path), "{problem}");
    }
    insta::assert_snapshot!(
        "not_found",
        hidden(app.get("/api/v1/nothing").await.problem(404))
    );
    let page = app
        .request(Method::GET, "/nothing")
        .header(header::ACCEPT, "text/html");
    let page = Answer::to(page).await;
    assert_eq!(page.status, 404);
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn a_wrong_method_is_405_as_a_problem() {
    let app = TestApp::one();
    for (method, path) in [
        (Method::GET, "/api/v1/reports"),
        (Method::PUT, "/api/v1/reports"),
        (Method::GET, "/api/v1/population"),
        (Method::POST, "/api/v1/population"),
        (Method::DELETE, "/api/v1/clients"),
        (Method::PATCH, "/api/v1/clients/x"),
        (Method::POST, "/api/v1/summary"),
        (Method::TRACE, "/api/v1/summary"),
        (Method::POST, "/healthz"),
        (Method::DELETE, "/"),
    ] {
        let answer = Answer::to(
            app.request(method.clone(), path)
                .bearer_auth(app.token("read")),
        )
        .await;
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        answer.problem(405);
        assert!(
            !answer.header("allow").is_empty(),
            "{method} {path} says what is allowed"
        );
    }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::one();
    let id = app.report("PC-1").stored().await;
    for path in [
        "/api/v1/summary",
        "/api/v1/clients",
        &format!("/api/v1/clients/{id}"),
        &format!("/api/v1/clients/{id}/raw"),
        "/api/v1/blockers?format=csv",
        "/api/v1/rejects",
        "/metrics",
    ] {
        let get = app.get(path).await.ok(path);
        let head = app
            .request(Method::HEAD, path)
            .bearer_auth(app.token("read"));
        let head = Answer::to(head).await.ok(path);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
    }
    let nobody = Answer::to(app.request(Method::HEAD, "/api/v1/summary")).await;
    assert_eq!(nobody.status, 401);
}
