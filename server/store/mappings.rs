//! What the columns of somebody's tables mean, kept under a name.

use super::{ESTATE, Store, audit, error::Result};
use crate::domain::{audit::Author, time::Timestamp};

const SAVE: &str = "INSERT INTO mappings (estate, name, mapping, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (estate, name) DO UPDATE SET mapping = excluded.mapping, changed_at = excluded.changed_at,
  changed_by = excluded.changed_by";
const NAMES: &str = "SELECT name FROM mappings WHERE estate = $1 ORDER BY name LIMIT 500";
const FIND: &str = "SELECT mapping AS name FROM mappings WHERE estate = $1 AND name = $2";

#[derive(sqlx::FromRow)]
struct Text {
    name: String,
}

impl Store {
    /// Keeps a mapping (JSON) under a name, in place of an earlier one.
    pub async fn save_mapping(
        &self,
        name: String,
        mapping: String,
        by: String,
        author: Author,
        now: Timestamp,
    ) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let old: Option<Text> = conn
                        .sql(FIND)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .optional()
                        .await?;
                    let entry = author
                        .entry(now, "mapping.save", name.clone())
                        .change(old.map(|old| old.name), Some(mapping.clone()));
                    conn.sql(SAVE)
                        .bind(ESTATE)
                        .bind(name)
                        .bind(mapping)
                        .bind(now.0)
                        .bind(by)
                        .execute()
                        .await?;
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// The names of what is kept.
    pub async fn mapping_names(&self) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Text> = tx.sql(NAMES).bind(ESTATE).all().await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// A mapping (JSON) by its name.
    pub async fn mapping(&self, name: &str) -> Result<Option<String>> {
        let row: Option<Text> = self
            .db
            .read()
            .await?
            .sql(FIND)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(row.map(|row| row.name))
    }
}
