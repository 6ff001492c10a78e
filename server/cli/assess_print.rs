//! What `cutover assess` prints.

use std::io::{self, Write};

use serde_json::json;

use super::assess::{Judged, Outcome};
use crate::{
    domain::{
        assess::{self, Policy},
        verdict::{Impact, Outcome as Answer, Standing},
    },
    error::Problem,
    http::client_json::checks_json,
    wire::foreign::{Format, Unreadable, any_file::Told},
};

/// Writes one object on a line.
pub(super) fn write_json(
    out: &mut impl Write,
    outcome: Outcome,
    policy: &Policy,
) -> io::Result<()> {
    let Outcome {
        file,
        index,
        place,
        notes,
        result,
    } = outcome;
    let mut value = match result {
        Err(errors) => json!({
            "file": file, "index": index, "status": "rejected",
            "problem": Problem::Invalid(errors).to_json(),
        }),
        Ok(Judged {
            report,
            verdict,
            standing,
            ..
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
                "impact": verdict.impact.map(Impact::code),
                "deciding": verdict.deciding,
                "warnings": verdict.warnings,
                "checks": checks_json(&verdict, &report.facts),
                "notes": verdict.notes.iter()
                    .map(|note| json!({"code": note.code, "message": note.message}))
                    .collect::<Vec<_>>(),
                "ruleset": policy.ruleset_name(),
            })
        }
    };
    // Of our own reports nothing more is known than they say.
    if let (Some(place), Some(object)) = (place, value.as_object_mut()) {
        object.insert("place".to_owned(), json!(place));
        if !notes.is_empty() {
            object.insert("reading_notes".to_owned(), json!(notes));
        }
    }
    serde_json::to_writer(&mut *out, &value)?;
    out.write_all(b"\n")
}

/// One line of the table, and the sentences under it.
pub(super) struct Line {
    cells: [String; 4],
    below: Vec<String>,
}

impl Line {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let mut line = match &outcome.result {
            Err(errors) => {
                let file = printable(&outcome.file);
                let place = match &outcome.place {
                    Some(place) => format!("{file}, {}", printable(place)),
                    None => format!("{file} #{}", outcome.index + 1),
                };
                Self {
                    cells: [place, String::new(), "REJECTED".to_owned(), String::new()],
                    below: errors
                        .iter()
                        .map(|error| format!("{} {}", error.pointer, error.detail))
                        .map(|text| printable(text.trim_start()))
                        .collect(),
                }
            }
            Ok(judged) => Self::judged(judged),
        };
        let notes = outcome.notes.iter();
        line.below
            .extend(notes.map(|note| format!("note: {}", printable(note))));
        line
    }

    fn judged(judged: &Judged) -> Self {
        let verdict = &judged.verdict;
        let mut words = judged.standing.words().to_owned();
        if judged.standing != verdict.standing {
            words.push_str(&format!(" (last verdict: {})", verdict.standing.words()));
        }
        if verdict.standing == Standing::Ready && verdict.warnings > 0 {
            words.push_str(&format!(" ({} warnings)", verdict.warnings));
        }
        Self {
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
                .filter(|check| check.outcome >= Answer::Unknown)
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

/// Names come from outside; a terminal must not obey them.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, "·")
}

/// Writes the table for people.
pub(super) fn write_table(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
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

/// Writes what files as a whole say; of our own reports that is nothing.
pub(super) fn write_notes(
    out: &mut impl Write,
    told: &[Result<Told, (String, Unreadable)>],
) -> io::Result<()> {
    for told in told.iter().flatten() {
        if told.notes.is_empty() && told.format == Format::Report {
            continue;
        }
        let (name, title) = (printable(&told.name), told.format.title());
        writeln!(out, "{name}: {title}, {}", told.encoding)?;
        if let (Some(asked), Some(answered)) = (told.asked, told.answered) {
            writeln!(out, "    {answered} of {asked} devices answered.")?;
        }
        for note in &told.notes {
            writeln!(out, "    {}", printable(note))?;
        }
    }
    Ok(())
}
