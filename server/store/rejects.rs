//! Records that were refused, kept for inspection for a set time.

use super::{ESTATE, Store, error::Result, model::RejectRow, rows::Rows};
use crate::domain::time::{DAY, Timestamp};

/// How long a refused record is kept.
pub const KEPT_FOR: i64 = 30 * DAY;
/// How many are kept at most; the oldest go first.
pub const KEPT_AT_MOST: i64 = 100_000;
/// How much of a refused record is kept.
pub const KEPT_BYTES: usize = 64 * 1024;

const INSERT: &str = "WITH v (id, received_at, sent_by, position, errors, length, raw) AS ({rows})
INSERT INTO rejects (estate, id, received_at, sent_by, position, errors, length, raw)
SELECT $1, id, received_at, sent_by, position, errors, length, raw FROM v WHERE TRUE
ON CONFLICT (estate, id) DO NOTHING RETURNING id";
const TIDY: &str = "DELETE FROM rejects WHERE estate = $1 AND (received_at < $2 OR received_at < (
  SELECT received_at FROM rejects WHERE estate = $1 ORDER BY received_at DESC LIMIT 1 OFFSET $3))";
const LATEST: &str = "SELECT id, received_at, sent_by, position, errors, length, raw FROM rejects
WHERE estate = $1 ORDER BY received_at DESC, id DESC LIMIT $2";

/// A record to keep as refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Place in the request, from 0.
    pub index: usize,
    /// Problems: JSON pointer and sentence.
    pub errors: Vec<(String, String)>,
    /// Length of the record.
    pub length: usize,
    /// Its first [`KEPT_BYTES`].
    pub head: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct IdOnly {
    #[sqlx(rename = "id")]
    _id: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    received_at: i64,
    sent_by: String,
    position: i64,
    errors: String,
    length: i64,
    raw: Vec<u8>,
}

impl Store {
    /// Keeps what was refused, and lets go of what is too old or too much.
    pub async fn keep_rejects(
        &self,
        refused: Vec<Refused>,
        sent_by: String,
        now: Timestamp,
    ) -> Result<()> {
        if refused.is_empty() {
            return Ok(());
        }
        let rows = Rows::default()
            .text(
                refused
                    .iter()
                    .map(|_| Some(uuid::Uuid::now_v7().to_string())),
            )
            .int(refused.iter().map(|_| Some(now.0)))
            .text(refused.iter().map(|_| Some(sent_by.clone())))
            .int(refused.iter().map(|r| i64::try_from(r.index).ok()))
            .text(refused.iter().map(|r| Some(lines(&r.errors))))
            .int(refused.iter().map(|r| i64::try_from(r.length).ok()))
            .bytes(refused.into_iter().map(|r| Some(r.head)));
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let _: Vec<IdOnly> = conn.many(INSERT, &[ESTATE], &rows).await?;
                    conn.sql(TIDY)
                        .bind(ESTATE)
                        .bind(now.0 - KEPT_FOR)
                        .bind(KEPT_AT_MOST)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// The latest refused records, newest first.
    pub async fn rejects(&self, limit: i64) -> Result<Vec<RejectRow>> {
        let rows: Vec<Stored> = self
            .db
            .read()
            .await?
            .sql(LATEST)
            .bind(ESTATE)
            .bind(limit)
            .all()
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| RejectRow {
                id: row.id,
                received_at: Timestamp(row.received_at),
                sent_by: row.sent_by,
                index: row.position,
                errors: row
                    .errors
                    .lines()
                    .map(|line| line.split_once('\t').unwrap_or(("", line)))
                    .map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned()))
                    .collect(),
                excerpt: printable(&row.raw),
                length: row.length,
            })
            .collect())
    }
}

/// One problem a line: pointer, tab, sentence. Control characters from outside become dots.
fn lines(errors: &[(String, String)]) -> String {
    let tame = |text: &str| text.replace(char::is_control, "·");
    errors
        .iter()
        .map(|(pointer, detail)| format!("{}\t{}\n", tame(pointer), tame(detail)))
        .collect()
}

/// The first part of a refused record as text that is safe to show anywhere.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)])
        .chars()
        .map(|c| if c.is_control() && c != '\n' { '·' } else { c })
        .collect()
}
