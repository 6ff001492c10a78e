//! Sending files by hand, and the receipts of what was sent.

use askama::Template;

use super::{
    Layout, json, links,
    text::{self, Moment, counted, number},
};
use crate::{
    domain::time::Timestamp,
    store::{
        model::RejectRow,
        upload_model::{Counts, State, Upload},
    },
};

/// No more of an excerpt than this is shown.
const EXCERPT: usize = 600;

/// One upload in a line or two.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its page.
    pub href: String,
    /// Names of its files, the first few.
    pub names: String,
    /// Who sent it.
    pub by: String,
    /// Who had it stored, when that was somebody else.
    pub stored_by: Option<String>,
    /// When.
    pub at: Moment,
    /// What it was recognised as.
    pub format: String,
    /// SHA-256, whole.
    pub hash: String,
    /// The beginning of it.
    pub short_hash: String,
    /// How long the files are.
    pub length: String,
    /// Code of how far it has come.
    pub state: &'static str,
    /// In a word or two.
    pub word: &'static str,
    /// The numbers, as a sentence.
    pub counts: String,
    /// Of how many devices it was to speak, and of how many it does.
    pub answered: Option<String>,
    /// When it was over.
    pub finished: Option<Moment>,
    /// What went wrong.
    pub problem: Option<String>,
}

/// Names that are listed before the rest is only counted.
const NAMES: usize = 3;

impl Receipt {
    /// From an upload, its files' names, and what they were recognised as.
    pub fn new(upload: &Upload, names: &[String], format: String, now: Timestamp) -> Self {
        let mut listed: Vec<String> = names.iter().take(NAMES).cloned().collect();
        let more = i64::try_from(names.len().saturating_sub(NAMES)).unwrap_or(0);
        if more > 0 {
            listed.push(counted(more, "more", "more"));
        }
        let hash: String = upload
            .file_hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let stored_by = upload.committed_by.clone();
        Self {
            href: links::upload_url(&upload.id),
            names: text::joined(&listed),
            stored_by: stored_by.filter(|by| *by != upload.created_by),
            by: upload.created_by.clone(),
            at: Moment::new(upload.created_at, now),
            format,
            short_hash: hash.get(..12).unwrap_or(&hash).to_owned(),
            hash,
            length: counted(upload.bytes, "byte", "bytes"),
            state: upload.state.code(),
            word: match upload.state {
                State::Reading => "Being read",
                State::Preview => "To be decided",
                State::Committing => "Being stored",
                State::Done => "Stored",
                State::Cancelled => "Discarded",
                State::Failed => "Failed",
            },
            counts: counts(upload),
            answered: upload
                .completeness
                .map(|(asked, answered)| text::answered(asked, answered)),
            finished: upload.finished_at.map(|at| Moment::new(at, now)),
            problem: upload.problem.clone(),
        }
    }
}

/// The numbers of an upload as a sentence that says of how many.
fn counts(upload: &Upload) -> String {
    let Counts {
        total,
        done,
        rejected,
        would_new,
        would_changed,
        would_unchanged,
        would_late,
        stored_new,
        stored_changed,
        stored_unchanged,
        stored_late,
        ..
    } = upload.counts;
    let rows = text::counted(total, "row", "rows");
    let parts: &[(i64, &str)] = match upload.state {
        State::Reading => return format!("{rows} read so far."),
        State::Preview => &[
            (would_new, "would bring a new client"),
            (would_changed, "would say something new"),
            (would_unchanged, "unchanged"),
            (would_late, "older than what is known"),
            (rejected, "refused"),
        ],
        State::Cancelled | State::Failed if done == 0 => {
            return format!("{rows} read, none stored.");
        }
        _ => &[
            (stored_new, "brought a new client"),
            (stored_changed, "said something new"),
            (stored_unchanged, "unchanged"),
            (stored_late, "older than what was known"),
            (rejected, "refused"),
        ],
    };
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", number(*n)))
        .collect();
    let stopped = if done < total && upload.state != State::Preview {
        format!(" {} of them reached.", number(done))
    } else {
        String::new()
    };
    if said.is_empty() {
        return format!("{rows}.{stopped}");
    }
    format!("Of {rows}: {}.{stopped}", text::joined(&said))
}

/// One refused record, dressed.
#[derive(Clone, Debug)]
pub struct RejectView {
    /// When.
    pub at: Moment,
    /// Who sent it.
    pub sent_by: String,
    /// Place in the request, from 1.
    pub place: String,
    /// What was wrong.
    pub problems: Vec<(String, String)>,
    /// Its beginning.
    pub excerpt: String,
    /// How long it was, and whether this is all of it.
    pub length: String,
}

/// The page to upload files on.
#[derive(Debug, Template)]
#[template(path = "upload.html", whitespace = "minimize")]
pub struct UploadPage {
    /// The frame.
    pub layout: Layout,
    /// Formats that can be chosen: code and title.
    pub formats: Vec<(String, String)>,
    /// Names of kept mappings.
    pub mappings: Vec<String>,
    /// Uploads, newest first.
    pub receipts: Vec<Receipt>,
    /// The page with older ones.
    pub older: Option<String>,
    /// Recently refused records, from whatever way in.
    pub rejects: Vec<RejectView>,
}

impl UploadPage {
    /// The page; `next` is where older uploads begin.
    pub fn new(
        layout: Layout,
        formats: Vec<(String, String)>,
        mappings: Vec<String>,
        receipts: Vec<Receipt>,
        next: Option<String>,
        rejects: &[RejectRow],
    ) -> Self {
        Self {
            rejects: rejects
                .iter()
                .map(|row| RejectView::new(row, layout.now))
                .collect(),
            older: next.map(|next| format!("/upload?cursor={}", links::encode(&next))),
            layout,
            formats,
            mappings,
            receipts,
        }
    }
}

impl RejectView {
    fn new(row: &RejectRow, now: Timestamp) -> Self {
        let (excerpt, cut) = json::cut(&row.excerpt, EXCERPT);
        let whole = !cut && i64::try_from(row.excerpt.len()).unwrap_or(0) >= row.length;
        let length = counted(row.length, "byte", "bytes");
        Self {
            at: Moment::new(row.received_at, now),
            sent_by: row.sent_by.clone(),
            place: number(row.index + 1),
            problems: row.errors.clone(),
            excerpt: excerpt.to_owned(),
            length: if whole {
                length
            } else {
                format!("the beginning of {length}")
            },
        }
    }
}
