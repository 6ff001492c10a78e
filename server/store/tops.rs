//! Which reason to name first: of a line of the first screen, and among all.

use std::{borrow::Borrow, cmp::Reverse, collections::BTreeMap};

use super::model::{OsLine, ReasonLine};
use crate::domain::{assess, verdict::Standing};

/// The reason that most clients of a line carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopReason {
    /// Code of the reason.
    pub reason: String,
    /// How many of them carry it.
    pub clients: i64,
    /// Of which clients: blocking ones, whom it blocks; where nobody blocks, those that cannot be judged for it.
    pub of: Standing,
}

/// Finds the reason to name first: of blocking clients only what blocks counts, because what is merely not known of
/// them is not why they block.
#[derive(Debug, Default)]
pub(super) struct Tops<'k>(BTreeMap<(&'k str, &'static str, Standing), i64>);

impl<'k> Tops<'k> {
    /// Counts clients of an OS that carry a reason.
    pub(super) fn add(&mut self, os: &'k str, reason: &assess::ReasonInfo, of: Standing, n: i64) {
        if of == Standing::Undetermined || reason.impact.is_some() {
            *self.0.entry((os, reason.code, of)).or_insert(0) += n;
        }
    }

    /// Tells each line its reason.
    pub(super) fn tell<K: Ord + Borrow<str>>(self, lines: &mut BTreeMap<K, OsLine>) {
        for ((os, reason, of), n) in self.0 {
            let Some(line) = lines.get_mut(os) else {
                continue;
            };
            // Nobody is undecided for a reason while others block.
            if of != Standing::Blocking && line.of(Standing::Blocking) > 0 {
                continue;
            }
            if line.top_reason.as_ref().is_none_or(|top| n > top.clients) {
                line.top_reason = Some(TopReason {
                    reason: reason.to_owned(),
                    clients: n,
                    of,
                });
            }
        }
    }
}

/// Orders reasons: those that block come first, each group by how many carry it.
pub(super) fn blocking_first(lines: &mut [ReasonLine]) {
    lines.sort_by_key(|line| {
        let blocks = assess::reason(&line.reason).is_some_and(|info| info.impact.is_some());
        (
            !blocks,
            Reverse((line.blocking, line.undetermined)),
            line.reason.clone(),
        )
    });
}
