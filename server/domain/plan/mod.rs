//! The fix plan: which few actions, done together, unblock the most clients.
//!
//! Each client needs a set of actions, its *fix signature*: the fix of every reason it carries. It is unblocked only
//! when all of them are done, so what an action brings depends on which others go with it; single actions ranked by
//! their clients would mislead. [`plan`] finds the best set of each size, exactly (see `best`).
//!
//! What is careful about it:
//! - A reason that leaves a check undecided belongs to the signature too, with the action that collects the fact. The
//!   fact may then show that more is needed; each step says how many of its clients wait for that (`certain` are the
//!   others).
//! - An action that only makes the next check speak asks for what that check will ask for: after KB4019276 the
//!   SChannel values and KB4467770 are still to come.
//! - A machine that has to be replaced needs nothing else, and stands in no plan. So does one whose Windows takes no
//!   .NET Framework that is new enough.
//! - A restart stands in no signature: every change ends with one, so every plan ends with one restart of each client
//!   it touches. Clients that need nothing but the restart are not blocking; they have a standing of their own.
//!
//! A client counts only by what it reported: one that is silent or stale is in no plan, because nobody knows what it
//! needs.

mod actions;
mod best;

pub use self::actions::{Action, ActionSet, Kind, Only, RESTART, action, actions, needed};

/// At most so many actions are combined, which takes 2^20 sums (8 MiB, some milliseconds). There are no more than that
/// in the table of reasons apart from replacing and restarting; were there, the ones that the fewest clients need
/// would be left out, and the plan says so.
pub const MOST_ACTIONS: usize = 20;

/// Clients that carry the same reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// OS key.
    pub os_key: String,
    /// Bits of the reasons.
    pub reasons: i64,
    /// How many clients.
    pub clients: i64,
}

/// The best set of actions of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The actions; a restart of every client goes with them.
    pub actions: ActionSet,
    /// Clients that need nothing beyond these actions.
    pub clients: i64,
    /// Those of them of whom everything is known; the others may turn out to need more once the missing facts are in.
    pub certain: i64,
    /// How many more than the step before.
    pub gain: i64,
}

/// One action by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Single {
    /// Which.
    pub action: &'static Action,
    /// Clients that carry a reason it mends.
    pub asked: i64,
    /// Clients that need nothing else (but a restart).
    pub alone: i64,
}

/// The plan for the clients of one standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// All of them.
    pub clients: i64,
    /// Best sets of growing size, as long as a larger one brings anything.
    pub steps: Vec<Step>,
    /// Each action that any of them is asked for, most asked for first.
    pub singles: Vec<Single>,
    /// Clients that only another machine or operating system mends.
    pub replaced: i64,
    /// Clients whose reasons this version does not know.
    pub unexplained: i64,
    /// Actions left out because there were more than [`MOST_ACTIONS`]; empty: the plan is complete.
    pub left_out: ActionSet,
    /// Clients that need one of those.
    pub not_planned: i64,
}

/// The plan for these clients.
pub fn plan(signatures: &[Signature]) -> Plan {
    plan_within(signatures, MOST_ACTIONS)
}

/// The plan when no more than `most` actions may be combined.
pub fn plan_within(signatures: &[Signature], most: usize) -> Plan {
    let mut plan = Plan::default();
    let mut sets: Vec<(ActionSet, i64)> = Vec::new();
    for signature in signatures.iter().filter(|signature| signature.clients > 0) {
        plan.clients += signature.clients;
        match needed(&signature.os_key, signature.reasons) {
            None => plan.unexplained += signature.clients,
            Some(set) if set.replaces() => plan.replaced += signature.clients,
            Some(set) => sets.push((set, signature.clients)),
        }
    }
    let weight = |action: &Action| -> i64 {
        let needs = |(set, _): &&(ActionSet, i64)| set.contains(action);
        sets.iter().filter(needs).map(|(_, n)| n).sum()
    };
    let mut order: Vec<(&'static Action, i64)> = actions()
        .iter()
        .map(|action| (action, weight(action)))
        .filter(|(_, n)| *n > 0)
        .collect();
    // Stable, so that equals stay in the order of the table.
    order.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (action, _) in order.drain(most.min(MOST_ACTIONS).min(order.len())..) {
        plan.left_out = plan.left_out.with(action);
    }
    sets.retain(|(set, n)| {
        let fits = !set.meets(plan.left_out);
        plan.not_planned += if fits { 0 } else { *n };
        fits
    });
    let order: Vec<&'static Action> = order.into_iter().map(|(action, _)| action).collect();
    plan.steps = best::steps(&order, &sets);
    plan.singles = singles(signatures);
    plan
}

/// Every action that anybody is asked for, by itself.
fn singles(signatures: &[Signature]) -> Vec<Single> {
    let sum = |wanted: &dyn Fn(&Signature) -> bool| {
        let fitting = signatures.iter().filter(|signature| wanted(signature));
        fitting.map(|signature| signature.clients).sum::<i64>()
    };
    let mut singles: Vec<Single> = actions()
        .iter()
        .map(|action| {
            let only = Only::these(ActionSet::of(action).with_restart());
            Single {
                action,
                asked: sum(&|signature| signature.reasons & action.reasons != 0),
                alone: sum(&|signature| only.holds(&signature.os_key, signature.reasons)),
            }
        })
        .filter(|single| single.asked > 0)
        .collect();
    singles.sort_by_key(|single| std::cmp::Reverse(single.asked));
    singles
}
