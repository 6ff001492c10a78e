//! Where a page of a list starts, as text that programs hand back and do not look into.

use sha2::{Digest as _, Sha256};

use super::{
    error::{Error, Result},
    model::{ClientRow, Order},
};

/// Which clients of a list in order of time are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Those that have a time.
    Known,
    /// Those that have none; they come behind all others.
    Missing,
}

/// The last client of a page; the next page goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// In order of name.
    Name {
        /// The name in lower case.
        sort_key: String,
        /// Its id.
        id: Vec<u8>,
    },
    /// In order of the time of the verdict.
    Since {
        /// That time.
        since: i64,
        /// Its id.
        id: Vec<u8>,
    },
    /// In that order, among those that never had a verdict.
    NoTime {
        /// Its id.
        id: Vec<u8>,
    },
}

/// The first character of a cursor: its version and order.
const fn sign(order: Order) -> char {
    match order {
        Order::Name => '1',
        Order::NameDown => '2',
        Order::Since => '3',
        Order::SinceDown => '4',
    }
}

/// The first character of a cursor of the feed of changes: no digit, so that neither passes for the other.
const FEED: char = 'n';

/// The same of a feed that tells of some sites only.
const SEALED: char = 's';

/// Ties what a sealed cursor says to its feed and its sites. The name of the feed is drawn by chance when a database is
/// made, and whoever may see some sites only never reads it.
fn seal(feed: &[u8], sites: &[String], plain: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [&b"seal"[..], feed, plain] {
        hash.update(part);
        hash.update([0]);
    }
    for site in sites {
        hash.update(site.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).copied().collect()
}

/// Hides bytes, and shows them again: the seal is another one for each text, so no mask is used twice for two texts.
fn masked(feed: &[u8], seal: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [&b"mask"[..], feed, seal] {
        hash.update(part);
        hash.update([0]);
    }
    let mask = hash.finalize();
    bytes
        .iter()
        .zip(mask)
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}

/// A cursor: its sign, and bytes as digits.
fn written<'b>(sign: char, bytes: impl Iterator<Item = &'b u8>) -> String {
    let mut cursor = String::from(sign);
    for byte in bytes {
        cursor.push_str(&format!("{byte:02x}"));
    }
    cursor
}

/// The bytes of a cursor with this sign.
fn bytes_of(sign: char, cursor: &str) -> Option<Vec<u8>> {
    let digits = cursor.strip_prefix(sign)?;
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

/// The last change that somebody has read; the next page goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FeedMark {
    /// What tells the feed of this database from others.
    pub(super) feed: Vec<u8>,
    /// Number of the change; nought: none yet.
    pub(super) seq: i64,
    /// Its time, as it is stored.
    pub(super) at: i64,
}

impl FeedMark {
    /// The cursor.
    pub(super) fn text(&self) -> String {
        let (seq, at) = (self.seq.to_be_bytes(), self.at.to_be_bytes());
        written(FEED, self.feed.iter().chain(&seq).chain(&at))
    }

    /// The cursor of somebody who may see some sites only. It tells nothing: numbers and times of changes elsewhere are
    /// in it, but sealed. What is read is proven to be what was written, for the same feed and the same sites.
    pub(super) fn sealed(&self, sites: &[String], number: i64) -> String {
        let mut plain = Vec::with_capacity(24);
        for n in [self.seq, self.at, number] {
            plain.extend(n.to_be_bytes());
        }
        let seal = seal(&self.feed, sites, &plain);
        let hidden = masked(&self.feed, &seal, &plain);
        written(SEALED, seal.iter().chain(&hidden))
    }

    /// Reads such a cursor, with the number of the last change that was told; `None`: it is none for these sites.
    pub(super) fn unsealed(cursor: &str, feed: &[u8], sites: &[String]) -> Option<(Self, i64)> {
        let bytes = bytes_of(SEALED, cursor)?;
        let (given, hidden) = bytes.split_at_checked(16)?;
        let plain = masked(feed, given, hidden);
        if seal(feed, sites, &plain) != given {
            return None;
        }
        let [seq, at, number] = plain.as_chunks::<8>().0 else {
            return None;
        };
        let mark = Self {
            feed: feed.to_vec(),
            seq: i64::from_be_bytes(*seq),
            at: i64::from_be_bytes(*at),
        };
        Some((mark, i64::from_be_bytes(*number)))
    }

    /// Whether a text is a cursor of the feed of whoever may see some sites only.
    pub(super) fn is_sealed(cursor: &str) -> bool {
        bytes_of(SEALED, cursor).is_some()
    }

    /// Reads a cursor of the feed.
    pub(super) fn read(cursor: &str) -> Result<Self> {
        let foreign = || {
            Error::Input(
                "this cursor was not made by this server for the feed of changes; start again without a cursor"
                    .to_owned(),
            )
        };
        let bytes = bytes_of(FEED, cursor).ok_or_else(foreign)?;
        let [feed, seq, at] = bytes.as_chunks::<8>().0 else {
            return Err(foreign());
        };
        let mark = Self {
            feed: feed.to_vec(),
            seq: i64::from_be_bytes(*seq),
            at: i64::from_be_bytes(*at),
        };
        // Twice eight and some more is no cursor either.
        if bytes.len() != 24 || mark.seq < 0 {
            return Err(foreign());
        }
        Ok(mark)
    }
}

impl Mark {
    /// The cursor.
    pub(super) fn text(&self, order: Order) -> String {
        let (id, rest) = match self {
            Self::Name { sort_key, id } => (id, sort_key.as_bytes().to_vec()),
            Self::Since { since, id } => (id, since.to_be_bytes().to_vec()),
            Self::NoTime { id } => (id, Vec::new()),
        };
        written(sign(order), id.iter().chain(&rest))
    }

    /// Reads a cursor of a list in this order.
    pub(super) fn read(order: Order, cursor: &str) -> Result<Self> {
        let foreign = || {
            Error::Input(
                "this cursor was not made by this server for a list in this order; start again without a cursor"
                    .to_owned(),
            )
        };
        let bytes = bytes_of(sign(order), cursor)
            .filter(|bytes| bytes.len() >= 16)
            .ok_or_else(foreign)?;
        let (id, rest) = bytes.split_at(16);
        let id = id.to_vec();
        if order.by_since() {
            if rest.is_empty() {
                return Ok(Self::NoTime { id });
            }
            let since = i64::from_be_bytes(rest.try_into().map_err(|_| foreign())?);
            return Ok(Self::Since { since, id });
        }
        let sort_key = String::from_utf8(rest.to_vec()).map_err(|_| foreign())?;
        // PostgreSQL takes no NUL, and no name we keep has one.
        if sort_key.contains('\0') {
            return Err(foreign());
        }
        Ok(Self::Name { sort_key, id })
    }
}

impl ClientRow {
    /// The cursor that leads on right behind this client in a list of this order; `None` for an id that is none.
    pub fn cursor(&self, order: Order) -> Option<String> {
        let id = uuid::Uuid::parse_str(&self.id).ok()?.as_bytes().to_vec();
        let mark = match (order.by_since(), self.since) {
            (false, _) => Mark::Name {
                sort_key: self.sort_key.clone(),
                id,
            },
            (true, Some(since)) => Mark::Since { since: since.0, id },
            (true, None) => Mark::NoTime { id },
        };
        Some(mark.text(order))
    }
}
