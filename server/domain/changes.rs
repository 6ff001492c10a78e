//! What happened to the list of blockers: who came into it, changed in it or left it, and why.

use super::verdict::Standing;

/// What happened to one client of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is in the list and was not.
    Added,
    /// It stays in the list, and the list shows something else of it.
    Changed,
    /// It was in the list and is not any more. That alone is no good news: see [`Why`].
    Cleared,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Cleared];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Cleared => "cleared",
        }
    }

    /// What happened, when somebody was in the list or not and is in it or not; `None`: nothing.
    pub const fn of(was_in: bool, is_in: bool) -> Option<Self> {
        match (was_in, is_in) {
            (false, true) => Some(Self::Added),
            (true, true) => Some(Self::Changed),
            (true, false) => Some(Self::Cleared),
            (false, false) => None,
        }
    }
}

/// Why a client left the list of blockers. Only one of these says that something was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// By the same rules, what is reported of it now blocks no more.
    Fixed,
    /// Other rules, or other switches of them, judge it otherwise.
    RulesChanged,
    /// It is counted no more: every list that names it marks it obsolete or decommissioned.
    Retired,
    /// Its last report became too old.
    WentStale,
    /// By the same rules, what is reported of it now leaves open whether it blocks.
    Undetermined,
    /// By the same rules, it is configured well and was seen using TLS 1.0 or 1.1.
    Contradicted,
    /// The record of it was removed, or it went to a site that whoever asks may not see.
    Gone,
}

/// What is known of a client that left the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its record was removed.
    pub deleted: bool,
    /// It is still counted.
    pub counted: bool,
    /// The rules are those that it was judged by before.
    pub same_rules: bool,
    /// How it stands now.
    pub standing: Standing,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Fixed,
        Self::RulesChanged,
        Self::Retired,
        Self::WentStale,
        Self::Undetermined,
        Self::Contradicted,
        Self::Gone,
    ];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::RulesChanged => "rules_changed",
            Self::Retired => "retired",
            Self::WentStale => "went_stale",
            Self::Undetermined => "undetermined",
            Self::Contradicted => "contradicted",
            Self::Gone => "gone",
        }
    }

    /// The reason. What is no proof of a mended client is looked at first, so that where two things happened at once
    /// nobody takes it for one.
    pub const fn of(left: Left) -> Self {
        if left.deleted {
            return Self::Gone;
        }
        if !left.counted {
            return Self::Retired;
        }
        match left.standing {
            Standing::Stale => Self::WentStale,
            _ if !left.same_rules => Self::RulesChanged,
            Standing::Ready | Standing::RestartPending => Self::Fixed,
            Standing::Conflict => Self::Contradicted,
            // Nobody becomes silent, and a blocking client that is counted is in the list.
            Standing::Undetermined | Standing::Silent | Standing::Blocking => Self::Undetermined,
        }
    }
}
