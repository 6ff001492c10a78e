//! A client as programs see it, and what an answer covers: one shape for JSON, NDJSON and CSV.

use serde::Serialize;
use utoipa::ToSchema;

use super::contract::codes::{self, Standings};
use crate::{
    domain::{assess, readiness::Readiness, time::Timestamp},
    store::model::{ClientRow, ListInfo, Population},
    views::rule,
};

/// A client, with every id that it is known by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientJson {
    /// Our id. It stays the same for ever.
    #[schema(format = Uuid)]
    id: String,
    /// The name to show.
    name: String,
    /// The GUID of the Configuration Manager client, as `GUID:…`.
    sms_guid: Option<String>,
    /// Configuration Manager's resource id; unique within `site_code`.
    resource_id: Option<i64>,
    /// Site code.
    site_code: Option<String>,
    /// Fully qualified domain name.
    fqdn: Option<String>,
    /// UUID of the hardware. Some makers give the same to many machines.
    smbios_guid: Option<String>,
    /// Serial number of the hardware.
    serial_number: Option<String>,
    os: OsJson,
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    /// Whether it is cleared for the cutover. Only `ready` is.
    cleared: bool,
    /// What the last report was judged as, whatever time has passed; null: it never reported.
    #[schema(value_type = Option<codes::Judgement>)]
    verdict: Option<&'static str>,
    /// What it loses, when it blocks.
    #[schema(value_type = Option<codes::Impact>)]
    impact: Option<&'static str>,
    /// Code of the reason that decided the verdict; null: nothing stands against it, or it never reported.
    deciding: Option<String>,
    /// Every reason that stands against it.
    #[schema(value_type = Vec<codes::Reason>)]
    reasons: Vec<&'static str>,
    /// What mends them, each once.
    #[schema(value_type = Vec<codes::Fix>)]
    fixes: Vec<&'static str>,
    /// Checks that passed with a warning.
    warnings: i64,
    /// Since when the verdict has been what it is.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// When the facts were read that the verdict rests on; of several sources the oldest.
    #[schema(format = DateTime)]
    collected_at: Option<String>,
    /// When the last report came in.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// Name of the rules that the verdict was made with.
    ruleset: Option<String>,
    #[schema(value_type = codes::Listing)]
    listing: &'static str,
    /// Owner, as an expected list gives it.
    owner: Option<String>,
    /// Site system roles; none of a plain client.
    roles: Vec<String>,
    /// Last contact in Configuration Manager, as an expected list gives it, to the letter.
    last_contact: Option<String>,
    /// Suspected to be a second record of a machine that is also counted under another id.
    suspected_duplicate: bool,
    /// The last report said that it was collected more than five minutes after it came in.
    future_report: bool,
    /// The exception in force; null: none. The client stands where it stands.
    exception: Option<InForceJson>,
}

/// An exception that is in force for a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExceptionInForce)]
pub struct InForceJson {
    /// Our id of it.
    id: String,
    #[schema(value_type = codes::ExceptionKind)]
    kind: &'static str,
    /// When it ends.
    #[schema(format = DateTime)]
    until: String,
}

/// The names of the fields of a client, in their order.
pub const FIELDS: [&str; 28] = [
    "id",
    "name",
    "sms_guid",
    "resource_id",
    "site_code",
    "fqdn",
    "smbios_guid",
    "serial_number",
    "os",
    "standing",
    "cleared",
    "verdict",
    "impact",
    "deciding",
    "reasons",
    "fixes",
    "warnings",
    "since",
    "collected_at",
    "received_at",
    "ruleset",
    "listing",
    "owner",
    "roles",
    "last_contact",
    "suspected_duplicate",
    "future_report",
    "exception",
];

impl ClientJson {
    /// Writes it as JSON: all of it, or some of its fields in the order in which they were chosen; last a cursor, where one
    /// is asked for.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        chosen: &[&str],
        cursor: Option<&str>,
    ) -> serde_json::Result<()> {
        if chosen.is_empty() && cursor.is_none() {
            return serde_json::to_writer(out, self);
        }
        let whole = serde_json::to_value(self)?;
        let names = if chosen.is_empty() {
            &FIELDS[..]
        } else {
            chosen
        };
        let mut before = b'{';
        for (name, value) in names.iter().map(|name| (*name, whole[*name].clone())) {
            out.push(before);
            before = b',';
            serde_json::to_writer(&mut *out, name)?;
            out.push(b':');
            serde_json::to_writer(&mut *out, &value)?;
        }
        if let Some(cursor) = cursor {
            out.push(before);
            out.extend_from_slice(b"\"cursor\":");
            serde_json::to_writer(&mut *out, cursor)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// An OS version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OsVersion)]
pub struct OsJson {
    /// Stable key, as the filter `os` takes it.
    key: String,
    /// Words for people.
    name: String,
}

impl OsJson {
    /// The OS a key names.
    pub fn of(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: assess::os_label(key),
        }
    }
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

pub(super) fn reasons(mask: i64) -> Vec<&'static str> {
    assess::reasons_in(mask).map(|reason| reason.code).collect()
}

pub(super) fn fixes(mask: i64) -> Vec<&'static str> {
    let mut fixes: Vec<&'static str> = Vec::new();
    for reason in assess::reasons_in(mask) {
        if !reason.fix.is_empty() && !fixes.contains(&reason.fix) {
            fixes.push(reason.fix);
        }
    }
    fixes
}

impl From<ClientRow> for ClientJson {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            sms_guid: row.ids.sms_guid.map(|guid| format!("GUID:{guid}")),
            resource_id: row.ids.resource_id,
            site_code: row.ids.site_code,
            fqdn: row.ids.fqdn,
            smbios_guid: row.ids.smbios_guid,
            serial_number: row.ids.serial_number,
            os: OsJson::of(&row.os_key),
            standing: row.standing.code(),
            cleared: row.standing.is_cleared(),
            verdict: row.verdict.map(crate::domain::verdict::Standing::code),
            impact: row.impact.map(crate::domain::verdict::Impact::code),
            deciding: row.deciding,
            reasons: reasons(row.reasons),
            fixes: fixes(row.reasons),
            warnings: row.warnings,
            since: time(row.since),
            collected_at: time(row.collected_at),
            received_at: time(row.received_at),
            ruleset: row.ruleset,
            listing: row.listing.code(),
            owner: row.owner,
            roles: row.roles,
            last_contact: row.last_contact,
            suspected_duplicate: row.duplicate,
            future_report: row.future,
            exception: row.exception.map(|exception| InForceJson {
                id: exception.id,
                kind: exception.kind.code(),
                until: exception.until.to_string(),
            }),
        }
    }
}

/// How many are ready: at least so many, at most so many, and in between those that nobody can judge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadinessJson {
    /// Ready for certain.
    at_least: i64,
    /// Ready if all that cannot be judged were.
    at_most: i64,
    /// Clients altogether.
    of: i64,
    /// Clients between the two.
    cannot_be_judged: i64,
}

impl From<Readiness> for ReadinessJson {
    fn from(range: Readiness) -> Self {
        Self {
            at_least: range.least,
            at_most: range.most,
            of: range.total,
            cannot_be_judged: range.gap(),
        }
    }
}

/// What an answer covers, and what it does not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Population)]
pub struct PopulationJson {
    /// Clients counted: those that are expected, and those that reported without being expected.
    total: i64,
    /// Expected by at least one list.
    expected: i64,
    /// Reported without being on a list, or returned after being marked obsolete.
    unlisted: i64,
    /// Ever reported.
    reported: i64,
    /// Last report within the freshness limit.
    fresh: i64,
    /// Marked obsolete or decommissioned by every list that names them; not counted.
    left_out: i64,
    /// Counted clients that may be second records of a machine.
    suspected_duplicates: i64,
    /// Clients whose last report carried a time in the future.
    future_reports: i64,
    /// Whether there is an expected list. Without one nobody knows who is silent.
    complete: bool,
    standings: Standings,
    /// What is counted, in one sentence.
    rule: String,
    /// The list that was uploaded last.
    list: Option<ListJson>,
    /// Every list in force. Whoever may see some sites only gets those that name a client of these, and their numbers are
    /// of these clients.
    lists: Vec<ListJson>,
    /// The sites that the caller may see: all numbers count these alone. Missing: there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sites: Option<Vec<String>>,
}

/// An expected list in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpectedList)]
struct ListJson {
    /// What it is called.
    name: String,
    #[schema(value_type = codes::ListKind)]
    kind: &'static str,
    /// When it came in.
    #[schema(format = DateTime)]
    uploaded_at: String,
    /// Who sent it: the name of a user or of a token.
    uploaded_by: String,
    /// Rows in it.
    rows: i64,
    /// Rows that it marks obsolete or decommissioned.
    left_out: i64,
}

impl From<&ListInfo> for ListJson {
    fn from(list: &ListInfo) -> Self {
        Self {
            name: list.name.clone(),
            kind: list.kind.code(),
            uploaded_at: list.uploaded_at.to_string(),
            uploaded_by: list.uploaded_by.clone(),
            rows: list.rows,
            left_out: list.left_out,
        }
    }
}

impl From<Population> for PopulationJson {
    fn from(population: Population) -> Self {
        Self {
            total: population.total,
            expected: population.expected,
            unlisted: population.unlisted,
            reported: population.reported,
            fresh: population.fresh,
            left_out: population.left_out,
            suspected_duplicates: population.suspected_duplicates,
            future_reports: population.future_reports,
            // Without a list nobody knows who is silent.
            complete: !population.lists.is_empty(),
            rule: rule::denominator(&population),
            list: population.newest_list().map(ListJson::from),
            lists: population.lists.iter().map(ListJson::from).collect(),
            standings: Standings::of(&population.standings),
            sites: population.within.limit().map(<[String]>::to_vec),
        }
    }
}
