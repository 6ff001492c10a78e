//! The feed of the list of blockers: what came into it, changed in it and left it, in order, each once.

use super::{
    ESTATE, Store,
    change_row::Stored,
    cursor::FeedMark,
    db::{Conn, Tx},
    error::{Error, Result},
    narrowing::Growing,
};
use crate::domain::{
    access::Sites,
    time::{DAY, Timestamp},
};

pub use super::change_row::{Change, Shown};

const AFTER: &str = include_str!("sql/changes_after.sql");
const NUMBER: &str = include_str!("sql/number_changes.sql");
/// Whoever numbers changes or lets go of them holds this row until the commit. PostgreSQL only.
const LOCK: &str = "SELECT let_go FROM change_feeds WHERE estate = $1 FOR UPDATE";
const TO_NUMBER: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM changes_waiting WHERE estate = $1 LIMIT 1) AS waiting";
/// The newest is the highest that is there; where none is, all up to the highest that was let go of have been.
const HEAD: &str = "SELECT feed, let_go, CAST(COALESCE((SELECT c.seq FROM changes c
  WHERE c.estate = $1 ORDER BY c.seq DESC LIMIT 1), let_go) AS BIGINT) AS newest
FROM change_feeds WHERE estate = $1";
const NEWEST_OF: &str = "SELECT seq, at FROM changes WHERE estate = ?";
const TIME: &str = "SELECT at FROM changes WHERE estate = $1 AND seq = $2";
/// The highest number of a portion of the oldest, all of which are older than a time. A clock that was set back must not
/// make a hole, so it stops at the first that is newer.
const OLDEST: &str = "SELECT CAST(COALESCE(MAX(o.seq), 0) AS BIGINT) FROM (
  SELECT seq FROM changes WHERE estate = $1 ORDER BY seq LIMIT $3) AS o
WHERE o.seq < COALESCE((SELECT MIN(n.seq) FROM (
  SELECT seq, at FROM changes WHERE estate = $1 ORDER BY seq LIMIT $3) AS n WHERE n.at >= $2), o.seq + 1)";
const LET_GO: &str = "UPDATE change_feeds SET let_go = $2 WHERE estate = $1 AND let_go < $2";
const DELETE: &str = "DELETE FROM changes WHERE estate = $1 AND seq <= $2";

/// Changes that are numbered, or let go of, in one transaction: short enough not to hold up reports.
const PORTION: i64 = 2_000;

/// A page of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes, in order.
    pub items: Vec<Change>,
    /// Where to go on.
    pub next_cursor: String,
    /// Whether there is more already.
    pub more: bool,
}

#[derive(sqlx::FromRow)]
struct Head {
    feed: Vec<u8>,
    let_go: i64,
    newest: i64,
}

#[derive(sqlx::FromRow)]
struct Place {
    seq: i64,
    at: i64,
}

#[derive(sqlx::FromRow)]
struct At {
    at: i64,
}

impl Store {
    /// What happened behind the number `seq`, in order, at most so many. Nought: from the very beginning.
    ///
    /// # Errors
    /// [`Error::Gone`]: some of it was let go of.
    pub async fn changes_after(&self, seq: i64, most: i64) -> Result<Vec<Change>> {
        self.number_changes().await?;
        let mut tx = self.db.read().await?;
        let head = head(&mut tx).await?;
        if seq < head.let_go {
            return Err(too_old());
        }
        read(&mut tx, seq, most).await
    }

    /// The number of the newest change; nought: there was none yet.
    pub async fn newest_change(&self) -> Result<i64> {
        self.number_changes().await?;
        let mut tx = self.db.read().await?;
        Ok(head(&mut tx).await?.newest)
    }

    /// A page of the feed behind a cursor, as of `now`. Without a cursor no changes, and the cursor of this moment.
    /// Whoever may see some sites only is told of the list of these: see [`Change::seen_by`].
    ///
    /// # Errors
    /// [`Error::Input`]: no cursor of this feed. [`Error::Gone`]: what follows it is not all there, or it is of other
    /// sites.
    pub async fn changes(
        &self,
        cursor: Option<&str>,
        limit: usize,
        within: &Sites,
        now: Timestamp,
    ) -> Result<ChangePage> {
        self.sweep(now).await?;
        self.number_changes().await?;
        if let Some(sites) = within.limit() {
            return self.changes_of(cursor, limit, within, sites).await;
        }
        if cursor.is_some_and(FeedMark::is_sealed) {
            return Err(other_sites());
        }
        let mark = cursor.map(FeedMark::read).transpose()?;
        let mut tx = self.db.read().await?;
        let head = head(&mut tx).await?;
        let after = match &mark {
            Some(mark) => {
                follows(&mut tx, &head, mark).await?;
                mark.seq
            }
            None => head.newest,
        };
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = if mark.is_some() {
            read(&mut tx, after, wanted).await?
        } else {
            Vec::new()
        };
        let more = items.len() > limit;
        items.truncate(limit);
        let (seq, at) = match (items.last(), mark) {
            (Some(last), _) => (last.seq, last.at.0),
            (None, Some(mark)) => (mark.seq, mark.at),
            (None, None) => (after, time_of(&mut tx, after).await?.unwrap_or_default()),
        };
        let next = FeedMark {
            feed: head.feed,
            seq,
            at,
        };
        Ok(ChangePage {
            items,
            next_cursor: next.text(),
            more,
        })
    }

    /// The same for whoever may see some sites only. The cursor moves with changes that are told and with no others, so
    /// nobody learns from it, or from a new answer, that something happened elsewhere.
    async fn changes_of(
        &self,
        cursor: Option<&str>,
        limit: usize,
        within: &Sites,
        sites: &[String],
    ) -> Result<ChangePage> {
        let mut tx = self.db.read().await?;
        let head = head(&mut tx).await?;
        let Some(cursor) = cursor else {
            let newest = newest_of(&mut tx, within).await?;
            let seq = newest.as_ref().map_or(head.let_go, |newest| newest.seq);
            let at = newest.map_or(0, |newest| newest.at);
            let mark = FeedMark {
                feed: head.feed,
                seq,
                at,
            };
            return Ok(ChangePage {
                items: Vec::new(),
                next_cursor: mark.sealed(sites, at),
                more: false,
            });
        };
        let Some((mut mark, mut number)) = FeedMark::unsealed(cursor, &head.feed, sites) else {
            if FeedMark::is_sealed(cursor) || FeedMark::read(cursor).is_ok() {
                return Err(other_sites());
            }
            return Err(Error::Input(
                "this cursor was not made by this server for the feed of changes; start again without a cursor"
                    .to_owned(),
            ));
        };
        follows(&mut tx, &head, &mark).await?;
        let (mut items, more) = read_of(&mut tx, mark.seq, limit, within).await?;
        for change in &mut items {
            (mark.seq, mark.at) = (change.seq, change.at.0);
            // Numbers of the whole feed would tell how much happened elsewhere.
            number = change.at.0.max(number + 1);
            change.seq = number;
        }
        Ok(ChangePage {
            next_cursor: mark.sealed(sites, number),
            items,
            more,
        })
    }

    /// Numbers what was committed since the last time. On SQLite a change has its number from the beginning.
    pub async fn number_changes(&self) -> Result<()> {
        if self.engine() == "sqlite" {
            return Ok(());
        }
        loop {
            let mut tx = self.db.read().await?;
            let waiting: i64 = tx.sql(TO_NUMBER).bind(ESTATE).scalar().await?;
            drop(tx);
            if waiting == 0 {
                return Ok(());
            }
            let numbered = self
                .writer
                .run(|conn| {
                    Box::pin(async move {
                        lock(conn).await?;
                        conn.sql(NUMBER).bind(ESTATE).bind(PORTION).execute().await
                    })
                })
                .await?;
            if numbered < PORTION.unsigned_abs() {
                return Ok(());
            }
        }
    }

    /// Lets go of what is older than so many days, the oldest first.
    pub async fn tidy_changes(&self, keep_days: i64, now: Timestamp) -> Result<()> {
        self.number_changes().await?;
        let before = now.plus(-keep_days * DAY).0;
        loop {
            let gone = self
                .writer
                .run(move |conn| Box::pin(let_go(conn, before)))
                .await?;
            if gone == 0 {
                return Ok(());
            }
        }
    }
}

async fn let_go(conn: &mut Conn, before: i64) -> Result<u64> {
    lock(conn).await?;
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
    conn.sql(LET_GO).bind(ESTATE).bind(last).execute().await?;
    conn.sql(DELETE).bind(ESTATE).bind(last).execute().await
}

async fn lock(conn: &mut Conn) -> Result<()> {
    if conn.shares_its_database() {
        let _: i64 = conn.sql(LOCK).bind(ESTATE).scalar().await?;
    }
    Ok(())
}

async fn head(tx: &mut Tx) -> Result<Head> {
    let head: Option<Head> = tx.sql(HEAD).bind(ESTATE).optional().await?;
    head.ok_or_else(|| Error::Inconsistent {
        table: "change_feeds",
        detail: "no row of this estate".to_owned(),
    })
}

async fn read(tx: &mut Tx, seq: i64, most: i64) -> Result<Vec<Change>> {
    let rows: Vec<Stored> = tx
        .sql(AFTER)
        .bind(ESTATE)
        .bind(seq)
        .bind(most)
        .all()
        .await?;
    rows.into_iter().map(Stored::change).collect()
}

/// The newest change that is about one of these sites.
async fn newest_of(tx: &mut Tx, within: &Sites) -> Result<Option<Place>> {
    if within.limit().is_some_and(<[String]>::is_empty) {
        return Ok(None);
    }
    let mut growing = Growing::starting(NEWEST_OF);
    growing.one_of(" AND (site IN (", within);
    growing.one_of(" OR was_site IN (", within);
    growing.grouped(") ORDER BY seq DESC LIMIT 1");
    growing.statement(tx).optional().await
}

/// The first changes behind a number that somebody sees who may see these sites, and whether there are more.
async fn read_of(
    tx: &mut Tx,
    mut seq: i64,
    limit: usize,
    within: &Sites,
) -> Result<(Vec<Change>, bool)> {
    let mut items = Vec::new();
    loop {
        let portion = read(tx, seq, PORTION).await?;
        let Some(last) = portion.last() else {
            return Ok((items, false));
        };
        seq = last.seq;
        for change in portion
            .into_iter()
            .filter_map(|change| change.seen_by(within))
        {
            if items.len() == limit {
                return Ok((items, true));
            }
            items.push(change);
        }
    }
}

async fn time_of(tx: &mut Tx, seq: i64) -> Result<Option<i64>> {
    let row: Option<At> = tx.sql(TIME).bind(ESTATE).bind(seq).optional().await?;
    Ok(row.map(|row| row.at))
}

/// Whether everything behind a cursor is there. It names the time of its change, too: after a database was set back to a
/// copy, other changes get the same numbers, and none of them follows what the caller has read.
async fn follows(tx: &mut Tx, head: &Head, mark: &FeedMark) -> Result<()> {
    if mark.feed != head.feed {
        return Err(Error::Input(
            "this cursor is of another database; start again without a cursor".to_owned(),
        ));
    }
    if mark.seq < head.let_go {
        return Err(too_old());
    }
    let known = mark.seq <= head.newest;
    let other = match time_of(tx, mark.seq).await? {
        Some(at) => at != mark.at,
        // Let go of: nobody can say any more.
        None => false,
    };
    if !known || other {
        return Err(Error::Gone(
            "The database was set back to an older copy since this cursor was made, so what follows it is not known. Ask once without a cursor, then fetch the whole list anew, and follow the new cursor."
                .to_owned(),
        ));
    }
    Ok(())
}

fn other_sites() -> Error {
    Error::Gone(
        "This cursor is of other sites than you may see now, so what follows it is not the whole of what changed for you. Ask once without a cursor, then fetch the whole list anew, and follow the new cursor."
            .to_owned(),
    )
}

fn too_old() -> Error {
    Error::Gone(
        "This cursor is too old: some of what follows it was let go of. Ask once without a cursor, then fetch the whole list anew, and follow the new cursor. The setting keep_changes says for how many days changes are kept."
            .to_owned(),
    )
}
