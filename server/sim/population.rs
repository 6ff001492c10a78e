//! The device list of the fleet as a ConfigMgr administrator would export it, with all its leftovers.

use std::io::{self, Write};

use super::{
    dice::Ask,
    fleet::{Fleet, SimClient},
    identity::Presence,
};
use crate::domain::time::{DAY, HOUR, Timestamp};

/// Header of the list.
const COLUMNS: [&str; 11] = [
    "ResourceID",
    "Name",
    "SMSUniqueIdentifier",
    "SiteCode",
    "FQDN",
    "OperatingSystem",
    "OSVersion",
    "LastContact",
    "Obsolete",
    "Decommissioned",
    "Owner",
];

const TEAMS: [&str; 12] = [
    "Finance",
    "Human Resources",
    "Sales EMEA",
    "Plant 3 Operations",
    "Research, Laboratory 2",
    "Empfang Zürich",
    "Customer Service",
    "Legal & Compliance",
    "Logistics",
    "Field Service",
    "Marketing",
    "Engineering",
];

const SERVER_TEAMS: [&str; 4] = [
    "Server Operations",
    "Database Team",
    "Plant 3 Operations",
    "Web Platform",
];

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PopulationRows {
    /// All rows but the header.
    pub rows: u64,
    /// Rows marked obsolete: the records that a rebuilt or reinstalled machine left behind.
    pub obsolete: u64,
    /// Rows marked decommissioned.
    pub decommissioned: u64,
    /// Rows of clients that never report and are neither obsolete nor decommissioned.
    pub silent: u64,
}

/// How a row differs from the client's plain one.
#[derive(Clone, Copy)]
struct Mark {
    obsolete: bool,
    decommissioned: bool,
    /// The record before a reinstallation: other ids, older contact.
    leftover: bool,
}

impl Fleet {
    /// Writes the list: every client but half of the rebuilt ones (the export is older than they are), the
    /// silent ones too, and some obsolete and decommissioned records.
    ///
    /// # Errors
    /// The writer failed.
    pub fn population_csv(&self, out: &mut impl Write) -> io::Result<PopulationRows> {
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        csv.write_record(COLUMNS)?;
        let mut told = PopulationRows::default();
        for client in self.clients() {
            let dice = client.dice();
            let is_silent = client.presence() == Presence::Silent;
            // The export is as old as the pair's coin says: the new record with the old one obsolete, or neither.
            let export_is_late =
                |pair: u64| self.dice(pair).chance(Ask::Obsolete, 500) && pair < self.size;
            if client.is_rebuilt() && !export_is_late(client.index()) {
                continue;
            }
            let mark = Mark {
                obsolete: client.presence() == Presence::Replaced
                    && export_is_late(client.index() + 1),
                decommissioned: is_silent && dice.chance(Ask::Decommissioned, 60),
                leftover: false,
            };
            told.rows += 1;
            told.obsolete += u64::from(mark.obsolete);
            told.decommissioned += u64::from(mark.decommissioned);
            told.silent += u64::from(is_silent && !mark.decommissioned);
            row(&mut csv, self.exported_at, &client, mark)?;
            if dice.below(Ask::Leftover, 10_000) < 45 {
                told.rows += 1;
                told.obsolete += 1;
                let leftover = Mark {
                    obsolete: true,
                    decommissioned: false,
                    leftover: true,
                };
                row(&mut csv, self.exported_at, &client, leftover)?;
            }
        }
        csv.flush()?;
        Ok(told)
    }
}

fn row<W: Write>(
    csv: &mut csv::Writer<W>,
    now: Timestamp,
    client: &SimClient,
    mark: Mark,
) -> io::Result<()> {
    let dice = client.dice();
    let system = client.system();
    let kind = if system.is_server() {
        "Server"
    } else {
        "Workstation"
    };
    let family = system.version.rsplit_once('.').map_or("", |(head, _)| head);
    let teams: &[&str] = if system.is_server() {
        &SERVER_TEAMS
    } else {
        &TEAMS
    };
    let owner = dice.nth(Ask::Owner, 0) % (teams.len() as u64 + 1);
    let owner = usize::try_from(owner).ok().and_then(|at| teams.get(at));
    let (resource, guid) = if mark.leftover {
        let old = uuid::Builder::from_u128(u128::from(dice.nth(Ask::Leftover, 1)) << 40)
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid();
        let resource = client.resource_id() + 20_000_000;
        (resource, old.to_string().to_ascii_uppercase())
    } else {
        (client.resource_id(), client.sms_guid())
    };
    let contact = contact_age(client, mark.leftover)
        .map_or_else(String::new, |age| now.plus(-age).to_string());
    let flag = |is_set: bool| if is_set { "1" } else { "0" };
    csv.write_record([
        resource.to_string().as_str(),
        &client.name(),
        &format!("GUID:{guid}"),
        &client.site_code(),
        &client.fqdn(),
        &format!("Microsoft Windows NT {kind} {family}"),
        system.version,
        &contact,
        flag(mark.obsolete),
        flag(mark.decommissioned),
        owner.copied().unwrap_or(""),
    ])?;
    Ok(())
}

/// How long ago ConfigMgr last heard of the record; some silent ones were never heard of at all.
fn contact_age(client: &SimClient, leftover: bool) -> Option<i64> {
    let draw = client.dice().below(Ask::LastContact, 200).cast_signed();
    Some(match client.presence() {
        _ if leftover => DAY * (40 + draw),
        Presence::Reporting => HOUR * (draw % 96),
        Presence::Stale { days } => DAY * days,
        Presence::Replaced => DAY * (6 + draw % 3),
        Presence::Silent if draw < 50 => return None,
        Presence::Silent => DAY * (15 + draw),
    })
}
