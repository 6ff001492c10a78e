//! What a report did that an honest machine seldom does: noted for people to look at. Never a verdict by itself, and never
//! a step towards "ready".
//!
//! What a person or an import vouches for raises none but these: it took the verdict away from a client that was not ready, it took
//! the role away from a site system, or it came with a token and moved such a client to another site. Who brought it stands in the audit log.

mod place;
mod roles;

pub use self::{
    place::{Mover, Place, may_close, other_site},
    roles::dropped,
};

use super::{
    assess,
    evidence::Trust,
    time::{DAY, HOUR, Timestamp},
    verdict::Standing,
};

/// What is odd about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The same client, with another SMBIOS GUID or serial number.
    Hardware,
    /// The same machine, with an older Windows.
    OlderWindows,
    /// It turned the client ready, and came by another token or from another address than the reports before, or by a token
    /// that is new to the client.
    Sender,
    /// The client is heard from many addresses within a day.
    Addresses,
    /// Its clock went back by more than a report holds, or shows a time to come.
    Clock,
    /// Many clients turned ready within an hour by what one sender sent.
    Burst,
    /// A client that is not ready was taken to another site by what it said itself, or by an import.
    Site,
    /// A client that was known not to be ready cannot be judged any more, by what a report said.
    VerdictLost,
    /// A site system does not name its role any more.
    Roles,
}

impl Kind {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::Sender,
        Self::Burst,
        Self::VerdictLost,
        Self::Site,
        Self::Roles,
        Self::Hardware,
        Self::OlderWindows,
        Self::Addresses,
        Self::Clock,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hardware => "hardware",
            Self::OlderWindows => "older_windows",
            Self::Sender => "sender",
            Self::Addresses => "addresses",
            Self::Clock => "clock",
            Self::Burst => "burst",
            Self::Site => "site",
            Self::VerdictLost => "verdict_lost",
            Self::Roles => "roles",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// In short words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hardware => "Other hardware",
            Self::OlderWindows => "Older Windows",
            Self::Sender => "Turned ready by another sender",
            Self::Addresses => "Many addresses",
            Self::Clock => "Clock",
            Self::Burst => "Many turned ready at once",
            Self::Site => "Other site",
            Self::VerdictLost => "Verdict lost",
            Self::Roles => "Role dropped",
        }
    }

    /// What happened, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hardware => {
                "A report under the same ids named another SMBIOS GUID or serial number."
            }
            Self::OlderWindows => {
                "A report of the same machine named an older Windows than the one before."
            }
            Self::Sender => {
                "A report turned the client ready, and came by another token or from another address than the reports before, or by a token that has spoken for the client for less than a week."
            }
            Self::Addresses => "The client was heard from more than 6 addresses within a day.",
            Self::Clock => {
                "A report was read longer before the one in force than reports hold, or carries a time to come."
            }
            Self::Site => {
                "A report of a client that is not ready named another site than the one where it was known, or the first one. Until this is closed it is counted at both, and as if its site were not known where it was not."
            }
            Self::VerdictLost => {
                "A report took the verdict away: the client was known not to be ready, and since then a value that decides cannot be read or is missing. Until this is closed the gate counts it, and so does a list that would drop it."
            }
            Self::Roles => {
                "A report of a site system does not name its role any more, or one of several, or the first one names less than a list says: by what it says it is asked for less, or no clients hang on it. Until this is closed the gate counts it, and every cutover counts it as a site system that is not ready, with the roles that it had."
            }
            Self::Burst => {
                "Reports of one token, or from one address, turned more clients ready within an hour than the setting allows."
            }
        }
    }

    /// What can be behind it that is nothing bad, in a sentence.
    pub const fn honest(self) -> &'static str {
        match self {
            Self::Hardware => {
                "A new mainboard does this, or a virtual machine that was copied or moved."
            }
            Self::OlderWindows => {
                "Taking back a feature update does this, and an older copy put back."
            }
            Self::Sender => {
                "Addresses move with DHCP; a machine that was mended on the day on which it moved looks like this, too, and so does one that was mended in the week after it was given a new token."
            }
            Self::Addresses => "A notebook on its way, or a gateway with many addresses.",
            Self::Clock => {
                "An empty battery, or reports that lay on a disk and were sent much later."
            }
            Self::Site => {
                "A machine that was moved to another site does this, once, and one that was assigned to its first site."
            }
            Self::VerdictLost => {
                "A value that somebody wrote with the wrong type does this, and a registry that cannot be read any more."
            }
            Self::Roles => {
                "A role that was taken off does this, a report by something that does not read the roles, and a list that is wrong."
            }
            Self::Burst => "A fix that was rolled out to many at once.",
        }
    }
}

/// A client is heard from so many addresses within a day without anybody wondering.
pub const ADDRESSES: i64 = 6;
/// In which time addresses are counted, and after which a new one is a known one.
pub const SETTLED: i64 = DAY;
/// A token is no stranger to a client that heard from it first so long ago, by the clock of the server. So a thief who first
/// repeats what is known has to wait for a week in which the client itself is heard, and whoever looks can see both.
pub const ACQUAINTED: i64 = 7 * DAY;
/// In which time clients are counted that one sender turns ready.
pub const WINDOW: i64 = HOUR;
/// One sender turns so many ready in that time without anybody wondering, unless the settings say otherwise.
pub const BURST: i64 = 50;

/// What a report, or what is known, says of machine and sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits<'k> {
    /// SMBIOS GUID.
    pub smbios_guid: Option<&'k str>,
    /// Serial number.
    pub serial_number: Option<&'k str>,
    /// OS key as in [`assess`].
    pub os_key: &'k str,
    /// Id of the token; empty: none was used.
    pub token: &'k str,
    /// The address; empty: not over the network.
    pub from: &'k str,
}

/// A client before a report.
#[derive(Clone, Copy, Debug)]
pub struct Before<'k> {
    /// What was known.
    pub traits: Traits<'k>,
    /// What it was judged as; of one that was ready by a report that had become too old, stale.
    pub verdict: Standing,
    /// When the report in force was read, by no clock that runs ahead.
    pub seen_at: Timestamp,
}

/// The report, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct After<'k> {
    /// What it says. The OS version is the one that the client has with it.
    pub traits: Traits<'k>,
    /// What the client is judged as with it.
    pub verdict: Standing,
    /// When it was read, by the client's clock.
    pub collected_at: Timestamp,
    /// It claims a time to come.
    pub future: bool,
    /// For how long a report holds, milliseconds.
    pub holds: i64,
    /// How far its sender is believed.
    pub trust: Trust,
    /// It is in force, or stands beside others that are. A late one says nothing of today.
    pub counts: bool,
    /// The client has been known at its address for longer than [`SETTLED`].
    pub settled: bool,
    /// When its token spoke for the client first, where that makes it a [`newcomer`].
    pub newcomer: Option<Timestamp>,
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What kind.
    pub kind: Kind,
    /// What was known, in plain text.
    pub was: String,
    /// What the report said.
    pub became: String,
}

/// Whether what somebody believed so far sends can be odd.
pub const fn is_looked_at(trust: Trust) -> bool {
    !matches!(trust, Trust::Vouched)
}

/// Whether a report turned a blocker ready, or one of which nobody knew. "Ready after a restart" is half of the way.
pub const fn turns(before: Standing, after: Standing) -> bool {
    matches!(
        before,
        Standing::Blocking | Standing::Undetermined | Standing::Conflict
    ) && matches!(after, Standing::Ready | Standing::RestartPending)
}

/// Whether a report ended what only time or a restart was to end: the machine itself says so, and nobody else. Many do so
/// at once, after a night of restarts or a holiday, and from new addresses, so that only another token is odd.
pub const fn ends(before: Standing, after: Standing) -> bool {
    matches!(before, Standing::RestartPending | Standing::Stale) && matches!(after, Standing::Ready)
}

impl After<'_> {
    /// Whether it turned the client ready.
    pub const fn turned(&self, before: &Before<'_>) -> bool {
        self.counts && (turns(before.verdict, self.verdict) || ends(before.verdict, self.verdict))
    }

    /// Whether it is one of those that are many when a sender turns clients ready in bulk.
    pub const fn is_of_a_burst(&self, before: &Before<'_>) -> bool {
        self.counts && turns(before.verdict, self.verdict) && self.by_a_stranger()
    }

    /// Whether it matters from where a sender that is believed so far turns somebody ready. A machine that shows its own
    /// certificate may do so from anywhere.
    pub const fn by_a_stranger(&self) -> bool {
        matches!(self.trust, Trust::Signed | Trust::Claimed)
    }
}

/// What is odd about a report.
pub fn odd(before: &Before<'_>, after: &After<'_>) -> Vec<Found> {
    if !is_looked_at(after.trust) {
        return Vec::new();
    }
    let mut found = Vec::new();
    found.extend(clock(before, after));
    if !after.counts {
        return found;
    }
    let hardware = hardware(&before.traits, &after.traits);
    // Another machine under the old ids may have any Windows.
    match hardware {
        Some(hardware) => found.push(hardware),
        None => found.extend(older_windows(before.traits.os_key, after.traits.os_key)),
    }
    if after.turned(before) && after.by_a_stranger() {
        found.extend(sender(before, after));
    }
    found
}

fn clock(before: &Before<'_>, after: &After<'_>) -> Option<Found> {
    let back = before.seen_at.since(after.collected_at) > after.holds;
    (back || after.future).then(|| Found {
        kind: Kind::Clock,
        was: before.seen_at.to_string(),
        became: after.collected_at.to_string(),
    })
}

/// What is newly known is no change.
fn hardware(before: &Traits<'_>, after: &Traits<'_>) -> Option<Found> {
    let (mut was, mut became) = (Vec::new(), Vec::new());
    for (name, before, after) in [
        ("SMBIOS GUID", before.smbios_guid, after.smbios_guid),
        ("serial number", before.serial_number, after.serial_number),
    ] {
        if let (Some(before), Some(after)) = (before, after)
            && before.to_lowercase() != after.to_lowercase()
        {
            was.push(format!("{name} {before}"));
            became.push(format!("{name} {after}"));
        }
    }
    (!was.is_empty()).then(|| Found {
        kind: Kind::Hardware,
        was: was.join(", "),
        became: became.join(", "),
    })
}

fn older_windows(before: &str, after: &str) -> Option<Found> {
    let older =
        matches!((build(before), build(after)), (Some(before), Some(after)) if after < before);
    older.then(|| Found {
        kind: Kind::OlderWindows,
        was: assess::os_label(before),
        became: assess::os_label(after),
    })
}

/// The numbers of an OS key; `None` of systems that are not told by them.
fn build(key: &str) -> Option<(u32, u32, u32)> {
    let numbers = key.split_once('-').map_or(key, |(numbers, _)| numbers);
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), Some(build), None) => Some((major?, minor?, build?)),
        _ => None,
    }
}

/// An address alone moves with DHCP; it is looked at beside the turn to ready only, which the caller has seen.
fn sender(before: &Before<'_>, after: &After<'_>) -> Option<Found> {
    let (old, new) = (&before.traits, &after.traits);
    let (mut was, mut became) = (Vec::new(), Vec::new());
    if !old.token.is_empty() && !new.token.is_empty() && old.token != new.token {
        was.push(format!("token {}", old.token));
        became.push(format!("token {}", new.token));
    } else if let Some(since) = after.newcomer {
        // It has said what was known before, so that it is the one that was heard last.
        was.push("another token".to_owned());
        became.push(format!("token {}, first heard {since}", new.token));
    }
    let moves = ends(before.verdict, after.verdict);
    if !moves && !old.from.is_empty() && !new.from.is_empty() && !after.settled {
        if old.from == new.from {
            was.push("another address".to_owned());
            became.push(format!("{} for less than a day", new.from));
        } else {
            was.push(old.from.to_owned());
            became.push(new.from.to_owned());
        }
    }
    (!was.is_empty()).then(|| Found {
        kind: Kind::Sender,
        was: was.join(", "),
        became: became.join(", "),
    })
}

/// What is odd about a report, whoever sent it, after which nobody knows any more whether a client is ready that was known not to
/// be. It would leave the numbers that must be nought for one of which a share may be there.
pub fn lost_verdict(before: Standing, after: Standing) -> Option<Found> {
    let failed = matches!(
        before,
        Standing::Blocking | Standing::Conflict | Standing::RestartPending
    );
    (failed && after == Standing::Undetermined).then(|| Found {
        kind: Kind::VerdictLost,
        was: before.words().to_owned(),
        became: after.words().to_owned(),
    })
}

/// What is odd about a client that was heard from so many addresses within [`SETTLED`].
pub fn many_addresses(addresses: i64) -> Option<Found> {
    (addresses > ADDRESSES).then(|| Found {
        kind: Kind::Addresses,
        was: String::new(),
        became: format!("{addresses} addresses within a day"),
    })
}

/// When a token spoke for a client first, where another had spoken before it and that is less than [`ACQUAINTED`] ago. `first`:
/// when it was, and `others`: when the first of all others spoke, both by the server's clock. Who was the first of all is
/// nobody's newcomer.
pub fn newcomer(first: Timestamp, others: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let is_new = now.since(first) < ACQUAINTED;
    (is_new && others.is_some_and(|others| others <= first)).then_some(first)
}

/// Whether a client has been known at an address for long enough. `since`: when it was first heard from there, where that
/// was noted; it is for clients that moved.
pub const fn is_settled(since: Option<Timestamp>, same_as_before: bool, now: Timestamp) -> bool {
    match since {
        Some(since) => now.since(since) > SETTLED,
        None => same_as_before,
    }
}
