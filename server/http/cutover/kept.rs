//! The lines of a frozen record, read part by part from the database, so that a record of a million takes no memory.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    cutovers::comparing::Wanted,
    domain::{
        access::Sites,
        assess::os_label,
        cutover::{
            tally::Tally,
            whatif::{Because, Fate},
        },
    },
    error::Problem,
    state::App,
    store::{Store, cutover::decisions::Decision},
    views::cutover::{parts::Name, scope::LeftoverRow},
};

/// The compressed lines of a record; for a thread that may wait.
pub(super) struct Parts {
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
pub(super) fn lines(
    store: &Store,
    number: i64,
) -> io::Result<zstd::Decoder<'static, BufReader<Parts>>> {
    zstd::Decoder::new(Parts {
        store: store.clone(),
        number,
        part: 0,
        waiting: VecDeque::new(),
        handle: Handle::current(),
    })
}

/// Each line of a record as JSON, one at a time, until there were enough; for a thread that may wait.
pub(super) fn each_line(
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

/// Reading a record is work, and not for the thread that answers.
pub(super) async fn aside<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Problem::Internal)?.map_err(|error| {
        tracing::error!(%error, "what was kept of a scope cannot be read");
        Problem::Internal
    })
}

/// A text of a line.
pub(super) fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

/// The fate of a line. What cannot be read is nothing good.
pub(super) fn fate(line: &Value) -> Fate {
    Fate::from_code(&text(line, "fate")).unwrap_or(Fate::CannotSay)
}

/// The first of those who were not safe, and how many there were: the head of the record says it, so that nothing is read
/// behind them.
pub(super) async fn leftovers(
    app: &App,
    number: i64,
    head: &Value,
    sites: &Sites,
    most: usize,
) -> Result<(Vec<LeftoverRow>, usize), Problem> {
    let store = app.store().clone();
    let sites = sites.clone();
    let known = Wanted::default().known_total(&Tally::read(&head["tally"]));
    let count = known.unwrap_or_default();
    if count == 0 {
        return Ok((Vec::new(), 0));
    }
    aside(move || {
        let mut rows = Vec::new();
        each_line(&store, number, |line| {
            let fate = fate(&line);
            if fate == Fate::Safe {
                return Ok(ControlFlow::Continue(()));
            }
            let site = text(&line, "site");
            rows.push(LeftoverRow {
                name: Name::seen(&text(&line, "id"), &text(&line, "name"), &site, &sites),
                fate: fate.words(),
                because: Because::from_code(&text(&line, "because")).map_or("", Because::words),
                owner: text(&line, "owner"),
                os: os_label(&text(&line, "os")),
                site,
            });
            Ok(if rows.len() == most || rows.len() == count {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok::<_, io::Error>((rows, count))
    })
    .await
}

/// The whole record as a file: head, lines, foot.
pub(super) fn whole(app: &App, decision: Decision) -> Body {
    let store = app.store().clone();
    let number = decision.number;
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let mut lines = match lines(&store, number) {
            Ok(lines) => lines,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            let mut bytes = Vec::new();
            match lines.by_ref().take(64 << 10).read_to_end(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {
                    // Whoever reads may have gone away.
                    if sender.blocking_send(Ok(bytes.into())).is_err() {
                        return;
                    }
                }
                Err(error) => return drop(sender.blocking_send(Err(error))),
            }
        }
    });
    let line = |text: String| stream::iter([Ok(Bytes::from(format!("{text}\n")))]);
    let between = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Body::from_stream(
        line(decision.head)
            .chain(between)
            .chain(line(decision.foot)),
    )
}
