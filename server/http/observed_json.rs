//! What was seen on the wire, as programs read it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{contract::codes, observed::Asked, polled::Polled};
use crate::{
    domain::observed::{Ambiguous, Doubt, Quadrant, Seen},
    error::Problem,
    store::observed_read::{ClientSeen, Observed},
    views::observed::{coverage, shown_name},
};

/// Ambiguous addresses in one answer; how many there are is said.
pub(super) const DOUBTS: usize = 1_000;

/// A page of clients with what was seen of them, and what the whole covers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationList)]
pub(super) struct ObservedAnswer {
    items: Vec<ClientJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Clients in the whole list.
    total: usize,
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

/// A box.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservedBox)]
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
    /// The site system.
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

/// The clients of a list that were asked for: a page, the whole length, and whether more follow.
pub(super) fn page_of<'o>(
    observed: &'o Observed,
    asked: &Asked,
) -> Result<(Vec<&'o ClientSeen>, usize, bool), Problem> {
    let those = observed
        .clients
        .iter()
        .filter(|client| match asked.quadrant {
            Some(quadrant) => client.quadrant() == quadrant,
            None => client.seen.is_some(),
        });
    let all: Vec<&ClientSeen> = those.collect();
    let start = match &asked.cursor {
        None => 0,
        Some(cursor) => {
            // The client itself may stand in another box by now, and its place in the order stays.
            let known = observed.clients.iter();
            let place = known
                .clone()
                .position(|client| client.id.to_string() == *cursor)
                .ok_or_else(|| {
                    Problem::Malformed(
                        "This cursor was not made by this server for this list; start again without a cursor."
                            .to_owned(),
                    )
                })?;
            let before = known.take(place + 1).filter(|client| match asked.quadrant {
                Some(quadrant) => client.quadrant() == quadrant,
                None => client.seen.is_some(),
            });
            before.count()
        }
    };
    let page: Vec<&ClientSeen> = all.iter().skip(start).take(asked.limit).copied().collect();
    let more = start + page.len() < all.len();
    Ok((page, all.len(), more))
}

/// What may be anybody's, those with old protocols first.
pub(super) fn doubts(observed: &Observed) -> Vec<(&str, Doubt, &Ambiguous)> {
    let all = observed.ambiguous.iter();
    let mut all: Vec<(&str, Doubt, &Ambiguous)> = all
        .map(|((who, doubt), known)| (shown_name(who), *doubt, known))
        .collect();
    all.sort_by_key(|(_, _, known)| std::cmp::Reverse(known.seen));
    all
}

impl ObservedAnswer {
    /// The answer.
    pub(super) fn new(observed: &Observed, asked: &Asked) -> Result<Self, Problem> {
        let (page, total, more) = page_of(observed, asked)?;
        let doubts = doubts(observed);
        Ok(Self {
            next_cursor: page
                .last()
                .filter(|_| more)
                .map(|client| client.id.to_string()),
            items: page.into_iter().map(ClientJson::of).collect(),
            total,
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
            ambiguous_total: doubts.len(),
            ambiguous: doubts
                .into_iter()
                .take(DOUBTS)
                .map(|(who, doubt, known)| DoubtJson {
                    who: who.to_owned(),
                    why: doubt.code(),
                    says: doubt.words(),
                    legacy: known.seen == Seen::Legacy,
                    first_at: known.first.to_string(),
                    last_at: known.last.to_string(),
                    count: known.count,
                })
                .collect(),
        })
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
            code: client.quadrant().code(),
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
