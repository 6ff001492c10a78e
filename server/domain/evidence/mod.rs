//! Several sources about one client, joined fact by fact.
//!
//! For each fact the newest source that says anything about it is believed, be it a value or that nothing is there.
//! What a source did not collect it says nothing about. A source that speaks of no fact any more is left out for
//! good: the newest of a set stays the newest whatever else arrives, so any order of arrival ends the same. For that,
//! nothing here may depend on a source that decides nothing.

mod contradicted;
mod coverage;
mod diff;
mod diff_keys;
mod diff_lists;
mod join;
mod keys;
mod story;

pub use self::{
    contradicted::combine_doubting,
    coverage::Coverage,
    diff::{Area, Change, State, diff},
    join::{combine, combine_by_trust, combine_turned},
    keys::is_redirected,
    story::{Brief, Cause, Chapter, Kept, story},
};

use super::{facts::Facts, time::Timestamp};

/// How far a source is believed. A lower one can add a failure, and never take away one that a higher one found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// An enrolled machine that has signed its report and sent it without TLS: whoever stands between could hold it back, or
    /// send an old one again.
    Signed,
    /// Whoever holds the ingest token, which is on every client.
    #[default]
    Claimed,
    /// A machine that has shown its own certificate. It is proven which machine speaks, and whoever rules that machine can
    /// still have it say what is not so; hence it stands below those who answer for what they bring.
    Proven,
    /// A person who signed in, or the holder of a token for imports, vouches for it.
    Vouched,
}

impl Trust {
    /// The number that is stored.
    pub const fn level(self) -> i64 {
        match self {
            Self::Signed => 0,
            Self::Claimed => 1,
            Self::Proven => 2,
            Self::Vouched => 3,
        }
    }

    /// The trust of a stored number; anything unknown is the lowest.
    pub const fn from_level(level: i64) -> Self {
        match level {
            1 => Self::Claimed,
            2 => Self::Proven,
            3 => Self::Vouched,
            _ => Self::Signed,
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Claimed => "claimed",
            Self::Proven => "proven",
            Self::Vouched => "vouched",
        }
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Signed => "signed by the machine itself, and sent without TLS",
            Self::Claimed => "sent with the clients' token",
            Self::Proven => "sent by the machine itself, with its certificate",
            Self::Vouched => "brought by a person or an import",
        }
    }
}

/// One source about a client.
#[derive(Clone, Copy, Debug)]
pub struct Source<'f> {
    /// Orders sources: later is newer; the hash decides between equals, so that it does not matter which came first.
    pub rank: (Timestamp, [u8; 16]),
    /// How far it is believed.
    pub trust: Trust,
    /// What it says.
    pub facts: &'f Facts,
}

/// A fact on which two sources differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The fact, in words.
    pub fact: String,
    /// What the source says that is believed; its place in the list of sources.
    pub believed: (usize, String),
    /// What another one says.
    pub other: (usize, String),
}

/// What all sources together say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combined {
    /// The facts to judge.
    pub facts: Facts,
    /// For each source, in the order given, the facts that it decides, in words.
    pub decides: Vec<Vec<String>>,
    /// For each source, whether it decides anything, or would if Windows turned out to be of another width. One that
    /// does not is superseded, whatever else arrives.
    pub live: Vec<bool>,
    /// Where sources differ.
    pub contradictions: Vec<Contradiction>,
}
