//! Programs that are told what happens: where, of what, and with which secret their messages are signed.

use std::fmt;

use super::{ESTATE, Store, audit, cursor::FeedMark, error::Result};
use crate::domain::{
    audit::Author,
    time::{DAY, Timestamp},
    webhooks::Event,
};

/// More webhooks than this are not kept: each looks at every change.
pub const MOST: i64 = 50;

/// How long messages are signed with the secret before a rotation, too.
pub const ROTATION: i64 = DAY;

const ADD: &str = "INSERT INTO webhooks
  (estate, id, name, url, origin, events, secret, position, feeds_at, created_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
WHERE NOT EXISTS (SELECT 1 FROM webhooks WHERE estate = $1 AND (name = $3 OR id = $3))
  AND (SELECT COUNT(*) FROM webhooks WHERE estate = $1) < $10";
const REMOVE: &str = "DELETE FROM webhooks WHERE estate = $1 AND (name = $2 OR id = $2) RETURNING name, origin, events";
const REMOVE_LOG: &str = "DELETE FROM deliveries WHERE estate = $1
  AND webhook IN (SELECT id FROM webhooks WHERE estate = $1 AND (name = $2 OR id = $2))";
const ROTATE: &str = "UPDATE webhooks SET old_secret = secret, old_until = $4, secret = $3
WHERE estate = $1 AND (name = $2 OR id = $2) RETURNING name, origin, events";
const ALL: &str = "SELECT w.id, w.name, w.url, w.origin, w.events, w.position, w.feeds_at, w.created_at,
  w.disabled_at, w.disabled_why,
  (SELECT COUNT(*) FROM deliveries d WHERE d.estate = w.estate AND d.webhook = w.id AND d.state = 'waiting') AS waiting,
  (SELECT COUNT(*) FROM deliveries d WHERE d.estate = w.estate AND d.webhook = w.id AND d.state = 'waiting'
     AND d.attempts > 0) AS failing,
  (SELECT COUNT(*) FROM deliveries d WHERE d.estate = w.estate AND d.webhook = w.id AND d.state = 'given_up') AS given_up,
  (SELECT MAX(d.last_at) FROM deliveries d WHERE d.estate = w.estate AND d.webhook = w.id AND d.state = 'delivered')
     AS delivered_at
FROM webhooks w WHERE w.estate = $1 ORDER BY w.name, w.id";
const AT_WORK: &str = "SELECT w.id, w.events, w.position, w.feeds_at, w.created_at,
  (SELECT COUNT(*) FROM deliveries d WHERE d.estate = w.estate AND d.webhook = w.id AND d.state = 'waiting') AS waiting
FROM webhooks w WHERE w.estate = $1 AND w.disabled_at IS NULL ORDER BY w.id";
const SIGNING: &str = "SELECT url, secret, old_secret, old_until, disabled_at FROM webhooks WHERE estate = $1 AND (name = $2 OR id = $2)";

const CURSOR: &str =
    "SELECT f.feed, (SELECT c.at FROM changes c WHERE c.estate = $1 AND c.seq = $2) AS at
FROM change_feeds f WHERE f.estate = $1";

/// What messages are signed with. It is never shown but once, and never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one, by chance.
    pub fn new() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(bytes.to_vec())
    }

    /// One with these bytes.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A webhook as people see it, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Webhook {
    /// Our id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Where its messages go.
    pub url: String,
    /// The scheme, host and port of that.
    pub origin: String,
    /// What it is told of: codes with commas between.
    pub events: String,
    /// The last entry of the change feed that was looked at.
    pub position: i64,
    /// The moment for which the feeds were looked at last.
    pub feeds_at: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it was taken out of use.
    pub disabled_at: Option<i64>,
    /// Why.
    pub disabled_why: Option<String>,
    /// Messages that wait to be sent.
    pub waiting: i64,
    /// Of these: how many failed at least once.
    pub failing: i64,
    /// Messages that were given up, as far as the log goes back.
    pub given_up: i64,
    /// When it last took a message.
    pub delivered_at: Option<i64>,
}

impl Webhook {
    /// What it is told of.
    pub fn events(&self) -> Vec<Event> {
        events(&self.events)
    }
}

/// How far a webhook in use has got.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AtWork {
    /// Our id of it.
    pub id: String,
    /// What it is told of: codes with commas between.
    pub events: String,
    /// The last entry of the change feed that was looked at.
    pub position: i64,
    /// The moment for which the feeds were looked at last.
    pub feeds_at: i64,
    /// When it was made.
    pub created_at: i64,
    /// Messages that wait to be sent.
    pub waiting: i64,
}

impl AtWork {
    /// What it is told of.
    pub fn events(&self) -> Vec<Event> {
        events(&self.events)
    }
}

fn events(codes: &str) -> Vec<Event> {
    codes.split(',').filter_map(Event::from_code).collect()
}

/// Where a message goes and what signs it.
#[derive(Clone, Debug)]
pub struct Signing {
    /// Where.
    pub url: String,
    /// The secret, and for a while after a rotation the one before it, too.
    pub secrets: Vec<Secret>,
    /// It was taken out of use.
    pub disabled: bool,
}

#[derive(sqlx::FromRow)]
struct SigningRow {
    url: String,
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
    old_until: Option<i64>,
    disabled_at: Option<i64>,
}

/// What the audit log says of a webhook.
#[derive(sqlx::FromRow)]
struct Told {
    name: String,
    origin: String,
    events: String,
}

impl Told {
    fn words(&self) -> String {
        format!("{}; {}", self.origin, self.events)
    }
}

#[derive(sqlx::FromRow)]
struct Place {
    feed: Vec<u8>,
    at: Option<i64>,
}

impl Store {
    /// Makes a webhook that is told what comes from now on. `None`: the name is taken, or there are [`MOST`] already.
    pub async fn add_webhook(
        &self,
        name: String,
        (url, origin): (String, String),
        events: &[Event],
        secret: Secret,
        author: Author,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let events = Event::codes(events);
        let position = self.newest_change().await?;
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    // The rest of its address can be a secret.
                    let entry = author
                        .entry(now, "webhook.add", name.clone())
                        .change(None, Some(format!("{origin}; {events}")));
                    let added = conn
                        .sql(ADD)
                        .bind(ESTATE)
                        .bind(id.clone())
                        .bind(name)
                        .bind(url)
                        .bind(origin)
                        .bind(events)
                        .bind(secret.0)
                        .bind(position)
                        .bind(now.0)
                        .bind(MOST)
                        .execute()
                        .await?;
                    if added == 0 {
                        return Ok(None);
                    }
                    audit::note(conn, &entry).await?;
                    Ok(Some(id))
                })
            })
            .await
    }

    /// Forgets a webhook, its secret, its messages and its log, by name or id; `false` when there was none.
    pub async fn remove_webhook(
        &self,
        key: String,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(REMOVE_LOG)
                        .bind(ESTATE)
                        .bind(key.clone())
                        .execute()
                        .await?;
                    let removed: Vec<Told> = conn.sql(REMOVE).bind(ESTATE).bind(key).all().await?;
                    for told in &removed {
                        let entry = author
                            .clone()
                            .entry(now, "webhook.remove", told.name.clone())
                            .change(Some(told.words()), None);
                        audit::note(conn, &entry).await?;
                    }
                    Ok(!removed.is_empty())
                })
            })
            .await
    }

    /// Gives a webhook another secret; the old one signs too for [`ROTATION`]. `false` when there is none of that name.
    pub async fn rotate_webhook(
        &self,
        key: String,
        secret: Secret,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let rotated: Vec<Told> = conn
                        .sql(ROTATE)
                        .bind(ESTATE)
                        .bind(key)
                        .bind(secret.0)
                        .bind(now.plus(ROTATION).0)
                        .all()
                        .await?;
                    for told in &rotated {
                        let entry = author
                            .clone()
                            .entry(now, "webhook.rotate", told.name.clone());
                        audit::note(conn, &entry).await?;
                    }
                    Ok(!rotated.is_empty())
                })
            })
            .await
    }

    /// Every webhook, by name.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>> {
        self.db.read().await?.sql(ALL).bind(ESTATE).all().await
    }

    /// The webhooks in use, and how far they have got.
    pub async fn webhooks_at_work(&self) -> Result<Vec<AtWork>> {
        self.db.read().await?.sql(AT_WORK).bind(ESTATE).all().await
    }

    /// Where the messages of a webhook go and what signs them, by name or id.
    pub async fn webhook_signing(&self, key: &str, now: Timestamp) -> Result<Option<Signing>> {
        let row: Option<SigningRow> = self
            .db
            .read()
            .await?
            .sql(SIGNING)
            .bind(ESTATE)
            .bind(key.to_owned())
            .optional()
            .await?;
        Ok(row.map(|row| {
            let old = row
                .old_secret
                .filter(|_| row.old_until.is_some_and(|until| now.0 < until));
            Signing {
                url: row.url,
                secrets: [Some(row.secret), old]
                    .into_iter()
                    .flatten()
                    .map(Secret)
                    .collect(),
                disabled: row.disabled_at.is_some(),
            }
        }))
    }

    /// The cursor with which the change feed goes on behind the change of this number.
    pub async fn change_cursor(&self, seq: i64) -> Result<String> {
        let place: Option<Place> = self
            .db
            .read()
            .await?
            .sql(CURSOR)
            .bind(ESTATE)
            .bind(seq)
            .optional()
            .await?;
        Ok(place.map_or_else(String::new, |place| {
            let mark = FeedMark {
                feed: place.feed,
                seq,
                at: place.at.unwrap_or_default(),
            };
            mark.text()
        }))
    }
}
