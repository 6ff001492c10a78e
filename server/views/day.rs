//! What the numbers were on one day. They are numbers of that day, so none of them leads to a list of today.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Layout,
    bar::{self, Segment},
    headline::NO_VERDICT,
    tables::title,
    text::{Moment, number},
    trend_table::notes,
    words,
};
use crate::{
    domain::{
        assess,
        days::{date_of, start_of},
        readiness::Readiness,
        verdict::Standing,
    },
    store::{
        model::Filter,
        trend::{PastDay, TrendDay},
    },
};

/// A line of a table by something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// By what.
    pub name: String,
    /// Everybody.
    pub total: String,
    /// Blocking.
    pub blocking: String,
    /// Cannot be judged.
    pub no_verdict: String,
    /// Waiting for a restart.
    pub restart: String,
    /// Ready.
    pub ready: String,
}

/// A reason with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayReason {
    /// Short words.
    pub title: String,
    /// Blocking clients that carried it.
    pub blocking: String,
    /// Clients that could not be judged and carried it.
    pub undetermined: String,
}

/// `/trend/2026-11-20`
#[derive(Debug, Template)]
#[template(path = "day.html", whitespace = "minimize")]
pub struct DayPage {
    /// The frame.
    pub layout: Layout,
    /// The date.
    pub date: String,
    /// When its numbers were true.
    pub taken: Moment,
    /// The rules in force.
    pub ruleset: String,
    /// What has to be known about it.
    pub notes: Vec<String>,
    /// The bar.
    pub segments: Vec<Segment>,
    /// Everybody, in words.
    pub sentence: String,
    /// By OS version.
    pub systems: Vec<DayRow>,
    /// By site.
    pub sites: Vec<DayRow>,
    /// Why blocked.
    pub reasons: Vec<DayReason>,
    /// The day before and the day after, where numbers were kept: address and date.
    pub before: Option<(String, String)>,
    /// As `before`.
    pub after: Option<(String, String)>,
}

impl DayPage {
    /// A day, with the kept days on both sides of it.
    pub fn new(layout: Layout, day: &PastDay, before: Option<i64>, after: Option<i64>) -> Self {
        let head = &day.head;
        let link = |day: i64| (format!("/trend/{}", date_of(day)), date_of(day));
        let mut segments = bar::segments(&head.standings, &Filter::default());
        for segment in &mut segments {
            segment.count.href = None;
        }
        let range = Readiness::of(&head.standings);
        Self {
            date: date_of(head.day),
            taken: Moment::new(head.taken_at, layout.now),
            ruleset: head.ruleset.clone(),
            notes: notes(
                &TrendDay {
                    head: head.clone(),
                    standings: BTreeMap::new(),
                },
                false,
            ),
            segments,
            sentence: format!(
                "At least {} and at most {} of {} counted clients were ready; {}.",
                number(range.least),
                number(range.most),
                number(head.total),
                if head.partial {
                    "how many of these sites were expected was not kept".to_owned()
                } else {
                    format!("{} were expected", number(head.expected))
                }
            ),
            systems: day
                .by_os
                .iter()
                .map(|(key, standings)| row(assess::os_label(key), standings))
                .collect(),
            sites: day
                .by_site
                .iter()
                .map(|(code, standings)| row(words::site(code), standings))
                .collect(),
            reasons: day
                .reasons
                .iter()
                .map(|line| DayReason {
                    title: title(&line.reason),
                    blocking: number(line.blocking),
                    undetermined: number(line.undetermined),
                })
                .collect(),
            before: before.map(link),
            after: after.filter(|day| start_of(*day) <= layout.now).map(link),
            layout,
        }
    }
}

fn row(name: String, standings: &BTreeMap<Standing, i64>) -> DayRow {
    let sum = |wanted: &[Standing]| {
        number(
            wanted
                .iter()
                .filter_map(|standing| standings.get(standing))
                .sum(),
        )
    };
    DayRow {
        name,
        total: sum(&Standing::ALL),
        blocking: sum(&[Standing::Blocking]),
        no_verdict: sum(&NO_VERDICT),
        restart: sum(&[Standing::RestartPending]),
        ready: sum(&[Standing::Ready]),
    }
}
