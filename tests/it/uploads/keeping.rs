//! What is let go of and when, and what stays: the receipt.

use cutover::domain::audit::Author;
use cutover::{
    clock,
    domain::time::{DAY, HOUR, Timestamp},
    ingest::Judge,
    store::{
        Store,
        upload_files::{PREVIEW_KEPT_FOR, REJECTED_KEPT_FOR, ROWS_KEPT_FOR},
        upload_model::{Shown, State, Upload},
    },
    uploads::{self, Chosen, Sent},
};
use reqwest::Method;
use serde_json::Value;

use super::id;
use crate::support::{answer::Answer, app::TestApp, stores::TestStore};

const TABLE: &str = "Device;Caption;Version;ProductType\r\n\
TAB-01;Microsoft Windows 10 Pro;10.0.19045;1\r\n\
TAB-02;Microsoft Windows 10 Pro;10.0.19045;1\r\n\
;Microsoft Windows 10 Pro;10.0.19045;1\r\n";

fn judge() -> Judge {
    Judge::new(cutover::domain::assess::Policy::default(), 14 * DAY)
}

async fn sent(store: &Store, at_once: bool, now: Timestamp) -> Upload {
    let sent = Sent {
        files: vec![("tab.csv".to_owned(), TABLE.as_bytes().to_vec())],
        file_hash: vec![7; 32],
        chosen: Chosen::default(),
        collected_at: Some(now.plus(-HOUR)),
        at_once,
        by: "ann".to_owned(),
        author: Author::server(),
        token: String::new(),
        way: "upload",
    };
    let id = uploads::accept(store, sent, now).await.expect("accepted");
    uploads::complete(store, &judge(), &id).await.expect("done")
}

/// Rows that are kept: all, and rejected ones.
async fn kept(store: &Store, id: &str) -> (usize, usize) {
    let all = store.upload_rows(id, Shown::All, 0, 100).await;
    let rejected = store.rejected_upload_rows(id, 0, 100).await;
    (all.expect("rows").len(), rejected.expect("rows").len())
}

/// Bytes of its file that are kept.
async fn bytes(store: &Store, id: &str) -> usize {
    store.upload_file(id, 0).await.expect("a file").len()
}

#[tokio::test]
async fn rows_go_after_a_week_refused_ones_after_a_month_and_the_receipt_never() {
    for test in TestStore::each().await {
        let store = &test.store;
        let done = sent(store, true, clock::now()).await;
        assert_eq!(done.state, State::Done, "{done:?}");
        assert_eq!(bytes(store, &done.id).await, 0, "files go when it is over");
        let over = done.finished_at.expect("a time");
        for (after, expected) in [
            (0, (3, 1)),
            (ROWS_KEPT_FOR - HOUR, (3, 1)),
            (ROWS_KEPT_FOR + HOUR, (1, 1)),
            (REJECTED_KEPT_FOR - HOUR, (1, 1)),
            (REJECTED_KEPT_FOR + HOUR, (0, 0)),
            (3_650 * DAY, (0, 0)),
        ] {
            store.tidy_uploads(over.plus(after)).await.expect("tidied");
            assert_eq!(kept(store, &done.id).await, expected, "{after} later");
            let receipt = store.upload(&done.id).await.expect("a receipt");
            assert_eq!(receipt.as_ref(), Some(&done), "the receipt stays");
        }
        let clients = store.summary("test", over).await.expect("a summary");
        assert_eq!(clients.population.total, 2, "so do the clients");
    }
}

#[tokio::test]
async fn a_preview_that_nobody_decides_on_is_discarded_with_its_files() {
    for test in TestStore::each().await {
        let store = &test.store;
        let now = clock::now();
        let preview = sent(store, false, now).await;
        assert_eq!(preview.state, State::Preview);
        let later = now.plus(PREVIEW_KEPT_FOR - HOUR);
        store.tidy_uploads(later).await.expect("tidied");
        assert_eq!(
            (
                bytes(store, &preview.id).await,
                kept(store, &preview.id).await
            ),
            (TABLE.len(), (3, 1))
        );
        let later = now.plus(PREVIEW_KEPT_FOR + HOUR);
        store.tidy_uploads(later).await.expect("tidied");
        let gone = store.upload(&preview.id).await.expect("a receipt");
        let gone = gone.expect("a receipt");
        assert_eq!(gone.state, State::Cancelled);
        let why = gone.problem.expect("a reason");
        assert!(why.contains("within 7 days"), "{why}");
        assert_eq!(bytes(store, &preview.id).await, 0);
        // What it would have said can be looked at for as long as that of others.
        assert_eq!(kept(store, &preview.id).await, (3, 1));
        let later = later.plus(REJECTED_KEPT_FOR + HOUR);
        store.tidy_uploads(later).await.expect("tidied");
        assert_eq!(kept(store, &preview.id).await, (0, 0));
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

#[tokio::test]
async fn what_is_stopped_while_it_is_stored_keeps_what_was_stored_and_stores_no_more() {
    const DEVICES: usize = 20_000;
    for app in TestApp::each().await {
        let mut table = "Device;Caption;Version;ProductType\r\n".to_owned();
        for n in 0..DEVICES {
            table.push_str(&format!("TAB-{n:05};Windows 10 Pro;10.0.19045;1\r\n"));
        }
        let at = crate::support::report::from_now(-3_600_000);
        let query = format!("?name=tab.csv&collected_at={at}");
        let preview = app.upload(&query, table).await;
        let path = format!("/{}", id(&preview));
        let begun = app.uploads(Method::POST, &format!("{path}/commit"));
        assert_eq!(Answer::to(begun).await.status, 202);
        loop {
            let upload = Answer::to(app.uploads(Method::GET, &path)).await;
            let upload = upload.ok("an upload").json();
            assert_eq!(upload["state"], "committing", "{upload}");
            if number(&upload["rows"]["done"]) > 0 {
                break;
            }
        }
        let stopped = app.uploads(Method::POST, &format!("{path}/cancel"));
        let stopped = Answer::to(stopped).await.ok("stopped").json();
        assert_eq!(stopped["state"], "cancelled", "{stopped}");
        let done = number(&stopped["rows"]["done"]);
        assert!(
            done > 0 && done < number(&stopped["rows"]["total"]),
            "{stopped}"
        );
        assert_eq!(number(&stopped["stored"]["new"]), done, "{stopped}");
        let clients = app.json("/api/v1/summary").await;
        assert_eq!(number(&clients["population"]["total"]), done, "{clients}");
        // Another upload is worked off behind it, so nobody is at work on the stopped one any more.
        app.uploaded("one.json", app.report("PC-1").line()).await;
        let after = Answer::to(app.uploads(Method::GET, &path)).await;
        let after = after.ok("an upload").json();
        assert_eq!(after, stopped, "it does not move any more");
        let clients = app.json("/api/v1/summary").await;
        assert_eq!(number(&clients["population"]["total"]), done + 1);
        let begun = app.uploads(Method::POST, &format!("{path}/commit"));
        Answer::to(begun).await.problem(409);
    }
}
