//! After the switch: who has stopped, whether going back is due, and how right the decision was.

use askama::Template;
use serde_json::Value;

use super::{
    lately::{found_says, switched},
    parts::Name,
};
use crate::{
    domain::{
        access::Sites,
        assess::os_label,
        cutover::{
            after::{After, Line},
            criteria::Criterion,
            record::Decided,
            whatif::Fate,
        },
        feeds::day_of,
        forecast::day_named,
        time::Timestamp,
    },
    store::cutover::{decisions::Decision, watched::Watched},
    views::{
        Layout,
        text::{Moment, counted, number},
    },
};

/// Names on the page.
const SHOWN: usize = 500;

/// A line of a table.
#[derive(Clone, Debug)]
pub struct AfterRow {
    /// What it is about.
    pub name: String,
    /// Heard lately when it was decided.
    pub baseline: String,
    /// Heard since.
    pub heard: String,
    /// Not to be heard yet.
    pub waiting: String,
    /// Stopped.
    pub stopped: String,
    /// Stopped already before the switch.
    pub before: String,
    /// Somebody has stopped.
    pub bad: bool,
}

impl AfterRow {
    fn new(name: String, line: &Line) -> Self {
        Self {
            name,
            baseline: number(line.baseline),
            heard: number(line.heard),
            waiting: number(line.waiting()),
            stopped: number(line.stopped),
            before: number(line.before),
            bad: line.stopped > 0,
        }
    }
}

/// A client that has stopped.
#[derive(Clone, Debug)]
pub struct StoppedRow {
    /// Name and page.
    pub name: Name,
    /// OS version.
    pub os: String,
    /// Site.
    pub site: String,
    /// What was predicted.
    pub predicted: &'static str,
    /// When it was heard last.
    pub last: Moment,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "cutover_after.html", whitespace = "minimize")]
pub struct AfterPage {
    /// The frame.
    pub layout: Layout,
    /// Number of the decision.
    pub number: i64,
    /// Name of the scope.
    pub name: String,
    /// What was decided.
    pub decided: &'static str,
    /// When it was decided.
    pub at: Moment,
    /// Since when it is watched.
    pub since: Moment,
    /// Who said that it was switched off; empty: nobody has.
    pub switched_by: String,
    /// What they said to it; empty: nothing.
    pub switched_why: String,
    /// That it was before the planned day; empty: it was not.
    pub early: String,
    /// It was decided not to.
    pub no_go: bool,
    /// What speaks against switching off now, in sentences.
    pub before_switching: Vec<String>,
    /// Class of the box: `warning`, `done` or `notice`.
    pub tone: &'static str,
    /// Its heading.
    pub heading: &'static str,
    /// In a sentence.
    pub says: String,
    /// The rule, in sentences.
    pub rule: String,
    /// Everybody.
    pub all: AfterRow,
    /// By OS version, worst first.
    pub by_os: Vec<AfterRow>,
    /// By what was predicted.
    pub by_fate: Vec<AfterRow>,
    /// How right it was, in sentences.
    pub score: Vec<String>,
    /// Who has stopped.
    pub stopped: Vec<StoppedRow>,
    /// What is not shown; empty: nothing.
    pub cut: String,
    /// The way back as it was frozen; empty: nobody had said it.
    pub way_back: String,
    /// How clients are mended without what is switched off; empty: nobody had said it.
    pub repair: String,
    /// The reader may say that it was switched off.
    pub may_edit: bool,
}

/// A share in hundredths of a percent, in words.
fn share(n: i64) -> String {
    Criterion::Coverage.figure(n)
}

/// Whether going back is due, in a sentence.
pub fn back_says(after: &After) -> String {
    let line = &after.watch.all;
    let limit = share(after.watching.trigger);
    let Some(stopped) = line.share() else {
        return "Nobody in this scope was heard lately when it was decided, so there is nothing to compare with."
            .to_owned();
    };
    let so_far = format!(
        "{} of {} that were heard lately when it was decided {} stopped ({}); {limit} may",
        number(line.stopped),
        number(line.baseline),
        if line.stopped == 1 { "has" } else { "have" },
        share(stopped)
    );
    match after.watch.is_back_due(after.watching.trigger) {
        Some(true) => format!("Going back is due: {so_far}."),
        Some(false) => format!("Going back is not due: {so_far}."),
        None => format!(
            "Nobody knows yet: {so_far}, and {} not to be heard yet.",
            counted(line.waiting(), "is", "are")
        ),
    }
}

fn score(after: &After, no_go: bool) -> Vec<String> {
    let line = &after.watch.all;
    if no_go {
        return vec![
            "It was decided not to switch off, so there is nothing to be right about.".to_owned(),
        ];
    }
    if after.switched_by.is_none() {
        return vec![
            "Nobody has said that it was switched off, so nobody can tell yet how right it was."
                .to_owned(),
        ];
    }
    let (surprises, go_on) = (after.watch.surprises(), after.watch.go_on());
    let foreseen = line.stopped - surprises;
    let mut says = Vec::new();
    if line.stopped == 0 {
        says.push("Nobody has stopped so far.".to_owned());
    } else {
        says.push(format!(
            "Of {} stopped, {} had been named before, and {} had been called safe.",
            counted(line.stopped, "that has", "that have"),
            number(foreseen),
            number(surprises)
        ));
    }
    let will = after.watch.by_fate.get(&Fate::WillLose);
    if let Some(will) = will.filter(|will| will.baseline > 0) {
        says.push(format!(
            "Of {} to lose contact and heard lately, {} heard again.",
            counted(will.baseline, "that was", "that were"),
            counted(go_on, "was", "were")
        ));
    }
    if line.waiting() > 0 {
        says.push(format!(
            "This is not the last word: {} not to be heard yet.",
            counted(line.waiting(), "is", "are")
        ));
    }
    says
}

/// How a decision stands at the moment at which somebody may switch off by it.
#[derive(Debug)]
pub struct Stands<'s> {
    /// The newest decision of its scope, where that is a later one.
    pub later: Option<&'s Decision>,
    /// What was found when it was last held against its clients.
    pub watched: Option<&'s Watched>,
    /// The sites that whoever reads may see.
    pub sites: &'s Sites,
}

impl Stands<'_> {
    /// What speaks against switching off now, in sentences.
    pub fn against(&self, decision: &Decision, head: &Value, now: Timestamp) -> Vec<String> {
        let decided = Decided::from_code(&decision.decided);
        let planned = &head["scope"]["planned"];
        let mut against = Vec::new();
        if decided == Some(Decided::NoGo) {
            against.push("It was decided not to switch off.".to_owned());
        }
        if decision.overruled && decided != Some(Decided::NoGo) {
            let open = head["recommendation"]["open"].as_i64().unwrap_or_default();
            against.push(format!(
                "It was decided against the criteria: {} not met.",
                counted(open, "was", "were")
            ));
        }
        let conditions = head["decision"]["conditions"].as_str().unwrap_or_default();
        if !conditions.is_empty() {
            against.push(format!("It was decided under conditions: “{conditions}”."));
        }
        if self.later.is_some_and(|later| !later.is_seen(self.sites)) {
            against.push(
                "A later decision of this scope was made, which you may not see: ask somebody who may see more sites."
                    .to_owned(),
            );
        } else if let Some(later) = self.later {
            let said = Decided::from_code(&later.decided)
                .map_or("not known", |made| made.said(later.ground()));
            against.push(format!(
                "A later decision of this scope was made: record {}, {said}.",
                later.number
            ));
        }
        if let Some(day) = planned
            .as_str()
            .filter(|day| day_named(day) > Some(day_of(now)))
        {
            against.push(format!(
                "The planned day is {day}, which is to come. The decision was made for that day."
            ));
        }
        let found = self.watched.and_then(|watched| watched.found.as_ref());
        if let Some(found) = found.filter(|found| found.is_bad()) {
            against.push(format!(
                "It does not stand as it was decided. {}.",
                found_says(found)
            ));
        }
        against
    }
}

impl AfterPage {
    /// The page.
    pub fn new(
        layout: Layout,
        decision: &Decision,
        head: &Value,
        after: &After,
        stands: &Stands<'_>,
        may_edit: bool,
    ) -> Self {
        let now = layout.now;
        let decided = Decided::from_code(&decision.decided);
        let no_go = decided == Some(Decided::NoGo);
        let (tone, heading) = match after.watch.is_back_due(after.watching.trigger) {
            Some(true) => ("warning", "Go back"),
            Some(false) => ("done", "Going back is not due"),
            None => ("notice", "Too early to say"),
        };
        let noted = |criterion: Criterion| {
            let each = head["criteria"].as_array().into_iter().flatten();
            let mut of_it = each.filter(|held| held["criterion"] == criterion.code());
            let said = of_it.next().and_then(|held| held["mark"]["note"].as_str());
            said.unwrap_or_default().to_owned()
        };
        let mut by_os: Vec<_> = after.watch.by_os.iter().collect();
        by_os.sort_by_key(|(key, line)| {
            (
                std::cmp::Reverse((line.stopped, line.waiting(), line.baseline)),
                *key,
            )
        });
        let hours = counted(after.watching.hours, "hour", "hours");
        let shown = after.stopped.iter().take(SHOWN);
        let count = usize::try_from(after.watch.all.stopped).unwrap_or(usize::MAX);
        Self {
            number: decision.number,
            name: decision.name.clone(),
            decided: decided.map_or("Not known", |made| made.said(decision.ground())),
            at: Moment::new(Timestamp(decision.decided_at), now),
            since: Moment::new(Timestamp(after.moments.switched), now),
            switched_by: after.switched_by.clone().unwrap_or_default(),
            switched_why: after.switched_why.clone(),
            early: if after.early_days > 0 {
                format!("It was {}.", switched(after.early_days))
            } else {
                String::new()
            },
            no_go,
            before_switching: stands.against(decision, head, now),
            tone,
            heading,
            says: back_says(after),
            rule: format!(
                "Whoever had been heard within {hours} before the decision is missed after {hours} of silence; whoever is heard more rarely, when its report gets older than {}. Nobody is called stopped before that.",
                counted(after.moments.freshness_days, "day", "days")
            ),
            all: AfterRow::new("Everybody".to_owned(), &after.watch.all),
            by_os: by_os
                .into_iter()
                .map(|(key, line)| AfterRow::new(os_label(key), line))
                .collect(),
            by_fate: after
                .watch
                .by_fate
                .iter()
                .map(|(fate, line)| AfterRow::new(fate.words().to_owned(), line))
                .collect(),
            score: score(after, no_go),
            cut: if count > after.stopped.len().min(SHOWN) {
                format!("The first {} are shown; the API names 1,000.", shown.len())
            } else {
                String::new()
            },
            stopped: shown
                .map(|one| StoppedRow {
                    name: Name::seen(&one.id, &one.name, &one.site, &layout.sites),
                    os: os_label(&one.os_key),
                    site: Some(one.site.clone())
                        .filter(|site| layout.sites.holds(site))
                        .unwrap_or_default(),
                    predicted: one.fate.words(),
                    last: Moment::new(Timestamp(one.last), now),
                })
                .collect(),
            way_back: noted(Criterion::Rollback),
            repair: noted(Criterion::RepairPath),
            may_edit,
            layout,
        }
    }
}
