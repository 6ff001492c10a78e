//! The check `fips`: a switch that can bring TLS 1.0 back; a warning at most.

use super::{
    finding::{Dword, blank},
    sources,
};
use crate::domain::{
    facts::{Facts, Key},
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "fips";

/// Looks at both places: since Vista a key of its own, before a value under `Lsa`.
pub(super) fn check(facts: &Facts) -> CheckResult {
    let new = Dword::read(&facts.registry, Key::FipsPolicy, "Enabled");
    let old = Dword::read(&facts.registry, Key::Lsa, "FIPSAlgorithmPolicy");
    let telling = |value: Dword<'_>| !matches!(value, Dword::NotCollected | Dword::Absent);
    let value = if telling(new) || !telling(old) && new != Dword::NotCollected {
        new
    } else {
        old
    };
    let (outcome, reason, message, fix) = match value {
        Dword::NotCollected => (
            Outcome::NotApplicable,
            "fips.not_collected",
            "The FIPS policy was not read; it decides nothing.",
            "",
        ),
        Dword::Absent | Dword::Number(0) => {
            (Outcome::Pass, "fips.off", "The FIPS policy is off.", "")
        }
        Dword::Number(_) => (
            Outcome::Warn,
            "fips.on",
            "The FIPS policy is on; Microsoft names it as a cause of TLS 1.0 being negotiated although it is switched off.",
            "Watch this machine at the cutover, or switch the policy off if nothing demands it.",
        ),
        Dword::Unusable(_) => (
            Outcome::Warn,
            "fips.unreadable",
            "The FIPS policy is there, but not as a number of type REG_DWORD.",
            "Look at the policy by hand.",
        ),
    };
    CheckResult {
        message: message.to_owned(),
        expected: "0 or absent".to_owned(),
        observed: value.shown(),
        fix: fix.to_owned(),
        sources: &[sources::TROUBLE],
        ..blank(ID, outcome, reason)
    }
}
