//! Logs of what was seen on the wire, line by line in constant memory: IIS, HTTP.sys, load balancers, leases of addresses.
//!
//! The way of a file: [`Cutter`] cuts its bytes into lines, [`Reader`] reads each into a [`Gathering`], which hands out
//! [`Delivery`]s whenever it has gathered enough. Nothing here opens a file or knows the time.

mod columns;
mod cut;
mod filing;
mod gather;
mod moment;
mod sent;
mod table;
mod w3c;

use ipnet::IpNet;

pub use cut::{Cutter, LONGEST_LINE};
pub use filing::Filing;
pub use gather::{ENOUGH, Gathering, Told};
pub use moment::moment_of;
pub use sent::{Checked, Delivery, FileMark, HourJson, LeaseJson, MOST, ObservationJson};

use crate::domain::time::Timestamp;

/// What a file does not say itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site system that wrote the log; `None`: each line says it.
    pub system: Option<String>,
    /// Proxies that are believed when they say for whom they ask.
    pub proxies: Vec<IpNet>,
    /// What is later than this has a wrong time.
    pub latest: Timestamp,
    /// From when and until when leases hold that do not say it.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was read yet that tells it.
    Open,
    /// A log in the W3C extended format, of IIS or of HTTP.sys.
    W3c,
    /// A table of a load balancer.
    Balancer,
    /// A table of who had which address.
    Leases,
}

impl Kind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "nothing that is known",
            Self::W3c => "a W3C log",
            Self::Balancer => "a table of a load balancer",
            Self::Leases => "a table of addresses",
        }
    }
}

/// Reads the lines of one file.
#[derive(Debug)]
pub struct Reader {
    settings: Settings,
    kind: Kind,
    w3c: w3c::W3c,
    table: table::Table,
}

impl Reader {
    /// A reader for one file.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            kind: Kind::Open,
            w3c: w3c::W3c::default(),
            table: table::Table::default(),
        }
    }

    /// What the file is, as far as it is known.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Reads a line without its end. What cannot be read is counted, and the others go on.
    ///
    /// # Errors
    /// The file as a whole cannot be read: one sentence with the remedy.
    pub fn line(&mut self, line: &[u8], into: &mut Gathering) -> Result<(), String> {
        into.line += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = match self.kind {
            Kind::Open => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
            _ => line,
        };
        if line.is_empty() {
            return Ok(());
        }
        match self.kind {
            Kind::Open => {
                if line.starts_with(b"#") {
                    self.kind = Kind::W3c;
                    self.w3c.line(line, &self.settings, into);
                    return Ok(());
                }
                self.kind = self.table.heading(line, &self.settings)?;
            }
            Kind::W3c => self.w3c.line(line, &self.settings, into),
            Kind::Balancer => self.table.balancer(line, &self.settings, into),
            Kind::Leases => self.table.lease(line, &self.settings, into),
        }
        Ok(())
    }

    /// Says that the file ended, and how: a last line without its end may be cut in the middle of a value, where `400` would
    /// be read as `40`. In a table it is read, because programs leave the last line end out.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn end(&mut self, rest: &[u8], into: &mut Gathering) -> Result<(), String> {
        if rest.is_empty() {
            return Ok(());
        }
        if matches!(self.kind, Kind::W3c) && !rest.starts_with(b"#") {
            into.told.lines += 1;
            into.told.cut += 1;
            return Ok(());
        }
        self.line(rest, into)
    }
}
