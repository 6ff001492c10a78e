//! What was found when a decision to switch off was last held against its clients: whether somebody has to look at it again.

use serde_json::{Value, json};

use super::{after::After, criteria::Recommendation, difference::Difference};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Clients that are not safe now, and were when it was decided, or were not there.
    pub more: i64,
    /// Clients that were not safe then, and are safe or gone now.
    pub fewer: i64,
    /// Clients that were not safe then, and stand worse now.
    pub worse: i64,
    /// The criteria recommended it then.
    pub was_recommended: bool,
    /// The criteria would recommend it now; `None`: the scope has become another one since.
    pub recommended: Option<bool>,
    /// Clients heard lately when it was decided that are to be heard again by now and are not.
    pub stopped: i64,
    /// Clients heard lately when it was decided.
    pub baseline: i64,
    /// Going back is due; `None`: nobody knows yet.
    pub back_due: Option<bool>,
    /// Somebody has said that the protocols were switched off.
    pub switched: bool,
    /// So many days before the planned day that was; 0: it was not.
    pub early_days: i64,
}

impl Lately {
    /// From what was compared.
    pub fn of(
        difference: &Difference,
        was: bool,
        recommended: Option<Recommendation>,
        after: &After,
    ) -> Self {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            more: count(difference.more_count),
            fewer: count(difference.fewer_count),
            worse: count(difference.worse_count),
            was_recommended: was,
            recommended: recommended.map(|recommended| recommended.go),
            stopped: after.watch.all.stopped,
            baseline: after.watch.all.baseline,
            back_due: after.watch.is_back_due(after.watching.trigger),
            switched: after.switched_by.is_some(),
            early_days: after.early_days,
        }
    }

    /// Whether the protocols are off and more have stopped than may.
    pub fn is_back_due(&self) -> bool {
        self.switched && self.back_due == Some(true)
    }

    /// Whether the criteria recommended it and would not any more.
    pub fn is_withdrawn(&self) -> bool {
        self.was_recommended && self.recommended == Some(false)
    }

    /// Whether its scope has become another one since.
    pub const fn is_about_another(&self) -> bool {
        self.recommended.is_none()
    }

    /// Whether what was decided by does not hold any more, so that somebody has to look again.
    pub fn is_bad(&self) -> bool {
        self.more > 0
            || self.worse > 0
            || self.is_withdrawn()
            || self.is_back_due()
            || self.is_about_another()
    }

    /// In one form.
    pub fn json(&self) -> Value {
        json!({
            "more": self.more,
            "fewer": self.fewer,
            "worse": self.worse,
            "was_recommended": self.was_recommended,
            "recommended": self.recommended,
            "stopped": self.stopped,
            "baseline": self.baseline,
            "back_due": self.back_due,
            "switched": self.switched,
            "early_days": self.early_days,
        })
    }

    /// From that form; `None`: it is something else.
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let count = |name: &str| value[name].as_i64();
        Some(Self {
            more: count("more")?,
            fewer: count("fewer")?,
            worse: count("worse")?,
            was_recommended: value["was_recommended"].as_bool()?,
            recommended: value["recommended"].as_bool(),
            stopped: count("stopped")?,
            baseline: count("baseline")?,
            back_due: value["back_due"].as_bool(),
            switched: value["switched"].as_bool()?,
            // What was found before anybody looked at that.
            early_days: count("early_days").unwrap_or_default(),
        })
    }
}
