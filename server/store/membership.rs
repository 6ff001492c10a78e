//! What several expected lists together say of a client, and how one of them is taken out of force.

use std::collections::{BTreeMap, HashMap};

use super::{
    ESTATE, Store, audit,
    db::Conn,
    departures::{Departures, MayLeave},
    error::{Error, Result},
    population::{self, Replaced},
    system_roles,
};
use crate::domain::{access::Sites, audit::Because, time::Timestamp};

const SETTLE: &str = include_str!("sql/settle_listings.sql");
/// Whom no list names any more and who never reported is gone; who reported stays and is `unlisted`.
const GONE_IDENTS: &str = "DELETE FROM identities WHERE estate = $1 AND client_id IN (
  SELECT c.id FROM members m JOIN clients c ON c.estate = m.estate AND c.id = m.client_id
  WHERE m.estate = $1 AND m.list_name = $2 AND m.list_id <> $3 AND c.verdict IS NULL AND NOT EXISTS (
    SELECT 1 FROM members o WHERE o.estate = m.estate AND o.client_id = m.client_id AND o.list_name <> $2))";
const GONE_CLIENTS: &str = "DELETE FROM clients WHERE estate = $1 AND verdict IS NULL AND id IN (
  SELECT m.client_id FROM members m
  WHERE m.estate = $1 AND m.list_name = $2 AND m.list_id <> $3 AND NOT EXISTS (
    SELECT 1 FROM members o WHERE o.estate = m.estate AND o.client_id = m.client_id AND o.list_name <> $2))";
const UNLIST: &str = "UPDATE clients SET listing = 'unlisted', owner = NULL
WHERE estate = $1 AND listing <> 'unlisted' AND id IN (
  SELECT m.client_id FROM members m
  WHERE m.estate = $1 AND m.list_name = $2 AND m.list_id <> $3 AND NOT EXISTS (
    SELECT 1 FROM members o WHERE o.estate = m.estate AND o.client_id = m.client_id AND o.list_name <> $2))";
const LEAVE: &str = "DELETE FROM members WHERE estate = $1 AND list_name = $2 AND list_id <> $3";
/// Suspicions about clients that are gone. Both directions are there, so looking from one side finds all.
const GONE_SUSPECTS: &str = "DELETE FROM suspects WHERE estate = $1
  AND (NOT EXISTS (SELECT 1 FROM clients c WHERE c.estate = suspects.estate AND c.id = suspects.client_id)
    OR NOT EXISTS (SELECT 1 FROM clients c WHERE c.estate = suspects.estate AND c.id = suspects.other_id))";
/// Who may be whom depends on who is still counted.
const REMARK: &str = "UPDATE clients SET duplicate = NOT duplicate
WHERE estate = $1 AND id IN (SELECT client_id FROM suspects WHERE estate = $1)
  AND duplicate <> (listing NOT IN ('obsolete', 'decommissioned') AND EXISTS (
    SELECT 1 FROM suspects s JOIN clients o ON o.estate = s.estate AND o.id = s.other_id
    WHERE s.estate = clients.estate AND s.client_id = clients.id AND s.settled_at IS NULL
      AND o.listing NOT IN ('obsolete', 'decommissioned')))";
const UNMARK: &str = "UPDATE clients SET duplicate = FALSE WHERE estate = $1 AND duplicate
  AND NOT EXISTS (SELECT 1 FROM suspects s WHERE s.estate = clients.estate AND s.client_id = clients.id)";
const COUNTED: &str = "SELECT site, CAST(COALESCE(SUM(n), 0) AS BIGINT) AS clients
FROM counts WHERE estate = $1 AND kind = 'client' AND listing NOT IN ('obsolete', 'decommissioned') GROUP BY site";
const LISTS: &str =
    "SELECT CAST(COUNT(*) AS BIGINT) FROM lists WHERE estate = $1 AND ended_at IS NULL";
const IN_FORCE: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM lists
WHERE estate = $1 AND name = $2 AND ended_at IS NULL";
const END: &str = "UPDATE lists SET ended_at = $3, ended_by = $4
WHERE estate = $1 AND name = $2 AND ended_at IS NULL";
/// No upload has this number, so every client of a list is one that it no longer names.
const NO_UPLOAD: i64 = 0;

/// How far somebody has agreed to what a change does to the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Only to be told what it would do.
    Ask,
    /// To it, as long as it hides nobody.
    IfHarmless,
    /// To it, whatever it does.
    Given,
    /// To it, whatever it does, as long as the list is still this upload.
    ForUpload(i64),
    /// As programs do: to what hides somebody; and to a population that shrinks by more than a twentieth, or blockers that are
    /// counted elsewhere, only by the number of those that go, and with a reason.
    ByNumber {
        /// To what hides somebody.
        confirmed: bool,
        /// To so many that go.
        shrink: Option<i64>,
        /// It was said why.
        reasoned: bool,
    },
}

impl Consent {
    /// Whether it holds for a change that hides somebody, or has to be agreed to for another reason.
    fn covers(self, replaced: &Replaced) -> bool {
        match self {
            Self::Given => true,
            Self::ByNumber {
                confirmed,
                shrink,
                reasoned,
            } => {
                let named = shrink == Some(replaced.number());
                if replaced.needs_number {
                    named && reasoned
                } else {
                    confirmed || named
                }
            }
            Self::Ask | Self::IfHarmless | Self::ForUpload(_) => false,
        }
    }
}

/// What is about to happen to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Replace,
    Withdraw,
}

/// How many clients count.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) clients: i64,
    /// Of the sites of whoever changes the list.
    pub(super) own: i64,
    /// The same by site.
    pub(super) own_sites: BTreeMap<String, i64>,
}

#[derive(sqlx::FromRow)]
struct OfSite {
    site: String,
    clients: i64,
}

impl Counted {
    pub(super) async fn now(conn: &mut Conn, sites: &Sites) -> Result<Self> {
        let all: Vec<OfSite> = conn.sql(COUNTED).bind(ESTATE).all().await?;
        let clients = all.iter().map(|of| of.clients).sum();
        let own = all.into_iter().filter(|of| sites.holds(&of.site));
        let own_sites: BTreeMap<String, i64> = own.map(|of| (of.site, of.clients)).collect();
        Ok(Self {
            clients,
            own: own_sites.values().sum(),
            own_sites,
        })
    }

    /// Its own sites afterwards: fewer by whatever the list took out of the count, also where that was known elsewhere.
    pub(super) const fn own_after(&self, after: &Self) -> i64 {
        self.own - (self.clients - after.clients)
    }
}

/// Of which sites clients are that a list names.
const SITES: &str =
    "SELECT c.site FROM members m JOIN clients c ON c.estate = m.estate AND c.id = m.client_id
WHERE m.estate = $1 AND m.list_name = $2 GROUP BY c.site";

#[derive(sqlx::FromRow)]
struct SiteRow {
    site: String,
}

impl Store {
    /// The codes of the sites whose clients a list names; the empty one: some have none.
    pub async fn sites_on_list(&self, name: &str) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        let rows = tx.sql(SITES).bind(ESTATE).bind(name.to_owned());
        let rows: Vec<SiteRow> = rows.all().await?;
        Ok(rows.into_iter().map(|row| row.site).collect())
    }

    /// Takes a list out of force for somebody with these sites, who hears of no others; `None`: there is none of this name.
    ///
    /// # Errors
    /// [`Error::NeedsConfirmation`] as for a list that is replaced, and when it is the last one in force, after which
    /// nobody knows who is missing.
    pub async fn withdraw_population(
        &self,
        sites: &Sites,
        name: &str,
        sender: &str,
        by: Because,
        consent: Consent,
        now: Timestamp,
    ) -> Result<Option<Replaced>> {
        self.sweep(now).await?;
        let (name, sender, sites) = (name.to_owned(), sender.to_owned(), sites.clone());
        self.writer
            .run(move |conn| Box::pin(withdraw(conn, sites, name, sender, by, consent, now)))
            .await
    }
}

async fn withdraw(
    conn: &mut Conn,
    sites: Sites,
    name: String,
    sender: String,
    by: Because,
    consent: Consent,
    now: Timestamp,
) -> Result<Option<Replaced>> {
    conn.lock_new_clients().await?;
    let upload: i64 = conn
        .sql(IN_FORCE)
        .bind(ESTATE)
        .bind(name.as_str())
        .scalar()
        .await?;
    if upload == 0 {
        return Ok(None);
    }
    let before = Counted::now(conn, &sites).await?;
    let rows = population::rows_in_force(conn, &name).await?;
    let called = system_roles::called(conn, &name).await?;
    let may_leave = MayLeave::now(conn, &name, NO_UPLOAD, called).await?;
    let gone = settle(conn, &name, NO_UPLOAD).await?;
    end(conn, &name, now, sender).await?;
    let after = Counted::now(conn, &sites).await?;
    let left: i64 = conn.sql(LISTS).bind(ESTATE).scalar().await?;
    let nobody = HashMap::new();
    let own = &before.own_sites;
    let departures = Departures::of(conn, may_leave, &nobody, own, &sites, now).await?;
    let mut replaced = Replaced {
        gone,
        before: before.own,
        after: before.own_after(&after),
        ..Replaced::default()
    };
    replaced.depart(&departures);
    let consent = match consent {
        Consent::ForUpload(seen) if seen == upload => Consent::Given,
        Consent::ForUpload(_) => Consent::Ask,
        other => other,
    };
    if left == 0 && !consent.covers(&replaced) {
        return Err(Error::NeedsConfirmation(
            format!(
                "This is the last expected list. Without it nobody knows who is missing, nothing can be called ready, and {} of {} clients would no longer be counted. Nothing was changed; confirm to take it out of force.",
                replaced.leaving, replaced.before
            ),
            replaced,
        ));
    }
    let confirmed = confirm(consent, Change::Withdraw, &departures, replaced)?;
    departures.note(conn, confirmed, now).await?;
    let told = format!(
        "out of force; {} clients gone; population {} to {}",
        replaced.gone, before.clients, after.clients
    );
    let entry = by
        .entry(now, "list.withdraw", name)
        .change(rows.map(|rows| format!("{rows} rows")), Some(told));
    audit::note(conn, &entry).await?;
    Ok(Some(replaced))
}

/// Puts every client that a list names, or does not name any more, where all lists together want it. Rows of other
/// uploads than `list_id` leave; answers how many.
pub(super) async fn settle(conn: &mut Conn, name: &str, list_id: i64) -> Result<i64> {
    let mut left = 0;
    for text in [GONE_IDENTS, GONE_CLIENTS, SETTLE, UNLIST, LEAVE] {
        left = conn
            .sql(text)
            .bind(ESTATE)
            .bind(name)
            .bind(list_id)
            .execute()
            .await?;
    }
    for text in [GONE_SUSPECTS, REMARK, UNMARK] {
        conn.sql(text).bind(ESTATE).execute().await?;
    }
    Ok(i64::try_from(left).unwrap_or(i64::MAX))
}

/// Notes that the upload in force under this name is so no longer.
pub(super) async fn end(conn: &mut Conn, name: &str, now: Timestamp, by: String) -> Result<()> {
    conn.sql(END)
        .bind(ESTATE)
        .bind(name)
        .bind(now.0)
        .bind(by)
        .execute()
        .await
        .map(drop)
}

/// Refuses what hides too much, unless someone said so; answers whether somebody has said the number, or had it before them.
pub(super) fn confirm(
    consent: Consent,
    change: Change,
    departures: &Departures,
    replaced: Replaced,
) -> Result<bool> {
    if consent.covers(&replaced) {
        return Ok(replaced.needs_number);
    }
    let Some(what) = departures.words(consent == Consent::Ask) else {
        return Ok(false);
    };
    let (condition, deed) = match change {
        Change::Replace => ("With this list", "put it in force"),
        Change::Withdraw => ("Without this list", "take it out of force"),
    };
    Err(Error::NeedsConfirmation(
        format!("{condition} {what}. Nothing was changed; confirm to {deed}."),
        replaced,
    ))
}
