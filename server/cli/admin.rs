//! `cutover backup` and `migrate`: administration on the database, beside a running server.

use std::path::PathBuf;

use super::Error;
use crate::{clock, config::DatabaseArgs, domain::audit::Author, store::Store};

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
