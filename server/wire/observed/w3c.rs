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

/// A column that says something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Date,
    Time,
    Client,
    Computer,
    Server,
    User,
    Forwarded,
    Protocol,
    /// Only HTTP.sys has it.
    Reason,
}

/// How many columns say something to us.
const TOLD: usize = 9;

/// Which columns there are, by their place.
#[derive(Debug)]
struct Columns {
    count: usize,
    named: [Option<Column>; MOST_COLUMNS],
}

/// The values of a line that say something to us; `None`: there is no such column.
#[derive(Clone, Copy, Debug, Default)]
struct Values<'l>([Option<&'l [u8]>; TOLD]);

impl<'l> Values<'l> {
    fn of(&self, column: Column) -> Option<&'l [u8]> {
        self.0.get(column as usize).copied().flatten()
    }
}

/// A log as far as it was read.
#[derive(Debug, Default)]
pub(super) struct W3c {
    columns: Option<Box<Columns>>,
    /// Day and time of the last `#Date`.
    stamp: Option<(i64, i64)>,
    /// The site system of the last line, as it was written and in lower case.
    system: (Vec<u8>, String),
    /// The date of the last line, as it was written and as a day.
    date: (Vec<u8>, i64),
    /// What decides about a line besides its time, put together.
    key: Vec<u8>,
}

impl Columns {
    fn of(text: &[u8]) -> Self {
        let mut columns = Self {
            count: 0,
            named: [None; MOST_COLUMNS],
        };
        let names = text
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty());
        for (place, name) in names.enumerate() {
            columns.count = place + 1;
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let name = name.replace('_', "-");
            let column = match name.as_str() {
                "date" => Column::Date,
                "time" => Column::Time,
                "c-ip" => Column::Client,
                "s-computername" => Column::Computer,
                "s-ip" => Column::Server,
                "cs-username" => Column::User,
                "x-forwarded-for" | "cs(x-forwarded-for)" | "x-forwardedfor" => Column::Forwarded,
                // The name is the administrator's choice; these are the ones that manuals propose.
                "crypt-protocol" | "cryptprotocol" => Column::Protocol,
                "s-reason" => Column::Reason,
                _ => continue,
            };
            // Where a name stands twice, the first is meant.
            if !columns.has(column)
                && let Some(slot) = columns.named.get_mut(place)
            {
                *slot = Some(column);
            }
        }
        columns
    }

    fn has(&self, column: Column) -> bool {
        self.named.contains(&Some(column))
    }

    /// The values of a line; `None`: it does not have as many as there are columns.
    fn values<'l>(&self, line: &'l [u8]) -> Option<Values<'l>> {
        let mut values = Values::default();
        let mut count = 0;
        for value in line.split(|byte| *byte == b' ') {
            if let Some(Some(column)) = self.named.get(count)
                && let Some(slot) = values.0.get_mut(*column as usize)
            {
                *slot = Some(value);
            }
            count += 1;
        }
        (count == self.count).then_some(values)
    }
}

impl W3c {
    pub(super) fn line(&mut self, line: &[u8], settings: &Settings, into: &mut Gathering) {
        if let Some(directive) = line.strip_prefix(b"#") {
            self.directive(directive);
            return;
        }
        into.told.lines += 1;
        let Some(columns) = &self.columns else {
            into.told.headless += 1;
            return;
        };
        let Some(values) = columns.values(line) else {
            into.told.unreadable += 1;
            return;
        };
        let Some(at) = self.at(&values) else {
            let found = [Column::Date, Column::Time].map(|column| values.of(column));
            let found = found.map(|value| String::from_utf8_lossy(value.unwrap_or_default()));
            into.undated(found.iter().map(AsRef::as_ref));
            return;
        };
        if at > settings.latest.0 {
            into.told.future += 1;
            return;
        }
        self.key(&values, at);
        if into.again(&self.key, at).is_some() {
            return;
        }
        let Some(peer) = values.of(Column::Client).and_then(columns::address) else {
            into.told.unreadable += 1;
            return;
        };
        let said = values
            .of(Column::Computer)
            .or_else(|| values.of(Column::Server));
        if !self.notes_system(settings, said) {
            into.told.nameless += 1;
            return;
        }
        let system = settings.system.as_ref().unwrap_or(&self.system.1);
        let (protocol, odd) = match (values.of(Column::Reason), values.of(Column::Protocol)) {
            // HTTP.sys tells of connections that came to nothing, and never of a protocol.
            (Some(reason), _) => {
                if reason == b"Timer_ConnectionIdle" {
                    into.told.idle += 1;
                    return;
                }
                into.told.failed += 1;
                (Protocol::Failed, false)
            }
            (None, None) => {
                into.told.unrecorded += 1;
                return;
            }
            (None, Some(value)) => {
                let found = columns::protocol(value);
                into.covers(system, at, found.is_some());
                let Some((protocol, odd)) = found else {
                    into.told.plain += 1;
                    into.remember(&self.key, system, None);
                    return;
                };
                into.told.told += 1;
                into.told.unknown += u64::from(protocol == Protocol::Unknown);
                into.told.odd += u64::from(odd);
                (protocol, odd)
            }
        };
        let forwarded = values.of(Column::Forwarded);
        let (address, via) = columns::origin(peer, forwarded, &settings.proxies);
        let tally = into.add(Connection {
            system,
            at,
            address,
            machine: values.of(Column::User).and_then(columns::machine),
            via,
            protocol,
            since: at,
            count: 1,
        });
        if protocol != Protocol::Failed {
            let told = (tally, protocol == Protocol::Unknown, odd);
            into.remember(&self.key, system, Some(told));
        }
    }

    /// Puts together what decides about a line besides its time. A value says how long it is, so that no two lines that are
    /// not the same have one key.
    fn key(&mut self, values: &Values<'_>, at: i64) {
        self.key.clear();
        self.key
            .extend_from_slice(&at.div_euclid(DAY).to_le_bytes());
        for column in [
            Column::Client,
            Column::Computer,
            Column::Server,
            Column::User,
            Column::Forwarded,
            Column::Protocol,
            Column::Reason,
        ] {
            let Some(value) = values.of(column) else {
                self.key.push(0xFF);
                continue;
            };
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            match u8::try_from(length) {
                Ok(short) if short < 0xFE => self.key.push(short),
                _ => {
                    self.key.push(0xFE);
                    self.key.extend_from_slice(&length.to_le_bytes());
                }
            }
            self.key.extend_from_slice(value);
        }
    }

    fn directive(&mut self, text: &[u8]) {
        if let Some(names) = text.strip_prefix(b"Fields:") {
            self.columns = Some(Box::new(Columns::of(names)));
        } else if let Some(stamp) = text.strip_prefix(b"Date:") {
            let stamp = stamp.trim_ascii();
            let (date, time) = stamp.split_at_checked(10).unwrap_or((stamp, b""));
            self.stamp = moment::day(date)
                .map(|day| (day, moment::time(time.trim_ascii()).unwrap_or_default()));
        }
    }

    /// When a line was written. Without a date it is of the day of the last `#Date`, or of the next one when its time is
    /// earlier than that.
    fn at(&mut self, values: &Values<'_>) -> Option<i64> {
        let time = moment::time(values.of(Column::Time)?)?;
        let day = if let Some(date) = values.of(Column::Date) {
            if self.date.0 != date {
                self.date = (date.to_vec(), moment::day(date)?);
            }
            self.date.1
        } else {
            let (day, from) = self.stamp?;
            day + i64::from(time < from)
        };
        Some(Timestamp(day * DAY + time).0)
    }

    /// Notes the system that wrote a line: as somebody said, or as the line says. Answers whether it is known.
    fn notes_system(&mut self, settings: &Settings, said: Option<&[u8]>) -> bool {
        if settings.system.is_some() {
            return true;
        }
        let said = said.filter(|said| !matches!(*said, b"-" | b"") && said.len() <= 255);
        let Some(said) = said else { return false };
        if self.system.0 != said {
            let Ok(name) = std::str::from_utf8(said) else {
                return false;
            };
            self.system = (said.to_vec(), name.to_lowercase());
        }
        true
    }
}
