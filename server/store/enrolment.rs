//! Which machines sign their reports, and which of their keys holds.

use super::{ESTATE, Store, audit, error::Result, searching::inside_text};
use crate::domain::{audit::Because, time::Timestamp};

const ENROL: &str = "INSERT INTO enrolled AS e (estate, name, generation, enrolled_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (estate, name) DO UPDATE SET generation = e.generation + 1, enrolled_at = excluded.enrolled_at,
  revoked_at = NULL
RETURNING generation";
const REVOKE: &str =
    "UPDATE enrolled SET revoked_at = $3 WHERE estate = $1 AND name = $2 AND revoked_at IS NULL";
const HOLDS: &str =
    "SELECT generation FROM enrolled WHERE estate = $1 AND name = $2 AND revoked_at IS NULL";
const ONE: &str = "SELECT name, generation, enrolled_at, revoked_at FROM enrolled WHERE estate = $1 AND name = $2";
const SOME: &str = "SELECT name, generation, enrolled_at, revoked_at FROM enrolled
WHERE estate = $1 AND name > $2 AND name LIKE $3 ESCAPE '!'
  AND ($4 = 'any' OR ($4 = 'holds' AND revoked_at IS NULL) OR ($4 = 'void' AND revoked_at IS NOT NULL))
ORDER BY name LIMIT $5";
const HOW_MANY: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n,
  CAST(COUNT(CASE WHEN revoked_at IS NULL THEN 1 END) AS BIGINT) AS holding
FROM enrolled WHERE estate = $1";
const ALL: &str = "SELECT name, generation, enrolled_at, revoked_at FROM enrolled
WHERE estate = $1 AND name > $2 ORDER BY name LIMIT 1000";

/// A machine that was given a key.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Enrolled {
    /// Its name, in lower case.
    pub name: String,
    /// The so-maniest key that it was given.
    pub generation: i64,
    /// When it was given that.
    enrolled_at: i64,
    /// When that was made void; missing: it holds.
    revoked_at: Option<i64>,
}

/// Which of them are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhichEnrolled {
    /// Their names have this part; empty: any.
    pub q: String,
    /// Their key holds, or is void; `None`: either.
    pub holds: Option<bool>,
}

/// A page of them.
#[derive(Clone, Debug)]
pub struct EnrolledFound {
    /// In order of their names.
    pub items: Vec<Enrolled>,
    /// The name that the next page comes behind; `None`: this was the last.
    pub next: Option<String>,
    /// How many there are, whatever is asked for.
    pub all: i64,
    /// How many of all have a key that holds.
    pub holding: i64,
}

#[derive(Default, sqlx::FromRow)]
struct HowMany {
    n: i64,
    holding: i64,
}

#[derive(sqlx::FromRow)]
struct Holds {
    generation: i64,
}

impl Enrolled {
    /// When it was given the key.
    pub const fn enrolled_at(&self) -> Timestamp {
        Timestamp(self.enrolled_at)
    }

    /// When the key was made void; `None`: it holds.
    pub fn revoked_at(&self) -> Option<Timestamp> {
        self.revoked_at.map(Timestamp)
    }
}

impl Store {
    /// Gives each of these machines a key; one that had one before has a new one. Names and generations, in the order given.
    pub async fn enrol(
        &self,
        names: Vec<String>,
        because: Because,
        now: Timestamp,
    ) -> Result<Vec<(String, i64)>> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let mut given = Vec::with_capacity(names.len());
                    for name in names {
                        let generation: i64 = conn
                            .sql(ENROL)
                            .bind(ESTATE)
                            .bind(name.clone())
                            .bind(now.0)
                            .scalar()
                            .await?;
                        given.push((name, generation));
                    }
                    // Behind everything else, because an entry holds the newest one's row until the end.
                    for (name, generation) in &given {
                        let entry = because.clone().entry(now, "machine.enrol", name.clone());
                        audit::note(conn, &entry.change(None, Some(format!("key {generation}"))))
                            .await?;
                    }
                    Ok(given)
                })
            })
            .await
    }

    /// Makes the key of a machine void; false where it has none that holds.
    pub async fn revoke_enrolment(
        &self,
        name: String,
        because: Because,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let revoked = conn
                        .sql(REVOKE)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(now.0)
                        .execute()
                        .await?;
                    if revoked == 0 {
                        return Ok(false);
                    }
                    audit::note(conn, &because.entry(now, "machine.revoke", name)).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Which key of a machine holds; `None`: none does.
    pub async fn enrolled_key(&self, name: &str) -> Result<Option<i64>> {
        let mut tx = self.db.read().await?;
        let held: Option<Holds> = tx
            .sql(HOLDS)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(held.map(|held| held.generation))
    }

    /// A machine that was given a key; `None`: none of this name was.
    pub async fn enrolled_machine(&self, name: &str) -> Result<Option<Enrolled>> {
        let mut tx = self.db.read().await?;
        tx.sql(ONE)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await
    }

    /// Machines that were given a key, in order of their names, behind one.
    pub async fn enrolled_page(
        &self,
        which: &WhichEnrolled,
        after: &str,
        limit: usize,
    ) -> Result<EnrolledFound> {
        let mut tx = self.db.read().await?;
        let state = match which.holds {
            None => "any",
            Some(true) => "holds",
            Some(false) => "void",
        };
        let mut items: Vec<Enrolled> = tx
            .sql(SOME)
            .bind(ESTATE)
            .bind(after.to_owned())
            .bind(inside_text(&which.q.trim().to_lowercase()))
            .bind(state.to_owned())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
            .all()
            .await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let how_many: Option<HowMany> = tx.sql(HOW_MANY).bind(ESTATE).optional().await?;
        let how_many = how_many.unwrap_or_default();
        Ok(EnrolledFound {
            next: items
                .last()
                .filter(|_| more)
                .map(|machine| machine.name.clone()),
            items,
            all: how_many.n,
            holding: how_many.holding,
        })
    }

    /// The machines that were given a key, in order of their names, behind one; a thousand at most.
    pub async fn enrolled(&self, after: &str) -> Result<Vec<Enrolled>> {
        let mut tx = self.db.read().await?;
        tx.sql(ALL).bind(ESTATE).bind(after.to_owned()).all().await
    }
}
