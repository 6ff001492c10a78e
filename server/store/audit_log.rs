//! Reading the audit log: a page, all of it, and whether it hangs together.

use super::{
    ESTATE, Store,
    db::{Errand, Tx},
    error::{Error, Result},
};
use crate::domain::{
    audit::Written,
    audit_chain::{Chain, Found, Link, Numbered},
};

/// An empty text and nought ask for everything. A pattern is looked for as it is and in small letters, because the small
/// letters of one engine are those of ASCII only.
macro_rules! narrowed {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            " FROM audit WHERE estate = $1
  AND ($2 = '' OR actor LIKE $2 ESCAPE '!' OR LOWER(actor) LIKE $3 ESCAPE '!')
  AND ($4 = '' OR deed = $4 OR deed LIKE $5 ESCAPE '!')
  AND ($6 = '' OR subject LIKE $6 ESCAPE '!' OR LOWER(subject) LIKE $7 ESCAPE '!')
  AND at >= $8 AND at < $9",
            $tail
        )
    };
}
const NEWEST: &str = narrowed!(
    "SELECT seq, at, kind, actor, address, deed, subject, old, new, why, hash",
    " AND seq < $10 ORDER BY seq DESC LIMIT $11"
);
const OLDEST: &str = narrowed!(
    "SELECT seq, at, kind, actor, address, deed, subject, old, new, why, hash",
    " AND seq > $10 ORDER BY seq LIMIT $11"
);
const COUNT: &str = narrowed!("SELECT COUNT(*)", "");
const HEAD: &str = "SELECT seq, hash FROM audit_head WHERE estate = $1";
const ANCHOR: &str = "SELECT seq, hash FROM audit_anchor WHERE estate = $1";

/// Entries that are read at a time.
const PORTION: i64 = 1_000;

/// Which entries are meant; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Part of who did it.
    pub who: Option<String>,
    /// What was done: a code, or a group of them such as `token`.
    pub deed: Option<String>,
    /// Part of what it was done to.
    pub subject: Option<String>,
    /// From this moment on; milliseconds since 1970.
    pub from: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
}

impl AuditFilter {
    /// Whether it names every entry.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// A page of the log.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The entries, the newest first.
    pub items: Vec<Numbered>,
    /// Number of the entry behind which the next page begins.
    pub next: Option<i64>,
    /// How many entries the filter names.
    pub total: i64,
    /// The newest entry of the log.
    pub head: Link,
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    at: i64,
    kind: String,
    actor: String,
    address: String,
    deed: String,
    subject: String,
    old: Option<String>,
    new: Option<String>,
    why: Option<String>,
    hash: Vec<u8>,
}

impl From<Row> for Numbered {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            written: Written {
                at: row.at,
                kind: row.kind,
                actor: row.actor,
                address: row.address,
                deed: row.deed,
                subject: row.subject,
                old: row.old,
                new: row.new,
                why: row.why,
            },
            hash: row.hash,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Place {
    seq: i64,
    hash: Vec<u8>,
}

async fn place(tx: &mut Tx, text: &'static str) -> Result<Link> {
    let place: Option<Place> = tx.sql(text).bind(ESTATE).optional().await?;
    Ok(place.map_or_else(Link::default, |place| Link {
        seq: place.seq,
        hash: place.hash,
    }))
}

/// A pattern for "somewhere in it"; empty: whatever it is.
fn inside(part: Option<&str>) -> String {
    part.map_or_else(String::new, |part| format!("%{}%", escaped(part)))
}

fn escaped(part: &str) -> String {
    part.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}

fn narrow<'t>(
    tx: &'t mut Tx,
    text: &'static str,
    filter: &AuditFilter,
) -> super::db::Statement<'t> {
    let (who, subject) = (
        inside(filter.who.as_deref()),
        inside(filter.subject.as_deref()),
    );
    let deed = filter.deed.clone().unwrap_or_default();
    let group = format!("{}.%", escaped(&deed));
    tx.sql(text)
        .bind(ESTATE)
        .bind(who.clone())
        .bind(who.to_lowercase())
        .bind(deed)
        .bind(group)
        .bind(subject.clone())
        .bind(subject.to_lowercase())
        .bind(filter.from.unwrap_or(i64::MIN))
        .bind(filter.until.unwrap_or(i64::MAX))
}

impl Store {
    /// A page of the log, the newest first, behind the entry `before`; with how many there are, from one snapshot.
    pub async fn audit_page(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<AuditPage> {
        let mut tx = self.db.read().await?;
        let mut rows: Vec<Row> = narrow(&mut tx, NEWEST, filter)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit.saturating_add(1))
            .all()
            .await?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let total = narrow(&mut tx, COUNT, filter).scalar().await?;
        Ok(AuditPage {
            next: rows.last().filter(|_| more).map(|row| row.seq),
            items: rows.into_iter().map(Numbered::from).collect(),
            total,
            head: place(&mut tx, HEAD).await?,
        })
    }

    /// The log from its beginning, a portion at a time, from one snapshot.
    pub async fn walk_audit(&self, filter: AuditFilter) -> Result<AuditWalk> {
        let mut tx = self.db.read_long(Errand::Download).await?;
        // The first read is what a snapshot begins with.
        let head = place(&mut tx, HEAD).await?;
        let anchor = place(&mut tx, ANCHOR).await?;
        Ok(AuditWalk {
            tx,
            filter,
            after: i64::MIN,
            head,
            anchor,
            done: false,
        })
    }

    /// Looks whether the log hangs together, from its beginning to its end; `noted`: a hash that has to be in it.
    pub async fn verify_audit(&self, noted: Option<String>) -> Result<Found> {
        let mut walk = self.walk_audit(AuditFilter::default()).await?;
        let mut chain = Chain::behind(walk.anchor.clone()).expecting(noted);
        while let Some(entries) = walk.next().await? {
            for entry in &entries {
                chain.take(entry);
            }
        }
        Ok(chain.end(&walk.head))
    }
}

/// The log on its way out.
#[derive(Debug)]
pub struct AuditWalk {
    tx: Tx,
    filter: AuditFilter,
    after: i64,
    done: bool,
    /// The newest entry.
    pub head: Link,
    /// The last entry that was let go of.
    pub anchor: Link,
}

impl AuditWalk {
    /// The next entries; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Numbered>>> {
        if self.done {
            return Ok(None);
        }
        let rows: Vec<Row> = narrow(&mut self.tx, OLDEST, &self.filter)
            .bind(self.after)
            .bind(PORTION)
            .all()
            .await?;
        self.done = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PORTION;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.after = last.seq;
        Ok(Some(rows.into_iter().map(Numbered::from).collect()))
    }

    /// Which entries it reads.
    pub const fn filter(&self) -> &AuditFilter {
        &self.filter
    }
}

/// The number of the entry behind which a page begins, as its cursor says it.
///
/// # Errors
/// It is no cursor of this list.
pub fn audit_cursor(text: &str) -> Result<i64> {
    text.strip_prefix('a')
        .and_then(|digits| digits.parse().ok())
        .filter(|seq| *seq > 0)
        .ok_or_else(|| {
            Error::Input(
                "this cursor was not made by this server for the audit log; start again without a cursor"
                    .to_owned(),
            )
        })
}
