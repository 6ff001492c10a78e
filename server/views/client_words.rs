//! How a client stands in a few sentences, since when, and what it is called.

use super::{
    checks::is_open,
    dossier,
    home::Counting,
    text::{Moment, counted},
};
use crate::{
    domain::{
        assess::CONTRADICTS_FOR,
        time::{DAY, Timestamp},
        verdict::{CheckResult, Impact, Outcome, Standing},
    },
    store::model::{ClientDetail, ClientRow},
};

/// Since when things are as they are: a name, a time, and words where there is no time or more to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// What is dated.
    pub name: &'static str,
    /// When.
    pub at: Option<Moment>,
    /// The rest.
    pub words: String,
}

/// First seen blocking, last seen ready, the same verdict since, days of silence.
pub fn since(client: &ClientDetail, now: Timestamp) -> Vec<Since> {
    let (row, memory) = (&client.row, &client.memory);
    let mut lines = Vec::new();
    let mut line = |name, at: Option<Timestamp>, words: String| {
        lines.push(Since {
            name,
            at: at.map(|at| Moment::new(at, now)),
            words,
        });
    };
    if row.since.is_some() {
        line("Same verdict since", row.since, String::new());
    }
    if memory.entries > 0 {
        match memory.first_blocking {
            None => line("First seen blocking", None, "never".to_owned()),
            at => line("First seen blocking", at, String::new()),
        }
        match (row.verdict, memory.ready_from, memory.ready_until) {
            (Some(Standing::Ready), _, _) => {
                // When its facts were read: a report can come in late, and say the same of an old day.
                let read = row.collected_at.min(row.received_at);
                line("Last seen ready", read, String::new());
            }
            (_, None, _) => line("Last seen ready", None, "never".to_owned()),
            (_, from, Some(until)) => line(
                "Last seen ready",
                from,
                format!("or later; no more {}", Moment::new(until, now).relative),
            ),
            (_, from, None) => line("Last seen ready", from, String::new()),
        }
    }
    match dossier::silent_for(row, now) {
        Some(days) => line("No report for", None, days),
        None if row.received_at.is_none() => {
            line("Reports", None, "none yet".to_owned());
        }
        None => {}
    }
    lines
}

/// One or two sentences: how it stands.
pub fn summary(
    row: &ClientRow,
    checks: &[&CheckResult],
    deciding: Option<&str>,
    counting: &Counting,
    now: Timestamp,
) -> Vec<String> {
    let mut lines = match row.standing {
        Standing::Blocking => vec![match row.impact {
            Some(Impact::Orphan) => "Blocks the cutover: it would be orphaned, because it would lose its management channel.",
            Some(Impact::Partial) => "Blocks the cutover: its 32-bit programs would lose their connection.",
            Some(Impact::Degraded) => "Blocks the cutover: .NET parts, such as Software Center, would lose their connection.",
            None => "Blocks the cutover.",
        }
        .to_owned()],
        Standing::Undetermined => vec!["It has reported, but cannot be judged: a needed fact is missing, unreadable or contradictory.".to_owned()],
        Standing::Conflict => vec![
            "It is configured well, but was seen using TLS 1.0/1.1 since it has been. Something on it does not follow the configuration.".to_owned(),
            format!(
                "Reports that say the same again do not end this. It ends with the first report that comes {} days after it was last seen so, or earlier once its settings are reported bad, or waiting for a restart, and then good.",
                CONTRADICTS_FOR / DAY
            ),
        ],
        Standing::RestartPending => vec!["Everything is set, but a deciding value was written after the last start: it only counts after a restart.".to_owned()],
        Standing::Stale => vec![format!(
            "Its last report is {} old. Older than {} counts as no verdict; the checks below show what was last known.",
            row.collected_at.map_or_else(|| "too".to_owned(), |at| super::text::span(now.since(at))),
            counted(counting.freshness_days, "day", "days"),
        )],
        Standing::Silent => vec!["It is on the expected list, but has never reported. Nothing is known about it, so it counts against the cutover.".to_owned()],
        Standing::Ready if row.warnings > 0 => vec![format!(
            "Cleared for the cutover, with {}.",
            counted(row.warnings, "warning", "warnings")
        )],
        Standing::Ready => vec!["Cleared for the cutover: every check passed.".to_owned()],
    };
    if row.standing == Standing::Blocking
        && row.impact != Some(Impact::Orphan)
        && checks.iter().any(|check| check.outcome == Outcome::Unknown)
    {
        lines.push(
            "At least that: a check could not be decided, and what it would say may be worse."
                .to_owned(),
        );
    }
    let decided = checks
        .iter()
        .find(|check| Some(check.reason) == deciding && is_open(check));
    if let Some(check) = decided {
        lines.push(check.message.clone());
    }
    if !row.listing.is_counted() {
        lines.push(
            "It is not counted: the expected list marks it obsolete or decommissioned.".to_owned(),
        );
    }
    lines
}

/// Every id, with its name.
pub fn ids(row: &ClientRow) -> Vec<(&'static str, String)> {
    let ids = &row.ids;
    [
        ("Our id", Some(row.id.clone())),
        ("Name", ids.name.clone()),
        ("FQDN", ids.fqdn.clone()),
        (
            "ConfigMgr GUID",
            ids.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")),
        ),
        ("Resource id", ids.resource_id.map(|id| id.to_string())),
        ("Site code", ids.site_code.clone()),
        ("SMBIOS id", ids.smbios_guid.clone()),
        ("Serial number", ids.serial_number.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
