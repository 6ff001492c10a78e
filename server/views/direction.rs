//! Whether it gets better: the last week in one line of words.

use super::{change::DAYS, headline::NO_VERDICT, text::number, trend::Days, trend_table::sum};
use crate::{domain::verdict::Standing, store::trend::TrendDay};

/// Fewer or more than a week ago, and what speaks against comparing the two.
pub fn words(days: &Days) -> String {
    let today = &days.today;
    let week_ago = today.head.day - DAYS;
    let Some(then) = days.kept.iter().find(|day| day.head.day == week_ago) else {
        return format!(
            "The direction is not known yet: no numbers were kept of the day {DAYS} days ago."
        );
    };
    let other_rules = days
        .kept
        .iter()
        .any(|day| day.head.day >= week_ago && day.head.ruleset != today.head.ruleset);
    if other_rules {
        return format!(
            "The direction is not known: the rules changed within the last {DAYS} days, so the numbers do not compare."
        );
    }
    let mut words = compared(then, today);
    let (before, now) = (total(then), total(today));
    if before != now {
        let more = if now > before { "more" } else { "fewer" };
        words.push_str(&format!(
            " {} {more} {} counted than then.",
            number((now - before).abs()),
            if (now - before).abs() == 1 {
                "client is"
            } else {
                "clients are"
            }
        ));
    }
    if today.head.feeds_stopped > 0 || then.head.feeds_stopped > 0 {
        words.push_str(" Feeds had stopped, so this may be too old.");
    }
    words
}

fn compared(then: &TrendDay, today: &TrendDay) -> String {
    let change = |wanted: &[Standing]| sum(&today.standings, wanted) - sum(&then.standings, wanted);
    let blocking = change(&[Standing::Blocking]);
    let unknown = change(&NO_VERDICT);
    let part = |n: i64, what: &str, whats: &str| {
        let (n, more) = (n.abs(), if n > 0 { "more" } else { "fewer" });
        format!("{} {more} {}", number(n), if n == 1 { what } else { whats })
    };
    let blocks = part(blocking, "blocks", "block");
    let unjudged = part(unknown, "cannot be judged", "cannot be judged");
    let ago = format!("than {DAYS} days ago");
    match (blocking.signum(), unknown.signum()) {
        (0, 0) => {
            format!(
                "Standing still: as many block and as many cannot be judged as {DAYS} days ago."
            )
        }
        (-1, -1) => format!("Going down: {blocks} and {unjudged} {ago}."),
        (-1, 0) => format!("Going down: {blocks} {ago}; as many cannot be judged."),
        (0, -1) => format!("Going down: {unjudged} {ago}; as many block."),
        (1, 1) => format!("Going up: {blocks} and {unjudged} {ago}."),
        (1, 0) => format!("Going up: {blocks} {ago}; as many cannot be judged."),
        (0, 1) => format!("Going up: {unjudged} {ago}; as many block."),
        _ => format!("Both ways: {blocks}, but {unjudged} {ago}."),
    }
}

fn total(day: &TrendDay) -> i64 {
    day.standings.values().sum()
}
