//! What has become of a decision to switch off, in words: in lists, and on the first screen.

use std::collections::HashMap;

use crate::{
    domain::{
        cutover::{lately::Lately, record::Decided},
        time::{DAY, Timestamp},
    },
    store::cutover::{decisions::Decision, watched::Watched},
    views::{
        attention::Attention,
        text::{Moment, counted, number},
    },
};

/// What a cell of a list says of a decision.
#[derive(Clone, Debug)]
pub struct Now {
    /// In words.
    pub says: String,
    /// Somebody has to look.
    pub bad: bool,
    /// The moment it is of; `None`: of none.
    pub at: Option<Moment>,
}

impl Now {
    /// Of a decision; `None`: it is watched no more, because a later one came or it was decided not to switch off.
    pub fn new(decision: &Decision, watched: &HashMap<i64, Watched>, now: Timestamp) -> Self {
        if Decided::from_code(&decision.decided) == Some(Decided::NoGo) {
            return Self::plain("Nothing to watch");
        }
        let Some(watched) = watched.get(&decision.number) else {
            return Self::plain("A later decision came");
        };
        Self::of_watched(watched, now)
    }

    /// Of one that is looked after.
    pub fn of_watched(watched: &Watched, now: Timestamp) -> Self {
        let at = watched.looked_at.map(|at| Moment::new(at, now));
        match (&watched.found, at) {
            (Some(found), at) => Self {
                says: found_says(found),
                bad: found.is_bad(),
                at,
            },
            (None, Some(_)) => Self::plain("Not compared: the scope is not there any more"),
            (None, None) => Self::plain("Not compared yet"),
        }
    }

    fn plain(says: &str) -> Self {
        Self {
            says: says.to_owned(),
            bad: false,
            at: None,
        }
    }
}

/// What was found, in a sentence without a full stop.
pub fn found_says(found: &Lately) -> String {
    let mut parts = Vec::new();
    if found.is_back_due() {
        parts.push(format!(
            "going back is due: {} of {} heard lately have stopped",
            number(found.stopped),
            number(found.baseline)
        ));
    }
    if found.is_about_another() {
        parts.push("the scope has become another one since".to_owned());
    }
    if found.is_withdrawn() {
        parts.push("the criteria would say no-go now".to_owned());
    }
    for (n, one, many) in [
        (
            found.more,
            "more client is not safe",
            "more clients are not safe",
        ),
        (found.worse, "client is worse off", "clients are worse off"),
        (
            found.fewer,
            "client is safe or gone that was not safe",
            "clients are safe or gone that were not safe",
        ),
    ] {
        if n > 0 {
            parts.push(counted(n, one, many));
        }
    }
    let nothing = parts.is_empty();
    if found.switched && (nothing || !found.is_back_due() || found.early_days > 0) {
        parts.insert(0, switched(found.early_days));
    }
    if nothing {
        parts.push(if found.switched {
            "otherwise as it was decided".to_owned()
        } else {
            "as it was decided".to_owned()
        });
    }
    let mut says = parts.join("; ");
    if let Some(first) = says.get(..1).map(str::to_uppercase) {
        says.replace_range(..1, &first);
    }
    says
}

/// That somebody said that it was switched off, and whether that was before the planned day.
pub fn switched(early_days: i64) -> String {
    match early_days {
        0 => "switched off".to_owned(),
        n => format!(
            "switched off {} before the planned day",
            counted(n, "day", "days")
        ),
    }
}

/// Lines of the first screen: decisions to switch off that do not hold any more, or were not looked at for a day.
pub fn attention<'w>(
    watched: impl IntoIterator<Item = &'w Watched>,
    now: Timestamp,
) -> Vec<Attention> {
    let mut watched: Vec<&Watched> = watched.into_iter().collect();
    watched.sort_by_key(|one| std::cmp::Reverse(one.number));
    let each = watched.into_iter().filter_map(|one| {
        let decided =
            Decided::from_code(&one.decided).map_or("Not known", |made| made.said(one.ground));
        let what = format!("Record {} for {} ({decided})", one.number, one.name);
        let page = format!("/cutover/decisions/{}", one.number);
        let late = now.since(one.looked_at.unwrap_or(one.decided_at)) > DAY;
        let (text, href) = match &one.found {
            Some(found) if found.is_bad() => {
                let says = found_says(found);
                let place = if found.is_back_due() { "/after" } else { "" };
                (
                    format!("{what} does not stand as it was decided. {says}"),
                    format!("{page}{place}"),
                )
            }
            _ if late => (
                format!("{what} has not been held against its clients for more than a day"),
                page,
            ),
            _ => return None,
        };
        Some(Attention {
            text,
            href: Some(href),
        })
    });
    each.collect()
}
