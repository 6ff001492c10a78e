//! Files that other programs write, read into report documents, one a device.
//!
//! The way of a file: [`recognise`] says what it is, [`read`] hands out what it says, piece by piece. A reader
//! writes down only what the file says: see [`Document`] for how *absent* and *not collected* are told apart.

pub mod any_file;
mod any_file_columns;
mod any_file_key;
mod any_file_open;
mod any_file_reader;
mod any_file_room;
mod cell_text;
mod clixml;
pub mod cmpivot;
mod fixed_width;
pub mod format;
pub mod future;
mod headings;
pub mod health_checker;
mod health_checker_os;
mod health_checker_tls;
mod hotfix_json;
pub mod hotfix_list;
mod hotfix_pending;
mod hotfix_rows;
pub mod inspec;
mod inspec_results;
mod inspec_sentence;
pub mod join;
mod kit_columns;
mod lines;
pub mod local_time;
pub mod mapping;
pub mod meaning;
mod moment;
mod naming;
pub mod osquery;
mod osquery_draft;
mod osquery_host;
mod osquery_rows;
mod pivot_guess;
mod pivot_query;
mod powershell_json;
mod reading_time;
pub mod run_scripts;
mod same_device;
pub mod systeminfo;
mod systeminfo_csv;
mod systeminfo_dates;
mod systeminfo_labels;
mod systeminfo_machine;
pub mod table;
mod table_cells;
mod updates;
pub mod wide;
mod with_time;

pub use any_file::{read, with_time};
pub use format::{Format, recognise};

use super::document::Document;

mod reg_data;
mod reg_device;
pub mod reg_export;
mod reg_kit;
mod reg_lines;
mod reg_machine;
mod reg_order;
mod reg_paths;
pub mod reg_query;
mod reg_question;
mod reg_refused;
mod reg_sections;
mod reg_system;
mod reg_values;

/// What one file says of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// Where it stands in the file, for people: `line 14`, `lines 2 to 9`, `the whole file`.
    pub place: String,
    /// What it says.
    pub document: Document,
    /// What people should know: contradictions, cut lists, values without a type. Whole sentences.
    pub notes: Vec<String>,
    /// The source answers for every device it reached, whatever is on it (CMPivot's `OperatingSystem`). That says
    /// nothing of another query, which the device may not have answered.
    pub answered: bool,
    /// A complete report document that stood in the file, taken as it came; `document` then only says whom it is about.
    pub raw: Option<Vec<u8>>,
}

/// Something in a file that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands in the file, for people.
    pub place: String,
    /// What is wrong, and the remedy, in plain sentences.
    pub detail: String,
    /// What stood there, for inspection; at most [`RAW_KEPT`] bytes.
    pub raw: Vec<u8>,
}

/// Most bytes of refused material that are kept.
pub const RAW_KEPT: usize = 64 * 1024;

impl Refused {
    /// Keeps as much of the raw material as is kept of any.
    pub(crate) fn new(place: String, detail: impl Into<String>, raw: &[u8]) -> Self {
        Self {
            place,
            detail: detail.into(),
            raw: raw.get(..RAW_KEPT).unwrap_or(raw).to_vec(),
        }
    }
}

/// A file to read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, without folders.
    pub name: &'a str,
    /// Its text, decoded to UTF-8 without byte-order mark.
    pub text: &'a str,
    /// Whom it is about, when somebody said so. Some files (`.reg`) name no device at all; then the reader takes this,
    /// or else the file's name without its ending.
    pub device: Option<&'a str>,
}

/// What a file as a whole says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// What people should know about the file. Whole sentences.
    pub notes: Vec<String>,
    /// Devices that were asked, and that answered, where the file says so.
    pub asked: Option<u64>,
    /// See `asked`.
    pub answered: Option<u64>,
}

/// Why a file as a whole cannot be read: plain sentences with the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Where pieces go. Called in the order of the file.
pub type Sink<'s> = dyn FnMut(Result<Piece, Refused>) + 's;
