//! What was found when decisions to switch off were last held against their clients.

use std::collections::HashMap;

use super::super::{ESTATE, Store, error::Result};
use crate::domain::{
    access::Sites,
    cutover::{lately::Lately, record::Ground, scope::lie_within},
    time::Timestamp,
};

/// The decision `d` of the scope `s` is looked after: it is the newest of its scope, or somebody has said that the protocols were
/// switched off after it, and has not taken that back. A later word of a board brings no client back.
macro_rules! is_watched {
    () => {
        "(d.number = (SELECT MAX(n.number) FROM decisions AS n WHERE n.estate = s.estate AND n.scope = s.id)
  OR EXISTS (SELECT 1 FROM scope_marks AS m WHERE m.estate = d.estate AND m.scope = d.scope AND m.holds
    AND m.kind = 'switched_off_' || CAST(d.number AS TEXT)
    AND m.id = (SELECT MAX(o.id) FROM scope_marks AS o WHERE o.estate = m.estate AND o.scope = m.scope AND o.kind = m.kind)))"
    };
}

/// Decisions to switch off that are looked after.
const TO_WATCH: &str = concat!(
    "SELECT d.number FROM scopes AS s JOIN decisions AS d ON d.estate = s.estate
  AND d.scope = s.id
WHERE s.estate = $1 AND d.decided <> 'no_go' AND ",
    is_watched!(),
    " ORDER BY d.number"
);
/// Whoever changes the row looks.
const BEGIN: &str = "INSERT INTO decisions_watched (estate, number, begun_at, took, looked_at, found) VALUES ($1, $2, $3, 0, NULL, '')
ON CONFLICT (estate, number) DO UPDATE SET begun_at = excluded.begun_at
WHERE decisions_watched.begun_at + CASE WHEN 20 * decisions_watched.took > $4 THEN 20 * decisions_watched.took ELSE $4 END
  <= excluded.begun_at";
const END: &str = "UPDATE decisions_watched SET looked_at = $3, took = $4, found = $5 WHERE estate = $1 AND number = $2";
const SOON: &str =
    "UPDATE decisions_watched SET begun_at = 0, took = 0 WHERE estate = $1 AND number = $2";
const FOUND: &str = concat!(
    "SELECT d.number, d.name, d.sites, d.decided, d.decided_at, d.scope,
 d.head LIKE '%\"overruled\":true%' AS overruled,
 d.head LIKE '%\"loosened\":%' AND d.head NOT LIKE '%\"loosened\":0,%' AS loosened, w.looked_at, COALESCE(w.found, '') AS found
FROM scopes AS s JOIN decisions AS d ON d.estate = s.estate
  AND d.scope = s.id
LEFT JOIN decisions_watched AS w ON w.estate = d.estate AND w.number = d.number
WHERE s.estate = $1 AND d.decided <> 'no_go' AND ",
    is_watched!(),
    " ORDER BY d.number DESC"
);

#[derive(sqlx::FromRow)]
struct Number {
    number: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    name: String,
    sites: String,
    decided: String,
    decided_at: i64,
    scope: String,
    overruled: bool,
    loosened: bool,
    looked_at: Option<i64>,
    found: String,
}

/// A decision to switch off that is looked after: the newest of its scope, or one after which it was switched off.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its number.
    pub number: i64,
    /// What its scope was called.
    pub name: String,
    /// Id of its scope.
    pub scope: String,
    /// What was decided, as its code.
    pub decided: String,
    /// How it stands to what followed from the criteria.
    pub ground: Ground,
    /// When.
    pub decided_at: Timestamp,
    /// The moment that was found is of; `None`: nobody has looked yet.
    pub looked_at: Option<Timestamp>,
    /// What was found; `None`: nobody has looked yet.
    pub found: Option<Lately>,
}

impl Store {
    /// Numbers of the decisions to look after: to switch off, and the newest of their scopes or switched off by.
    pub async fn decisions_to_watch(&self) -> Result<Vec<i64>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Number> = tx.sql(TO_WATCH).bind(ESTATE).all().await?;
        Ok(rows.into_iter().map(|row| row.number).collect())
    }

    /// Takes it on to look at a decision; `false`: that is not due, or another server has begun. `pause` is in milliseconds.
    pub async fn begin_to_watch(&self, number: i64, pause: i64, now: Timestamp) -> Result<bool> {
        let begun = self.writer.run(move |conn| {
            Box::pin(async move {
                conn.sql(BEGIN)
                    .bind(ESTATE)
                    .bind(number)
                    .bind(now.0)
                    .bind(pause)
                    .execute()
                    .await
            })
        });
        Ok(begun.await? > 0)
    }

    /// Keeps what was found, of the moment `at`, and how many milliseconds it took.
    pub async fn end_watching(
        &self,
        number: i64,
        at: Timestamp,
        took: i64,
        found: Option<String>,
    ) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(END)
                        .bind(ESTATE)
                        .bind(number)
                        .bind(at.0)
                        .bind(took)
                        .bind(found.unwrap_or_default())
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// Has a decision looked at again soon, because something was said of it.
    pub async fn watch_soon(&self, number: i64) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let soon = conn.sql(SOON).bind(ESTATE).bind(number);
                    soon.execute().await.map(drop)
                })
            })
            .await
    }

    /// Decisions that are looked after, as far as somebody with these sites may see them, by number.
    pub async fn decisions_watched(&self, sites: &Sites) -> Result<HashMap<i64, Watched>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Row> = tx.sql(FOUND).bind(ESTATE).all().await?;
        let seen = rows
            .into_iter()
            .filter(|row| lie_within(row.sites.split(','), sites));
        let each = seen.map(|row| {
            let watched = Watched {
                number: row.number,
                name: row.name,
                scope: row.scope,
                decided: row.decided,
                ground: Ground::of(row.overruled, row.loosened),
                decided_at: Timestamp(row.decided_at),
                looked_at: row.looked_at.map(Timestamp),
                found: row.looked_at.and_then(|_| Lately::read(&row.found)),
            };
            (watched.number, watched)
        });
        Ok(each.collect())
    }
}
