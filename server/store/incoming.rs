//! A judged report on its way in, and what became of it.

use std::{net::IpAddr, sync::Arc};

use super::identify::{ClientId, Speaker};
use crate::domain::{
    access::Sites,
    evidence::{Coverage, Trust},
    facts::Facts,
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
    /// Who sent it, and how.
    pub sender: Sender,
    /// Its time may be later than it says; see [`crate::domain::facts::Facts::time_open`].
    pub time_open: bool,
    /// Which facts it speaks of.
    pub coverage: Coverage,
    /// Judges it together with what other sources say of the client.
    pub judge: Arc<dyn JudgesJointly>,
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

/// Who sent a report, by which way, and how far that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Name of the token or user.
    pub name: Arc<str>,
    /// Way in.
    pub way: Way,
    /// How far it is believed.
    pub trust: Trust,
    /// Id of the token; empty: none was used.
    pub token: Arc<str>,
    /// The address it came from; empty: not over the network.
    pub from: Arc<str>,
    /// Of which sites' clients it may speak.
    pub sites: Sites,
    /// New clients that its token may make known in an hour; 0: no limit.
    pub new_ids: i64,
}

impl Sender {
    /// The holder of a token that every client has.
    pub fn claimed(name: &str) -> Self {
        Self {
            name: name.into(),
            way: Way::Report,
            trust: Trust::Claimed,
            token: Arc::default(),
            from: Arc::default(),
            sites: Sites::all(),
            new_ids: 0,
        }
    }

    /// The same, with the id of its token.
    #[must_use]
    pub fn with_token(mut self, id: &str) -> Self {
        self.token = id.into();
        self
    }

    /// The same, with the address it sends from.
    #[must_use]
    pub fn at(mut self, from: Option<IpAddr>) -> Self {
        self.from = from.map(|from| from.to_string()).unwrap_or_default().into();
        self
    }

    /// Whether somebody has to look which clients it speaks of before anything is written.
    pub fn is_limited(&self) -> bool {
        self.sites.limit().is_some() || self.new_ids > 0
    }

    /// Machines that have shown their own certificates.
    pub fn proven(name: &str) -> Self {
        Self {
            trust: Trust::Proven,
            ..Self::claimed(name)
        }
    }

    /// Enrolled machines that have signed what they sent without TLS.
    pub fn signed(name: &str) -> Self {
        Self {
            trust: Trust::Signed,
            ..Self::claimed(name)
        }
    }

    /// A person, or an import that somebody vouches for.
    pub fn vouched(name: &str, way: Way) -> Self {
        Self {
            way,
            trust: Trust::Vouched,
            ..Self::claimed(name)
        }
    }

    /// Whoever brought a file. What lies on a share anybody may have written, whoever carries it from there.
    pub fn brought(name: &str, way: Way) -> Self {
        let trust = match way {
            Way::Share => Trust::Claimed,
            Way::Report | Way::Upload | Way::Command => Trust::Vouched,
        };
        Self {
            trust,
            ..Self::vouched(name, way)
        }
    }

    /// Whom a bare name may mean: a row of a file may name a client that has better ids, and so may what somebody
    /// vouches for. How far it is believed is for [`Trust`] to say.
    pub const fn speaker(&self) -> Speaker {
        match (self.way, self.trust) {
            (Way::Report, Trust::Signed | Trust::Claimed | Trust::Proven) => Speaker::Report,
            _ => Speaker::File,
        }
    }
}

/// The ways a report comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `POST /api/v1/reports`.
    Report,
    /// A file, through a page or the API.
    Upload,
    /// `cutover import`, straight into the database.
    Command,
    /// A file that somebody dropped on a share, brought by `cutover sweep`.
    Share,
}

impl Way {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Upload => "upload",
            Self::Command => "command",
            Self::Share => "share",
        }
    }

    /// The way a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Report, Self::Upload, Self::Command, Self::Share]
            .into_iter()
            .find(|known| known.code() == code)
    }
}

/// One of several sources about a client, as it is judged with the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The newest time it was said.
    pub seen_at: Timestamp,
    /// Its hash.
    pub content_hash: [u8; 16],
    /// How far it is believed.
    pub trust: Trust,
    /// The report itself.
    pub raw: Vec<u8>,
}

/// What several sources together come to.
#[derive(Clone, Debug)]
pub struct Jointly {
    /// Standing by the rules.
    pub verdict: Standing,
    /// Impact, when blocking.
    pub impact: Option<Impact>,
    /// Reason of the deciding check.
    pub deciding: Option<&'static str>,
    /// Bits of failed and unknown checks' reasons.
    pub reasons: i64,
    /// Number of warnings.
    pub warnings: i64,
    /// OS key.
    pub os_key: String,
    /// Site system roles.
    pub roles: Vec<String>,
    /// All that the sources together say.
    pub facts: Box<Facts>,
    /// For each source: it still has something to say.
    pub live: Vec<bool>,
    /// For each source: the verdict rests on it.
    pub counts: Vec<bool>,
    /// For each source: which facts it speaks of.
    pub coverage: Vec<Coverage>,
}

impl Jointly {
    /// Whether other sources come to the same facts and the same verdict.
    pub fn comes_to_the_same_as(&self, other: &Self) -> bool {
        let verdict = |one: &Self| {
            (
                one.verdict,
                one.impact,
                one.deciding,
                one.reasons,
                one.warnings,
            )
        };
        verdict(self) == verdict(other) && self.facts == other.facts
    }

    /// When the oldest source that the verdict rests on was last seen. Where it rests on none, because nothing that
    /// anybody said is a fact, the newest word tells the age.
    pub fn oldest(&self, said: &[Said]) -> Timestamp {
        let counting = said.iter().zip(&self.counts).filter(|(_, counts)| **counts);
        counting
            .map(|(said, _)| said.seen_at)
            .min()
            .or_else(|| said.iter().map(|said| said.seen_at).max())
            .unwrap_or_default()
    }
}

/// The rules, as the writer asks them when a client has several sources.
pub trait JudgesJointly: std::fmt::Debug + Send + Sync {
    /// Judges what several sources say of one client; those that were last seen at `too_old` or before are too old.
    /// A stored report that can no longer be read says nothing.
    fn jointly(&self, said: &[Said], too_old: Timestamp) -> Jointly;
}

/// The rules, as they are asked about a report that was stored before.
pub trait ReadsAgain: std::fmt::Debug + Send + Sync {
    /// Reads and judges it as it was received then; `None`: it can no longer be read.
    fn again(&self, stored: &StoredReport) -> Option<Incoming>;
}

/// A report as it is kept.
#[derive(Clone, Debug)]
pub struct StoredReport {
    /// By the client's clock.
    pub collected_at: Timestamp,
    /// By ours.
    pub received_at: Timestamp,
    /// The sender's id of the report.
    pub report_id: Option<String>,
    /// Who sent it, and how.
    pub sender: Sender,
    /// Dictionary `raw` is compressed with.
    pub dictionary: i64,
    /// The report as it came, compressed.
    pub raw: Vec<u8>,
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

/// Whether a report that was stored moved anything but times. Only asked of what comes in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Something about the client is other than before, or nobody asked.
    Some,
    /// All of it was known, and the client stands as before.
    None,
    /// The same; but somebody vouches for it now.
    Vouched,
}

/// The answer for one report. It is durable when this exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The client.
    pub client_id: ClientId,
    /// What became of the report.
    pub kept: Kept,
    /// Whether it moved anything.
    pub news: News,
    /// The client's standing now.
    pub standing: Standing,
}
