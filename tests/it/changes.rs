//! The feed of the list of blockers: what came into it, changed in it and left it, each once, in order, safe to resume.

mod feed;
mod followers;
mod keeping;
mod order;
mod replay;
mod story;

use crate::support::stores::EVERYWHERE;
use std::collections::BTreeMap;

use cutover::domain::audit::Author;
use cutover::store::membership::Consent;
use cutover::{
    domain::{access::Sites, changes::Why, lists::ListOrigin, time::Timestamp, verdict::Standing},
    store::{
        Store,
        changes::{Change, ChangePage, Shown},
        incoming::Incoming,
        model::{ClientRow, Filter, Listing},
        population::{Expected, ExpectedList},
    },
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};

use crate::support::stores::{NOON, TestStore, report};

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    let kept = store.writer().reports(reports, now, true).await;
    kept.expect("kept");
}

/// A row of an expected list about `PC-n`.
fn row(n: u32, listing: Listing, owner: Option<&str>) -> Expected {
    Expected {
        ids: report(n, NOON, 1).ids,
        os_key: "unknown".to_owned(),
        roles: Vec::new(),
        owner: owner.map(str::to_owned),
        last_contact: None,
        listing,
    }
}

/// Puts a list in force, whatever it hides. An empty one is refused, and moves nobody.
async fn put(store: &Store, rows: Vec<Expected>, now: Timestamp) {
    let list = ExpectedList {
        name: "default".to_owned(),
        kind: ListOrigin::Names,
        rows,
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: Consent::Given,
    };
    let _ = store.replace_population(&EVERYWHERE, list, now).await;
}

/// Somebody who follows the feed.
struct Follower {
    cursor: String,
    within: Sites,
}

impl Follower {
    /// From this moment on.
    async fn new(store: &Store, now: Timestamp) -> Self {
        Self::within(Sites::all(), store, now).await
    }

    /// The same, of somebody who may see these sites.
    async fn within(within: Sites, store: &Store, now: Timestamp) -> Self {
        let start = store
            .changes(None, 100, &within, now)
            .await
            .expect("the feed");
        assert!(start.items.is_empty() && !start.more, "{start:?}");
        Self {
            cursor: start.next_cursor,
            within,
        }
    }

    /// The next page.
    async fn page(&mut self, store: &Store, limit: usize, now: Timestamp) -> ChangePage {
        let page = store
            .changes(Some(&self.cursor), limit, &self.within, now)
            .await;
        let page = page.expect("the feed");
        self.cursor.clone_from(&page.next_cursor);
        page
    }

    /// All that happened.
    async fn news(&mut self, store: &Store, now: Timestamp) -> Vec<Change> {
        let page = self.page(store, 1_000, now).await;
        assert!(!page.more);
        page.items
    }

    /// The one thing that happened, as code of its kind, why, and what differs.
    async fn one(&mut self, test: &TestStore, now: Timestamp, what: &str) -> Change {
        let mut news = self.news(&test.store, now).await;
        assert_eq!(news.len(), 1, "{what} on {}: {news:#?}", test.engine);
        news.swap_remove(0)
    }

    /// Nothing happened.
    async fn none(&mut self, test: &TestStore, now: Timestamp, what: &str) {
        let news = self.news(&test.store, now).await;
        assert!(news.is_empty(), "{what} on {}: {news:#?}", test.engine);
    }
}

/// Kind and reason of a change as programs read them.
fn codes(change: &Change) -> (&'static str, Option<&'static str>) {
    (change.kind.code(), change.why.map(Why::code))
}

/// What the list shows of a client, of that which the feed tells.
fn shown(row: ClientRow) -> Shown {
    Shown {
        name: row.name,
        site: row.ids.site_code.unwrap_or_default(),
        os_key: row.os_key,
        standing: row.standing,
        verdict: row.verdict,
        impact: row.impact,
        deciding: row.deciding,
        reasons: row.reasons,
        since: row.since,
        ruleset: row.ruleset.unwrap_or_default(),
        listing: row.listing,
        owner: row.owner,
    }
}

/// The whole list of blockers by id.
async fn the_list(store: &Store, now: Timestamp) -> BTreeMap<String, Shown> {
    let filter = Filter {
        standings: vec![Standing::Blocking],
        ..Filter::default()
    };
    let mut found = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = store.list(&filter, cursor.as_deref(), 3, now).await;
        let page = page.expect("a page");
        found.extend(
            page.items
                .into_iter()
                .map(|row| (row.id.clone(), shown(row))),
        );
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

/// Runs a statement behind the back of the store.
async fn tell(url: &str, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned()).into_sql_str();
    if url.starts_with("sqlite") {
        let mut conn = SqliteConnection::connect(url).await.expect("connect");
        let told = sqlx::raw_sql(statement).execute(&mut conn).await;
        told.expect("a statement");
        conn.close().await.expect("close");
    } else {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        let told = sqlx::raw_sql(statement).execute(&mut conn).await;
        told.expect("a statement");
        conn.close().await.expect("close");
    }
}
