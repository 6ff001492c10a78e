//! Requests for a decision that nobody has answered yet.

use super::super::{ESTATE, Store, error::Result};
use crate::domain::{access::Sites, cutover::scope::lie_within};

/// Those that were not taken back, and that no decision of the same scope came after.
const WAITING: &str = "SELECT m.scope, s.name, s.sites, m.marked_by, m.marked_at
FROM scope_marks AS m JOIN scopes AS s ON s.estate = m.estate AND s.id = m.scope
WHERE m.estate = $1 AND m.kind = 'request' AND m.holds
  AND m.id = (SELECT MAX(n.id) FROM scope_marks AS n WHERE n.estate = $1 AND n.scope = m.scope AND n.kind = 'request')
  AND NOT EXISTS (SELECT 1 FROM decisions AS d WHERE d.estate = $1 AND d.scope = m.scope AND d.decided_at >= m.marked_at)
ORDER BY m.marked_at, m.scope";

/// Somebody asks for a decision.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Request {
    /// Id of the scope.
    pub scope: String,
    /// What it is called.
    pub name: String,
    /// Its site codes with commas between; empty: all sites.
    pub sites: String,
    /// Who asks.
    pub marked_by: String,
    /// When, in milliseconds.
    pub marked_at: i64,
}

impl Store {
    /// Requests that wait, the oldest first, as far as somebody with these sites may see their scopes.
    pub async fn requests_waiting(&self, sites: &Sites) -> Result<Vec<Request>> {
        let mut tx = self.db.read().await?;
        let mut found: Vec<Request> = tx.sql(WAITING).bind(ESTATE).all().await?;
        found.retain(|request| lie_within(request.sites.split(','), sites));
        Ok(found)
    }
}
