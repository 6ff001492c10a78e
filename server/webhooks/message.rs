//! What messages say, in the form that the Standard Webhooks specification proposes.

use serde::Serialize;

use crate::{
    domain::{assess, changes::Why, feeds::Feed, time::Timestamp, webhooks::Event},
    store::{changes::Change, deliveries::NewMessage},
};

/// The type of the message that tells that changes were let go of before they were told.
const MISSED: &str = "changes.missed";
/// The type of the message that somebody sends to try a webhook.
pub const TEST: &str = "webhook.test";

#[derive(Serialize)]
struct Message<'m, T> {
    r#type: &'m str,
    timestamp: String,
    data: T,
}

/// Where these changes stand in the change feed.
#[derive(Clone, Debug)]
pub struct Cursors {
    /// Behind it come these changes and all later ones.
    pub before: String,
    /// Behind it come later ones only.
    pub after: String,
}

#[derive(Serialize)]
struct Blockers<'m> {
    clients: Vec<ClientJson<'m>>,
    cursor_before: &'m str,
    cursor: &'m str,
}

/// A client as it was right after a change: fields of `Client` of the API, under the same names.
#[derive(Serialize)]
struct ClientJson<'m> {
    id: &'m str,
    name: &'m str,
    site_code: Option<&'m str>,
    os: OsJson<'m>,
    standing: &'static str,
    impact: Option<&'static str>,
    deciding: Option<&'m str>,
    reasons: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// The number and the time of the change.
    number: i64,
    at: String,
}

#[derive(Serialize)]
struct OsJson<'m> {
    key: &'m str,
    name: String,
}

#[derive(Serialize)]
struct Feeds<'m> {
    feeds: Vec<FeedJson<'m>>,
}

#[derive(Serialize)]
struct FeedJson<'m> {
    site_code: &'m str,
    sent_by: &'m str,
    way: &'m str,
    state: &'static str,
    first_at: String,
    last_at: String,
    reports: i64,
    usual_gap_days: Option<i64>,
}

#[derive(Serialize)]
struct Words<'m> {
    detail: &'m str,
}

fn message<T: Serialize>(kind: &'static str, at: Timestamp, things: usize, data: T) -> NewMessage {
    let message = Message {
        r#type: kind,
        timestamp: at.to_string(),
        data,
    };
    NewMessage {
        kind,
        things: i64::try_from(things).unwrap_or(i64::MAX),
        // Plain structs of text and numbers always can be written.
        body: serde_json::to_string(&message).unwrap_or_default(),
    }
}

/// A message about changes of one kind, in order.
pub fn blockers(event: Event, changes: &[&Change], cursors: &Cursors) -> NewMessage {
    let at = changes.iter().map(|change| change.at).max();
    let clients = changes.iter().map(|change| client(change)).collect();
    message(
        event.kind(),
        at.unwrap_or_default(),
        changes.len(),
        Blockers {
            clients,
            cursor_before: &cursors.before,
            cursor: &cursors.after,
        },
    )
}

fn client(change: &Change) -> ClientJson<'_> {
    let is = &change.is;
    ClientJson {
        id: &change.client_id,
        name: &is.name,
        site_code: Some(is.site.as_str()).filter(|site| !site.is_empty()),
        os: OsJson {
            key: &is.os_key,
            name: assess::os_label(&is.os_key),
        },
        standing: is.standing.code(),
        impact: is.impact.map(crate::domain::verdict::Impact::code),
        deciding: is.deciding.as_deref(),
        reasons: assess::reasons_in(is.reasons)
            .map(|reason| reason.code)
            .collect(),
        why: change.why.map(Why::code),
        number: change.seq,
        at: change.at.to_string(),
    }
}

/// A message about feeds that stopped, as of `now`.
pub fn stopped(feeds: &[&Feed], now: Timestamp) -> NewMessage {
    let feeds: Vec<FeedJson<'_>> = feeds
        .iter()
        .map(|feed| FeedJson {
            site_code: &feed.site,
            sent_by: &feed.sender,
            way: &feed.way,
            state: feed.state(now).code(),
            first_at: feed.first_at.to_string(),
            last_at: feed.last_at.to_string(),
            reports: feed.reports,
            usual_gap_days: feed.days.usual_gap(),
        })
        .collect();
    message(Event::FeedStopped.kind(), now, feeds.len(), Feeds { feeds })
}

/// A message that says that changes were let go of before they could be told.
pub fn missed(now: Timestamp) -> NewMessage {
    let detail = "Changes were let go of before they could be told to you, because messages to you were not taken for so \
                  long. Fetch the whole list of blockers anew: GET /api/v1/blockers.";
    message(MISSED, now, 0, Words { detail })
}

/// A message that tells nothing: somebody tries whether messages arrive.
pub fn test_message(now: Timestamp) -> NewMessage {
    let detail = "Somebody tries whether messages of cutover arrive here. Nothing happened.";
    message(TEST, now, 0, Words { detail })
}
