//! One client at a glance, and everything behind it.

use askama::Template;

use super::{
    Layout, called,
    checks::{CheckView, Step, is_open, steps, tally},
    home::Counting,
    json, links,
    rows::{RowView, last_known, reasons},
    tables::title,
    text::{Moment, counted},
    words::{self, Badge},
};
use crate::{
    domain::{
        time::Timestamp,
        verdict::{CheckResult, Impact, Standing, Verdict},
    },
    store::model::{ClientDetail, ClientRow, HistoryRow, Suspect},
};

/// No more of a report than this is shown on the page; the rest is in the download.
const RAW_SHOWN: usize = 200_000;

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryView {
    /// When the facts were read.
    pub collected: Moment,
    /// When they came in.
    pub received: Moment,
    /// The verdict then.
    pub badge: Badge,
    /// Its impact.
    pub impact: Option<&'static str>,
    /// Why.
    pub reasons: Vec<&'static str>,
    /// Ruleset, sender and report id in small print.
    pub fine_print: String,
    /// It came after a newer one.
    pub late: bool,
}

/// A record that may be the same machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspectView {
    /// Our id of it.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What they share, in words.
    pub shares: String,
}

/// One of several sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceView {
    /// Which program read the facts, as it says itself.
    pub collector: String,
    /// When the facts were read.
    pub collected: Moment,
    /// Who brought them, and how far that is believed.
    pub sender: String,
    /// The facts that rest on it.
    pub decides: Vec<String>,
    /// What it says, laid out.
    pub raw: String,
}

/// The page of one client.
#[derive(Debug, Template)]
#[template(path = "client.html", whitespace = "minimize")]
pub struct ClientPage {
    /// The frame.
    pub layout: Layout,
    /// The list line.
    pub row: RowView,
    /// One or two sentences: how it stands and what decided that.
    pub summary: Vec<String>,
    /// The check that decided, for the link to it.
    pub deciding: Option<String>,
    /// What was last known, when the standing hides it.
    pub last_known: Option<String>,
    /// Since when the verdict has been what it is.
    pub since: Option<Moment>,
    /// When the last report came in.
    pub received: Option<Moment>,
    /// What would make it ready, in order.
    pub steps: Vec<Step>,
    /// Every check, failed ones first.
    pub checks: Vec<CheckView>,
    /// `2 fail, 1 unknown, 8 pass`.
    pub tally: String,
    /// Things worth knowing that decide nothing.
    pub notes: Vec<String>,
    /// Every id, with its name.
    pub ids: Vec<(&'static str, String)>,
    /// How it stands to the expected list.
    pub listing: &'static str,
    /// Who says what, where there are several sources; else empty.
    pub sources: Vec<SourceView>,
    /// Suspected duplicates.
    pub suspects: Vec<SuspectView>,
    /// Where it is said that another record is another machine.
    pub two_machines_url: String,
    /// How it was found by its name, what it was called before, and from which records it was told apart.
    pub called: Vec<String>,
    /// Newest first.
    pub history: Vec<HistoryView>,
    /// The report as it came, laid out.
    pub raw: Option<String>,
    /// Only the beginning of it is shown.
    pub raw_cut: bool,
    /// The report as a file.
    pub raw_url: String,
    /// Ruleset of the verdict on this page.
    pub ruleset: String,
}

impl ClientPage {
    /// The page of a client; `verdict` is the report in force judged by today's rules.
    pub fn new(
        layout: Layout,
        client: &ClientDetail,
        verdict: Option<&Verdict>,
        counting: &Counting,
    ) -> Self {
        let row = &client.row;
        let now = layout.now;
        let mut checks: Vec<&CheckResult> =
            verdict.map_or_else(Vec::new, |verdict| verdict.checks.iter().collect());
        checks.sort_by_key(|check| std::cmp::Reverse(check.outcome));
        let deciding = verdict.and_then(|verdict| verdict.deciding);
        let raw = client.raw.as_deref().map(json::pretty);
        let raw_cut = raw
            .as_deref()
            .is_some_and(|text| json::cut(text, RAW_SHOWN).1);
        Self {
            row: RowView::new(row, now),
            summary: summary(row, &checks, deciding, counting, now),
            deciding: deciding.map(title),
            last_known: match row.standing {
                Standing::Stale | Standing::Conflict => {
                    row.verdict.map(|v| last_known(v, row.impact))
                }
                _ => None,
            },
            since: row.since.map(|at| Moment::new(at, now)),
            received: row.received_at.map(|at| Moment::new(at, now)),
            steps: steps(row, &checks, counting),
            tally: tally(&checks),
            checks: checks
                .into_iter()
                .map(|check| CheckView::new(check, deciding))
                .collect(),
            notes: verdict.map_or_else(Vec::new, |verdict| {
                verdict
                    .notes
                    .iter()
                    .map(|note| note.message.clone())
                    .collect()
            }),
            ids: ids(row),
            listing: words::listing(row.listing),
            sources: Vec::new(),
            suspects: client.suspects.iter().map(SuspectView::new).collect(),
            two_machines_url: links::two_machines_url(&row.id),
            called: called::sentences(client),
            history: client
                .history
                .iter()
                .map(|entry| HistoryView::new(entry, now))
                .collect(),
            raw: raw.map(|text| json::cut(&text, RAW_SHOWN).0.to_owned()),
            raw_cut,
            raw_url: links::raw_url(&row.id),
            ruleset: counting.ruleset.clone(),
            layout,
        }
    }
}

impl ClientPage {
    /// Adds who says what. `decides`: for each source, the facts that rest on it.
    pub fn say_sources(&mut self, client: &ClientDetail, decides: &[Vec<String>]) {
        let now = self.layout.now;
        self.sources = client
            .sources
            .iter()
            .zip(decides)
            .map(|(source, decides)| {
                let raw = json::pretty(&source.said.raw);
                SourceView {
                    collector: json::text_at(&source.said.raw, "/collector/name")
                        .unwrap_or_else(|| "a collector without a name".to_owned()),
                    collected: Moment::new(source.collected_at, now),
                    sender: format!("{}, {}", source.sent_by, source.said.trust.words()),
                    decides: decides.clone(),
                    raw: json::cut(&raw, RAW_SHOWN).0.to_owned(),
                }
            })
            .collect();
    }
}

impl HistoryView {
    fn new(entry: &HistoryRow, now: Timestamp) -> Self {
        let mut fine_print = format!("ruleset {}, sent by {}", entry.ruleset, entry.sent_by);
        if let Some(id) = &entry.report_id {
            fine_print.push_str(", report ");
            fine_print.push_str(id);
        }
        Self {
            collected: Moment::new(entry.collected_at, now),
            received: Moment::new(entry.received_at, now),
            badge: words::standing(entry.verdict),
            impact: entry.impact.map(words::impact),
            reasons: reasons(entry.reasons, None).0,
            fine_print,
            late: entry.late,
        }
    }
}

impl SuspectView {
    fn new(suspect: &Suspect) -> Self {
        let shares = match suspect.shares.as_str() {
            "smbios" => "same SMBIOS id",
            "name" => "same name",
            "fqdn" => "same FQDN",
            other => other,
        };
        Self {
            id: suspect.id.clone(),
            href: links::client_url(&suspect.id),
            name: suspect.name.clone(),
            shares: shares.to_owned(),
        }
    }
}

fn summary(
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
        Standing::Conflict => vec!["It is configured well, but was seen using TLS 1.0/1.1 after its report. Something on it does not follow the configuration.".to_owned()],
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

fn ids(row: &ClientRow) -> Vec<(&'static str, String)> {
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
