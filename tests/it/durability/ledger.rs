//! What the server has promised to keep, written down outside of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use cutover::domain::time::Timestamp;

/// A report as it was sent, and acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    pub report_id: String,
    pub guid: String,
    pub collected_at: Timestamp,
}

/// Everything acknowledged so far.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    /// The newest acknowledged time of each client.
    pub newest: BTreeMap<String, Timestamp>,
    /// Reports acknowledged as news: each is a row of the history.
    pub stored: BTreeSet<String>,
    /// Acknowledgements, repeated ones included.
    pub count: u64,
}

/// The book itself.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Promises>);

impl Ledger {
    /// Notes an acknowledgement after it has come in.
    pub fn note(&self, sent: &Sent, stored: bool) {
        let mut promises = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        promises.count += 1;
        let newest = promises
            .newest
            .entry(sent.guid.clone())
            .or_insert(sent.collected_at);
        *newest = (*newest).max(sent.collected_at);
        if stored {
            promises.stored.insert(sent.report_id.clone());
        }
    }

    /// What was promised until now.
    pub fn promises(&self) -> Promises {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
