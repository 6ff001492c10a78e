//! What was seen on the wire is let go of when it is old. A file stays known, so that the same one changes nothing later either;
//! what a decision froze, and what made a client stand in conflict, stays where it was written.

use super::{ESTATE, Store, db::Conn, error::Result};
use crate::domain::time::{DAY, HOUR, Timestamp};

/// Rows of one transaction, about: short enough not to hold up reports.
const PORTION: i64 = 2_000;

/// The last of the oldest rows that go together. All rows of one address and time go together, however many.
const LAST_SEEN: &str = "SELECT day AS at, address FROM observations WHERE estate = $1 AND day < $2
ORDER BY day, address LIMIT 1 OFFSET $3";
const DELETE_SEEN: &str = "DELETE FROM observations
WHERE estate = $1 AND day < $2 AND (day < $3 OR (day = $3 AND address <= $4))";
const LAST_LEASE: &str =
    "SELECT until_at AS at, address FROM leases WHERE estate = $1 AND until_at < $2
ORDER BY until_at, address LIMIT 1 OFFSET $3";
const DELETE_LEASES: &str = "DELETE FROM leases
WHERE estate = $1 AND until_at < $2 AND (until_at < $3 OR (until_at = $3 AND address <= $4))";
const DELETE_HOURS: &str = "DELETE FROM observed_hours WHERE estate = $1 AND hour < $2";

#[derive(sqlx::FromRow)]
struct Last {
    at: i64,
    address: String,
}

impl Store {
    /// Lets go of what logs and lists of addresses said of more than so many days ago, the oldest first.
    pub async fn tidy_observed(&self, keep_days: i64, now: Timestamp) -> Result<()> {
        let before = now.plus(-keep_days * DAY).0;
        for (last, delete, before) in [
            (LAST_SEEN, DELETE_SEEN, before.div_euclid(DAY)),
            (LAST_LEASE, DELETE_LEASES, before),
        ] {
            let portion = async || {
                self.writer
                    .run(move |conn| Box::pin(let_go(conn, last, delete, before)))
                    .await
            };
            while portion().await? {}
        }
        let hour = before.div_euclid(HOUR);
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let hours = conn.sql(DELETE_HOURS).bind(ESTATE).bind(hour);
                    hours.execute().await.map(drop)
                })
            })
            .await
    }
}

/// Deletes a portion of the oldest; whether there may be more.
async fn let_go(
    conn: &mut Conn,
    last: &'static str,
    delete: &'static str,
    before: i64,
) -> Result<bool> {
    let last: Option<Last> = conn
        .sql(last)
        .bind(ESTATE)
        .bind(before)
        .bind(PORTION - 1)
        .optional()
        .await?;
    let more = last.is_some();
    // Without one there are few left: all that are old enough.
    let (at, address) = last.map_or((before, String::new()), |last| (last.at, last.address));
    conn.sql(delete)
        .bind(ESTATE)
        .bind(before)
        .bind(at)
        .bind(address)
        .execute()
        .await?;
    Ok(more)
}
