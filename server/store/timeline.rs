//! A client's history, a page at a time, and what it says as a whole.

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    evidence, identify,
    model::{HistoryRow, Memory},
    narrowing::{Growing, Value},
};
use crate::domain::{
    access::Sites,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const NEWEST: &str = "SELECT seen_at, content_hash, collected_at, received_at, report_id, verdict, impact, reasons,
  ruleset, late, aside, sent_by, way, dictionary, raw
FROM history WHERE estate = $1 AND client_id = $2 ORDER BY seen_at DESC, content_hash DESC LIMIT $3";
const OLDER: &str =
    "SELECT seen_at, content_hash, collected_at, received_at, report_id, verdict, impact, reasons,
  ruleset, late, aside, sent_by, way, dictionary, raw
FROM history WHERE estate = $1 AND client_id = $2 AND (seen_at, content_hash) < ($4, $5)
ORDER BY seen_at DESC, content_hash DESC LIMIT $3";
const REPORT: &str = "SELECT h.dictionary, h.raw FROM history h JOIN clients c ON c.estate = h.estate AND c.id = h.client_id
WHERE h.estate = ? AND h.client_id = ? AND h.seen_at = ? AND h.content_hash = ?";
const MEMORY: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS entries, MIN(seen_at) AS first_seen,
  MIN(CASE WHEN verdict = 'blocking' AND NOT late THEN seen_at END) AS first_blocking,
  MAX(CASE WHEN verdict = 'ready' AND NOT late THEN seen_at END) AS ready_from
FROM history WHERE estate = $1 AND client_id = $2 AND aside IS NULL";
const ENDED: &str = "SELECT MIN(seen_at) AS at FROM history
WHERE estate = $1 AND client_id = $2 AND seen_at > $3 AND NOT late AND aside IS NULL";

/// Entries of a page. Each is unpacked and compared, so there are few.
pub const PAGE: usize = 10;
/// Entries behind a page that are read to compare with.
const BEHIND: usize = 10;

/// Where an entry stands: its key within the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    seen_at: i64,
    content_hash: [u8; 16],
}

impl Place {
    /// Reads the name of an entry.
    pub(super) fn read(entry: &str) -> Result<Self> {
        Self::parsed(entry).ok_or_else(|| {
            Error::Input("no entry of a history has this name; start again without it".to_owned())
        })
    }

    fn parsed(entry: &str) -> Option<Self> {
        if entry.len() != 48 || !entry.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let (time, hash) = entry.split_at_checked(16)?;
        let seen_at = u64::from_str_radix(time, 16).ok()?;
        let hash = u128::from_str_radix(hash, 16).ok()?;
        Some(Self {
            seen_at: seen_at.cast_signed(),
            content_hash: hash.to_be_bytes(),
        })
    }

    fn name(self) -> String {
        format!(
            "{:016x}{:032x}",
            self.seen_at.cast_unsigned(),
            u128::from_be_bytes(self.content_hash)
        )
    }
}

/// One page of a history.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) entries: Vec<HistoryRow>,
    pub(super) before: Vec<HistoryRow>,
    pub(super) older: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Stored {
    seen_at: i64,
    content_hash: Vec<u8>,
    collected_at: i64,
    received_at: i64,
    report_id: Option<String>,
    verdict: String,
    impact: Option<String>,
    reasons: i64,
    ruleset: String,
    late: bool,
    aside: Option<String>,
    sent_by: String,
    way: String,
    dictionary: i64,
    raw: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct StoredMemory {
    entries: i64,
    first_seen: Option<i64>,
    first_blocking: Option<i64>,
    ready_from: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct At {
    at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Packed {
    dictionary: i64,
    raw: Vec<u8>,
}

impl Stored {
    fn into_row(self) -> Result<HistoryRow> {
        let broken = |detail: String| Error::Inconsistent {
            table: "history",
            detail,
        };
        let content_hash = <[u8; 16]>::try_from(&self.content_hash[..])
            .map_err(|_| broken(format!("a hash of {} bytes", self.content_hash.len())))?;
        let place = Place {
            seen_at: self.seen_at,
            content_hash,
        };
        Ok(HistoryRow {
            entry: place.name(),
            seen_at: Timestamp(self.seen_at),
            collected_at: Timestamp(self.collected_at),
            received_at: Timestamp(self.received_at),
            report_id: self.report_id,
            verdict: Standing::from_code(&self.verdict)
                .ok_or_else(|| broken(format!("the verdict {:?}", self.verdict)))?,
            impact: self.impact.as_deref().and_then(Impact::from_code),
            reasons: self.reasons,
            ruleset: self.ruleset,
            late: self.late,
            aside: self.aside.is_some(),
            sent_by: self.sent_by,
            way: self.way,
            raw: evidence::unpacked(&self.raw, self.dictionary)?,
        })
    }
}

impl Store {
    /// One report of a client as it came; `None`: there is no such client or entry, or none of these sites.
    pub async fn report(&self, id: &str, entry: &str, within: &Sites) -> Result<Option<Vec<u8>>> {
        let (Ok(id), Some(place)) = (id.parse::<identify::ClientId>(), Place::parsed(entry)) else {
            return Ok(None);
        };
        let mut tx = self.db.read().await?;
        let mut growing = Growing::starting(REPORT);
        growing.and(
            "",
            [
                Value::Bytes(identify::bytes(id)),
                Value::Int(place.seen_at),
                Value::Bytes(place.content_hash.to_vec()),
            ],
        );
        growing.one_of(" AND c.site IN (", within);
        let row: Option<Packed> = growing.statement(&mut tx).optional().await?;
        row.map(|row| evidence::unpacked(&row.raw, row.dictionary))
            .transpose()
    }
}

/// The entries behind `older`, or the newest ones.
pub(super) async fn page(
    tx: &mut Tx,
    id: identify::ClientId,
    older: Option<Place>,
) -> Result<Page> {
    let wanted = i64::try_from(PAGE + BEHIND).unwrap_or(i64::MAX);
    let id = identify::bytes(id);
    let rows: Vec<Stored> = match older {
        None => {
            let newest = tx.sql(NEWEST).bind(ESTATE).bind(id).bind(wanted);
            newest.all().await?
        }
        Some(place) => {
            let older = tx.sql(OLDER).bind(ESTATE).bind(id).bind(wanted);
            let older = older.bind(place.seen_at).bind(place.content_hash.to_vec());
            older.all().await?
        }
    };
    let mut entries = rows
        .into_iter()
        .map(Stored::into_row)
        .collect::<Result<Vec<_>>>()?;
    let before = entries.split_off(PAGE.min(entries.len()));
    let older = entries.last().filter(|_| !before.is_empty());
    Ok(Page {
        older: older.map(|entry| entry.entry.clone()),
        before,
        entries,
    })
}

/// What the whole history says.
pub(super) async fn memory(tx: &mut Tx, id: identify::ClientId) -> Result<Memory> {
    let id = identify::bytes(id);
    let stored: Option<StoredMemory> = tx
        .sql(MEMORY)
        .bind(ESTATE)
        .bind(id.clone())
        .optional()
        .await?;
    let Some(stored) = stored else {
        return Ok(Memory::default());
    };
    let ended: Option<At> = match stored.ready_from {
        None => None,
        Some(from) => {
            let ended = tx.sql(ENDED).bind(ESTATE).bind(id).bind(from);
            ended.optional().await?
        }
    };
    Ok(Memory {
        entries: stored.entries,
        first_seen: stored.first_seen.map(Timestamp),
        first_blocking: stored.first_blocking.map(Timestamp),
        ready_from: stored.ready_from.map(Timestamp),
        ready_until: ended.and_then(|ended| ended.at).map(Timestamp),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_by_its_name_and_nothing_else_is_one() {
        for seen_at in [0, 1_790_000_000_000, -1, i64::MIN, i64::MAX] {
            let place = Place {
                seen_at,
                content_hash: [7; 16],
            };
            assert_eq!(Place::parsed(&place.name()), Some(place));
        }
        let long = "f".repeat(49);
        for odd in ["", "x", "+00000000000000a", &long, &"ä".repeat(24)] {
            assert_eq!(Place::parsed(odd), None, "{odd}");
        }
    }
}
