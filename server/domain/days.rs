//! Which day's numbers are to be written down at a moment, so that each says what it claims to say.
//!
//! A day's numbers are those of its end, taken by whoever is awake in the hour after midnight UTC. On a day at whose
//! beginning nobody was awake, nobody can promise to be awake at its end either, so its numbers are taken at once; the
//! row says when. A day on which nothing ran gets none.

use super::{
    feeds::day_of,
    time::{DAY, HOUR, Timestamp},
};

/// So long after midnight the numbers are still those of the day before.
const AROUND: i64 = HOUR;
/// So long after the first thing was told a first day waits, so that it does not hold the first report alone.
const SETTLED: i64 = HOUR;

/// What is known at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The last day that was written down, and when its numbers were true.
    pub last: Option<(i64, Timestamp)>,
    /// When the first report or list came in; `None`: nothing is known yet.
    pub known_since: Option<Timestamp>,
    /// Since when this server has been running.
    pub awake_since: Timestamp,
}

/// The beginning of a day.
pub const fn start_of(day: i64) -> Timestamp {
    Timestamp(day.saturating_mul(DAY))
}

/// A day as people write it: `2026-11-20`.
pub fn date_of(day: i64) -> String {
    let text = start_of(day).to_string();
    text.get(..10).map_or_else(|| text.clone(), str::to_owned)
}

/// Whether a day's numbers are those of its end.
pub fn is_whole(day: i64, taken_at: Timestamp) -> bool {
    taken_at >= start_of(day + 1)
}

/// The day to write down at `now`; `None`: none is due.
pub fn due(kept: Kept, now: Timestamp) -> Option<i64> {
    let today = day_of(now);
    let midnight = start_of(today);
    let known_since = kept.known_since?;
    if kept.last.is_some_and(|(last, _)| last >= today) {
        return None;
    }
    let yesterday = kept.last.filter(|(last, _)| *last == today - 1);
    if now.since(midnight) <= AROUND {
        return (yesterday.is_none() && known_since < midnight).then_some(today - 1);
    }
    let nobody_was_awake = match yesterday {
        None => true,
        Some((day, taken_at)) => !is_whole(day, taken_at) && kept.awake_since > midnight,
    };
    (nobody_was_awake && now.since(known_since) >= SETTLED).then_some(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i64 = 20_000;

    fn at(hours: i64) -> Timestamp {
        start_of(TODAY).plus(hours * HOUR)
    }

    fn kept(last: Option<(i64, i64)>, known_hours: i64, awake_hours: i64) -> Kept {
        Kept {
            last: last.map(|(day, hours)| (day, at(hours))),
            known_since: Some(at(known_hours)),
            awake_since: at(awake_hours),
        }
    }

    #[test]
    fn a_day_is_written_at_its_end_or_when_nobody_can_wait_for_it() {
        let cases = [
            (
                "around midnight, the day that ended",
                kept(Some((TODAY - 2, -24)), -99, -99),
                1,
                Some(TODAY - 1),
            ),
            ("once", kept(Some((TODAY - 1, 0)), -99, -99), 1, None),
            (
                "at noon the day waits for its end",
                kept(Some((TODAY - 1, 0)), -99, -99),
                12,
                None,
            ),
            (
                "so it does after a restart",
                kept(Some((TODAY - 1, 0)), -99, 11),
                12,
                None,
            ),
            (
                "slept over midnight",
                kept(Some((TODAY - 5, -96)), -99, 9),
                10,
                Some(TODAY),
            ),
            (
                "asleep every night",
                kept(Some((TODAY - 1, -12)), -99, 9),
                10,
                Some(TODAY),
            ),
            (
                "awake since a first day",
                kept(Some((TODAY - 1, -12)), -99, -13),
                10,
                None,
            ),
            (
                "that day is there",
                kept(Some((TODAY, 10)), -99, 9),
                11,
                None,
            ),
            ("a first day, not yet", kept(None, 9, 8), 9, None),
            ("a first day", kept(None, 9, 8), 10, Some(TODAY)),
            (
                "a first day late at night",
                kept(None, -2, -3),
                1,
                Some(TODAY - 1),
            ),
            ("told after midnight only", kept(None, 0, -3), 1, None),
            (
                "a clock set back",
                kept(Some((TODAY + 3, 99)), -99, -99),
                1,
                None,
            ),
        ];
        for (what, kept, hours, expected) in cases {
            assert_eq!(due(kept, at(hours)), expected, "{what}");
        }
        let nobody = Kept {
            known_since: None,
            ..kept(None, 0, 0)
        };
        assert_eq!(due(nobody, at(12)), None, "nothing is known");
    }

    #[test]
    fn days_have_dates() {
        assert_eq!(date_of(0), "1970-01-01");
        assert_eq!(date_of(20_777), "2026-11-20");
    }
}
