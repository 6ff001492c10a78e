//! The numbers of a part of the population: what the first screen says of the clients that a filter describes.

use std::collections::BTreeMap;

use super::{
    ESTATE, Store,
    counting::groups_from_counts,
    db::{Composed, Tx},
    error::{Error, Result},
    lists::{count, lead},
    model::{Excepted, Filter, Listing, Order, OsLine, Population, ReasonLine, Summary},
    narrowing::{Growing, Value, pieces},
    quarantine, summary,
    tops::{Tops, blocking_first},
    within,
};
use crate::domain::{
    access::Sites,
    assess,
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// So many owners are offered for choice; where there are more, the form takes the name as text.
pub const OWNERS_OFFERED: usize = 200;

const GROUPS: &str =
    "SELECT listing, site, os_key, standing, COALESCE(impact, '') AS impact, reasons, roles,
 CAST(COUNT(*) AS BIGINT) AS n FROM clients WHERE estate = ?";
const BY: &str = " GROUP BY listing, site, os_key, standing, COALESCE(impact, ''), reasons, roles";

/// From one owner to the next along the index, whatever the number of clients of each.
const NEXT_OWNER: &str =
    "SELECT MIN(owner) FROM clients WHERE estate = $1 AND owner IS NOT NULL AND owner > $2";

const OWNERS_OF: &str =
    "SELECT DISTINCT owner FROM clients WHERE estate = ? AND owner IS NOT NULL AND owner <> ''";

#[derive(sqlx::FromRow)]
struct Owner {
    owner: String,
}

/// Clients that have everything in common that the first screen tells apart.
#[derive(Debug, sqlx::FromRow)]
struct Group {
    listing: String,
    site: String,
    os_key: String,
    standing: String,
    impact: String,
    reasons: i64,
    roles: String,
    n: i64,
}

impl Store {
    /// What the first screen says, of the clients that `filter` describes; of everybody when it is empty. Somebody who
    /// may see some sites only is told what a server would say that knows no other client.
    pub async fn selection(
        &self,
        filter: &Filter,
        ruleset: &str,
        now: Timestamp,
    ) -> Result<Summary> {
        if *filter == Filter::default() {
            return self.summary(ruleset, now).await;
        }
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let groups = groups(&mut tx, filter, now).await?;
        let mut summary = sums(&groups, now)?;
        complete(&mut tx, filter, &mut summary.population, now).await?;
        // Who is judged anew without what a token sent is not judged by what holds now, either.
        let left = quarantine::left(&mut tx).await?;
        let mut anew = left;
        if filter.within.is_limited() {
            // They are not told by site: that there are any keeps the gate shut, and how many is not said.
            anew = left.min(1);
        } else {
            summary.anew = left;
        }
        summary.to_rejudge = within::to_rejudge(&mut tx, ruleset, &filter.within).await? + anew;
        summary.excepted = excepted(&mut tx, filter, now).await?;
        Ok(summary)
    }

    /// The population block alone, for every answer that has to say what it covers: of everybody who may be seen.
    pub async fn population(&self, within: &Sites, now: Timestamp) -> Result<Population> {
        if !within.is_limited() {
            return self.whole_population(now).await;
        }
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let filter = Filter::of(within);
        let mut population = sums(&groups(&mut tx, &filter, now).await?, now)?.population;
        complete(&mut tx, &filter, &mut population, now).await?;
        Ok(population)
    }

    /// How many of a filter's clients are under an exception in force, by standing.
    pub async fn excepted(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<BTreeMap<Standing, i64>> {
        self.sweep(now).await?;
        excepted(&mut self.db.read().await?, filter, now).await
    }

    /// How the site systems stand, by role; a machine with several roles stands in several lines.
    pub async fn by_role(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<Vec<(String, BTreeMap<Standing, i64>)>> {
        let mut roles: BTreeMap<String, BTreeMap<Standing, i64>> = BTreeMap::new();
        for group in self.with_roles(filter, now).await? {
            let standing = group.standing()?;
            for role in group.roles.split(',').filter(|role| !role.is_empty()) {
                let line = roles.entry(role.to_owned()).or_default();
                *line.entry(standing).or_insert(0) += group.n;
            }
        }
        Ok(roles.into_iter().collect())
    }

    async fn with_roles(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Group>> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut found = Vec::new();
        let lead = lead(&mut tx, filter, now).await?;
        for piece in pieces(filter, Order::Name) {
            let mut text = Composed::default();
            text.push(GROUPS);
            let mut growing = Growing::new(text);
            growing.with_roles();
            growing.narrow(filter, piece, lead, now);
            growing.grouped(BY);
            found.extend(growing.statement(&mut tx).all::<Group>().await?);
        }
        Ok(found)
    }

    /// The owners that occur, in order; one more than [`OWNERS_OFFERED`] when there are too many to choose from.
    pub async fn owners(&self, within: &Sites) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        if within.is_limited() {
            let mut growing = Growing::starting(OWNERS_OF);
            growing.one_of(" AND site IN (", within);
            let most = i64::try_from(OWNERS_OFFERED).unwrap_or(i64::MAX);
            growing.and(" ORDER BY owner LIMIT ?", [Value::Int(most + 1)]);
            let owners: Vec<Owner> = growing.statement(&mut tx).all().await?;
            return Ok(owners.into_iter().map(|row| row.owner).collect());
        }
        let mut owners: Vec<String> = Vec::new();
        while owners.len() <= OWNERS_OFFERED {
            let last = owners.last().cloned().unwrap_or_default();
            let next: Option<String> = tx.sql(NEXT_OWNER).bind(ESTATE).bind(last).scalar().await?;
            match next {
                Some(owner) => owners.push(owner),
                None => break,
            }
        }
        Ok(owners)
    }
}

impl Group {
    fn standing(&self) -> Result<Standing> {
        Standing::from_code(&self.standing).ok_or_else(|| Error::Inconsistent {
            table: "clients",
            detail: format!("the standing {:?}", self.standing),
        })
    }
}

/// How many of a filter's clients are under an exception in force, by standing. Exceptions are few, and lead to them.
pub(super) async fn excepted(
    tx: &mut Tx,
    filter: &Filter,
    now: Timestamp,
) -> Result<BTreeMap<Standing, i64>> {
    let mut by_standing = BTreeMap::new();
    if filter.excepted == Some(Excepted::No) {
        return Ok(by_standing);
    }
    let under_one = Filter {
        excepted: filter.excepted.or(Some(Excepted::Yes)),
        ..filter.clone()
    };
    for group in looked_at(tx, &under_one, now).await? {
        *by_standing.entry(group.standing()?).or_insert(0) += group.n;
    }
    Ok(by_standing)
}

/// What the groups of a filter's clients do not tell of its population.
async fn complete(
    tx: &mut Tx,
    filter: &Filter,
    population: &mut Population,
    now: Timestamp,
) -> Result<()> {
    let among = |change: fn(&mut Filter)| {
        let mut filter = filter.clone();
        change(&mut filter);
        filter
    };
    population.within = filter.within.clone();
    population.suspected_duplicates =
        count(tx, &among(|filter| filter.duplicates = true), now).await?;
    population.future_reports = count(tx, &among(|filter| filter.future = true), now).await?;
    if !filter.left_out {
        for group in groups(tx, &among(|filter| filter.left_out = true), now).await? {
            population.left_out += group.n;
            if Listing::from_code(&group.listing) == Some(Listing::Decommissioned) {
                population.decommissioned += group.n;
            }
        }
    }
    population.lists = within::lists(tx, &filter.within).await?;
    Ok(())
}

async fn groups(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<Vec<Group>> {
    if filter.excepted != Some(Excepted::No) {
        return groups_of(tx, filter, now).await;
    }
    // Everybody, less those under an exception.
    let with = |excepted| Filter {
        excepted,
        ..filter.clone()
    };
    let everybody = groups_of(tx, &with(None), now).await?;
    let less = groups_of(tx, &with(Some(Excepted::Yes)), now).await?;
    let mut left: BTreeMap<[String; 5], (i64, i64)> = BTreeMap::new();
    let signed = everybody.into_iter().map(|group| (1, group));
    for (sign, group) in signed.chain(less.into_iter().map(|group| (-1, group))) {
        // The counts know neither roles nor an impact beside reasons; both sides are held by what both know.
        let key = [
            group.listing,
            group.site,
            group.os_key,
            group.standing,
            group.reasons.to_string(),
        ];
        let entry = left.entry(key).or_insert((group.reasons, 0));
        entry.1 += sign * group.n;
    }
    let groups = left.into_iter().filter(|(_, (_, n))| *n != 0);
    let groups = groups.map(
        |([listing, site, os_key, standing, _], (reasons, n))| Group {
            listing,
            site,
            os_key,
            standing,
            impact: impact_of(reasons).to_owned(),
            reasons,
            roles: String::new(),
            n,
        },
    );
    Ok(groups.collect())
}

/// The impact of what a client was found to need is the worst of its reasons, by the rules.
fn impact_of(reasons: i64) -> &'static str {
    let impacts = assess::reasons_in(reasons).filter_map(|reason| reason.impact);
    impacts.min().map_or("", Impact::code)
}

async fn groups_of(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<Vec<Group>> {
    let Some((counted, uncounted)) = groups_from_counts(filter) else {
        return looked_at(tx, filter, now).await;
    };
    let mut groups = Vec::new();
    for growing in counted {
        for mut group in growing.statement(tx).all::<Group>().await? {
            if group.reasons != 0 {
                impact_of(group.reasons).clone_into(&mut group.impact);
            }
            groups.push(group);
        }
    }
    if !uncounted.is_empty() {
        let rest = Filter {
            standings: uncounted,
            ..filter.clone()
        };
        groups.extend(looked_at(tx, &rest, now).await?);
    }
    if let Some(impact) = filter.impact {
        groups.retain(|group| group.impact == impact.code());
    }
    Ok(groups)
}

/// Puts the clients of a filter together by looking at each of them.
async fn looked_at(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    let lead = lead(tx, filter, now).await?;
    for piece in pieces(filter, Order::Name) {
        let mut text = Composed::default();
        text.push(GROUPS);
        let mut growing = Growing::new(text);
        growing.narrow(filter, piece, lead, now);
        growing.grouped(BY);
        groups.extend(growing.statement(tx).all::<Group>().await?);
    }
    Ok(groups)
}

/// Adds the groups up, in every way that a page shows them.
fn sums(groups: &[Group], now: Timestamp) -> Result<Summary> {
    let mut population = Population {
        standings: Standing::ALL.map(|standing| (standing, 0)).into(),
        ..Population::default()
    };
    let mut impacts: BTreeMap<Impact, i64> = BTreeMap::new();
    let mut by_os: BTreeMap<&str, OsLine> = BTreeMap::new();
    let mut by_site: BTreeMap<&str, BTreeMap<Standing, i64>> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, ReasonLine> = BTreeMap::new();
    let mut tops = Tops::default();
    for group in groups {
        let standing = group.standing()?;
        population.total += group.n;
        match Listing::from_code(&group.listing) {
            Some(Listing::Expected) => population.expected += group.n,
            Some(listing) if listing.is_counted() => population.unlisted += group.n,
            Some(Listing::Decommissioned) => population.decommissioned += group.n,
            _ => {}
        }
        if standing != Standing::Silent {
            population.reported += group.n;
            if standing != Standing::Stale {
                population.fresh += group.n;
            }
        }
        *population.standings.entry(standing).or_insert(0) += group.n;
        let line = by_os.entry(&group.os_key).or_insert_with(|| OsLine {
            os_key: group.os_key.clone(),
            total: 0,
            standings: BTreeMap::new(),
            top_reason: None,
        });
        line.total += group.n;
        *line.standings.entry(standing).or_insert(0) += group.n;
        *by_site
            .entry(&group.site)
            .or_default()
            .entry(standing)
            .or_insert(0) += group.n;
        if standing == Standing::Blocking
            && let Some(impact) = Impact::from_code(&group.impact)
        {
            *impacts.entry(impact).or_insert(0) += group.n;
        }
        if !matches!(standing, Standing::Blocking | Standing::Undetermined) {
            continue;
        }
        for reason in assess::reasons_in(group.reasons) {
            let line = reasons.entry(reason.code).or_insert_with(|| ReasonLine {
                reason: reason.code.to_owned(),
                blocking: 0,
                undetermined: 0,
            });
            if standing == Standing::Blocking {
                line.blocking += group.n;
            } else {
                line.undetermined += group.n;
            }
            tops.add(&group.os_key, reason, standing, group.n);
        }
    }
    tops.tell(&mut by_os);
    let mut by_os: Vec<OsLine> = by_os.into_values().collect();
    summary::worst_first(&mut by_os);
    let mut reasons: Vec<ReasonLine> = reasons.into_values().collect();
    blocking_first(&mut reasons);
    Ok(Summary {
        as_of: now,
        population,
        impacts,
        by_os,
        by_site: by_site
            .into_iter()
            .map(|(site, standings)| (site.to_owned(), standings))
            .collect(),
        reasons,
        to_rejudge: 0,
        excepted: BTreeMap::new(),
        anew: 0,
    })
}
