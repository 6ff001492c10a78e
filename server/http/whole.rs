//! A whole list at once, in any form but that of pages: from one snapshot, a portion at a time, in constant memory.

use std::{pin::pin, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{Stream, StreamExt as _, future::ready, stream};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::{
    collection,
    export::{self, ClientJson},
    media,
    query::{ListQuery, unknown},
    spreadsheet, table,
};
use crate::{
    clock,
    error::Problem,
    state::App,
    store::{
        lists::Walk,
        model::{ClientRow, Order},
    },
    views::{columns::Shown, links::ListKind},
};

/// How many clients the whole list has.
pub const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The forms in which a list comes, the usual one first, with the words for them in an address.
const FORMS: [(Format, &str, &str); 6] = [
    (Format::Json, "json", media::JSON),
    (Format::Csv, "csv", media::CSV),
    (Format::Xlsx, "xlsx", media::XLSX),
    (Format::Ndjson, "ndjson", media::NDJSON),
    (Format::Ids, "ids", media::TEXT),
    (Format::Powershell, "powershell", collection::POWERSHELL),
];

/// A form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Page by page.
    Json,
    /// A table.
    Csv,
    /// A workbook.
    Xlsx,
    /// An object a line.
    Ndjson,
    /// An id a line.
    Ids,
    /// A script that makes a collection.
    Powershell,
}

/// The codes of all forms, as `format=` takes them.
pub fn codes() -> [&'static str; 6] {
    FORMS.map(|(_, code, _)| code)
}

/// The form that is asked for: by the address, else by `Accept`.
pub fn format(headers: &HeaderMap, query: &ListQuery) -> Result<Format, Problem> {
    if let Some(code) = query.format.as_deref() {
        let named = FORMS.into_iter().find(|(_, known, _)| *known == code);
        return Ok(named.map_or(Format::Json, |(format, ..)| format));
    }
    let offered = FORMS.map(|(_, _, media)| media);
    let wanted = media::best(headers, &offered).and_then(|at| FORMS.get(at));
    wanted.map(|(format, ..)| *format).ok_or_else(|| {
        Problem::NotAcceptable(
            "This list comes as application/json, text/csv, application/x-ndjson, text/plain, application/x-powershell or an Excel workbook. Name one of them in Accept, or ask with format=json, csv, ndjson, ids, powershell or xlsx."
                .to_owned(),
        )
    })
}

/// Refuses what the form that is asked for has no place for: it would be dropped in silence.
pub fn check(format: Format, query: &ListQuery) -> Result<(), Problem> {
    let fields: &[&str] = match format {
        Format::Csv | Format::Xlsx => &table::names(),
        Format::Ndjson => &export::FIELDS,
        Format::Json | Format::Ids | Format::Powershell => &[],
    };
    if let Some(name) = query.fields.iter().find(|name| !fields.contains(name)) {
        return Err(Problem::invalid(
            "?fields",
            if fields.is_empty() {
                "chooses what format=csv, ndjson and xlsx hold; the pages of JSON always have all fields".to_owned()
            } else {
                unknown(name, fields)
            },
        ));
    }
    let goes_on = matches!(format, Format::Csv | Format::Ndjson);
    if query.cursors && !goes_on {
        return Err(Problem::invalid(
            "?cursors",
            "is for format=csv and format=ndjson; pages of JSON have next_cursor",
        ));
    }
    if query.cursor.is_some() && !goes_on && format != Format::Json {
        return Err(Problem::invalid(
            "?cursor",
            "this form comes whole; JSON, CSV and NDJSON can be gone on with",
        ));
    }
    if query.ids.is_some() && format != Format::Ids {
        return Err(Problem::invalid(
            "?ids",
            "says which id format=ids holds; ask with format=ids",
        ));
    }
    Ok(())
}

/// The whole list, or what of it is behind a cursor.
pub async fn answer(
    app: &App,
    query: ListQuery,
    format: Format,
    kind: ListKind,
) -> Result<Response, Problem> {
    let made = clock::now();
    let name = kind.file_name();
    let filter = query.filter.clone();
    let mut walk = app
        .store()
        .walk_from(query.filter, query.order, query.cursor.clone(), made)
        .await?;
    let total = walk.total().await?;
    let asked = || {
        let shown = Shown {
            order: query.order,
            ..Shown::default()
        };
        let code = if format == Format::Ids {
            "ids"
        } else {
            "powershell"
        };
        collection::Asked {
            address: kind.download_url(&filter, &shown, code),
            filter: filter.clone(),
            made,
            name,
        }
    };
    let mut response = match format {
        Format::Xlsx => {
            spreadsheet::answer(walk, total, table::chosen(&query.fields), name).await?
        }
        Format::Ids => collection::ids(walk, query.ids.unwrap_or_default(), asked()).await?,
        Format::Powershell => collection::script(walk, asked()).await?,
        Format::Json | Format::Csv | Format::Ndjson => {
            let lines = Lines {
                format,
                fields: query.fields,
                order: query.order,
                cursors: query.cursors,
                goes_on: query.cursor.is_some(),
                bom: query.bom,
            };
            streamed(walk, lines, name)?
        }
    };
    response.headers_mut().insert(TOTAL, total.into());
    Ok(response)
}

/// How rows become lines.
struct Lines {
    format: Format,
    fields: Vec<&'static str>,
    order: Order,
    /// Each line says the cursor that leads on behind it.
    cursors: bool,
    /// Somebody has the beginning already.
    goes_on: bool,
    bom: bool,
}

impl Lines {
    /// What stands before the first row; nothing where an earlier answer is gone on with, so that both make one file.
    fn head(&self) -> Result<Vec<u8>, String> {
        let mut head = Vec::new();
        if self.format == Format::Csv && !self.goes_on {
            if self.bom {
                head.extend_from_slice("\u{FEFF}".as_bytes());
            }
            let names = table::chosen(&self.fields).into_iter();
            let names = names.map(|field| field.name.to_owned());
            let cursor = self.cursors.then(|| "cursor".to_owned());
            head.extend(table::csv_record(names.chain(cursor))?);
        }
        Ok(head)
    }

    fn written(&self, rows: Vec<ClientRow>) -> Result<Bytes, std::io::Error> {
        let chosen = table::chosen(&self.fields);
        let mut out = Vec::with_capacity(rows.len() * 400);
        for row in rows {
            let cursor = self.cursors.then(|| row.cursor(self.order));
            let cursor = match cursor {
                Some(None) => return Err(std::io::Error::other("a client has no cursor")),
                Some(cursor) => cursor,
                None => None,
            };
            if self.format == Format::Csv {
                let line = table::csv_line(&row, &chosen, cursor);
                out.extend(line.map_err(std::io::Error::other)?);
            } else {
                ClientJson::from(row).write(&mut out, &self.fields, cursor.as_deref())?;
                out.push(b'\n');
            }
        }
        Ok(out.into())
    }
}

fn streamed(walk: Walk, lines: Lines, name: &str) -> Result<Response, Problem> {
    let head = lines.head().map_err(|_| Problem::Internal)?;
    let (kind, ending) = match (lines.format, lines.goes_on) {
        (Format::Csv, false) => ("text/csv; charset=utf-8; header=present", "csv"),
        (Format::Csv, true) => ("text/csv; charset=utf-8; header=absent", "csv"),
        _ => (media::NDJSON, "ndjson"),
    };
    let rows = stream::unfold((walk, lines), |(mut walk, lines)| async move {
        let piece = match walk.next().await {
            Ok(None) => return None,
            Ok(Some(rows)) => lines.written(rows),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                // It ends the transfer as a broken one, so that nobody takes a part for the whole.
                Err(std::io::Error::other("the export broke off"))
            }
        };
        Some((piece, (walk, lines)))
    })
    // The compressing layer asks once more after the end.
    .fuse();
    let mut response = body(head, rows).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// A head and what follows it. Nothing empty is sent: of HTTP/2, programs take many empty frames for an attack, and go.
///
/// What follows is read by a task of its own, which waits for whoever takes it and not for ever: it holds a snapshot of the
/// database, and few can be held at once.
pub(super) fn body(
    head: impl Into<Bytes>,
    rest: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Body {
    let head = head.into();
    let whole = stream::once(ready(Ok(head))).chain(taken_in_time(rest, PIECE_WAITS).1);
    let says = |piece: &Result<Bytes, std::io::Error>| match piece {
        Ok(piece) => !piece.is_empty(),
        Err(_) => true,
    };
    Body::from_stream(whole.filter(move |piece| ready(says(piece))))
}

/// So many threads at once read what is kept in pieces: others of their kind answer everybody.
const READERS: usize = 8;
static READING: Semaphore = Semaphore::const_new(READERS);

/// The same of what a thread reads that waits for the database and for whoever takes it: a record, or the names of a run. Few are read
/// at once; others are told to come back.
pub(super) fn read_aside(
    head: impl Into<Bytes>,
    read: impl FnOnce(&Pieces) -> Result<(), std::io::Error> + Send + 'static,
    foot: Bytes,
) -> Result<Body, Problem> {
    let place = READING.try_acquire().map_err(|_| Problem::Busy)?;
    let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        let pieces = Pieces(sender);
        if let Err(error) = read(&pieces) {
            tracing::info!(%error, "a download broke off");
            // It ends the transfer as a broken one, so that nobody takes a part for the whole. Whoever reads may have gone away.
            let _ = pieces.0.blocking_send(Err(error));
        } else {
            let _ = pieces.0.blocking_send(Ok(foot));
        }
        drop(place);
    });
    let pieces = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    })
    // The compressing layer asks once more after the end.
    .fuse();
    Ok(body(head, pieces))
}

/// Where such a thread puts its pieces.
pub(super) struct Pieces(mpsc::Sender<std::io::Result<Bytes>>);

impl Pieces {
    /// Hands one over, and waits until there is room.
    pub(super) fn put(&self, piece: Vec<u8>) -> Result<(), std::io::Error> {
        let sent = self.0.blocking_send(Ok(piece.into()));
        sent.map_err(|_| std::io::Error::other("nobody reads any more"))
    }
}

/// Pieces that wait for whoever takes them.
const AHEAD: usize = 2;
/// So long a piece may wait. PostgreSQL ends a transaction that does nothing for that long, too.
const PIECE_WAITS: Duration = Duration::from_secs(20);
/// So long the whole may take.
const WHOLE_TAKES: Duration = Duration::from_secs(3_600);

/// The task that reads them, and the same pieces while they are taken in time; else a transfer that is broken off, so that nobody takes a part for the whole.
fn taken_in_time(
    pieces: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    piece_waits: Duration,
) -> (
    JoinHandle<()>,
    impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reading = tokio::spawn(async move {
        let sent = async {
            let mut pieces = pin!(pieces);
            loop {
                let piece = pieces.next().await;
                let ends = !matches!(piece, Some(Ok(_)));
                // Whoever takes it may have gone.
                if sender.send_timeout(piece, piece_waits).await.is_err() || ends {
                    return;
                }
            }
        };
        if timeout(WHOLE_TAKES, sent).await.is_err() {
            tracing::info!("a download took too long and was broken off");
        }
    });
    let late = || std::io::Error::other("the download was not taken in time");
    let taken = stream::unfold(Some(receiver), move |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Some(piece)) => Some((piece, Some(receiver))),
            Some(None) => None,
            None => Some((Err(late()), None)),
        }
    })
    // The compressing layer asks once more after the end.
    .fuse();
    (reading, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(n: usize) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        stream::iter((0..n).map(|_| Ok(Bytes::from_static(b"piece"))))
    }

    #[tokio::test]
    async fn what_is_taken_comes_whole() {
        let taken: Vec<_> = taken_in_time(pieces(100), PIECE_WAITS).1.collect().await;
        assert_eq!(taken.len(), 100);
        assert!(taken.iter().all(Result::is_ok));
    }

    /// A part that ends like the whole would pass for it.
    #[tokio::test]
    async fn what_waits_too_long_ends_as_broken() {
        let (reading, waiting) = taken_in_time(pieces(100), Duration::ZERO);
        let mut waiting = pin!(waiting);
        // It goes as far as it gets before anybody takes anything.
        reading.await.expect("the task");
        let mut taken = Vec::new();
        while let Some(piece) = waiting.next().await {
            taken.push(piece.is_ok());
        }
        assert_eq!(taken, [true, true, false]);
    }
}
