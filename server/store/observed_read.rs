//! What was seen beside what is configured: in which box each client stands, and what logs cover.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Store,
    db::Tx,
    error::{Error, Result},
    identify::{self, ClientId},
    model::{Filter, Listing, Order},
    narrowing::{Growing, Lead, Value, pieces, text},
    observed_boxes,
    observed_brief::Brevity,
    observed_covered::{covered, first_day, visible},
    observed_digest::seen_of,
    observed_evidence::Looking,
    observed_model::{ClientSeen, Doubts, Observed, ObservedLegacy, SystemSeen, Window},
    observed_named::{AT_ONCE, id_of, listed},
};
use crate::domain::{
    access::Sites,
    observed::{OfClient, Quadrant, Seen},
    time::{DAY, Timestamp},
    verdict::Standing,
};

const CLIENTS: &str = "SELECT id, name, sort_key, site, listing, standing, seen FROM clients WHERE estate = ? AND id IN (";
const BEHIND: &str = "SELECT id, name, sort_key, site, listing, standing, seen FROM clients
WHERE estate = ? AND standing = ? AND (sort_key, id) > (?, ?)";
const COUNTS: &str = "SELECT standing, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = ? AND kind = 'client' AND listing <> 'obsolete' AND listing <> 'decommissioned'";
const OF_SCOPE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM clients WHERE estate = ?";

/// Clients that are read beyond those of a page, because some of them do not belong on it.
const SPARE: usize = 32;

/// A client, and what was seen of it when somebody looked last.
#[derive(sqlx::FromRow)]
pub(super) struct ClientRow {
    id: Vec<u8>,
    name: String,
    sort_key: String,
    site: String,
    listing: String,
    standing: String,
    seen: String,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    standing: String,
    n: i64,
}

impl ClientRow {
    /// What was seen of it when somebody looked last.
    pub(super) fn seen(&self) -> Result<Seen> {
        seen_of(&self.seen)
    }

    /// Where it stands in a list by name.
    pub(super) fn place(&self) -> Result<(String, ClientId)> {
        Ok((self.sort_key.clone(), id_of(&self.id)?))
    }

    fn standing(&self) -> Result<Standing> {
        standing_of(&self.standing)
    }

    fn is_counted(&self, sites: &Sites) -> bool {
        sites.holds(&self.site)
            && Listing::from_code(&self.listing).is_some_and(Listing::is_counted)
    }

    fn is_ready(&self) -> Result<bool> {
        self.standing().map(Standing::is_configured_well)
    }
}

pub(super) fn standing_of(code: &str) -> Result<Standing> {
    Standing::from_code(code).ok_or_else(|| Error::Inconsistent {
        table: "clients",
        detail: format!("the standing {code:?}"),
    })
}

impl Store {
    /// What was seen within a window, by what is known now, of the sites that somebody may see. It is read a few addresses
    /// at a time; what stays is a few words about each client of which anything was seen.
    pub async fn observed(&self, sites: &Sites, asked: Window, now: Timestamp) -> Result<Observed> {
        self.sweep(now).await?;
        let from = first_day(asked.days, now);
        let mut tx = self.db.read().await?;
        let (systems, without) = covered(&mut tx, from, |site| sites.holds(site)).await?;
        let looking = Looking::since(&mut tx, from, visible(sites, &systems)).await?;
        if let Some(digest) = observed_boxes::looked(&mut tx, sites, asked.days, now).await? {
            return observed_boxes::observed(&mut tx, &looking, asked, digest, systems, without)
                .await;
        }
        let mut all = Brevity::default();
        looking
            .everything(&mut tx, |placed| all.take(placed))
            .await?;
        let mut boxes = by_standing(&mut tx, sites).await?;
        let mut legacy: HashMap<&str, i64> = HashMap::new();
        let mut list: BTreeSet<(String, ClientId)> = BTreeSet::new();
        let ids: Vec<ClientId> = all.clients.keys().copied().collect();
        for some in ids.chunks(AT_ONCE) {
            for row in clients(&mut tx, some).await? {
                if !row.is_counted(sites) {
                    continue;
                }
                let id = id_of(&row.id)?;
                let ready = row.is_ready()?;
                let quadrant = Quadrant::of(ready, all.seen(&id));
                *boxes.entry(Quadrant::of(ready, Seen::Nothing)).or_default() -= 1;
                *boxes.entry(quadrant).or_default() += 1;
                if asked.quadrant.is_none_or(|wanted| wanted == quadrant) {
                    list.insert((row.sort_key, id));
                }
                let places = all.clients.get(&id).map_or(&[][..], |brief| &brief.legacy);
                for place in places {
                    if let Some(system) = all.systems.get(*place as usize) {
                        *legacy.entry(system.as_str()).or_default() += 1;
                    }
                }
            }
        }
        let told = systems.into_iter().map(|row| {
            let legacy = legacy.get(row.system.as_str()).copied();
            row.told(Some(legacy.unwrap_or_default()))
        });
        let systems: Vec<SystemSeen> = told.collect();
        let total = match asked.quadrant {
            Some(quadrant) => boxes.get(&quadrant).copied().unwrap_or_default(),
            None => i64::try_from(list.len()).unwrap_or(i64::MAX),
        };
        let after = behind(&mut tx, sites, asked).await?;
        let page = match asked.quadrant {
            _ if asked.limit == 0 => Vec::new(),
            Some(quadrant) if quadrant.seen == Seen::Nothing => {
                let nothing = |row: &ClientRow| Ok(all.seen(&id_of(&row.id)?) == Seen::Nothing);
                unseen(&mut tx, sites, quadrant, nothing, after, asked.limit + 1).await?
            }
            _ => {
                let behind = list.into_iter().filter(|place| *place > after);
                let behind = behind.take(asked.limit + 1);
                behind.map(|(_, id)| (id, all.seen(&id))).collect()
            }
        };
        let (clients, more) = dressed(&mut tx, &looking, page, asked.limit).await?;
        drop(tx);
        Ok(Observed {
            as_of: now,
            days: asked.days,
            boxes,
            clients,
            total,
            more,
            ambiguous: all.doubts(),
            systems,
            without,
        })
    }

    /// What was seen of one client within the last `days` days, by what `sites` may be seen; `None`: nothing.
    pub async fn observed_of(
        &self,
        id: &str,
        sites: &Sites,
        days: i64,
        now: Timestamp,
    ) -> Result<Option<OfClient>> {
        let Ok(id) = id.parse::<ClientId>() else {
            return Ok(None);
        };
        let from = first_day(days, now);
        let mut tx = self.db.read().await?;
        let visible = if sites.is_limited() {
            let (systems, _) = covered(&mut tx, from, |site| sites.holds(site)).await?;
            visible(sites, &systems)
        } else {
            None
        };
        let looking = Looking::since(&mut tx, from, visible).await?;
        Ok(looking.of(&mut tx, &[id]).await?.remove(&id))
    }

    /// What a decision about the clients that a filter describes asks: how many of them used TLS 1.1 or earlier since then,
    /// how many connections may have been theirs, and how much of the time the logs cover. Nothing here says that the others
    /// use TLS 1.2: what no log covers is not known. `since` counts from the beginning of its day (UTC).
    pub async fn observed_legacy(
        &self,
        scope: &Filter,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<ObservedLegacy> {
        self.sweep(now).await?;
        let from = since.0.div_euclid(DAY);
        let days = now.0.div_euclid(DAY) - from + 1;
        let within = &scope.within;
        let mut tx = self.db.read().await?;
        let (systems, _) = covered(&mut tx, from, |site| within.holds(site)).await?;
        let looking = Looking::since(&mut tx, from, visible(within, &systems)).await?;
        let (devices, risky) =
            if let Some(digest) = observed_boxes::looked(&mut tx, within, days, now).await? {
                let devices = observed_boxes::legacy(&mut tx, scope, now).await?;
                (devices, digest.doubts.risky)
            } else {
                let mut all = Brevity::default();
                looking
                    .everything(&mut tx, |placed| all.take(placed))
                    .await?;
                let old = all.clients.iter();
                let old: Vec<ClientId> = old
                    .filter(|(_, brief)| brief.seen == Seen::Legacy)
                    .map(|(id, _)| *id)
                    .collect();
                let mut devices = 0;
                for some in old.chunks(AT_ONCE) {
                    devices += of_scope(&mut tx, scope, some, now).await?;
                }
                (devices, all.doubts().risky)
            };
        let site = scope.one_site();
        let of_site = |code: &str| within.holds(code) && site.is_none_or(|site| site == code);
        let (systems, without) = covered(&mut tx, from, of_site).await?;
        let covering = Observed {
            as_of: now,
            days,
            boxes: BTreeMap::new(),
            clients: Vec::new(),
            total: 0,
            more: false,
            ambiguous: Doubts::default(),
            systems: systems.into_iter().map(|row| row.told(None)).collect(),
            without,
        };
        let (with, known, covered_days) = covering.coverage();
        let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Ok(ObservedLegacy {
            devices,
            ambiguous_addresses: n(risky),
            covered_days,
            systems: (n(with), n(known)),
        })
    }
}

/// Which clients used TLS 1.1 or earlier since then, with whatever system, and when they did so last. `since` counts from the
/// beginning of its day (UTC).
pub(super) async fn last_seen_old(
    tx: &mut Tx,
    since: Timestamp,
) -> Result<HashMap<ClientId, Timestamp>> {
    let looking = Looking::since(tx, since.0.div_euclid(DAY), None).await?;
    let mut all = Brevity::default();
    looking.everything(tx, |placed| all.take(placed)).await?;
    let each = all.clients.into_iter();
    Ok(each
        .filter(|(_, brief)| brief.seen == Seen::Legacy)
        .filter_map(|(id, brief)| Some((id, brief.legacy_last?)))
        .collect())
}

/// Counted clients by whether they are ready, as if nothing had been seen.
pub(super) async fn by_standing(tx: &mut Tx, sites: &Sites) -> Result<BTreeMap<Quadrant, i64>> {
    let mut growing = Growing::starting(COUNTS);
    growing.one_of(" AND site IN (", sites);
    growing.grouped(" GROUP BY standing");
    let mut boxes = BTreeMap::new();
    for row in growing.statement(tx).all::<CountRow>().await? {
        let ready = standing_of(&row.standing)?.is_configured_well();
        *boxes.entry(Quadrant::of(ready, Seen::Nothing)).or_default() += row.n;
    }
    Ok(boxes)
}

pub(super) async fn clients(tx: &mut Tx, ids: &[ClientId]) -> Result<Vec<ClientRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = ids.iter().map(|id| Value::Bytes(identify::bytes(*id)));
    let mut growing = listed(CLIENTS, [], bytes);
    growing.grouped(")");
    growing.statement(tx).all().await
}

/// Where a page begins: behind this place in the order of names.
pub(super) async fn behind(
    tx: &mut Tx,
    sites: &Sites,
    asked: Window,
) -> Result<(String, ClientId)> {
    let Some(id) = asked.after.filter(|_| asked.limit > 0) else {
        return Ok((String::new(), ClientId::nil()));
    };
    // The client may stand in another box by now; its place in the order stays.
    let rows = clients(tx, &[id]).await?;
    let row = rows.into_iter().find(|row| row.is_counted(sites));
    let row = row.ok_or_else(|| {
        Error::Input(
            "this cursor was not made by this server for this list; start again without a cursor"
                .to_owned(),
        )
    })?;
    row.place()
}

/// The first clients behind a place in the order of names of which nothing was seen: the merge of what each standing has next.
pub(super) async fn unseen(
    tx: &mut Tx,
    sites: &Sites,
    quadrant: Quadrant,
    nothing: impl Fn(&ClientRow) -> Result<bool>,
    mut after: (String, ClientId),
    wanted: usize,
) -> Result<Vec<(ClientId, Seen)>> {
    let mut standings: Vec<Standing> = Standing::ALL.to_vec();
    standings.retain(|standing| standing.is_configured_well() == quadrant.ready);
    let most = wanted.saturating_add(SPARE);
    let mut found = Vec::new();
    loop {
        let mut rows: BTreeMap<(String, ClientId), ClientRow> = BTreeMap::new();
        // Behind it some standing may have more than was read.
        let mut end: Option<(String, ClientId)> = None;
        for standing in &standings {
            let mut growing = Growing::starting(BEHIND);
            let place = [
                text(standing.code()),
                text(&after.0),
                Value::Bytes(identify::bytes(after.1)),
            ];
            growing.and("", place);
            growing.one_of(" AND site IN (", sites);
            growing.and(
                " ORDER BY sort_key, id LIMIT ?",
                [Value::Int(i64::try_from(most).unwrap_or(i64::MAX))],
            );
            let some: Vec<ClientRow> = growing.statement(tx).all().await?;
            let whole = some.len() == most;
            let mut last = None;
            for row in some {
                let place = row.place()?;
                last = Some(place.clone());
                rows.insert(place, row);
            }
            if let Some(last) = last.filter(|_| whole) {
                end = Some(match end {
                    Some(end) => end.min(last),
                    None => last,
                });
            }
        }
        for (place, row) in rows {
            if end.as_ref().is_some_and(|end| place > *end) {
                break;
            }
            if row.is_counted(sites) && nothing(&row)? {
                found.push((place.1, Seen::Nothing));
                if found.len() == wanted {
                    return Ok(found);
                }
            }
        }
        match end {
            Some(end) => after = end,
            None => return Ok(found),
        }
    }
}

/// The clients of a page with what is known of each, in the order of the page, and whether more follow. Each comes with what
/// put it into its box.
pub(super) async fn dressed(
    tx: &mut Tx,
    looking: &Looking,
    mut page: Vec<(ClientId, Seen)>,
    limit: usize,
) -> Result<(Vec<ClientSeen>, bool)> {
    let more = page.len() > limit;
    page.truncate(limit);
    let ids: Vec<ClientId> = page.iter().map(|(id, _)| *id).collect();
    let mut seen = looking.of(tx, &ids).await?;
    let in_box: HashMap<ClientId, Seen> = page.into_iter().collect();
    let mut known: HashMap<ClientId, ClientSeen> = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        for row in clients(tx, some).await? {
            let id = id_of(&row.id)?;
            let standing = row.standing()?;
            let placed = in_box.get(&id).copied().unwrap_or_default();
            known.insert(
                id,
                ClientSeen {
                    id,
                    name: row.name,
                    site: row.site,
                    standing,
                    quadrant: Quadrant::of(standing.is_configured_well(), placed),
                    seen: seen.remove(&id),
                },
            );
        }
    }
    let listed = ids.iter().filter_map(|id| known.remove(id));
    Ok((listed.collect(), more))
}

/// With how many counted clients each system spoke an old protocol.
pub(super) async fn counted_by_system(tx: &mut Tx, all: &Brevity) -> Result<HashMap<String, i64>> {
    let old = all.clients.iter();
    let old = old.filter(|(_, brief)| !brief.legacy.is_empty());
    let old: Vec<ClientId> = old.map(|(id, _)| *id).collect();
    let mut legacy: HashMap<String, i64> = HashMap::new();
    for some in old.chunks(AT_ONCE) {
        for row in clients(tx, some).await? {
            if !row.is_counted(&Sites::all()) {
                continue;
            }
            let brief = all.clients.get(&id_of(&row.id)?);
            for place in brief.map_or(&[][..], |brief| &brief.legacy) {
                if let Some(system) = all.systems.get(*place as usize) {
                    *legacy.entry(system.clone()).or_default() += 1;
                }
            }
        }
    }
    Ok(legacy)
}

/// How many of some clients a filter describes.
async fn of_scope(tx: &mut Tx, scope: &Filter, ids: &[ClientId], now: Timestamp) -> Result<i64> {
    let mut sum = 0;
    for piece in pieces(scope, Order::Name) {
        let mut growing = Growing::starting(OF_SCOPE);
        growing.narrow(scope, piece, Lead::Either, now);
        growing.grouped(" AND id IN (");
        for (index, id) in ids.iter().enumerate() {
            let value = Value::Bytes(identify::bytes(*id));
            growing.and(if index == 0 { "?" } else { ", ?" }, [value]);
        }
        growing.grouped(")");
        let n: i64 = growing.statement(tx).scalar().await?;
        sum += n;
    }
    Ok(sum)
}
