//! What storing the rows of an upload would do, told from what is known, without changing anything.
//!
//! It follows what the writer does (`group`, `joining`, `keeping`) as far as that can be told without judging: where a
//! client has several sources, only the writer knows whether an older reading still has something to say.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    known::{Known, State},
    rows::Rows,
    upload_model::RowOutcome,
    upload_whom::Whom,
};
use crate::domain::{
    evidence::{Coverage, Trust},
    identity::ClientIds,
    time::Timestamp,
};

const AMONG_SOURCES: &str = include_str!("sql/said_by_a_source.sql");
const IN_HISTORY: &str = include_str!("sql/said_before.sql");

/// What a row says, as far as the forecast needs it.
#[derive(Clone, Debug)]
pub struct Saying {
    /// Whom it is about.
    pub ids: ClientIds,
    /// Hash of what it says.
    pub content_hash: [u8; 16],
    /// When that was seen.
    pub seen_at: Timestamp,
    /// Which facts it speaks of.
    pub coverage: Coverage,
}

/// What the rows before have said, by client.
pub(super) type Met = HashMap<ClientId, [u8; 16]>;

#[derive(sqlx::FromRow)]
struct Number {
    n: i64,
}

/// Where to look for a reading that may have been heard before.
enum Look {
    /// Nowhere: it is plain.
    Plain(RowOutcome),
    /// Among the sources of its client.
    Sources,
    /// In the history of its client.
    History,
}

/// What storing these rows would do, in their order; for rows about nobody in particular the answer means nothing.
pub(super) async fn forecast(
    conn: &mut Conn,
    known: &Known,
    met: &mut Met,
    rows: &[(&Saying, &Whom)],
    trust: Trust,
) -> Result<Vec<RowOutcome>> {
    let looks: Vec<Look> = rows
        .iter()
        .map(|(saying, whom)| look(known, met, saying, whom, trust))
        .collect();
    let (mut sources, mut history) = (Vec::new(), Vec::new());
    for (n, (look, (saying, whom))) in (0_i64..).zip(looks.iter().zip(rows)) {
        if let Whom::Known(id, _) = whom {
            match look {
                Look::Plain(_) => {}
                Look::Sources => sources.push((n, *id, *saying)),
                Look::History => history.push((n, *id, *saying)),
            }
        }
    }
    let columns = |asked: &[(i64, ClientId, &Saying)]| {
        Rows::default()
            .int(asked.iter().map(|(n, ..)| Some(*n)))
            .bytes(asked.iter().map(|(_, id, _)| Some(identify::bytes(*id))))
            .bytes(
                asked
                    .iter()
                    .map(|(.., said)| Some(said.content_hash.to_vec())),
            )
    };
    let among = columns(&sources).int(sources.iter().map(|_| Some(trust.level())));
    let before = columns(&history).int(history.iter().map(|(.., said)| Some(said.seen_at.0)));
    let mut said: HashSet<i64> = HashSet::new();
    let found: Vec<Number> = conn.many(AMONG_SOURCES, &[ESTATE], &among).await?;
    said.extend(found.into_iter().map(|row| row.n));
    let found: Vec<Number> = conn.many(IN_HISTORY, &[ESTATE], &before).await?;
    said.extend(found.into_iter().map(|row| row.n));
    Ok((0_i64..)
        .zip(looks)
        .map(|(n, look)| match look {
            Look::Plain(outcome) => outcome,
            Look::Sources | Look::History if said.contains(&n) => RowOutcome::Unchanged,
            Look::Sources => RowOutcome::Changed,
            Look::History => RowOutcome::Late,
        })
        .collect())
}

fn look(known: &Known, met: &mut Met, saying: &Saying, whom: &Whom, trust: Trust) -> Look {
    let (Whom::Known(id, _) | Whom::New(id)) = whom else {
        return Look::Plain(RowOutcome::New);
    };
    // A row above has spoken of this client.
    if let Some(before) = met.insert(*id, saying.content_hash) {
        return Look::Plain(if before == saying.content_hash {
            RowOutcome::Unchanged
        } else {
            RowOutcome::Changed
        });
    }
    match known.state.get(id) {
        None => Look::Plain(RowOutcome::New),
        Some(state) => beside(state, saying, trust),
    }
}

/// A reading beside what is known of its client.
fn beside(state: &State, saying: &Saying, trust: Trust) -> Look {
    let (Some(seen_at), Some(hash)) = (state.seen_at, &state.content_hash) else {
        // Known from a list only.
        return Look::Plain(RowOutcome::Changed);
    };
    if state.sources != 1 {
        return Look::Sources;
    }
    // Whoever says it, it is known.
    if saying.content_hash[..] == hash[..] {
        return Look::Plain(RowOutcome::Unchanged);
    }
    let is_newer = (saying.seen_at.0, &saying.content_hash[..]) > (seen_at, &hash[..]);
    if !is_newer && state.trust >= trust && state.coverage.supersedes(saying.coverage) {
        Look::History
    } else {
        Look::Plain(RowOutcome::Changed)
    }
}
