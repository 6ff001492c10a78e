//! Examples: what a server with a small fleet has answered, kept in files, and problems as the program makes them.
//!
//! `tests/it/contract/examples.rs` holds the files to what the server answers, and writes them anew when asked to.

use serde_json::Value;

use crate::{error::Problem, wire::FieldError};

/// Name and content of every file in `static/contract/examples`, by name.
const FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// A client of the examples.
pub const CLIENT: &str = "c7b284e4-1f17-8f19-9a0d-55548a8db702";
/// An upload of the examples.
pub const UPLOAD: &str = "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10";
/// An entry of the history of the examples.
pub const ENTRY: &str = "000000000000000000000000000000000000000000000001";

/// The example of a call's answer, or of `call.request`, in this media type.
pub(super) fn example(name: &str, media: &str) -> Option<Value> {
    let ending = ending_of(media)?;
    let file = format!("{name}.{ending}");
    let (_, content) = FILES.iter().find(|(name, _)| *name == file)?;
    if ending == "json" {
        return serde_json::from_slice(content).ok();
    }
    Some(String::from_utf8_lossy(content).into())
}

/// How a file of a media type ends.
fn ending_of(media: &str) -> Option<&'static str> {
    Some(match media {
        "application/json" => "json",
        "text/csv" => "csv",
        "application/x-ndjson" => "ndjson",
        "text/plain" => "txt",
        _ => return None,
    })
}

/// A problem with this status, as it is answered.
pub(super) fn problem(status: u16) -> Option<Problem> {
    let invalid = |pointer: &str, detail: &str| {
        Problem::Invalid(vec![FieldError {
            pointer: pointer.to_owned(),
            detail: detail.to_owned(),
        }])
    };
    let text = str::to_owned;
    Some(match status {
        400 => Problem::Malformed(text(
            "The request body broke off before its end; send it again.",
        )),
        401 => Problem::Unauthorized,
        403 => Problem::Forbidden(text(
            "This token is for ingest only; this call needs one for read.",
        )),
        404 => Problem::NotFound(text("There is no client with this id.")),
        406 => Problem::NotAcceptable(text(
            "This answer comes as application/json. Name that in Accept, or leave Accept out.",
        )),
        408 => Problem::TooSlow,
        409 => Problem::NeedsConfirmation(text(
            "With this list 10 of 40 clients would no longer be counted (10 never reported). Nothing was changed; confirm to put it in force. Send it again with ?confirm_shrink=10 and why=, a reason that is kept in the audit log.",
        )),
        410 => Problem::Gone(text(
            "This cursor is too old: some of what follows it was let go of. Ask once without a cursor, then fetch the whole list anew, and follow the new cursor. The setting keep_changes says for how many days changes are kept.",
        )),
        413 => Problem::TooLarge(text(
            "A request may have 64 MiB after decompression; send the reports in several requests.",
        )),
        415 => Problem::Unsupported(text(
            "A body may be plain, or compressed once with gzip or zstd.",
        )),
        422 => invalid("?limit", "must be a number from 1 to 1000"),
        429 => Problem::TooManyRequests {
            quota: 600,
            wait: 1,
        },
        500 => Problem::Internal,
        503 => Problem::Busy,
        _ => return None,
    })
}
