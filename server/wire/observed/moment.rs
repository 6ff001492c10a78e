//! Dates and times as logs write them, always in UTC.

use crate::domain::time::{DAY, Timestamp};

/// Days since 1970 of a date such as `2026-11-23`.
pub(super) fn day(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = number(&[y1, y2, y3, y4])?;
    let (month, day) = (number(&[m1, m2])?, number(&[d1, d2])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) || year < 1970 {
        return None;
    }
    // Days of civil dates, with the year beginning in March.
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Milliseconds since midnight of a time such as `08:15:00` or `08:15:00.123`.
pub(super) fn time(text: &[u8]) -> Option<i64> {
    let (whole, part) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *whole else {
        return None;
    };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    let millis = match part {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)?;
            let three: Vec<u8> = digits.iter().chain(b"00").take(3).copied().collect();
            number(&three)?
        }
        _ => return None,
    };
    // A leap second belongs to the minute before.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second.min(59)) * 1_000 + millis)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum: i64, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// A moment as tables write it: RFC 3339, `2026-11-23 08:15:00` (taken as UTC), a day, or seconds since 1970.
pub fn moment_of(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = Timestamp::parse(text) {
        return Some(at);
    }
    if let Some(day) = day(text.as_bytes()) {
        return Some(Timestamp(day * DAY));
    }
    if (9..=10).contains(&text.len()) {
        return number(text.as_bytes()).map(|seconds| Timestamp(seconds * 1_000));
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', ' ', '+'])?;
    Some(Timestamp(
        day(date.as_bytes())? * DAY + time(rest.as_bytes())?,
    ))
}
