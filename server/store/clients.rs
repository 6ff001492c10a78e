//! One client: its line, the report in force, its history, and whom it may also be.

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    evidence, identify,
    incoming::Said,
    lists::StoredClient,
    model::{ClientDetail, ClientRow, Former, HistoryRow, SourceRow, Suspect},
    twins,
};
use crate::domain::{
    evidence::Trust,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const RAW: &str = "SELECT h.dictionary, h.raw FROM history h JOIN clients c
  ON c.estate = h.estate AND c.id = h.client_id AND c.evidence_at = h.seen_at AND c.content_hash = h.content_hash
WHERE h.estate = $1 AND h.client_id = $2";
const HISTORY: &str = "SELECT collected_at, received_at, report_id, verdict, impact, reasons, ruleset, late, sent_by
FROM history WHERE estate = $1 AND client_id = $2 ORDER BY seen_at DESC, content_hash DESC LIMIT $3";
const SOURCES: &str = "SELECT e.content_hash, e.trust, e.seen_at, h.sent_by, h.way, h.dictionary, h.raw,
  CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.collected_at ELSE h.collected_at END AS collected_at,
  CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.received_at ELSE h.received_at END AS received_at
FROM evidence e JOIN history h ON h.estate = e.estate AND h.client_id = e.client_id AND h.seen_at = e.evidence_at
  AND h.content_hash = e.content_hash
JOIN clients c ON c.estate = e.estate AND c.id = e.client_id
WHERE e.estate = $1 AND e.client_id = $2 ORDER BY e.seen_at DESC, e.content_hash DESC, e.trust DESC";
const SUSPECTS: &str = "SELECT c.id, c.name, s.shares FROM suspects s
JOIN clients c ON c.estate = s.estate AND c.id = s.other_id
WHERE s.estate = $1 AND s.client_id = $2 AND s.settled_at IS NULL ORDER BY c.sort_key, c.id, s.shares LIMIT 100";
const CALLED: &str = "SELECT ident FROM identities
WHERE estate = $1 AND client_id = $2 AND SUBSTR(ident, 1, 2) IN ('n:', 'f:', 'w:') ORDER BY ident LIMIT 100";

/// Entries of a client's history that one answer shows.
pub const HISTORY_SHOWN: i64 = 200;

#[derive(sqlx::FromRow)]
struct RawRow {
    dictionary: i64,
    raw: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct StoredHistory {
    collected_at: i64,
    received_at: i64,
    report_id: Option<String>,
    verdict: String,
    impact: Option<String>,
    reasons: i64,
    ruleset: String,
    late: bool,
    sent_by: String,
}

#[derive(sqlx::FromRow)]
struct StoredSource {
    content_hash: Vec<u8>,
    trust: i64,
    seen_at: i64,
    collected_at: i64,
    received_at: i64,
    sent_by: String,
    way: String,
    dictionary: i64,
    raw: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Ident {
    ident: String,
}

#[derive(sqlx::FromRow)]
struct StoredSuspect {
    id: Vec<u8>,
    name: String,
    shares: String,
}

impl Store {
    /// Everything about one client; `None` when there is no such client.
    pub async fn client(&self, id: &str, now: Timestamp) -> Result<Option<ClientDetail>> {
        let Ok(id) = id.parse::<identify::ClientId>() else {
            return Ok(None);
        };
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut text = StoredClient::select();
        text.push(" AND id = ?");
        let stored: Option<StoredClient> = tx
            .composed(text)
            .bind(ESTATE)
            .bind(identify::bytes(id))
            .optional()
            .await?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let stale_at = stored.stale_at.map(Timestamp);
        let row = stored.into_row()?;
        let (by_name, former) = called(&mut tx, id, &row).await?;
        Ok(Some(ClientDetail {
            row,
            by_name,
            former,
            stale_at,
            raw: raw(&mut tx, id).await?,
            sources: sources(&mut tx, id).await?,
            history: history(&mut tx, id).await?,
            suspects: suspects(&mut tx, id).await?,
            settled: twins::settled(&mut tx, id).await?,
        }))
    }
}

/// By which FQDN it was found through its name, and what it was called before.
async fn called(
    tx: &mut Tx,
    id: identify::ClientId,
    row: &ClientRow,
) -> Result<(Option<String>, Former)> {
    let idents: Vec<Ident> = tx
        .sql(CALLED)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .all()
        .await?;
    let mut by_name = None;
    let mut former = Former::default();
    for Ident { ident } in idents {
        if let Some(fqdn) = ident.strip_prefix(identify::BY_NAME) {
            by_name = Some(fqdn.to_owned());
        } else if let Some(name) = ident.strip_prefix("n:") {
            if row.name.to_lowercase() != name {
                former.names.push(name.to_owned());
            }
        } else if let Some(fqdn) = ident.strip_prefix("f:")
            && row.ids.fqdn.as_deref() != Some(fqdn)
        {
            former.fqdns.push(fqdn.to_owned());
        }
    }
    Ok((by_name, former))
}

async fn raw(tx: &mut Tx, id: identify::ClientId) -> Result<Option<Vec<u8>>> {
    let row: Option<RawRow> = tx
        .sql(RAW)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .optional()
        .await?;
    row.map(|row| evidence::unpacked(&row.raw, row.dictionary))
        .transpose()
}

/// Every source about a client that has several; none for others.
pub(super) async fn sources(tx: &mut Tx, id: identify::ClientId) -> Result<Vec<SourceRow>> {
    let rows: Vec<StoredSource> = tx
        .sql(SOURCES)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .all()
        .await?;
    rows.into_iter()
        .map(|row| {
            let content_hash =
                <[u8; 16]>::try_from(&row.content_hash[..]).map_err(|_| Error::Inconsistent {
                    table: "evidence",
                    detail: format!("a hash of {} bytes", row.content_hash.len()),
                })?;
            Ok(SourceRow {
                said: Said {
                    seen_at: Timestamp(row.seen_at),
                    content_hash,
                    trust: Trust::from_level(row.trust),
                    raw: evidence::unpacked(&row.raw, row.dictionary)?,
                },
                collected_at: Timestamp(row.collected_at),
                received_at: Timestamp(row.received_at),
                sent_by: row.sent_by,
                way: row.way,
            })
        })
        .collect()
}

async fn history(tx: &mut Tx, id: identify::ClientId) -> Result<Vec<HistoryRow>> {
    let rows: Vec<StoredHistory> = tx
        .sql(HISTORY)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .bind(HISTORY_SHOWN)
        .all()
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HistoryRow {
                collected_at: Timestamp(row.collected_at),
                received_at: Timestamp(row.received_at),
                report_id: row.report_id,
                verdict: Standing::from_code(&row.verdict).ok_or_else(|| Error::Inconsistent {
                    table: "history",
                    detail: format!("the verdict {:?}", row.verdict),
                })?,
                impact: row.impact.as_deref().and_then(Impact::from_code),
                reasons: row.reasons,
                ruleset: row.ruleset,
                late: row.late,
                sent_by: row.sent_by,
            })
        })
        .collect()
}

async fn suspects(tx: &mut Tx, id: identify::ClientId) -> Result<Vec<Suspect>> {
    let rows: Vec<StoredSuspect> = tx
        .sql(SUSPECTS)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Suspect {
                id: identify::from_bytes(&row.id)?.to_string(),
                name: row.name,
                shares: row.shares,
            })
        })
        .collect())
}
