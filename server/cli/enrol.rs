//! `cutover enrol`: keys for machines that sign their reports. Who can run it administrates the machine.

use std::{collections::BTreeSet, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{
        audit::{self, Author},
        enrolment::name,
    },
    enrolment,
    store::Store,
};

/// Machines that are given keys in one transaction.
const TOGETHER: usize = 500;
/// Bytes of a list of names that are read.
const LONGEST_LIST: u64 = 64 << 20;

/// Give machines a key to sign with.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EnrolArgs {
    #[command(subcommand)]
    command: Option<EnrolCommand>,
    #[command(flatten)]
    give: Give,
}

#[derive(Clone, Debug, clap::Args)]
struct Give {
    /// Names of machines, in full (pc-1.corp.example) where they have one; who has a key already gets a new one
    names: Vec<String>,
    /// File with one name a line
    #[arg(long, value_name = "FILE")]
    names_from: Option<PathBuf>,
    /// Why; it stands in the audit log
    #[arg(long, value_name = "TEXT", required = true)]
    why: Option<String>,
    /// The server's own key [default: enrolment.key in the data directory]
    #[arg(long, env = "CUTOVER_ENROLMENT_KEY", value_name = "FILE")]
    enrolment_key: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum EnrolCommand {
    /// Make the key of a machine void
    Revoke {
        /// Its name, as `enrol list` shows it
        name: String,
        /// Why; it stands in the audit log
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List machines: name, which key, since when, and whether it holds
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

/// `cutover enrol …`
///
/// # Errors
/// A name or word is wrong, the key cannot be read, or the database failed.
pub async fn run(args: EnrolArgs) -> Result<(), Error> {
    match args.command {
        None => give(args.give).await,
        Some(EnrolCommand::Revoke {
            name: said,
            why,
            database,
        }) => {
            let why = audit::reason(&why).map_err(Error::Usage)?;
            let because = Author::command().because(Some(why));
            let store = open(&database).await?;
            let known = name(&said).unwrap_or_default();
            if !store.revoke_enrolment(known, because, clock::now()).await? {
                return Err(Error::Failed(format!(
                    "no machine called {said:?} has a key that holds; `cutover enrol list` shows them"
                )));
            }
            eprintln!("The key of {said} is void; what it signs is not taken any more.");
            Ok(())
        }
        Some(EnrolCommand::List { database }) => {
            let store = open(&database).await?;
            let mut after = String::new();
            loop {
                let page = store.enrolled(&after).await?;
                let Some(last) = page.last() else {
                    return Ok(());
                };
                after.clone_from(&last.name);
                for machine in &page {
                    let state = machine
                        .revoked_at()
                        .map_or_else(|| "holds".to_owned(), |at| format!("void since {at}"));
                    say(&format!(
                        "{}\tkey {}\tsince {}\t{state}",
                        machine.name,
                        machine.generation,
                        machine.enrolled_at()
                    ))?;
                }
            }
        }
    }
}

async fn give(wanted: Give) -> Result<(), Error> {
    let why = audit::reason(&wanted.why.unwrap_or_default()).map_err(Error::Usage)?;
    let mut said = wanted.names;
    if let Some(path) = &wanted.names_from {
        said.extend(listed(path)?);
    }
    let mut names = BTreeSet::new();
    for text in &said {
        let known = name(text).ok_or_else(|| {
            Error::Usage(format!(
                "{text:?} is no name of a machine; give it as pc-1.corp.example or PC-1"
            ))
        })?;
        names.insert(known);
    }
    if names.is_empty() {
        return Err(Error::Usage(
            "name the machines, or a file of their names with --names-from FILE".to_owned(),
        ));
    }
    let file = wanted
        .database
        .enrolment_key(wanted.enrolment_key.as_ref())
        .map_err(Error::Usage)?;
    let store = open(&wanted.database).await?;
    let master = enrolment::open_or_make(&file).map_err(Error::Failed)?;
    let names: Vec<String> = names.into_iter().collect();
    say("name,key")?;
    for some in names.chunks(TOGETHER) {
        let because = Author::command().because(Some(why.clone()));
        for (name, generation) in store.enrol(some.to_vec(), because, clock::now()).await? {
            let key = STANDARD.encode(master.key_of(&name, generation).bytes());
            say(&format!("{name},{key}"))?;
        }
    }
    eprintln!(
        "Each key is shown this once. Bring it to its machine by a way that nobody else reads, such as a script of Configuration Manager."
    );
    Ok(())
}

fn listed(path: &std::path::Path) -> Result<Vec<String>, Error> {
    let failed = |why: &dyn std::fmt::Display| {
        Error::Failed(format!("{} cannot be read: {why}", path.display()))
    };
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > LONGEST_LIST {
        return Err(failed(&"it is larger than 64 MiB"));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let lines = text.trim_start_matches('\u{FEFF}').lines();
    Ok(lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}
