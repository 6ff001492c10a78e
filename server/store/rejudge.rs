//! Verdicts made by earlier rules: finding them, and writing the new ones beside the same facts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    ESTATE, Store, clients,
    db::Conn,
    error::Result,
    evidence,
    identify::{self, ClientId},
    incoming::{Jointly, Said},
    joining,
    known::{IdRow, packed_roles},
    rows::Rows,
};
use crate::domain::{evidence::Trust, time::Timestamp, verdict::Impact};

const FIND: &str =
    "SELECT c.id, c.seen_at, c.content_hash, c.trust, c.sources, h.dictionary, h.raw FROM clients c
JOIN history h ON h.estate = c.estate AND h.client_id = c.id AND h.seen_at = c.evidence_at
  AND h.content_hash = c.content_hash
WHERE c.estate = $1 AND c.ruleset <> '' AND c.ruleset <> $2 AND c.id > $3 ORDER BY c.id LIMIT $4";
const SOURCES: &str = "WITH v (client_id) AS ({rows})
SELECT e.client_id, e.content_hash, e.trust, e.seen_at FROM v CROSS JOIN evidence e
WHERE e.estate = $1 AND e.client_id = v.client_id";
const WRITE: &str = include_str!("sql/rejudge_clients.sql");
const LEFT: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'ruleset' AND detail <> '' AND detail <> $2";

/// A client whose verdict is by earlier rules.
#[derive(Clone, Debug)]
pub struct ToRejudge {
    /// The client.
    pub id: ClientId,
    /// Everything that is kept about it: the report in force, or every source where there are several.
    pub said: Vec<Said>,
    /// Hash of the newest, to notice another one.
    content_hash: Vec<u8>,
    /// How many sources it has.
    sources: i64,
}

/// The new verdict.
#[derive(Clone, Debug)]
pub struct Rejudged {
    /// The client, as it was read.
    pub client: ToRejudge,
    /// What its sources come to.
    pub jointly: Jointly,
    /// When the oldest source that decides anything was last seen.
    pub oldest_at: Timestamp,
    /// When that becomes too old.
    pub stale_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: Vec<u8>,
    seen_at: i64,
    content_hash: Vec<u8>,
    trust: i64,
    sources: i64,
    dictionary: i64,
    raw: Vec<u8>,
}

/// What tells sources apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, sqlx::FromRow)]
struct Heard {
    client_id: Vec<u8>,
    content_hash: Vec<u8>,
    trust: i64,
    seen_at: i64,
}

impl ToRejudge {
    const fn is_joint(&self) -> bool {
        self.sources > 1
    }

    fn heard(&self) -> impl Iterator<Item = Heard> {
        self.said.iter().map(|said| Heard {
            client_id: identify::bytes(self.id),
            content_hash: said.content_hash.to_vec(),
            trust: said.trust.level(),
            seen_at: said.seen_at.0,
        })
    }
}

impl Store {
    /// The next clients after `after`, in order of id, judged by other rules than `ruleset`.
    pub async fn to_rejudge(
        &self,
        ruleset: &str,
        after: Option<ClientId>,
        limit: i64,
    ) -> Result<Vec<ToRejudge>> {
        let mut tx = self.db.read().await?;
        let left: i64 = tx
            .sql(LEFT)
            .bind(ESTATE)
            .bind(ruleset.to_owned())
            .scalar()
            .await?;
        if left == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<Stored> = tx
            .sql(FIND)
            .bind(ESTATE)
            .bind(ruleset.to_owned())
            .bind(after.map(identify::bytes).unwrap_or_default())
            .bind(limit)
            .all()
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(id) = identify::from_bytes(&row.id) else {
                continue;
            };
            let said = if row.sources > 1 {
                let sources = clients::sources(&mut tx, id).await?;
                sources.into_iter().map(|source| source.said).collect()
            } else {
                vec![Said {
                    seen_at: Timestamp(row.seen_at),
                    content_hash: <[u8; 16]>::try_from(&row.content_hash[..]).unwrap_or_default(),
                    trust: Trust::from_level(row.trust),
                    raw: evidence::unpacked(&row.raw, row.dictionary)?,
                }]
            };
            found.push(ToRejudge {
                id,
                said,
                content_hash: row.content_hash,
                sources: row.sources,
            });
        }
        Ok(found)
    }

    /// Writes new verdicts, and answers how many. A client about which something else was said meanwhile is left
    /// alone, because its verdict does not rest on what was read.
    pub async fn write_rejudged(
        &self,
        judged: Vec<Rejudged>,
        ruleset: Arc<str>,
        now: Timestamp,
    ) -> Result<usize> {
        if judged.is_empty() {
            return Ok(0);
        }
        self.writer
            .run(move |conn| Box::pin(write(conn, judged, ruleset, now)))
            .await
    }
}

async fn write(
    conn: &mut Conn,
    mut judged: Vec<Rejudged>,
    ruleset: Arc<str>,
    now: Timestamp,
) -> Result<usize> {
    let ids: Vec<ClientId> = judged.iter().map(|judged| judged.client.id).collect();
    joining::lock(conn, &ids, &mut HashMap::new()).await?;
    let joint = judged.iter().filter(|judged| judged.client.is_joint());
    let rows = Rows::default().bytes(joint.map(|judged| Some(identify::bytes(judged.client.id))));
    let heard: Vec<Heard> = conn.many(SOURCES, &[ESTATE], &rows).await?;
    let heard: HashSet<Heard> = heard.into_iter().collect();
    judged.retain(|judged| {
        let client = &judged.client;
        // One is named by its hash. Of several, the same number is there, and so it is the same ones.
        !client.is_joint() || client.heard().all(|source| heard.contains(&source))
    });
    let each = || judged.iter().map(|judged| &judged.jointly);
    let joint = |judged: &Rejudged, at: Timestamp| judged.client.is_joint().then_some(at.0);
    let rows = Rows::default()
        .bytes(judged.iter().map(|j| Some(identify::bytes(j.client.id))))
        .bytes(judged.iter().map(|j| Some(j.client.content_hash.clone())))
        .int(judged.iter().map(|j| Some(j.client.sources)))
        .text(judged.iter().map(|_| Some(ruleset.to_string())))
        .text(each().map(|j| Some(j.verdict.code())))
        .text(each().map(|j| j.impact.map(Impact::code)))
        .text(each().map(|j| j.deciding))
        .int(each().map(|j| Some(j.reasons)))
        .int(each().map(|j| Some(j.warnings)))
        .text(each().map(|j| Some(j.os_key.clone())))
        .text(judged.iter().map(|j| {
            let joint = j.client.is_joint();
            joint.then(|| packed_roles(&j.jointly.roles))
        }))
        .int(judged.iter().map(|j| joint(j, j.oldest_at)))
        .int(judged.iter().map(|j| joint(j, j.stale_at)));
    let written: Vec<IdRow> = conn.many(WRITE, &[ESTATE, now.0], &rows).await?;
    Ok(written.len())
}
