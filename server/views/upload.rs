//! Sending report files by hand, and what became of every record in them.

use askama::Template;

use super::{
    Layout, json, links,
    text::{Moment, counted, number},
    words::{self, Badge},
};
use crate::{
    domain::{time::Timestamp, verdict::Standing},
    store::model::RejectRow,
};

/// No more records than this are listed; refused ones come first, so none of those is lost early.
const LISTED: usize = 1_000;
/// No more of an excerpt than this is shown.
const EXCERPT: usize = 600;

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordStatus {
    /// Not taken; its problems say why.
    Rejected,
    /// Stored, but a newer report was there already.
    Late,
    /// Stored, and now in force.
    Stored,
    /// Known already; nothing changed.
    Unchanged,
}

impl RecordStatus {
    /// CSS class.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Late => "late",
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
        }
    }

    /// What people read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "Refused",
            Self::Late => "Late",
            Self::Stored => "Stored",
            Self::Unchanged => "Unchanged",
        }
    }
}

/// One record of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOutcome {
    /// Name of the file it was in.
    pub file: String,
    /// Its place in that file, from 0.
    pub index: i64,
    /// What became of it.
    pub status: RecordStatus,
    /// The client it belongs to: id and name.
    pub client: Option<(String, String)>,
    /// How that client stands now.
    pub standing: Option<Standing>,
    /// What was wrong: JSON pointer and detail.
    pub problems: Vec<(String, String)>,
}

/// A count of one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCount {
    /// CSS class.
    pub code: &'static str,
    /// What it is called.
    pub word: &'static str,
    /// How many.
    pub text: String,
    /// What it means.
    pub meaning: &'static str,
}

/// One record, dressed.
#[derive(Clone, Debug)]
pub struct RecordView {
    /// File name.
    pub file: String,
    /// Place in it, from 1, as people count.
    pub place: String,
    /// Its status.
    pub status: RecordStatus,
    /// The client: its page and its name.
    pub client: Option<(String, String)>,
    /// How that client stands now.
    pub badge: Option<Badge>,
    /// What was wrong.
    pub problems: Vec<(String, String)>,
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

/// What became of an upload, dressed.
#[derive(Clone, Debug)]
pub struct UploadResult {
    /// `1,204 records in 2 files`.
    pub heading: String,
    /// Counts of each status.
    pub counts: Vec<StatusCount>,
    /// The records, refused ones first.
    pub records: Vec<RecordView>,
    /// How many are not listed.
    pub hidden: Option<String>,
}

/// The page to upload report files on.
#[derive(Debug, Template)]
#[template(path = "upload.html", whitespace = "minimize")]
pub struct UploadPage {
    /// The frame.
    pub layout: Layout,
    /// What became of the upload just made.
    pub result: Option<UploadResult>,
    /// Recently refused records, from whatever way in.
    pub rejects: Vec<RejectView>,
}

impl UploadPage {
    /// The page; `records` is the outcome of an upload just made.
    pub fn new(layout: Layout, records: Option<&[RecordOutcome]>, rejects: &[RejectRow]) -> Self {
        Self {
            result: records.map(UploadResult::new),
            rejects: rejects
                .iter()
                .map(|row| RejectView::new(row, layout.now))
                .collect(),
            layout,
        }
    }
}

impl UploadResult {
    fn new(records: &[RecordOutcome]) -> Self {
        let mut files: Vec<&str> = records.iter().map(|record| record.file.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        let mut order: Vec<&RecordOutcome> = records.iter().collect();
        order.sort_by_key(|record| record.status);
        let hidden = i64::try_from(order.len().saturating_sub(LISTED)).unwrap_or(0);
        let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let statuses = [
            (RecordStatus::Stored, "now in force"),
            (RecordStatus::Unchanged, "known already, nothing changed"),
            (
                RecordStatus::Late,
                "older than what is known; kept in the history",
            ),
            (RecordStatus::Rejected, "not taken, see below why"),
        ];
        Self {
            heading: format!(
                "{} in {}",
                counted(length(records.len()), "record", "records"),
                counted(length(files.len()), "file", "files")
            ),
            counts: statuses
                .map(|(status, meaning)| StatusCount {
                    code: status.code(),
                    word: status.word(),
                    text: number(length(
                        records.iter().filter(|r| r.status == status).count(),
                    )),
                    meaning,
                })
                .into(),
            hidden: (hidden > 0).then(|| {
                format!(
                    "{} not listed here; refused ones come first.",
                    counted(hidden, "more record is", "more records are")
                )
            }),
            records: order
                .into_iter()
                .take(LISTED)
                .map(RecordView::new)
                .collect(),
        }
    }
}

impl RecordView {
    fn new(record: &RecordOutcome) -> Self {
        Self {
            file: record.file.clone(),
            place: number(record.index + 1),
            status: record.status,
            client: record
                .client
                .as_ref()
                .map(|(id, name)| (links::client_url(id), name.clone())),
            badge: record.standing.map(words::standing),
            problems: record.problems.clone(),
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
