//! What was seen on the wire beside what is configured: whose connection it was, and which box a client stands in.
//!
//! Seen using an old protocol since it is configured well, a client is in conflict; nothing that was seen ever makes a client
//! ready, and what was not seen proves nothing. Whatever leaves it open whose a connection was is told apart, and never speaks for
//! anybody; an old protocol in doubt speaks against everybody whose it may be.

mod place;

pub use place::{Ambiguous, Evidence, Line, Named, OfClient, Placed, place};

use super::time::Timestamp;

/// An address that more machines than this had within the window is shared: a gateway, a proxy, a terminal server.
pub const SHARED_BY: usize = 5;

/// What a line says of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SSL 3.0.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
    /// A value that we do not know.
    Unknown,
    /// A connection that failed; of which protocol nobody says.
    Failed,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::Tls12,
        Self::Tls13,
        Self::Unknown,
        Self::Failed,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ssl3 => "ssl3",
            Self::Tls10 => "tls1.0",
            Self::Tls11 => "tls1.1",
            Self::Tls12 => "tls1.2",
            Self::Tls13 => "tls1.3",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
            Self::Unknown => "a value that is not known",
            Self::Failed => "a failed connection",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// What it proves by itself.
    pub const fn proves(self) -> Seen {
        match self {
            Self::Ssl3 | Self::Tls10 | Self::Tls11 => Seen::Legacy,
            Self::Tls12 | Self::Tls13 => Seen::Modern,
            Self::Unknown => Seen::Unclear,
            // It says nothing of protocols, so it is told beside them.
            Self::Failed => Seen::Nothing,
        }
    }
}

/// How a connection came, as far as the log says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// From the address itself.
    Direct,
    /// Through a proxy that was named to us and says for whom; the address is what it says. The protocol is that of the
    /// proxy's own connection.
    Proxy,
    /// Somebody says for whom it is, and was not named as a proxy; the address is that somebody's.
    Unnamed,
    /// A proxy that was named to us and does not say for whom.
    Hidden,
}

impl Via {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Direct, Self::Proxy, Self::Unnamed, Self::Hidden];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
            Self::Unnamed => "unnamed_proxy",
            Self::Hidden => "hidden",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Connections of one day that have everything in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The site system that wrote the log, in lower case.
    pub system: String,
    /// From which address, or for which one.
    pub address: String,
    /// The machine account as `identities` name it (`n:host`); empty: none.
    pub machine: String,
    /// How it came.
    pub via: Via,
    /// With which protocol.
    pub protocol: Protocol,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many lines.
    pub count: i64,
}

/// What our own server is called among the systems. No system can be called so.
pub const OWN_SERVER: &str = "this server";

/// Somebody had an address for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which address.
    pub address: String,
    /// Who, as `identities` name it.
    pub ident: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Only a report that came from there says so, and others may come from there, too. It is enough to be warned by, and
    /// never to be cleared by.
    pub hearsay: bool,
}

/// What was seen of a client. The greater one stands: a line more never takes anything away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// Nothing, which proves nothing.
    #[default]
    Nothing,
    /// TLS 1.2 or later, and nothing else.
    Modern,
    /// Something that may have been an old protocol.
    Unclear,
    /// TLS 1.1 or earlier.
    Legacy,
}

impl Seen {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Modern, Self::Unclear, Self::Legacy];

    /// The stable code, as it is stored; nothing is an empty text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Modern => "modern",
            Self::Unclear => "unclear",
            Self::Legacy => "legacy",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Where configured and observed meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quadrant {
    /// It is judged ready.
    pub ready: bool,
    /// What was seen of it.
    pub seen: Seen,
}

impl Quadrant {
    /// All of them, the most telling first.
    pub const ALL: [Self; 8] = [
        Self::of(true, Seen::Legacy),
        Self::of(false, Seen::Legacy),
        Self::of(true, Seen::Unclear),
        Self::of(false, Seen::Unclear),
        Self::of(true, Seen::Modern),
        Self::of(false, Seen::Modern),
        Self::of(true, Seen::Nothing),
        Self::of(false, Seen::Nothing),
    ];

    /// The box of these two.
    pub const fn of(ready: bool, seen: Seen) -> Self {
        Self { ready, seen }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match (self.ready, self.seen) {
            (true, Seen::Legacy) => "ready_legacy",
            (true, Seen::Unclear) => "ready_unclear",
            (true, Seen::Modern) => "ready_modern",
            (true, Seen::Nothing) => "ready_nothing",
            (false, Seen::Legacy) => "not_ready_legacy",
            (false, Seen::Unclear) => "not_ready_unclear",
            (false, Seen::Modern) => "not_ready_modern",
            (false, Seen::Nothing) => "not_ready_nothing",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Why nobody knows whose a connection was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Nobody said who had the address then.
    UnknownAddress,
    /// The machine that had it is no client that we know.
    UnknownMachine,
    /// Several machines had it at once, or several clients have the name.
    Several,
    /// It changed hands meanwhile, or the lease does not cover the whole time.
    LeaseChanged,
    /// So many machines had it that it is a gateway.
    Shared,
    /// It was forwarded by somebody who was not named as a proxy.
    Forwarded,
    /// It is a proxy that does not say for whom.
    Proxy,
}

impl Doubt {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::UnknownAddress,
        Self::UnknownMachine,
        Self::Several,
        Self::LeaseChanged,
        Self::Shared,
        Self::Forwarded,
        Self::Proxy,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAddress => "unknown_address",
            Self::UnknownMachine => "unknown_machine",
            Self::Several => "several",
            Self::LeaseChanged => "lease_changed",
            Self::Shared => "shared",
            Self::Forwarded => "forwarded",
            Self::Proxy => "proxy",
        }
    }

    /// In a sentence, with what to do about it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnknownAddress => {
                "Nobody said for certain who had this address then; import the leases of DHCP for that time."
            }
            Self::UnknownMachine => "The machine that had it is no client that is known here.",
            Self::Several => {
                "Several machines had it at the same time, or several clients have this name."
            }
            Self::LeaseChanged => {
                "It changed hands on that day, or the lease that is known does not cover the time of the connections."
            }
            Self::Shared => {
                "More than five machines had it, so it is a gateway, a proxy or a pool."
            }
            Self::Forwarded => {
                "It forwards for others and was not named as a proxy; read the log again with --proxy if it is one."
            }
            Self::Proxy => "It is a proxy, and the log does not say for whom; log X-Forwarded-For.",
        }
    }
}
