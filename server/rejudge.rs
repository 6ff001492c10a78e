//! After new rules: every stored report is judged again in the background, oldest ruleset first.

use std::{sync::Arc, time::Duration};

use crate::{
    clock,
    domain::assess,
    ingest::Judge,
    store::{Store, identify::ClientId, rejudge::Rejudged},
    wire::report_v1,
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
        // A report that can no longer be read keeps nobody ready: it counts as one that cannot be judged.
        let verdict = report_v1::parse(&client.raw)
            .map(|report| {
                let verdict = assess::assess(&report.facts, &judge.policy);
                (verdict, assess::os_identity(&report.facts.os).key)
            })
            .ok();
        judged.push(Rejudged {
            id: client.id,
            seen_at: client.seen_at,
            verdict: verdict.as_ref().map_or(
                crate::domain::verdict::Standing::Undetermined,
                |(verdict, _)| verdict.standing,
            ),
            impact: verdict.as_ref().and_then(|(verdict, _)| verdict.impact),
            deciding: verdict.as_ref().and_then(|(verdict, _)| verdict.deciding),
            reasons: verdict
                .as_ref()
                .map_or(0, |(verdict, _)| assess::reason_mask(verdict)),
            warnings: verdict
                .as_ref()
                .map_or(0, |(verdict, _)| i64::from(verdict.warnings)),
            os_key: verdict.map_or(client.os_key, |(_, key)| key),
        });
    }
    store
        .write_rejudged(judged, Arc::clone(&judge.ruleset), clock::now())
        .await?;
    Ok(last)
}
