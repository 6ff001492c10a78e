//! What was seen of everybody in the last [`WINDOW`] days is worked out in the background and kept, so that no page has to look
//! through all addresses: a word with each client, a number with each system, and the connections that may be anybody's.

use std::{collections::HashMap, sync::atomic::Ordering};

use super::{
    ESTATE, Store,
    cutover::walk::WINDOW,
    db::{Conn, Tx},
    error::{Error, Result},
    identify::{self, ClientId},
    known::IdRow,
    observed_brief::Brevity,
    observed_covered::first_day,
    observed_evidence::Looking,
    observed_model::Doubts,
    observed_named::id_of,
    observed_read::counted_by_system,
    rows::Rows,
};
use crate::domain::{
    observed::{Ambiguous, Doubt, Seen},
    time::Timestamp,
};

const MARKED: &str = "SELECT id, seen FROM clients WHERE estate = $1 AND seen <> ''";
const MARK: &str = "WITH v (client_id, seen) AS ({rows})
UPDATE clients SET seen = v.seen FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id AND NOT (clients.seen = v.seen)
RETURNING clients.id";
const SYSTEMS: &str = "SELECT system FROM observed_systems WHERE estate = $1 ORDER BY system";
const LEGACY: &str = "WITH v (system, legacy) AS ({rows})
UPDATE observed_systems SET legacy = v.legacy FROM v
WHERE observed_systems.estate = $1 AND observed_systems.system = v.system
RETURNING observed_systems.system";
/// Of two servers that looked at once, the later look stays.
const KEEP: &str = "INSERT INTO observed_digest AS d (estate, as_of, came, clients, doubts, total, risky)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (estate) DO UPDATE SET as_of = excluded.as_of, came = excluded.came, clients = excluded.clients,
  doubts = excluded.doubts, total = excluded.total, risky = excluded.risky
WHERE d.came <= excluded.came";
/// Only where nothing came in since, and nobody became known or went, of whom a log may have spoken before.
const KEPT: &str =
    "SELECT d.as_of, d.came, d.clients, d.doubts, d.total, d.risky FROM observed_digest d
JOIN observed_came c ON c.estate = d.estate AND c.times = d.came
WHERE d.estate = $1
  AND d.clients = (SELECT COALESCE(SUM(n), 0) FROM counts WHERE estate = $1 AND kind = 'ruleset')";
const CAME: &str = "UPDATE observed_came SET times = times + 1 WHERE estate = $1";
const CAME_SO_FAR: &str = "SELECT times FROM observed_came WHERE estate = $1";
const BEHIND: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM observed_came c
WHERE c.estate = $1 AND NOT EXISTS (SELECT 1 FROM observed_digest d WHERE d.estate = c.estate AND d.came = c.times
  AND d.clients = (SELECT COALESCE(SUM(n), 0) FROM counts WHERE estate = $1 AND kind = 'ruleset'))";
/// Every client is judged by some ruleset or by none, so that few rows count all of them.
const CLIENTS: &str =
    "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE estate = $1 AND kind = 'ruleset'";
/// Clients in one transaction: short enough not to hold up reports.
const PORTION: usize = 1_000;

#[derive(sqlx::FromRow)]
struct Marked {
    id: Vec<u8>,
    seen: String,
}

#[derive(sqlx::FromRow)]
struct SystemRow {
    system: String,
}

#[derive(sqlx::FromRow)]
struct Kept {
    as_of: i64,
    came: i64,
    clients: i64,
    doubts: String,
    total: i64,
    risky: i64,
}

/// Who, why, first, last, how many, and the worst that was seen; as it is kept.
type Line = (String, String, i64, i64, i64, String);

/// What was worked out last.
#[derive(Debug)]
pub(super) struct Digest {
    /// The moment it is of.
    pub(super) as_of: Timestamp,
    /// How many times something had come in by then.
    came: i64,
    /// How many clients were known by then.
    clients: i64,
    /// Connections that may be anybody's.
    pub(super) doubts: Doubts,
}

pub(super) fn seen_of(code: &str) -> Result<Seen> {
    Seen::from_code(code).ok_or_else(|| broken(&format!("the word {code:?}")))
}

fn broken(detail: &str) -> Error {
    Error::Inconsistent {
        table: "observed_digest",
        detail: detail.to_owned(),
    }
}

fn line((who, doubt, known): &(String, Doubt, Ambiguous)) -> Line {
    (
        who.clone(),
        doubt.code().to_owned(),
        known.first.0,
        known.last.0,
        known.count,
        known.seen.code().to_owned(),
    )
}

fn read((who, doubt, first, last, count, seen): Line) -> Result<(String, Doubt, Ambiguous)> {
    let doubt = Doubt::ALL.into_iter().find(|known| known.code() == doubt);
    let doubt = doubt.ok_or_else(|| broken("a doubt that nobody knows"))?;
    let known = Ambiguous {
        first: Timestamp(first),
        last: Timestamp(last),
        count,
        seen: seen_of(&seen)?,
    };
    Ok((who, doubt, known))
}

/// Notes that something came in that may change what was seen of somebody.
pub(super) async fn note_more(conn: &mut Conn) -> Result<()> {
    conn.sql(CAME).bind(ESTATE).execute().await.map(drop)
}

/// What was worked out last; `None`: nobody has looked yet, or since then something came in, or clients became known.
pub(super) async fn kept(tx: &mut Tx) -> Result<Option<Digest>> {
    let kept: Option<Kept> = tx.sql(KEPT).bind(ESTATE).optional().await?;
    kept.map(|kept| {
        let lines: Vec<Line> =
            serde_json::from_str(&kept.doubts).map_err(|error| broken(&error.to_string()))?;
        let n = |n: i64| usize::try_from(n).map_err(|_| broken("a number below none"));
        Ok(Digest {
            as_of: Timestamp(kept.as_of),
            came: kept.came,
            clients: kept.clients,
            doubts: Doubts {
                worst: lines.into_iter().map(read).collect::<Result<_>>()?,
                total: n(kept.total)?,
                risky: n(kept.risky)?,
            },
        })
    })
    .transpose()
}

async fn keep(conn: &mut Conn, digest: &Digest) -> Result<()> {
    let lines: Vec<Line> = digest.doubts.worst.iter().map(line).collect();
    let lines = serde_json::to_string(&lines).map_err(|error| broken(&error.to_string()))?;
    let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    conn.sql(KEEP)
        .bind(ESTATE)
        .bind(digest.as_of.0)
        .bind(digest.came)
        .bind(digest.clients)
        .bind(lines)
        .bind(n(digest.doubts.total))
        .bind(n(digest.doubts.risky))
        .execute()
        .await
        .map(drop)
}

impl Store {
    /// Whether something was seen by this server since this was asked last, or since somebody looked something came in by
    /// whatever way, or clients became known.
    pub async fn has_seen_more(&self) -> Result<bool> {
        if self.seen_more.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        let mut tx = self.db.read().await?;
        let behind: i64 = tx.sql(BEHIND).bind(ESTATE).scalar().await?;
        Ok(behind > 0)
    }

    /// Says that this server saw something that may change what is known of somebody.
    pub(super) fn sees_more(&self) {
        self.seen_more.store(true, Ordering::Release);
    }

    /// Works out what was seen of everybody within the last [`WINDOW`] days, keeps it, and lets it contradict reports. Answers
    /// for how many clients that changed the time of an old protocol.
    pub async fn settle_observed(&self, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.read().await?;
        let came: i64 = tx.sql(CAME_SO_FAR).bind(ESTATE).scalar().await?;
        let clients: i64 = tx.sql(CLIENTS).bind(ESTATE).scalar().await?;
        let looking = Looking::since(&mut tx, first_day(WINDOW, now), None).await?;
        let mut all = Brevity::default();
        looking
            .everything(&mut tx, |placed| all.take(placed))
            .await?;
        let mut marked: HashMap<ClientId, Seen> = HashMap::new();
        for row in tx.sql(MARKED).bind(ESTATE).all::<Marked>().await? {
            marked.insert(id_of(&row.id)?, seen_of(&row.seen)?);
        }
        let systems: Vec<SystemRow> = tx.sql(SYSTEMS).bind(ESTATE).all().await?;
        let legacy = counted_by_system(&mut tx, &all).await?;
        drop(tx);
        let digest = Digest {
            as_of: now,
            came,
            clients,
            doubts: all.doubts(),
        };
        self.mark(&all, marked).await?;
        let old = all.clients.iter();
        let old = old.filter(|(_, brief)| brief.seen == Seen::Legacy);
        let old = old.filter_map(|(id, brief)| Some((*id, brief.legacy_last?)));
        let changed = self.contradict(old.collect()).await?;
        let rows = Rows::default()
            .text(systems.iter().map(|row| Some(row.system.as_str())))
            .int(systems.iter().map(|row| {
                let n = legacy.get(&row.system).copied();
                Some(n.unwrap_or_default())
            }));
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    // In the order of those who bring logs in.
                    keep(conn, &digest).await?;
                    if !rows.is_empty() {
                        let _: Vec<SystemRow> = conn.many(LEGACY, &[ESTATE], &rows).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(changed)
    }

    /// Writes with each client what was seen of it, where something else stands there.
    async fn mark(&self, all: &Brevity, mut marked: HashMap<ClientId, Seen>) -> Result<()> {
        let mut changed: Vec<(ClientId, Seen)> = Vec::new();
        for (id, brief) in &all.clients {
            let before = marked.remove(id).unwrap_or_default();
            if before != brief.seen {
                changed.push((*id, brief.seen));
            }
        }
        changed.extend(marked.into_keys().map(|id| (id, Seen::Nothing)));
        // Always in the same order, so that two servers do not wait for each other.
        changed.sort_unstable();
        for some in changed.chunks(PORTION) {
            let rows = Rows::default()
                .bytes(some.iter().map(|(id, _)| Some(identify::bytes(*id))))
                .text(some.iter().map(|(_, seen)| Some(seen.code())));
            self.writer
                .run(move |conn| {
                    Box::pin(async move {
                        let _: Vec<IdRow> = conn.many(MARK, &[ESTATE], &rows).await?;
                        Ok(())
                    })
                })
                .await?;
        }
        Ok(())
    }
}
