//! `cutover demo`: the server on a throw-away database with a simulated fleet, sent through the real API.

use std::path::PathBuf;

use super::{
    Error, demo_history,
    load::{Plan, Secret, Trust, drive},
};
use crate::{
    clock,
    config::{DatabaseArgs, PolicyArgs, ServeArgs},
    domain::{audit::Author, counted::counted_u64},
    http::people::for_once,
    people::{FirstAdministrator, PeopleArgs},
    serve,
    sim::Fleet,
    store::{
        Store,
        tokens::{NewToken, Purpose},
    },
    transport::{Transport, TransportArgs},
    webhooks::settings::WebhookArgs,
};

/// Run a server on a throw-away database with a simulated fleet.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// Number of clients
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=2_000_000))]
    clients: u64,
    /// What the fleet is drawn from: the same number gives the same fleet
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Days of reports, the last one today
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=31))]
    days: u64,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8443")]
    listen: String,
    /// Rules, as for `serve`
    #[command(flatten)]
    policy: PolicyArgs,
    /// Listeners and certificates, as for `serve`
    #[command(flatten)]
    transport: TransportArgs,
    /// Accounts and sessions, as for `serve`
    #[command(flatten)]
    people: PeopleArgs,
    /// Messages to other programs, as for `serve`
    #[command(flatten)]
    webhooks: WebhookArgs,
    /// Requests a minute that a token for read or population may make; 0: as many as it likes
    #[arg(long, value_name = "N", default_value_t = 0)]
    rate_limit: u32,
    /// Proxies in front of this server whose X-Forwarded-For says who sent a request, as networks, comma separated [default: none]
    #[arg(long, value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
    /// Log lines as text or json [default: text]
    #[arg(long, value_name = "text|json")]
    log_format: Option<String>,
}

/// Runs until it is told to stop; what was stored goes with it.
///
/// # Errors
/// The server cannot start.
pub async fn run(args: DemoArgs) -> Result<(), Error> {
    let directory = Throwaway::new()?;
    let database_url = format!("sqlite://{}", directory.0.join("demo.db").display());
    let serve_args = ServeArgs {
        listen: Some(args.listen.clone()),
        database: DatabaseArgs {
            data_dir: Some(directory.0.clone()),
            database_url: Some(database_url.clone()),
            config: None,
        },
        policy: args.policy.clone(),
        transport: args.transport.clone(),
        people: args.people.clone(),
        webhooks: args.webhooks.clone(),
        trusted_proxies: args.trusted_proxies.clone(),
        log_format: args.log_format.clone(),
        // Whoever tries the API out there is not slowed.
        rate_limit: Some(args.rate_limit),
        ..ServeArgs::default()
    };
    let mut config = serve_args.settle().map_err(Error::Usage)?;
    // It opens nothing but what is made up, and goes with it.
    if matches!(config.people.first, FirstAdministrator::Link) {
        config.people.first = FirstAdministrator::Told(for_once());
    }
    let plain = matches!(config.transport, Transport::Plain);
    let trust = if plain {
        Trust::System
    } else if args.transport.tls_cert.is_empty() {
        Trust::File(directory.0.join("cert.pem"))
    } else {
        // It talks to itself, whatever name the certificate has.
        Trust::Anything
    };
    let scheme = if plain { "http" } else { "https" };
    let ruleset = config.policy.ruleset_name();
    serve::serve(config, move |address, store| {
        let store = store.clone();
        tokio::spawn(async move {
            eprintln!(
                "Commands beside it, such as `cutover token create` or `cutover observe`, need: --database-url {database_url}"
            );
            let url = format!("{scheme}://{address}");
            if let Err(why) = fill(args, url, trust, store, &ruleset).await {
                eprintln!("cutover demo: the fleet could not be sent: {why}");
            }
        });
    })
    .await
    .map_err(Error::Failed)
}

async fn fill(
    args: DemoArgs,
    url: String,
    trust: Trust,
    store: Store,
    ruleset: &str,
) -> Result<(), String> {
    let now = clock::now();
    let ingest = token(&store, Purpose::Ingest).await?;
    let population = token(&store, Purpose::Population).await?;
    let mut plan = Plan::new(url, Fleet::new(args.seed, args.clients), now);
    plan.token = Some(ingest);
    plan.population = Some(population);
    plan.trust = trust;
    plan.rounds = args.days;
    plan.batch = 200;
    plan.connections = 4;
    plan.fleet = plan
        .fleet
        .anchored(plan.time_of(plan.first_round))
        .exported(plan.until);
    eprintln!(
        "Sending {}, {} of reports …",
        counted_u64(args.clients, "simulated client", "simulated clients"),
        counted_u64(args.days, "day", "days")
    );
    let outcome = drive(&plan).await.map_err(|error| error.to_string())?;
    if let Some(stopped) = outcome.stopped {
        return Err(stopped);
    }
    demo_history::write(&store, ruleset, clock::now()).await?;
    eprintln!(
        "The demo fleet is there: {} in {:.1} s, and 120 days of a past that is made up. Sign in and look around; stop with Ctrl-C, then everything is gone.",
        counted_u64(outcome.acknowledged, "report", "reports"),
        outcome.seconds
    );
    Ok(())
}

async fn token(store: &Store, purpose: Purpose) -> Result<Secret, String> {
    let text = store
        .create_token(
            NewToken::new(purpose, "demo"),
            Author::command(),
            clock::now(),
        )
        .await
        .map_err(|error| error.to_string())?;
    let Ok(secret) = text.parse();
    Ok(secret)
}

/// A directory that goes with this value.
struct Throwaway(PathBuf);

impl Throwaway {
    fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("cutover-demo-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path)
            .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!(
                "cutover demo: {} was not removed: {error}",
                self.0.display()
            );
        }
    }
}
