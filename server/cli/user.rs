//! `cutover user`: accounts of people, on the database itself. Who can run it administrates the machine.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{
        access::{Role, rights},
        passwords,
        time::Timestamp,
    },
    http::{door::hash_password, people::for_once},
    store::{
        Store,
        accounts::{By, Changed, NewAccount, name_fits, sites_text},
    },
};

/// Bytes of standard input that are read for a password.
const PASSWORD_AT_MOST: u64 = 4_096;

/// Manage accounts of people.
#[derive(Clone, Debug, clap::Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum UserCommand {
    /// Make an account; without --password-stdin a password for once is made up and printed
    Add {
        /// Name of the account
        name: String,
        /// What it is for: viewer, operator, approver, administrator or auditor
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// Codes of the sites it may see, comma separated [default: all]
        #[arg(
            long,
            value_name = "CODES",
            default_value = "",
            hide_default_value = true
        )]
        sites: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List accounts: name, role, sites, state, last sign-in
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Say anew what an account is for; its sessions end
    SetRole {
        /// Name of the account
        name: String,
        /// viewer, operator, approver, administrator or auditor
        role: String,
        /// Codes of the sites it may see, comma separated [default: all]
        #[arg(
            long,
            value_name = "CODES",
            default_value = "",
            hide_default_value = true
        )]
        sites: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Shut an account; its sessions end
    Disable {
        /// Name of the account
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Open a disabled account again
    Enable {
        /// Name of the account
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Remove an account; its sessions end
    Remove {
        /// Name of the account
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Take the second factor of an account off, for whoever has lost app and recovery codes; its sessions end
    ResetSecondFactor {
        /// Name of the account
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Set the password of an account: read from standard input, or made up and printed; its sessions end. While there is
    /// no account at all, this makes an administrator
    SetPassword {
        /// Name of the account
        #[arg(default_value = "admin")]
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// `cutover user …`
///
/// # Errors
/// A name, role or password is not taken, there is no such account, or the database failed.
pub async fn run(args: UserArgs) -> Result<(), Error> {
    match args.command {
        UserCommand::Add {
            name,
            role,
            sites,
            password_stdin,
            database,
        } => add(&database, name, &role, &sites, password_stdin).await,
        UserCommand::List { database } => list(&existing(&database).await?).await,
        UserCommand::SetRole {
            name,
            role,
            sites,
            database,
        } => {
            let (role, sites) = rights(&role, &sites).map_err(Error::Usage)?;
            let store = existing(&database).await?;
            let done = store.set_role(name.clone(), role, sites, by()).await?;
            told(done, &name, &format!("has the role {} now", role.code()))
        }
        UserCommand::Disable { name, database } => {
            let store = existing(&database).await?;
            let done = store.disable_account(name.clone(), by()).await?;
            told(done, &name, "is disabled")
        }
        UserCommand::Enable { name, database } => {
            let store = existing(&database).await?;
            let done = store.enable_account(name.clone(), by()).await?;
            told(done, &name, "is enabled")
        }
        UserCommand::Remove { name, database } => {
            let store = existing(&database).await?;
            let done = store.remove_account(name.clone(), by(), None).await?;
            told(done, &name, "is removed")
        }
        UserCommand::ResetSecondFactor { name, database } => {
            let store = existing(&database).await?;
            let done = store.reset_factor(name.clone(), by()).await?;
            let done = if done {
                Changed::Done
            } else {
                Changed::Nothing
            };
            told(done, &name, "has no second factor any more")
        }
        UserCommand::SetPassword { name, database } => set_password(&database, name).await,
    }
}

fn by() -> By {
    By::command(clock::now())
}

async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle().map_err(Error::Usage)?;
    Ok(Store::open(&database.url).await?)
}

/// The database of a server that has run already; changing accounts in a new one beside it would change nothing.
async fn existing(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

/// Says what became of a change.
fn told(done: Changed, name: &str, what: &str) -> Result<(), Error> {
    match done {
        Changed::Done => {
            eprintln!("{name} {what}.");
            Ok(())
        }
        Changed::Nothing => Err(Error::Failed(format!(
            "there is no account {name:?} to do this with, or it stands so already; `cutover user list` shows them"
        ))),
        Changed::LastAdministrator => Err(Error::Failed(format!(
            "{name} is the only administrator whose account is not disabled; make another one first"
        ))),
        Changed::Taken => Err(Error::Failed(format!(
            "there is an account {name:?} already, perhaps in other case"
        ))),
        Changed::Elsewhere => Err(elsewhere(name)),
    }
}

fn elsewhere(name: &str) -> Error {
    Error::Failed(format!(
        "{name} signs in with single sign-on: it has no password here, and its role comes from its groups there"
    ))
}

fn fitting(name: &str) -> Result<(), Error> {
    if name_fits(name) {
        return Ok(());
    }
    Err(Error::Usage(
        "a user's name has 1 to 100 printable characters, and no space around them".to_owned(),
    ))
}

/// The first line of standard input.
fn given() -> Result<String, Error> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(PASSWORD_AT_MOST)
        .read_line(&mut line)
        .map_err(|error| Error::Failed(format!("the password cannot be read: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn add(
    database: &DatabaseArgs,
    name: String,
    role: &str,
    sites: &str,
    password_stdin: bool,
) -> Result<(), Error> {
    fitting(&name)?;
    let (role, sites) = rights(role, sites).map_err(Error::Usage)?;
    let password = if password_stdin { given()? } else { for_once() };
    passwords::check(&name, &password).map_err(Error::Failed)?;
    let new = NewAccount {
        name: name.clone(),
        role,
        sites,
        password_hash: hash_password(&password).map_err(Error::Failed)?,
        must_change: !password_stdin,
    };
    let store = open(database).await?;
    match store.add_account(new, by()).await? {
        Changed::LastAdministrator => Err(Error::Failed(
            "nobody has an account yet, and the first one has to be an administrator's: --role administrator"
                .to_owned(),
        )),
        done => {
            told(done, &name, &format!("has an account, with the role {}", role.code()))?;
            if !password_stdin {
                say(&password)?;
                eprintln!("This password is for once: whoever signs in with it chooses another.");
            }
            Ok(())
        }
    }
}

async fn list(store: &Store) -> Result<(), Error> {
    for account in store.accounts().await? {
        let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let sites = match sites_text(&account.sites) {
            text if text.is_empty() => "all sites".to_owned(),
            text => text,
        };
        let state = if account.disabled_at.is_some() {
            "disabled"
        } else if account.must_change {
            "has to choose a password"
        } else if !account.issuer.is_empty() {
            "enabled, single sign-on"
        } else if account.second_factor {
            "enabled, second factor"
        } else {
            "enabled"
        };
        say(&format!(
            "{}\t{}\t{sites}\t{state}\tlast signed in {}",
            account.name,
            account.role.code(),
            time(account.last_sign_in_at),
        ))?;
    }
    Ok(())
}

async fn set_password(database: &DatabaseArgs, name: String) -> Result<(), Error> {
    fitting(&name)?;
    let typed = if io::stdin().is_terminal() {
        String::new()
    } else {
        given()?
    };
    let made_up = typed.is_empty();
    let password = if made_up { for_once() } else { typed };
    passwords::check(&name, &password).map_err(Error::Failed)?;
    let password_hash = hash_password(&password).map_err(Error::Failed)?;
    let store = open(database).await?;
    let hash = password_hash.clone();
    let mut done = store.set_password(name.clone(), hash, false, by()).await?;
    if done == Changed::Nothing {
        let first = NewAccount {
            name: name.clone(),
            role: Role::Administrator,
            sites: crate::domain::access::Sites::all(),
            password_hash,
            must_change: false,
        };
        if store.first_account(first, by()).await? {
            done = Changed::Done;
        }
    }
    if done == Changed::Elsewhere {
        return Err(elsewhere(&name));
    }
    if done != Changed::Done {
        return Err(Error::Failed(format!(
            "there is no account {name:?}; `cutover user add` makes one, `cutover user list` shows them"
        )));
    }
    if made_up {
        say(&password)?;
    }
    eprintln!("The password of {name} is set; sessions of {name} have ended.");
    Ok(())
}
