//! Results of Configuration Manager's Run Scripts: a row a device, whose column `ScriptOutput` holds JSON.
//!
//! Our own collector writes a report document there, which is passed on as it came. Whatever else a script answers is
//! its own verdict, and a verdict without the values behind it is no evidence.

use std::{borrow::Cow, collections::HashMap};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::{
    document::{Client, Document},
    report_v1, sentence,
};
use super::{
    Overview, Piece, Refused, Sink, Source, Unreadable,
    cell_text::says_nothing,
    mapping::Mapping,
    meaning::Meaning,
    table::{Row, Table},
    table_cells::{Plan, ids_of},
};
use crate::domain::facts::Report;

/// About where Configuration Manager cuts an output, in characters.
const CUT: std::ops::RangeInclusive<usize> = 4_000..=4_200;

/// Most runs in one file whose counts are kept.
const MAX_RUNS: usize = 1_000;

/// How the documents name what read the facts.
const COLLECTOR: &str = "Run Scripts";

/// Whether a table with this heading is read here.
pub fn recognises<H: AsRef<str>>(heading: &[H]) -> bool {
    let mapping = Mapping::guess(heading);
    mapping.has(&Meaning::ScriptOutput) && mapping.check().is_ok()
}

/// Reads a table of script outputs; `mapping`: what its columns mean, else it is guessed from the heading.
///
/// # Errors
/// There is no heading, or its columns say too little.
pub fn read(
    source: &Source<'_>,
    mapping: Option<&Mapping>,
    sink: &mut Sink<'_>,
) -> Result<Overview, Unreadable> {
    let table = Table::open(source.text)?;
    let mapping = mapping
        .cloned()
        .unwrap_or_else(|| Mapping::guess(table.heading()));
    let plan = Plan::new(&mapping, &table)?;
    if plan.index(&Meaning::ScriptOutput).is_none() {
        return Err(Unreadable(
            "No column holds the output of the script. Export the view vSMS_ScriptsExecutionStatus with its column ScriptOutput."
                .to_owned(),
        ));
    }
    let columns = Columns::of(table.heading());
    let mut runs = Runs::default();
    for row in table {
        let row = match row {
            Ok(row) => row,
            Err(refused) => {
                sink(Err(refused));
                continue;
            }
        };
        runs.count(&columns, &row);
        let mut notes = Vec::new();
        let read = report(&plan, &columns, &row, &mut notes);
        sink(match read {
            Ok((client, raw)) => {
                let mut document = Document::by(COLLECTOR);
                document.client = client;
                Ok(Piece {
                    place: row.place(),
                    document,
                    notes,
                    answered: false,
                    raw: Some(raw),
                })
            }
            Err(detail) => Err(Refused::new(row.place(), detail, row.raw.as_bytes())),
        });
    }
    let mut overview = runs.overview();
    overview.notes.extend(plan.notes());
    Ok(overview)
}

/// The report in a row, and whom it is about.
fn report(
    plan: &Plan<'_>,
    columns: &Columns,
    row: &Row<'_>,
    notes: &mut Vec<String>,
) -> Result<(Client, Vec<u8>), String> {
    let named = plan.client(row, notes)?;
    let at = plan.index(&Meaning::ScriptOutput);
    let output = at.map(|at| row.cell(at)).unwrap_or_default();
    let exit = Columns::text(row, columns.exit_code);
    if says_nothing(output) {
        let exit = if exit.is_empty() {
            String::new()
        } else {
            format!(" (exit code {exit})")
        };
        return Err(format!(
            "The script gave no output on this device{exit}: it was not reached, or the script failed. Run it again when the device is online."
        ));
    }
    let output = unwrapped(output);
    let report = document(&output)?;
    let told = Client::from(report.ids);
    agree(&named, &told)?;
    if !matches!(exit, "" | "0") {
        notes.push(format!("The script ended with exit code {exit}."));
    }
    Ok((told, output.into_owned().into_bytes()))
}

/// The object in an output that some tools put into a text or a list of one.
fn unwrapped(output: &str) -> Cow<'_, str> {
    let mut output = Cow::Borrowed(output.trim());
    if output.starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(&output)
    {
        output = Cow::Owned(inner.trim().to_owned());
    }
    let inner = output
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .map(str::trim)
        .filter(|inner| inner.starts_with('{') && serde_json::from_str::<IgnoredAny>(inner).is_ok())
        .map(str::to_owned);
    inner.map_or(output, Cow::Owned)
}

/// Reads an output as a report document.
fn document(output: &str) -> Result<Report, String> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(output) {
        let cut = CUT.contains(&output.chars().count());
        return Err(if cut || error.is_eof() {
            format!(
                "This output ends in the middle after {} characters: Configuration Manager cuts outputs at about 4 KB. Let the script write a compact report, or send its report from the device itself.",
                output.chars().count()
            )
        } else {
            format!(
                "The output is no report of the collector script: {}. Run the collector script.",
                sentence::json(&error)
            )
        });
    }
    let keys = Keys::of(output);
    if !keys.has("schema_version") {
        return Err(keys.not_ours());
    }
    report_v1::parse(output.as_bytes()).map_err(|errors| {
        let first = errors.first();
        let (pointer, detail) = first
            .map(|error| (error.pointer.as_str(), error.detail.as_str()))
            .unwrap_or_default();
        let more = match errors.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" (And {more} more.)"),
        };
        format!("The report in this output cannot be read, at `{pointer}`: {detail}.{more}")
    })
}

/// The names at the top of an object.
struct Keys(Vec<String>);

impl Keys {
    fn of(output: &str) -> Self {
        let entries = serde_json::from_str::<HashMap<String, &RawValue>>(output);
        let mut keys: Vec<String> = entries.unwrap_or_default().into_keys().collect();
        keys.sort_unstable();
        Self(keys)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|key| key == name)
    }

    fn not_ours(&self) -> String {
        const VERDICTS: &[&str] = &["OverallTestStatus", "Compliant", "Status", "Result"];
        let verdict = VERDICTS
            .iter()
            .find(|verdict| self.0.iter().any(|key| key.eq_ignore_ascii_case(verdict)));
        let what = match verdict {
            Some(verdict) => format!("the verdict of another script (`{verdict}`)"),
            None => "no report of the collector script".to_owned(),
        };
        format!(
            "This output is {what}. A verdict is no evidence: the Windows version, the registry values and the updates behind it are missing. Run the collector script, which reports them."
        )
    }
}

/// The row and the report in it have to mean the same device.
fn agree(row: &Client, report: &Client) -> Result<(), String> {
    let (row, report) = (ids_of(row), ids_of(report));
    let pairs = [
        (&row.sms_guid, &report.sms_guid),
        (&row.fqdn, &report.fqdn),
        (&row.name, &report.name),
    ];
    for (row, report) in pairs {
        if let (Some(row), Some(report)) = (row, report)
            && row.to_lowercase() != report.to_lowercase()
        {
            return Err(format!(
                "The row is about `{row}` but the report in it about `{report}`, so it was not taken. Export the results again."
            ));
        }
    }
    Ok(())
}

/// Where the columns stand that no report has.
struct Columns {
    exit_code: Option<usize>,
    task: Option<usize>,
    total: Option<usize>,
    completed: Option<usize>,
    /// Clients that were not heard from, in four kinds.
    silent: [Option<usize>; 4],
}

impl Columns {
    fn of(heading: &[String]) -> Self {
        let at = |wanted: &str| {
            let mut names = heading.iter();
            names.position(|name| name.trim().eq_ignore_ascii_case(wanted))
        };
        Self {
            exit_code: at("ScriptExitCode"),
            task: at("TaskID"),
            total: at("TotalClients"),
            completed: at("CompletedClients"),
            silent: [
                at("OfflineClients"),
                at("UnknownClients"),
                at("FailedClients"),
                at("NotApplicableClients"),
            ],
        }
    }

    fn text<'r>(row: &'r Row<'_>, at: Option<usize>) -> &'r str {
        at.map(|at| row.cell(at)).unwrap_or_default()
    }

    fn number(row: &Row<'_>, at: Option<usize>) -> Option<u64> {
        Self::text(row, at).parse().ok()
    }
}

/// How many clients were asked and answered, by run; every row of a run repeats its counts.
#[derive(Default)]
struct Runs {
    counts: HashMap<String, (u64, u64)>,
    /// Two rows of one run differ, or there are too many runs.
    lost: bool,
}

impl Runs {
    fn count(&mut self, columns: &Columns, row: &Row<'_>) {
        let Some(total) = Columns::number(row, columns.total) else {
            return;
        };
        let silent: u64 = columns
            .silent
            .iter()
            .filter_map(|at| Columns::number(row, *at))
            .fold(0, u64::saturating_add);
        let heard = total.saturating_sub(silent);
        // Of two ways to count, the one that claims less.
        let completed = Columns::number(row, columns.completed);
        let answered = completed.map_or(heard, |completed| completed.min(heard));
        let run = Columns::text(row, columns.task).to_owned();
        let room = self.counts.len() < MAX_RUNS;
        match self.counts.get(&run) {
            Some(known) => self.lost |= *known != (total, answered),
            None if room => {
                self.counts.insert(run, (total, answered));
            }
            None => self.lost = true,
        }
    }

    fn overview(self) -> Overview {
        let mut overview = Overview::default();
        if self.lost {
            overview.notes.push(
                "The rows differ in how many clients were asked and answered, so these counts were not taken. Export one run of one script, when it has ended."
                    .to_owned(),
            );
        } else if !self.counts.is_empty() {
            let sum = |part: fn(&(u64, u64)) -> u64| {
                self.counts.values().map(part).fold(0, u64::saturating_add)
            };
            overview.asked = Some(sum(|counts| counts.0));
            overview.answered = Some(sum(|counts| counts.1));
        }
        overview
    }
}
