//! The eleven things a board asks for: each with a limit, what is there now, and whether that is enough.
//!
//! What nobody knows is not met. What a person says is met by saying it, with a name and a day.

use serde_json::{Value, json};

use super::{super::time::Timestamp, tally::Tally, whatif::Fate};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criterion {
    /// Who will or may lose contact, outside exceptions.
    Blockers,
    /// Share of the expected clients with a verdict that counts.
    Coverage,
    /// Silent clients that nobody answers for.
    Silent,
    /// Clients and addresses seen using the old protocols lately.
    Observed,
    /// Clients that a report turned ready about which a suspicion is open.
    Suspicious,
    /// A rehearsal was held.
    Rehearsal,
    /// The way back is written, timed and tried.
    Rollback,
    /// The site systems themselves were looked at.
    SiteSystems,
    /// The window lies in no freeze, and the cipher suites do not change in it.
    Freeze,
    /// Exceptions that end before the planned day.
    Exceptions,
    /// There is a way to mend clients that does not use what is switched off.
    RepairPath,
}

impl Criterion {
    /// All, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Blockers,
        Self::Coverage,
        Self::Silent,
        Self::Observed,
        Self::Suspicious,
        Self::Rehearsal,
        Self::Rollback,
        Self::SiteSystems,
        Self::Freeze,
        Self::Exceptions,
        Self::RepairPath,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blockers => "blockers",
            Self::Coverage => "coverage",
            Self::Silent => "silent",
            Self::Observed => "observed",
            Self::Suspicious => "suspicious",
            Self::Rehearsal => "rehearsal",
            Self::Rollback => "rollback",
            Self::SiteSystems => "site_systems",
            Self::Freeze => "freeze",
            Self::Exceptions => "exceptions",
            Self::RepairPath => "repair_path",
        }
    }

    /// The criterion a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// In short words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Blockers => "Will or may lose contact, outside exceptions",
            Self::Coverage => "Expected clients with a verdict that counts",
            Self::Silent => "Not heard lately, and nobody answers for them",
            Self::Observed => "Seen using TLS 1.0 or 1.1 in the last 30 days",
            Self::Suspicious => "Turned ready by a report about which a suspicion is open",
            Self::Rehearsal => "Rehearsal held in this scope",
            Self::Rollback => "Way back written, timed and tried",
            Self::SiteSystems => {
                "Site systems looked at: SQL, native client, .NET, WSUS, reporting, console, gateway, boot images"
            }
            Self::Freeze => "No freeze, and cipher suites do not change in the same window",
            Self::Exceptions => "Exceptions that end before the planned day",
            Self::RepairPath => "Repair path that does not use what is switched off",
        }
    }

    /// What it counts, and when it is met.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Blockers => {
                "Clients of the scope that will lose contact, or may, when the old protocols are switched off, without those that an exception in force answers for. Met when there are no more than the limit."
            }
            Self::Coverage => {
                "The lower one of two shares, rounded down: of the clients of the scope that an expected list names, those with a verdict that rests on a report no older than the scope lets count; and of everybody in the scope, those of whom it can be said what would happen. Met when it is no less than the limit. Without an expected list nobody knows, and it is not met."
            }
            Self::Silent => {
                "Expected clients of the scope that were not heard within the days for which a report counts, or never, and that no exception in force answers for. Met when there are no more than the limit."
            }
            Self::Observed => {
                "Different clients, and addresses that may be anybody's, that logs of the last 30 days show using TLS 1.0 or 1.1 with the site systems of the scope. Met when there are no more than the limit and the logs cover the whole window; that nobody was seen in logs with gaps proves nothing."
            }
            Self::Suspicious => {
                "Clients of the scope that a report turned ready about which a suspicion is open: by another sender than before, with other hardware, or among many that one sender turned within an hour. Met when there are no more than the limit. Somebody looks at them, and closes each with a reason."
            }
            Self::Rehearsal => {
                "Somebody says with a name and a day that the switch was rehearsed in this scope. Met while that stands."
            }
            Self::Rollback => {
                "Somebody says with a name and a day that the way back is written, timed and tried. Met while that stands."
            }
            Self::SiteSystems => {
                "Somebody says with a name and a day that the site systems themselves can do TLS 1.2 in every part. Met while that stands."
            }
            Self::Freeze => {
                "Somebody says with a name and a day that the window lies in no freeze, and that cipher suites do not change in it. Met while that stands."
            }
            Self::Exceptions => {
                "Exceptions in force in the scope that end before the planned day. Met when there are no more than the limit. With exceptions and no planned day nobody knows, and it is not met."
            }
            Self::RepairPath => {
                "Somebody says with a name and a day how clients are mended without what is switched off. Met while that stands."
            }
        }
    }

    /// What a person has to say for it; `None`: it is computed.
    pub const fn asks(self) -> Option<&'static str> {
        match self {
            Self::Rehearsal => Some("When it was held, for how long, and what was seen."),
            Self::Rollback => Some(
                "The steps, who takes them, how many minutes they need, whether a restart is needed, what triggers them, and when they were last tried.",
            ),
            Self::SiteSystems => Some("Who looked at which part, and what was found."),
            Self::Freeze => Some("Which calendar was looked at, and whether cipher suites change."),
            Self::RepairPath => {
                Some("Which path: group policy, a software share, remote management, hands.")
            }
            Self::Blockers
            | Self::Coverage
            | Self::Silent
            | Self::Observed
            | Self::Suspicious
            | Self::Exceptions => None,
        }
    }

    /// Whether it holds only once something was done, so that no day to come can be named for it.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Rollback | Self::SiteSystems)
    }

    /// The limit that goes without saying: the most that may be there; of the coverage the least, in hundredths of a percent.
    pub const fn usual(self) -> i64 {
        match self {
            Self::Coverage => 9_800,
            _ => 0,
        }
    }

    /// Whether this can be its limit.
    pub const fn takes(self, limit: i64) -> bool {
        match self {
            Self::Coverage => limit >= 0 && limit <= 10_000,
            _ => self.asks().is_none() && limit >= 0 && limit <= 10_000_000,
        }
    }

    /// A figure or limit of it in words.
    pub fn figure(self, n: i64) -> String {
        match self {
            Self::Coverage => format!("{}.{:02} %", n / 100, n % 100),
            _ => n.to_string(),
        }
    }
}

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

/// What is held against the limits.
#[derive(Clone, Debug, Default)]
pub struct Facts<'f> {
    /// The run; `None`: there is none yet.
    pub tally: Option<&'f Tally>,
    /// What was seen; `None`: no logs were collected.
    pub observed: Option<&'f Observed>,
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
        held.met = held.mark.is_some();
        held.says = match &held.mark {
            Some(mark) => format!("{} says so, about {}.", mark.by, mark.on),
            None => "Nobody has said so.".to_owned(),
        };
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
            let verdicts = share(tally.judged, tally.expected);
            let mut says = format!(" {} of {} expected.", tally.judged, tally.expected);
            if unsaid > 0 {
                says.push_str(&format!(" Of {unsaid} of all {total} nobody can say what would happen."));
            }
            (Some(verdicts.min(share(total - unsaid, total))), says)
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
