//! Handshakes that failed: what somebody at an address offered, and why nothing came of it. Evidence to look at, and never
//! a verdict: an address can be a scanner, a gateway with many machines behind it, or another machine tomorrow.

use std::collections::BTreeMap;

use super::time::{DAY, Timestamp};

/// Addresses with a kind each that are kept at most; the oldest go first.
pub const MOST: i64 = 10_000;

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// Nothing newer than TLS 1.1 was offered.
    NoTls12,
    /// TLS 1.2 or newer was offered, but no suite that the server takes with its certificates.
    NoSharedSuite,
    /// What came was not TLS.
    NotTls,
    /// Something else, such as a client that does not trust the certificate.
    Other,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::NoTls12,
        Self::NoSharedSuite,
        Self::NotTls,
        Self::Other,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoTls12 => "no_tls12",
            Self::NoSharedSuite => "no_shared_suite",
            Self::NotTls => "not_tls",
            Self::Other => "other",
        }
    }

    /// The failure of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// What a hello offered, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// The highest version, as it stands in a hello; `None`: what came was no hello.
    pub highest: Option<u16>,
    /// Whether TLS 1.2 was among them.
    pub tls12: bool,
    /// How many suites it offered.
    pub suites: usize,
    /// How many of these the server could take with its certificates.
    pub shared: usize,
    /// The name it asked for, cut; empty: none.
    pub server_name: String,
}

/// Failed handshakes of one kind from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The address, as text.
    pub address: String,
    /// Why they failed.
    pub failure: Failure,
    /// What the latest of them offered.
    pub offered: Offered,
    /// The first.
    pub first_at: Timestamp,
    /// The latest.
    pub last_at: Timestamp,
    /// How many.
    pub times: i64,
}

impl Sighting {
    /// The same after another of its kind.
    pub fn joined(&mut self, other: Self) {
        self.times = self.times.saturating_add(other.times);
        self.first_at = self.first_at.min(other.first_at);
        if other.last_at >= self.last_at {
            self.last_at = other.last_at;
            self.offered = other.offered;
        }
    }
}

/// A client that was last heard from an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The address.
    pub address: String,
    /// The client.
    pub client: String,
    /// When its latest report came from there.
    pub at: Timestamp,
}

/// How far apart a report and a failed handshake may be for the address to be the same machine's: tomorrow it may be
/// another's.
const SAME_LEASE: i64 = DAY;

/// Which client an address is, where that is not in doubt: exactly one client was last heard from there, and within a day
/// of its latest sighting.
pub fn unambiguous(
    sightings: &[Sighting],
    heard: impl IntoIterator<Item = Heard>,
) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Option<Heard>> = BTreeMap::new();
    for one in heard {
        found
            .entry(one.address.clone())
            .and_modify(|known| {
                if known
                    .as_ref()
                    .is_some_and(|known| known.client != one.client)
                {
                    *known = None;
                }
            })
            .or_insert(Some(one));
    }
    let near = |heard: &Heard| {
        let of_address = sightings.iter().filter(|one| one.address == heard.address);
        of_address
            .map(|one| one.last_at)
            .max()
            .is_some_and(|last| last.since(heard.at).abs() <= SAME_LEASE)
    };
    found
        .into_values()
        .flatten()
        .filter(near)
        .map(|heard| (heard.address, heard.client))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(address: &str, last_at: i64) -> Sighting {
        Sighting {
            address: address.to_owned(),
            failure: Failure::NoTls12,
            offered: Offered::default(),
            first_at: Timestamp(0),
            last_at: Timestamp(last_at),
            times: 1,
        }
    }

    #[test]
    fn an_address_of_several_clients_or_of_another_day_is_nobody() {
        let now = 10 * DAY;
        let sightings = ["a", "b", "c", "d"].map(|address| sighting(address, now));
        let heard = [
            ("a", "1", now - DAY),
            ("b", "2", now),
            ("b", "3", now),
            ("b", "2", now),
            ("c", "4", now + DAY),
            ("d", "5", now - DAY - 1),
            ("e", "6", now),
        ];
        let heard = heard.map(|(address, client, at)| Heard {
            address: address.to_owned(),
            client: client.to_owned(),
            at: Timestamp(at),
        });
        let expected = [("a", "1"), ("c", "4")];
        assert_eq!(
            unambiguous(&sightings, heard),
            expected
                .map(|(at, who)| (at.to_owned(), who.to_owned()))
                .into()
        );
    }
}
