//! `cutover quarantine`: what a token sent is set aside, and its clients are judged anew without it by the server.

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{
        audit::{self, Author},
        time::Timestamp,
    },
    store::{
        Store,
        quarantine_model::{Quarantine, Span},
    },
};

/// Set aside what a token sent.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct QuarantineArgs {
    #[command(subcommand)]
    command: Option<QuarantineCommand>,
    #[command(flatten)]
    aside: Aside,
}

/// What to set aside.
#[derive(Clone, Debug, clap::Args)]
struct Aside {
    /// Id of the token, as `token list` shows it
    #[arg(required = true)]
    token: Option<String>,
    /// Only what was received then or later, such as 2026-11-23T08:15:00Z [default: all of it]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what was received then or earlier [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Why; it stands in the audit log
    #[arg(long, value_name = "TEXT", required = true)]
    why: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum QuarantineCommand {
    /// Take a quarantine back: its reports count again
    Lift {
        /// Its id, as `quarantine list` shows it
        id: String,
        /// Why; it stands in the audit log
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List quarantines: id, token, span, made, by whom, why, how far
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

/// `cutover quarantine …`
///
/// # Errors
/// A word is wrong, there is no such token or quarantine, or the database failed.
pub async fn run(args: QuarantineArgs) -> Result<(), Error> {
    match args.command {
        None => set_aside(args.aside).await,
        Some(QuarantineCommand::Lift { id, why, database }) => {
            let why = audit::reason(&why).map_err(Error::Usage)?;
            let store = open(&database).await?;
            let lifted = store.lift_quarantine(id.clone(), why, Author::command(), clock::now());
            if !lifted.await? {
                return Err(Error::Failed(format!(
                    "there is no quarantine {id:?} in force; `cutover quarantine list` shows them"
                )));
            }
            eprintln!("Quarantine {id} is lifted. A running server judges its clients anew now.");
            Ok(())
        }
        Some(QuarantineCommand::List { database }) => {
            for quarantine in open(&database).await?.quarantines().await? {
                say(&line(&quarantine))?;
            }
            Ok(())
        }
    }
}

async fn set_aside(wanted: Aside) -> Result<(), Error> {
    let now = clock::now();
    let time = |name: &str, text: Option<String>| {
        text.map(|text| {
            Timestamp::parse(&text).map_err(|why| Error::Usage(format!("{name} is {why}")))
        })
        .transpose()
    };
    let token = wanted.token.unwrap_or_default();
    let why = audit::reason(&wanted.why.unwrap_or_default()).map_err(Error::Usage)?;
    let span = Span {
        token: token.clone(),
        since: time("since", wanted.since)?.unwrap_or(Timestamp(0)),
        until: time("until", wanted.until)?.unwrap_or(now).min(now),
    };
    if span.since > span.until {
        return Err(Error::Usage(
            "the span ends before it begins; give since before until".to_owned(),
        ));
    }
    let store = open(&wanted.database).await?;
    let Some(known) = store.token_by_id(&token).await? else {
        return Err(Error::Failed(format!(
            "there is no token {token:?}; `cutover token list` shows them"
        )));
    };
    let id = store.set_aside(span, why, Author::command(), now).await?;
    say(&id)?;
    eprintln!(
        "What {} sent is set aside. A running server judges its clients anew now; `cutover quarantine list` says how far it is.",
        known.name
    );
    if known.revoked_at.is_none() {
        eprintln!(
            "The token still holds: what it sends from now on counts. `cutover token revoke {token}` ends that."
        );
    }
    Ok(())
}

fn line(quarantine: &Quarantine) -> String {
    let state = match (&quarantine.lifted, quarantine.working) {
        (None, true) => "being carried out",
        (None, false) => "in force",
        (Some(_), true) => "being lifted",
        (Some(_), false) => "lifted",
    };
    format!(
        "{}\ttoken {}\tfrom {} to {}\tmade {} by {}\t{state}\tclients {} of {}, {} stand otherwise\t{}",
        quarantine.id,
        quarantine.span.token,
        quarantine.span.since,
        quarantine.span.until,
        quarantine.created_at,
        quarantine.created_by,
        quarantine.judged,
        quarantine.clients.max(quarantine.judged),
        quarantine.changed,
        quarantine.why,
    )
}
