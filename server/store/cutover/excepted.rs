//! Which exceptions are in force, as a run needs them: approved by somebody, not ended, not expired. Whether one still
//! fits its client is looked at beside the client.

use std::collections::HashMap;

use super::super::{
    ESTATE, db::Tx, error::Result, exceptions::in_sight, identify, model::ClientRow,
};
use crate::domain::{time::Timestamp, verdict::Standing};

const IN_FORCE: &str = concat!(
    "SELECT x.id, x.client_id, x.kind, x.reason, x.control, x.owner, x.expires_at, x.verdict, x.reasons, x.os_key, x.requested_by,
  COALESCE(x.decided_by, '') AS decided_by
FROM exceptions x JOIN clients c ON c.estate = x.estate AND c.id = x.client_id
WHERE x.estate = $1 AND x.decision = 'approved' AND x.ended_at IS NULL AND x.expires_at > $2 AND ",
    in_sight!()
);

/// An exception in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excepted {
    /// Our id of it.
    pub id: String,
    /// `mitigated`, `accepted_loss` or `grace`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// The compensating control.
    pub control: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when, in milliseconds.
    pub expires_at: i64,
    /// Who asked.
    pub requested_by: String,
    /// Who approved.
    pub decided_by: String,
    verdict: String,
    reasons: i64,
    os_key: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    client_id: Vec<u8>,
    kind: String,
    reason: String,
    control: String,
    owner: String,
    expires_at: i64,
    verdict: String,
    reasons: i64,
    os_key: String,
    requested_by: String,
    decided_by: String,
}

impl Excepted {
    /// Whether it still fits: the client is what it was when somebody asked.
    pub fn fits(&self, row: &ClientRow) -> bool {
        self.verdict == row.verdict.map_or("", Standing::code)
            && self.reasons == row.reasons
            && self.os_key == row.os_key
    }
}

/// All in force, by the id of their client.
pub(super) async fn in_force(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<HashMap<String, Vec<Excepted>>> {
    let mut found: HashMap<String, Vec<Excepted>> = HashMap::new();
    let rows: Vec<Stored> = tx.sql(IN_FORCE).bind(ESTATE).bind(now.0).all().await?;
    for row in rows {
        let Some(client) = identify::from_bytes(&row.client_id) else {
            continue;
        };
        found.entry(client.to_string()).or_default().push(Excepted {
            id: row.id,
            kind: row.kind,
            reason: row.reason,
            control: row.control,
            owner: row.owner,
            expires_at: row.expires_at,
            requested_by: row.requested_by,
            decided_by: row.decided_by,
            verdict: row.verdict,
            reasons: row.reasons,
            os_key: row.os_key,
        });
    }
    // Of several the same one answers each time.
    for several in found.values_mut() {
        several.sort_by(|a, b| (b.expires_at, &a.id).cmp(&(a.expires_at, &b.id)));
    }
    Ok(found)
}
