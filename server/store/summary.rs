//! The numbers of the first screen, from the maintained counts: no page scans the fleet.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    model::{Filter, ListInfo, Listing, OsLine, Population, ReasonLine, Summary},
    narrowing::Growing,
    quarantine,
    selection::excepted,
    tops::{Tops, blocking_first},
};
use crate::domain::{
    access::Sites,
    assess,
    lists::ListOrigin,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const CLIENTS: &str = "SELECT listing, os_key AS place, standing, detail, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = $1 AND kind = 'client' GROUP BY listing, os_key, standing, detail HAVING SUM(n) <> 0";
const SITES: &str = "SELECT '' AS listing, site AS place, standing, '' AS detail, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = $1 AND kind = 'client' AND listing NOT IN ('obsolete', 'decommissioned')
GROUP BY site, standing HAVING SUM(n) <> 0 ORDER BY site";
const REASONS: &str = "SELECT '' AS listing, os_key AS place, standing, detail, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = $1 AND kind = 'reason' AND listing NOT IN ('obsolete', 'decommissioned')
  AND standing IN ('blocking', 'undetermined')
GROUP BY os_key, standing, detail HAVING SUM(n) <> 0";
const OTHERS: &str = "SELECT '' AS listing, kind AS place, '' AS standing, detail, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = $1 AND kind IN ('flag', 'ruleset') AND listing NOT IN ('obsolete', 'decommissioned')
GROUP BY kind, detail HAVING SUM(n) <> 0";
pub(super) const LISTS: &str =
    "SELECT id, name, kind, uploaded_at, uploaded_by, rows_read, left_out FROM lists
WHERE estate = $1 AND ended_at IS NULL ORDER BY name, id";

/// Start of a statement, the condition that names sites, and its end.
type InParts = (&'static str, &'static str, &'static str);
const OS_KEYS: InParts = (
    "SELECT os_key AS place FROM counts WHERE estate = ? AND kind = 'client'",
    " AND site IN (",
    " GROUP BY os_key HAVING SUM(n) > 0 ORDER BY os_key",
);
const SITE_CODES: InParts = (
    "SELECT site AS place FROM counts WHERE estate = ? AND kind = 'client'",
    " AND site IN (",
    " GROUP BY site HAVING SUM(n) > 0 ORDER BY site",
);
/// Every name is `>= ''`: it makes the index of those that have roles fit.
const ROLES: InParts = (
    "SELECT DISTINCT roles AS place FROM clients WHERE estate = ? AND roles <> '' AND sort_key >= ''",
    " AND site || '' IN (",
    "",
);

#[derive(sqlx::FromRow)]
struct Place {
    place: String,
}

/// A count as it is stored, summed over the servers that keep it.
#[derive(Debug, sqlx::FromRow)]
struct Count {
    listing: String,
    place: String,
    standing: String,
    detail: String,
    n: i64,
}

impl Count {
    fn standing(&self) -> Result<Standing> {
        Standing::from_code(&self.standing).ok_or_else(|| Error::Inconsistent {
            table: "counts",
            detail: format!("the standing {:?}", self.standing),
        })
    }
}

/// A list in force as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct ListRow {
    id: i64,
    name: String,
    kind: String,
    uploaded_at: i64,
    uploaded_by: String,
    rows_read: i64,
    left_out: i64,
}

impl ListRow {
    pub(super) fn info(self) -> Result<ListInfo> {
        Ok(ListInfo {
            kind: ListOrigin::from_code(&self.kind).ok_or_else(|| Error::Inconsistent {
                table: "lists",
                detail: format!("the kind {:?}", self.kind),
            })?,
            id: self.id,
            name: self.name,
            uploaded_at: Timestamp(self.uploaded_at),
            uploaded_by: self.uploaded_by,
            rows: self.rows_read,
            left_out: self.left_out,
        })
    }
}

async fn counts(tx: &mut Tx, text: &'static str) -> Result<Vec<Count>> {
    tx.sql(text).bind(ESTATE).all().await
}

impl Store {
    /// Everything the first screen says of everybody, true at `now`; `ruleset` is the one in force. Nothing that
    /// answers a request asks for it: see [`Store::selection`], which knows who may see what.
    pub async fn summary(&self, ruleset: &str, now: Timestamp) -> Result<Summary> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let clients = counts(&mut tx, CLIENTS).await?;
        let sites = counts(&mut tx, SITES).await?;
        let reasons = counts(&mut tx, REASONS).await?;
        let others = counts(&mut tx, OTHERS).await?;
        let lists: Vec<ListRow> = tx.sql(LISTS).bind(ESTATE).all().await?;
        let excepted = excepted(&mut tx, &Filter::default(), now).await?;
        // Who is judged anew without what a token sent is not judged by what holds now, either.
        let anew = quarantine::left(&mut tx).await?;
        drop(tx);

        let population = population(&clients, &others, lists)?;
        let mut by_os: BTreeMap<String, OsLine> = BTreeMap::new();
        let mut impacts = BTreeMap::new();
        for count in clients.iter().filter(|count| is_counted(count)) {
            let standing = count.standing()?;
            let line = by_os.entry(count.place.clone()).or_insert_with(|| OsLine {
                os_key: count.place.clone(),
                total: 0,
                standings: BTreeMap::new(),
                top_reason: None,
            });
            line.total += count.n;
            *line.standings.entry(standing).or_insert(0) += count.n;
            if let (Standing::Blocking, Some(impact)) = (standing, Impact::from_code(&count.detail))
            {
                *impacts.entry(impact).or_insert(0) += count.n;
            }
        }
        let lines = reason_lines(&reasons, &mut by_os)?;
        let mut by_os: Vec<OsLine> = by_os.into_values().collect();
        worst_first(&mut by_os);
        let mut by_site: Vec<(String, BTreeMap<Standing, i64>)> = Vec::new();
        for count in &sites {
            if by_site.last().is_none_or(|(site, _)| *site != count.place) {
                by_site.push((count.place.clone(), BTreeMap::new()));
            }
            if let Some((_, standings)) = by_site.last_mut() {
                standings.insert(count.standing()?, count.n);
            }
        }
        Ok(Summary {
            as_of: now,
            population,
            impacts,
            by_os,
            by_site,
            reasons: lines,
            to_rejudge: judged_by_others(&others, ruleset) + anew,
            anew,
            excepted,
        })
    }

    /// What there is to choose from: OS keys, site codes and roles that occur among those that may be seen.
    pub async fn occurring(
        &self,
        within: &Sites,
    ) -> Result<(Vec<String>, Vec<String>, Vec<String>)> {
        let mut tx = self.db.read().await?;
        let mut found: [Vec<Place>; 3] = Default::default();
        for (found, (start, sites, end)) in found.iter_mut().zip([OS_KEYS, SITE_CODES, ROLES]) {
            let mut growing = Growing::starting(start);
            growing.one_of(sites, within);
            growing.grouped(end);
            *found = growing.statement(&mut tx).all().await?;
        }
        let [os, sites, packed] = found;
        let roles: BTreeSet<String> = packed
            .iter()
            .flat_map(|row| row.place.split(','))
            .filter(|role| !role.is_empty())
            .map(str::to_owned)
            .collect();
        let places = |rows: Vec<Place>| rows.into_iter().map(|row| row.place).collect();
        Ok((places(os), places(sites), roles.into_iter().collect()))
    }

    /// The population block of everybody.
    pub(super) async fn whole_population(&self, now: Timestamp) -> Result<Population> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let clients = counts(&mut tx, CLIENTS).await?;
        let others = counts(&mut tx, OTHERS).await?;
        let lists: Vec<ListRow> = tx.sql(LISTS).bind(ESTATE).all().await?;
        population(&clients, &others, lists)
    }
}

/// How many reports are still judged by another ruleset than this.
pub(super) async fn to_rejudge(tx: &mut Tx, ruleset: &str) -> Result<i64> {
    Ok(judged_by_others(&counts(tx, OTHERS).await?, ruleset))
}

fn judged_by_others(others: &[Count], ruleset: &str) -> i64 {
    others
        .iter()
        .filter(|count| {
            count.place == "ruleset" && !count.detail.is_empty() && count.detail != ruleset
        })
        .map(|count| count.n)
        .sum()
}

/// Orders lines by how many clients block or have no verdict.
pub(super) fn worst_first(by_os: &mut [OsLine]) {
    by_os.sort_by_key(|line| {
        let troubled = line.of(Standing::Blocking) + line.no_verdict();
        (std::cmp::Reverse(troubled), line.os_key.clone())
    });
}

fn is_counted(count: &Count) -> bool {
    Listing::from_code(&count.listing).is_none_or(Listing::is_counted)
}

fn population(clients: &[Count], others: &[Count], lists: Vec<ListRow>) -> Result<Population> {
    let mut population = Population {
        standings: Standing::ALL
            .into_iter()
            .map(|standing| (standing, 0))
            .collect(),
        lists: lists
            .into_iter()
            .map(ListRow::info)
            .collect::<Result<_>>()?,
        ..Population::default()
    };
    for count in clients {
        if !is_counted(count) {
            population.left_out += count.n;
            if Listing::from_code(&count.listing) == Some(Listing::Decommissioned) {
                population.decommissioned += count.n;
            }
            continue;
        }
        let standing = count.standing()?;
        population.total += count.n;
        if Listing::from_code(&count.listing) == Some(Listing::Expected) {
            population.expected += count.n;
        } else {
            population.unlisted += count.n;
        }
        if standing != Standing::Silent {
            population.reported += count.n;
            if standing != Standing::Stale {
                population.fresh += count.n;
            }
        }
        *population.standings.entry(standing).or_insert(0) += count.n;
    }
    let flag = |name: &str| {
        others
            .iter()
            .filter(|count| count.place == "flag" && count.detail == name)
            .map(|count| count.n)
            .sum()
    };
    population.suspected_duplicates = flag("duplicate");
    population.future_reports = flag("future");
    Ok(population)
}

/// Why blocked, over all and the top reason of each OS.
fn reason_lines(counts: &[Count], by_os: &mut BTreeMap<String, OsLine>) -> Result<Vec<ReasonLine>> {
    let mut lines: BTreeMap<&'static str, ReasonLine> = BTreeMap::new();
    let mut tops = Tops::default();
    for count in counts {
        let known = assess::REASONS
            .iter()
            .find(|reason| reason.bit.to_string() == count.detail);
        let Some(reason) = known else {
            return Err(Error::Inconsistent {
                table: "counts",
                detail: format!("the reason bit {:?}", count.detail),
            });
        };
        let line = lines.entry(reason.code).or_insert_with(|| ReasonLine {
            reason: reason.code.to_owned(),
            blocking: 0,
            undetermined: 0,
        });
        let standing = count.standing()?;
        if standing == Standing::Blocking {
            line.blocking += count.n;
        } else {
            line.undetermined += count.n;
        }
        tops.add(&count.place, reason, standing, count.n);
    }
    tops.tell(by_os);
    let mut lines: Vec<ReasonLine> = lines.into_values().collect();
    blocking_first(&mut lines);
    Ok(lines)
}
