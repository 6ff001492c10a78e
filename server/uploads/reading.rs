//! From files to rows that can be looked at: read on a thread of its own, resolved against what is known, kept in
//! portions. Nothing but two portions and the files themselves is in memory.

use tokio::sync::mpsc;

use super::{
    Bell,
    told::{Told, names_of, written},
};
use crate::{
    domain::{identity::ClientIds, time::Timestamp},
    store::{
        self, Store,
        upload_commit::ambiguous,
        upload_model::{NewRow, RowStatus, Upload},
        upload_whom::{Matcher, Whom},
    },
    uploads::told::Chosen,
    wire::{
        FieldError,
        foreign::{
            RAW_KEPT,
            any_file::{self, File, Row},
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
    /// Whom it names; `None`: it is refused already.
    ids: Option<ClientIds>,
}

/// Reads the files of an upload.
///
/// # Errors
/// The store failed.
pub(super) async fn read(store: &Store, upload: &Upload, bell: &Bell) -> Result<(), store::Error> {
    let Some(attempt) = store.begin_reading(&upload.id).await? else {
        return Ok(());
    };
    let mut files = Vec::new();
    for (number, name) in (0..).zip(names_of(&upload.names)) {
        files.push((name, store.upload_file(&upload.id, number).await?));
    }
    let chosen = Chosen::of(&upload.options);
    let collected_at = upload.collected_at;
    let (portions, mut ready) = mpsc::channel(1);
    let reader =
        tokio::task::spawn_blocking(move || read_files(&files, &chosen, collected_at, &portions));
    let mut matcher = store.matcher().await?;
    let mut first = 0;
    let mut rejected = 0;
    while let Some(portion) = ready.recv().await {
        let rows = resolved(&mut matcher, portion).await?;
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        rejected += rows
            .iter()
            .filter(|row| row.status == RowStatus::Rejected)
            .count();
        if !store
            .add_upload_rows(&upload.id, attempt, first, rows)
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
    store
        .end_reading(
            upload.id.clone(),
            attempt,
            formats.join(","),
            written(&told),
        )
        .await
        .map(drop)
}

/// Reads on this thread until the end, or until nobody listens.
fn read_files(
    files: &[(String, Vec<u8>)],
    chosen: &Chosen,
    collected_at: Option<Timestamp>,
    portions: &mpsc::Sender<Vec<Checked>>,
) -> Vec<Told> {
    let sources: Vec<File<'_>> = files
        .iter()
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    let mut portion: Vec<Checked> = Vec::new();
    let mut bytes = 0;
    let told = any_file::read(&sources, &chosen.options(), &mut |row| {
        let checked = checked(row, collected_at);
        bytes += checked.row.content.len();
        portion.push(checked);
        if portion.len() < PORTION && bytes < ENOUGH {
            return true;
        }
        bytes = 0;
        portions.blocking_send(std::mem::take(&mut portion)).is_ok()
    });
    // What cannot be read as a whole is a refused row as well.
    let all = told
        .into_iter()
        .map(|told| match told {
            Ok(told) => Told::from(told),
            Err((name, why)) => Told {
                name,
                problem: Some(why.0),
                ..Told::default()
            },
        })
        .collect();
    if !portion.is_empty() {
        // Nobody listens any more when it was cancelled.
        drop(portions.blocking_send(portion));
    }
    all
}

fn checked(row: Row, collected_at: Option<Timestamp>) -> Checked {
    match row {
        Row::Refused { file, refused: no } => Checked {
            row: refused(file, no.place, no.detail, no.raw),
            ids: None,
        },
        Row::Reading {
            file,
            place,
            document,
            notes,
            needs_time,
            client,
            ..
        } => {
            let name = client.name.or(client.fqdn).unwrap_or_default();
            let (document, timeless) = match collected_at {
                Some(at) if needs_time => (any_file::with_time(&document, &at.to_string()), false),
                _ => (document, needs_time),
            };
            let read = if timeless {
                Err("It does not say when its facts were read. Give that time as \"read at\" (collected_at in the API) and have the file read again.".to_owned())
            } else {
                report_v1::parse_with_hash(&document).map_err(|errors| in_words(&errors))
            };
            match read {
                Ok(parsed) => Checked {
                    row: NewRow {
                        file_name: file,
                        place,
                        status: RowStatus::New,
                        name: parsed.report.ids.display_name(),
                        client: None,
                        notes,
                        problem: None,
                        content: document,
                    },
                    ids: Some(parsed.report.ids),
                },
                Err(why) => {
                    let mut row = refused(file, place, why, document);
                    row.name = name;
                    row.notes = notes;
                    Checked { row, ids: None }
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
) -> Result<Vec<NewRow>, store::Error> {
    let ids: Vec<ClientIds> = portion
        .iter()
        .filter_map(|checked| checked.ids.clone())
        .collect();
    let mut whom = matcher.whom(&ids).await?.into_iter();
    Ok(portion
        .into_iter()
        .map(|Checked { mut row, ids }| {
            if ids.is_none() {
                return row;
            }
            match whom.next() {
                Some(Whom::Known(id, name)) => {
                    row.status = RowStatus::Known;
                    row.client = Some((id, name));
                }
                Some(Whom::New(id)) => row.client = Some((id, row.name.clone())),
                Some(Whom::Several(names)) => refuse(&mut row, ambiguous(&names)),
                Some(Whom::Nobody) | None => refuse(
                    &mut row,
                    "It names no device. Add a name, the fully qualified name, the resource id with the site code, or the Configuration Manager GUID.".to_owned(),
                ),
            }
            row
        })
        .collect())
}

fn refuse(row: &mut NewRow, why: String) {
    row.status = RowStatus::Rejected;
    row.problem = Some(why);
    row.content.truncate(RAW_KEPT);
}
