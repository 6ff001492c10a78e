//! From check results to the one word, and what time and observed evidence make of it.

use super::{
    reasons::{code, reason},
    restart,
};
use crate::domain::{
    time::{DAY, Timestamp},
    verdict::{CheckResult, Impact, Outcome, Standing},
};

/// What decided, and how bad it is.
pub(super) struct Decision {
    pub(super) standing: Standing,
    pub(super) impact: Option<Impact>,
    pub(super) deciding: Option<&'static str>,
    pub(super) warnings: u32,
}

/// The worst failed check decides, then the first undecided one, then a pending restart.
pub(super) fn decide(checks: &[CheckResult]) -> Decision {
    let warnings = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Warn && check.id != restart::ID)
        .count();
    let warnings = u32::try_from(warnings).unwrap_or(u32::MAX);
    let failed = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .map(|check| (impact_of(check), check.reason))
        .min_by_key(|(impact, _)| *impact);
    let undecided = || {
        checks
            .iter()
            .find(|check| check.outcome == Outcome::Unknown)
            .map(|check| check.reason)
    };
    let (standing, impact, deciding) = if let Some((impact, reason)) = failed {
        (Standing::Blocking, Some(impact), Some(reason))
    } else if let Some(reason) = undecided() {
        (Standing::Undetermined, None, Some(reason))
    } else if checks
        .iter()
        .any(|check| check.reason == code::RESTART_PENDING)
    {
        (Standing::RestartPending, None, Some(code::RESTART_PENDING))
    } else {
        (Standing::Ready, None, None)
    };
    Decision {
        standing,
        impact,
        deciding,
        warnings,
    }
}

/// A failure without a known impact counts as the worst.
fn impact_of(check: &CheckResult) -> Impact {
    reason(check.reason)
        .and_then(|info| info.impact)
        .unwrap_or(Impact::Orphan)
}

/// For how long a connection that was seen contradicts reports that say nothing new. An agent reports every day, and a log
/// comes in days later: a report that only repeats what the connection has already contradicted proves nothing, while a
/// program that was mended leaves no trace in any report.
pub const CONTRADICTS_FOR: i64 = 30 * DAY;

/// A connection by an old protocol, against what was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenOld {
    /// When there was one last.
    pub last: Timestamp,
    /// Since when reports say that the client is ready, and none in between that it is not. One that leaves it open in between
    /// tells of no repair.
    pub since: Timestamp,
}

impl SeenOld {
    /// Whether it contradicts a good report of this time. What was seen before the settings were good does not, unless the
    /// report is no later. A log tells whole seconds, and the same second decides nothing: it contradicts.
    pub fn contradicts(self, seen_at: Timestamp) -> bool {
        self.last >= self.since.min(seen_at) && self.last.plus(CONTRADICTS_FOR) > seen_at
    }
}

/// Lays time and observed evidence over a verdict: the first of silent, stale, blocking, undetermined,
/// conflict, restart pending and ready that holds.
///
/// `seen_at` is the time of the report the verdict was made from. A time that lies further in the future
/// than the limit is as stale as one that lies that far back: a wrong clock must not keep a client fresh
/// for ever.
///
/// What is stored changes in the database, where statements say the same as this.
pub fn standing_at(
    verdict: Standing,
    seen_at: Timestamp,
    seen_old: Option<SeenOld>,
    freshness_ms: i64,
    now: Timestamp,
) -> Standing {
    let age = now.since(seen_at);
    match verdict {
        Standing::Silent => Standing::Silent,
        _ if age > freshness_ms || age < freshness_ms.saturating_neg() => Standing::Stale,
        Standing::RestartPending | Standing::Ready
            if seen_old.is_some_and(|seen| seen.contradicts(seen_at)) =>
        {
            Standing::Conflict
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn time_and_evidence_come_in_the_order_of_the_contract() {
        let now = Timestamp(1_000 * DAY);
        let at = |days: i64| now.plus(-days * DAY);
        let laid = |verdict, seen, last: Option<Timestamp>| {
            let old = last.map(|last| SeenOld { last, since: seen });
            standing_at(verdict, seen, old, 14 * DAY, now)
        };
        assert_eq!(laid(Standing::Ready, at(14), None), Standing::Ready);
        assert_eq!(laid(Standing::Ready, at(15), None), Standing::Stale);
        assert_eq!(laid(Standing::Blocking, at(15), None), Standing::Stale);
        assert_eq!(laid(Standing::Silent, at(15), None), Standing::Silent);
        assert_eq!(laid(Standing::Ready, at(-15), None), Standing::Stale);
        assert_eq!(
            laid(Standing::Ready, at(2), Some(at(1))),
            Standing::Conflict
        );
        assert_eq!(laid(Standing::Ready, at(2), Some(at(3))), Standing::Ready);
        assert_eq!(
            laid(Standing::RestartPending, at(2), Some(at(1))),
            Standing::Conflict
        );
        assert_eq!(
            laid(Standing::Blocking, at(2), Some(at(1))),
            Standing::Blocking
        );
        assert_eq!(
            laid(Standing::Undetermined, at(2), Some(at(1))),
            Standing::Undetermined
        );
        assert_eq!(laid(Standing::Ready, at(20), Some(at(1))), Standing::Stale);
    }

    #[test]
    fn a_report_that_says_nothing_new_ends_no_contradiction_for_thirty_days() {
        let day = |day: i64| Timestamp(day * DAY);
        let seen = |last, since| SeenOld {
            last: day(last),
            since: day(since),
        };
        assert!(seen(10, 1).contradicts(day(9)), "seen after the report");
        assert!(seen(10, 1).contradicts(day(11)), "the same was said before");
        assert!(seen(10, 10).contradicts(day(11)), "in the same moment");
        assert!(!seen(10, 11).contradicts(day(11)), "mended since");
        assert!(seen(10, 1).contradicts(day(39)));
        assert!(!seen(10, 1).contradicts(day(40)), "not seen for long");
        // A mark that says "since" too late takes nothing away from what came after the report.
        assert!(seen(10, 20).contradicts(day(9)));
    }
}
