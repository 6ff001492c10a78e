//! What is known of connections, read a few addresses at a time: each address decides for itself whose its connections were,
//! so a window of any length takes no more memory than the addresses in hand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    ESTATE,
    db::{Composed, Tx},
    error::{Error, Result},
    identify::{self, ClientId},
    narrowing::{Growing, Value},
    observed_named::{AT_ONCE, CLIENT, IdentRow, enumerate, id_of, listed, named, padded, texts},
};
use crate::domain::{
    observed::{
        Evidence, Lease, OWN_SERVER, Observation, OfClient, Placed, Protocol, SHARED_BY, Via, place,
    },
    sightings::SAME_LEASE,
    time::{DAY, Timestamp},
};

/// Of an address where more machine accounts than this spoke, days need not be told apart.
const CROWD: i64 = 50;

const ADDRESSES: &str = "SELECT DISTINCT address FROM observations WHERE estate = $1 AND address > $2 ORDER BY address LIMIT $3";
const LEASES: &str = "SELECT address, ident, from_at, until_at FROM leases WHERE estate = ? AND until_at >= ? AND address IN (";
/// Of an address that everybody comes from no more is looked at than it takes to know that it is shared.
const CROWDED: &str = "SELECT a.column1 AS address FROM (VALUES ";
const BY_MANY: &str = ") AS a WHERE EXISTS
  (SELECT 1 FROM heard_from h WHERE h.estate = ? AND h.address = a.column1 LIMIT 1 OFFSET ?)";
const HEARD: &str = "SELECT h.address, h.client_id, c.received_at FROM heard_from h
JOIN clients c ON c.estate = h.estate AND c.id = h.client_id
WHERE h.estate = ? AND c.received_at >= ? AND h.address IN (";
const BUSY: &str = "SELECT address FROM observations WHERE estate = ? AND machine <> '' AND day >= ? AND address IN (";
const SEEN: &str =
    "SELECT system, address, machine, via, protocol, CAST(MIN(first_at) AS BIGINT) AS first_at,
  CAST(MAX(last_at) AS BIGINT) AS last_at, CAST(SUM(n) AS BIGINT) AS n
FROM observations WHERE estate = ? AND day >= ? AND ";
const TOGETHER: &str = ") GROUP BY address, machine, system, via, protocol";
const BY_DAY: &str = ") GROUP BY address, machine, system, via, protocol, day";
const IDENTS_OF: &str = "SELECT i.ident, i.client_id FROM (VALUES ";
/// As ranges of one: SQLite would rather walk through all idents than look two columns up in the index by client.
const OF_THESE: &str = ") AS a CROSS JOIN identities i
WHERE i.estate = ? AND i.client_id >= a.column1 AND i.client_id <= a.column1";
const PLACES: &str = "SELECT sort_key, fqdn, sent_from FROM clients WHERE estate = ? AND id IN (";
const LEASED: &str = "SELECT address FROM leases WHERE estate = ? AND until_at >= ? AND ident IN (";
const LEASED_BARE: &str =
    "SELECT address FROM leases WHERE estate = ? AND until_at >= ? AND bare <> '' AND bare IN (";
/// Failed handshakes with our own server that offered nothing newer than TLS 1.1.
const HANDSHAKES: &str = "SELECT address, highest, last_at, times FROM sightings
WHERE estate = $1 AND failure = 'no_tls12' AND last_at >= $2";

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
struct LeaseRow {
    address: String,
    ident: String,
    from_at: i64,
    until_at: i64,
}

#[derive(sqlx::FromRow)]
struct HeardRow {
    address: String,
    client_id: Vec<u8>,
    received_at: i64,
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    address: String,
}

#[derive(sqlx::FromRow)]
struct PlaceRow {
    sort_key: String,
    fqdn: Option<String>,
    sent_from: String,
}

#[derive(sqlx::FromRow)]
struct HandshakeRow {
    address: String,
    highest: Option<i64>,
    last_at: i64,
    times: i64,
}

/// Reads what was seen since a day.
#[derive(Debug)]
pub(super) struct Looking {
    from: i64,
    /// Only what these systems say; `None`: all of them.
    systems: Option<HashSet<String>>,
    /// Handshakes with our own server, by address.
    handshakes: HashMap<String, Observation>,
}

impl Looking {
    /// Begins with what is small: the failed handshakes.
    pub(super) async fn since(
        tx: &mut Tx,
        from: i64,
        systems: Option<HashSet<String>>,
    ) -> Result<Self> {
        let rows: Vec<HandshakeRow> = tx
            .sql(HANDSHAKES)
            .bind(ESTATE)
            .bind(from * DAY)
            .all()
            .await?;
        let handshakes = rows.into_iter().map(|row| {
            let protocol = match row.highest {
                Some(0x0300) => Protocol::Ssl3,
                Some(0x0301) => Protocol::Tls10,
                Some(0x0302) => Protocol::Tls11,
                _ => Protocol::Unknown,
            };
            let observation = Observation {
                system: OWN_SERVER.to_owned(),
                address: row.address.clone(),
                machine: String::new(),
                via: Via::Direct,
                protocol,
                // What is known of the address is known of that moment.
                first: Timestamp(row.last_at),
                last: Timestamp(row.last_at),
                count: row.times,
            };
            (row.address, observation)
        });
        Ok(Self {
            from,
            systems,
            handshakes: handshakes.collect(),
        })
    }

    /// Hands out whose everything was, some addresses at a time, each address once.
    pub(super) async fn everything(
        &self,
        tx: &mut Tx,
        mut take: impl FnMut(Placed<ClientId>),
    ) -> Result<()> {
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let mut after = String::new();
        let mut apart: BTreeSet<&String> = self.handshakes.keys().collect();
        loop {
            let rows: Vec<AddressRow> = tx
                .sql(ADDRESSES)
                .bind(ESTATE)
                .bind(after.clone())
                .bind(most)
                .all()
                .await?;
            let addresses: Vec<String> = rows.into_iter().map(|row| row.address).collect();
            let Some(last) = addresses.last() else { break };
            last.clone_into(&mut after);
            for address in &addresses {
                apart.remove(address);
            }
            take(self.placed(tx, &addresses).await?);
        }
        let apart: Vec<String> = apart.into_iter().cloned().collect();
        for addresses in apart.chunks(AT_ONCE) {
            take(self.placed(tx, addresses).await?);
        }
        Ok(())
    }

    /// All that was seen of these clients.
    pub(super) async fn of(
        &self,
        tx: &mut Tx,
        ids: &[ClientId],
    ) -> Result<BTreeMap<ClientId, OfClient>> {
        let mut found: BTreeMap<ClientId, OfClient> = BTreeMap::new();
        for ids in ids.chunks(AT_ONCE) {
            let (idents, addresses) = self.places(tx, ids).await?;
            let mut take = |placed: Placed<ClientId>| {
                for (client, known) in placed.clients {
                    if ids.contains(&client) {
                        found.entry(client).or_default().join(known);
                    }
                }
            };
            let addresses: Vec<String> = addresses.into_iter().collect();
            for some in addresses.chunks(AT_ONCE) {
                take(self.placed(tx, some).await?);
            }
            // What a machine account says of itself, it says from wherever it is.
            let machines = idents.iter().filter_map(|ident| ident.strip_prefix("n:"));
            let machines: Vec<String> = machines.map(str::to_owned).collect();
            for some in machines.chunks(AT_ONCE) {
                let mut growing = Growing::starting(SEEN);
                growing.and("machine <> '' AND machine IN (", [Value::Int(self.from)]);
                enumerate(&mut growing, texts(some));
                growing.grouped(TOGETHER);
                let mut evidence = Evidence::default();
                self.observations(tx, growing, &mut evidence).await?;
                let known: HashSet<&String> = addresses.iter().collect();
                evidence
                    .observations
                    .retain(|seen| !known.contains(&seen.address));
                let named = named(tx, &evidence).await?;
                take(place(&evidence, &named));
            }
        }
        Ok(found)
    }

    /// What clients are known by, and the addresses that they may have had.
    async fn places(
        &self,
        tx: &mut Tx,
        ids: &[ClientId],
    ) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let bytes = || ids.iter().map(|id| Value::Bytes(identify::bytes(*id)));
        let mut growing = in_values(IDENTS_OF, bytes());
        growing.and(OF_THESE, [Value::Int(ESTATE)]);
        let rows: Vec<IdentRow> = growing.statement(tx).all().await?;
        let idents: BTreeSet<String> = rows.into_iter().map(|row| row.ident).collect();
        let mut growing = listed(PLACES, [], bytes());
        growing.grouped(")");
        let clients: Vec<PlaceRow> = growing.statement(tx).all().await?;
        let mut addresses: BTreeSet<String> = BTreeSet::new();
        let bare = clients.iter().filter(|client| client.fqdn.is_none());
        let bare: Vec<String> = bare.map(|client| client.sort_key.clone()).collect();
        let all: Vec<String> = idents.iter().cloned().collect();
        for (statement, names) in [(LEASED, &all), (LEASED_BARE, &bare)] {
            for some in names.chunks(AT_ONCE) {
                let mut growing = listed(statement, [self.from * DAY], texts(some));
                growing.grouped(")");
                let rows: Vec<AddressRow> = growing.statement(tx).all().await?;
                addresses.extend(rows.into_iter().map(|row| row.address));
            }
        }
        let sent = clients.into_iter().map(|client| client.sent_from);
        addresses.extend(sent.filter(|address| !address.is_empty()));
        Ok((idents, addresses))
    }

    /// Whose everything from these addresses was.
    async fn placed(&self, tx: &mut Tx, addresses: &[String]) -> Result<Placed<ClientId>> {
        let mut evidence = self.evidence(tx, addresses).await?;
        let handshakes = addresses
            .iter()
            .filter_map(|address| self.handshakes.get(address));
        let handshakes: Vec<Observation> = handshakes.cloned().collect();
        let named = named(tx, &evidence).await?;
        if handshakes.is_empty() {
            return Ok(place(&evidence, &named));
        }
        // An address that only our own server met belongs to no site.
        let elsewhere = self
            .systems
            .is_some()
            .then(|| place(&evidence, &named).ambiguous);
        evidence.observations.extend(handshakes);
        let mut placed = place(&evidence, &named);
        if let Some(ambiguous) = elsewhere {
            placed.ambiguous = ambiguous;
        }
        Ok(placed)
    }

    /// What is known of these addresses, of which there are not too many for one statement.
    async fn evidence(&self, tx: &mut Tx, addresses: &[String]) -> Result<Evidence> {
        let mut evidence = Evidence::default();
        let mut growing = listed(LEASES, [self.from * DAY], texts(addresses));
        growing.grouped(")");
        let rows: Vec<LeaseRow> = growing.statement(tx).all().await?;
        evidence.leases = rows
            .into_iter()
            .map(|row| Lease {
                address: row.address,
                ident: row.ident,
                from: Timestamp(row.from_at),
                until: Timestamp(row.until_at),
                hearsay: false,
            })
            .collect();
        self.hearsay(tx, addresses, &mut evidence).await?;
        let held: HashSet<&String> = evidence.leases.iter().map(|lease| &lease.address).collect();
        let held = addresses.iter().filter(|address| held.contains(address));
        let held: Vec<String> = held.cloned().collect();
        let mut busy: HashSet<String> = HashSet::new();
        if !held.is_empty() {
            let mut growing = listed(BUSY, [self.from], texts(&held));
            growing.and(
                ") GROUP BY address HAVING COUNT(DISTINCT machine) > ?",
                [Value::Int(CROWD)],
            );
            let rows: Vec<AddressRow> = growing.statement(tx).all().await?;
            busy.extend(rows.into_iter().map(|row| row.address));
        }
        // Only where somebody had an address it matters on which day something came from there.
        let (by_day, together): (Vec<String>, Vec<String>) = addresses
            .iter()
            .cloned()
            .partition(|address| held.contains(address) && !busy.contains(address));
        for (some, grouped) in [(by_day, BY_DAY), (together, TOGETHER)] {
            if !some.is_empty() {
                let mut growing = Growing::starting(SEEN);
                growing.and("address IN (", [Value::Int(self.from)]);
                enumerate(&mut growing, texts(&some));
                growing.grouped(grouped);
                self.observations(tx, growing, &mut evidence).await?;
            }
        }
        Ok(evidence)
    }

    /// Adds from where clients were last heard.
    async fn hearsay(
        &self,
        tx: &mut Tx,
        addresses: &[String],
        evidence: &mut Evidence,
    ) -> Result<()> {
        let mut growing = in_values(CROWDED, texts(addresses));
        let most = i64::try_from(SHARED_BY).unwrap_or(i64::MAX);
        growing.and(BY_MANY, [Value::Int(ESTATE), Value::Int(most)]);
        let rows: Vec<AddressRow> = growing.statement(tx).all().await?;
        evidence.crowded = rows.into_iter().map(|row| row.address).collect();
        let few = addresses.iter();
        let few = few.filter(|address| !evidence.crowded.contains(*address));
        let few: Vec<String> = few.cloned().collect();
        if few.is_empty() {
            return Ok(());
        }
        let mut growing = listed(HEARD, [self.from * DAY - SAME_LEASE], texts(&few));
        growing.grouped(")");
        let rows: Vec<HeardRow> = growing.statement(tx).all().await?;
        for row in rows {
            evidence.leases.push(Lease {
                address: row.address,
                ident: format!("{CLIENT}{}", id_of(&row.client_id)?),
                from: Timestamp(row.received_at - SAME_LEASE),
                until: Timestamp(row.received_at + SAME_LEASE),
                hearsay: true,
            });
        }
        Ok(())
    }

    async fn observations(
        &self,
        tx: &mut Tx,
        growing: Growing,
        evidence: &mut Evidence,
    ) -> Result<()> {
        let rows: Vec<SeenRow> = growing.statement(tx).all().await?;
        for row in rows {
            let hidden = |systems: &HashSet<String>| !systems.contains(&row.system);
            if self.systems.as_ref().is_some_and(hidden) {
                continue;
            }
            evidence.observations.push(row.observation()?);
        }
        Ok(())
    }
}

/// A statement that begins with rows of one value each.
fn in_values(start: &'static str, values: impl ExactSizeIterator<Item = Value> + Clone) -> Growing {
    let mut growing = Growing::without_values(Composed::default());
    growing.grouped(start);
    for (index, value) in padded(values).enumerate() {
        growing.and(if index == 0 { "(?)" } else { ", (?)" }, [value]);
    }
    growing
}

impl SeenRow {
    fn observation(self) -> Result<Observation> {
        let broken = |detail: &str| Error::Inconsistent {
            table: "observations",
            detail: detail.to_owned(),
        };
        Ok(Observation {
            via: Via::from_code(&self.via).ok_or_else(|| broken(&self.via))?,
            protocol: Protocol::from_code(&self.protocol).ok_or_else(|| broken(&self.protocol))?,
            system: self.system,
            address: self.address,
            machine: if self.machine.is_empty() {
                String::new()
            } else {
                format!("n:{}", self.machine)
            },
            first: Timestamp(self.first_at),
            last: Timestamp(self.last_at),
            count: self.n,
        })
    }
}
