//! The audit log to take away: as a table, and as lines that `cutover verify` holds together without the server.
//!
//! The lines begin with one that says behind which entry they follow, and end with one that says which entry is the newest.
//! Both say whether the log is whole: a selection cannot be verified, and says so.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::{
    audit::{AuditEntry, AuditQuery, may_read},
    auth::Person,
    media,
    table::{csv_record, harmless},
    whole,
};
use crate::{
    clock,
    domain::{
        audit_chain::{Link, Numbered, hex, unhex},
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::audit_log::AuditWalk,
};

/// What tells these lines from others, with their version.
pub const KIND: &str = "cutover audit log 1";

const HEADINGS: [&str; 11] = [
    "seq", "at", "kind", "actor", "address", "deed", "subject", "old", "new", "why", "hash",
];

/// The first line.
#[derive(Debug, Deserialize, Serialize)]
pub struct Head {
    /// [`KIND`].
    pub file: String,
    /// When it was written.
    pub made_at: String,
    /// Every entry that is kept is in it.
    pub whole: bool,
    /// The last entry that was let go of; 0: none was.
    pub after: Place,
}

/// The last line.
#[derive(Debug, Deserialize, Serialize)]
pub struct Foot {
    /// Entries between the first line and this one.
    pub entries: u64,
    /// The newest entry of the log.
    pub head: Place,
}

/// The number and the hash of an entry.
#[derive(Debug, Deserialize, Serialize)]
pub struct Place {
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl Place {
    fn of(link: &Link) -> Self {
        Self {
            seq: link.seq,
            hash: hex(&link.hash),
        }
    }

    /// As a link of the chain; `None`: its hash is none.
    pub fn link(&self) -> Option<Link> {
        let hash = unhex(&self.hash)?;
        Some(Link {
            seq: self.seq,
            hash,
        })
    }
}

/// `/audit/log.csv`
pub async fn csv(
    State(app): State<App>,
    person: Person,
    query: AuditQuery,
) -> Result<Response, Problem> {
    may_read(&person)?;
    let walk = app.store().walk_audit(query.filter).await?;
    let head =
        csv_record(HEADINGS.map(str::to_owned).into_iter()).map_err(|_| Problem::Internal)?;
    let kind = "text/csv; charset=utf-8; header=present";
    Ok(streamed(walk, Form::Csv, head, kind, "csv"))
}

/// `/audit/log.ndjson`
pub async fn ndjson(
    State(app): State<App>,
    person: Person,
    query: AuditQuery,
) -> Result<Response, Problem> {
    may_read(&person)?;
    let walk = app.store().walk_audit(query.filter).await?;
    let head = Head {
        file: KIND.to_owned(),
        made_at: clock::now().to_string(),
        whole: walk.filter().is_everything(),
        after: Place::of(&walk.anchor),
    };
    let head = line(&head).map_err(|_| Problem::Internal)?;
    Ok(streamed(walk, Form::Lines, head, media::NDJSON, "ndjson"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Lines,
}

fn streamed(
    walk: AuditWalk,
    form: Form,
    head: Vec<u8>,
    kind: &'static str,
    ending: &str,
) -> Response {
    let pieces = stream::unfold(Some((walk, 0_u64)), move |at| async move {
        let (mut walk, count) = at?;
        let (piece, next) = match walk.next().await {
            Ok(Some(entries)) => {
                let count = count + u64::try_from(entries.len()).unwrap_or(u64::MAX);
                (written(entries, form), Some((walk, count)))
            }
            Ok(None) => (foot(&walk, form, count), None),
            Err(error) => {
                tracing::error!(%error, "an export of the audit log broke off");
                (Err(std::io::Error::other("the export broke off")), None)
            }
        };
        Some((piece.map(Bytes::from), next))
    })
    // The compressing layer asks once more after the end.
    .fuse();
    let mut response = whole::body(head, pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let file = format!("attachment; filename=\"cutover-audit.{ending}\"");
    if let Ok(value) = HeaderValue::from_str(&file) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, std::io::Error> {
    let mut line = serde_json::to_vec(value).map_err(std::io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}

fn written(entries: Vec<Numbered>, form: Form) -> Result<Vec<u8>, std::io::Error> {
    let mut out = Vec::with_capacity(entries.len() * 300);
    for entry in entries {
        out.extend(match form {
            Form::Lines => line(&AuditEntry::from(entry))?,
            Form::Csv => csv_record(cells(entry)).map_err(std::io::Error::other)?,
        });
    }
    Ok(out)
}

fn cells(entry: Numbered) -> impl Iterator<Item = String> {
    let said = entry.written;
    let texts = [
        said.kind,
        said.actor,
        said.address,
        said.deed,
        said.subject,
        said.old.unwrap_or_default(),
        said.new.unwrap_or_default(),
        said.why.unwrap_or_default(),
    ];
    let numbers = [entry.seq.to_string(), Timestamp(said.at).to_string()];
    let hash = hex(&entry.hash);
    numbers
        .into_iter()
        .chain(texts.into_iter().map(|text| harmless(&text)))
        .chain([hash])
}

fn foot(walk: &AuditWalk, form: Form, entries: u64) -> Result<Vec<u8>, std::io::Error> {
    match form {
        Form::Csv => Ok(Vec::new()),
        Form::Lines => line(&Foot {
            entries,
            head: Place::of(&walk.head),
        }),
    }
}
