//! Sends what is due, and notes what became of it.

use super::target::{Courier, Said};
use crate::{
    clock,
    domain::{
        time::Timestamp,
        webhooks::{MOST_PATIENCE, next_attempt},
    },
    store::{
        Result, Store,
        deliveries::{Attempt, Claimed, Outcome},
    },
};

/// So many messages go to one target before others of the server's chores are looked at.
const AT_ONCE: usize = 200;

/// Sends the messages of one webhook, oldest first, until none is due or one is not taken: a target in trouble is left
/// alone for a moment. Answers the webhook.
pub(super) async fn while_it_goes_well(store: Store, courier: Courier, webhook: String) -> String {
    for _ in 0..AT_ONCE {
        match deliver_one(&store, &courier, &webhook, clock::now(), |_| clock::now()).await {
            Ok(Some(Outcome::Delivered)) => {}
            Ok(_) => break,
            Err(error) => {
                // Sent or not, it is sent again once its lease is over: at least once, and never less.
                tracing::warn!(%error, webhook, "what became of a message could not be noted; it is sent again");
                break;
            }
        }
    }
    webhook
}

/// Sends everything that is due at `now`, each message once. Answers how many were sent.
pub async fn deliver_due(store: &Store, courier: &Courier, now: Timestamp) -> Result<usize> {
    let mut sent = 0;
    for webhook in store.due_webhooks(now).await? {
        while deliver_one(store, courier, &webhook, now, |now| now)
            .await?
            .is_some()
        {
            sent += 1;
        }
    }
    Ok(sent)
}

async fn deliver_one(
    store: &Store,
    courier: &Courier,
    webhook: &str,
    now: Timestamp,
    ended: fn(Timestamp) -> Timestamp,
) -> Result<Option<Outcome>> {
    let Some((claimed, said)) = send_one(store, courier, webhook, now).await? else {
        return Ok(None);
    };
    // The wait for the next attempt begins when this one has ended.
    noted(store, webhook, claimed, said, ended(now))
        .await
        .map(Some)
}

/// Claims a message of a webhook and sends it; nothing is noted yet. `None`: none is due, or the webhook is not in use.
pub async fn send_one(
    store: &Store,
    courier: &Courier,
    webhook: &str,
    now: Timestamp,
) -> Result<Option<(Claimed, Said)>> {
    let Some(signing) = store.webhook_signing(webhook, now).await? else {
        return Ok(None);
    };
    if signing.disabled {
        return Ok(None);
    }
    let Some(claimed) = store.claim_delivery(webhook.to_owned(), now).await? else {
        return Ok(None);
    };
    let said = courier
        .send(&signing, &claimed.id, &claimed.body, now)
        .await;
    Ok(Some((claimed, said)))
}

/// Notes what a target said to a message.
pub async fn noted(
    store: &Store,
    webhook: &str,
    claimed: Claimed,
    said: Said,
    now: Timestamp,
) -> Result<Outcome> {
    let attempts = claimed.attempts.saturating_add(1);
    let (id, kind) = (claimed.id.clone(), claimed.kind.clone());
    let (outcome, word) = if said.taken() {
        (Outcome::Delivered, "delivered")
    } else if said.gone() {
        (Outcome::Gone, "given_up")
    } else {
        match next_attempt(attempts, now, said.patience, rand::random()) {
            Some(at) => (Outcome::Again(at), "failed"),
            None => (Outcome::GivenUp, "given_up"),
        }
    };
    let status = said.status.map(i64::from);
    let words = said.words.clone();
    let attempt = Attempt {
        outcome: outcome.clone(),
        status,
        said: said.words,
        hold: said
            .patience
            .map(|patience| now.plus(patience.clamp(0, MOST_PATIENCE))),
    };
    store
        .note_delivery(webhook.to_owned(), claimed, attempt, now)
        .await?;
    metrics::counter!("cutover_webhook_attempts_total", "outcome" => word).increment(1);
    match &outcome {
        Outcome::Delivered => {
            tracing::debug!(webhook, id, kind, attempts, "a webhook took a message");
        }
        Outcome::Again(at) => {
            tracing::warn!(
                webhook, id, kind, attempts, status, %at, said = words,
                "a webhook did not take a message; it is sent again"
            );
        }
        Outcome::GivenUp => {
            tracing::error!(
                webhook,
                id,
                kind,
                attempts,
                status,
                said = words,
                "a webhook took a message at no attempt; it is given up. `cutover webhook deliveries --failed` lists such messages"
            );
        }
        Outcome::Gone => {
            tracing::error!(
                webhook,
                id,
                kind,
                said = words,
                "a webhook's target says that it is gone (410); nothing is sent to it any more. Make a new webhook if it is to be told again"
            );
        }
    }
    Ok(outcome)
}
