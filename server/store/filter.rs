//! Which clients are meant, and in which order: one filter for pages, API and downloads.

use crate::domain::{
    access::Sites,
    verdict::{Impact, Standing},
};

/// Which clients a list or a number is about. Every field narrows; an empty filter is the whole population.
#[expect(clippy::struct_excessive_bools, reason = "each is a filter of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The sites that whoever asks may see. No address says it: it is of who asks, not of what is asked.
    pub within: Sites,
    /// Any of these standings; empty: all.
    pub standings: Vec<Standing>,
    /// Only blocking clients with this impact.
    pub impact: Option<Impact>,
    /// OS key as in [`crate::domain::assess`].
    pub os: Option<String>,
    /// Site code; the empty text means "no site known".
    pub site: Option<String>,
    /// Site system role, such as `management_point`.
    pub role: Option<String>,
    /// Reason code: a failed or unknown check carries it. Several with commas between: it carries all of them.
    pub reason: Option<String>,
    /// Fix code: a failed or unknown check's reason is mended by it.
    pub fix: Option<String>,
    /// Fix codes: clients that need something, and nothing beyond these; empty: all. See [`crate::domain::plan`].
    pub only_fixes: Vec<String>,
    /// Owner as the expected list gave it, to the letter.
    pub owner: Option<String>,
    /// How old the knowledge about a client is.
    pub freshness: Option<Freshness>,
    /// Part of a name, beginning of an FQDN, or a whole id (GUID, resource id, SMBIOS id, serial number).
    pub q: Option<String>,
    /// Only clients suspected to be a second record of the same machine.
    pub duplicates: bool,
    /// Clients left out of the population (obsolete, decommissioned) instead of those in it.
    pub left_out: bool,
    /// Only clients that report without being on the expected list.
    pub unlisted: bool,
    /// Only clients whose last report carried a time in the future.
    pub future: bool,
    /// Only clients that were ready lately and are not any more, although the rules are the same.
    pub regressed: bool,
    /// Only clients that a report turned ready, or took the verdict from, about which a suspicion is open.
    pub suspicious: bool,
    /// Only clients that left one of these sites by what was reported, or that were at no known one before, are at none of these
    /// now, and about which nobody has closed that. No address says it.
    pub left: Option<Sites>,
    /// Only clients that lists in force expect at another site than these, whatever their reports say. No address says it.
    pub elsewhere: Option<Sites>,
    /// Only machines with a role of a site system. No address says it.
    pub systems: bool,
    /// Only machines that a list in force calls a site system, or that were one before a report that nobody has looked at. No
    /// address says it.
    pub told_systems: bool,
    /// Only clients that have not been ready for so many days, without any change.
    pub unchanged: Option<i64>,
    /// Only clients under an exception in force, or only those under none.
    pub excepted: Option<Excepted>,
}

/// How a client stands to exceptions in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excepted {
    /// Under one.
    Yes,
    /// Under none.
    No,
    /// Under one that ends within [`crate::domain::exceptions::SOON`] days.
    Soon,
}

impl Excepted {
    /// All.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Soon];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Soon => "soon",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// The order of a list; an index serves each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By name, from the end.
    NameDown,
    /// By how long the verdict has stood, longest first; clients without any verdict come last.
    Since,
    /// The newest verdict first; clients without any verdict come last.
    SinceDown,
}

impl Order {
    /// All, the usual one first.
    pub const ALL: [Self; 4] = [Self::Name, Self::NameDown, Self::Since, Self::SinceDown];

    /// The stable code, as `sort=` has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameDown => "-name",
            Self::Since => "since",
            Self::SinceDown => "-since",
        }
    }

    /// The order a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Whether the list is in order of the time of the verdict.
    pub const fn by_since(self) -> bool {
        matches!(self, Self::Since | Self::SinceDown)
    }

    /// Whether it runs from the end.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::NameDown | Self::SinceDown)
    }
}

/// How old the knowledge about a client is; these three share no client and leave nobody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The last report is within the freshness limit.
    Fresh,
    /// The last report is older.
    Stale,
    /// Expected, and never reported.
    Silent,
}

impl Freshness {
    /// All, freshest first.
    pub const ALL: [Self; 3] = [Self::Fresh, Self::Stale, Self::Silent];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Silent => "silent",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// What a standing says of it: stale and silent are decided before anything else.
    pub const fn of(standing: Standing) -> Self {
        match standing {
            Standing::Stale => Self::Stale,
            Standing::Silent => Self::Silent,
            _ => Self::Fresh,
        }
    }
}

impl Filter {
    /// Everybody whom somebody with this limit may see.
    pub fn of(within: &Sites) -> Self {
        Self {
            within: within.clone(),
            ..Self::default()
        }
    }

    /// Whether nothing is asked for, so that it is everybody who may be seen.
    pub fn is_everybody(&self) -> bool {
        *self == Self::of(&self.within)
    }

    /// The one site that it is about: the one that is asked for, or the only one that may be seen.
    pub fn one_site(&self) -> Option<&str> {
        let only = match self.within.limit() {
            Some([only]) => Some(only.as_str()),
            _ => None,
        };
        self.site.as_deref().or(only)
    }

    /// The reason codes that are all asked for.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.reason.iter().flat_map(|codes| codes.split(','))
    }

    /// The same clients, but only those that carry this reason too.
    #[must_use]
    pub fn with_reason(&self, code: &str) -> Self {
        let reason = match &self.reason {
            None => code.to_owned(),
            Some(codes) if self.reasons().any(|known| known == code) => codes.clone(),
            Some(codes) => format!("{codes},{code}"),
        };
        Self {
            reason: Some(reason),
            ..self.clone()
        }
    }

    /// Whether only clients are asked for about which something is noted, which are few.
    pub const fn is_noted(&self) -> bool {
        self.suspicious || self.left.is_some() || self.told_systems
    }

    /// Whether only clients under an exception are asked for, which are few.
    pub const fn needs_exception(&self) -> bool {
        matches!(self.excepted, Some(Excepted::Yes | Excepted::Soon))
    }

    /// The standings that clients of this filter can have; empty: the filter contradicts itself and lists nobody.
    pub fn possible_standings(&self) -> Vec<Standing> {
        // Whoever is ready, or has never reported, carries no reason and has no impact.
        let needs_reason = self.reason.is_some()
            || self.fix.is_some()
            || !self.only_fixes.is_empty()
            || self.impact.is_some();
        Standing::ALL
            .into_iter()
            .filter(|standing| {
                !needs_reason || !matches!(standing, Standing::Ready | Standing::Silent)
            })
            .filter(|standing| self.standings.is_empty() || self.standings.contains(standing))
            .filter(|standing| {
                self.freshness
                    .is_none_or(|asked| asked == Freshness::of(*standing))
            })
            .filter(|standing| self.unchanged.is_none() || !standing.is_cleared())
            // No exception is in force for whoever is ready.
            .filter(|standing| !self.needs_exception() || !standing.is_cleared())
            .collect()
    }

    /// The same filter of those of these standings that its clients can have.
    #[must_use]
    pub fn among(&self, standings: &[Standing]) -> Self {
        let possible = self.possible_standings();
        let of_them = standings
            .iter()
            .filter(|standing| possible.contains(standing));
        Self {
            standings: of_them.copied().collect(),
            ..self.clone()
        }
    }
}
