//! The seam: the only file that knows there are two databases.
//!
//! A statement is written once, in the SQL both engines read, with `$1` placeholders. Two things go beyond a
//! fixed text: many rows at once (`{rows}`, see [`Rows`]) and filters put together from fixed pieces
//! ([`Composed`]). Neither ever takes text from outside: values are always bound.

use std::{
    collections::HashMap,
    str::FromStr as _,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Decode, Encode, FromRow, Postgres,
    Row as _, Sqlite, SqlSafeStr as _, SqlStr, Transaction, Type,
    migrate::{Migration, Migrator},
    postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow},
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
        SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::{
    error::{Error, Result},
    rows::{Column, Rows},
};

static SHARED: Migrator = sqlx::migrate!("./migrations");
static SQLITE_ONLY: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES_ONLY: Migrator = sqlx::migrate!("./migrations/postgres");

/// SQLite before this can corrupt a file when a write and a checkpoint meet (the WAL-reset bug).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// A value both engines can bind. Never implemented by hand.
pub trait Bind<'v>:
    Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres>
{
}
impl<'v, T> Bind<'v> for T where
    T: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres>
{
}

/// A struct both engines can fill: `#[derive(sqlx::FromRow)]` is enough.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// A single value both engines can decode.
pub trait Scalar:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}
impl<T> Scalar for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

/// The pools to read from, and how to open a connection to write with.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file, one writer: the default.
    Sqlite(SqlitePool, Box<SqliteConnectOptions>),
    /// A server: for fleets that outgrow one file, and for several of our servers on one database.
    Postgres(PgPool, Box<PgConnectOptions>),
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
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(15))
            // Checkpoints belong to one task between commits, never inside one.
            .pragma("wal_autocheckpoint", "0")
            .pragma("temp_store", "memory")
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
        let writer = options.clone().pragma("cache_size", "-65536");
        let readers = SqlitePoolOptions::new()
            .max_connections(6)
            .connect_with(options.pragma("cache_size", "-8192"))
            .await?;
        let mut conn = writer.connect().await?;
        migrate(&SQLITE_ONLY).run_direct(None, &mut conn, false).await?;
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
            ])
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone().options([("statement_timeout", "30s")]))
            .await?;
        let mut conn = options.connect().await?;
        migrate(&POSTGRES_ONLY).run_direct(None, &mut conn, false).await?;
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
        Ok(Self::Postgres(pool, Box::new(options)))
    }

    /// One consistent snapshot: every number on a page agrees with every other.
    pub async fn read(&self) -> Result<Tx> {
        const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match self {
            Self::Sqlite(pool, _) => Tx::Sqlite(pool.begin().await?),
            Self::Postgres(pool, _) => Tx::Postgres(pool.begin_with(SNAPSHOT).await?),
        })
    }

    /// A connection of its own for the writer.
    pub(super) async fn writing(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite(_, options) => Conn::Sqlite(options.connect().await?),
            Self::Postgres(_, options) => Conn::Postgres(options.connect().await?),
        })
    }

    /// `sqlite` or `postgres`.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "sqlite",
            Self::Postgres(..) => "postgres",
        }
    }

    /// Closes the pools.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool, _) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

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

/// The writer's connection. `BEGIN` and `COMMIT` are sent as statements, because sqlx's own transaction
/// counter goes wrong after a full disk and then acknowledges what was never written. After any error the
/// caller drops the connection and opens another.
#[derive(Debug)]
pub enum Conn {
    /// On SQLite.
    Sqlite(SqliteConnection),
    /// On PostgreSQL.
    Postgres(PgConnection),
}

impl Conn {
    /// Starts a transaction that may write. SQLite takes the write lock at once: a transaction that reads
    /// first and writes later fails with `SQLITE_BUSY`, whatever the time-out.
    pub async fn begin(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.raw("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => self.raw("BEGIN").await,
        }
    }

    /// Makes the writes durable.
    pub async fn commit(&mut self) -> Result<()> {
        self.raw("COMMIT").await
    }

    async fn raw(&mut self, text: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(conn) => sqlx::raw_sql(text).execute(conn).await.map(|_| ())?,
            Self::Postgres(conn) => sqlx::raw_sql(text).execute(conn).await.map(|_| ())?,
        }
        Ok(())
    }

    /// On PostgreSQL, waits until no other server is adding clients, so that two reports about one new
    /// machine meet. On SQLite there is only one writer.
    pub async fn lock_new_clients(&mut self) -> Result<()> {
        if matches!(self, Self::Postgres(_)) {
            self.sql("SELECT pg_advisory_xact_lock(7283346)")
                .execute()
                .await?;
        }
        Ok(())
    }

    /// On SQLite, moves what the log holds into the database file and answers the pages left in the log;
    /// PostgreSQL does this by itself.
    pub async fn checkpoint(&mut self, restart: bool) -> Result<i64> {
        let Self::Sqlite(conn) = self else {
            return Ok(0);
        };
        let text = if restart {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else {
            "PRAGMA wal_checkpoint(PASSIVE)"
        };
        let (_, pages, moved): (i64, i64, i64) = sqlx::query_as(text).fetch_one(conn).await?;
        Ok(pages - moved)
    }

    /// Writes the whole database into `path`, consistently, beside running writers. SQLite only.
    pub async fn copy_to(&mut self, path: &str) -> Result<()> {
        match self {
            Self::Sqlite(conn) => {
                sqlx::query("VACUUM INTO $1").bind(path).execute(conn).await?;
                Ok(())
            }
            Self::Postgres(_) => Err(Error::Input(
                "this database is PostgreSQL: back it up with pg_dump or its base backup".to_owned(),
            )),
        }
    }

    /// Starts a statement; bind its values, then run it.
    pub fn sql(&mut self, text: &'static str) -> Statement<'_> {
        self.statement(text.into_sql_str())
    }

    /// Starts a statement put together from fixed pieces.
    pub fn composed(&mut self, text: Composed) -> Statement<'_> {
        self.statement(AssertSqlSafe(text.text).into_sql_str())
    }

    fn statement(&mut self, text: SqlStr) -> Statement<'_> {
        match self {
            Self::Sqlite(conn) => Statement::Sqlite(conn, sqlx::query(text)),
            Self::Postgres(conn) => Statement::Postgres(conn, sqlx::query(text)),
        }
    }

    /// Runs `text` with many rows in place of `{rows}`, and answers what it returns. `fixed` are the values
    /// of `$1`, `$2` …; the rows' columns follow. PostgreSQL takes one array a column; SQLite takes `VALUES`
    /// lists of a few set lengths, so that each is prepared once.
    pub async fn many<T: Record>(
        &mut self,
        text: &'static str,
        fixed: &[i64],
        rows: &Rows,
    ) -> Result<Vec<T>> {
        let mut out = Vec::new();
        match self {
            Self::Postgres(conn) => {
                if rows.is_empty() {
                    return Ok(out);
                }
                let sql = rows_text(text, fixed.len(), rows, None);
                let mut query = sqlx::query::<Postgres>(AssertSqlSafe(sql));
                for value in fixed {
                    query = query.bind(*value);
                }
                for column in rows.columns() {
                    query = match column {
                        Column::Text(values) => query.bind(values),
                        Column::Int(values) => query.bind(values),
                        Column::Bytes(values) => query.bind(values),
                        Column::Flag(values) => query.bind(values),
                    };
                }
                for row in query.fetch_all(conn).await? {
                    out.push(T::from_row(&row)?);
                }
            }
            Self::Sqlite(conn) => {
                let mut start = 0;
                while start < rows.len() {
                    let length = chunk_length(rows.len() - start);
                    let sql = rows_text(text, fixed.len(), rows, Some(length));
                    let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(sql));
                    for value in fixed {
                        query = query.bind(*value);
                    }
                    for index in start..start + length {
                        for column in rows.columns() {
                            query = match column {
                                Column::Text(values) => query.bind(values[index].as_deref()),
                                Column::Int(values) => query.bind(values[index]),
                                Column::Bytes(values) => query.bind(values[index].as_deref()),
                                Column::Flag(values) => query.bind(values[index]),
                            };
                        }
                    }
                    for row in query.fetch_all(&mut *conn).await? {
                        out.push(T::from_row(&row)?);
                    }
                    start += length;
                }
            }
        }
        Ok(out)
    }
}

/// The lengths of `VALUES` lists: few, so that each statement is prepared once and kept.
const fn chunk_length(left: usize) -> usize {
    let mut length = 256;
    while length > left {
        length /= 4;
    }
    if length == 0 { 1 } else { length }
}

/// `text` with `{rows}` replaced, made once per shape and kept. `chunk`: rows of a `VALUES` list; `None`: arrays.
fn rows_text(text: &'static str, fixed: usize, rows: &Rows, chunk: Option<usize>) -> Arc<str> {
    type Shapes = HashMap<(usize, usize), Arc<str>>;
    static KEPT: OnceLock<Mutex<Shapes>> = OnceLock::new();
    let key = (text.as_ptr() as usize, chunk.unwrap_or(0));
    let mut kept = KEPT
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Arc::clone(kept.entry(key).or_insert_with(|| {
        let columns = rows.columns().len();
        let source = if let Some(length) = chunk {
            let lists: Vec<String> = (0..length)
                .map(|row| {
                    let marks: Vec<String> = (0..columns)
                        .map(|column| format!("${}", fixed + row * columns + column + 1))
                        .collect();
                    format!("({})", marks.join(","))
                })
                .collect();
            format!("VALUES {}", lists.join(","))
        } else {
            let arrays: Vec<String> = rows
                .columns()
                .iter()
                .enumerate()
                .map(|(index, column)| format!("${}::{}[]", fixed + index + 1, column.pg_type()))
                .collect();
            format!("SELECT * FROM unnest({})", arrays.join(","))
        };
        text.replace("{rows}", &source).into()
    }))
}

/// A read snapshot. Rolled back when dropped, which for a reader is the same as committed.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Starts a statement; bind its values, then run it.
    pub fn sql(&mut self, text: &'static str) -> Statement<'_> {
        self.statement(text.into_sql_str())
    }

    /// Starts a statement put together from fixed pieces.
    pub fn composed(&mut self, text: Composed) -> Statement<'_> {
        self.statement(AssertSqlSafe(text.text).into_sql_str())
    }

    fn statement(&mut self, text: SqlStr) -> Statement<'_> {
        match self {
            Self::Sqlite(tx) => Statement::Sqlite(tx, sqlx::query(text)),
            Self::Postgres(tx) => Statement::Postgres(tx, sqlx::query(text)),
        }
    }
}

/// A statement text put together from pieces that stand in the source; `?` in a piece becomes the next `$n`.
#[derive(Debug, Default)]
pub struct Composed {
    text: String,
    bound: usize,
}

impl Composed {
    /// Appends a piece.
    pub fn push(&mut self, piece: &'static str) {
        for part in piece.split_inclusive('?') {
            if let Some(part) = part.strip_suffix('?') {
                self.bound += 1;
                self.text.push_str(part);
                self.text.push('$');
                self.text.push_str(&self.bound.to_string());
            } else {
                self.text.push_str(part);
            }
        }
    }
}

/// One statement and its bound values.
#[must_use = "a statement does nothing until it is run"]
pub enum Statement<'t> {
    /// On SQLite.
    Sqlite(
        &'t mut SqliteConnection,
        Query<'static, Sqlite, SqliteArguments>,
    ),
    /// On PostgreSQL.
    Postgres(&'t mut PgConnection, Query<'static, Postgres, PgArguments>),
}

impl Statement<'_> {
    /// Binds the next `$n`.
    pub fn bind<'v>(self, value: impl Bind<'v>) -> Self {
        match self {
            Self::Sqlite(conn, query) => Self::Sqlite(conn, query.bind(value)),
            Self::Postgres(conn, query) => Self::Postgres(conn, query.bind(value)),
        }
    }

    /// The number of rows written.
    pub async fn execute(self) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(conn, query) => query.execute(conn).await?.rows_affected(),
            Self::Postgres(conn, query) => query.execute(conn).await?.rows_affected(),
        })
    }

    /// Every row.
    pub async fn all<T: Record>(self) -> Result<Vec<T>> {
        let rows: sqlx::Result<Vec<T>> = match self {
            Self::Sqlite(conn, query) => {
                query.fetch_all(conn).await?.iter().map(T::from_row).collect()
            }
            Self::Postgres(conn, query) => {
                query.fetch_all(conn).await?.iter().map(T::from_row).collect()
            }
        };
        Ok(rows?)
    }

    /// The row, if there is one.
    pub async fn optional<T: Record>(self) -> Result<Option<T>> {
        let row: Option<sqlx::Result<T>> = match self {
            Self::Sqlite(conn, query) => {
                query.fetch_optional(conn).await?.map(|row| T::from_row(&row))
            }
            Self::Postgres(conn, query) => {
                query.fetch_optional(conn).await?.map(|row| T::from_row(&row))
            }
        };
        Ok(row.transpose()?)
    }

    /// The first column of the only row.
    pub async fn scalar<T: Scalar>(self) -> Result<T> {
        Ok(match self {
            Self::Sqlite(conn, query) => query.fetch_one(conn).await?.try_get(0)?,
            Self::Postgres(conn, query) => query.fetch_one(conn).await?.try_get(0)?,
        })
    }
}
