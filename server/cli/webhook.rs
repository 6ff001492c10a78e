//! `cutover webhook`: who is told what happens, beside a running server.

use std::sync::Arc;

use super::{Error, out::say};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{audit::Author, time::Timestamp, webhooks::Event},
    store::{
        Store,
        deliveries::Logged,
        webhooks::{MOST, Secret, Webhook},
    },
    webhooks::{
        names::SystemNames,
        settings::WebhookArgs,
        sign,
        target::{self, Courier},
        test_message,
    },
};

/// Lines of the log that are printed at most.
const LINES: i64 = 1_000;

/// Make, list, try and remove webhooks.
#[derive(Clone, Debug, clap::Args)]
pub struct WebhookCommandArgs {
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum WebhookCommand {
    /// Make a webhook that is told what comes from now on, and print its secret, alone, on standard output; it is shown once
    Add {
        /// Where messages go: a whole address, beginning with https
        url: String,
        /// What it is told of, comma separated: blocking, cleared, feed-stopped
        #[arg(
            long,
            value_name = "EVENTS",
            default_value = "blocking,cleared,feed-stopped"
        )]
        on: String,
        /// What to call it [default: the host of the address]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List webhooks: id, name, where, events, made, in use or why not, messages that wait and that were given up
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Remove a webhook with its secret, its messages and its log
    Remove {
        /// Its name or id, as `webhook list` shows them
        webhook: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Give a webhook another secret and print it, alone; for a day messages are signed with both
    Rotate {
        /// Its name or id
        webhook: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the newest messages and what became of them, newest first
    Deliveries {
        /// Only those that failed and were not taken since
        #[arg(long)]
        failed: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Send a message that tells nothing, and print what the target says
    Test {
        /// Its name or id
        webhook: String,
        #[command(flatten)]
        settings: WebhookArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// The database of a server that has run already: a webhook beside it would be told nothing.
async fn open(args: &DatabaseArgs) -> Result<Store, Error> {
    let database = args.settle_existing().map_err(Error::Failed)?;
    Ok(Store::open(&database.url).await?)
}

fn unknown(webhook: &str) -> Error {
    Error::Failed(format!(
        "there is no webhook {webhook:?}; `cutover webhook list` shows them"
    ))
}

/// `cutover webhook …`
///
/// # Errors
/// The address or the events are wrong, there is no such webhook, or the database failed.
pub async fn run(args: WebhookCommandArgs) -> Result<(), Error> {
    match args.command {
        WebhookCommand::Add {
            url,
            on,
            name,
            database,
        } => add(&url, &on, name, &database).await,
        WebhookCommand::List { database } => {
            for webhook in open(&database).await?.webhooks().await? {
                say(&line(&webhook))?;
            }
            Ok(())
        }
        WebhookCommand::Remove { webhook, database } => {
            if !open(&database)
                .await?
                .remove_webhook(webhook.clone(), Author::command(), clock::now())
                .await?
            {
                return Err(unknown(&webhook));
            }
            eprintln!("The webhook {webhook} is removed.");
            Ok(())
        }
        WebhookCommand::Rotate { webhook, database } => {
            let store = open(&database).await?;
            let secret = Secret::new();
            if !store
                .rotate_webhook(
                    webhook.clone(),
                    secret.clone(),
                    Author::command(),
                    clock::now(),
                )
                .await?
            {
                return Err(unknown(&webhook));
            }
            say(&sign::shown(&secret))?;
            eprintln!(
                "The webhook {webhook} has this secret now. For a day its messages are signed with the one before, too."
            );
            Ok(())
        }
        WebhookCommand::Deliveries { failed, database } => {
            let store = open(&database).await?;
            let log = store.delivery_log(failed, LINES).await?;
            for logged in &log {
                say(&log_line(logged))?;
            }
            if log.len() >= usize::try_from(LINES).unwrap_or(usize::MAX) {
                eprintln!("These are the newest {LINES}; there may be older ones.");
            }
            Ok(())
        }
        WebhookCommand::Test {
            webhook,
            settings,
            database,
        } => test(&webhook, &settings, &database).await,
    }
}

async fn add(
    url: &str,
    on: &str,
    name: Option<String>,
    database: &DatabaseArgs,
) -> Result<(), Error> {
    let url = target::url(url).map_err(Error::Usage)?;
    let events = Event::list(on).map_err(Error::Usage)?;
    let name = name.unwrap_or_else(|| url.host_str().unwrap_or("webhook").to_owned());
    if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
        return Err(Error::Usage(
            "a webhook's name has 1 to 100 printable characters".to_owned(),
        ));
    }
    let store = open(database).await?;
    let secret = Secret::new();
    let origin = url.origin().ascii_serialization();
    let place = (url.to_string(), origin);
    let added = store
        .add_webhook(
            name.clone(),
            place,
            &events,
            secret.clone(),
            Author::command(),
            clock::now(),
        )
        .await?;
    if added.is_none() {
        return Err(Error::Failed(format!(
            "there is a webhook {name:?} already, or there are {MOST}, which are the most; choose another --name, or \
             remove one"
        )));
    }
    say(&sign::shown(&secret))?;
    eprintln!(
        "The webhook {name} is told what comes from now on. Whoever receives its messages checks their signatures with this \
         secret, which is shown once; `cutover webhook test {name:?}` tries it."
    );
    Ok(())
}

fn time(at: Option<i64>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| Timestamp(at).to_string())
}

fn line(webhook: &Webhook) -> String {
    let state = match (webhook.disabled_at, &webhook.disabled_why) {
        (None, _) => "in use".to_owned(),
        (at, why) => format!(
            "not in use since {}: {}",
            time(at),
            why.as_deref().unwrap_or("-")
        ),
    };
    format!(
        "{}\t{}\t{}\t{}\tmade {}\t{state}\tlast delivered {}\twaiting {}\tgiven up {}",
        webhook.id,
        webhook.name,
        webhook.url,
        webhook.events,
        time(Some(webhook.created_at)),
        time(webhook.delivered_at),
        webhook.waiting,
        webhook.given_up,
    )
}

fn log_line(logged: &Logged) -> String {
    let state = match logged.state.as_str() {
        "waiting" => format!("waiting until {}", time(Some(logged.next_at))),
        "given_up" => "GIVEN UP".to_owned(),
        other => other.to_owned(),
    };
    format!(
        "{}\t{}\t{}\t{}\tmade {}\t{state}\tattempts {}\tlast {}\tstatus {}\t{}",
        logged.id,
        logged.name,
        logged.kind,
        logged.things,
        time(Some(logged.made_at)),
        logged.attempts,
        time(logged.last_at),
        logged
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string()),
        logged.said.as_deref().unwrap_or_default(),
    )
}

async fn test(webhook: &str, settings: &WebhookArgs, database: &DatabaseArgs) -> Result<(), Error> {
    let settings = database.webhooks(settings).map_err(Error::Usage)?;
    let courier = Courier::new(settings, Arc::new(SystemNames)).map_err(Error::Failed)?;
    let store = open(database).await?;
    let now = clock::now();
    let Some(signing) = store.webhook_signing(webhook, now).await? else {
        return Err(unknown(webhook));
    };
    let id = format!("msg_{}", uuid::Uuid::now_v7().simple());
    let said = courier
        .send(&signing, &id, &test_message(now).body, now)
        .await;
    let status = said
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let entry = Author::command()
        .entry(now, "webhook.test", webhook)
        .change(None, Some(status.clone()));
    store.note(entry).await?;
    say(&format!("{status}\t{}", said.words))?;
    if said.taken() {
        eprintln!("The webhook {webhook} took the message {id}.");
        return Ok(());
    }
    Err(Error::Failed(format!(
        "the webhook {webhook} did not take the message; only a status from 200 to 299 counts as taken"
    )))
}
