//! The audit log: who changed what, from where, and why.

use askama::Template;

use super::{
    Layout, deeds, links,
    text::{Moment, counted},
};
use crate::{
    domain::{
        audit_chain::{Numbered, hex},
        time::Timestamp,
    },
    store::audit_log,
};

/// What the page was narrowed by, as it stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Part of who did it.
    pub who: String,
    /// Code of what was done.
    pub deed: String,
    /// Part of what it was done to.
    pub subject: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

impl Narrowed {
    /// The query that asks for the same, with more behind it.
    fn query(&self, more: &[(&str, &str)]) -> String {
        let own = [
            ("who", self.who.as_str()),
            ("deed", &self.deed),
            ("subject", &self.subject),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let pairs: Vec<String> = own
            .iter()
            .chain(more)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", links::encode(value)))
            .collect();
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }
}

/// An entry, dressed.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// From which address; empty: not over the network.
    pub address: String,
    /// What was done, in words.
    pub deed: String,
    /// To what.
    pub subject: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
    /// Why.
    pub why: Option<String>,
}

impl EntryRow {
    fn new(entry: &Numbered, now: Timestamp) -> Self {
        let said = &entry.written;
        let who = match said.kind.as_str() {
            "token" => format!("token {}", said.actor),
            _ => said.actor.clone(),
        };
        Self {
            seq: entry.seq,
            at: Moment::new(Timestamp(said.at), now),
            who,
            address: said.address.clone(),
            deed: deeds::words(&said.deed).to_owned(),
            subject: said.subject.clone(),
            old: said.old.clone(),
            new: said.new.clone(),
            why: said.why.clone(),
        }
    }
}

/// A deed that can be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its code.
    pub code: String,
    /// Its words.
    pub words: String,
    /// It is the one chosen.
    pub chosen: bool,
}

/// The page of the audit log.
#[derive(Debug, Template)]
#[template(path = "audit.html", whitespace = "minimize")]
pub struct AuditPage {
    /// The frame.
    pub layout: Layout,
    /// In one sentence.
    pub summary: String,
    /// What the form begins with.
    pub narrowed: Narrowed,
    /// What can be chosen.
    pub deeds: Vec<Choice>,
    /// The newest first.
    pub rows: Vec<EntryRow>,
    /// The first page, unless this is it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
    /// The same as a table.
    pub csv: String,
    /// The same as lines.
    pub ndjson: String,
    /// Number and hash of the newest entry of all.
    pub head: Option<(i64, String)>,
}

impl AuditPage {
    /// The page; `behind`: it is not the first.
    pub fn new(
        layout: Layout,
        page: &audit_log::AuditPage,
        narrowed: Narrowed,
        behind: bool,
    ) -> Self {
        let now = layout.now;
        let query = narrowed.query(&[]);
        let what = if query.is_empty() {
            "in all"
        } else {
            "are meant"
        };
        let known = deeds::DEEDS.iter().any(|(code, _)| *code == narrowed.deed);
        let other = (!known && !narrowed.deed.is_empty())
            .then_some((narrowed.deed.as_str(), narrowed.deed.as_str()));
        let choice = |(code, words): (&str, &str)| Choice {
            chosen: code == narrowed.deed,
            code: code.to_owned(),
            words: words.to_owned(),
        };
        let deeds = deeds::DEEDS.iter().copied().chain(other).map(choice);
        Self {
            summary: format!("{} {what}.", counted(page.total, "entry", "entries")),
            deeds: deeds.collect(),
            rows: page
                .items
                .iter()
                .map(|entry| EntryRow::new(entry, now))
                .collect(),
            first: behind.then(|| format!("/audit{query}")),
            next: page.next.map(|seq| {
                format!(
                    "/audit{}",
                    narrowed.query(&[("cursor", &format!("a{seq}"))])
                )
            }),
            csv: format!("/audit/log.csv{query}"),
            ndjson: format!("/audit/log.ndjson{query}"),
            head: (page.head.seq > 0).then(|| (page.head.seq, hex(&page.head.hash))),
            narrowed,
            layout,
        }
    }
}
