//! `cutover import`: stores files of any format, through a server or straight into the database.

mod through_server;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use sha2::{Digest as _, Sha256};

use super::{
    Error,
    load::{Plan, Secret, Trust, connect},
};
use crate::{
    clock,
    config::{DatabaseArgs, PolicyArgs},
    domain::{audit::Author, time::Timestamp},
    ingest::Judge,
    sim::Fleet,
    store::{
        Store,
        incoming::Way,
        upload_model::{Shown, State},
    },
    uploads::{self, Chosen, Sent},
    wire::foreign::format::Format,
};

/// Rows asked for at a time.
const PAGE: i64 = 500;

/// Store files of any format that is read: reports, exports, tables, outputs of scripts.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Clone, Debug, clap::Args)]
pub struct ImportArgs {
    /// Files; of what format is recognised
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Their format, where it is not recognised
    #[arg(long, value_name = "CODE")]
    format: Option<String>,
    /// Whom they are about, for files that name no device
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
    /// All files are answers of one run: join what they say of a device, as one upload
    #[arg(long)]
    one_run: bool,
    /// You vouch that 64-bit programs read the registry values, for files that do not say how they were read
    #[arg(long)]
    read_by_64_bit: bool,
    /// How many devices were asked, for files that do not say it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    asked: Option<u32>,
    /// When their facts were read, for files that do not say it [default: when each file was last written; of one run the oldest]
    #[arg(long, value_name = "TIME")]
    collected_at: Option<String>,
    /// A line for each row with what became of it, and the notes on files; otherwise a summary and what was refused
    #[arg(long)]
    verbose: bool,
    /// Send them to this server instead of writing into the database
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Import token for the server
    #[arg(
        long,
        env = "CUTOVER_TOKEN",
        hide_env_values = true,
        requires = "server"
    )]
    token: Option<Secret>,
    /// Accept what the certificates in this PEM file vouch for, and nothing else
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
    /// Accept any certificate; only for a server on this machine
    #[arg(long, requires = "server", conflicts_with = "ca")]
    insecure: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Runs the command: exit 0 when every row was taken.
///
/// # Errors
/// A file cannot be read, a row was refused, the server or the database failed.
pub async fn run(args: ImportArgs) -> Result<(), Error> {
    if let Some(code) = &args.format
        && Format::from_code(code).is_none()
    {
        let codes = Format::ALL.map(Format::code);
        return Err(Error::Usage(format!(
            "--format: there is no format {code:?}; use one of {}",
            codes.join(", ")
        )));
    }
    let queries = queries(&args.query_of, &args.files)?;
    let given = args.collected_at.as_deref().map(given_time).transpose()?;
    // What is sent as one upload: each file alone, or all of them.
    let parcels: Vec<Parcel<'_>> = if args.one_run {
        vec![Parcel::new(&args.files, given, &queries)]
    } else {
        let each = args.files.chunks(1);
        each.map(|files| Parcel::new(files, given, &queries))
            .collect()
    };
    let mut refused = 0;
    if let Some(server) = &args.server {
        let trust = match &args.ca {
            Some(path) => Trust::File(path.clone()),
            None if args.insecure => Trust::Anything,
            None => Trust::System,
        };
        let mut plan = Plan::new(server.as_str(), Fleet::new(1, 1), clock::now());
        plan.trust = trust;
        plan.token = args.token.clone();
        let (client, url) =
            connect(&plan, "uploads").map_err(|error| Error::Failed(error.to_string()))?;
        let server = through_server::Server { client, url };
        for parcel in &parcels {
            refused += server.import(&args, parcel).await?;
        }
    } else {
        let database = args.database.settle().map_err(Error::Usage)?;
        let (policy, freshness_ms) = args.policy.settle().map_err(Error::Usage)?;
        let store = Store::open(&database.url).await?;
        store
            .apply_freshness(freshness_ms, Author::command(), clock::now())
            .await?;
        let judge = Judge::new(policy, freshness_ms);
        for parcel in &parcels {
            refused += into_database(&store, &judge, &args, parcel).await?;
        }
    }
    if refused > 0 {
        let refused = match refused {
            1 => "1 record was refused".to_owned(),
            many => format!("{many} records were refused"),
        };
        return Err(Error::Failed(format!("{refused}; the output says why")));
    }
    Ok(())
}

/// Files that are sent as one upload.
struct Parcel<'a> {
    files: &'a [PathBuf],
    /// When their facts were read, where they do not say it: of several files the oldest counts, so that nothing looks
    /// fresher than it is.
    collected_at: Option<Timestamp>,
    /// Which query each file answers, by its name.
    queries: BTreeMap<String, String>,
}

/// Pairs of file and query, by the names of the files.
///
/// # Errors
/// A query is of no file that was given.
pub(super) fn queries(
    pairs: &[String],
    files: &[PathBuf],
) -> Result<BTreeMap<String, String>, Error> {
    let mut queries = BTreeMap::new();
    for pair in pairs.chunks(2) {
        let [file, query] = pair else { continue };
        let name = name_of(Path::new(file));
        if !files.iter().any(|known| name_of(known) == name) {
            return Err(Error::Usage(format!(
                "--query-of: {file} is none of the files; name one of them"
            )));
        }
        queries.insert(name, query.clone());
    }
    Ok(queries)
}

impl<'a> Parcel<'a> {
    fn new(
        files: &'a [PathBuf],
        given: Option<Timestamp>,
        queries: &BTreeMap<String, String>,
    ) -> Self {
        let written: Option<Vec<Timestamp>> = files.iter().map(|file| written_at(file)).collect();
        let oldest = written.and_then(|times| times.into_iter().min());
        Self {
            files,
            collected_at: given.or(oldest),
            queries: files
                .iter()
                .filter_map(|file| queries.get_key_value(&name_of(file)))
                .map(|(name, query)| (name.clone(), query.clone()))
                .collect(),
        }
    }

    /// Names and contents.
    fn read(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.files
            .iter()
            .map(|file| Ok((name_of(file), read(file)?)))
            .collect()
    }

    /// What it is called when something is said of it.
    fn label(&self) -> String {
        match self.files {
            [] => String::new(),
            [only] => only.display().to_string(),
            [first, rest @ ..] => format!("{} and {} more", first.display(), rest.len()),
        }
    }

    /// Of which file a row is that says it is of `name`.
    fn file_of(&self, name: &str) -> String {
        match self.files {
            [only] => only.display().to_string(),
            _ => name.to_owned(),
        }
    }

    fn unfinished(&self, problem: Option<&str>) -> Error {
        self.failed(problem.unwrap_or("it came to no end"))
    }

    fn failed(&self, why: impl std::fmt::Display) -> Error {
        Error::Failed(format!("{}: {why}", self.label()))
    }
}

fn given_time(text: &str) -> Result<Timestamp, Error> {
    let wrong = |why: String| Error::Usage(format!("--collected-at: {why}"));
    let at = Timestamp::parse(text).map_err(wrong)?;
    uploads::check_time(at, clock::now()).map_err(wrong)?;
    Ok(at)
}

/// When a file was last written. `None`: the disk does not say it, or says a time to come, which is no time at which
/// anything was read; rows that need one are refused then.
fn written_at(file: &Path) -> Option<Timestamp> {
    let since = fs::metadata(file).ok()?.modified().ok()?;
    let since = since.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let at = Timestamp(i64::try_from(since).ok()?);
    uploads::check_time(at, clock::now()).ok().map(|()| at)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| Error::Failed(format!("{}: {error}", file.display())))
}

fn name_of(file: &Path) -> String {
    file.file_name().map_or_else(
        || "file".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

async fn into_database(
    store: &Store,
    judge: &Judge,
    args: &ImportArgs,
    parcel: &Parcel<'_>,
) -> Result<i64, Error> {
    let files = parcel.read()?;
    let mut hash = Sha256::new();
    for (_, bytes) in &files {
        hash.update(bytes);
    }
    let sent = Sent {
        file_hash: hash.finalize().to_vec(),
        files,
        chosen: Chosen {
            format: args.format.clone(),
            mapping: None,
            device: args.device.clone(),
            key: args.key.clone(),
            queries: parcel.queries.clone(),
            dates: args.dates.clone(),
            one_run: args.one_run,
            read_by_64_bit: args.read_by_64_bit,
            asked: args.asked,
        },
        collected_at: parcel.collected_at,
        at_once: true,
        by: "cutover import".to_owned(),
        author: Author::command(),
        token: String::new(),
        way: Way::Command.code(),
    };
    let id = uploads::accept(store, sent, clock::now()).await?;
    let upload = uploads::complete(store, judge, &id).await?;
    let mut from = 0;
    loop {
        let rows = store.upload_rows(&id, Shown::All, from, PAGE).await?;
        let Some(last) = rows.last() else {
            break;
        };
        from = last.n + 1;
        for row in rows
            .iter()
            .filter(|row| args.verbose || row.problem.is_some())
        {
            Line {
                index: row.n,
                outcome: row.outcome.as_deref(),
                client: row.client.as_ref().map(|(id, _)| id.as_str()),
                standing: row.standing.map(crate::domain::verdict::Standing::code),
                place: &row.place,
                problem: row.problem.as_deref(),
                notes: &row.notes,
            }
            .print(&parcel.file_of(&row.file_name))?;
        }
    }
    if upload.state != State::Done {
        return Err(parcel.unfinished(upload.problem.as_deref()));
    }
    let counts = upload.counts;
    let told = uploads::told_of(&upload.told);
    Summary {
        formats: told.iter().map(|told| told.format.as_str()).collect(),
        notes: told
            .iter()
            .flat_map(|told| {
                told.notes
                    .iter()
                    .map(|note| (told.name.as_str(), note.as_str()))
            })
            .collect(),
        rows: counts.total,
        stored: [
            counts.stored_new,
            counts.stored_changed,
            counts.stored_unchanged,
            counts.stored_late,
        ],
        refused: counts.rejected,
        by: &upload.created_by,
    }
    .print(args, parcel)?;
    said_nothing(parcel, upload.completeness);
    Ok(counts.rejected)
}

/// Says on standard error how many of the asked devices said nothing: silence is not success.
fn said_nothing(parcel: &Parcel<'_>, completeness: Option<(i64, i64)>) {
    if let Some((asked, answered)) = completeness {
        let silent = asked.saturating_sub(answered).max(0);
        let label = parcel.label();
        let _ = writeln!(
            std::io::stderr().lock(),
            "{label}: asked {asked}, answered {answered}: {silent} said nothing"
        );
    }
}

/// What became of a parcel.
struct Summary<'u> {
    /// Codes of what the files were taken for.
    formats: Vec<&'u str>,
    /// File and note.
    notes: Vec<(&'u str, &'u str)>,
    rows: i64,
    /// New, changed, unchanged, late.
    stored: [i64; 4],
    refused: i64,
    by: &'u str,
}

impl Summary<'_> {
    fn print(&self, args: &ImportArgs, parcel: &Parcel<'_>) -> Result<(), Error> {
        let mut out = std::io::stdout().lock();
        let label = parcel.label().replace(char::is_control, "·");
        if args.verbose {
            for (file, note) in &self.notes {
                let line = format!("{file}: {note}").replace(char::is_control, "·");
                writeln!(out, "note\t{line}").map_err(|_| Error::Said)?;
            }
        }
        let mut formats: Vec<&str> = Vec::new();
        for code in &self.formats {
            let title = Format::from_code(code).map_or("not recognised", Format::title);
            if !formats.contains(&title) {
                formats.push(title);
            }
        }
        let [new, changed, unchanged, late] = self.stored;
        let understood = self.rows - self.refused;
        let rows = if self.rows == 1 { "row" } else { "rows" };
        writeln!(
            out,
            "{label}: {}. {understood} of {} {rows} understood: {new} new clients, {changed} changed, {unchanged} \
             unchanged, {late} older than what was known; {} refused. Stored by {}.",
            formats.join(", "),
            self.rows,
            self.refused,
            self.by.replace(char::is_control, "·"),
        )
        .map_err(|_| Error::Said)
    }
}

/// What became of one row.
struct Line<'r> {
    index: i64,
    outcome: Option<&'r str>,
    client: Option<&'r str>,
    standing: Option<&'r str>,
    place: &'r str,
    problem: Option<&'r str>,
    notes: &'r [String],
}

impl Line<'_> {
    fn print(&self, file: &str) -> Result<(), Error> {
        let status = match self.outcome {
            Some("new" | "changed") => "stored",
            Some("unchanged") => "unchanged",
            Some(_) => "stored (late: kept in the history only)",
            None if self.problem.is_some() => "rejected",
            None => "not stored",
        };
        let mut what = match (self.problem, self.standing) {
            (Some(problem), _) => format!("{}: {problem}", self.place),
            (None, standing) => standing.unwrap_or_default().to_owned(),
        };
        if !self.notes.is_empty() {
            what = format!("{what}\t{}", self.notes.join(" "));
        }
        let client = self
            .client
            .filter(|_| self.outcome.is_some())
            .unwrap_or("-");
        writeln!(
            std::io::stdout().lock(),
            "{}\t{}\t{status}\t{client}\t{}",
            file.replace(char::is_control, "·"),
            self.index,
            what.replace(|c: char| c.is_control() && c != '\t', "·")
        )
        .map_err(|_| Error::Said)
    }
}
