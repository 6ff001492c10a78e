//! The expected lists from a browser.

use axum::{
    extract::{Multipart, State, multipart::MultipartRejection},
    http::HeaderMap,
    response::Response,
};

use super::{
    auth::Person,
    body, form,
    lists::reason,
    pages::{html, layout},
    receiving::{broken, unreadable},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::lists::{self, ListOrigin},
    error::Problem,
    expected::{self, Confirmed, ListAnswer, Planning},
    state::App,
    views::{
        Nav,
        population::{PopulationOutcome, PopulationPage},
    },
};

/// `GET /population`
pub async fn form(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    page(&app, &person, &headers, |_| ()).await
}

/// `POST /population`
pub async fn replace(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let mut parts = parts.map_err(|_| unreadable())?;
    let mut file = None;
    let mut name = lists::DEFAULT_NAME.to_owned();
    let mut confirmed = Confirmed::No;
    let mut why = String::new();
    let mut other = None;
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => file = Some(field.bytes().await.map_err(broken)?),
            Some("list") => {
                let given = field.text().await.map_err(broken)?;
                if !given.trim().is_empty() {
                    name = given;
                }
            }
            Some("confirm") => {
                confirmed = Confirmed::ForUpload(field.text().await.map_err(broken)?);
            }
            Some("why") => why = field.text().await.map_err(broken)?,
            name => {
                // The rest is read all the same: whoever still sends would never read the answer.
                other.get_or_insert_with(|| form::unknown(name.unwrap_or_default()));
            }
        }
    }
    if let Some(other) = other {
        return Err(other);
    }
    let bytes = file.filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
        Problem::invalid("file", "No file was chosen. Choose one and send it again.")
    })?;
    // Whoever confirms has seen what goes, and says why; elsewhere a reason is welcome.
    let why = match (&confirmed, why.trim()) {
        (Confirmed::No, "") => None,
        (_, why) => Some(reason(why)?),
    };
    let held = body::unpacked(bytes.into(), app.budget()).await?;
    let (bytes, _room) = held.split();
    let by = Planning {
        name: &person.name,
        sites: &person.sites,
        because: person.author.clone().because(why),
    };
    let answer = expected::replace(app.store(), &name, bytes, by, &confirmed, clock::now()).await?;
    let outcome = outcome(answer);
    page(&app, &person, &headers, |page| page.say_outcome(&outcome)).await
}

fn outcome(answer: ListAnswer) -> PopulationOutcome {
    let n = |n: i64| u64::try_from(n).unwrap_or(0);
    PopulationOutcome {
        list: answer.list,
        kind: ListOrigin::from_code(answer.kind).unwrap_or_default(),
        rows: n(answer.rows),
        new: n(answer.new),
        gone: n(answer.gone),
        matched: n(answer.matched),
        duplicate: n(answer.duplicate),
        left_out: n(answer.left_out),
        rejected_count: n(answer.rejected_count),
        rejected: answer
            .rejected
            .into_iter()
            .map(|row| (row.line, row.detail))
            .collect(),
        columns: answer.columns,
        ignored: answer.ignored,
        needs_confirmation: answer.needs_confirmation,
        file_hash: answer.confirmation,
    }
}

/// The page of the expected lists; `say` adds what was just done.
pub(super) async fn page(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    say: impl FnOnce(&mut PopulationPage) + Send,
) -> Result<Response, Problem> {
    let population = app.store().population(&person.sites, clock::now()).await?;
    let layout = layout(app, Nav::Population, Some(person), Some(headers));
    let mut page = PopulationPage::new(layout, &population, None);
    say(&mut page);
    html(&page)
}
