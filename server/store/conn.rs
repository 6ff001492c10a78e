//! Connections and statements: the other half of the seam, where a text meets one of two engines.
//!
//! A statement is written once, in the SQL both engines read, with `$1` placeholders. Two things go beyond a
//! fixed text: many rows at once (`{rows}`, see [`Rows`]) and filters put together from fixed pieces
//! ([`Composed`]). Neither ever takes text from outside: values are always bound.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sqlx::{
    AssertSqlSafe, Decode, Encode, FromRow, Postgres, Row as _, SqlSafeStr as _, SqlStr, Sqlite,
    Transaction, Type,
    postgres::{PgArguments, PgConnection, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteConnection, SqliteRow},
};

use super::{
    error::{Error, Result},
    rows::{Column, Rows},
};

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
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
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

/// SQLite's write-ahead log after a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Pages in it.
    pub pages: i64,
    /// Pages of these that are not in the database file yet.
    pub left: i64,
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

    /// Whether other servers may write to the same database at the same time.
    pub const fn shares_its_database(&self) -> bool {
        matches!(self, Self::Postgres(_))
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

    /// On SQLite, moves what the log holds into the database file without holding anybody up; PostgreSQL does
    /// this by itself.
    pub async fn checkpoint(&mut self) -> Result<Log> {
        let Self::Sqlite(conn) = self else {
            return Ok(Log { pages: 0, left: 0 });
        };
        let (_, pages, moved): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(conn)
            .await?;
        Ok(Log {
            pages,
            left: pages - moved,
        })
    }

    /// Writes the whole database into `path`, consistently, beside running writers. SQLite only.
    pub async fn copy_to(&mut self, path: &str) -> Result<()> {
        match self {
            Self::Sqlite(conn) => {
                sqlx::query("VACUUM INTO $1")
                    .bind(path)
                    .execute(conn)
                    .await?;
                Ok(())
            }
            Self::Postgres(_) => Err(Error::Input(
                "this database is PostgreSQL: back it up with pg_dump or its base backup"
                    .to_owned(),
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
                    for value in fixed {
                        query = query.bind(*value);
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

/// The lengths of `VALUES` lists: few, so that each statement is prepared once and kept, and close together where
/// groups are small, since a statement more costs as much as a dozen rows.
const fn chunk_length(left: usize) -> usize {
    match left {
        0 => 1,
        1..=8 => left,
        9..=255 => 1 << left.ilog2(),
        _ => 256,
    }
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
        let mut text = text.to_owned();
        let source = if let Some(length) = chunk {
            // SQLite looks a named parameter's name up in a list, for each of them; thousands of names would
            // take it longer than the writing. So the rows are nameless, and the fixed values come behind.
            for index in 1..=fixed {
                text = text.replace(
                    &format!("${index}"),
                    &format!("@{}", length * columns + index),
                );
            }
            text = text.replace('@', "$");
            let list = format!("({})", vec!["?"; columns].join(","));
            format!("VALUES {}", vec![list; length].join(","))
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

/// Which database it is, for the few things that each says in words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Tx {
    /// Which database it reads from.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
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
    /// What it says so far, with numbered placeholders.
    pub(super) fn into_text(self) -> String {
        self.text
    }

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
            Self::Sqlite(conn, query) => query
                .fetch_all(conn)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
            Self::Postgres(conn, query) => query
                .fetch_all(conn)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
        };
        Ok(rows?)
    }

    /// The row, if there is one.
    pub async fn optional<T: Record>(self) -> Result<Option<T>> {
        let row: Option<sqlx::Result<T>> = match self {
            Self::Sqlite(conn, query) => query
                .fetch_optional(conn)
                .await?
                .map(|row| T::from_row(&row)),
            Self::Postgres(conn, query) => query
                .fetch_optional(conn)
                .await?
                .map(|row| T::from_row(&row)),
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
