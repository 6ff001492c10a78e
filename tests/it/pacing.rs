//! How many requests a token may make, what says so, and who is not slowed.

use reqwest::{Method, header};

use crate::support::{answer::Answer, app::TestApp};

#[tokio::test]
async fn a_token_that_asks_too_much_is_told_when_to_come_back() {
    let app = TestApp::with(&["--rate-limit", "3"]);
    for left in [2, 1, 0] {
        let answer = app.get("/api/v1/summary").await.ok("within the quota");
        assert_eq!(answer.header("ratelimit-policy"), "\"reading\";q=3;w=60");
        let said = answer.header("ratelimit");
        assert!(
            said.starts_with(&format!("\"reading\";r={left};t=")),
            "{said}"
        );
    }
    let refused = app.get("/api/v1/blockers?format=csv").await;
    let problem = refused.problem(429);
    assert_eq!(problem["type"], "urn:cutover:problem:too-many-requests");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert!(
        refused
            .header("ratelimit")
            .starts_with("\"reading\";r=0;t=")
    );
    app.get("/metrics").await.problem(429);
    // What is wrong with a token is said before that, and costs nobody anything.
    let stranger = app.request(Method::GET, "/api/v1/summary").bearer_auth("x");
    Answer::to(stranger).await.problem(401);
    let wrong = app.request(Method::GET, "/api/v1/summary");
    let wrong = Answer::to(wrong.bearer_auth(app.token("ingest"))).await;
    wrong.problem(403);
    assert_eq!(wrong.header("ratelimit"), "");
    // Another token has its own quota, and people have none.
    let other = app.make_token("read", "another");
    let asked = app
        .request(Method::GET, "/api/v1/summary")
        .bearer_auth(other);
    Answer::to(asked).await.ok("another token");
    let cookie = app.sign_in().await;
    for _ in 0..5 {
        let asked = app.request(Method::GET, "/api/v1/summary");
        let answer = Answer::to(asked.header(header::COOKIE, &cookie))
            .await
            .ok("a person");
        assert_eq!(answer.header("ratelimit"), "");
    }
    // Neither has who sends.
    for n in 0..5 {
        app.report(&format!("PC-{n}")).stored().await;
        app.upload("?name=x.json", app.report("PC-9").line()).await;
    }
}

#[tokio::test]
async fn senders_are_slowed_only_where_the_server_is_told_so() {
    let app = TestApp::with(&["--rate-limit-sending", "2", "--rate-limit", "0"]);
    for _ in 0..2 {
        let answer = app.report("PC-1").send().await.ok("within the quota");
        assert_eq!(answer.header("ratelimit-policy"), "\"sending\";q=2;w=60");
    }
    let refused = app.report("PC-2").send().await;
    refused.problem(429);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(
        app.json("/api/v1/clients").await["total"],
        1,
        "nothing of it was done"
    );
    assert_eq!(
        app.get("/api/v1/summary")
            .await
            .ok("no limit")
            .header("ratelimit"),
        ""
    );
}
