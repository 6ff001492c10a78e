//! After the switch: who was heard lately when it was decided and has stopped since, whether going back is due, and how
//! right the decision was.
//!
//! Nobody is called stopped before it was to be heard again, and nobody counts as heard because nothing is known.

use std::collections::BTreeMap;

use super::{
    super::time::{DAY, HOUR},
    whatif::Fate,
};

/// What is watched for after the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching {
    /// Share of the baseline that may stop before going back is due, in hundredths of a percent.
    pub trigger: i64,
    /// Hours within which a client that reports regularly is heard again.
    pub hours: i64,
}

impl Watching {
    /// Code of the share.
    pub const TRIGGER: &'static str = "rollback_trigger";
    /// Code of the hours.
    pub const HOURS: &'static str = "heard_again_hours";

    /// Sets what a code names; answers whether there is such a thing and it takes the value.
    pub fn set(&mut self, code: &str, value: i64) -> bool {
        match code {
            Self::TRIGGER if (0..=10_000).contains(&value) => self.trigger = value,
            Self::HOURS if (1..=31 * 24).contains(&value) => self.hours = value,
            _ => return false,
        }
        true
    }
}

/// Two of a hundred; and a day, for the task that reports daily, with two hours for its delay.
impl Default for Watching {
    fn default() -> Self {
        Self {
            trigger: 200,
            hours: 26,
        }
    }
}

/// What became of those of one fate, or of one OS version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Clients in the record.
    pub clients: i64,
    /// Of these, heard within the days of the scope when it was decided, and not missed already before the switch.
    pub baseline: i64,
    /// Of the baseline, heard since the switch.
    pub heard: i64,
    /// Of the baseline, to be heard again by now, and not heard since the switch.
    pub stopped: i64,
    /// Heard lately when it was decided, and missed already before the switch.
    pub before: i64,
}

impl Line {
    /// Of the baseline, neither heard since nor to be heard yet.
    pub const fn waiting(&self) -> i64 {
        self.baseline - self.heard - self.stopped
    }

    /// Share of the baseline that has stopped, in hundredths of a percent, rounded up; `None`: there is no baseline.
    pub const fn share(&self) -> Option<i64> {
        if self.baseline == 0 {
            return None;
        }
        Some((self.stopped * 10_000 + self.baseline - 1) / self.baseline)
    }
}

/// The moments that it is about, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments {
    /// When it was decided.
    pub decided: i64,
    /// When the protocols were switched off; where nobody has said so, when it was decided.
    pub switched: i64,
    /// Now.
    pub now: i64,
    /// Days for which a report counted.
    pub freshness_days: i64,
    /// Hours within which who reports regularly is heard again.
    pub hours: i64,
}

impl Moments {
    /// Whole hours since the switch.
    pub const fn hours_since(&self) -> i64 {
        self.now.saturating_sub(self.switched) / HOUR
    }
}

/// A client as its record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past<'p> {
    /// What would have happened to it.
    pub fate: Fate,
    /// OS key.
    pub os_key: &'p str,
    /// Its report was within the days of the scope.
    pub fresh: bool,
    /// When it was heard last, in milliseconds.
    pub heard: Option<i64>,
}

/// What has become of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It had not been heard lately when it was decided, so its silence says nothing.
    NotCounted,
    /// It was missed already before the switch.
    StoppedBefore,
    /// It was heard since the switch.
    Heard,
    /// It is not to be heard yet.
    Waiting,
    /// It is missed.
    Stopped,
}

/// What has become of a client that was heard last at `seen`.
pub fn became(past: Past<'_>, seen: Option<i64>, moments: &Moments) -> Became {
    let Some(then) = past.heard.filter(|_| past.fresh) else {
        return Became::NotCounted;
    };
    let last = seen.map_or(then, |seen| seen.max(then));
    if last > moments.switched {
        return Became::Heard;
    }
    // Who had been silent for longer than the regular ones are is missed only when its report gets too old.
    let regular = moments.hours.saturating_mul(HOUR);
    let patience = if moments.decided.saturating_sub(then) <= regular {
        regular
    } else {
        moments.freshness_days.saturating_mul(DAY).max(regular)
    };
    let missed = last.saturating_add(patience);
    if missed < moments.switched {
        Became::StoppedBefore
    } else if missed < moments.now {
        Became::Stopped
    } else {
        Became::Waiting
    }
}

/// The watch, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Everybody.
    pub all: Line,
    /// By what was predicted.
    pub by_fate: BTreeMap<Fate, Line>,
    /// By OS key.
    pub by_os: BTreeMap<String, Line>,
}

impl Watch {
    /// Takes in a client of the record.
    pub fn take(&mut self, past: Past<'_>, became: Became) {
        let by_fate = self.by_fate.entry(past.fate).or_default();
        let by_os = self.by_os.entry(past.os_key.to_owned()).or_default();
        for line in [&mut self.all, by_fate, by_os] {
            line.clients += 1;
            match became {
                Became::NotCounted => {}
                Became::StoppedBefore => line.before += 1,
                Became::Heard => {
                    line.baseline += 1;
                    line.heard += 1;
                }
                Became::Waiting => line.baseline += 1,
                Became::Stopped => {
                    line.baseline += 1;
                    line.stopped += 1;
                }
            }
        }
    }

    /// Whether going back is due: more of the baseline has stopped than may. `None`: nobody knows yet.
    pub const fn is_back_due(&self, trigger: i64) -> Option<bool> {
        let may = trigger * self.all.baseline;
        if self.all.baseline == 0 {
            None
        } else if self.all.stopped * 10_000 > may {
            Some(true)
        } else if (self.all.stopped + self.all.waiting()) * 10_000 <= may {
            // Not even if all that are still waited for are never heard again.
            Some(false)
        } else {
            None
        }
    }

    /// How many have stopped of whom that was not foreseen.
    pub fn surprises(&self) -> i64 {
        self.by_fate.get(&Fate::Safe).map_or(0, |line| line.stopped)
    }

    /// Of those that were to lose contact, how many go on.
    pub fn go_on(&self) -> i64 {
        self.by_fate
            .get(&Fate::WillLose)
            .map_or(0, |line| line.heard)
    }
}

/// A client that has stopped.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// Our id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Site code; empty: not known.
    pub site: String,
    /// OS key.
    pub os_key: String,
    /// What was predicted.
    pub fate: Fate,
    /// When it was heard last, in milliseconds.
    pub last: i64,
}

/// The watch after a decision.
#[derive(Clone, Debug)]
pub struct After {
    /// The moments.
    pub moments: Moments,
    /// Who said that the protocols were switched off; `None`: nobody has.
    pub switched_by: Option<String>,
    /// What they said to it; empty: nothing.
    pub switched_why: String,
    /// So many days before the planned day that was, by the day of UTC; 0: it was not.
    pub early_days: i64,
    /// What is watched for.
    pub watching: Watching,
    /// The sums.
    pub watch: Watch,
    /// Who has stopped: the first names.
    pub stopped: Vec<Stopped>,
}
