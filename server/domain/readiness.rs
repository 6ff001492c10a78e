//! Readiness as a range: who is ready for certain, and who would be if everybody without a verdict were.

use std::collections::BTreeMap;

use super::verdict::Standing;

/// How many clients are ready, at least and at most. A client without a verdict is counted as blocking for the one
/// and as ready for the other; one that waits for a restart is ready in neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Ready for certain: everybody without a verdict counted as blocking.
    pub least: i64,
    /// Ready at best: everybody without a verdict counted as ready.
    pub most: i64,
    /// Everybody counted.
    pub total: i64,
}

impl Readiness {
    /// The range of a population.
    pub fn of(standings: &BTreeMap<Standing, i64>) -> Self {
        let sum = |wanted: fn(Standing) -> bool| {
            standings
                .iter()
                .filter(|(standing, _)| wanted(**standing))
                .map(|(_, n)| (*n).max(0))
                .sum::<i64>()
        };
        let least = sum(Standing::is_cleared);
        Self {
            least,
            most: least + sum(Standing::is_no_verdict),
            total: sum(|_| true),
        }
    }

    /// Clients nobody can judge: how wide the range is.
    pub const fn gap(self) -> i64 {
        self.most - self.least
    }
}
