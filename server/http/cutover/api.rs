//! Scopes and decisions for programs.

use std::collections::BTreeMap;

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::Reader,
        polled::{self, Polled},
        query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Named, Nothing, Once, each, unknown},
    },
    base_of, decision as found, scope, whole_record,
};
use crate::{
    clock,
    cutovers::{deciding, running},
    domain::{
        cutover::{
            criteria::{Held, Recommendation},
            scope::Scope,
            tally::{Fates, Tally},
            whatif::Fate,
        },
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::cutover::decisions::Decision,
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
    /// By site code; the empty one: not known.
    by_site: BTreeMap<String, FatesJson>,
    /// Why, of those that are not safe, by a code.
    because: BTreeMap<String, i64>,
    /// Expected by a list.
    expected: i64,
    /// Of these, with a verdict that counts.
    judged: i64,
    /// Not heard lately, and outside exceptions.
    silent: i64,
    /// Turned ready by a report about which a suspicion is open.
    suspected: Option<i64>,
}

impl TallyJson {
    fn of(tally: &Tally) -> Self {
        let places = |places: &BTreeMap<String, Fates>| {
            let each = places.iter();
            each.map(|(key, fates)| (key.clone(), FatesJson::of(fates)))
                .collect()
        };
        Self {
            fates: FatesJson::of(&tally.fates),
            without_exceptions: FatesJson::of(&tally.without),
            by_os: places(&tally.by_os),
            by_site: places(&tally.by_site),
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
    let observed = deciding::observed(app.store(), &scope, &base, now).await?;
    let held = deciding::held(Some(&ran), &said, observed.as_ref());
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
            tally: TallyJson::of(&ran.tally),
            criteria: held.into_iter().map(HeldJson::of).collect(),
        },
    )
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionJson {
    /// Its number.
    number: i64,
    /// Id of its scope.
    scope: String,
    /// What the scope was called.
    name: String,
    /// `go`, `go_with_conditions` or `no_go`.
    decided: String,
    /// It was decided against what followed from the criteria.
    overruled: bool,
    /// By whom.
    decided_by: String,
    /// When.
    #[schema(format = DateTime)]
    decided_at: String,
    /// Hash of the record.
    hash: String,
    /// Where the signed record is, for a person who has signed in.
    record: String,
}

impl From<&Decision> for DecisionJson {
    fn from(decision: &Decision) -> Self {
        Self {
            number: decision.number,
            scope: decision.scope.clone(),
            name: decision.name.clone(),
            decided: decision.decided.clone(),
            overruled: decision.overruled,
            decided_by: decision.decided_by.clone(),
            decided_at: Timestamp(decision.decided_at).to_string(),
            hash: decision.hash.clone(),
            record: format!("/cutover/decisions/{}/record", decision.number),
        }
    }
}

/// The newest decisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionList {
    /// Newest first.
    items: Vec<DecisionJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// There are older ones that this answer has no room for.
    more: bool,
}

impl Polled for DecisionList {
    fn moments(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// `GET /decisions`
pub async fn decisions(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut limit = DEFAULT_LIMIT;
    let mut cursor: Option<String> = None;
    each(
        query.as_deref().unwrap_or_default(),
        Once::default(),
        Empty::MeansAny,
        |name, value| {
            match name {
                "cursor" => cursor = Some(value),
                "limit" => {
                    let given = value.parse().ok();
                    let given = given.filter(|given| (1..=MAX_LIMIT).contains(given));
                    limit =
                        given.ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?;
                }
                _ => return Err(unknown(name, &["cursor", "limit"])),
            }
            Ok(())
        },
    )
    .map_err(Problem::Invalid)?;
    let before = cursor.map_or(Ok(i64::MAX), |cursor| {
        let number = cursor.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            Problem::Malformed(
                "This cursor was not made by this server for this list; start again without a cursor."
                    .to_owned(),
            )
        })
    })?;
    let (found, more) = app
        .store()
        .decisions_seen(before, limit, &reader.sites)
        .await?;
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| last.number.to_string());
    let items = found.iter().map(Into::into).collect();
    polled::json(
        &headers,
        DecisionList {
            items,
            next_cursor,
            more,
        },
    )
}

/// One decision with what was frozen beside the clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneDecision {
    decision: DecisionJson,
    /// The first line of the signed record, to the byte: scope, rules, criteria, sums, exceptions, decision, as JSON.
    head: String,
    /// The last line of it: hash and signature, as JSON.
    foot: String,
}

impl Polled for OneDecision {
    fn moments(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// `GET /decisions/{number}`
pub async fn decision(
    State(app): State<App>,
    reader: Reader,
    Named(number): Named,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (decision, head) = found(&app, &number, &reader.sites).await?;
    whole_record(&head, &reader.sites)?;
    polled::json(
        &headers,
        OneDecision {
            decision: (&decision).into(),
            head: decision.head,
            foot: decision.foot,
        },
    )
}
