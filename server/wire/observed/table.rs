//! Tables: connections as a load balancer lists them, and who had which address.

use super::{
    Kind, Settings, columns,
    gather::{Connection, Gathering},
    moment::moment_of,
    sent::LeaseJson,
};
use crate::domain::time::{DAY, Timestamp};

/// Where the columns stand that say something to us.
#[derive(Debug, Default)]
pub(super) struct Table {
    delimiter: u8,
    count: usize,
    address: Option<usize>,
    version: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    hits: Option<usize>,
    system: Option<usize>,
    name: Option<usize>,
    resource: Option<usize>,
    site: Option<usize>,
}

impl Table {
    /// Reads the heading and says what the table is.
    pub(super) fn heading(&mut self, line: &[u8], settings: &Settings) -> Result<Kind, String> {
        let text = std::str::from_utf8(line).map_err(|_| {
            "The file is no text in UTF-8. Save it as a W3C log, or as CSV in UTF-8.".to_owned()
        })?;
        let of = |delimiter: char| text.matches(delimiter).count();
        let (_, delimiter) = [(of(','), b','), (of(';'), b';'), (of('\t'), b'\t')]
            .into_iter()
            .max_by_key(|(count, _)| *count)
            .unwrap_or_default();
        *self = Self {
            delimiter,
            ..Self::default()
        };
        for (place, name) in cells(text, delimiter).into_iter().enumerate() {
            self.count = place + 1;
            let plain: String = name
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(64)
                .collect();
            let plain = plain.to_ascii_lowercase();
            let slot = match plain.trim_end_matches('0') {
                "address" | "ip" | "ipaddress" | "ipaddresses" | "clientip" | "clientaddress"
                | "client" | "cip" | "source" | "sourceip" | "sourceaddress" | "srcip" => {
                    &mut self.address
                }
                "version" | "protocol" | "tlsversion" | "sslversion" | "tlsprotocol"
                | "sslprotocol" | "tls" => &mut self.version,
                "firstseen" | "first" | "from" | "start" | "leasestart" | "leasestarttime"
                | "validfrom" => &mut self.first,
                "lastseen" | "last" | "time" | "timestamp" | "until" | "end" | "leaseend"
                | "leaseexpires" | "leaseexpirytime" | "expires" | "validuntil" => &mut self.last,
                "count" | "hits" | "connections" | "n" => &mut self.hits,
                "system" | "server" | "virtualserver" | "vserver" | "pool" => &mut self.system,
                "name" | "hostname" | "computer" | "computername" | "machine" | "device"
                | "netbiosname" | "fqdn" | "resourcename" => &mut self.name,
                "resourceid" => &mut self.resource,
                "sitecode" | "site" => &mut self.site,
                _ => continue,
            };
            slot.get_or_insert(place);
        }
        if self.address.is_none() {
            return Err(
                "The first line is neither that of a W3C log, which begins with #, nor a heading with a column `address`."
                    .to_owned(),
            );
        }
        if self.version.is_some() {
            if self.last.is_none() {
                return Err(
                    "The table names addresses and versions, but not when they were seen; add a column `last seen`."
                        .to_owned(),
                );
            }
            if settings.system.is_none() && self.system.is_none() {
                return Err(
                    "The table does not say which system was asked; name it (--system), or add a column `system`."
                        .to_owned(),
                );
            }
            return Ok(Kind::Balancer);
        }
        if self.name.is_none() && self.resource.is_none() {
            return Err(
                "The table has neither a column `version` (connections of a load balancer) nor `name` or `resource id` (who had an address)."
                    .to_owned(),
            );
        }
        if settings.span.is_none() && (self.first.is_none() || self.last.is_none()) {
            return Err(
                "The table does not say from when and until when addresses were held; add columns `from` and `until`, or say it for all of them (--from and --until)."
                    .to_owned(),
            );
        }
        Ok(Kind::Leases)
    }

    /// A line of a load balancer.
    pub(super) fn balancer(&self, line: &[u8], settings: &Settings, into: &mut Gathering) {
        into.told.lines += 1;
        let Some(cells) = self.cells(line) else {
            into.told.unreadable += 1;
            return;
        };
        let cell = |place: Option<usize>| place.and_then(|place| cells.get(place));
        let address = cell(self.address).and_then(|text| columns::address(text.as_bytes()));
        let Some(address) = address else {
            into.told.unreadable += 1;
            return;
        };
        let Some(last) = cell(self.last).and_then(|text| moment_of(text)) else {
            into.undated(cell(self.last).map(String::as_str));
            return;
        };
        if last > settings.latest {
            into.told.future += 1;
            return;
        }
        let named = cell(self.system).map(|name| name.trim().to_lowercase());
        let named = named.filter(|name| !name.is_empty() && name.len() <= 255);
        let Some(system) = settings.system.clone().or(named) else {
            into.told.nameless += 1;
            return;
        };
        let version = cell(self.version).map_or("", |text| text.as_str());
        let protocol = columns::protocol_named(version);
        into.covers(&system, last.0, protocol.is_some());
        let Some(protocol) = protocol else {
            into.told.plain += 1;
            return;
        };
        into.told.told += 1;
        into.told.unknown += u64::from(protocol == crate::domain::observed::Protocol::Unknown);
        // What is told of other days has no place among what was seen on this one.
        let midnight = last.0.div_euclid(DAY) * DAY;
        let first = cell(self.first).and_then(|text| moment_of(text));
        let first = first.map_or(last.0, |first| first.0.clamp(midnight, last.0));
        let count = cell(self.hits).and_then(|text| text.trim().parse::<i64>().ok());
        let (address, via) = columns::origin(address, None, &settings.proxies);
        into.add(Connection {
            system: &system,
            at: last.0,
            address,
            machine: None,
            via,
            protocol,
            since: first,
            count: count.map_or(1, |count| count.clamp(1, 1_000_000_000)),
        });
    }

    /// A line that says who had an address.
    pub(super) fn lease(&self, line: &[u8], settings: &Settings, into: &mut Gathering) {
        into.told.lines += 1;
        let Some(cells) = self.cells(line) else {
            into.told.unreadable += 1;
            return;
        };
        let cell = |place: Option<usize>| {
            let text = place.and_then(|place| cells.get(place));
            text.map(|text| text.trim()).filter(|text| !text.is_empty())
        };
        let time = |place, otherwise: Option<Timestamp>| cell(place).map_or(otherwise, moment_of);
        let from = time(self.first, settings.span.map(|(from, _)| from));
        let until = time(self.last, settings.span.map(|(_, until)| until));
        let (Some(from), Some(until)) = (from, until) else {
            let unread = [(self.first, from), (self.last, until)];
            let unread = unread.into_iter().filter(|(_, at)| at.is_none());
            into.undated(unread.filter_map(|(place, _)| cell(place)));
            return;
        };
        let name = cell(self.name).filter(|name| name.len() <= 255);
        let resource = cell(self.resource).and_then(|text| text.parse::<i64>().ok());
        let addresses = cell(self.address).unwrap_or_default();
        let mut understood = false;
        // Configuration Manager lists all addresses of a machine in one cell.
        for word in addresses
            .split([',', ' ', ';', '|'])
            .filter(|w| !w.is_empty())
        {
            let Some(address) = columns::address(word.as_bytes()) else {
                continue;
            };
            if until < from || (name.is_none() && resource.is_none()) {
                break;
            }
            understood = true;
            into.sight(LeaseJson {
                address: address.to_string(),
                name: name.filter(|_| resource.is_none()).map(str::to_owned),
                resource_id: resource,
                site_code: cell(self.site).map(str::to_owned),
                from: from.to_string(),
                until: until.to_string(),
            });
        }
        if !understood {
            into.told.unreadable += 1;
        }
    }

    fn cells(&self, line: &[u8]) -> Option<Vec<String>> {
        let cells = cells(std::str::from_utf8(line).ok()?, self.delimiter);
        (cells.len() == self.count).then_some(cells)
    }
}

/// The cells of a line; a cell may stand in quotation marks, in which two of them mean one.
fn cells(line: &str, delimiter: u8) -> Vec<String> {
    let delimiter = char::from(delimiter);
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            letter if letter == delimiter && !quoted => cells.push(String::new()),
            letter => cell.push(letter),
        }
    }
    cells
}
