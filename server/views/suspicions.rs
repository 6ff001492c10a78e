//! What reports did that honest machines seldom do, in words that say what can be behind it.

use askama::Template;

use super::{
    Layout,
    exceptions::Tab,
    form::Choice,
    links,
    text::{Moment, counted, number},
    words::{self, Badge},
};
use crate::{
    domain::{access::Sites, suspicions::Kind, time::Timestamp},
    store::suspicion_list::{State, Suspicion, SuspicionPage, Which},
};

/// A suspicion, dressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspicionRow {
    /// Our id of it.
    pub id: String,
    /// The client, or the sender.
    pub whom: String,
    /// The page of the client.
    pub href: Option<String>,
    /// Where the client stands.
    pub standing: Option<Badge>,
    /// What is odd.
    pub title: &'static str,
    /// The same in a sentence.
    pub words: &'static str,
    /// What can be behind it that is nothing bad.
    pub honest: &'static str,
    /// What was known; empty: it says nothing here.
    pub was: String,
    /// What the latest said.
    pub became: String,
    /// It turned the client ready.
    pub turned: bool,
    /// Who sent the latest.
    pub sender: String,
    /// How many.
    pub times: String,
    /// The latest.
    pub last: Moment,
    /// The first.
    pub first: Moment,
    /// Nobody has looked yet.
    pub open: bool,
    /// Whoever reads this may close it.
    pub closable: bool,
    /// `open`, `closed` or `set aside`.
    pub closed_how: &'static str,
    /// Who closed it, when, and why.
    pub closed: Option<String>,
}

impl SuspicionRow {
    /// Dresses one.
    pub fn new(one: &Suspicion, now: Timestamp) -> Self {
        let client = one.client.as_ref();
        let named = client.filter(|client| !client.name.is_empty());
        let burst = one.kind == Kind::Burst;
        Self {
            id: one.id.clone(),
            whom: match (client, named) {
                (_, Some(client)) => client.name.clone(),
                (Some(_), None) => "a client that is gone".to_owned(),
                (None, _) if one.about.is_empty() => token(one),
                (None, _) => format!("address {}", one.about),
            },
            href: named.map(|client| links::client_url(&client.id)),
            standing: client
                .and_then(|client| client.standing)
                .map(words::standing),
            title: one.kind.title(),
            words: one.kind.words(),
            honest: one.kind.honest(),
            was: if one.kind == Kind::Site && one.was.is_empty() {
                "no known site".to_owned()
            } else {
                one.was.clone()
            },
            became: one.became.clone(),
            turned: one.turned,
            sender: sender(one),
            times: if burst {
                counted(one.times, "client", "clients")
            } else {
                number(one.times)
            },
            last: Moment::new(one.last_at, now),
            first: Moment::new(one.first_at, now),
            open: one.closed.is_none(),
            closable: false,
            closed_how: match &one.closed {
                None => "open",
                Some(closed) if closed.set_aside => "set aside",
                Some(_) => "closed",
            },
            closed: one.closed.as_ref().map(|closed| {
                format!(
                    "By {}, {}: {}",
                    closed.by,
                    Moment::new(closed.at, now).absolute,
                    closed.why
                )
            }),
        }
    }
}

impl SuspicionRow {
    /// The same, for somebody who closes what is of these sites; `None`: who closes nothing.
    fn closed_by(self, one: &Suspicion, sites: Option<&Sites>) -> Self {
        let mine = sites.is_some_and(|sites| one.may_be_closed_by(sites));
        let others = self.open && sites.is_some() && !mine;
        Self {
            closable: self.open && mine,
            closed: self
                .closed
                .or_else(|| others.then(|| FOR_OTHERS.to_owned())),
            ..self
        }
    }
}

/// What is said of one that is open beside those that the reader may close.
const FOR_OTHERS: &str = "For somebody to close who may see both sites.";

fn token(one: &Suspicion) -> String {
    if one.token_name.is_empty() {
        format!("token {}", one.token)
    } else {
        format!("token {} ({})", one.token_name, one.token)
    }
}

/// Who sent the latest, with what, and from where.
fn sender(one: &Suspicion) -> String {
    let mut parts = Vec::new();
    if one.token.is_empty() {
        parts.push(one.sent_by.clone());
    } else {
        parts.push(token(one));
    }
    if !one.sent_from.is_empty() {
        parts.push(format!("from {}", one.sent_from));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// The list of suspicions.
#[derive(Debug, Template)]
#[template(path = "suspicions.html", whitespace = "minimize")]
pub struct SuspicionsPage {
    /// The frame.
    pub layout: Layout,
    /// How many.
    pub range: String,
    /// By state.
    pub tabs: Vec<Tab>,
    /// The state asked for, to be kept.
    pub state: &'static str,
    /// The client asked for, to be kept.
    pub client: Option<String>,
    /// The same list of all clients, where it is of one.
    pub all_clients: Option<String>,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// The rows.
    pub rows: Vec<SuspicionRow>,
    /// Whether the reader can close what is listed.
    pub closing: bool,
    /// The next page.
    pub next: Option<String>,
}

/// Address of a list of suspicions.
fn list_url(which: &Which, cursor: Option<&str>) -> String {
    let client = which.client.map(|client| client.to_string());
    let state = Some(which.state.code()).filter(|_| which.state != State::Open);
    let pairs = [
        ("state", state),
        ("kind", which.kind.map(Kind::code)),
        ("client", client.as_deref()),
        ("cursor", cursor),
    ];
    let query: Vec<String> = pairs
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", links::encode(value?))))
        .collect();
    if query.is_empty() {
        links::SUSPICIONS.to_owned()
    } else {
        format!("{}?{}", links::SUSPICIONS, query.join("&"))
    }
}

impl SuspicionsPage {
    /// The page; `closer`: the sites of whoever reads it and may close what is of them.
    pub fn new(
        layout: Layout,
        which: &Which,
        page: &SuspicionPage,
        closer: Option<&Sites>,
    ) -> Self {
        let now = layout.now;
        let rows: Vec<SuspicionRow> = page
            .items
            .iter()
            .map(|one| SuspicionRow::new(one, now).closed_by(one, closer))
            .collect();
        let labels = ["Open", "Closed", "All"];
        let tab = |(state, label): (State, &'static str)| Tab {
            href: list_url(
                &Which {
                    state,
                    ..which.clone()
                },
                None,
            ),
            label,
            current: which.state == state,
        };
        Self {
            range: counted(page.total, "suspicion", "suspicions"),
            tabs: State::ALL.into_iter().zip(labels).map(tab).collect(),
            state: which.state.code(),
            client: which.client.map(|client| client.to_string()),
            all_clients: which.client.map(|_| {
                list_url(
                    &Which {
                        client: None,
                        ..which.clone()
                    },
                    None,
                )
            }),
            kinds: Kind::ALL
                .into_iter()
                .map(|kind| Choice {
                    value: kind.code().to_owned(),
                    label: kind.title().to_owned(),
                    chosen: which.kind == Some(kind),
                })
                .collect(),
            closing: rows.iter().any(|row| row.closable),
            rows,
            next: page
                .next_cursor
                .as_deref()
                .map(|cursor| list_url(which, Some(cursor))),
            layout,
        }
    }
}
