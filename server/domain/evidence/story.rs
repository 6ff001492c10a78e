//! A client's history told: what each report changed, and whether the client, the rules or the source did.

use super::diff::{Change, diff};
use crate::domain::{
    facts::Facts,
    verdict::{Impact, Standing},
};

/// A verdict in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    /// The one word.
    pub standing: Standing,
    /// How bad, when blocking.
    pub impact: Option<Impact>,
    /// Bits of the reasons, as [`crate::domain::assess::reason_mask`] has them.
    pub reasons: i64,
}

/// One report of a history, as it was kept and as it reads today.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'h> {
    /// What it says; `None`: it can no longer be read.
    pub facts: Option<&'h Facts>,
    /// What was made of it then, together with whatever else was known.
    pub then: Brief,
    /// By which rules.
    pub ruleset: &'h str,
    /// What the rules of today make of this report alone; `None`: it can no longer be read.
    pub today: Option<Brief>,
    /// What tells sources apart: collector, sender and way.
    pub source: (&'h str, &'h str, &'h str),
    /// It came after a newer one and changed nothing.
    pub late: bool,
}

/// Why a verdict is another one than that before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is nothing before it.
    First,
    /// It is the same verdict.
    Nothing,
    /// The client changed.
    Client,
    /// The rules changed, and today's would make the same of both reports.
    Rules,
    /// The client changed, and so did the rules.
    Both,
    /// Another source spoke, so that more or other things are known.
    Source,
}

impl Cause {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Nothing => "nothing",
            Self::Client => "client",
            Self::Rules => "rules",
            Self::Both => "client_and_rules",
            Self::Source => "source",
        }
    }
}

/// What one report changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The place of the report that it is compared with; `None`: there is none to compare with.
    pub compared_with: Option<usize>,
    /// Both are by the same source; where they are not, what one does not read looks like a change.
    pub same_source: bool,
    /// The facts that changed.
    pub changes: Vec<Change>,
    /// How many more did.
    pub more: usize,
    /// Bits of the reasons that came.
    pub came: i64,
    /// Bits of the reasons that went.
    pub gone: i64,
    /// Why the verdict is another one.
    pub cause: Cause,
    /// What today's rules make of this report, where that is something else and only the rules can be the reason.
    pub differently_today: Option<Brief>,
}

/// Tells a history, newest first; what each entry changed is found by the older ones behind it. `most`: how many changed
/// facts of one report are kept. `ruleset`: the rules of today.
pub fn story(history: &[Kept<'_>], ruleset: &str, most: usize) -> Vec<Chapter> {
    let several = history
        .iter()
        .any(|entry| Some(entry.source) != history.first().map(|first| first.source));
    (0..history.len())
        .map(|at| chapter(history, at, ruleset, most, several))
        .collect()
}

fn chapter(history: &[Kept<'_>], at: usize, ruleset: &str, most: usize, several: bool) -> Chapter {
    let entry = &history[at];
    let older = || {
        history
            .iter()
            .enumerate()
            .skip(at + 1)
            .filter(|(_, older)| !older.late)
    };
    let readable = || older().filter(|(_, older)| older.facts.is_some());
    let partner = readable()
        .find(|(_, older)| older.source == entry.source)
        .or_else(|| readable().next());
    let mut changes = match (entry.facts, partner.and_then(|(_, older)| older.facts)) {
        (Some(now), Some(before)) => diff(before, now),
        _ => Vec::new(),
    };
    let more = changes.len().saturating_sub(most);
    changes.truncate(most);
    let previous = older().next().map(|(_, older)| older);
    let reasons = previous.map_or(entry.then.reasons, |previous| previous.then.reasons);
    let (came, gone) = if entry.late {
        (0, 0)
    } else {
        (entry.then.reasons & !reasons, reasons & !entry.then.reasons)
    };
    let by_other_rules = entry.ruleset != ruleset && !several;
    Chapter {
        compared_with: partner.map(|(place, _)| place),
        same_source: partner.is_some_and(|(_, older)| older.source == entry.source),
        changes,
        more,
        came,
        gone,
        cause: cause(entry, previous),
        differently_today: entry
            .today
            .filter(|today| by_other_rules && *today != entry.then),
    }
}

/// Two verdicts by the same rules differ because of what was read. By other rules it is told by what today's rules make
/// of both reports.
fn cause(entry: &Kept<'_>, previous: Option<&Kept<'_>>) -> Cause {
    let Some(previous) = previous else {
        return Cause::First;
    };
    if entry.late || entry.then == previous.then {
        Cause::Nothing
    } else if entry.source != previous.source {
        Cause::Source
    } else if entry.ruleset == previous.ruleset {
        Cause::Client
    } else if entry.today.is_some() && entry.today == previous.today {
        Cause::Rules
    } else {
        Cause::Both
    }
}
