//! What has become of a decision since: who is not safe any more or again, what would be recommended now, and who has stopped.

use std::{collections::HashMap, ops::ControlFlow};

use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    comparing::Before,
    deciding,
    kept::{each_line, fate, lines, text},
    running,
};
use crate::{
    domain::{
        access::Sites,
        cutover::{
            after::{After, Became, Moments, Past, Stopped, Watch, Watching, became},
            criteria::Recommendation,
            difference::{Difference, Who},
            whatif::Fate,
        },
        feeds::day_of,
        forecast::day_named,
        time::Timestamp,
        verdict::Standing,
    },
    ingest::Judge,
    store::{
        Error, Result, Store,
        cutover::{decisions::Decision, scopes::switched_off, walk::PORTION},
        model::Filter,
    },
};

/// Names that are told of those who have stopped; how many there are is said beside.
const NAMED: usize = 1_000;

/// What a scope's filter means.
pub type Meaning = fn(&str) -> std::result::Result<Filter, String>;

/// A record held against a later moment.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Who moved.
    pub difference: Difference,
    /// What would be recommended at that moment; `None`: the scope has become another one since, and compared are the clients
    /// that it was about then.
    pub recommended: Option<Recommendation>,
}

fn unread(number: i64, error: &impl std::fmt::Display) -> Error {
    Error::Inconsistent {
        table: "decision_parts",
        detail: format!("the lines of decision {number}: {error}"),
    }
}

/// Who is not safe at `now` and was when it was decided, the other way round, and who got worse, of the clients that the scope was
/// about then; and what would be recommended. `None`: the scope is not there any more, or was about others than these sites.
///
/// # Errors
/// The store failed, or the record cannot be read.
pub async fn compared(
    store: &Store,
    judge: &Judge,
    decision: &Decision,
    head: &Value,
    sites: &Sites,
    meaning: Meaning,
    now: Timestamp,
) -> Result<Option<Compared>> {
    let Some(today) = store.scope(&decision.scope).await? else {
        return Ok(None);
    };
    // The clients that the decision was about, whatever the scope has become since.
    let then = today.as_it_was(&head["scope"]);
    let Some(scope) = then.filter(|then| then.lies_within(sites)) else {
        return Ok(None);
    };
    let base = meaning(&scope.filter).map_err(|detail| Error::Inconsistent {
        table: "scopes",
        detail: format!("the filter of {}: {detail}", scope.id),
    })?;
    let (record, number) = (store.clone(), decision.number);
    let read = tokio::task::spawn_blocking(move || {
        let lines = lines(&record, number).map_err(|error| error.to_string())?;
        Before::of_record(lines)
    });
    let mut before = read
        .await
        .map_err(|error| unread(number, &error))?
        .map_err(|error| unread(number, &error))?;
    let mut difference = Difference::compared();
    let ran = running::run(store, judge, &scope, &base, now, |known, found| {
        let who = Who {
            id: known.id.clone(),
            name: known.name.clone(),
            site: known.site.clone(),
        };
        before.meet(who, found.fate, &mut difference);
        Ok(())
    })
    .await?;
    // Whoever the scope does not name any more (another Windows, role or owner) is looked at by itself.
    let (missing, decided) = (before.missing(), Timestamp(decision.decided_at));
    for ids in missing.chunks(PORTION) {
        for (who, standing) in store.stand_now(ids, decided).await? {
            if standing != Standing::Ready {
                before.is_bad_elsewhere(who, &mut difference);
            }
        }
    }
    before.end(&mut difference);
    let recommended = if scope.is_about_the_same(&today) {
        let said = store.said_of_scope(&scope.id).await?;
        let around = deciding::around(store, &scope, &base, &judge.ruleset, now).await?;
        let criteria = deciding::held(Some(&ran), &said, &around);
        Some(Recommendation::of(&criteria))
    } else {
        None
    };
    Ok(Some(Compared {
        difference,
        recommended,
    }))
}

/// A client as its record has it, taken out of its line.
struct Kept {
    id: String,
    name: String,
    site: String,
    os_key: String,
    fate: Fate,
    fresh: bool,
    heard: Option<i64>,
}

impl Kept {
    fn of(line: &Value) -> Self {
        // A report that carries a time to come is as old as its arrival says.
        let heard = match (line["collected_at"].as_i64(), line["received_at"].as_i64()) {
            (Some(collected), Some(received)) => Some(collected.min(received)),
            (one, other) => one.or(other),
        };
        Self {
            id: text(line, "id"),
            name: text(line, "name"),
            site: text(line, "site"),
            os_key: text(line, "os"),
            fate: fate(line),
            fresh: line["fresh"].as_bool().unwrap_or(false),
            heard,
        }
    }
}

/// Who of a record has been heard since the switch, and who has stopped.
///
/// # Errors
/// The store failed, or the record cannot be read.
pub async fn heard(
    store: &Store,
    decision: &Decision,
    head: &Value,
    now: Timestamp,
) -> Result<After> {
    let said = store.said_of_scope(&decision.scope).await?;
    let kind = switched_off(decision.number);
    let switched = said.switched.iter().find(|said| said.kind == kind);
    let mut watching = Watching::default();
    for (code, name) in [(Watching::TRIGGER, "trigger"), (Watching::HOURS, "hours")] {
        if let Some(value) = head["watch"][name].as_i64() {
            watching.set(code, value);
        }
    }
    let moments = Moments {
        decided: decision.decided_at,
        switched: switched.map_or(decision.decided_at, |said| said.marked_at),
        now: now.0,
        freshness_days: head["scope"]["freshness_days"].as_i64().unwrap_or(1),
        hours: watching.hours,
    };
    let mut after = After {
        moments,
        switched_by: switched.map(|said| said.marked_by.clone()),
        switched_why: switched.map_or_else(String::new, |said| said.note.clone()),
        early_days: switched.map_or(0, |said| {
            let planned = head["scope"]["planned"].as_str().and_then(day_named);
            planned.map_or(0, |day| (day - day_of(Timestamp(said.marked_at))).max(0))
        }),
        watching,
        watch: Watch::default(),
        stopped: Vec::new(),
    };
    let mut portions = read(store, decision.number);
    while let Some(portion) = portions.recv().await {
        let portion = portion.map_err(|error| unread(decision.number, &error))?;
        let ids: Vec<String> = portion.iter().map(|kept| kept.id.clone()).collect();
        let seen = store.heard_last(&ids).await?;
        for kept in portion {
            take(&mut after, kept, &seen);
        }
    }
    Ok(after)
}

fn take(after: &mut After, kept: Kept, seen: &HashMap<String, i64>) {
    let past = Past {
        fate: kept.fate,
        os_key: &kept.os_key,
        fresh: kept.fresh,
        heard: kept.heard,
    };
    let seen = seen.get(&kept.id).copied();
    let became = became(past, seen, &after.moments);
    after.watch.take(past, became);
    if became == Became::Stopped && after.stopped.len() < NAMED {
        after.stopped.push(Stopped {
            last: kept.heard.max(seen).unwrap_or_default(),
            id: kept.id,
            name: kept.name,
            site: kept.site,
            os_key: kept.os_key,
            fate: kept.fate,
        });
    }
}

/// The clients of a record, a portion at a time, by a thread that may wait for the database.
fn read(store: &Store, number: i64) -> mpsc::Receiver<std::io::Result<Vec<Kept>>> {
    let store = store.clone();
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut portion = Vec::new();
        let gone = || std::io::Error::other("nobody reads any more");
        let done = each_line(&store, number, |line| {
            portion.push(Kept::of(&line));
            if portion.len() == PORTION {
                let full = std::mem::take(&mut portion);
                sender.blocking_send(Ok(full)).map_err(|_| gone())?;
            }
            Ok(ControlFlow::Continue(()))
        });
        // Whoever reads may have gone away.
        let _ = sender.blocking_send(done.map(|()| portion));
    });
    receiver
}
