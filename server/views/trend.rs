//! The trend: whose numbers are asked for, and what is drawn of them.

use super::{
    chart::{Chart, Plan, Series, runs},
    headline::NO_VERDICT,
    links::{self, NO_SITE},
    tables,
    text::number,
    trend_table::{DayLine, dates, lines, sum},
    words::{self, Badge},
};
use crate::{
    domain::{access::Sites, assess, days::date_of, verdict::Standing},
    store::trend::{Slice, TrendDay},
};

/// The lengths that can be chosen, in days.
pub const LENGTHS: [i64; 3] = [30, 90, 400];
/// So many lines of the table are shown before it is folded away.
const SHOWN: usize = 14;

/// Which trend is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Days back, today included.
    pub days: i64,
    /// Whose numbers.
    pub slice: Slice,
    /// One standing alone instead of what blocks and what cannot be judged.
    pub standing: Option<Standing>,
    /// The date that somebody wants to be done by, as it was given.
    pub by: Option<String>,
}

impl Asked {
    /// Everybody, 90 days.
    pub const fn usual() -> Self {
        Self {
            days: 90,
            slice: Slice {
                within: Sites::all(),
                site: None,
                os: None,
                reason: None,
            },
            standing: None,
            by: None,
        }
    }

    /// The same of another length.
    #[must_use]
    pub fn of_days(&self, days: i64) -> Self {
        Self {
            days,
            ..self.clone()
        }
    }

    /// What an address says of this.
    pub fn query(&self) -> String {
        let mut query = format!("days={}", self.days);
        let site = self.slice.site.as_deref();
        for (name, value) in [
            (
                "site",
                site.map(|code| if code.is_empty() { NO_SITE } else { code }),
            ),
            ("os", self.slice.os.as_deref()),
            ("standing", self.standing.map(Standing::code)),
            ("reason", self.slice.reason.as_deref()),
            ("by", self.by.as_deref()),
        ] {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={}", links::encode(value)));
            }
        }
        query
    }

    /// Whose numbers these are, in words.
    pub fn whose(&self) -> String {
        let mut parts = Vec::new();
        if let Some(site) = &self.slice.site {
            parts.push(format!("site {}", words::site(site)));
        }
        if let Some(os) = &self.slice.os {
            parts.push(assess::os_label(os));
        }
        if let Some(reason) = &self.slice.reason {
            parts.push(format!("reason “{}”", tables::title(reason)));
        }
        if parts.is_empty() {
            "all counted clients".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

/// Picture and table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// The picture.
    pub chart: Chart,
    /// `Last 90 days`
    pub span: String,
    /// The table, newest first.
    pub lines: Vec<DayLine>,
    /// Its older part.
    pub older: Vec<DayLine>,
    /// The words over that part.
    pub older_words: Option<String>,
    /// The column of the standing that was asked for.
    pub chosen: Option<Badge>,
    /// Some days were made up by the demo.
    pub simulated: bool,
}

/// The trend on the first screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendSection {
    /// Picture and table.
    pub trend: Trend,
    /// Whether it gets better, in one line.
    pub direction: String,
    /// The forecast, or why there is none.
    pub forecast: Vec<String>,
}

/// The days that are shown: what was kept, and today as it is now.
#[derive(Clone, Debug)]
pub struct Days {
    /// In order; today's is left out if it is among them, because it is shown as it is now.
    pub kept: Vec<TrendDay>,
    /// Now.
    pub today: TrendDay,
}

impl Days {
    fn within(&self, first: i64) -> impl Iterator<Item = &TrendDay> {
        let today = self.today.head.day;
        self.kept
            .iter()
            .filter(move |day| day.head.day >= first && day.head.day < today)
            .chain([&self.today])
    }
}

impl Trend {
    /// Draws what was asked for.
    pub fn new(asked: &Asked, days: &Days) -> Self {
        let last = days.today.head.day;
        let first = last - asked.days + 1;
        let shown: Vec<&TrendDay> = days.within(first).collect();
        let recorded = shown.first().map_or(last, |day| day.head.day);
        let missing =
            (recorded..=last).filter(|day| !shown.iter().any(|shown| shown.head.day == *day));
        let gaps = runs(missing);
        let quiet = runs(
            shown
                .iter()
                .filter(|day| day.head.feeds_stopped > 0)
                .map(|day| day.head.day),
        );
        let changes: Vec<i64> = shown
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] if a.head.ruleset != b.head.ruleset => Some(b.head.day),
                _ => None,
            })
            .collect();
        let series = series(asked, &shown);
        let plan = Plan {
            first,
            last,
            title: format!(
                "{}: {}, {} to {}",
                series
                    .iter()
                    .map(|line| line.name.clone())
                    .collect::<Vec<_>>()
                    .join("; "),
                asked.whose(),
                date_of(first),
                date_of(last)
            ),
            description: description(&series, &gaps, &quiet, &changes),
            series,
            gaps: gaps.clone(),
            quiet,
            rules: changes,
        };
        let mut lines = lines(asked, &shown, &gaps);
        let older = if lines.len() > SHOWN + 3 {
            lines.split_off(SHOWN)
        } else {
            Vec::new()
        };
        Self {
            chart: Chart::new(&plan),
            span: format!("Last {} days", asked.days),
            older_words: older
                .last()
                .map(|line| format!("Older lines, back to {}", line.date)),
            lines,
            older,
            chosen: asked.standing.map(words::standing),
            simulated: shown.iter().any(|day| day.head.simulated),
        }
    }
}

fn series(asked: &Asked, shown: &[&TrendDay]) -> Vec<Series> {
    let line = |code, symbol, name: &str, wanted: &[Standing]| Series {
        code,
        symbol,
        name: name.to_owned(),
        values: shown
            .iter()
            .map(|day| (day.head.day, sum(&day.standings, wanted)))
            .collect(),
    };
    if let Some(standing) = asked.standing {
        let badge = words::standing(standing);
        let symbol = symbol(standing);
        return vec![line(badge.code, symbol, badge.word, &[standing])];
    }
    vec![
        line("blocking", "s-blocking", "Blocking", &[Standing::Blocking]),
        if asked.slice.reason.is_some() {
            line(
                "no-verdict",
                "s-undetermined",
                "Undetermined",
                &[Standing::Undetermined],
            )
        } else {
            line(
                "no-verdict",
                "s-undetermined",
                "Cannot be judged",
                &NO_VERDICT,
            )
        },
    ]
}

const fn symbol(standing: Standing) -> &'static str {
    match standing {
        Standing::Blocking => "s-blocking",
        Standing::Undetermined => "s-undetermined",
        Standing::Conflict => "s-conflict",
        Standing::RestartPending => "s-restart_pending",
        Standing::Stale => "s-stale",
        Standing::Silent => "s-silent",
        Standing::Ready => "s-ready",
    }
}

/// The picture in words: where each line began, where it is, and what interrupts it.
fn description(
    series: &[Series],
    gaps: &[(i64, i64)],
    quiet: &[(i64, i64)],
    changes: &[i64],
) -> String {
    let mut parts: Vec<String> = series
        .iter()
        .filter_map(|line| {
            let ((first, then), (_, now)) = (line.values.first()?, line.values.last()?);
            Some(format!(
                "{}: {} on {}, {} now.",
                line.name,
                number(*then),
                date_of(*first),
                number(*now)
            ))
        })
        .collect();
    let dates = |runs: &[(i64, i64)]| -> String {
        runs.iter()
            .map(|run| dates(*run))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !gaps.is_empty() {
        parts.push(format!("Without numbers: {}.", dates(gaps)));
    }
    if !quiet.is_empty() {
        parts.push(format!("Feeds had stopped: {}.", dates(quiet)));
    }
    if !changes.is_empty() {
        let days: Vec<String> = changes.iter().map(|day| date_of(*day)).collect();
        parts.push(format!("Other rules from {}.", days.join(", ")));
    }
    parts.join(" ")
}
