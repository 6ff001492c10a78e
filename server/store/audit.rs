//! The audit log: written in the transaction of the change that it tells of, so that neither is there without the other.
//!
//! Whoever writes an entry holds the row of the newest one until the transaction ends, so it is written last in it: then no
//! two transactions wait for each other.

use super::{ESTATE, Store, db::Conn, error::Result};
use crate::domain::{
    audit::{Author, Entry},
    time::{DAY, Timestamp},
};

/// The next number, and the hash of the entry before; holds the row until the transaction ends.
const TAKE: &str = "INSERT INTO audit_head (estate, seq, hash) VALUES ($1, 1, $2)
ON CONFLICT (estate) DO UPDATE SET seq = audit_head.seq + 1
RETURNING seq, hash";
const WRITE: &str =
    "INSERT INTO audit (estate, seq, at, kind, actor, address, deed, subject, old, new, why, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const MOVE: &str = "UPDATE audit_head SET hash = $2 WHERE estate = $1";
/// The highest number of the oldest, all of which are older than a time. A clock that was set back must not make a hole, so
/// it stops at the first that is newer.
const OLDEST: &str = "SELECT CAST(COALESCE(MAX(o.seq), 0) AS BIGINT) FROM (
  SELECT seq FROM audit WHERE estate = $1 ORDER BY seq LIMIT $3) AS o
WHERE o.seq < COALESCE((SELECT MIN(n.seq) FROM (
  SELECT seq, at FROM audit WHERE estate = $1 ORDER BY seq LIMIT $3) AS n WHERE n.at >= $2), o.seq + 1)";
const FIRST: &str =
    "SELECT CAST(COALESCE(MIN(seq), 0) AS BIGINT) FROM audit WHERE estate = $1 AND seq <= $2";
const ANCHOR: &str = "INSERT INTO audit_anchor (estate, seq, hash)
SELECT estate, seq, hash FROM audit WHERE estate = $1 AND seq = $2
  AND NOT EXISTS (SELECT 1 FROM audit_anchor WHERE estate = $1)";
const MOVE_ANCHOR: &str = "UPDATE audit_anchor SET seq = $2,
  hash = (SELECT hash FROM audit WHERE estate = $1 AND seq = $2) WHERE estate = $1 AND seq < $2";
const LET_GO: &str = "DELETE FROM audit WHERE estate = $1 AND seq <= $2";

/// Entries that are let go of in one transaction.
const PORTION: i64 = 10_000;

#[derive(sqlx::FromRow)]
struct Head {
    seq: i64,
    hash: Vec<u8>,
}

/// Writes an entry down, in the transaction that `conn` is in, behind everything else that it does.
pub(super) async fn note(conn: &mut Conn, entry: &Entry) -> Result<()> {
    let head: Option<Head> = conn
        .sql(TAKE)
        .bind(ESTATE)
        .bind(Vec::new())
        .optional()
        .await?;
    let (seq, before) = head.map_or_else(|| (1, Vec::new()), |head| (head.seq, head.hash));
    let written = entry.written();
    let hash = written.hash(seq, &before);
    conn.sql(WRITE)
        .bind(ESTATE)
        .bind(seq)
        .bind(written.at)
        .bind(written.kind)
        .bind(written.actor)
        .bind(written.address)
        .bind(written.deed)
        .bind(written.subject)
        .bind(written.old)
        .bind(written.new)
        .bind(written.why)
        .bind(hash.clone())
        .execute()
        .await?;
    conn.sql(MOVE)
        .bind(ESTATE)
        .bind(hash)
        .execute()
        .await
        .map(drop)
}

impl Store {
    /// Writes down what changed nothing else, such as a sign-in that failed.
    pub async fn note(&self, entry: Entry) -> Result<()> {
        self.writer
            .run(move |conn| Box::pin(async move { note(conn, &entry).await }))
            .await
    }

    /// Lets go of the oldest entries that are older than so many days; the log says that it was done.
    pub async fn tidy_audit(&self, keep_days: i64, now: Timestamp) -> Result<()> {
        let before = now.plus(-keep_days * DAY).0;
        loop {
            let gone = self
                .writer
                .run(move |conn| Box::pin(let_go(conn, before, now)))
                .await?;
            if gone < PORTION.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

async fn let_go(conn: &mut Conn, before: i64, now: Timestamp) -> Result<u64> {
    let last: i64 = conn
        .sql(OLDEST)
        .bind(ESTATE)
        .bind(before)
        .bind(PORTION)
        .scalar()
        .await?;
    if last == 0 {
        return Ok(0);
    }
    let first: i64 = conn.sql(FIRST).bind(ESTATE).bind(last).scalar().await?;
    let mut moved = conn
        .sql(MOVE_ANCHOR)
        .bind(ESTATE)
        .bind(last)
        .execute()
        .await?;
    if moved == 0 {
        moved = conn.sql(ANCHOR).bind(ESTATE).bind(last).execute().await?;
    }
    if moved == 0 {
        // Another server was quicker.
        return Ok(0);
    }
    let gone = conn.sql(LET_GO).bind(ESTATE).bind(last).execute().await?;
    let entry = Author::server()
        .entry(now, "audit.tidy", format!("entries {first} to {last}"))
        .change(None, Some(format!("{gone} entries let go of")));
    note(conn, &entry).await?;
    Ok(gone)
}
