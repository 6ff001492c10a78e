//! What is kept of an upload and of its rows, as plain structs.

use super::{
    error::{Error, Result},
    identify::ClientId,
};
use crate::domain::{audit::Author, time::Timestamp, verdict::Standing};

/// How far an upload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The files are being read.
    Reading,
    /// What they say can be looked at; nothing is stored.
    Preview,
    /// It is being stored.
    Committing,
    /// Everything that could be stored is.
    Done,
    /// Somebody did not want it, or nobody decided in time.
    Cancelled,
    /// It could not be read or stored.
    Failed,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Reading,
        Self::Preview,
        Self::Committing,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Preview => "preview",
            Self::Committing => "committing",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The server is at work on it.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Reading | Self::Committing)
    }

    pub(super) fn from_code(code: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or_else(|| Error::Inconsistent {
                table: "uploads",
                detail: format!("the state {code:?}"),
            })
    }
}

/// An upload that has just arrived.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// A UUIDv7.
    pub id: String,
    /// When it came.
    pub created_at: Timestamp,
    /// Name of the user or token.
    pub created_by: String,
    /// Who it is, for the audit log.
    pub author: Author,
    /// `upload` or `command`.
    pub way: &'static str,
    /// Names of the files, as JSON.
    pub names: String,
    /// SHA-256 of the files, one after the other.
    pub file_hash: Vec<u8>,
    /// Their length.
    pub bytes: i64,
    /// How to read them, as JSON.
    pub options: String,
    /// When the facts were read, where the files do not say it.
    pub collected_at: Option<Timestamp>,
    /// Store without showing first.
    pub at_once: bool,
    /// Id of the token that sent it; empty: none did.
    pub token: String,
}

/// An upload as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// A UUIDv7.
    pub id: String,
    /// When it came.
    pub created_at: Timestamp,
    /// Name of the user or token.
    pub created_by: String,
    /// Who had it stored.
    pub committed_by: Option<String>,
    /// When that was decided.
    pub committed_at: Option<Timestamp>,
    /// `upload` or `command`.
    pub way: String,
    /// Names of the files, as JSON.
    pub names: String,
    /// SHA-256 of the files, one after the other.
    pub file_hash: Vec<u8>,
    /// Their length.
    pub bytes: i64,
    /// How to read them, as JSON.
    pub options: String,
    /// When the facts were read, where the files do not say it.
    pub collected_at: Option<Timestamp>,
    /// Store without showing first.
    pub at_once: bool,
    /// How far it has come.
    pub state: State,
    /// How often this reading was begun.
    pub starts: i64,
    /// What the files were recognised as.
    pub format: String,
    /// What the files say of themselves, as JSON.
    pub told: String,
    /// How many rows.
    pub counts: Counts,
    /// What went wrong.
    pub problem: Option<String>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Id of the token that sent it; empty: none did.
    pub token: String,
    /// About how many rows reading will come to, where that can be told.
    pub about: Option<i64>,
    /// Of how many devices its files were to speak, and of how many they do, where somebody says so.
    pub completeness: Option<(i64, i64)>,
    /// How many of its rows stand how by themselves, as JSON; empty: they were not judged.
    pub by_itself: String,
}

/// Rows of an upload by what they are and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that was read so far.
    pub total: i64,
    /// Rows that storing has passed.
    pub done: i64,
    /// Of devices that were not known when they were read.
    pub found_new: i64,
    /// Of known clients.
    pub found_known: i64,
    /// Not taken.
    pub rejected: i64,
    /// Storing them would bring a new client, by what was known when they were read.
    pub would_new: i64,
    /// Storing them would say something new of a known client.
    pub would_changed: i64,
    /// Known already.
    pub would_unchanged: i64,
    /// Older than what is known.
    pub would_late: i64,
    /// Stored: the first that was heard of a client.
    pub stored_new: i64,
    /// Stored: says something new of a known client.
    pub stored_changed: i64,
    /// Known already.
    pub stored_unchanged: i64,
    /// Older than what is known; in the history only.
    pub stored_late: i64,
}

/// What a row is, before anything is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// About a device that is not known yet.
    New,
    /// About a known client.
    Known,
    /// Not taken.
    Rejected,
}

impl RowStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::New, Self::Known, Self::Rejected];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Rejected => "rejected",
        }
    }

    pub(super) fn from_code(code: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.code() == code)
            .ok_or_else(|| Error::Inconsistent {
                table: "upload_rows",
                detail: format!("the status {code:?}"),
            })
    }
}

/// What became of a row that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// The first that was heard of this client.
    New,
    /// Says something new of a known client.
    Changed,
    /// Known already.
    Unchanged,
    /// Older than what is known; in the history only.
    Late,
}

impl RowOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Changed, Self::Unchanged, Self::Late];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Late => "late",
        }
    }

    /// The outcome a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// Which rows of an upload to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Every one.
    All,
    /// By what they are.
    Status(RowStatus),
    /// By what became of them, or would when they are stored.
    Outcome(RowOutcome),
    /// By how they stand by themselves.
    ByItself(Standing),
    /// Those that lack a word that somebody could say.
    Lacking(Lack),
}

/// What keeps a row undetermined although somebody could say it with the upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Which registry view was read.
    View,
}

impl Lack {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::View => "view",
        }
    }
}

/// A row to be written.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Name of the file.
    pub file_name: String,
    /// Where it stands in the file, for people.
    pub place: String,
    /// What it is.
    pub status: RowStatus,
    /// Name of the device, as the row has it.
    pub name: String,
    /// Whom it is about: our id, and the name of a known client.
    pub client: Option<(ClientId, String)>,
    /// What storing it would do; `None`: it is not taken.
    pub forecast: Option<RowOutcome>,
    /// How it stands by itself; `None`: it is not taken.
    pub by_itself: Option<Standing>,
    /// What keeps it from being judged and could be said.
    pub lacks: Option<Lack>,
    /// What people should know about it.
    pub notes: Vec<String>,
    /// Why it is not taken.
    pub problem: Option<String>,
    /// The report document, or what stood there.
    pub content: Vec<u8>,
}

/// A row to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Its number, from 0.
    pub n: i64,
    /// Name of the file.
    pub file_name: String,
    /// Where it stands in the file, for people.
    pub place: String,
    /// What it is.
    pub status: RowStatus,
    /// Name of the device, as the row has it.
    pub name: String,
    /// Our id and the name of the client it is about; of a new device only once it is stored.
    pub client: Option<(String, String)>,
    /// What people should know about it.
    pub notes: Vec<String>,
    /// Why it was not taken.
    pub problem: Option<String>,
    /// What storing it would do, by what was known when it was read.
    pub forecast: Option<RowOutcome>,
    /// What became of it: `new`, `changed`, `unchanged` or `late`.
    pub outcome: Option<String>,
    /// How it stands by itself, as if nothing else were known of its device.
    pub by_itself: Option<Standing>,
    /// How the client stood after it.
    pub standing: Option<Standing>,
}

/// A rejected row, with what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its number, from 0.
    pub n: i64,
    /// Name of the file.
    pub file_name: String,
    /// Where it stands in the file, for people.
    pub place: String,
    /// Why it was not taken.
    pub problem: String,
    /// What stood there, or the beginning of it.
    pub raw: Vec<u8>,
}
