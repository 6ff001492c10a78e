//! Reads a SQLite file through once, so that the first reports after a start find it in memory.
//!
//! Every report of a large fleet looks up a client that nobody has asked about for a day. From a cold disk that is a
//! few reads, one after the other, by the one writer; from the system's page cache it is nothing.

use std::{fs::File, io::Read as _, path::PathBuf, thread};

/// Most that is read: beyond this the beginning would be forgotten again on the machines we are made for.
const AT_MOST: u64 = 4 << 30;
const PIECE: usize = 1 << 20;

/// Starts reading `file` in the background; nothing waits for it, and nothing depends on it.
pub(super) fn in_background(file: PathBuf) {
    let started = thread::Builder::new()
        .name("warm".to_owned())
        .spawn(move || match read_through(&file) {
            Ok(bytes) => tracing::debug!(bytes, "the database file was read through"),
            Err(error) => tracing::debug!(%error, "the database file could not be read through"),
        });
    if let Err(error) = started {
        tracing::debug!(%error, "the database file is not read through");
    }
}

fn read_through(file: &PathBuf) -> std::io::Result<u64> {
    let mut file = File::open(file)?.take(AT_MOST);
    let mut piece = vec![0; PIECE];
    let mut sum = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(sum),
            count => sum += count as u64,
        }
    }
}
