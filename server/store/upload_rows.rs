//! What an upload says, row by row: written while its files are read, shown before anything is stored.

use super::{
    ESTATE, Store,
    error::{Error, Result},
    evidence, identify,
    rows::Rows,
    upload_model::{Lack, NewRow, RejectedRow, RowOutcome, RowStatus, Shown, UploadRow},
};
use crate::domain::verdict::Standing;

const BEGIN: &str = "UPDATE uploads SET attempt = attempt + 1, starts = starts + 1, total = 0, found_new = 0, found_known = 0, rejected = 0,
  would_new = 0, would_changed = 0, would_unchanged = 0, would_late = 0, about = NULL, asked = NULL, answered = NULL,
  format = '', told = '[]', by_itself = '' WHERE estate = $1 AND id = $2 AND state = 'reading' RETURNING attempt";
const CLEAR: &str = "DELETE FROM upload_rows WHERE estate = $1 AND upload = $2 AND n IN (
  SELECT n FROM upload_rows WHERE estate = $1 AND upload = $2 LIMIT $3)";
const COUNT: &str = "UPDATE uploads SET total = total + $5, found_new = found_new + $6, found_known = found_known + $7,
  rejected = rejected + $8, would_new = would_new + $9, would_changed = would_changed + $10,
  would_unchanged = would_unchanged + $11, would_late = would_late + $12, by_itself = $13
WHERE estate = $1 AND id = $2 AND state = 'reading' AND attempt = $3 AND total = $4";
const INSERT: &str = include_str!("sql/insert_upload_rows.sql");
const READ: &str = "UPDATE uploads SET state = CASE WHEN at_once THEN 'committing' ELSE 'preview' END, format = $4, told = $5,
  asked = $6, answered = $7 WHERE estate = $1 AND id = $2 AND state = 'reading' AND attempt = $3";
const ABOUT: &str = "UPDATE uploads SET about = $4 WHERE estate = $1 AND id = $2 AND state = 'reading' AND attempt = $3";
const ALL: &str = "SELECT n, file AS file_name, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, outcome, standing
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 ORDER BY n LIMIT $4";
const BY_STATUS: &str = "SELECT n, file AS file_name, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, outcome, standing
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 AND status = $5 ORDER BY n LIMIT $4";
const BY_OUTCOME: &str = "SELECT n, file AS file_name, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, outcome, standing
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 AND COALESCE(outcome, forecast) = $5 ORDER BY n LIMIT $4";
const BY_ITSELF: &str = "SELECT n, file AS file_name, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, outcome, standing
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 AND by_itself = $5 ORDER BY n LIMIT $4";
const LACKING: &str = "SELECT n, file AS file_name, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, outcome, standing
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 AND lacks = $5 ORDER BY n LIMIT $4";
const DEVICES: &str = "SELECT COUNT(DISTINCT client_id) FROM upload_rows
WHERE estate = $1 AND upload = $2 AND status <> 'rejected'";
const REJECTED: &str = "SELECT n, file AS file_name, place, problem, dictionary, document
FROM upload_rows WHERE estate = $1 AND upload = $2 AND n >= $3 AND status = 'rejected' ORDER BY n LIMIT $4";
/// Rows let go of in one transaction.
const CHUNK: i64 = 2_000;

#[derive(sqlx::FromRow)]
struct StoredRow {
    n: i64,
    file_name: String,
    place: String,
    status: String,
    name: String,
    client_id: Option<Vec<u8>>,
    client_name: Option<String>,
    notes: String,
    problem: Option<String>,
    forecast: Option<String>,
    by_itself: Option<String>,
    outcome: Option<String>,
    standing: Option<String>,
}

#[derive(sqlx::FromRow)]
struct StoredRejected {
    n: i64,
    file_name: String,
    place: String,
    problem: Option<String>,
    dictionary: i64,
    document: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Attempt {
    attempt: i64,
}

#[derive(sqlx::FromRow)]
struct Written {
    #[sqlx(rename = "n")]
    _n: i64,
}

impl Store {
    /// Begins to read an upload, from nothing. Answers which reading this is; `None`: it is not to be read.
    pub async fn begin_reading(&self, id: &str) -> Result<Option<i64>> {
        let upload = id.to_owned();
        let attempt: Option<Attempt> = self
            .writer
            .run(move |conn| {
                Box::pin(async move { conn.sql(BEGIN).bind(ESTATE).bind(upload).optional().await })
            })
            .await?;
        let Some(Attempt { attempt }) = attempt else {
            return Ok(None);
        };
        loop {
            let upload = id.to_owned();
            let gone = self
                .writer
                .run(move |conn| {
                    Box::pin(async move {
                        conn.sql(CLEAR)
                            .bind(ESTATE)
                            .bind(upload)
                            .bind(CHUNK)
                            .execute()
                            .await
                    })
                })
                .await?;
            if gone == 0 {
                return Ok(Some(attempt));
            }
        }
    }

    /// Notes about how many rows this reading will come to.
    pub async fn expect_upload_rows(&self, id: String, attempt: i64, about: i64) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(ABOUT)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(attempt)
                        .bind(about)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// Writes the next rows of this reading; `first` were written before, and `by_itself` says of all of them how many
    /// stand how (JSON). Answers false when they are wanted no more:
    /// the upload was cancelled, or somebody else reads it.
    pub async fn add_upload_rows(
        &self,
        id: &str,
        attempt: i64,
        first: i64,
        new: Vec<NewRow>,
        by_itself: String,
    ) -> Result<bool> {
        let count = |status| {
            let fitting = new.iter().filter(|row| row.status == status).count();
            i64::try_from(fitting).unwrap_or(i64::MAX)
        };
        let counts = RowStatus::ALL.map(count);
        let would = |outcome| {
            let fitting = new.iter().filter(|row| row.forecast == Some(outcome));
            i64::try_from(fitting.count()).unwrap_or(i64::MAX)
        };
        let forecasts = RowOutcome::ALL.map(would);
        let length = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let rows = columns(id, first, new);
        let id = id.to_owned();
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let [found_new, found_known, rejected] = counts;
                    let mut statement = conn
                        .sql(COUNT)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(attempt)
                        .bind(first)
                        .bind(length)
                        .bind(found_new)
                        .bind(found_known)
                        .bind(rejected);
                    for forecast in forecasts {
                        statement = statement.bind(forecast);
                    }
                    let counted = statement.bind(by_itself).execute().await?;
                    if counted == 0 {
                        return Ok(false);
                    }
                    let _: Vec<Written> = conn.many(INSERT, &[ESTATE], &rows).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// How many devices the rows of an upload are about, refused ones aside.
    pub async fn devices_of_upload(&self, id: &str) -> Result<i64> {
        self.db
            .read()
            .await?
            .sql(DEVICES)
            .bind(ESTATE)
            .bind(id.to_owned())
            .scalar()
            .await
    }

    /// Ends this reading with what the files say of themselves (JSON), and of how many devices they were to speak and do.
    pub async fn end_reading(
        &self,
        id: String,
        attempt: i64,
        format: String,
        told: String,
        completeness: Option<(i64, i64)>,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(READ)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(attempt)
                        .bind(format)
                        .bind(told)
                        .bind(completeness.map(|(asked, _)| asked))
                        .bind(completeness.map(|(_, answered)| answered))
                        .execute()
                        .await
                        .map(|changed| changed > 0)
                })
            })
            .await
    }

    /// Rows of an upload from number `from` on.
    pub async fn upload_rows(
        &self,
        id: &str,
        shown: Shown,
        from: i64,
        limit: i64,
    ) -> Result<Vec<UploadRow>> {
        let (text, code) = match shown {
            Shown::All => (ALL, None),
            Shown::Status(status) => (BY_STATUS, Some(status.code())),
            Shown::Outcome(outcome) => (BY_OUTCOME, Some(outcome.code())),
            Shown::ByItself(standing) => (BY_ITSELF, Some(standing.code())),
            Shown::Lacking(lack) => (LACKING, Some(lack.code())),
        };
        let mut tx = self.db.read().await?;
        let mut statement = tx
            .sql(text)
            .bind(ESTATE)
            .bind(id.to_owned())
            .bind(from)
            .bind(limit);
        if let Some(code) = code {
            statement = statement.bind(code);
        }
        let rows: Vec<StoredRow> = statement.all().await?;
        rows.into_iter().map(UploadRow::try_from).collect()
    }

    /// Rejected rows of an upload from number `from` on, with what stood there.
    pub async fn rejected_upload_rows(
        &self,
        id: &str,
        from: i64,
        limit: i64,
    ) -> Result<Vec<RejectedRow>> {
        let rows: Vec<StoredRejected> = self
            .db
            .read()
            .await?
            .sql(REJECTED)
            .bind(ESTATE)
            .bind(id.to_owned())
            .bind(from)
            .bind(limit)
            .all()
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(RejectedRow {
                    raw: evidence::unpacked(&row.document, row.dictionary)?,
                    n: row.n,
                    file_name: row.file_name,
                    place: row.place,
                    problem: row.problem.unwrap_or_default(),
                })
            })
            .collect()
    }
}

impl TryFrom<StoredRow> for UploadRow {
    type Error = Error;

    fn try_from(row: StoredRow) -> Result<Self> {
        // A new device has a page only once it is stored.
        let is_there = row.status == RowStatus::Known.code() || row.outcome.is_some();
        let id = row.client_id.as_deref().and_then(identify::from_bytes);
        Ok(Self {
            status: RowStatus::from_code(&row.status)?,
            client: id.filter(|_| is_there).map(|id| {
                let name = row.client_name.unwrap_or_else(|| row.name.clone());
                (id.to_string(), name)
            }),
            n: row.n,
            file_name: row.file_name,
            place: row.place,
            name: row.name,
            notes: row
                .notes
                .lines()
                .filter(|note| !note.is_empty())
                .map(str::to_owned)
                .collect(),
            problem: row.problem,
            forecast: row.forecast.as_deref().and_then(RowOutcome::from_code),
            by_itself: row.by_itself.as_deref().and_then(Standing::from_code),
            outcome: row.outcome,
            standing: row.standing.as_deref().and_then(Standing::from_code),
        })
    }
}

fn columns(id: &str, first: i64, new: Vec<NewRow>) -> Rows {
    let packed: Vec<(i64, Vec<u8>)> = new
        .iter()
        .map(|row| evidence::packed(&row.content))
        .collect();
    let each = || new.iter();
    Rows::default()
        .text(each().map(|_| Some(id)))
        .int((first..).take(new.len()).map(Some))
        .text(each().map(|row| Some(tame(&row.file_name))))
        .text(each().map(|row| Some(tame(&row.place))))
        .text(each().map(|row| Some(row.status.code())))
        .text(each().map(|row| Some(tame(&row.name))))
        .bytes(each().map(|row| row.client.as_ref().map(|(id, _)| identify::bytes(*id))))
        .text(each().map(|row| row.client.as_ref().map(|(_, name)| tame(name))))
        .text(each().map(|row| {
            let notes: Vec<String> = row.notes.iter().map(|note| tame(note)).collect();
            Some(notes.join("\n"))
        }))
        .text(each().map(|row| row.problem.as_deref().map(tame)))
        .text(each().map(|row| row.forecast.map(RowOutcome::code)))
        .text(each().map(|row| row.by_itself.map(Standing::code)))
        .text(each().map(|row| row.lacks.map(Lack::code)))
        .int(packed.iter().map(|(dictionary, _)| Some(*dictionary)))
        .bytes(packed.iter().map(|(_, document)| Some(document.clone())))
}

/// Control characters from outside become dots: no database refuses them, and no line is broken by them.
pub(super) fn tame(text: &str) -> String {
    text.replace(char::is_control, "·")
}
