//! What lines say, added up by system, day, address, machine and protocol, and handed out in portions.

use std::{collections::HashMap, net::IpAddr};

use super::sent::{Delivery, HourJson, ObservationJson, SightingJson};
use crate::domain::{
    observed::{Protocol, Via},
    time::{DAY, HOUR, Timestamp},
};

/// So much is gathered before it is handed out, some 20 MiB: enough for a day of a busy system, so that most rows are
/// written once.
pub const ENOUGH: usize = 100_000;
/// Rows of each kind in one delivery at most.
const AT_ONCE: usize = 10_000;

/// How lines were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Lines that are no comment.
    pub lines: u64,
    /// Of these: those that tell a protocol, known or not.
    pub told: u64,
    /// Plain HTTP, or nothing known.
    pub plain: u64,
    /// A value of the protocol that is not known.
    pub unknown: u64,
    /// A value that servers do not write: the client's half.
    pub odd: u64,
    /// Failed connections.
    pub failed: u64,
    /// Connections that only ran out of time, which is no failure.
    pub idle: u64,
    /// Lines of a part of the log that records no protocol.
    pub unrecorded: u64,
    /// No date or time, or a wrong one.
    pub undated: u64,
    /// A time to come.
    pub future: u64,
    /// Not as many values as columns, or no address.
    pub unreadable: u64,
    /// The last line, cut before its end.
    pub cut: u64,
    /// Lines in front of any heading.
    pub headless: u64,
    /// Nobody says of which system.
    pub nameless: u64,
    /// Sightings that were understood.
    pub sightings: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    system: u32,
    day: i64,
    address: IpAddr,
    machine: Option<Box<str>>,
    via: Via,
    protocol: Protocol,
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    first: i64,
    last: i64,
    count: i64,
}

/// One connection as a line tells it.
#[derive(Debug)]
pub(super) struct Connection<'l> {
    pub(super) system: &'l str,
    pub(super) at: i64,
    pub(super) address: IpAddr,
    pub(super) machine: Option<Box<str>>,
    pub(super) via: Via,
    pub(super) protocol: Protocol,
    /// Of so many lines, from this moment on; a table may tell several at once.
    pub(super) since: i64,
    pub(super) count: i64,
}

/// What was gathered and not handed out yet.
#[derive(Debug, Default)]
pub struct Gathering {
    /// How lines were read, from the beginning.
    pub told: Told,
    systems: Vec<String>,
    places: HashMap<String, u32>,
    seen: HashMap<Key, Tally>,
    hours: HashMap<(u32, i64), (i64, i64)>,
    sightings: Vec<SightingJson>,
}

impl Gathering {
    /// Whether there is enough to be handed out.
    pub fn is_enough(&self) -> bool {
        self.seen.len() + self.hours.len() + self.sightings.len() >= ENOUGH
    }

    fn place(&mut self, system: &str) -> u32 {
        if let Some(place) = self.places.get(system) {
            return *place;
        }
        let place = u32::try_from(self.systems.len()).unwrap_or(u32::MAX);
        self.systems.push(system.to_owned());
        self.places.insert(system.to_owned(), place);
        place
    }

    /// A line of this system at this moment, and whether it tells a protocol.
    pub(super) fn covers(&mut self, system: &str, at: i64, told: bool) {
        let system = self.place(system);
        let hour = self
            .hours
            .entry((system, at.div_euclid(HOUR)))
            .or_insert((0, 0));
        hour.0 += 1;
        hour.1 += i64::from(told);
    }

    pub(super) fn add(&mut self, connection: Connection<'_>) {
        let key = Key {
            system: self.place(connection.system),
            day: connection.at.div_euclid(DAY),
            address: connection.address,
            machine: connection.machine,
            via: connection.via,
            protocol: connection.protocol,
        };
        let (first, last) = (connection.since.min(connection.at), connection.at);
        let tally = self.seen.entry(key).or_insert(Tally {
            first,
            last,
            count: 0,
        });
        tally.first = tally.first.min(first);
        tally.last = tally.last.max(last);
        tally.count = tally.count.saturating_add(connection.count);
    }

    pub(super) fn sight(&mut self, sighting: SightingJson) {
        self.told.sightings += 1;
        self.sightings.push(sighting);
    }

    /// Hands everything out, deliveries for each system in order of its name; what is said of addresses stands in one
    /// without a system.
    pub fn hand_out(&mut self) -> Vec<Delivery> {
        let mut deliveries: Vec<Delivery> = self
            .systems
            .drain(..)
            .map(|system| Delivery {
                system: Some(system),
                ..Delivery::default()
            })
            .collect();
        self.places.clear();
        let at = |millis: i64| Timestamp(millis).to_string();
        for (key, tally) in self.seen.drain() {
            if let Some(delivery) = deliveries.get_mut(key.system as usize) {
                delivery.observations.push(ObservationJson {
                    address: key.address.to_string(),
                    machine: key.machine.map(String::from),
                    via: Some(key.via.code().to_owned()),
                    protocol: key.protocol.code().to_owned(),
                    first_at: at(tally.first),
                    last_at: at(tally.last),
                    count: tally.count,
                });
            }
        }
        for ((system, hour), (lines, told)) in self.hours.drain() {
            if let Some(delivery) = deliveries.get_mut(system as usize) {
                delivery.coverage.push(HourJson {
                    hour: at(hour * HOUR),
                    lines,
                    told,
                });
            }
        }
        for delivery in &mut deliveries {
            delivery.observations.sort_unstable();
            delivery.coverage.sort_unstable();
        }
        if !self.sightings.is_empty() {
            deliveries.push(Delivery {
                sightings: std::mem::take(&mut self.sightings),
                ..Delivery::default()
            });
        }
        deliveries.sort_by(|a, b| a.system.cmp(&b.system));
        deliveries.into_iter().flat_map(in_parts).collect()
    }
}

/// A delivery in parts of bounded length; a short one stays as it is.
fn in_parts(whole: Delivery) -> Vec<Delivery> {
    let system = whole.system;
    let mut observations = whole.observations.into_iter();
    let mut coverage = whole.coverage.into_iter();
    let mut sightings = whole.sightings.into_iter();
    let mut parts = Vec::new();
    loop {
        parts.push(Delivery {
            system: system.clone(),
            observations: observations.by_ref().take(AT_ONCE).collect(),
            coverage: coverage.by_ref().take(AT_ONCE).collect(),
            sightings: sightings.by_ref().take(AT_ONCE).collect(),
            ..Delivery::default()
        });
        if observations.len() + coverage.len() + sightings.len() == 0 {
            return parts;
        }
    }
}
