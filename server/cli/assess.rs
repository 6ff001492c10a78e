//! `cutover assess`: judges files offline.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::{
    Error, assess_joint,
    assess_print::{self, Line},
    import,
};
use crate::{
    clock,
    config::PolicyArgs,
    domain::{
        assess::{self, Policy},
        facts::Report,
        time::Timestamp,
        verdict::{Standing, Verdict},
    },
    wire::{
        FieldError,
        foreign::{
            Format,
            any_file::{self, File, Options, Row, Told, with_time},
            future::of_the_future,
            local_time::Dates,
        },
        report_v1::{self, Parsed},
    },
};

/// Judge files offline.
#[derive(Clone, Debug, clap::Args)]
pub struct AssessArgs {
    /// Files: reports (one object, an array, or one object a line), registry exports, tables, results of CMPivot, output of
    /// systeminfo and others, or zip archives of them; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A table for people, or one verdict object a line
    #[arg(long, value_parser = ["table", "json"], default_value = "table")]
    format: String,
    /// The format of the files [default: recognised]
    #[arg(long, value_name = "CODE", value_parser = Format::ALL.map(Format::code))]
    file_format: Option<String>,
    /// Whom files are about that name no device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Registry key or query that was asked, for the result of CMPivot that does not say it
    #[arg(long, value_name = "QUERY")]
    key: Option<String>,
    /// Which query one of the files answers, as it was run in CMPivot; once for each file
    #[arg(long, num_args = 2, value_names = ["FILE", "QUERY"], action = clap::ArgAction::Append)]
    query_of: Vec<String>,
    /// How dates are written in tables that do not show it: 11/20/2026, 20.11.2026 or 2026-11-20
    #[arg(long, value_parser = ["us", "european", "iso"])]
    dates: Option<String>,
    /// All files are answers of one run: join what they say of a device
    #[arg(long)]
    one_run: bool,
    /// You vouch that 64-bit programs read the registry values, for files that do not say how they were read
    #[arg(long)]
    read_by_64_bit: bool,
    /// Judge freshness as of this time, such as 2026-11-23T08:15:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
    /// Rules.
    #[command(flatten)]
    policy: PolicyArgs,
}

/// A file as it was read.
struct Input {
    name: String,
    bytes: Vec<u8>,
    /// When it was last written; standard input: now.
    modified: Timestamp,
}

/// A judged record.
pub(super) struct Judged {
    pub(super) report: Report,
    pub(super) content_hash: [u8; 16],
    pub(super) verdict: Verdict,
    pub(super) standing: Standing,
}

/// One thing that a file says, and what became of it.
pub(super) struct Outcome {
    pub(super) file: String,
    /// The number of it among those of its file, from 0.
    pub(super) index: usize,
    /// Where it stands; only in files that are not of our own.
    pub(super) place: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) result: Result<Judged, Vec<FieldError>>,
}

/// Runs the command: exit 0 when everything could be judged, whatever the verdicts. What several records say of one
/// client is judged together, as the server does.
///
/// # Errors
/// A file cannot be read, or something in it cannot.
pub fn run(args: &AssessArgs) -> Result<(), Error> {
    let (policy, freshness_ms) = args.policy.settle().map_err(Error::Usage)?;
    let now = args.at.unwrap_or_else(clock::now);
    let as_json = args.format == "json";
    let inputs = args
        .files
        .iter()
        .map(|file| read(file))
        .collect::<Result<Vec<Input>, Error>>()?;
    let files: Vec<File<'_>> = inputs
        .iter()
        .map(|input| File {
            name: &input.name,
            bytes: &input.bytes,
        })
        .collect();
    let mut queries = import::queries(&args.query_of, &args.files)?;
    // Here files are told of by their paths.
    for file in &args.files {
        let name = file.file_name().map(|name| name.to_string_lossy());
        let query = name.and_then(|name| queries.get(&*name).cloned());
        if let Some(query) = query {
            queries.insert(file.display().to_string(), query);
        }
    }
    let options = Options {
        format: args.file_format.as_deref().and_then(Format::from_code),
        device: args.device.clone(),
        key: args.key.clone(),
        queries,
        dates: args.dates.as_deref().and_then(Dates::from_code),
        one_run: args.one_run,
        read_by_64_bit: args.read_by_64_bit,
        ..Options::default()
    };
    let mut judge = Judge {
        inputs: &inputs,
        policy: &policy,
        freshness_ms,
        now,
        counts: HashMap::new(),
    };
    let mut out = io::stdout().lock();
    let mut outcomes = Vec::new();
    let told = any_file::read(&files, &options, &mut |row| {
        outcomes.push(judge.row(row));
        true
    });
    assess_joint::jointly(&mut outcomes, &policy, freshness_ms, now);
    let refused = outcomes.iter().filter(|one| one.result.is_err()).count();
    let lines: Vec<Line> = outcomes.iter().map(Line::of).collect();
    if as_json {
        for outcome in outcomes {
            assess_print::write_json(&mut out, outcome, &policy).map_err(said)?;
        }
        // What stands on standard output is one object a line.
        assess_print::write_notes(&mut io::stderr().lock(), &told).map_err(said)?;
    } else {
        assess_print::write_table(&mut out, &lines).map_err(said)?;
        assess_print::write_notes(&mut out, &told).map_err(said)?;
    }
    out.flush().map_err(said)?;
    ended(refused, &told)
}

/// How the command ends.
fn ended(
    refused: usize,
    told: &[Result<Told, (String, crate::wire::foreign::Unreadable)>],
) -> Result<(), Error> {
    if refused == 0 {
        return Ok(());
    }
    let mut why: Vec<String> = told
        .iter()
        .filter_map(|told| told.as_ref().err())
        .map(|(file, why)| format!("{}: {why}", assess_print::printable(file)))
        .collect();
    why.push(format!(
        "{} could not be judged; the output says why",
        if refused == 1 {
            "1 record".to_owned()
        } else {
            format!("{refused} records")
        }
    ));
    Err(Error::Failed(why.join("\n")))
}

fn said(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::Said;
    }
    Error::Failed(format!("the result could not be printed: {error}"))
}

fn read(file: &Path) -> Result<Input, Error> {
    let name = file.display().to_string();
    let failed = |error: io::Error| Error::Failed(format!("{name}: {error}"));
    let (bytes, modified) = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
        (bytes, None)
    } else {
        let bytes = fs::read(file).map_err(failed)?;
        let modified = fs::metadata(file).and_then(|data| data.modified());
        (bytes, modified.ok().map(clock::of))
    };
    Ok(Input {
        name,
        bytes,
        modified: modified.unwrap_or_else(clock::now),
    })
}

/// What judging needs.
struct Judge<'i> {
    inputs: &'i [Input],
    policy: &'i Policy,
    freshness_ms: i64,
    now: Timestamp,
    /// How many rows there were, by file.
    counts: HashMap<String, usize>,
}

impl Judge<'_> {
    fn row(&mut self, row: Row) -> Outcome {
        match row {
            Row::Refused { file, refused } => {
                let detail = refused.detail;
                let error = FieldError {
                    pointer: String::new(),
                    detail,
                };
                Outcome {
                    index: self.next(&file),
                    file,
                    place: Some(refused.place),
                    notes: Vec::new(),
                    result: Err(vec![error]),
                }
            }
            Row::Reading {
                file,
                also,
                place,
                mut document,
                notes,
                needs_time,
                time_from,
                own,
                record,
                ..
            } => {
                if needs_time {
                    let time = self.modified(std::iter::once(&file).chain(&also));
                    document = with_time(&document, &time.to_string());
                }
                let parsed = report_v1::parse_with_hash(&document).map_err(|mut errors| {
                    if let Some(record) = record {
                        record.name_line(&mut errors);
                    }
                    errors
                });
                let parsed = parsed.and_then(|parsed| {
                    let at = parsed.report.collected_at;
                    match of_the_future(at, time_from.as_deref(), self.now) {
                        Some(detail) if !own => Err(vec![FieldError {
                            pointer: String::new(),
                            detail,
                        }]),
                        _ => Ok(parsed),
                    }
                });
                Outcome {
                    index: self.next(&file),
                    file,
                    place: record.is_none().then_some(place),
                    notes,
                    result: parsed.map(|parsed| self.judge(parsed)),
                }
            }
        }
    }

    fn judge(&self, parsed: Parsed) -> Judged {
        let Parsed {
            report,
            content_hash,
        } = parsed;
        let verdict = assess::assess(&report.facts, self.policy);
        let seen_at = report.collected_at.min(self.now);
        let freshness = self.freshness_ms;
        Judged {
            standing: assess::standing_at(verdict.standing, seen_at, None, freshness, self.now),
            report,
            content_hash,
            verdict,
        }
    }

    fn next(&mut self, file: &str) -> usize {
        let count = self.counts.entry(file.to_owned()).or_default();
        let index = *count;
        *count += 1;
        index
    }

    /// The earliest time at which one of some files was written; files in an archive have that of the archive.
    fn modified<'f>(&self, files: impl Iterator<Item = &'f String>) -> Timestamp {
        let times = files.filter_map(|file| {
            let is = |input: &&Input| match file.strip_prefix(input.name.as_str()) {
                Some(rest) => rest.is_empty() || rest.starts_with('/'),
                None => false,
            };
            self.inputs
                .iter()
                .filter(is)
                .map(|input| input.modified)
                .min()
        });
        times.min().unwrap_or(self.now)
    }
}
