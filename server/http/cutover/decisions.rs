//! Frozen decisions: their page, the signed record, the sheet for the board, the calendar.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::{runtime::Handle, sync::mpsc};

use super::{
    super::{
        auth::Person,
        pages::{html, layout},
        query::Named,
    },
    base_of,
    pages::{compact, stamp},
    sees_all,
};
use crate::{
    clock,
    cutovers::{
        comparing::{Before, Difference},
        running,
    },
    domain::{
        assess::os_label,
        cutover::whatif::{Because, Fate},
        forecast::day_named,
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::{Store, cutover::decisions::Decision},
    views::{
        Nav, Page as _,
        cutover::{
            decision::{DecisionPage, Frozen, FrozenLeftover, SheetPage},
            parts::Moved,
        },
    },
};

/// Up to so many clients a page compares by itself; more take their time, and somebody has to ask.
const COMPARED: u64 = 20_000;
/// Leftovers on the sheet.
const ON_SHEET: usize = 2_000;

/// The compressed lines of a record, read part by part from the database; for a thread that may wait.
struct Parts {
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

fn lines(store: &Store, number: i64) -> io::Result<zstd::Decoder<'static, BufReader<Parts>>> {
    zstd::Decoder::new(Parts {
        store: store.clone(),
        number,
        part: 0,
        waiting: VecDeque::new(),
        handle: Handle::current(),
    })
}

async fn found(app: &App, number: &str) -> Result<(Decision, Value), Problem> {
    let nothing = || Problem::NotFound("There is no decision of this number.".to_owned());
    let number: i64 = number.parse().map_err(|_| nothing())?;
    let decision = app.store().decision(number).await?.ok_or_else(nothing)?;
    let head = serde_json::from_str(&decision.head).map_err(|error| {
        tracing::error!(%error, number, "the head of a decision cannot be read");
        Problem::Internal
    })?;
    Ok((decision, head))
}

/// `GET /cutover/decisions/{number}`; `?compare=1` compares large ones, too.
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    sees_all(&person.sites)?;
    let (decision, head) = found(&app, &number).await?;
    let large = head["lines"]["count"].as_u64().unwrap_or(u64::MAX) > COMPARED;
    let asked = query.as_deref() == Some("compare=1");
    let (moved, unmoved) = if large && !asked {
        (
            None,
            format!(
                "This record is large. Add ?compare=1 to the address to compare it; that takes a while. Records of up to {COMPARED} clients are compared by themselves."
            ),
        )
    } else {
        compared(&app, &decision).await?
    };
    let own_key = app.signer().public().unwrap_or_else(|error| {
        tracing::error!(error, "the key for decisions is not available");
        "not available".to_owned()
    });
    let layout = layout(&app, Nav::Cutover, Some(&person.name), Some(&headers));
    html(&DecisionPage {
        layout,
        frozen: Frozen::new(&decision, &head),
        moved,
        unmoved,
        own_key,
    })
}

/// Who is not safe now and was then, and the other way round, by the scope as it is now.
async fn compared(app: &App, decision: &Decision) -> Result<(Option<Moved>, String), Problem> {
    let Some(scope) = app.store().scope(&decision.scope).await? else {
        return Ok((
            None,
            "The scope is gone, so nobody can say what has changed.".to_owned(),
        ));
    };
    let store = app.store().clone();
    let number = decision.number;
    let before = tokio::task::spawn_blocking(move || {
        Before::of_record(lines(&store, number).map_err(|error| error.to_string())?)
    });
    let mut before = before
        .await
        .map_err(|_| Problem::Internal)?
        .map_err(|error| {
            tracing::error!(error, number, "the lines of a decision cannot be read");
            Problem::Internal
        })?;
    let mut difference = Difference::default();
    let base = base_of(&scope)?;
    let now = clock::now();
    running::run(
        app.store(),
        app.judge(),
        &scope,
        &base,
        now,
        |known, found| {
            if found.fate != Fate::Safe {
                before.meet(&known.id, &known.name, &mut difference);
            }
            Ok(())
        },
    )
    .await?;
    before.end(&mut difference);
    let moved = Moved::new(
        (&difference.more, difference.more_count),
        (&difference.fewer, difference.fewer_count),
    );
    if difference.more_count + difference.fewer_count == 0 {
        return Ok((None, "Nothing: the same clients are not safe.".to_owned()));
    }
    Ok((
        Some(moved),
        "The record itself has not moved. This compares it with the scope and the rules of today."
            .to_owned(),
    ))
}

fn attached(name: &str, kind: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// `GET /cutover/decisions/{number}/record`: the signed file, streamed.
pub async fn record(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    sees_all(&person.sites)?;
    let (decision, _) = found(&app, &number).await?;
    let name = format!("decision-{}.ndjson", decision.number);
    Ok(attached(
        &name,
        "application/x-ndjson",
        whole(&app, decision),
    ))
}

fn whole(app: &App, decision: Decision) -> Body {
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

/// `GET /cutover/decisions/{number}/sheet`: one file for the board that needs nothing else.
pub async fn sheet(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    sees_all(&person.sites)?;
    let (decision, head) = found(&app, &number).await?;
    let store = app.store().clone();
    let n = decision.number;
    let left = tokio::task::spawn_blocking(move || -> io::Result<(Vec<FrozenLeftover>, usize)> {
        let mut rows = Vec::new();
        let mut count = 0;
        for line in BufReader::new(lines(&store, n)?).lines() {
            let value: Value = serde_json::from_str(&line?).map_err(io::Error::other)?;
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let fate = Fate::from_code(&text("fate")).unwrap_or(Fate::CannotSay);
            if fate == Fate::Safe {
                continue;
            }
            count += 1;
            if rows.len() < ON_SHEET {
                rows.push(FrozenLeftover {
                    name: text("name"),
                    site: text("site"),
                    os: os_label(&text("os")),
                    owner: text("owner"),
                    fate: fate.words(),
                    because: Because::from_code(&text("because")).map_or("", Because::words),
                });
            }
        }
        Ok((rows, count))
    });
    let (leftovers, count) = left
        .await
        .map_err(|_| Problem::Internal)?
        .map_err(|error| {
            tracing::error!(%error, "the lines of a decision cannot be read");
            Problem::Internal
        })?;
    let page = SheetPage {
        frozen: Frozen::new(&decision, &head),
        leftovers,
        count,
    };
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a sheet could not be rendered");
        Problem::Internal
    })?;
    let name = format!("decision-{}.html", decision.number);
    Ok(attached(&name, "text/html; charset=utf-8", text.into()))
}

/// `GET /cutover/decisions/{number}/calendar`: the planned day as an entry of a calendar.
pub async fn calendar(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    sees_all(&person.sites)?;
    let (decision, head) = found(&app, &number).await?;
    let day = head["scope"]["planned"].as_str().and_then(day_named);
    let day =
        day.ok_or_else(|| Problem::NotFound("No day was planned in this decision.".to_owned()))?;
    let frozen = Frozen::new(&decision, &head);
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//cutover//decision//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!(
            "UID:decision-{}-{}@cutover",
            decision.number,
            decision.hash.get(..16).unwrap_or_default()
        ),
        format!("DTSTAMP:{}", stamp(Timestamp(decision.decided_at))),
        format!("DTSTART;VALUE=DATE:{}", compact(day)),
        format!("DTEND;VALUE=DATE:{}", compact(day + 1)),
        format!(
            "SUMMARY:{}",
            ics(&format!("{}: {}", frozen.decided, frozen.name))
        ),
        format!(
            "DESCRIPTION:{}",
            ics(&format!(
                "Record {} with hash {}. {} {}",
                decision.number, decision.hash, frozen.blast.range, frozen.conditions
            ))
        ),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let text: String = lines.iter().map(|line| folded(line)).collect();
    let name = format!("decision-{}.ics", decision.number);
    Ok(attached(&name, "text/calendar; charset=utf-8", text.into()))
}

/// A text as RFC 5545 has it.
fn ics(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
}

/// Lines of at most 75 bytes, as RFC 5545 has them.
fn folded(line: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > 73 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(letter);
        length += letter.len_utf8();
    }
    out.push_str("\r\n");
    out
}
