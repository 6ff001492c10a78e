//! The checks of one client, dressed.

use super::{
    links,
    masks::MaskView,
    words::{self, Badge},
};
use crate::domain::{
    assess::{self, ProtocolMask},
    verdict::{CheckResult, Outcome},
};

/// A source: its words, and its address if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called.
    pub label: &'static str,
    /// Where it is.
    pub href: Option<&'static str>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckView {
    /// Its outcome.
    pub badge: Badge,
    /// What it looks at.
    pub title: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Its reason code.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
    /// What would pass.
    pub expected: String,
    /// What was found.
    pub observed: String,
    /// The protocols behind it, bit by bit.
    pub mask: Option<MaskView>,
    /// What to do.
    pub fix: String,
    /// Why it matters.
    pub why: &'static str,
    /// Where it is explained.
    pub explained: String,
    /// On whose word.
    pub sources: Vec<Source>,
    /// The sources contradict each other.
    pub disputed: bool,
    /// This check decided the verdict.
    pub deciding: bool,
}

impl CheckView {
    /// Dresses a check; `deciding` is the reason that decided the verdict, `masks` what is known of protocols.
    pub fn new(check: &CheckResult, deciding: Option<&str>, masks: &[ProtocolMask]) -> Self {
        Self {
            mask: masks
                .iter()
                .find(|mask| mask.check == check.id)
                .map(MaskView::new),
            why: assess::check_info(check.id).map_or("", |info| info.why),
            explained: links::check_url(check.id),
            badge: words::outcome(check.outcome),
            title: words::check(check.id),
            id: check.id,
            reason: check.reason,
            message: check.message.clone(),
            expected: check.expected.clone(),
            observed: check.observed.clone(),
            fix: check.fix.clone(),
            sources: check.sources.iter().map(|text| Source::new(text)).collect(),
            disputed: check.disputed,
            deciding: deciding == Some(check.reason) && is_open(check),
        }
    }
}

/// Whether a check stands in the way.
pub fn is_open(check: &CheckResult) -> bool {
    matches!(check.outcome, Outcome::Fail | Outcome::Unknown)
}

impl Source {
    /// `Title (https://…)` as a link; anything else as words.
    pub fn new(text: &'static str) -> Self {
        let linked = text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once(" (https://").map(|(label, _)| label))
            .and_then(|label| Some((label, text.get(label.len() + 2..text.len() - 1)?)));
        match linked {
            Some((label, href)) => Self {
                label,
                href: Some(href),
            },
            None if text.starts_with("https://") => Self {
                label: text,
                href: Some(text),
            },
            None => Self {
                label: text,
                href: None,
            },
        }
    }
}

/// How many checks have which outcome: `2 fail, 1 unknown, 8 pass`.
pub fn tally(checks: &[&CheckResult]) -> String {
    [
        Outcome::Fail,
        Outcome::Unknown,
        Outcome::Warn,
        Outcome::Pass,
        Outcome::NotApplicable,
    ]
    .into_iter()
    .filter_map(|outcome| {
        let n = checks
            .iter()
            .filter(|check| check.outcome == outcome)
            .count();
        (n > 0).then(|| format!("{n} {}", words::outcome(outcome).word.to_lowercase()))
    })
    .collect::<Vec<_>>()
    .join(", ")
}
