//! A judged report on its way in, and what became of it.

use std::sync::Arc;

use super::identify::ClientId;
use crate::domain::{
    identity::ClientIds,
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// One judged report, ready to be written: everything the writer needs, nothing it has to work out.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Who it is about, normalised.
    pub ids: ClientIds,
    /// Name to show.
    pub name: String,
    /// OS key.
    pub os_key: String,
    /// Site system roles.
    pub roles: Vec<String>,
    /// The sender's id of the report.
    pub report_id: Option<String>,
    /// By the client's clock.
    pub collected_at: Timestamp,
    /// By ours.
    pub received_at: Timestamp,
    /// The earlier of both: orders reports and ages them, so that no clock can make a client look fresh.
    pub seen_at: Timestamp,
    /// When this report becomes too old.
    pub stale_at: Timestamp,
    /// It claimed a time more than five minutes in the future.
    pub future: bool,
    /// Hash of everything but the report's id and time.
    pub content_hash: [u8; 16],
    /// Standing by the rules, before time is laid over it.
    pub verdict: Standing,
    /// Impact, when blocking.
    pub impact: Option<Impact>,
    /// Reason of the deciding check.
    pub deciding: Option<&'static str>,
    /// Bits of failed and unknown checks' reasons.
    pub reasons: i64,
    /// Number of warnings.
    pub warnings: i64,
    /// Ruleset of the verdict.
    pub ruleset: Arc<str>,
    /// Name of the token or user that sent it.
    pub sent_by: Arc<str>,
    /// Dictionary `raw` is compressed with.
    pub dictionary: i64,
    /// The report as it came, compressed.
    pub raw: Vec<u8>,
}

impl Incoming {
    /// Its standing at `now`.
    pub fn standing_at(&self, now: Timestamp) -> Standing {
        if self.stale_at <= now {
            Standing::Stale
        } else {
            self.verdict
        }
    }
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the newest, and said something new.
    Stored,
    /// It is the newest, or was sent before, and says what we knew.
    Unchanged,
    /// A newer report was there; kept in the history only.
    Late,
}

/// The answer for one report. It is durable when this exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The client.
    pub client_id: ClientId,
    /// What became of the report.
    pub kept: Kept,
    /// The client's standing now.
    pub standing: Standing,
}
