//! Observations and leases are written: a file known by its hash counts once, portion by portion.

use std::collections::BTreeMap;

use super::{
    ESTATE, Store, audit, db::Conn, error::Result, observed_digest, observed_named::bare,
    rows::Rows,
};
use crate::domain::{
    audit::{Author, Entry},
    observed::{Lease, Observation},
    time::{DAY, Timestamp},
};

const SYSTEM: &str = "INSERT INTO observed_systems (estate, system, site, added_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (estate, system) DO UPDATE SET site = CASE WHEN excluded.site = '' THEN observed_systems.site ELSE excluded.site END";
/// Holds the row of the file until the transaction ends, so that two senders take turns.
const FILE: &str =
    "INSERT INTO observed_files (estate, system, sha256, name, portions, done, sent_by, sent_at)
VALUES ($1, $2, $3, $4, 0, FALSE, $5, $6)
ON CONFLICT (estate, system, sha256) DO UPDATE SET sent_at = observed_files.sent_at
RETURNING portions, done, sent_by";
const TAKEN: &str = "UPDATE observed_files SET portions = $4, done = $5 WHERE estate = $1 AND system = $2 AND sha256 = $3";
const SEEN: &str = "WITH v (day, system, address, machine, via, protocol, first_at, last_at, n) AS ({rows})
INSERT INTO observations (estate, day, system, address, machine, via, protocol, first_at, last_at, n)
SELECT $1, day, system, address, machine, via, protocol, first_at, last_at, n FROM v WHERE TRUE
ON CONFLICT (estate, day, system, address, machine, via, protocol) DO UPDATE SET
  first_at = CASE WHEN excluded.first_at < observations.first_at THEN excluded.first_at ELSE observations.first_at END,
  last_at = CASE WHEN excluded.last_at > observations.last_at THEN excluded.last_at ELSE observations.last_at END,
  n = observations.n + excluded.n
RETURNING n";
const HOURS: &str = "WITH v (system, hour, lines, told) AS ({rows})
INSERT INTO observed_hours (estate, system, hour, lines, told)
SELECT $1, system, hour, lines, told FROM v WHERE TRUE
ON CONFLICT (estate, system, hour) DO UPDATE SET
  lines = observed_hours.lines + excluded.lines, told = observed_hours.told + excluded.told
RETURNING lines AS n";
const LEASES: &str = "WITH v (address, ident, bare, from_at, until_at) AS ({rows})
INSERT INTO leases (estate, address, ident, bare, from_at, until_at)
SELECT $1, address, ident, bare, from_at, until_at FROM v WHERE TRUE
ON CONFLICT (estate, address, ident, from_at) DO UPDATE SET
  until_at = CASE WHEN excluded.until_at > leases.until_at THEN excluded.until_at ELSE leases.until_at END
RETURNING until_at AS n";

/// What is written of logs at once.
#[derive(Clone, Debug, Default)]
pub struct Logged {
    /// The site system, in lower case; empty: none, there are leases only.
    pub system: String,
    /// Code of its site; empty: not said.
    pub site: String,
    /// Name, SHA-256, number of the portion, and whether it is the last.
    pub file: Option<(String, Vec<u8>, i64, bool)>,
    /// What was seen.
    pub observations: Vec<Observation>,
    /// Hours since 1970, lines, and lines that told a protocol.
    pub hours: Vec<(i64, i64, i64)>,
    /// Who had which address.
    pub leases: Vec<Lease>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is written.
    Added,
    /// It was there already; nothing changed.
    Known,
    /// The whole file was there already.
    KnownFile,
    /// Portions before it are missing; this one is expected.
    Gap(i64),
}

#[derive(sqlx::FromRow)]
struct File {
    portions: i64,
    done: bool,
    sent_by: String,
}

#[derive(sqlx::FromRow)]
struct Count {
    #[expect(dead_code, reason = "a statement of many rows has to answer something")]
    n: i64,
}

impl Logged {
    /// What the audit log says of it: a file once, whatever number of portions it comes in.
    fn entry(&self, author: Author, now: Timestamp) -> Entry {
        let (file, hash) = match &self.file {
            Some((name, hash, ..)) => (name.as_str(), hash.as_slice()),
            None => ("", &[][..]),
        };
        let what = match (file.is_empty(), self.system.is_empty()) {
            (false, _) => {
                let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("file with SHA-256 {digits}")
            }
            (true, true) => format!("{} addresses", self.leases.len()),
            (true, false) => format!(
                "{} observations, {} hours, {} addresses",
                self.observations.len(),
                self.hours.len(),
                self.leases.len()
            ),
        };
        let subject = format!("{} {file}", self.system);
        let subject = subject.trim();
        let entry = if self.system.is_empty() {
            author.entry(now, "addresses.add", subject)
        } else {
            author.entry(now, "observations.add", subject)
        };
        entry.change(None, Some(what))
    }
}

impl Store {
    /// Writes down what was seen, and that somebody brought it.
    pub async fn add_observations(
        &self,
        logged: Logged,
        sent_by: String,
        author: Author,
        now: Timestamp,
    ) -> Result<Noted> {
        let noted = self
            .writer
            .run(move |conn| Box::pin(add(conn, logged, sent_by, author, now)))
            .await?;
        self.sees_more();
        Ok(noted)
    }

    /// Whether a file was taken to its end, of any system.
    pub async fn knows_log(&self, sha256: Vec<u8>) -> Result<bool> {
        const KNOWN: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM observed_files WHERE estate = $1 AND sha256 = $2 AND done";
        let n: i64 = self
            .db
            .read()
            .await?
            .sql(KNOWN)
            .bind(ESTATE)
            .bind(sha256)
            .scalar()
            .await?;
        Ok(n > 0)
    }
}

async fn add(
    conn: &mut Conn,
    logged: Logged,
    sent_by: String,
    author: Author,
    now: Timestamp,
) -> Result<Noted> {
    let entry = logged.entry(author, now);
    let mut told = false;
    if let Some((name, hash, portion, last)) = &logged.file {
        let file: Option<File> = conn
            .sql(FILE)
            .bind(ESTATE)
            .bind(logged.system.clone())
            .bind(hash.clone())
            .bind(name.clone())
            .bind(sent_by.clone())
            .bind(now.0)
            .optional()
            .await?;
        let (taken, done) = match &file {
            Some(file) => (file.portions, file.done),
            None => (0, false),
        };
        // Whoever began with a file has told of it; somebody else who goes on with it tells so.
        told = taken > 0 && file.is_some_and(|file| file.sent_by == sent_by);
        if done {
            return Ok(Noted::KnownFile);
        }
        if *portion < taken {
            return Ok(Noted::Known);
        }
        if *portion > taken {
            return Ok(Noted::Gap(taken));
        }
        conn.sql(TAKEN)
            .bind(ESTATE)
            .bind(logged.system.clone())
            .bind(hash.clone())
            .bind(taken + 1)
            .bind(*last)
            .execute()
            .await?;
    }
    if !logged.system.is_empty() {
        conn.sql(SYSTEM)
            .bind(ESTATE)
            .bind(logged.system.clone())
            .bind(logged.site.clone())
            .bind(now.0)
            .execute()
            .await?;
    }
    observed_digest::note_more(conn).await?;
    write_seen(conn, &logged.observations).await?;
    write_hours(conn, &logged).await?;
    write_leases(conn, &logged.leases).await?;
    if !told {
        audit::note(conn, &entry).await?;
    }
    Ok(Noted::Added)
}

async fn write_seen(conn: &mut Conn, observations: &[Observation]) -> Result<()> {
    // No statement may meet a row twice.
    let mut once: BTreeMap<_, (i64, i64, i64)> = BTreeMap::new();
    for seen in observations {
        let day = seen.first.0.div_euclid(DAY);
        let key = (
            day,
            seen.system.as_str(),
            seen.address.as_str(),
            seen.machine.as_str(),
            seen.via,
            seen.protocol,
        );
        let row = once.entry(key).or_insert((seen.first.0, seen.last.0, 0));
        *row = (
            row.0.min(seen.first.0),
            row.1.max(seen.last.0),
            row.2.saturating_add(seen.count),
        );
    }
    let rows = Rows::default()
        .int(once.keys().map(|key| Some(key.0)))
        .text(once.keys().map(|key| Some(key.1)))
        .text(once.keys().map(|key| Some(key.2)))
        .text(once.keys().map(|key| Some(key.3)))
        .text(once.keys().map(|key| Some(key.4.code())))
        .text(once.keys().map(|key| Some(key.5.code())))
        .int(once.values().map(|row| Some(row.0)))
        .int(once.values().map(|row| Some(row.1)))
        .int(once.values().map(|row| Some(row.2)));
    if !rows.is_empty() {
        let _: Vec<Count> = conn.many(SEEN, &[ESTATE], &rows).await?;
    }
    Ok(())
}

async fn write_hours(conn: &mut Conn, logged: &Logged) -> Result<()> {
    let mut once: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (hour, lines, told) in &logged.hours {
        let row = once.entry(*hour).or_default();
        *row = (row.0.saturating_add(*lines), row.1.saturating_add(*told));
    }
    let rows = Rows::default()
        .text(once.keys().map(|_| Some(logged.system.as_str())))
        .int(once.keys().map(|hour| Some(*hour)))
        .int(once.values().map(|row| Some(row.0)))
        .int(once.values().map(|row| Some(row.1)));
    if !rows.is_empty() {
        let _: Vec<Count> = conn.many(HOURS, &[ESTATE], &rows).await?;
    }
    Ok(())
}

async fn write_leases(conn: &mut Conn, leases: &[Lease]) -> Result<()> {
    let mut once: BTreeMap<_, i64> = BTreeMap::new();
    for seen in leases {
        let key = (seen.address.as_str(), seen.ident.as_str(), seen.from.0);
        let until = once.entry(key).or_insert(seen.until.0);
        *until = seen.until.0.max(*until);
    }
    let rows = Rows::default()
        .text(once.keys().map(|key| Some(key.0)))
        .text(once.keys().map(|key| Some(key.1)))
        .text(once.keys().map(|key| Some(bare(key.1).unwrap_or_default())))
        .int(once.keys().map(|key| Some(key.2)))
        .int(once.values().map(|until| Some(*until)));
    if !rows.is_empty() {
        let _: Vec<Count> = conn.many(LEASES, &[ESTATE], &rows).await?;
    }
    Ok(())
}
