//! Handshakes that failed: kept by address and reason, listed with the latest first, and the oldest let go of.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    identify,
    rows::Rows,
};
use crate::domain::{
    sightings::{Failure, Heard, MOST, Offered, Sighting, unambiguous},
    time::Timestamp,
};

const UPSERT: &str = include_str!("sql/upsert_sightings.sql");
const FORGET: &str = "DELETE FROM sightings WHERE estate = $1 AND (address, failure) IN
  (SELECT address, failure FROM sightings WHERE estate = $1
   ORDER BY last_at DESC, address, failure LIMIT $2 OFFSET $3)";
const LIST: &str =
    "SELECT address, failure, highest, tls12, suites, shared, server_name, first_at, last_at, times
FROM sightings WHERE estate = $1
  AND (last_at < $2 OR (last_at = $2 AND (address > $3 OR (address = $3 AND failure > $4))))
ORDER BY last_at DESC, address, failure LIMIT $5";
const TOTAL: &str = "SELECT COUNT(*) FROM sightings WHERE estate = $1";
/// Two are enough to know that it is in doubt which one it is.
const HEARD: &str = "SELECT h.client_id, c.received_at FROM heard_from h
JOIN clients c ON c.estate = h.estate AND c.id = h.client_id
WHERE h.estate = $1 AND h.address = $2 AND c.received_at IS NOT NULL LIMIT 2";
const OLD: &str = "SELECT COUNT(DISTINCT address) FROM sightings WHERE estate = $1
  AND failure IN ('no_tls12', 'no_shared_suite') AND last_at >= $2";

/// A page of the list.
#[derive(Clone, Debug)]
pub struct SightingPage {
    /// The latest first.
    pub items: Vec<Sighting>,
    /// Where the next page starts; `None`: this was the last.
    pub next_cursor: Option<String>,
    /// Rows of the whole list.
    pub total: i64,
    /// The clients that are at these addresses, where that is not in doubt.
    pub clients: BTreeMap<String, String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    address: String,
    failure: String,
    highest: Option<i64>,
    tls12: bool,
    suites: i64,
    shared: i64,
    server_name: String,
    first_at: i64,
    last_at: i64,
    times: i64,
}

impl From<Row> for Sighting {
    fn from(row: Row) -> Self {
        let count = |n: i64| usize::try_from(n).unwrap_or_default();
        Self {
            address: row.address,
            failure: Failure::from_code(&row.failure).unwrap_or(Failure::Other),
            offered: Offered {
                highest: row.highest.and_then(|version| u16::try_from(version).ok()),
                tls12: row.tls12,
                suites: count(row.suites),
                shared: count(row.shared),
                server_name: row.server_name,
            },
            first_at: Timestamp(row.first_at),
            last_at: Timestamp(row.last_at),
            times: row.times,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Written {
    #[expect(
        dead_code,
        reason = "only counted; a statement has to return something"
    )]
    address: String,
}

impl Store {
    /// Counts failed handshakes, each address and reason at most once in `sightings`. Answers how many rows were let go of
    /// for them.
    pub async fn add_sightings(&self, sightings: Vec<Sighting>) -> Result<u64> {
        let number = |n: usize| i64::try_from(n).ok();
        let rows = Rows::default()
            .text(sightings.iter().map(|one| Some(one.address.clone())))
            .text(sightings.iter().map(|one| Some(one.failure.code())))
            .int(
                sightings
                    .iter()
                    .map(|one| one.offered.highest.map(i64::from)),
            )
            .flag(sightings.iter().map(|one| one.offered.tls12))
            .int(sightings.iter().map(|one| number(one.offered.suites)))
            .int(sightings.iter().map(|one| number(one.offered.shared)))
            .text(
                sightings
                    .iter()
                    .map(|one| Some(one.offered.server_name.clone())),
            )
            .int(sightings.iter().map(|one| Some(one.first_at.0)))
            .int(sightings.iter().map(|one| Some(one.last_at.0)))
            .int(sightings.iter().map(|one| Some(one.times)));
        let let_go = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    let _: Vec<Written> = conn.many(UPSERT, &[ESTATE], &rows).await?;
                    conn.sql(FORGET)
                        .bind(ESTATE)
                        .bind(i64::MAX)
                        .bind(MOST)
                        .execute()
                        .await
                })
            })
            .await?;
        self.sees_more();
        Ok(let_go)
    }

    /// A page of the list, the latest first.
    pub async fn sightings(&self, cursor: Option<&str>, limit: usize) -> Result<SightingPage> {
        let mark = cursor.map_or_else(|| Ok(Mark::start()), Mark::read)?;
        let mut tx = self.db.read().await?;
        let rows: Vec<Row> = tx
            .sql(LIST)
            .bind(ESTATE)
            .bind(mark.last_at)
            .bind(mark.address)
            .bind(mark.failure)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
            .all()
            .await?;
        let more = rows.len() > limit;
        let items: Vec<Sighting> = rows.into_iter().take(limit).map(Into::into).collect();
        let next_cursor = items.last().filter(|_| more).map(Mark::behind);
        let total = tx.sql(TOTAL).bind(ESTATE).scalar().await?;
        let clients = unambiguous(&items, last_heard_from(&mut tx, &items).await?);
        Ok(SightingPage {
            items,
            next_cursor,
            total,
            clients,
        })
    }

    /// How many addresses came without TLS 1.2, or without a shared suite, since then.
    pub async fn refused_addresses(&self, since: Timestamp) -> Result<i64> {
        self.db
            .read()
            .await?
            .sql(OLD)
            .bind(ESTATE)
            .bind(since.0)
            .scalar()
            .await
    }
}

/// Address, id and last report of each client that was last heard from one of these addresses; of an address of many, two.
/// Nothing is ever asked of a name service, which would tell what an address is called and not who it was.
async fn last_heard_from(tx: &mut Tx, items: &[Sighting]) -> Result<Vec<Heard>> {
    let addresses: BTreeSet<&str> = items.iter().map(|one| one.address.as_str()).collect();
    let mut heard = Vec::new();
    for address in addresses {
        let rows: Vec<HeardRow> = tx.sql(HEARD).bind(ESTATE).bind(address).all().await?;
        for row in rows {
            let client = identify::from_bytes(&row.client_id)
                .ok_or_else(|| Error::Inconsistent {
                    table: "heard_from",
                    detail: format!("a client's id of {} bytes", row.client_id.len()),
                })?
                .to_string();
            heard.push(Heard {
                address: address.to_owned(),
                client,
                at: Timestamp(row.received_at),
            });
        }
    }
    Ok(heard)
}

#[derive(sqlx::FromRow)]
struct HeardRow {
    client_id: Vec<u8>,
    received_at: i64,
}

/// The place behind a row of the list.
struct Mark {
    last_at: i64,
    address: String,
    failure: String,
}

impl Mark {
    fn start() -> Self {
        Self {
            last_at: i64::MAX,
            address: String::new(),
            failure: String::new(),
        }
    }

    fn behind(sighting: &Sighting) -> String {
        format!(
            "s{}.{}.{}",
            sighting.last_at.0,
            sighting.failure.code(),
            sighting.address
        )
    }

    fn read(cursor: &str) -> Result<Self> {
        let foreign = || {
            Error::Input(
                "this cursor was not made by this server for the list of sightings; start again without a cursor"
                    .to_owned(),
            )
        };
        let mut parts = cursor.strip_prefix('s').ok_or_else(foreign)?.splitn(3, '.');
        let last_at = parts.next().and_then(|text| text.parse().ok());
        let failure = parts.next().and_then(Failure::from_code);
        let address: Option<std::net::IpAddr> = parts.next().and_then(|text| text.parse().ok());
        match (last_at, failure, address) {
            (Some(last_at), Some(failure), Some(address)) => Ok(Self {
                last_at,
                address: address.to_string(),
                failure: failure.code().to_owned(),
            }),
            _ => Err(foreign()),
        }
    }
}
