//! `cutover loadgen`: sends a simulated fleet; with `--bench`, measures this machine against its own floor.

mod child;
mod floor;
mod pages;

use std::{path::PathBuf, time::Instant};

use super::{
    Error,
    load::{Outcome, Plan, Secret, Trust, drive},
    loadgen,
};
use crate::{
    clock,
    config::PolicyArgs,
    domain::{
        access::{Role, Sites},
        audit::Author,
        time::{DAY, Timestamp},
    },
    http::door::hash_password,
    ingest::Judge,
    sim::Fleet,
    store::{
        Store, access,
        accounts::{By, NewAccount},
        incoming::Sender,
        tokens::{NewToken, Purpose},
    },
};
use child::Child;

/// Send a simulated fleet to a server, or measure this machine.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadgenCommand {
    #[command(flatten)]
    load: loadgen::LoadgenArgs,
    /// Start a server on a throw-away database and compare it with bare group commits of the same rows
    #[arg(long)]
    bench: bool,
    /// Fleet sizes to measure at, comma separated
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "10000,100000",
        requires = "bench"
    )]
    sizes: Vec<u64>,
    /// Measure on this empty PostgreSQL database instead of SQLite
    #[arg(long, value_name = "URL", requires = "bench")]
    bench_database: Option<String>,
    /// Where the SQLite file goes: on the disk that is to be measured
    #[arg(long, value_name = "DIR", default_value = "data", requires = "bench")]
    bench_dir: PathBuf,
    /// Seconds of each measured load
    #[arg(long, value_name = "N", default_value_t = 10, requires = "bench")]
    bench_seconds: u64,
}

/// Runs the command.
///
/// # Errors
/// A setting is wrong, the server cannot be reached or refuses, or the database failed.
pub async fn run(command: LoadgenCommand) -> Result<(), Error> {
    if !command.bench {
        return loadgen::run(command.load)
            .await
            .map_err(|error| Error::Failed(error.to_string()));
    }
    let directory = Directory::new(&command.bench_dir)?;
    let engine = command
        .bench_database
        .as_deref()
        .map_or("SQLite", |_| "PostgreSQL");
    let mut results = Vec::new();
    let mut filled = 0;
    let url = command
        .bench_database
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}", directory.0.join("bench.db").display()));
    let tokens = Tokens::make(&url).await?;
    let mut sizes = command.sizes.clone();
    sizes.sort_unstable();
    for size in sizes {
        let bench = Bench {
            url: &url,
            directory: &directory.0,
            tokens: &tokens,
            size,
            seconds: command.bench_seconds,
        };
        results.push(bench.measure(&mut filled).await?);
    }
    print!("{}", table(engine, &results));
    Ok(())
}

/// Share of clients whose facts change between rounds: one in ten, as on a busy day.
const CHANGED: f64 = 0.1;
/// Concurrent senders on kept-alive connections.
const CONNECTIONS: u64 = 256;

/// What the load generator shows, at every size: clients keep the token and the address that they were heard with.
struct Tokens {
    ingest: String,
    read: String,
    sender: Sender,
}

impl Tokens {
    async fn make(url: &str) -> Result<Self, Error> {
        let now = clock::now();
        let store = Store::open(url).await?;
        let make = async |purpose| {
            let new = NewToken::new(purpose, "bench");
            store.create_token(new, Author::command(), now).await
        };
        let (ingest, read) = (make(Purpose::Ingest).await?, make(Purpose::Read).await?);
        let known = store.tokens().await?;
        store.close().await;
        let own = known.iter().find(|token| ingest.contains(&token.id));
        let id = own.map(|token| token.id.as_str()).unwrap_or_default();
        let here = std::net::Ipv4Addr::LOCALHOST;
        Ok(Self {
            sender: Sender::claimed("bench")
                .with_token(id)
                .at(Some(here.into())),
            ingest,
            read,
        })
    }
}

struct Bench<'b> {
    url: &'b str,
    directory: &'b std::path::Path,
    tokens: &'b Tokens,
    size: u64,
    seconds: u64,
}

/// What was measured at one size.
struct Measured {
    size: u64,
    judging: (f64, f64),
    preload: f64,
    floor: f64,
    floor_alone: f64,
    keep_alive: Outcome,
    batches: Outcome,
    paced: Outcome,
    new_connections: Outcome,
    peak_mb: f64,
    disk_per_client: Option<f64>,
    pages: Vec<(String, pages::Times)>,
    export: pages::Export,
    blockers: pages::Export,
    /// Rows a second of the blockers, read and not sent.
    bare: f64,
    start_ms: f64,
}

/// Somebody who can look at the pages, in a database that may have been measured before.
async fn administrator(store: &Store, password: &str, now: Timestamp) -> Result<(), Error> {
    let admin = NewAccount {
        name: "admin".to_owned(),
        role: Role::Administrator,
        sites: Sites::all(),
        password_hash: hash_password(password).map_err(Error::Failed)?,
        must_change: false,
    };
    if !store.first_account(admin.clone(), By::command(now)).await? {
        let hash = admin.password_hash;
        store
            .set_password(admin.name, hash, false, By::command(now))
            .await?;
    }
    Ok(())
}

impl Bench<'_> {
    async fn measure(&self, filled: &mut u64) -> Result<Measured, Error> {
        let now = clock::now();
        let first = now.plus(-3 * DAY);
        let fleet = Fleet::new(1, self.size).changing(CHANGED).anchored(first);
        let store = Store::open(self.url).await?;
        store
            .apply_freshness(14 * DAY, Author::command(), now)
            .await?;
        let (policy, freshness_ms) = PolicyArgs::default().settle().map_err(Error::Failed)?;
        let judge = Judge::new(policy, freshness_ms);
        let sender = self.tokens.sender.clone();
        eprintln!("{} clients: filling the database …", self.size);
        let preload = floor::fill(&store, &judge, &sender, fleet, *filled, first).await?;
        *filled = self.size;
        eprintln!("{} clients: group commits without HTTP …", self.size);
        let judging = floor::judging(&judge, &sender, fleet, first);
        let rows = floor::prepared(&judge, &sender, fleet, 1, now.plus(-2 * DAY), 120_000);
        let floor_alone = floor::alone(&store, rows, self.seconds).await?;
        let rows = floor::prepared(&judge, &sender, fleet, 2, now.plus(-DAY), 120_000);
        let floor = floor::grouped(&store, rows, CONNECTIONS, self.seconds).await?;
        let password = access::random_secret();
        administrator(&store, &password, now).await?;
        store.close().await;

        let started = Instant::now();
        let child = Child::start(self.url, self.directory).await?;
        let start_ms = started.elapsed().as_secs_f64() * 1e3;
        let plan = |round: u64, at: Timestamp| {
            let mut plan = Plan::new(child.address(), fleet, at);
            let Ok(secret) = self.tokens.ingest.parse::<Secret>();
            plan.token = Some(secret);
            plan.trust = Trust::File(child.certificate());
            plan.first_round = round;
            plan.connections = CONNECTIONS;
            plan.seconds = Some(self.seconds);
            plan
        };
        eprintln!(
            "{} clients: one report a request, connections kept …",
            self.size
        );
        let keep_alive = self.driven(plan(3, now.plus(-3_600_000))).await?;
        self.progress(&child, "200 reports a request")?;
        let mut many = plan(4, now.plus(-1_800_000));
        many.batch = 200;
        many.connections = 8;
        let batches = self.driven(many).await?;
        self.progress(&child, "2,000 reports a second offered")?;
        let mut at_pace = plan(5, now.plus(-900_000));
        at_pace.rate = 2_000;
        // Enough for answers that take 30 ms; more would only wait.
        at_pace.connections = 64;
        let paced = self.driven(at_pace).await?;
        self.progress(&child, "a new TLS connection for each report")?;
        let mut fresh = plan(6, now);
        fresh.new_connection = true;
        fresh.connections = 64;
        let new_connections = self.driven(fresh).await?;
        self.progress(&child, "pages and lists")?;
        let pages = pages::measure(&child, &self.tokens.read, &password).await?;
        self.progress(&child, "whole lists")?;
        let export = pages::export(&child, &self.tokens.read, "clients").await?;
        let blockers = pages::export(&child, &self.tokens.read, "blockers").await?;
        let peak_mb = child.peak_mb()?;
        child.stop().await?;
        let store = Store::open(self.url).await?;
        let bare = pages::bare(&store).await?;
        store.close().await;
        let disk_per_client = self.disk();
        Ok(Measured {
            size: self.size,
            judging,
            preload,
            floor,
            floor_alone,
            keep_alive,
            batches,
            paced,
            new_connections,
            peak_mb,
            disk_per_client,
            pages,
            export,
            blockers,
            bare,
            start_ms,
        })
    }

    /// Says what comes next, and how much memory the server took at most until now.
    fn progress(&self, child: &Child, next: &str) -> Result<(), Error> {
        let peak = child.peak_mb()?;
        eprintln!(
            "{} clients: {next} … ({peak:.0} MB at most so far)",
            self.size
        );
        Ok(())
    }

    async fn driven(&self, plan: Plan) -> Result<Outcome, Error> {
        let outcome = drive(&plan)
            .await
            .map_err(|error| Error::Failed(error.to_string()))?;
        match &outcome.stopped {
            Some(why) => Err(Error::Failed(why.clone())),
            None => Ok(outcome),
        }
    }

    /// Bytes a client takes on disk, history included; known for SQLite only.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    fn disk(&self) -> Option<f64> {
        let path = self.url.strip_prefix("sqlite://")?;
        let length = std::fs::metadata(path).ok()?.len();
        Some(length as f64 / self.size as f64)
    }
}

fn table(engine: &str, results: &[Measured]) -> String {
    let mut out = format!("\n{engine}\n\n");
    let mut row = |name: &str, cell: &dyn Fn(&Measured) -> String| {
        let cells: Vec<String> = results.iter().map(cell).collect();
        out.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    };
    let ms = |us: u64| format!("{}.{} ms", us / 1_000, us % 1_000 / 100);
    row("clients in the database", &|m| m.size.to_string());
    row("---", &|_| "---".to_owned());
    row(
        "parsing and judging on one core, a second (with compressing)",
        &|m| format!("{:.0} ({:.0})", m.judging.0, m.judging.1),
    );
    row("filling, new clients a second, groups of 1,024", &|m| {
        format!("{:.0}", m.preload)
    });
    row("floor: bare groups of 256, a second", &|m| {
        format!("{:.0}", m.floor_alone)
    });
    row("floor: 256 waiting senders, no HTTP, a second", &|m| {
        format!("{:.0}", m.floor)
    });
    row(
        "HTTPS, one report a request, kept connections, a second",
        &|m| format!("{:.0}", m.keep_alive.reports_per_second),
    );
    row("… of the floor of 256 waiting senders", &|m| {
        format!("{:.0} %", 100.0 * m.keep_alive.reports_per_second / m.floor)
    });
    row("… p50 / p99", &|m| {
        format!(
            "{} / {}",
            ms(m.keep_alive.latency.p50_us),
            ms(m.keep_alive.latency.p99_us)
        )
    });
    row("HTTPS, 200 reports a request, a second", &|m| {
        format!("{:.0}", m.batches.reports_per_second)
    });
    row("… of the floor of bare groups", &|m| {
        format!(
            "{:.0} %",
            100.0 * m.batches.reports_per_second / m.floor_alone
        )
    });
    row("2,000 a second offered: acknowledged a second", &|m| {
        format!("{:.0}", m.paced.reports_per_second)
    });
    row("… p50 / p99 / p99.9", &|m| {
        let latency = &m.paced.latency;
        format!(
            "{} / {} / {}",
            ms(latency.p50_us),
            ms(latency.p99_us),
            ms(latency.p999_us)
        )
    });
    row("new TLS connection for each report, a second", &|m| {
        format!("{:.0}", m.new_connections.reports_per_second)
    });
    row("times told to come back (503)", &|m| {
        (m.keep_alive.busy + m.batches.busy + m.paced.busy + m.new_connections.busy).to_string()
    });
    for index in 0..results.first().map_or(0, |m| m.pages.len()) {
        let name = results.first().map_or("", |m| m.pages[index].0.as_str());
        row(&format!("{name}, median / worst of 50"), &|m| {
            let times = &m.pages[index].1;
            format!("{:.1} / {:.1} ms", times.median_ms, times.worst_ms)
        });
    }
    row(
        "CSV of all clients: rows a second, MB a second, first byte",
        &|m| {
            let e = &m.export;
            format!(
                "{:.0}, {:.0}, {:.0} ms",
                e.rows_per_second, e.mb_per_second, e.first_byte_ms
            )
        },
    );
    row("CSV of all blockers: rows, rows a second", &|m| {
        format!("{}, {:.0}", m.blockers.rows, m.blockers.rows_per_second)
    });
    row("… of the rate at which the store reads them", &|m| {
        format!("{:.0} %", 100.0 * m.blockers.rows_per_second / m.bare)
    });
    row("… the server's peak memory grows meanwhile by", &|m| {
        format!("{:.0} MB", m.export.grown_mb + m.blockers.grown_mb)
    });
    row("start until connections are taken", &|m| {
        format!("{:.0} ms", m.start_ms)
    });
    row("server's peak memory", &|m| format!("{:.0} MB", m.peak_mb));
    row("disk a client, history included", &|m| {
        m.disk_per_client
            .map_or_else(|| "–".to_owned(), |bytes| format!("{bytes:.0} B"))
    });
    out
}

/// A directory that goes with this value.
struct Directory(PathBuf);

impl Directory {
    fn new(parent: &std::path::Path) -> Result<Self, Error> {
        let path = parent.join(format!("bench-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("cutover: {} was not removed: {error}", self.0.display());
        }
    }
}
