//! `cutover import`: stores files of any format, through a server or straight into the database.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Error,
    load::{Plan, Secret, Trust, connect},
};
use crate::{
    clock,
    config::{DatabaseArgs, PolicyArgs},
    domain::time::Timestamp,
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
    /// When their facts were read, for files that do not say it [default: when each file was last written]
    #[arg(long, value_name = "TIME")]
    collected_at: Option<String>,
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
    let given = args.collected_at.as_deref().map(given_time).transpose()?;
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
        let server = Server { client, url };
        for file in &args.files {
            let at = given.or_else(|| written_at(file));
            refused += server.import(&args, file, at).await?;
        }
    } else {
        let database = args.database.settle().map_err(Error::Usage)?;
        let (policy, freshness_ms) = args.policy.settle().map_err(Error::Usage)?;
        let store = Store::open(&database.url).await?;
        store.apply_freshness(freshness_ms).await?;
        let judge = Judge::new(policy, freshness_ms);
        for file in &args.files {
            let at = given.or_else(|| written_at(file));
            refused += into_database(&store, &judge, &args, file, at).await?;
        }
    }
    if refused > 0 {
        return Err(Error::Failed(format!(
            "{refused} records were refused; the output says why"
        )));
    }
    Ok(())
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

/// A server that takes uploads.
struct Server {
    client: reqwest::Client,
    url: reqwest::Url,
}

impl Server {
    async fn import(
        &self,
        args: &ImportArgs,
        file: &Path,
        collected_at: Option<Timestamp>,
    ) -> Result<i64, Error> {
        let mut url = self.url.clone();
        let mut beside = vec![("commit", "true".to_owned()), ("name", name_of(file))];
        beside.extend(collected_at.map(|at| ("collected_at", at.to_string())));
        beside.extend(args.format.clone().map(|format| ("format", format)));
        beside.extend(args.device.clone().map(|device| ("device", device)));
        url.query_pairs_mut().extend_pairs(beside);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/octet-stream")
            .body(read(file)?);
        let mut upload = answer(request, file).await?;
        let id = upload["id"].as_str().unwrap_or_default().to_owned();
        let own = self.below(&[&id], "wait=20");
        while ["reading", "committing"].contains(&upload["state"].as_str().unwrap_or_default()) {
            upload = answer(self.client.get(own.clone()), file).await?;
        }
        let mut cursor = String::new();
        loop {
            let rows = self.below(&[&id, "rows"], &format!("limit={PAGE}&cursor={cursor}"));
            let page = answer(self.client.get(rows), file).await?;
            for row in page["items"].as_array().into_iter().flatten() {
                let text = |name: &str| row[name].as_str();
                Line {
                    index: row["index"].as_i64().unwrap_or_default(),
                    outcome: text("outcome"),
                    client: text("client_id"),
                    standing: text("standing"),
                    place: text("place").unwrap_or_default(),
                    problem: text("problem"),
                }
                .print(file)?;
            }
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        if upload["state"] != "done" {
            return Err(unfinished(file, upload["problem"].as_str()));
        }
        Ok(upload["rejected"].as_i64().unwrap_or_default())
    }

    fn below(&self, steps: &[&str], query: &str) -> reqwest::Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(steps);
        }
        url.set_query(Some(query));
        url
    }
}

fn unfinished(file: &Path, problem: Option<&str>) -> Error {
    let why = problem.unwrap_or("it came to no end");
    Error::Failed(format!("{}: {why}", file.display()))
}

async fn answer(request: reqwest::RequestBuilder, file: &Path) -> Result<Value, Error> {
    let failed = |what: String| Error::Failed(format!("{}: {what}", file.display()));
    let answer = request
        .send()
        .await
        .map_err(|error| failed(format!("the server cannot be reached: {error}")))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|_| {
        failed(format!(
            "the server answered {status}, which is no answer of cutover"
        ))
    })?;
    if status.is_success() {
        return Ok(value);
    }
    Err(failed(format!(
        "the server answered {status}: {}",
        value["detail"].as_str().unwrap_or_default()
    )))
}

async fn into_database(
    store: &Store,
    judge: &Judge,
    args: &ImportArgs,
    file: &Path,
    collected_at: Option<Timestamp>,
) -> Result<i64, Error> {
    let bytes = read(file)?;
    let sent = Sent {
        file_hash: Sha256::digest(&bytes).to_vec(),
        files: vec![(name_of(file), bytes)],
        chosen: Chosen {
            format: args.format.clone(),
            device: args.device.clone(),
            ..Chosen::default()
        },
        collected_at,
        at_once: true,
        by: "cutover import".to_owned(),
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
        for row in &rows {
            Line {
                index: row.n,
                outcome: row.outcome.as_deref(),
                client: row.client.as_ref().map(|(id, _)| id.as_str()),
                standing: row.standing.map(crate::domain::verdict::Standing::code),
                place: &row.place,
                problem: row.problem.as_deref(),
            }
            .print(file)?;
        }
    }
    if upload.state != State::Done {
        return Err(unfinished(file, upload.problem.as_deref()));
    }
    Ok(upload.counts.rejected)
}

/// What became of one row.
struct Line<'r> {
    index: i64,
    outcome: Option<&'r str>,
    client: Option<&'r str>,
    standing: Option<&'r str>,
    place: &'r str,
    problem: Option<&'r str>,
}

impl Line<'_> {
    fn print(&self, file: &Path) -> Result<(), Error> {
        let status = match self.outcome {
            Some("new" | "changed") => "stored",
            Some("unchanged") => "unchanged",
            Some(_) => "stored (late: kept in the history only)",
            None if self.problem.is_some() => "rejected",
            None => "not stored",
        };
        let what = match (self.problem, self.standing) {
            (Some(problem), _) => format!("{}: {problem}", self.place),
            (None, standing) => standing.unwrap_or_default().to_owned(),
        };
        let client = self
            .client
            .filter(|_| self.outcome.is_some())
            .unwrap_or("-");
        writeln!(
            std::io::stdout().lock(),
            "{}\t{}\t{status}\t{client}\t{}",
            file.display(),
            self.index,
            what.replace(char::is_control, "·")
        )
        .map_err(|_| Error::Said)
    }
}
