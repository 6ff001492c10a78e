//! The audit log, for people who may read it: the page, the list for programs of theirs, and the way into both.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::Person,
    pages::{html, layout},
    polled::{self, Polled},
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each, unknown},
};
use crate::{
    clock,
    domain::{
        access::Permission,
        audit::Written,
        audit_chain::{Numbered, hex, unhex},
        days,
        forecast::day_named,
        time::Timestamp,
    },
    error::Problem,
    state::App,
    store::audit_log::{AuditFilter, audit_cursor},
    views::{
        Nav,
        audit::{AuditPage, Narrowed},
    },
};

/// Entries on a page.
const SHOWN: i64 = 100;
/// Names that an address may have.
const NAMES: [&str; 7] = ["who", "deed", "subject", "from", "to", "cursor", "limit"];

/// Whether somebody may read the audit log. It is of the whole estate, so whoever is limited to sites may not.
///
/// # Errors
/// 403: not this person.
pub fn may_read(person: &Person) -> Result<(), Problem> {
    if !person.role.may(Permission::ReadAudit) {
        return Err(Problem::Forbidden(
            "The audit log is for auditors and administrators.".to_owned(),
        ));
    }
    if person.sites.limit().is_some() {
        return Err(Problem::Forbidden(
            "The audit log is of all sites, and your account is limited to some.".to_owned(),
        ));
    }
    Ok(())
}

/// The audit log as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Which entries.
    pub filter: AuditFilter,
    narrowed: Narrowed,
    before: Option<String>,
    limit: Option<i64>,
}

impl<S: Send + Sync> FromRequestParts<S> for AuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut query = Self::default();
        let text = parts.uri.query().unwrap_or_default();
        each(text, Once::default(), Empty::MeansAny, |name, value| {
            query.apply(name, value)
        })
        .map_err(Problem::Invalid)?;
        Ok(query)
    }
}

impl AuditQuery {
    fn apply(&mut self, name: &str, value: String) -> Result<(), String> {
        let day = |value: &str| {
            day_named(value).ok_or_else(|| "must be a date such as 2026-11-23".to_owned())
        };
        match name {
            "who" => {
                self.narrowed.who.clone_from(&value);
                self.filter.who = Some(value);
            }
            "deed" => {
                self.narrowed.deed.clone_from(&value);
                self.filter.deed = Some(value);
            }
            "subject" => {
                self.narrowed.subject.clone_from(&value);
                self.filter.subject = Some(value);
            }
            "from" => {
                self.filter.from = Some(days::start_of(day(&value)?).0);
                self.narrowed.from = value;
            }
            "to" => {
                self.filter.until = Some(days::start_of(day(&value)?.saturating_add(1)).0);
                self.narrowed.to = value;
            }
            "cursor" => self.before = Some(value),
            "limit" => {
                let most = i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX);
                self.limit = Some(
                    value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=most).contains(limit))
                        .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?,
                );
            }
            _ => return Err(unknown(name, &NAMES)),
        }
        Ok(())
    }

    fn before(&self) -> Result<Option<i64>, Problem> {
        let cursor = self.before.as_deref().map(audit_cursor).transpose();
        cursor.map_err(Problem::from)
    }
}

/// `/audit`
pub async fn page(
    State(app): State<App>,
    person: Person,
    query: AuditQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    may_read(&person)?;
    let found = app
        .store()
        .audit_page(&query.filter, query.before()?, SHOWN)
        .await?;
    let layout = layout(&app, Nav::Audit, Some(&person), Some(&headers));
    html(&AuditPage::new(
        layout,
        &found,
        query.narrowed,
        query.before.is_some(),
    ))
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditList)]
pub(super) struct AuditAnswer {
    items: Vec<AuditEntry>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Entries in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
    head: AuditHead,
}

impl Polled for AuditAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// The newest entry of the log, whatever the filter; note its hash down to hold the log against it later.
#[derive(Serialize, ToSchema)]
struct AuditHead {
    /// Its number; 0: there is none.
    seq: i64,
    /// Its hash; empty: there is none.
    hash: String,
}

/// An entry of the audit log.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Its number; they have no gaps.
    seq: i64,
    /// When it was done.
    #[schema(format = DateTime)]
    at: String,
    /// Kind of who did it: `person`, `token`, `command` (a command on the server's machine), `server`.
    kind: String,
    /// Who did it.
    actor: String,
    /// From which address; empty: not over the network.
    address: String,
    /// What was done.
    deed: String,
    /// To what.
    subject: String,
    /// What it was before.
    old: Option<String>,
    /// What it is now.
    new: Option<String>,
    /// Why, in the words of whoever did it.
    why: Option<String>,
    /// SHA-256 over the entry, its number and the hash of the entry before.
    hash: String,
}

impl From<Numbered> for AuditEntry {
    fn from(entry: Numbered) -> Self {
        let Written {
            at,
            kind,
            actor,
            address,
            deed,
            subject,
            old,
            new,
            why,
        } = entry.written;
        Self {
            seq: entry.seq,
            at: Timestamp(at).to_string(),
            kind,
            actor,
            address,
            deed,
            subject,
            old,
            new,
            why,
            hash: hex(&entry.hash),
        }
    }
}

impl AuditEntry {
    /// Back as it was written down.
    ///
    /// # Errors
    /// Its time or its hash is none.
    pub fn numbered(self) -> Result<Numbered, String> {
        Ok(Numbered {
            seq: self.seq,
            hash: unhex(&self.hash).ok_or_else(|| "its hash is none".to_owned())?,
            written: Written {
                at: Timestamp::parse(&self.at)?.0,
                kind: self.kind,
                actor: self.actor,
                address: self.address,
                deed: self.deed,
                subject: self.subject,
                old: self.old,
                new: self.new,
                why: self.why,
            },
        })
    }
}

/// `GET /audit`, for programs of people: a token of any purpose is refused.
pub async fn list(
    State(app): State<App>,
    person: Result<Person, Problem>,
    query: Result<AuditQuery, Problem>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = person.map_err(|problem| match problem {
        Problem::Forbidden(_) => Problem::Forbidden(
            "The audit log is for people who have signed in; no token reads it.".to_owned(),
        ),
        other => other,
    })?;
    may_read(&person)?;
    let query = query?;
    let limit = query
        .limit
        .unwrap_or_else(|| i64::try_from(DEFAULT_LIMIT).unwrap_or(SHOWN));
    let page = app
        .store()
        .audit_page(&query.filter, query.before()?, limit)
        .await?;
    let answer = AuditAnswer {
        items: page.items.into_iter().map(AuditEntry::from).collect(),
        next_cursor: page.next.map(|seq| format!("a{seq}")),
        total: page.total,
        as_of: clock::now().to_string(),
        head: AuditHead {
            seq: page.head.seq,
            hash: hex(&page.head.hash),
        },
    };
    polled::json(&headers, answer)
}
