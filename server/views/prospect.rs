//! What would make a client ready, in words: the steps, and what they come to.

use super::{
    home::Counting,
    tables::title,
    text::{counted, joined},
};
use crate::{
    domain::{
        assess::{Edit, Kind, Prospect},
        verdict::{CheckResult, Standing, Verdict},
    },
    store::model::ClientRow,
};

/// One thing to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// What to do.
    pub action: String,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Titles of the reasons it settles.
    pub settles: Vec<String>,
}

/// What would make it ready: changes first, then what has to be read, then what no setting mends, then a new report.
pub fn steps(row: &ClientRow, prospect: Option<&Prospect>, counting: &Counting) -> Vec<StepView> {
    let mut steps: Vec<StepView> = prospect
        .iter()
        .flat_map(|prospect| &prospect.steps)
        .map(|step| {
            let restart = step.edits == [Edit::Restart];
            StepView {
                action: step.action.clone(),
                purpose: match step.kind {
                    Kind::Change if restart => {
                        "Changes only count once they are in force and reported"
                    }
                    Kind::Change if step.follows => "Comes up after that",
                    Kind::Change => "Settles",
                    Kind::Reading => "Makes it possible to judge",
                    Kind::NoWay => "No setting on this machine settles it",
                },
                settles: if restart {
                    Vec::new()
                } else {
                    titles(step.settles.iter().copied())
                },
            }
        })
        .collect();
    let (action, purpose) = match row.standing {
        Standing::Silent => (
            "Find out whether it still exists. If so, let it send a report; if not, mark it decommissioned in the expected list."
                .to_owned(),
            "Makes it possible to judge",
        ),
        Standing::Stale => (
            format!(
                "Let it send a new report; it counts for {}.",
                counted(counting.freshness_days, "day", "days")
            ),
            "What is below is what was last known",
        ),
        Standing::Conflict => (
            "Find the program that still uses TLS 1.0/1.1, update or configure it, and watch the server logs again."
                .to_owned(),
            "Settles the conflict",
        ),
        _ => return steps,
    };
    let last = StepView {
        action,
        purpose,
        settles: Vec::new(),
    };
    if row.standing == Standing::Stale {
        steps.insert(0, last);
    } else {
        steps.push(last);
    }
    steps
}

/// What all steps come to: proved by judging the changed facts again, and no more than that.
pub fn conclusion(prospect: &Prospect, standing: Standing) -> String {
    let changes = prospect.steps.iter().any(|step| step.kind == Kind::Change);
    let mut text = match (prospect.after.standing, changes) {
        (_, true) => format!(
            "Judged again with these changes, {}.",
            stands(&prospect.after)
        ),
        (Standing::Ready, false) if standing == Standing::Stale => format!(
            "If it still is as its last report says, {}.",
            stands(&prospect.after)
        ),
        (Standing::Ready, false) => String::new(),
        (_, false) => format!("It waits for: {}.", open(&prospect.after)),
    };
    let readings = prospect.steps.iter().any(|step| step.kind == Kind::Reading);
    match &prospect.at_best {
        Some(best) if best.standing == Standing::Ready => text.push_str(&format!(
            " If what has to be read turns out as it should, {}.",
            stands(best)
        )),
        Some(best) => text.push_str(&format!(
            " Even if what has to be read turns out as it should, {}.",
            stands(best)
        )),
        None if readings => text.push_str(" What comes then depends on what is read."),
        None => {}
    }
    let no_way = prospect
        .steps
        .iter()
        .filter(|step| step.kind == Kind::NoWay);
    let no_way = titles(no_way.flat_map(|step| step.settles.iter().copied()));
    if !no_way.is_empty() {
        text.push_str(&format!(
            " These rules know no setting that would settle: {}.",
            joined(&no_way)
        ));
    }
    if standing == Standing::Conflict {
        text.push_str(" It stays in conflict until a report is newer than the last connection with TLS 1.0/1.1 that was seen of it.");
    }
    text.trim_start().to_owned()
}

/// `it would be ready, with 2 warnings`, `it would still be blocking: TLS 1.2 switched off`.
fn stands(verdict: &Verdict) -> String {
    let warnings = i64::from(verdict.warnings);
    match verdict.standing {
        Standing::Ready if warnings > 0 => format!(
            "it would be ready, with {}",
            counted(warnings, "warning", "warnings")
        ),
        Standing::Ready => "it would be ready".to_owned(),
        Standing::RestartPending => "it would wait for a restart".to_owned(),
        other => format!(
            "it would still be {}, waiting for: {}",
            other.words().to_lowercase(),
            open(verdict)
        ),
    }
}

fn open(verdict: &Verdict) -> String {
    let open = |check: &&CheckResult| super::checks::is_open(check);
    let reasons = verdict.checks.iter().filter(open).map(|check| check.reason);
    titles(reasons).join("; ")
}

fn titles(codes: impl Iterator<Item = &'static str>) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for code in codes {
        let title = title(code);
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    titles
}
