//! What the sweep says: a line for each file on standard output, everything else on standard error.

use std::{ffi::OsStr, io::Write as _};

use super::{
    super::Error,
    names::{harmless, shown},
};

/// Characters of one line about a file.
const MOST: usize = 600;

/// One line about a file: what happened, its name, more words.
///
/// # Errors
/// Nobody takes the output any more.
pub fn line(what: &str, name: &OsStr, words: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}\t{}\t{}", shown(name), harmless(words, MOST))
        .and_then(|()| out.flush())
        .map_err(|_| Error::Said)
}

/// A sentence that is about no single file.
pub fn note(words: &str) {
    // Nobody reading it is no reason to stop.
    drop(writeln!(
        std::io::stderr().lock(),
        "cutover sweep: {}",
        harmless(words, MOST)
    ));
}
