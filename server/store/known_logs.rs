//! Which systems have a log already, so that nobody counts it twice.

use super::{ESTATE, Store, error::Result};

const SYSTEMS: &str = "SELECT system FROM observed_files
WHERE estate = $1 AND sha256 = $2 AND system <> '' AND portions > 0 ORDER BY system";

#[derive(sqlx::FromRow)]
struct Row {
    system: String,
}

impl Store {
    /// The systems as whose log a file was taken, or a part of it.
    pub async fn systems_with_log(&self, sha256: Vec<u8>) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Row> = tx.sql(SYSTEMS).bind(ESTATE).bind(sha256).all().await?;
        Ok(rows.into_iter().map(|row| row.system).collect())
    }
}
