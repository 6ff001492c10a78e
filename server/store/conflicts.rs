//! The standing `conflict`: configured well, and yet seen using an old protocol since.
//!
//! Whose a connection was can change with every log, lease and report, so it is worked out anew from all of them, and what
//! differs is written. Everything that writes a standing goes by what was worked out last.

use std::collections::HashMap;

use super::{
    ESTATE, Store,
    error::Result,
    identify::{self, ClientId},
    known::IdRow,
    observed_named::id_of,
    rows::Rows,
};
use crate::domain::time::Timestamp;

const MARKED: &str =
    "SELECT id, seen_old_at FROM clients WHERE estate = $1 AND seen_old_at IS NOT NULL";
const SETTLE: &str = include_str!("sql/settle_conflicts.sql");
/// Clients in one transaction: short enough not to hold up reports.
const PORTION: usize = 1_000;

#[derive(sqlx::FromRow)]
struct Marked {
    id: Vec<u8>,
    seen_old_at: i64,
}

impl Store {
    /// Writes when each of these was seen using TLS 1.1 or earlier last, and how that makes it stand. Answers for how many
    /// clients that is news. What was once sure is not taken back by time, by a lease that makes it doubtful or by a list that
    /// was let go of: only a newer report ends a conflict, and only as [`SeenOld`](crate::domain::assess::SeenOld) says.
    pub(super) async fn contradict(&self, mut seen: HashMap<ClientId, Timestamp>) -> Result<u64> {
        let mut tx = self.db.read().await?;
        for row in tx.sql(MARKED).bind(ESTATE).all::<Marked>().await? {
            let id = id_of(&row.id)?;
            if seen.get(&id).is_some_and(|at| at.0 <= row.seen_old_at) {
                seen.remove(&id);
            }
        }
        drop(tx);
        // Always in the same order, so that two servers do not wait for each other.
        let mut changed: Vec<(ClientId, Timestamp)> = seen.into_iter().collect();
        changed.sort_unstable();
        let mut written = 0;
        for some in changed.chunks(PORTION) {
            let rows = Rows::default()
                .bytes(some.iter().map(|(id, _)| Some(identify::bytes(*id))))
                .int(some.iter().map(|(_, at)| Some(at.0)));
            written += self
                .writer
                .run(move |conn| {
                    Box::pin(async move {
                        let done: Vec<IdRow> = conn.many(SETTLE, &[ESTATE], &rows).await?;
                        Ok(u64::try_from(done.len()).unwrap_or(u64::MAX))
                    })
                })
                .await?;
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::assess::CONTRADICTS_FOR;

    #[test]
    fn every_statement_that_lets_a_sighting_contradict_goes_by_the_same_time() {
        for text in [
            include_str!("sql/settle_conflicts.sql"),
            include_str!("sql/upsert_clients.sql"),
            include_str!("sql/join_clients.sql"),
            include_str!("sql/rebuild_clients.sql"),
            include_str!("sql/rejudge_clients.sql"),
        ] {
            let written = format!("- {CONTRADICTS_FOR}\n");
            let until = format!("- {CONTRADICTS_FOR} THEN");
            assert!(text.contains(&written) || text.contains(&until), "{text}");
        }
    }
}
