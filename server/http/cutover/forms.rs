//! What people send: scopes and runs.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    super::{
        auth::Person,
        form::{self, Button, Field, Pairs},
        query::{Named, site_code},
        refused::or_again,
    },
    base, base_of,
    kept::aside,
    known, pages, scope,
};
use crate::{
    clock,
    cutovers::{comparing, running},
    domain::{
        access::Permission,
        audit,
        cutover::{canonical, scope::Scope},
        forecast::day_named,
        identity::hidden_sign,
        time::DAY,
    },
    error::Problem,
    state::App,
    store::cutover::{changing::Changed, scopes::MOST},
    views::cutover::{run::run_url, scopes::scope_url},
    wire::FieldError,
};

/// The form that removes a scope.
const REMOVAL: &[Field] = &[Field::Once("why")];

pub(super) type Sent = Result<form::Sent, Problem>;

/// The form of a scope.
const SCOPE: &[Field] = &[
    Field::Once("name"),
    Field::Once("sites"),
    Field::Once("roles"),
    Field::Once("filter"),
    Field::Once("tls10"),
    Field::Once("tls11"),
    Field::Once("planned"),
    Field::Once("freshness_days"),
    Field::Once("two_people"),
];

/// The fields of a form, each at most once.
pub(super) struct Fields(pub(super) Pairs);

impl Fields {
    /// What was sent of a form that has these.
    pub(super) fn of(sent: Sent, has: &[Field]) -> Result<Self, Problem> {
        sent?.only(has).map(Self)
    }

    /// A field without blanks around it; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Words that somebody wrote.
    pub(super) fn words(&self, name: &'static str, most: usize) -> Result<String, Problem> {
        // A field of several lines is kept as one.
        let value = self.get(name).replace("\r\n", " ");
        let value = value.replace(['\r', '\n', '\t'], " ");
        if value.chars().count() > most || value.contains(char::is_control) {
            let detail = format!("takes at most {most} characters, and no control characters");
            return Err(Problem::invalid(&format!("/{name}"), detail));
        }
        Ok(value)
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

/// Older reports count nowhere on this server, so no scope lets them.
pub(super) fn most_days(app: &App) -> i64 {
    (app.judge().freshness_ms / DAY).clamp(1, 365)
}

/// The scope of a form, or everything that is wrong with it.
fn read(fields: &Fields, id: String, most_days: i64) -> Result<Scope, Problem> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut wrong = |problem: Problem| match problem {
        Problem::Invalid(some) => errors.extend(some),
        other => errors.push(FieldError {
            pointer: String::new(),
            detail: other.detail(),
        }),
    };
    let mut words = |name, most| {
        fields.words(name, most).unwrap_or_else(|problem| {
            wrong(problem);
            String::new()
        })
    };
    let (name, filter, planned) = (
        words("name", 80),
        words("filter", 400),
        words("planned", 10),
    );
    if name.is_empty() && fields.get("name").is_empty() {
        wrong(Problem::invalid(
            "/name",
            "give the scope a name of 1 to 80 characters",
        ));
    }
    if let Some(sign) = hidden_sign(&name) {
        let detail = format!(
            "holds the sign U+{:04X}, which cannot be seen; leave it out",
            u32::from(sign)
        );
        wrong(Problem::invalid("/name", detail));
    }
    let mut codes = |name, one: fn(&str) -> Result<String, String>| {
        fields.codes(name, one).unwrap_or_else(|problem| {
            wrong(problem);
            Vec::new()
        })
    };
    let (sites, roles) = (codes("sites", site), codes("roles", role));
    let filter = filter.trim_start_matches('?').to_owned();
    if let Err(detail) = base(&filter) {
        wrong(Problem::invalid("/filter", detail));
    }
    if !planned.is_empty() && day_named(&planned).is_none() {
        wrong(Problem::invalid(
            "/planned",
            "is no day; write it like 2027-03-12",
        ));
    }
    let freshness_days = fields.get("freshness_days").parse::<i64>().ok();
    let freshness_days = freshness_days
        .filter(|days| (1..=most_days).contains(days))
        .unwrap_or_else(|| {
            wrong(Problem::invalid(
                "/freshness_days",
                format!(
                    "is a number of days from 1 to {most_days}: older reports count nowhere on this server"
                ),
            ));
            1
        });
    let switched = [("tls10", "tls1.0"), ("tls11", "tls1.1")];
    let protocols: Vec<String> = switched
        .into_iter()
        .filter(|(field, _)| fields.get(field) == "1")
        .map(|(_, protocol)| protocol.to_owned())
        .collect();
    if protocols.is_empty() {
        wrong(Problem::invalid(
            "/tls10",
            "tick at least one protocol that is switched off",
        ));
    }
    if !errors.is_empty() {
        return Err(Problem::Invalid(errors));
    }
    Ok(Scope {
        id,
        name,
        sites,
        roles,
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

/// Whoever is bound by the rule of two people neither takes it back nor makes a scope of the same clients without it.
fn bound(scope: &Scope, before: bool, person: &Person) -> Result<(), Problem> {
    if scope.two_people || !before || person.may(Permission::Administer) {
        return Ok(());
    }
    Err(Problem::invalid(
        "/two_people",
        "only an administrator does without this rule, because whoever decides is bound by it",
    ))
}

/// `POST /cutover`
pub async fn add(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let fields = Fields::of(sent, SCOPE)?;
    let done = added(&app, &person, &fields).await;
    or_again(done, &headers, "scope", fields.0, |refused| {
        pages::list_again(&app, &person, &headers, refused)
    })
    .await
}

async fn added(app: &App, person: &Person, fields: &Fields) -> Result<Response, Problem> {
    let scope = read(fields, uuid::Uuid::now_v7().to_string(), most_days(app))?;
    seen(&scope, person)?;
    known::check(app, &scope, None, &person.sites).await?;
    bound(&scope, true, person)?;
    let entry = person
        .author
        .clone()
        .entry(clock::now(), "scope.create", scope.name.clone())
        .change(None, Some(canonical::written(&scope.whole())));
    let url = scope_url(&scope);
    let by = person.name.clone();
    if !app.store().add_scope(scope, by, entry).await? {
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
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let old = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent, SCOPE)?;
    let done = changed(&app, &person, &old, &fields).await;
    or_again(done, &headers, "scope", fields.0, |refused| {
        pages::board_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn changed(
    app: &App,
    person: &Person,
    old: &Scope,
    fields: &Fields,
) -> Result<Response, Problem> {
    let new = read(
        fields,
        old.id.clone(),
        most_days(app).max(old.freshness_days),
    )?;
    seen(&new, person)?;
    known::check(app, &new, Some(old), &person.sites).await?;
    bound(&new, old.two_people, person)?;
    let entry = person
        .author
        .clone()
        .entry(clock::now(), "scope.change", new.name.clone())
        .change(
            Some(canonical::written(&old.whole())),
            Some(canonical::written(&new.whole())),
        );
    let url = scope_url(&new);
    let place = another(old, &new);
    let by = person.name.clone();
    let why = match app.store().change_scope(new, by, entry).await? {
        Changed::Done => return Ok(Redirect::to(&url).into_response()),
        Changed::Named => return Err(Problem::invalid("/name", "another scope has this name")),
        Changed::Decided(number) => {
            format!(
                "stays as it is, because record {number} speaks of it; make a new scope for anything else"
            )
        }
        Changed::Requested(by) => format!(
            "stays as it is while {by} asks for a decision on it; take that back first, or make a new scope"
        ),
    };
    Err(Problem::invalid(place, why))
}

/// The first field by which a scope would be about something else.
fn another(old: &Scope, new: &Scope) -> &'static str {
    if new.sites != old.sites {
        "/sites"
    } else if new.roles != old.roles {
        "/roles"
    } else if new.filter != old.filter {
        "/filter"
    } else {
        "/tls10"
    }
}

/// `POST /cutover/{scope}/remove`
pub async fn remove(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let old = scope(&app, &id, &person.sites).await?;
    let fields = Fields::of(sent, REMOVAL)?;
    let done = removed(&app, &person, &old, &fields).await;
    or_again(done, &headers, "remove", fields.0, |refused| {
        pages::board_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn removed(
    app: &App,
    person: &Person,
    old: &Scope,
    fields: &Fields,
) -> Result<Response, Problem> {
    let why =
        audit::reason(fields.get("why")).map_err(|detail| Problem::invalid("/why", detail))?;
    let entry = person
        .author
        .clone()
        .because(Some(why))
        .entry(clock::now(), "scope.remove", old.name.clone())
        .change(Some(canonical::written(&old.whole())), None);
    if !app.store().remove_scope(old.id.clone(), entry).await? {
        return Err(Problem::Conflict(
            "Something was decided for this scope, or it is gone already. What was decided stays, and so does its scope."
                .to_owned(),
        ));
    }
    Ok(Redirect::to("/cutover").into_response())
}

/// `POST /cutover/{scope}/run`
pub async fn run(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    button: Result<Button, Problem>,
) -> Result<Response, Problem> {
    let scope = scope(&app, &id, &person.sites).await?;
    button?;
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
    let runs = store.runs(&scope.id).await?;
    // What the scope was before it became another one says nothing of what moved.
    let before = runs.first().filter(|before| {
        let (_, value) = pages::read(before);
        scope.was_about_the_same(&value["scope"])
    });
    if let Some(before) = before {
        // Neither run ever changes, so they are compared once.
        let earlier = store.run_body(&scope.id, &before.id).await?;
        let later = new.body.clone();
        let moved = aside(move || comparing::between(&earlier, &later)).await?;
        new.kept.moved = canonical::written(&moved.json());
    }
    store.add_run(new.kept.clone(), new.body, new.entry).await?;
    Ok(Redirect::to(&run_url(&scope, &new.kept)).into_response())
}
