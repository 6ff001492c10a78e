//! `GET /healthz`, `/readyz` and `/metrics`: for machines that watch machines.

use reqwest::Method;

use crate::support::{
    answer::{Answer, assert_reveals_nothing},
    app::TestApp,
};

#[tokio::test]
async fn health_is_open_bare_and_answers_head_too() {
    for app in TestApp::each().await {
        for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let answer = Answer::to(app.request(Method::GET, path)).await.ok(path);
            assert_eq!(answer.text(), text, "{path} on {}", app.engine);
            let head = Answer::to(app.request(Method::HEAD, path)).await.ok(path);
            assert!(head.body.is_empty());
        }
    }
}

#[tokio::test]
async fn metrics_count_what_became_of_reports_for_whoever_may_read() {
    for app in TestApp::each().await {
        Answer::to(app.request(Method::GET, "/metrics"))
            .await
            .problem(401);
        let report = app.report("PC-1");
        report.clone().send().await.ok("a report");
        report.send().await.ok("again");
        app.send("{}").await.problem(422);
        let metrics = app.get("/metrics").await.ok("metrics");
        assert!(metrics.header("content-type").starts_with("text/plain"));
        for line in [
            "cutover_reports_total{status=\"stored\"} 1",
            "cutover_reports_total{status=\"unchanged\"} 1",
            "cutover_reports_total{status=\"rejected\"} 1",
        ] {
            assert!(
                metrics.text().contains(line),
                "{line} on {}: {}",
                app.engine,
                metrics.text()
            );
        }
        assert!(metrics.text().contains("cutover_queue_room"));
        assert!(!metrics.text().contains("PC-1"), "no client by name");
        assert_reveals_nothing(&metrics.text());
    }
}
