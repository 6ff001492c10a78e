//! Scopes, the limits that somebody set for them, and what people said.

use super::super::{ESTATE, Store, audit, db::Conn, error::Result};
use crate::domain::{
    audit::Entry,
    cutover::{
        after::Watching,
        criteria::{Criterion, Limit, Mark},
        scope::Scope,
    },
    time::Timestamp,
};

/// More scopes than this are not kept: nobody finds anything in a longer list.
pub const MOST: i64 = 200;
/// Somebody asks for a decision.
pub const REQUEST: &str = "request";
/// The protocols were switched off after the decision of this number.
pub fn switched_off(number: i64) -> String {
    format!("{SWITCHED_OFF}{number}")
}

const COLUMNS: &str = "SELECT id, name, sites, roles, filter, protocols, planned, freshness_days, two_people FROM scopes
WHERE estate = $1 AND ($2 = '' OR id = $2) ORDER BY name";
const ADD: &str = "INSERT INTO scopes (estate, id, name, sites, roles, filter, protocols, planned, freshness_days, two_people,
  created_by, created_at, changed_by, changed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12
WHERE (SELECT COUNT(*) FROM scopes WHERE estate = $1) < $13
ON CONFLICT (estate, name) DO NOTHING";
const HOLD: &str = "UPDATE decision_head SET number = number WHERE estate = $1";
const REMOVE: &str = "DELETE FROM scopes WHERE estate = $1 AND id = $2
  AND NOT EXISTS (SELECT 1 FROM decisions AS d WHERE d.estate = scopes.estate AND d.scope = scopes.id)";
const REMOVE_OF: [&str; 3] = [
    "DELETE FROM scope_limits WHERE estate = $1 AND scope = $2",
    "DELETE FROM scope_marks WHERE estate = $1 AND scope = $2",
    "DELETE FROM scope_runs WHERE estate = $1 AND scope = $2",
];
const LIMITS: &str = "SELECT criterion, value, set_by, set_at, why FROM scope_limits WHERE estate = $1 AND scope = $2";
const SET: &str = "INSERT INTO scope_limits (estate, scope, criterion, value, set_by, set_at, why) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (estate, scope, criterion) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at,
  why = excluded.why";
/// What is said of the day of a switch begins like this.
pub(super) const SWITCHED_OFF: &str = "switched_off_";
const SAY: &str = "INSERT INTO scope_marks (estate, scope, id, kind, holds, note, link, about, marked_by, marked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
pub(super) const SAID: &str = "SELECT kind, holds, note, link, about, marked_by, marked_at FROM scope_marks AS m
WHERE estate = $1 AND scope = $2
  AND id = (SELECT MAX(id) FROM scope_marks AS n WHERE n.estate = $1 AND n.scope = $2 AND n.kind = m.kind)";

#[derive(sqlx::FromRow)]
pub(super) struct StoredScope {
    id: String,
    name: String,
    sites: String,
    roles: String,
    filter: String,
    protocols: String,
    planned: Option<String>,
    freshness_days: i64,
    two_people: bool,
}

fn parts(text: &str) -> Vec<String> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

impl StoredScope {
    pub(super) fn scope(self) -> Scope {
        Scope {
            sites: parts(&self.sites),
            roles: parts(&self.roles),
            protocols: parts(&self.protocols),
            id: self.id,
            name: self.name,
            filter: self.filter,
            planned: self.planned,
            freshness_days: self.freshness_days,
            two_people: self.two_people,
        }
    }
}

#[derive(sqlx::FromRow)]
struct StoredLimit {
    criterion: String,
    value: i64,
    set_by: String,
    set_at: i64,
    why: String,
}

/// What was said last of a kind.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Said {
    /// A criterion's code, [`REQUEST`] or that of the switch.
    pub kind: String,
    /// It was not taken back.
    pub holds: bool,
    /// In words.
    pub note: String,
    /// Where more can be read.
    pub link: String,
    /// The day it is about.
    pub about: String,
    /// By whom.
    pub marked_by: String,
    /// When, in milliseconds.
    pub marked_at: i64,
}

/// Who set what is watched for after the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedSet {
    /// The code of what was set.
    pub code: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why; empty: it was not kept then.
    pub why: String,
}

/// What was set and said for a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidOfScope {
    /// Limits.
    pub limits: Vec<Limit>,
    /// Criteria that are marked.
    pub marks: Vec<Mark>,
    /// The newest request for a decision that was not taken back.
    pub request: Option<Said>,
    /// What is watched for after the switch.
    pub watching: Watching,
    /// Who set that.
    pub watched: Vec<WatchedSet>,
    /// After which decisions the protocols were switched off, see [`switched_off`].
    pub switched: Vec<Said>,
}

pub(super) async fn write(
    conn: &mut Conn,
    text: &'static str,
    scope: &Scope,
    by: &str,
    now: Timestamp,
    most: Option<i64>,
) -> Result<bool> {
    let mut statement = conn
        .sql(text)
        .bind(ESTATE)
        .bind(scope.id.clone())
        .bind(scope.name.clone())
        .bind(scope.sites.join(","))
        .bind(scope.roles.join(","))
        .bind(scope.filter.clone())
        .bind(scope.protocols.join(","))
        .bind(scope.planned.clone())
        .bind(scope.freshness_days)
        .bind(scope.two_people)
        .bind(by.to_owned())
        .bind(now.0);
    if let Some(most) = most {
        statement = statement.bind(most);
    }
    Ok(statement.execute().await? > 0)
}

impl Store {
    /// Every scope, by name.
    pub async fn scopes(&self) -> Result<Vec<Scope>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<StoredScope> = tx
            .sql(COLUMNS)
            .bind(ESTATE)
            .bind(String::new())
            .all()
            .await?;
        Ok(rows.into_iter().map(StoredScope::scope).collect())
    }

    /// One scope.
    pub async fn scope(&self, id: &str) -> Result<Option<Scope>> {
        if id.is_empty() {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let row: Option<StoredScope> = tx
            .sql(COLUMNS)
            .bind(ESTATE)
            .bind(id.to_owned())
            .optional()
            .await?;
        Ok(row.map(StoredScope::scope))
    }

    /// Keeps a new scope; `false` when there are [`MOST`] already or one has its name.
    pub async fn add_scope(&self, scope: Scope, by: String, entry: Entry) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let added = write(conn, ADD, &scope, &by, entry.at, Some(MOST)).await?;
                    if added {
                        audit::note(conn, &entry).await?;
                    }
                    Ok(added)
                })
            })
            .await
    }

    /// Removes a scope with what was set and said for it, and its runs; `false` when it is gone, or something was decided for it.
    pub async fn remove_scope(&self, scope: String, entry: Entry) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    // Whoever decides takes this row first, on another server too, so that no decision comes in between.
                    conn.sql(HOLD).bind(ESTATE).execute().await?;
                    let removed = conn.sql(REMOVE).bind(ESTATE).bind(scope.clone());
                    if removed.execute().await? == 0 {
                        return Ok(false);
                    }
                    for text in REMOVE_OF {
                        let statement = conn.sql(text).bind(ESTATE).bind(scope.clone());
                        statement.execute().await?;
                    }
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// What was set and said for a scope.
    pub async fn said_of_scope(&self, scope: &str) -> Result<SaidOfScope> {
        let mut tx = self.db.read().await?;
        let limits: Vec<StoredLimit> = tx
            .sql(LIMITS)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .all()
            .await?;
        let said: Vec<Said> = tx
            .sql(SAID)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .all()
            .await?;
        let mut watching = Watching::default();
        let mut watched = Vec::new();
        for row in &limits {
            if watching.set(&row.criterion, row.value) {
                watched.push(WatchedSet {
                    code: row.criterion.clone(),
                    by: row.set_by.clone(),
                    at: Timestamp(row.set_at),
                    why: row.why.clone(),
                });
            }
        }
        let switched: Vec<Said> = said
            .iter()
            .filter(|said| said.holds && said.kind.starts_with(SWITCHED_OFF))
            .cloned()
            .collect();
        let holding = |kind: &str| {
            said.iter()
                .find(|said| said.kind == kind && said.holds)
                .cloned()
        };
        Ok(SaidOfScope {
            limits: limits
                .into_iter()
                .filter_map(|row| {
                    Some(Limit {
                        criterion: Criterion::from_code(&row.criterion)?,
                        limit: row.value,
                        by: row.set_by,
                        at: Timestamp(row.set_at),
                        why: row.why,
                    })
                })
                .collect(),
            request: holding(REQUEST),
            watching,
            watched,
            switched,
            marks: said
                .into_iter()
                .filter(|said| said.holds)
                .filter_map(|said| {
                    Some(Mark {
                        criterion: Criterion::from_code(&said.kind)?,
                        note: said.note,
                        link: said.link,
                        on: said.about,
                        by: said.marked_by,
                        at: Timestamp(said.marked_at),
                    })
                })
                .collect(),
        })
    }

    /// Sets a limit, or what is watched for, by its code.
    pub async fn set_limit(
        &self,
        scope: String,
        code: &'static str,
        value: i64,
        by: String,
        entry: Entry,
    ) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(SET)
                        .bind(ESTATE)
                        .bind(scope)
                        .bind(code.to_owned())
                        .bind(value)
                        .bind(by)
                        .bind(entry.at.0)
                        .bind(entry.why.clone().unwrap_or_default())
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// Writes down what somebody said.
    pub async fn say(&self, scope: String, said: Said, entry: Entry) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    write_down(conn, scope, said).await?;
                    audit::note(conn, &entry).await
                })
            })
            .await
    }
}

pub(super) async fn write_down(conn: &mut Conn, scope: String, said: Said) -> Result<()> {
    conn.sql(SAY)
        .bind(ESTATE)
        .bind(scope)
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(said.kind)
        .bind(said.holds)
        .bind(said.note)
        .bind(said.link)
        .bind(said.about)
        .bind(said.marked_by)
        .bind(said.marked_at)
        .execute()
        .await
        .map(drop)
}
