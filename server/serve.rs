//! A running server, from settings to the last request.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use axum_server::{Handle, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use tokio::task::JoinSet;

use crate::{
    clock,
    config::{Config, Transport},
    cutovers::signing::Signer,
    domain::days::date_of,
    http::{self, auth, pacing::Pacer, tls},
    ingest::Judge,
    rejudge,
    state::App,
    store::{Store, access},
    uploads, webhooks,
};

/// From the first byte of a connection to the first request on it; also for a request's headers to arrive.
const FIRST_WORDS: Duration = Duration::from_secs(10);
/// How long requests may go on after the server was asked to stop.
const GOODBYE: Duration = Duration::from_secs(20);

/// What a first start hands to whoever starts it.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// Password of `admin`.
    pub password: String,
    /// A token that may send reports.
    pub ingest_token: String,
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
    store
        .apply_freshness(config.freshness_ms, clock::now())
        .await
        .map_err(|error| error.to_string())?;
    let welcome = first_start(&store).await?;
    let judge = Judge::new(config.policy.clone(), config.freshness_ms);
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // Only a second server in one process (tests) finds a recorder there already; it shares it.
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("the metrics recorder of this process is kept");
    }
    let secure = matches!(config.transport, Transport::Tls { .. });
    let pacer = Pacer::new(config.rate_limit, config.rate_limit_sending);
    let proxies = config.trusted_proxies.clone();
    let app = App::new(
        store.clone(),
        judge.clone(),
        metrics.clone(),
        secure,
        pacer,
        proxies,
        Signer::new(config.database.data_dir.clone()),
    );
    let listener = TcpListener::bind(config.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let handle = Handle::new();
    tokio::spawn(stop_when_told(handle.clone()));
    let mut chores = JoinSet::new();
    chores.spawn(housekeeping(store.clone(), metrics));
    chores.spawn(rejudge::run(store.clone(), judge.clone()));
    chores.spawn(keeping_days(
        store.clone(),
        judge.clone(),
        config.trend_days,
    ));
    chores.spawn(uploads::run(store.clone(), judge, app.bell().clone()));
    chores.spawn(tidying(store.clone(), config.keep_changes));
    chores.spawn(webhooks::run(store.clone(), config.webhooks.clone()));
    let service = http::router(app).into_make_service_with_connect_info::<SocketAddr>();
    match &config.transport {
        Transport::Plain => {
            announce("http", address, welcome.as_ref(), None);
            on_ready(address, &store);
            let mut server = axum_server::from_tcp(listener)
                .map_err(|error| error.to_string())?
                .handle(handle)
                .first_request_timeout(FIRST_WORDS);
            limit_slowness(server.http_builder());
            server.serve(service).await
        }
        Transport::Tls { cert, key, names } => {
            let mut made = false;
            if let Some(names) = names {
                made = tls::ensure_certificate(cert, key, names).map_err(|error| error.to_string())?;
            }
            let (settings, rsa) = tls::config(cert, key).map_err(|error| error.to_string())?;
            if rsa {
                tracing::warn!(
                    "the TLS certificate has an RSA key: Windows 7, 8, 8.1 and Server 2008 R2, 2012, 2012 R2 share no cipher suite with this server and cannot report over HTTPS. Use an ECDSA P-256 certificate, or bring their reports by another way; their silence is no proof that they block"
                );
            }
            announce("https", address, welcome.as_ref(), made.then_some(cert.as_path()));
            on_ready(address, &store);
            let mut server =
                axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(settings))
                    .map_err(|error| error.to_string())?
                    .handle(handle)
                    .first_request_timeout(FIRST_WORDS);
            limit_slowness(server.http_builder());
            server.serve(service).await
        }
    }
    .map_err(|error| error.to_string())?;
    // Whoever works on alone would find the database closed, and complain; all of it stands in the database and goes on.
    chores.shutdown().await;
    store.close().await;
    Ok(())
}

/// Slow clients are let go: without the timer hyper would wait for headers for ever.
fn limit_slowness(
    builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>,
) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(FIRST_WORDS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(FIRST_WORDS)
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024);
}

/// One administrator and one ingest token; nothing is open to the network without them.
async fn first_start(store: &Store) -> Result<Option<Welcome>, String> {
    let fail = |error: crate::store::Error| error.to_string();
    if store.has_users().await.map_err(fail)? {
        return Ok(None);
    }
    let now = clock::now();
    let password = access::random_secret()[..24].to_owned();
    let hash = auth::hash_password(&password)?;
    // Another server that starts at the same moment may be first; then it says how to sign in.
    let ingest_token = store.first_start("admin", hash, now).await.map_err(fail)?;
    Ok(ingest_token.map(|ingest_token| Welcome {
        password,
        ingest_token,
    }))
}

/// Says where the server is and how to sign in. On standard output, so that it can be read whatever is logged.
fn announce(
    scheme: &str,
    address: SocketAddr,
    welcome: Option<&Welcome>,
    made: Option<&std::path::Path>,
) {
    let mut out = std::io::stdout().lock();
    let mut text = format!("cutover is listening on {scheme}://{address}\n");
    if let Some(cert) = made {
        text.push_str(&format!(
            "  made a self-signed certificate: {}\n",
            cert.display()
        ));
    }
    if let Some(welcome) = welcome {
        text.push_str(&format!(
            "  sign in as:   admin\n  password:     {}\n  ingest token: {}\n  These are shown once. `cutover user set-password admin` and `cutover token create` make new ones.\n",
            welcome.password, welcome.ingest_token
        ));
    }
    // Nobody reading standard output is no reason not to serve.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

async fn stop_when_told(handle: Handle<SocketAddr>) {
    asked_to_stop().await;
    tracing::info!("asked to stop; requests under way may finish");
    handle.graceful_shutdown(Some(GOODBYE));
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
        // Mostly done by whoever reads them; where nobody does, they must not pile up.
        if let Err(error) = store.number_changes().await {
            tracing::warn!(%error, "changes could not be put in order; trying again");
        }
        metrics.run_upkeep();
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

/// What was kept long enough is let go of, now and then.
async fn tidying(store: Store, keep_changes: i64) {
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
    }
}
