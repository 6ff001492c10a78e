//! Who feeds the server, how regularly, and when that is a reason to look.

use super::time::{DAY, Timestamp};

/// Silent for longer than this, whoever spoke on several days of a week has stopped.
const PATIENCE: i64 = 2 * DAY;
/// Whoever spoke on so many of the last seven days counts as speaking regularly.
const REGULARLY: u32 = 3;
/// So many times the usual gap may pass before a feed that speaks rarely has stopped.
const GAPS: i64 = 3;
/// Silent for longer than this, a feed is no longer waited for.
const GIVEN_UP: i64 = 60 * DAY;
/// Pauses within so many days are remembered as habits.
const HABIT: u32 = 28;
/// Days that are remembered.
const MEMORY: u32 = 62;

/// The day a time falls on, in days since 1970 UTC.
pub const fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// What one sender told about one site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Site code; empty: the reports name none.
    pub site: String,
    /// Name of the token or user.
    pub sender: String,
    /// Code of the way in, such as `report` or `upload`.
    pub way: String,
    /// When it spoke first.
    pub first_at: Timestamp,
    /// When it spoke last.
    pub last_at: Timestamp,
    /// Reports ever, those that said nothing new among them.
    pub reports: i64,
    /// Reports since yesterday's midnight UTC.
    pub since_yesterday: i64,
    /// Reports of today and the six days before, by UTC.
    pub week: i64,
    /// The days it spoke on.
    pub days: SpokenDays,
    /// How complete its last upload was that says so.
    pub completeness: Option<Completeness>,
}

/// Of how many devices an upload was to speak, and of how many it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// Devices that were asked.
    pub asked: i64,
    /// Devices that answered.
    pub answered: i64,
    /// When the upload was stored.
    pub at: Timestamp,
}

impl Completeness {
    /// Devices that were asked and said nothing.
    pub fn silent(self) -> i64 {
        self.asked.saturating_sub(self.answered).max(0)
    }
}

/// The days on which a feed spoke, as far as they are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpokenDays {
    /// The last of them.
    pub last: i64,
    /// Bit n: it spoke n days before the last.
    pub mask: i64,
}

/// Whether a feed can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedState {
    /// It should have spoken by now.
    Stopped,
    /// It spoke lately, or is not known to be regular.
    Speaking,
    /// It has been silent for so long that nobody waits for it.
    Ended,
}

impl FeedState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Speaking => "speaking",
            Self::Ended => "ended",
        }
    }
}

impl SpokenDays {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (newer, older) = if self.last >= other.last {
            (self, other)
        } else {
            (other, self)
        };
        let apart = newer.last.saturating_sub(older.last);
        let moved = match u32::try_from(apart) {
            Ok(apart) if apart < MEMORY => older.mask << apart & ((1 << MEMORY) - 1),
            _ => 0,
        };
        Self {
            last: newer.last,
            mask: newer.mask | moved,
        }
    }

    /// Whether it spoke on this day.
    pub fn has(self, day: i64) -> bool {
        u32::try_from(self.last.saturating_sub(day))
            .is_ok_and(|back| back < MEMORY && self.mask >> back & 1 == 1)
    }

    /// Days between one spoken day and the next, within the last `days` days, newest first.
    fn gaps(self, days: u32) -> Vec<i64> {
        let spoken: Vec<u32> = (0..days.min(MEMORY))
            .filter(|back| self.mask >> back & 1 == 1)
            .collect();
        spoken
            .windows(2)
            .filter_map(|pair| match pair {
                [later, earlier] => Some(i64::from(earlier - later)),
                _ => None,
            })
            .collect()
    }

    /// The middle one of the gaps; `None`: it spoke on too few days to have a usual one.
    pub fn usual_gap(self) -> Option<i64> {
        let mut gaps = self.gaps(MEMORY);
        if gaps.len() < 2 {
            return None;
        }
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied()
    }

    /// The longest pause that it has made twice lately, such as each weekend: that one is no news.
    fn habit(self) -> i64 {
        let mut gaps = self.gaps(HABIT);
        gaps.sort_unstable_by_key(|gap| std::cmp::Reverse(*gap));
        gaps.get(1).copied().unwrap_or(0)
    }
}

impl Feed {
    /// Whether this is the same feed as another, kept by another server.
    pub fn is(&self, other: &Self) -> bool {
        (&self.site, &self.sender, &self.way) == (&other.site, &other.sender, &other.way)
    }

    /// Adds what another server kept of the same feed.
    pub fn add(&mut self, other: Self) {
        if other.last_at > self.last_at {
            self.last_at = other.last_at;
        }
        let newer = |told: Option<Completeness>| told.map(|told| told.at);
        if newer(other.completeness) > newer(self.completeness) {
            self.completeness = other.completeness;
        }
        self.first_at = self.first_at.min(other.first_at);
        self.reports += other.reports;
        self.since_yesterday += other.since_yesterday;
        self.week += other.week;
        self.days = self.days.and(other.days);
    }

    /// How it stands at `now`.
    pub fn state(&self, now: Timestamp) -> FeedState {
        let silent = now.since(self.last_at);
        if silent > GIVEN_UP {
            return FeedState::Ended;
        }
        if silent <= PATIENCE {
            return FeedState::Speaking;
        }
        let regular = (self.days.mask & 0x7F).count_ones() >= REGULARLY;
        let late = self
            .days
            .usual_gap()
            .is_some_and(|gap| silent > GAPS * gap * DAY);
        let unusual = day_of(now).saturating_sub(self.days.last) > self.days.habit();
        if (regular || late) && unusual {
            FeedState::Stopped
        } else {
            FeedState::Speaking
        }
    }
}
