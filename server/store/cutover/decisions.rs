//! Records of decisions: numbered one after the other, each with the hash of the one before, and changed by nothing.

use std::{collections::HashMap, io::Read};

use super::{
    super::{
        ESTATE, Store, audit,
        error::{Error, Result},
    },
    changing::held,
    stamp::{self, Stamp},
};
use crate::domain::{
    access::Sites,
    audit::Entry,
    cutover::{
        record::{Closed, Ground},
        scope::{Scope, lie_within},
    },
};

/// Decisions that are read at a time for somebody who may not see all of them.
const PORTION: i64 = 200;
/// Bytes of a part.
const PART: u64 = 256 << 10;

/// The next number, and the hash of the record before; holds the row until the transaction ends.
const TAKE: &str = "INSERT INTO decision_head (estate, number, hash) VALUES ($1, 1, '')
ON CONFLICT (estate) DO UPDATE SET number = decision_head.number + 1
RETURNING number, hash";
const MOVE: &str = "UPDATE decision_head SET hash = $2 WHERE estate = $1";
const HEAD: &str = "SELECT number, hash FROM decision_head WHERE estate = $1";
const ADD: &str = "INSERT INTO decisions (estate, number, scope, name, sites, decided, decided_by, decided_at, head, foot, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const ADD_PART: &str =
    "INSERT INTO decision_parts (estate, number, part, bytes) VALUES ($1, $2, $3, $4)";
const ALL: &str = "SELECT number, scope, name, sites, decided, decided_by, decided_at, head LIKE '%\"overruled\":true%' AS overruled,
 head LIKE '%\"loosened\":%' AND head NOT LIKE '%\"loosened\":0,%' AS loosened,
 head LIKE '%\"two_people\":false%' AS alone, '' AS head, '' AS foot, hash FROM decisions
WHERE estate = $1 AND ($2 = '' OR scope = $2) AND number < $3 ORDER BY number DESC LIMIT $4";
const NEWEST: &str = "SELECT number, scope, name, sites, decided, decided_by, decided_at, head LIKE '%\"overruled\":true%' AS overruled,
 head LIKE '%\"loosened\":%' AND head NOT LIKE '%\"loosened\":0,%' AS loosened,
 head LIKE '%\"two_people\":false%' AS alone, '' AS head, '' AS foot, hash FROM decisions AS d
WHERE estate = $1 AND number = (SELECT MAX(n.number) FROM decisions AS n WHERE n.estate = d.estate AND n.scope = d.scope)";
const ONE: &str = "SELECT number, scope, name, sites, decided, decided_by, decided_at,
 head LIKE '%\"overruled\":true%' AS overruled,
 head LIKE '%\"loosened\":%' AND head NOT LIKE '%\"loosened\":0,%' AS loosened,
 head LIKE '%\"two_people\":false%' AS alone, head, foot, hash FROM decisions
WHERE estate = $1 AND number = $2";
const PARTS: &str =
    "SELECT bytes FROM decision_parts WHERE estate = $1 AND number = $2 AND part = $3";

#[derive(sqlx::FromRow)]
struct Head {
    number: i64,
    hash: String,
}

#[derive(sqlx::FromRow)]
struct Part {
    bytes: Vec<u8>,
}

/// A decision, without the lines of its clients.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Decision {
    /// Its number.
    pub number: i64,
    /// Id of its scope.
    pub scope: String,
    /// What the scope was called.
    pub name: String,
    /// Its site codes with commas between; empty: all sites.
    pub sites: String,
    /// What was decided, as its code.
    pub decided: String,
    /// By whom.
    pub decided_by: String,
    /// When, in milliseconds.
    pub decided_at: i64,
    /// It overruled what followed from the criteria. Records are in one form, and a quote in a text of theirs has a sign before it.
    pub overruled: bool,
    /// Criteria were met only because somebody set a limit that lets more through than the usual one; read in the same way.
    pub loosened: bool,
    /// The rule of two people was off; read in the same way.
    pub alone: bool,
    /// The first line of the record; empty in lists.
    pub head: String,
    /// The last line; empty in lists.
    pub foot: String,
    /// The record's hash.
    pub hash: String,
}

impl Decision {
    /// How it stands to what followed from the criteria.
    pub const fn ground(&self) -> Ground {
        Ground::of(self.overruled, self.loosened)
    }

    /// Whether somebody who may see these sites may see it.
    pub fn is_seen(&self, sites: &Sites) -> bool {
        lie_within(self.sites.split(','), sites)
    }
}

/// A decision that is to be kept.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// Its scope, as it was looked at.
    pub scope: Scope,
    /// How that stood before the run, with what was set and said of it.
    pub stamp: Stamp,
    /// What was decided, as its code.
    pub decided: &'static str,
    /// By whom.
    pub by: String,
    /// What the audit log says of it; the number is put behind its subject.
    pub entry: Entry,
}

impl Store {
    /// Numbers a decision, has it closed, and keeps it; `lines` are the compressed lines of its clients. Nothing is kept
    /// unless all is.
    pub async fn add_decision(
        &self,
        new: NewDecision,
        mut lines: impl Read + Send + 'static,
        close: impl FnOnce(i64, &str) -> Closed + Send + 'static,
    ) -> Result<i64> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let head: Option<Head> = conn.sql(TAKE).bind(ESTATE).optional().await?;
                    let head = head.ok_or_else(|| broken("no number was given"))?;
                    // The row taken above holds up whoever removes scopes meanwhile, and this one whoever changes it.
                    let scope = held(conn, &new.scope.id).await?;
                    let meanwhile = match scope {
                        None => Some("removed"),
                        Some(scope) => (scope != new.scope).then_some("changed"),
                    };
                    if let Some(meanwhile) = meanwhile {
                        return Err(Error::Input(format!(
                            "This scope was {meanwhile} meanwhile. Nothing was decided."
                        )));
                    }
                    if stamp::now(conn, &new.scope.id).await?.as_ref() != Some(&new.stamp) {
                        return Err(Error::Input(
                            "Somebody decided, or set or said something of this scope meanwhile. Nothing was decided; look at its page again."
                                .to_owned(),
                        ));
                    }
                    let closed = close(head.number, &head.hash);
                    let mut entry = new.entry;
                    entry.subject = format!("{} {}", entry.subject, head.number);
                    entry.new = Some(format!("{}, hash {}", new.decided, closed.hash));
                    conn.sql(ADD)
                        .bind(ESTATE)
                        .bind(head.number)
                        .bind(new.scope.id)
                        .bind(new.scope.name)
                        .bind(new.scope.sites.join(","))
                        .bind(new.decided.to_owned())
                        .bind(new.by)
                        .bind(entry.at.0)
                        .bind(closed.head)
                        .bind(closed.foot)
                        .bind(closed.hash.clone())
                        .execute()
                        .await?;
                    for part in 0.. {
                        let mut bytes = Vec::new();
                        lines
                            .by_ref()
                            .take(PART)
                            .read_to_end(&mut bytes)
                            .map_err(|error| broken(&error.to_string()))?;
                        if bytes.is_empty() {
                            break;
                        }
                        conn.sql(ADD_PART)
                            .bind(ESTATE)
                            .bind(head.number)
                            .bind(part)
                            .bind(bytes)
                            .execute()
                            .await?;
                    }
                    conn.sql(MOVE)
                        .bind(ESTATE)
                        .bind(closed.hash)
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await?;
                    Ok(head.number)
                })
            })
            .await
    }

    /// Number and hash of the newest record.
    pub async fn newest_decision(&self) -> Result<Option<(i64, String)>> {
        let mut tx = self.db.read().await?;
        let head: Option<Head> = tx.sql(HEAD).bind(ESTATE).optional().await?;
        Ok(head.map(|head| (head.number, head.hash)))
    }

    /// The newest decisions before a number, newest first; of one scope, or of all when that is empty.
    pub async fn decisions(&self, scope: &str, before: i64, limit: i64) -> Result<Vec<Decision>> {
        let mut tx = self.db.read().await?;
        tx.sql(ALL)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .bind(before)
            .bind(limit)
            .all()
            .await
    }

    /// The newest decision of each scope of which something was decided, by the id of the scope.
    pub async fn decisions_by_scope(&self) -> Result<HashMap<String, Decision>> {
        let mut tx = self.db.read().await?;
        let newest: Vec<Decision> = tx.sql(NEWEST).bind(ESTATE).all().await?;
        let each = newest.into_iter().map(|one| (one.scope.clone(), one));
        Ok(each.collect())
    }

    /// The newest decisions before a number that somebody with these sites may see, and whether there are older ones.
    pub async fn decisions_seen(
        &self,
        mut before: i64,
        limit: usize,
        sites: &Sites,
    ) -> Result<(Vec<Decision>, bool)> {
        let mut found = Vec::new();
        loop {
            let some = self.decisions("", before, PORTION).await?;
            let last = some.last().map(|last| last.number);
            found.extend(some.into_iter().filter(|one| one.is_seen(sites)));
            if found.len() > limit {
                found.truncate(limit);
                return Ok((found, true));
            }
            match last {
                Some(last) => before = last,
                None => return Ok((found, false)),
            }
        }
    }

    /// One decision.
    pub async fn decision(&self, number: i64) -> Result<Option<Decision>> {
        let mut tx = self.db.read().await?;
        tx.sql(ONE).bind(ESTATE).bind(number).optional().await
    }

    /// A part of the compressed lines; `None` behind the last.
    pub async fn decision_part(&self, number: i64, part: i64) -> Result<Option<Vec<u8>>> {
        let mut tx = self.db.read().await?;
        let part: Option<Part> = tx
            .sql(PARTS)
            .bind(ESTATE)
            .bind(number)
            .bind(part)
            .optional()
            .await?;
        Ok(part.map(|part| part.bytes))
    }
}

fn broken(detail: &str) -> Error {
    Error::Inconsistent {
        table: "decisions",
        detail: detail.to_owned(),
    }
}
