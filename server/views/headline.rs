//! The one sentence in large type that says where the estate stands.

use super::{
    links,
    text::{clients, number},
};
use crate::{
    domain::verdict::{Impact, Standing},
    store::model::{Filter, Summary},
};

/// The four standings that leave us without a verdict that holds.
pub const NO_VERDICT: [Standing; 4] = [
    Standing::Undetermined,
    Standing::Conflict,
    Standing::Stale,
    Standing::Silent,
];

/// How the sentence is meant, for its mark and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing to judge.
    Nothing,
    /// Somebody is not cleared.
    NotReady,
    /// Everybody we know of is ready, but nobody told us whom to expect.
    Incomplete,
    /// Every expected client is ready.
    Ready,
}

impl State {
    /// CSS class.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::NotReady => "not-ready",
            Self::Incomplete => "incomplete",
            Self::Ready => "all-ready",
        }
    }
}

/// A part of the sentence; numbers lead to the list behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The words.
    pub text: String,
    /// The list.
    pub href: Option<String>,
}

/// The sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// How it is meant.
    pub state: State,
    /// Its parts, to be put together without anything in between.
    pub pieces: Vec<Piece>,
}

impl Headline {
    /// The sentence of a summary of the clients that `base` describes. Of a selection it never says that the estate is
    /// ready.
    pub fn of(summary: &Summary, base: &Filter) -> Self {
        let population = &summary.population;
        if !base.is_everybody() {
            return Self::of_selection(summary, base);
        }
        let listed = !population.lists.is_empty();
        if population.total == 0 {
            return Self::plain(
                State::Nothing,
                match (listed, population.left_out) {
                    (false, _) => "Nothing reported yet.".to_owned(),
                    (true, 0) => "Nothing to judge: the expected list is empty.".to_owned(),
                    (true, left_out) => format!(
                        "Nothing to judge: {} on the expected list, all left out as obsolete or decommissioned.",
                        clients(left_out)
                    ),
                },
            );
        }
        if listed && population.reported == 0 {
            return Self::plain(
                State::NotReady,
                match population.expected {
                    1 => "Not ready: the one expected client has never reported.".to_owned(),
                    n => format!(
                        "Not ready: none of the {} expected clients has reported.",
                        number(n)
                    ),
                },
            );
        }
        let Some(parts) = Parts::of(summary, base) else {
            return Self::all_ready(summary);
        };
        let end = if listed {
            "."
        } else {
            ". There is no expected list, so nothing can be called complete."
        };
        parts.sentence(
            "Not ready: ",
            &format!(" of {}. ", denominator(summary)),
            end,
        )
    }

    fn of_selection(summary: &Summary, base: &Filter) -> Self {
        let total = summary.population.total;
        if total == 0 {
            return Self::plain(
                State::Nothing,
                "In this selection: nobody. Take a filter back to see more.".to_owned(),
            );
        }
        let Some(parts) = Parts::of(summary, base) else {
            let who = match total {
                1 => "the one client is".to_owned(),
                n => format!("all {} clients are", number(n)),
            };
            return Self::plain(
                State::Incomplete,
                format!("In this selection: {who} ready."),
            );
        };
        let are = if parts.left == 1 { "is" } else { "are" };
        parts.sentence(
            "In this selection: ",
            &format!(" of {} {are} not ready. ", clients(total)),
            ".",
        )
    }

    /// The whole sentence as text.
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }

    fn plain(state: State, text: String) -> Self {
        Self {
            state,
            pieces: vec![Piece { text, href: None }],
        }
    }

    fn all_ready(summary: &Summary) -> Self {
        let population = &summary.population;
        let total = population.total;
        if population.lists.is_empty() {
            let who = match total {
                1 => "the one client that reported is ready".to_owned(),
                n => format!("all {} clients that reported are ready", number(n)),
            };
            return Self::plain(
                State::Incomplete,
                format!(
                    "Not complete: {who}, but there is no expected list, so nothing can be called complete."
                ),
            );
        }
        let who = match (total, population.unlisted) {
            (1, 0) => "the one expected client is".to_owned(),
            (n, 0) => format!("all {} expected clients are", number(n)),
            _ => format!("all {} are", denominator(summary)),
        };
        Self::plain(
            State::Ready,
            format!("Ready: {who} cleared for the cutover."),
        )
    }
}

impl Piece {
    fn words(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            href: None,
        }
    }
}

/// Who is not cleared.
struct Parts {
    /// So many in all: the number left.
    left: i64,
    /// The list of all of them.
    href: String,
    /// Why, in the order that matters.
    why: Vec<Piece>,
}

impl Parts {
    fn sentence(self, start: &str, middle: &str, end: &str) -> Headline {
        let mut pieces = vec![
            Piece::words(start),
            Piece {
                text: number(self.left),
                href: Some(self.href),
            },
            Piece::words(middle),
        ];
        let last = self.why.len().saturating_sub(1);
        for (index, part) in self.why.into_iter().enumerate() {
            if index > 0 {
                pieces.push(Piece::words(if index == last { " and " } else { ", " }));
            }
            pieces.push(part);
        }
        pieces.push(Piece::words(end));
        Headline {
            state: State::NotReady,
            pieces,
        }
    }

    /// `None` when everybody is cleared.
    fn of(summary: &Summary, base: &Filter) -> Option<Self> {
        let standing = |wanted: Standing| {
            summary
                .population
                .standings
                .get(&wanted)
                .copied()
                .unwrap_or(0)
        };
        let impact = |wanted: Impact| summary.impacts.get(&wanted).copied().unwrap_or(0);
        let blocking = standing(Standing::Blocking);
        let named: i64 = Impact::ALL.into_iter().map(impact).sum();
        let blocking_as = |impact: Option<Impact>| Filter {
            standings: vec![Standing::Blocking],
            impact: impact.or(base.impact),
            ..base.clone()
        };
        let standings = |standings: &[Standing]| base.among(standings);
        let lines = [
            (
                impact(Impact::Orphan),
                "would be orphaned",
                "would be orphaned",
                blocking_as(Some(Impact::Orphan)),
            ),
            (
                impact(Impact::Partial),
                "would lose its 32-bit programs",
                "would lose their 32-bit programs",
                blocking_as(Some(Impact::Partial)),
            ),
            (
                impact(Impact::Degraded),
                "would lose its .NET parts",
                "would lose their .NET parts",
                blocking_as(Some(Impact::Degraded)),
            ),
            (
                blocking - named,
                "would block in another way",
                "would block in another way",
                blocking_as(None),
            ),
            (
                NO_VERDICT.into_iter().map(standing).sum(),
                "cannot be judged",
                "cannot be judged",
                standings(&NO_VERDICT),
            ),
            (
                standing(Standing::RestartPending),
                "waits for a restart",
                "wait for a restart",
                standings(&[Standing::RestartPending]),
            ),
        ];
        let mut left = 0;
        let mut why: Vec<Piece> = Vec::new();
        for (n, one, many, filter) in lines {
            if n <= 0 {
                continue;
            }
            left += n;
            why.push(Piece {
                text: format!("{} {}", number(n), if n == 1 { one } else { many }),
                href: Some(links::list_url(&filter)),
            });
        }
        let all = Standing::ALL
            .into_iter()
            .filter(|standing| *standing != Standing::Ready);
        let href = links::list_url(&standings(&all.collect::<Vec<_>>()));
        (!why.is_empty()).then_some(Self { left, href, why })
    }
}

/// What the numbers are out of.
fn denominator(summary: &Summary) -> String {
    let population = &summary.population;
    if population.lists.is_empty() {
        format!("{} that reported", clients(population.total))
    } else if population.unlisted == 0 {
        let noun = if population.total == 1 {
            "client"
        } else {
            "clients"
        };
        format!("{} expected {noun}", number(population.total))
    } else {
        format!(
            "{} ({} expected, {} not on the list)",
            clients(population.total),
            number(population.expected),
            number(population.unlisted)
        )
    }
}
