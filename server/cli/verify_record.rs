//! `cutover verify` of a decision: whether the record of a decision is what was signed; offline, and in constant memory.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

use super::{Error, out::say};
use crate::domain::cutover::{
    record::Decided,
    verify::{Reading, Verified},
};

/// Longest line that is read, in bytes; heads name every exception.
const LONGEST: u64 = 64 << 20;

/// Bytes that are looked at to tell what a file is; heads of records with many exceptions are longer.
const LOOKED_AT: u64 = 1 << 20;

/// Whether a file looks like the record of a decision. It is told by more than one name in it, so that a changed byte does
/// not make another thing of it.
pub fn is_record(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| {
        let mut file = BufReader::new(file).take(LOOKED_AT);
        file.read_until(b'\n', &mut start)
    });
    let has = |name: &[u8]| start.windows(name.len()).any(|part| part == name);
    read.is_ok()
        && (has(b"cutover-decision") || has(b"\"recommendation\":") || has(b"\"freshness_days\":"))
}

/// Reads a record with suspicion.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn verify_record(path: &Path, key: Option<&str>) -> Result<Verified, String> {
    let unread = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut file = BufReader::new(File::open(path).map_err(unread)?);
    let mut line = Vec::new();
    let mut reading: Option<Reading> = None;
    loop {
        line.clear();
        let length = file
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .map_err(unread)?;
        if length == 0 {
            break;
        }
        match &mut reading {
            None => reading = Some(Reading::of(&line)?),
            Some(reading) => reading.take(&line)?,
        }
    }
    reading.ok_or("The file is empty.")?.end(key)
}

/// Runs the command.
///
/// # Errors
/// The record is not what was signed.
pub fn run(path: &Path, key: Option<&str>) -> Result<(), Error> {
    let key = key.map(|key| key.trim().to_ascii_lowercase());
    let found = verify_record(path, key.as_deref()).map_err(Error::Failed)?;
    let before = if found.before.is_empty() {
        "none, it is the first".to_owned()
    } else {
        found.before
    };
    say(&format!(
        "The record is what was signed.\n  record    {}\n  scope     {}\n  decision  {}, by {}, at {}\n  clients   {}\n  hash      {}\n  before    {before}\n  key       {}{}\n",
        found.number,
        found.scope,
        Decided::from_code(&found.decided)
            .map_or(found.decided.as_str(), |known| known.said(found.ground)),
        found.by,
        found.at,
        found.clients,
        found.hash,
        found.key,
        if key.is_some() {
            ""
        } else {
            "\nNobody has said with which key it must be signed; compare the key above with the one that the server shows, or give --key."
        },
    ))
}
