//! What is told of observations: plain structs for pages and programs.

use std::collections::{BTreeMap, HashSet};

use super::identify::ClientId;
use crate::domain::{
    observed::{Ambiguous, Doubt, OfClient, Quadrant},
    time::Timestamp,
    verdict::Standing,
};

/// So many ambiguous addresses are told at most, those with old protocols first; how many there are is said.
pub const DOUBTS: usize = 1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Days, today among them.
    pub days: i64,
    /// Clients of this box; `None`: of whom anything was seen.
    pub quadrant: Option<Quadrant>,
    /// Behind this client.
    pub after: Option<ClientId>,
    /// Clients of a page; 0: none are listed.
    pub limit: usize,
}

/// A client and what was seen of it.
#[derive(Clone, Debug)]
pub struct ClientSeen {
    /// Our id of it.
    pub id: ClientId,
    /// What it is called.
    pub name: String,
    /// Its site; empty: not known.
    pub site: String,
    /// How it stands.
    pub standing: Standing,
    /// In which box it stands.
    pub quadrant: Quadrant,
    /// What was seen; `None`: nothing.
    pub seen: Option<OfClient>,
}

/// A site system, and how much of the window its logs cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemSeen {
    /// Its name, in lower case.
    pub system: String,
    /// Days of the window with at least one line that tells a protocol.
    pub days: i64,
    /// Lines of logs that record protocols.
    pub lines: i64,
    /// Clients that used TLS 1.1 or earlier there.
    pub legacy: i64,
}

/// Connections that may be anybody's.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    /// By address or name, and why; those with old protocols first, [`DOUBTS`] at most.
    pub worst: Vec<(String, Doubt, Ambiguous)>,
    /// How many there are.
    pub total: usize,
    /// Those of them with TLS 1.1 or earlier, or with something unknown.
    pub risky: usize,
}

/// Everything that was seen within a window.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The moment it is of.
    pub as_of: Timestamp,
    /// Days of the window, today among them.
    pub days: i64,
    /// How many counted clients stand in each box.
    pub boxes: BTreeMap<Quadrant, i64>,
    /// A page of clients, by name.
    pub clients: Vec<ClientSeen>,
    /// Clients of the whole list.
    pub total: i64,
    /// Whether more follow behind the page.
    pub more: bool,
    /// Connections that may be anybody's.
    pub ambiguous: Doubts,
    /// Systems of which logs were read.
    pub systems: Vec<SystemSeen>,
    /// Site systems that are known, and of which no log says anything of this window.
    pub without: Vec<String>,
}

impl Observed {
    /// How many clients stand in a box.
    pub fn count(&self, quadrant: Quadrant) -> i64 {
        self.boxes.get(&quadrant).copied().unwrap_or_default()
    }

    /// How many systems have logs within the window, how many there are, and the fewest days that any of the former covers.
    pub fn coverage(&self) -> (usize, usize, i64) {
        let with = self.systems.iter().map(|system| system.days);
        let with: Vec<i64> = with.filter(|days| *days > 0).collect();
        let least = with.iter().copied().min().unwrap_or_default();
        let silent = self.systems.iter().filter(|system| system.days == 0);
        let named: HashSet<&str> = silent.map(|system| system.system.as_str()).collect();
        let others = self.without.iter();
        let others = others.filter(|name| !named.contains(name.as_str())).count();
        (with.len(), self.systems.len() + others, least)
    }
}

/// What a decision asks of observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObservedLegacy {
    /// Clients of the scope that used TLS 1.1 or earlier, with whatever system, or offered nothing newer to this server.
    pub devices: i64,
    /// Addresses or names with TLS 1.1 or earlier, or with something unknown, that may be anybody's: of every site, because
    /// each may be of the scope.
    pub ambiguous_addresses: i64,
    /// The fewest days that the logs of a system of the scope's site cover, of those that have any.
    pub covered_days: i64,
    /// Systems of the scope's site with logs, and all that are known.
    pub systems: (i64, i64),
}
