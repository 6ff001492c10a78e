//! `cutover observe`: reads logs of any size in constant memory, and stores or sends what they add up to.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    Error,
    load::{Plan, Secret, Trust, connect},
    out::say,
};
use crate::{
    clock,
    config::DatabaseArgs,
    domain::{
        audit::Author,
        counted::counted_u64,
        time::{HOUR, Timestamp},
    },
    networks,
    sim::Fleet,
    store::{
        Store,
        observed::{Logged, Noted},
    },
    wire::observed::{Delivery, Filing, Kind, Settings, moment_of},
};

/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;

/// Read logs of IIS, HTTP.sys and load balancers, and tables of who had which address.
#[derive(Clone, Debug, clap::Args)]
pub struct ObserveArgs {
    /// Logs and tables; what each is, is recognised, also packed with gzip
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The site system that wrote the logs, where their lines do not say it
    #[arg(long, value_name = "HOST")]
    system: Option<String>,
    /// Count a file that was read for another system once more, for the one that --system names
    #[arg(long, requires = "system")]
    another_system: bool,
    /// Code of the site that the system belongs to
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Proxies that are believed when they say for whom they ask; once for each network
    #[arg(long, value_name = "NETWORK")]
    proxy: Vec<String>,
    /// From when addresses were held, for tables that do not say it
    #[arg(long, value_name = "TIME", requires = "until")]
    from: Option<String>,
    /// Until when addresses were held, for tables that do not say it
    #[arg(long, value_name = "TIME", requires = "from")]
    until: Option<String>,
    /// `json`: print what would be sent, one portion a line, and send nothing
    #[arg(long, value_name = "FORMAT", value_parser = ["json"])]
    format: Option<String>,
    /// Send it to this server instead of writing into the database
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Import token for the server
    #[arg(
        long,
        env = "CUTOVER_TOKEN",
        hide_env_values = true,
        requires = "server"
    )]
    token: Option<Secret>,
    /// Accept what the certificates in this PEM file vouch for, and nothing else
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
    /// Accept any certificate; only for a server on this machine
    #[arg(long, requires = "server", conflicts_with = "ca")]
    insecure: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Where deliveries go.
enum Target {
    Print,
    Server(reqwest::Client, reqwest::Url),
    Database(Store),
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read, or the server or the database failed.
pub async fn run(args: ObserveArgs) -> Result<(), Error> {
    let settings = settings(&args)?;
    let target = target(&args).await?;
    for file in &args.files {
        observe(file, &args, &settings, &target).await?;
    }
    Ok(())
}

fn settings(args: &ObserveArgs) -> Result<Settings, Error> {
    let time = |name: &str, text: &Option<String>| {
        text.as_deref()
            .map(|text| {
                moment_of(text).ok_or_else(|| {
                    Error::Usage(format!(
                        "{name}: {text:?} is no time; write it like 2026-11-23T08:15:00Z"
                    ))
                })
            })
            .transpose()
    };
    Ok(Settings {
        system: args.system.as_ref().map(|system| system.to_lowercase()),
        proxies: networks::parse("--proxy", &args.proxy.join(",")).map_err(Error::Usage)?,
        latest: clock::now().plus(HOUR),
        span: time("--from", &args.from)?.zip(time("--until", &args.until)?),
    })
}

async fn target(args: &ObserveArgs) -> Result<Target, Error> {
    if args.format.is_some() {
        return Ok(Target::Print);
    }
    let Some(server) = &args.server else {
        let database = args.database.settle().map_err(Error::Usage)?;
        return Ok(Target::Database(Store::open(&database.url).await?));
    };
    let mut plan = Plan::new(server.as_str(), Fleet::new(1, 1), clock::now());
    plan.trust = match &args.ca {
        Some(path) => Trust::File(path.clone()),
        None if args.insecure => Trust::Anything,
        None => Trust::System,
    };
    plan.token.clone_from(&args.token);
    let (client, url) =
        connect(&plan, "observations").map_err(|error| Error::Failed(error.to_string()))?;
    Ok(Target::Server(client, url))
}

async fn observe(
    path: &Path,
    args: &ObserveArgs,
    settings: &Settings,
    target: &Target,
) -> Result<(), Error> {
    let label = path.display().to_string();
    let failed = |why: &dyn std::fmt::Display| Error::Failed(format!("{label}: {why}"));
    let name = path.file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let mut filing = Filing::new(&name, "", args.site.clone(), settings.clone());
    if settings.system.is_some() && !args.another_system {
        filing = filing.of_one_system();
    }
    let mut reader = opened(path).map_err(|error| failed(&error))?;
    // Every portion says of which file it is, so what is read waits for the hash before the first of them goes.
    let hashed = path.to_owned();
    let mut hashing = Some(tokio::task::spawn_blocking(move || hash(&hashed)));
    let mut digits = String::new();
    let mut piece = vec![0; PIECE];
    let mut passed: HashSet<String> = HashSet::new();
    let (mut sent, mut rows) = (0_u64, 0_u64);
    loop {
        let read = reader.read(&mut piece).map_err(|error| failed(&error))?;
        let (ready, last) = if read == 0 {
            (filing.end().map_err(|why| failed(&why))?, true)
        } else {
            let read = piece.get(..read).unwrap_or_default();
            (filing.feed(read).map_err(|why| failed(&why))?, false)
        };
        if (last || !ready.is_empty())
            && let Some(hashing) = hashing.take()
        {
            let hash = hashing.await.map_err(|error| failed(&error))?;
            let hash = hash.map_err(|error| failed(&error))?;
            // A file that is known is read no further.
            if let Target::Database(store) = target {
                let systems = store.systems_with_log(hash.to_vec()).await?;
                let named = settings.system.as_ref();
                let other = named.filter(|name| !systems.is_empty() && !systems.contains(name));
                if let Some(name) = other.filter(|_| filing.kind() != Kind::Leases) {
                    if !args.another_system {
                        return Err(failed(&format!(
                            "this file was read before as a log of {}, and would be counted twice. Nothing was taken. If it is a log of {name} as well, say so with --another-system",
                            systems.join(", ")
                        )));
                    }
                } else if store.knows_log(hash.to_vec()).await? {
                    return say(&format!("{label}: read before; nothing changed."));
                }
            }
            digits = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        for mut delivery in ready {
            if let Some(file) = &mut delivery.file {
                digits.clone_into(&mut file.sha256);
            }
            let system = delivery.system.clone().unwrap_or_default();
            let size = delivery.observations.len() + delivery.leases.len();
            if passed.contains(&system) {
                continue;
            }
            match target
                .take(delivery, settings)
                .await
                .map_err(|why| failed(&why))?
            {
                Noted::KnownFile => {
                    passed.insert(system);
                }
                Noted::Added => {
                    sent += 1;
                    rows += u64::try_from(size).unwrap_or_default();
                }
                Noted::Known => {}
                Noted::Gap(portion) => {
                    return Err(failed(&format!(
                        "the server expects portion {portion} first"
                    )));
                }
            }
        }
        if last {
            break;
        }
    }
    let told = filing.told();
    let notes = filing.notes().join(" ");
    let end = format!(
        "{label}: {}, {}, {} told a protocol; {} in {}. {notes}",
        filing.kind().words(),
        counted_u64(told.lines, "line", "lines"),
        told.told,
        counted_u64(rows, "row", "rows"),
        counted_u64(sent, "portion", "portions"),
    );
    let end = end.replace(char::is_control, "·");
    if matches!(target, Target::Print) {
        let _ = writeln!(std::io::stderr().lock(), "{}", end.trim_end());
        return Ok(());
    }
    if sent == 0 && !passed.is_empty() {
        return say(&format!("{label}: read before; nothing changed."));
    }
    say(end.trim_end())
}

impl Target {
    async fn take(&self, delivery: Delivery, settings: &Settings) -> Result<Noted, String> {
        match self {
            Self::Print => {
                let line = serde_json::to_string(&delivery).map_err(|error| error.to_string())?;
                say(&line).map_err(|_| "the output could not be written".to_owned())?;
                Ok(Noted::Added)
            }
            Self::Server(client, url) => send(client, url, &delivery).await,
            Self::Database(store) => {
                let checked = delivery.check(settings.latest).map_err(|errors| {
                    let first = errors.first();
                    first.map_or_else(String::new, |error| {
                        format!("{} {}", error.pointer, error.detail)
                    })
                })?;
                let now: Timestamp = clock::now();
                let logged = Logged {
                    system: checked.system,
                    site: checked.site,
                    file: checked.file,
                    observations: checked.observations,
                    hours: checked.hours,
                    leases: checked.leases,
                };
                store
                    .add_observations(logged, "cutover observe".to_owned(), Author::command(), now)
                    .await
                    .map_err(|error| error.to_string())
            }
        }
    }
}

async fn send(
    client: &reqwest::Client,
    url: &reqwest::Url,
    delivery: &Delivery,
) -> Result<Noted, String> {
    let answer = client
        .post(url.clone())
        .json(delivery)
        .send()
        .await
        .map_err(|error| super::load::unreached(&error))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|_| format!("the server answered {status}, which is no answer of cutover"))?;
    if !status.is_success() {
        let detail = value["detail"].as_str().unwrap_or_default();
        let first = value["errors"][0]["detail"].as_str().unwrap_or_default();
        return Err(format!("the server answered {status}: {detail} {first}"));
    }
    match value["status"].as_str() {
        Some("added") => Ok(Noted::Added),
        Some("known") => Ok(Noted::Known),
        Some("known_file") => Ok(Noted::KnownFile),
        _ => Err("the server's answer is no answer of cutover".to_owned()),
    }
}

fn hash(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

/// The file, unpacked where its first bytes say that it is packed.
fn opened(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let mut magic = [0; 2];
    let packed = match File::open(path)?.read_exact(&mut magic) {
        Ok(()) => magic == [0x1F, 0x8B],
        Err(_) => false,
    };
    let file = BufReader::with_capacity(PIECE, File::open(path)?);
    if packed {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)));
    }
    Ok(Box::new(file))
}
