//! Having the files of an upload read in another way, and storing what was read: a form and its two buttons.
//!
//! What stands in the form when somebody stores is either what was read, or it is read first and shown once more: what
//! somebody chose is never passed over in silence.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    auth::{Importer, Person},
    form::{Button, Field, Pairs, Sent},
    query::Named,
    receiving::Beside,
    upload_api::{found, store_it},
    uploads::{first_mapping, reading},
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{audit::Author, time::Timestamp},
    error::Problem,
    state::App,
    store::upload_model::{State as Step, Upload},
    uploads::{Chosen, told_of},
    views::upload_one::Reading,
    wire::foreign::{
        mapping::{Assigned, Mapping},
        meaning::Meaning,
    },
};

/// Longest name of a kept mapping.
const LONGEST_NAME: usize = 100;

/// The form; it has one key for all files, or one for each, and a meaning for each column.
const READING: &[Field] = &[
    Field::Once("format"),
    Field::Once("collected_at"),
    Field::Once("dates"),
    Field::Once("device"),
    Field::Once("key"),
    Field::Numbered("key-"),
    Field::Once("asked"),
    Field::Once("read_by_64_bit"),
    Field::Once("mapping"),
    Field::Numbered("meaning-"),
    Field::Once("save_as"),
];

fn to_page(id: &str, query: &str) -> Response {
    Redirect::to(&format!("/uploads/{id}{query}")).into_response()
}

/// `POST /uploads/{id}/commit`: stores what was read; what was chosen since is read first, and shown.
pub async fn commit(
    State(app): State<App>,
    person: Person,
    importer: Importer,
    _: WholeEstate,
    Named(id): Named,
    sent: Result<Sent, Problem>,
) -> Result<Response, Problem> {
    let upload = found(&app, &importer, &id).await?;
    // A bare call chooses nothing.
    let pairs = sent?.only(READING)?;
    let shown = reading(&upload, &told_of(&upload.told), Vec::new());
    if upload.state == Step::Preview && !is_as_read(&shown, &pairs) {
        read_again(&app, &upload, pairs, person).await?;
        return Ok(to_page(&id, "?again=1"));
    }
    store_it(&app, &importer, &id).await?;
    Ok(to_page(&id, ""))
}

/// Whether the form says nothing but what was read. An empty one says nothing at all.
fn is_as_read(shown: &Reading, pairs: &[(String, String)]) -> bool {
    let numbered = |name: &str, start: &str| name.strip_prefix(start)?.parse::<usize>().ok();
    let read = |name: &str| match name {
        "format" => Some(shown.format.as_str()),
        "collected_at" => Some(shown.collected_at.as_str()),
        "dates" => Some(shown.dates.as_str()),
        "device" => Some(shown.device.as_str()),
        "key" => Some(shown.key.as_str()),
        "asked" => Some(shown.asked.as_str()),
        "mapping" | "save_as" => Some(""),
        "read_by_64_bit" => Some("1").filter(|_| shown.read_by_64_bit),
        _ => {
            let query = numbered(name, "key-")
                .and_then(|at| shown.queries.iter().find(|query| query.index == at));
            let column = numbered(name, "meaning-").and_then(|at| shown.columns.get(at));
            query
                .map(|query| query.value.as_str())
                .or(column.map(|column| column.meaning.as_str()))
        }
    };
    let ticked = pairs.iter().any(|(name, _)| name == "read_by_64_bit");
    pairs.is_empty()
        || ticked == shown.read_by_64_bit
            && pairs
                .iter()
                .all(|(name, value)| read(name).is_some_and(|read| read.trim() == value.trim()))
}

/// `POST /uploads/{id}/again`: has the files read in another way.
pub async fn again(
    State(app): State<App>,
    person: Person,
    importer: Importer,
    _: WholeEstate,
    Named(id): Named,
    sent: Result<Sent, Problem>,
) -> Result<Response, Problem> {
    let upload = found(&app, &importer, &id).await?;
    read_again(&app, &upload, sent?.only(READING)?, person).await?;
    Ok(to_page(&id, ""))
}

/// `POST /uploads/{id}/vouch`: somebody says that 64-bit programs read the registry values; all else stays as it was.
pub async fn vouch(
    State(app): State<App>,
    person: Person,
    importer: Importer,
    _: WholeEstate,
    Named(id): Named,
    _: Button,
) -> Result<Response, Problem> {
    let upload = found(&app, &importer, &id).await?;
    let mut chosen = Chosen::of(&upload.options);
    chosen.read_by_64_bit = true;
    begin(
        &app,
        &upload,
        &chosen,
        upload.collected_at,
        true,
        person.author,
    )
    .await?;
    Ok(to_page(&id, ""))
}

async fn read_again(
    app: &App,
    upload: &Upload,
    pairs: Pairs,
    person: Person,
) -> Result<(), Problem> {
    let told = told_of(&upload.told);
    let before = Chosen::of(&upload.options);
    let mut beside = Beside::default();
    let unvouched = |mapping: Mapping| Mapping {
        explicit_views: false,
        ..mapping
    };
    // Who vouches says so with the upload: what the columns mean promises nothing by itself.
    let shown = first_mapping(&told).map(|(_, mapping)| unvouched(mapping.clone()));
    let mut columns = shown.clone();
    let mut save_as = String::new();
    for (name, value) in pairs {
        match name.as_str() {
            "save_as" => value.trim().clone_into(&mut save_as),
            _ => match name.strip_prefix("meaning-") {
                Some(index) => assign(columns.as_mut(), index, &value)?,
                None => beside.note(&name, &value),
            },
        }
    }
    let names: Vec<&str> = told.iter().map(|told| told.name.as_str()).collect();
    beside.name_queries(&names);
    let given = beside.mapping.is_some();
    let mut beside = beside.settled(app).await?;
    beside.chosen.one_run = before.one_run;
    if !given {
        // Left as it was guessed, it stays a guess: other files may have other columns.
        beside.chosen.mapping = if columns == shown {
            before.mapping.map(unvouched)
        } else {
            columns.clone()
        };
    }
    if let Some(mapping) = &beside.chosen.mapping {
        check(mapping)?;
    }
    if !save_as.is_empty() {
        let mapping = beside.chosen.mapping.clone().or(columns);
        save(app, save_as, mapping.map(unvouched), &person).await?;
    }
    begin(
        app,
        upload,
        &beside.chosen,
        beside.collected_at,
        false,
        person.author,
    )
    .await
}

/// Has the files read with these words.
async fn begin(
    app: &App,
    upload: &Upload,
    chosen: &Chosen,
    collected_at: Option<Timestamp>,
    vouched: bool,
    author: Author,
) -> Result<(), Problem> {
    let options = serde_json::to_string(chosen).map_err(|_| Problem::Internal)?;
    let begun = app
        .store()
        .read_upload_again(
            upload.id.clone(),
            options,
            collected_at,
            vouched,
            author,
            clock::now(),
        )
        .await?;
    if !begun && upload.state != Step::Reading {
        return Err(Problem::Conflict(
            "These files can no longer be read in another way. Send them again.".to_owned(),
        ));
    }
    app.bell().ring();
    Ok(())
}

fn assign(columns: Option<&mut Mapping>, index: &str, code: &str) -> Result<(), Problem> {
    let index: Option<usize> = index.parse().ok();
    let column: Option<&mut Assigned> =
        index.and_then(|index| columns.and_then(|columns| columns.columns.get_mut(index)));
    let Some(column) = column else {
        return Err(Problem::invalid(
            "meaning",
            "the files have no such column any more; open the page again",
        ));
    };
    let meaning: Meaning = code
        .parse()
        .map_err(|why: String| Problem::invalid("meaning", why))?;
    if meaning != column.meaning {
        column.meaning = meaning;
        column.note = None;
    }
    Ok(())
}

fn check(mapping: &Mapping) -> Result<(), Problem> {
    mapping
        .check()
        .map_err(|wrong| Problem::invalid("", wrong.join(" ")))
}

async fn save(
    app: &App,
    name: String,
    mapping: Option<Mapping>,
    person: &Person,
) -> Result<(), Problem> {
    let Some(mapping) = mapping else {
        return Err(Problem::invalid(
            "save_as",
            "there is no table here whose columns could be kept",
        ));
    };
    check(&mapping)?;
    if name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "save_as",
            format!("a name has at most {LONGEST_NAME} letters and no control characters"),
        ));
    }
    let text = serde_json::to_string(&mapping).map_err(|_| Problem::Internal)?;
    app.store()
        .save_mapping(
            name,
            text,
            person.name.clone(),
            person.author.clone(),
            clock::now(),
        )
        .await?;
    Ok(())
}
