//! The lines of a frozen record, read part by part from the database, so that a record of a million takes no memory.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use serde_json::Value;
use tokio::runtime::Handle;

use crate::{domain::cutover::whatif::Fate, store::Store};

/// The compressed lines of a record; for a thread that may wait.
pub struct Parts {
    store: Store,
    number: i64,
    part: i64,
    waiting: VecDeque<u8>,
    handle: Handle,
}

impl Read for Parts {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.waiting.is_empty() {
            let next = self
                .handle
                .block_on(self.store.decision_part(self.number, self.part));
            self.part += 1;
            self.waiting
                .extend(next.map_err(io::Error::other)?.unwrap_or_default());
        }
        self.waiting.read(into)
    }
}

/// The lines of a record, for a thread that may wait.
///
/// # Errors
/// They are not what was written.
pub fn lines(store: &Store, number: i64) -> io::Result<zstd::Decoder<'static, BufReader<Parts>>> {
    zstd::Decoder::new(Parts {
        store: store.clone(),
        number,
        part: 0,
        waiting: VecDeque::new(),
        handle: Handle::current(),
    })
}

/// Each line of a record as JSON, one at a time, until there were enough; for a thread that may wait.
///
/// # Errors
/// They are not what was written, or `each` failed.
pub fn each_line(
    store: &Store,
    number: i64,
    mut each: impl FnMut(Value) -> io::Result<ControlFlow<()>>,
) -> io::Result<()> {
    for line in BufReader::new(lines(store, number)?).lines() {
        if each(serde_json::from_str(&line?).map_err(io::Error::other)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// A text of a line.
pub fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

/// The fate of a line. What cannot be read is nothing good.
pub fn fate(line: &Value) -> Fate {
    Fate::from_code(&text(line, "fate")).unwrap_or(Fate::CannotSay)
}
