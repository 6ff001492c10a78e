//! The table beneath a trend: a line for each day, and one for each gap.

use std::collections::BTreeMap;

use super::{
    headline::NO_VERDICT,
    links,
    readiness::short,
    text::{Count, Moment, counted, number},
    trend::Asked,
};
use crate::{
    domain::{
        days::{date_of, is_whole, start_of},
        readiness::Readiness,
        verdict::Standing,
    },
    store::{model::Filter, trend::TrendDay},
};

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayLine {
    /// Date, or dates of a gap.
    pub date: String,
    /// The day's page; `None` for a gap and for today.
    pub href: Option<String>,
    /// The numbers; `None`: there are none.
    pub numbers: Option<Numbers>,
    /// What has to be known about it.
    pub notes: Vec<String>,
}

/// The numbers of a day. Only those of today lead to lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Blocking.
    pub blocking: Count,
    /// Cannot be judged.
    pub no_verdict: Count,
    /// The standing that was asked for.
    pub chosen: Option<Count>,
    /// Ready for certain, and at best; `None`: a reason was asked for, which ready clients have not.
    pub ready: Option<String>,
    /// Everybody.
    pub total: Option<Count>,
}

/// Clients of these standings.
pub fn sum(standings: &BTreeMap<Standing, i64>, wanted: &[Standing]) -> i64 {
    wanted
        .iter()
        .filter_map(|standing| standings.get(standing))
        .sum()
}

/// A run of days in words.
pub fn dates((first, last): (i64, i64)) -> String {
    if first == last {
        date_of(first)
    } else {
        format!("{} to {}", date_of(first), date_of(last))
    }
}

/// The lines of the days that are shown and of the gaps between them, newest first.
pub fn lines(asked: &Asked, shown: &[&TrendDay], gaps: &[(i64, i64)]) -> Vec<DayLine> {
    let mut lines: Vec<(i64, DayLine)> = gaps
        .iter()
        .map(|run| {
            let line = DayLine {
                date: dates(*run),
                href: None,
                numbers: None,
                notes: vec![format!(
                    "nothing was written down for {}",
                    counted(run.1 - run.0 + 1, "day", "days")
                )],
            };
            (run.0, line)
        })
        .collect();
    let mut rules: Option<&str> = None;
    for (index, day) in shown.iter().enumerate() {
        let today = index + 1 == shown.len();
        let mut notes = notes(day, today);
        if rules.is_some_and(|before| before != day.head.ruleset) {
            notes.insert(0, format!("other rules: {}", day.head.ruleset));
        }
        rules = Some(&day.head.ruleset);
        let date = date_of(day.head.day);
        let line = DayLine {
            href: (!today).then(|| format!("/trend/{date}")),
            date,
            numbers: Some(numbers(asked, day, today)),
            notes,
        };
        lines.push((day.head.day, line));
    }
    lines.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// What has to be known about a day's numbers.
pub fn notes(day: &TrendDay, today: bool) -> Vec<String> {
    let head = &day.head;
    let mut notes = Vec::new();
    if today {
        notes.push("today, as it is now".to_owned());
    } else if !is_whole(head.day, head.taken_at) {
        let taken = Moment::new(head.taken_at, start_of(head.day));
        notes.push(format!(
            "taken at {}, not at the end of the day",
            taken.absolute
        ));
    }
    if head.feeds_stopped > 0 && head.partial {
        notes.push("feeds of the estate had stopped".to_owned());
    } else if head.feeds_stopped > 0 {
        notes.push(format!(
            "{} of {} had stopped",
            number(head.feeds_stopped),
            counted(head.feeds, "feed", "feeds")
        ));
    }
    if head.lists == 0 {
        notes.push("no expected list".to_owned());
    }
    if head.to_rejudge > 0 && head.partial {
        notes.push("clients of the estate were still judged by other rules".to_owned());
    } else if head.to_rejudge > 0 {
        notes.push(format!(
            "{} still judged by other rules",
            counted(head.to_rejudge, "client was", "clients were")
        ));
    }
    if head.simulated {
        notes.push("simulated".to_owned());
    }
    notes
}

fn numbers(asked: &Asked, day: &TrendDay, today: bool) -> Numbers {
    let count = |wanted: &[Standing]| {
        let n = sum(&day.standings, wanted);
        let filter = Filter {
            standings: wanted.to_vec(),
            site: asked.slice.site.clone(),
            os: asked.slice.os.clone(),
            reason: asked.slice.reason.clone(),
            ..Filter::default()
        };
        let mut count = Count::new(n, &filter);
        // What was is no list of today.
        count.href = count.href.filter(|_| today);
        count
    };
    let everybody = asked.slice.reason.is_none();
    // With every standing named the link would be a long one to the same list.
    let total = everybody.then(|| {
        let mut total = count(&Standing::ALL);
        let filter = Filter {
            site: asked.slice.site.clone(),
            os: asked.slice.os.clone(),
            ..Filter::default()
        };
        total.href = total.href.map(|_| links::list_url(&filter));
        total
    });
    Numbers {
        blocking: count(&[Standing::Blocking]),
        no_verdict: if everybody {
            count(&NO_VERDICT)
        } else {
            // Reasons are counted of those that block and those that are undetermined only.
            count(&[Standing::Undetermined])
        },
        chosen: asked.standing.map(|standing| count(&[standing])),
        ready: everybody.then(|| short(Readiness::of(&day.standings))),
        total,
    }
}
