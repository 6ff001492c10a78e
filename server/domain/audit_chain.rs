//! Whether the entries of the audit log hang together: one after the other, in constant memory.
//!
//! An entry's hash covers the entry, its number and the hash before it, so nothing in the middle can be changed, taken out
//! or put in without a trace. Whoever holds the database can write the whole chain anew; against that helps only a hash
//! that somebody noted down elsewhere, which [`Chain::expecting`] looks for.

use std::fmt;

use super::audit::Written;

/// Faults that are kept; of further ones only the number is.
pub const KEPT: usize = 100;

/// Fewest digits of a noted hash: fewer could be met by trying.
const FEWEST_DIGITS: usize = 32;
/// Digits of a whole hash.
const DIGITS: usize = 64;

/// An entry as it was read: its number, what it says, and the hash that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its number.
    pub seq: i64,
    /// What it says.
    pub written: Written,
    /// The hash that stands beside it.
    pub hash: Vec<u8>,
}

/// A place in the chain: the number of an entry and its hash. Nought and nothing: before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Number of the entry.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// What is wrong with the chain, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// These entries are not there, first and last.
    Missing(i64, i64),
    /// This entry is not what was written down, or not behind the entry that it was written behind.
    Changed(i64),
    /// The hash beside this entry was changed; the entry itself is what was written down.
    HashChanged(i64),
    /// This entry stands at a place where its number has no place.
    OutOfOrder(i64),
    /// These entries, first and last, are behind the newest that the log knows of.
    Added(i64, i64),
    /// The log says another hash of its newest entry.
    OtherHead(i64),
    /// Nothing in the log has the hash that was noted down.
    NotedMissing,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(first, last) if first == last => {
                write!(f, "Entry {first} is missing.")
            }
            Self::Missing(first, last) => write!(f, "Entries {first} to {last} are missing."),
            Self::Changed(seq) => write!(
                f,
                "Entry {seq} is not what was written down: it was changed, or the one before it was."
            ),
            Self::HashChanged(seq) => write!(
                f,
                "The hash of entry {seq} was changed; the entry itself is what was written down."
            ),
            Self::OutOfOrder(seq) => {
                write!(f, "Entry {seq} stands at a place where it does not belong.")
            }
            Self::Added(first, last) if first == last => write!(
                f,
                "Entry {first} was added: it is behind the newest entry that the log knows of."
            ),
            Self::Added(first, last) => write!(
                f,
                "What stands from {first} to {last} was added: it is behind the newest entry that the log knows of."
            ),
            Self::OtherHead(seq) => write!(
                f,
                "The log says of its newest entry, {seq}, another hash than that entry has."
            ),
            Self::NotedMissing => f.write_str(
                "No entry has the hash that was noted down: the newest entries were taken out since, or the whole log was \
                 written anew. If that entry was let go of because of its age, note down a newer hash.",
            ),
        }
    }
}

/// A hash that was noted down earlier: its beginning, at least 32 digits.
///
/// # Errors
/// It is none; the message says so in one sentence.
pub fn noted(text: &str) -> Result<String, String> {
    let digits: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let fits = (FEWEST_DIGITS..=DIGITS).contains(&digits.len());
    if !fits || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!(
            "a noted hash has {FEWEST_DIGITS} to {DIGITS} hexadecimal digits; blanks and dashes between them do not count"
        ));
    }
    Ok(digits.to_ascii_lowercase())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as bytes.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    bytes
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The chain, as far as it was read.
#[derive(Clone, Debug)]
pub struct Chain {
    last: Link,
    /// What the hash of the last entry should have been, where another stands beside it: which of the two was changed, the
    /// next entry tells.
    doubted: Option<Vec<u8>>,
    noted: Option<String>,
    noted_at: Option<i64>,
    entries: u64,
    first_at: Option<i64>,
    last_at: Option<i64>,
    faults: Vec<Fault>,
    more_faults: u64,
}

/// What reading the chain to its end came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many entries were read.
    pub entries: u64,
    /// When the first and the last were written; milliseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// The newest entry.
    pub head: Link,
    /// The number of the entry that has the noted hash.
    pub noted_at: Option<i64>,
    /// What is wrong, in order.
    pub faults: Vec<Fault>,
    /// How much more is wrong.
    pub more_faults: u64,
}

impl Chain {
    /// The chain behind this place: the start, or the last entry that was let go of.
    pub const fn behind(last: Link) -> Self {
        Self {
            last,
            doubted: None,
            noted: None,
            noted_at: None,
            entries: 0,
            first_at: None,
            last_at: None,
            faults: Vec::new(),
            more_faults: 0,
        }
    }

    /// The same; somewhere in it there has to be a hash that begins like this, see [`noted`].
    #[must_use]
    pub fn expecting(mut self, noted: Option<String>) -> Self {
        self.noted = noted;
        self.look_for_noted();
        self
    }

    /// Reads one entry more.
    pub fn take(&mut self, entry: &Numbered) {
        self.entries += 1;
        self.first_at = self.first_at.or(Some(entry.written.at));
        self.last_at = Some(entry.written.at);
        let next = self.last.seq.saturating_add(1);
        if entry.seq < next {
            // What follows is still looked for behind the place where it belongs.
            self.settle_doubt(None);
            self.fault(Fault::OutOfOrder(entry.seq));
            return;
        }
        let follows = entry.seq == next;
        if !follows {
            self.fault(Fault::Missing(next, entry.seq - 1));
        }
        let before = std::mem::replace(
            &mut self.last,
            Link {
                seq: entry.seq,
                hash: entry.hash.clone(),
            },
        );
        if !follows {
            // Nobody knows the hash before it, so its own says nothing; the next one is held to it.
            self.settle_doubt_of(before.seq, None);
            return;
        }
        let fits = entry.written.hash(entry.seq, &before.hash) == entry.hash;
        let doubted = self.doubted.take();
        let fits_doubted = doubted
            .as_ref()
            .is_some_and(|hash| entry.written.hash(entry.seq, hash) == entry.hash);
        if doubted.is_some() {
            self.doubted = doubted;
            self.settle_doubt_of(before.seq, Some(fits_doubted && !fits));
        }
        if fits || fits_doubted {
            self.look_for_noted();
        } else {
            self.doubted = Some(entry.written.hash(entry.seq, &before.hash));
        }
    }

    /// Names the last entry, of which it was not known yet what was changed of it.
    fn settle_doubt(&mut self, only_its_hash: Option<bool>) {
        self.settle_doubt_of(self.last.seq, only_its_hash);
    }

    fn settle_doubt_of(&mut self, seq: i64, only_its_hash: Option<bool>) {
        if self.doubted.take().is_some() {
            self.fault(if only_its_hash == Some(true) {
                Fault::HashChanged(seq)
            } else {
                Fault::Changed(seq)
            });
        }
    }

    fn look_for_noted(&mut self) {
        let Some(noted) = &self.noted else { return };
        if self.noted_at.is_none() && hex(&self.last.hash).starts_with(noted) {
            self.noted_at = Some(self.last.seq);
        }
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < KEPT {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }

    /// That was all; `head` is what the log says of its newest entry.
    pub fn end(mut self, head: &Link) -> Found {
        // Of the last entry the log's own word tells which was changed.
        let by_head = self.doubted.as_ref().map(|hash| *hash == head.hash);
        self.settle_doubt(by_head);
        let seq = self.last.seq;
        if seq < head.seq {
            self.fault(Fault::Missing(seq + 1, head.seq));
        } else if seq > head.seq {
            self.fault(Fault::Added(head.seq + 1, seq));
        } else if self.last.hash != head.hash {
            self.fault(Fault::OtherHead(seq));
        }
        if self.noted.is_some() && self.noted_at.is_none() {
            self.fault(Fault::NotedMissing);
        }
        Found {
            entries: self.entries,
            span: self.first_at.zip(self.last_at),
            head: head.clone(),
            noted_at: self.noted_at,
            faults: self.faults,
            more_faults: self.more_faults,
        }
    }
}
