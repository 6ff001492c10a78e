//! Making a decision: a run of its own, the criteria as they are then, everything frozen, signed and kept.

use std::{
    fs::File,
    io::{BufWriter, Seek as _, SeekFrom, Write as _},
    sync::Arc,
};

use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::{
    beside,
    hands::{self, Turn, turn},
    running::{self, Answered, Ran},
    systems::{self, SiteSystems},
};
use crate::{
    domain::{
        access::Sites,
        audit::{Author, REASON, argument},
        counted::counted,
        cutover::{
            criteria::{Facts, Held, Observed, Recommendation, hold},
            record::{Decided, Lines, close},
            scope::Scope,
        },
        feeds::day_of,
        time::{DAY, Timestamp},
    },
    ingest::Judge,
    store::{
        Error, Store,
        cutover::{
            decisions::NewDecision,
            scopes::{Said, SaidOfScope},
            walk::WINDOW,
        },
        model::Filter,
    },
};

/// What somebody decides.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What.
    pub decided: Decided,
    /// By whom.
    pub by: String,
    /// The same for the audit log, with where it came from.
    pub author: Author,
    /// Why, in their words.
    pub why: String,
    /// Under which conditions.
    pub conditions: String,
    /// What was recommended on the page that was looked at.
    pub seen_go: bool,
    /// How many may be lost at most by the page that was looked at.
    pub seen_most: i64,
}

/// Why nothing was decided.
#[derive(Debug)]
pub enum Refused {
    /// Something in what was sent is wrong: its place, and what.
    Wrong(&'static str, String),
    /// Things have changed since the page was made.
    Changed(String),
    /// The store failed.
    Store(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            // Somebody was faster.
            Error::Input(detail) => Self::Changed(detail),
            other => Self::Store(other),
        }
    }
}

/// What the criteria of a scope look at beside its clients.
#[derive(Clone, Debug)]
pub struct Around {
    /// What was seen on the wire; `None`: no log says anything.
    pub observed: Option<Observed>,
    /// The site systems.
    pub systems: SiteSystems,
    /// Days since 1970 UTC.
    pub today: i64,
    /// The planned day; `None`: none is planned.
    pub planned: Option<String>,
}

/// What there is around a scope.
///
/// # Errors
/// The store failed.
pub async fn around(
    store: &Store,
    scope: &Scope,
    base: &Filter,
    ruleset: &str,
    now: Timestamp,
) -> Result<Around, Error> {
    Ok(Around {
        observed: observed(store, scope, base, now).await?,
        systems: systems::of(store, scope, ruleset, now).await?,
        today: day_of(now),
        planned: scope.planned.clone(),
    })
}

/// The criteria of a scope as they are with this run.
pub fn held(ran: Option<&Ran>, said: &SaidOfScope, around: &Around) -> Vec<Held> {
    hold(&Facts {
        tally: ran.map(|ran| &ran.tally),
        observed: around.observed.as_ref(),
        systems: around.systems.sums,
        today: around.today,
        planned: around.planned.as_deref(),
        exceptions: ran.map_or(0, |ran| {
            i64::try_from(ran.exceptions.len()).unwrap_or(i64::MAX)
        }),
        ending: ran.and_then(|ran| ran.ending),
        limits: &said.limits,
        marks: &said.marks,
    })
}

/// What was seen on the wire in a scope; `None`: no log says anything, so nobody knows. An address that may be anybody's may
/// be of the scope, so it counts with those that are.
///
/// # Errors
/// The store failed.
async fn observed(
    store: &Store,
    scope: &Scope,
    base: &Filter,
    now: Timestamp,
) -> Result<Option<Observed>, Error> {
    let mut asked: Vec<Filter> = scope
        .sites
        .iter()
        .map(|site| Filter {
            site: Some(site.clone()),
            ..base.clone()
        })
        .collect();
    if asked.is_empty() {
        asked.push(base.clone());
    }
    let (mut devices, mut ambiguous, mut with, mut known) = (0, 0, 0, 0);
    let mut days = WINDOW;
    for filter in asked {
        let since = now.plus(-(WINDOW - 1) * DAY);
        let seen = store.observed_legacy(&filter, since, now).await?;
        devices += seen.devices;
        // The same addresses for each site.
        ambiguous = seen.ambiguous_addresses.max(ambiguous);
        with += seen.systems.0;
        known += seen.systems.1;
        // A site whose systems nobody knows is covered on no day.
        days = days.min(if seen.systems.0 > 0 {
            seen.covered_days
        } else {
            0
        });
    }
    if with == 0 && devices == 0 && ambiguous == 0 {
        return Ok(None);
    }
    Ok(Some(Observed {
        legacy: devices + ambiguous,
        covers: format!(
            "Logs of {with} of {}, covering {days} of {WINDOW} days; {} that may be anybody's.",
            counted(known, "known system", "known systems"),
            counted(
                ambiguous,
                "of those seen is an address",
                "of those seen are addresses"
            )
        ),
        whole: with == known && days >= WINDOW,
    }))
}

/// Whether it is decided against what is recommended.
fn overrules(decided: Decided, go: bool) -> bool {
    go == (decided == Decided::NoGo)
}

/// Checks what can be checked before the run.
fn check(
    wish: &Wish,
    scope: &Scope,
    said: &SaidOfScope,
    last_decided: Option<i64>,
) -> std::result::Result<(), Refused> {
    if wish.why.trim().chars().count() < REASON.0 {
        return Err(Refused::Wrong(
            "/why",
            "say why, in a sentence; it stands in the record".to_owned(),
        ));
    }
    // The page that was looked at is that of this moment, or nothing is decided.
    if overrules(wish.decided, wish.seen_go) {
        argument(&wish.why).map_err(|detail| Refused::Wrong("/why", detail))?;
    }
    if wish.decided == Decided::Conditions && wish.conditions.trim().is_empty() {
        return Err(Refused::Wrong(
            "/conditions",
            "say under which conditions".to_owned(),
        ));
    }
    match turn(&wish.by, scope, said, last_decided) {
        Turn::Free => Ok(()),
        Turn::Unasked => Err(Refused::Wrong(
            "/decided",
            "this scope takes two people: somebody else has to ask for the decision first"
                .to_owned(),
        )),
        Turn::Own => Err(Refused::Wrong(
            "/decided",
            "you asked for this decision, so somebody else has to make it: this scope takes two people".to_owned(),
        )),
    }
}

/// Makes a decision and answers its number.
///
/// # Errors
/// Something is missing, things have changed since, or the store failed; nothing was kept then.
pub async fn decide(
    store: &Store,
    judge: &Judge,
    key: Arc<Ed25519KeyPair>,
    scope: &Scope,
    base: &Filter,
    wish: Wish,
    now: Timestamp,
) -> std::result::Result<i64, Refused> {
    // Before everything that is looked at: what is set or said since is not in it.
    let stamp = store.scope_stamp(&scope.id).await?;
    let stamp = stamp.ok_or_else(|| Refused::Changed("This scope is gone.".to_owned()))?;
    let said = store.said_of_scope(&scope.id).await?;
    let last = store.decisions(&scope.id, i64::MAX, 1).await?;
    check(
        &wish,
        scope,
        &said,
        last.first().map(|last| last.decided_at),
    )?;
    let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
    let mut packed =
        zstd::Encoder::new(BufWriter::new(file), 3).map_err(|error| unwritten(&error))?;
    let mut lines = Lines::default();
    let ran = running::run(store, judge, scope, base, now, |known, found| {
        let line = lines.add(&known.line(found));
        packed
            .write_all(line.as_bytes())
            .map_err(|error| unwritten(&error))
    })
    .await?;
    let around = around(store, scope, base, &judge.ruleset, now).await?;
    let criteria = held(Some(&ran), &said, &around);
    let recommended = Recommendation::of(&criteria);
    let most = ran.tally.fates.most();
    if recommended.go != wish.seen_go || most != wish.seen_most {
        return Err(Refused::Changed(format!(
            "Things have changed since that page was made: {} At most {} would lose contact. Nothing was decided. Run the what-if again and look.",
            recommended.says(),
            counted(most, "client", "clients")
        )));
    }
    let overruled = overrules(wish.decided, recommended.go);
    let last_decided = last.first().map(|last| last.decided_at);
    let own = hands::own_doing(store, &wish.by, scope, &said, &criteria, now).await?;
    if let Some(own) = own.filter(|_| wish.decided != Decided::NoGo) {
        return Err(Refused::Wrong(
            "/decided",
            format!("{own}: this scope takes two people, so somebody else decides, or does that"),
        ));
    }
    let file = packed
        .finish()
        .and_then(|written| {
            written
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)
        })
        .and_then(rewound)
        .map_err(|error| unwritten(&error))?;
    // One that an earlier decision has answered asked for that one.
    let request = said.request.as_ref();
    let request = request.filter(|said| last_decided.is_none_or(|at| said.marked_at > at));
    // Whoever reads the record may see all of the scope's sites, and perhaps no others.
    let sites = if scope.sites.is_empty() {
        Sites::all()
    } else {
        Sites::only(scope.sites.clone())
    };
    let beside = beside::sentences(store, scope, base, &around.systems, &sites, now).await?;
    let head = head(
        scope,
        judge,
        beside,
        &ran,
        &criteria,
        recommended,
        lines,
        &said,
        request,
        &wish,
        overruled,
        now,
    );
    let entry = wish
        .author
        .because(Some(wish.why))
        .entry(now, "decision.make", scope.name.clone());
    let new = NewDecision {
        scope: scope.clone(),
        stamp,
        decided: wish.decided.code(),
        by: wish.by,
        entry,
    };
    Ok(store
        .add_decision(new, file, move |number, before| {
            close(head, number, before, &key)
        })
        .await?)
}

#[expect(clippy::too_many_arguments, reason = "everything that is frozen")]
fn head(
    scope: &Scope,
    judge: &Judge,
    beside: Vec<String>,
    ran: &Ran,
    held: &[Held],
    recommended: Recommendation,
    lines: Lines,
    said: &SaidOfScope,
    request: Option<&Said>,
    wish: &Wish,
    overruled: bool,
    now: Timestamp,
) -> Value {
    let (count, hash) = lines.end();
    let exceptions: Vec<Value> = ran.exceptions.iter().map(Answered::json).collect();
    json!({
        "as_of": now.to_string(),
        "scope": scope.whole(),
        "dependence": scope.dependence(),
        "beside": beside,
        "ruleset": &*judge.ruleset,
        "input_hash": ran.input_hash,
        "tally": ran.tally.json(),
        "criteria": held.iter().map(Held::json).collect::<Vec<_>>(),
        "recommendation": {"go": recommended.go, "open": recommended.open, "loosened": recommended.loosened, "says": recommended.says()},
        "exceptions": exceptions,
        "lines": {"count": count, "sha256": hash},
        "watch": {"trigger": said.watching.trigger, "hours": said.watching.hours},
        "decision": {
            "decided": wish.decided.code(),
            "by": wish.by,
            "at": now.to_string(),
            "why": wish.why,
            "conditions": wish.conditions,
            "overruled": overruled,
            "requested_by": request.map(|said| &said.marked_by),
            "requested_at": request.map(|said| Timestamp(said.marked_at).to_string()),
        },
    })
}

fn rewound(mut file: File) -> std::io::Result<File> {
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::Inconsistent {
        table: "decisions",
        detail: format!("the file for its lines: {error}"),
    }
}
