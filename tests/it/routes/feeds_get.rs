//! `GET /api/v1/feeds`: who feeds the server, and what the first screen and the metrics make of it.

use reqwest::{Method, header};

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
};

#[tokio::test]
async fn who_sent_reports_is_listed_and_counted() {
    for app in TestApp::each().await {
        let empty = app.json("/api/v1/feeds").await;
        assert_eq!(
            (
                empty["stopped"].as_i64(),
                empty["items"].as_array().map(Vec::len)
            ),
            (Some(0), Some(0))
        );
        app.report("PC-1").stored().await;
        app.report("PC-2").at_site("P02").stored().await;
        let feeds = app.json("/api/v1/feeds").await;
        insta::assert_snapshot!("feeds", hidden(feeds));
        let metrics = app.get("/metrics").await.text();
        assert!(metrics.contains("cutover_feeds_stopped 0"), "{metrics}");
        let cookie = app.sign_in().await;
        for path in ["/", "/feeds"] {
            let request = app
                .request(Method::GET, path)
                .header(header::COOKIE, &cookie);
            let page = Answer::to(request).await.ok(path).text();
            assert!(
                page.contains("2 feeds: none has stopped."),
                "{path}: {page}"
            );
            assert!(!page.contains("Needs attention"));
        }
    }
}
