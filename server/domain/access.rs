//! Who may see and do what: roles of people, and the sites that somebody is limited to.

use std::sync::Arc;

/// The sites somebody may see. Most see all; whoever is limited sees nothing of any other site, in no list and in no
/// number. Clients without a known site belong to none, so whoever is limited does not see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites(Option<Arc<[String]>>);

impl Sites {
    /// Without a limit.
    pub const fn all() -> Self {
        Self(None)
    }

    /// These sites only; no code at all means no site at all.
    pub fn only(codes: impl IntoIterator<Item = String>) -> Self {
        let mut codes: Vec<String> = codes.into_iter().filter(|code| !code.is_empty()).collect();
        codes.sort();
        codes.dedup();
        Self(Some(codes.into()))
    }

    /// The codes, in order; `None` without a limit.
    pub fn limit(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// Those that both of two limits let be seen.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self.limit(), other.limit()) {
            (None, _) => other.clone(),
            (_, None) => self.clone(),
            (Some(codes), Some(_)) => {
                Self::only(codes.iter().filter(|code| other.holds(code)).cloned())
            }
        }
    }

    /// Whether there is a limit.
    pub const fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a client of this site may be seen; the empty text means "no site known".
    pub fn holds(&self, site: &str) -> bool {
        self.limit()
            .is_none_or(|codes| codes.iter().any(|code| code == site))
    }
}

/// What a person is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads pages and lists.
    Viewer,
    /// Brings in files and lists, and asks for exceptions.
    Operator,
    /// Decides: exceptions and cutovers.
    Approver,
    /// Everything, accounts and tokens among it.
    Administrator,
    /// Reads everything, the audit log among it, and changes nothing.
    Auditor,
}

impl Role {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Operator,
        Self::Approver,
        Self::Administrator,
        Self::Auditor,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// The role a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Whether this role may do that.
    pub const fn may(self, what: Permission) -> bool {
        match what {
            Permission::Read => true,
            Permission::Feed => matches!(self, Self::Operator | Self::Administrator),
            Permission::Decide => matches!(self, Self::Approver | Self::Administrator),
            Permission::ReadAudit => matches!(self, Self::Auditor | Self::Administrator),
            Permission::Administer => matches!(self, Self::Administrator),
        }
    }
}

/// What a person may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read pages, lists and downloads.
    Read,
    /// Bring in reports, files and expected lists, and say which records are one machine.
    Feed,
    /// Decide on exceptions and cutovers.
    Decide,
    /// Read the audit log.
    ReadAudit,
    /// Manage people, tokens and webhooks, and quarantine what a token sent.
    Administer,
}
