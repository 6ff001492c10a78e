//! The lines of a frozen record, read part by part from the database, so that a record of a million takes no memory; and the
//! names of a kept run, of which mostly the beginning is enough.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use serde_json::Value;
use tokio::runtime::Handle;

use super::{
    comparing::{self, Leftover, Wanted},
    running::broken,
};
use crate::{
    domain::cutover::{tally::Tally, whatif::Fate},
    store::{Result, Store, cutover::runs::KeptRun},
};

/// So many bytes of a run's names are got first: packed, thousands of them.
const BEGINNING: usize = 256 << 10;

/// A page of those of a kept run who are wanted, and how many there are. All names of a run are got only where its beginning does
/// not tell.
///
/// # Errors
/// The store failed, or the run cannot be read.
pub async fn names(
    store: &Store,
    run: &KeptRun,
    tally: &Tally,
    wanted: &Wanted,
    length: usize,
) -> Result<(Vec<Leftover>, usize)> {
    let page = async |body: Vec<u8>| {
        let (tally, wanted) = (tally.clone(), wanted.clone());
        // Reading it is work, and not for the thread that answers.
        let work =
            tokio::task::spawn_blocking(move || comparing::page(&body, &tally, &wanted, length));
        let read = work.await.map_err(io::Error::other);
        read.and_then(|page| page.map_err(io::Error::other))
    };
    // What is cut off in the middle ends in an error, so that nobody is missing from a page that is whole.
    let most = i64::try_from(BEGINNING).unwrap_or(i64::MAX);
    let beginning = store.run_body_beginning(&run.scope, &run.id, most).await?;
    if let Ok(page) = page(beginning).await {
        return Ok(page);
    }
    let whole = store.run_body(&run.scope, &run.id).await?;
    page(whole).await.map_err(|error| broken(&error))
}

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
