//! What stays of a window while it is read: a few words about each client, and the worst of what may be anybody's.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::{
    identify::ClientId,
    observed_model::{DOUBTS, Doubts},
};
use crate::domain::{
    observed::{Ambiguous, Doubt, Placed, Seen},
    time::Timestamp,
};

/// What is kept of each client while everything is read.
#[derive(Debug, Default)]
pub(super) struct Brief {
    pub(super) seen: Seen,
    /// Systems that it used an old protocol with, by their place in a list.
    pub(super) legacy: Vec<u32>,
    /// When it did so last.
    pub(super) legacy_last: Option<Timestamp>,
}

/// Everything of a window, in little memory.
#[derive(Debug, Default)]
pub(super) struct Brevity {
    pub(super) clients: HashMap<ClientId, Brief>,
    pub(super) systems: Vec<String>,
    ambiguous: BTreeMap<(Reverse<Seen>, String, Doubt), Ambiguous>,
    /// Machine accounts, which may have been at many addresses.
    names: BTreeMap<(String, Doubt), Ambiguous>,
    total: usize,
    risky: usize,
}

impl Brevity {
    pub(super) fn take(&mut self, placed: Placed<ClientId>) {
        for (id, known) in placed.clients {
            let brief = self.clients.entry(id).or_default();
            brief.seen = brief.seen.max(known.seen);
            for ((system, protocol), line) in known.lines {
                if protocol.proves() != Seen::Legacy {
                    continue;
                }
                brief.legacy_last = brief.legacy_last.max(Some(line.last));
                let place = self.systems.iter().position(|known| *known == system);
                let place = place.unwrap_or_else(|| {
                    self.systems.push(system);
                    self.systems.len() - 1
                });
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                if !brief.legacy.contains(&place) {
                    brief.legacy.push(place);
                }
            }
        }
        for ((who, doubt), known) in placed.ambiguous {
            if who.starts_with("n:") {
                let entry = self.names.entry((who, doubt));
                entry
                    .and_modify(|before| before.join(&known))
                    .or_insert(known);
            } else {
                self.doubt(who, doubt, known);
            }
        }
    }

    pub(super) fn doubt(&mut self, who: String, doubt: Doubt, known: Ambiguous) {
        self.total += 1;
        self.risky += usize::from(known.seen >= Seen::Unclear);
        self.ambiguous
            .insert((Reverse(known.seen), who, doubt), known);
        if self.ambiguous.len() > DOUBTS {
            self.ambiguous.pop_last();
        }
    }

    pub(super) fn doubts(&mut self) -> Doubts {
        for ((who, doubt), known) in std::mem::take(&mut self.names) {
            self.doubt(who, doubt, known);
        }
        let worst = std::mem::take(&mut self.ambiguous).into_iter();
        Doubts {
            worst: worst
                .map(|((_, who, doubt), known)| (who, doubt, known))
                .collect(),
            total: self.total,
            risky: self.risky,
        }
    }

    pub(super) fn seen(&self, id: &ClientId) -> Seen {
        self.clients
            .get(id)
            .map_or(Seen::Nothing, |brief| brief.seen)
    }
}
