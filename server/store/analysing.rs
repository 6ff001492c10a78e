//! Keeps PostgreSQL's planner informed while a database fills.
//!
//! Its own look comes once a minute. Until then it plans for tables as empty as they were, and a group of reports that takes
//! milliseconds takes a second: on the day of an installation, when everybody reports for the first time.

use std::time::Duration;

use tokio::sync::watch;

use super::{db::Db, error::Result};

/// Between two looks, at least.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at the tables whenever something was written, until the writer is gone.
pub(super) async fn as_it_grows(db: Db, mut written: watch::Receiver<()>) {
    while written.changed().await.is_ok() {
        // A look that fails is made again after the next writing; without it the planner's own comes within a minute.
        if let Err(error) = look(&db).await {
            tracing::warn!(%error, "the tables could not be analysed, so their plans may be slow; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Has the tables analysed that were never, or that are more than twice as large as when they were.
async fn look(db: &Db) -> Result<()> {
    let mut conn = db.writing().await?;
    conn.sql(include_str!("sql/analyse_grown.sql"))
        .execute()
        .await?;
    Ok(())
}
