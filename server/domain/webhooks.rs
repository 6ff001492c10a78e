//! Messages to other programs: what they may be about, and when one that was not taken is sent again.

use super::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// What a webhook is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// Clients that block now and did not before.
    Blocking,
    /// Clients that blocked and do not any more, with why.
    Cleared,
    /// Somebody who sent reports regularly and has fallen silent.
    FeedStopped,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Cleared, Self::FeedStopped];

    /// The stable code, as the command line takes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Cleared => "cleared",
            Self::FeedStopped => "feed-stopped",
        }
    }

    /// The type of its messages.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Blocking => "blockers.added",
            Self::Cleared => "blockers.cleared",
            Self::FeedStopped => "feed.stopped",
        }
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blocking => "newly blocking",
            Self::Cleared => "newly cleared",
            Self::FeedStopped => "feed stopped",
        }
    }

    /// The event a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The events that codes with commas between name, each once and in their own order.
    ///
    /// # Errors
    /// One sentence naming the word that is no event.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let mut named = Vec::new();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            named.push(Self::from_code(word).ok_or_else(|| {
                format!("{word:?} is no event; there are blocking, cleared and feed-stopped")
            })?);
        }
        named.sort_unstable();
        named.dedup();
        if named.is_empty() {
            return Err(
                "name at least one event: blocking, cleared or feed-stopped, with commas between"
                    .to_owned(),
            );
        }
        Ok(named)
    }

    /// The codes with commas between.
    pub fn codes(events: &[Self]) -> String {
        let codes: Vec<&str> = events.iter().map(|event| event.code()).collect();
        codes.join(",")
    }
}

/// How long to wait after each attempt that failed; after the last of them a message is given up. Together more than
/// three days, so that a target may be away over a weekend.
pub const WAITS: [i64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// No target can ask for more patience than this.
pub const MOST_PATIENCE: i64 = DAY;

/// The share of a wait by which it may grow, so that messages that failed together do not come together again.
const JITTER: f64 = 0.2;

/// When to send again after `attempts` attempts of which the last failed at `now`; `None`: give up. `asked` is how long
/// the target asked to be left alone, `chance` a number from 0 to 1.
pub fn next_attempt(
    attempts: i64,
    now: Timestamp,
    asked: Option<i64>,
    chance: f64,
) -> Option<Timestamp> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let wait = *WAITS.get(index)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a wait is at most a day in milliseconds, and a part of it"
    )]
    let more = (wait as f64 * JITTER * chance.clamp(0.0, 1.0)) as i64;
    let asked = asked.unwrap_or(0).clamp(0, MOST_PATIENCE);
    Some(now.plus((wait + more).max(asked)))
}
