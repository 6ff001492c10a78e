//! Who moved from one standing to another, and who lost "ready" by what it said itself.

use super::{
    ESTATE, Store,
    db::Tx,
    error::{Error, Result},
    identify,
    narrowing::{Growing, Value},
};
use crate::domain::{
    access::Sites,
    time::{DAY, Timestamp},
    verdict::Standing,
};

/// So far back a lost "ready" is news.
pub const NEWS: i64 = 30 * DAY;

/// Those that moved back and have not recovered since. The three conditions are those of the index.
pub(super) const MOVED_BACK: &str = " AND standing NOT IN ('ready', 'restart_pending') AND id IN (
  SELECT m.client_id FROM moves m WHERE m.estate = ? AND m.at >= ?
    AND m.from_verdict IN ('ready', 'restart_pending') AND m.to_standing IN ('blocking', 'undetermined', 'conflict')
    AND m.from_ruleset = m.to_ruleset
    AND NOT EXISTS (SELECT 1 FROM moves r WHERE r.estate = m.estate AND r.client_id = m.client_id AND r.id > m.id
      AND r.to_standing IN ('ready', 'restart_pending')))";

/// The newest move of each, with the client as it is now.
const NEWEST: &str = "SELECT c.id, c.name, c.os_key, c.standing, m.at, m.from_verdict, m.to_standing, m.from_reasons, m.to_reasons
FROM moves m JOIN clients c ON c.estate = m.estate AND c.id = m.client_id
WHERE m.estate = ? AND m.at >= ?
  AND m.from_verdict IN ('ready', 'restart_pending') AND m.to_standing IN ('blocking', 'undetermined', 'conflict')
  AND m.from_ruleset = m.to_ruleset
  AND c.standing NOT IN ('ready', 'restart_pending') AND c.listing NOT IN ('obsolete', 'decommissioned')
  AND NOT EXISTS (SELECT 1 FROM moves r WHERE r.estate = m.estate AND r.client_id = m.client_id AND r.id > m.id
    AND r.to_standing IN ('ready', 'restart_pending'))
  AND NOT EXISTS (SELECT 1 FROM moves a WHERE a.estate = m.estate AND a.client_id = m.client_id AND a.id > m.id
    AND a.from_verdict IN ('ready', 'restart_pending') AND a.to_standing IN ('blocking', 'undetermined', 'conflict')
    AND a.from_ruleset = a.to_ruleset)";
/// Who was among the first that moved behind a time.
const STIRRED: &str = "SELECT CAST(COUNT(DISTINCT c.id) AS BIGINT) AS n
FROM (SELECT estate, client_id FROM moves WHERE estate = ? AND at > ? ORDER BY at LIMIT ?) AS m
JOIN clients c ON c.estate = m.estate AND c.id = m.client_id WHERE 1 = 1";
const EXCEPTED: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n
FROM exceptions x JOIN clients c ON c.estate = x.estate AND c.id = x.client_id
WHERE x.estate = ? AND x.decision = 'approved'
  AND (x.decided_at > ? OR x.ended_at > ? OR x.ended_at IS NULL AND x.expires_at > ? AND x.expires_at <= ?)";
const MOVED: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT id FROM moves WHERE estate = $1 AND at > $2 LIMIT $3) AS m";
/// So many moves are looked at.
const LOOKED_AT: i64 = 2_000;
const LATEST_FIRST: &str = " ORDER BY m.at DESC, m.client_id DESC LIMIT ?";
const AFTER: &str = "SELECT id, at, client_id, from_standing, to_standing, from_reasons, to_reasons, from_ruleset,
  to_ruleset, from_listing, to_listing FROM moves WHERE estate = $1 AND id > $2 ORDER BY id LIMIT $3";

/// A client that was ready and is not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// Our id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its OS key.
    pub os_key: String,
    /// Where it stands now.
    pub standing: Standing,
    /// When it moved, by the database's clock.
    pub at: Timestamp,
    /// What it had earned before.
    pub from: Standing,
    /// What it became.
    pub to: Standing,
    /// Bits of the reasons that it carries since and did not before.
    pub gained: i64,
}

/// A client moved from one standing to another, or into the population or out of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Move {
    /// Its number; a later one has a higher.
    pub id: i64,
    /// When, by the database's clock, in milliseconds.
    pub at: i64,
    /// The client's id as it is stored.
    pub client_id: Vec<u8>,
    /// Code of the standing before.
    pub from_standing: String,
    /// Code of the standing after.
    pub to_standing: String,
    /// Reason bits before.
    pub from_reasons: i64,
    /// Reason bits after.
    pub to_reasons: i64,
    /// The rules before.
    pub from_ruleset: String,
    /// The rules after.
    pub to_ruleset: String,
    /// Code of the listing before.
    pub from_listing: String,
    /// Code of the listing after.
    pub to_listing: String,
}

/// Clients that have changed their standing since some time, and exceptions for them that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stirred {
    /// Different ones.
    pub clients: i64,
    /// There may be more of them: not all that moved were looked at.
    pub more: bool,
    /// Exceptions that were approved or have ended.
    pub exceptions: i64,
}

impl Stirred {
    /// Whether there may be any.
    pub const fn is_any(self) -> bool {
        self.clients > 0 || self.more || self.exceptions > 0
    }
}

#[derive(sqlx::FromRow)]
struct Count {
    n: i64,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: Vec<u8>,
    name: String,
    os_key: String,
    standing: String,
    at: i64,
    from_verdict: Option<String>,
    to_standing: String,
    from_reasons: i64,
    to_reasons: i64,
}

impl Stored {
    fn regression(self) -> Result<Regression> {
        let standing = |code: &str| {
            Standing::from_code(code).ok_or_else(|| Error::Inconsistent {
                table: "moves",
                detail: format!("the standing {code:?}"),
            })
        };
        let id = identify::from_bytes(&self.id).ok_or_else(|| Error::Inconsistent {
            table: "moves",
            detail: "a client's id".to_owned(),
        })?;
        Ok(Regression {
            id: id.to_string(),
            standing: standing(&self.standing)?,
            from: standing(self.from_verdict.as_deref().unwrap_or_default())?,
            to: standing(&self.to_standing)?,
            gained: self.to_reasons & !self.from_reasons,
            name: self.name,
            os_key: self.os_key,
            at: Timestamp(self.at),
        })
    }
}

impl Store {
    /// The latest of those that were ready within [`NEWS`] and are not any more, although the rules are the same.
    /// Their number is that of the list with the filter `regressed`.
    pub async fn regressions(
        &self,
        most: i64,
        within: &Sites,
        now: Timestamp,
    ) -> Result<Vec<Regression>> {
        self.sweep(now).await?;
        let mut tx: Tx = self.db.read().await?;
        let mut growing = Growing::starting(NEWEST);
        growing.and("", [Value::Int(now.plus(-NEWS).0)]);
        growing.one_of(" AND c.site IN (", within);
        growing.and(LATEST_FIRST, [Value::Int(most)]);
        let rows: Vec<Stored> = growing.statement(&mut tx).all().await?;
        rows.into_iter().map(Stored::regression).collect()
    }

    /// How many clients of some sites, of all when none is named, or of no site that is known changed their standing between a time
    /// and `now`, and how many exceptions for such clients came or went.
    pub async fn moved_since(
        &self,
        since: Timestamp,
        now: Timestamp,
        sites: &[String],
    ) -> Result<Stirred> {
        let mut tx: Tx = self.db.read().await?;
        let mut growing = Growing::starting(STIRRED);
        growing.and("", [Value::Int(since.0), Value::Int(LOOKED_AT)]);
        let mut excepted = Growing::starting(EXCEPTED);
        let to_now = [since.0, since.0, since.0, now.0];
        excepted.and("", to_now.map(Value::Int));
        if !sites.is_empty() {
            let nowhere = std::iter::once(String::new());
            let within = Sites::only(sites.iter().cloned().chain(nowhere));
            growing.one_of(" AND c.site IN (", &within);
            excepted.one_of(" AND c.site IN (", &within);
        }
        let excepted: Option<Count> = excepted.statement(&mut tx).optional().await?;
        let clients: Option<Count> = growing.statement(&mut tx).optional().await?;
        let moved: Option<Count> = tx
            .sql(MOVED)
            .bind(ESTATE)
            .bind(since.0)
            .bind(LOOKED_AT + 1)
            .optional()
            .await?;
        let count = |count: Option<Count>| count.map_or(0, |count| count.n);
        Ok(Stirred {
            clients: count(clients),
            more: count(moved) > LOOKED_AT,
            exceptions: count(excepted),
        })
    }

    /// What moved after the move `id`, in order of their numbers.
    pub async fn moves_after(&self, id: i64, most: i64) -> Result<Vec<Move>> {
        let mut tx = self.db.read().await?;
        tx.sql(AFTER).bind(ESTATE).bind(id).bind(most).all().await
    }
}
