//! After new rules: every stored report is judged again in the background, oldest ruleset first.

use std::{sync::Arc, time::Duration};

use crate::{
    clock,
    domain::assess,
    ingest::Judge,
    store::{Store, identify::ClientId, rejudge::Rejudged},
};

/// Judges again whatever was judged by other rules or switches than this program's, until nothing is left.
pub async fn run(store: Store, judge: Judge) {
    let mut after = None;
    loop {
        match step(&store, &judge, after).await {
            Ok(None) => return,
            Ok(last) => after = last,
            Err(error) => {
                tracing::warn!(%error, "judging again was interrupted; trying again");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// One portion, in order of id. Answers the last client of it.
async fn step(
    store: &Store,
    judge: &Judge,
    after: Option<ClientId>,
) -> Result<Option<ClientId>, crate::store::Error> {
    let found = store.to_rejudge(&judge.ruleset, after, 500).await?;
    let last = found.last().map(|client| client.id);
    let mut judged = Vec::with_capacity(found.len());
    for client in found {
        // A report that can no longer be read says nothing, which keeps nobody ready.
        let joint = judge.judge_sources(&client.said);
        judged.push(Rejudged {
            id: client.id,
            seen_at: client.seen_at,
            verdict: joint.verdict.standing,
            impact: joint.verdict.impact,
            deciding: joint.verdict.deciding,
            reasons: assess::reason_mask(&joint.verdict),
            warnings: i64::from(joint.verdict.warnings),
            os_key: assess::os_identity(&joint.combined.facts.os).key,
        });
    }
    store
        .write_rejudged(judged, Arc::clone(&judge.ruleset), clock::now())
        .await?;
    Ok(last)
}
