//! `cutover import`: stores report files, through a server or straight into the database.

use std::{fs, io::Write as _, path::PathBuf};

use super::{
    Error,
    load::{Plan, Secret, Trust, connect},
};
use crate::{
    clock,
    config::{DatabaseArgs, PolicyArgs},
    ingest::{self, Judge, Result1},
    sim::Fleet,
    store::{
        Store,
        incoming::{Kept, Sender, Way},
    },
};

/// Store report files.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportArgs {
    /// Report files (one object, an array, or one object a line)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Send them to this server instead of writing into the database
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Ingest token for the server
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

/// Runs the command: exit 0 when every record was taken.
///
/// # Errors
/// A file cannot be read, a record was refused, the server or the database failed.
pub async fn run(args: ImportArgs) -> Result<(), Error> {
    let mut refused = 0_u64;
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
            connect(&plan, "reports").map_err(|error| Error::Failed(error.to_string()))?;
        for file in &args.files {
            refused += through_server(&client, &url, file).await?;
        }
    } else {
        let database = args.database.settle().map_err(Error::Usage)?;
        let (policy, freshness_ms) = args.policy.settle().map_err(Error::Usage)?;
        let store = Store::open(&database.url).await?;
        store.apply_freshness(freshness_ms).await?;
        let judge = Judge::new(policy, freshness_ms);
        for file in &args.files {
            refused += into_database(&store, &judge, file).await?;
        }
    }
    if refused > 0 {
        return Err(Error::Failed(format!(
            "{refused} records were refused; the output says why"
        )));
    }
    Ok(())
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| Error::Failed(format!("{}: {error}", file.display())))
}

async fn through_server(
    client: &reqwest::Client,
    url: &reqwest::Url,
    file: &PathBuf,
) -> Result<u64, Error> {
    let bytes = read(file)?;
    let failed = |what: String| Error::Failed(format!("{}: {what}", file.display()));
    let answer = client
        .post(url.clone())
        .header("content-type", "application/octet-stream")
        .body(bytes)
        .send()
        .await
        .map_err(|error| failed(format!("the server cannot be reached: {error}")))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| {
        failed(format!(
            "the server answered {status}, which is no answer of cutover"
        ))
    })?;
    if !status.is_success() {
        return Err(failed(format!(
            "the server answered {status}: {}",
            value["detail"].as_str().unwrap_or_default()
        )));
    }
    for result in value["results"].as_array().into_iter().flatten() {
        let what = result["standing"]
            .as_str()
            .or_else(|| result["problem"]["detail"].as_str())
            .unwrap_or_default();
        print(
            file,
            result["index"].as_u64().unwrap_or_default(),
            result["status"].as_str().unwrap_or_default(),
            result["client_id"].as_str().unwrap_or("-"),
            what,
        )?;
    }
    Ok(value["rejected"].as_u64().unwrap_or_default())
}

async fn into_database(store: &Store, judge: &Judge, file: &PathBuf) -> Result<u64, Error> {
    let bytes = read(file)?;
    let sender = Sender::vouched("cutover import", Way::Command);
    let outcome = ingest::take(store, judge, bytes, clock::now(), &sender)
        .await
        .map_err(|error| Error::Failed(format!("{}: {error}", file.display())))?;
    let mut refused = 0;
    for (index, result) in (0_u64..).zip(outcome.results) {
        match result {
            Result1::Kept {
                client_id,
                kept,
                standing,
                ..
            } => {
                let status = match kept {
                    Kept::Stored => "stored",
                    Kept::Unchanged => "unchanged",
                    Kept::Late => "stored (late: kept in the history only)",
                };
                print(file, index, status, &client_id, standing.code())?;
            }
            Result1::Rejected(errors) => {
                refused += 1;
                for error in errors {
                    let what = format!("{} {}", error.pointer, error.detail);
                    print(file, index, "rejected", "-", &what)?;
                }
            }
        }
    }
    Ok(refused)
}

fn print(
    file: &std::path::Path,
    index: u64,
    status: &str,
    client: &str,
    what: &str,
) -> Result<(), Error> {
    let what = what.replace(char::is_control, "·");
    writeln!(
        std::io::stdout().lock(),
        "{}\t{index}\t{status}\t{client}\t{what}",
        file.display()
    )
    .map_err(|_| Error::Said)
}
