//! From files to rows that can be looked at: read on a thread of its own, resolved against what is known, kept in
//! portions. Nothing but two portions, the files themselves and a hash for each device is in memory.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::{
    Bell, completeness,
    told::{ByItself, Told, names_of, written},
};
use crate::{
    domain::{evidence::Coverage, time::Timestamp},
    ingest::{Judge, refused_site},
    store::{
        self, Store,
        forecast::Saying,
        incoming::Sender,
        upload_model::{Lack, NewRow, RowStatus, Upload},
        upload_whom::{Matcher, Whom},
    },
    uploads::told::Chosen,
    wire::{
        FieldError,
        foreign::{
            RAW_KEPT,
            any_file::{self, File, Row},
            future::of_the_future,
        },
        report_v1,
    },
};

/// Rows that are kept in one transaction.
const PORTION: usize = 512;
/// Bytes of documents that are enough for one.
const ENOUGH: usize = 8 << 20;

/// A row, read and checked, but not resolved.
struct Checked {
    row: NewRow,
    /// Whom it names and what it says; `None`: it is refused already.
    saying: Option<Saying>,
}

/// What the reader hands over.
enum Read {
    /// About how many rows there will be.
    About(u64),
    /// The next ones.
    Rows(Vec<Checked>),
}

/// Reads the files of an upload.
///
/// # Errors
/// The store failed.
pub(super) async fn read(
    store: &Store,
    judge: &Judge,
    upload: &Upload,
    bell: &Bell,
) -> Result<(), store::Error> {
    let Some(attempt) = store.begin_reading(&upload.id).await? else {
        return Ok(());
    };
    let mut files = Vec::new();
    for (number, name) in (0..).zip(names_of(&upload.names)) {
        files.push((name, store.upload_file(&upload.id, number).await?));
    }
    let chosen = Chosen::of(&upload.options);
    let how = chosen.clone();
    let looks = Looks {
        judge: judge.clone(),
        collected_at: upload.collected_at,
        now: crate::clock::now(),
    };
    let (portions, mut ready) = mpsc::channel(1);
    let reader = tokio::task::spawn_blocking(move || read_files(&files, &how, &looks, &portions));
    let mut matcher = store.matcher().await?;
    let sender = super::committing::limited(store, &upload.created_by, upload).await?;
    let mut first = 0;
    let mut rejected = 0;
    let mut by_itself = ByItself::default();
    while let Some(read) = ready.recv().await {
        let portion = match read {
            Read::Rows(portion) => portion,
            Read::About(rows) => {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                let id = upload.id.clone();
                store.expect_upload_rows(id, attempt, rows).await?;
                continue;
            }
        };
        let rows = resolved(&mut matcher, portion, &sender).await?;
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        rejected += rows
            .iter()
            .filter(|row| row.status == RowStatus::Rejected)
            .count();
        for row in &rows {
            by_itself.count(row.by_itself, row.lacks);
        }
        if !store
            .add_upload_rows(&upload.id, attempt, first, rows, written(&by_itself))
            .await?
        {
            // Cancelled, or somebody else reads it. The reader notices that nobody listens.
            return Ok(());
        }
        first += length;
        bell.has_moved();
    }
    let Ok(told) = reader.await else {
        let why = "These files cannot be read: the reader of their format stopped in the middle. Please report it, with the file if you may; meanwhile the same facts in another format may do.";
        let now = crate::clock::now();
        store
            .fail_upload(upload.id.clone(), why.to_owned(), now)
            .await?;
        return Ok(());
    };
    crate::ingest::count_refused(rejected);
    let mut formats: Vec<&str> = told.iter().map(|told| told.format.as_str()).collect();
    formats.retain(|format| !format.is_empty());
    formats.sort_unstable();
    formats.dedup();
    let complete = completeness::of(store, &upload.id, &chosen, &told).await?;
    store
        .end_reading(
            upload.id.clone(),
            attempt,
            formats.join(","),
            written(&told),
            complete,
        )
        .await
        .map(drop)
}

/// Reads on this thread until the end, or until nobody listens.
fn read_files(
    files: &[(String, Vec<u8>)],
    chosen: &Chosen,
    looks: &Looks,
    portions: &mpsc::Sender<Read>,
) -> Vec<Told> {
    let sources: Vec<File<'_>> = files
        .iter()
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    let options = chosen.options();
    if let Some(rows) = any_file::about(&sources, &options)
        && portions.blocking_send(Read::About(rows)).is_err()
    {
        return Vec::new();
    }
    let mut portion: Vec<Checked> = Vec::new();
    let mut bytes = 0;
    let told = any_file::read(&sources, &options, &mut |row| {
        let checked = looks.at(row);
        bytes += checked.row.content.len();
        portion.push(checked);
        if portion.len() < PORTION && bytes < ENOUGH {
            return true;
        }
        bytes = 0;
        let rows = Read::Rows(std::mem::take(&mut portion));
        portions.blocking_send(rows).is_ok()
    });
    // Of tables that nobody knows, people say what their columns mean.
    let unread = told.iter().filter_map(|told| told.as_ref().err());
    let unread: BTreeSet<&str> = unread.map(|(name, _)| name.as_str()).collect();
    let mut columns = any_file::columns(&sources, &options, &unread);
    let mut queries = any_file::queries(&sources, &unread);
    // What cannot be read as a whole is a refused row as well.
    let all = told
        .into_iter()
        .map(|told| match told {
            Ok(told) => Told::from(told),
            Err((name, why)) => Told {
                mapping: columns.remove(&name),
                query: queries.remove(&name),
                name,
                problem: Some(why.0),
                ..Told::default()
            },
        })
        .collect();
    if !portion.is_empty() {
        // Nobody listens any more when it was cancelled.
        drop(portions.blocking_send(Read::Rows(portion)));
    }
    all
}

/// What looking at rows needs beside them.
struct Looks {
    judge: Judge,
    /// When the facts were read, where the files do not say it.
    collected_at: Option<Timestamp>,
    now: Timestamp,
}

impl Looks {
    fn at(&self, row: Row) -> Checked {
        match row {
            Row::Refused { file, refused: no } => Checked {
                row: refused(file, no.place, no.detail, no.raw),
                saying: None,
            },
            Row::Reading {
                file,
                place,
                document,
                notes,
                needs_time,
                time_from,
                own,
                open_view,
                client,
                ..
            } => {
                let name = client.name.or(client.fqdn).unwrap_or_default();
                let (document, timeless) = match self.collected_at {
                    Some(at) if needs_time => {
                        (any_file::with_time(&document, &at.to_string()), false)
                    }
                    _ => (document, needs_time),
                };
                let read = if timeless {
                    Err("It does not say when its facts were read. Give that time as Read at (collected_at for programs), and have the file read again.".to_owned())
                } else {
                    report_v1::parse_with_hash(&document).map_err(|errors| in_words(&errors))
                };
                let read = read.and_then(|parsed| {
                    let at = parsed.report.collected_at;
                    match of_the_future(at, time_from.as_deref(), self.now) {
                        Some(why) if !own => Err(why),
                        _ => Ok(parsed),
                    }
                });
                match read {
                    Ok(parsed) => {
                        let (standing, doubted) = self.judge.alone(&parsed.report, self.now);
                        Checked {
                            row: NewRow {
                                file_name: file,
                                place,
                                status: RowStatus::New,
                                name: parsed.report.ids.display_name(),
                                client: None,
                                forecast: None,
                                by_itself: Some(standing),
                                lacks: (open_view && doubted).then_some(Lack::View),
                                notes,
                                problem: None,
                                content: document,
                            },
                            saying: Some(Saying {
                                coverage: Coverage::of(&parsed.report.facts),
                                ids: parsed.report.ids,
                                content_hash: parsed.content_hash,
                                seen_at: parsed.report.collected_at,
                            }),
                        }
                    }
                    Err(why) => {
                        let mut row = refused(file, place, why, document);
                        row.name = name;
                        row.notes = notes;
                        Checked { row, saying: None }
                    }
                }
            }
        }
    }
}

fn refused(file_name: String, place: String, problem: String, mut raw: Vec<u8>) -> NewRow {
    raw.truncate(RAW_KEPT);
    NewRow {
        file_name,
        place,
        status: RowStatus::Rejected,
        name: String::new(),
        client: None,
        forecast: None,
        by_itself: None,
        lacks: None,
        notes: Vec::new(),
        problem: Some(problem),
        content: raw,
    }
}

/// Errors of a document as one text: each with its place.
pub(super) fn in_words(errors: &[FieldError]) -> String {
    let words: Vec<String> = errors
        .iter()
        .map(|error| {
            if error.pointer.is_empty() {
                error.detail.clone()
            } else {
                format!("{}: {}", error.pointer, error.detail)
            }
        })
        .collect();
    words.join("; ")
}

/// Says of each row whom it is about, by what is known now.
async fn resolved(
    matcher: &mut Matcher,
    portion: Vec<Checked>,
    sender: &Sender,
) -> Result<Vec<NewRow>, store::Error> {
    let mut sayings = Vec::with_capacity(portion.len());
    let rows: Vec<(NewRow, bool)> = portion
        .into_iter()
        .map(|Checked { mut row, saying }| {
            // What is not taken of anybody is said before it is looked whether somebody is known.
            let no = saying
                .as_ref()
                .and_then(|said| refused_site(&said.ids, sender));
            if let Some(no) = no {
                refuse(&mut row, in_words(&no));
                return (row, false);
            }
            let says = saying.is_some();
            sayings.extend(saying);
            (row, says)
        })
        .collect();
    let mut looked = matcher.look(&sayings, sender).await?.into_iter();
    Ok(rows
        .into_iter()
        .map(|(mut row, says)| {
            if !says {
                return row;
            }
            match looked.next() {
                Some((Whom::Known(id, name), outcome)) => {
                    row.status = RowStatus::Known;
                    row.client = Some((id, name));
                    row.forecast = Some(outcome);
                }
                Some((Whom::New(id), outcome)) => {
                    row.client = Some((id, row.name.clone()));
                    row.forecast = Some(outcome);
                }
                other => refuse(
                    &mut row,
                    other.and_then(|(whom, _)| whom.ambiguous()).unwrap_or_else(|| "It names no device. Add a name, the fully qualified name, the resource id with the site code, or the Configuration Manager GUID.".to_owned()),
                ),
            }
            row
        })
        .collect())
}

fn refuse(row: &mut NewRow, why: String) {
    row.status = RowStatus::Rejected;
    row.by_itself = None;
    row.lacks = None;
    row.problem = Some(why);
    row.content.truncate(RAW_KEPT);
}
