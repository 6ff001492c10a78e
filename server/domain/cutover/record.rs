//! The frozen record of a decision: a head, a line for each client, and a foot with hash and signature.
//!
//! The head is hashed and signed; it holds the hash and the number of the lines and the hash of the record before. So
//! a reader needs one pass and no memory, and a chain of records cannot be cut in the middle.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::canonical;

/// What the head says that it is.
pub const FORMAT: &str = "cutover-decision/1";
/// What is signed begins like this, so that no signature of another kind passes for one.
const SIGNED: &[u8] = b"cutover-decision/1\n";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Switch off.
    Go,
    /// Switch off under conditions.
    Conditions,
    /// Do not.
    NoGo,
}

impl Decided {
    /// All.
    pub const ALL: [Self; 3] = [Self::Go, Self::Conditions, Self::NoGo];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Conditions => "go_with_conditions",
            Self::NoGo => "no_go",
        }
    }

    /// The one a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Conditions => "Go with conditions",
            Self::NoGo => "No-go",
        }
    }

    /// The same, and on which ground where that is not the criteria as they usually are: said wherever the decision is.
    pub const fn said(self, ground: Ground) -> &'static str {
        match (self, ground) {
            (_, Ground::Criteria) | (Self::NoGo, Ground::Loosened) => self.words(),
            (Self::Go, Ground::Loosened) => "Go, by a limit that somebody loosened",
            (Self::Conditions, Ground::Loosened) => {
                "Go with conditions, by a limit that somebody loosened"
            }
            (Self::Go, Ground::Overruled) => "Go, against the criteria",
            (Self::Conditions, Ground::Overruled) => "Go with conditions, against the criteria",
            (Self::NoGo, Ground::Overruled) => "No-go, although the criteria were met",
        }
    }
}

/// How a decision stands to what followed from the criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// It is what followed from them.
    Criteria,
    /// It is what followed, because somebody set a limit that lets more through than the usual one.
    Loosened,
    /// It is not what followed.
    Overruled,
}

impl Ground {
    /// Of what a record says.
    pub const fn of(overruled: bool, loosened: bool) -> Self {
        match (overruled, loosened) {
            (true, _) => Self::Overruled,
            (false, true) => Self::Loosened,
            (false, false) => Self::Criteria,
        }
    }
}

/// The lines of a record as they are written: counts and hashes them.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    hash: Sha256,
    count: u64,
}

impl Lines {
    /// Takes one in and gives it back with its end of line.
    pub fn add(&mut self, line: &Value) -> String {
        let mut text = canonical::written(line);
        text.push('\n');
        self.hash.update(text.as_bytes());
        self.count += 1;
        text
    }

    /// How many there are, and the hash of all.
    pub fn end(self) -> (u64, String) {
        (self.count, canonical::hex(&self.hash.finalize()))
    }
}

/// A record that is closed: everything but the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The first line, without its end of line.
    pub head: String,
    /// The last line, without its end of line.
    pub foot: String,
    /// The hash of the head: the next record names it.
    pub hash: String,
}

/// Numbers, hashes and signs a record. `head` is what stands in it beside that.
pub fn close(mut head: Value, number: i64, before: &str, key: &Ed25519KeyPair) -> Closed {
    head["format"] = json!(FORMAT);
    head["number"] = json!(number);
    head["before"] = json!(before);
    head["key"] = json!(canonical::hex(key.public_key().as_ref()));
    let head = canonical::written(&head);
    let hash = canonical::sha256(head.as_bytes());
    let signature = canonical::hex(key.sign(&signed(&hash)).as_ref());
    Closed {
        foot: foot(&hash, &signature),
        head,
        hash,
    }
}

/// The bytes that are signed.
pub(super) fn signed(hash: &str) -> Vec<u8> {
    [SIGNED, hash.as_bytes()].concat()
}

/// The last line of a record.
pub(super) fn foot(hash: &str, signature: &str) -> String {
    canonical::written(&json!({"hash": hash, "signature": signature}))
}
