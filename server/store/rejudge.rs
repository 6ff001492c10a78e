//! Verdicts made by earlier rules: finding them, and writing the new ones beside the same facts.

use std::sync::Arc;

use super::{
    ESTATE, Store, clients,
    error::Result,
    evidence,
    identify::{self, ClientId},
    incoming::Said,
    known::IdRow,
    rows::Rows,
};
use crate::domain::{
    evidence::Trust,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const FIND: &str =
    "SELECT c.id, c.seen_at, c.content_hash, c.trust, c.sources, h.dictionary, h.raw FROM clients c
JOIN history h ON h.estate = c.estate AND h.client_id = c.id AND h.seen_at = c.evidence_at
  AND h.content_hash = c.content_hash
WHERE c.estate = $1 AND c.ruleset <> '' AND c.ruleset <> $2 AND c.id > $3 ORDER BY c.id LIMIT $4";
/// A newer report that came in meanwhile was judged by the new rules; the guard leaves it alone.
const WRITE: &str = "WITH v (client_id, seen_at, ruleset, verdict, impact, deciding, reasons, warnings, os_key) AS ({rows})
UPDATE clients SET
  verdict_since = CASE WHEN clients.verdict = v.verdict AND clients.impact IS NOT DISTINCT FROM v.impact
    THEN clients.verdict_since ELSE $2 END,
  standing = CASE WHEN clients.standing = 'stale' THEN 'stale' ELSE v.verdict END,
  verdict = v.verdict, impact = v.impact, deciding = v.deciding, reasons = v.reasons, warnings = v.warnings,
  os_key = v.os_key, ruleset = v.ruleset
FROM v WHERE clients.estate = $1 AND clients.id = v.client_id AND clients.seen_at = v.seen_at
RETURNING clients.id";
const LEFT: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'ruleset' AND detail <> '' AND detail <> $2";

/// A client whose verdict is by earlier rules.
#[derive(Clone, Debug)]
pub struct ToRejudge {
    /// The client.
    pub id: ClientId,
    /// Time of its newest report, to notice a newer one.
    pub seen_at: i64,
    /// Everything that counts about it: the report in force, or every source where there are several.
    pub said: Vec<Said>,
}

/// The new verdict.
#[derive(Clone, Debug)]
pub struct Rejudged {
    /// The client.
    pub id: ClientId,
    /// As read.
    pub seen_at: i64,
    /// New verdict.
    pub verdict: Standing,
    /// New impact.
    pub impact: Option<Impact>,
    /// New deciding reason.
    pub deciding: Option<&'static str>,
    /// New reason bits.
    pub reasons: i64,
    /// New warnings.
    pub warnings: i64,
    /// OS key by the new table.
    pub os_key: String,
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
                seen_at: row.seen_at,
                said,
            });
        }
        Ok(found)
    }

    /// Writes new verdicts.
    pub async fn write_rejudged(
        &self,
        judged: Vec<Rejudged>,
        ruleset: Arc<str>,
        now: Timestamp,
    ) -> Result<()> {
        if judged.is_empty() {
            return Ok(());
        }
        let rows = Rows::default()
            .bytes(judged.iter().map(|j| Some(identify::bytes(j.id))))
            .int(judged.iter().map(|j| Some(j.seen_at)))
            .text(judged.iter().map(|_| Some(ruleset.to_string())))
            .text(judged.iter().map(|j| Some(j.verdict.code())))
            .text(judged.iter().map(|j| j.impact.map(Impact::code)))
            .text(judged.iter().map(|j| j.deciding))
            .int(judged.iter().map(|j| Some(j.reasons)))
            .int(judged.iter().map(|j| Some(j.warnings)))
            .text(judged.iter().map(|j| Some(j.os_key.clone())));
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let _: Vec<IdRow> = conn.many(WRITE, &[ESTATE, now.0], &rows).await?;
                    Ok(())
                })
            })
            .await
    }
}
