//! Numbers, shares, plurals and times, the way people read them.

use crate::{
    domain::time::{DAY, HOUR, MINUTE, Timestamp},
    store::model::Filter,
    views::links,
};

pub use crate::domain::counted::{counted, counted_len, number};

/// How many of the devices that were asked said nothing: `asked 5,000, answered 3,100: 1,900 said nothing`.
pub fn answered(asked: i64, answered: i64) -> String {
    let silent = asked.saturating_sub(answered);
    let said = match silent {
        ..0 => "more than were asked".to_owned(),
        0 => "all of them".to_owned(),
        silent => format!("{} said nothing", number(silent)),
    };
    format!(
        "asked {}, answered {}: {said}",
        number(asked),
        number(answered)
    )
}

/// A number of clients.
pub fn clients(n: i64) -> String {
    counted(n, "client", "clients")
}

/// A share in percent that never says 0 or 100 when it is not exactly that.
pub fn share(n: i64, total: i64) -> String {
    if total <= 0 {
        return "–".to_owned();
    }
    // Tenths of a percent, rounded half up; the product fits because counts are far below 2^53.
    let tenths = (n * 2_000 + total) / (total * 2);
    match (n, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "< 0.1 %".to_owned(),
        (n, 1_000) if n < total => "> 99.9 %".to_owned(),
        (_, 1_000) => "100 %".to_owned(),
        (_, tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Words joined as in a sentence: `a, b and c`.
pub fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// Words of which any will do: `a, b or c`.
pub fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} or {last}", start.join(", ")),
    }
}

/// A length of time in words: `4 minutes`, `3 hours`, `9 days`.
pub fn span(millis: i64) -> String {
    let millis = millis.abs();
    if millis < MINUTE {
        "less than a minute".to_owned()
    } else if millis < HOUR {
        counted(millis / MINUTE, "minute", "minutes")
    } else if millis < 2 * DAY {
        counted(millis / HOUR, "hour", "hours")
    } else {
        counted(millis / DAY, "day", "days")
    }
}

/// A point in time as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For machines: `2026-11-23T08:15:00Z`.
    pub iso: String,
    /// `2026-11-23 08:15 UTC`.
    pub absolute: String,
    /// `3 hours ago`.
    pub relative: String,
}

impl Moment {
    /// A time, seen from `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let iso = Timestamp(at.0 - at.0.rem_euclid(1_000)).to_string();
        let absolute = match (iso.get(..10), iso.get(11..16)) {
            (Some(day), Some(time)) => format!("{day} {time} UTC"),
            _ => iso.clone(),
        };
        let age = now.since(at);
        let relative = if age.abs() < MINUTE {
            "just now".to_owned()
        } else if age > 0 {
            format!("{} ago", span(age))
        } else {
            format!("in {}", span(age))
        };
        Self {
            iso,
            absolute,
            relative,
        }
    }
}

/// A time that a list gave, as pages show times; what is none that can be read here stays as it was given.
pub fn time_given(text: &str) -> String {
    Timestamp::parse(text.trim())
        .map_or_else(|_| text.to_owned(), |at| Moment::new(at, at).absolute)
}

/// A number that leads to the list behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The number itself.
    pub n: i64,
    /// With separators.
    pub text: String,
    /// The list; `None` when there is nothing to list.
    pub href: Option<String>,
}

impl Count {
    /// A number and the filter of exactly the clients it counts.
    pub fn new(n: i64, filter: &Filter) -> Self {
        Self {
            n,
            text: number(n),
            href: (n > 0).then(|| links::list_url(filter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;

    #[test]
    fn numbers_have_separators() {
        let cases = [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (n, text) in cases {
            assert_eq!(number(n), text);
        }
        assert_eq!(number(-1_000), "−1,000");
        assert_eq!(clients(1), "1 client");
        assert_eq!(clients(0), "0 clients");
    }

    #[test]
    fn a_share_never_rounds_to_everything_or_nothing() {
        assert_eq!(share(0, 8_412), "0 %");
        assert_eq!(share(1, 8_412), "< 0.1 %");
        assert_eq!(share(214, 8_412), "2.5 %");
        assert_eq!(share(8_411, 8_412), "> 99.9 %");
        assert_eq!(share(8_412, 8_412), "100 %");
        assert_eq!(share(0, 0), "–");
    }

    #[test]
    fn ages_are_counted_from_the_page_not_from_the_clock() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").expect("a time");
        let at = |millis: i64| Moment::new(now.plus(millis), now);
        assert_eq!(at(0).relative, "just now");
        assert_eq!(at(-59 * SECOND).relative, "just now");
        assert_eq!(at(-MINUTE).relative, "1 minute ago");
        assert_eq!(at(-3 * HOUR).relative, "3 hours ago");
        assert_eq!(at(-47 * HOUR).relative, "47 hours ago");
        assert_eq!(at(-9 * DAY).relative, "9 days ago");
        assert_eq!(at(2 * HOUR).relative, "in 2 hours");
        assert_eq!(at(-3 * HOUR - 1).iso, "2026-11-23T08:59:59Z");
        assert_eq!(at(-3 * HOUR).absolute, "2026-11-23 09:00 UTC");
    }

    #[test]
    fn lists_read_like_sentences() {
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(joined(&words[..0]), "");
        assert_eq!(joined(&words[..1]), "a");
        assert_eq!(joined(&words), "a, b and c");
        assert_eq!(alternatives(&words[1..]), "b or c");
    }
}
