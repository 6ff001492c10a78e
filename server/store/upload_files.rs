//! The files of uploads under way, in pieces, so that reading them survives a restart; and what is let go of, when.

use super::{ESTATE, Store, error::Result, rows::Rows, upload_model::State};
use crate::domain::{
    audit::Author,
    time::{DAY, HOUR, Timestamp},
};

/// Most bytes of a piece.
pub const PIECE: usize = 1 << 20;
/// Bytes that are enough for one transaction, so that reports do not wait long behind a large file.
const TOGETHER: usize = 4 << 20;
/// Pieces in one transaction, where they are small.
const MOST: usize = 500;
/// Rows of an upload that is over are kept this long.
pub const ROWS_KEPT_FOR: i64 = 7 * DAY;
/// Rejected rows are kept this long.
pub const REJECTED_KEPT_FOR: i64 = 30 * DAY;
/// A preview that nobody decides on is discarded after this.
pub const PREVIEW_KEPT_FOR: i64 = 7 * DAY;
/// Pieces without an upload belong to one that broke off while it came in.
const ORPHANED: i64 = HOUR;
/// Rows let go of in one transaction.
const CHUNK: i64 = 2_000;

const INSERT: &str = "WITH v (upload, file, piece, content) AS ({rows})
INSERT INTO upload_files (estate, upload, file, piece, content) SELECT $1, upload, file, piece, content FROM v WHERE TRUE
ON CONFLICT (estate, upload, file, piece) DO NOTHING RETURNING upload";
const PIECES: &str = "SELECT content FROM upload_files WHERE estate = $1 AND upload = $2 AND file = $3 AND piece = $4";
const EXPIRED: &str =
    "SELECT id FROM uploads WHERE estate = $1 AND state = 'preview' AND id < $2 LIMIT 100";
const ORPHANS: &str = "DELETE FROM upload_files WHERE estate = $1 AND upload < $2
  AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.estate = upload_files.estate AND u.id = upload_files.upload)";
const TIDY: &str = include_str!("sql/tidy_upload_rows.sql");

#[derive(sqlx::FromRow)]
struct Piece {
    content: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Written {
    #[sqlx(rename = "upload")]
    _upload: String,
}

#[derive(sqlx::FromRow)]
struct IdOnly {
    id: String,
}

impl Store {
    /// Keeps the files of an upload that is coming in.
    pub async fn keep_upload_files(&self, upload: &str, files: &[(String, Vec<u8>)]) -> Result<()> {
        let mut pieces: Vec<(i64, i64, &[u8])> = Vec::new();
        for (file, (_, content)) in (0_i64..).zip(files) {
            for (piece, content) in (0_i64..).zip(content.chunks(PIECE)) {
                pieces.push((file, piece, content));
            }
        }
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let mut count = 0;
            for (.., content) in rest.iter().take(MOST) {
                count += 1;
                bytes += content.len();
                if bytes >= TOGETHER {
                    break;
                }
            }
            let together;
            (together, rest) = rest.split_at(count);
            let rows = Rows::default()
                .text(together.iter().map(|_| Some(upload)))
                .int(together.iter().map(|(file, ..)| Some(*file)))
                .int(together.iter().map(|(_, piece, _)| Some(*piece)))
                .bytes(together.iter().map(|(.., content)| Some(content.to_vec())));
            self.writer
                .run(move |conn| {
                    Box::pin(async move {
                        let _: Vec<Written> = conn.many(INSERT, &[ESTATE], &rows).await?;
                        Ok(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// A file of an upload under way, put together again.
    pub async fn upload_file(&self, upload: &str, file: i64) -> Result<Vec<u8>> {
        let mut tx = self.db.read().await?;
        let mut content = Vec::new();
        for piece in 0.. {
            let found: Option<Piece> = tx
                .sql(PIECES)
                .bind(ESTATE)
                .bind(upload.to_owned())
                .bind(file)
                .bind(piece)
                .optional()
                .await?;
            match found {
                Some(found) => content.extend_from_slice(&found.content),
                None => break,
            }
        }
        Ok(content)
    }

    /// Lets go of rows that were kept long enough, of previews that nobody decided on, and of files without an upload.
    pub async fn tidy_uploads(&self, now: Timestamp) -> Result<()> {
        let expired: Vec<IdOnly> = self
            .db
            .read()
            .await?
            .sql(EXPIRED)
            .bind(ESTATE)
            .bind(earliest_id(now.plus(-PREVIEW_KEPT_FOR)))
            .all()
            .await?;
        for upload in expired {
            let days = PREVIEW_KEPT_FOR / DAY;
            let why = format!("Nobody decided within {days} days, so nothing was stored.");
            self.cancel_upload(upload.id, why, Author::server(), now)
                .await?;
        }
        let orphans = earliest_id(now.plus(-ORPHANED));
        self.writer
            .run(move |conn| {
                Box::pin(
                    async move { conn.sql(ORPHANS).bind(ESTATE).bind(orphans).execute().await },
                )
            })
            .await?;
        loop {
            let gone = self
                .writer
                .run(move |conn| {
                    Box::pin(async move {
                        conn.sql(TIDY)
                            .bind(ESTATE)
                            .bind(now.plus(-ROWS_KEPT_FOR).0)
                            .bind(now.plus(-REJECTED_KEPT_FOR).0)
                            .bind(CHUNK)
                            .execute()
                            .await
                    })
                })
                .await?;
            if gone == 0 {
                return Ok(());
            }
        }
    }

    /// Whether the rows of an upload that was over at `finished_at` may have been let go of.
    pub fn upload_rows_are_gone(
        state: State,
        finished_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        !state.is_busy() && finished_at.is_some_and(|at| now.since(at) > ROWS_KEPT_FOR)
    }
}

/// The first id that an upload at this time can have.
fn earliest_id(at: Timestamp) -> String {
    let millis = u64::try_from(at.0).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xFFFF)
}
