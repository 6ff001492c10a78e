//! Downloads that nobody takes: they end where others begin to wait for them, and nothing else waits.

use reqwest::{Method, header};

use crate::support::{answer::Answer, app::TestApp};

/// So many clients are more than what stands between a server and somebody who does not read.
const CLIENTS: usize = 12_000;
/// So many ask at once.
const ASKED: usize = 12;
/// So often somebody who was put off comes again.
const AGAIN: usize = 20;
const LIST: &str = "/api/v1/clients?format=ndjson";
/// So many are served at once.
const SERVED: usize = 4;

#[tokio::test]
async fn whoever_takes_a_list_and_does_not_read_it_holds_up_no_report() {
    for app in TestApp::each().await {
        let names = (0..CLIENTS).map(|n| format!("PC-{n:05},P01\n"));
        let list = format!("name,site\n{}", names.collect::<String>());
        app.put_population("", list).await.ok("a list");
        let sender = app.make_token("ingest", "nobody has looked it up yet");
        let lazy = app
            .client_builder()
            .http2_initial_stream_window_size(16 << 10)
            .http2_initial_connection_window_size(64 << 10)
            .build()
            .expect("a client");
        let url = app.request(Method::GET, LIST);
        let url = url.build().expect("a request").url().clone();
        let asked = (0..ASKED).map(|_| {
            let request = lazy.get(url.clone()).bearer_auth(app.token("read"));
            async move { request.send().await.expect("an answer") }
        });
        let unread = futures::future::join_all(asked).await;
        let served = unread.iter().filter(|one| one.status() == 200).count();
        assert_eq!(served, SERVED, "on {}", app.engine);
        for one in unread.iter().filter(|one| one.status() != 200) {
            assert_eq!(one.status(), 503);
            assert!(one.headers().contains_key("retry-after"));
        }
        // Meanwhile reports come in, pages are shown, and a scope is run.
        let report = app.request(Method::POST, "/api/v1/reports");
        let report = report.bearer_auth(&sender).body(app.report("PC-1").line());
        Answer::to(report).await.ok("a report");
        app.get("/readyz").await.ok("ready");
        assert_eq!(
            app.json("/api/v1/summary").await["population"]["expected"],
            CLIENTS
        );
        crate::cutover::decided(&app).await;
        // Places are given back, and whoever reads has the whole of it.
        drop(unread);
        let mut answer = app.get(LIST).await;
        for _ in 0..AGAIN {
            if answer.status == 200 {
                break;
            }
            answer.problem(503);
            answer = app.get(LIST).await;
        }
        // Those of the list, and the one that reported.
        assert_eq!(answer.ok("a place").text().lines().count(), CLIENTS + 1);
    }
}

/// Each of them reads from one moment, which keeps all that came later in the log.
#[tokio::test]
async fn nothing_long_begins_while_the_log_of_sqlite_cannot_be_emptied() {
    let app = TestApp::one();
    app.report("PC-1").stored().await;
    app.get(LIST).await.ok("a list");
    let path = app.database_url().trim_start_matches("sqlite://");
    let log = std::fs::File::options()
        .write(true)
        .open(format!("{path}-wal"));
    let log = log.expect("the log");
    let before = log.metadata().expect("its length").len();
    // What lies behind the last frame is nothing to SQLite.
    log.set_len((1 << 30) + 1).expect("a hole");
    app.get(LIST).await.problem(503);
    app.json("/api/v1/summary").await;
    log.set_len(before).expect("as it was");
    app.get(LIST).await.ok("a list again");
}

/// So many records, or names of runs, are read at once.
const READ: usize = 8;

#[tokio::test]
async fn whoever_takes_a_record_and_does_not_read_it_holds_up_nobody() {
    for app in TestApp::each().await {
        let names = (0..CLIENTS).map(|n| format!("PC-{n:05},P01\n"));
        let list = format!("name,site\n{}", names.collect::<String>());
        app.put_population("", list).await.ok("a list");
        crate::cutover::decided(&app).await;
        let cookie = app.sign_in().await;
        let lazy = app
            .client_builder()
            .http2_initial_stream_window_size(16 << 10)
            .http2_initial_connection_window_size(64 << 10)
            .build()
            .expect("a client");
        let record = "/cutover/decisions/1/record";
        let url = app.request(Method::GET, record);
        let url = url.build().expect("a request").url().clone();
        let asked = (0..ASKED).map(|_| {
            let request = lazy.get(url.clone()).header(header::COOKIE, &cookie);
            async move { request.send().await.expect("an answer") }
        });
        let unread = futures::future::join_all(asked).await;
        let served = unread.iter().filter(|one| one.status() == 200).count();
        assert_eq!(served, READ, "on {}", app.engine);
        // What needs a thread of its own is done meanwhile.
        app.sign_in().await;
        let batch: Vec<String> = (0..20)
            .map(|n| app.report(&format!("PC-{n:05}")).line())
            .collect();
        app.send(batch.join("\n")).await.ok("reports");
        // Places are given back, and whoever reads has the whole of it: head, a line for each, and foot.
        drop(unread);
        let again = || {
            let request = app.request(Method::GET, record);
            Answer::to(request.header(header::COOKIE, &cookie))
        };
        let mut answer = again().await;
        for _ in 0..AGAIN {
            if answer.status == 200 {
                break;
            }
            answer = again().await;
        }
        let lines = answer.ok("a place").text().lines().count();
        assert_eq!(lines, CLIENTS + 2, "on {}", app.engine);
    }
}
