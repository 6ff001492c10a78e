//! The shapes of answers that are put together where no schema is known: problems, expected lists, uploads.
//!
//! Nothing here is ever made. The tests hold every answer of the server against these shapes, in both directions: a field
//! that is missing there or is not described here fails.

use utoipa::ToSchema;

use super::codes;

/// Why a request failed (RFC 9457).
#[derive(Debug, ToSchema)]
pub struct Problem {
    /// What kind of a problem it is. This is the field for programs.
    #[schema(rename = "type", value_type = codes::ProblemType)]
    pub kind: String,
    /// The kind in short words.
    pub title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A sentence that a person can act on: the place and the remedy.
    pub detail: String,
    /// What is wrong with the input, place by place; only with status 422.
    #[schema(value_type = Vec<ErrorPlace>, required = false)]
    pub errors: Option<Vec<ErrorPlace>>,
}

/// One thing that is wrong with the input.
#[derive(Debug, ToSchema)]
pub struct ErrorPlace {
    /// JSON pointer (RFC 6901) into the body, empty for the body as a whole; or `?name` of a parameter of the address.
    #[schema(example = "/os/version")]
    pub pointer: String,
    /// What is wrong there, and what to write instead.
    pub detail: String,
}

/// What a new expected list changed, and what of it was not understood.
#[derive(Debug, ToSchema)]
pub struct ListAnswer {
    /// Name of the list.
    pub list: String,
    /// What the file was taken for.
    #[schema(value_type = codes::ListKind)]
    pub kind: String,
    /// Rows understood.
    pub rows: i64,
    /// Clients not known before.
    pub new: i64,
    /// Clients of the earlier list of this name that this one does not name.
    pub gone: i64,
    /// Clients known before.
    pub matched: i64,
    /// Rows about a client that another row has named.
    pub duplicate: i64,
    /// Rows marked obsolete or decommissioned: not counted.
    pub left_out: i64,
    /// Clients counted before, and now, of the sites that the sender may list.
    #[schema(value_type = Vec<i64>, min_items = 2, max_items = 2)]
    pub population: (i64, i64),
    /// How many rows were not understood.
    pub rejected_count: i64,
    /// The first of them.
    pub rejected: Vec<RejectedLine>,
    /// Columns understood.
    pub columns: Vec<String>,
    /// Columns nobody looked at.
    pub ignored: Vec<String>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub file_hash: String,
}

/// A row of a list that was not understood.
#[derive(Debug, ToSchema)]
pub struct RejectedLine {
    /// Line in the file, from 1.
    pub line: u64,
    /// Why.
    pub detail: String,
}

/// What taking a list out of force changed.
#[derive(Debug, ToSchema)]
pub struct WithdrawnAnswer {
    /// Name of the list.
    pub list: String,
    /// Clients that it named.
    pub gone: i64,
    /// Clients counted before, and now, of the sites that the sender may list.
    #[schema(value_type = Vec<i64>, min_items = 2, max_items = 2)]
    pub population: (i64, i64),
}

/// An upload: files that are read, shown, and stored when somebody says so.
#[derive(Debug, ToSchema)]
pub struct Upload {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// How far it has come.
    #[schema(value_type = codes::UploadState)]
    pub state: String,
    /// When it came in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Who sent it: the name of a user or of a token.
    pub created_by: String,
    /// When somebody had it stored.
    #[schema(format = DateTime)]
    pub committed_at: Option<String>,
    /// Who that was.
    pub committed_by: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// By which way it came.
    #[schema(value_type = codes::Way)]
    pub way: String,
    /// Names of the files.
    pub files: Vec<String>,
    /// SHA-256 of the files, one after the other, in hexadecimal digits.
    pub sha256: String,
    /// Their length.
    pub bytes: i64,
    /// How it is read.
    pub options: UploadOptions,
    /// When the facts were read, where that was said beside the files.
    #[schema(format = DateTime)]
    pub collected_at: Option<String>,
    /// What the files were recognised as; empty: not read yet. Several formats stand side by side.
    pub format: String,
    /// What each file says of itself.
    pub told: Vec<FileTold>,
    /// How far it is.
    pub rows: RowProgress,
    /// Whom its rows are about.
    pub found: RowsFound,
    /// How the rows stand by themselves, as if nothing else were known of their clients: counts by standing.
    pub by_itself: std::collections::BTreeMap<String, i64>,
    /// Rows that cannot be judged for want of something that somebody may vouch for.
    pub lacks: Lacks,
    /// What storing would do, by what was known when the files were read.
    pub would: RowOutcomes,
    /// What storing did.
    pub stored: RowOutcomes,
    /// Rows that were not taken.
    pub rejected: i64,
    /// Devices that were asked, where files or people say so.
    pub asked: Option<i64>,
    /// Devices that answered.
    pub answered: Option<i64>,
    /// What went wrong, in a sentence.
    pub problem: Option<String>,
}

/// How the files are read. What was not asked for is not there.
#[derive(Debug, ToSchema)]
pub struct UploadOptions {
    /// What the files are said to be.
    #[schema(value_type = codes::FileFormat, required = false)]
    pub format: String,
    /// What the columns of tables mean.
    #[schema(required = false)]
    pub mapping: Mapping,
    /// Whom the files are about.
    #[schema(required = false)]
    pub device: String,
    /// Which registry key was asked.
    #[schema(required = false)]
    pub key: String,
    /// Which query each file answers, by its name.
    #[schema(required = false)]
    pub queries: std::collections::BTreeMap<String, String>,
    /// The order in which dates are written.
    #[schema(value_type = codes::DateOrder, required = false)]
    pub dates: String,
    /// The files are answers of one run.
    #[schema(required = false)]
    pub one_run: bool,
    /// Somebody vouches that 64-bit programs read what does not say how it was read.
    #[schema(required = false)]
    pub read_by_64_bit: bool,
    /// Devices that were asked.
    #[schema(required = false)]
    pub asked: u32,
}

/// Rows by what they lack.
#[derive(Debug, ToSchema)]
pub struct Lacks {
    /// A word on which registry view was read: see `read_by_64_bit`.
    pub view: i64,
}

/// What the columns of a table mean.
#[derive(Debug, ToSchema)]
pub struct Mapping {
    /// In the order of the table.
    pub columns: Vec<Column>,
    /// Somebody vouches that native registry values were read as a 64-bit program sees them.
    #[schema(required = false)]
    pub explicit_views: bool,
    /// The order in which dates are written.
    #[schema(value_type = codes::DateOrder, required = false)]
    pub dates: String,
}

/// What one column means.
#[derive(Debug, ToSchema)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Code of what it means; `ignored`: it is not read.
    pub meaning: String,
    /// Why it is not read, where that is not plain.
    #[schema(required = false)]
    pub note: String,
}

/// What a file says of itself.
#[derive(Debug, ToSchema)]
pub struct FileTold {
    /// Its name.
    pub name: String,
    /// Its format; empty: it cannot be read.
    pub format: String,
    /// How its letters were read.
    pub encoding: String,
    /// Whole sentences.
    pub notes: Vec<String>,
    /// Devices that were asked.
    pub asked: Option<u64>,
    /// Devices that answered.
    pub answered: Option<u64>,
    /// What its columns mean; only of a table.
    #[schema(required = false)]
    pub mapping: Mapping,
    /// Which query it answers, as far as that can be guessed; not there otherwise.
    #[schema(required = false)]
    pub query: String,
    /// Why it cannot be read as a whole; not there otherwise.
    #[schema(required = false)]
    pub problem: String,
}

/// How far an upload is.
#[derive(Debug, ToSchema)]
pub struct RowProgress {
    /// Rows read so far.
    pub total: i64,
    /// Rows that storing has passed.
    pub done: i64,
    /// About how many rows reading will come to, where that can be told.
    pub about: Option<i64>,
}

/// Whom the rows are about.
#[derive(Debug, ToSchema)]
pub struct RowsFound {
    /// Devices that were not known.
    pub new: i64,
    /// Known clients.
    pub known: i64,
}

/// Rows by what storing them does.
#[derive(Debug, ToSchema)]
pub struct RowOutcomes {
    /// The first that is heard of a client.
    pub new: i64,
    /// Something new of a known client.
    pub changed: i64,
    /// Known already.
    pub unchanged: i64,
    /// Older than what is known; in the history only.
    pub late: i64,
}

/// Uploads, the newest first.
#[derive(Debug, ToSchema)]
pub struct UploadList {
    /// A page of them.
    pub items: Vec<Upload>,
    /// `cursor` of the next page; null: this was the last.
    pub next_cursor: Option<String>,
}

/// Rows of an upload, in the order of the files.
#[derive(Debug, ToSchema)]
pub struct RowList {
    /// A page of them.
    pub items: Vec<UploadRow>,
    /// `cursor` of the next page; null: this was the last.
    pub next_cursor: Option<String>,
    /// The rows are no longer kept; the counts of the upload stay.
    pub rows_are_gone: bool,
}

/// A row of an upload.
#[derive(Debug, ToSchema)]
pub struct UploadRow {
    /// Its number, from 0.
    pub index: i64,
    /// Name of the file.
    pub file: String,
    /// Where it stands in the file, for people.
    pub place: String,
    /// What it is.
    #[schema(value_type = codes::RowStatus)]
    pub status: String,
    /// Name of the device, as the row has it.
    pub name: String,
    /// Our id of the client; null: nobody knows it yet.
    #[schema(format = Uuid)]
    pub client_id: Option<String>,
    /// Name of the client.
    pub client_name: Option<String>,
    /// What people should know about it.
    pub notes: Vec<String>,
    /// Why it was not taken.
    pub problem: Option<String>,
    /// What storing it would do, by what was known when it was read.
    #[schema(value_type = Option<codes::RowOutcome>)]
    pub forecast: Option<String>,
    /// What storing it did.
    #[schema(value_type = Option<codes::RowOutcome>)]
    pub outcome: Option<String>,
    /// How it stands by itself, as if nothing else were known of the client.
    #[schema(value_type = Option<codes::Standing>)]
    pub by_itself: Option<String>,
    /// How the client stood after it.
    #[schema(value_type = Option<codes::Standing>)]
    pub standing: Option<String>,
}
