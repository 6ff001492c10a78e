//! The seam: the one place that knows there are two databases, together with `conn.rs`.
//!
//! Here they are opened, brought up to date, and held to what makes an acknowledged report safe.

use std::{fs, io, path::Path, str::FromStr as _, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _,
    migrate::{Migration, Migrator},
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

pub use super::conn::{Bind, Composed, Conn, Engine, Log, Record, Scalar, Statement, Tx};
use super::error::{Error, Result};

static SHARED: Migrator = sqlx::migrate!("./migrations");
static SQLITE_ONLY: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES_ONLY: Migrator = sqlx::migrate!("./migrations/postgres");

/// SQLite before this can corrupt a file when a write and a checkpoint meet (the WAL-reset bug).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// The pools to read from. What takes long has connections of its own: else a few who take a list away slowly, or ask what would
/// happen to a million clients, would hold up every report, because each sender is looked up.
#[derive(Clone, Debug)]
pub struct Pools<P> {
    /// For what takes moments.
    quick: P,
    /// For lists that are taken away as fast as whoever asks for them reads.
    downloads: P,
    /// For what-ifs, which read a whole scope.
    runs: P,
}

/// Lists that are taken away at once; others are told to come back.
const DOWNLOADS: u32 = 4;
/// What-ifs at once; others wait for their turn.
const RUNS: u32 = 2;
/// Bytes of SQLite's log above which nothing new begins that would keep it from being emptied. The writer empties it itself where it
/// is half as long and nobody reads; and whoever reads ends within the hour.
const LOG_AT_MOST: u64 = 1 << 30;
/// For so long whoever wants to take a list away waits for a turn.
const DOWNLOAD_WAITS: Duration = Duration::from_secs(5);

/// The pools to read from, and how to open a connection to write with.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file, one writer: the default.
    Sqlite(Pools<SqlitePool>, Box<SqliteConnectOptions>),
    /// A server: for fleets that outgrow one file, and for several of our servers on one database.
    Postgres(Pools<PgPool>, Box<PgConnectOptions>),
}

/// What takes long, and reads from one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A list that is taken away.
    Download,
    /// A whole scope.
    Run,
}

impl Db {
    /// Opens what `url` names (`sqlite://PATH` or `postgres://…`) and applies the migrations.
    pub async fn open(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::Unsafe(
                "the database URL must start with sqlite:// or postgres://".to_owned(),
            ));
        }
        Self::open_sqlite(url).await
    }

    async fn open_sqlite(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?;
        let file = options.get_filename();
        make_for_its_owner(file).map_err(|error| {
            Error::Unsafe(format!(
                "the database {} cannot be made: {error}",
                file.display()
            ))
        })?;
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(15))
            // Checkpoints belong to one task between commits, never inside one.
            .pragma("wal_autocheckpoint", "0")
            .pragma("temp_store", "memory")
            // A statement of many rows is prepared for each of a dozen lengths (`chunk_length`).
            .statement_cache_capacity(256)
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
        let writer = options.clone().pragma("cache_size", "-65536");
        let options = options.pragma("cache_size", "-8192");
        let pool = SqlitePoolOptions::new;
        let readers = Pools {
            quick: pool()
                .max_connections(6)
                .connect_with(options.clone())
                .await?,
            downloads: pool()
                .max_connections(DOWNLOADS)
                .acquire_timeout(DOWNLOAD_WAITS)
                .connect_lazy_with(options.clone()),
            runs: pool().max_connections(RUNS).connect_lazy_with(options),
        };
        let mut conn = writer.connect().await?;
        migrate(&SQLITE_ONLY)
            .run_direct(None, &mut conn, false)
            .await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&mut conn)
            .await?;
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(&mut conn)
            .await?;
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut conn)
            .await?;
        conn.close().await?;
        if version_of(&version) < OLDEST_SQLITE {
            return Err(Error::Unsafe(format!(
                "SQLite {version} is too old to be safe; 3.51.3 or later is needed"
            )));
        }
        if synchronous < 2 || !journal.eq_ignore_ascii_case("wal") {
            return Err(Error::Unsafe(format!(
                "SQLite runs with synchronous={synchronous} and journal_mode={journal}; acknowledged reports would not survive a power cut. Put the data directory on a local file system"
            )));
        }
        Ok(Self::Sqlite(readers, Box::new(writer)))
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        // All of PostgreSQL's own time-outs default to "never"; a vanished server would keep its row locks.
        let options = PgConnectOptions::from_str(url)?
            .application_name("cutover")
            .options([
                ("synchronous_commit", "on"),
                ("idle_in_transaction_session_timeout", "20s"),
                ("tcp_keepalives_idle", "3"),
                ("tcp_keepalives_interval", "1"),
                ("tcp_keepalives_count", "3"),
                ("client_min_messages", "warning"),
                // Of tables that nobody has analysed yet, plans look dear enough to be compiled: a second for each group
                // of reports, which itself takes milliseconds.
                ("jit", "off"),
            ])
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
        let timed = options.clone().options([("statement_timeout", "30s")]);
        let pool = PgPoolOptions::new;
        let readers = Pools {
            quick: pool()
                .max_connections(10)
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(timed.clone())
                .await?,
            downloads: pool()
                .max_connections(DOWNLOADS)
                .acquire_timeout(DOWNLOAD_WAITS)
                .connect_lazy_with(timed.clone()),
            runs: pool().max_connections(RUNS).connect_lazy_with(timed),
        };
        let mut conn = options.connect().await?;
        migrate(&POSTGRES_ONLY)
            .run_direct(None, &mut conn, false)
            .await?;
        for setting in ["fsync", "full_page_writes"] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut conn)
                .await?;
            if value == "off" {
                tracing::warn!(
                    setting,
                    "PostgreSQL runs with this setting off: acknowledged reports may be lost in a power cut"
                );
            }
        }
        conn.close().await?;
        Ok(Self::Postgres(readers, Box::new(options)))
    }

    /// One consistent snapshot: every number on a page agrees with every other.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pools, _) => Tx::Sqlite(pools.quick.begin().await?),
            Self::Postgres(pools, _) => Tx::Postgres(pools.quick.begin_with(SNAPSHOT).await?),
        })
    }

    /// The same for what takes long, with a connection that nothing quick waits for; where too many are at it already,
    /// [`Error::Busy`]; also where those that read have kept SQLite from emptying its log for long.
    pub async fn read_long(&self, errand: Errand) -> Result<Tx> {
        let begun = match self {
            Self::Sqlite(_, options) if log_length(options.get_filename()) > LOG_AT_MOST => {
                return Err(Error::Busy);
            }
            Self::Sqlite(pools, _) => pools.of(errand).begin().await.map(Tx::Sqlite),
            Self::Postgres(pools, _) => {
                let begun = pools.of(errand).begin_with(SNAPSHOT).await;
                begun.map(Tx::Postgres)
            }
        };
        begun.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => Error::Busy,
            other => other.into(),
        })
    }

    /// A connection of its own for the writer.
    pub(super) async fn writing(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite(_, options) => Conn::Sqlite(options.connect().await?),
            Self::Postgres(_, options) => Conn::Postgres(options.connect().await?),
        })
    }

    /// A connection that only reads, with little memory of its own.
    pub(super) async fn looking(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite(_, options) => {
                let options = options.as_ref().clone().read_only(true);
                Conn::Sqlite(options.pragma("cache_size", "-1024").connect().await?)
            }
            Self::Postgres(..) => self.writing().await?,
        })
    }

    /// `sqlite` or `postgres`.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "sqlite",
            Self::Postgres(..) => "postgres",
        }
    }

    /// The file of an SQLite database.
    pub(super) fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Sqlite(_, options) => Some(options.get_filename()),
            Self::Postgres(..) => None,
        }
    }

    /// Closes the pools.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(
                Pools {
                    quick,
                    downloads,
                    runs,
                },
                _,
            ) => {
                futures::future::join3(quick.close(), downloads.close(), runs.close()).await;
            }
            Self::Postgres(
                Pools {
                    quick,
                    downloads,
                    runs,
                },
                _,
            ) => {
                futures::future::join3(quick.close(), downloads.close(), runs.close()).await;
            }
        }
    }
}

impl<P> Pools<P> {
    const fn of(&self, errand: Errand) -> &P {
        match errand {
            Errand::Download => &self.downloads,
            Errand::Run => &self.runs,
        }
    }
}

/// How long SQLite's log is, bytes. None: it is not there, and was emptied.
fn log_length(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).map_or(0, |log| log.len())
}

/// Every number of one transaction is of one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The shared list and the engine's own, in order of their numbers.
fn migrate(own: &'static Migrator) -> Migrator {
    let all: Vec<Migration> = SHARED.iter().chain(own.iter()).cloned().collect();
    Migrator::with_migrations(all)
}

fn version_of(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

/// Makes the file of a new database for its owner alone, also where others may enter the directory: who cannot be patched,
/// and the secrets of webhooks, are nobody else's business. SQLite gives the files beside it the same rights. One that is
/// there stays as it is.
fn make_for_its_owner(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
