//! Points in time and spans, in milliseconds since 1970 UTC.

use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// One second, in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day, in milliseconds.
pub const DAY: i64 = 24 * HOUR;
/// How much later a time without a zone can be than the earliest that it can be: zones go from 12 hours behind UTC to 14
/// hours ahead of it.
pub const UNZONED: i64 = 26 * HOUR;

impl Timestamp {
    /// Reads RFC 3339 text with an offset, such as `2026-11-23T08:15:00Z`.
    ///
    /// # Errors
    /// The text is not such a time; the message says so in one sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.trim()
            .parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_millisecond()))
            .map_err(|_| {
                "not a time; write it like 2026-11-23T08:15:00Z, with an offset or Z".to_owned()
            })
    }

    /// This time moved by `millis` (may be negative), clamped to what the type holds.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// ISO 8601 in UTC with seconds, `2026-11-23T08:15:00Z`; milliseconds only when there are any.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}
