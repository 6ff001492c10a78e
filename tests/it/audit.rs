//! The audit log: every deed leaves one entry, and no entry is changed, taken out or added without a trace.

mod chain;
mod deeds;
mod served;

use cutover::domain::audit::{Author, Entry};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::support::stores::{NOON, TestStore};

/// Runs SQL on a database beside the program, as somebody does who holds it.
async fn by_hand(url: &str, sql: String) -> Result<u64, sqlx::Error> {
    let sql = AssertSqlSafe(sql);
    if url.starts_with("sqlite") {
        let mut conn = sqlx::SqliteConnection::connect(url).await?;
        let done = sqlx::raw_sql(sql).execute(&mut conn).await;
        conn.close().await?;
        done.map(|done| done.rows_affected())
    } else {
        let mut conn = sqlx::PgConnection::connect(url).await?;
        let done = sqlx::raw_sql(sql).execute(&mut conn).await;
        conn.close().await?;
        done.map(|done| done.rows_affected())
    }
}

/// Takes the guards off a table, as only somebody can who owns the database.
async fn unguard(test: &TestStore) {
    let sql = if test.engine == "sqlite" {
        "DROP TRIGGER audit_no_change; DROP TRIGGER audit_no_replacing; DROP TRIGGER audit_only_oldest_go; \
         DROP TRIGGER audit_head_moves_on"
    } else {
        "ALTER TABLE audit DISABLE TRIGGER ALL; ALTER TABLE audit_head DISABLE TRIGGER ALL"
    };
    by_hand(&test.url, sql.to_owned()).await.expect("off");
}

/// An entry with something in every part.
fn entry(n: i64) -> Entry {
    Author::server()
        .entry(NOON.plus(n), "test.deed", format!("number {n}"))
        .change(Some("old".to_owned()), Some("new".to_owned()))
        .why(Some("because".to_owned()))
}

async fn noted(test: &TestStore, entries: i64) {
    for n in 1..=entries {
        test.store.note(entry(n)).await.expect("noted");
    }
}
