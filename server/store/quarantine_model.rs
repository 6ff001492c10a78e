//! A quarantine as it stands, and what one would do.

use std::collections::BTreeMap;

use super::rebuilding::Rebuilt;
use crate::domain::{time::Timestamp, verdict::Standing};

/// Reports of one token, received in a span of time; both ends belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Id of the token.
    pub token: String,
    /// Received then or later.
    pub since: Timestamp,
    /// Received then or earlier.
    pub until: Timestamp,
}

impl Span {
    /// Whether a report that came with this token at that time belongs to it.
    pub fn holds(&self, token: &str, received_at: Timestamp) -> bool {
        !token.is_empty()
            && self.token == token
            && self.since <= received_at
            && received_at <= self.until
    }
}

/// A quarantine, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Its id.
    pub id: String,
    /// What it sets aside.
    pub span: Span,
    /// Why.
    pub why: String,
    /// When it was said.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was lifted, by whom, and why.
    pub lifted: Option<(Timestamp, String, String)>,
    /// Clients are being judged anew.
    pub working: bool,
    /// How many clients there are to judge.
    pub clients: i64,
    /// How many were.
    pub judged: i64,
    /// How many of these stand otherwise than before.
    pub changed: i64,
    pub(super) position: Vec<u8>,
}

/// The same as a row.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    id: String,
    token: String,
    since: i64,
    until: i64,
    why: String,
    created_at: i64,
    created_by: String,
    pub(super) lifted_at: Option<i64>,
    lifted_by: Option<String>,
    lifted_why: Option<String>,
    working: bool,
    position: Vec<u8>,
    clients: i64,
    judged: i64,
    changed: i64,
}

impl From<Stored> for Quarantine {
    fn from(row: Stored) -> Self {
        let lifted = row.lifted_at.map(|at| {
            let by = row.lifted_by.unwrap_or_default();
            (Timestamp(at), by, row.lifted_why.unwrap_or_default())
        });
        Self {
            id: row.id,
            span: Span {
                token: row.token,
                since: Timestamp(row.since),
                until: Timestamp(row.until),
            },
            why: row.why,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            lifted,
            working: row.working,
            clients: row.clients,
            judged: row.judged,
            changed: row.changed,
            position: row.position,
        }
    }
}

/// What a quarantine would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Reports that the database keeps of the token in the span. Those that said nothing new are kept as one.
    pub reports: i64,
    /// Clients that they speak of.
    pub clients: i64,
    /// Clients that were judged for this preview; fewer than all where there are too many.
    pub judged: i64,
    /// How many would stand otherwise: from what, to what. `None`: not known any more.
    pub changes: BTreeMap<(Standing, Option<Standing>), i64>,
}

impl Preview {
    pub(super) fn count(&mut self, clients: &[Rebuilt], now: Timestamp) {
        for client in clients {
            self.judged += 1;
            let after = client.standing(now);
            if let Some(before) = client.before.filter(|before| Some(*before) != after) {
                *self.changes.entry((before, after)).or_insert(0) += 1;
            }
        }
    }
}
