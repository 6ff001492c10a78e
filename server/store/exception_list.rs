//! Exceptions as lists and numbers. They are few, so they are looked through.

use super::{
    ESTATE, Store,
    db::{Composed, Tx},
    error::{Error, Result},
    exceptions::{in_sight, unchanged},
    identify::{self, ClientId},
    known::unpacked_roles,
    narrowing::{Value, text},
};
use crate::domain::{
    access::Sites,
    exceptions::{Kind, SOON, State, WAITED},
    time::{DAY, Timestamp},
    verdict::Standing,
};

/// Every exception with its client and its state at a moment; then the estate.
const EACH: &str = concat!(
    " FROM (SELECT x.id, x.client_id, COALESCE(c.name, '') AS name, COALESCE(c.sort_key, '') AS sort_key,
  COALESCE(c.site, '') AS site, COALESCE(c.standing, '') AS standing, COALESCE(c.roles, '') AS roles, COALESCE(c.listing, 'obsolete') AS listing,
  x.kind, x.reason, x.control, x.owner, x.expires_at, x.verdict, x.reasons, x.os_key, x.requested_by, x.requested_at,
  x.decided_by, x.decided_at, x.decision_note, x.ended_at, x.ended_by, x.ended_note,
  CASE WHEN x.decision = 'rejected' THEN 'rejected' WHEN x.ended_why IS NOT NULL THEN x.ended_why
    WHEN x.expires_at <= ? THEN 'expired' WHEN c.id IS NULL OR NOT (",
    unchanged!(),
    ") THEN 'lapsed'
    WHEN x.decision IS NULL THEN 'requested' ELSE 'active' END AS state
 FROM exceptions x LEFT JOIN clients c ON c.estate = x.estate AND c.id = x.client_id WHERE x.estate = ?) e WHERE 1 = 1"
);
const ROW: &str = "SELECT id, client_id, name, site, standing, roles, kind, reason, control, owner, expires_at, verdict, reasons,
 os_key, requested_by, requested_at, decided_by, decided_at, decision_note, ended_at, ended_by, ended_note, state";
/// An owner that no expected list names, as far as somebody sees what lists name.
const UNOWNED: &str =
    " AND NOT EXISTS (SELECT 1 FROM clients k WHERE k.estate = ? AND k.owner = e.owner";
const OWNERS: &str = "SELECT DISTINCT owner";

/// So many owners are offered for choice.
pub const OWNERS_OFFERED: i64 = 200;

/// An exception, with its client as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Our id of it.
    pub id: String,
    /// Our id of the client.
    pub client_id: String,
    /// Name of the client.
    pub name: String,
    /// Its site; empty: not known.
    pub site: String,
    /// Where the client stands now; `None`: it is gone.
    pub standing: Option<Standing>,
    /// Its site system roles now; none: it is no site system, or gone.
    pub roles: Vec<String>,
    /// What kind of an answer it is.
    pub kind: Kind,
    /// How far it has come.
    pub state: State,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub control: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub until: Timestamp,
    /// What the client's report was judged as when it was asked for; `None`: it had never reported.
    pub verdict: Option<Standing>,
    /// Reasons of the client then.
    pub reasons: i64,
    /// Its OS version then.
    pub os_key: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What was said to it.
    pub note: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why it ended, in words.
    pub ended_note: Option<String>,
}

/// Which exceptions are meant; every field narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each narrows by itself, and any of them together"
)]
pub struct Which {
    /// How far they have come.
    pub state: Option<State>,
    /// What kind they are.
    pub kind: Option<Kind>,
    /// Who answers for them, to the letter.
    pub owner: Option<String>,
    /// Site of the client; empty: not known.
    pub site: Option<String>,
    /// Of this client only.
    pub client: Option<ClientId>,
    /// Only those in force that end within [`SOON`] days.
    pub soon: bool,
    /// Only requests older than [`WAITED`] days.
    pub waiting: bool,
    /// Only those that lapsed in the last [`SOON`] days.
    pub lately: bool,
    /// Only open ones whose owner is none of the owners that expected lists name.
    pub unowned: bool,
}

/// A page of exceptions, the latest request first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionPage {
    /// Its rows.
    pub items: Vec<Exception>,
    /// Where the next page starts; `None`: this was the last.
    pub next_cursor: Option<String>,
    /// How many the whole list has.
    pub total: i64,
}

/// How the pile itself is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Pile {
    /// Exceptions altogether.
    pub total: i64,
    /// In force.
    pub active: i64,
    /// Of these, for clients that are counted and block.
    pub blocking: i64,
    /// In force, and over within [`SOON`] days.
    pub soon: i64,
    /// When the oldest in force was asked for.
    pub oldest: Option<i64>,
    /// Lapsed in the last [`SOON`] days.
    pub lapsed: i64,
    /// Open, with an owner that no expected list names.
    pub unowned: i64,
    /// Requests that wait.
    pub requested: i64,
    /// Requests that have waited longer than [`WAITED`] days.
    pub waiting: i64,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    client_id: Vec<u8>,
    name: String,
    site: String,
    standing: String,
    roles: String,
    kind: String,
    reason: String,
    control: String,
    owner: String,
    expires_at: i64,
    verdict: String,
    reasons: i64,
    os_key: String,
    requested_by: String,
    requested_at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    decision_note: Option<String>,
    ended_at: Option<i64>,
    ended_by: Option<String>,
    ended_note: String,
    state: String,
}

#[derive(sqlx::FromRow)]
struct Named {
    owner: String,
}

impl Stored {
    fn exception(self) -> Result<Exception> {
        let broken = |what: &str| Error::Inconsistent {
            table: "exceptions",
            detail: format!("{what} of {}", self.id),
        };
        Ok(Exception {
            client_id: identify::from_bytes(&self.client_id)
                .ok_or_else(|| broken("the client"))?
                .to_string(),
            standing: Standing::from_code(&self.standing),
            roles: unpacked_roles(&self.roles).map(str::to_owned).collect(),
            kind: Kind::from_code(&self.kind).ok_or_else(|| broken("the kind"))?,
            state: State::from_code(&self.state).ok_or_else(|| broken("the state"))?,
            verdict: Standing::from_code(&self.verdict),
            id: self.id,
            name: self.name,
            site: self.site,
            reason: self.reason,
            control: self.control,
            owner: self.owner,
            until: Timestamp(self.expires_at),
            reasons: self.reasons,
            os_key: self.os_key,
            requested_by: self.requested_by,
            requested_at: Timestamp(self.requested_at),
            decided_by: self.decided_by,
            decided_at: self.decided_at.map(Timestamp),
            note: self.decision_note,
            ended_at: self.ended_at.map(Timestamp),
            ended_by: self.ended_by,
            ended_note: Some(self.ended_note).filter(|note| !note.is_empty()),
        })
    }
}

/// A statement that grows, and its values.
#[derive(Default)]
struct Asking {
    text: Composed,
    values: Vec<Value>,
}

impl Asking {
    /// What `select` begins, of the exceptions as they are at `now`.
    fn of(select: &'static str, now: Timestamp) -> Self {
        let mut asking = Self::default();
        asking.and(select, []);
        asking.each(now);
        asking
    }

    /// From where it is read: the exceptions as they are at `now`.
    fn each(&mut self, now: Timestamp) {
        self.and(EACH, [Value::Int(now.0), Value::Int(ESTATE)]);
    }

    fn and(&mut self, piece: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push(piece);
        self.values.extend(values);
    }

    fn which(&mut self, which: &Which, sites: &Sites, now: Timestamp) {
        if let Some(state) = which.state {
            self.and(" AND e.state = ?", [text(state.code())]);
        }
        if let Some(kind) = which.kind {
            self.and(" AND e.kind = ?", [text(kind.code())]);
        }
        if let Some(owner) = &which.owner {
            self.and(" AND e.owner = ?", [text(owner)]);
        }
        if let Some(site) = &which.site {
            self.and(" AND e.site = ?", [text(site)]);
        }
        if let Some(client) = which.client {
            self.and(
                " AND e.client_id = ?",
                [Value::Bytes(identify::bytes(client))],
            );
        }
        let at = |days: i64| Value::Int(now.plus(days * DAY).0);
        if which.soon {
            self.and(" AND e.state = 'active' AND e.expires_at <= ?", [at(SOON)]);
        }
        if which.waiting {
            self.and(
                " AND e.state = 'requested' AND e.requested_at < ?",
                [at(-WAITED)],
            );
        }
        if which.lately {
            self.and(
                " AND e.state = 'lapsed' AND (e.ended_at IS NULL OR e.ended_at >= ?)",
                [at(-SOON)],
            );
        }
        if which.unowned {
            self.and(" AND e.state IN ('requested', 'active')", []);
            self.unowned(sites);
        }
        self.seen_by(sites);
    }

    /// Only those whose owner is named by no list that somebody with these sites sees.
    fn unowned(&mut self, sites: &Sites) {
        self.and(UNOWNED, [Value::Int(ESTATE)]);
        self.one_of(" AND k.site IN (", sites);
        self.and(")", []);
    }

    /// Only what somebody may see.
    fn seen_by(&mut self, sites: &Sites) {
        self.one_of(" AND e.site IN (", sites);
    }

    /// Only what is of these sites; `start` is a condition up to the bracket of its list. Nobody who is limited sees
    /// clients without a site.
    fn one_of(&mut self, start: &'static str, sites: &Sites) {
        let Some(codes) = sites.limit() else {
            return;
        };
        if codes.is_empty() {
            self.and(" AND 1 = 0", []);
            return;
        }
        self.and(start, []);
        for (index, code) in codes.iter().enumerate() {
            self.and(if index == 0 { "?" } else { ", ?" }, [text(code)]);
        }
        self.and(")", []);
    }

    fn statement(self, tx: &mut Tx) -> super::db::Statement<'_> {
        let mut statement = tx.composed(self.text);
        for value in self.values {
            statement = match value {
                Value::Text(value) => statement.bind(value),
                Value::Int(value) => statement.bind(value),
                Value::Bytes(value) => statement.bind(value),
            };
        }
        statement
    }
}

impl Store {
    /// A page of exceptions, the latest request first, and how many there are.
    ///
    /// # Errors
    /// [`Error::Input`] when the cursor is none of this list.
    pub async fn exceptions(
        &self,
        which: &Which,
        sites: &Sites,
        cursor: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ExceptionPage> {
        if cursor.is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
            return Err(Error::Input(
                "this cursor was not made by this server for the list of exceptions; start again without a cursor"
                    .to_owned(),
            ));
        }
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut counting = Asking::of("SELECT COUNT(*)", now);
        counting.which(which, sites, now);
        let total: i64 = counting.statement(&mut tx).scalar().await?;
        let mut reading = Asking::of(ROW, now);
        reading.which(which, sites, now);
        if let Some(cursor) = cursor {
            reading.and(" AND e.id < ?", [text(cursor)]);
        }
        let wanted = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        reading.and(" ORDER BY e.id DESC LIMIT ?", [Value::Int(wanted)]);
        let rows: Vec<Stored> = reading.statement(&mut tx).all().await?;
        let mut items = rows
            .into_iter()
            .map(Stored::exception)
            .collect::<Result<Vec<_>>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|exception| exception.id.clone());
        Ok(ExceptionPage {
            items,
            next_cursor,
            total,
        })
    }

    /// One exception; `None`: there is none of this id that somebody with these sites may see.
    pub async fn exception(
        &self,
        id: &str,
        sites: &Sites,
        now: Timestamp,
    ) -> Result<Option<Exception>> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut reading = Asking::of(ROW, now);
        reading.seen_by(sites);
        reading.and(" AND e.id = ?", [text(id)]);
        let row: Option<Stored> = reading.statement(&mut tx).optional().await?;
        row.map(Stored::exception).transpose()
    }

    /// How the pile of exceptions is.
    pub async fn exception_pile(&self, sites: &Sites, now: Timestamp) -> Result<Pile> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let at = |days: i64| Value::Int(now.plus(days * DAY).0);
        let mut asking = Asking::default();
        asking.and(PILE, [at(SOON), at(-SOON), at(-WAITED)]);
        asking.unowned(sites);
        asking.and(" THEN 1 END) AS unowned", []);
        asking.each(now);
        asking.seen_by(sites);
        Ok(asking
            .statement(&mut tx)
            .optional()
            .await?
            .unwrap_or_default())
    }

    /// The owners that exceptions name which somebody may see, in order; no more than [`OWNERS_OFFERED`].
    pub async fn exception_owners(&self, sites: &Sites, now: Timestamp) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        let mut asking = Asking::of(OWNERS, now);
        asking.seen_by(sites);
        asking.and(" ORDER BY owner LIMIT ?", [Value::Int(OWNERS_OFFERED)]);
        let rows: Vec<Named> = asking.statement(&mut tx).all().await?;
        Ok(rows.into_iter().map(|row| row.owner).collect())
    }
}

/// All but the last one, which depends on who asks.
const PILE: &str = "SELECT COUNT(*) AS total,
 COUNT(CASE WHEN state = 'active' THEN 1 END) AS active,
 COUNT(CASE WHEN state = 'active' AND standing = 'blocking' AND listing NOT IN ('obsolete', 'decommissioned')
   THEN 1 END) AS blocking,
 COUNT(CASE WHEN state = 'active' AND expires_at <= ? THEN 1 END) AS soon,
 MIN(CASE WHEN state = 'active' THEN requested_at END) AS oldest,
 COUNT(CASE WHEN state = 'lapsed' AND (ended_at IS NULL OR ended_at >= ?) THEN 1 END) AS lapsed,
 COUNT(CASE WHEN state = 'requested' THEN 1 END) AS requested,
 COUNT(CASE WHEN state = 'requested' AND requested_at < ? THEN 1 END) AS waiting,
 COUNT(CASE WHEN state IN ('requested', 'active')";
