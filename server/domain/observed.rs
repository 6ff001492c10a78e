//! What was seen on the wire beside what is configured: whose connection it was, and which box a client stands in.
//!
//! Observations never move a standing. Whatever leaves it open whose a connection was is told apart, and never speaks for
//! anybody; an old protocol in doubt speaks against everybody whose it may be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::time::{DAY, Timestamp};

/// An address that more machines than this had within the window is shared: a gateway, a proxy, a terminal server.
pub const SHARED_BY: usize = 5;

/// What a line says of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SSL 3.0.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
    /// A value that we do not know.
    Unknown,
    /// A connection that failed; of which protocol nobody says.
    Failed,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::Tls12,
        Self::Tls13,
        Self::Unknown,
        Self::Failed,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ssl3 => "ssl3",
            Self::Tls10 => "tls1.0",
            Self::Tls11 => "tls1.1",
            Self::Tls12 => "tls1.2",
            Self::Tls13 => "tls1.3",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
            Self::Unknown => "a value that is not known",
            Self::Failed => "a failed connection",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// What it proves by itself.
    pub const fn proves(self) -> Seen {
        match self {
            Self::Ssl3 | Self::Tls10 | Self::Tls11 => Seen::Legacy,
            Self::Tls12 | Self::Tls13 => Seen::Modern,
            Self::Unknown => Seen::Unclear,
            // It says nothing of protocols, so it is told beside them.
            Self::Failed => Seen::Nothing,
        }
    }
}

/// How a connection came, as far as the log says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// From the address itself.
    Direct,
    /// Through a proxy that was named to us and says for whom; the address is what it says. The protocol is that of the
    /// proxy's own connection.
    Proxy,
    /// Somebody says for whom it is, and was not named as a proxy; the address is that somebody's.
    Unnamed,
    /// A proxy that was named to us and does not say for whom.
    Hidden,
}

impl Via {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Direct, Self::Proxy, Self::Unnamed, Self::Hidden];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
            Self::Unnamed => "unnamed_proxy",
            Self::Hidden => "hidden",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Connections of one day that have everything in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The site system that wrote the log, in lower case.
    pub system: String,
    /// From which address, or for which one.
    pub address: String,
    /// The machine account as `identities` name it (`n:host`); empty: none.
    pub machine: String,
    /// How it came.
    pub via: Via,
    /// With which protocol.
    pub protocol: Protocol,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many lines.
    pub count: i64,
}

/// Somebody had an address for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Which address.
    pub address: String,
    /// Who, as `identities` name it.
    pub ident: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What was seen of a client. The greater one stands: a line more never takes anything away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// Nothing, which proves nothing.
    #[default]
    Nothing,
    /// TLS 1.2 or later, and nothing else.
    Modern,
    /// Something that may have been an old protocol.
    Unclear,
    /// TLS 1.1 or earlier.
    Legacy,
}

/// Where configured and observed meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quadrant {
    /// It is judged ready.
    pub ready: bool,
    /// What was seen of it.
    pub seen: Seen,
}

impl Quadrant {
    /// All of them, the most telling first.
    pub const ALL: [Self; 8] = [
        Self::of(true, Seen::Legacy),
        Self::of(false, Seen::Legacy),
        Self::of(true, Seen::Unclear),
        Self::of(false, Seen::Unclear),
        Self::of(true, Seen::Modern),
        Self::of(false, Seen::Modern),
        Self::of(true, Seen::Nothing),
        Self::of(false, Seen::Nothing),
    ];

    /// The box of these two.
    pub const fn of(ready: bool, seen: Seen) -> Self {
        Self { ready, seen }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match (self.ready, self.seen) {
            (true, Seen::Legacy) => "ready_legacy",
            (true, Seen::Unclear) => "ready_unclear",
            (true, Seen::Modern) => "ready_modern",
            (true, Seen::Nothing) => "ready_nothing",
            (false, Seen::Legacy) => "not_ready_legacy",
            (false, Seen::Unclear) => "not_ready_unclear",
            (false, Seen::Modern) => "not_ready_modern",
            (false, Seen::Nothing) => "not_ready_nothing",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Why nobody knows whose a connection was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Nobody said who had the address then.
    UnknownAddress,
    /// The machine that had it is no client that we know.
    UnknownMachine,
    /// Several machines had it at once, or several clients have the name.
    Several,
    /// It changed hands meanwhile, or the lease does not cover the whole time.
    LeaseChanged,
    /// So many machines had it that it is a gateway.
    Shared,
    /// It was forwarded by somebody who was not named as a proxy.
    Forwarded,
    /// It is a proxy that does not say for whom.
    Proxy,
}

impl Doubt {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::UnknownAddress,
        Self::UnknownMachine,
        Self::Several,
        Self::LeaseChanged,
        Self::Shared,
        Self::Forwarded,
        Self::Proxy,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAddress => "unknown_address",
            Self::UnknownMachine => "unknown_machine",
            Self::Several => "several",
            Self::LeaseChanged => "lease_changed",
            Self::Shared => "shared",
            Self::Forwarded => "forwarded",
            Self::Proxy => "proxy",
        }
    }

    /// In a sentence, with what to do about it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnknownAddress => {
                "Nobody said who had this address then; import the leases of DHCP for that time."
            }
            Self::UnknownMachine => "The machine that had it is no client that is known here.",
            Self::Several => {
                "Several machines had it at the same time, or several clients have this name."
            }
            Self::LeaseChanged => {
                "It changed hands on that day, or the lease that is known does not cover the time of the connections."
            }
            Self::Shared => {
                "More than five machines had it, so it is a gateway, a proxy or a pool."
            }
            Self::Forwarded => {
                "It forwards for others and was not named as a proxy; read the log again with --proxy if it is one."
            }
            Self::Proxy => "It is a proxy, and the log does not say for whom; log X-Forwarded-For.",
        }
    }
}

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

/// Whom the idents name. A name that several clients have finds none of them for certain.
pub type Named<K> = HashMap<String, Vec<K>>;

/// Finds out whose each connection was.
pub fn place<K: Copy + Ord>(
    observations: &[Observation],
    sightings: &[Sighting],
    named: &Named<K>,
) -> Placed<K> {
    let ground = Ground::new(observations, sightings, named);
    let mut placed = Placed {
        clients: BTreeMap::new(),
        ambiguous: BTreeMap::new(),
    };
    let mut doubtful: BTreeSet<&str> = BTreeSet::new();
    for observation in observations {
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

impl<K: Ord> Placed<K> {
    fn doubt(&mut self, observation: &Observation, doubt: Doubt) {
        let who = if observation.machine.is_empty() {
            &observation.address
        } else {
            &observation.machine
        };
        let entry = self.ambiguous.entry((who.clone(), doubt));
        let known = entry.or_insert(Ambiguous {
            first: observation.first,
            last: observation.last,
            count: 0,
            seen: Seen::Nothing,
        });
        known.first = known.first.min(observation.first);
        known.last = known.last.max(observation.last);
        known.count = known.count.saturating_add(observation.count);
        known.seen = known.seen.max(observation.protocol.proves());
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

    fn suspect(&mut self) {
        self.suspected = true;
        self.seen = self.seen.max(Seen::Unclear);
    }
}

/// Who had which address.
struct Ground<'a, K> {
    named: &'a Named<K>,
    held: HashMap<&'a str, Vec<(Holder<'a, K>, Spans)>>,
    /// Machine accounts that spoke from an address on a day.
    spoke: HashMap<(&'a str, i64), BTreeSet<Holder<'a, K>>>,
    shared: BTreeSet<&'a str>,
}

impl<'a, K: Copy + Ord> Ground<'a, K> {
    fn new(
        observations: &'a [Observation],
        sightings: &'a [Sighting],
        named: &'a Named<K>,
    ) -> Self {
        let mut by_holder: HashMap<&str, BTreeMap<Holder<'_, K>, Spans>> = HashMap::new();
        let mut all: HashMap<&str, BTreeSet<Holder<'_, K>>> = HashMap::new();
        for sighting in sightings {
            let holders = by_holder.entry(&sighting.address).or_default();
            for holder in holders_of(&sighting.ident, named) {
                holders
                    .entry(holder)
                    .or_default()
                    .push((sighting.from, sighting.until));
                all.entry(&sighting.address).or_default().insert(holder);
            }
        }
        let mut spoke: HashMap<(&str, i64), BTreeSet<Holder<'_, K>>> = HashMap::new();
        for observation in observations {
            if observation.machine.is_empty() || observation.via != Via::Direct {
                continue;
            }
            let day = observation.first.0.div_euclid(DAY);
            for holder in holders_of(&observation.machine, named) {
                let here = spoke.entry((&observation.address, day)).or_default();
                here.insert(holder);
                all.entry(&observation.address).or_default().insert(holder);
            }
        }
        let shared = all.iter().filter(|(_, holders)| holders.len() > SHARED_BY);
        Self {
            named,
            shared: shared.map(|(address, _)| *address).collect(),
            held: by_holder
                .into_iter()
                .map(|(address, holders)| {
                    let joined = holders.into_iter();
                    let joined = joined.map(|(holder, spans)| (holder, joined_spans(spans)));
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
        let then: Vec<(Holder<'_, K>, &Spans)> = held
            .iter()
            .filter(|(_, spans)| meets(spans, first, last))
            .map(|(holder, spans)| (*holder, spans))
            .collect();
        let day = first.0.div_euclid(DAY);
        let spoke = self.spoke.get(&(address, day));
        let stranger = |holder: &Holder<'_, K>| then.iter().all(|(known, _)| known != holder);
        match then.as_slice() {
            [] => open(Doubt::UnknownAddress),
            [_] if spoke.is_some_and(|spoke| spoke.iter().any(stranger)) => open(Doubt::Several),
            [(_, spans)] if !covers(spans, first, last) => open(Doubt::LeaseChanged),
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
