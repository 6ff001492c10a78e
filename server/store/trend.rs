//! Reading what the numbers were: over a range of days, and of one day with all it is made of.

use std::collections::BTreeMap;

use super::{
    ESTATE, Store,
    days::Day,
    db::Tx,
    error::{Error, Result},
    model::{Filter, ReasonLine},
    narrowing::{Growing, Value, text},
};
use crate::domain::{
    access::Sites,
    assess,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const HEADS: &str = "SELECT day, taken_at, ruleset, expected, total, blocking, undetermined, conflict, restart_pending,
  stale, silent, ready, lists, feeds, feeds_stopped, to_rejudge, simulated FROM days
WHERE estate = $1 AND day >= $2 AND day <= $3 ORDER BY day";
const FIRST: &str =
    "SELECT CAST(COALESCE((SELECT MIN(day) FROM days WHERE estate = $1), $2) AS BIGINT)";
const BEFORE: &str = "SELECT CAST(COALESCE((SELECT MAX(day) FROM days WHERE estate = $1 AND day < $2), -1) AS BIGINT)";
const AFTER: &str = "SELECT CAST(COALESCE((SELECT MIN(day) FROM days WHERE estate = $1 AND day > $2), -1) AS BIGINT)";
const OF_DAY: &str = "SELECT kind, site, os_key, standing, detail, n FROM daily
WHERE estate = $1 AND kind IN ('client', 'reason') AND day = $2";
const OS_OF_DAY: &str = "SELECT CAST(0 AS BIGINT) AS day, os_key AS place, standing, CAST(SUM(n) AS BIGINT) AS n FROM daily
WHERE estate = ? AND kind = 'client' AND day = ?";

const THEN: &str = "SELECT day, '' AS place, standing, CAST(SUM(n) AS BIGINT) AS n FROM daily
WHERE estate = ? AND day >= ? AND day <= ?";
const NOW: &str = "SELECT CAST(0 AS BIGINT) AS day, '' AS place, standing, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = ? AND listing NOT IN ('obsolete', 'decommissioned')";

/// Whose numbers are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The sites that whoever asks may see.
    pub within: Sites,
    /// Site code; the empty text means "no site known".
    pub site: Option<String>,
    /// OS key.
    pub os: Option<String>,
    /// Reason code: only clients that block or cannot be judged and carry it.
    pub reason: Option<String>,
}

/// A day of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendDay {
    /// Its head, which is about everybody who may be seen.
    pub head: Day,
    /// Count of each standing of those asked for; one that is not there is zero.
    pub standings: BTreeMap<Standing, i64>,
}

/// One day with all it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastDay {
    /// Its head.
    pub head: Day,
    /// Blocking clients by impact.
    pub impacts: BTreeMap<Impact, i64>,
    /// By OS key, most blocking plus no verdict first.
    pub by_os: Vec<(String, BTreeMap<Standing, i64>)>,
    /// By site code, in their order.
    pub by_site: Vec<(String, BTreeMap<Standing, i64>)>,
    /// Why blocked, most frequent first.
    pub reasons: Vec<ReasonLine>,
}

#[derive(sqlx::FromRow)]
struct StoredHead {
    day: i64,
    taken_at: i64,
    ruleset: String,
    expected: i64,
    total: i64,
    blocking: i64,
    undetermined: i64,
    conflict: i64,
    restart_pending: i64,
    stale: i64,
    silent: i64,
    ready: i64,
    lists: i64,
    feeds: i64,
    feeds_stopped: i64,
    to_rejudge: i64,
    simulated: bool,
}

impl StoredHead {
    fn head(self) -> Day {
        Day {
            standings: BTreeMap::from([
                (Standing::Blocking, self.blocking),
                (Standing::Undetermined, self.undetermined),
                (Standing::Conflict, self.conflict),
                (Standing::RestartPending, self.restart_pending),
                (Standing::Stale, self.stale),
                (Standing::Silent, self.silent),
                (Standing::Ready, self.ready),
            ]),
            day: self.day,
            taken_at: Timestamp(self.taken_at),
            ruleset: self.ruleset,
            expected: self.expected,
            total: self.total,
            lists: self.lists,
            feeds: self.feeds,
            feeds_stopped: self.feeds_stopped,
            to_rejudge: self.to_rejudge,
            simulated: self.simulated,
            partial: false,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Summed {
    day: i64,
    place: String,
    standing: String,
    n: i64,
}

#[derive(sqlx::FromRow)]
struct Cell {
    kind: String,
    site: String,
    os_key: String,
    standing: String,
    detail: String,
    n: i64,
}

fn standing_of(code: &str) -> Result<Standing> {
    Standing::from_code(code).ok_or_else(|| Error::Inconsistent {
        table: "daily",
        detail: format!("the standing {code:?}"),
    })
}

impl Slice {
    /// Everybody whom somebody with this limit may see.
    pub fn of(within: &Sites) -> Self {
        Self {
            within: within.clone(),
            ..Self::default()
        }
    }

    /// Whether nothing is asked for, so that it is everybody who may be seen.
    pub fn is_all(&self) -> bool {
        *self == Self::of(&self.within)
    }

    /// The bit of the reason as text; no bit for a code nobody knows, which finds nobody.
    fn bit(&self) -> Option<String> {
        let code = self.reason.as_deref()?;
        Some(assess::reason(code).map_or_else(|| "none".to_owned(), |info| info.bit.to_string()))
    }

    /// Adds what a slice says to a statement.
    fn narrow(&self, growing: &mut Growing) {
        match self.bit() {
            Some(bit) => growing.and(
                " AND kind = 'reason' AND standing IN ('blocking', 'undetermined') AND detail = ?",
                [text(&bit)],
            ),
            None => growing.grouped(" AND kind = 'client'"),
        }
        growing.place(&Filter {
            os: self.os.clone(),
            site: self.site.clone(),
            ..Filter::of(&self.within)
        });
    }
}

impl Store {
    /// The days from `first` to `last` that were written down, in order.
    pub async fn trend(&self, slice: &Slice, first: i64, last: i64) -> Result<Vec<TrendDay>> {
        let mut tx = self.db.read().await?;
        let heads = heads(&mut tx, first, last, &slice.within).await?;
        if slice.is_all() {
            return Ok(heads
                .into_iter()
                .map(|head| TrendDay {
                    standings: head.standings.clone(),
                    head,
                })
                .collect());
        }
        let mut by_day = by_day(&mut tx, first, last, slice).await?;
        Ok(heads
            .into_iter()
            .map(|head| TrendDay {
                standings: by_day.remove(&head.day).unwrap_or_default(),
                head,
            })
            .collect())
    }

    /// The same of this moment, from the maintained counts.
    pub async fn slice_now(
        &self,
        slice: &Slice,
        now: Timestamp,
    ) -> Result<BTreeMap<Standing, i64>> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut growing = Growing::starting(NOW);
        slice.narrow(&mut growing);
        growing.grouped(" GROUP BY standing HAVING SUM(n) <> 0");
        let rows: Vec<Summed> = growing.statement(&mut tx).all().await?;
        rows.into_iter()
            .map(|row| Ok((standing_of(&row.standing)?, row.n)))
            .collect()
    }

    /// The first day that was written down.
    pub async fn first_day(&self) -> Result<Option<i64>> {
        let first: i64 = self
            .db
            .read()
            .await?
            .sql(FIRST)
            .bind(ESTATE)
            .bind(i64::MAX)
            .scalar()
            .await?;
        Ok((first < i64::MAX).then_some(first))
    }

    /// One day; `None` when nothing was written down on it.
    pub async fn past_day(&self, day: i64, within: &Sites) -> Result<Option<PastDay>> {
        let mut tx = self.db.read().await?;
        let Some(head) = heads(&mut tx, day, day, within).await?.pop() else {
            return Ok(None);
        };
        let mut cells: Vec<Cell> = tx.sql(OF_DAY).bind(ESTATE).bind(day).all().await?;
        cells.retain(|cell| within.holds(&cell.site));
        past_day(head, &cells).map(Some)
    }

    /// The kept days next to a day, before and after it.
    pub async fn days_beside(&self, day: i64) -> Result<(Option<i64>, Option<i64>)> {
        let mut tx = self.db.read().await?;
        let before: i64 = tx.sql(BEFORE).bind(ESTATE).bind(day).scalar().await?;
        let after: i64 = tx.sql(AFTER).bind(ESTATE).bind(day).scalar().await?;
        let known = |day: i64| (day >= 0).then_some(day);
        Ok((known(before), known(after)))
    }

    /// Standings by OS version as they were on a day; `None` when nothing was written down on it.
    pub async fn systems_of_day(
        &self,
        day: i64,
        within: &Sites,
    ) -> Result<Option<BTreeMap<String, BTreeMap<Standing, i64>>>> {
        let mut tx = self.db.read().await?;
        if heads(&mut tx, day, day, &Sites::all()).await?.is_empty() {
            return Ok(None);
        }
        let mut growing = Growing::starting(OS_OF_DAY);
        growing.and("", [Value::Int(day)]);
        growing.one_of(" AND site IN (", within);
        growing.grouped(" GROUP BY os_key, standing");
        let rows: Vec<Summed> = growing.statement(&mut tx).all().await?;
        let mut by_os: BTreeMap<String, BTreeMap<Standing, i64>> = BTreeMap::new();
        for row in rows {
            let standing = standing_of(&row.standing)?;
            by_os.entry(row.place).or_default().insert(standing, row.n);
        }
        Ok(Some(by_os))
    }
}

/// The standings of a slice on each day that has any.
async fn by_day(
    tx: &mut Tx,
    first: i64,
    last: i64,
    slice: &Slice,
) -> Result<BTreeMap<i64, BTreeMap<Standing, i64>>> {
    let mut growing = Growing::starting(THEN);
    growing.and("", [Value::Int(first), Value::Int(last)]);
    slice.narrow(&mut growing);
    growing.grouped(" GROUP BY day, standing");
    let mut by_day: BTreeMap<i64, BTreeMap<Standing, i64>> = BTreeMap::new();
    for row in growing.statement(tx).all::<Summed>().await? {
        let standings = by_day.entry(row.day).or_default();
        *standings.entry(standing_of(&row.standing)?).or_insert(0) += row.n;
    }
    Ok(by_day)
}

/// The heads of days as somebody sees them who may see these sites.
async fn heads(tx: &mut Tx, first: i64, last: i64, within: &Sites) -> Result<Vec<Day>> {
    let rows: Vec<StoredHead> = tx
        .sql(HEADS)
        .bind(ESTATE)
        .bind(first)
        .bind(last)
        .all()
        .await?;
    let mut heads: Vec<Day> = rows.into_iter().map(StoredHead::head).collect();
    if !within.is_limited() {
        return Ok(heads);
    }
    let mut seen = by_day(tx, first, last, &Slice::of(within)).await?;
    for head in &mut heads {
        let mut standings = BTreeMap::from(Standing::ALL.map(|standing| (standing, 0)));
        standings.extend(seen.remove(&head.day).unwrap_or_default());
        head.total = standings.values().sum();
        head.standings = standings;
        head.partial = true;
        // How many these were tells of other sites; that there were any is what these numbers rest on.
        for n in [
            &mut head.expected,
            &mut head.lists,
            &mut head.feeds,
            &mut head.feeds_stopped,
            &mut head.to_rejudge,
        ] {
            *n = (*n).min(1);
        }
    }
    Ok(heads)
}

fn past_day(head: Day, cells: &[Cell]) -> Result<PastDay> {
    let mut by_os: BTreeMap<String, BTreeMap<Standing, i64>> = BTreeMap::new();
    let mut by_site: BTreeMap<String, BTreeMap<Standing, i64>> = BTreeMap::new();
    let mut impacts = BTreeMap::new();
    let mut reasons: BTreeMap<String, ReasonLine> = BTreeMap::new();
    for cell in cells {
        let standing = standing_of(&cell.standing)?;
        if cell.kind == "client" {
            for (places, place) in [(&mut by_os, &cell.os_key), (&mut by_site, &cell.site)] {
                let standings = places.entry(place.clone()).or_default();
                *standings.entry(standing).or_insert(0) += cell.n;
            }
            if let (Standing::Blocking, Some(impact)) = (standing, Impact::from_code(&cell.detail))
            {
                *impacts.entry(impact).or_insert(0) += cell.n;
            }
            continue;
        }
        // A bit that this version does not know was given by a newer one.
        let known = assess::REASONS
            .iter()
            .find(|reason| reason.bit.to_string() == cell.detail);
        let code = known.map_or_else(|| format!("bit {}", cell.detail), |r| r.code.to_owned());
        let line = reasons.entry(code.clone()).or_insert_with(|| ReasonLine {
            reason: code,
            blocking: 0,
            undetermined: 0,
        });
        match standing {
            Standing::Blocking => line.blocking += cell.n,
            Standing::Undetermined => line.undetermined += cell.n,
            _ => {}
        }
    }
    let troubled = |standings: &BTreeMap<Standing, i64>| -> i64 {
        standings
            .iter()
            .filter(|(standing, _)| **standing == Standing::Blocking || standing.is_no_verdict())
            .map(|(_, n)| n)
            .sum()
    };
    let mut by_os: Vec<_> = by_os.into_iter().collect();
    by_os.sort_by_key(|(_, standings)| std::cmp::Reverse(troubled(standings)));
    let mut reasons: Vec<ReasonLine> = reasons
        .into_values()
        .filter(|line| line.blocking + line.undetermined > 0)
        .collect();
    reasons.sort_by_key(|line| std::cmp::Reverse((line.blocking, line.undetermined)));
    Ok(PastDay {
        head,
        impacts,
        by_os,
        by_site: by_site.into_iter().collect(),
        reasons,
    })
}
