//! What pages are made of, each part once: the tokens of the sheet and the parts of the templates, with sample data.
//!
//! For those who change pages; no menu leads here.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Layout,
    attention::Attention,
    bar::{self, Segment},
    change::{Change, ChangeCell},
    chart::{Chart, Plan, Series},
    form::{Choices, FilterForm},
    links::Screen,
    readiness::ReadinessLine,
    tables::{Columns, OsRow, SiteRow, WhyRow},
    text::Moment,
    words::{self, Badge},
};
use crate::{
    domain::{
        feeds::day_of,
        time::HOUR,
        verdict::{Outcome, Standing},
    },
    store::{
        model::{Filter, OsLine, Population, ReasonLine},
        tops::TopReason,
    },
};

/// Sizes of type, smallest first.
const TYPE: [(&str, &str); 5] = [
    ("--step--1", "Labels, captions, fine print"),
    ("--step-0", "Text and tables"),
    ("--step-1", "A sentence that matters"),
    ("--step-2", "Headings of sections, numbers of tiles"),
    ("--step-3", "The heading of a page; grows with the window"),
];

/// Distances, smallest first.
const SPACE: [(&str, &str); 6] = [
    ("--space-1", "4 px"),
    ("--space-2", "8 px"),
    ("--space-3", "12 px"),
    ("--space-4", "20 px"),
    ("--space-5", "32 px"),
    ("--space-6", "48 px"),
];

/// Colours and what they are for; each stands in the sheet once for light and once for dark.
const COLOURS: [(&str, &str); 20] = [
    ("--page", "Ground of the page"),
    ("--surface", "Ground of boxes and fields"),
    (
        "--sunken",
        "Ground of commands, notices and the line under the pointer",
    ),
    ("--ink", "Text"),
    ("--soft", "Text that may be passed over"),
    (
        "--rule",
        "Lines between things; never the only sign of anything",
    ),
    ("--strong-rule", "Edges of fields and marks"),
    ("--accent", "Links, buttons, the focus"),
    ("--accent-ink", "Text on the accent"),
    ("--warning-ground", "Ground of a warning"),
    ("--error-ground", "Ground of an error"),
    ("--done-ground", "Ground of something done"),
    ("--blocking", "Blocking, and failed"),
    ("--undetermined", "Undetermined, and warned"),
    ("--conflict", "Conflict"),
    ("--restart_pending", "Restart pending"),
    ("--stale", "Stale"),
    ("--silent", "Silent"),
    ("--ready", "Ready, and passed"),
    ("--ready-fill", "Ready as an area"),
];

/// Every token and part.
#[derive(Debug, Template)]
#[template(path = "components.html", whitespace = "minimize")]
pub struct ComponentsPage {
    /// The frame.
    pub layout: Layout,
    /// Sizes of type and what they are for.
    pub sizes: &'static [(&'static str, &'static str)],
    /// Distances.
    pub spaces: &'static [(&'static str, &'static str)],
    /// Colours and what they are for.
    pub colours: &'static [(&'static str, &'static str)],
    /// Standings.
    pub standings: Vec<Badge>,
    /// Outcomes of checks.
    pub outcomes: Vec<Badge>,
    /// A bar with everything in it.
    pub segments: Vec<Segment>,
    /// A range.
    pub readiness: Option<ReadinessLine>,
    /// A table that becomes cards.
    pub systems: Vec<OsRow>,
    /// Its last line.
    pub all: Columns,
    /// The change of its last line.
    pub all_change: Option<ChangeCell>,
    /// Reasons.
    pub why: Vec<WhyRow>,
    /// Sites with small bars.
    pub sites: Vec<SiteRow>,
    /// A form with chips.
    pub form: FilterForm,
    /// A picture.
    pub chart: Chart,
    /// What needs attention.
    pub attention: Vec<Attention>,
    /// A time.
    pub moment: Moment,
}

impl ComponentsPage {
    /// The page; its samples are made here.
    pub fn new(layout: Layout) -> Self {
        let none = Filter::default();
        let counts = [251, 60, 2, 52, 131, 198, 7_730];
        let standings: BTreeMap<Standing, i64> = Standing::ALL.into_iter().zip(counts).collect();
        let chosen = Filter {
            standings: vec![Standing::Blocking],
            site: Some("P01".to_owned()),
            ..Filter::default()
        };
        let choices = Choices {
            os: vec!["6.1.7601-client".to_owned()],
            sites: vec!["P01".to_owned(), String::new()],
            ..Choices::default()
        };
        let mut system = OsRow::new(
            &OsLine {
                os_key: "6.1.7601-client".to_owned(),
                total: counts.iter().sum(),
                standings: standings.clone(),
                top_reason: Some(TopReason {
                    reason: "winhttp.default_without_tls12".to_owned(),
                    clients: 120,
                    of: Standing::Blocking,
                }),
            },
            &none,
            layout.now,
        );
        let change = Change {
            blocking: -12,
            no_verdict: 3,
            ready: 9,
        };
        system.change = Some(change.into());
        let population = Population {
            total: counts.iter().sum(),
            expected: counts.iter().sum(),
            standings: standings.clone(),
            ..Population::default()
        };
        Self {
            sizes: &TYPE,
            spaces: &SPACE,
            colours: &COLOURS,
            standings: Standing::ALL.into_iter().map(words::standing).collect(),
            outcomes: [
                Outcome::Fail,
                Outcome::Unknown,
                Outcome::Warn,
                Outcome::Pass,
                Outcome::NotApplicable,
            ]
            .into_iter()
            .map(words::outcome)
            .collect(),
            segments: bar::segments(&standings, &none),
            readiness: ReadinessLine::of(&population, &none),
            systems: vec![system],
            all: Columns::new(&standings, &none),
            all_change: Some(Change::new(Some(&standings), &standings).into()),
            why: vec![WhyRow::new(
                &ReasonLine {
                    reason: "winhttp.default_without_tls12".to_owned(),
                    blocking: 118,
                    undetermined: 4,
                },
                &none,
            )],
            sites: vec![SiteRow::new("P01", &standings, &none)],
            form: FilterForm::new(&Screen::Overview, &chosen, &choices),
            chart: Chart::new(&plan(day_of(layout.now))),
            attention: vec![Attention {
                text: "3 clients are configured well, but were seen using TLS 1.0/1.1".to_owned(),
                href: Some("/clients?standing=conflict".to_owned()),
            }],
            moment: Moment::new(layout.now.plus(-3 * HOUR), layout.now),
            layout,
        }
    }
}

/// Two lines with a gap, a feed that had stopped, and other rules.
fn plan(today: i64) -> Plan {
    let first = today - 29;
    let line = |code, symbol, name: &str, from: i64, step: i64| Series {
        code,
        symbol,
        name: name.to_owned(),
        values: (0..30)
            .filter(|n| !(8..11).contains(n))
            .map(|n| (first + n, from - n * step))
            .collect(),
    };
    Plan {
        first,
        last: today,
        series: vec![
            line("blocking", "s-blocking", "Blocking", 460, 7),
            line("no-verdict", "s-undetermined", "Cannot be judged", 390, 1),
        ],
        gaps: vec![(first + 8, first + 10)],
        quiet: vec![(first + 18, first + 20)],
        rules: vec![first + 4],
        title: "Sample of a picture: two lines over 30 days".to_owned(),
        description: "Both fall. Three days have no numbers, three had stopped feeds.".to_owned(),
    }
}
