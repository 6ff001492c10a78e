//! All scopes and decisions, and the form for a scope.

use std::collections::HashMap;

use askama::Template;

use super::lately::Now;

use crate::{
    domain::{
        cutover::{
            record,
            scope::{Scope, USUAL_FRESHNESS},
        },
        time::Timestamp,
    },
    store::cutover::{decisions::Decision, waiting::Request, watched::Watched},
    views::{
        Layout,
        headline::Piece,
        links::encode,
        text::{Moment, counted},
    },
};

/// A decision in a list.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Its number.
    pub number: i64,
    /// Its scope.
    pub name: String,
    /// What was decided.
    pub decided: &'static str,
    /// By whom.
    pub by: String,
    /// The rule of two people was off.
    pub alone: bool,
    /// When.
    pub at: Moment,
    /// What has become of it.
    pub now: Now,
}

impl DecisionRow {
    /// Of a decision, with those that are looked after.
    pub fn new(decision: &Decision, watched: &HashMap<i64, Watched>, now: Timestamp) -> Self {
        Self {
            now: Now::new(decision, watched, now),
            number: decision.number,
            name: decision.name.clone(),
            decided: record::Decided::from_code(&decision.decided)
                .map_or("Not known", |made| made.said(decision.ground())),
            by: decision.decided_by.clone(),
            alone: decision.alone,
            at: Moment::new(Timestamp(decision.decided_at), now),
        }
    }
}

/// The form for a scope.
#[derive(Clone, Debug)]
pub struct ScopeForm {
    /// Where it goes.
    pub action: String,
    /// What the button says.
    pub button: &'static str,
    /// Name.
    pub name: String,
    /// Codes with commas between.
    pub sites: String,
    /// Roles with commas between.
    pub roles: String,
    /// Parameters of an address.
    pub filter: String,
    /// TLS 1.0 is switched off.
    pub tls10: bool,
    /// TLS 1.1 is.
    pub tls11: bool,
    /// Day.
    pub planned: String,
    /// Days.
    pub freshness_days: String,
    /// Two people.
    pub two_people: bool,
}

impl ScopeForm {
    /// An empty one, of a server on which reports count for so many days.
    pub fn empty(most_days: i64) -> Self {
        Self {
            action: "/cutover".to_owned(),
            button: "Make this scope",
            name: String::new(),
            sites: String::new(),
            roles: String::new(),
            filter: String::new(),
            tls10: true,
            tls11: true,
            planned: String::new(),
            freshness_days: USUAL_FRESHNESS.min(most_days).to_string(),
            two_people: true,
        }
    }

    /// Filled with a scope.
    pub fn of(scope: &Scope) -> Self {
        let has = |name: &str| scope.protocols.iter().any(|known| known == name);
        Self {
            action: scope_url(scope),
            button: "Change this scope",
            name: scope.name.clone(),
            sites: scope.sites.join(", "),
            roles: scope.roles.join(", "),
            filter: scope.filter.clone(),
            tls10: has("tls1.0"),
            tls11: has("tls1.1"),
            planned: scope.planned.clone().unwrap_or_default(),
            freshness_days: scope.freshness_days.to_string(),
            two_people: scope.two_people,
        }
    }
}

/// Address of a scope's page.
pub fn scope_url(scope: &Scope) -> String {
    format!("/cutover/{}", encode(&scope.id))
}

/// What a scope is about, in a line.
pub fn about(scope: &Scope) -> String {
    let sites = if scope.sites.is_empty() {
        "all sites".to_owned()
    } else {
        scope.sites.join(", ")
    };
    let roles = if scope.roles.is_empty() {
        "all roles".to_owned()
    } else {
        scope.roles.join(", ")
    };
    let filter = if scope.filter.is_empty() {
        String::new()
    } else {
        format!(" · only {}", scope.filter)
    };
    let protocols = scope.protocols.join(" and ").replace("tls", "TLS ");
    format!(
        "{sites} · {roles}{filter} · {protocols} · reports of {} count",
        counted(scope.freshness_days, "day", "days")
    )
}

/// A request that waits, in a list.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Name of the scope.
    pub name: String,
    /// Where it is decided.
    pub href: String,
    /// Who asks.
    pub by: String,
    /// When it was asked.
    pub at: Moment,
    /// Who can answer it, seen from the reader.
    pub whose: &'static str,
}

/// What waits for somebody else.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'w> {
    /// Requests for decisions, the oldest first.
    pub requests: &'w [Request],
    /// Exceptions that are asked for.
    pub exceptions: i64,
}

/// How the newest decision of a scope stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nothing was decided.
    Undecided,
    /// It is there, and not for the reader.
    Unseen,
    /// With what has become of it.
    Decided(Box<DecisionRow>),
}

/// A page of decisions.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'d> {
    /// Newest first.
    pub rows: &'d [Decision],
    /// There are older ones.
    pub older: bool,
    /// Nothing is newer than these.
    pub newest: bool,
    /// Those that are looked after.
    pub watched: &'d HashMap<i64, Watched>,
    /// The newest of each scope, by its id.
    pub of_scopes: &'d HashMap<String, Decision>,
}

/// A scope in the list.
#[derive(Clone, Debug)]
pub struct ScopeRow {
    /// Name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it is about.
    pub about: String,
    /// Planned day.
    pub planned: String,
    /// How its newest decision stands.
    pub stands: Standing,
    /// Earlier ones after which it was switched off, with what has become of them.
    pub switched: Vec<(i64, Now)>,
}

/// All scopes.
#[derive(Debug, Template)]
#[template(path = "cutover.html", whitespace = "minimize")]
pub struct ScopesPage {
    /// The frame.
    pub layout: Layout,
    /// By name.
    pub scopes: Vec<ScopeRow>,
    /// Requests for decisions that wait.
    pub requests: Vec<RequestRow>,
    /// Exceptions that wait; `None`: there are none.
    pub exceptions: Option<Piece>,
    /// Newest first.
    pub decisions: Vec<DecisionRow>,
    /// Where older ones are.
    pub older: Option<String>,
    /// These are not the newest ones.
    pub is_older: bool,
    /// For a new one.
    pub form: ScopeForm,
    /// Whether the reader may make one.
    pub may_edit: bool,
}

impl ScopesPage {
    /// The page.
    pub fn new(
        layout: Layout,
        scopes: &[Scope],
        waiting: Waiting<'_>,
        decided: Decided<'_>,
        form: ScopeForm,
        may_edit: bool,
    ) -> Self {
        let now = layout.now;
        let last = decided.rows.last().filter(|_| decided.older);
        let whose = |request: &Request| {
            if layout.signed_in.as_deref() == Some(request.marked_by.as_str()) {
                "You asked, so somebody else decides."
            } else if layout.may.decide() {
                "You can decide."
            } else {
                "Somebody who may decide has to."
            }
        };
        let stands = |scope: &Scope| match decided.of_scopes.get(&scope.id) {
            None => Standing::Undecided,
            Some(one) if !one.is_seen(&layout.sites) => Standing::Unseen,
            Some(one) => Standing::Decided(Box::new(DecisionRow::new(one, decided.watched, now))),
        };
        // A later word of a board brings no client back.
        let switched = |scope: &Scope| {
            let newest = decided.of_scopes.get(&scope.id).map(|one| one.number);
            let mut found: Vec<&Watched> = decided
                .watched
                .values()
                .filter(|one| one.scope == scope.id && Some(one.number) != newest)
                .collect();
            found.sort_by_key(|one| std::cmp::Reverse(one.number));
            let each = found.into_iter();
            each.map(|one| (one.number, Now::of_watched(one, now)))
                .collect()
        };
        Self {
            requests: waiting
                .requests
                .iter()
                .map(|request| RequestRow {
                    name: request.name.clone(),
                    href: format!("/cutover/{}#decided", encode(&request.scope)),
                    by: request.marked_by.clone(),
                    at: Moment::new(Timestamp(request.marked_at), now),
                    whose: whose(request),
                })
                .collect(),
            exceptions: (waiting.exceptions > 0).then(|| Piece {
                text: counted(
                    waiting.exceptions,
                    "exception waits for approval by somebody else",
                    "exceptions wait for approval by somebody else",
                ),
                href: Some("/exceptions?state=requested".to_owned()),
            }),
            older: last.map(|last| format!("/cutover?before={}#decisions", last.number)),
            is_older: !decided.newest,
            scopes: scopes
                .iter()
                .map(|scope| ScopeRow {
                    stands: stands(scope),
                    switched: switched(scope),
                    name: scope.name.clone(),
                    href: scope_url(scope),
                    about: about(scope),
                    planned: scope
                        .planned
                        .clone()
                        .unwrap_or_else(|| "no day yet".to_owned()),
                })
                .collect(),
            decisions: decided
                .rows
                .iter()
                .map(|decision| DecisionRow::new(decision, decided.watched, now))
                .collect(),
            form,
            may_edit,
            layout,
        }
    }
}
