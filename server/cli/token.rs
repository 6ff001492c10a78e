//! `cutover token`: tokens for programs, made, listed and revoked on the database, beside a running server.

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{
        audit::{self, Author},
        time::Timestamp,
    },
    http::token_form::Words,
    store::{Store, tokens::Token},
};

/// Make, list and revoke tokens.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum TokenCommand {
    /// Make a token and print it, alone, on standard output; it is shown once
    Create(Create),
    /// List tokens: id, purpose, name, sites, from where, made, ends, last used, revoked, clients that rest on it
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke a token; a running server stops taking it within five seconds
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
        /// Why, for the audit log
        #[arg(long, value_name = "REASON")]
        why: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// What a new token may do.
#[derive(Clone, Debug, clap::Args)]
struct Create {
    /// What it may do: send reports, read, replace the expected list, or bring in files of any format
    #[arg(long, value_parser = ["ingest", "read", "population", "import"])]
    purpose: String,
    /// What to call it
    #[arg(long, default_value = "unnamed")]
    name: String,
    /// When it ends: 90d, 2027-03-31 or 2027-03-31T08:00:00Z [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Sites whose clients it may speak of or see, comma separated [default: all]
    #[arg(long, value_name = "CODES")]
    sites: Option<String>,
    /// Networks it may be used from, comma separated, such as 10.20.0.0/16,192.0.2.7 [default: anywhere]
    #[arg(long, value_name = "NETWORKS")]
    from: Option<String>,
    /// New clients that it may make known in an hour; 0: no limit [default: as the server is set]
    #[arg(long, value_name = "N")]
    new_clients_per_hour: Option<u32>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The database of a server that has run already. A token in a new one beside it would open nothing.
async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

/// `cutover token …`
///
/// # Errors
/// A word is wrong, the database failed, or there is no such token.
pub async fn run(args: TokenArgs) -> Result<(), Error> {
    match args.command {
        TokenCommand::Create(wanted) => create(wanted).await,
        TokenCommand::List { database } => {
            let store = open(&database).await?;
            let resting = store.resting_on_tokens().await?;
            for token in store.tokens().await? {
                let clients = resting.iter().find(|(id, _)| *id == token.id);
                say(&line(&token, clients.map_or(0, |(_, n)| *n)))?;
            }
            Ok(())
        }
        TokenCommand::Revoke { id, why, database } => {
            let why = why
                .map(|why| audit::reason(&why))
                .transpose()
                .map_err(Error::Usage)?;
            let store = open(&database).await?;
            let by = Author::command().because(why);
            if !store.revoke_token(id.clone(), by, clock::now()).await? {
                return Err(Error::Failed(format!(
                    "there is no token {id:?} that still holds; `cutover token list` shows them"
                )));
            }
            eprintln!("Token {id} is revoked.");
            Ok(())
        }
    }
}

async fn create(wanted: Create) -> Result<(), Error> {
    let now = clock::now();
    let words = Words {
        purpose: wanted.purpose,
        name: wanted.name,
        expires: wanted.expires.unwrap_or_default(),
        sites: wanted.sites.unwrap_or_default(),
        networks: wanted.from.unwrap_or_default(),
        new_ids: wanted
            .new_clients_per_hour
            .map(|n| n.to_string())
            .unwrap_or_default(),
    };
    let new = words.understood(now).map_err(|errors| {
        let said: Vec<String> = errors.into_iter().map(|error| error.detail).collect();
        Error::Usage(said.join("; "))
    })?;
    let store = open(&wanted.database).await?;
    let made = store.create_token(new, Author::command(), now);
    say(&made.await?)
}

/// A token on one line. Names hold no control characters, so tabs separate.
fn line(token: &Token, clients: i64) -> String {
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let sites = token.sites.limit().map(|codes| codes.join(","));
    let networks: Vec<String> = token.networks.iter().map(ToString::to_string).collect();
    let from = if networks.is_empty() {
        "anywhere".to_owned()
    } else {
        networks.join(",")
    };
    let used = match (token.last_used_at, &token.last_used_from) {
        (Some(at), Some(from)) => format!("{at} from {from}"),
        (at, _) => time(at),
    };
    format!(
        "{}\t{}\t{}\tsites {}\tfrom {from}\tmade {}\texpires {}\tlast used {used}\trevoked {}\tclients {clients}",
        token.id,
        token.purpose.code(),
        token.name,
        sites.unwrap_or_else(|| "all".to_owned()),
        token.created_at,
        time(token.expires_at),
        time(token.revoked_at),
    )
}
