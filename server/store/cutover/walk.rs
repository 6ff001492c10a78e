//! Reading everybody in a scope, a portion at a time, from one snapshot, with the hash of what each verdict rests on.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{
    super::{
        ESTATE, Store,
        db::{Composed, Errand, Record, Tx},
        error::{Error, Result},
        identify::{self, ClientId},
        lists::page,
        model::{ClientRow, Filter, Listing, Order},
        observed_read::last_seen_old,
        suspicion_list::{placed_elsewhere, suspected},
        system_roles::{self, ToldRoles},
    },
    excepted::{self, Excepted},
};
use crate::domain::{
    access::Sites,
    cutover::{canonical, difference::Who, whatif::Membership},
    time::{DAY, Timestamp},
    verdict::Standing,
};

const STAND_NOW: &str =
    "SELECT id, name, site, standing, listing, seen_at FROM clients WHERE estate = ? AND id IN (?";

/// Clients read at once.
pub const PORTION: usize = 500;
/// Days of logs that are looked at, today among them.
pub const WINDOW: i64 = 30;

#[derive(sqlx::FromRow)]
struct Heard {
    id: Vec<u8>,
    seen_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Stands {
    id: Vec<u8>,
    name: String,
    site: String,
    standing: String,
    listing: String,
    seen_at: Option<i64>,
}

/// A client of a scope, as it is stored.
#[derive(Clone, Debug)]
pub struct InScope {
    /// The list line.
    pub row: ClientRow,
    /// How it came into the scope.
    pub membership: Membership,
    /// Hash of the facts; empty: never reported.
    pub evidence: String,
    /// The exception in force that fits it.
    pub exception: Option<Excepted>,
    /// When a log or a handshake that is surely its own showed an old protocol last, within [`WINDOW`] days.
    pub seen_old: Option<Timestamp>,
    /// Since when reports say that it is ready, and none in between that it is not.
    pub well_since: Option<Timestamp>,
    /// A report turned it ready, or took the verdict away, about which a suspicion is open.
    pub suspected: bool,
    /// The lists that expect it place it at none of the scope's sites.
    pub elsewhere: bool,
    /// Of a site system: what else is known of its roles. See [`Store::walk_systems`].
    pub told: Option<ToldRoles>,
}

/// Everybody in a scope, being read.
#[derive(Debug)]
pub struct ScopeWalk {
    tx: Tx,
    filters: VecDeque<(Membership, Filter)>,
    cursor: Option<String>,
    exceptions: HashMap<String, Vec<Excepted>>,
    seen_old: HashMap<ClientId, Timestamp>,
    suspected: HashSet<ClientId>,
    elsewhere: HashSet<ClientId>,
    told: HashMap<ClientId, ToldRoles>,
    /// Those that can come by more than one filter.
    seen: HashSet<String>,
    now: Timestamp,
}

impl Store {
    /// Reads everybody that these filters describe, one filter after the other; who comes twice is told once.
    pub async fn walk_scope(
        &self,
        filters: Vec<(Membership, Filter)>,
        now: Timestamp,
    ) -> Result<ScopeWalk> {
        self.sweep(now).await?;
        let mut tx = self.db.read_long(Errand::Run).await?;
        let exceptions = excepted::in_force(&mut tx, now).await?;
        let seen_old = last_seen_old(&mut tx, now.plus(-(WINDOW - 1) * DAY)).await?;
        let suspected = suspected(&mut tx).await?;
        let named = filters
            .iter()
            .filter(|(how, _)| *how == Membership::Named)
            .filter_map(|(_, filter)| filter.site.clone());
        let sites: Vec<String> = named.filter(|site| !site.is_empty()).collect();
        let elsewhere = if sites.is_empty() {
            HashSet::new()
        } else {
            placed_elsewhere(&mut tx, &Sites::only(sites)).await?
        };
        Ok(ScopeWalk {
            tx,
            filters: filters.into(),
            cursor: None,
            exceptions,
            seen_old,
            suspected,
            elsewhere,
            told: HashMap::new(),
            seen: HashSet::new(),
            now,
        })
    }
}

impl Store {
    /// The same of the site systems that these filters describe, which are few; and of everybody whom a list in force calls one, or
    /// who was one before a report that nobody has looked at, wherever that is: their roles and sites are told beside. What logs
    /// showed of them, and exceptions, are not looked at.
    pub async fn walk_systems(
        &self,
        filters: Vec<(Membership, Filter)>,
        now: Timestamp,
    ) -> Result<ScopeWalk> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let suspected = suspected(&mut tx).await?;
        let told = system_roles::told(&mut tx).await?;
        let mut asked: VecDeque<(Membership, Filter)> = filters
            .iter()
            .map(|(how, filter)| {
                let filter = Filter {
                    systems: true,
                    ..filter.clone()
                };
                (*how, filter)
            })
            .collect();
        if !told.is_empty() {
            // However they stand: they may be ready only because nobody asked what they are.
            let everywhere = (Membership::Named, Filter::default());
            asked.extend(
                filters
                    .into_iter()
                    .chain([everywhere])
                    .map(|(how, filter)| {
                        let filter = Filter {
                            told_systems: true,
                            standings: Vec::new(),
                            ..filter
                        };
                        (how, filter)
                    }),
            );
        }
        Ok(ScopeWalk {
            tx,
            filters: asked,
            cursor: None,
            exceptions: HashMap::new(),
            seen_old: HashMap::new(),
            suspected,
            elsewhere: HashSet::new(),
            told,
            seen: HashSet::new(),
            now,
        })
    }
}

impl ScopeWalk {
    /// The next portion; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<InScope>>> {
        while let Some((membership, filter)) = self.filters.front().cloned() {
            let (rows, next) = page(
                &mut self.tx,
                &filter,
                Order::Name,
                self.cursor.as_deref(),
                PORTION,
                self.now,
            )
            .await?;
            if next.is_none() {
                self.filters.pop_front();
            }
            self.cursor = next;
            if rows.is_empty() {
                continue;
            }
            let mut found = Vec::with_capacity(rows.len());
            for row in rows {
                // Whoever the scope names comes by one filter only; the others, and site systems, are few.
                let once = membership == Membership::Named && self.told.is_empty();
                if !once && !self.seen.insert(row.id.clone()) {
                    continue;
                }
                let id = row.id.parse::<ClientId>().ok();
                let several = self.exceptions.get(&row.id).into_iter().flatten();
                let exception = several.filter(|exception| exception.fits(&row)).cloned();
                let hash = row.rests_on.facts.as_ref();
                found.push(InScope {
                    membership,
                    evidence: hash.map(|hash| canonical::hex(hash)).unwrap_or_default(),
                    well_since: row.rests_on.well_since,
                    exception: exception.take(1).next(),
                    seen_old: id.and_then(|id| self.seen_old.get(&id).copied()),
                    suspected: id.is_some_and(|id| self.suspected.contains(&id)),
                    elsewhere: id.is_some_and(|id| self.elsewhere.contains(&id)),
                    told: id.and_then(|id| self.told.get(&id).cloned()),
                    row,
                });
            }
            return Ok(Some(found));
        }
        Ok(None)
    }
}

/// Ids as they are stored; at most a portion of them.
fn keys<'i>(ids: impl Iterator<Item = &'i str>) -> Vec<Vec<u8>> {
    ids.filter_map(|id| id.parse::<ClientId>().ok())
        .map(|id| id.as_bytes().to_vec())
        .take(PORTION)
        .collect()
}

/// When some clients were heard; at most a portion of them.
async fn heard<'i>(tx: &mut Tx, ids: impl Iterator<Item = &'i str>) -> Result<Vec<Heard>> {
    let ids = keys(ids);
    by_ids(
        tx,
        "SELECT id, seen_at FROM clients WHERE estate = ? AND id IN (?",
        ids,
    )
    .await
}

/// What a statement says of some clients, whose ids are put behind its end.
async fn by_ids<R: Record>(tx: &mut Tx, start: &'static str, ids: Vec<Vec<u8>>) -> Result<Vec<R>> {
    let Some(first) = ids.first().cloned() else {
        return Ok(Vec::new());
    };
    let mut text = Composed::default();
    text.push(start);
    // Few lengths, so that few statements are prepared.
    let length = if ids.len() > 50 { PORTION } else { 50 };
    for _ in 1..length {
        text.push(", ?");
    }
    text.push(")");
    let mut statement = tx.composed(text).bind(ESTATE);
    for place in 0..length {
        statement = statement.bind(ids.get(place).cloned().unwrap_or_else(|| first.clone()));
    }
    statement.all().await
}

impl Store {
    /// When these clients were heard last, by what they sent themselves: the earlier of when it was read and when it
    /// came. Who was never heard, or is gone, is missing. At most [`PORTION`] ids.
    pub async fn heard_last(&self, ids: &[String]) -> Result<HashMap<String, i64>> {
        let mut tx = self.db.read().await?;
        let rows = heard(&mut tx, ids.iter().map(String::as_str)).await?;
        let each = rows.into_iter().filter_map(|row| {
            let id = identify::from_bytes(&row.id)?;
            Some((id.to_string(), row.seen_at?))
        });
        Ok(each.collect())
    }

    /// How these clients stand now, of those that are counted, or that lists leave out although they were heard after `since`. At
    /// most [`PORTION`] ids.
    pub async fn stand_now(
        &self,
        ids: &[String],
        since: Timestamp,
    ) -> Result<Vec<(Who, Standing)>> {
        let mut tx = self.db.read().await?;
        let ids = keys(ids.iter().map(String::as_str));
        let rows: Vec<Stands> = by_ids(&mut tx, STAND_NOW, ids).await?;
        let counted = rows.into_iter().filter(|row| {
            Listing::from_code(&row.listing).is_none_or(Listing::is_counted)
                || row.seen_at.is_some_and(|seen| seen > since.0)
        });
        let each = counted.map(|row| {
            let id = identify::from_bytes(&row.id).map(|id| id.to_string());
            let (Some(id), Some(standing)) = (id, Standing::from_code(&row.standing)) else {
                return Err(Error::Inconsistent {
                    table: "clients",
                    detail: format!("the standing {:?}, or an id", row.standing),
                });
            };
            let (name, site) = (row.name, row.site);
            Ok((Who { id, name, site }, standing))
        });
        each.collect()
    }
}
