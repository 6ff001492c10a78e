//! Looking after decisions to switch off without anybody asking: a decision that does not hold any more says so by itself.

use serde_json::Value;

use super::since::{self, Meaning};
use crate::{
    clock,
    domain::{access::Sites, cutover::lately::Lately, time::Timestamp},
    ingest::Judge,
    store::{Error, Result, Store, cutover::decisions::Decision},
};

/// Holds each decision to switch off that is the newest of its scope against its clients, where that is due: `pause` after it was
/// done last, in milliseconds, and twenty times as long after it as it took at least. Answers how many were.
///
/// # Errors
/// The store failed. What is wrong with one decision is logged and keeps no other from being looked at.
pub async fn look_after(
    store: &Store,
    judge: &Judge,
    meaning: Meaning,
    pause: i64,
) -> Result<usize> {
    let mut looked = 0;
    for number in store.decisions_to_watch().await? {
        let begun = clock::now();
        // Another server may be looking.
        if !store.begin_to_watch(number, pause, begun).await? {
            continue;
        }
        let Some(decision) = store.decision(number).await? else {
            continue;
        };
        match look(store, judge, &decision, meaning, begun).await {
            Ok(found) => {
                let text = found.map(|found| found.json().to_string());
                let took = clock::now().since(begun);
                store.end_watching(number, begun, took, text).await?;
                looked += 1;
            }
            Err(error) => {
                tracing::warn!(%error, number, "a decision could not be held against its clients; trying again later");
            }
        }
    }
    Ok(looked)
}

/// The same of one decision that is looked after, now, however lately it was done: somebody is about to rely on it.
///
/// # Errors
/// The store failed, or the record cannot be read.
pub async fn look_now(
    store: &Store,
    judge: &Judge,
    decision: &Decision,
    meaning: Meaning,
) -> Result<()> {
    let begun = clock::now();
    // Another server may be looking, perhaps for long: what is found here is of now.
    store.begin_to_watch(decision.number, 0, begun).await?;
    let found = look(store, judge, decision, meaning, begun).await?;
    let text = found.map(|found| found.json().to_string());
    let took = clock::now().since(begun);
    store.end_watching(decision.number, begun, took, text).await
}

/// `None`: the scope is not there any more.
async fn look(
    store: &Store,
    judge: &Judge,
    decision: &Decision,
    meaning: Meaning,
    now: Timestamp,
) -> Result<Option<Lately>> {
    let head: Value =
        serde_json::from_str(&decision.head).map_err(|error| Error::Inconsistent {
            table: "decisions",
            detail: format!("the head of decision {}: {error}", decision.number),
        })?;
    let everywhere = Sites::all();
    let compared = since::compared(store, judge, decision, &head, &everywhere, meaning, now);
    let Some(compared) = compared.await? else {
        return Ok(None);
    };
    let after = since::heard(store, decision, &head, now).await?;
    let was = head["recommendation"]["go"].as_bool().unwrap_or(false);
    Ok(Some(Lately::of(
        &compared.difference,
        was,
        compared.recommended,
        &after,
    )))
}
