//! How this is counted: every word, rule, reason and fix behind the numbers, to print and to argue with.

use askama::Template;

use super::{
    Layout,
    home::Counting,
    links, rule,
    words::{self, Badge},
};
use crate::{
    domain::{
        assess,
        verdict::{Impact, Standing},
    },
    store::model::{Filter, Population},
};

/// One standing.
#[derive(Clone, Copy, Debug)]
pub struct StandingLine {
    /// Shape and word.
    pub badge: Badge,
    /// When it holds.
    pub meaning: &'static str,
    /// Cleared for the cutover.
    pub cleared: bool,
}

/// One reason.
#[derive(Clone, Debug)]
pub struct ReasonRow {
    /// Short words.
    pub title: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What the check looks at.
    pub check: &'static str,
    /// How bad.
    pub impact: &'static str,
    /// What mends it.
    pub fix: &'static str,
    /// Everybody who carries it and is not cleared.
    pub href: String,
}

/// The page on method.
#[derive(Debug, Template)]
#[template(path = "method.html", whitespace = "minimize")]
pub struct MethodPage {
    /// The frame.
    pub layout: Layout,
    /// What is counted now, in one sentence.
    pub rule: String,
    /// Freshness, ruleset and switches.
    pub counting: Counting,
    /// Standings in the order in which they are decided.
    pub standings: Vec<StandingLine>,
    /// Impacts: short words and meaning.
    pub impacts: Vec<(&'static str, &'static str)>,
    /// Reasons.
    pub reasons: Vec<ReasonRow>,
}

/// The order in which standings are decided; the first that holds counts.
const ORDER: [Standing; 7] = [
    Standing::Silent,
    Standing::Stale,
    Standing::Blocking,
    Standing::Undetermined,
    Standing::Conflict,
    Standing::RestartPending,
    Standing::Ready,
];

impl MethodPage {
    /// The page.
    pub fn new(layout: Layout, counting: &Counting, population: &Population) -> Self {
        Self {
            layout,
            rule: rule::denominator(population),
            counting: counting.clone(),
            standings: ORDER
                .map(|standing| StandingLine {
                    badge: words::standing(standing),
                    meaning: words::standing_meaning(standing),
                    cleared: standing.is_cleared(),
                })
                .into(),
            impacts: Impact::ALL
                .map(|impact| (words::impact(impact), words::impact_meaning(impact)))
                .into(),
            reasons: assess::REASONS.iter().map(ReasonRow::new).collect(),
        }
    }
}

impl ReasonRow {
    fn new(info: &'static assess::ReasonInfo) -> Self {
        let standing = if info.impact.is_some() {
            Standing::Blocking
        } else {
            Standing::Undetermined
        };
        Self {
            title: info.title,
            code: info.code,
            check: words::check(info.check),
            impact: info.impact.map_or("Leaves it undecided", words::impact),
            fix: info.fix_title,
            href: links::list_url(&Filter {
                standings: vec![standing],
                reason: Some(info.code.to_owned()),
                ..Filter::default()
            }),
        }
    }
}
