//! What was seen on the wire beside what is configured.

use askama::Template;

use super::{
    Layout, links,
    text::{Moment, counted, counted_len, number},
    words,
};
use crate::{
    domain::observed::{OWN_SERVER, OfClient, Protocol, Quadrant, Seen},
    store::observed_model::{ClientSeen, Observed},
};

/// So many ambiguous addresses stand on the page.
pub const LISTED: usize = 200;

/// A box with its number.
#[derive(Clone, Debug)]
pub struct BoxView {
    /// What it is called.
    pub title: &'static str,
    /// What it means.
    pub says: &'static str,
    /// How many clients.
    pub count: String,
    /// Where they are listed.
    pub href: String,
}

/// A line of what was seen.
#[derive(Clone, Debug)]
pub struct LineView {
    /// The site system.
    pub system: String,
    /// With which protocol.
    pub protocol: String,
    /// Whether somebody should look.
    pub trouble: bool,
    /// The first connection.
    pub first: Moment,
    /// The last connection.
    pub last: Moment,
    /// How many lines.
    pub count: String,
    /// It speaks for the client.
    pub sure: bool,
}

/// A client of a box.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// What it is called.
    pub name: String,
    /// Its page.
    pub href: String,
    /// How it stands.
    pub standing: &'static str,
    /// What was seen of it, in short.
    pub seen: String,
}

/// The clients of one box.
#[derive(Clone, Debug)]
pub struct ListView {
    /// What the box is called.
    pub title: &'static str,
    /// How many there are.
    pub total: String,
    /// One page of them.
    pub rows: Vec<ClientView>,
    /// The page behind it.
    pub next: Option<String>,
}

/// A site system, dressed.
#[derive(Clone, Debug)]
pub struct SystemView {
    /// Its name.
    pub name: String,
    /// How many days its logs cover.
    pub covered: String,
    /// Whether somebody should look.
    pub trouble: bool,
    /// Clients that used an old protocol there.
    pub legacy: String,
    /// Lines of its logs.
    pub lines: String,
}

/// Connections that may be anybody's, dressed.
#[derive(Clone, Debug)]
pub struct DoubtView {
    /// The address or name.
    pub who: String,
    /// Why nobody knows.
    pub why: &'static str,
    /// What was seen.
    pub seen: &'static str,
    /// The last of them.
    pub last: Moment,
    /// How many lines.
    pub count: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "observed.html", whitespace = "minimize")]
pub struct ObservedPage {
    /// The frame.
    pub layout: Layout,
    /// What the logs cover, in a sentence.
    pub coverage: String,
    /// When what follows was worked out.
    pub looked: Moment,
    /// Days of the window, in words.
    pub days: String,
    /// Other windows: words and where they are.
    pub windows: Vec<(String, String)>,
    /// Nothing was read yet.
    pub empty: bool,
    /// The boxes.
    pub boxes: Vec<BoxView>,
    /// The list of one of them.
    pub list: Option<ListView>,
    /// Systems with logs.
    pub systems: Vec<SystemView>,
    /// Systems without.
    pub without: Vec<String>,
    /// What may be anybody's.
    pub doubts: Vec<DoubtView>,
    /// How many of these are not listed.
    pub hidden: Option<String>,
}

/// The name of a machine account, without what tells it from other ids.
pub fn shown_name(who: &str) -> &str {
    who.strip_prefix("n:").unwrap_or(who)
}

/// What logs cover, in a sentence.
pub fn coverage(observed: &Observed) -> String {
    let (with, all, least) = observed.coverage();
    if with == 0 {
        return "No log says anything of this window, so nothing is known of what was used."
            .to_owned();
    }
    let rest = if with < all || least < observed.days {
        " Nothing is known of the rest."
    } else {
        ""
    };
    let least = if with == 1 {
        format!("{least} of {}", counted(observed.days, "day", "days"))
    } else {
        format!(
            "at least {least} of {} each",
            counted(observed.days, "day", "days")
        )
    };
    format!(
        "Logs cover {least} on {with} of {}.{rest} What was not seen may still be there.",
        counted_len(all, "system", "systems")
    )
}

/// What a box is called, and what it means.
pub const fn told(quadrant: Quadrant) -> (&'static str, &'static str) {
    match (quadrant.ready, quadrant.seen) {
        (true, Seen::Legacy) => (
            "Configured well, and TLS 1.0 or 1.1 was seen",
            "A contradiction: another program, a restart that is due, or a report that is wrong.",
        ),
        (false, Seen::Legacy) => (
            "Not known to be configured well, and TLS 1.0 or 1.1 was seen",
            "Will lose contact when it is switched off.",
        ),
        (true, Seen::Unclear) => (
            "Configured well, and something unclear was seen",
            "An old protocol that may have been its own, an unknown value, or a proxy in between.",
        ),
        (false, Seen::Unclear) => (
            "Not known to be configured well, and something unclear was seen",
            "An old protocol that may have been its own, an unknown value, or a proxy in between.",
        ),
        (true, Seen::Modern) => (
            "Configured well, and only TLS 1.2 or later was seen",
            "Both halves agree, as far as the logs go.",
        ),
        (false, Seen::Modern) => (
            "Not known to be configured well, and only TLS 1.2 or later was seen",
            "One program can; that does not prove that all can.",
        ),
        (true, Seen::Nothing) => (
            "Configured well, and nothing was seen",
            "Absence proves nothing.",
        ),
        (false, Seen::Nothing) => (
            "Not known to be configured well, and nothing was seen",
            "Dormant, or the logs do not cover it.",
        ),
    }
}

fn box_url(quadrant: Quadrant, days: i64) -> String {
    format!("/observed?days={days}&box={}", quadrant.code())
}

/// What was used with a system; our own server saw only what was offered, and refused it.
fn used(system: &str, protocol: Protocol) -> String {
    if system == OWN_SERVER {
        return format!("{} at most, refused", protocol.words());
    }
    protocol.words().to_owned()
}

/// What was seen of a client, line by line.
pub fn lines(seen: &OfClient, now: crate::domain::time::Timestamp) -> Vec<LineView> {
    let lines = seen.lines.iter();
    lines
        .map(|((system, protocol), line)| LineView {
            system: system.clone(),
            protocol: used(system, *protocol),
            trouble: protocol.proves() >= Seen::Unclear,
            first: Moment::new(line.first, now),
            last: Moment::new(line.last, now),
            count: number(line.count),
            sure: line.sure,
        })
        .collect()
}

fn in_short(client: &ClientSeen) -> String {
    let Some(seen) = &client.seen else {
        return "nothing".to_owned();
    };
    let mut parts: Vec<String> = seen
        .lines
        .iter()
        .map(|((system, protocol), line)| {
            let proxy = if line.sure { "" } else { " through a proxy" };
            format!("{} on {system}{proxy}", used(system, *protocol))
        })
        .collect();
    if seen.suspected {
        parts.push("an address that it may have had used an old or unknown protocol".to_owned());
    }
    parts.join("; ")
}

impl ObservedPage {
    /// The page.
    pub fn new(layout: Layout, observed: &Observed) -> Self {
        let now = layout.now;
        let days = observed.days;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let doubts = &observed.ambiguous.worst;
        let hidden = observed
            .ambiguous
            .total
            .saturating_sub(doubts.len().min(LISTED));
        Self {
            coverage: coverage(observed),
            looked: Moment::new(observed.as_of, now),
            days: if days == 1 {
                "day".to_owned()
            } else {
                counted(days, "day", "days")
            },
            windows: [7, 30, 90]
                .into_iter()
                .filter(|other| *other != days)
                .map(|other| (format!("{other} days"), format!("/observed?days={other}")))
                .collect(),
            empty: observed.systems.is_empty(),
            boxes: Quadrant::ALL
                .into_iter()
                .map(|quadrant| {
                    let (title, says) = told(quadrant);
                    BoxView {
                        title,
                        says,
                        count: number(observed.count(quadrant)),
                        href: box_url(quadrant, days),
                    }
                })
                .collect(),
            list: None,
            systems: observed
                .systems
                .iter()
                .map(|system| SystemView {
                    name: system.system.clone(),
                    covered: format!("{} of {}", system.days, counted(days, "day", "days")),
                    trouble: system.days < days,
                    legacy: number(system.legacy),
                    lines: number(system.lines),
                })
                .collect(),
            without: observed.without.clone(),
            doubts: doubts
                .iter()
                .take(LISTED)
                .map(|(who, doubt, known)| DoubtView {
                    who: shown_name(who).to_owned(),
                    why: doubt.words(),
                    seen: match known.seen {
                        Seen::Legacy => "TLS 1.1 or earlier",
                        Seen::Unclear => "an unknown value",
                        Seen::Modern => "TLS 1.2 or later",
                        Seen::Nothing => "failed connections",
                    },
                    last: Moment::new(known.last, now),
                    count: number(known.count),
                })
                .collect(),
            hidden: (hidden > 0).then(|| {
                format!(
                    "{} are not listed here; GET /api/v1/observations has more.",
                    counted(count(hidden), "more address", "more addresses")
                )
            }),
            layout,
        }
    }

    /// Adds the list of one box.
    pub fn say_list(&mut self, quadrant: Quadrant, observed: &Observed) {
        let rows = &observed.clients;
        let last = rows.last().filter(|_| observed.more);
        let url = box_url(quadrant, observed.days);
        self.list = Some(ListView {
            title: told(quadrant).0,
            total: number(observed.total),
            next: last.map(|last| format!("{url}&cursor={}", last.id)),
            rows: rows
                .iter()
                .map(|client| ClientView {
                    name: client.name.clone(),
                    href: links::client_url(&client.id.to_string()),
                    standing: words::standing(client.standing).word,
                    seen: in_short(client),
                })
                .collect(),
        });
    }
}
