//! Lines that could not be understood: listed up to a number, and never lost without a word.

use super::{RAW_KEPT, Refused, Sink};

/// Most refusals that are listed one by one; what comes after shares one.
const LISTED: usize = 1_000;

/// The refusals of one file.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    listed: Vec<Refused>,
    further: Option<Further>,
}

#[derive(Debug)]
struct Further {
    count: u64,
    first: u64,
    last: u64,
    raw: Vec<u8>,
}

impl Refusals {
    /// Notes lines that could not be understood.
    pub(super) fn add(&mut self, first: u64, last: u64, detail: String, raw: &str) {
        if self.listed.len() < LISTED {
            let raw = raw.as_bytes();
            self.listed.push(Refused {
                place: place(first, last),
                detail,
                raw: raw.get(..RAW_KEPT).unwrap_or(raw).to_vec(),
            });
            return;
        }
        let further = self.further.get_or_insert(Further {
            count: 0,
            first,
            last,
            raw: Vec::new(),
        });
        further.count += 1;
        further.last = last;
        let room = RAW_KEPT.saturating_sub(further.raw.len());
        further
            .raw
            .extend(raw.bytes().chain(std::iter::once(b'\n')).take(room));
    }

    /// Hands them out in the order of the file.
    pub(super) fn tell(self, sink: &mut Sink<'_>) {
        for refused in self.listed {
            sink(Err(refused));
        }
        if let Some(further) = self.further {
            sink(Err(Refused {
                place: place(further.first, further.last),
                detail: format!(
                    "{} more places between these lines could not be understood either; they are not listed one by one.",
                    further.count
                ),
                raw: further.raw,
            }));
        }
    }
}

/// Where lines stand, for people.
pub(super) fn place(first: u64, last: u64) -> String {
    if first == last {
        format!("line {first}")
    } else {
        format!("lines {first} to {last}")
    }
}
