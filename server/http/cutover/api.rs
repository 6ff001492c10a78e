//! Scopes and decisions for programs.

use std::collections::BTreeMap;

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::Reader,
        polled::{self, Polled},
        query::{Named, Nothing},
    },
    base_of, scope,
};
use crate::{
    clock,
    cutovers::{deciding, running},
    domain::access::Sites,
    domain::cutover::{
        criteria::{Held, Recommendation},
        scope::Scope,
        tally::{Fates, Tally},
        whatif::Fate,
    },
    error::Problem,
    state::App,
};

/// Which clients a decision is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scope)]
pub struct ScopeJson {
    /// Our id of the scope.
    id: String,
    /// What it is called.
    name: String,
    /// Site codes; empty: all sites.
    sites: Vec<String>,
    /// Roles of the site systems that are switched; empty: all of them.
    roles: Vec<String>,
    /// What else narrows the clients, as parameters of an address.
    filter: String,
    /// What is switched off: `tls1.0`, `tls1.1`.
    protocols: Vec<String>,
    /// The planned day; null: none yet.
    planned: Option<String>,
    /// Days for which a report counts.
    freshness_days: i64,
    /// Who asks for a decision does not make it.
    two_people: bool,
    /// What of it is a guess.
    dependence: String,
}

impl From<Scope> for ScopeJson {
    fn from(scope: Scope) -> Self {
        Self {
            dependence: scope.dependence(),
            id: scope.id,
            name: scope.name,
            sites: scope.sites,
            roles: scope.roles,
            filter: scope.filter,
            protocols: scope.protocols,
            planned: scope.planned,
            freshness_days: scope.freshness_days,
            two_people: scope.two_people,
        }
    }
}

/// All scopes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScopeList {
    /// By name.
    items: Vec<ScopeJson>,
}

impl Polled for ScopeList {
    fn moments(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// `GET /scopes`
pub async fn scopes(
    State(app): State<App>,
    reader: Reader,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let scopes = app.store().scopes().await?;
    let items = scopes
        .into_iter()
        .filter(|scope| scope.lies_within(&reader.sites))
        .map(Into::into)
        .collect();
    polled::json(&headers, ScopeList { items })
}

/// What would happen if a scope were switched off now.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhatIf {
    scope: ScopeJson,
    /// The moment that the figures are of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    /// Hash of everything that went in; the same inputs give the same one.
    input_hash: String,
    /// Every criterion is met.
    go: bool,
    /// The same as a sentence.
    recommended: String,
    /// Clients that would lose contact for certain.
    least: i64,
    /// Clients that would, if all that may, and all of whom nobody can say, are bad.
    most: i64,
    tally: TallyJson,
    /// All of them.
    criteria: Vec<HeldJson>,
}

/// Clients by what would happen to them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fates)]
struct FatesJson {
    /// Would lose the management channel.
    will_lose: i64,
    /// May lose contact, or a part of it.
    may_lose: i64,
    /// Nobody can say.
    cannot_say: i64,
    /// An exception in force answers for them.
    accepted: i64,
    /// Go on as before.
    safe: i64,
}

impl FatesJson {
    fn of(fates: &Fates) -> Self {
        Self {
            will_lose: fates.of(Fate::WillLose),
            may_lose: fates.of(Fate::MayLose),
            cannot_say: fates.of(Fate::CannotSay),
            accepted: fates.of(Fate::Accepted),
            safe: fates.of(Fate::Safe),
        }
    }
}

/// A run, added up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tally)]
struct TallyJson {
    fates: FatesJson,
    /// As if there were no exceptions.
    without_exceptions: FatesJson,
    /// By OS key.
    by_os: BTreeMap<String, FatesJson>,
    /// By site code; the empty one: not known, or a site that whoever asks may not see.
    by_site: BTreeMap<String, FatesJson>,
    /// Why, of those that are not safe, by a code.
    because: BTreeMap<String, i64>,
    /// Expected by a list.
    expected: i64,
    /// Of these, with a verdict that counts.
    judged: i64,
    /// Not heard lately, and outside exceptions.
    silent: i64,
    /// Turned ready, or left without a verdict, by a report about which a suspicion is open.
    suspected: Option<i64>,
}

impl TallyJson {
    fn of(tally: &Tally, sites: &Sites) -> Self {
        let mut by_site: BTreeMap<String, Fates> = BTreeMap::new();
        for (key, fates) in &tally.by_site {
            let key = if sites.holds(key) { key.as_str() } else { "" };
            by_site.entry(key.to_owned()).or_default().join(*fates);
        }
        let places = |places: &BTreeMap<String, Fates>| {
            let each = places.iter();
            each.map(|(key, fates)| (key.clone(), FatesJson::of(fates)))
                .collect()
        };
        Self {
            fates: FatesJson::of(&tally.fates),
            without_exceptions: FatesJson::of(&tally.without),
            by_os: places(&tally.by_os),
            by_site: places(&by_site),
            because: tally.because.clone(),
            expected: tally.expected,
            judged: tally.judged,
            silent: tally.silent,
            suspected: tally.suspected,
        }
    }
}

/// What a person said for a criterion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CutoverMark)]
struct MarkJson {
    /// In words.
    note: String,
    /// Where more can be read; empty: nowhere.
    link: String,
    /// The day that it is about.
    on: String,
    /// By whom.
    by: String,
    /// When it was said.
    #[schema(format = DateTime)]
    at: String,
}

/// A criterion with what was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CutoverCriterion)]
struct HeldJson {
    /// Its code.
    criterion: &'static str,
    /// In short words.
    title: &'static str,
    /// The most that may be there, of the coverage the least in hundredths of a percent; null: a person marks it.
    limit: Option<i64>,
    /// Who set the limit; null: it is the usual one.
    set_by: Option<String>,
    /// Why; null: it is the usual one, or nobody wrote it down.
    set_why: Option<String>,
    /// What is there; null: nobody knows, or a person marks it.
    figure: Option<i64>,
    /// What a person said; null: nothing.
    mark: Option<MarkJson>,
    /// It is met. What nobody knows is not.
    met: bool,
    /// The same as a sentence.
    says: String,
}

impl HeldJson {
    fn of(held: Held) -> Self {
        let criterion = held.criterion;
        Self {
            criterion: criterion.code(),
            title: criterion.title(),
            limit: criterion.asks().is_none().then_some(held.limit),
            set_why: held
                .set
                .as_ref()
                .map(|set| set.why.clone())
                .filter(|why| !why.is_empty()),
            set_by: held.set.map(|set| set.by),
            figure: held.figure,
            mark: held.mark.map(|mark| MarkJson {
                note: mark.note,
                link: mark.link,
                on: mark.on,
                by: mark.by,
                at: mark.at.to_string(),
            }),
            met: held.met,
            says: held.says,
        }
    }
}

impl Polled for WhatIf {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// `GET /scopes/{id}/what-if`: everybody is looked at, so a large scope takes its time.
pub async fn what_if(
    State(app): State<App>,
    reader: Reader,
    Named(id): Named,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &reader.sites).await?;
    let base = base_of(&scope)?;
    let now = clock::now();
    let ran = running::run(app.store(), app.judge(), &scope, &base, now, |_, _| Ok(())).await?;
    let said = app.store().said_of_scope(&scope.id).await?;
    let around = deciding::around(app.store(), &scope, &base, &app.judge().ruleset, now).await?;
    let held = deciding::held(Some(&ran), &said, &around);
    let recommended = Recommendation::of(&held);
    polled::json(
        &headers,
        WhatIf {
            scope: scope.into(),
            as_of: now.to_string(),
            ruleset: app.judge().ruleset.to_string(),
            input_hash: ran.input_hash,
            go: recommended.go,
            recommended: recommended.says(),
            least: ran.tally.fates.least(),
            most: ran.tally.fates.most(),
            tally: TallyJson::of(&ran.tally, &reader.sites),
            criteria: held.into_iter().map(HeldJson::of).collect(),
        },
    )
}
