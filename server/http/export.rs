//! A client as programs see it, and what an answer covers: one shape for JSON, NDJSON and CSV.

use serde::Serialize;

use crate::{
    domain::{assess, time::Timestamp},
    store::model::{ClientRow, ListInfo, Population},
    views::rule,
};

/// A client in JSON.
#[derive(Debug, Serialize)]
pub struct ClientJson {
    id: String,
    name: String,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site_code: Option<String>,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    os: OsJson,
    standing: &'static str,
    cleared: bool,
    verdict: Option<&'static str>,
    impact: Option<&'static str>,
    deciding: Option<String>,
    reasons: Vec<&'static str>,
    fixes: Vec<&'static str>,
    warnings: i64,
    since: Option<String>,
    collected_at: Option<String>,
    received_at: Option<String>,
    ruleset: Option<String>,
    listing: &'static str,
    owner: Option<String>,
    roles: Vec<String>,
    last_contact: Option<String>,
    suspected_duplicate: bool,
    future_report: bool,
}

/// An OS version: stable key, and words.
#[derive(Debug, Serialize)]
pub struct OsJson {
    key: String,
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
        }
    }
}

/// What an answer covers, and what it does not.
#[derive(Debug, Serialize)]
pub struct PopulationJson {
    total: i64,
    expected: i64,
    unlisted: i64,
    reported: i64,
    fresh: i64,
    left_out: i64,
    suspected_duplicates: i64,
    future_reports: i64,
    complete: bool,
    standings: serde_json::Map<String, serde_json::Value>,
    /// What is counted, in one sentence.
    rule: String,
    /// The list that was uploaded last.
    list: Option<ListJson>,
    lists: Vec<ListJson>,
}

#[derive(Debug, Serialize)]
struct ListJson {
    name: String,
    kind: &'static str,
    uploaded_at: String,
    uploaded_by: String,
    rows: i64,
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
            standings: population
                .standings
                .into_iter()
                .map(|(standing, n)| (standing.code().to_owned(), n.into()))
                .collect(),
        }
    }
}
