//! The fix plan as programs read it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{contract::codes, export::PopulationJson, polled::Polled};
use crate::{
    domain::{
        assess,
        plan::{Plan, Single, Step, action, plan},
        time::Timestamp,
    },
    store::model::{Filter, Population, Signatures},
    views::links,
};

/// Which few actions, done together, unblock the most clients.
#[derive(Serialize, ToSchema)]
pub(super) struct FixesAnswer {
    /// The moment that the plan is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    /// OS key that was asked for; null: all.
    os: Option<String>,
    /// Site code that was asked for; empty: clients whose site is not known; null: all.
    site_code: Option<String>,
    /// For the blocking clients.
    blocking: PlanJson,
    /// For the undetermined clients: what makes them judgeable.
    undetermined: PlanJson,
    /// Every action that there is.
    actions: Vec<ActionJson>,
    population: PopulationJson,
}

impl Polled for FixesAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// The plan for the clients of one standing.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanJson {
    /// All of them.
    clients: i64,
    /// The best sets of growing size, as long as a larger one brings anything.
    steps: Vec<StepJson>,
    /// Each action that any of them is asked for, the most asked for first.
    singles: Vec<SingleJson>,
    /// Clients that only another machine or operating system mends.
    only_replacing: i64,
    /// Clients whose reasons this version does not know.
    unexplained: i64,
    /// Actions that were too many to be combined; none: the plan is complete.
    #[schema(value_type = Vec<codes::Fix>)]
    left_out_fixes: Vec<&'static str>,
    /// Clients that need one of those.
    not_planned: i64,
}

/// The best set of actions of one size.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanStep)]
struct StepJson {
    /// The actions.
    #[schema(value_type = Vec<codes::Fix>)]
    fixes: Vec<&'static str>,
    /// The same with the restart that goes with every change, as the filter `only_fixes` takes them.
    #[schema(value_type = Vec<codes::Fix>)]
    only_fixes: Vec<&'static str>,
    /// Clients that need nothing beyond these actions.
    clients: i64,
    /// Those of them of whom everything is known. The others may turn out to need more.
    certain: i64,
    /// How many more than the step before.
    gain: i64,
}

/// One action by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanSingle)]
struct SingleJson {
    #[schema(value_type = codes::Fix)]
    fix: &'static str,
    /// Clients that are asked for it, whatever else they need.
    asked: i64,
    /// Clients that need nothing else but a restart.
    alone: i64,
}

/// An action, and where its files are.
#[derive(Serialize, ToSchema)]
#[schema(as = FixAction)]
struct ActionJson {
    #[schema(value_type = codes::Fix)]
    fix: &'static str,
    /// Short words.
    title: &'static str,
    /// What it does.
    does: &'static str,
    /// Which systems it is for.
    systems: &'static str,
    /// Path of its page, for people.
    page: String,
    /// Paths of its files, for people who have signed in.
    files: Vec<String>,
}

impl FixesAnswer {
    /// Puts the answer together.
    pub(super) fn new(
        filter: Filter,
        found: &Signatures,
        population: Population,
        now: Timestamp,
        ruleset: &str,
    ) -> Self {
        let actions = assess::fix_texts().filter_map(|text| {
            Some(ActionJson {
                fix: text.code,
                title: action(text.code)?.title,
                does: text.does,
                systems: text.systems,
                page: links::fix_url(text.code),
                files: text
                    .files
                    .iter()
                    .map(|file| links::fix_file_url(text.code, file.name))
                    .collect(),
            })
        });
        Self {
            as_of: now.to_string(),
            ruleset: ruleset.to_owned(),
            os: filter.os,
            site_code: filter.site,
            blocking: plan(&found.blocking).into(),
            undetermined: plan(&found.undetermined).into(),
            actions: actions.collect(),
            population: population.into(),
        }
    }
}

impl From<Plan> for PlanJson {
    fn from(plan: Plan) -> Self {
        Self {
            clients: plan.clients,
            steps: plan.steps.iter().map(StepJson::from).collect(),
            singles: plan.singles.iter().map(SingleJson::from).collect(),
            only_replacing: plan.replaced,
            unexplained: plan.unexplained,
            left_out_fixes: plan.left_out.codes(),
            not_planned: plan.not_planned,
        }
    }
}

impl From<&Step> for StepJson {
    fn from(step: &Step) -> Self {
        Self {
            fixes: step.actions.codes(),
            only_fixes: step.actions.with_restart().codes(),
            clients: step.clients,
            certain: step.certain,
            gain: step.gain,
        }
    }
}

impl From<&Single> for SingleJson {
    fn from(single: &Single) -> Self {
        Self {
            fix: single.action.code,
            asked: single.asked,
            alone: single.alone,
        }
    }
}
