//! A decision as it was frozen: on its page, and on one sheet that needs nothing else.

use askama::Template;
use serde_json::Value;

use super::{
    parts::{Blast, Moved, Name},
    scope::LeftoverRow,
};
use crate::{
    domain::{
        access::Sites,
        cutover::{
            criteria::{Criterion, Recommendation},
            record::Decided,
            tally::Tally,
        },
        time::Timestamp,
    },
    store::cutover::decisions::Decision,
    views::{
        Layout,
        cutover::lately::Now,
        exceptions::last_day,
        text::{Moment, counted, number},
    },
};

/// A moment as people read it.
fn moment(text: &str) -> String {
    Timestamp::parse(text).map_or_else(|_| text.to_owned(), |at| Moment::new(at, at).absolute)
}

/// A criterion as it was frozen.
#[derive(Clone, Debug)]
pub struct FrozenCriterion {
    /// Where it is said what it counts; empty: nowhere.
    pub meaning: String,
    /// What was asked.
    pub title: String,
    /// The limit, and who had set it.
    pub limit: String,
    /// What was there.
    pub says: String,
    /// What somebody said for it.
    pub note: String,
    /// Whether it was met.
    pub met: bool,
}

impl FrozenCriterion {
    fn new(one: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let known = one["criterion"].as_str().and_then(Criterion::from_code);
        let limit = match (known, one["limit"].as_i64()) {
            (Some(Criterion::Coverage), Some(limit)) => {
                format!("at least {}", Criterion::Coverage.figure(limit))
            }
            (Some(known), Some(limit)) => format!("at most {}", known.figure(limit)),
            (None, Some(limit)) => limit.to_string(),
            (_, None) => "marked by a person".to_owned(),
        };
        let set = match (text(&one["set_by"]), text(&one["set_why"])) {
            (by, _) if by.is_empty() => String::new(),
            (by, why) if why.is_empty() => format!(", set by {by}"),
            (by, why) => format!(", set by {by}: {why}"),
        };
        Self {
            meaning: known.map_or_else(String::new, |known| {
                format!("/method#criterion-{}", known.code())
            }),
            title: text(&one["title"]),
            limit: format!("{limit}{set}"),
            says: text(&one["says"]),
            note: text(&one["mark"]["note"]),
            met: one["met"].as_bool().unwrap_or(false),
        }
    }
}

/// What followed from the criteria, at that time.
fn recommended(value: &Value, at: &str) -> String {
    let open = value["open"].as_u64().and_then(|n| usize::try_from(n).ok());
    let says = match (value["go"].as_bool(), open) {
        (Some(go), Some(open)) => {
            let loosened = value["loosened"].as_u64().unwrap_or(0);
            let loosened = usize::try_from(loosened).unwrap_or(usize::MAX);
            Recommendation { go, open, loosened }.says()
        }
        _ => value["says"].as_str().unwrap_or_default().to_owned(),
    };
    if says.is_empty() {
        return says;
    }
    format!("By the criteria at {at}: {says}")
}

/// A later decision of the same scope.
#[derive(Clone, Debug)]
pub struct Later {
    /// Its number.
    pub number: i64,
    /// What was decided.
    pub decided: &'static str,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
}

impl Later {
    /// Of a decision.
    pub fn new(decision: &Decision) -> Self {
        let at = Timestamp(decision.decided_at);
        Self {
            number: decision.number,
            decided: Decided::from_code(&decision.decided)
                .map_or("Not known", |made| made.said(decision.ground())),
            by: decision.decided_by.clone(),
            at: Moment::new(at, at).absolute,
        }
    }
}

/// An exception as it was frozen.
#[derive(Clone, Debug)]
pub struct FrozenException {
    /// Client.
    pub name: Name,
    /// Who answers.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Control.
    pub control: String,
    /// Until when.
    pub until: String,
    /// Who approved.
    pub approved: String,
}

/// The last day of an exception that ends at a time.
fn held_until(end: &str) -> String {
    Timestamp::parse(end).map_or_else(|_| end.to_owned(), last_day)
}

impl FrozenException {
    /// All that a record or a run names, for somebody who may see these sites.
    pub fn all(value: &Value, sites: &Sites) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let each = value.as_array().into_iter().flatten();
        each.map(|one| Self {
            name: Name::seen(
                &text(&one["client"]),
                &text(&one["name"]),
                &text(&one["site"]),
                sites,
            ),
            owner: text(&one["owner"]),
            reason: text(&one["reason"]),
            control: text(&one["control"]),
            until: held_until(&text(&one["expires_at"])),
            approved: text(&one["approved_by"]),
        })
        .collect()
    }
}

/// What a record says, ready to be shown.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Its number.
    pub number: i64,
    /// Name of the scope.
    pub name: String,
    /// Sites, roles and so on.
    pub about: String,
    /// What is a guess.
    pub dependence: String,
    /// Planned day.
    pub planned: String,
    /// What was decided.
    pub decided: &'static str,
    /// By whom.
    pub by: String,
    /// Who asked; empty: nobody had to.
    pub requested: String,
    /// The rule of two people was off.
    pub alone: bool,
    /// When.
    pub at: String,
    /// Why.
    pub why: String,
    /// Conditions.
    pub conditions: String,
    /// What stood beside the numbers, in sentences.
    pub beside: Vec<String>,
    /// It overruled what followed from the criteria.
    pub overruled: bool,
    /// What followed.
    pub recommended: String,
    /// The rules.
    pub ruleset: String,
    /// Criteria.
    pub criteria: Vec<FrozenCriterion>,
    /// Exceptions in force.
    pub exceptions: Vec<FrozenException>,
    /// In numbers.
    pub blast: Blast,
    /// Hash of the record.
    pub hash: String,
    /// Hash of the record before; empty: the first.
    pub before: String,
    /// Public key.
    pub key: String,
    /// Hash of everything that went in.
    pub input_hash: String,
    /// Clients.
    pub clients: String,
}

impl Frozen {
    /// From the head of a record.
    pub fn new(decision: &Decision, head: &Value, sites: &Sites) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| {
            let items = value.as_array().into_iter().flatten();
            let items: Vec<&str> = items.filter_map(Value::as_str).collect();
            items.join(", ")
        };
        let or = |said: String, instead: &str| {
            if said.is_empty() {
                instead.to_owned()
            } else {
                said
            }
        };
        let scope = &head["scope"];
        let made = &head["decision"];
        let overruled = made["overruled"].as_bool().unwrap_or(true);
        let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Self {
            number: decision.number,
            name: text(&scope["name"]),
            about: format!(
                "{} · {} · {} · reports of {} count{}",
                or(list(&scope["sites"]), "all sites"),
                or(list(&scope["roles"]), "all roles"),
                list(&scope["protocols"]).replace("tls", "TLS "),
                counted(
                    scope["freshness_days"].as_i64().unwrap_or_default(),
                    "day",
                    "days"
                ),
                match text(&scope["filter"]) {
                    none if none.is_empty() => none,
                    filter => format!(" · only {filter}"),
                }
            ),
            dependence: text(&head["dependence"]),
            beside: each(&head["beside"]).iter().map(text).collect(),
            planned: or(text(&scope["planned"]), "no day was planned"),
            decided: Decided::from_code(&text(&made["decided"]))
                .map_or("Not known", |known| known.said(decision.ground())),
            by: text(&made["by"]),
            requested: text(&made["requested_by"]),
            alone: decision.alone,
            at: moment(&text(&made["at"])),
            why: text(&made["why"]),
            conditions: text(&made["conditions"]),
            overruled,
            recommended: recommended(&head["recommendation"], &moment(&text(&made["at"]))),
            ruleset: text(&head["ruleset"]),
            criteria: each(&head["criteria"])
                .iter()
                .map(FrozenCriterion::new)
                .collect(),
            exceptions: FrozenException::all(&head["exceptions"], sites),
            blast: Blast::new(&Tally::read(&head["tally"]), "", sites),
            hash: decision.hash.clone(),
            before: text(&head["before"]),
            key: text(&head["key"]),
            input_hash: text(&head["input_hash"]),
            clients: number(head["lines"]["count"].as_i64().unwrap_or_default()),
        }
    }
}

/// The page of a decision.
#[derive(Debug, Template)]
#[template(path = "cutover_decision.html", whitespace = "minimize")]
pub struct DecisionPage {
    /// The frame.
    pub layout: Layout,
    /// What was frozen.
    pub frozen: Frozen,
    /// The newest decision of the same scope, where that is a later one.
    pub later: Option<Later>,
    /// What was found when it was last held against its clients by itself; `None`: it is not looked after.
    pub since: Option<Now>,
    /// What has moved since; `None`: the scope is gone, or so large that somebody has to ask.
    pub moved: Option<Moved>,
    /// Why it does not say what has moved.
    pub unmoved: String,
    /// It is a decision to switch off that would not be recommended now, or nobody knows.
    pub withdrawn: bool,
    /// The page of its scope.
    pub scope_url: String,
    /// Where it is compared, where somebody has to ask.
    pub compare_url: Option<String>,
    /// The key of this server.
    pub own_key: String,
    /// First leftovers, as they were.
    pub leftovers: Vec<LeftoverRow>,
    /// How many there were.
    pub leftover_count: usize,
    /// The reader may take the whole record away.
    pub whole: bool,
}

/// The sheet for the board: one file that needs nothing else.
#[derive(Debug, Template)]
#[template(path = "cutover_sheet.html", whitespace = "minimize")]
pub struct SheetPage {
    /// What was frozen.
    pub frozen: Frozen,
    /// Leftovers by name.
    pub leftovers: Vec<LeftoverRow>,
    /// How many there are.
    pub count: usize,
}
