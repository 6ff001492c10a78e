//! Lists of clients: one filter, one order (by name), read by pages, API and exports alike.

use super::{
    Store,
    db::{Composed, Tx},
    error::{Error, Result},
    identify,
    model::{ClientRow, Filter, ListPage, Listing},
    narrowing::{Growing, from_counts, pieces},
};
use crate::domain::{
    identity::ClientIds,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const COLUMNS: &str = "SELECT id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
 owner, last_contact, listing, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since,
 collected_at, received_at, stale_at, future, duplicate FROM clients WHERE estate = ?";

/// A client as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredClient {
    id: Vec<u8>,
    name: String,
    sort_key: String,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site: String,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    roles: String,
    owner: Option<String>,
    last_contact: Option<String>,
    listing: String,
    os_key: String,
    standing: String,
    verdict: Option<String>,
    impact: Option<String>,
    deciding: Option<String>,
    reasons: i64,
    warnings: i64,
    ruleset: String,
    verdict_since: Option<i64>,
    collected_at: Option<i64>,
    received_at: Option<i64>,
    pub(super) stale_at: Option<i64>,
    future: bool,
    duplicate: bool,
}

impl StoredClient {
    /// The statement's start: columns and the estate.
    pub(super) fn select() -> Composed {
        let mut text = Composed::default();
        text.push(COLUMNS);
        text
    }

    fn cursor(&self) -> String {
        let mut cursor = String::from("1");
        for byte in self.id.iter().chain(self.sort_key.as_bytes()) {
            cursor.push_str(&format!("{byte:02x}"));
        }
        cursor
    }

    pub(super) fn into_row(self) -> Result<ClientRow> {
        let broken = |what: &str| Error::Inconsistent {
            table: "clients",
            detail: format!("{what} of the client named {:?}", self.name),
        };
        let id = identify::from_bytes(&self.id).ok_or_else(|| broken("the id"))?;
        let standing = Standing::from_code(&self.standing).ok_or_else(|| broken("the standing"))?;
        let listing = Listing::from_code(&self.listing).ok_or_else(|| broken("the listing"))?;
        Ok(ClientRow {
            id: id.to_string(),
            ids: ClientIds {
                sms_guid: self.sms_guid,
                resource_id: self.resource_id,
                site_code: Some(self.site).filter(|site| !site.is_empty()),
                name: Some(self.name.clone()),
                fqdn: self.fqdn,
                smbios_guid: self.smbios_guid,
                serial_number: self.serial_number,
            },
            name: self.name,
            os_key: self.os_key,
            standing,
            verdict: self.verdict.as_deref().and_then(Standing::from_code),
            impact: self.impact.as_deref().and_then(Impact::from_code),
            deciding: self.deciding,
            reasons: self.reasons,
            warnings: self.warnings,
            collected_at: self.collected_at.map(Timestamp),
            received_at: self.received_at.map(Timestamp),
            since: self.verdict_since.map(Timestamp),
            ruleset: Some(self.ruleset).filter(|ruleset| !ruleset.is_empty()),
            listing,
            owner: self.owner,
            roles: self
                .roles
                .split(',')
                .filter(|role| !role.is_empty())
                .map(str::to_owned)
                .collect(),
            last_contact: self.last_contact,
            duplicate: self.duplicate,
            future: self.future,
        })
    }
}

/// Where a page starts: after this name and id.
struct After {
    sort_key: String,
    id: Vec<u8>,
}

fn read_cursor(cursor: &str) -> Result<After> {
    let foreign = || {
        Error::Input(
            "this cursor was not made by this server; start again without a cursor".to_owned(),
        )
    };
    let digits = cursor.strip_prefix('1').ok_or_else(foreign)?;
    if digits.len() < 32 || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return Err(foreign());
    }
    let bytes = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16))
        .collect::<std::result::Result<Vec<u8>, _>>()
        .map_err(|_| foreign())?;
    let (id, sort_key) = bytes.split_at(16);
    let sort_key = String::from_utf8(sort_key.to_vec()).map_err(|_| foreign())?;
    // PostgreSQL takes no NUL, and no name we keep has one.
    if sort_key.contains('\0') {
        return Err(foreign());
    }
    Ok(After {
        sort_key,
        id: id.to_vec(),
    })
}

impl Store {
    /// One page of the list a filter describes, and how long the whole list is; both from one snapshot.
    pub async fn list(
        &self,
        filter: &Filter,
        cursor: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let total = count(&mut tx, filter, now).await?;
        let (items, next_cursor) = page(&mut tx, filter, cursor, limit, now).await?;
        Ok(ListPage {
            items,
            next_cursor,
            total,
        })
    }

    /// How long the list is that a filter describes.
    pub async fn length(&self, filter: &Filter, now: Timestamp) -> Result<i64> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        count(&mut tx, filter, now).await
    }

    /// The whole list, a page at a time, from one snapshot: for exports in constant memory.
    pub async fn walk(&self, filter: Filter, now: Timestamp) -> Result<Walk> {
        self.sweep(now).await?;
        Ok(Walk {
            tx: self.db.read().await?,
            filter,
            now,
            cursor: None,
            done: false,
        })
    }
}

/// A list being read to its end.
#[derive(Debug)]
pub struct Walk {
    tx: Tx,
    filter: Filter,
    now: Timestamp,
    cursor: Option<String>,
    done: bool,
}

impl Walk {
    /// The next rows; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<ClientRow>>> {
        if self.done {
            return Ok(None);
        }
        let cursor = self.cursor.as_deref();
        let (rows, next) = page(&mut self.tx, &self.filter, cursor, 1_000, self.now).await?;
        self.done = next.is_none();
        self.cursor = next;
        Ok((!rows.is_empty()).then_some(rows))
    }
}

async fn page(
    tx: &mut Tx,
    filter: &Filter,
    cursor: Option<&str>,
    limit: usize,
    now: Timestamp,
) -> Result<(Vec<ClientRow>, Option<String>)> {
    let after = cursor.map(read_cursor).transpose()?;
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows: Vec<StoredClient> = Vec::new();
    let pieces = pieces(filter);
    for &piece in &pieces {
        let mut growing = Growing::new(StoredClient::select());
        growing.narrow(filter, piece, now);
        if let Some(after) = &after {
            growing.after(&after.sort_key, &after.id);
        }
        growing.first(wanted);
        rows.extend(growing.statement(tx).all::<StoredClient>().await?);
    }
    if pieces.len() > 1 {
        rows.sort_by(|a, b| (&a.sort_key, &a.id).cmp(&(&b.sort_key, &b.id)));
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more
        .then(|| rows.last().map(StoredClient::cursor))
        .flatten();
    let rows = rows
        .into_iter()
        .map(StoredClient::into_row)
        .collect::<Result<_>>()?;
    Ok((rows, next))
}

/// How many clients a filter lists: from the maintained counts where they can say it, else counted.
async fn count(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<i64> {
    if let Some(growing) = from_counts(filter) {
        return growing.statement(tx).scalar().await;
    }
    let mut total = 0;
    for piece in pieces(filter) {
        let mut text = Composed::default();
        text.push("SELECT COUNT(*) FROM clients WHERE estate = ?");
        let mut growing = Growing::new(text);
        growing.narrow(filter, piece, now);
        total += growing.statement(tx).scalar::<i64>().await?;
    }
    Ok(total)
}
