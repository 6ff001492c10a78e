//! When everybody might be ready: a range of dates where the past allows one, and otherwise why it does not.
//!
//! What is counted is everybody who is not ready, those without a verdict included, so that silence is no progress.

use super::{feeds::day_of, time::Timestamp};

/// Days that the points have to reach back.
pub const NEEDED_DAYS: i64 = 42;
/// So many of these days may be without a point.
const MISSING: usize = 7;
/// Older points than this are not looked at: who worked at what pace a year ago says little.
const LOOKED_AT: i64 = 90;
/// What lies further away than this is no date that anybody should plan with.
const FURTHEST: f64 = 3.0 * 365.0;
/// The days that say at what pace it goes lately.
const LATELY: i64 = 14;
/// From so many days on the past is long enough to be trusted moderately.
const LONG: i64 = 84;

/// How many were not ready on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Days since 1970 UTC.
    pub day: i64,
    /// Everybody counted that was not ready.
    pub left: i64,
    /// The rules it was judged by.
    pub ruleset: String,
}

/// How far to trust a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Six to twelve weeks to learn from, or uneven ones.
    Low,
    /// Twelve weeks or more, and even the slow ones went forward.
    Moderate,
}

/// A range of dates.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Not ready on the last day looked at.
    pub left: i64,
    /// The day at the middle pace.
    pub middle: i64,
    /// The day at the pace of the slow weeks; `None`: at that pace there is no end in sight.
    pub slow: Option<i64>,
    /// Clients a week at the middle pace.
    pub pace: f64,
    /// Clients a week at the pace of the slow weeks: what five of six reached, or that of the last two weeks where it is
    /// slower still, because the last clients take longest. Not above zero when it went backward.
    pub slow_pace: f64,
    /// The slow pace is that of the last two weeks.
    pub slow_lately: bool,
    /// The first and the last day looked at.
    pub window: (i64, i64),
    /// How far to trust it.
    pub confidence: Confidence,
}

/// Why there is no forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoForecast {
    /// Nothing is known yet.
    Nothing,
    /// Everybody is ready.
    Done,
    /// The points reach back so many days only.
    Young {
        /// Days they reach back.
        days: i64,
    },
    /// The rules changed on this day, so many days ago.
    Rules {
        /// The first day under the rules in force.
        since: i64,
        /// Days since then.
        days: i64,
    },
    /// Too many days have no point.
    Gaps {
        /// Days without one.
        missing: i64,
        /// Days looked at.
        of: i64,
    },
    /// No fewer are left than at the start.
    NoProgress {
        /// Not ready then.
        before: i64,
        /// Not ready now.
        now: i64,
        /// Days in between.
        days: i64,
    },
    /// It goes forward, but the end lies years away.
    TooSlow,
}

/// What it takes to have nobody left on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needed {
    /// Days until then.
    pub days: i64,
    /// Clients a week.
    pub pace: f64,
}

/// The pace that leaves nobody on the day `by`, seen from `today`; `None` when that day has come.
pub fn needed(left: i64, today: i64, by: i64) -> Option<Needed> {
    let days = by.checked_sub(today).filter(|days| *days > 0)?;
    Some(Needed {
        days,
        pace: precise(left.max(0)) * 7.0 / precise(days),
    })
}

/// The day that a date such as `2027-03-01` names.
pub fn day_named(date: &str) -> Option<i64> {
    let plain = date.len() == 10 && date.is_ascii();
    let at = plain.then(|| Timestamp::parse(&format!("{date}T00:00:00Z")))?;
    at.ok().map(day_of)
}

/// A forecast from what was, in any order; of several points of one day the last given counts.
///
/// # Errors
/// Why there is none.
pub fn forecast(points: &[Point]) -> Result<Forecast, NoForecast> {
    let days: std::collections::BTreeMap<i64, &Point> =
        points.iter().map(|point| (point.day, point)).collect();
    let Some((&today, newest)) = days.last_key_value() else {
        return Err(NoForecast::Nothing);
    };
    if newest.left <= 0 {
        return Err(NoForecast::Done);
    }
    let earliest = days.keys().next().copied().unwrap_or(today);
    let other_rules = days.values().rev().find(|p| p.ruleset != newest.ruleset);
    let since = other_rules.map_or(i64::MIN, |point| point.day);
    let first = today.saturating_sub(LOOKED_AT - 1);
    let window: Vec<&Point> = days
        .range(first..)
        .map(|(_, point)| *point)
        .filter(|point| point.day > since)
        .collect();
    let start = window.first().map_or(today, |point| point.day);
    let span = today - start + 1;
    if span < NEEDED_DAYS {
        return Err(
            if other_rules.is_some() && today.saturating_sub(earliest) + 1 >= NEEDED_DAYS {
                NoForecast::Rules {
                    since: start,
                    days: span,
                }
            } else {
                NoForecast::Young {
                    days: today.saturating_sub(earliest) + 1,
                }
            },
        );
    }
    let missing = usize::try_from(span).unwrap_or(0) - window.len();
    // As many as that in six weeks; more in a longer window.
    if missing * usize::try_from(NEEDED_DAYS).unwrap_or(1)
        > MISSING * usize::try_from(span).unwrap_or(0)
    {
        return Err(NoForecast::Gaps {
            missing: i64::try_from(missing).unwrap_or(i64::MAX),
            of: span,
        });
    }
    let before = window.first().map_or(newest.left, |point| point.left);
    let pace = -7.0 * middle_slope(&window);
    if before <= newest.left || pace <= 0.0 {
        return Err(NoForecast::NoProgress {
            before,
            now: newest.left,
            days: span - 1,
        });
    }
    let recent = window.partition_point(|point| point.day < today - LATELY);
    let lately = -7.0 * middle_slope(window.get(recent..).unwrap_or_default());
    let weeks = slow_pace(&window).min(pace);
    let slow_pace = weeks.min(lately);
    let Some(middle) = end(newest.left, pace, today) else {
        return Err(NoForecast::TooSlow);
    };
    let slow = end(newest.left, slow_pace, today);
    Ok(Forecast {
        left: newest.left,
        middle,
        slow,
        pace,
        slow_pace,
        slow_lately: lately < weeks,
        window: (start, today),
        confidence: if span >= LONG && slow.is_some() {
            Confidence::Moderate
        } else {
            Confidence::Low
        },
    })
}

/// The middle one of the slopes between every two points (Theil and Sen): a few odd days do not move it.
fn middle_slope(window: &[&Point]) -> f64 {
    let mut slopes: Vec<f64> = Vec::with_capacity(window.len() * window.len() / 2);
    for (index, later) in window.iter().enumerate() {
        for earlier in window.iter().take(index) {
            slopes.push(precise(later.left - earlier.left) / precise(later.day - earlier.day));
        }
    }
    quantile(&mut slopes, 1, 2)
}

/// What five of six weeks got done at least, from every two points that lie a week apart.
fn slow_pace(window: &[&Point]) -> f64 {
    let mut weeks: Vec<f64> = Vec::new();
    for (index, later) in window.iter().enumerate() {
        let earlier = window.iter().take(index).find(|p| p.day == later.day - 7);
        weeks.extend(earlier.map(|earlier| precise(earlier.left - later.left)));
    }
    quantile(&mut weeks, 1, 6)
}

/// The value below which `part` of `parts` lie.
fn quantile(values: &mut [f64], part: usize, parts: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len() * part / parts)
        .copied()
        .unwrap_or(0.0)
}

/// The day on which nobody is left at this pace a week; `None` when that is too far away to be said.
fn end(left: i64, pace: f64, today: i64) -> Option<i64> {
    if pace <= 0.0 {
        return None;
    }
    let days = (precise(left) * 7.0 / pace).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand at most")]
    (days <= FURTHEST).then(|| today + days as i64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and days lie far below 2^52"
)]
const fn precise(n: i64) -> f64 {
    n as f64
}
