//! The board page of one scope: what is recommended, why, who is left over, and what was decided.

use std::collections::HashMap;

use askama::Template;

use super::{
    decision::FrozenException,
    parts::{Blast, CriterionLine, Moved, Name},
    run::run_url,
    scopes::{DecisionRow, ScopeForm, about, scope_url},
};
use crate::{
    domain::{
        access::Sites,
        cutover::{
            after::Watching,
            criteria::{Criterion, Held, Recommendation},
            record::Decided,
            scope::Scope,
            tally::Tally,
            whatif::{Because, Fate},
        },
        time::{DAY, Timestamp},
    },
    store::{
        cutover::{decisions::Decision, runs::KeptRun, scopes::SaidOfScope, watched::Watched},
        moves::Stirred,
    },
    views::{
        Layout,
        text::{Moment, counted},
    },
};

/// A kept run in a list.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// Its page.
    pub href: String,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
}

/// A leftover with its words.
#[derive(Clone, Debug)]
pub struct LeftoverRow {
    /// Name and page.
    pub name: Name,
    /// Fate in words.
    pub fate: &'static str,
    /// Why.
    pub because: &'static str,
    /// Owner; empty: nobody is named.
    pub owner: String,
    /// Site.
    pub site: String,
    /// OS version.
    pub os: String,
}

impl LeftoverRow {
    /// Without what tells of a site that somebody may not see.
    #[must_use]
    pub fn seen_by(mut self, sites: &Sites) -> Self {
        if !self.site.is_empty() && !sites.holds(&self.site) {
            self.site = String::new();
            "–".clone_into(&mut self.owner);
        }
        self
    }
}

/// Who set what is watched for.
#[derive(Clone, Debug)]
pub struct WatchedRow {
    /// What was set.
    pub what: &'static str,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Why; empty: nobody wrote it down.
    pub why: String,
}

/// Everything that the page is made of.
#[derive(Debug)]
pub struct Board<'b> {
    /// The scope.
    pub scope: &'b Scope,
    /// The newest run, with its sums.
    pub run: Option<(&'b KeptRun, &'b Tally)>,
    /// Its first leftovers, and how many there are.
    pub leftovers: (Vec<LeftoverRow>, usize),
    /// What moved since the run before.
    pub moved: Option<Moved>,
    /// The criteria.
    pub held: &'b [Held],
    /// What was set and said.
    pub said: &'b SaidOfScope,
    /// Runs, newest first.
    pub runs: &'b [KeptRun],
    /// Decisions, newest first.
    pub decisions: &'b [Decision],
    /// Those of all scopes that are looked after.
    pub watched: &'b HashMap<i64, Watched>,
    /// Clients of its sites that changed their standing since the run; `None`: there is no run.
    pub stirred: Option<Stirred>,
    /// Exceptions that the run met; the first of them.
    pub excepted: Vec<FrozenException>,
    /// The likely picture on the day, in sentences.
    pub outlook: Vec<String>,
    /// What of the scope nobody is in, in sentences.
    pub nobody: Vec<String>,
    /// Why the reader does not decide to switch off, in a sentence; empty: nothing is against it.
    pub bound: String,
    /// What has to happen before the reader can decide at all, in a sentence; empty: it is their turn.
    pub first: &'static str,
    /// Whether the reader may edit.
    pub may_edit: bool,
    /// Whether the reader may decide.
    pub may_decide: bool,
}

/// The page of a scope.
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part")]
#[derive(Debug, Template)]
#[template(path = "cutover_scope.html", whitespace = "minimize")]
pub struct ScopePage {
    /// The frame.
    pub layout: Layout,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Its id.
    pub id: String,
    /// What it is about.
    pub about: String,
    /// The planned day.
    pub planned: String,
    /// What is a guess.
    pub dependence: String,
    /// Go or no-go.
    pub go: bool,
    /// In a sentence.
    pub recommended: String,
    /// The criteria.
    pub criteria: Vec<CriterionLine>,
    /// The run in numbers.
    pub blast: Option<Blast>,
    /// Where the run's names are.
    pub run: Option<RunRow>,
    /// The run is older than a day.
    pub old: bool,
    /// What has moved since the run, in a sentence.
    pub stirred: String,
    /// Hash of everything that went into the run.
    pub input_hash: String,
    /// First leftovers.
    pub leftovers: Vec<LeftoverRow>,
    /// How many there are.
    pub leftover_count: usize,
    /// What moved.
    pub moved: Option<Moved>,
    /// Exceptions that the run met.
    pub excepted: Vec<FrozenException>,
    /// How many it met.
    pub excepted_count: i64,
    /// What is watched for after the switch, in a sentence.
    pub watching: String,
    /// Who set that, and why.
    pub watched: Vec<WatchedRow>,
    /// What of the scope nobody is in.
    pub nobody: Vec<String>,
    /// Likely picture.
    pub outlook: Vec<String>,
    /// How many the what-if counts who are ready and whose way is not, none of whom is in that; empty: there is no run.
    pub behind: String,
    /// Earlier runs.
    pub runs: Vec<RunRow>,
    /// Decisions, and a sentence where one was about other sites than the scope is now.
    pub decisions: Vec<(DecisionRow, String)>,
    /// Who asked for a decision, in a sentence; empty: nobody.
    pub request: String,
    /// Why the reader does not decide to switch off, in a sentence; empty: nothing is against it.
    pub bound: String,
    /// What has to happen before the reader can decide at all, in a sentence; empty: it is their turn.
    pub first: &'static str,
    /// The form to edit it.
    pub form: ScopeForm,
    /// What was recommended, for the form: `1` or `0`.
    pub seen_go: u8,
    /// What may be lost at most, for the form.
    pub seen_most: i64,
    /// What can be decided: code and words.
    pub choices: Vec<(&'static str, &'static str)>,
    /// Two people are needed.
    pub two_people: bool,
    /// May edit.
    pub may_edit: bool,
    /// May set limits and change the scope: who decides does, so that nobody else moves what is decided by.
    pub may_set: bool,
    /// May decide.
    pub may_decide: bool,
    /// Only to read and print: no forms.
    pub paper: bool,
}

fn watching(watching: Watching) -> String {
    format!(
        "Going back is due when more than {} of the clients that were heard lately have stopped. Who reports regularly is missed after {}.",
        Criterion::Coverage.figure(watching.trigger),
        counted(watching.hours, "hour", "hours")
    )
}

/// What is recommended, and that it rests on what is not so any more.
fn headed(recommended: Recommendation, stirred: Option<Stirred>) -> String {
    let says = recommended.says();
    match stirred.filter(|stirred| stirred.is_any()) {
        Some(stirred) if recommended.go => {
            let what = if stirred.clients > 0 || stirred.more {
                "clients"
            } else {
                "exceptions"
            };
            format!("Not known any more: {says} But {what} have changed since the what-if.")
        }
        _ => says,
    }
}

/// How many are ready by what they report, and depend on what is not.
fn behind(tally: &Tally) -> String {
    let n = tally.because.get(Because::ManagementPoint.code());
    counted(n.copied().unwrap_or_default(), "client", "clients")
}

/// What has moved since a run.
fn stirred(stirred: Stirred) -> String {
    if !stirred.is_any() {
        return "No client that was known then has changed its standing since.".to_owned();
    }
    let Stirred {
        clients,
        more,
        exceptions,
    } = stirred;
    let least = if more { "at least " } else { "" };
    let mut says = Vec::new();
    if clients > 0 || more {
        says.push(format!(
            "The standing of {least}{} has changed since, and new ones may have come: run it again.",
            counted(clients, "client of these sites", "clients of these sites")
        ));
    }
    if exceptions > 0 {
        says.push(format!(
            "{} since: run it again.",
            counted(
                exceptions,
                "exception of these sites was approved or has ended",
                "exceptions of these sites were approved or have ended"
            )
        ));
    }
    says.join(" ")
}

/// A decision of a scope, and a sentence where it was about other sites than the scope is now.
fn decided(
    one: &Decision,
    watched: &HashMap<i64, Watched>,
    scope: &Scope,
    now: Timestamp,
) -> (DecisionRow, String) {
    let about = match one.sites.as_str() {
        sites if sites == scope.sites.join(",") => String::new(),
        "" => "It was about all sites. ".to_owned(),
        sites => format!("It was about {}. ", sites.replace(',', ", ")),
    };
    (DecisionRow::new(one, watched, now), about)
}

impl ScopePage {
    /// The page.
    pub fn new(layout: Layout, board: Board<'_>, paper: bool) -> Self {
        let now = layout.now;
        let scope = board.scope;
        let recommended = Recommendation::of(board.held);
        // Clients moved since the run that it rests on: it is not known any more.
        let outdated = board.stirred.is_some_and(Stirred::is_any);
        let row = |run: &KeptRun| RunRow {
            href: run_url(scope, run),
            at: Moment::new(Timestamp(run.made_at), now),
            by: run.made_by.clone(),
        };
        Self {
            name: scope.name.clone(),
            url: scope_url(scope),
            id: scope.id.clone(),
            about: about(scope),
            planned: scope
                .planned
                .clone()
                .unwrap_or_else(|| "no day yet".to_owned()),
            dependence: scope.dependence(),
            go: recommended.go && !outdated,
            recommended: headed(recommended, board.stirred),
            criteria: board
                .held
                .iter()
                .map(|held| CriterionLine::new(held, now))
                .collect(),
            blast: board
                .run
                .map(|(run, tally)| Blast::new(tally, &run_url(scope, run), &layout.sites)),
            run: board.run.map(|(run, _)| row(run)),
            old: board
                .run
                .is_some_and(|(run, _)| now.since(Timestamp(run.made_at)) > DAY),
            stirred: board.stirred.map_or_else(String::new, stirred),
            input_hash: board
                .run
                .map(|(run, _)| run.input_hash.clone())
                .unwrap_or_default(),
            leftovers: board.leftovers.0,
            leftover_count: board.leftovers.1,
            moved: board.moved,
            excepted_count: board
                .run
                .map_or(0, |(_, tally)| tally.fates.of(Fate::Accepted)),
            excepted: board.excepted,
            watching: watching(board.said.watching),
            watched: board
                .said
                .watched
                .iter()
                .map(|set| WatchedRow {
                    what: if set.code == Watching::TRIGGER {
                        "Share that may stop"
                    } else {
                        "Hours until somebody is missed"
                    },
                    by: set.by.clone(),
                    at: Moment::new(set.at, now),
                    why: set.why.clone(),
                })
                .collect(),
            nobody: board.nobody,
            outlook: board.outlook,
            behind: board
                .run
                .map_or_else(String::new, |(_, tally)| behind(tally)),
            runs: board.runs.iter().map(row).collect(),
            decisions: board
                .decisions
                .iter()
                .map(|one| decided(one, board.watched, scope, now))
                .collect(),
            request: board
                .said
                .request
                .as_ref()
                // One that was answered by a decision is asked no more.
                .filter(|said| {
                    board
                        .decisions
                        .iter()
                        .all(|one| one.decided_at < said.marked_at)
                })
                .map_or_else(String::new, |said| {
                    let when = Moment::new(Timestamp(said.marked_at), now).absolute;
                    format!("{} asked for a decision on {when}.", said.marked_by)
                }),
            bound: board.bound,
            first: board.first,
            form: ScopeForm::of(scope),
            seen_go: u8::from(recommended.go),
            seen_most: board.run.map_or(0, |(_, tally)| tally.fates.most()),
            choices: Decided::ALL.map(|one| (one.code(), one.words())).to_vec(),
            two_people: scope.two_people,
            may_edit: board.may_edit && !paper,
            may_set: board.may_decide && !paper,
            may_decide: board.may_decide && board.run.is_some() && !paper,
            paper,
            layout,
        }
    }
}
