//! After new rules: every stored report is judged again in the background, oldest ruleset first.

use std::{sync::Arc, time::Duration};

use crate::{
    clock,
    domain::time::Timestamp,
    ingest::Judge,
    store::{
        Store,
        identify::ClientId,
        rejudge::{Rejudged, ToRejudge},
    },
};

/// One portion of clients that were judged again.
struct Portion {
    /// The last of them; `None`: there was none.
    last: Option<ClientId>,
    /// Some changed meanwhile and have to be judged once more.
    unfinished: bool,
}

/// Judges again whatever was judged by other rules or switches than this program's, until nothing is left.
pub async fn run(store: Store, judge: Judge) {
    let mut after = None;
    let mut unfinished = false;
    loop {
        match step(&store, &judge, after).await {
            Ok(Portion { last: None, .. }) if !unfinished => return,
            Ok(Portion { last: None, .. }) => {
                unfinished = false;
                after = None;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(portion) => {
                after = portion.last;
                unfinished |= portion.unfinished;
            }
            Err(error) => {
                tracing::warn!(%error, "judging again was interrupted; trying again");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// One portion, in order of id.
async fn step(
    store: &Store,
    judge: &Judge,
    after: Option<ClientId>,
) -> Result<Portion, crate::store::Error> {
    let found = store.to_rejudge(&judge.ruleset, after, 500).await?;
    let (last, all) = (found.last().map(|client| client.id), found.len());
    let now = clock::now();
    let judged = judged(judge, found, now);
    let written = store
        .write_rejudged(judged, Arc::clone(&judge.ruleset), now)
        .await?;
    Ok(Portion {
        last,
        unfinished: written < all,
    })
}

/// What the rules now say of clients. A report that can no longer be read says nothing, which keeps nobody ready.
pub fn judged(judge: &Judge, found: Vec<ToRejudge>, now: Timestamp) -> Vec<Rejudged> {
    found
        .into_iter()
        .map(|client| {
            let jointly = judge.jointly(&client.said, now);
            let oldest_at = jointly.oldest(&client.said);
            Rejudged {
                oldest_at,
                stale_at: oldest_at.plus(judge.freshness_ms),
                jointly,
                client,
            }
        })
        .collect()
}
