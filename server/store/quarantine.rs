//! What one token sent in a span of time, set aside: kept and marked, and every client it touched judged anew from what is
//! left. Lifting it is the same the other way round.
//!
//! The work goes through the clients in the order of their ids. A portion, its marks and the progress are one transaction,
//! guarded by the position it began at, so a kill, or a second server at the same work, does nothing twice.

use std::{collections::HashMap, sync::Arc};

use super::{
    ESTATE, Store, audit,
    db::{Conn, Tx},
    echoes,
    error::{Error, Result},
    identify::{self, ClientId},
    incoming::ReadsAgain,
    joining,
    known::ClientIdRow,
    quarantine_model::{Preview, Quarantine, Span, Stored},
    rebuilding::Rebuilt,
    remains, rewriting,
    rows::Rows,
    suspicion_closing, tokens,
};
use crate::domain::{
    audit::Author,
    time::{MINUTE, Timestamp},
};

/// Clients of one portion: short enough not to hold up reports.
const PORTION: i64 = 200;
/// How long after the end of its span a report can still be on its way into the database.
const STRAGGLERS: i64 = MINUTE;
/// Clients that a preview judges at most; that it stopped there is said.
pub const PREVIEWED: usize = 20_000;

const COLUMNS: &str = "SELECT id, token, since, until, why, created_at, created_by, lifted_at, lifted_by, lifted_why, working,
  position, clients, judged, changed FROM quarantines WHERE estate = $1";
const ALL: &str = "SELECT id, token, since, until, why, created_at, created_by, lifted_at, lifted_by, lifted_why, working,
  position, clients, judged, changed FROM quarantines WHERE estate = $1 ORDER BY id DESC";
const NEXT: &str = include_str!("sql/next_of_token.sql");
const TOUCHED: &str = include_str!("sql/clients_of_token.sql");
const REPORTS: &str = "SELECT CAST(
  (SELECT COUNT(*) FROM history WHERE estate = $1 AND sent_token = $2 AND sent_token <> ''
     AND received_at >= $3 AND received_at <= $4)
  + (SELECT COUNT(*) FROM echoes WHERE estate = $1 AND sent_token = $2 AND sent_token <> ''
     AND received_at >= $3 AND received_at <= $4) AS BIGINT)";
const ADD: &str = "INSERT INTO quarantines (estate, id, token, since, until, why, created_at, created_by, working, position,
  clients, judged, changed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9, $10, 0, 0)";
const LIFT: &str = "UPDATE quarantines SET lifted_at = $3, lifted_by = $4, lifted_why = $5, working = TRUE, position = $6,
  clients = $7, judged = 0, changed = 0
WHERE estate = $1 AND id = $2 AND lifted_at IS NULL";
const PASS: &str =
    "UPDATE quarantines SET position = $4, judged = judged + $5, changed = changed + $6
WHERE estate = $1 AND id = $2 AND working AND position = $3";
const END: &str = "UPDATE quarantines SET working = FALSE, clients = judged
WHERE estate = $1 AND id = $2 AND working AND position = $3";
/// Begins once more: reports came in behind the position.
const AGAIN: &str = "UPDATE quarantines SET position = $4 WHERE estate = $1 AND id = $2 AND working AND position = $3";
/// Whether the marks are not yet what they should be.
const UNMARKED: &str = include_str!("sql/unmarked_of_token.sql");
const MARK_HISTORY: &str = "WITH v (client_id, token) AS ({rows})
UPDATE history SET aside = (
    SELECT MIN(q.id) FROM quarantines q
    WHERE q.estate = $1 AND q.token = history.sent_token AND q.lifted_at IS NULL
      AND history.received_at >= q.since AND history.received_at <= q.until)
FROM v WHERE history.estate = $1 AND history.client_id = v.client_id AND history.sent_token = v.token
RETURNING history.client_id";
const MARK_ECHOES: &str = "WITH v (client_id, token) AS ({rows})
UPDATE echoes SET aside = (
    SELECT MIN(q.id) FROM quarantines q
    WHERE q.estate = $1 AND q.token = echoes.sent_token AND q.lifted_at IS NULL
      AND echoes.received_at >= q.since AND echoes.received_at <= q.until)
FROM v WHERE echoes.estate = $1 AND echoes.client_id = v.client_id AND echoes.sent_token = v.token
RETURNING echoes.client_id";
const LEFT: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN clients > judged THEN clients - judged ELSE 1 END), 0) AS BIGINT)
FROM quarantines WHERE estate = $1 AND working";

/// How far a portion has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Some clients were judged anew.
    Judged,
    /// Every client is judged; reports of the span may still be on their way.
    Waiting,
    /// Everything is done, or somebody else does it.
    Done,
}

#[derive(sqlx::FromRow)]
struct Touched {
    client_id: Vec<u8>,
}

impl Store {
    /// All quarantines, newest first.
    pub async fn quarantines(&self) -> Result<Vec<Quarantine>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> = tx.sql(ALL).bind(ESTATE).all().await?;
        Ok(rows.into_iter().map(Quarantine::from).collect())
    }

    /// Sets aside what a token sent in a span; answers the id of the quarantine. The clients are judged anew by
    /// [`Store::quarantine_step`].
    pub async fn set_aside(
        &self,
        span: Span,
        why: String,
        author: Author,
        now: Timestamp,
    ) -> Result<String> {
        let id = uuid::Uuid::now_v7().to_string();
        let answer = id.clone();
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let clients = touched(conn, &span).await?;
                    let by = author.by.name();
                    let entry = author
                        .because(Some(why.clone()))
                        .entry(
                            now,
                            "token.quarantine",
                            tokens::subject(conn, &span.token).await?,
                        )
                        .change(
                            None,
                            Some(format!("{} to {} as {id}", span.since, span.until)),
                        );
                    suspicion_closing::set_aside(conn, &span, &id, &by, &why, now).await?;
                    conn.sql(ADD)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(span.token)
                        .bind(span.since.0)
                        .bind(span.until.0)
                        .bind(why)
                        .bind(now.0)
                        .bind(by)
                        .bind(Vec::new())
                        .bind(clients)
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await
                })
            })
            .await?;
        Ok(answer)
    }

    /// Takes a quarantine back; false when there is none of this id in force.
    pub async fn lift_quarantine(
        &self,
        id: String,
        why: String,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let all: Vec<Stored> = conn.sql(COLUMNS).bind(ESTATE).all().await?;
                    let known = all.into_iter().map(Quarantine::from);
                    let Some(known) = known.into_iter().find(|known| known.id == id) else {
                        return Ok(false);
                    };
                    let clients = touched(conn, &known.span).await?;
                    let lifted = conn
                        .sql(LIFT)
                        .bind(ESTATE)
                        .bind(id.clone())
                        .bind(now.0)
                        .bind(author.by.name())
                        .bind(why.clone())
                        .bind(Vec::new())
                        .bind(clients)
                        .execute()
                        .await?;
                    if lifted == 0 {
                        return Ok(false);
                    }
                    let subject = tokens::subject(conn, &known.span.token).await?;
                    let entry = author
                        .because(Some(why))
                        .entry(now, "token.quarantine.lift", subject)
                        .change(Some(id), None);
                    suspicion_closing::count_again(conn, &known.id).await?;
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// What setting a span aside would do. Judges up to [`PREVIEWED`] clients, and writes nothing.
    pub async fn preview_quarantine(
        &self,
        span: &Span,
        reader: &dyn ReadsAgain,
        now: Timestamp,
    ) -> Result<Preview> {
        self.sweep(now).await?;
        let mut conn = self.db.looking().await?;
        let mut aside = in_force(&mut conn).await?;
        aside.push(span.clone());
        let mut preview = Preview {
            reports: reports(&mut conn, span).await?,
            clients: touched(&mut conn, span).await?,
            ..Preview::default()
        };
        let mut after = Vec::new();
        while usize::try_from(preview.judged).is_ok_and(|judged| judged < PREVIEWED) {
            let ids = next(&mut conn, span, &after).await?;
            let Some(last) = ids.last() else {
                break;
            };
            after = identify::bytes(*last);
            preview.count(&rebuilt(&mut conn, &ids, &aside, reader, now).await?, now);
        }
        Ok(preview)
    }

    /// One portion more of some quarantine that is not finished.
    pub async fn quarantine_step(
        &self,
        reader: Arc<dyn ReadsAgain>,
        now: Timestamp,
    ) -> Result<Step> {
        let working = self.quarantines().await?;
        let mut waiting = false;
        for quarantine in working.into_iter().filter(|known| known.working) {
            let reader = Arc::clone(&reader);
            let step = self
                .writer
                .run(move |conn| {
                    Box::pin(async move { step(conn, &quarantine, &*reader, now).await })
                })
                .await;
            let step = match step {
                Err(Error::Passed) => Step::Judged,
                other => other?,
            };
            match step {
                Step::Judged => return Ok(Step::Judged),
                Step::Waiting => waiting = true,
                Step::Done => {}
            }
        }
        Ok(if waiting { Step::Waiting } else { Step::Done })
    }
}

/// How many clients are still to be judged anew, because reports about them are set aside, or are not any more.
pub(super) async fn left(tx: &mut Tx) -> Result<i64> {
    tx.sql(LEFT).bind(ESTATE).scalar().await
}

async fn touched(conn: &mut Conn, span: &Span) -> Result<i64> {
    conn.sql(TOUCHED)
        .bind(ESTATE)
        .bind(span.token.clone())
        .bind(span.since.0)
        .bind(span.until.0)
        .scalar()
        .await
}

async fn reports(conn: &mut Conn, span: &Span) -> Result<i64> {
    conn.sql(REPORTS)
        .bind(ESTATE)
        .bind(span.token.clone())
        .bind(span.since.0)
        .bind(span.until.0)
        .scalar()
        .await
}

/// The next clients behind `after` of which the token has sent anything in the span.
async fn next(conn: &mut Conn, span: &Span, after: &[u8]) -> Result<Vec<ClientId>> {
    let rows: Vec<Touched> = conn
        .sql(NEXT)
        .bind(ESTATE)
        .bind(span.token.clone())
        .bind(after.to_vec())
        .bind(span.since.0)
        .bind(span.until.0)
        .bind(PORTION)
        .all()
        .await?;
    rows.iter()
        .map(|row| {
            identify::from_bytes(&row.client_id).ok_or_else(|| Error::Inconsistent {
                table: "history",
                detail: format!("a client's id of {} bytes", row.client_id.len()),
            })
        })
        .collect()
}

/// Everything that is set aside.
async fn in_force(conn: &mut Conn) -> Result<Vec<Span>> {
    let all: Vec<Stored> = conn.sql(COLUMNS).bind(ESTATE).all().await?;
    let in_force = all.into_iter().filter(|row| row.lifted_at.is_none());
    Ok(in_force.map(|row| Quarantine::from(row).span).collect())
}

async fn rebuilt(
    conn: &mut Conn,
    ids: &[ClientId],
    aside: &[Span],
    reader: &dyn ReadsAgain,
    now: Timestamp,
) -> Result<Vec<Rebuilt>> {
    let remains = remains::of(conn, ids, aside).await?;
    remains
        .into_iter()
        .map(|remains| Rebuilt::of(remains, reader, now))
        .collect()
}

async fn step(
    conn: &mut Conn,
    quarantine: &Quarantine,
    reader: &dyn ReadsAgain,
    now: Timestamp,
) -> Result<Step> {
    // Clients may go and come; before the first row is locked, as whoever makes clients known does it.
    conn.lock_new_clients().await?;
    let (id, position) = (quarantine.id.clone(), quarantine.position.clone());
    let ids = next(conn, &quarantine.span, &position).await?;
    let Some(last) = ids.last() else {
        return at_the_end(conn, quarantine, now).await;
    };
    joining::lock(conn, &ids, &mut HashMap::new()).await?;
    echoes::close_runs(conn, &ids).await?;
    let rows = Rows::default()
        .bytes(ids.iter().map(|id| Some(identify::bytes(*id))))
        .text(ids.iter().map(|_| Some(quarantine.span.token.as_str())));
    for text in [MARK_HISTORY, MARK_ECHOES] {
        let _: Vec<ClientIdRow> = conn.many(text, &[ESTATE], &rows).await?;
    }
    let aside = in_force(conn).await?;
    let clients = rebuilt(conn, &ids, &aside, reader, now).await?;
    rewriting::write(conn, &clients, now).await?;
    let changed = clients
        .iter()
        .filter(|client| client.before != client.standing(now))
        .count();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let passed = conn
        .sql(PASS)
        .bind(ESTATE)
        .bind(id)
        .bind(position)
        .bind(identify::bytes(*last))
        .bind(count(ids.len()))
        .bind(count(changed))
        .execute()
        .await?;
    if passed == 0 {
        // Somebody else has done it, or it was lifted meanwhile; nothing of this portion is kept.
        return Err(Error::Passed);
    }
    Ok(Step::Judged)
}

/// Every client was looked at. What came in meanwhile behind the position is looked at once more.
async fn at_the_end(conn: &mut Conn, quarantine: &Quarantine, now: Timestamp) -> Result<Step> {
    let span = &quarantine.span;
    let unmarked: i64 = conn
        .sql(UNMARKED)
        .bind(ESTATE)
        .bind(span.token.clone())
        .bind(span.since.0)
        .bind(span.until.0)
        .bind(quarantine.id.clone())
        .bind(quarantine.lifted.is_none())
        .scalar()
        .await?;
    let (text, step) = if unmarked > 0 {
        (AGAIN, Step::Judged)
    } else if quarantine.lifted.is_none() && now < span.until.plus(STRAGGLERS) {
        return Ok(Step::Waiting);
    } else {
        if quarantine.lifted.is_none() {
            // What came in meanwhile was noted, too.
            let (id, by) = (&quarantine.id, &quarantine.created_by);
            suspicion_closing::set_aside(conn, span, id, by, &quarantine.why, now).await?;
        }
        (END, Step::Done)
    };
    let statement = conn
        .sql(text)
        .bind(ESTATE)
        .bind(quarantine.id.clone())
        .bind(quarantine.position.clone());
    let statement = if unmarked > 0 {
        statement.bind(Vec::<u8>::new())
    } else {
        statement
    };
    statement.execute().await?;
    Ok(step)
}
