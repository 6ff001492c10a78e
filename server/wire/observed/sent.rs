//! What is sent of logs: the body of `POST /api/v1/observations`, and what of it holds.

use serde::{Deserialize, Serialize};

use super::{columns, moment};
use crate::{
    domain::{
        identity::check_site,
        observed::{Lease, Observation, Protocol, Via},
        time::{DAY, HOUR, Timestamp},
    },
    wire::FieldError,
};

/// No more of each kind in one request.
pub const MOST: usize = 20_000;
/// Most errors listed.
const ERRORS: usize = 50;

/// What was gathered of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The site system that was asked; needed unless there are leases only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Code of its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_code: Option<String>,
    /// Of which file it is a portion; without it the same once more counts twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileMark>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<ObservationJson>,
    /// Which hours the log covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<HourJson>,
    /// Who had which address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<LeaseJson>,
}

/// Which portion of which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMark {
    /// Its name.
    pub name: String,
    /// SHA-256 of the file as it lies there, in hexadecimal.
    pub sha256: String,
    /// Number of the portion, from 0.
    pub portion: i64,
    /// It is the last one.
    pub last: bool,
    /// All of the file is of this system, so it is refused where another system has it already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_system: bool,
}

/// Connections of one UTC day that have everything in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationJson {
    /// From which address, or for which one.
    pub address: String,
    /// Name of the machine account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// How it came; without it: direct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// With which protocol.
    pub protocol: String,
    /// The first of them.
    pub first_at: String,
    /// The last of them.
    pub last_at: String,
    /// How many lines.
    pub count: i64,
}

/// An hour of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourJson {
    /// Its beginning.
    pub hour: String,
    /// Lines in it.
    pub lines: i64,
    /// Lines that told a protocol.
    pub told: i64,
}

/// Somebody had an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseJson {
    /// Which address.
    pub address: String,
    /// Name or FQDN of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its resource id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<i64>,
    /// Code of the site that the resource id belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_code: Option<String>,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
}

/// A delivery that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The system, in lower case; empty: none.
    pub system: String,
    /// Code of its site; empty: not said.
    pub site: String,
    /// Name, SHA-256, number of the portion, and whether it is the last.
    pub file: Option<(String, Vec<u8>, i64, bool)>,
    /// All of the file is of this system.
    pub one_system: bool,
    /// What was seen.
    pub observations: Vec<Observation>,
    /// Hours since 1970, lines, and lines that told a protocol.
    pub hours: Vec<(i64, i64, i64)>,
    /// Who had which address.
    pub leases: Vec<Lease>,
}

struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, pointer: String, detail: &str) {
        if self.0.len() < ERRORS {
            self.0.push(FieldError {
                pointer,
                detail: detail.to_owned(),
            });
        }
    }
}

impl Delivery {
    /// Reads a body.
    ///
    /// # Errors
    /// Where it is no such document.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<FieldError>> {
        // An array would be read as the fields of the object, one after the other.
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return Err(vec![FieldError::whole(
                "this is no object; send one object with `observations`, `coverage` or `leases`",
            )]);
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut json);
        let read = read.map_err(|error| {
            let pointer: String = error
                .path()
                .iter()
                .map(|step| match step {
                    serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                    serde_path_to_error::Segment::Map { key } => format!("/{key}"),
                    _ => String::new(),
                })
                .collect();
            vec![FieldError {
                pointer,
                detail: format!("this cannot be read: {}", error.inner()),
            }]
        })?;
        json.end().map(|()| read).map_err(|_| {
            vec![FieldError::whole(
                "something follows the document; send one object in a request",
            )]
        })
    }

    /// What of it holds; `latest` is the latest moment that is believed.
    ///
    /// # Errors
    /// Every place that is wrong, up to fifty.
    pub fn check(self, latest: Timestamp) -> Result<Checked, Vec<FieldError>> {
        let mut errors = Errors(Vec::new());
        for (name, length) in [
            ("observations", self.observations.len()),
            ("coverage", self.coverage.len()),
            ("leases", self.leases.len()),
        ] {
            if length > MOST {
                errors.add(
                    format!("/{name}"),
                    "there are more than 20,000; send them in several requests",
                );
            }
        }
        if !errors.0.is_empty() {
            return Err(errors.0);
        }
        let mut checked = Checked {
            system: system(self.system.as_deref(), &mut errors),
            ..Checked::default()
        };
        if checked.system.is_empty() && !(self.observations.is_empty() && self.coverage.is_empty())
        {
            errors.add(
                "/system".to_owned(),
                "is missing; name the site system that was asked",
            );
        }
        self.site_code
            .unwrap_or_default()
            .trim()
            .clone_into(&mut checked.site);
        if let Err(detail) = check_site(&checked.site) {
            errors.add("/site_code".to_owned(), &detail);
        }
        if let Some(file) = self.file {
            checked.one_system = file.one_system;
            checked.file = file.check(&mut errors);
        }
        for (place, row) in self.observations.iter().enumerate() {
            let observation = row.check(&checked.system, latest);
            match observation {
                Ok(observation) => checked.observations.push(observation),
                Err((field, detail)) => {
                    errors.add(format!("/observations/{place}/{field}"), detail);
                }
            }
        }
        for (place, row) in self.coverage.iter().enumerate() {
            match Timestamp::parse(&row.hour) {
                Ok(at) if at > latest => {
                    errors.add(format!("/coverage/{place}/hour"), "lies in the future");
                }
                Ok(at) if (0..=row.lines).contains(&row.told) && row.lines <= LARGE => {
                    checked
                        .hours
                        .push((at.0.div_euclid(HOUR), row.lines, row.told));
                }
                Ok(_) => errors.add(
                    format!("/coverage/{place}/told"),
                    "must be from 0 to the number of lines",
                ),
                Err(why) => errors.add(format!("/coverage/{place}/hour"), &why),
            }
        }
        for (place, row) in self.leases.iter().enumerate() {
            match row.check() {
                Ok(lease) => checked.leases.push(lease),
                Err((field, detail)) => errors.add(format!("/leases/{place}/{field}"), detail),
            }
        }
        if errors.0.is_empty() {
            Ok(checked)
        } else {
            Err(errors.0)
        }
    }
}

/// No count is larger.
const LARGE: i64 = 1_000_000_000_000;

fn system(given: Option<&str>, errors: &mut Errors) -> String {
    let name = given.unwrap_or_default().trim().to_lowercase();
    if name.len() > 255 || name.chars().any(char::is_control) {
        errors.add(
            "/system".to_owned(),
            "is no name of a server; write one like mp01.corp.example",
        );
    }
    name
}

impl FileMark {
    fn check(self, errors: &mut Errors) -> Option<(String, Vec<u8>, i64, bool)> {
        let digits = self.sha256.as_bytes().chunks_exact(2);
        let hash: Option<Vec<u8>> = digits
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
            .collect();
        let hash = hash.filter(|hash| hash.len() == 32 && self.sha256.len() == 64);
        if hash.is_none() {
            errors.add(
                "/file/sha256".to_owned(),
                "is no SHA-256; write its 64 hexadecimal digits",
            );
        }
        if !(0..=10_000_000).contains(&self.portion) {
            errors.add(
                "/file/portion".to_owned(),
                "is no number of a portion; the first has 0",
            );
        }
        let name: String = self
            .name
            .chars()
            .filter(|c| !c.is_control())
            .take(255)
            .collect();
        Some((name, hash?, self.portion, self.last))
    }
}

type Wrong = (&'static str, &'static str);

impl ObservationJson {
    fn check(&self, system: &str, latest: Timestamp) -> Result<Observation, Wrong> {
        let address = columns::address(self.address.as_bytes())
            .ok_or(("address", "is no address; write one like 10.20.30.40"))?;
        let machine = match self.machine.as_deref() {
            None | Some("") => String::new(),
            Some(name) => columns::machine(format!("{name}$").as_bytes())
                .ok_or(("machine", "is no name of a machine; write one like WS0042"))?
                .into(),
        };
        let via = self
            .via
            .as_deref()
            .map_or(Some(Via::Direct), Via::from_code);
        let via = via.ok_or(("via", "is none of direct, proxy, unnamed_proxy, hidden"))?;
        let protocol = Protocol::from_code(&self.protocol).ok_or((
            "protocol",
            "is none of ssl3, tls1.0, tls1.1, tls1.2, tls1.3, unknown, failed",
        ))?;
        const TIME: &str = "is no time; write it like 2026-11-23T08:15:00Z";
        let first = Timestamp::parse(&self.first_at).map_err(|_| ("first_at", TIME))?;
        let last = Timestamp::parse(&self.last_at).map_err(|_| ("last_at", TIME))?;
        if last > latest {
            return Err(("last_at", "lies in the future"));
        }
        if last < first || first.0.div_euclid(DAY) != last.0.div_euclid(DAY) {
            return Err((
                "last_at",
                "is before first_at or on another day (UTC); send each day by itself",
            ));
        }
        if !(1..=LARGE).contains(&self.count) {
            return Err(("count", "must be 1 or more"));
        }
        Ok(Observation {
            system: system.to_owned(),
            address: address.to_string(),
            machine,
            via,
            protocol,
            first,
            last,
            count: self.count,
        })
    }
}

impl LeaseJson {
    fn check(&self) -> Result<Lease, Wrong> {
        let address = columns::address(self.address.as_bytes())
            .ok_or(("address", "is no address; write one like 10.20.30.40"))?;
        let site = self.site_code.as_deref().unwrap_or_default().trim();
        if check_site(site).is_err() {
            return Err(("site_code", "is no code of a site; write one like P01"));
        }
        let name = self.name.as_deref().unwrap_or_default().trim();
        let name = name.trim_end_matches('.').to_lowercase();
        let ident = match (self.resource_id, name.as_str()) {
            (Some(resource), _) if !site.is_empty() => format!("r:{site}/{resource}"),
            (Some(resource), _) => format!("i:{resource}"),
            (None, "") => return Err(("name", "is missing; say who had the address")),
            (None, name) if name.contains('.') => format!("f:{name}"),
            (None, name) => format!("n:{name}"),
        };
        if ident.len() > 300 || ident.chars().any(char::is_control) {
            return Err(("name", "is no name of a machine; write one like WS0042"));
        }
        const TIME: &str = "is no time; write it like 2026-11-23T08:15:00Z";
        let from = moment::moment_of(&self.from).ok_or(("from", TIME))?;
        let until = moment::moment_of(&self.until).ok_or(("until", TIME))?;
        if until < from {
            return Err(("until", "is before from"));
        }
        Ok(Lease {
            address: address.to_string(),
            ident,
            from,
            until,
            hearsay: false,
        })
    }
}
