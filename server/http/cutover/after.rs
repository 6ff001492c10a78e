//! After the switch: who has stopped since, whether going back is due, and how right the decision was.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Person, Reader},
        form::Field,
        pages::{html, layout},
        polled::{self, Polled},
        query::{Named, Nothing},
        refused::or_again,
    },
    base, decision,
    forms::{Fields, Sent},
    may_edit,
};
use crate::{
    clock,
    cutovers::{since, watching},
    domain::{
        access::Sites,
        audit,
        cutover::{after::Line, record::Decided},
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::cutover::{
        decisions::Decision,
        scopes::{Said, switched_off},
        watched::Watched,
    },
    views::{
        Nav,
        cutover::after::{AfterPage, Stands, back_says},
        refused::Refused,
    },
};

/// The form that says that the protocols were switched off, or takes it back.
const SWITCHED: &[Field] = &[Field::Once("why"), Field::Once("take_back")];

/// `GET /cutover/decisions/{number}/after`
pub async fn page(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&app, &person, &number, &headers, None).await
}

async fn shown(
    app: &App,
    person: &Person,
    number: &str,
    headers: &HeaderMap,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let (decision, head) = decision(app, number, &person.sites).await?;
    let after = since::heard(app.store(), &decision, &head, clock::now()).await?;
    let mut layout = layout(app, Nav::Cutover, Some(person), Some(headers));
    layout.refused = refused;
    let may_edit = may_edit(&layout);
    let (newest, watched) = standing(app, &decision, &person.sites).await?;
    let stands = Stands {
        later: newest.as_ref(),
        watched: watched.as_ref(),
        sites: &person.sites,
    };
    html(&AfterPage::new(
        layout, &decision, &head, &after, &stands, may_edit,
    ))
}

/// The newest decision of the same scope, where that is a later one, also one that whoever asks may not see; and what was found when
/// this one was last held against its clients.
async fn standing(
    app: &App,
    decision: &Decision,
    sites: &Sites,
) -> Result<(Option<Decision>, Option<Watched>), Problem> {
    let newest = app.store().decisions(&decision.scope, i64::MAX, 1).await?;
    let later = newest.into_iter().find(|one| one.number > decision.number);
    let mut watched = app.store().decisions_watched(sites).await?;
    Ok((later, watched.remove(&decision.number)))
}

/// `POST /cutover/decisions/{number}/switched`: says that the protocols were switched off now, or takes it back.
pub async fn switched(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    let fields = Fields::of(sent, SWITCHED)?;
    let done = switch(&app, &person, &decision, &head, &fields).await;
    or_again(done, &headers, "switched", fields.0, |refused| {
        shown(&app, &person, &number, &headers, Some(refused))
    })
    .await
}

/// So long what was found about a decision passes for what is so now where a look takes too long, in milliseconds.
const JUST: i64 = 120_000;
/// So long whoever switches off waits for a look; a scope of a million takes a quarter of a minute. A request ends after a minute.
const WAITS: Duration = Duration::from_secs(40);

fn is_watched(decision: &Decision) -> bool {
    Decided::from_code(&decision.decided) != Some(Decided::NoGo)
}

fn is_just_seen(watched: Option<&Watched>, now: Timestamp) -> bool {
    let looked = watched.and_then(|watched| watched.looked_at);
    looked.is_some_and(|at| now.since(at) < JUST)
}

/// Holds a decision against its clients; whether that was possible now. It goes on where it takes longer than whoever asked waits,
/// and is there when they ask again.
async fn look(app: &App, decision: &Decision) -> bool {
    let (own, decision) = (app.clone(), decision.clone());
    let number = decision.number;
    let look =
        tokio::spawn(
            async move { watching::look_now(own.store(), own.judge(), &decision, base).await },
        );
    match tokio::time::timeout(WAITS, look).await {
        Ok(Ok(Ok(()))) => true,
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, number, "a decision could not be held against its clients before a switch");
            false
        }
        Ok(Err(error)) => {
            tracing::error!(%error, number, "the look at a decision ended early");
            false
        }
        Err(_) => false,
    }
}

async fn switch(
    app: &App,
    person: &Person,
    decision: &Decision,
    head: &Value,
    fields: &Fields,
) -> Result<Response, Problem> {
    let now = clock::now();
    let holds = fields.get("take_back") != "1";
    let given = fields.words("why", 500)?;
    let (mut newest, mut watched) = standing(app, decision, &person.sites).await?;
    // What was found within the last hour may not be so any more.
    let looked = if holds && newest.is_none() && is_watched(decision) {
        let looked = look(app, decision).await;
        (newest, watched) = standing(app, decision, &person.sites).await?;
        looked || is_just_seen(watched.as_ref(), now)
    } else {
        true
    };
    let stands = Stands {
        later: newest.as_ref(),
        watched: watched.as_ref(),
        sites: &person.sites,
    };
    // What speaks against it is overruled with a reason, like a recommendation.
    let against = holds && (!looked || !stands.against(decision, head, now).is_empty());
    let must_say = !holds || against;
    if against {
        audit::argument(&given).map_err(|detail| {
            let detail = if looked {
                detail
            } else {
                format!(
                    "{detail}: whether its clients have changed since could not be looked at now"
                )
            };
            Problem::invalid("/why", detail)
        })?;
    }
    let why = if must_say || !given.is_empty() {
        audit::reason(&given).map_err(|detail| Problem::invalid("/why", detail))?
    } else {
        given
    };
    let subject = format!("{} {}", decision.name, decision.number);
    let said = if holds {
        "switched off"
    } else {
        "not switched off"
    };
    let entry = person
        .author
        .clone()
        .because(Some(why.clone()).filter(|why| !why.is_empty()))
        .entry(now, "decision.switched", subject)
        .change(None, Some(said.to_owned()));
    let said = Said {
        kind: switched_off(decision.number),
        holds,
        note: why,
        link: String::new(),
        about: String::new(),
        marked_by: person.name.clone(),
        marked_at: entry.at.0,
    };
    app.store().say(decision.scope.clone(), said, entry).await?;
    app.store().watch_soon(decision.number).await?;
    Ok(Redirect::to(&format!("/cutover/decisions/{}/after", decision.number)).into_response())
}

/// What became of some clients of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AfterLine)]
struct LineJson {
    /// Clients in the record.
    clients: i64,
    /// Of these, heard lately when it was decided, and not missed already before the switch.
    baseline: i64,
    /// Of the baseline, heard since the switch.
    heard: i64,
    /// Of the baseline, neither heard since nor to be heard yet.
    waiting: i64,
    /// Of the baseline, to be heard again by now, and not heard.
    stopped: i64,
    /// Heard lately when it was decided, and missed already before the switch.
    stopped_before: i64,
}

impl From<&Line> for LineJson {
    fn from(line: &Line) -> Self {
        Self {
            clients: line.clients,
            baseline: line.baseline,
            heard: line.heard,
            waiting: line.waiting(),
            stopped: line.stopped,
            stopped_before: line.before,
        }
    }
}

/// A client that has stopped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoppedClient)]
struct StoppedJson {
    /// Our id; null where its site is not known and the token may see some sites only.
    id: Option<String>,
    /// Name; null as the id.
    name: Option<String>,
    /// Site code; empty: not known.
    site: String,
    /// OS key.
    os: String,
    /// What was predicted: `will_lose`, `may_lose`, `cannot_say`, `accepted` or `safe`.
    predicted: &'static str,
    /// When it was heard last.
    #[schema(format = DateTime)]
    heard_at: String,
}

/// Who has stopped since a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct AfterAnswer {
    /// Number of the decision.
    number: i64,
    /// The moment that the figures are of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Since when it is watched: when somebody said that the protocols were switched off, or else when it was decided.
    #[schema(format = DateTime)]
    since: String,
    /// Who said that the protocols were switched off; null: nobody has.
    switched_by: Option<String>,
    /// What they said to it; null: nobody has, or nothing was said.
    switched_why: Option<String>,
    /// So many days before the planned day; 0: not before it, or no day was planned.
    switched_early_days: i64,
    /// Whole hours since then.
    hours: i64,
    /// Hours within which a client that reports regularly is heard again.
    heard_again_hours: i64,
    /// Share of the baseline that may stop, in hundredths of a percent.
    rollback_trigger: i64,
    /// Share of the baseline that has stopped, in hundredths of a percent, rounded up; null: there is no baseline.
    stopped_share: Option<i64>,
    /// Going back is due; null: nobody knows yet.
    rollback_due: Option<bool>,
    /// The same as a sentence.
    says: String,
    /// Everybody.
    all: LineJson,
    /// By what was predicted.
    by_predicted: BTreeMap<String, LineJson>,
    /// By OS key.
    by_os: BTreeMap<String, LineJson>,
    /// Who has stopped; the first 1,000.
    stopped: Vec<StoppedJson>,
    /// More have stopped than are named.
    more: bool,
}

impl Polled for AfterAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// `GET /decisions/{number}/after`
pub async fn api(
    State(app): State<App>,
    reader: Reader,
    Named(number): Named,
    _: Nothing,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &reader.sites).await?;
    let now = clock::now();
    let after = since::heard(app.store(), &decision, &head, now).await?;
    let watch = &after.watch;
    let stopped = after.stopped.iter().map(|one| {
        let seen = reader.sites.holds(&one.site);
        StoppedJson {
            id: seen.then(|| one.id.clone()),
            name: seen.then(|| one.name.clone()),
            site: if seen {
                one.site.clone()
            } else {
                String::new()
            },
            os: one.os_key.clone(),
            predicted: one.fate.code(),
            heard_at: Timestamp(one.last).to_string(),
        }
    });
    let fates = watch.by_fate.iter();
    let systems = watch.by_os.iter();
    polled::json(
        &headers,
        AfterAnswer {
            number: decision.number,
            as_of: now.to_string(),
            since: Timestamp(after.moments.switched).to_string(),
            switched_by: after.switched_by.clone(),
            switched_why: Some(after.switched_why.clone()).filter(|why| !why.is_empty()),
            switched_early_days: after.early_days,
            hours: after.moments.hours_since(),
            heard_again_hours: after.watching.hours,
            rollback_trigger: after.watching.trigger,
            stopped_share: watch.all.share(),
            rollback_due: watch.is_back_due(after.watching.trigger),
            says: back_says(&after),
            all: (&watch.all).into(),
            by_predicted: fates
                .map(|(fate, line)| (fate.code().to_owned(), line.into()))
                .collect(),
            by_os: systems
                .map(|(key, line)| (key.clone(), line.into()))
                .collect(),
            stopped: stopped.collect(),
            more: usize::try_from(watch.all.stopped).unwrap_or(usize::MAX) > after.stopped.len(),
        },
    )
}
