//! What people send: scopes, runs, limits, what they say, decisions.

use axum::{
    extract::{State, rejection::StringRejection},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    super::{
        auth::Person,
        query::{Named, form_pairs, site_code},
    },
    base, base_of,
    kept::aside,
    scope,
};
use crate::{
    clock,
    cutovers::{
        comparing,
        deciding::{self, Refused, Wish},
        running,
    },
    domain::{
        audit,
        cutover::{after::Watching, canonical, criteria::Criterion, record::Decided, scope::Scope},
        forecast::day_named,
    },
    error::Problem,
    state::App,
    store::cutover::scopes::{MOST, REQUEST, Said},
    views::cutover::{run::run_url, scopes::scope_url},
};

/// Characters of a text that somebody writes at most.
const WORDS: usize = 2_000;

type Sent = Result<String, StringRejection>;

/// The fields of a form, each at most once.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(sent: Sent) -> Result<Self, Problem> {
        let text =
            sent.map_err(|_| Problem::Malformed("This is no form: use the page.".to_owned()))?;
        Ok(Self(form_pairs(&text)))
    }

    /// A field without blanks around it; empty when it is not there.
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Words that somebody wrote.
    fn words(&self, name: &'static str, most: usize) -> Result<String, Problem> {
        let value = self.get(name);
        if value.chars().count() > most || value.contains(char::is_control) {
            let detail = format!("takes at most {most} characters, and no control characters");
            return Err(Problem::invalid(&format!("/{name}"), detail));
        }
        Ok(value.to_owned())
    }

    fn codes(
        &self,
        name: &'static str,
        one: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Vec<String>, Problem> {
        let words = self.words(name, 400)?;
        let parts = words
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let mut codes: Vec<String> = parts
            .map(one)
            .collect::<Result<_, _>>()
            .map_err(|detail| Problem::invalid(&format!("/{name}"), detail))?;
        codes.sort();
        codes.dedup();
        Ok(codes)
    }
}

fn role(text: &str) -> Result<String, String> {
    let plain = text.to_ascii_lowercase().replace([' ', '-'], "_");
    if plain
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    {
        return Ok(plain);
    }
    Err(format!(
        "{text:?} is no role of a site system; write it like management_point"
    ))
}

fn site(text: &str) -> Result<String, String> {
    let code = site_code(text)?;
    if code.is_empty() {
        return Err(
            "clients whose site is not known are counted where they may belong; name sites only"
                .to_owned(),
        );
    }
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(code);
    }
    Err(format!(
        "{text:?} is no site code; those have three letters or digits, such as P01"
    ))
}

fn read(fields: &Fields, id: String) -> Result<Scope, Problem> {
    let name = fields.words("name", 80)?;
    if name.is_empty() {
        return Err(Problem::invalid(
            "/name",
            "give the scope a name of 1 to 80 characters",
        ));
    }
    let filter = fields.words("filter", 400)?;
    let filter = filter.trim_start_matches('?').to_owned();
    base(&filter).map_err(|detail| Problem::invalid("/filter", detail))?;
    let planned = fields.words("planned", 10)?;
    if !planned.is_empty() && day_named(&planned).is_none() {
        return Err(Problem::invalid(
            "/planned",
            "is no day; write it like 2027-03-12",
        ));
    }
    let freshness_days = fields.get("freshness_days").parse::<i64>().ok();
    let freshness_days = freshness_days
        .filter(|days| (1..=365).contains(days))
        .ok_or_else(|| Problem::invalid("/freshness_days", "is a number of days from 1 to 365"))?;
    let switched = [("tls10", "tls1.0"), ("tls11", "tls1.1")];
    let protocols: Vec<String> = switched
        .into_iter()
        .filter(|(field, _)| fields.get(field) == "1")
        .map(|(_, protocol)| protocol.to_owned())
        .collect();
    if protocols.is_empty() {
        return Err(Problem::invalid(
            "/tls10",
            "tick at least one protocol that is switched off",
        ));
    }
    Ok(Scope {
        id,
        name,
        sites: fields.codes("sites", site)?,
        roles: fields.codes("roles", role)?,
        filter,
        protocols,
        planned: Some(planned).filter(|planned| !planned.is_empty()),
        freshness_days,
        two_people: fields.get("two_people") == "1",
    })
}

/// Nobody makes a scope that they could not see.
fn seen(scope: &Scope, person: &Person) -> Result<(), Problem> {
    if scope.lies_within(&person.sites) {
        return Ok(());
    }
    Err(Problem::invalid(
        "/sites",
        "name the sites: you may see some of them only, and a scope has to lie wholly in those",
    ))
}

/// `POST /cutover`
pub async fn add(State(app): State<App>, person: Person, sent: Sent) -> Result<Response, Problem> {
    let scope = read(&Fields::of(sent)?, uuid::Uuid::now_v7().to_string())?;
    seen(&scope, &person)?;
    let entry = person
        .author
        .entry(clock::now(), "scope.create", scope.name.clone())
        .change(None, Some(canonical::written(&scope.whole())));
    let url = scope_url(&scope);
    if !app.store().add_scope(scope, person.name, entry).await? {
        return Err(Problem::invalid(
            "/name",
            format!("another scope has this name, or there are {MOST} scopes already"),
        ));
    }
    Ok(Redirect::to(&url).into_response())
}

/// `POST /cutover/{scope}`
pub async fn change(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    sent: Sent,
) -> Result<Response, Problem> {
    let old = scope(&app, &id, &person.sites).await?;
    let new = read(&Fields::of(sent)?, old.id.clone())?;
    seen(&new, &person)?;
    let entry = person
        .author
        .entry(clock::now(), "scope.change", new.name.clone())
        .change(
            Some(canonical::written(&old.whole())),
            Some(canonical::written(&new.whole())),
        );
    let url = scope_url(&new);
    if !app.store().change_scope(new, person.name, entry).await? {
        return Err(Problem::invalid("/name", "another scope has this name"));
    }
    Ok(Redirect::to(&url).into_response())
}

/// `POST /cutover/{scope}/run`
pub async fn run(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let base = base_of(&scope)?;
    let store = app.store();
    let mut new = running::to_keep(
        store,
        app.judge(),
        &scope,
        &base,
        &person.name,
        person.author,
        clock::now(),
    )
    .await?;
    if let Some(before) = store.runs(&scope.id).await?.first() {
        // Neither run ever changes, so they are compared once.
        let earlier = store.run_body(&scope.id, &before.id).await?;
        let later = new.body.clone();
        let moved = aside(move || comparing::between(&earlier, &later)).await?;
        new.kept.moved = canonical::written(&moved.json());
    }
    store.add_run(new.kept.clone(), new.body, new.entry).await?;
    Ok(Redirect::to(&run_url(&scope, &new.kept)).into_response())
}

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
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent)?;
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
                "is a number from 0, of shares a percentage up to 100 such as 97.5, of hours 1 to 744",
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
        .because(Some(why))
        .entry(clock::now(), "scope.limit", scope.name.clone())
        .change(words(old), words(limit));
    let store = app.store();
    store
        .set_limit(scope.id.clone(), code, limit, person.name, entry)
        .await?;
    Ok(Redirect::to(&scope_url(&scope)).into_response())
}

/// `POST /cutover/{scope}/say`
pub async fn say(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent)?;
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
        if note.is_empty() {
            return Err(Problem::invalid("/note", "say what holds, in words"));
        }
        if day_named(&about).is_none() {
            return Err(Problem::invalid(
                "/about",
                "is no day; write it like 2027-03-01",
            ));
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
        marked_by: person.name,
        marked_at: entry.at.0,
    };
    app.store().say(scope.id.clone(), said, entry).await?;
    Ok(Redirect::to(&scope_url(&scope)).into_response())
}

/// `POST /cutover/{scope}/decide`
pub async fn decide(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    sent: Sent,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent)?;
    let decided = Decided::from_code(fields.get("decided"))
        .ok_or_else(|| Problem::invalid("/decided", "is go, go_with_conditions or no_go"))?;
    let seen_most = fields.get("seen_most").parse().map_err(|_| {
        Problem::invalid(
            "/seen_most",
            "does not say which numbers you looked at; use the page of the scope",
        )
    })?;
    let wish = Wish {
        decided,
        by: person.name,
        author: person.author,
        why: fields.words("why", WORDS)?,
        conditions: fields.words("conditions", WORDS)?,
        seen_go: fields.get("seen_go") == "1",
        seen_most,
    };
    let key = app.signer().key().map_err(|error| {
        tracing::error!(error, "the key for decisions is not available");
        Problem::Internal
    })?;
    let base = base_of(&scope)?;
    let made = deciding::decide(
        app.store(),
        app.judge(),
        key,
        &scope,
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
