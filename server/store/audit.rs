//! The audit log: written in the transaction of the change that it tells of, so that neither is there without the other.

use super::{ESTATE, Store, db::Conn, error::Result};
use crate::domain::audit::Entry;

/// The next number, and the hash of the entry before; holds the row until the transaction ends.
const TAKE: &str = "INSERT INTO audit_head (estate, seq, hash) VALUES ($1, 1, $2)
ON CONFLICT (estate) DO UPDATE SET seq = audit_head.seq + 1
RETURNING seq, hash";
const WRITE: &str =
    "INSERT INTO audit (estate, seq, at, kind, actor, address, deed, subject, old, new, why, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const MOVE: &str = "UPDATE audit_head SET hash = $2 WHERE estate = $1";

#[derive(sqlx::FromRow)]
struct Head {
    seq: i64,
    hash: Vec<u8>,
}

/// Writes an entry down, in the transaction that `conn` is in.
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
}
