//! Small facts about the database itself: the freshness limit its times were computed with.

use super::{ESTATE, Store, error::Result};
use crate::domain::time::Timestamp;

const GET: &str = "SELECT value FROM meta WHERE estate = $1 AND name = $2";
const SET: &str = "INSERT INTO meta (estate, name, value) VALUES ($1, $2, $3)
ON CONFLICT (estate, name) DO UPDATE SET value = excluded.value";
/// Every client is looked at again: those that are no longer too old get their verdict back, and nobody else moves, so that
/// who follows the changes hears nothing of those that stay too old.
const RETIME: &str = "UPDATE clients
SET stale_at = COALESCE(oldest_at, seen_at) + $2, sweep_at = COALESCE(oldest_at, seen_at) + $2,
    standing = CASE WHEN standing = 'stale' AND COALESCE(oldest_at, seen_at) + $2 > $3 THEN verdict ELSE standing END
WHERE estate = $1 AND seen_at IS NOT NULL";

#[derive(sqlx::FromRow)]
struct Value {
    value: String,
}

impl Store {
    /// A stored setting.
    pub async fn setting(&self, name: &'static str) -> Result<Option<String>> {
        let row: Option<Value> = self
            .db
            .read()
            .await?
            .sql(GET)
            .bind(ESTATE)
            .bind(name)
            .optional()
            .await?;
        Ok(row.map(|row| row.value))
    }

    /// Stores a setting.
    pub async fn set_setting(&self, name: &'static str, value: String) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(SET)
                        .bind(ESTATE)
                        .bind(name)
                        .bind(value)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// Makes every client's age at `now` count against this limit (milliseconds). Does nothing when it is the limit
    /// already in force.
    pub async fn apply_freshness(&self, limit_ms: i64, now: Timestamp) -> Result<()> {
        const NAME: &str = "freshness_ms";
        let wanted = limit_ms.to_string();
        if self.setting(NAME).await?.as_deref() == Some(&wanted) {
            return Ok(());
        }
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(RETIME)
                        .bind(ESTATE)
                        .bind(limit_ms)
                        .bind(now.0)
                        .execute()
                        .await?;
                    conn.sql(SET)
                        .bind(ESTATE)
                        .bind(NAME)
                        .bind(wanted)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }
}
