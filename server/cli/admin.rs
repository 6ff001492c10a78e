//! `cutover token`, `backup` and `migrate`: administration on the database, beside a running server.

use std::path::PathBuf;

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::audit::{self, Author},
    store::{Store, access::Purpose},
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
    Create {
        /// What it may do: send reports, read, replace the expected list, or bring in files of any format
        #[arg(long, value_parser = ["ingest", "read", "population", "import"])]
        purpose: String,
        /// What to call it
        #[arg(long, default_value = "unnamed")]
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List tokens: id, purpose, name, made, last used, revoked
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

/// Copy the SQLite database.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// File to write; it must not be there yet
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Bring the database up to date.
#[derive(Clone, Debug, clap::Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle().map_err(Error::Usage)?;
    Ok(Store::open(&database.url).await?)
}

/// The database of a server that has run already. A token in a new one beside it would open nothing.
async fn open_existing(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

/// `cutover token …`
///
/// # Errors
/// The database failed, or there is no such token.
pub async fn token(args: TokenArgs) -> Result<(), Error> {
    match args.command {
        TokenCommand::Create {
            purpose,
            name,
            database,
        } => {
            let purpose = Purpose::from_code(&purpose).ok_or_else(|| {
                Error::Usage("purpose must be ingest, read, population or import".to_owned())
            })?;
            if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
                return Err(Error::Usage(
                    "a token's name has 1 to 100 printable characters".to_owned(),
                ));
            }
            let store = open_existing(&database).await?;
            let author = Author::command();
            say(&store
                .create_token(purpose, name, author, clock::now())
                .await?)?;
        }
        TokenCommand::List { database } => {
            let store = open_existing(&database).await?;
            for token in store.tokens().await? {
                let time = |at: Option<crate::domain::time::Timestamp>| {
                    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
                };
                say(&format!(
                    "{}\t{}\t{}\tmade {}\tlast used {}\trevoked {}",
                    token.id,
                    token.purpose.code(),
                    token.name,
                    token.created_at,
                    time(token.last_used_at),
                    time(token.revoked_at),
                ))?;
            }
        }
        TokenCommand::Revoke { id, why, database } => {
            let why = why
                .map(|why| audit::reason(&why))
                .transpose()
                .map_err(Error::Usage)?;
            let store = open_existing(&database).await?;
            let by = Author::command().because(why);
            if !store.revoke_token(id.clone(), by, clock::now()).await? {
                return Err(Error::Failed(format!(
                    "there is no token {id:?} that still holds; `cutover token list` shows them"
                )));
            }
            eprintln!("Token {id} is revoked.");
        }
    }
    Ok(())
}

/// `cutover backup FILE`
///
/// # Errors
/// The file is there already, the database is not SQLite, or it failed.
pub async fn backup(args: BackupArgs) -> Result<(), Error> {
    if args.file.exists() {
        return Err(Error::Failed(format!(
            "{} is there already; name a new file",
            args.file.display()
        )));
    }
    let store = open(&args.database).await?;
    store.backup(&args.file.display().to_string()).await?;
    // It holds what the data directory holds, which nobody else on this machine may read.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&args.file, private)
            .map_err(|error| Error::Failed(format!("{}: {error}", args.file.display())))?;
    }
    // The copy is of the moment before; what is noted is that there is one.
    let file = args.file.display().to_string();
    let entry = Author::command().entry(clock::now(), "database.backup", file);
    store.note(entry).await?;
    eprintln!("The database is copied to {}.", args.file.display());
    Ok(())
}

/// `cutover migrate`
///
/// # Errors
/// The database cannot be reached or brought up to date.
pub async fn migrate(args: MigrateArgs) -> Result<(), Error> {
    let store = open(&args.database).await?;
    let entry = Author::command().entry(clock::now(), "database.migrate", store.engine());
    store.note(entry).await?;
    eprintln!("The {} database is up to date.", store.engine());
    Ok(())
}
