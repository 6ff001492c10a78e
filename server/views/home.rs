//! The first screen: where the estate stands, what holds it up, and what is not known.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Layout,
    bar::{self, Segment},
    headline::{Headline, NO_VERDICT},
    links, os,
    text::{Count, Moment, clients, counted, number},
    words,
};
use crate::{
    domain::{
        assess,
        time::Timestamp,
        verdict::{Impact, Standing},
    },
    store::model::{Filter, OsLine, ReasonLine, Summary},
};

/// The rules that numbers are counted by, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// Reports older than this many days are stale.
    pub freshness_days: i64,
    /// Ruleset in force.
    pub ruleset: String,
    /// One sentence per switch that the organisation has decided for itself.
    pub policy: Vec<String>,
}

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
    pub fn new(standings: &BTreeMap<Standing, i64>, filter: &Filter) -> Self {
        let count = |wanted: &[Standing]| {
            let n = wanted
                .iter()
                .filter_map(|standing| standings.get(standing))
                .sum();
            let standings = if wanted.len() == Standing::ALL.len() {
                Vec::new()
            } else {
                wanted.to_vec()
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
    /// The reason most blocking clients carry.
    pub reason: Option<ReasonCell>,
}

/// A reason with its count and fix.
#[derive(Clone, Debug)]
pub struct ReasonCell {
    /// Short words.
    pub title: String,
    /// Blocking clients that carry it.
    pub count: Count,
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

/// A line of the table by site.
#[derive(Clone, Debug)]
pub struct SiteRow {
    /// Site code, or that there is none.
    pub name: String,
    /// The numbers.
    pub columns: Columns,
    /// A small bar.
    pub segments: Vec<Segment>,
}

/// A line of the freshness block.
#[derive(Clone, Debug)]
pub struct FreshLine {
    /// What it is.
    pub label: &'static str,
    /// What that means.
    pub meaning: String,
    /// How many.
    pub count: Count,
}

/// The first screen.
#[derive(Debug, Template)]
#[template(path = "home.html", whitespace = "minimize")]
pub struct HomePage {
    /// The frame.
    pub layout: Layout,
    /// The sentence.
    pub headline: Headline,
    /// Nothing came in and nobody is expected.
    pub empty: bool,
    /// Whether there is an expected list.
    pub listed: bool,
    /// What the number of expected clients means.
    pub denominator: String,
    /// Further small sentences below the headline.
    pub fine_print: Vec<String>,
    /// The bar and its table.
    pub segments: Vec<Segment>,
    /// What the bar says, for those who do not see it.
    pub bar_text: String,
    /// Blocking clients by impact.
    pub impacts: Vec<(&'static str, &'static str, Count)>,
    /// Everybody.
    pub all: Columns,
    /// By OS version.
    pub systems: Vec<OsRow>,
    /// Why blocked.
    pub why: Vec<WhyRow>,
    /// By site.
    pub sites: Vec<SiteRow>,
    /// How old the knowledge is.
    pub freshness: Vec<FreshLine>,
    /// The rules of counting.
    pub counting: Counting,
    /// When the numbers were true.
    pub as_of: Moment,
}

impl HomePage {
    /// The first screen of a summary.
    pub fn new(layout: Layout, summary: &Summary, counting: &Counting) -> Self {
        let population = &summary.population;
        let everybody = Filter::default();
        let segments = bar::segments(&population.standings, &everybody);
        Self {
            headline: Headline::of(summary),
            empty: population.total == 0 && population.list.is_none(),
            listed: population.list.is_some(),
            denominator: denominator(summary, &layout),
            fine_print: fine_print(summary, counting),
            bar_text: bar_text(&segments, population.total),
            segments,
            impacts: impacts(summary),
            all: Columns::new(&population.standings, &everybody),
            systems: summary
                .by_os
                .iter()
                .map(|line| OsRow::new(line, layout.now))
                .collect(),
            why: summary
                .reasons
                .iter()
                .map(|line| WhyRow::new(line, &everybody))
                .collect(),
            sites: summary
                .by_site
                .iter()
                .map(|(code, standings)| SiteRow::new(code, standings))
                .collect(),
            freshness: freshness(summary, counting),
            counting: counting.clone(),
            as_of: Moment::new(summary.as_of, layout.now),
            layout,
        }
    }
}

impl OsRow {
    fn new(line: &OsLine, now: Timestamp) -> Self {
        let filter = Filter {
            os: Some(line.os_key.clone()),
            ..Filter::default()
        };
        Self {
            href: links::os_url(&line.os_key),
            name: assess::os_label(&line.os_key),
            support_ended: os::support_ended(&line.os_key, now),
            columns: Columns::new(&line.standings, &filter),
            reason: line.top_reason.as_ref().map(|(code, n)| {
                let filter = Filter {
                    standings: vec![Standing::Blocking],
                    reason: Some(code.clone()),
                    ..filter
                };
                ReasonCell {
                    title: title(code),
                    count: Count::new(*n, &filter),
                    fix: assess::reason(code)
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
            reason: Some(line.reason.clone()),
            ..filter.clone()
        };
        Self {
            title: title(&line.reason),
            code: line.reason.clone(),
            impact: info.and_then(|info| info.impact).map_or("", words::impact),
            blocking: Count::new(line.blocking, &among(Standing::Blocking)),
            undetermined: Count::new(line.undetermined, &among(Standing::Undetermined)),
            fix: info.map_or_else(String::new, |info| info.fix_title.to_owned()),
            fix_href: info.map(|info| {
                links::list_url(&Filter {
                    standings: vec![Standing::Blocking, Standing::Undetermined],
                    fix: Some(info.fix.to_owned()),
                    ..filter.clone()
                })
            }),
        }
    }
}

impl SiteRow {
    fn new(code: &str, standings: &BTreeMap<Standing, i64>) -> Self {
        let filter = Filter {
            site: Some(code.to_owned()),
            ..Filter::default()
        };
        Self {
            name: words::site(code),
            columns: Columns::new(standings, &filter),
            segments: bar::segments(standings, &filter),
        }
    }
}

/// Short words for a reason; its code when this version does not know it.
pub fn title(code: &str) -> String {
    assess::reason(code).map_or_else(|| code.to_owned(), |info| info.title.to_owned())
}

fn denominator(summary: &Summary, layout: &Layout) -> String {
    let population = &summary.population;
    let Some(list) = &population.list else {
        return "No expected list yet: nothing can be called ready, because nobody knows who is missing.".to_owned();
    };
    let left_out = if population.left_out > 0 {
        format!(
            "; obsolete and decommissioned ones left out ({})",
            number(population.left_out)
        )
    } else {
        String::new()
    };
    format!(
        "Expected = {} on the list uploaded {} by {}{left_out}.",
        clients(population.expected),
        Moment::new(list.uploaded_at, layout.now).relative,
        list.uploaded_by,
    )
}

fn fine_print(summary: &Summary, counting: &Counting) -> Vec<String> {
    let population = &summary.population;
    let mut lines = Vec::new();
    match population.suspected_duplicates {
        0 => {}
        1 => lines
            .push("1 suspected duplicate is among them, counted twice until settled.".to_owned()),
        n => lines.push(format!(
            "{} suspected duplicates are among them, counted twice until settled.",
            number(n)
        )),
    }
    lines.push(format!(
        "Reports older than {} count as stale.",
        counted(counting.freshness_days, "day", "days")
    ));
    lines.push(format!("Ruleset {}.", counting.ruleset));
    if summary.to_rejudge > 0 {
        lines.push(format!(
            "{} still judged by an earlier ruleset; this is being done now.",
            counted(summary.to_rejudge, "report is", "reports are")
        ));
    }
    lines
}

fn bar_text(segments: &[Segment], total: i64) -> String {
    let parts: Vec<String> = segments
        .iter()
        .filter(|segment| segment.count.n > 0)
        .map(|segment| {
            format!(
                "{} {}",
                segment.count.text,
                segment.badge.word.to_lowercase()
            )
        })
        .collect();
    format!("Of {}: {}.", clients(total), parts.join(", "))
}

/// Blocking clients by impact: what it is called, what it means, how many.
pub fn impacts(summary: &Summary) -> Vec<(&'static str, &'static str, Count)> {
    Impact::ALL
        .into_iter()
        .filter_map(|impact| {
            let n = summary.impacts.get(&impact).copied().filter(|n| *n > 0)?;
            let filter = Filter {
                standings: vec![Standing::Blocking],
                impact: Some(impact),
                ..Filter::default()
            };
            Some((
                words::impact(impact),
                impact.words(),
                Count::new(n, &filter),
            ))
        })
        .collect()
}

fn freshness(summary: &Summary, counting: &Counting) -> Vec<FreshLine> {
    let population = &summary.population;
    let days = counted(counting.freshness_days, "day", "days");
    let standing = |wanted: Standing| population.standings.get(&wanted).copied().unwrap_or(0);
    let standings = |standings: &[Standing]| Filter {
        standings: standings.to_vec(),
        ..Filter::default()
    };
    // Silent and stale are decided before anything else, so all other standings rest on a fresh report.
    let fresh: Vec<Standing> = Standing::ALL
        .into_iter()
        .filter(|standing| !matches!(standing, Standing::Stale | Standing::Silent))
        .collect();
    let line = |label, meaning: &str, n, filter: &Filter| FreshLine {
        label,
        meaning: meaning.to_owned(),
        count: Count::new(n, filter),
    };
    let mut lines = vec![
        line(
            "Fresh",
            &format!("last report at most {days} old"),
            population.fresh,
            &standings(&fresh),
        ),
        line(
            "Stale",
            &format!("last report older than {days}"),
            standing(Standing::Stale),
            &standings(&[Standing::Stale]),
        ),
        line(
            "Silent",
            "expected, but never reported",
            standing(Standing::Silent),
            &standings(&[Standing::Silent]),
        ),
    ];
    let oddities = [
        (
            "Clock ahead",
            "the last report carries a time in the future",
            population.future_reports,
            Filter {
                future: true,
                ..Filter::default()
            },
        ),
        (
            "Not on the list",
            "reported without being expected; counted",
            population.unlisted,
            Filter {
                unlisted: true,
                ..Filter::default()
            },
        ),
        (
            "Suspected duplicates",
            "perhaps the same machine twice; counted",
            population.suspected_duplicates,
            Filter {
                duplicates: true,
                ..Filter::default()
            },
        ),
        (
            "Left out",
            "obsolete or decommissioned; not counted",
            population.left_out,
            Filter {
                left_out: true,
                ..Filter::default()
            },
        ),
    ];
    for (label, meaning, n, filter) in oddities {
        // Without a list everybody is unlisted, and saying so again helps nobody.
        if n > 0 && !(filter.unlisted && population.list.is_none()) {
            lines.push(line(label, meaning, n, &filter));
        }
    }
    lines
}
