//! `GET /gate`: whether a pipeline may go on, for these clients and these limits.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::Reader,
    export::PopulationJson,
    polled::{self, Polled},
    query::{Empty, Once, each, site_code, unknown},
    trend, within,
};
use crate::{
    clock,
    domain::{
        access::Sites,
        feeds::FeedState,
        gate::{Criteria, Figures, Held, Limit, hold, is_about_a_share},
        time::DAY,
        verdict::Standing,
    },
    error::Problem,
    state::App,
    store::model::{Excepted, Filter, Summary},
    views::{gate, links::filter_query},
    wire::FieldError,
};

/// A gate as it is asked for in an address. Only what names a scope narrows it: the ready ones alone would always pass.
#[derive(Clone, Debug, Default)]
pub struct GateQuery {
    scope: Filter,
    criteria: Criteria,
}

impl<S: Send + Sync> FromRequestParts<S> for GateQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut query = parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)?;
        query.scope.within = within::of(parts)?;
        Ok(query)
    }
}

fn parse(text: &str) -> Result<GateQuery, Vec<FieldError>> {
    let mut query = GateQuery::default();
    each(text, Once::default(), Empty::IsRefused, |name, value| {
        apply(&mut query, name, value)
    })?;
    Ok(query)
}

fn apply(query: &mut GateQuery, name: &str, value: String) -> Result<(), String> {
    let scope = &mut query.scope;
    match name {
        "site" => scope.site = Some(site_code(&value)?),
        "os" => scope.os = Some(value),
        "role" => scope.role = Some(value.to_lowercase()),
        "owner" => scope.owner = Some(value),
        "criteria" => query.criteria = value.parse()?,
        _ => return Err(unknown(name, &["site", "os", "role", "owner", "criteria"])),
    }
    Ok(())
}

/// Whether a pipeline may go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gate)]
pub struct GateAnswer {
    /// Every criterion is met.
    pass: bool,
    /// Codes of the criteria that are not met.
    failed: Vec<&'static str>,
    /// The clients that were asked about, as parameters of an address; empty: all.
    scope: String,
    criteria: Vec<CriterionJson>,
    /// What this gate cannot see.
    not_covered: [&'static str; 3],
    /// The moment that the figures are of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    population: PopulationJson,
}

/// A criterion with what was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Criterion)]
struct CriterionJson {
    /// Its code.
    #[schema(example = "blocking")]
    criterion: &'static str,
    /// In short words.
    title: &'static str,
    /// What is there; null: nobody knows, and then it is not met.
    figure: Option<i64>,
    /// The most that may be there, as a number or a share of the expected clients in scope; null: another kind of limit.
    #[schema(example = "2%")]
    at_most: Option<String>,
    /// The least that must be there; null: another kind of limit.
    at_least: Option<i64>,
    /// It was asked for.
    asked: bool,
    /// What is there is within the limit.
    met: bool,
    /// The same as a sentence.
    says: String,
    /// Where those stand that were counted; null: there is no list of them.
    list: Option<String>,
}

impl Polled for GateAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

impl CriterionJson {
    fn of(held: &Held, figures: &Figures, scope: &Filter) -> Self {
        Self {
            criterion: held.criterion.code(),
            title: gate::title(held.criterion),
            figure: held.figure,
            at_most: match held.limit {
                Limit::AtMost(_) | Limit::Share(_) => Some(held.limit.to_string()),
                Limit::AtLeast(_) | Limit::Any => None,
            },
            at_least: match held.limit {
                Limit::AtLeast(least) => Some(least),
                _ => None,
            },
            asked: held.limit != Limit::Any,
            met: held.met,
            says: gate::says(held, figures, scope),
            list: gate::list(held.criterion, scope, figures),
        }
    }
}

/// `GET /gate`
pub async fn answer(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    GateQuery { scope, criteria }: GateQuery,
) -> Result<Response, Problem> {
    let now = clock::now();
    let ruleset = &app.judge().ruleset;
    let summary = app.store().selection(&scope, ruleset, now).await?;
    let stopped = app
        .store()
        // One that names no site may be the one of this site, whoever may see which: a gate must not pass for what it
        // does not look at. Only how many have stopped is told.
        .feeds(&Sites::all(), now)
        .await?
        .iter()
        .filter(|feed| {
            feed.site.is_empty()
                || scope.within.holds(&feed.site)
                    && scope.site.as_ref().is_none_or(|site| feed.site == *site)
        })
        .filter(|feed| feed.state(now) == FeedState::Stopped)
        .count();
    let mut unplaced = 0;
    for filter in gate::unplaced(&scope) {
        unplaced += trend::length(&app, &filter, now).await?;
    }
    let mut left_out_unplaced = 0;
    for filter in gate::left_out_unplaced(&scope) {
        left_out_unplaced += trend::length(&app, &filter, now).await?;
    }
    let soon = Filter {
        excepted: Some(Excepted::Soon),
        ..scope.clone()
    };
    let suspicious = Filter {
        suspicious: true,
        ..scope.clone()
    };
    let mut figures = Figures {
        unplaced,
        left_out_heard: trend::length(&app, &gate::left_out_heard(&scope), now).await?,
        left_out_unplaced,
        left_out_suspected: trend::length(&app, &gate::left_out_suspected(&scope), now).await?,
        stopped_feeds: i64::try_from(stopped).unwrap_or(i64::MAX),
        regressed: trend::regressed(&app, &scope, now).await?,
        exceptions_expiring: trend::length(&app, &soon, now).await?,
        suspicious: trend::length(&app, &suspicious, now).await?,
        ..counted(&summary)
    };
    let mut held = hold(&figures, &criteria);
    if let Some(elsewhere) = gate::expected_elsewhere(&scope)
        && is_about_a_share(&held)
    {
        figures.elsewhere = trend::length(&app, &elsewhere, now).await?;
        held = hold(&figures, &criteria);
    }
    let failed: Vec<&'static str> = held
        .iter()
        .filter(|held| !held.met)
        .map(|held| held.criterion.code())
        .collect();
    let answer = GateAnswer {
        pass: failed.is_empty(),
        failed,
        criteria: held
            .iter()
            .map(|held| CriterionJson::of(held, &figures, &scope))
            .collect(),
        scope: filter_query(&scope),
        not_covered: gate::NOT_COVERED,
        as_of: summary.as_of.to_string(),
        ruleset: ruleset.to_string(),
        population: summary.population.into(),
    };
    polled::json(&headers, answer)
}

fn counted(summary: &Summary) -> Figures {
    let population = &summary.population;
    let sum = |wanted: fn(Standing) -> bool| -> i64 {
        let standings = population.standings.iter();
        standings
            .filter(|(standing, _)| wanted(**standing))
            .map(|(_, n)| n)
            .sum()
    };
    let oldest = population.lists.iter().map(|list| list.uploaded_at).min();
    let blocking = sum(|standing| standing == Standing::Blocking);
    let excepted = summary.excepted.get(&Standing::Blocking);
    Figures {
        clients: sum(|_| true),
        expected: if population.lists.is_empty() {
            population.total
        } else {
            population.expected
        },
        blocking,
        blocking_without_exception: blocking - excepted.copied().unwrap_or(0),
        no_verdict: sum(Standing::is_no_verdict),
        silent: sum(|standing| standing == Standing::Silent),
        restart_pending: sum(|standing| standing == Standing::RestartPending),
        to_rejudge: summary.to_rejudge,
        list_age_days: oldest
            .filter(|_| population.expected > 0)
            .map(|at| summary.as_of.since(at).max(0) / DAY),
        future_reports: population.future_reports,
        duplicates: population.suspected_duplicates,
        ..Figures::default()
    }
}
