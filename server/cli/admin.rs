//! `cutover user`, `backup` and `migrate`: administration on the database, beside a running server.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    path::PathBuf,
};

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    http::auth,
    store::{Store, access},
};

/// Set passwords.
#[derive(Clone, Debug, clap::Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum UserCommand {
    /// Set a user's password (the user is made if need be): read from standard input, or made up and printed
    SetPassword {
        /// Name of the user
        #[arg(default_value = "admin")]
        name: String,
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

/// `cutover user …`
///
/// # Errors
/// The password is too short, or the database failed.
pub async fn user(args: UserArgs) -> Result<(), Error> {
    let UserCommand::SetPassword { name, database } = args.command;
    if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
        return Err(Error::Usage(
            "a user's name has 1 to 100 printable characters".to_owned(),
        ));
    }
    let mut given = String::new();
    if !io::stdin().is_terminal() {
        io::stdin()
            .lock()
            .read_line(&mut given)
            .map_err(|error| Error::Failed(format!("the password cannot be read: {error}")))?;
    }
    let given = given.trim_end_matches(['\r', '\n']);
    let made_up = given.is_empty();
    let password = if made_up {
        access::random_secret()[..24].to_owned()
    } else {
        given.to_owned()
    };
    if password.chars().count() < 12 {
        return Err(Error::Failed(
            "a password has at least 12 characters".to_owned(),
        ));
    }
    let store = open(&database).await?;
    let hash = auth::hash_password(&password).map_err(Error::Failed)?;
    store.set_password(name.clone(), hash, clock::now()).await?;
    if made_up {
        say(&password)?;
    }
    eprintln!("The password of {name} is set; sessions of {name} have ended.");
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
    eprintln!("The database is copied to {}.", args.file.display());
    Ok(())
}

/// `cutover migrate`
///
/// # Errors
/// The database cannot be reached or brought up to date.
pub async fn migrate(args: MigrateArgs) -> Result<(), Error> {
    let store = open(&args.database).await?;
    eprintln!("The {} database is up to date.", store.engine());
    Ok(())
}
