//! The eleven things a board asks for: each with a limit, what is there now, and whether that is enough.
//!
//! What nobody knows is not met. What a person says is met by saying it, with a name and a day.

use serde_json::{Value, json};

use super::{
    super::{forecast::day_named, time::Timestamp},
    tally::Tally,
    whatif::Fate,
};

pub use super::criterion::{Criterion, DONE_LASTS};

/// A limit that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// For which criterion.
    pub criterion: Criterion,
    /// How much.
    pub limit: i64,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why; empty: it was not kept then.
    pub why: String,
}

/// What a person said for a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// For which one.
    pub criterion: Criterion,
    /// What it is met by.
    pub note: String,
    /// Where more can be read; empty: nowhere.
    pub link: String,
    /// The day it is about.
    pub on: String,
    /// By whom.
    pub by: String,
    /// When it was said.
    pub at: Timestamp,
}

/// What was seen on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Distinct clients and addresses that used the old protocols.
    pub legacy: i64,
    /// How much of the window the logs cover, in words.
    pub covers: String,
    /// The logs cover the whole window on all site systems of the scope.
    pub whole: bool,
}

/// The site systems of a scope, by their own reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Systems {
    /// Machines that are site systems.
    pub known: i64,
    /// Of these, any that is not ready, for whatever reason.
    pub not_ready: i64,
}

/// What is held against the limits.
#[derive(Clone, Debug, Default)]
pub struct Facts<'f> {
    /// The run; `None`: there is none yet.
    pub tally: Option<&'f Tally>,
    /// What was seen; `None`: no logs were collected.
    pub observed: Option<&'f Observed>,
    /// The site systems.
    pub systems: Systems,
    /// Days since 1970 UTC.
    pub today: i64,
    /// The planned day; `None`: none is planned.
    pub planned: Option<&'f str>,
    /// Exceptions in force in the scope.
    pub exceptions: i64,
    /// Of these, ending before the planned day; `None`: no day is planned.
    pub ending: Option<i64>,
    /// Limits that somebody set.
    pub limits: &'f [Limit],
    /// What people said; the newest of each criterion.
    pub marks: &'f [Mark],
}

/// A criterion with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which one.
    pub criterion: Criterion,
    /// The limit; of those that people mark 0.
    pub limit: i64,
    /// What somebody set; `None`: it is the usual one.
    pub set: Option<Limit>,
    /// What is there; `None`: nobody knows, or it is marked by people.
    pub figure: Option<i64>,
    /// What was said for it.
    pub mark: Option<Mark>,
    /// Whether it is met. What is not known is not.
    pub met: bool,
    /// In a sentence.
    pub says: String,
}

/// Holds facts against the limits: all of them, in their order.
pub fn hold(facts: &Facts<'_>) -> Vec<Held> {
    let each = Criterion::ALL.into_iter();
    each.map(|criterion| one(criterion, facts)).collect()
}

fn one(criterion: Criterion, facts: &Facts<'_>) -> Held {
    let set = facts
        .limits
        .iter()
        .find(|limit| limit.criterion == criterion);
    let limit = set.map_or(criterion.usual(), |set| set.limit);
    let mut held = Held {
        criterion,
        limit,
        set: set.cloned(),
        figure: None,
        mark: None,
        met: false,
        says: String::new(),
    };
    if criterion.asks().is_some() {
        held.mark = facts
            .marks
            .iter()
            .find(|mark| mark.criterion == criterion)
            .cloned();
        (held.met, held.says) = said(criterion, held.mark.as_ref(), facts);
        return held;
    }
    let (figure, unknown) = figure(criterion, facts);
    held.figure = figure;
    held.met = figure.is_some_and(|figure| match criterion {
        Criterion::Coverage => figure >= limit,
        _ => figure <= limit,
    });
    held.says = match figure {
        None => unknown,
        Some(figure) => {
            let least = if criterion == Criterion::Coverage {
                "at least"
            } else {
                "at most"
            };
            format!(
                "{}; {least} {} {} be.{unknown}",
                criterion.figure(figure),
                criterion.figure(limit),
                if criterion == Criterion::Coverage {
                    "must"
                } else {
                    "may"
                },
            )
        }
    };
    held
}

/// Whether what a person said meets a criterion, and that in a sentence.
fn said(criterion: Criterion, mark: Option<&Mark>, facts: &Facts<'_>) -> (bool, String) {
    let (mut met, mut says) = match mark {
        None => (false, "Nobody has said so.".to_owned()),
        Some(mark) => {
            // A day that cannot be read is no day on which anything was done.
            let ago = day_named(&mark.on).map(|day| facts.today - day);
            let lasts = !criterion.is_done() || ago.is_some_and(|ago| ago <= DONE_LASTS);
            let says = format!("{} says so, about {}.", mark.by, mark.on);
            let but = match facts.planned {
                _ if !lasts => Some(format!(
                    "That is more than {DONE_LASTS} days ago: do it anew, and say so."
                )),
                None if criterion.is_of_the_day() => {
                    Some("No day is planned, so nobody knows whether that is the one.".to_owned())
                }
                Some(day) if criterion.is_of_the_day() && day != mark.on => Some(format!(
                    "The planned day is {day}: look at that one, and say so."
                )),
                _ => None,
            };
            match but {
                None => (true, says),
                Some(but) => (false, format!("{says} {but}")),
            }
        }
    };
    if criterion == Criterion::SiteSystems {
        let Systems { known, not_ready } = facts.systems;
        met &= not_ready == 0;
        says.push_str(&match (known, not_ready) {
            (0, _) => " No site system of this scope reports, so nothing but this word is known.".to_owned(),
            (known, 0) => format!(" By their reports {known} of {known} that report are ready."),
            (known, not_ready) => {
                format!(" By their reports {not_ready} of {known} that report are not ready, whatever anybody says.")
            }
        });
    }
    (met, says)
}

/// What is there, and what has to be said beside it or instead of it.
fn figure(criterion: Criterion, facts: &Facts<'_>) -> (Option<i64>, String) {
    if criterion == Criterion::Observed {
        return match facts.observed {
            None => (
                None,
                "Not collected: no logs of these site systems say who negotiates what. Absence of logs proves nothing.".to_owned(),
            ),
            // Somebody was seen: that is known, whatever the logs leave out.
            Some(seen) if seen.legacy > 0 || seen.whole => (Some(seen.legacy), format!(" {}", seen.covers)),
            Some(seen) => (None, format!("Nobody was seen, but the logs do not cover the whole window. {}", seen.covers)),
        };
    }
    let Some(tally) = facts.tally else {
        return (None, "Not known yet: run the what-if first.".to_owned());
    };
    if tally.fates.total() == 0 {
        return (
            None,
            "Nobody is in this scope, and nobody proves nothing. Look at its sites and its filter."
                .to_owned(),
        );
    }
    match criterion {
        Criterion::Blockers => (
            Some(tally.fates.of(Fate::WillLose) + tally.fates.of(Fate::MayLose)),
            String::new(),
        ),
        Criterion::Coverage if tally.expected == 0 => (
            None,
            "No list in force expects anybody in this scope, so nobody knows who is missing. Upload one.".to_owned(),
        ),
        // Rounded down: a share that is rounded up could let somebody through.
        // Of whoever is on no list, or may be another one's record, nobody may be able to say anything either.
        Criterion::Coverage => {
            let share = |n: i64, of: i64| n.saturating_mul(10_000) / of;
            let (total, unsaid) = (tally.fates.total(), tally.fates.of(Fate::CannotSay));
            // Of the expected ones, too: whoever is on no list, and ready, makes no share better.
            let said = (tally.expected - unsaid).max(0);
            let verdicts = share(tally.judged, tally.expected);
            let mut says = format!(" {} of {} expected.", tally.judged, tally.expected);
            if unsaid > 0 {
                says.push_str(&format!(" Of {unsaid} of all {total} nobody can say what would happen: with as many taken off, {said} of {} are left. The lower share counts.", tally.expected));
            }
            (Some(verdicts.min(share(said, tally.expected))), says)
        }
        Criterion::Silent if tally.expected == 0 => (
            None,
            "No list in force expects anybody in this scope, so nobody knows who is silent. Upload one.".to_owned(),
        ),
        Criterion::Silent => (Some(tally.silent), String::new()),
        Criterion::Suspicious => match tally.suspected {
            Some(suspected) => (Some(suspected), String::new()),
            None => (
                None,
                "The newest run did not look at suspicions: run the what-if again.".to_owned(),
            ),
        },
        _ => match facts.ending {
            Some(ending) => (Some(ending), format!(" In force: {}.", facts.exceptions)),
            None if facts.exceptions == 0 => (Some(0), " None is in force.".to_owned()),
            None => (
                None,
                format!("{} in force, and no day is planned, so nobody knows whether they last.", facts.exceptions),
            ),
        },
    }
}

/// What follows from the criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// All are met.
    pub go: bool,
    /// So many are not.
    pub open: usize,
    /// So many are met only because somebody set a limit that lets more through than the usual one.
    pub loosened: usize,
}

impl Recommendation {
    /// Go only when every one is met, and there is one.
    pub fn of(held: &[Held]) -> Self {
        let open = held.iter().filter(|held| !held.met).count();
        Self {
            go: open == 0 && held.len() == Criterion::ALL.len(),
            open,
            loosened: held.iter().filter(|held| held.is_loosened()).count(),
        }
    }

    /// In a sentence.
    pub fn says(self) -> String {
        let all = Criterion::ALL.len();
        match (self.go, self.open) {
            (true, _) if self.loosened > 0 => format!(
                "Go: all {all} criteria are met, {} of them only by a limit that somebody loosened.",
                self.loosened
            ),
            (true, _) => format!("Go: all {all} criteria are met."),
            (false, 1) => format!("No-go: 1 of {} criteria is not met.", Criterion::ALL.len()),
            (false, open) => format!(
                "No-go: {open} of {} criteria are not met.",
                Criterion::ALL.len()
            ),
        }
    }
}

impl Held {
    /// Whether its limit lets less through than the usual one.
    pub const fn is_stricter(&self) -> bool {
        let usual = self.criterion.usual();
        match self.criterion {
            Criterion::Coverage => self.limit > usual,
            _ => self.limit < usual,
        }
    }

    /// Whether it is met, and would not be by the usual limit.
    pub fn is_loosened(&self) -> bool {
        self.met
            && self.figure.is_some_and(|figure| {
                let usual = self.criterion.usual();
                match self.criterion {
                    Criterion::Coverage => figure < usual,
                    _ => figure > usual,
                }
            })
    }

    /// As a record keeps it.
    pub fn json(&self) -> Value {
        json!({
            "criterion": self.criterion.code(),
            "title": self.criterion.title(),
            "limit": self.criterion.asks().is_none().then_some(self.limit),
            "set_by": self.set.as_ref().map(|set| &set.by),
            "set_at": self.set.as_ref().map(|set| set.at.to_string()),
            "set_why": self.set.as_ref().map(|set| &set.why),
            "figure": self.figure,
            "mark": self.mark.as_ref().map(|mark| json!({
                "note": mark.note,
                "link": mark.link,
                "on": mark.on,
                "by": mark.by,
                "at": mark.at.to_string(),
            })),
            "met": self.met,
            "says": self.says,
        })
    }
}
