//! Suspicions as people and programs read them.

use std::collections::HashSet;

use super::{
    ESTATE, Store,
    db::{Composed, Conn, Statement, Tx},
    error::{Error, Result},
    identify::{self, ClientId},
    known::ClientIdRow,
    model::Filter,
    narrowing::{Growing, Value, text},
    rows::Rows,
    system_roles::EITHER,
};
use crate::domain::{
    access::Sites,
    suspicions::{Kind, may_close},
    time::Timestamp,
    verdict::Standing,
};

const ROW: &str = "SELECT s.id, s.client_id, COALESCE(c.name, '') AS name, COALESCE(c.site, '') AS site,
  COALESCE(c.standing, '') AS standing, s.kind, s.token, COALESCE(t.name, '') AS token_name, s.about, s.sent_by,
  s.sent_from, s.was, s.became, s.turned, s.first_at, s.last_at, s.times, s.closed_at, s.closed_by, s.closed_why,
  s.quarantine
FROM suspicions s LEFT JOIN clients c ON c.estate = s.estate AND c.id = s.client_id
LEFT JOIN tokens t ON t.estate = s.estate AND t.id = s.token WHERE s.estate = ?";
const HOW_MANY: &str = "SELECT CAST(COUNT(*) AS BIGINT)
FROM suspicions s LEFT JOIN clients c ON c.estate = s.estate AND c.id = s.client_id WHERE s.estate = ?";

/// Clients that a report turned ready, or took the verdict or a site system's role from, about which something odd is noted that nobody has closed: by
/// themselves, or because they are among many that one sender turned.
const SUSPECTED: &str = " AND id IN (
  SELECT s.client_id FROM suspicions s WHERE s.estate = ? AND s.closed_at IS NULL
    AND (s.turned OR s.kind IN ('verdict_lost', 'roles')) AND s.kind <> 'burst'
  UNION SELECT t.client_id FROM suspicions s JOIN turned t ON t.estate = s.estate AND t.token = s.token
    AND t.at >= s.first_at AND t.at <= s.last_at
  WHERE s.estate = ? AND s.closed_at IS NULL AND s.kind = 'burst' AND s.about = ''
  UNION SELECT t.client_id FROM suspicions s JOIN turned t ON t.estate = s.estate AND t.sent_from = s.about
    AND t.at >= s.first_at AND t.at <= s.last_at
  WHERE s.estate = ? AND s.closed_at IS NULL AND s.kind = 'burst' AND s.about <> '')";

/// Clients that left a site by what they said themselves, or by an import. Who was at no known site may have been at any.
const LEFT: &str = " AND id IN (
  SELECT s.client_id FROM suspicions s WHERE s.estate = ? AND s.closed_at IS NULL AND s.kind = 'site'";

/// Clients that lists in force expect, and that those that name a site place at none of these.
const ELSEWHERE: &str = " AND EXISTS (SELECT 1 FROM members m WHERE m.estate = clients.estate AND m.client_id = clients.id
    AND m.listing = 'expected' AND m.site <> '')
  AND NOT EXISTS (SELECT 1 FROM members m WHERE m.estate = clients.estate AND m.client_id = clients.id
    AND m.listing = 'expected'";

impl Growing {
    /// Only clients about which something is noted, where a filter asks for that.
    pub(super) fn noted(&mut self, filter: &Filter) {
        if filter.suspicious {
            self.and(SUSPECTED, [ESTATE; 3].map(Value::Int));
        }
        if filter.told_systems {
            self.and(" AND id IN (", []);
            self.and(EITHER, [ESTATE; 2].map(Value::Int));
            self.grouped(")");
        }
        if let Some(left) = &filter.left {
            self.one_of(" AND site || '' NOT IN (", left);
            self.and(LEFT, [Value::Int(ESTATE)]);
            self.one_of(" AND s.was IN ('', ", left);
            self.grouped(")");
        }
        if let Some(own) = &filter.elsewhere {
            self.grouped(ELSEWHERE);
            // Written so that no index by site fits: all of a site would be looked at for each of its clients.
            self.one_of(" AND m.site || '' IN (", own);
            self.grouped(")");
        }
    }
}

/// All clients of these sites that [`ELSEWHERE`] names.
pub(super) async fn placed_elsewhere(tx: &mut Tx, own: &Sites) -> Result<HashSet<ClientId>> {
    let mut growing = Growing::starting("SELECT id AS client_id FROM clients WHERE estate = ?");
    growing.one_of(" AND site IN (", own);
    growing.noted(&Filter {
        elsewhere: Some(own.clone()),
        ..Filter::default()
    });
    let rows: Vec<ClientIdRow> = growing.statement(tx).all().await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| identify::from_bytes(&row.client_id))
        .collect())
}

/// All clients of [`SUSPECTED`].
pub(super) async fn suspected(tx: &mut Tx) -> Result<HashSet<ClientId>> {
    all_suspected(tx.composed(all_of_them())).await
}

/// The same, in a transaction that writes.
pub(super) async fn suspected_while_writing(conn: &mut Conn) -> Result<HashSet<ClientId>> {
    all_suspected(conn.composed(all_of_them())).await
}

/// Of some clients, those of [`SUSPECTED`].
const SUSPECTED_OF: &str = "WITH v (client_id) AS ({rows})
SELECT s.client_id FROM v CROSS JOIN suspicions s
WHERE s.estate = $1 AND s.client_id = v.client_id AND s.closed_at IS NULL
  AND (s.turned OR s.kind IN ('verdict_lost', 'roles')) AND s.kind <> 'burst'
UNION SELECT t.client_id FROM v CROSS JOIN turned t JOIN suspicions s ON s.estate = t.estate AND s.kind = 'burst'
  AND s.closed_at IS NULL AND t.at >= s.first_at AND t.at <= s.last_at
  AND ((s.about = '' AND s.token = t.token) OR (s.about <> '' AND s.about = t.sent_from))
WHERE t.estate = $1 AND t.client_id = v.client_id";

/// Those of some clients that a report turned ready about which nobody has looked.
pub(super) async fn suspected_of(
    conn: &mut Conn,
    clients: &HashSet<ClientId>,
) -> Result<HashSet<ClientId>> {
    if clients.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = Rows::default().bytes(clients.iter().map(|id| Some(identify::bytes(*id))));
    let rows: Vec<ClientIdRow> = conn.many(SUSPECTED_OF, &[ESTATE], &rows).await?;
    let ids = rows
        .iter()
        .filter_map(|row| identify::from_bytes(&row.client_id));
    Ok(ids.collect())
}

fn all_of_them() -> Composed {
    let mut text = Composed::default();
    text.push("SELECT id AS client_id FROM clients WHERE estate = ?");
    text.push(SUSPECTED);
    text
}

async fn all_suspected(mut statement: Statement<'_>) -> Result<HashSet<ClientId>> {
    for _ in 0..4 {
        statement = statement.bind(ESTATE);
    }
    let rows: Vec<ClientIdRow> = statement.all().await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| identify::from_bytes(&row.client_id))
        .collect())
}

/// Those about one client, and the bursts that it belongs to. Bursts are about no client, which finds them.
const OF_CLIENT: &str =
    " AND s.id IN (SELECT o.id FROM suspicions o WHERE o.estate = ? AND o.client_id = ?
  UNION SELECT b.id FROM turned t JOIN suspicions b ON b.estate = t.estate AND b.kind = 'burst'
    AND t.at >= b.first_at AND t.at <= b.last_at
    AND ((b.about = '' AND b.token = t.token) OR (b.about <> '' AND b.about = t.sent_from))
  WHERE t.estate = ? AND t.client_id = ? AND b.client_id = ?)";

/// Whether somebody has looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody has.
    #[default]
    Open,
    /// Somebody has, or what it is about counts no more.
    Closed,
    /// Either.
    Any,
}

impl State {
    /// All, the usual one first.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Any];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Any => "any",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Which suspicions are meant; every field narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Whether somebody has looked.
    pub state: State,
    /// What is odd.
    pub kind: Option<Kind>,
    /// Of this client only.
    pub client: Option<ClientId>,
}

/// The client that a suspicion is about, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whom {
    /// Our id of it.
    pub id: String,
    /// Its name; empty: it is gone.
    pub name: String,
    /// Its site; empty: not known.
    pub site: String,
    /// Where it stands; `None`: it is gone.
    pub standing: Option<Standing>,
}

/// How a suspicion was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why.
    pub why: String,
    /// What it is about was set aside.
    pub set_aside: bool,
}

/// Something that honest machines seldom do, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// Our id of it.
    pub id: String,
    /// What is odd.
    pub kind: Kind,
    /// The client; `None`: it is about a sender.
    pub client: Option<Whom>,
    /// Id of the token; empty: none, or several.
    pub token: String,
    /// Its name; empty: not known.
    pub token_name: String,
    /// Of a burst from one address: that address.
    pub about: String,
    /// Who sent the latest of these reports.
    pub sent_by: String,
    /// From where.
    pub sent_from: String,
    /// What was known.
    pub was: String,
    /// What the latest said.
    pub became: String,
    /// One of them turned the client ready.
    pub turned: bool,
    /// The first of these reports.
    pub first_at: Timestamp,
    /// The latest.
    pub last_at: Timestamp,
    /// How many; of a burst, how many clients turned ready.
    pub times: i64,
    /// How it was closed; `None`: it is open.
    pub closed: Option<Closed>,
}

/// A page of suspicions, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuspicionPage {
    /// Its rows.
    pub items: Vec<Suspicion>,
    /// Where the next page starts; `None`: this was the last.
    pub next_cursor: Option<String>,
    /// How many the whole list has.
    pub total: i64,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    client_id: Vec<u8>,
    name: String,
    site: String,
    standing: String,
    kind: String,
    token: String,
    token_name: String,
    about: String,
    sent_by: String,
    sent_from: String,
    was: String,
    became: String,
    turned: bool,
    first_at: i64,
    last_at: i64,
    times: i64,
    closed_at: Option<i64>,
    closed_by: Option<String>,
    closed_why: Option<String>,
    quarantine: Option<String>,
}

impl Suspicion {
    /// Whether somebody with these sites may close it.
    pub fn may_be_closed_by(&self, sites: &Sites) -> bool {
        let site = self.client.as_ref().map_or("", |client| &client.site);
        may_close(self.kind, sites, site, &self.was, &self.became)
    }
}

impl Stored {
    fn suspicion(self) -> Result<Suspicion> {
        let broken = |what: &str| Error::Inconsistent {
            table: "suspicions",
            detail: format!("{what} of {}", self.id),
        };
        let client = if self.client_id.is_empty() {
            None
        } else {
            let id = identify::from_bytes(&self.client_id).ok_or_else(|| broken("the client"))?;
            Some(Whom {
                id: id.to_string(),
                name: self.name,
                site: self.site,
                standing: Standing::from_code(&self.standing),
            })
        };
        Ok(Suspicion {
            kind: Kind::from_code(&self.kind).ok_or_else(|| broken("the kind"))?,
            client,
            closed: self.closed_at.map(|at| Closed {
                at: Timestamp(at),
                by: self.closed_by.unwrap_or_default(),
                why: self.closed_why.unwrap_or_default(),
                set_aside: self.quarantine.is_some(),
            }),
            id: self.id,
            token: self.token,
            token_name: self.token_name,
            about: self.about,
            sent_by: self.sent_by,
            sent_from: self.sent_from,
            was: self.was,
            became: self.became,
            turned: self.turned,
            first_at: Timestamp(self.first_at),
            last_at: Timestamp(self.last_at),
            times: self.times,
        })
    }
}

/// A statement about suspicions that somebody with these sites may see: one about a sender is of the whole estate.
fn asking(start: &'static str, which: &Which, sites: &Sites) -> Growing {
    let mut growing = Growing::starting(start);
    match which.state {
        State::Open => growing.grouped(" AND s.closed_at IS NULL"),
        State::Closed => growing.grouped(" AND s.closed_at IS NOT NULL"),
        State::Any => {}
    }
    if let Some(kind) = which.kind {
        growing.and(" AND s.kind = ?", [text(kind.code())]);
    }
    if let Some(client) = which.client {
        let client = || Value::Bytes(identify::bytes(client));
        let (estate, nobody) = (|| Value::Int(ESTATE), Value::Bytes(Vec::new()));
        growing.and(OF_CLIENT, [estate(), client(), estate(), client(), nobody]);
    }
    growing.one_of(" AND c.site IN (", sites);
    growing
}

impl Store {
    /// A page of suspicions, the latest first, and how many there are.
    ///
    /// # Errors
    /// [`Error::Input`] when the cursor is none of this list.
    pub async fn suspicions(
        &self,
        which: &Which,
        sites: &Sites,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<SuspicionPage> {
        if cursor.is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
            return Err(Error::Input(
                "this cursor was not made by this server for the list of suspicions; start again without a cursor"
                    .to_owned(),
            ));
        }
        let mut tx = self.db.read().await?;
        let total = asking(HOW_MANY, which, sites)
            .statement(&mut tx)
            .scalar()
            .await?;
        let mut reading = asking(ROW, which, sites);
        if let Some(cursor) = cursor {
            reading.and(" AND s.id < ?", [text(cursor)]);
        }
        let wanted = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        reading.and(" ORDER BY s.id DESC LIMIT ?", [Value::Int(wanted)]);
        let rows: Vec<Stored> = reading.statement(&mut tx).all().await?;
        let mut items = rows
            .into_iter()
            .map(Stored::suspicion)
            .collect::<Result<Vec<_>>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(SuspicionPage {
            next_cursor: items.last().filter(|_| more).map(|last| last.id.clone()),
            items,
            total,
        })
    }

    /// How many are open, of those that somebody may see: the length of the list.
    pub async fn open_suspicions(&self, sites: &Sites) -> Result<i64> {
        let mut tx = self.db.read().await?;
        let which = Which::default();
        asking(HOW_MANY, &which, sites)
            .statement(&mut tx)
            .scalar()
            .await
    }
}
