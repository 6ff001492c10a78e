//! What pages and downloads take of a frozen record.

use std::{
    io::{self, Read as _},
    ops::ControlFlow,
};

use axum::body::{Body, Bytes};
use serde_json::Value;

use super::super::whole::{Pieces, read_aside};
use crate::{
    cutovers::{
        comparing::Wanted,
        kept::{each_line, fate, lines, text},
    },
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
    store::cutover::decisions::Decision,
    views::cutover::{parts::Name, scope::LeftoverRow},
};

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
            let row = LeftoverRow {
                name: Name::seen(&text(&line, "id"), &text(&line, "name"), &site, &sites),
                fate: fate.words(),
                because: Because::from_code(&text(&line, "because")).map_or("", Because::words),
                owner: text(&line, "owner"),
                os: os_label(&text(&line, "os")),
                site,
            };
            rows.push(row.seen_by(&sites));
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
pub(super) fn whole(app: &App, decision: Decision) -> Result<Body, Problem> {
    let store = app.store().clone();
    let number = decision.number;
    let line = |text: String| Bytes::from(format!("{text}\n"));
    let read = move |pieces: &Pieces| {
        let mut lines = lines(&store, number)?;
        loop {
            let mut bytes = Vec::new();
            if lines.by_ref().take(64 << 10).read_to_end(&mut bytes)? == 0 {
                return Ok(());
            }
            pieces.put(bytes)?;
        }
    };
    read_aside(line(decision.head), read, line(decision.foot))
}
