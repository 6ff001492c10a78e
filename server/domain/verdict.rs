//! What the rules say of a client: check results, and the one word that sums them up.

use super::time::Timestamp;

/// The one word for a client. Over the population these always add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A check failed.
    Blocking,
    /// A needed fact was not collected, unreadable or contradictory.
    Undetermined,
    /// Configured well, but seen using TLS 1.0/1.1 since.
    Conflict,
    /// Would be ready, but a deciding key was written after the last boot.
    RestartPending,
    /// Last report older than the freshness limit.
    Stale,
    /// On the expected list, never reported.
    Silent,
    /// Everything passed, or passed with warnings.
    Ready,
}

impl Standing {
    /// All standings, worst first, ready last.
    pub const ALL: [Self; 7] = [
        Self::Blocking,
        Self::Undetermined,
        Self::Conflict,
        Self::RestartPending,
        Self::Stale,
        Self::Silent,
        Self::Ready,
    ];

    /// Whether the settings are good, whatever was seen.
    pub const fn is_configured_well(self) -> bool {
        matches!(self, Self::Ready | Self::Conflict)
    }

    /// Every standing that is not cleared, worst first.
    pub fn not_cleared() -> Vec<Self> {
        let not_cleared = |standing: &Self| !standing.is_cleared();
        Self::ALL.into_iter().filter(not_cleared).collect()
    }

    /// The stable code used in the API and the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Undetermined => "undetermined",
            Self::Conflict => "conflict",
            Self::RestartPending => "restart_pending",
            Self::Stale => "stale",
            Self::Silent => "silent",
            Self::Ready => "ready",
        }
    }

    /// The standing a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blocking => "Blocking",
            Self::Undetermined => "Undetermined",
            Self::Conflict => "Conflict",
            Self::RestartPending => "Restart pending",
            Self::Stale => "Stale",
            Self::Silent => "Silent",
            Self::Ready => "Ready",
        }
    }

    /// Whether such a client is cleared for the cutover.
    pub const fn is_cleared(self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Whether we have no verdict that holds now: silent, stale, undetermined or conflicting.
    pub const fn is_no_verdict(self) -> bool {
        matches!(
            self,
            Self::Silent | Self::Stale | Self::Undetermined | Self::Conflict
        )
    }
}

/// How bad a blocking client is off after the cutover; the worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Loses its management channel.
    Orphan,
    /// 32-bit programs lose TLS.
    Partial,
    /// .NET parts lose TLS.
    Degraded,
}

impl Impact {
    /// All impacts, worst first.
    pub const ALL: [Self; 3] = [Self::Orphan, Self::Partial, Self::Degraded];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Partial => "partial",
            Self::Degraded => "degraded",
        }
    }

    /// The impact a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Orphan => "would be orphaned: loses its management channel",
            Self::Partial => "32-bit programs lose their connection",
            Self::Degraded => ".NET parts, such as Software Center, lose their connection",
        }
    }
}

/// What one check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The rule does not apply to this system.
    NotApplicable,
    /// Good.
    Pass,
    /// Good enough, worth knowing.
    Warn,
    /// A needed fact is missing or unusable.
    Unknown,
    /// Bad.
    Fail,
}

impl Outcome {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// The outcome a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::NotApplicable,
            Self::Pass,
            Self::Warn,
            Self::Unknown,
            Self::Fail,
        ]
        .into_iter()
        .find(|known| known.code() == code)
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotApplicable => "Not applicable",
            Self::Pass => "Pass",
            Self::Warn => "Warning",
            Self::Unknown => "Unknown",
            Self::Fail => "Fail",
        }
    }
}

/// One rule applied to the facts of one client. Everything a person needs to act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Check id of the contract, such as `winhttp.default_secure_protocols.native`.
    pub id: &'static str,
    /// What it says.
    pub outcome: Outcome,
    /// Stable reason code such as `winhttp.tls12_bit_missing`.
    pub reason: &'static str,
    /// A sentence a person can act on.
    pub message: String,
    /// What would pass.
    pub expected: String,
    /// The raw value as found, or that it is absent or was not collected.
    pub observed: String,
    /// What to do; empty when there is nothing to do.
    pub fix: String,
    /// Source keys and links behind the rule.
    pub sources: &'static [&'static str],
    /// Sources contradict each other here and we chose the careful reading.
    pub disputed: bool,
}

/// Something worth showing that decides nothing (end of support, a misspelt key …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Stable code.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

/// What the rules say of one report. Time-dependent standings (stale, silent) and observed evidence
/// (conflict) are laid over it by [`super::assess::standing_at`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Blocking, undetermined, restart pending, or ready.
    pub standing: Standing,
    /// How bad, when blocking.
    pub impact: Option<Impact>,
    /// Reason code of the check that decided; `None` when ready.
    pub deciding: Option<&'static str>,
    /// Number of warnings.
    pub warnings: u32,
    /// Every check, in the order of the contract.
    pub checks: Vec<CheckResult>,
    /// Things to show.
    pub notes: Vec<Note>,
    /// Latest write of a key that made a check pass, when later than the boot.
    pub pending_since: Option<Timestamp>,
}
