//! Trends to render pages from: a long one with a gap, a stopped feed and other rules, a first day, and a past day.

use std::collections::BTreeMap;

use cutover::{
    domain::{
        days::start_of,
        feeds::day_of,
        forecast::{self, NoForecast, Point},
        time::{HOUR, MINUTE},
        verdict::{Impact, Standing},
    },
    store::{
        days::Day,
        model::{Filter, ReasonLine},
        moves::Regression,
        trend::{PastDay, Slice, TrendDay},
    },
    views::{
        Nav, Page,
        day::DayPage,
        direction,
        form::Choices,
        outlook,
        text::Count,
        trend::{Asked, Days, Trend, TrendSection},
        trend_page::{Outlook, TrendPage},
    },
};

use super::samples::{layout, now, standings};

fn head(ago: i64, counts: [i64; 7]) -> Day {
    let day = day_of(now()) - ago;
    Day {
        day,
        taken_at: start_of(day + 1).plus(MINUTE),
        ruleset: if ago > 60 { "2026.8.2" } else { "2026.11.1" }.to_owned(),
        expected: 8_412,
        total: counts.iter().sum(),
        standings: standings(counts),
        lists: 1,
        feeds: 4,
        feeds_stopped: i64::from((20..23).contains(&ago)),
        to_rejudge: if ago == 60 { 140 } else { 0 },
        simulated: false,
        partial: false,
    }
}

fn day(ago: i64, counts: [i64; 7]) -> TrendDay {
    TrendDay {
        standings: standings(counts),
        head: head(ago, counts),
    }
}

/// A hundred days, four of them without numbers, one taken in the morning.
pub fn long() -> Days {
    let kept = (1..=100)
        .rev()
        .filter(|ago| !(40..44).contains(ago))
        .map(|ago| {
            let mut day = day(
                ago,
                [251 + 4 * ago, 60, 2, 52, 131, 198 + ago, 7_730 - 5 * ago],
            );
            if ago == 39 {
                day.head.taken_at = start_of(day.head.day).plus(8 * HOUR);
            }
            day
        })
        .collect();
    let mut today = day(0, [251, 60, 2, 52, 131, 198, 7_730]);
    today.head.taken_at = now();
    Days { kept, today }
}

fn first_day() -> Days {
    Days {
        kept: Vec::new(),
        ..long()
    }
}

fn outcome(days: &Days) -> Result<forecast::Forecast, NoForecast> {
    let points: Vec<Point> = days
        .kept
        .iter()
        .chain([&days.today])
        .map(|day| Point {
            day: day.head.day,
            left: day.head.total - day.standings[&Standing::Ready],
            ruleset: day.head.ruleset.clone(),
        })
        .collect();
    forecast::forecast(&points)
}

/// What the first screen shows.
pub fn section() -> TrendSection {
    let days = long();
    TrendSection {
        trend: Trend::new(&Asked::usual(), &days),
        direction: direction::words(&days),
        forecast: outlook::sentences(&outcome(&days)),
    }
}

/// How the OS versions stood a week ago.
pub fn week_ago() -> BTreeMap<String, BTreeMap<Standing, i64>> {
    BTreeMap::from([
        (
            "6.1.7601-client".to_owned(),
            standings([153, 20, 0, 18, 40, 60, 109]),
        ),
        (
            "10.0.19045-client".to_owned(),
            standings([28, 8, 1, 6, 52, 88, 4_310]),
        ),
    ])
}

fn page(asked: &Asked, days: &Days, regressed: &[Regression]) -> String {
    let outcome = outcome(days);
    let unchanged = Filter {
        unchanged: Some(60),
        ..Filter::default()
    };
    let by = asked.by.as_deref().and_then(forecast::day_named);
    let outlook = asked.slice.reason.is_none().then(|| Outlook {
        forecast: outlook::sentences(&outcome),
        by: by.map(|by| {
            let needed = forecast::needed(694, day_of(now()), by);
            outlook::for_date(by, needed, &outcome)
        }),
        unchanged: Some(Count::new(112, &unchanged)),
    });
    let choices = Choices {
        os: vec!["6.1.7601-client".to_owned(), "10.0.19045-client".to_owned()],
        sites: vec!["P01".to_owned(), String::new()],
        roles: Vec::new(),
        ..Choices::default()
    };
    let count = i64::try_from(regressed.len()).expect("few");
    TrendPage::new(
        layout(Nav::Trend),
        asked,
        days,
        &choices,
        outlook,
        (count, regressed),
    )
    .render()
    .expect("a page")
}

fn regressions() -> Vec<Regression> {
    vec![Regression {
        id: "0198f3a2-0000-7000-8000-000000000001".to_owned(),
        name: "<b>PC-0042".to_owned(),
        os_key: "10.0.19045-client".to_owned(),
        standing: Standing::Stale,
        at: now().plus(-50 * HOUR),
        from: Standing::Ready,
        to: Standing::Blocking,
        gained: 3,
    }]
}

fn past_day() -> String {
    let past = PastDay {
        head: head(21, [335, 60, 2, 52, 131, 219, 7_625]),
        impacts: BTreeMap::from([(Impact::Orphan, 335)]),
        by_os: vec![
            (
                "6.1.7601-client".to_owned(),
                standings([153, 20, 0, 18, 40, 60, 109]),
            ),
            ("unknown".to_owned(), standings([0, 0, 0, 0, 0, 10, 0])),
        ],
        by_site: vec![(String::new(), standings([335, 60, 2, 52, 131, 219, 7_625]))],
        reasons: vec![ReasonLine {
            reason: "schannel.tls12_not_enabled".to_owned(),
            blocking: 180,
            undetermined: 0,
        }],
    };
    let day = past.head.day;
    DayPage::new(layout(Nav::Trend), &past, Some(day - 1), Some(day + 1))
        .render()
        .expect("a page")
}

/// The pages, by name.
pub fn pages() -> Vec<(&'static str, String)> {
    let narrow = Asked {
        days: 30,
        slice: Slice {
            within: cutover::domain::access::Sites::all(),
            site: Some(String::new()),
            os: Some("6.1.7601-client".to_owned()),
            reason: Some("schannel.tls12_not_enabled".to_owned()),
        },
        standing: None,
        by: None,
    };
    let one_standing = Asked {
        days: 400,
        standing: Some(Standing::Silent),
        by: Some("2027-03-01".to_owned()),
        ..Asked::usual()
    };
    vec![
        ("trend", page(&Asked::usual(), &long(), &regressions())),
        ("trend-narrow", page(&narrow, &long(), &[])),
        ("trend-standing", page(&one_standing, &long(), &[])),
        ("trend-first-day", page(&Asked::usual(), &first_day(), &[])),
        ("trend-past-day", past_day()),
    ]
}

/// Numbers of another day would lead to other clients.
#[test]
fn no_number_of_a_past_day_leads_to_a_list() {
    for (name, html) in pages() {
        let (_, main) = html.split_once("<main").expect("the page");
        let links =
            main.matches("href=\"/blockers?").count() + main.matches("href=\"/clients?").count();
        match name {
            "trend-past-day" => assert_eq!(links, 0),
            // Blocking and cannot be judged of today, and the two beside the table.
            "trend-first-day" => assert_eq!(links, 3, "{main}"),
            _ => {}
        }
    }
}
