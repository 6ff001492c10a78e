//! Uploads: what was sent, how far it has come, and the receipt that stays.

use super::{
    ESTATE, Store, audit,
    db::Conn,
    error::{Error, Result},
    upload_model::{Counts, NewUpload, State, Upload},
};
use crate::domain::{
    audit::{Author, Entry},
    time::Timestamp,
};

const FIND: &str = include_str!("sql/find_upload.sql");
const LATEST: &str = include_str!("sql/latest_uploads.sql");
const INSERT: &str = include_str!("sql/insert_upload.sql");
const AGAIN: &str = "UPDATE uploads SET state = 'reading', starts = 0, options = $3, collected_at = $4, problem = NULL, worker = '',
  worker_until = 0 WHERE estate = $1 AND id = $2 AND state = 'preview'";
const OPTIONS: &str =
    "SELECT options FROM uploads WHERE estate = $1 AND id = $2 AND state = 'preview'";
const COMMIT: &str =
    "UPDATE uploads SET state = 'committing', committed_by = $3, committed_at = $4, worker = '',
  worker_until = 0 WHERE estate = $1 AND id = $2 AND state = 'preview'";
const CANCEL: &str =
    "UPDATE uploads SET state = 'cancelled', finished_at = $3, problem = $4, worker = ''
WHERE estate = $1 AND id = $2 AND state IN ('reading', 'preview', 'committing')";
const FAIL: &str =
    "UPDATE uploads SET state = 'failed', finished_at = $3, problem = $4, worker = ''
WHERE estate = $1 AND id = $2 AND state IN ('reading', 'committing')";
const FORGET_FILES: &str = "DELETE FROM upload_files WHERE estate = $1 AND upload = $2";
const CLAIM: &str = "UPDATE uploads SET worker = $2, worker_until = $3 WHERE estate = $1 AND id = (
  SELECT id FROM uploads WHERE estate = $1 AND state IN ('reading', 'committing') AND (worker_until < $4 OR worker = $2)
    AND ($5 = '' OR id = $5)
  ORDER BY id LIMIT 1)
  AND state IN ('reading', 'committing') AND (worker_until < $4 OR worker = $2)
RETURNING id";
const WAITING: &str = "SELECT COUNT(*) FROM uploads
WHERE estate = $1 AND state IN ('reading', 'committing') AND (worker_until < $2 OR worker = $3)
  AND ($4 = '' OR id = $4)";
const RENEW: &str =
    "UPDATE uploads SET worker_until = $4 WHERE estate = $1 AND id = $2 AND worker = $3";

#[derive(sqlx::FromRow)]
struct Kept {
    id: String,
    created_at: i64,
    created_by: String,
    committed_by: Option<String>,
    committed_at: Option<i64>,
    way: String,
    names: String,
    file_hash: Vec<u8>,
    bytes: i64,
    options: String,
    collected_at: Option<i64>,
    at_once: bool,
    state: String,
    starts: i64,
    format: String,
    told: String,
    total: i64,
    done: i64,
    found_new: i64,
    found_known: i64,
    rejected: i64,
    stored_new: i64,
    stored_changed: i64,
    stored_unchanged: i64,
    stored_late: i64,
    problem: Option<String>,
    finished_at: Option<i64>,
    would_new: i64,
    would_changed: i64,
    would_unchanged: i64,
    would_late: i64,
    token: String,
    about: Option<i64>,
    asked: Option<i64>,
    answered: Option<i64>,
    by_itself: String,
}

impl TryFrom<Kept> for Upload {
    type Error = Error;

    fn try_from(row: Kept) -> Result<Self> {
        Ok(Self {
            state: State::from_code(&row.state)?,
            id: row.id,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            committed_by: row.committed_by,
            committed_at: row.committed_at.map(Timestamp),
            way: row.way,
            names: row.names,
            file_hash: row.file_hash,
            bytes: row.bytes,
            options: row.options,
            collected_at: row.collected_at.map(Timestamp),
            at_once: row.at_once,
            starts: row.starts,
            format: row.format,
            told: row.told,
            counts: Counts {
                total: row.total,
                done: row.done,
                found_new: row.found_new,
                found_known: row.found_known,
                rejected: row.rejected,
                would_new: row.would_new,
                would_changed: row.would_changed,
                would_unchanged: row.would_unchanged,
                would_late: row.would_late,
                stored_new: row.stored_new,
                stored_changed: row.stored_changed,
                stored_unchanged: row.stored_unchanged,
                stored_late: row.stored_late,
            },
            problem: row.problem,
            finished_at: row.finished_at.map(Timestamp),
            token: row.token,
            about: row.about,
            completeness: row.asked.zip(row.answered),
            by_itself: row.by_itself,
        })
    }
}

#[derive(sqlx::FromRow)]
struct Options {
    options: String,
}

#[derive(sqlx::FromRow)]
struct IdOnly {
    id: String,
}

impl Store {
    /// Takes note of an upload whose files are kept already; reading it can begin.
    pub async fn add_upload(&self, new: NewUpload) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let entry = added(&new);
                    let committed_by = new.at_once.then(|| new.created_by.clone());
                    let committed_at = new.at_once.then_some(new.created_at.0);
                    conn.sql(INSERT)
                        .bind(ESTATE)
                        .bind(new.id)
                        .bind(new.created_at.0)
                        .bind(new.created_by)
                        .bind(committed_by)
                        .bind(committed_at)
                        .bind(new.way)
                        .bind(new.names)
                        .bind(new.file_hash)
                        .bind(new.bytes)
                        .bind(new.options)
                        .bind(new.collected_at.map(|at| at.0))
                        .bind(new.at_once)
                        .bind(new.token)
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// One upload.
    pub async fn upload(&self, id: &str) -> Result<Option<Upload>> {
        let row: Option<Kept> = self
            .db
            .read()
            .await?
            .sql(FIND)
            .bind(ESTATE)
            .bind(id.to_owned())
            .optional()
            .await?;
        row.map(Upload::try_from).transpose()
    }

    /// The latest uploads before `before` (an id; empty: all), newest first; of `only` the token with this id, if given.
    pub async fn uploads(
        &self,
        only: Option<&str>,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Upload>> {
        let rows: Vec<Kept> = self
            .db
            .read()
            .await?
            .sql(LATEST)
            .bind(ESTATE)
            .bind(before.to_owned())
            .bind(only.unwrap_or_default().to_owned())
            .bind(limit)
            .all()
            .await?;
        rows.into_iter().map(Upload::try_from).collect()
    }

    /// Has the files read again in another way. Answers whether that was possible: only a preview can. `vouched`: nothing
    /// changes but that somebody vouches for them.
    pub async fn read_upload_again(
        &self,
        id: String,
        options: String,
        collected_at: Option<Timestamp>,
        vouched: bool,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        let deed = if vouched {
            "upload.vouch"
        } else {
            "upload.again"
        };
        self.change(move |conn| {
            Box::pin(async move {
                let old: Option<Options> = conn
                    .sql(OPTIONS)
                    .bind(ESTATE)
                    .bind(id.clone())
                    .optional()
                    .await?;
                let entry = author
                    .entry(now, deed, id.clone())
                    .change(old.map(|old| old.options), Some(options.clone()));
                let begun = conn
                    .sql(AGAIN)
                    .bind(ESTATE)
                    .bind(id)
                    .bind(options)
                    .bind(collected_at.map(|at| at.0))
                    .execute()
                    .await?;
                noted(conn, begun, &entry).await
            })
        })
        .await
    }

    /// Has what was shown stored. Answers whether that was possible: only a preview can.
    pub async fn commit_upload(
        &self,
        id: String,
        by: String,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        self.change(move |conn| {
            Box::pin(async move {
                let entry = author.entry(now, "upload.store", id.clone());
                let begun = conn
                    .sql(COMMIT)
                    .bind(ESTATE)
                    .bind(id)
                    .bind(by)
                    .bind(now.0)
                    .execute()
                    .await?;
                noted(conn, begun, &entry).await
            })
        })
        .await
    }

    /// Ends an upload; what was stored of it stays. Answers whether it was still under way.
    pub async fn cancel_upload(
        &self,
        id: String,
        why: String,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = author.entry(now, "upload.discard", id.clone());
        self.end(CANCEL, id, why, Some(entry), now).await
    }

    /// Ends an upload that cannot be read or stored.
    pub async fn fail_upload(&self, id: String, why: String, now: Timestamp) -> Result<bool> {
        // Nobody did it, and the upload says why.
        self.end(FAIL, id, why, None, now).await
    }

    async fn end(
        &self,
        text: &'static str,
        id: String,
        why: String,
        entry: Option<Entry>,
        now: Timestamp,
    ) -> Result<bool> {
        self.change(move |conn| {
            Box::pin(async move {
                let ended = conn
                    .sql(text)
                    .bind(ESTATE)
                    .bind(id.clone())
                    .bind(now.0)
                    .bind(why.replace('\0', "·"))
                    .execute()
                    .await?;
                if ended > 0 {
                    forget_files(conn, id).await?;
                }
                match &entry {
                    Some(entry) => noted(conn, ended, entry).await,
                    None => Ok(ended),
                }
            })
        })
        .await
    }

    async fn change<F>(&self, work: F) -> Result<bool>
    where
        F: for<'c> FnOnce(
                &'c mut Conn,
            )
                -> std::pin::Pin<Box<dyn Future<Output = Result<u64>> + Send + 'c>>
            + Send
            + 'static,
    {
        self.writer.run(work).await.map(|changed| changed > 0)
    }

    /// The oldest upload that wants work and that no other process is at work on; it is this one's for `lease`.
    /// `only`: this one or none.
    pub async fn claim_upload(
        &self,
        worker: &str,
        only: Option<&str>,
        now: Timestamp,
        lease: i64,
    ) -> Result<Option<Upload>> {
        let worker = worker.to_owned();
        let only = only.unwrap_or_default().to_owned();
        // Asked every second, so the writer is only bothered when there is something.
        let waiting: i64 = self
            .db
            .read()
            .await?
            .sql(WAITING)
            .bind(ESTATE)
            .bind(now.0)
            .bind(worker.clone())
            .bind(only.clone())
            .scalar()
            .await?;
        if waiting == 0 {
            return Ok(None);
        }
        let claimed: Option<IdOnly> = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(CLAIM)
                        .bind(ESTATE)
                        .bind(worker)
                        .bind(now.plus(lease).0)
                        .bind(now.0)
                        .bind(only)
                        .optional()
                        .await
                })
            })
            .await?;
        match claimed {
            Some(claimed) => self.upload(&claimed.id).await,
            None => Ok(None),
        }
    }

    /// Keeps an upload this worker's until `until`.
    pub async fn renew_upload(&self, id: String, worker: String, until: Timestamp) -> Result<bool> {
        self.change(move |conn| {
            Box::pin(async move {
                conn.sql(RENEW)
                    .bind(ESTATE)
                    .bind(id)
                    .bind(worker)
                    .bind(until.0)
                    .execute()
                    .await
            })
        })
        .await
    }
}

/// Writes an entry down when something was changed; answers how much was.
async fn noted(conn: &mut Conn, changed: u64, entry: &Entry) -> Result<u64> {
    if changed > 0 {
        audit::note(conn, entry).await?;
    }
    Ok(changed)
}

/// What the audit log says of a new upload.
fn added(new: &NewUpload) -> Entry {
    let hash: String = new
        .file_hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let then = if new.at_once { "; stored at once" } else { "" };
    let told = format!(
        "{}; {} bytes, SHA-256 {hash}{then}; {}",
        new.names, new.bytes, new.options
    );
    let author = new.author.clone();
    author
        .entry(new.created_at, "upload.add", new.id.clone())
        .change(None, Some(told))
}

/// Lets go of the files of an upload that is over.
pub(super) async fn forget_files(conn: &mut Conn, id: String) -> Result<()> {
    conn.sql(FORGET_FILES)
        .bind(ESTATE)
        .bind(id)
        .execute()
        .await
        .map(drop)
}
