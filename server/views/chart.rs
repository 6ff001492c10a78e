//! Lines over days as a picture that needs no script: where each line, gap, mark and label lies.
//!
//! Everything is placed in percent of the picture, so that it fits any width and its words keep their size.

use std::fmt::Write as _;

use super::text::number;
use crate::domain::days::date_of;

/// Hundredths of a percent of the picture above the highest value and down to the zero line.
const TOP: i64 = 1_100;
const BOTTOM: i64 = 8_700;
const WHOLE: i64 = 10_000;
/// Labels closer together than this would cover each other.
const APART: i64 = 900;
/// A label above and below its baseline, on the lowest picture, and how much of the width labels take on all but the narrowest.
const ASCENT: i64 = 750;
const DESCENT: i64 = 250;
const LABELLED: i64 = 4_000;
/// How finely a place for a label is looked for.
const STEP: i64 = 50;
/// Further from the end of its line nobody takes a label for that line's.
const NEAR: i64 = 1_700;

/// The numbers of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// CSS class after `line-`; with it come colour and dashes.
    pub code: &'static str,
    /// The symbol at its end.
    pub symbol: &'static str,
    /// What it counts.
    pub name: String,
    /// Day and number, in order of days.
    pub values: Vec<(i64, i64)>,
}

/// What is to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The first day.
    pub first: i64,
    /// The last day.
    pub last: i64,
    /// The lines.
    pub series: Vec<Series>,
    /// Runs of days without numbers: first and last.
    pub gaps: Vec<(i64, i64)>,
    /// Runs of days on which feeds had stopped.
    pub quiet: Vec<(i64, i64)>,
    /// Days since which other rules are in force.
    pub rules: Vec<i64>,
    /// What the picture is.
    pub title: String,
    /// What it shows, in words.
    pub description: String,
}

/// A line, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// CSS class after `line-`.
    pub code: &'static str,
    /// The symbol at its end.
    pub symbol: &'static str,
    /// Its course in a field of 10,000 by 10,000.
    pub path: String,
    /// `Blocking 251`
    pub label: String,
    /// Where its last point is.
    pub x: String,
    /// Where its last point is.
    pub y: String,
    /// Where its label stands.
    pub label_y: String,
}

/// A part of the width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// Where it begins.
    pub x: String,
    /// How wide it is.
    pub width: String,
}

/// A place with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Where it is.
    pub at: String,
    /// How its word is set: `start`, `middle`, `end`.
    pub anchor: &'static str,
    /// What it says.
    pub label: String,
}

/// The picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What it is.
    pub title: String,
    /// What it shows, in words.
    pub description: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// Days without numbers.
    pub gaps: Vec<Band>,
    /// Days on which feeds had stopped.
    pub quiet: Vec<Band>,
    /// Where other rules began.
    pub rules: Vec<Tick>,
    /// Heights with their numbers.
    pub heights: Vec<Tick>,
    /// Days with their dates.
    pub dates: Vec<Tick>,
}

impl Chart {
    /// Places everything.
    pub fn new(plan: &Plan) -> Self {
        let highest = plan
            .series
            .iter()
            .flat_map(|series| series.values.iter().map(|(_, n)| *n))
            .max()
            .unwrap_or(0);
        let field = Field {
            first: plan.first,
            days: (plan.last - plan.first).max(1),
            highest: round_above(highest),
        };
        let bands = |runs: &[(i64, i64)]| runs.iter().map(|run| field.band(*run)).collect();
        let middle = i64::midpoint(plan.first, plan.last);
        Self {
            title: plan.title.clone(),
            description: plan.description.clone(),
            lines: field.lines(&plan.series, &plan.rules),
            gaps: bands(&plan.gaps),
            quiet: bands(&plan.quiet),
            rules: plan.rules.iter().map(|day| field.rule(*day)).collect(),
            heights: [field.highest, field.highest / 2, 0]
                .into_iter()
                .map(|n| Tick {
                    at: percent(field.y(n)),
                    anchor: "start",
                    label: number(n),
                })
                .collect(),
            dates: [
                (plan.first, "start"),
                (middle, "middle"),
                (plan.last, "end"),
            ]
            .into_iter()
            .map(|(day, anchor)| Tick {
                at: percent(field.x(day)),
                anchor,
                label: date_of(day),
            })
            .collect(),
        }
    }
}

/// Days across, numbers up.
struct Field {
    first: i64,
    days: i64,
    highest: i64,
}

impl Field {
    fn x(&self, day: i64) -> i64 {
        ((day - self.first) * WHOLE / self.days).clamp(0, WHOLE)
    }

    fn y(&self, n: i64) -> i64 {
        let up = n.clamp(0, self.highest).saturating_mul(BOTTOM - TOP) / self.highest;
        BOTTOM - up
    }

    /// From half a day before to half a day after.
    fn band(&self, (first, last): (i64, i64)) -> Band {
        let edge =
            |halves: i64| ((halves - 2 * self.first) * WHOLE / (2 * self.days)).clamp(0, WHOLE);
        let (left, right) = (edge(2 * first - 1), edge(2 * last + 1));
        Band {
            x: percent(left),
            width: percent(right - left),
        }
    }

    fn rule(&self, day: i64) -> Tick {
        let x = self.x(day);
        Tick {
            at: percent(x),
            anchor: if x > WHOLE / 2 { "end" } else { "start" },
            label: "other rules".to_owned(),
        }
    }

    fn lines(&self, series: &[Series], rules: &[i64]) -> Vec<Line> {
        let ends = series.iter().filter_map(|one| one.values.last());
        let mut around = Around {
            drawn: series.iter().filter_map(|one| self.beneath(one)).collect(),
            ends: ends.map(|(_, n)| self.y(*n)).collect(),
            taken: Vec::new(),
            // The word for other rules stands above the picture.
            top: if rules.iter().any(|day| self.x(*day) > WHOLE - LABELLED) {
                TOP
            } else {
                TOP - DESCENT
            },
        };
        series
            .iter()
            .filter_map(|series| {
                let (day, n) = series.values.last().copied()?;
                let y = self.y(n);
                let label_y = around.place(y);
                around.taken.push(label_y);
                Some(Line {
                    code: series.code,
                    symbol: series.symbol,
                    path: self.path(&series.values),
                    label: format!("{} {}", series.name, number(n)),
                    x: percent(self.x(day)),
                    y: percent(y),
                    label_y: percent(label_y),
                })
            })
            .collect()
    }

    /// From where to where a line goes in the part of the width in which labels stand.
    fn beneath(&self, series: &Series) -> Option<(i64, i64)> {
        // With the last point before that part, from which the line comes into it.
        let outside = |(day, _): &&(i64, i64)| self.x(*day) < WHOLE - LABELLED;
        let before = series.values.iter().take_while(outside).count();
        let heights = series.values[before.saturating_sub(1)..].iter();
        let heights = heights.map(|(_, n)| self.y(*n));
        Some((heights.clone().min()?, heights.max()?))
    }

    /// The line is interrupted wherever a day has no number. A day between two such ones is a dot.
    fn path(&self, values: &[(i64, i64)]) -> String {
        let mut path = String::new();
        let mut before = None;
        for (index, (day, n)) in values.iter().enumerate() {
            let goes_on = before == Some(day - 1);
            let alone = !goes_on
                && values
                    .get(index + 1)
                    .is_none_or(|(next, _)| *next != day + 1);
            let letter = if goes_on { 'L' } else { 'M' };
            let dot = if alone { "h0" } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(path, "{letter}{} {}{dot}", self.x(*day), self.y(*n));
            before = Some(*day);
        }
        path
    }
}

/// What is in the way of labels.
struct Around {
    /// From where to where each line goes beneath them.
    drawn: Vec<(i64, i64)>,
    /// Where each line ends.
    ends: Vec<i64>,
    /// Where other labels stand.
    taken: Vec<i64>,
    /// The highest place for one.
    top: i64,
}

impl Around {
    /// Where the label of a line that ends at `y` stands: near its end where no line and no other label is, or else upon lines,
    /// and not beyond the end of another line where that can be helped.
    fn place(&self, y: i64) -> i64 {
        let alone = |at: &i64| self.taken.iter().all(|other| (other - at).abs() >= APART);
        let free = |at: &i64| {
            let (upper, lower) = (at - ASCENT, at + DESCENT);
            let mut drawn = self.drawn.iter();
            drawn.all(|(top, bottom)| lower < *top || upper > *bottom)
        };
        let own = |at: &i64| {
            let (upper, lower) = (y.min(*at), y.max(*at));
            let mut ends = self.ends.iter();
            !ends.any(|end| *end != y && upper < *end && *end < lower)
        };
        let places = || {
            (0..WHOLE / STEP)
                .flat_map(|step| {
                    [
                        y - DESCENT - 50 - step * STEP,
                        y + ASCENT + 50 + step * STEP,
                    ]
                })
                .filter(|at| (self.top..BOTTOM).contains(at))
        };
        let near = |at: &i64| (at - y).abs() <= NEAR;
        places()
            .find(|at| near(at) && alone(at) && free(at) && own(at))
            .or_else(|| places().find(|at| near(at) && alone(at) && own(at)))
            .or_else(|| places().find(alone))
            .unwrap_or(TOP)
    }
}

/// A round number that is not smaller, and that has a half.
fn round_above(n: i64) -> i64 {
    let mut step = 1_i64;
    loop {
        for round in [2, 4, 6, 10] {
            let candidate = step.saturating_mul(round);
            if candidate >= n {
                return candidate;
            }
        }
        step = step.saturating_mul(10);
    }
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths.rem_euclid(100))
}

/// Days put together into runs: first and last of each.
pub fn runs(days: impl Iterator<Item = i64>) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last == day - 1 => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[(i64, i64)]) -> Series {
        Series {
            code: "blocking",
            symbol: "s-blocking",
            name: "Blocking".to_owned(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_line_breaks_where_a_day_has_no_number() {
        let chart = Chart::new(&Plan {
            first: 100,
            last: 110,
            series: vec![series(&[(100, 10), (101, 5), (104, 0), (110, 10)])],
            gaps: vec![(102, 103)],
            ..Plan::default()
        });
        assert_eq!(
            chart.lines[0].path,
            "M0 1100L1000 4900M4000 8700h0M10000 1100h0"
        );
        assert_eq!(chart.lines[0].label, "Blocking 10");
        assert_eq!(
            (chart.gaps[0].x.as_str(), chart.gaps[0].width.as_str()),
            ("15.00%", "20.00%")
        );
    }

    #[test]
    fn labels_do_not_cover_each_other() {
        let chart = Chart::new(&Plan {
            first: 0,
            last: 1,
            series: vec![series(&[(1, 50)]), series(&[(1, 52)]), series(&[(1, 51)])],
            ..Plan::default()
        });
        let at = |index: usize| -> f64 {
            let text: &str = &chart.lines[index].label_y;
            text.trim_end_matches('%').parse().expect("a number")
        };
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert!((at(one) - at(other)).abs() >= 9.0, "{chart:?}");
        }
    }

    #[test]
    fn labels_lie_on_no_line_where_there_is_room() {
        let falling = |from: i64, by: i64| -> Vec<(i64, i64)> {
            (0..90).map(|day| (day, from - by * day)).collect()
        };
        for (one, other) in [
            (falling(200, 1), falling(130, 0)),
            (falling(0, 0), falling(10, 0)),
            (falling(400, 0), falling(400, 0)),
            (falling(100, -1), falling(60, 0)),
        ] {
            let series = vec![series(&one), series(&other)];
            let chart = Chart::new(&Plan {
                first: 0,
                last: 89,
                series: series.clone(),
                ..Plan::default()
            });
            let field = Field {
                first: 0,
                days: 89,
                highest: round_above(one[0].1.max(other[0].1).max(one[89].1)),
            };
            for line in &chart.lines {
                let digits = line.label_y.replace(['.', '%'], "");
                let at: i64 = digits.parse().expect("hundredths of a percent");
                for series in &series {
                    for (_, n) in &series.values[54..] {
                        let below = field.y(*n) - at;
                        assert!(
                            !(-ASCENT..=DESCENT).contains(&below),
                            "{at} lies on {n}: {chart:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn labels_stay_near_the_ends_of_their_lines() {
        let falling: Vec<(i64, i64)> = (0..90).map(|day| (day, 890 - 10 * day)).collect();
        let rising: Vec<(i64, i64)> = (0..90).map(|day| (day, 10 * day)).collect();
        let flat: Vec<(i64, i64)> = (0..90).map(|day| (day, 65)).collect();
        for (one, other) in [(&falling, &flat), (&rising, &flat), (&falling, &rising)] {
            let chart = Chart::new(&Plan {
                first: 0,
                last: 89,
                series: vec![series(one), series(other)],
                ..Plan::default()
            });
            let number =
                |text: &str| -> f64 { text.trim_end_matches('%').parse().expect("a number") };
            let at: Vec<(f64, f64)> = chart
                .lines
                .iter()
                .map(|line| (number(&line.y), number(&line.label_y)))
                .collect();
            for (end, label) in &at {
                assert!((end - label).abs() <= 17.0, "{chart:?}");
            }
            let ends_in_order = at[0].0 < at[1].0;
            assert_eq!(at[0].1 < at[1].1, ends_in_order, "{chart:?}");
        }
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (n, expected) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (5, 6),
            (7, 10),
            (251, 400),
            (8_412, 10_000),
        ] {
            assert_eq!(round_above(n), expected);
        }
        assert_eq!(round_above(i64::MAX), i64::MAX);
        assert_eq!(
            runs([1, 2, 3, 7, 9, 10].into_iter()),
            [(1, 3), (7, 7), (9, 10)]
        );
    }
}
