//! What lines say, added up by system, day, address, machine and protocol, and handed out in portions.

use std::{collections::HashMap, net::IpAddr};

use super::sent::{Delivery, HourJson, LeaseJson, ObservationJson};
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
    /// Leases that were understood.
    pub leases: u64,
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

impl Tally {
    fn add(&mut self, first: i64, last: i64, count: i64) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        self.count = self.count.saturating_add(count);
    }
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

/// A line like this was read before: what it told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    system: u32,
    /// Place of its tally; `None`: plain HTTP.
    tally: Option<u32>,
    unknown: bool,
    odd: bool,
}

/// Letters that are shown of a time that cannot be read.
const SHOWN: usize = 60;
/// Longest key that is remembered, in bytes.
const LONGEST_KEY: usize = 256;

/// Lines of an hour, and how many of them told a protocol.
type Lines = (i64, i64);

/// What was gathered and not handed out yet.
#[derive(Debug, Default)]
pub struct Gathering {
    /// How lines were read, from the beginning.
    pub told: Told,
    /// Number of the line in hand, from 1; all lines of the file count.
    pub(super) line: u64,
    /// The first line whose time could not be read: its number, and what stands there.
    pub(super) first_undated: Option<(u64, String)>,
    systems: Vec<String>,
    places: HashMap<String, u32>,
    seen: HashMap<Key, u32>,
    tallies: Vec<Tally>,
    hours: HashMap<(u32, i64), Lines>,
    /// The hour in hand, which most lines are of.
    hour: Option<((u32, i64), Lines)>,
    /// What lines told, by their bytes: most lines of a day say what another one said.
    known: HashMap<Box<[u8]>, Known>,
    leases: Vec<LeaseJson>,
}

impl Gathering {
    /// Whether there is enough to be handed out.
    pub fn is_enough(&self) -> bool {
        self.seen.len() + self.hours.len() + self.leases.len() >= ENOUGH
    }

    /// Notes that the time of the line in hand cannot be read, and what stands there.
    pub(super) fn undated<'t>(&mut self, found: impl IntoIterator<Item = &'t str>) {
        self.told.undated += 1;
        if self.first_undated.is_some() {
            return;
        }
        let found: Vec<&str> = found.into_iter().filter(|text| !text.is_empty()).collect();
        let plain = found.join(" ");
        let mut shown: String = plain
            .chars()
            .map(|c| if c.is_control() { '·' } else { c })
            .take(SHOWN)
            .collect();
        if plain.chars().count() > SHOWN {
            shown.push('…');
        }
        self.first_undated = Some((self.line, shown));
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
        self.covers_place(system, at, told);
    }

    fn covers_place(&mut self, system: u32, at: i64, told: bool) {
        let key = (system, at.div_euclid(HOUR));
        match &mut self.hour {
            Some((known, lines)) if *known == key => {
                lines.0 += 1;
                lines.1 += i64::from(told);
            }
            _ => {
                self.close_hour();
                self.hour = Some((key, (1, i64::from(told))));
            }
        }
    }

    fn close_hour(&mut self) {
        if let Some((key, (lines, told))) = self.hour.take() {
            let sum = self.hours.entry(key).or_default();
            sum.0 += lines;
            sum.1 += told;
        }
    }

    /// Counts a line that says what another one said; `None`: no other one did.
    pub(super) fn again(&mut self, key: &[u8], at: i64) -> Option<()> {
        let known = *self.known.get(key)?;
        self.covers_place(known.system, at, known.tally.is_some());
        let Some(tally) = known.tally else {
            self.told.plain += 1;
            return Some(());
        };
        self.told.told += 1;
        self.told.unknown += u64::from(known.unknown);
        self.told.odd += u64::from(known.odd);
        if let Some(tally) = self.tallies.get_mut(tally as usize) {
            tally.add(at, at, 1);
        }
        Some(())
    }

    /// Remembers what a line told.
    pub(super) fn remember(&mut self, key: &[u8], system: &str, told: Option<(u32, bool, bool)>) {
        if key.len() > LONGEST_KEY {
            return;
        }
        if self.known.len() >= 2 * ENOUGH {
            self.known.clear();
        }
        let (unknown, odd) = told.map_or((false, false), |(_, unknown, odd)| (unknown, odd));
        let known = Known {
            system: self.place(system),
            tally: told.map(|(tally, ..)| tally),
            unknown,
            odd,
        };
        self.known.insert(key.into(), known);
    }

    /// Counts a connection; answers the place of its tally.
    pub(super) fn add(&mut self, connection: Connection<'_>) -> u32 {
        let key = Key {
            system: self.place(connection.system),
            day: connection.at.div_euclid(DAY),
            address: connection.address,
            machine: connection.machine,
            via: connection.via,
            protocol: connection.protocol,
        };
        let (first, last) = (connection.since.min(connection.at), connection.at);
        let next = u32::try_from(self.tallies.len()).unwrap_or(u32::MAX);
        let place = *self.seen.entry(key).or_insert(next);
        if place == next {
            self.tallies.push(Tally {
                first,
                last,
                count: 0,
            });
        }
        if let Some(tally) = self.tallies.get_mut(place as usize) {
            tally.add(first, last, connection.count);
        }
        place
    }

    pub(super) fn sight(&mut self, lease: LeaseJson) {
        self.told.leases += 1;
        self.leases.push(lease);
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
        self.known.clear();
        self.close_hour();
        let tallies = std::mem::take(&mut self.tallies);
        let at = |millis: i64| Timestamp(millis).to_string();
        for (key, place) in self.seen.drain() {
            if let Some(delivery) = deliveries.get_mut(key.system as usize)
                && let Some(tally) = tallies.get(place as usize)
            {
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
        if !self.leases.is_empty() {
            deliveries.push(Delivery {
                leases: std::mem::take(&mut self.leases),
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
    let mut leases = whole.leases.into_iter();
    let mut parts = Vec::new();
    loop {
        parts.push(Delivery {
            system: system.clone(),
            observations: observations.by_ref().take(AT_ONCE).collect(),
            coverage: coverage.by_ref().take(AT_ONCE).collect(),
            leases: leases.by_ref().take(AT_ONCE).collect(),
            ..Delivery::default()
        });
        if observations.len() + coverage.len() + leases.len() == 0 {
            return parts;
        }
    }
}
