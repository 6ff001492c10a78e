//! The pile of exceptions in words, and the numbers before and after exceptions side by side.

use std::collections::BTreeMap;

use super::{
    headline::Piece,
    links,
    text::{Moment, counted, number},
};
use crate::{
    domain::{time::Timestamp, verdict::Standing},
    store::{
        exception_list::Pile,
        model::{Excepted, Filter},
    },
};

/// `55 block, 12 of them under an exception, 43 not`; nothing where nobody of the selection is under one.
pub fn excepted(blocking: i64, by_standing: &BTreeMap<Standing, i64>, base: &Filter) -> Vec<Piece> {
    let under_one: i64 = by_standing.values().sum();
    let of_them = by_standing.get(&Standing::Blocking);
    let of_them = of_them.copied().unwrap_or(0);
    // Of those under one, or under none, the sentence would say nothing.
    if under_one == 0 || base.excepted.is_some() {
        return Vec::new();
    }
    let words = |text: &str| Piece {
        text: text.to_owned(),
        href: None,
    };
    let those = |text: String, standings: &[Standing], excepted| Piece {
        text,
        href: Some(links::list_url(&Filter {
            standings: standings.to_vec(),
            excepted,
            ..base.clone()
        })),
    };
    let mut pieces = Vec::new();
    if blocking > 0 {
        let block = [Standing::Blocking];
        let verb = if blocking == 1 { "blocks" } else { "block" };
        pieces.push(those(format!("{} {verb}", number(blocking)), &block, None));
        pieces.push(words(", "));
        if of_them == 0 {
            pieces.push(words("none of them under an exception"));
        } else {
            let text = format!("{} of them under an exception", number(of_them));
            pieces.push(those(text, &block, Some(Excepted::Yes)));
        }
        if of_them > 0 {
            pieces.push(words(", "));
            let text = format!("{} not", number(blocking - of_them));
            if blocking > of_them {
                pieces.push(those(text, &block, Some(Excepted::No)));
            } else {
                pieces.push(words(&text));
            }
        }
        pieces.push(words("."));
    }
    if under_one > of_them {
        let others: Vec<Standing> = by_standing
            .iter()
            .filter(|(standing, n)| **standing != Standing::Blocking && **n > 0)
            .map(|(standing, _)| *standing)
            .collect();
        let text = counted(
            under_one - of_them,
            "client that is not cleared in another way",
            "clients that are not cleared in another way",
        );
        if !pieces.is_empty() {
            pieces.push(words(" "));
        }
        pieces.push(those(text, &others, Some(Excepted::Yes)));
        let rest = if under_one - of_them == 1 {
            " is under an exception, too."
        } else {
            " are under an exception, too."
        };
        pieces.push(words(rest));
    }
    pieces
}

/// What has just been done with several at once: how many, and how many not and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// `asked`, `approved` or `rejected`; empty: nothing was done.
    pub what: &'static str,
    /// So many.
    pub done: i64,
    /// Clients that are ready.
    pub ready: i64,
    /// Clients that the lists leave out.
    pub left_out: i64,
    /// Clients with an open exception.
    pub open: i64,
    /// Clients or exceptions that are not there, or that the reader may not see.
    pub gone: i64,
    /// Requests of one's own.
    pub own: i64,
    /// Exceptions that were decided or had ended.
    pub over: i64,
    /// Exceptions whose client is not what it was.
    pub changed: i64,
    /// Clients that went from a site that the reader does not see, which nobody has looked at.
    pub elsewhere: i64,
}

impl Told {
    /// What can have been done.
    pub const WHAT: [&'static str; 3] = ["asked", "approved", "rejected"];

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static str> {
        Self::WHAT.into_iter().find(|known| *known == name)
    }

    /// The count of this name.
    pub fn count(&mut self, name: &str) -> Option<&mut i64> {
        Some(match name {
            "done" => &mut self.done,
            "ready" => &mut self.ready,
            "left_out" => &mut self.left_out,
            "open" => &mut self.open,
            "gone" => &mut self.gone,
            "own" => &mut self.own,
            "over" => &mut self.over,
            "changed" => &mut self.changed,
            "elsewhere" => &mut self.elsewhere,
            _ => return None,
        })
    }

    const fn counts(&self) -> [(&'static str, i64); 9] {
        [
            ("done", self.done),
            ("ready", self.ready),
            ("left_out", self.left_out),
            ("open", self.open),
            ("gone", self.gone),
            ("own", self.own),
            ("over", self.over),
            ("changed", self.changed),
            ("elsewhere", self.elsewhere),
        ]
    }

    /// Where it is told, after `what` was done.
    pub fn url(&self, what: &str) -> String {
        let mut url = format!("/exceptions?state=requested&what={what}");
        for (name, n) in self.counts() {
            if n > 0 || name == "done" {
                url.push_str(&format!("&{name}={n}"));
            }
        }
        url
    }

    /// In a sentence or two, with the lists behind the numbers.
    pub fn says(&self) -> Vec<Piece> {
        let plain = |text: String| Piece { text, href: None };
        let (one, many, list, whom) = match self.what {
            "asked" => (
                "exception was asked for",
                "exceptions were asked for",
                "/exceptions?state=requested",
                ("client was not", "clients were not"),
            ),
            "approved" => (
                "exception was approved",
                "exceptions were approved",
                "/exceptions?state=active",
                ("was not", "were not"),
            ),
            "rejected" => (
                "exception was rejected",
                "exceptions were rejected",
                "/exceptions?state=rejected",
                ("was not", "were not"),
            ),
            _ => return Vec::new(),
        };
        let mut pieces = vec![
            Piece {
                text: counted(self.done, one, many),
                href: (self.done > 0).then(|| list.to_owned()),
            },
            plain(".".to_owned()),
        ];
        let [_, rest @ ..] = self.counts();
        let refused: i64 = rest.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n));
        if refused <= 0 {
            return pieces;
        }
        pieces.push(plain(format!(" {}: ", counted(refused, whom.0, whom.1))));
        let rest = rest.into_iter().filter(|(_, n)| *n > 0);
        for (index, (name, n)) in rest.enumerate() {
            if index > 0 {
                pieces.push(plain("; ".to_owned()));
            }
            let (one, many, href) = match name {
                "ready" => ("is ready", "are ready", Some("/clients?standing=ready")),
                "left_out" => (
                    "is left out by the expected lists",
                    "are left out by the expected lists",
                    Some("/population"),
                ),
                "open" => (
                    "has an open exception already",
                    "have open exceptions already",
                    None,
                ),
                "own" => (
                    "is your own request, which somebody else decides",
                    "are your own requests, which somebody else decides",
                    Some("/exceptions?state=requested"),
                ),
                "over" => (
                    "was decided or had ended already",
                    "were decided or had ended already",
                    None,
                ),
                "changed" => (
                    "is about a client that is not what it was, or its time is over",
                    "are about clients that are not what they were, or their time is over",
                    Some("/exceptions?state=lapsed"),
                ),
                "elsewhere" => (
                    "went from a site that you do not see, which somebody who sees both has to look at first",
                    "went from sites that you do not see, which somebody who sees both has to look at first",
                    Some("/suspicions?kind=site"),
                ),
                _ => ("is not there any more", "are not there any more", None),
            };
            pieces.push(Piece {
                text: counted(n, one, many),
                href: href.map(str::to_owned),
            });
        }
        pieces.push(plain(".".to_owned()));
        pieces
    }
}

fn in_force(pile: &Pile, blocking: i64) -> String {
    let block = format!(
        "{} in force, for {} of the {}",
        number(pile.active),
        number(pile.blocking),
        counted(blocking, "blocking client", "blocking clients")
    );
    match pile.active - pile.blocking {
        0 => block,
        others => format!(
            "{block} and {}",
            counted(others, "that does not block", "that do not block")
        ),
    }
}

/// How the pile itself is, line by line; `blocking` clients there are altogether.
pub fn pile(pile: &Pile, blocking: i64, now: Timestamp) -> Vec<Piece> {
    let plain = |text: String| Piece { text, href: None };
    if pile.total == 0 {
        return vec![plain("Nobody has asked for an exception.".to_owned())];
    }
    let line = |n: i64, text: String, href: &str| Piece {
        text,
        href: (n > 0).then(|| href.to_owned()),
    };
    let mut lines = vec![line(
        pile.active,
        in_force(pile, blocking),
        "/exceptions?state=active",
    )];
    if let Some(oldest) = pile.oldest {
        let at = Moment::new(Timestamp(oldest), now);
        lines.push(plain(format!(
            "The oldest in force was asked for {}",
            at.relative
        )));
    }
    lines.extend([
        line(
            pile.soon,
            format!("{} over within 30 days", number(pile.soon)),
            "/exceptions?soon=1",
        ),
        line(
            pile.lapsed,
            format!(
                "{} lapsed in the last 30 days, because the client changed",
                number(pile.lapsed)
            ),
            "/exceptions?lapsed_lately=1",
        ),
        line(
            pile.unowned,
            format!(
                "{} with an owner that no expected list names",
                number(pile.unowned)
            ),
            "/exceptions?unowned=1",
        ),
        line(
            pile.requested,
            format!("{} waiting for a decision", number(pile.requested)),
            "/exceptions?state=requested",
        ),
        line(
            pile.waiting,
            format!("{} waiting longer than 7 days", number(pile.waiting)),
            "/exceptions?waiting=1",
        ),
    ]);
    lines
}
