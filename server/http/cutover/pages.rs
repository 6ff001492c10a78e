//! Pages about scopes and runs.

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use serde_json::Value;

use super::{
    super::{
        auth::Person,
        pages::{html, layout},
        query::{Empty, Named, Once, each, form_pairs, unknown},
        trend,
    },
    base_of,
    forms::most_days,
    known, may_edit, scope,
};
use crate::{
    clock,
    cutovers::{
        beside,
        comparing::{Leftover, Wanted},
        deciding,
        hands::{self, Turn},
        kept,
    },
    domain::{
        access::Sites,
        assess::os_label,
        cutover::{
            criteria::{Facts, hold},
            difference::Difference,
            scope::Scope,
            tally::Tally,
            whatif::{Because, Fate},
        },
        feeds::day_of,
        forecast,
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::{
        cutover::{runs::KeptRun, scopes::SaidOfScope},
        model::Filter,
        trend::Slice,
    },
    views::{
        Nav,
        cutover::{
            decision::FrozenException,
            parts::{Moved, Name},
            run::{Names, RunPage, run_url},
            scope::{Board, LeftoverRow, ScopePage},
            scopes::{Decided, ScopeForm, ScopesPage, Waiting},
        },
        links::{NO_SITE, encode},
        outlook,
        refused::Refused,
    },
    wire::FieldError,
};

/// Decisions on a page of the list of all.
const DECISIONS: usize = 100;
/// Leftovers on the page of a scope.
const ON_BOARD: usize = 100;
/// Names on a page of a run.
const ON_RUN: usize = 500;

/// `GET /cutover`
pub async fn list(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut before = i64::MAX;
    each(
        query.as_deref().unwrap_or_default(),
        Once::default(),
        Empty::MeansAny,
        |name, value| {
            if name != "before" {
                return Err(unknown(name, &["before"]));
            }
            let number = value.parse().map_err(|_| "is a number".to_owned())?;
            before = number;
            Ok(())
        },
    )
    .map_err(Problem::Invalid)?;
    all(&app, &person, &headers, before, None).await
}

/// The page of all scopes with a form that was refused.
pub(super) async fn list_again(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    refused: Refused,
) -> Result<Response, Problem> {
    all(app, person, headers, i64::MAX, Some(refused)).await
}

async fn all(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    before: i64,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let store = app.store();
    let mut scopes = store.scopes().await?;
    scopes.retain(|scope| scope.lies_within(&person.sites));
    let (decisions, older) = store
        .decisions_seen(before, DECISIONS, &person.sites)
        .await?;
    let watched = store.decisions_watched(&person.sites).await?;
    let of_scopes = store.decisions_by_scope().await?;
    let requests = store.requests_waiting(&person.sites).await?;
    let pile = store.exception_pile(&person.sites, clock::now()).await?;
    let mut layout = layout(app, Nav::Cutover, Some(person), Some(headers));
    layout.refused = refused;
    let may_edit = may_edit(&layout);
    html(&ScopesPage::new(
        layout,
        &scopes,
        Waiting {
            requests: &requests,
            exceptions: pile.requested,
        },
        Decided {
            rows: &decisions,
            older,
            newest: before == i64::MAX,
            watched: &watched,
            of_scopes: &of_scopes,
        },
        ScopeForm::empty(most_days(app)),
        may_edit,
    ))
}

/// What a kept run says in numbers, and what else stands in it.
pub(super) fn read(run: &KeptRun) -> (Tally, Value) {
    let value: Value = serde_json::from_str(&run.summary).unwrap_or_default();
    (Tally::read(&value["tally"]), value)
}

/// Whether somebody who may see these sites may see a run: its scope may have been wider than it is now.
fn is_seen(run: &KeptRun, sites: &Sites) -> bool {
    let (_, value) = read(run);
    let named: Vec<&str> = value["scope"]["sites"]
        .as_array()
        .map(|named| named.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    !sites.is_limited() || !named.is_empty() && named.iter().all(|site| sites.holds(site))
}

fn row(one: Leftover, sites: &Sites) -> LeftoverRow {
    LeftoverRow {
        name: Name::seen(&one.id, &one.name, &one.site, sites),
        fate: one.fate.words(),
        because: one.because.words(),
        owner: one.owner.unwrap_or_default(),
        site: one.site,
        os: os_label(&one.os_key),
    }
    .seen_by(sites)
}

/// What moved since the run before; nothing is said of a run that was not compared.
fn moved(run: &KeptRun, sites: &Sites) -> Option<Moved> {
    let difference = Difference::read(&serde_json::from_str(&run.moved).ok()?)?;
    Some(Moved::new(&difference, sites))
}

/// `GET /cutover/{scope}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    board(&app, &person, &id, &headers, Shown::Forms(None)).await
}

/// The page of a scope with a form that was refused.
pub(super) async fn board_again(
    app: &App,
    person: &Person,
    id: &str,
    headers: &HeaderMap,
    refused: Refused,
) -> Result<Response, Problem> {
    board(app, person, id, headers, Shown::Forms(Some(refused))).await
}

/// How the page of a scope is shown.
enum Shown {
    /// With forms, one of which may have been refused.
    Forms(Option<Refused>),
    /// To read and print.
    Paper,
}

/// `GET /board/{scope}`: the same to read and print.
pub async fn paper(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    board(&app, &person, &id, &headers, Shown::Paper).await
}

async fn board(
    app: &App,
    person: &Person,
    id: &str,
    headers: &HeaderMap,
    shown: Shown,
) -> Result<Response, Problem> {
    let scope = scope(app, id, &person.sites).await?;
    let store = app.store();
    let mut runs = store.runs(&scope.id).await?;
    runs.retain(|run| is_seen(run, &person.sites));
    let said = store.said_of_scope(&scope.id).await?;
    let mut decisions = store.decisions(&scope.id, i64::MAX, 20).await?;
    let last_decided = decisions.first().map(|last| last.decided_at);
    decisions.retain(|decision| decision.is_seen(&person.sites));
    // A run of other sites, or another filter, says nothing about this scope.
    let newest = runs.first().map(|run| (run, read(run)));
    let newest = newest.filter(|(_, (_, value))| value["scope"] == scope.inputs());
    let mut leftovers = (Vec::new(), 0);
    let mut since = None;
    if let Some((run, (tally, _))) = &newest {
        let everybody = Wanted::default();
        let (found, total) = kept::names(store, run, tally, &everybody, ON_BOARD).await?;
        leftovers = (
            found
                .into_iter()
                .map(|one| row(one, &person.sites))
                .collect(),
            total,
        );
        since = moved(run, &person.sites);
    }
    let now = clock::now();
    let base = base_of(&scope)?;
    let around = deciding::around(store, &scope, &base, &app.judge().ruleset, now).await?;
    let watched = store.decisions_watched(&person.sites).await?;
    let stirred = match &newest {
        Some((run, _)) => {
            let sites = &scope.sites;
            Some(
                store
                    .moved_since(Timestamp(run.made_at), now, sites)
                    .await?,
            )
        }
        None => None,
    };
    let held = hold(&Facts {
        tally: newest.as_ref().map(|(_, (tally, _))| tally),
        observed: around.observed.as_ref(),
        systems: around.systems.sums,
        today: around.today,
        planned: scope.planned.as_deref(),
        exceptions: newest
            .as_ref()
            .and_then(|(_, (_, value))| value["exceptions"].as_i64())
            .unwrap_or(0),
        ending: newest
            .as_ref()
            .and_then(|(_, (_, value))| value["exceptions_ending"].as_i64()),
        limits: &said.limits,
        marks: &said.marks,
    });
    let own = hands::own_doing(store, &person.name, &scope, &said, &held, now);
    let bound = bound(own.await?);
    let first = first(&person.name, &scope, &said, last_decided);
    let outlook = likely(app, &scope).await?;
    let excepted = newest.as_ref().map_or_else(Vec::new, |(_, (_, value))| {
        FrozenException::all(&value["excepted"], &person.sites)
    });
    let mut nobody = known::nobody(app, &scope).await?;
    nobody.extend(
        beside::sentences(store, &scope, &base, &around.systems, &person.sites, now).await?,
    );
    let mut layout = layout(app, Nav::Cutover, Some(person), Some(headers));
    let (may_edit, may_decide) = (may_edit(&layout), layout.may.decide());
    let paper = matches!(shown, Shown::Paper);
    if let Shown::Forms(refused) = shown {
        layout.refused = refused;
    }
    html(&ScopePage::new(
        layout,
        Board {
            scope: &scope,
            run: newest.as_ref().map(|(run, (tally, _))| (*run, tally)),
            leftovers,
            moved: since,
            held: &held,
            said: &said,
            runs: &runs,
            decisions: &decisions,
            watched: &watched,
            stirred,
            excepted,
            outlook,
            nobody,
            bound,
            first,
            may_decide,
            may_edit,
        },
        paper,
    ))
}

/// Why somebody does not decide to switch off, in a sentence; empty: nothing is against it.
fn bound(own: Option<String>) -> String {
    own.map_or_else(String::new, |own| {
        format!("This scope takes two people, and {own}. So somebody else decides to switch off.")
    })
}

/// What has to happen before somebody can decide at all, in a sentence; empty: it is their turn.
fn first(by: &str, scope: &Scope, said: &SaidOfScope, last: Option<i64>) -> &'static str {
    match hands::turn(by, scope, said, last) {
        Turn::Free => "",
        Turn::Unasked if last.is_some() => {
            "Nobody has asked for a decision since the last one. Somebody else has to ask first, and then you can decide."
        }
        Turn::Unasked => {
            "Nobody has asked for a decision. Somebody else has to ask first, and then you can decide."
        }
        Turn::Own => {
            "You asked for this decision, so somebody else has to make it, also where it is a no-go: this scope takes two people."
        }
    }
}

/// The likely picture on the planned day, or why there is none.
async fn likely(app: &App, scope: &Scope) -> Result<Vec<String>, Problem> {
    if scope.sites.len() > 1 || !scope.filter.is_empty() {
        return Ok(vec![
            "None: a forecast is made for one site or for everybody, and this scope is neither."
                .to_owned(),
        ]);
    }
    let now = clock::now();
    let within = if scope.sites.is_empty() {
        Sites::all()
    } else {
        Sites::only(scope.sites.clone())
    };
    let everybody = Filter::of(&within);
    let summary = app
        .store()
        .selection(&everybody, &app.judge().ruleset, now)
        .await?;
    if summary.population.total == 0 {
        return Ok(vec!["None: nobody of this scope is known.".to_owned()]);
    }
    let feeds = app.store().feeds(&within, now).await?;
    let slice = Slice {
        within,
        site: scope.sites.first().cloned(),
        os: None,
        reason: None,
    };
    let days = trend::days(app, &slice, 0, &summary, &feeds).await?;
    let outcome = trend::forecast_of(&days);
    let mut sentences = outlook::sentences(&outcome);
    if let Some(by) = scope.planned.as_deref().and_then(forecast::day_named) {
        let left = trend::not_ready(&days.today.standings);
        let needed = forecast::needed(left, day_of(now), by);
        sentences.push(outlook::for_date(by, needed, &outcome));
    }
    Ok(sentences)
}

/// Which names of a run are asked for.
pub(super) fn wanted(query: &str) -> Result<Wanted, Vec<FieldError>> {
    let mut wanted = Wanted::default();
    let mut errors = Vec::new();
    for (name, value) in form_pairs(query) {
        let taken = match name.as_str() {
            "fate" => Fate::from_code(&value)
                .map(|fate| wanted.fate = Some(fate))
                .ok_or_else(|| unknown(&value, &Fate::ALL.map(Fate::code))),
            "because" => Because::from_code(&value)
                .map(|because| wanted.because = Some(because))
                .ok_or_else(|| unknown(&value, &Because::ALL.map(Because::code))),
            "site" => {
                wanted.site = Some(if value == NO_SITE {
                    String::new()
                } else {
                    value
                });
                Ok(())
            }
            "os" => {
                wanted.os = Some(value);
                Ok(())
            }
            "after" => value
                .parse()
                .map(|after| wanted.after = after)
                .map_err(|_| "is a number".to_owned()),
            _ => Err(unknown(&name, &["fate", "because", "site", "os", "after"])),
        };
        if let Err(detail) = taken {
            errors.push(FieldError {
                pointer: format!("?{name}"),
                detail,
            });
        }
    }
    if errors.is_empty() {
        Ok(wanted)
    } else {
        Err(errors)
    }
}

/// A kept run of a scope that whoever asks may see, with its scope.
pub(super) async fn kept_run(
    app: &App,
    path: Result<Path<(String, String)>, PathRejection>,
    sites: &Sites,
) -> Result<(Scope, KeptRun), Problem> {
    let nothing =
        || Problem::NotFound("There is no such run; the newest 50 of a scope are kept.".to_owned());
    let Path((id, run)) = path.map_err(|_| nothing())?;
    run.parse::<uuid::Uuid>().map_err(|_| nothing())?;
    let scope = scope(app, &id, sites).await?;
    let run = app.store().run(&scope.id, &run).await?;
    let run = run.filter(|run| is_seen(run, sites)).ok_or_else(nothing)?;
    Ok((scope, run))
}

/// `GET /cutover/{scope}/what-if/{run}`
pub async fn run(
    State(app): State<App>,
    person: Person,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (scope, run) = kept_run(&app, path, &person.sites).await?;
    let query = query.unwrap_or_default();
    let wanted = wanted(&query).map_err(Problem::Invalid)?;
    let (tally, _) = read(&run);
    let (found, total) = kept::names(app.store(), &run, &tally, &wanted, ON_RUN).await?;
    let moved = moved(&run, &person.sites);
    let last = wanted.after + found.len();
    let shown = match (total, found.len()) {
        (0, _) => "Nobody: all clients of this run, or of those asked for, are safe.".to_owned(),
        (_, 0) => format!("None behind number {}; there are {total}.", wanted.after),
        _ => format!(
            "{} to {last} of {total} that are not safe.",
            wanted.after + 1
        ),
    };
    let kept: Vec<String> = form_pairs(&query)
        .into_iter()
        .filter(|(name, _)| name != "after")
        .map(|(name, value)| format!("{name}={}&", encode(&value)))
        .collect();
    let csv = if total == 0 {
        String::new()
    } else {
        let csv = format!("{}/names.csv?{}", run_url(&scope, &run), kept.concat());
        csv.trim_end_matches(['?', '&']).to_owned()
    };
    let next = (last < total && !found.is_empty())
        .then(|| format!("{}?{}after={last}", run_url(&scope, &run), kept.concat()));
    let rows = found
        .into_iter()
        .map(|one| row(one, &person.sites))
        .collect();
    let layout = layout(&app, Nav::Cutover, Some(&person), Some(&headers));
    let names = Names {
        rows,
        shown,
        csv,
        next,
    };
    html(&RunPage::new(layout, &scope, &run, &tally, moved, names))
}
