//! A running server, from settings to the last request.

use std::{io::Write as _, net::SocketAddr, time::Duration};

use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio::task::JoinSet;

use crate::{
    clock,
    config::Config,
    cutovers::{signing::Signer, watching},
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        days::date_of,
    },
    doors::{
        FIRST_WORDS, SignedListener, client_door, limit_slowness, listen_on, open_doors, room,
        stop_when_told,
    },
    http::{
        self,
        door::hash_password,
        oidc::Provider,
        pacing::Pacer,
        places::{Counting, Places},
        tls::{
            self, Doors,
            watch::{self, Watching},
        },
    },
    ingest::Judge,
    people::FirstAdministrator,
    quarantine, rejudge,
    state::{App, Reached},
    store::{
        Store,
        accounts::{By, NewAccount},
        sessions::Lasting,
    },
    transport::Transport,
    uploads, webhooks,
};

/// What a first start hands to whoever starts it.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// How somebody signs in for the first time, while nobody has an account.
    pub way_in: Option<WayIn>,
    /// A token that may send reports, where there was never one.
    pub ingest_token: Option<String>,
}

/// How somebody signs in for the first time.
#[derive(Clone)]
pub enum WayIn {
    /// By a link with this secret.
    Link(String),
    /// As `admin`, with the password that was given.
    Admin,
    /// As `admin`, with this password.
    AdminWith(String),
}

/// Secrets are for one place only.
impl std::fmt::Debug for WayIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Link(_) => "Link",
            Self::Admin => "Admin",
            Self::AdminWith(_) => "AdminWith",
        })
    }
}

/// Runs the server until it is told to stop. `on_ready` gets the address once connections are taken.
///
/// # Errors
/// One sentence naming what is wrong: a setting, the address, the database, the certificate.
pub async fn serve(
    config: Config,
    on_ready: impl FnOnce(SocketAddr, &Store) + Send,
) -> Result<(), String> {
    let store = Store::open(&config.database.url)
        .await
        .map_err(|error| error.to_string())?;
    store.warm();
    store.writer().note_bursts_above(config.burst);
    store
        .apply_freshness(config.freshness_ms, Author::server(), clock::now())
        .await
        .map_err(|error| error.to_string())?;
    let welcome = first_start(&store, &config.people.first).await?;
    let judge = Judge::new(config.policy.clone(), config.freshness_ms);
    store
        .apply_ruleset(&judge.ruleset, Author::server(), clock::now())
        .await
        .map_err(|error| error.to_string())?;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // Only a second server in one process (tests) finds a recorder there already; it shares it.
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("the metrics recorder of this process is kept");
    }
    let pacer = Pacer::new(config.rate_limit, config.rate_limit_sending);
    let (doors, made, noting) = open_doors(&config)?;
    let signed = SignedListener::of(config.signed_door.as_ref())?;
    let app = App::new(
        store.clone(),
        judge,
        metrics.clone(),
        pacer,
        reached(&config, &doors, signed.as_ref())?,
    );
    let (listener, address) = listen_on(config.listen)?;
    let handle = Handle::new();
    tokio::spawn(stop_when_told(handle.clone()));
    let mut chores = chores(&app, &config, metrics);
    let room = room(&config);
    let signed = signed
        .map(|door| door.open(room, app.clone()))
        .transpose()?;
    let places = Places::new("main", room, config.trusted_proxies.clone());
    let service = http::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    match &config.transport {
        Transport::Plain => {
            announce("http", address, &welcome, None);
            on_ready(address, &store);
            let mut server = axum_server::from_tcp(listener)
                .map_err(|error| error.to_string())?
                .map(|door| Counting::new(door, places))
                .handle(handle)
                .first_request_timeout(FIRST_WORDS);
            limit_slowness(server.http_builder());
            server.serve(service).await
        }
        Transport::Tls { pairs, .. } => {
            let certificates = doors.certificates.ok_or("there is no certificate")?;
            tls::warn_of_rsa(&certificates.state().certificates);
            let settings = tls::config(&certificates).map_err(|error| error.to_string())?;
            if let (Some(sightings), Some(waiting)) = (&doors.sightings, noting) {
                chores.spawn(watch::keep(sightings.clone(), waiting, store.clone()));
            }
            let door = config.client_door.as_ref();
            let sightings = doors.sightings.clone();
            let open = |door| client_door(door, &certificates, sightings, room, app.clone());
            let clients = door.map(open).transpose()?.map(|(open, authorities)| {
                chores.spawn(authorities.keep_fresh(store.clone()));
                open
            });
            chores.spawn(tls::keep_fresh(certificates, store.clone()));
            let made = pairs.first().filter(|_| made);
            announce(
                "https",
                address,
                &welcome,
                made.map(|files| files.cert.as_path()),
            );
            on_ready(address, &store);
            let door = Watching::new(RustlsConfig::from_config(settings), doors.sightings);
            let mut server = axum_server::from_tcp(listener)
                .map_err(|error| error.to_string())?
                .acceptor(Counting::new(door, places))
                .handle(handle)
                .first_request_timeout(FIRST_WORDS);
            limit_slowness(server.http_builder());
            let ended = server.serve(service).await;
            if let Some(clients) = clients {
                // It was told to stop at the same moment, and what it has taken is answered, too.
                clients.await.map_err(|error| error.to_string())?;
            }
            ended
        }
    }
    .map_err(|error| error.to_string())?;
    if let Some(signed) = signed {
        signed.await.map_err(|error| error.to_string())?;
    }
    // Whoever works on alone would find the database closed, and complain; all of it stands in the database and goes on.
    chores.shutdown().await;
    store.close().await;
    Ok(())
}

/// How people and programs reach the server.
fn reached(
    config: &Config,
    doors: &Doors,
    signed: Option<&SignedListener>,
) -> Result<Reached, String> {
    let provider = config.single_sign_on.clone().map(Provider::new);
    Ok(Reached {
        secure_cookies: matches!(config.transport, Transport::Tls { .. }) || config.behind_https,
        trusted_proxies: config.trusted_proxies.clone(),
        lasting: Lasting {
            idle: config.people.session_idle,
            whole: config.people.session_whole,
        },
        doors: doors.clone(),
        signed_http: signed.map(SignedListener::address),
        new_clients_per_hour: config.new_clients_per_hour,
        provider: provider.transpose()?,
        second_factor_for: config.people.second_factor_for.clone(),
        signer: Signer::new(config.database.data_dir.clone()),
    })
}

/// What goes on beside the requests.
fn chores(
    app: &App,
    config: &Config,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
) -> JoinSet<()> {
    let (store, judge) = (app.store(), app.judge());
    let mut chores = JoinSet::new();
    chores.spawn(housekeeping(store.clone(), metrics));
    chores.spawn(settling_conflicts(store.clone()));
    chores.spawn(rejudge::run(store.clone(), judge.clone()));
    chores.spawn(quarantine::run(store.clone(), judge.clone()));
    chores.spawn(keeping_days(
        store.clone(),
        judge.clone(),
        config.keeping.trend_days,
    ));
    chores.spawn(uploads::run(
        store.clone(),
        judge.clone(),
        app.bell().clone(),
    ));
    chores.spawn(looking_after_decisions(
        store.clone(),
        judge.clone(),
        config.keeping.watch_pause,
    ));
    chores.spawn(tidying(
        store.clone(),
        config.keeping.keep_changes,
        config.keeping.keep_audit,
        config.keeping.keep_observed,
    ));
    chores.spawn(webhooks::run(store.clone(), config.webhooks.clone()));
    chores
}

/// A way in for the first administrator, and one ingest token; nothing is open to the network without them.
async fn first_start(store: &Store, first: &FirstAdministrator) -> Result<Welcome, String> {
    let fail = |error: crate::store::Error| error.to_string();
    let now = clock::now();
    let mut way_in = None;
    if !store.has_users().await.map_err(fail)? {
        way_in = match first {
            FirstAdministrator::Link => {
                let secret = store.make_setup_link(now).await.map_err(fail)?;
                secret.map(WayIn::Link)
            }
            FirstAdministrator::Password(password) => {
                let made = first_admin(store, password).await?;
                made.then_some(WayIn::Admin)
            }
            FirstAdministrator::Told(password) => {
                let made = first_admin(store, password).await?;
                made.then(|| WayIn::AdminWith(password.clone()))
            }
        };
    }
    Ok(Welcome {
        way_in,
        ingest_token: store.first_token(now).await.map_err(fail)?,
    })
}

/// False where another server that starts at the same moment was first; then that one's password holds.
async fn first_admin(store: &Store, password: &str) -> Result<bool, String> {
    let new = NewAccount {
        name: "admin".to_owned(),
        role: Role::Administrator,
        sites: Sites::all(),
        password_hash: hash_password(password)?,
        must_change: false,
    };
    let by = By {
        at: clock::now(),
        author: Author::new(Actor::Server, None),
    };
    let made = store.first_account(new, by).await;
    made.map_err(|error| error.to_string())
}

/// Says where the server is and how to sign in. On standard output, so that it can be read whatever is logged.
fn announce(scheme: &str, address: SocketAddr, welcome: &Welcome, made: Option<&std::path::Path>) {
    let mut out = std::io::stdout().lock();
    let mut text = format!("cutover is listening on {scheme}://{address}\n");
    if let Some(cert) = made {
        text.push_str(&format!(
            "  made a self-signed certificate: {}\n",
            cert.display()
        ));
    }
    match &welcome.way_in {
        Some(WayIn::Link(secret)) => {
            // Whoever listens on every address is reached by some name; this one is right on the machine itself.
            let host = if address.ip().is_unspecified() {
                format!("localhost:{}", address.port())
            } else {
                address.to_string()
            };
            text.push_str(&format!(
                "  set up:       {scheme}://{host}/setup?key={secret}\n  Nobody has an account yet: within 60 minutes this link makes the first administrator, once. Each start prints a new one.\n"
            ));
        }
        Some(WayIn::Admin) => {
            text.push_str("  sign in as:   admin, with the password from the file\n");
        }
        Some(WayIn::AdminWith(password)) => {
            text.push_str(&format!(
                "  sign in as:   admin\n  password:     {password}\n"
            ));
        }
        None => {}
    }
    if let Some(token) = &welcome.ingest_token {
        text.push_str(&format!(
            "  ingest token: {token}\n  The token is shown once. `cutover token create` makes others.\n"
        ));
    }
    // Nobody reading standard output is no reason not to serve.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Waits until somebody presses Ctrl-C or the system ends the program.
pub async fn asked_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// What has to happen without anybody asking: clients grow stale, counters are tidied.
async fn housekeeping(store: Store, metrics: metrics_exporter_prometheus::PrometheusHandle) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = store.sweep(clock::now()).await {
            tracing::warn!(%error, "clients could not be looked at for staleness; trying again");
        }
        if let Err(error) = store.end_exceptions(clock::now()).await {
            tracing::warn!(%error, "exceptions that are over could not be ended; trying again");
        }
        // Mostly done by whoever reads them; where nobody does, they must not pile up.
        if let Err(error) = store.number_changes().await {
            tracing::warn!(%error, "changes could not be put in order; trying again");
        }
        metrics.run_upkeep();
    }
}

/// Who was seen using an old protocol since it is configured well is in conflict, soon after the log that says so came in. Also without
/// a log now and then: reports tell who has which address, and what was seen grows old.
async fn settling_conflicts(store: Store) {
    const AT_LEAST: Duration = Duration::from_secs(300);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looked: Option<tokio::time::Instant> = None;
    loop {
        tick.tick().await;
        let waited = looked.is_none_or(|looked| looked.elapsed() >= AT_LEAST);
        match store.has_seen_more().await {
            Ok(more) if more || waited => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "whether logs came in is not known; asking again in a minute");
                tokio::time::sleep(Duration::from_secs(60)).await;
                continue;
            }
        }
        let start = tokio::time::Instant::now();
        match store.settle_observed(clock::now()).await {
            Ok(0) => {}
            Ok(clients) => {
                tracing::info!(
                    clients,
                    "logs say of clients that they used an old protocol, or did so later"
                );
            }
            Err(error) => {
                tracing::warn!(%error, "what logs say could not be held against reports; trying again in a few minutes");
                tokio::time::sleep(AT_LEAST).await;
            }
        }
        looked = Some(tokio::time::Instant::now());
        // Where there is much to look through, one look in ten.
        tokio::time::sleep(start.elapsed() * 9).await;
    }
}

/// Each day's numbers are written down, by whichever server is first.
async fn keeping_days(store: Store, judge: Judge, keep_days: i64) {
    let awake_since = clock::now();
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now = clock::now();
        match store
            .keep_day(&judge.ruleset, keep_days, awake_since, now)
            .await
        {
            Ok(None) => {}
            Ok(Some(day)) => tracing::info!(day = date_of(day), "the day's numbers are kept"),
            Err(error) => {
                tracing::warn!(%error, "the day's numbers could not be kept; trying again in a minute");
            }
        }
    }
}

/// Decisions to switch off are held against their clients again and again, so that one that does not hold any more says so.
async fn looking_after_decisions(store: Store, judge: Judge, pause: i64) {
    let mut tick = tokio::time::interval(Duration::from_secs(2));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let start = tokio::time::Instant::now();
        match watching::look_after(&store, &judge, http::cutover::base, pause).await {
            Ok(0) => {}
            Ok(looked) => tracing::debug!(looked, "decisions were held against their clients"),
            Err(error) => {
                tracing::warn!(%error, "decisions could not be held against their clients; trying again in a minute");
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        }
        // However many there are, they take one part in ten of the time.
        tokio::time::sleep(start.elapsed() * 9).await;
    }
}

/// What was kept long enough is let go of, now and then.
async fn tidying(store: Store, keep_changes: i64, keep_audit: i64, keep_observed: i64) {
    let mut tick = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        tick.tick().await;
        if let Err(error) = store.tidy_uploads(clock::now()).await {
            tracing::warn!(%error, "old uploads could not be let go of; trying again later");
        }
        if let Err(error) = store.tidy_deliveries(clock::now()).await {
            tracing::warn!(%error, "the log of webhooks could not be let go of; trying again later");
        }
        if let Err(error) = store.tidy_changes(keep_changes, clock::now()).await {
            tracing::warn!(%error, "old changes could not be let go of; trying again later");
        }
        if let Err(error) = store.tidy_observed(keep_observed, clock::now()).await {
            tracing::warn!(%error, "old observations could not be let go of; trying again later");
        }
        if let Err(error) = store.tidy_audit(keep_audit, clock::now()).await {
            tracing::warn!(%error, "old entries of the audit log could not be let go of; trying again later");
        }
    }
}
