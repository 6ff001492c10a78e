//! Writing down what the numbers were: each day once, by whichever server is first, and never again.

use std::collections::BTreeMap;

use super::{ESTATE, Store, db::Conn, error::Result, rows::Rows};
use crate::domain::{
    access::Sites,
    days::{self, Kept},
    feeds::FeedState,
    time::{DAY, Timestamp},
    verdict::Standing,
};

const LAST: &str = "SELECT day, taken_at FROM days WHERE estate = $1 ORDER BY day DESC LIMIT 1";
const KNOWN_SINCE: &str = "SELECT CAST(COALESCE(MIN(at), $2) AS BIGINT) FROM (
  SELECT MIN(first_at) AS at FROM feeds WHERE estate = $1
  UNION ALL SELECT MIN(uploaded_at) AS at FROM lists WHERE estate = $1) AS told";
/// The head comes first: whoever inserts it writes the day, and any other server waits here and then leaves it be.
const HEAD: &str = "INSERT INTO days (estate, day, taken_at, ruleset, expected, total, blocking, undetermined, conflict,
  restart_pending, stale, silent, ready, lists, feeds, feeds_stopped, to_rejudge, simulated)
VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  (SELECT COUNT(*) FROM lists WHERE estate = $1 AND ended_at IS NULL), $5, $6, 0, FALSE)
ON CONFLICT (estate, day) DO NOTHING";
/// All counts in one statement, so that they are of one moment.
const COUNTS: &str = "INSERT INTO daily (estate, kind, day, site, os_key, standing, detail, n)
SELECT estate, kind, CAST($2 AS BIGINT), site, os_key, standing, detail, CAST(SUM(n) AS BIGINT) FROM counts
WHERE estate = $1 AND kind IN ('client', 'reason') AND listing NOT IN ('obsolete', 'decommissioned')
GROUP BY estate, kind, site, os_key, standing, detail HAVING SUM(n) <> 0
UNION ALL
SELECT estate, 'listing', CAST($2 AS BIGINT), '', '', '', listing, CAST(SUM(n) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'client' AND listing NOT IN ('obsolete', 'decommissioned')
GROUP BY estate, listing HAVING SUM(n) <> 0
UNION ALL
SELECT estate, 'ruleset', CAST($2 AS BIGINT), '', '', '', detail, CAST(SUM(n) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'ruleset' AND detail <> ''
GROUP BY estate, detail HAVING SUM(n) <> 0";
/// What the head says is added up from these.
const SUMS: &str = "UPDATE days SET
  expected = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'listing' AND day = $2 AND detail = 'expected'),
  total = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2),
  blocking = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'blocking'),
  undetermined = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'undetermined'),
  conflict = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'conflict'),
  restart_pending = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'restart_pending'),
  stale = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'stale'),
  silent = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'silent'),
  ready = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'client' AND day = $2 AND standing = 'ready'),
  to_rejudge = (SELECT COALESCE(SUM(n), 0) FROM daily WHERE estate = $1 AND kind = 'ruleset' AND day = $2 AND detail <> $3)
WHERE estate = $1 AND day = $2";
const OLD_DAYS: &str = "DELETE FROM days WHERE estate = $1 AND day < $2";
const OLD_COUNTS: &str = "DELETE FROM daily WHERE estate = $1 AND kind IN ('client', 'listing', 'reason', 'ruleset') AND day < $2";
const OLD_MOVES: &str = "DELETE FROM moves WHERE estate = $1 AND at < $2";
const PAST: &str = "INSERT INTO days (estate, day, taken_at, ruleset, expected, total, blocking, undetermined, conflict,
  restart_pending, stale, silent, ready, lists, feeds, feeds_stopped, to_rejudge, simulated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, TRUE)
ON CONFLICT (estate, day) DO NOTHING";
const PAST_COUNTS: &str = "WITH v (kind, day, site, os_key, standing, detail, n) AS ({rows})
INSERT INTO daily (estate, kind, day, site, os_key, standing, detail, n)
SELECT $1, kind, day, site, os_key, standing, detail, n FROM v WHERE TRUE
RETURNING day";

/// The head of a day: what it was counted by, and everybody's standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970 UTC.
    pub day: i64,
    /// When its numbers were true.
    pub taken_at: Timestamp,
    /// The rules in force.
    pub ruleset: String,
    /// Expected by at least one list.
    pub expected: i64,
    /// Everybody counted.
    pub total: i64,
    /// Count of each standing; all seven are there.
    pub standings: BTreeMap<Standing, i64>,
    /// Expected lists in force.
    pub lists: i64,
    /// Feeds that were waited for.
    pub feeds: i64,
    /// Of these, the ones that had stopped.
    pub feeds_stopped: i64,
    /// Clients whose verdict was still by other rules.
    pub to_rejudge: i64,
    /// Made by the demo, not measured.
    pub simulated: bool,
    /// The numbers are of some sites alone. Of how many were expected, of lists, of feeds and of other rules nothing was
    /// kept by site: 1 says that there was something of it in the estate, and 0 that there was nothing.
    pub partial: bool,
}

/// How many clients of one kind a day had, for a day that is made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// `client` or `reason`.
    pub kind: &'static str,
    /// Site code.
    pub site: String,
    /// OS key.
    pub os_key: String,
    /// Standing.
    pub standing: Standing,
    /// The impact's code, or the reason's bit.
    pub detail: String,
    /// How many.
    pub n: i64,
}

#[derive(sqlx::FromRow)]
struct Last {
    day: i64,
    taken_at: i64,
}

#[derive(sqlx::FromRow)]
struct DayOnly {
    #[sqlx(rename = "day")]
    _day: i64,
}

impl Store {
    /// Writes down the day whose numbers are due at `now`, unless that is done; answers which one it was. Then lets
    /// go of what is older than `keep_days`. `awake_since` says since when this server has been running.
    pub async fn keep_day(
        &self,
        ruleset: &str,
        keep_days: i64,
        awake_since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<i64>> {
        let mut tx = self.db.read().await?;
        let last: Option<Last> = tx.sql(LAST).bind(ESTATE).optional().await?;
        let known_since: i64 = tx
            .sql(KNOWN_SINCE)
            .bind(ESTATE)
            .bind(i64::MAX)
            .scalar()
            .await?;
        drop(tx);
        let kept = Kept {
            last: last.map(|last| (last.day, Timestamp(last.taken_at))),
            known_since: (known_since < i64::MAX).then_some(Timestamp(known_since)),
            awake_since,
        };
        let Some(day) = days::due(kept, now) else {
            return Ok(None);
        };
        // Time alone makes clients stale, and the numbers are those of now.
        self.sweep(now).await?;
        let feeds = self.feeds(&Sites::all(), now).await?;
        let in_state = |wanted| {
            feeds
                .iter()
                .filter(|feed| feed.state(now) == wanted)
                .count()
        };
        let stopped = in_state(FeedState::Stopped);
        let waited_for = stopped + in_state(FeedState::Speaking);
        let (waited_for, stopped) = (count(waited_for), count(stopped));
        let ruleset = ruleset.to_owned();
        let written = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    let head = conn
                        .sql(HEAD)
                        .bind(ESTATE)
                        .bind(day)
                        .bind(now.0)
                        .bind(ruleset.clone())
                        .bind(waited_for)
                        .bind(stopped)
                        .execute()
                        .await?;
                    if head == 0 {
                        return Ok(false);
                    }
                    conn.sql(COUNTS).bind(ESTATE).bind(day).execute().await?;
                    conn.sql(SUMS)
                        .bind(ESTATE)
                        .bind(day)
                        .bind(ruleset)
                        .execute()
                        .await?;
                    let_go(conn, day - keep_days, now.plus(-keep_days * DAY)).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(written.then_some(day))
    }

    /// Writes a day that was never measured, for the demo; it is marked as such. Leaves a day alone that is there.
    pub async fn make_up_day(&self, head: Day, counts: Vec<DayCount>) -> Result<()> {
        self.writer
            .run(move |conn| Box::pin(async move { made_up(conn, &head, &counts).await }))
            .await
    }
}

/// Whole days, and whatever moved before them.
async fn let_go(conn: &mut Conn, before_day: i64, before: Timestamp) -> Result<()> {
    conn.sql(OLD_DAYS)
        .bind(ESTATE)
        .bind(before_day)
        .execute()
        .await?;
    conn.sql(OLD_COUNTS)
        .bind(ESTATE)
        .bind(before_day)
        .execute()
        .await?;
    conn.sql(OLD_MOVES)
        .bind(ESTATE)
        .bind(before.0)
        .execute()
        .await?;
    Ok(())
}

async fn made_up(conn: &mut Conn, head: &Day, counts: &[DayCount]) -> Result<()> {
    let of = |standing: Standing| head.standings.get(&standing).copied().unwrap_or(0);
    let written = conn
        .sql(PAST)
        .bind(ESTATE)
        .bind(head.day)
        .bind(head.taken_at.0)
        .bind(head.ruleset.clone())
        .bind(head.expected)
        .bind(head.total)
        .bind(of(Standing::Blocking))
        .bind(of(Standing::Undetermined))
        .bind(of(Standing::Conflict))
        .bind(of(Standing::RestartPending))
        .bind(of(Standing::Stale))
        .bind(of(Standing::Silent))
        .bind(of(Standing::Ready))
        .bind(head.lists)
        .bind(head.feeds)
        .bind(head.feeds_stopped)
        .execute()
        .await?;
    if written == 0 {
        return Ok(());
    }
    let each = || counts.iter();
    let rows = Rows::default()
        .text(each().map(|count| Some(count.kind)))
        .int(each().map(|_| Some(head.day)))
        .text(each().map(|count| Some(count.site.clone())))
        .text(each().map(|count| Some(count.os_key.clone())))
        .text(each().map(|count| Some(count.standing.code())))
        .text(each().map(|count| Some(count.detail.clone())))
        .int(each().map(|count| Some(count.n)));
    let _: Vec<DayOnly> = conn.many(PAST_COUNTS, &[ESTATE], &rows).await?;
    Ok(())
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
