//! Readiness in words: a range with counts first, and what makes the difference.

use super::{
    headline::NO_VERDICT,
    text::{Count, clients, counted, number, share},
};
use crate::{
    domain::{readiness::Readiness, verdict::Standing},
    store::model::{Filter, Population},
};

/// The range of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadinessLine {
    /// Ready for certain.
    pub least: Count,
    /// Its share.
    pub least_share: String,
    /// Ready at best; `None`: everybody is judged.
    pub most: Option<(String, String)>,
    /// Out of whom: `8,424 counted clients, 8,412 expected and 12 not on a list`.
    pub of: String,
    /// Clients nobody can judge.
    pub gap: Count,
    /// `clients nobody can judge make the difference`.
    pub gap_words: &'static str,
    /// That the range is open, where nobody knows who is missing.
    pub open: bool,
}

impl ReadinessLine {
    /// Of the clients that `base` describes; `None`: nobody is counted.
    pub fn of(population: &Population, base: &Filter) -> Option<Self> {
        let range = Readiness::of(&population.standings);
        if range.total == 0 {
            return None;
        }
        let with = |standings: &[Standing]| base.among(standings);
        let most = (range.gap() > 0).then(|| (number(range.most), share(range.most, range.total)));
        let open = population.lists.is_empty();
        let of = if open {
            format!("{} that reported", clients(range.total))
        } else if population.unlisted > 0 {
            format!(
                "{}, {} expected and {} not on a list",
                counted(range.total, "counted client", "counted clients"),
                number(population.expected),
                number(population.unlisted)
            )
        } else {
            counted(range.total, "expected client", "expected clients")
        };
        Some(Self {
            least: Count::new(range.least, &with(&[Standing::Ready])),
            least_share: share(range.least, range.total),
            most,
            of,
            gap: Count::new(range.gap(), &with(&NO_VERDICT)),
            gap_words: if range.gap() == 1 {
                "client nobody can judge makes the difference"
            } else {
                "clients nobody can judge make the difference"
            },
            open,
        })
    }
}

/// A range as a table shows it: `7,730–8,121`.
pub fn short(range: Readiness) -> String {
    if range.gap() == 0 {
        number(range.least)
    } else {
        format!("{}–{}", number(range.least), number(range.most))
    }
}
