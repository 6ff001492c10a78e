//! The names of a what-if as a table to take away.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::Response,
};

use super::{
    super::{
        auth::Person,
        table::{csv_record, harmless},
        whole::{Pieces, read_aside},
    },
    downloads::attached,
    pages::{kept_run, wanted},
};
use crate::{
    cutovers::comparing::{self, Leftover},
    domain::{access::Sites, assess::os_label},
    error::Problem,
    state::App,
    views::cutover::parts::Name,
};

const HEADINGS: [&str; 10] = [
    "id",
    "name",
    "site_code",
    "os",
    "os_name",
    "fate",
    "what_would_happen",
    "because",
    "why",
    "owner",
];

/// So many bytes are sent together.
const PIECE: usize = 64 << 10;

/// `GET /cutover/{scope}/what-if/{run}/names.csv`: everybody on the pages of the run, narrowed in the same way.
pub async fn csv(
    State(app): State<App>,
    person: Person,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (scope, run) = kept_run(&app, path, &person.sites).await?;
    let wanted = wanted(&query.unwrap_or_default()).map_err(Problem::Invalid)?;
    if wanted.after > 0 {
        return Err(Problem::invalid(
            "?after",
            "is for the page; the table has everybody, so leave it out",
        ));
    }
    let body = app.store().run_body(&scope.id, &run.id).await?;
    let head =
        csv_record(HEADINGS.map(str::to_owned).into_iter()).map_err(|_| Problem::Internal)?;
    let sites = person.sites;
    let read = move |pieces: &Pieces| {
        let mut piece = Vec::with_capacity(PIECE);
        comparing::each(&body, &wanted, |one| {
            piece.extend(csv_record(cells(one, &sites).into_iter())?);
            if piece.len() < PIECE {
                return Ok(());
            }
            let put = pieces.put(std::mem::take(&mut piece));
            put.map_err(|error| error.to_string())
        })
        .map_err(std::io::Error::other)?;
        pieces.put(piece)
    };
    let kind = "text/csv; charset=utf-8; header=present";
    let body = read_aside(head, read, Bytes::new())?;
    Ok(attached("what-if.csv", kind, body))
}

/// A line. A client that the reader may not see has neither id nor name, as on the page.
fn cells(one: Leftover, sites: &Sites) -> [String; 10] {
    let seen = Name::seen(&one.id, &one.name, &one.site, sites);
    let (id, site, owner) = if seen.href.is_some() {
        (one.id, one.site, one.owner.unwrap_or_default())
    } else {
        <(String, String, String)>::default()
    };
    [
        id,
        harmless(&seen.name),
        harmless(&site),
        harmless(&one.os_key),
        harmless(&os_label(&one.os_key)),
        one.fate.code().to_owned(),
        one.fate.words().to_owned(),
        one.because.code().to_owned(),
        one.because.words().to_owned(),
        harmless(&owner),
    ]
}
