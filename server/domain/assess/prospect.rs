//! What would make a client ready, proved: the facts as they would be after each fix, judged again.
//!
//! Three kinds of steps are told apart. A *change* has a result that is known beforehand. A *reading* has to be made,
//! and what it says is not known. For some reasons the rules know *no way*. Only changes are counted on; what readings
//! could come to at best is judged beside it and never promised. A change counts only where somebody looked: what was
//! not collected stays so until it is.

use super::{
    judge::assess,
    os::System,
    policy::Policy,
    reasons::code,
    remedy::{apply, remedy},
};
use crate::domain::{
    facts::{Facts, FileVersion, Key},
    verdict::{CheckResult, Outcome, Standing, Verdict},
};

/// More rounds than any chain of fixes has; each can bring up checks that the one before hid.
const ROUNDS: usize = 8;

const NO_FRAMEWORK: &str = "This Windows takes no .NET Framework that is new enough. Move the machine to a Windows that does, or replace it.";

/// How far the result of a step is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It changes the machine, and its result is known.
    Change,
    /// Something has to be read or shown, and what that will say is not known.
    Reading,
    /// The rules know no way to settle it on this machine.
    NoWay,
}

impl Kind {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Reading => "reading",
            Self::NoWay => "no_way",
        }
    }
}

/// What a step does to the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Writes a number of type `REG_DWORD`.
    Dword {
        /// The key.
        key: Key,
        /// The value's name.
        name: &'static str,
        /// The number.
        number: u32,
    },
    /// Installs an update, which is listed from then on.
    Update(u32),
    /// Brings a file of at least this version.
    File {
        /// `winhttp.dll`, `webio.dll`, `schannel.dll` or `WsusService.exe`.
        name: &'static str,
        /// The version.
        at_least: FileVersion,
    },
    /// Raises the build of Windows.
    Build(u32),
    /// Offers one more cipher suite.
    Suite(String),
    /// Reads both registry views for certain.
    BothViews,
    /// Starts the computer again.
    Restart,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: String,
    /// How far its result is known.
    pub kind: Kind,
    /// Reason codes it is for.
    pub settles: Vec<&'static str>,
    /// It only came up after earlier steps.
    pub follows: bool,
    /// What it does to the facts, where that is known.
    pub edits: Vec<Edit>,
}

/// What would become of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// The verdict after every change, restart and new report included, and no reading.
    pub after: Verdict,
    /// The verdict if, beyond that, every reading says what it should. `None`: nothing is to be read, or what it
    /// should say cannot be told.
    pub at_best: Option<Verdict>,
}

impl Prospect {
    /// The checks that stay open after every step whose result is known.
    pub fn still_open(&self) -> impl Iterator<Item = &CheckResult> {
        self.after.checks.iter().filter(|check| is_open(check))
    }
}

/// Whether a check stands in the way.
fn is_open(check: &CheckResult) -> bool {
    matches!(check.outcome, Outcome::Fail | Outcome::Unknown)
}

/// What would make a client with these facts ready, and what it would come to.
pub fn prospect(facts: &Facts, policy: &Policy) -> Prospect {
    let mut facts = facts.clone();
    let mut verdict = assess(&facts, policy);
    let mut steps: Vec<Step> = Vec::new();
    let mut pending = verdict.standing == Standing::RestartPending;
    for round in 0..ROUNDS {
        let before = facts.clone();
        let system = System::of(&before);
        for outcome in [Outcome::Fail, Outcome::Unknown] {
            for check in verdict.checks.iter().filter(|c| c.outcome == outcome) {
                let (kind, edits) = remedy(check, &before, &system, policy);
                if kind == Kind::Change {
                    for edit in &edits {
                        apply(edit, &mut facts, false);
                    }
                    pending = true;
                }
                note(&mut steps, check, kind, edits, round > 0);
            }
        }
        // After the changes the computer is started; what was written counts from then on.
        if pending {
            apply(&Edit::Restart, &mut facts, false);
        }
        if facts == before {
            break;
        }
        verdict = assess(&facts, policy);
    }
    // What has to be read only because of something that the changes mend has not to be read any more.
    let open = |reason: &str| {
        let open = verdict.checks.iter().filter(|check| is_open(check));
        open.into_iter().any(|check| check.reason == reason)
    };
    for step in &mut steps {
        if step.kind != Kind::Change {
            step.settles.retain(|reason| open(reason));
        }
    }
    steps.retain(|step| !step.settles.is_empty());
    steps.sort_by_key(|step| step.kind);
    if pending {
        let at = steps.partition_point(|step| step.kind == Kind::Change);
        steps.insert(at, restart(at > 0));
    }
    let at_best = at_best(facts, &verdict, policy);
    Prospect {
        steps,
        after: verdict,
        at_best,
    }
}

/// The restart that puts changes in force, and the report that says so.
fn restart(after_changes: bool) -> Step {
    Step {
        action: if after_changes {
            "Restart the computer and let it report again."
        } else {
            "Restart the computer, then let it report again."
        }
        .to_owned(),
        kind: Kind::Change,
        settles: vec![code::RESTART_PENDING],
        follows: after_changes,
        edits: vec![Edit::Restart],
    }
}

/// Adds a step; what is done for several reasons is one step.
fn note(steps: &mut Vec<Step>, check: &CheckResult, kind: Kind, edits: Vec<Edit>, follows: bool) {
    let version = [code::NET_VERSION_MISSING, code::NET_VERSION_OLD].contains(&check.reason);
    let action = if kind == Kind::NoWay && version {
        NO_FRAMEWORK
    } else if check.fix.is_empty() {
        &check.message
    } else {
        &check.fix
    };
    let known = steps
        .iter_mut()
        .find(|step| step.kind == kind && step.action == action);
    let Some(known) = known else {
        steps.push(Step {
            action: action.to_owned(),
            kind,
            settles: vec![check.reason],
            follows,
            edits,
        });
        return;
    };
    if !known.settles.contains(&check.reason) {
        known.settles.push(check.reason);
    }
    for edit in edits {
        if !known.edits.contains(&edit) {
            known.edits.push(edit);
        }
    }
}

/// What it comes to if every reading says what it should, and nothing else is done.
fn at_best(mut facts: Facts, after: &Verdict, policy: &Policy) -> Option<Verdict> {
    let mut verdict = after.clone();
    let mut any = false;
    for _ in 0..ROUNDS {
        let before = facts.clone();
        let system = System::of(&before);
        for check in verdict.checks.iter().filter(|check| is_open(check)) {
            let (kind, edits) = remedy(check, &before, &system, policy);
            if kind != Kind::Reading {
                continue;
            }
            if edits.is_empty() {
                return None;
            }
            any = true;
            for edit in &edits {
                apply(edit, &mut facts, true);
            }
        }
        if facts == before {
            break;
        }
        verdict = assess(&facts, policy);
    }
    any.then_some(verdict)
}
