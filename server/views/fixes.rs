//! The fix plan: which few actions, done together, unblock the most clients.

use askama::Template;

use super::{
    Layout,
    form::{Choice, Choices, choices_of},
    links,
    sites::further_sites,
    text::{Count, clients, counted, number, share},
    words,
};
use crate::{
    domain::{
        assess,
        plan::{Action, ActionSet, Kind, Plan, Step},
        verdict::Standing,
    },
    store::model::Filter,
};

/// An action with its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionLink {
    /// Short words.
    pub title: &'static str,
    /// Its page.
    pub href: String,
}

/// One size of the plan.
#[derive(Clone, Debug)]
pub struct StepRow {
    /// `2 actions`.
    pub size: String,
    /// Which.
    pub actions: Vec<ActionLink>,
    /// Clients that need nothing beyond them.
    pub count: Count,
    /// Share of all of this standing.
    pub share: String,
    /// Those of whom everything is known.
    pub certain: Count,
    /// How many more than the step before: `+70`.
    pub gain: String,
    /// The same as a share: `+4.0 %`.
    pub gain_share: String,
    /// Width of what the step before had, for the bar.
    pub before: String,
    /// Width of what this one adds.
    pub added: String,
}

/// One action by itself.
#[derive(Clone, Debug)]
pub struct SingleRow {
    /// Which.
    pub action: ActionLink,
    /// `brings a fact`, `replaces the machine`; empty for what mends.
    pub kind: &'static str,
    /// Clients that are asked for it.
    pub asked: Count,
    /// Clients that need nothing else.
    pub alone: Count,
}

/// The plan of one standing, dressed.
#[derive(Clone, Debug)]
pub struct PlanView {
    /// What it comes to, in one sentence; empty when there is nobody.
    pub sentence: String,
    /// Everybody of this standing.
    pub total: Count,
    /// The steps.
    pub steps: Vec<StepRow>,
    /// Single actions.
    pub singles: Vec<SingleRow>,
    /// Clients that only another machine mends.
    pub replaced: Count,
    /// What the plan does not say, a sentence each.
    pub gaps: Vec<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "fixes.html", whitespace = "minimize")]
pub struct FixesPage {
    /// The frame.
    pub layout: Layout,
    /// OS versions to choose from.
    pub systems: Vec<Choice>,
    /// Sites to choose from.
    pub sites: Vec<Choice>,
    /// That there are more, where they are not all offered.
    pub further_sites: Option<String>,
    /// `at site P01 with Windows 7 SP1`; empty for the whole population.
    pub among: String,
    /// What unblocks.
    pub blocking: PlanView,
    /// What makes clients judgeable.
    pub undetermined: PlanView,
    /// The same numbers for programs.
    pub api_url: String,
}

impl FixesPage {
    /// The page; of `filter`, OS and site count.
    pub fn new(
        layout: Layout,
        filter: &Filter,
        blocking: &Plan,
        undetermined: &Plan,
        choices: &Choices,
    ) -> Self {
        let os = |key: &str| (key.to_owned(), assess::os_label(key));
        let site = |code: &str| {
            let value = if code.is_empty() {
                links::NO_SITE
            } else {
                code
            };
            (value.to_owned(), words::site(code))
        };
        Self {
            layout,
            systems: choices_of(&choices.os, filter.os.as_deref(), os),
            further_sites: further_sites(choices.further_sites),
            sites: choices_of(&choices.sites, filter.site.as_deref(), site),
            among: among(filter),
            blocking: PlanView::new(blocking, filter, Standing::Blocking),
            undetermined: PlanView::new(undetermined, filter, Standing::Undetermined),
            api_url: format!("/api/v1{}", links::fixes_url(filter)),
        }
    }
}

/// Among whom: ` at site P01 with Windows 7 SP1`.
fn among(filter: &Filter) -> String {
    let mut text = String::new();
    match filter.site.as_deref() {
        Some("") => text.push_str(" without a known site"),
        Some(code) => text.push_str(&format!(" at site {code}")),
        None => {}
    }
    if let Some(os) = &filter.os {
        text.push_str(&format!(" with {}", assess::os_label(os)));
    }
    text
}

impl ActionLink {
    fn new(action: &'static Action) -> Self {
        Self {
            title: action.title,
            href: links::fix_url(action.code),
        }
    }
}

/// The clients of a standing that need nothing beyond a set, with the restart that goes with it.
pub fn only(filter: &Filter, standing: Standing, set: ActionSet) -> Filter {
    let codes = set.with_restart().codes();
    Filter {
        standings: vec![standing],
        only_fixes: codes.into_iter().map(str::to_owned).collect(),
        ..filter.clone()
    }
}

impl PlanView {
    /// Dresses a plan for the clients of `filter` with this standing.
    pub fn new(plan: &Plan, filter: &Filter, standing: Standing) -> Self {
        let all = Filter {
            standings: vec![standing],
            ..filter.clone()
        };
        let of_set = |n: i64, set: ActionSet| Count::new(n, &only(filter, standing, set));
        let replace = ActionSet::of_codes(["replace-machine"]);
        Self {
            sentence: sentence(plan, filter, standing),
            total: Count::new(plan.clients, &all),
            steps: plan
                .steps
                .iter()
                .map(|step| StepRow::new(step, plan.clients, filter, standing))
                .collect(),
            singles: plan
                .singles
                .iter()
                .map(|single| SingleRow {
                    action: ActionLink::new(single.action),
                    kind: kind(single.action.kind),
                    asked: Count::new(
                        single.asked,
                        &Filter {
                            fix: Some(single.action.code.to_owned()),
                            ..all.clone()
                        },
                    ),
                    alone: of_set(single.alone, ActionSet::of(single.action)),
                })
                .collect(),
            replaced: of_set(plan.replaced, replace),
            gaps: gaps(plan),
        }
    }
}

impl StepRow {
    fn new(step: &Step, total: i64, filter: &Filter, standing: Standing) -> Self {
        let count = |n: i64, set: ActionSet| Count::new(n, &only(filter, standing, set));
        let before = step.clients - step.gain;
        Self {
            size: actions_in(step.actions),
            actions: step.actions.iter().map(ActionLink::new).collect(),
            count: count(step.clients, step.actions),
            share: share(step.clients, total),
            certain: count(step.certain, step.actions.without_learning()),
            gain: format!("+{}", number(step.gain)),
            gain_share: format!("+{}", share(step.gain, total)),
            before: width(before, total),
            added: width(step.clients, total),
        }
    }
}

fn actions_in(set: ActionSet) -> String {
    let n = i64::try_from(set.len()).unwrap_or(i64::MAX);
    counted(n, "action", "actions")
}

/// A share as a width in per cent with two digits.
fn width(n: i64, total: i64) -> String {
    let hundredths = n.saturating_mul(10_000) / total.max(1);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Mend => "",
        Kind::Learn => "brings a fact; more may be needed then",
        Kind::Replace => "stands in no step",
        Kind::Restart => "goes with every step",
    }
}

/// What the plan comes to, told by its largest step of three actions or fewer.
fn sentence(plan: &Plan, filter: &Filter, standing: Standing) -> String {
    let blocking = standing == Standing::Blocking;
    let who = format!(
        "{} {}{}",
        number(plan.clients),
        if blocking { "blocking" } else { "undetermined" },
        if plan.clients == 1 {
            " client"
        } else {
            " clients"
        },
    );
    let among = among(filter);
    if plan.clients == 0 {
        return String::new();
    }
    let told = plan.steps.iter().rev().find(|step| step.actions.len() <= 3);
    let Some(step) = told.or(plan.steps.first()) else {
        return if plan.replaced == plan.clients {
            format!("Only another machine or operating system mends the {who}{among}.")
        } else {
            format!("No action is known that would help the {who}{among}.")
        };
    };
    let one = step.actions.len() == 1;
    let does = match (blocking, one) {
        (true, true) => "unblocks",
        (true, false) => "unblock",
        (false, true) => "makes judgeable",
        (false, false) => "make judgeable",
    };
    let open = step.clients - step.certain;
    let doubt = if blocking && open > 0 {
        format!(
            " {} of them also {} new facts, which may show that more is to be done.",
            number(open),
            if open == 1 { "needs" } else { "need" }
        )
    } else {
        String::new()
    };
    format!(
        "{} {does} {} of {who}{among} ({}).{doubt}",
        actions_in(step.actions),
        number(step.clients),
        share(step.clients, plan.clients),
    )
}

fn gaps(plan: &Plan) -> Vec<String> {
    let mut gaps = Vec::new();
    if !plan.left_out.is_empty() {
        let titles: Vec<String> = plan
            .left_out
            .iter()
            .map(|action| action.title.to_owned())
            .collect();
        gaps.push(format!(
            "More actions are needed here than can be combined exactly. The rarest were left out of the steps: {}. {} needing one of them stand in no step.",
            super::text::joined(&titles),
            clients(plan.not_planned)
        ));
    }
    if plan.unexplained > 0 {
        gaps.push(format!(
            "{} carry a reason that this version does not know, and stand in no step.",
            clients(plan.unexplained)
        ));
    }
    gaps
}
