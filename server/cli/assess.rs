//! `cutover assess`: judges report files offline.

use std::{
    fs,
    io::{self, Read as _, Write},
    path::PathBuf,
};

use serde_json::json;

use super::Error;
use crate::{
    clock,
    config::PolicyArgs,
    domain::{
        assess::{self, Policy},
        facts::Report,
        time::Timestamp,
        verdict::{Outcome, Standing, Verdict},
    },
    error::Problem,
    http::api_client::check_json,
    wire::{FieldError, decode, records, report_v1},
};

/// Judge report files offline.
#[derive(Clone, Debug, clap::Args)]
pub struct AssessArgs {
    /// Report files (one object, an array, or one object a line); - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A table for people, or one verdict object a line
    #[arg(long, value_parser = ["table", "json"], default_value = "table")]
    format: String,
    /// Judge freshness as of this time, such as 2026-11-23T08:15:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
    /// Rules.
    #[command(flatten)]
    policy: PolicyArgs,
}

/// A judged record.
struct Judged {
    report: Report,
    verdict: Verdict,
    standing: Standing,
}

/// Runs the command: exit 0 when every record could be judged, whatever the verdicts.
///
/// # Errors
/// A file cannot be read, or a record in it cannot.
pub fn run(args: &AssessArgs) -> Result<(), Error> {
    let (policy, freshness_ms) = args.policy.settle().map_err(Error::Usage)?;
    let now = args.at.unwrap_or_else(clock::now);
    let as_json = args.format == "json";
    let mut out = io::stdout().lock();
    let mut lines = Vec::new();
    let mut refused = 0_usize;
    for file in &args.files {
        let name = file.display().to_string();
        let bytes = read(file).map_err(|error| Error::Failed(format!("{name}: {error}")))?;
        let text =
            decode::to_utf8(&bytes).map_err(|error| Error::Failed(format!("{name}: {error}")))?;
        let mut results: Vec<Result<Judged, Vec<FieldError>>> = Vec::new();
        records::for_each_record(&text, |place, record| {
            let judged = match record {
                Ok(bytes) => report_v1::parse(bytes)
                    .map(|report| judge(report, &policy, freshness_ms, now))
                    .map_err(|mut errors| {
                        place.name_line(&mut errors);
                        errors
                    }),
                Err(cut) => Err(vec![cut.error]),
            };
            results.push(judged);
        })
        .map_err(|error| Error::Failed(format!("{name}: {error}")))?;
        for (index, result) in results.into_iter().enumerate() {
            refused += usize::from(result.is_err());
            if as_json {
                write_json(&mut out, &name, index, result, &policy).map_err(said)?;
            } else {
                lines.push(line(&name, index, &result));
            }
        }
    }
    if !as_json {
        write_table(&mut out, &lines).map_err(said)?;
    }
    if refused > 0 {
        return Err(Error::Failed(format!(
            "{refused} records could not be judged; the output says why"
        )));
    }
    Ok(())
}

fn said(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::Said;
    }
    Error::Failed(format!("the result could not be printed: {error}"))
}

fn read(file: &PathBuf) -> io::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file)
}

fn judge(report: Report, policy: &Policy, freshness_ms: i64, now: Timestamp) -> Judged {
    let verdict = assess::assess(&report.facts, policy);
    let seen_at = report.collected_at.min(now);
    Judged {
        standing: assess::standing_at(verdict.standing, seen_at, None, freshness_ms, now),
        report,
        verdict,
    }
}

fn write_json(
    out: &mut impl Write,
    file: &str,
    index: usize,
    result: Result<Judged, Vec<FieldError>>,
    policy: &Policy,
) -> io::Result<()> {
    let value = match result {
        Err(errors) => json!({
            "file": file, "index": index, "status": "rejected",
            "problem": Problem::Invalid(errors).to_json(),
        }),
        Ok(Judged {
            report,
            verdict,
            standing,
        }) => {
            let os = assess::os_identity(&report.facts.os);
            json!({
                "file": file,
                "index": index,
                "report_id": report.report_id,
                "collected_at": report.collected_at.to_string(),
                "client": {
                    "name": report.ids.name, "fqdn": report.ids.fqdn,
                    "sms_guid": report.ids.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")),
                    "resource_id": report.ids.resource_id, "site_code": report.ids.site_code,
                    "smbios_guid": report.ids.smbios_guid, "serial_number": report.ids.serial_number,
                },
                "os": {"key": os.key, "name": os.label, "end_of_support": os.end_of_support},
                "standing": standing.code(),
                "cleared": standing.is_cleared(),
                "verdict": verdict.standing.code(),
                "impact": verdict.impact.map(crate::domain::verdict::Impact::code),
                "deciding": verdict.deciding,
                "warnings": verdict.warnings,
                "checks": verdict.checks.iter().map(check_json).collect::<Vec<_>>(),
                "notes": verdict.notes.iter()
                    .map(|note| json!({"code": note.code, "message": note.message}))
                    .collect::<Vec<_>>(),
                "ruleset": policy.ruleset_name(),
            })
        }
    };
    serde_json::to_writer(&mut *out, &value)?;
    out.write_all(b"\n")
}

/// One line of the table, and the sentences under it.
struct Line {
    cells: [String; 4],
    below: Vec<String>,
}

fn line(file: &str, index: usize, result: &Result<Judged, Vec<FieldError>>) -> Line {
    match result {
        Err(errors) => Line {
            cells: [
                format!("{} #{}", printable(file), index + 1),
                String::new(),
                "REJECTED".to_owned(),
                String::new(),
            ],
            below: errors
                .iter()
                .map(|error| printable(&format!("{} {}", error.pointer, error.detail)))
                .collect(),
        },
        Ok(judged) => {
            let verdict = &judged.verdict;
            let mut words = judged.standing.words().to_owned();
            if judged.standing != verdict.standing {
                words.push_str(&format!(" (last verdict: {})", verdict.standing.words()));
            }
            if verdict.standing == Standing::Ready && verdict.warnings > 0 {
                words.push_str(&format!(" ({} warnings)", verdict.warnings));
            }
            Line {
                cells: [
                    printable(&judged.report.ids.display_name()),
                    assess::os_identity(&judged.report.facts.os).label,
                    words,
                    verdict
                        .impact
                        .map_or_else(String::new, |impact| impact.code().to_owned()),
                ],
                below: verdict
                    .checks
                    .iter()
                    .filter(|check| check.outcome >= Outcome::Unknown)
                    .map(|check| {
                        let mut text = format!(
                            "{}: {} [{}]",
                            check.outcome.words(),
                            check.message,
                            check.reason
                        );
                        if !check.fix.is_empty() {
                            text.push_str(&format!("\n      fix: {}", check.fix));
                        }
                        text
                    })
                    .collect(),
            }
        }
    }
}

/// Names come from outside; a terminal must not obey them.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "·")
}

fn write_table(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
    let heads = ["Client", "Operating system", "Standing", "Impact"];
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line.cells[column].chars().count())
            .chain([heads[column].len()])
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let row = |out: &mut dyn Write, cells: [&str; 4]| {
        writeln!(
            out,
            "{:<a$}  {:<b$}  {:<c$}  {}",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            a = widths[0],
            b = widths[1],
            c = widths[2]
        )
    };
    row(out, heads)?;
    for line in lines {
        row(out, line.cells.each_ref().map(String::as_str))?;
        for text in &line.below {
            writeln!(out, "    {text}")?;
        }
    }
    Ok(())
}
