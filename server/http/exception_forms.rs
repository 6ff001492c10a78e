//! What people do with exceptions: ask for them, decide, take them back.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    auth::Person,
    exceptions,
    form::{Field, Pairs, Sent},
    pages,
    query::Named,
    refused::or_again,
};
use crate::{
    clock,
    domain::{
        access::Permission,
        exceptions::{Asked, Step, TEXT_AT_MOST, TOGETHER, text},
    },
    error::Problem,
    state::App,
    store::{
        exceptions::{Answer, Doer, Taken},
        identify::ClientId,
    },
    views::{exceptions_words::Told, links},
    wire::FieldError,
};

/// The form that asks about one client.
const ONE: &[Field] = &[
    Field::Once("kind"),
    Field::Once("reason"),
    Field::Once("control"),
    Field::Once("owner"),
    Field::Once("until"),
];
/// The form that asks about several.
const SEVERAL: &[Field] = &[
    Field::Once("kind"),
    Field::Once("reason"),
    Field::Once("control"),
    Field::Once("owner"),
    Field::Once("until"),
    Field::Once("clients"),
];
/// The form that decides on those that are ticked.
const DECIDING: &[Field] = &[
    Field::Often("id"),
    Field::Once("note"),
    Field::Once("decision"),
];
/// The forms of one exception.
const NOTE: &[Field] = &[Field::Once("note")];

fn field<'p>(pairs: &'p Pairs, name: &str) -> &'p str {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.as_str())
}

fn wrong(wrong: Vec<(&'static str, String)>) -> Problem {
    let errors = wrong.into_iter().map(|(field, detail)| FieldError {
        pointer: format!("/{field}"),
        detail,
    });
    Problem::Invalid(errors.collect())
}

fn doer(person: Person) -> Doer {
    Doer {
        decides: person.may(Permission::Decide),
        name: person.name,
        sites: person.sites,
        author: person.author,
    }
}

fn asked(pairs: &Pairs) -> Result<Asked, Problem> {
    let fields = ["kind", "reason", "control", "owner", "until"].map(|name| field(pairs, name));
    Asked::read(fields, clock::now()).map_err(wrong)
}

fn left_another() -> Problem {
    Problem::Forbidden(
        "A report took this client away from a site that you do not see, and nobody has looked at that yet. Have somebody who sees both sites look at the suspicion and close it first."
            .to_owned(),
    )
}

fn no_client() -> Problem {
    Problem::NotFound("There is no client with this id.".to_owned())
}

/// `POST /clients/{id}/exceptions`
pub async fn ask_for_one(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let pairs = sent.only(ONE)?;
    let done = asked_for_one(&app, &person, &id, &pairs).await;
    or_again(done, &headers, "exception", pairs, |refused| {
        pages::client_again(&app, &person, &id, &headers, refused)
    })
    .await
}

async fn asked_for_one(
    app: &App,
    person: &Person,
    id: &str,
    pairs: &Pairs,
) -> Result<Response, Problem> {
    let id: ClientId = id.parse().map_err(|_| no_client())?;
    let asked = asked(pairs)?;
    let by = doer(person.clone());
    let answers = app
        .store()
        .ask_for_exceptions(vec![id], asked, by, clock::now())
        .await?;
    let conflict = |text: &str| Err(Problem::Conflict(text.to_owned()));
    match answers.into_iter().next() {
        Some(Answer::Requested(id)) => Ok(Redirect::to(&links::exception_url(&id)).into_response()),
        None | Some(Answer::Nobody) => Err(no_client()),
        Some(Answer::Ready) => conflict("This client is ready, so nobody has to answer for it."),
        Some(Answer::LeftOut) => {
            conflict("The expected lists leave this client out, so it is not counted.")
        }
        Some(Answer::OpenAlready) => {
            conflict("This client has an open exception already. Withdraw it first, on its page.")
        }
        Some(Answer::LeftAnother) => Err(left_another()),
    }
}

/// `POST /exceptions/new`: for all clients that the form showed.
pub async fn ask_for_all(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let pairs = sent.only(SEVERAL)?;
    let done = asked_for_all(&app, &person, &pairs).await;
    let ids = field(&pairs, "clients").to_owned();
    or_again(done, &headers, "exception", pairs, |refused| {
        exceptions::form_again(&app, &person, &headers, &ids, refused)
    })
    .await
}

async fn asked_for_all(app: &App, person: &Person, pairs: &Pairs) -> Result<Response, Problem> {
    let asked = asked(pairs)?;
    let named: Vec<&str> = field(pairs, "clients")
        .split(',')
        .filter(|id| !id.is_empty())
        .collect();
    if named.is_empty() {
        return Err(Problem::invalid(
            "/clients",
            "names nobody; use the form of a list",
        ));
    }
    if named.len() > TOGETHER {
        return Err(Problem::invalid(
            "/clients",
            format!(
                "names {} clients; {TOGETHER} at once is the most, so send the other {} afterwards",
                named.len(),
                named.len() - TOGETHER
            ),
        ));
    }
    let clients: Result<Vec<ClientId>, _> = named.into_iter().map(str::parse).collect();
    let clients = clients
        .map_err(|_| Problem::invalid("/clients", "takes ids of clients with commas between"))?;
    let by = doer(person.clone());
    let answers = app
        .store()
        .ask_for_exceptions(clients, asked, by, clock::now())
        .await?;
    let mut told = Told::default();
    for answer in answers {
        match answer {
            Answer::Requested(_) => told.done += 1,
            Answer::Ready => told.ready += 1,
            Answer::LeftOut => told.left_out += 1,
            Answer::OpenAlready => told.open += 1,
            Answer::Nobody => told.gone += 1,
            Answer::LeftAnother => told.elsewhere += 1,
        }
    }
    Ok(Redirect::to(&told.url("asked")).into_response())
}

fn note_of(pairs: &Pairs) -> Result<String, Problem> {
    let mut errors = Vec::new();
    let note = text("note", field(pairs, "note"), TEXT_AT_MOST, &mut errors);
    if errors.is_empty() {
        Ok(note)
    } else {
        Err(wrong(errors))
    }
}

/// `POST /exceptions/decide`: on all that are ticked.
pub async fn decide(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let pairs = sent.only(DECIDING)?;
    let done = decided(&app, &person, &pairs).await;
    or_again(done, &headers, "decide", pairs, |refused| {
        exceptions::list_again(&app, &person, &headers, refused)
    })
    .await
}

async fn decided(app: &App, person: &Person, pairs: &Pairs) -> Result<Response, Problem> {
    let (step, what) = match field(pairs, "decision") {
        "approve" => (Step::Approve, "approved"),
        "reject" => (Step::Reject, "rejected"),
        _ => return Err(Problem::invalid("/decision", "must be approve or reject")),
    };
    let note = note_of(pairs)?;
    let ids = pairs.iter().filter(|(name, _)| name == "id");
    let ids: Vec<String> = ids.map(|(_, id)| id.clone()).collect();
    if ids.is_empty() || ids.len() > TOGETHER {
        return Err(Problem::invalid(
            "/id",
            format!("tick 1 to {TOGETHER} exceptions"),
        ));
    }
    let by = doer(person.clone());
    let mut told = Told::default();
    for id in ids {
        let taken = app
            .store()
            .step_exception(id, step, note.clone(), by.clone(), clock::now());
        match taken.await? {
            Taken::Done => told.done += 1,
            Taken::NotYours => told.own += 1,
            Taken::Over => told.over += 1,
            Taken::Changed => told.changed += 1,
            Taken::Nothing => told.gone += 1,
            Taken::LeftAnother => told.elsewhere += 1,
        }
    }
    Ok(Redirect::to(&told.url(what)).into_response())
}

/// `POST /exceptions/{id}/approve`
pub async fn approve(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    take(&app, Step::Approve, &person, id, &headers, sent).await
}

/// `POST /exceptions/{id}/reject`
pub async fn reject(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    take(&app, Step::Reject, &person, id, &headers, sent).await
}

/// `POST /exceptions/{id}/withdraw`
pub async fn withdraw(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    take(&app, Step::Withdraw, &person, id, &headers, sent).await
}

async fn take(
    app: &App,
    step: Step,
    person: &Person,
    id: String,
    headers: &HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let pairs = sent.only(NOTE)?;
    let done = taken(app, step, doer(person.clone()), id.clone(), &pairs).await;
    let form = if step == Step::Withdraw {
        "withdraw"
    } else {
        "decide"
    };
    or_again(done, headers, form, pairs, |refused| {
        exceptions::one_again(app, person, id, headers, refused)
    })
    .await
}

async fn taken(
    app: &App,
    step: Step,
    by: Doer,
    id: String,
    pairs: &Pairs,
) -> Result<Response, Problem> {
    let note = note_of(pairs)?;
    let taken = app
        .store()
        .step_exception(id.clone(), step, note, by, clock::now())
        .await?;
    match taken {
        Taken::Done => Ok(Redirect::to(&links::exception_url(&id)).into_response()),
        Taken::Nothing => Err(Problem::NotFound(
            "There is no exception of this name.".to_owned(),
        )),
        Taken::NotYours => Err(Problem::Forbidden(
            match step {
                Step::Withdraw => "Only whoever asked for it, or somebody who decides, takes an exception back.",
                Step::Approve | Step::Reject => "Somebody who may decide, and did not ask for it, has to decide on an exception.",
            }
            .to_owned(),
        )),
        Taken::LeftAnother => Err(left_another()),
        Taken::Over => Err(Problem::Conflict(
            "This exception was decided or has ended already; look at its page.".to_owned(),
        )),
        Taken::Changed => Err(Problem::Conflict(
            "The client is not what it was when this was asked for, or its time is over. Ask anew."
                .to_owned(),
        )),
    }
}
