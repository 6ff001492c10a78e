//! What blocking and undetermined clients need, counted by reason mask: what the fix plan is made from.

use super::{
    Store,
    db::Composed,
    error::{Error, Result},
    model::{Filter, Signatures},
    narrowing::Growing,
};
use crate::domain::{plan::Signature, time::Timestamp, verdict::Standing};

#[derive(sqlx::FromRow)]
struct Row {
    place: String,
    standing: String,
    detail: String,
    n: i64,
}

impl Store {
    /// Counted clients that block or cannot be judged, by OS version and reasons; of `filter`, only OS and site narrow.
    pub async fn signatures(&self, filter: &Filter, now: Timestamp) -> Result<Signatures> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let mut text = Composed::default();
        text.push(
            "SELECT os_key AS place, standing, detail, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = ? AND kind = 'signature' AND standing IN ('blocking', 'undetermined')
  AND listing NOT IN ('obsolete', 'decommissioned')",
        );
        let mut growing = Growing::new(text);
        growing.place(filter);
        growing.grouped(
            " GROUP BY os_key, standing, detail HAVING SUM(n) <> 0 ORDER BY os_key, standing, detail",
        );
        let rows: Vec<Row> = growing.statement(&mut tx).all().await?;
        let mut signatures = Signatures::default();
        for row in rows {
            let inconsistent = |what: &str| Error::Inconsistent {
                table: "counts",
                detail: format!("the {what} of a signature"),
            };
            let signature = Signature {
                os_key: row.place,
                reasons: row.detail.parse().map_err(|_| inconsistent("mask"))?,
                clients: row.n,
            };
            match Standing::from_code(&row.standing) {
                Some(Standing::Blocking) => signatures.blocking.push(signature),
                Some(Standing::Undetermined) => signatures.undetermined.push(signature),
                _ => return Err(inconsistent("standing")),
            }
        }
        Ok(signatures)
    }
}
