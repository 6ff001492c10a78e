//! One client: its line, the report in force, and its sources. Its history is in `timeline`, whom it may also be and
//! who names it in `dossier`.

use super::{
    ESTATE, Store, called,
    db::Tx,
    dossier,
    error::{Error, Result},
    evidence, identify,
    incoming::Said,
    lists::StoredClient,
    model::{ClientDetail, SourceRow},
    narrowing::Value,
    timeline, twins,
};
use crate::domain::{access::Sites, evidence::Trust, time::Timestamp};

const RAW: &str = "SELECT h.dictionary, h.raw FROM history h JOIN clients c
  ON c.estate = h.estate AND c.id = h.client_id AND c.evidence_at = h.seen_at AND c.content_hash = h.content_hash
WHERE h.estate = $1 AND h.client_id = $2";
const SOURCES: &str = "SELECT e.content_hash, e.trust, e.seen_at, h.sent_by, h.way, h.dictionary, h.raw,
  CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.collected_at ELSE h.collected_at END AS collected_at,
  CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.received_at ELSE h.received_at END AS received_at
FROM evidence e JOIN history h ON h.estate = e.estate AND h.client_id = e.client_id AND h.seen_at = e.evidence_at
  AND h.content_hash = e.content_hash
JOIN clients c ON c.estate = e.estate AND c.id = e.client_id
WHERE e.estate = $1 AND e.client_id = $2 ORDER BY e.seen_at DESC, e.content_hash DESC, e.trust DESC";

#[derive(sqlx::FromRow)]
struct RawRow {
    dictionary: i64,
    raw: Vec<u8>,
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

impl Store {
    /// Everything about one client, with the newest page of its history; `None` when there is no such client, or none
    /// of these sites.
    pub async fn client(
        &self,
        id: &str,
        within: &Sites,
        now: Timestamp,
    ) -> Result<Option<ClientDetail>> {
        self.client_before(id, None, within, now).await
    }

    /// The same, with the page of its history that starts behind the entry `older`.
    ///
    /// # Errors
    /// [`Error::Input`] when that is no name of an entry.
    pub async fn client_before(
        &self,
        id: &str,
        older: Option<&str>,
        within: &Sites,
        now: Timestamp,
    ) -> Result<Option<ClientDetail>> {
        let older = older.map(timeline::Place::read).transpose()?;
        let Ok(id) = id.parse::<identify::ClientId>() else {
            return Ok(None);
        };
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut growing = StoredClient::select(within);
        growing.and(" AND id = ?", [Value::Bytes(identify::bytes(id))]);
        growing.one_of(" AND site IN (", within);
        let stored: Option<StoredClient> = growing.statement(&mut tx).optional().await?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let stale_at = stored.stale_at.map(Timestamp);
        let row = stored.into_row(now)?;
        let (by_name, former) = called::called(&mut tx, id, &row).await?;
        let page = timeline::page(&mut tx, id, older).await?;
        let (suspects, more_suspects) = dossier::suspects(&mut tx, id, within, now).await?;
        Ok(Some(ClientDetail {
            row,
            by_name,
            former,
            stale_at,
            raw: raw(&mut tx, id).await?,
            sources: sources(&mut tx, id).await?,
            memory: timeline::memory(&mut tx, id).await?,
            history: page.entries,
            before: page.before,
            older: page.older,
            lists: dossier::lists(&mut tx, id).await?,
            suspects,
            more_suspects,
            settled: twins::settled(&mut tx, id, within).await?,
        }))
    }
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
