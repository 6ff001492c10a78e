//! Time alone makes a client stale. Reads sweep first, so that what they answer is right at every moment.

use super::{ESTATE, Store, error::Result};
use crate::domain::time::Timestamp;

/// The earliest due time, asked for in the index's own order so that no planner looks through the table instead.
const DUE: &str = "SELECT CAST(COALESCE((SELECT sweep_at FROM clients
  WHERE estate = $1 AND sweep_at IS NOT NULL ORDER BY sweep_at LIMIT 1), $2) AS BIGINT)";
const SWEEP: &str = include_str!("sql/sweep.sql");
/// Clients moved in one transaction: short enough not to hold up reports.
const CHUNK: i64 = 2_000;

impl Store {
    /// Moves every client whose last report has become too old by `now`. Costs one look into an index when
    /// there is none. Called before every read, and every second by the server.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut moved = 0;
        loop {
            let earliest: i64 = self
                .db
                .read()
                .await?
                .sql(DUE)
                .bind(ESTATE)
                .bind(i64::MAX)
                .scalar()
                .await?;
            if earliest > now.0 {
                return Ok(moved);
            }
            moved += self
                .writer
                .run(move |conn| {
                    Box::pin(async move {
                        conn.sql(SWEEP)
                            .bind(ESTATE)
                            .bind(now.0)
                            .bind(CHUNK)
                            .execute()
                            .await
                    })
                })
                .await?;
        }
    }
}
