//! Many clients that turn ready by what one sender sent within an hour: one note about the sender, and which clients they
//! are.

use std::collections::{BTreeMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    incoming::Incoming,
    known::ClientIdRow,
    rows::Rows,
};
use crate::domain::{
    suspicions::{Kind, WINDOW},
    time::Timestamp,
};

const TURNED: &str = include_str!("sql/upsert_turned.sql");
/// Up to a number is enough to know whether there are more: a fleet that is mended turns by the ten thousand.
const BY_TOKEN: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM turned
  WHERE estate = $1 AND token = $2 AND at > $3 LIMIT $4) AS few";
const BY_ADDRESS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM turned
  WHERE estate = $1 AND sent_from = $2 AND at > $3 LIMIT $4) AS few";
const ALL_BY_TOKEN: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n, CAST(COALESCE(MIN(at), 0) AS BIGINT) AS first_at FROM turned
  WHERE estate = $1 AND token = $2 AND at > $3";
const ALL_BY_ADDRESS: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n, CAST(COALESCE(MIN(at), 0) AS BIGINT) AS first_at FROM turned
  WHERE estate = $1 AND sent_from = $2 AND at > $3";
/// What somebody has looked at is not told again.
const CLOSED: &str = "SELECT CAST(COALESCE(MAX(closed_at), 0) AS BIGINT) FROM suspicions
WHERE estate = $1 AND client_id = $2 AND kind = 'burst' AND token = $3 AND about = $4 AND closed_at IS NOT NULL";
const MORE: &str = "UPDATE suspicions SET last_at = $5, times = times + $6, sent_by = $7, sent_from = $8
WHERE estate = $1 AND client_id = $2 AND kind = 'burst' AND token = $3 AND about = $4 AND closed_at IS NULL";
const RAISE: &str = "INSERT INTO suspicions (estate, id, client_id, kind, token, about, sent_by, sent_from, was, became,
  turned, first_at, last_at, times)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11, $12, $13)
ON CONFLICT (estate, client_id, kind, token, about) WHERE closed_at IS NULL DO UPDATE SET
  last_at = excluded.last_at, times = suspicions.times + excluded.times";

#[derive(Default, sqlx::FromRow)]
struct All {
    n: i64,
    first_at: i64,
}

/// A report that turned its client ready.
#[derive(Clone, Copy)]
pub(super) struct Turn<'r> {
    pub(super) client: ClientId,
    pub(super) report: &'r Incoming,
}

/// Who turned clients ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By<'r> {
    Token(&'r str),
    Address(&'r str),
}

impl By<'_> {
    /// Token and address as they are stored; one of them is empty.
    const fn stored(&self) -> (&str, &str) {
        match self {
            Self::Token(token) => (token, ""),
            Self::Address(address) => ("", address),
        }
    }
}

/// Notes who turned ready, and whose reports did that to more than `burst` within an hour; 0: nobody's.
pub(super) async fn turned(
    conn: &mut Conn,
    turns: &[Turn<'_>],
    burst: i64,
    now: Timestamp,
) -> Result<()> {
    if turns.is_empty() {
        return Ok(());
    }
    let each = || turns.iter().map(|turn| &turn.report.sender);
    let rows = Rows::default()
        .bytes(turns.iter().map(|turn| Some(identify::bytes(turn.client))))
        .text(each().map(|sender| Some(sender.token.to_string())))
        .text(each().map(|sender| Some(sender.from.to_string())))
        .int(each().map(|_| Some(now.0)));
    let _: Vec<ClientIdRow> = conn.many(TURNED, &[ESTATE], &rows).await?;
    if burst <= 0 {
        return Ok(());
    }
    let told = of(conn, turns, burst, now, |report| {
        By::Token(&report.sender.token)
    })
    .await?;
    // What is said of a token is not said of its address once more.
    let rest: Vec<Turn<'_>> = turns
        .iter()
        .filter(|turn| !told.contains(&*turn.report.sender.token))
        .copied()
        .collect();
    of(conn, &rest, burst, now, |report| {
        By::Address(&report.sender.from)
    })
    .await?;
    Ok(())
}

/// Looks at senders of one kind; answers those that turned so many, also where somebody has looked already.
async fn of<'r>(
    conn: &mut Conn,
    turns: &[Turn<'r>],
    burst: i64,
    now: Timestamp,
    by: impl Fn(&'r Incoming) -> By<'r>,
) -> Result<HashSet<&'r str>> {
    // In order, so that two servers do not wait for each other in a circle.
    let mut senders: BTreeMap<By<'r>, (i64, &'r Incoming)> = BTreeMap::new();
    for turn in turns {
        let sender = senders.entry(by(turn.report)).or_insert((0, turn.report));
        sender.0 += 1;
        sender.1 = turn.report;
    }
    let mut told = HashSet::new();
    for (by, (turned, latest)) in senders {
        let (token, about) = by.stored();
        if token.is_empty() && about.is_empty() {
            continue;
        }
        let hour = now.plus(-WINDOW);
        if lately(conn, by, hour, burst + 1).await? > burst {
            tell(conn, by, turned, latest, burst, now).await?;
            let (By::Token(name) | By::Address(name)) = by;
            told.insert(name);
        }
    }
    Ok(told)
}

/// How many turned ready by this sender since then; `most` or more: `most`.
async fn lately(conn: &mut Conn, by: By<'_>, since: Timestamp, most: i64) -> Result<i64> {
    let (text, name) = match by {
        By::Token(token) => (BY_TOKEN, token),
        By::Address(address) => (BY_ADDRESS, address),
    };
    conn.sql(text)
        .bind(ESTATE)
        .bind(name.to_owned())
        .bind(since.0)
        .bind(most)
        .scalar()
        .await
}

/// Adds to the open note about a sender, or makes one, unless all that there is was looked at already.
async fn tell(
    conn: &mut Conn,
    by: By<'_>,
    turned: i64,
    latest: &Incoming,
    burst: i64,
    now: Timestamp,
) -> Result<()> {
    let (token, about) = by.stored();
    let nobody: Vec<u8> = Vec::new();
    let sender = &latest.sender;
    let added = conn
        .sql(MORE)
        .bind(ESTATE)
        .bind(nobody.clone())
        .bind(token.to_owned())
        .bind(about.to_owned())
        .bind(now.0)
        .bind(turned)
        .bind(sender.name.to_string())
        .bind(sender.from.to_string())
        .execute()
        .await?;
    if added > 0 {
        return Ok(());
    }
    let closed: i64 = conn
        .sql(CLOSED)
        .bind(ESTATE)
        .bind(nobody.clone())
        .bind(token.to_owned())
        .bind(about.to_owned())
        .scalar()
        .await?;
    let since = now.plus(-WINDOW).max(Timestamp(closed));
    let (text, name) = match by {
        By::Token(token) => (ALL_BY_TOKEN, token),
        By::Address(address) => (ALL_BY_ADDRESS, address),
    };
    let all: Option<All> = conn
        .sql(text)
        .bind(ESTATE)
        .bind(name.to_owned())
        .bind(since.0)
        .optional()
        .await?;
    let All { n, first_at } = all.unwrap_or_default();
    if n <= burst {
        return Ok(());
    }
    conn.sql(RAISE)
        .bind(ESTATE)
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(nobody)
        .bind(Kind::Burst.code())
        .bind(token.to_owned())
        .bind(about.to_owned())
        .bind(sender.name.to_string())
        .bind(sender.from.to_string())
        .bind(format!("more than {burst} within an hour"))
        .bind(true)
        .bind(first_at)
        .bind(now.0)
        .bind(n)
        .execute()
        .await
        .map(drop)
}
