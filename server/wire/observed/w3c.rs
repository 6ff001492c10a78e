//! Logs in the W3C extended format: which columns there are says `#Fields`, and may say it anew at any line.

use super::{
    Settings, columns,
    gather::{Connection, Gathering},
    moment,
};
use crate::domain::{
    observed::Protocol,
    time::{DAY, Timestamp},
};

/// More columns than this are not looked at.
const MOST_COLUMNS: usize = 256;

/// Where the columns stand that say something to us.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    count: usize,
    date: Option<usize>,
    time: Option<usize>,
    client: Option<usize>,
    computer: Option<usize>,
    server: Option<usize>,
    user: Option<usize>,
    forwarded: Option<usize>,
    protocol: Option<usize>,
    /// Only HTTP.sys has it.
    reason: Option<usize>,
}

/// A log as far as it was read.
#[derive(Debug, Default)]
pub(super) struct W3c {
    columns: Option<Columns>,
    /// Day and time of the last `#Date`.
    stamp: Option<(i64, i64)>,
    /// The site system of the last line, as it was written and in lower case.
    system: (Vec<u8>, String),
}

impl Columns {
    fn of(text: &[u8]) -> Self {
        let mut columns = Self::default();
        let names = text
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty());
        for (place, name) in names.enumerate() {
            columns.count = place + 1;
            if place >= MOST_COLUMNS {
                continue;
            }
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let name = name.replace('_', "-");
            let slot = match name.as_str() {
                "date" => &mut columns.date,
                "time" => &mut columns.time,
                "c-ip" => &mut columns.client,
                "s-computername" => &mut columns.computer,
                "s-ip" => &mut columns.server,
                "cs-username" => &mut columns.user,
                "x-forwarded-for" | "cs(x-forwarded-for)" | "x-forwardedfor" => {
                    &mut columns.forwarded
                }
                // The name is the administrator's choice; these are the ones that manuals propose.
                "crypt-protocol" | "cryptprotocol" => &mut columns.protocol,
                "s-reason" => &mut columns.reason,
                _ => continue,
            };
            slot.get_or_insert(place);
        }
        columns
    }
}

impl W3c {
    pub(super) fn line(&mut self, line: &[u8], settings: &Settings, into: &mut Gathering) {
        if let Some(directive) = line.strip_prefix(b"#") {
            self.directive(directive);
            return;
        }
        into.told.lines += 1;
        let Some(columns) = self.columns else {
            into.told.headless += 1;
            return;
        };
        let mut places: [&[u8]; MOST_COLUMNS] = [b""; MOST_COLUMNS];
        let mut count = 0;
        for value in line.split(|byte| *byte == b' ') {
            if let Some(place) = places.get_mut(count) {
                *place = value;
            }
            count += 1;
        }
        let value = |place: Option<usize>| place.and_then(|place| places.get(place)).copied();
        if count != columns.count {
            into.told.unreadable += 1;
            return;
        }
        let Some(at) = self.at(value(columns.date), value(columns.time)) else {
            into.told.undated += 1;
            return;
        };
        if at > settings.latest.0 {
            into.told.future += 1;
            return;
        }
        let Some(peer) = value(columns.client).and_then(columns::address) else {
            into.told.unreadable += 1;
            return;
        };
        let said = value(columns.computer).or_else(|| value(columns.server));
        let Some(system) = self.system(settings, said) else {
            into.told.nameless += 1;
            return;
        };
        let protocol = match (columns.reason, columns.protocol) {
            // HTTP.sys tells of connections that came to nothing, and never of a protocol.
            (Some(reason), _) => {
                if value(Some(reason)) == Some(b"Timer_ConnectionIdle") {
                    into.told.idle += 1;
                    return;
                }
                into.told.failed += 1;
                Protocol::Failed
            }
            (None, None) => {
                into.told.unrecorded += 1;
                return;
            }
            (None, place) => {
                let found = value(place).and_then(columns::protocol);
                into.covers(system, at, found.is_some());
                let Some((protocol, odd)) = found else {
                    into.told.plain += 1;
                    return;
                };
                into.told.told += 1;
                into.told.unknown += u64::from(protocol == Protocol::Unknown);
                into.told.odd += u64::from(odd);
                protocol
            }
        };
        let forwarded = value(columns.forwarded);
        let (address, via) = columns::origin(peer, forwarded, &settings.proxies);
        into.add(Connection {
            system,
            at,
            address,
            machine: value(columns.user).and_then(columns::machine),
            via,
            protocol,
            since: at,
            count: 1,
        });
    }

    fn directive(&mut self, text: &[u8]) {
        if let Some(names) = text.strip_prefix(b"Fields:") {
            self.columns = Some(Columns::of(names));
        } else if let Some(stamp) = text.strip_prefix(b"Date:") {
            let stamp = stamp.trim_ascii();
            let (date, time) = stamp.split_at_checked(10).unwrap_or((stamp, b""));
            self.stamp = moment::day(date)
                .map(|day| (day, moment::time(time.trim_ascii()).unwrap_or_default()));
        }
    }

    /// When a line was written. Without a date it is of the day of the last `#Date`, or of the next one when its time is
    /// earlier than that.
    fn at(&self, date: Option<&[u8]>, time: Option<&[u8]>) -> Option<i64> {
        let time = moment::time(time?)?;
        let day = if let Some(date) = date {
            moment::day(date)?
        } else {
            let (day, from) = self.stamp?;
            day + i64::from(time < from)
        };
        Some(Timestamp(day * DAY + time).0)
    }

    /// The system that wrote a line: as somebody said, or as the line says.
    fn system<'s>(&'s mut self, settings: &'s Settings, said: Option<&[u8]>) -> Option<&'s str> {
        if let Some(system) = &settings.system {
            return Some(system);
        }
        let said = said.filter(|said| !matches!(*said, b"-" | b"") && said.len() <= 255)?;
        if self.system.0 != said {
            let name = std::str::from_utf8(said).ok()?;
            self.system = (said.to_vec(), name.to_lowercase());
        }
        Some(&self.system.1)
    }
}
