//! Points in time as other programs write them, as RFC 3339 in UTC. A time without its zone is no point in time.

use crate::domain::time::{MINUTE, SECOND, Timestamp};

/// Times outside of these years are slips: empty fields, other calendars, clocks that were never set.
const YEARS: std::ops::RangeInclusive<i64> = 1995..=2100;

/// RFC 3339 text, or nothing for a time that cannot be meant.
pub(super) fn written(at: Timestamp) -> Option<String> {
    let text = at.to_string();
    let year = text.split('-').next()?.parse().ok()?;
    YEARS.contains(&year).then_some(text)
}

/// Seconds since 1970.
pub(super) fn unix(seconds: i64) -> Option<String> {
    written(Timestamp(seconds.checked_mul(SECOND)?))
}

/// Text with its offset, such as `2018-11-21T11:35:14-05:00`.
pub(super) fn with_offset(text: &str) -> Option<String> {
    written(Timestamp::parse(text).ok()?)
}

/// A time of the clock on the wall, in a zone so many minutes ahead of UTC.
pub(super) fn local(date: [i64; 3], time: [i64; 3], ahead: i64) -> Option<Timestamp> {
    let [year, month, day] = date;
    let [hour, minute, second] = time;
    let fits = YEARS.contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..61).contains(&second)
        && (-15 * 60..=15 * 60).contains(&ahead);
    let second = second.min(59);
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    let at = fits.then(|| Timestamp::parse(&text).ok()).flatten()?;
    Some(at.plus(-ahead * MINUTE))
}

/// WMI's `20191203135652.000000-420`: the offset is in minutes.
pub(super) fn cim(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    if text.get(14..15) != Some(".") {
        return None;
    }
    let rest = text.get(15..)?;
    let sign = rest.find(['+', '-'])?;
    let (fraction, offset) = rest.split_at(sign);
    let minutes = offset.get(1..)?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(fraction) || !plain(minutes) {
        return None;
    }
    let ahead = offset.parse().ok()?;
    let date = [digits(0, 4)?, digits(4, 6)?, digits(6, 8)?];
    let time = [digits(8, 10)?, digits(10, 12)?, digits(12, 14)?];
    written(local(date, time, ahead)?)
}
