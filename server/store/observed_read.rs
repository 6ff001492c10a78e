//! What was seen beside what is configured: whose it was, in which box each client stands, and what logs cover.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    identify::{self, ClientId},
    model::{Filter, Listing},
};
use crate::domain::{
    access::Sites,
    observed::{
        self, Ambiguous, Doubt, Named, Observation, OfClient, Protocol, Quadrant, Seen, Sighting,
        Via,
    },
    time::{DAY, Timestamp},
    verdict::Standing,
};

const SEEN: &str =
    "SELECT system, address, machine, via, protocol, first_at, last_at, n FROM observations
WHERE estate = $1 AND day >= $2 ORDER BY day, system, address, machine, via, protocol";
const SIGHTINGS: &str =
    "SELECT address, ident, from_at, until_at FROM sightings WHERE estate = $1 AND until_at >= $2";
const CLIENTS: &str = "SELECT id, name, fqdn, site, os_key, roles, listing, standing FROM clients WHERE estate = $1 ORDER BY sort_key, id";
/// Of the idents that are looked for, whichever they are.
const IDENTS: &str = "SELECT i.ident, i.client_id FROM identities i WHERE i.estate = $1 AND (
  i.ident IN (SELECT 'n:' || o.machine FROM observations o WHERE o.estate = $1 AND o.day >= $2 AND o.machine <> '')
  OR i.ident IN (SELECT s.ident FROM sightings s WHERE s.estate = $1 AND s.until_at >= $3))";
/// Whether anything that was seen can be about a client.
const TOUCHED: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM identities i WHERE i.estate = $1 AND i.client_id = $2 AND (
  EXISTS (SELECT 1 FROM sightings s WHERE s.estate = i.estate AND s.ident = i.ident)
  OR EXISTS (SELECT 1 FROM observations o WHERE o.estate = i.estate AND o.machine <> '' AND i.ident = 'n:' || o.machine)
  OR EXISTS (SELECT 1 FROM sightings s WHERE s.estate = i.estate AND i.ident LIKE 'n:%'
    AND s.ident LIKE 'f:' || SUBSTR(i.ident, 3) || '.%'))";
const SYSTEMS: &str = "SELECT s.system, s.site,
  CAST((SELECT COUNT(DISTINCT h.hour / 24) FROM observed_hours h
    WHERE h.estate = s.estate AND h.system = s.system AND h.hour >= $2 AND h.told > 0) AS BIGINT) AS days,
  CAST((SELECT COALESCE(SUM(h.lines), 0) FROM observed_hours h
    WHERE h.estate = s.estate AND h.system = s.system AND h.hour >= $2) AS BIGINT) AS lines
FROM observed_systems s WHERE s.estate = $1 ORDER BY s.system";

#[derive(sqlx::FromRow)]
struct SeenRow {
    system: String,
    address: String,
    machine: String,
    via: String,
    protocol: String,
    first_at: i64,
    last_at: i64,
    n: i64,
}

#[derive(sqlx::FromRow)]
struct SightingRow {
    address: String,
    ident: String,
    from_at: i64,
    until_at: i64,
}

#[derive(sqlx::FromRow)]
struct IdentRow {
    ident: String,
    client_id: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct ClientRow {
    id: Vec<u8>,
    name: String,
    fqdn: Option<String>,
    site: String,
    os_key: String,
    roles: String,
    listing: String,
    standing: String,
}

#[derive(sqlx::FromRow)]
struct SystemRow {
    system: String,
    site: String,
    days: i64,
    lines: i64,
}

/// A client and what was seen of it.
#[derive(Clone, Debug)]
pub struct ClientSeen {
    /// Our id of it.
    pub id: ClientId,
    /// What it is called.
    pub name: String,
    /// Its site; empty: not known.
    pub site: String,
    /// Its OS version.
    pub os_key: String,
    /// How it stands; what was seen does not move that.
    pub standing: Standing,
    /// What was seen; `None`: nothing.
    pub seen: Option<OfClient>,
}

impl ClientSeen {
    /// In which box it stands.
    pub fn quadrant(&self) -> Quadrant {
        let seen = self.seen.as_ref().map_or(Seen::Nothing, |seen| seen.seen);
        Quadrant::of(self.standing == Standing::Ready, seen)
    }
}

/// A site system, and how much of the window its logs cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemSeen {
    /// Its name, in lower case.
    pub system: String,
    /// Days of the window with at least one line that tells a protocol.
    pub days: i64,
    /// Lines of logs that record protocols.
    pub lines: i64,
    /// Clients that used TLS 1.1 or earlier there.
    pub legacy: i64,
}

/// Everything that was seen within a window.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The moment it is of.
    pub as_of: Timestamp,
    /// Days of the window, today among them.
    pub days: i64,
    /// Every counted client that may be seen, by name.
    pub clients: Vec<ClientSeen>,
    /// Connections that may be anybody's: by address or name, and why.
    pub ambiguous: BTreeMap<(String, Doubt), Ambiguous>,
    /// Systems of which logs were read.
    pub systems: Vec<SystemSeen>,
    /// Site systems that are known, and of which no log says anything of this window.
    pub without: Vec<String>,
}

impl Observed {
    /// How many clients stand in a box.
    pub fn count(&self, quadrant: Quadrant) -> i64 {
        let those = self.clients.iter();
        let those = those.filter(|client| client.quadrant() == quadrant);
        i64::try_from(those.count()).unwrap_or(i64::MAX)
    }

    /// How many systems have logs within the window, how many there are, and the fewest days that any of the former covers.
    pub fn coverage(&self) -> (usize, usize, i64) {
        let with: Vec<i64> = self.systems.iter().map(|system| system.days).collect();
        let with: Vec<i64> = with.into_iter().filter(|days| *days > 0).collect();
        let least = with.iter().copied().min().unwrap_or_default();
        let silent = self.systems.iter().filter(|system| system.days == 0);
        let named: HashSet<&str> = silent.map(|system| system.system.as_str()).collect();
        let others = self.without.iter();
        let others = others.filter(|name| !named.contains(name.as_str())).count();
        (with.len(), self.systems.len() + others, least)
    }
}

/// What a decision asks of observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedLegacy {
    /// Clients of the scope that used TLS 1.1 or earlier.
    pub devices: i64,
    /// Addresses or names with TLS 1.1 or earlier, or with something unknown, that may be anybody's.
    pub ambiguous_addresses: i64,
    /// The fewest days that the logs of a system with logs cover.
    pub covered_days: i64,
    /// Systems with logs, and all that are known.
    pub systems: (i64, i64),
}

impl Store {
    /// What was seen within the last `days` days, by what is known now, of the sites that somebody may see.
    pub async fn observed(&self, sites: &Sites, days: i64, now: Timestamp) -> Result<Observed> {
        self.sweep(now).await?;
        let today = now.0.div_euclid(DAY);
        let from = today - days + 1;
        let mut tx = self.db.read().await?;
        let systems: Vec<SystemRow> = tx.sql(SYSTEMS).bind(ESTATE).bind(from * 24).all().await?;
        let systems: Vec<SystemRow> = systems
            .into_iter()
            .filter(|row| sites.holds(&row.site))
            .collect();
        let visible: HashSet<String> = systems.iter().map(|row| row.system.clone()).collect();
        let observations = seen(&mut tx, from, &visible).await?;
        let sightings = sightings(&mut tx, from).await?;
        let rows: Vec<ClientRow> = tx.sql(CLIENTS).bind(ESTATE).all().await?;
        let named = named(&mut tx, from, &sightings, &rows).await?;
        drop(tx);
        let mut placed = observed::place(&observations, &sightings, &named);
        let mut clients = Vec::with_capacity(rows.len());
        let mut without = BTreeSet::new();
        for row in rows {
            if !sites.holds(&row.site)
                || !Listing::from_code(&row.listing).is_some_and(Listing::is_counted)
            {
                continue;
            }
            let id = id_of(&row.id)?;
            if !row.roles.is_empty() {
                without.insert(row.name.to_lowercase());
            }
            let standing =
                Standing::from_code(&row.standing).ok_or_else(|| Error::Inconsistent {
                    table: "clients",
                    detail: format!("the standing {:?}", row.standing),
                })?;
            clients.push(ClientSeen {
                id,
                name: row.name,
                site: row.site,
                os_key: row.os_key,
                standing,
                seen: placed.clients.remove(&id),
            });
        }
        let mut legacy: HashMap<String, i64> = HashMap::new();
        for client in &clients {
            let lines = client.seen.iter().flat_map(|seen| seen.lines.keys());
            let old = lines.filter(|(_, protocol)| protocol.proves() == Seen::Legacy);
            for system in old.map(|(system, _)| system).collect::<BTreeSet<_>>() {
                *legacy.entry(system.clone()).or_default() += 1;
            }
        }
        for row in systems.iter().filter(|row| row.days > 0) {
            let short = row.system.split('.').next().unwrap_or_default();
            without.retain(|name| *name != row.system && name != short);
        }
        Ok(Observed {
            as_of: now,
            days,
            clients,
            ambiguous: placed.ambiguous,
            systems: systems
                .into_iter()
                .map(|row| SystemSeen {
                    legacy: legacy.get(&row.system).copied().unwrap_or_default(),
                    system: row.system,
                    days: row.days,
                    lines: row.lines,
                })
                .collect(),
            without: without.into_iter().collect(),
        })
    }

    /// What was seen of one client, by what `sites` may be seen; `None`: nothing.
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
        let touched: i64 = self
            .db
            .read()
            .await?
            .sql(TOUCHED)
            .bind(ESTATE)
            .bind(identify::bytes(id))
            .scalar()
            .await?;
        if touched == 0 {
            return Ok(None);
        }
        // Whose an address was depends on everybody who had it.
        let observed = self.observed(sites, days, now).await?;
        let mut clients = observed.clients.into_iter();
        Ok(clients
            .find(|client| client.id == id)
            .and_then(|client| client.seen))
    }

    /// What a decision asks: how many clients that a filter describes used an old protocol since then.
    pub async fn observed_legacy(
        &self,
        scope: &Filter,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<ObservedLegacy> {
        let days = (now.0.div_euclid(DAY) - since.0.div_euclid(DAY) + 1).clamp(1, 3_650);
        let observed = self.observed(&Sites::all(), days, now).await?;
        let old: HashSet<String> = observed
            .clients
            .iter()
            .filter(|client| client.quadrant().seen == Seen::Legacy)
            .map(|client| client.id.to_string())
            .collect();
        let mut devices = 0;
        let mut cursor: Option<String> = None;
        while !old.is_empty() {
            let page = self.list(scope, cursor.as_deref(), 1_000, now).await?;
            devices += page
                .items
                .iter()
                .filter(|row| old.contains(&row.id))
                .count();
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let risky = observed.ambiguous.values();
        let risky = risky.filter(|known| known.seen >= Seen::Unclear).count();
        let (with, all, covered_days) = observed.coverage();
        let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Ok(ObservedLegacy {
            devices: n(devices),
            ambiguous_addresses: n(risky),
            covered_days,
            systems: (n(with), n(all)),
        })
    }
}

fn id_of(bytes: &[u8]) -> Result<ClientId> {
    identify::from_bytes(bytes).ok_or_else(|| Error::Inconsistent {
        table: "clients",
        detail: format!("an id of {} bytes", bytes.len()),
    })
}

async fn seen(tx: &mut Tx, from: i64, systems: &HashSet<String>) -> Result<Vec<Observation>> {
    let rows: Vec<SeenRow> = tx.sql(SEEN).bind(ESTATE).bind(from).all().await?;
    let rows = rows.into_iter().filter(|row| systems.contains(&row.system));
    rows.map(|row| {
        let broken = |detail: &str| Error::Inconsistent {
            table: "observations",
            detail: detail.to_owned(),
        };
        Ok(Observation {
            via: Via::from_code(&row.via).ok_or_else(|| broken(&row.via))?,
            protocol: Protocol::from_code(&row.protocol).ok_or_else(|| broken(&row.protocol))?,
            system: row.system,
            address: row.address,
            machine: if row.machine.is_empty() {
                String::new()
            } else {
                format!("n:{}", row.machine)
            },
            first: Timestamp(row.first_at),
            last: Timestamp(row.last_at),
            count: row.n,
        })
    })
    .collect()
}

/// Who had addresses. Another source is one more query here.
async fn sightings(tx: &mut Tx, from: i64) -> Result<Vec<Sighting>> {
    let rows: Vec<SightingRow> = tx
        .sql(SIGHTINGS)
        .bind(ESTATE)
        .bind(from * DAY)
        .all()
        .await?;
    let rows = rows.into_iter().map(|row| Sighting {
        address: row.address,
        ident: row.ident,
        from: Timestamp(row.from_at),
        until: Timestamp(row.until_at),
    });
    Ok(rows.collect())
}

/// Whom the idents name.
async fn named(
    tx: &mut Tx,
    from: i64,
    sightings: &[Sighting],
    clients: &[ClientRow],
) -> Result<Named<ClientId>> {
    let rows: Vec<IdentRow> = tx
        .sql(IDENTS)
        .bind(ESTATE)
        .bind(from)
        .bind(from * DAY)
        .all()
        .await?;
    let mut named: Named<ClientId> = HashMap::new();
    for row in rows {
        named
            .entry(row.ident)
            .or_default()
            .push(id_of(&row.client_id)?);
    }
    // A list often has no FQDN; then the only client of that name is meant.
    let fqdns = sightings
        .iter()
        .filter_map(|seen| seen.ident.strip_prefix("f:"));
    let unknown: HashSet<&str> = fqdns
        .filter(|fqdn| !named.contains_key(&format!("f:{fqdn}")))
        .collect();
    if unknown.is_empty() {
        return Ok(named);
    }
    let mut by_name: HashMap<String, Vec<&ClientRow>> = HashMap::new();
    for client in clients {
        by_name
            .entry(client.name.to_lowercase())
            .or_default()
            .push(client);
    }
    for fqdn in unknown {
        let short = fqdn.split('.').next().unwrap_or_default();
        if let Some([client]) = by_name.get(short).map(Vec::as_slice)
            && client.fqdn.is_none()
        {
            named.insert(format!("f:{fqdn}"), vec![id_of(&client.id)?]);
        }
    }
    Ok(named)
}
