//! `cutover verify`: whether the audit log hangs together, in the database or in a file that was taken away; and whether
//! the record of a decision is what was signed.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Error, out::say, verify_record};
use crate::{
    config::DatabaseArgs,
    domain::{
        audit_chain::{self, Chain, Found, Link, hex},
        time::Timestamp,
    },
    http::{
        audit::AuditEntry,
        audit_export::{Foot, Head, KIND},
    },
    store::Store,
};

/// Bytes of a line at most; what the server writes is much shorter.
const LONGEST_LINE: u64 = 1 << 20;

/// Verify the audit log, or the record of a decision.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// A whole log as NDJSON, as the page Audit log gives it, or the signed record of a decision, as its page gives it
    /// [default: the log in the database]
    file: Option<PathBuf>,
    /// A hash that was noted down earlier, or its first 32 digits or more: the entry that has it must still be there
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// Of a record: the public key that has to have signed it, in hexadecimal digits; get it by another way than the file
    #[arg(
        long,
        value_name = "PUBLIC",
        requires = "file",
        conflicts_with = "head"
    )]
    key: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// `cutover verify`
///
/// # Errors
/// The log does not hang together, or it cannot be read.
pub async fn run(args: VerifyArgs) -> Result<(), Error> {
    if let Some(path) = args
        .file
        .as_deref()
        .filter(|path| args.head.is_none() && verify_record::is_record(path))
    {
        return verify_record::run(path, args.key.as_deref());
    }
    if args.key.is_some() {
        return Err(Error::Failed(
            "this is no record of a decision, and nothing else is signed with a key".to_owned(),
        ));
    }
    let noted = args
        .head
        .as_deref()
        .map(audit_chain::noted)
        .transpose()
        .map_err(Error::Usage)?;
    let found = if let Some(path) = &args.file {
        of_file(path, noted).map_err(|why| Error::Failed(format!("{}: {why}", path.display())))?
    } else {
        let database = args.database.settle_existing().map_err(Error::Failed)?;
        let store = Store::open(&database.url).await?;
        store.verify_audit(noted).await?
    };
    told(&found)
}

fn told(found: &Found) -> Result<(), Error> {
    let span = found.span.map_or_else(String::new, |(first, last)| {
        format!(", from {} to {}", Timestamp(first), Timestamp(last))
    });
    let entries = match found.entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    };
    say(&format!("{entries}{span}"))?;
    say(&format!(
        "head {} {}",
        found.head.seq,
        hex(&found.head.hash)
    ))?;
    if let Some(seq) = found.noted_at {
        say(&format!("noted {seq}"))?;
    }
    if found.faults.is_empty() {
        eprintln!("The log hangs together: nothing in it was changed, taken out or added.");
        return Ok(());
    }
    for fault in &found.faults {
        say(&fault.to_string())?;
    }
    if found.more_faults > 0 {
        say(&format!(
            "{} more of this kind are not listed.",
            found.more_faults
        ))?;
    }
    eprintln!("cutover: the audit log does not hang together");
    Err(Error::Said)
}

/// A line behind the first: an entry, or the last one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Entry(Box<AuditEntry>),
    Foot(Foot),
}

fn of_file(path: &Path, noted: Option<String>) -> Result<Found, String> {
    let file = File::open(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    of_lines(BufReader::new(file), noted)
}

/// Reads an exported log from its first line to its last, one in memory at a time.
///
/// # Errors
/// It is no whole log; the message names the line.
pub fn of_lines(mut file: impl BufRead, noted: Option<String>) -> Result<Found, String> {
    let no_log = || {
        "this is no audit log of cutover and no record of a decision; take the whole log from the page Audit log as NDJSON, a record from the page of its decision"
            .to_owned()
    };
    let first = line(&mut file, 1)?.ok_or_else(no_log)?;
    let head: Head = serde_json::from_slice(&first).map_err(|_| no_log())?;
    if head.file != KIND {
        return Err(no_log());
    }
    if !head.whole {
        return Err(
            "these are chosen entries, which say nothing of those between them; only the whole log can be verified: take \
             it from the page Audit log without a filter"
                .to_owned(),
        );
    }
    let broken = |number: u64, why: &str| format!("line {number}: {why}");
    let after = head
        .after
        .link()
        .ok_or_else(|| broken(1, "the hash is none"))?;
    let mut chain = Chain::behind(after).expecting(noted);
    let (mut number, mut entries) = (1_u64, 0_u64);
    let end: Link = loop {
        number += 1;
        let Some(text) = line(&mut file, number)? else {
            return Err(
                "the last line is missing, so the file is not whole; take it away once more"
                    .to_owned(),
            );
        };
        let read = serde_json::from_slice(&text)
            .map_err(|_| broken(number, "this is no entry; the line was changed"))?;
        match read {
            Line::Entry(entry) => {
                entries += 1;
                let entry = entry.numbered().map_err(|why| broken(number, &why))?;
                chain.take(&entry);
            }
            Line::Foot(foot) => {
                if foot.entries != entries {
                    return Err(broken(
                        number,
                        &format!(
                            "the file says that it has {} entries, and has {entries}",
                            foot.entries
                        ),
                    ));
                }
                break foot
                    .head
                    .link()
                    .ok_or_else(|| broken(number, "the hash is none"))?;
            }
        }
    };
    if line(&mut file, number + 1)?.is_some() {
        return Err(broken(
            number + 1,
            "something stands behind the last line of the log",
        ));
    }
    Ok(chain.end(&end))
}

fn line(file: &mut impl BufRead, number: u64) -> Result<Option<Vec<u8>>, String> {
    let mut text = Vec::new();
    file.by_ref()
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut text)
        .map_err(|error| format!("line {number} cannot be read: {error}"))?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() as u64 == LONGEST_LINE && text.last() != Some(&b'\n') {
        return Err(format!(
            "line {number}: it is longer than any line of such a log"
        ));
    }
    Ok(Some(text))
}
