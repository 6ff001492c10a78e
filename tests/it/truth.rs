//! What people do with files that must never clear a client, nor lose a blocker: each of these once did.

mod agreement;
mod names;
mod sources;
mod times;
mod values;

use cutover::domain::{
    assess::{Policy, assess},
    facts::Facts,
    verdict::{Outcome, Standing},
};

/// The outcome of one check.
pub fn outcome(facts: &Facts, check: &str) -> Outcome {
    let verdict = assess(facts, &Policy::default());
    let found = verdict.checks.iter().find(|result| result.id == check);
    found.expect("such a check").outcome
}

/// The standing by the usual rules.
pub fn standing(facts: &Facts) -> Standing {
    assess(facts, &Policy::default()).standing
}
