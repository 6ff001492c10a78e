//! Which tokens have spoken for a client, and since when: asked of those alone that a report turned ready.

use std::collections::HashMap;

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    rows::Rows,
};
use crate::domain::{suspicions, time::Timestamp};

/// When the server first had a word of each token about these clients. What a report says of its own time is not asked, and
/// what is set aside was never said. Of an echo both times are true, and which of them is the earlier one depends on what
/// reports say.
const WORDS: &str = "WITH v (client_id) AS ({rows}),
words AS (
  SELECT h.client_id, h.sent_token, h.received_at AS at
  FROM v CROSS JOIN history h WHERE h.estate = $1 AND h.client_id = v.client_id AND h.aside IS NULL
  UNION ALL
  SELECT e.client_id, e.sent_token,
    CASE WHEN e.first_received_at < e.received_at THEN e.first_received_at ELSE e.received_at END AS at
  FROM v CROSS JOIN echoes e WHERE e.estate = $1 AND e.client_id = v.client_id AND e.aside IS NULL
)
SELECT client_id, sent_token, CAST(MIN(at) AS BIGINT) AS first_at FROM words GROUP BY client_id, sent_token";

#[derive(sqlx::FromRow)]
struct Word {
    client_id: Vec<u8>,
    sent_token: String,
    first_at: i64,
}

/// Of reports that turned their clients ready, each with the id of its token: when that token spoke first for its client,
/// where it is a newcomer there. The reports are in the history already.
pub(super) async fn newcomers(
    conn: &mut Conn,
    turned: &[(usize, ClientId, &str)],
    now: Timestamp,
) -> Result<HashMap<usize, Timestamp>> {
    let turned: Vec<&(usize, ClientId, &str)> = turned
        .iter()
        .filter(|(.., token)| !token.is_empty())
        .collect();
    if turned.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::default().bytes(turned.iter().map(|(_, id, _)| Some(identify::bytes(*id))));
    let mut spoken: HashMap<Vec<u8>, Vec<(String, Timestamp)>> = HashMap::new();
    let words: Vec<Word> = conn.many(WORDS, &[ESTATE], &rows).await?;
    for word in words {
        let first = Timestamp(word.first_at);
        let tokens = spoken.entry(word.client_id).or_default();
        tokens.push((word.sent_token, first));
    }
    let newcomers = turned.into_iter().filter_map(|(index, id, token)| {
        let words = spoken.get(&id.as_bytes()[..])?;
        let earliest = |own: bool| {
            let words = words.iter().filter(|(by, _)| !by.is_empty());
            let words = words.filter(|(by, _)| (by == token) == own);
            words.map(|(_, first)| *first).min()
        };
        // Where nothing is kept of what it said, it says it now for the first time.
        let first = earliest(true).unwrap_or(now);
        Some((*index, suspicions::newcomer(first, earliest(false), now)?))
    });
    Ok(newcomers.collect())
}
