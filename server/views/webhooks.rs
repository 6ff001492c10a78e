//! Which programs are told what happens, and what became of the messages to them.

use askama::Template;

use super::{
    Layout,
    text::{Moment, counted, joined, number},
};
use crate::{
    domain::{time::Timestamp, webhooks::Event},
    store::{deliveries::Logged, webhooks::Webhook},
};

/// So many messages stand on the page.
pub const LISTED: i64 = 100;

/// A webhook, dressed.
#[derive(Clone, Debug)]
pub struct WebhookRow {
    /// What it is called.
    pub name: String,
    /// Scheme, host and port of the target; the rest of its address can be a secret.
    pub target: String,
    /// What it is told of.
    pub events: String,
    /// How it stands, in a word or a sentence.
    pub state: String,
    /// Whether somebody should look.
    pub trouble: bool,
    /// When it last took a message.
    pub delivered: Option<Moment>,
    /// Messages that wait.
    pub waiting: String,
    /// Messages that were given up.
    pub given_up: String,
    /// When it was made.
    pub made: Moment,
}

/// A message, dressed.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// When it was made.
    pub made: Moment,
    /// To which webhook.
    pub webhook: String,
    /// What it tells.
    pub tells: String,
    /// How it stands, in a word.
    pub state: &'static str,
    /// Whether somebody should look.
    pub trouble: bool,
    /// When it is sent again, while it waits after an attempt.
    pub again: Option<Moment>,
    /// Attempts so far.
    pub attempts: String,
    /// The last attempt.
    pub last: Option<Moment>,
    /// What the target answered, or why nothing could be sent, in our words.
    pub answer: String,
    /// The target's own words.
    pub words: Option<String>,
    /// The id that the target saw.
    pub id: String,
}

/// The page of the webhooks.
#[derive(Debug, Template)]
#[template(path = "webhooks.html", whitespace = "minimize")]
pub struct WebhooksPage {
    /// The frame.
    pub layout: Layout,
    /// In one sentence.
    pub summary: String,
    /// What somebody should look at, in sentences.
    pub troubles: Vec<String>,
    /// By name.
    pub webhooks: Vec<WebhookRow>,
    /// The newest first.
    pub log: Vec<MessageRow>,
    /// Whether there can be more than are listed.
    pub cut: bool,
}

impl WebhooksPage {
    /// The page; `log` comes with the newest first.
    pub fn new(layout: Layout, webhooks: &[Webhook], log: &[Logged]) -> Self {
        let now = layout.now;
        Self {
            summary: summary(webhooks),
            troubles: webhooks
                .iter()
                .filter_map(|webhook| trouble(webhook, now))
                .collect(),
            webhooks: webhooks
                .iter()
                .map(|webhook| WebhookRow::new(webhook, now))
                .collect(),
            log: log
                .iter()
                .map(|logged| MessageRow::new(logged, now))
                .collect(),
            cut: i64::try_from(log.len()).is_ok_and(|listed| listed >= LISTED),
            layout,
        }
    }
}

fn summary(webhooks: &[Webhook]) -> String {
    if webhooks.is_empty() {
        return "Nobody is told anything yet.".to_owned();
    }
    let n = |wanted: fn(&&Webhook) -> bool| webhooks.iter().filter(wanted).count();
    let mut parts = Vec::new();
    let off = n(|webhook| webhook.disabled_at.is_some());
    if off > 0 {
        parts.push(format!("{} not in use", number(count(off))));
    }
    let failing = n(|webhook| webhook.failing > 0);
    if failing > 0 {
        let verb = if failing == 1 { "has" } else { "have" };
        parts.push(format!(
            "{} {verb} not taken the last messages",
            number(count(failing))
        ));
    }
    if webhooks.iter().any(|webhook| webhook.given_up > 0) {
        parts.push("some messages were given up".to_owned());
    }
    if parts.is_empty() {
        parts.push("every message that was sent was taken".to_owned());
    }
    format!(
        "{}: {}.",
        counted(count(webhooks.len()), "webhook", "webhooks"),
        joined(&parts)
    )
}

/// What somebody should look at.
fn trouble(webhook: &Webhook, now: Timestamp) -> Option<String> {
    let name = &webhook.name;
    if let Some(at) = webhook.disabled_at {
        let when = Moment::new(Timestamp(at), now).relative;
        return Some(format!(
            "{name} is told nothing any more: its target answered {when} that it is gone (410). The administrator removes it, or makes it \
             anew."
        ));
    }
    if webhook.given_up > 0 {
        return Some(format!(
            "{name} has not taken {} at any of ten attempts over three days, so they were given up and it does not know what \
             they say. Whoever reads it should fetch the list of blockers anew.",
            counted(webhook.given_up, "message", "messages")
        ));
    }
    None
}

impl WebhookRow {
    fn new(webhook: &Webhook, now: Timestamp) -> Self {
        let words: Vec<String> = webhook
            .events()
            .iter()
            .map(|event| event.words().to_owned())
            .collect();
        let state = if webhook.disabled_at.is_some() {
            "Not in use".to_owned()
        } else if webhook.failing > 0 {
            format!(
                "In use; {} not taken yet",
                counted(webhook.failing, "message", "messages")
            )
        } else {
            "In use".to_owned()
        };
        Self {
            name: webhook.name.clone(),
            target: webhook.origin.clone(),
            events: joined(&words),
            trouble: webhook.disabled_at.is_some() || webhook.failing > 0,
            state,
            delivered: webhook
                .delivered_at
                .map(|at| Moment::new(Timestamp(at), now)),
            waiting: number(webhook.waiting),
            given_up: number(webhook.given_up),
            made: Moment::new(Timestamp(webhook.created_at), now),
        }
    }
}

impl MessageRow {
    fn new(logged: &Logged, now: Timestamp) -> Self {
        let (state, trouble) = match (logged.state.as_str(), logged.attempts) {
            ("delivered", _) => ("Delivered", false),
            ("given_up", _) => ("Given up", true),
            (_, 0) => ("Waiting", false),
            _ => ("Not taken yet", true),
        };
        let said = logged.said.clone().filter(|said| !said.is_empty());
        let (answer, words) = match logged.status {
            Some(status) => (format!("It answered {status}."), said),
            None => (said.as_deref().map(capital).unwrap_or_default(), None),
        };
        let again = (state == "Not taken yet").then(|| Moment::new(Timestamp(logged.next_at), now));
        Self {
            made: Moment::new(Timestamp(logged.made_at), now),
            webhook: logged.name.clone(),
            tells: tells(&logged.kind, logged.things),
            state,
            trouble,
            again,
            attempts: number(logged.attempts),
            last: logged.last_at.map(|at| Moment::new(Timestamp(at), now)),
            answer,
            words,
            id: logged.id.clone(),
        }
    }
}

fn tells(kind: &str, things: i64) -> String {
    let event = Event::ALL.into_iter().find(|event| event.kind() == kind);
    match event {
        Some(Event::FeedStopped) => format!("Stopped: {}", counted(things, "feed", "feeds")),
        Some(event) => format!(
            "{}: {}",
            capital(event.words()),
            counted(things, "client", "clients")
        ),
        None if kind == "changes.missed" => "That changes were missed".to_owned(),
        None => kind.to_owned(),
    }
}

/// The same with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
