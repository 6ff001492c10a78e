//! Runs that were kept: what a what-if said at a moment.

use super::super::{ESTATE, Store, audit, error::Result};
use crate::domain::audit::Entry;

/// Runs of a scope that are kept; the oldest go.
const KEPT: i64 = 50;

const ADD: &str =
    "INSERT INTO scope_runs (estate, id, scope, made_by, made_at, input_hash, summary, body, moved)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const TIDY: &str = "DELETE FROM scope_runs WHERE estate = $1 AND scope = $2 AND id NOT IN
  (SELECT id FROM scope_runs WHERE estate = $1 AND scope = $2 ORDER BY id DESC LIMIT $3)";
const OF_SCOPE: &str =
    "SELECT id, scope, made_by, made_at, input_hash, summary, moved FROM scope_runs
WHERE estate = $1 AND scope = $2 ORDER BY id DESC LIMIT 10";
const ONE: &str = "SELECT id, scope, made_by, made_at, input_hash, summary, moved FROM scope_runs
WHERE estate = $1 AND scope = $2 AND id = $3";
const BODY: &str = "SELECT body FROM scope_runs WHERE estate = $1 AND scope = $2 AND id = $3";
const BEGINNING: &str = "SELECT substr(body, 1, CAST($4 AS INTEGER)) FROM scope_runs
WHERE estate = $1 AND scope = $2 AND id = $3";

/// A run, without the names.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptRun {
    /// Our id; later ones are greater.
    pub id: String,
    /// Of which scope.
    pub scope: String,
    /// By whom.
    pub made_by: String,
    /// When, in milliseconds.
    pub made_at: i64,
    /// Hash of everything that went in.
    pub input_hash: String,
    /// The sums, as JSON.
    pub summary: String,
    /// What moved since the run before, as JSON; empty: there was none.
    pub moved: String,
}

impl Store {
    /// Keeps a run with its names.
    pub async fn add_run(&self, run: KeptRun, body: Vec<u8>, entry: Entry) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let scope = run.scope.clone();
                    conn.sql(ADD)
                        .bind(ESTATE)
                        .bind(run.id)
                        .bind(run.scope)
                        .bind(run.made_by)
                        .bind(run.made_at)
                        .bind(run.input_hash)
                        .bind(run.summary)
                        .bind(body)
                        .bind(run.moved)
                        .execute()
                        .await?;
                    conn.sql(TIDY)
                        .bind(ESTATE)
                        .bind(scope)
                        .bind(KEPT)
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// The newest runs of a scope, newest first.
    pub async fn runs(&self, scope: &str) -> Result<Vec<KeptRun>> {
        let mut tx = self.db.read().await?;
        tx.sql(OF_SCOPE)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .all()
            .await
    }

    /// One run.
    pub async fn run(&self, scope: &str, id: &str) -> Result<Option<KeptRun>> {
        let mut tx = self.db.read().await?;
        tx.sql(ONE)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .bind(id.to_owned())
            .optional()
            .await
    }

    /// The names of a run: lines of JSON, compressed.
    pub async fn run_body(&self, scope: &str, id: &str) -> Result<Vec<u8>> {
        let mut tx = self.db.read().await?;
        tx.sql(BODY)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .bind(id.to_owned())
            .scalar()
            .await
    }

    /// The first bytes of the same, `most` of them.
    pub async fn run_body_beginning(&self, scope: &str, id: &str, most: i64) -> Result<Vec<u8>> {
        let mut tx = self.db.read().await?;
        tx.sql(BEGINNING)
            .bind(ESTATE)
            .bind(scope.to_owned())
            .bind(id.to_owned())
            .bind(most)
            .scalar()
            .await
    }
}
