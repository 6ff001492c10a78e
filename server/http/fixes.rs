//! The fix plan and the pages of single fixes, for people and programs.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    auth::{Person, Reader},
    fixes_json::FixesAnswer,
    pages::{html, layout},
    polled,
    query::{ListQuery, Named},
};
use crate::{
    clock,
    domain::{
        assess::{self, FixText},
        plan::{Action, action, plan},
    },
    error::Problem,
    state::App,
    store::model::Filter,
    views::{
        Nav,
        fix::{FixPage, asked},
        fixes::FixesPage,
        form::Choices,
    },
};

/// Rows of a fix's list that its own page shows.
const ROWS: usize = 10;

/// The OS version and the site asked for; the plan knows no other filter.
fn place(query: ListQuery) -> Result<Filter, Problem> {
    let place = Filter {
        os: query.filter.os.clone(),
        site: query.filter.site.clone(),
        ..Filter::of(&query.filter.within)
    };
    if query.filter == place && !query.standing_given && query.cursor.is_none() {
        Ok(place)
    } else {
        Err(Problem::invalid(
            "?",
            "the fix plan is narrowed by os and site alone",
        ))
    }
}

/// `/fixes`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let filter = place(query)?;
    let layout = layout(&app, Nav::Fixes, Some(&person), Some(&headers));
    let found = app.store().signatures(&filter, layout.now).await?;
    let (os, ..) = app.store().occurring(&filter.within).await?;
    let sites = app.store().sites_offered(&filter.within).await?;
    let choices = Choices {
        os,
        sites: sites.codes,
        further_sites: sites.further,
        ..Choices::default()
    };
    let (blocking, undetermined) = (plan(&found.blocking), plan(&found.undetermined));
    html(&FixesPage::new(
        layout,
        &filter,
        &blocking,
        &undetermined,
        &choices,
    ))
}

fn known(code: &str) -> Result<(&'static Action, &'static FixText), Problem> {
    action(code)
        .zip(assess::fix_text(code))
        .ok_or_else(|| Problem::NotFound("There is no such fix.".to_owned()))
}

/// `/fixes/{code}`
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(code): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (action, text) = known(&code)?;
    let layout = layout(&app, Nav::Fixes, Some(&person), Some(&headers));
    let found = app
        .store()
        .signatures(&Filter::of(&person.sites), layout.now)
        .await?;
    let those = Filter {
        within: person.sites.clone(),
        ..asked(action)
    };
    let rows = app.store().list(&those, None, ROWS, layout.now).await?;
    let (blocking, undetermined) = (plan(&found.blocking), plan(&found.undetermined));
    html(&FixPage::new(
        layout,
        action,
        text,
        &blocking,
        &undetermined,
        &rows,
    ))
}

/// `/fixes/{code}/{file}`: a file to save.
pub async fn file(
    _: Person,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((code, name)) =
        path.map_err(|_| Problem::NotFound("There is nothing at this address.".to_owned()))?;
    let (_, text) = known(&code)?;
    let file = text
        .files
        .iter()
        .find(|file| file.name == name)
        .ok_or_else(|| Problem::NotFound("This fix has no such file.".to_owned()))?;
    // Saved, never shown or run by the browser; the texts are ASCII, which every Windows reads.
    let kind = if file.is_registry() {
        "text/x-ms-regedit; charset=us-ascii"
    } else {
        "application/x-powershell; charset=us-ascii"
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], file.text).into_response();
    let attachment = format!("attachment; filename=\"{}\"", file.name);
    if let Ok(value) = HeaderValue::from_str(&attachment) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// `GET /api/v1/fixes`: the numbers of the page.
pub async fn api(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let filter = place(query)?;
    let now = clock::now();
    let found = app.store().signatures(&filter, now).await?;
    let population = app.store().population(&filter.within, now).await?;
    let ruleset = &app.judge().ruleset;
    let answer = FixesAnswer::new(filter, &found, population, now, ruleset);
    polled::json(&headers, answer)
}
