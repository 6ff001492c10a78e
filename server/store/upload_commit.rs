//! Storing what an upload says: a portion of its rows, its progress and its counts in one transaction, so that a kill
//! at any moment counts nothing twice and forgets nothing.

use std::{collections::HashSet, sync::Arc};

use super::{
    ESTATE, Store,
    admission::Refusal,
    db::Conn,
    error::{Error, Result},
    evidence, feeds, group,
    identify::{self, ClientId},
    incoming::{Incoming, Kept, News, Receipt},
    known::Known,
    rows::Rows,
    upload_model::RowOutcome,
    upload_rows::tame,
    upload_whom::whom,
    uploads,
};
use crate::domain::time::Timestamp;

const NEXT: &str = "SELECT n, dictionary, document FROM upload_rows
WHERE estate = $1 AND upload = $2 AND n >= $3 AND status <> 'rejected' ORDER BY n LIMIT $4";
const PASS: &str = "UPDATE uploads SET done = $4 WHERE estate = $1 AND id = $2 AND state = 'committing' AND done = $3";
const COUNT: &str =
    "UPDATE uploads SET stored_new = stored_new + $3, stored_changed = stored_changed + $4,
  stored_unchanged = stored_unchanged + $5, stored_late = stored_late + $6, rejected = rejected + $7,
  site = CASE WHEN CAST($8 AS TEXT) IS NULL THEN site WHEN site IS NULL OR site = $8 THEN $8 ELSE '' END
WHERE estate = $1 AND id = $2";
const STORED: &str = "WITH v (upload, n, client_id, outcome, standing, note) AS ({rows})
UPDATE upload_rows SET client_id = v.client_id, outcome = v.outcome, standing = v.standing,
  notes = upload_rows.notes || v.note FROM v
WHERE upload_rows.estate = $1 AND upload_rows.upload = v.upload AND upload_rows.n = v.n RETURNING upload_rows.n";
const REFUSED: &str = "WITH v (upload, n, problem) AS ({rows})
UPDATE upload_rows SET status = 'rejected', problem = v.problem FROM v
WHERE upload_rows.estate = $1 AND upload_rows.upload = v.upload AND upload_rows.n = v.n RETURNING upload_rows.n";
const DONE: &str = "UPDATE uploads SET state = 'done', done = total, finished_at = $4, worker = '',
  asked = $5, answered = $6
WHERE estate = $1 AND id = $2 AND state = 'committing' AND done = $3
RETURNING site, way, committed_at, committed_by, created_by";

/// Bytes of documents that are enough for one portion.
const ENOUGH: usize = 8 << 20;

/// A row that is to be stored: its number and its report document.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its number, from 0.
    pub n: i64,
    /// The document.
    pub document: Vec<u8>,
}

/// Rows to store in one transaction.
#[derive(Clone, Debug)]
pub struct Portion {
    /// The upload.
    pub upload: String,
    /// Rows that were passed before.
    pub from: i64,
    /// Rows that are passed after it.
    pub to: i64,
    /// What to store, by number.
    pub reports: Vec<(i64, Incoming)>,
    /// What cannot be stored after all, and why, by number.
    pub refused: Vec<(i64, String)>,
}

#[derive(sqlx::FromRow)]
struct Next {
    n: i64,
    dictionary: i64,
    document: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Ended {
    site: Option<String>,
    way: String,
    committed_at: Option<i64>,
    committed_by: Option<String>,
    created_by: String,
}

#[derive(sqlx::FromRow)]
struct Written {
    #[sqlx(rename = "n")]
    _n: i64,
}

impl Store {
    /// The next rows to store, from number `from` on: at most `limit`, fewer where they are large.
    pub async fn waiting_upload_rows(
        &self,
        upload: &str,
        from: i64,
        limit: i64,
    ) -> Result<Vec<Waiting>> {
        let rows: Vec<Next> = self
            .db
            .read()
            .await?
            .sql(NEXT)
            .bind(ESTATE)
            .bind(upload.to_owned())
            .bind(from)
            .bind(limit)
            .all()
            .await?;
        let mut waiting = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for row in rows {
            let document = evidence::unpacked(&row.document, row.dictionary)?;
            bytes += document.len();
            waiting.push(Waiting { n: row.n, document });
            if bytes > ENOUGH {
                break;
            }
        }
        Ok(waiting)
    }

    /// Stores a portion, or nothing of it. Answers what was kept, or `None` when it is wanted no more: the upload was
    /// cancelled, or somebody else has passed these rows. `again`: it lost against another server before.
    pub async fn store_portion(
        &self,
        portion: Arc<Portion>,
        now: Timestamp,
        again: bool,
    ) -> Result<Option<Vec<Kept>>> {
        let burst = self.writer.burst();
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    if again {
                        conn.lock_new_clients().await?;
                    }
                    store(conn, &portion, burst, now).await
                })
            })
            .await
    }

    /// Ends an upload of which everything is stored; `from` rows were passed. Of how many devices it was to speak, and
    /// of how many it does, is noted for its sender, too.
    pub async fn finish_upload(
        &self,
        id: String,
        from: i64,
        completeness: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let ended: Option<Ended> = conn
                        .sql(DONE)
                        .bind(ESTATE)
                        .bind(id.clone())
                        .bind(from)
                        .bind(now.0)
                        .bind(completeness.map(|(asked, _)| asked))
                        .bind(completeness.map(|(_, answered)| answered))
                        .optional()
                        .await?;
                    let Some(ended) = ended else {
                        return Ok(false);
                    };
                    uploads::forget_files(conn, id).await?;
                    if let (Some(site), Some(completeness)) = (ended.site, completeness) {
                        let sender = ended.committed_by.unwrap_or(ended.created_by);
                        let at = ended.committed_at.map_or(now, Timestamp);
                        feeds::complete(conn, site, sender, ended.way, completeness, at).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }
}

async fn store(
    conn: &mut Conn,
    portion: &Portion,
    burst: i64,
    now: Timestamp,
) -> Result<Option<Vec<Kept>>> {
    let passed = conn
        .sql(PASS)
        .bind(ESTATE)
        .bind(portion.upload.clone())
        .bind(portion.from)
        .bind(portion.to)
        .execute()
        .await?;
    if passed == 0 {
        return Ok(None);
    }
    // Whom a row is about was shown, but the world may have moved since: choosing one of two could clear the wrong one.
    let idents = portion
        .reports
        .iter()
        .flat_map(|(_, report)| identify::all_idents(&report.ids));
    let known = Known::find(conn, idents).await?;
    let mut refused = portion.refused.clone();
    let mut numbers = Vec::with_capacity(portion.reports.len());
    let mut reports = Vec::with_capacity(portion.reports.len());
    for (n, report) in &portion.reports {
        if let Some(why) = whom(&known, &report.ids, report.sender.speaker()).ambiguous() {
            refused.push((*n, in_sight(why, &known, report)));
        } else {
            numbers.push(*n);
            reports.push(report.clone());
        }
    }
    let receipts = group::apply(conn, &reports, burst, now).await?;
    let mut met: HashSet<ClientId> = known.state.keys().copied().collect();
    let outcomes: Vec<(i64, &Receipt, RowOutcome)> = numbers
        .into_iter()
        .zip(&receipts)
        .map(|(n, receipt)| (n, receipt, outcome(receipt, met.insert(receipt.client_id))))
        .collect();
    write_outcomes(conn, &portion.upload, &outcomes).await?;
    write_refused(conn, &portion.upload, &refused).await?;
    let count = |wanted| {
        outcomes
            .iter()
            .filter(|(.., outcome)| *outcome == wanted)
            .count()
    };
    let mut statement = conn.sql(COUNT).bind(ESTATE).bind(portion.upload.clone());
    for count in RowOutcome::ALL
        .map(count)
        .into_iter()
        .chain([refused.len()])
    {
        statement = statement.bind(i64::try_from(count).unwrap_or(i64::MAX));
    }
    statement.bind(feeds::one_site(&reports)).execute().await?;
    Ok(Some(receipts.iter().map(|receipt| receipt.kept).collect()))
}

/// Why a row that could be about several clients is not taken, in words that name none of a site that its sender may not see.
fn in_sight(why: String, known: &Known, report: &Incoming) -> String {
    let sender = &report.sender;
    if sender.sites.limit().is_none() {
        return why;
    }
    let seen = known.in_sight(&sender.sites);
    let of_those = whom(&seen, &report.ids, sender.speaker()).ambiguous();
    of_those.unwrap_or_else(|| Refusal::OtherSite.words())
}

const fn outcome(receipt: &Receipt, first: bool) -> RowOutcome {
    match (receipt.kept, receipt.news) {
        (Kept::Stored, _) if first => RowOutcome::New,
        (Kept::Stored, News::Some) => RowOutcome::Changed,
        (Kept::Stored, News::None | News::Vouched) | (Kept::Unchanged, _) => RowOutcome::Unchanged,
        (Kept::Late, _) => RowOutcome::Late,
    }
}

/// What is added to the notes of a row, which are a line each.
const fn note(receipt: &Receipt) -> &'static str {
    match (receipt.kept, receipt.news) {
        (Kept::Stored, News::Vouched) => {
            "\nAll of it was known from what was sent with the clients' token. Now a person or an import vouches for it, too."
        }
        _ => "",
    }
}

async fn write_outcomes(
    conn: &mut Conn,
    upload: &str,
    outcomes: &[(i64, &Receipt, RowOutcome)],
) -> Result<()> {
    let each = || outcomes.iter();
    let rows = Rows::default()
        .text(each().map(|_| Some(upload)))
        .int(each().map(|(n, ..)| Some(*n)))
        .bytes(each().map(|(_, receipt, _)| Some(identify::bytes(receipt.client_id))))
        .text(each().map(|(.., outcome)| Some(outcome.code())))
        .text(each().map(|(_, receipt, _)| Some(receipt.standing.code())))
        .text(each().map(|(_, receipt, _)| Some(note(receipt))));
    let written: Vec<Written> = conn.many(STORED, &[ESTATE], &rows).await?;
    all_written(written.len(), outcomes.len())
}

async fn write_refused(conn: &mut Conn, upload: &str, refused: &[(i64, String)]) -> Result<()> {
    let rows = Rows::default()
        .text(refused.iter().map(|_| Some(upload)))
        .int(refused.iter().map(|(n, _)| Some(*n)))
        .text(refused.iter().map(|(_, problem)| Some(tame(problem))));
    let written: Vec<Written> = conn.many(REFUSED, &[ESTATE], &rows).await?;
    all_written(written.len(), refused.len())
}

fn all_written(written: usize, wanted: usize) -> Result<()> {
    if written == wanted {
        return Ok(());
    }
    Err(Error::Inconsistent {
        table: "upload_rows",
        detail: format!("{written} rows where {wanted} were read before"),
    })
}
