//! Settings: flags, then environment, then a TOML file, then defaults. A wrong one stops the start.

mod keeping;
mod policy;

use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use ipnet::IpNet;
use serde::Deserialize;

use crate::{
    domain::{assess::Policy, pace, suspicions},
    networks,
    people::{PeopleArgs, PeopleSettings},
    single_sign_on::{SingleSignOn, SingleSignOnArgs},
    transport::{self, ClientDoor, Room, SignedDoor, Transport, TransportArgs, TransportInFile},
    webhooks::settings::{WebhookArgs, WebhookSettings},
};

use keeping::settle_keeping;
pub use keeping::{Keeping, KeepingArgs};
pub use policy::PolicyArgs;
use policy::settle_policy;

/// Where the database is; every command that touches it takes these.
#[derive(Args, Clone, Default)]
pub struct DatabaseArgs {
    /// Database: sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite in the data directory]
    #[arg(
        long,
        env = "CUTOVER_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Directory for the database, the certificate and its key [default: ./data]
    #[arg(long, env = "CUTOVER_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// TOML file with the same names as the flags, underscores for dashes
    #[arg(long, env = "CUTOVER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The URL can hold a password.
impl fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseArgs")
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

/// What `cutover serve` takes.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Rules.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Messages to other programs.
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    /// Accounts and sessions.
    #[command(flatten)]
    pub people: PeopleArgs,
    /// Who vouches for people.
    #[command(flatten)]
    pub single_sign_on: SingleSignOnArgs,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8443]
    #[arg(long, env = "CUTOVER_LISTEN", value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Listeners and certificates.
    #[command(flatten)]
    pub transport: TransportArgs,
    /// How long things are kept, and how often they are looked at.
    #[command(flatten)]
    pub keeping: KeepingArgs,
    /// Requests a minute that a token for read or population may make; 0: as many as it likes [default: 600]
    #[arg(long, env = "CUTOVER_RATE_LIMIT", value_name = "N")]
    pub rate_limit: Option<u32>,
    /// The same for tokens that send reports and files; the server tells them anyway when it is busy [default: 0]
    #[arg(long, env = "CUTOVER_RATE_LIMIT_SENDING", value_name = "N")]
    pub rate_limit_sending: Option<u32>,
    /// New clients that a token for reports may make known in an hour, unless the token says it; 0: no limit [default: 0]
    #[arg(long, env = "CUTOVER_NEW_CLIENTS_PER_HOUR", value_name = "N")]
    pub new_clients_per_hour: Option<u32>,
    /// Clients that one token, or one address, may turn ready in an hour before a suspicion is noted; 0: any [default: 50]
    #[arg(long, env = "CUTOVER_BURST", value_name = "N")]
    pub burst: Option<u32>,
    /// Proxies in front of this server whose X-Forwarded-For says who sent a request, as networks, comma separated [default: none]
    #[arg(long, env = "CUTOVER_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,
    /// Log lines as text or json [default: text]
    #[arg(long, env = "CUTOVER_LOG_FORMAT", value_name = "text|json")]
    pub log_format: Option<String>,
}

/// The same in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FromFile {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    listen: Option<String>,
    tls_cert: Option<OneOrMore>,
    tls_key: Option<OneOrMore>,
    tls_names: Option<String>,
    plain_http: Option<bool>,
    plain_http_anywhere: Option<bool>,
    sightings_from: Option<String>,
    mtls_listen: Option<String>,
    mtls_ca: Option<PathBuf>,
    signed_http_listen: Option<String>,
    enrolment_key: Option<PathBuf>,
    max_connections: Option<u32>,
    max_connections_per_address: Option<u32>,
    log_format: Option<String>,
    trend_days: Option<u32>,
    keep_changes: Option<u32>,
    keep_audit: Option<u32>,
    keep_observed: Option<u32>,
    watch_minutes: Option<u32>,
    rate_limit: Option<u32>,
    rate_limit_sending: Option<u32>,
    new_clients_per_hour: Option<u32>,
    burst: Option<u32>,
    trusted_proxies: Option<String>,
    freshness_days: Option<u32>,
    dotnet: Option<String>,
    group_b_schannel_absent: Option<String>,
    min_dotnet_release: Option<u32>,
    server_suites: Option<String>,
    webhook_allow: Option<String>,
    webhook_ca: Option<PathBuf>,
    first_admin_password_file: Option<PathBuf>,
    session_idle_minutes: Option<u32>,
    session_hours: Option<u32>,
    require_second_factor: Option<String>,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret_file: Option<PathBuf>,
    oidc_groups_claim: Option<String>,
    oidc_roles: Option<String>,
    oidc_scopes: Option<String>,
    oidc_name: Option<String>,
    oidc_ca: Option<PathBuf>,
    public_url: Option<String>,
}

/// A path, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl OneOrMore {
    fn paths(given: Option<&Self>) -> Vec<PathBuf> {
        match given {
            None => Vec::new(),
            Some(Self::One(path)) => vec![path.clone()],
            Some(Self::More(paths)) => paths.clone(),
        }
    }
}

impl FromFile {
    fn transport(&self) -> TransportInFile {
        TransportInFile {
            tls_cert: OneOrMore::paths(self.tls_cert.as_ref()),
            tls_key: OneOrMore::paths(self.tls_key.as_ref()),
            tls_names: self.tls_names.clone(),
            plain_http: self.plain_http.unwrap_or(false),
            plain_http_anywhere: self.plain_http_anywhere.unwrap_or(false),
            sightings_from: self.sightings_from.clone(),
            mtls_listen: self.mtls_listen.clone(),
            mtls_ca: self.mtls_ca.clone(),
            signed_http_listen: self.signed_http_listen.clone(),
            enrolment_key: self.enrolment_key.clone(),
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
        }
    }

    fn single_sign_on(&self) -> SingleSignOnArgs {
        SingleSignOnArgs {
            oidc_issuer: self.oidc_issuer.clone(),
            oidc_client_id: self.oidc_client_id.clone(),
            oidc_client_secret_file: self.oidc_client_secret_file.clone(),
            oidc_groups_claim: self.oidc_groups_claim.clone(),
            oidc_roles: self.oidc_roles.clone(),
            oidc_scopes: self.oidc_scopes.clone(),
            oidc_name: self.oidc_name.clone(),
            oidc_ca: self.oidc_ca.clone(),
            public_url: self.public_url.clone(),
        }
    }

    fn webhooks(&self, args: &WebhookArgs) -> Result<WebhookSettings, String> {
        args.settle(self.webhook_allow.as_deref(), self.webhook_ca.as_ref())
    }
}

fn from_file(path: Option<&Path>) -> Result<FromFile, String> {
    let Some(path) = path else {
        return Ok(FromFile::default());
    };
    let text = fs::read_to_string(path).map_err(|error| {
        format!(
            "the settings file {} cannot be read: {error}",
            path.display()
        )
    })?;
    toml::from_str(&text)
        .map_err(|error| format!("the settings file {} is wrong: {error}", path.display()))
}

/// Where the database is, settled.
#[derive(Clone)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Directory for what is kept in files.
    pub data_dir: PathBuf,
}

/// The URL can hold a password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

/// Settings of the server, settled and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Database.
    pub database: Database,
    /// Address.
    pub listen: SocketAddr,
    /// TLS or not.
    pub transport: Transport,
    /// Networks whose failed handshakes are noted; empty: none.
    pub sightings_from: Vec<IpNet>,
    /// The door for clients with certificates of their own.
    pub client_door: Option<ClientDoor>,
    /// The door for signed reports without TLS.
    pub signed_door: Option<SignedDoor>,
    /// Connections that each door takes.
    pub room: Room,
    /// Rules.
    pub policy: Policy,
    /// Freshness limit, milliseconds.
    pub freshness_ms: i64,
    /// How long things are kept, and how often they are looked at.
    pub keeping: Keeping,
    /// Requests a minute that a token may make to read; 0: as many as it likes.
    pub rate_limit: u32,
    /// The same for tokens that send.
    pub rate_limit_sending: u32,
    /// New clients that a token may make known in an hour, unless the token says it; 0: no limit.
    pub new_clients_per_hour: i64,
    /// Clients that one sender may turn ready in an hour before a suspicion is noted; 0: any.
    pub burst: i64,
    /// Proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// JSON log lines.
    pub json_logs: bool,
    /// Where messages to other programs may go.
    pub webhooks: WebhookSettings,
    /// How the first administrator is made, and how long sessions last.
    pub people: PeopleSettings,
    /// Who vouches for people; `None`: nobody but this server.
    pub single_sign_on: Option<SingleSignOn>,
    /// Browsers reach this server over HTTPS, whatever it speaks itself.
    pub behind_https: bool,
}

impl DatabaseArgs {
    /// Settles where the database is, and makes the data directory.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(&self) -> Result<Database, String> {
        let file = from_file(self.config.as_deref())?;
        settle_database(self, &file)
    }

    /// Settles where the server's own key for enrolled machines is.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn enrolment_key(&self, given: Option<&PathBuf>) -> Result<PathBuf, String> {
        let file = from_file(self.config.as_deref())?;
        let database = locate_database(self, &file)?;
        let given = given.or(file.enrolment_key.as_ref());
        Ok(transport::enrolment_key(given, &database.data_dir))
    }

    /// Settles where messages to other programs may go, for a command beside the server.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn webhooks(&self, args: &WebhookArgs) -> Result<WebhookSettings, String> {
        from_file(self.config.as_deref())?.webhooks(args)
    }

    /// Settles where the database of a server is that has run already: nothing is made.
    ///
    /// # Errors
    /// One sentence naming the wrong setting, or saying that there is no database.
    pub fn settle_existing(&self) -> Result<Database, String> {
        let file = from_file(self.config.as_deref())?;
        let database = locate_database(self, &file)?;
        let path = database.url.strip_prefix("sqlite:").map(|rest| {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            rest.split('?').next().unwrap_or(rest)
        });
        match path {
            Some(path) if path != ":memory:" && !Path::new(path).exists() => Err(format!(
                "there is no database at {path}; say where the server keeps its data with --data-dir DIR or \
                 CUTOVER_DATA_DIR, or start the server once"
            )),
            _ => Ok(database),
        }
    }
}

fn settle_database(args: &DatabaseArgs, file: &FromFile) -> Result<Database, String> {
    let database = locate_database(args, file)?;
    make_private_dir(&database.data_dir).map_err(|error| {
        format!(
            "data_dir {} cannot be made: {error}",
            database.data_dir.display()
        )
    })?;
    Ok(database)
}

fn locate_database(args: &DatabaseArgs, file: &FromFile) -> Result<Database, String> {
    let data_dir = args
        .data_dir
        .clone()
        .or_else(|| file.data_dir.clone())
        .unwrap_or_else(|| PathBuf::from("data"));
    let url = args
        .database_url
        .clone()
        .or_else(|| file.database_url.clone())
        .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("cutover.db").display()));
    if !["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err("database_url must start with sqlite:// or postgres://".to_owned());
    }
    Ok(Database { url, data_dir })
}

/// The list of machines that cannot be patched is a target list: nobody else on this machine reads it.
fn make_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

impl ServeArgs {
    /// Settles everything.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(&self) -> Result<Config, String> {
        let file = from_file(self.database.config.as_deref())?;
        let database = settle_database(&self.database, &file)?;
        let (policy, freshness_ms) = settle_policy(&self.policy, &file)?;
        let listen = self.listen.as_deref().or(file.listen.as_deref());
        let listen = transport::address("listen", listen.unwrap_or("127.0.0.1:8443"))?;
        let in_file = file.transport();
        let transport = self
            .transport
            .settle(&in_file, &database.data_dir, listen)?;
        let json_logs = match self.log_format.as_deref().or(file.log_format.as_deref()) {
            None | Some("text") => false,
            Some("json") => true,
            Some(other) => return Err(format!("log_format must be text or json, not {other:?}")),
        };
        let keeping = settle_keeping(&self.keeping, &file)?;
        let vouching = self.single_sign_on.or(file.single_sign_on());
        let rate_limit = self.rate_limit.or(file.rate_limit).unwrap_or(600);
        let proxies = self
            .trusted_proxies
            .as_deref()
            .or(file.trusted_proxies.as_deref());
        let sending = self.rate_limit_sending.or(file.rate_limit_sending);
        let rate_limit_sending = sending.unwrap_or(0);
        for (name, limit) in [
            ("rate_limit", rate_limit),
            ("rate_limit_sending", rate_limit_sending),
        ] {
            if limit > pace::MOST {
                return Err(format!(
                    "{name} must be from 0 (no limit) to {}, not {limit}",
                    pace::MOST
                ));
            }
        }
        let signed_door = self.transport.signed_door(&in_file, &database.data_dir)?;
        Ok(Config {
            database,
            listen,
            signed_door,
            room: self.transport.room(&in_file),
            client_door: self.transport.client_door(&in_file, &transport)?,
            sightings_from: self.transport.sightings(&in_file, &transport)?,
            transport,
            policy,
            freshness_ms,
            keeping,
            rate_limit,
            rate_limit_sending,
            // Without a limit unless somebody sets one: a first fill brings the whole fleet in an hour, and clients
            // that no list expects never raise a share of what is ready.
            new_clients_per_hour: self
                .new_clients_per_hour
                .or(file.new_clients_per_hour)
                .map_or(0, i64::from),
            burst: self
                .burst
                .or(file.burst)
                .map_or(suspicions::BURST, i64::from),
            trusted_proxies: networks::parse("trusted_proxies", proxies.unwrap_or_default())?,
            json_logs,
            webhooks: file.webhooks(&self.webhooks)?,
            people: self.people.settle(
                file.first_admin_password_file.as_ref(),
                file.session_idle_minutes,
                file.session_hours,
                file.require_second_factor.as_deref(),
            )?,
            single_sign_on: vouching.settle()?,
            behind_https: vouching.behind_https(),
        })
    }
}
