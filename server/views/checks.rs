//! The checks of one client, dressed, and what they say has to be done.

use super::{
    home::Counting,
    tables::title,
    text::counted,
    words::{self, Badge},
};
use crate::{
    domain::verdict::{CheckResult, Outcome, Standing},
    store::model::ClientRow,
};

/// One thing to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: String,
    /// What it is for: `Stops blocking`, `Makes it possible to judge`, `Then`.
    pub purpose: &'static str,
    /// Titles of the reasons it settles.
    pub settles: Vec<String>,
}

/// A source: its words, and its address if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called.
    pub label: &'static str,
    /// Where it is.
    pub href: Option<&'static str>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckView {
    /// Its outcome.
    pub badge: Badge,
    /// What it looks at.
    pub title: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Its reason code.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
    /// What would pass.
    pub expected: String,
    /// What was found.
    pub observed: String,
    /// What to do.
    pub fix: String,
    /// On whose word.
    pub sources: Vec<Source>,
    /// The sources contradict each other.
    pub disputed: bool,
    /// This check decided the verdict.
    pub deciding: bool,
}

impl CheckView {
    /// Dresses a check; `deciding` is the reason that decided the verdict.
    pub fn new(check: &CheckResult, deciding: Option<&str>) -> Self {
        Self {
            badge: words::outcome(check.outcome),
            title: words::check(check.id),
            id: check.id,
            reason: check.reason,
            message: check.message.clone(),
            expected: check.expected.clone(),
            observed: check.observed.clone(),
            fix: check.fix.clone(),
            sources: check.sources.iter().map(|text| source(text)).collect(),
            disputed: check.disputed,
            deciding: deciding == Some(check.reason) && is_open(check),
        }
    }
}

/// Whether a check stands in the way.
pub fn is_open(check: &CheckResult) -> bool {
    matches!(check.outcome, Outcome::Fail | Outcome::Unknown)
}

/// `Title (https://…)` as a link; anything else as words.
fn source(text: &'static str) -> Source {
    let linked = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" (https://").map(|(label, _)| label))
        .and_then(|label| Some((label, text.get(label.len() + 2..text.len() - 1)?)));
    match linked {
        Some((label, href)) => Source {
            label,
            href: Some(href),
        },
        None if text.starts_with("https://") => Source {
            label: text,
            href: Some(text),
        },
        None => Source {
            label: text,
            href: None,
        },
    }
}

/// What would make it ready: failures first, then what is missing, then the restart or a new report.
pub fn steps(row: &ClientRow, checks: &[&CheckResult], counting: &Counting) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut add = |action: &str, purpose: &'static str, settles: Option<String>| {
        if let Some(known) = steps.iter_mut().find(|step| step.action == action) {
            if let Some(title) = settles.filter(|title| !known.settles.contains(title)) {
                known.settles.push(title);
            }
        } else {
            steps.push(Step {
                action: action.to_owned(),
                purpose,
                settles: settles.into_iter().collect(),
            });
        }
    };
    for (outcome, purpose) in [
        (Outcome::Fail, "Stops blocking"),
        (Outcome::Unknown, "Makes it possible to judge"),
    ] {
        for check in checks.iter().filter(|check| check.outcome == outcome) {
            let action = if check.fix.is_empty() {
                &check.message
            } else {
                &check.fix
            };
            add(action, purpose, Some(title(check.reason)));
        }
    }
    match row.standing {
        Standing::Silent => add(
            "Find out whether it still exists. If so, let it send a report; if not, mark it decommissioned in the expected list.",
            "Makes it possible to judge",
            None,
        ),
        Standing::Stale => add(
            &format!(
                "Let it send a new report; it counts for {}.",
                counted(counting.freshness_days, "day", "days")
            ),
            "Makes it possible to judge",
            None,
        ),
        Standing::Conflict => add(
            "Find the program that still uses TLS 1.0/1.1, update or configure it, and watch the server logs again.",
            "Settles the conflict",
            None,
        ),
        Standing::RestartPending => add(
            "Restart it, then let it report again.",
            "Puts the changes in force",
            None,
        ),
        Standing::Blocking => add(
            "Restart it and let it report again.",
            "Changes only count once they are in force and reported",
            None,
        ),
        Standing::Undetermined | Standing::Ready => {}
    }
    steps
}

/// How many checks have which outcome: `2 fail, 1 unknown, 8 pass`.
pub fn tally(checks: &[&CheckResult]) -> String {
    [
        Outcome::Fail,
        Outcome::Unknown,
        Outcome::Warn,
        Outcome::Pass,
        Outcome::NotApplicable,
    ]
    .into_iter()
    .filter_map(|outcome| {
        let n = checks
            .iter()
            .filter(|check| check.outcome == outcome)
            .count();
        (n > 0).then(|| format!("{n} {}", words::outcome(outcome).word.to_lowercase()))
    })
    .collect::<Vec<_>>()
    .join(", ")
}
