//! Lists of installed updates by number.

use std::collections::HashSet;

use super::super::tables::{MAX_HOTFIXES, kb_number};

/// The note on a list from `Win32_QuickFixEngineering`.
pub(super) const NEVER_COMPLETE: &str = "A list of this kind does not say whether it is complete, and does not name what a later rollup brought: an update that is listed counts as installed, one that is missing counts as not known.";

/// Updates of one device, each once.
#[derive(Debug, Default)]
pub(super) struct Updates {
    listed: Vec<u32>,
    known: HashSet<u32>,
    /// More than a report may hold.
    pub(super) too_many: bool,
}

impl Updates {
    /// Takes an entry such as `KB3140245`, `KB893803v2 - Update`, `Q147222`, `940157`; says whether it named an update.
    pub(super) fn add(&mut self, entry: &str) -> bool {
        let Some(number) = kb_number(entry) else {
            return false;
        };
        if self.known.contains(&number) {
            return true;
        }
        if self.listed.len() == MAX_HOTFIXES {
            self.too_many = true;
        } else {
            self.known.insert(number);
            self.listed.push(number);
        }
        true
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// `KB…` for each, in the order of the list.
    pub(super) fn names(&self) -> Vec<String> {
        self.listed
            .iter()
            .map(|number| format!("KB{number}"))
            .collect()
    }

    /// The note on a list that is longer than a report may be.
    pub(super) fn note(&self) -> Option<String> {
        self.too_many.then(|| {
            format!(
                "More than {MAX_HOTFIXES} updates are listed, the most that is taken; the others were left out, so the list counts as cut."
            )
        })
    }
}

/// Whether an entry is the number of an update and nothing else could be meant: `KB…` or `Q…`.
pub(super) fn is_numbered(entry: &str) -> bool {
    entry.trim_start().starts_with(['K', 'k', 'Q', 'q']) && kb_number(entry).is_some()
}
