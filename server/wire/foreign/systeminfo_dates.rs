//! Dates as `systeminfo` prints them, in the order of the user's own settings: day first or month first.
//!
//! A start that is believed too late hides a restart that is due. So a date is read only when it can mean one day
//! only, and a start only where the file states the zone.

use super::moment;
use crate::domain::time::{HOUR, Timestamp};

/// A date with its time; which number is the day is open.
#[derive(Clone, Copy, Debug)]
struct Date {
    numbers: [i64; 3],
    time: [i64; 3],
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Year,
    Day,
    Month,
}

/// What a file says of the last start.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Boot {
    /// RFC 3339; taken an hour early, see [`boot`].
    At(String),
    /// The date may be one of two days, or is written in a way that is not read.
    Ambiguous,
    /// The date is clear, but the zone is not stated.
    NoZone,
}

/// The last start. `other`: another date of the same file, written in the same order, which may tell that order.
///
/// The zone is stated without saying whether summer time was in force; it is taken to have been, which puts the start
/// an hour early where it was not. Early is the safe side.
pub(super) fn boot(value: &str, other: Option<&str>, zone: Option<&str>) -> Boot {
    let Some(date) = read(value) else {
        return Boot::Ambiguous;
    };
    let order = order(date).or_else(|| order(read(other?)?));
    let Some(order) = order else {
        // The same number twice is the same day either way.
        if date.numbers[0] == date.numbers[1] && date.numbers[2] > 999 {
            return with_zone(date, Order::Day, zone);
        }
        return Boot::Ambiguous;
    };
    with_zone(date, order, zone)
}

fn with_zone(date: Date, order: Order, zone: Option<&str>) -> Boot {
    let [a, b, c] = date.numbers;
    let day = match order {
        Order::Year => [a, b, c],
        Order::Day => [c, b, a],
        Order::Month => [c, a, b],
    };
    let Some(ahead) = zone.and_then(offset) else {
        return Boot::NoZone;
    };
    moment::local(day, date.time, ahead)
        .map(|at: Timestamp| at.plus(-HOUR))
        .and_then(moment::written)
        .map_or(Boot::Ambiguous, Boot::At)
}

/// The order that a date cannot but be in.
fn order(date: Date) -> Option<Order> {
    let [a, b, c] = date.numbers;
    if a > 999 {
        Some(Order::Year)
    } else if c <= 999 {
        None
    } else if a > 12 && b <= 12 {
        Some(Order::Day)
    } else if b > 12 && a <= 12 {
        Some(Order::Month)
    } else {
        None
    }
}

/// `3/5/2019, 8:13:51 AM`, `04.03.2019, 11:44:54`, `26-1-2019, 10:00:00`, `2019/1/24, 9:46:29`.
fn read(value: &str) -> Option<Date> {
    let (date, time) = value.trim().split_once([',', ' '])?;
    let numbers = three(date.trim().trim_end_matches(','), &['/', '.', '-'])?;
    let time = time.trim();
    let end = time
        .find(|c: char| !c.is_ascii_digit() && c != ':')
        .unwrap_or(time.len());
    let (clock, half) = time.split_at(end);
    let [hour, minute, second] = three(clock, &[':'])?;
    let half = half.trim();
    let hour = if half.is_empty() {
        hour
    } else if half.eq_ignore_ascii_case("AM") && (1..=12).contains(&hour) {
        hour % 12
    } else if half.eq_ignore_ascii_case("PM") && (1..=12).contains(&hour) {
        hour % 12 + 12
    } else {
        return None;
    };
    Some(Date {
        numbers,
        time: [hour, minute, second],
    })
}

/// Three numbers with one and the same separator between them.
fn three(text: &str, separators: &[char]) -> Option<[i64; 3]> {
    let separator = text.chars().find(|c| separators.contains(c))?;
    let mut numbers = [0; 3];
    let mut parts = text.split(separator);
    for number in &mut numbers {
        let part = parts.next()?;
        let plain = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        *number = plain.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Minutes ahead of UTC of `(UTC+01:00) Amsterdam, …`, `(GMT-08:00) …`, `(UTC) …`.
fn offset(zone: &str) -> Option<i64> {
    let inner = zone.trim().strip_prefix('(')?;
    let (inner, _) = inner.split_once(')')?;
    let rest = inner
        .strip_prefix("UTC")
        .or_else(|| inner.strip_prefix("GMT"))?;
    if rest.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |part: &str| -> Option<i64> {
        let plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Whether a value is that of a zone.
pub(super) fn is_zone(value: &str) -> bool {
    offset(value).is_some()
}
