//! A run: everybody in a scope, one after the other, and what would happen to them.

use std::io::Write as _;

use serde_json::{Value, json};

use super::systems::{self, SiteSystems};
use crate::{
    domain::{
        access::Sites,
        assess,
        audit::{Author, Entry},
        cutover::{
            canonical,
            scope::Scope,
            tally::{Run, Tally},
            whatif::{Fate, Found, Known, Membership},
        },
        forecast::day_named,
        time::{DAY, Timestamp},
        verdict::Standing,
    },
    ingest::Judge,
    store::{
        Error, Result, Store,
        cutover::{excepted::Excepted, runs::KeptRun, walk::InScope},
        model::{Filter, Freshness, Listing},
    },
};

/// The OS key of clients of which nobody said what they run.
const UNKNOWN_OS: &str = "unknown";

/// Exceptions of which a kept run says more than that they are there.
const TOLD: usize = 500;

/// A client that an exception in force answers for.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Our id of the client.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Its site code; empty: not known.
    pub site: String,
    /// The exception.
    pub exception: Excepted,
}

impl Answered {
    /// As records and kept runs have it.
    pub fn json(&self) -> Value {
        let exception = &self.exception;
        json!({
            "id": exception.id,
            "client": self.client,
            "name": self.name,
            "site": self.site,
            "kind": exception.kind,
            "reason": exception.reason,
            "control": exception.control,
            "owner": exception.owner,
            "expires_at": Timestamp(exception.expires_at).to_string(),
            "requested_by": exception.requested_by,
            "approved_by": exception.decided_by,
        })
    }
}

/// What a run found, without the names.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The sums.
    pub tally: Tally,
    /// Hash of everything that went in.
    pub input_hash: String,
    /// Exceptions in force that answer for somebody here, with the name of the client.
    pub exceptions: Vec<Answered>,
    /// Of these, ending before the planned day is over; `None`: no day is planned.
    pub ending: Option<i64>,
}

/// What narrows the clients of a scope beside its sites.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    /// OS key.
    pub os: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Owner.
    pub owner: Option<String>,
}

impl Narrowed {
    /// As a filter of everybody: a decision counts the same clients whoever looks at it.
    pub fn filter(self) -> Filter {
        Filter {
            os: self.os,
            role: self.role,
            owner: self.owner,
            ..Filter::default()
        }
    }
}

/// What a scope means: the clients that it names, and those that may belong to it or are left out although they are heard.
pub fn filters(scope: &Scope, base: &Filter) -> Vec<(Membership, Filter)> {
    let mut sites: Vec<Option<String>> = scope.sites.iter().cloned().map(Some).collect();
    sites.sort();
    sites.dedup();
    if sites.is_empty() {
        sites.push(None);
    }
    let unready = |filter: Filter| Filter {
        standings: Standing::not_cleared(),
        ..filter
    };
    // Of no known site or OS version; a list may leave them out, too, although they are heard.
    let unplaced = |filter: Filter| {
        let filter = unready(filter);
        let left_out = Filter {
            freshness: Some(Freshness::Fresh),
            left_out: true,
            ..filter.clone()
        };
        [filter, left_out].map(|filter| (Membership::Unplaced, filter))
    };
    let names_os = base.os.as_deref().is_some_and(|os| os != UNKNOWN_OS);
    let names_site = sites.iter().flatten().any(|site| !site.is_empty());
    let other_os = |filter: &Filter| Filter {
        os: Some(UNKNOWN_OS.to_owned()),
        ..filter.clone()
    };
    let mut named = Vec::new();
    let mut others = Vec::new();
    for site in sites {
        let filter = Filter {
            site,
            ..base.clone()
        };
        if names_os {
            others.extend(unplaced(other_os(&filter)));
        }
        others.push((
            Membership::LeftOutHeard,
            Filter {
                freshness: Some(Freshness::Fresh),
                left_out: true,
                ..unready(filter.clone())
            },
        ));
        // Ready by a report that nobody has looked at: before it, the other filter may have found it.
        others.push((
            Membership::LeftOutHeard,
            Filter {
                freshness: Some(Freshness::Fresh),
                left_out: true,
                suspicious: true,
                ..filter.clone()
            },
        ));
        named.push((Membership::Named, filter));
    }
    // What a client says itself takes nobody out of a scope who was not ready when it said so.
    if names_site {
        let left = Sites::only(scope.sites.iter().filter(|site| !site.is_empty()).cloned());
        let left = Filter {
            left: Some(left),
            ..base.clone()
        };
        others.push((
            Membership::LeftOutHeard,
            Filter {
                freshness: Some(Freshness::Fresh),
                left_out: true,
                ..left.clone()
            },
        ));
        // Also who is ready by now: the report that took it away may be the one that turned it.
        others.push((Membership::Unplaced, left));
    }
    // Where the scope lists clients without a site anyway, they are named.
    if names_site && !scope.sites.iter().any(String::is_empty) {
        let nowhere = Filter {
            site: Some(String::new()),
            ..base.clone()
        };
        if names_os {
            others.extend(unplaced(other_os(&nowhere)));
        }
        others.extend(unplaced(nowhere));
    }
    named.extend(others);
    named
}

/// What a run knows of a client.
pub fn known(
    client: &InScope,
    scope: &Scope,
    systems: &SiteSystems,
    ruleset: &str,
    now: Timestamp,
) -> Known {
    let row = &client.row;
    // A report that carries a time to come is as old as its arrival says.
    let oldest = match (row.collected_at, row.received_at) {
        (Some(collected), Some(received)) => Some(collected.min(received)),
        (one, other) => one.or(other),
    };
    Known {
        id: row.id.clone(),
        name: row.name.clone(),
        site: row.ids.site_code.clone().unwrap_or_default(),
        os_key: row.os_key.clone(),
        owner: row.owner.clone(),
        standing: row.standing,
        verdict: row.verdict,
        impact: row.impact,
        reasons: assess::reasons_in(row.reasons)
            .map(|reason| reason.code)
            .collect(),
        membership: client.membership,
        expected: row.listing == Listing::Expected && !client.elsewhere,
        // The days of the server hold, too, where those of the scope are more.
        fresh: row.standing != Standing::Stale
            && oldest.is_some_and(|at| now.since(at) <= scope.freshness_days.saturating_mul(DAY)),
        future: row.future,
        duplicate: row.duplicate,
        judged: row.ruleset.as_deref() == Some(ruleset),
        seen_using_old: client.seen_old.is_some_and(|last| {
            oldest.is_none_or(|reported| {
                let since = client.well_since.unwrap_or(reported);
                assess::SeenOld { last, since }.contradicts(reported)
            })
        }),
        suspected: client.suspected,
        way: systems.way(row.ids.site_code.as_deref().unwrap_or_default()),
        collected_at: row.collected_at.map(|at| at.0),
        received_at: row.received_at.map(|at| at.0),
        evidence: client.evidence.clone(),
        exception: client
            .exception
            .as_ref()
            .map(|exception| exception.id.clone()),
    }
}

/// Runs a scope, and hands each client over with what was found.
///
/// # Errors
/// The store failed, or `each` did.
pub async fn run(
    store: &Store,
    judge: &Judge,
    scope: &Scope,
    base: &Filter,
    now: Timestamp,
    mut each: impl FnMut(&Known, Found) -> Result<()> + Send,
) -> Result<Ran> {
    let systems = systems::of(store, scope, &judge.ruleset, now).await?;
    let mut walk = store.walk_scope(filters(scope, base), now).await?;
    let mut run = Run::new(scope, &judge.ruleset);
    let mut exceptions = Vec::new();
    while let Some(portion) = walk.next().await? {
        for client in portion {
            let known = known(&client, scope, &systems, &judge.ruleset, now);
            let found = run.take(&known);
            each(&known, found)?;
            if let Some(exception) = client.exception {
                exceptions.push(Answered {
                    client: known.id,
                    name: known.name,
                    site: known.site,
                    exception,
                });
            }
        }
    }
    let (tally, input_hash) = run.end();
    let over = scope
        .planned
        .as_deref()
        .and_then(day_named)
        .map(|day| (day + 1) * DAY);
    let ending = over.map(|over| {
        let early = exceptions
            .iter()
            .filter(|answered| answered.exception.expires_at < over);
        i64::try_from(early.count()).unwrap_or(i64::MAX)
    });
    Ok(Ran {
        tally,
        input_hash,
        exceptions,
        ending,
    })
}

/// A line of a kept run.
fn line(known: &Known, found: Found) -> Value {
    json!([
        known.id,
        known.name,
        known.site,
        known.os_key,
        found.fate.code(),
        found.because.code(),
        known.owner
    ])
}

/// A run that is to be kept.
#[derive(Debug)]
pub struct NewRun {
    /// Its sums. What moved since the run before is not said yet.
    pub kept: KeptRun,
    /// Those that are not safe: lines of JSON, compressed.
    pub body: Vec<u8>,
    /// What the audit log says of it.
    pub entry: Entry,
}

/// Runs a scope so that the run can be kept, with the names of those that are not safe.
///
/// # Errors
/// The store failed.
pub async fn to_keep(
    store: &Store,
    judge: &Judge,
    scope: &Scope,
    base: &Filter,
    by: &str,
    author: Author,
    now: Timestamp,
) -> Result<NewRun> {
    let mut packed = zstd::Encoder::new(Vec::new(), 3).map_err(|error| broken(&error))?;
    let ran = run(store, judge, scope, base, now, |known, found| {
        if found.fate == Fate::Safe {
            return Ok(());
        }
        let mut text = canonical::written(&line(known, found));
        text.push('\n');
        packed
            .write_all(text.as_bytes())
            .map_err(|error| broken(&error))
    })
    .await?;
    let body = packed.finish().map_err(|error| broken(&error))?;
    let kept = KeptRun {
        id: uuid::Uuid::now_v7().to_string(),
        scope: scope.id.clone(),
        made_by: by.to_owned(),
        made_at: now.0,
        summary: canonical::written(&summary(scope, judge, &ran)),
        input_hash: ran.input_hash,
        moved: String::new(),
    };
    let entry = author.entry(now, "scope.run", scope.name.clone()).change(
        None,
        Some(format!("run {}, inputs {}", kept.id, kept.input_hash)),
    );
    Ok(NewRun { kept, body, entry })
}

/// The sums of a run with what it was asked, without when and by whom: the same inputs give the same bytes.
pub fn summary(scope: &Scope, judge: &Judge, ran: &Ran) -> Value {
    json!({
        "scope": scope.inputs(),
        "ruleset": &*judge.ruleset,
        "input_hash": ran.input_hash,
        "tally": ran.tally.json(),
        "exceptions": ran.exceptions.len(),
        "exceptions_ending": ran.ending,
        "excepted": ran.exceptions.iter().take(TOLD).map(Answered::json).collect::<Vec<_>>(),
    })
}

pub(super) fn broken(error: &std::io::Error) -> Error {
    Error::Inconsistent {
        table: "scope_runs",
        detail: error.to_string(),
    }
}
