//! What commands print.

use std::io::{ErrorKind, Write as _};

use super::Error;

/// Prints a line, or several, on standard output. Who reads no further, as `head` does, is no reason to fail.
///
/// # Errors
/// It cannot be written: the disk is full, say.
pub fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Failed(format!(
            "the output could not be written: {error}"
        ))),
        _ => Ok(()),
    }
}
