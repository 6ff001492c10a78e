//! Small facts about the database itself: the freshness limit its times were computed with, and the rules in force.

use super::{ESTATE, Store, audit, db::Conn, error::Result};
use crate::domain::{
    audit::Author,
    time::{DAY, Timestamp},
};

const GET: &str = "SELECT value FROM meta WHERE estate = $1 AND name = $2";
const SET: &str = "INSERT INTO meta (estate, name, value) VALUES ($1, $2, $3)
ON CONFLICT (estate, name) DO UPDATE SET value = excluded.value";
/// Changes nothing when it is that already, also when another server was quicker by a moment.
const CHANGE: &str = "INSERT INTO meta (estate, name, value) VALUES ($1, $2, $3)
ON CONFLICT (estate, name) DO UPDATE SET value = excluded.value WHERE meta.value <> excluded.value";
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
    pub async fn apply_freshness(
        &self,
        limit_ms: i64,
        author: Author,
        now: Timestamp,
    ) -> Result<()> {
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
                    let Some(old) = change(conn, NAME, wanted).await? else {
                        return Ok(());
                    };
                    let old = old.and_then(|old| old.parse().ok()).map(in_days);
                    let entry = author
                        .entry(now, "setting.freshness", "freshness")
                        .change(old, Some(in_days(limit_ms)));
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// Notes by which rules, switches included, verdicts are made from now on. Does nothing when they are the same.
    pub async fn apply_ruleset(&self, ruleset: &str, author: Author, now: Timestamp) -> Result<()> {
        const NAME: &str = "ruleset_in_force";
        if self.setting(NAME).await?.as_deref() == Some(ruleset) {
            return Ok(());
        }
        let ruleset = ruleset.to_owned();
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let Some(old) = change(conn, NAME, ruleset.clone()).await? else {
                        return Ok(());
                    };
                    let entry = author
                        .entry(now, "setting.ruleset", "rules")
                        .change(old, Some(ruleset));
                    audit::note(conn, &entry).await
                })
            })
            .await
    }
}

/// Stores a setting; answers what it was before, or `None` when it is that already.
async fn change(
    conn: &mut Conn,
    name: &'static str,
    value: String,
) -> Result<Option<Option<String>>> {
    let old: Option<Value> = conn.sql(GET).bind(ESTATE).bind(name).optional().await?;
    let changed = conn
        .sql(CHANGE)
        .bind(ESTATE)
        .bind(name)
        .bind(value)
        .execute()
        .await?;
    Ok((changed > 0).then(|| old.map(|old| old.value)))
}

fn in_days(millis: i64) -> String {
    if millis % DAY == 0 {
        format!("{} days", millis / DAY)
    } else {
        format!("{millis} ms")
    }
}
