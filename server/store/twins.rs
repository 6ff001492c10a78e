//! Pairs of records that share an id, and what somebody said of them: that they are two machines.
//!
//! What they shared then is settled. Something new that they share makes them suspected again.

use super::{
    ESTATE, Store, audit,
    db::Tx,
    error::Result,
    identify::{self, ClientId},
    known::IdRow,
    narrowing::{Growing, Value},
    rows::Rows,
};
use crate::domain::{access::Sites, audit::Because, time::Timestamp};

const SETTLE: &str = "UPDATE suspects SET settled_at = $4, settled_by = $5
WHERE estate = $1 AND settled_at IS NULL
  AND ((client_id = $2 AND other_id = $3) OR (client_id = $3 AND other_id = $2))";
const NAMED: &str = "SELECT name FROM clients WHERE estate = $1 AND id = $2";
const MARK: &str = include_str!("sql/mark_duplicates.sql");
const SETTLED: &str = "SELECT c.id, c.name, MAX(s.settled_at) AS at, MAX(s.settled_by) AS said_by
FROM suspects s JOIN clients c ON c.estate = s.estate AND c.id = s.other_id
WHERE s.estate = ? AND s.client_id = ? AND s.settled_at IS NOT NULL";
const IN_ORDER: &str = " GROUP BY c.id, c.name, c.sort_key ORDER BY c.sort_key, c.id LIMIT 100";

/// A record that somebody said is another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Our id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When that was said.
    pub at: Timestamp,
    /// Who said it.
    pub by: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: Vec<u8>,
    name: String,
    at: i64,
    said_by: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Named {
    name: String,
}

impl Store {
    /// Notes that two records are two machines. Answers false when they were not suspected to be one.
    pub async fn settle_as_two(
        &self,
        one: ClientId,
        other: ClientId,
        by: String,
        said: Because,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    // Whoever writes down suspicions holds this, so none comes between.
                    conn.lock_new_clients().await?;
                    let settled = conn
                        .sql(SETTLE)
                        .bind(ESTATE)
                        .bind(identify::bytes(one))
                        .bind(identify::bytes(other))
                        .bind(now.0)
                        .bind(by)
                        .execute()
                        .await?;
                    let mut both = [one, other];
                    both.sort_unstable();
                    let rows =
                        Rows::default().bytes(both.iter().map(|id| Some(identify::bytes(*id))));
                    let _: Vec<IdRow> = conn.many(MARK, &[ESTATE], &rows).await?;
                    if settled == 0 {
                        return Ok(false);
                    }
                    let mut named = Vec::with_capacity(2);
                    for id in [one, other] {
                        let found: Option<Named> = conn
                            .sql(NAMED)
                            .bind(ESTATE)
                            .bind(identify::bytes(id))
                            .optional()
                            .await?;
                        let name = found.map(|found| found.name).unwrap_or_default();
                        named.push(format!("{name} ({id})"));
                    }
                    let entry = said
                        .entry(now, "client.two-machines", named.join(" and "))
                        .change(
                            Some("suspected to be one machine".to_owned()),
                            Some("two machines".to_owned()),
                        );
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// Records that somebody said are other machines than this one, of those that may be seen.
pub(super) async fn settled(tx: &mut Tx, id: ClientId, within: &Sites) -> Result<Vec<Settled>> {
    let mut growing = Growing::starting(SETTLED);
    growing.and("", [Value::Bytes(identify::bytes(id))]);
    growing.one_of(" AND c.site IN (", within);
    growing.grouped(IN_ORDER);
    let rows: Vec<Stored> = growing.statement(tx).all().await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Settled {
                id: identify::from_bytes(&row.id)?.to_string(),
                name: row.name,
                at: Timestamp(row.at),
                by: row.said_by.unwrap_or_default(),
            })
        })
        .collect())
}
