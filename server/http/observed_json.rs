//! What was seen on the wire, as programs read it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{contract::codes, polled::Polled};
use crate::{
    domain::observed::{Quadrant, Seen},
    store::observed_model::{ClientSeen, Observed},
    views::observed::{coverage, shown_name},
};

/// A page of clients with what was seen of them, and what the whole covers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationList)]
pub(super) struct ObservedAnswer {
    items: Vec<ClientJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Clients in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Days of the window, today among them.
    days: i64,
    /// Every box, with how many clients stand in it.
    boxes: Vec<BoxJson>,
    /// What the logs cover, in a sentence. Absence proves nothing.
    coverage: String,
    /// Systems of which logs were read.
    systems: Vec<SystemJson>,
    /// Site systems of which no log says anything of this window.
    systems_without_logs: Vec<String>,
    /// Connections that may be anybody's, those with old protocols first; 1,000 at most.
    ambiguous: Vec<DoubtJson>,
    /// How many there are.
    ambiguous_total: usize,
}

impl Polled for ObservedAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// What was seen of some clients, by what they are configured as, and how many these are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservedBoxCount)]
struct BoxJson {
    #[serde(rename = "box")]
    #[schema(value_type = codes::ObservedBox)]
    code: &'static str,
    /// How many clients stand in it.
    clients: i64,
}

/// A client, and what was seen of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservedClient)]
struct ClientJson {
    /// Our id of it.
    #[schema(format = Uuid)]
    id: String,
    /// What it is called.
    name: String,
    /// Code of its site; null: not known.
    site_code: Option<String>,
    /// How it stands. What was seen does not move that.
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    #[serde(rename = "box")]
    #[schema(value_type = codes::ObservedBox)]
    code: &'static str,
    /// An old or unknown protocol came from an address that it may have had then.
    suspected: bool,
    /// What was seen, by system and protocol.
    seen: Vec<LineJson>,
}

/// Connections to one system with one protocol.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservedLine)]
struct LineJson {
    /// The site system; `this server`: a handshake that failed here, because nothing newer than that was offered.
    system: String,
    #[schema(value_type = codes::ObservedProtocol)]
    protocol: &'static str,
    /// The first connection.
    #[schema(format = DateTime)]
    first_at: String,
    /// The last connection.
    #[schema(format = DateTime)]
    last_at: String,
    /// How many lines say so.
    count: i64,
    /// It speaks for the client; otherwise the protocol is that of a proxy.
    sure: bool,
}

/// A system of which logs were read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservedSystem)]
struct SystemJson {
    /// Its name.
    system: String,
    /// Days of the window with at least one line that tells a protocol.
    covered_days: i64,
    /// Lines of logs that record protocols.
    lines: i64,
    /// Clients that used TLS 1.1 or earlier there.
    legacy_clients: i64,
}

/// Connections that may be anybody's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AmbiguousAddress)]
struct DoubtJson {
    /// The address, or the name of the machine account.
    who: String,
    #[schema(value_type = codes::ObservedDoubt)]
    why: &'static str,
    /// That in a sentence.
    says: &'static str,
    /// An old protocol was among them.
    legacy: bool,
    /// The first connection.
    #[schema(format = DateTime)]
    first_at: String,
    /// The last connection.
    #[schema(format = DateTime)]
    last_at: String,
    /// How many lines.
    count: i64,
}

impl ObservedAnswer {
    /// The answer.
    pub(super) fn new(observed: &Observed) -> Self {
        let clients = &observed.clients;
        let last = clients.last().filter(|_| observed.more);
        let doubts = &observed.ambiguous;
        Self {
            next_cursor: last.map(|client| client.id.to_string()),
            items: clients.iter().map(ClientJson::of).collect(),
            total: observed.total,
            as_of: observed.as_of.to_string(),
            days: observed.days,
            boxes: Quadrant::ALL
                .map(|quadrant| BoxJson {
                    code: quadrant.code(),
                    clients: observed.count(quadrant),
                })
                .into(),
            coverage: coverage(observed),
            systems: observed
                .systems
                .iter()
                .map(|system| SystemJson {
                    system: system.system.clone(),
                    covered_days: system.days,
                    lines: system.lines,
                    legacy_clients: system.legacy,
                })
                .collect(),
            systems_without_logs: observed.without.clone(),
            ambiguous_total: doubts.total,
            ambiguous: doubts
                .worst
                .iter()
                .map(|(who, doubt, known)| DoubtJson {
                    who: shown_name(who).to_owned(),
                    why: doubt.code(),
                    says: doubt.words(),
                    legacy: known.seen == Seen::Legacy,
                    first_at: known.first.to_string(),
                    last_at: known.last.to_string(),
                    count: known.count,
                })
                .collect(),
        }
    }
}

impl ClientJson {
    fn of(client: &ClientSeen) -> Self {
        let lines = client.seen.iter().flat_map(|seen| &seen.lines);
        Self {
            id: client.id.to_string(),
            name: client.name.clone(),
            site_code: Some(client.site.clone()).filter(|site| !site.is_empty()),
            standing: client.standing.code(),
            code: client.quadrant.code(),
            suspected: client.seen.as_ref().is_some_and(|seen| seen.suspected),
            seen: lines
                .map(|((system, protocol), line)| LineJson {
                    system: system.clone(),
                    protocol: protocol.code(),
                    first_at: line.first.to_string(),
                    last_at: line.last.to_string(),
                    count: line.count,
                    sure: line.sure,
                })
                .collect(),
        }
    }
}
