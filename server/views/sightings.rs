//! Who came and could not agree on TLS with this server: evidence, in words that say what it is not.

use askama::Template;

use super::{
    Layout,
    text::{Moment, counted, number},
    words,
};
use crate::{
    domain::{
        handshake::version_name,
        sightings::{Failure, MOST, Sighting},
        time::Timestamp,
    },
    store::sightings::SightingPage,
};

/// So many rows stand on a page.
pub const LISTED: usize = 200;

/// A sighting, dressed.
#[derive(Clone, Debug)]
pub struct SightingRow {
    /// The address.
    pub address: String,
    /// The client at that address, where that is not in doubt.
    pub client: Option<String>,
    /// Why the handshakes failed.
    pub why: &'static str,
    /// What the latest offered.
    pub offered: String,
    /// What that can mean.
    pub means: &'static str,
    /// The latest.
    pub last: Moment,
    /// The first.
    pub first: Moment,
    /// How many.
    pub times: String,
}

/// The page of the sightings.
#[derive(Debug, Template)]
#[template(path = "sightings.html", whitespace = "minimize")]
pub struct SightingsPage {
    /// The frame.
    pub layout: Layout,
    /// In one sentence.
    pub summary: String,
    /// Which networks are looked at; empty: none, it is off.
    pub networks: String,
    /// Notes that found no room, in a sentence.
    pub dropped: Option<String>,
    /// The latest first.
    pub rows: Vec<SightingRow>,
    /// The next page.
    pub next: Option<String>,
}

impl SightingsPage {
    /// The page; `dropped` is how many notes found no room.
    pub fn new(layout: Layout, page: &SightingPage, networks: String, dropped: u64) -> Self {
        let now = layout.now;
        let mut summary = format!(
            "{} kept.",
            counted(
                page.total,
                "address and reason is",
                "addresses and reasons are"
            )
        );
        if page.total >= MOST {
            summary = format!(
                "{} addresses and reasons are kept, which is the most: the oldest go first.",
                number(page.total)
            );
        }
        Self {
            summary,
            networks,
            dropped: (dropped > 0).then(|| {
                let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
                format!(
                    "Since the server started {} came faster than notes are written and {} not here.",
                    counted(dropped, "failed handshake", "failed handshakes"),
                    if dropped == 1 { "is" } else { "are" }
                )
            }),
            rows: page
                .items
                .iter()
                .map(|one| SightingRow::new(one, page, now))
                .collect(),
            next: page
                .next_cursor
                .as_deref()
                .map(|cursor| format!("/sightings?cursor={}", super::links::encode(cursor))),
            layout,
        }
    }
}

impl SightingRow {
    fn new(one: &Sighting, page: &SightingPage, now: Timestamp) -> Self {
        Self {
            address: one.address.clone(),
            client: page.clients.get(&one.address).cloned(),
            why: words::failure(one.failure),
            offered: offered(one),
            means: means(one.failure),
            last: Moment::new(one.last_at, now),
            first: Moment::new(one.first_at, now),
            times: number(one.times),
        }
    }
}

fn offered(one: &Sighting) -> String {
    let offered = &one.offered;
    let Some(highest) = offered.highest else {
        return "nothing that can be read".to_owned();
    };
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut text = format!(
        "{} at most; {}, {} of them shared",
        version_name(highest),
        counted(count(offered.suites), "suite", "suites"),
        number(count(offered.shared))
    );
    if !offered.server_name.is_empty() {
        text.push_str(&format!("; asked for {}", offered.server_name));
    }
    text
}

const fn means(failure: Failure) -> &'static str {
    match failure {
        Failure::NoTls12 => {
            "Something there cannot do TLS 1.2, or one program on it does not use it. Look which machine that is, and at its report."
        }
        Failure::NoSharedSuite => {
            "It can do TLS 1.2, so it may be ready; it cannot reach this server. The TLS self-test says which certificate it needs."
        }
        Failure::NotTls => {
            "Mostly a program that was given http:// instead of https://, or a scanner."
        }
        Failure::Other => {
            "Mostly a program that does not trust the certificate. It says nothing of TLS 1.2."
        }
    }
}
