//! How numbers changed within a week.

use std::collections::BTreeMap;

use super::text::number;
use crate::domain::{days::date_of, verdict::Standing};

/// So many days back a change is counted from.
pub const DAYS: i64 = 7;

/// Standings by OS version as they were.
pub type Systems = BTreeMap<String, BTreeMap<Standing, i64>>;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Blocking clients more, or fewer.
    pub blocking: i64,
    /// Clients without a verdict more, or fewer.
    pub no_verdict: i64,
    /// Ready clients more, or fewer.
    pub ready: i64,
}

impl Change {
    /// From then to now; whoever was not there then was nobody.
    pub fn new(then: Option<&BTreeMap<Standing, i64>>, now: &BTreeMap<Standing, i64>) -> Self {
        let change = |wanted: fn(Standing) -> bool| {
            let sum = |standings: &BTreeMap<Standing, i64>| -> i64 {
                standings
                    .iter()
                    .filter(|(standing, _)| wanted(**standing))
                    .map(|(_, n)| n)
                    .sum()
            };
            sum(now) - then.map_or(0, sum)
        };
        Self {
            blocking: change(|standing| standing == Standing::Blocking),
            no_verdict: change(Standing::is_no_verdict),
            ready: change(Standing::is_cleared),
        }
    }

    /// Of everybody.
    pub fn of_all(then: &Systems, now: &BTreeMap<Standing, i64>) -> Self {
        let mut all: BTreeMap<Standing, i64> = BTreeMap::new();
        for (standing, n) in then.values().flatten() {
            *all.entry(*standing).or_insert(0) += n;
        }
        Self::new(Some(&all), now)
    }
}

/// A change as a table shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeCell {
    /// `−12`
    pub blocking: String,
    /// `+3`
    pub no_verdict: String,
    /// Neither has changed.
    pub none: bool,
}

impl From<Change> for ChangeCell {
    fn from(change: Change) -> Self {
        Self {
            blocking: signed(change.blocking),
            no_verdict: signed(change.no_verdict),
            none: change.blocking == 0 && change.no_verdict == 0,
        }
    }
}

/// What the changes are counted from, in words.
pub fn since(day: i64, known: bool) -> String {
    if known {
        format!("Changes are counted from the numbers of {}.", date_of(day))
    } else {
        format!(
            "Changes are not known: no numbers were kept on {}, 7 days ago.",
            date_of(day)
        )
    }
}

/// A change in a sentence.
pub fn sentence(day: i64, change: Option<Change>) -> String {
    let Some(change) = change else {
        return since(day, false);
    };
    format!(
        "Within {DAYS} days: blocking {}, without a verdict {}, ready {}. {}",
        signed(change.blocking),
        signed(change.no_verdict),
        signed(change.ready),
        since(day, true)
    )
}

fn signed(n: i64) -> String {
    match n {
        0 => "±0".to_owned(),
        n if n > 0 => format!("+{}", number(n)),
        n => number(n),
    }
}
