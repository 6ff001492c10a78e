//! Makes messages from what happened since the last time, and keeps them with the position in one transaction.

use super::message::{self, Cursors};
use crate::{
    domain::{
        access::Sites,
        changes::Kind,
        feeds::{Feed, FeedState},
        time::{HOUR, MINUTE, Timestamp},
        webhooks::Event,
    },
    store::{
        Error, Result, Store,
        changes::Change,
        deliveries::{Advance, NewMessage},
        webhooks::AtWork,
    },
};

/// Clients, or feeds, that one message tells of at most.
const IN_ONE: usize = 100;
/// So many messages of a webhook may wait. More changes wait in the change feed, which is there anyway.
const WAITING: i64 = 1_000;
/// Portions of the change feed that are made into messages before messages are sent again.
const PORTIONS: usize = 20;
/// How often the feeds are looked at; the shortest silence that counts is two days.
const FEEDS_EVERY: i64 = MINUTE;

/// Makes the messages of everything that happened since the last time. Answers how many.
pub async fn gather(store: &Store, now: Timestamp) -> Result<usize> {
    let mut made = 0;
    for mut webhook in store.webhooks_at_work().await? {
        for _ in 0..PORTIONS {
            if webhook.waiting >= WAITING {
                break;
            }
            let Some(step) = step(store, &webhook, now).await? else {
                break;
            };
            let messages = step.messages.len();
            let advance = Advance {
                webhook: webhook.id.clone(),
                position: (webhook.position, step.position),
                feeds_at: (webhook.feeds_at, step.feeds_at),
            };
            // Another server at work on the same database was first, or the webhook was removed.
            if !store.keep_messages(advance, step.messages, now).await? {
                break;
            }
            made += messages;
            webhook.waiting = webhook
                .waiting
                .saturating_add(i64::try_from(messages).unwrap_or(i64::MAX));
            (webhook.position, webhook.feeds_at) = (step.position, step.feeds_at);
        }
    }
    Ok(made)
}

/// How far a webhook gets, with these messages.
struct Step {
    position: i64,
    feeds_at: i64,
    messages: Vec<NewMessage>,
}

/// One portion; `None`: nothing to do.
async fn step(store: &Store, webhook: &AtWork, now: Timestamp) -> Result<Option<Step>> {
    let events = webhook.events();
    let mut step = Step {
        position: webhook.position,
        feeds_at: webhook.feeds_at,
        messages: Vec::new(),
    };
    let mut moved = false;
    if events.contains(&Event::FeedStopped) {
        moved |= feeds(store, &mut step, now).await?;
    }
    if events.contains(&Event::Blocking) || events.contains(&Event::Cleared) {
        moved |= changes(store, &mut step, &events, now).await?;
    }
    Ok(moved.then_some(step))
}

/// A feed is told when it has stopped now and had not when the feeds were looked at last. How it stands at a moment follows
/// from what it did until then, so that nothing else needs to be kept.
async fn feeds(store: &Store, step: &mut Step, now: Timestamp) -> Result<bool> {
    let before = Timestamp(step.feeds_at);
    let passed = now.since(before);
    // A clock that was far ahead once must not make this wait until then.
    if (-HOUR..FEEDS_EVERY).contains(&passed) {
        return Ok(false);
    }
    let feeds = store.feeds(&Sites::all(), now).await?;
    let stopped: Vec<&Feed> = feeds
        .iter()
        .filter(|feed| feed.state(now) == FeedState::Stopped)
        .filter(|feed| feed.state(before) != FeedState::Stopped)
        .collect();
    step.messages.extend(
        stopped
            .chunks(IN_ONE)
            .map(|feeds| message::stopped(feeds, now)),
    );
    step.feeds_at = now.0;
    Ok(true)
}

async fn changes(store: &Store, step: &mut Step, events: &[Event], now: Timestamp) -> Result<bool> {
    let most = i64::try_from(IN_ONE).unwrap_or(i64::MAX);
    let changes = match store.changes_after(step.position, most).await {
        Ok(changes) => changes,
        Err(Error::Gone(_)) => {
            tracing::error!(
                "changes were let go of before a webhook could be told of them; it is told that"
            );
            step.messages.push(message::missed(now));
            step.position = store.newest_change().await?;
            return Ok(true);
        }
        Err(error) => return Err(error),
    };
    let Some(last) = changes.last() else {
        return Ok(false);
    };
    let mut told = Vec::new();
    for (event, kind) in [
        (Event::Blocking, Kind::Added),
        (Event::Cleared, Kind::Cleared),
    ] {
        let of_it: Vec<&Change> = changes
            .iter()
            .filter(|change| change.kind == kind)
            .collect();
        if events.contains(&event) && !of_it.is_empty() {
            told.push((event, of_it));
        }
    }
    if !told.is_empty() {
        let cursors = Cursors {
            before: store.change_cursor(step.position).await?,
            after: store.change_cursor(last.seq).await?,
        };
        let messages = told
            .iter()
            .map(|(event, changes)| message::blockers(*event, changes, &cursors));
        step.messages.extend(messages);
    }
    step.position = last.seq;
    Ok(true)
}
