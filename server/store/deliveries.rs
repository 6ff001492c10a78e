//! Messages for webhooks: written once with the position that they are made from, claimed, sent, and what became of them.

use super::{ESTATE, Store, error::Result};
use crate::domain::time::{DAY, SECOND, Timestamp};

/// A server that has claimed a message has so long to send it and to note what came of it.
pub const LEASE: i64 = 60 * SECOND;
/// How long what became of messages is kept.
pub const KEPT: i64 = 30 * DAY;
/// No more settled messages than this are kept.
pub const KEPT_AT_MOST: i64 = 10_000;

const ADVANCE: &str = "UPDATE webhooks SET position = $4, feeds_at = $6
WHERE estate = $1 AND id = $2 AND position = $3 AND feeds_at = $5 AND disabled_at IS NULL";
const ADD: &str = "INSERT INTO deliveries
  (estate, id, webhook, kind, things, body, made_at, state, attempts, next_at, claimed_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $7, 0)";
const CLAIM: &str = "UPDATE deliveries SET claimed_until = $4
WHERE estate = $1 AND state = 'waiting' AND claimed_until <= $3 AND id = (
  SELECT id FROM deliveries WHERE estate = $1 AND webhook = $2 AND state = 'waiting'
    AND next_at <= $3 AND claimed_until <= $3 ORDER BY next_at, made_at, id LIMIT 1)
RETURNING id, kind, body, attempts";
const DUE: &str = "SELECT DISTINCT d.webhook FROM deliveries d
JOIN webhooks w ON w.estate = d.estate AND w.id = d.webhook
WHERE d.estate = $1 AND d.state = 'waiting' AND d.next_at <= $2 AND d.claimed_until <= $2 AND w.disabled_at IS NULL";
const NOTE: &str =
    "UPDATE deliveries SET state = $4, attempts = attempts + 1, next_at = $5, claimed_until = 0,
  last_at = $6, status = $7, said = $8, body = CASE WHEN $4 = 'waiting' THEN body ELSE '' END
WHERE estate = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'";
const DISABLE: &str = "UPDATE webhooks SET disabled_at = $3, disabled_why = $4
WHERE estate = $1 AND id = $2 AND disabled_at IS NULL";
const GIVE_UP_THE_REST: &str =
    "UPDATE deliveries SET state = 'given_up', claimed_until = 0, body = '', said = $3
WHERE estate = $1 AND webhook = $2 AND state = 'waiting'";
const HOLD: &str = "UPDATE deliveries SET next_at = $3
WHERE estate = $1 AND webhook = $2 AND state = 'waiting' AND next_at < $3";
const LOG: &str = "SELECT d.id, w.name, w.origin, d.kind, d.things, d.state, d.attempts, d.made_at, d.next_at, d.last_at,
  d.status, d.said
FROM deliveries d JOIN webhooks w ON w.estate = d.estate AND w.id = d.webhook
WHERE d.estate = $1 AND ($2 = 0 OR (d.state <> 'delivered' AND d.attempts > 0) OR d.state = 'given_up')
ORDER BY d.made_at DESC, d.id DESC LIMIT $3";
const TIDY_OLD: &str =
    "DELETE FROM deliveries WHERE estate = $1 AND state <> 'waiting' AND made_at < $2";
const TIDY_MANY: &str = "DELETE FROM deliveries WHERE estate = $1 AND state <> 'waiting' AND made_at < (
  SELECT made_at FROM deliveries WHERE estate = $1 AND state <> 'waiting' ORDER BY made_at DESC, id DESC LIMIT 1 OFFSET $2)";

/// A message to be kept until it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its type.
    pub kind: &'static str,
    /// How many clients or feeds it is about.
    pub things: i64,
    /// What is sent.
    pub body: String,
}

/// How far a webhook had got, and how far it gets with the messages that are kept in the same breath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The webhook.
    pub webhook: String,
    /// From which entry of the change feed to which.
    pub position: (i64, i64),
    /// From which moment to which the feeds were looked at.
    pub feeds_at: (i64, i64),
}

/// A message that this server is to send now.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Claimed {
    /// Its id, the same at every attempt.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// What is sent.
    pub body: String,
    /// Attempts before this one.
    pub attempts: i64,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not; it is sent again then.
    Again(Timestamp),
    /// It was not, and is not sent any more.
    GivenUp,
    /// The target wants no messages any more: the webhook is taken out of use.
    Gone,
}

/// An attempt to send a message, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What became of the message.
    pub outcome: Outcome,
    /// What the target answered; empty: nothing.
    pub status: Option<i64>,
    /// Its words, or what went wrong.
    pub said: String,
    /// Until when the target asked to be left alone; its other messages wait, too.
    pub hold: Option<Timestamp>,
}

/// What the log says of a message.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Logged {
    /// Its id.
    pub id: String,
    /// The name of the webhook.
    pub name: String,
    /// Scheme, host and port of the target.
    pub origin: String,
    /// Its type.
    pub kind: String,
    /// How many clients or feeds it is about.
    pub things: i64,
    /// `waiting`, `delivered` or `given_up`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it was made.
    pub made_at: i64,
    /// When it is sent again, while it waits.
    pub next_at: i64,
    /// The last attempt.
    pub last_at: Option<i64>,
    /// What the target answered to it.
    pub status: Option<i64>,
    /// What went wrong, or the beginning of the answer.
    pub said: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Due {
    webhook: String,
}

impl Store {
    /// Keeps messages and moves the webhook's position, both or none. `false`: another server was first, or the webhook
    /// has gone.
    pub async fn keep_messages(
        &self,
        advance: Advance,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let moved = conn
                        .sql(ADVANCE)
                        .bind(ESTATE)
                        .bind(advance.webhook.clone())
                        .bind(advance.position.0)
                        .bind(advance.position.1)
                        .bind(advance.feeds_at.0)
                        .bind(advance.feeds_at.1)
                        .execute()
                        .await?;
                    if moved == 0 {
                        return Ok(false);
                    }
                    for message in messages {
                        // In order of time, so that messages made together are sent in their order.
                        let id = format!("msg_{}", uuid::Uuid::now_v7().simple());
                        conn.sql(ADD)
                            .bind(ESTATE)
                            .bind(id)
                            .bind(advance.webhook.clone())
                            .bind(message.kind)
                            .bind(message.things)
                            .bind(message.body)
                            .bind(now.0)
                            .execute()
                            .await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// The webhooks in use for which a message is due.
    pub async fn due_webhooks(&self, now: Timestamp) -> Result<Vec<String>> {
        let due: Vec<Due> = self
            .db
            .read()
            .await?
            .sql(DUE)
            .bind(ESTATE)
            .bind(now.0)
            .all()
            .await?;
        Ok(due.into_iter().map(|due| due.webhook).collect())
    }

    /// Claims the message of a webhook that has been due longest; no other server sends it for [`LEASE`].
    pub async fn claim_delivery(&self, webhook: String, now: Timestamp) -> Result<Option<Claimed>> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(CLAIM)
                        .bind(ESTATE)
                        .bind(webhook)
                        .bind(now.0)
                        .bind(now.plus(LEASE).0)
                        .optional()
                        .await
                })
            })
            .await
    }

    /// Notes what became of an attempt.
    pub async fn note_delivery(
        &self,
        webhook: String,
        claimed: Claimed,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<()> {
        let Attempt {
            outcome,
            status,
            said,
            hold,
        } = attempt;
        let (state, next) = match outcome {
            Outcome::Delivered => ("delivered", now),
            Outcome::Again(at) => ("waiting", at),
            Outcome::GivenUp | Outcome::Gone => ("given_up", now),
        };
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(NOTE)
                        .bind(ESTATE)
                        .bind(claimed.id)
                        .bind(claimed.attempts)
                        .bind(state)
                        .bind(next.0)
                        .bind(now.0)
                        .bind(status)
                        .bind(said.clone())
                        .execute()
                        .await?;
                    if let Some(until) = hold {
                        conn.sql(HOLD)
                            .bind(ESTATE)
                            .bind(webhook.clone())
                            .bind(until.0)
                            .execute()
                            .await?;
                    }
                    if outcome == Outcome::Gone {
                        conn.sql(DISABLE)
                            .bind(ESTATE)
                            .bind(webhook.clone())
                            .bind(now.0)
                            .bind(said)
                            .execute()
                            .await?;
                        conn.sql(GIVE_UP_THE_REST)
                            .bind(ESTATE)
                            .bind(webhook)
                            .bind("not sent: the target wants no messages any more (410 Gone)")
                            .execute()
                            .await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The newest messages and what became of them, newest first; with `failed` only those that failed at least once and
    /// were not taken since.
    pub async fn delivery_log(&self, failed: bool, most: i64) -> Result<Vec<Logged>> {
        self.db
            .read()
            .await?
            .sql(LOG)
            .bind(ESTATE)
            .bind(i64::from(failed))
            .bind(most)
            .all()
            .await
    }

    /// Lets go of what is known of settled messages after [`KEPT`], and of all beyond [`KEPT_AT_MOST`].
    pub async fn tidy_deliveries(&self, now: Timestamp) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(TIDY_OLD)
                        .bind(ESTATE)
                        .bind(now.plus(-KEPT).0)
                        .execute()
                        .await?;
                    conn.sql(TIDY_MANY)
                        .bind(ESTATE)
                        .bind(KEPT_AT_MOST)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }
}
