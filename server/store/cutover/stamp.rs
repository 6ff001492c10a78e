//! Whether a scope, and what was set and said of it, is still what somebody has looked at.

use super::super::{
    ESTATE, Store,
    db::{Conn, Tx},
    error::Result,
};

/// Everything that a decision rests on beside the clients: the scope, marks and requests, limits, and the decisions before it. Marks
/// are only ever added, and a limit is set, set anew, or goes.
const STAMP: &str = "SELECT CAST(s.changed_at AS TEXT) || ' '
  || (SELECT CAST(COUNT(*) AS TEXT) FROM scope_marks m WHERE m.estate = s.estate AND m.scope = s.id) || ' '
  || (SELECT CAST(COUNT(*) AS TEXT) || ' ' || CAST(COALESCE(MAX(l.set_at), 0) AS TEXT)
      FROM scope_limits l WHERE l.estate = s.estate AND l.scope = s.id) || ' '
  || (SELECT CAST(COALESCE(MAX(d.number), 0) AS TEXT) FROM decisions d WHERE d.estate = s.estate AND d.scope = s.id) AS stamp
FROM scopes s WHERE s.estate = $1 AND s.id = $2";

#[derive(sqlx::FromRow)]
struct Row {
    stamp: String,
}

/// How a scope stands, to be held against how it stands later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(String);

impl Store {
    /// How a scope stands; `None`: it is not there.
    pub async fn scope_stamp(&self, scope: &str) -> Result<Option<Stamp>> {
        let mut tx: Tx = self.db.read().await?;
        let row = tx.sql(STAMP).bind(ESTATE).bind(scope.to_owned());
        let row: Option<Row> = row.optional().await?;
        Ok(row.map(|row| Stamp(row.stamp)))
    }
}

/// The same, while a decision is written.
pub(super) async fn now(conn: &mut Conn, scope: &str) -> Result<Option<Stamp>> {
    let row = conn.sql(STAMP).bind(ESTATE).bind(scope.to_owned());
    let row: Option<Row> = row.optional().await?;
    Ok(row.map(|row| Stamp(row.stamp)))
}
