//! Decisions for programs.

use std::collections::HashMap;

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
    decision as found, whole_record,
};
use crate::{
    domain::{
        cutover::record::{Decided, Ground},
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::cutover::{decisions::Decision, watched::Watched},
};

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
    /// It follows from the criteria only by a limit that somebody loosened.
    loosened: bool,
    /// By whom.
    decided_by: String,
    /// When.
    #[schema(format = DateTime)]
    decided_at: String,
    /// Hash of the record.
    hash: String,
    /// Where the signed record is, for a person who has signed in.
    record: String,
    /// What was found when it was last held against its clients; null: it is not looked after, because it is a no-go or a later
    /// decision of its scope came, or nobody has looked yet.
    now: Option<DecisionNow>,
}

/// What was found when a decision was last held against its clients, which happens by itself.
#[derive(Debug, Serialize, ToSchema)]
struct DecisionNow {
    /// The moment that this is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// It does not stand as it was decided, and somebody has to look again.
    look_again: bool,
    /// The criteria would recommend it; null: the scope has become another one since.
    recommended: Option<bool>,
    /// Clients that are not safe now, and were then or were not there.
    more: i64,
    /// Clients that were not safe then, and are safe or gone now.
    fewer: i64,
    /// Clients that were not safe then, and are worse off now.
    worse: i64,
    /// Clients heard lately then that have stopped.
    stopped: i64,
    /// Going back is due; null: nobody knows yet.
    rollback_due: Option<bool>,
    /// Somebody has said that the protocols were switched off.
    switched: bool,
    /// So many days before the planned day; 0: not before it, or no day was planned.
    switched_early_days: i64,
}

impl DecisionNow {
    fn of(watched: &Watched) -> Option<Self> {
        let (at, found) = (watched.looked_at?, watched.found.as_ref()?);
        Some(Self {
            as_of: at.to_string(),
            look_again: found.is_bad(),
            recommended: found.recommended,
            more: found.more,
            fewer: found.fewer,
            worse: found.worse,
            stopped: found.stopped,
            rollback_due: found.back_due,
            switched: found.switched,
            switched_early_days: found.early_days,
        })
    }
}

impl DecisionJson {
    fn new(decision: &Decision, watched: &HashMap<i64, Watched>) -> Self {
        Self {
            now: watched.get(&decision.number).and_then(DecisionNow::of),
            number: decision.number,
            scope: decision.scope.clone(),
            name: decision.name.clone(),
            decided: decision.decided.clone(),
            overruled: decision.overruled,
            loosened: decision.ground() == Ground::Loosened
                && decision.decided != Decided::NoGo.code(),
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
        let looked = self.items.iter_mut().filter_map(|one| one.now.as_mut());
        looked.map(|now| &mut now.as_of).collect()
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
    let watched = app.store().decisions_watched(&reader.sites).await?;
    let each = found.iter();
    let items = each.map(|one| DecisionJson::new(one, &watched)).collect();
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
        let now = self.decision.now.as_mut();
        now.map(|now| &mut now.as_of).into_iter().collect()
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
    let watched = app.store().decisions_watched(&reader.sites).await?;
    polled::json(
        &headers,
        OneDecision {
            decision: DecisionJson::new(&decision, &watched),
            head: decision.head,
            foot: decision.foot,
        },
    )
}
