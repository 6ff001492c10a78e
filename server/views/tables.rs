//! The lines of the tables by OS version, by reason and by site.

use std::collections::BTreeMap;

use super::{
    bar::{self, Segment},
    change::ChangeCell,
    headline::NO_VERDICT,
    links, os,
    text::{Count, number},
    words,
};
use crate::{
    domain::{assess, counted::counted_len, time::Timestamp, verdict::Standing},
    store::{
        model::{Filter, OsLine, ReasonLine},
        sites::OFFERED,
    },
};

/// The four columns that every table by something has; they add up to `total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Everybody.
    pub total: Count,
    /// Blocking.
    pub blocking: Count,
    /// Silent, stale, undetermined or in conflict.
    pub no_verdict: Count,
    /// Waiting for a restart.
    pub restart: Count,
    /// Ready.
    pub ready: Count,
}

impl Columns {
    /// Counts of the clients a filter describes, by what can be done about them.
    ///
    /// Standings that the filter rules out have nobody here, so no number leads to another list than it counts.
    pub fn new(standings: &BTreeMap<Standing, i64>, filter: &Filter) -> Self {
        let possible = filter.possible_standings();
        let count = |wanted: &[Standing]| {
            let n = wanted
                .iter()
                .filter_map(|standing| standings.get(standing))
                .sum();
            let standings = if wanted.len() == Standing::ALL.len() {
                filter.standings.clone()
            } else {
                wanted
                    .iter()
                    .filter(|standing| possible.contains(standing))
                    .copied()
                    .collect()
            };
            Count::new(
                n,
                &Filter {
                    standings,
                    ..filter.clone()
                },
            )
        };
        Self {
            total: count(&Standing::ALL),
            blocking: count(&[Standing::Blocking]),
            no_verdict: count(&NO_VERDICT),
            restart: count(&[Standing::RestartPending]),
            ready: count(&[Standing::Ready]),
        }
    }
}

/// A line of the table by OS version.
#[derive(Clone, Debug)]
pub struct OsRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// `support ended 2020-01-14`.
    pub support_ended: Option<String>,
    /// The numbers.
    pub columns: Columns,
    /// What most clients block for, or cannot be judged for.
    pub reason: Option<ReasonCell>,
    /// What changed within a week; `None`: not known.
    pub change: Option<ChangeCell>,
}

/// A reason with its count and fix.
#[derive(Clone, Debug)]
pub struct ReasonCell {
    /// Short words.
    pub title: String,
    /// Clients that carry it.
    pub count: Count,
    /// They do not block; they cannot be judged for it.
    pub undecided: bool,
    /// Short words for the fix.
    pub fix: String,
}

/// A line of "why blocked".
#[derive(Clone, Debug)]
pub struct WhyRow {
    /// Short words.
    pub title: String,
    /// Stable code.
    pub code: String,
    /// How bad, in a few words.
    pub impact: &'static str,
    /// Blocking clients that carry it.
    pub blocking: Count,
    /// Clients that cannot be judged and carry it.
    pub undetermined: Count,
    /// What mends it.
    pub fix: String,
    /// Everybody that this fix is for and who is not cleared.
    pub fix_href: Option<String>,
}

/// A line of the table by site, or by role.
#[derive(Clone, Debug)]
pub struct SiteRow {
    /// Its page.
    pub href: String,
    /// Site code, or that there is none; or the role.
    pub name: String,
    /// The numbers.
    pub columns: Columns,
    /// A small bar.
    pub segments: Vec<Segment>,
}

impl OsRow {
    /// Dresses a line.
    ///
    /// Of everybody, it leads to the page of the OS version; of a selection, to the narrower selection.
    pub fn new(line: &OsLine, base: &Filter, now: Timestamp) -> Self {
        let filter = Filter {
            os: Some(line.os_key.clone()),
            ..base.clone()
        };
        Self {
            href: if base.is_everybody() {
                links::os_url(&line.os_key)
            } else {
                links::overview_url(&filter)
            },
            name: assess::os_label(&line.os_key),
            support_ended: os::support_ended(&line.os_key, now),
            columns: Columns::new(&line.standings, &filter),
            change: None,
            reason: line.top_reason.as_ref().map(|top| {
                let filter = Filter {
                    standings: vec![top.of],
                    ..filter.with_reason(&top.reason)
                };
                ReasonCell {
                    title: title(&top.reason),
                    count: Count::new(top.clients, &filter),
                    undecided: top.of != Standing::Blocking,
                    fix: assess::reason(&top.reason)
                        .map_or_else(String::new, |info| info.fix_title.to_owned()),
                }
            }),
        }
    }
}

impl WhyRow {
    /// One reason among the clients a filter describes.
    pub fn new(line: &ReasonLine, filter: &Filter) -> Self {
        let info = assess::reason(&line.reason);
        let among = |standing: Standing| Filter {
            standings: vec![standing],
            ..filter.with_reason(&line.reason)
        };
        Self {
            title: title(&line.reason),
            code: line.reason.clone(),
            impact: info.and_then(|info| info.impact).map_or("", words::impact),
            blocking: Count::new(line.blocking, &among(Standing::Blocking)),
            undetermined: Count::new(line.undetermined, &among(Standing::Undetermined)),
            fix: info.map_or_else(String::new, |info| info.fix_title.to_owned()),
            fix_href: info
                .filter(|info| filter.fix.as_deref().is_none_or(|fix| fix == info.fix))
                .map(|info| {
                    let mut standings = filter.possible_standings();
                    standings.retain(|standing| {
                        matches!(standing, Standing::Blocking | Standing::Undetermined)
                    });
                    links::list_url(&Filter {
                        standings,
                        fix: Some(info.fix.to_owned()),
                        ..filter.clone()
                    })
                }),
        }
    }
}

impl SiteRow {
    /// Dresses a line.
    pub fn new(code: &str, standings: &BTreeMap<Standing, i64>, base: &Filter) -> Self {
        let filter = Filter {
            site: Some(code.to_owned()),
            ..base.clone()
        };
        Self {
            href: if base.is_everybody() {
                links::site_url(code)
            } else {
                links::overview_url(&filter)
            },
            name: words::site(code),
            columns: Columns::new(standings, &filter),
            segments: bar::segments(standings, &filter),
        }
    }

    /// Dresses the line of a role.
    pub fn of_role(role: &str, standings: &BTreeMap<Standing, i64>, base: &Filter) -> Self {
        let filter = Filter {
            role: Some(role.to_owned()),
            ..base.clone()
        };
        Self {
            href: if base.is_everybody() {
                links::role_url(role)
            } else {
                links::overview_url(&filter)
            },
            name: words::role(role),
            columns: Columns::new(standings, &filter),
            segments: bar::segments(standings, &filter),
        }
    }
}

/// Sites and how their clients stand, those with most clients left first.
pub fn most_left_first(
    by_site: &[(String, BTreeMap<Standing, i64>)],
) -> Vec<&(String, BTreeMap<Standing, i64>)> {
    let mut all: Vec<_> = by_site.iter().collect();
    all.sort_by_key(|(_, standings)| {
        let left = standings.iter().filter(|(of, _)| !of.is_cleared());
        std::cmp::Reverse(left.map(|(_, n)| n).sum::<i64>())
    });
    all
}

/// The sites of a page that tells of other things, too: the first, others that are folded away, and where all are, if there are
/// more than a page holds.
#[derive(Clone, Debug)]
pub struct FewSites {
    /// The first of them.
    pub shown: Vec<SiteRow>,
    /// Others.
    pub folded: Folded<SiteRow>,
    /// In words, and its address.
    pub further: Option<(String, String)>,
}

impl FewSites {
    /// Of those that a summary has: `shown` of them, and up to [`OFFERED`].
    pub fn of(by_site: &[(String, BTreeMap<Standing, i64>)], base: &Filter, shown: usize) -> Self {
        let further = by_site.len().saturating_sub(OFFERED);
        let mut lines: Vec<_> = if further > 0 {
            most_left_first(by_site)
        } else {
            by_site.iter().collect()
        };
        lines.truncate(OFFERED);
        let rows = lines
            .into_iter()
            .map(|(code, standings)| SiteRow::new(code, standings, base));
        let (shown, folded) = fold(rows.collect(), shown, "sites");
        Self {
            shown,
            folded,
            further: (further > 0).then(|| {
                let words = counted_len(further, "further site", "further sites");
                let words = format!("{words}, with fewer clients left than these");
                (words, links::sites_url(base, 0))
            }),
        }
    }

    /// None.
    pub fn none() -> Self {
        Self::of(&[], &Filter::default(), 0)
    }
}

/// The lines of a table that are folded away because there are too many.
#[derive(Clone, Debug)]
pub struct Folded<T> {
    /// `175 more OS versions`; `None`: nothing is folded away.
    pub words: Option<String>,
    /// The lines.
    pub rows: Vec<T>,
}

/// The first `most` lines, and the others if it is worth folding them away.
pub fn fold<T>(mut rows: Vec<T>, most: usize, what: &str) -> (Vec<T>, Folded<T>) {
    let rest = if rows.len() > most + 5 {
        rows.split_off(most)
    } else {
        Vec::new()
    };
    let words = (!rest.is_empty()).then(|| {
        format!(
            "{} more {what}",
            number(i64::try_from(rest.len()).unwrap_or(i64::MAX))
        )
    });
    (rows, Folded { words, rows: rest })
}

/// Short words for a reason; its code when this version does not know it.
pub fn title(code: &str) -> String {
    assess::reason(code).map_or_else(|| code.to_owned(), |info| info.title.to_owned())
}
