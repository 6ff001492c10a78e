//! Uploads in a browser: choose files, look at what they say, store it or not.

use axum::{
    extract::{RawQuery, Request, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    auth::{Importer, Person},
    form::Button,
    pages::{html, layout},
    query::Named,
    receiving::receive,
    upload_api::{Asked, cut, discard, found},
    within::WholeEstate,
};
use crate::{
    domain::verdict::Standing,
    error::Problem,
    state::App,
    store::upload_model::Upload,
    uploads::{Chosen, Told, by_itself_of, names_of, told_of},
    views::{
        Nav,
        upload::{Receipt, UploadPage},
        upload_one::{Alone, Column, FileTold, QueryField, Reading, UploadOnePage},
    },
    wire::foreign::{format::Format, mapping::Mapping, meaning::Meaning},
};

/// Refused records that the page shows.
const REJECTS_SHOWN: i64 = 20;
/// Receipts that the page shows.
const RECEIPTS_SHOWN: i64 = 25;
/// Rows on a page of a preview.
const ROWS_SHOWN: i64 = 100;
/// Columns whose meaning can be chosen on the page.
const COLUMNS_SHOWN: usize = 100;

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
    person: Person,
    _: WholeEstate,
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
    let layout = layout(&app, Nav::Upload, Some(&person), Some(&headers));
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
    _: WholeEstate,
    request: Request,
) -> Result<Response, Problem> {
    let id = receive(&app, &importer, request).await?;
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
}

/// `GET /uploads/{id}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    importer: Importer,
    _: WholeEstate,
    Named(id): Named,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(
        query.as_deref(),
        &["cursor", "status", "by_itself", "lacks", "again"],
    )?;
    let upload = found(&app, &importer, &id).await?;
    let from = asked.cursor.as_deref().unwrap_or("0").parse().unwrap_or(0);
    let rows = app
        .store()
        .upload_rows(&id, asked.shown, from, ROWS_SHOWN + 1)
        .await?;
    let (rows, next) = cut(rows, ROWS_SHOWN, |last| (last.n + 1).to_string());
    let layout = layout(&app, Nav::Upload, Some(&person), Some(&headers));
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
    let mut page = page.with_alone(&alone(&upload));
    page.once_more = asked.again;
    html(&page.with_rows(&rows, asked.shown, from, next))
}

/// How the rows of an upload stand by themselves.
fn alone(upload: &Upload) -> Alone {
    let counted = by_itself_of(&upload.by_itself);
    Alone {
        standings: Standing::ALL
            .map(|standing| (standing, counted.of(standing)))
            .to_vec(),
        lacking_view: counted.lacking_view,
    }
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
pub(super) fn first_mapping(told: &[Told]) -> Option<(&str, &Mapping)> {
    told.iter()
        .find_map(|told| Some((told.name.as_str(), told.mapping.as_ref()?)))
}

/// How the files of an upload were read, as its page shows it.
pub(super) fn reading(upload: &Upload, told: &[Told], mappings: Vec<String>) -> Reading {
    let chosen = Chosen::of(&upload.options);
    let promised = |mapping: Option<&Mapping>| mapping.is_some_and(|known| known.explicit_views);
    let first = first_mapping(told).map(|(_, mapping)| mapping);
    let read_by_64_bit =
        chosen.read_by_64_bit || promised(chosen.mapping.as_ref()) || promised(first);
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
        read_by_64_bit,
        asked: chosen
            .asked
            .map(|asked| asked.to_string())
            .unwrap_or_default(),
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

/// `POST /uploads/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    _: Person,
    importer: Importer,
    _: WholeEstate,
    Named(id): Named,
    _: Button,
) -> Result<Response, Problem> {
    discard(&app, &importer, &id).await?;
    Ok(Redirect::to(&format!("/uploads/{id}")).into_response())
}
