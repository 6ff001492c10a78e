//! A list as a script for Configuration Manager, and as plain ids: streamed, with what is left out said and counted.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};

use super::{powershell::literal, whole};
use crate::{
    domain::time::Timestamp,
    error::Problem,
    store::{
        id_lists::{IdKind, Known},
        lists::Walk,
        model::{ClientRow, Filter},
    },
};

/// The script with a list in it that stands for any.
pub const SCRIPT: &str = include_str!("../../static/collection/collection.ps1");
/// The lines around that list.
const LIST: (&str, &str) = ("# <list>", "# </list>");
/// Names of clients without a ResourceID that the script says; of the others it says how many they are.
const NAMES: usize = 100;

/// Media type of scripts: saved, never shown or run by a browser.
pub const POWERSHELL: &str = "application/x-powershell";
/// How many clients of the list are left out because they have no such id.
pub const LEFT_OUT: HeaderName = HeaderName::from_static("x-left-out");

/// What is asked for, beside the list itself.
pub struct Asked {
    /// Which clients, and so which site.
    pub filter: Filter,
    /// Address of the list, without the server.
    pub address: String,
    /// The moment that the list is of.
    pub made: Timestamp,
    /// `clients` or `blockers`.
    pub name: &'static str,
}

/// The list as a script that makes a collection match it.
pub async fn script(mut walk: Walk, asked: Asked) -> Result<Response, Problem> {
    let known = walk.known(IdKind::ResourceId).await?;
    let site = site(&known, &asked.filter)?;
    let text = SCRIPT.replace("\r\n", "\n");
    let (before, after) = text
        .split_once(LIST.0)
        .and_then(|(before, rest)| Some((before, rest.split_once(LIST.1)?.1)))
        .ok_or(Problem::Internal)?;
    // Windows PowerShell takes a text without this mark for one of another encoding.
    let mut head = String::from("\u{FEFF}");
    head.push_str(before);
    head.push_str(&format!(
        "# The list: {} of {}, {} clients.\n",
        // Percent-encoded, so that nothing in it ends the line.
        asked.address,
        seconds(asked.made),
        known.everybody,
    ));
    head.push_str(&format!("$listSite = {}\n", literal(&site)));
    head.push_str(&format!("$listMade = {}\n", literal(&seconds(asked.made))));
    // Nothing between its marks is no text to every PowerShell.
    let (open, close) = if known.known == 0 {
        ("''\n", "")
    } else {
        ("@'\n", "'@\n")
    };
    head.push_str(&format!("$listCount = {}\n$listText = {open}", known.known));
    let mut names: Vec<String> = Vec::new();
    let left_out = known.everybody - known.known;
    let after = after.to_owned();
    let end = move |names: &[String]| {
        let listed = match names {
            [] => "@()".to_owned(),
            names => format!("@(\n    {}\n)", names.join(",\n    ")),
        };
        format!("{close}$withoutCount = {left_out}\n$withoutNames = {listed}\n{after}")
    };
    let mut rows = move |rows: Option<Vec<ClientRow>>| {
        let Some(rows) = rows else {
            return end(&names);
        };
        let mut text = String::with_capacity(rows.len() * 12);
        for row in rows {
            if let Some(id) = IdKind::ResourceId.of(&row) {
                text.push_str(&id);
                text.push('\n');
            } else if names.len() < NAMES {
                names.push(literal(&row.name));
            }
        }
        text
    };
    let lines = |text: String| text.replace('\n', "\r\n");
    let body = streamed(walk, lines(head), move |piece| lines(rows(piece)));
    let kind = "application/x-powershell; charset=utf-8";
    Ok(file(body, kind, &format!("{}.ps1", asked.name), left_out))
}

/// The list as ids, one a line; the first line says how many are left out.
pub async fn ids(mut walk: Walk, kind: IdKind, asked: Asked) -> Result<Response, Problem> {
    let known = walk.known(kind).await?;
    if kind == IdKind::ResourceId && known.known > 0 {
        site(&known, &asked.filter)?;
    }
    let left_out = known.everybody - known.known;
    let head = format!(
        "# {} of {} clients; without {}{}, and left out: {left_out}\n",
        known.known,
        known.everybody,
        kind.code(),
        if kind == IdKind::ResourceId {
            " from 1 to 2147483647"
        } else {
            ""
        }
    );
    let body = streamed(walk, head, move |rows| {
        let mut text = String::new();
        for id in rows.iter().flatten().filter_map(|row| kind.of(row)) {
            // A name may hold anything, and a line is one id.
            text.extend(id.chars().map(|c| if c.is_control() { '?' } else { c }));
            text.push('\n');
        }
        text
    });
    let kind = "text/plain; charset=utf-8";
    Ok(file(body, kind, &format!("{}.txt", asked.name), left_out))
}

/// The one site whose ResourceIDs these are.
fn site(known: &Known, filter: &Filter) -> Result<String, Problem> {
    let say = |why: &str| {
        let why = format!(
            "resource ids are unique only within a site, and {why}; say which site is meant with site=CODE"
        );
        Err(Problem::invalid("?site", why))
    };
    match (&known.sites, filter.site.as_deref()) {
        (Some((first, last)), _) if first != last => say(&format!(
            "this list has some of {} and others, such as {}",
            named(first),
            named(last)
        )),
        (Some((site, _)), _) if !site.is_empty() => Ok(site.clone()),
        (Some(_), _) => say("the site of these clients is not known"),
        (None, Some(site)) if !site.is_empty() => Ok(site.to_owned()),
        (None, _) => say("no client of this list has one"),
    }
}

fn named(site: &str) -> String {
    if site.is_empty() {
        "an unknown site".to_owned()
    } else {
        format!("site {site}")
    }
}

/// Without what is below a second, which the script does not read.
fn seconds(at: Timestamp) -> String {
    Timestamp(at.0.div_euclid(1_000) * 1_000).to_string()
}

/// A head, whatever is made of the rows portion by portion, and what is made of their end.
fn streamed(
    walk: Walk,
    head: String,
    write: impl FnMut(Option<Vec<ClientRow>>) -> String + Send + 'static,
) -> Body {
    let rows = stream::unfold(Some((walk, write)), |state| async move {
        let (mut walk, mut write) = state?;
        match walk.next().await {
            Ok(Some(rows)) => Some((Ok(Bytes::from(write(Some(rows)))), Some((walk, write)))),
            Ok(None) => Some((Ok(Bytes::from(write(None))), None)),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    // The compressing layer asks once more after the end.
    let rows = rows.fuse();
    whole::body(head, rows)
}

fn file(body: Body, kind: &'static str, name: &str, left_out: i64) -> Response {
    let mut response = body.into_response();
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(LEFT_OUT, left_out.into());
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
