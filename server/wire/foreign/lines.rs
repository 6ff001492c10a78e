//! The lines of a text with their numbers, whatever ends them, and the places that people look for.

use super::{RAW_KEPT, Refused};

/// A line, without what ends it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// From 1.
    pub(super) number: u64,
    /// What it says. `wmic` ends lines with CR CR LF when its output is redirected.
    pub(super) text: &'t str,
}

/// All lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    (1..).zip(text.split('\n')).map(|(number, line)| Line {
        number,
        text: line.trim_end_matches('\r'),
    })
}

/// Where something stands, from one line to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Span {
    pub(super) const fn at(line: u64) -> Self {
        Self {
            first: line,
            last: line,
        }
    }

    pub(super) const fn reach(&mut self, line: u64) {
        if line < self.first {
            self.first = line;
        }
        if line > self.last {
            self.last = line;
        }
    }

    /// `line 14`, `lines 2 to 9`.
    pub(super) fn place(self) -> String {
        if self.first == self.last {
            format!("line {}", self.first)
        } else {
            format!("lines {} to {}", self.first, self.last)
        }
    }
}

/// The first few of a list for a sentence, and how many more there are.
pub(super) fn some_of(list: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut shown = list.get(..SHOWN).unwrap_or(list).join("; ");
    if list.len() > SHOWN {
        shown.push_str(&format!("; and {} more", list.len() - SHOWN));
    }
    shown
}

/// The place of a piece that the whole file speaks about.
pub(super) const WHOLE: &str = "the whole file";

/// A refusal, with as much of what stood there as is kept.
pub(super) fn refused(place: String, detail: impl Into<String>, raw: &str) -> Refused {
    let raw = raw.as_bytes();
    Refused {
        place,
        detail: detail.into(),
        raw: raw[..raw.len().min(RAW_KEPT)].to_vec(),
    }
}
