//! What people say of a scope: limits, what only they know, decisions.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    super::{auth::Person, form::Field, query::Named, refused::or_again},
    base_of,
    forms::{Fields, Sent},
    pages, scope,
};
use crate::{
    clock,
    cutovers::deciding::{self, Refused, Wish},
    domain::{
        audit,
        cutover::{
            after::Watching,
            criteria::{Criterion, DONE_LASTS},
            record::Decided,
            scope::Scope,
        },
        feeds::day_of,
        forecast::day_named,
    },
    error::Problem,
    state::App,
    store::cutover::scopes::{REQUEST, Said},
    views::cutover::scopes::scope_url,
};

/// The form of a limit.
const LIMIT: &[Field] = &[
    Field::Once("criterion"),
    Field::Once("limit"),
    Field::Once("why"),
];
/// The form of what only people know.
const SAYING: &[Field] = &[
    Field::Once("kind"),
    Field::Once("note"),
    Field::Once("about"),
    Field::Once("link"),
    Field::Once("take_back"),
];
/// The form of a decision.
const DECIDING: &[Field] = &[
    Field::Once("seen_go"),
    Field::Once("seen_most"),
    Field::Once("decided"),
    Field::Once("why"),
    Field::Once("conditions"),
];

/// Letters of what meets a criterion at least.
const SENTENCE: usize = 8;
/// Characters of a text that somebody writes at most.
const WORDS: usize = 2_000;

/// A limit as people write it: a number, or a percentage such as 97.5 as hundredths of a percent.
fn limit(is_share: bool, text: &str) -> Option<i64> {
    if !is_share {
        return text.parse().ok();
    }
    let text = text.trim_end_matches('%').trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = (part.len() <= 2).then(|| format!("{part:0<2}"))?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(&part) {
        return None;
    }
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part.parse().ok()?)
}

/// `POST /cutover/{scope}/limits`
pub async fn limits(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent, LIMIT)?;
    let done = limited(&app, &person, &scope, &fields).await;
    or_again(done, &headers, "limits", fields.0, |refused| {
        pages::board_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn limited(
    app: &App,
    person: &Person,
    scope: &Scope,
    fields: &Fields,
) -> Result<Response, Problem> {
    let why =
        audit::reason(fields.get("why")).map_err(|detail| Problem::invalid("/why", detail))?;
    let code = fields.get("criterion");
    let criterion = Criterion::from_code(code).filter(|criterion| criterion.asks().is_none());
    let watched = [Watching::TRIGGER, Watching::HOURS]
        .into_iter()
        .find(|known| *known == code);
    let code = criterion.map(Criterion::code).or(watched);
    let code = code.ok_or_else(|| {
        Problem::invalid(
            "/criterion",
            "is nothing that has a limit; choose one of the list",
        )
    })?;
    let is_share = criterion == Some(Criterion::Coverage) || code == Watching::TRIGGER;
    let mut watching = Watching::default();
    let limit = limit(is_share, fields.get("limit"))
        .filter(|limit| match criterion {
            Some(criterion) => criterion.takes(*limit),
            None => watching.set(code, *limit),
        })
        .ok_or_else(|| {
            Problem::invalid(
                "/limit",
                "is a number from 0; of shares a percentage up to 100 such as 97.5; of hours 1 to 744",
            )
        })?;
    let said = app.store().said_of_scope(&scope.id).await?;
    let old = match criterion {
        Some(criterion) => said
            .limits
            .iter()
            .find(|known| known.criterion == criterion)
            .map_or(criterion.usual(), |old| old.limit),
        None if code == Watching::TRIGGER => said.watching.trigger,
        None => said.watching.hours,
    };
    let words = |value: i64| {
        let value = if is_share {
            Criterion::Coverage.figure(value)
        } else {
            value.to_string()
        };
        Some(format!("{code} {value}"))
    };
    let entry = person
        .author
        .clone()
        .because(Some(why))
        .entry(clock::now(), "scope.limit", scope.name.clone())
        .change(words(old), words(limit));
    let store = app.store();
    let by = person.name.clone();
    store
        .set_limit(scope.id.clone(), code, limit, by, entry)
        .await?;
    Ok(Redirect::to(&scope_url(scope)).into_response())
}

/// `POST /cutover/{scope}/say`
pub async fn say(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent, SAYING)?;
    let done = told(&app, &person, &scope, &fields).await;
    or_again(done, &headers, "say", fields.0, |refused| {
        pages::board_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn told(
    app: &App,
    person: &Person,
    scope: &Scope,
    fields: &Fields,
) -> Result<Response, Problem> {
    let kind = fields.get("kind").to_owned();
    let criterion = Criterion::from_code(&kind).filter(|criterion| criterion.asks().is_some());
    if criterion.is_none() && kind != REQUEST {
        return Err(Problem::invalid(
            "/kind",
            "is nothing that people say; choose one of the list",
        ));
    }
    let holds = fields.get("take_back") != "1";
    let (note, about, link) = (
        fields.words("note", WORDS)?,
        fields.words("about", 10)?,
        fields.words("link", 400)?,
    );
    if criterion.is_some() && holds {
        if note.chars().filter(|sign| sign.is_alphabetic()).count() < SENTENCE {
            return Err(Problem::invalid(
                "/note",
                "say what holds, in a sentence; a board goes by it",
            ));
        }
        let Some(day) = day_named(&about) else {
            return Err(Problem::invalid(
                "/about",
                "is no day; write it like 2027-03-01",
            ));
        };
        let today = day_of(clock::now());
        // Somewhere it is tomorrow already.
        if criterion.is_some_and(Criterion::is_done) && day > today + 1 {
            return Err(Problem::invalid(
                "/about",
                "is a day to come; say this once it was done",
            ));
        }
        if criterion.is_some_and(Criterion::is_done) && today - day > DONE_LASTS {
            return Err(Problem::invalid(
                "/about",
                format!("is more than {DONE_LASTS} days ago; do it anew, and say so"),
            ));
        }
        if criterion.is_some_and(Criterion::is_of_the_day) {
            let detail = match scope.planned.as_deref() {
                None => Some("plan a day first, and say this of that day".to_owned()),
                Some(planned) if planned != about => Some(format!(
                    "the planned day is {planned}; say this of that day"
                )),
                Some(_) => None,
            };
            if let Some(detail) = detail {
                return Err(Problem::invalid("/about", detail));
            }
        }
        if !link.is_empty() && !link.starts_with("https://") && !link.starts_with("http://") {
            return Err(Problem::invalid("/link", "starts with https:// or http://"));
        }
    }
    let old = app.store().said_of_scope(&scope.id).await?;
    let old = old
        .marks
        .iter()
        .find(|mark| Some(mark.criterion) == criterion);
    let words = |said: &str| format!("{kind}: {said}");
    let deed = if holds {
        "scope.say"
    } else {
        "scope.take_back"
    };
    let entry = person
        .author
        .clone()
        .entry(clock::now(), deed, scope.name.clone())
        .change(
            old.map(|mark| words(&mark.note)),
            Some(words(if holds { &note } else { "taken back" })),
        );
    let said = Said {
        kind: kind.clone(),
        holds,
        note,
        link,
        about,
        marked_by: person.name.clone(),
        marked_at: entry.at.0,
    };
    app.store().say(scope.id.clone(), said, entry).await?;
    Ok(Redirect::to(&scope_url(scope)).into_response())
}

/// `POST /cutover/{scope}/decide`
pub async fn decide(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent, DECIDING)?;
    let done = decided(&app, &person, &scope, &fields).await;
    or_again(done, &headers, "decide", fields.0, |refused| {
        pages::board_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn decided(
    app: &App,
    person: &Person,
    scope: &Scope,
    fields: &Fields,
) -> Result<Response, Problem> {
    let wanted = Decided::from_code(fields.get("decided"))
        .ok_or_else(|| Problem::invalid("/decided", "is go, go_with_conditions or no_go"))?;
    let seen_most = fields.get("seen_most").parse().map_err(|_| {
        Problem::invalid(
            "/seen_most",
            "does not say which numbers you looked at; use the page of the scope",
        )
    })?;
    let wish = Wish {
        decided: wanted,
        by: person.name.clone(),
        author: person.author.clone(),
        why: fields.words("why", WORDS)?,
        conditions: fields.words("conditions", WORDS)?,
        seen_go: fields.get("seen_go") == "1",
        seen_most,
    };
    let key = app.signer().key().map_err(|error| {
        tracing::error!(error, "the key for decisions is not available");
        Problem::Internal
    })?;
    let base = base_of(scope)?;
    let made = deciding::decide(
        app.store(),
        app.judge(),
        key,
        scope,
        &base,
        wish,
        clock::now(),
    )
    .await;
    match made {
        Ok(number) => Ok(Redirect::to(&format!("/cutover/decisions/{number}")).into_response()),
        Err(Refused::Wrong(place, detail)) => Err(Problem::invalid(place, detail)),
        Err(Refused::Changed(detail)) => Err(Problem::Conflict(detail)),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
