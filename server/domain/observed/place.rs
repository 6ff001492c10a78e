//! Whose each connection was.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Doubt, Lease, Observation, Protocol, SHARED_BY, Seen, Via};
use crate::domain::time::{DAY, Timestamp};

/// What was seen of a client with one protocol on one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first connection.
    pub first: Timestamp,
    /// The last connection.
    pub last: Timestamp,
    /// How many lines.
    pub count: i64,
    /// It speaks for the client; otherwise the protocol may be that of a proxy.
    pub sure: bool,
}

/// All that was seen of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfClient {
    /// What it comes to.
    pub seen: Seen,
    /// By system and protocol.
    pub lines: BTreeMap<(String, Protocol), Line>,
    /// An old or unknown protocol was seen that may have been its own.
    pub suspected: bool,
}

/// Connections that may be anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguous {
    /// The first connection.
    pub first: Timestamp,
    /// The last connection.
    pub last: Timestamp,
    /// How many lines.
    pub count: i64,
    /// The worst that was seen.
    pub seen: Seen,
}

/// Whose everything was.
#[derive(Clone, Debug)]
pub struct Placed<K> {
    /// What is known of each client of which anything is.
    pub clients: BTreeMap<K, OfClient>,
    /// The rest: by address or name, and why.
    pub ambiguous: BTreeMap<(String, Doubt), Ambiguous>,
}

/// Who had an address: a client, or a machine that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holder<'a, K> {
    Client(K),
    Stranger(&'a str),
}

/// When somebody had an address: apart from each other, and in order.
type Spans = Vec<(Timestamp, Timestamp)>;

/// The same, by how much it counts.
#[derive(Debug, Default)]
struct Held {
    certain: Spans,
    hearsay: Spans,
}

/// What is known of some addresses: all of it, for each of them decides about the others of its address.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Connections from there. Those of several days may stand together where nobody had the address.
    pub observations: Vec<Observation>,
    /// Who had them.
    pub leases: Vec<Lease>,
    /// Addresses of which so many reports came that no lease is listed for each.
    pub crowded: HashSet<String>,
}

/// Whom the idents name. A name that several clients have finds none of them for certain.
pub type Named<K> = HashMap<String, Vec<K>>;

/// Finds out whose each connection was.
pub fn place<K: Copy + Ord>(evidence: &Evidence, named: &Named<K>) -> Placed<K> {
    let ground = Ground::new(evidence, named);
    let mut placed = Placed {
        clients: BTreeMap::new(),
        ambiguous: BTreeMap::new(),
    };
    let mut doubtful: BTreeSet<&str> = BTreeSet::new();
    for observation in &evidence.observations {
        let risky = observation.protocol.proves() >= Seen::Unclear;
        match ground.whose(observation) {
            Ok(client) => placed.clients.entry(client).or_default().add(observation),
            Err((doubt, suspects)) => {
                for client in suspects.iter().filter(|_| risky) {
                    placed.clients.entry(*client).or_default().suspect();
                }
                if risky && observation.machine.is_empty() {
                    doubtful.insert(&observation.address);
                }
                placed.doubt(observation, doubt);
            }
        }
    }
    // Whoever had an address from which an old protocol came may have spoken it.
    for address in doubtful {
        for (holder, _) in ground.held.get(address).into_iter().flatten() {
            if let Holder::Client(client) = holder {
                placed.clients.entry(*client).or_default().suspect();
            }
        }
    }
    placed
}

impl Ambiguous {
    /// Adds what else is known of the same.
    pub fn join(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
        self.seen = self.seen.max(other.seen);
    }
}

impl<K: Ord> Placed<K> {
    fn doubt(&mut self, observation: &Observation, doubt: Doubt) {
        let who = if observation.machine.is_empty() {
            &observation.address
        } else {
            &observation.machine
        };
        let more = Ambiguous {
            first: observation.first,
            last: observation.last,
            count: observation.count,
            seen: observation.protocol.proves(),
        };
        let entry = self.ambiguous.entry((who.clone(), doubt));
        entry.and_modify(|known| known.join(&more)).or_insert(more);
    }
}

impl OfClient {
    fn add(&mut self, observation: &Observation) {
        let proves = observation.protocol.proves();
        // A proxy speaks its own protocol: a new one says nothing of whoever is behind it, an old one will fail.
        let sure = observation.via == Via::Direct || proves == Seen::Legacy;
        self.seen = self.seen.max(match proves {
            Seen::Modern if !sure => Seen::Unclear,
            proves => proves,
        });
        let key = (observation.system.clone(), observation.protocol);
        let line = self.lines.entry(key).or_insert(Line {
            first: observation.first,
            last: observation.last,
            count: 0,
            sure: true,
        });
        line.first = line.first.min(observation.first);
        line.last = line.last.max(observation.last);
        line.count = line.count.saturating_add(observation.count);
        line.sure &= sure;
    }

    /// Adds what else is known of the same client.
    pub fn join(&mut self, other: Self) {
        self.seen = self.seen.max(other.seen);
        self.suspected |= other.suspected;
        for (key, line) in other.lines {
            let known = self.lines.entry(key).or_insert(Line {
                count: 0,
                ..line.clone()
            });
            known.first = known.first.min(line.first);
            known.last = known.last.max(line.last);
            known.count = known.count.saturating_add(line.count);
            known.sure &= line.sure;
        }
    }

    fn suspect(&mut self) {
        self.suspected = true;
        self.seen = self.seen.max(Seen::Unclear);
    }
}

/// Days on which a machine account spoke from an address.
type Spoke<'a, K> = Vec<(Holder<'a, K>, i64, i64)>;

/// Who had which address.
struct Ground<'a, K> {
    named: &'a Named<K>,
    held: HashMap<&'a str, Vec<(Holder<'a, K>, Held)>>,
    spoke: HashMap<&'a str, Spoke<'a, K>>,
    shared: BTreeSet<&'a str>,
}

fn days(observation: &Observation) -> (i64, i64) {
    (
        observation.first.0.div_euclid(DAY),
        observation.last.0.div_euclid(DAY),
    )
}

impl<'a, K: Copy + Ord> Ground<'a, K> {
    fn new(evidence: &'a Evidence, named: &'a Named<K>) -> Self {
        let mut by_holder: HashMap<&str, BTreeMap<Holder<'_, K>, Held>> = HashMap::new();
        let mut all: HashMap<&str, BTreeSet<Holder<'_, K>>> = HashMap::new();
        for lease in &evidence.leases {
            let holders = by_holder.entry(&lease.address).or_default();
            for holder in holders_of(&lease.ident, named) {
                let held = holders.entry(holder).or_default();
                let spans = if lease.hearsay {
                    &mut held.hearsay
                } else {
                    &mut held.certain
                };
                spans.push((lease.from, lease.until));
                all.entry(&lease.address).or_default().insert(holder);
            }
        }
        let mut spoke: HashMap<&str, Spoke<'_, K>> = HashMap::new();
        for observation in &evidence.observations {
            if observation.machine.is_empty() || observation.via != Via::Direct {
                continue;
            }
            let (first, last) = days(observation);
            for holder in holders_of(&observation.machine, named) {
                let here = spoke.entry(&observation.address).or_default();
                here.push((holder, first, last));
                all.entry(&observation.address).or_default().insert(holder);
            }
        }
        let shared = all.iter().filter(|(_, holders)| holders.len() > SHARED_BY);
        let shared = shared.map(|(address, _)| *address);
        Self {
            named,
            shared: shared
                .chain(evidence.crowded.iter().map(String::as_str))
                .collect(),
            held: by_holder
                .into_iter()
                .map(|(address, holders)| {
                    let joined = holders.into_iter().map(|(holder, held)| {
                        let held = Held {
                            certain: joined_spans(held.certain),
                            hearsay: joined_spans(held.hearsay),
                        };
                        (holder, held)
                    });
                    (address, joined.collect())
                })
                .collect(),
            spoke,
        }
    }

    /// Whose a connection was; otherwise why nobody knows, and whose it may have been.
    fn whose(&self, observation: &Observation) -> Result<K, (Doubt, Vec<K>)> {
        let open = |doubt| Err((doubt, Vec::new()));
        if !observation.machine.is_empty() {
            return match self.named.get(&observation.machine).map(Vec::as_slice) {
                Some([client]) => Ok(*client),
                Some(clients) if !clients.is_empty() => Err((Doubt::Several, clients.to_vec())),
                _ => open(Doubt::UnknownMachine),
            };
        }
        match observation.via {
            Via::Unnamed => return open(Doubt::Forwarded),
            Via::Hidden => return open(Doubt::Proxy),
            Via::Direct | Via::Proxy => {}
        }
        let address = observation.address.as_str();
        if self.shared.contains(address) {
            return open(Doubt::Shared);
        }
        let (first, last) = (observation.first, observation.last);
        let held = self.held.get(address).map_or(&[][..], Vec::as_slice);
        let meeting = |spans: fn(&Held) -> &Spans| -> Vec<(Holder<'_, K>, &Spans)> {
            held.iter()
                .map(|(holder, held)| (*holder, spans(held)))
                .filter(|(_, spans)| meets(spans, first, last))
                .collect()
        };
        // Where somebody says it for certain, hearsay says nothing.
        let certain = meeting(|held| &held.certain);
        let hearsay = certain.is_empty();
        let then = if hearsay {
            meeting(|held| &held.hearsay)
        } else {
            certain
        };
        let (from, to) = days(observation);
        let spoke = self.spoke.get(address).map_or(&[][..], Vec::as_slice);
        // A machine that spoke from there on one of these days, and had it by no lease.
        let stranger = |(holder, began, ended): &(Holder<'_, K>, i64, i64)| {
            *began <= to && *ended >= from && then.iter().all(|(known, _)| known != holder)
        };
        match then.as_slice() {
            [] => open(Doubt::UnknownAddress),
            [_] if spoke.iter().any(stranger) => open(Doubt::Several),
            [(_, spans)] if !covers(spans, first, last) => open(Doubt::LeaseChanged),
            [(Holder::Client(_), _)]
                if hearsay && observation.protocol.proves() == Seen::Modern =>
            {
                open(Doubt::UnknownAddress)
            }
            [(Holder::Client(client), _)] => Ok(*client),
            [(Holder::Stranger(_), _)] => open(Doubt::UnknownMachine),
            // One after the other, and the connections of both are counted together.
            [..] if then.iter().any(|(_, spans)| covers(spans, first, last)) => {
                open(Doubt::Several)
            }
            [..] => open(Doubt::LeaseChanged),
        }
    }
}

/// Whom an ident names. Each of several clients of that name may have been it, so each counts.
fn holders_of<'a, K: Copy + Ord>(ident: &'a str, named: &'a Named<K>) -> Vec<Holder<'a, K>> {
    match named.get(ident) {
        Some(clients) if !clients.is_empty() => {
            clients.iter().copied().map(Holder::Client).collect()
        }
        _ => vec![Holder::Stranger(ident)],
    }
}

/// Spans that touch or overlap as one.
fn joined_spans(mut spans: Spans) -> Spans {
    spans.sort_unstable();
    let mut joined: Spans = Vec::with_capacity(spans.len());
    for (from, until) in spans {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = until.max(*end),
            _ => joined.push((from, until)),
        }
    }
    joined
}

/// The last span that begins at or before this moment.
fn before(spans: &Spans, moment: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let behind = spans.partition_point(|(from, _)| *from <= moment);
    behind.checked_sub(1).and_then(|at| spans.get(at)).copied()
}

fn meets(spans: &Spans, first: Timestamp, last: Timestamp) -> bool {
    before(spans, last).is_some_and(|(_, until)| until >= first)
}

fn covers(spans: &Spans, first: Timestamp, last: Timestamp) -> bool {
    before(spans, first).is_some_and(|(_, until)| until >= last)
}
