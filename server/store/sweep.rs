//! Time alone makes a client stale. Reads sweep first, so that what they answer is right at every moment.

use super::{ESTATE, Store, error::Result};
use crate::domain::time::Timestamp;

const DUE: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM clients WHERE estate = $1 AND sweep_at <= $2 LIMIT 1) AS due";
const SWEEP: &str = include_str!("sql/sweep.sql");
/// Clients moved in one transaction: short enough not to hold up reports.
const CHUNK: i64 = 2_000;

impl Store {
    /// Moves every client whose last report has become too old by `now`. Costs one look into an index when
    /// there is none. Called before every read, and every second by the server.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut moved = 0;
        loop {
            let due: i64 = self
                .db
                .read()
                .await?
                .sql(DUE)
                .bind(ESTATE)
                .bind(now.0)
                .scalar()
                .await?;
            if due == 0 {
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
