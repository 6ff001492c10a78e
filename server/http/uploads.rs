//! Uploads in a browser: choose files, look at what they say, store it or not.

use axum::{
    extract::{RawForm, RawQuery, Request, State, rejection::RawFormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    auth::{Importer, Person},
    pages::{html, layout},
    query::{Named, form_pairs},
    receiving::{Beside, receive},
    upload_api::{Asked, cut, discard, found, store_it},
};
use crate::{
    clock,
    error::Problem,
    state::App,
    store::upload_model::{State as Step, Upload},
    uploads::{Chosen, Told, names_of, told_of},
    views::{
        Nav,
        upload::{Receipt, UploadPage},
        upload_one::{Column, FileTold, QueryField, Reading, UploadOnePage},
    },
    wire::foreign::{
        format::Format,
        mapping::{Assigned, Mapping},
        meaning::Meaning,
    },
};

/// Refused records that the page shows.
const REJECTS_SHOWN: i64 = 20;
/// Receipts that the page shows.
const RECEIPTS_SHOWN: i64 = 25;
/// Rows on a page of a preview.
const ROWS_SHOWN: i64 = 100;
/// Columns whose meaning can be chosen on the page.
const COLUMNS_SHOWN: usize = 100;
/// Longest name of a kept mapping.
const LONGEST_NAME: usize = 100;

fn formats() -> Vec<(String, String)> {
    let named = |format: Format| (format.code().to_owned(), format.title().to_owned());
    Format::ALL.into_iter().map(named).collect()
}

fn title_of(code: &str) -> String {
    Format::from_code(code).map_or_else(|| code.to_owned(), |format| format.title().to_owned())
}

fn titles_of(codes: &str) -> String {
    let titles: Vec<String> = codes
        .split(',')
        .filter(|code| !code.is_empty())
        .map(title_of)
        .collect();
    titles.join(", ")
}

/// `GET /upload`
pub async fn form(
    State(app): State<App>,
    Person(user): Person,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(query.as_deref(), &["cursor"])?;
    let before = asked.cursor.unwrap_or_default();
    let uploads = app
        .store()
        .uploads(None, &before, RECEIPTS_SHOWN + 1)
        .await?;
    let (uploads, next) = cut(uploads, RECEIPTS_SHOWN, |last| last.id.clone());
    let rejects = app.store().rejects(REJECTS_SHOWN).await?;
    let mappings = app.store().mapping_names().await?;
    let layout = layout(&app, Nav::Upload, Some(&user), Some(&headers));
    let receipts = uploads
        .iter()
        .map(|upload| {
            let names = names_of(&upload.names);
            Receipt::new(upload, &names, titles_of(&upload.format), layout.now)
        })
        .collect();
    html(&UploadPage::new(
        layout,
        formats(),
        mappings,
        receipts,
        next,
        &rejects,
    ))
}

/// `POST /upload`
pub async fn take(
    State(app): State<App>,
    _: Person,
    importer: Importer,
    request: Request,
) -> Result<Response, Problem> {
    let id = receive(&app, &importer, request).await?;
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
}

/// `GET /uploads/{id}`
pub async fn one(
    State(app): State<App>,
    Person(user): Person,
    importer: Importer,
    Named(id): Named,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(query.as_deref(), &["cursor", "status"])?;
    let upload = found(&app, &importer, &id).await?;
    let from = asked.cursor.as_deref().unwrap_or("0").parse().unwrap_or(0);
    let rows = app
        .store()
        .upload_rows(&id, asked.shown, from, ROWS_SHOWN + 1)
        .await?;
    let (rows, next) = cut(rows, ROWS_SHOWN, |last| (last.n + 1).to_string());
    let layout = layout(&app, Nav::Upload, Some(&user), Some(&headers));
    let mappings = app.store().mapping_names().await?;
    let told = told_of(&upload.told);
    let receipt = Receipt::new(
        &upload,
        &names_of(&upload.names),
        titles_of(&upload.format),
        layout.now,
    );
    let reading = reading(&upload, &told, mappings);
    let files = told.into_iter().map(file_told).collect();
    let page = UploadOnePage::new(layout, &upload, receipt, files, reading);
    html(&page.with_rows(&rows, asked.shown, from, next))
}

fn file_told(told: Told) -> FileTold {
    let count = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    FileTold {
        format: title_of(&told.format),
        name: told.name,
        encoding: told.encoding,
        notes: told.notes,
        asked: count(told.asked),
        answered: count(told.answered),
        problem: told.problem,
    }
}

/// The mapping that the page shows: the first table's.
fn first_mapping(told: &[Told]) -> Option<(&str, &Mapping)> {
    told.iter()
        .find_map(|told| Some((told.name.as_str(), told.mapping.as_ref()?)))
}

fn reading(upload: &Upload, told: &[Told], mappings: Vec<String>) -> Reading {
    let chosen = Chosen::of(&upload.options);
    let mut reading = Reading {
        formats: formats(),
        format: chosen.format.unwrap_or_default(),
        collected_at: upload
            .collected_at
            .map(|at| at.to_string())
            .unwrap_or_default(),
        device: chosen.device.unwrap_or_default(),
        queries: told
            .iter()
            .enumerate()
            .filter_map(|(index, told)| {
                let said = chosen.queries.get(&told.name);
                let value = said.or(told.query.as_ref())?;
                Some(QueryField {
                    index,
                    file: told.name.clone(),
                    value: value.clone(),
                    guessed: said.is_none(),
                })
            })
            .collect(),
        key: chosen.key.unwrap_or_default(),
        dates: chosen.dates.unwrap_or_default(),
        one_run: chosen.one_run,
        asked: chosen
            .asked
            .map(|asked| asked.to_string())
            .unwrap_or_default(),
        several: told.len() > 1,
        mappings,
        ..Reading::default()
    };
    let Some((name, mapping)) = first_mapping(told) else {
        return reading;
    };
    let mut choices: Vec<(String, String)> = Meaning::choices()
        .iter()
        .map(|meaning| (meaning.code(), meaning.title()))
        .collect();
    let nothing = Meaning::Ignored;
    if !choices.iter().any(|(code, _)| *code == nothing.code()) {
        choices.insert(0, (nothing.code(), nothing.title()));
    }
    for column in &mapping.columns {
        let code = column.meaning.code();
        if !choices.iter().any(|(known, _)| *known == code) {
            choices.push((code, column.meaning.title()));
        }
    }
    name.clone_into(&mut reading.table);
    reading.explicit_views = mapping.explicit_views;
    reading.choices = choices;
    reading.hidden_columns = mapping.columns.len().saturating_sub(COLUMNS_SHOWN);
    reading.columns = mapping
        .columns
        .iter()
        .take(COLUMNS_SHOWN)
        .enumerate()
        .map(|(index, column)| Column {
            index,
            heading: column.heading.clone(),
            meaning: column.meaning.code(),
            note: column.note.clone().unwrap_or_default(),
        })
        .collect();
    reading
}

/// `POST /uploads/{id}/commit`
pub async fn commit(
    State(app): State<App>,
    _: Person,
    importer: Importer,
    Named(id): Named,
) -> Result<Response, Problem> {
    store_it(&app, &importer, &id).await?;
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
}

/// `POST /uploads/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    _: Person,
    importer: Importer,
    Named(id): Named,
) -> Result<Response, Problem> {
    discard(&app, &importer, &id).await?;
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
}

/// `POST /uploads/{id}/again`: has the files read in another way.
pub async fn again(
    State(app): State<App>,
    Person(user): Person,
    importer: Importer,
    Named(id): Named,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Problem> {
    let upload = found(&app, &importer, &id).await?;
    let RawForm(form) = form
        .map_err(|_| Problem::Malformed("This is no form: send it as the page does.".to_owned()))?;
    let text = String::from_utf8_lossy(&form);
    let told = told_of(&upload.told);
    let mut beside = Beside::default();
    let mut columns = first_mapping(&told).map(|(_, mapping)| mapping.clone());
    let shown = columns.clone();
    if let Some(columns) = &mut columns {
        columns.explicit_views = false;
    }
    let mut save_as = String::new();
    for (name, value) in form_pairs(&text) {
        match name.as_str() {
            "save_as" => value.trim().clone_into(&mut save_as),
            "explicit_views" => {
                if let Some(columns) = &mut columns {
                    columns.explicit_views = true;
                }
            }
            _ => match name.strip_prefix("meaning-") {
                Some(index) => assign(columns.as_mut(), index, &value)?,
                None => beside.note(&name, &value),
            },
        }
    }
    let names: Vec<&str> = told.iter().map(|told| told.name.as_str()).collect();
    beside.name_queries(&names);
    let given = beside.mapping.is_some();
    let mut beside = beside.settled(&app).await?;
    if !given {
        // Left as it was guessed, it stays a guess: other files may have other columns.
        let before = Chosen::of(&upload.options).mapping;
        beside.chosen.mapping = if columns == shown {
            before
        } else {
            columns.clone()
        };
    }
    if let Some(mapping) = &beside.chosen.mapping {
        check(mapping)?;
    }
    if !save_as.is_empty() {
        save(
            &app,
            save_as,
            beside.chosen.mapping.clone().or(columns),
            user,
        )
        .await?;
    }
    let options = serde_json::to_string(&beside.chosen).map_err(|_| Problem::Internal)?;
    let begun = app
        .store()
        .read_upload_again(id.clone(), options, beside.collected_at)
        .await?;
    if !begun && upload.state != Step::Reading {
        return Err(Problem::Conflict(
            "These files can no longer be read in another way. Send them again.".to_owned(),
        ));
    }
    app.bell().ring();
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
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
    user: String,
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
        .save_mapping(name, text, user, clock::now())
        .await?;
    Ok(())
}
