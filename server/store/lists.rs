//! Lists of clients: one filter, one order (by name), read by pages, API and exports alike.

use super::{
    ESTATE, Store,
    db::{Composed, Statement, Tx},
    error::{Error, Result},
    identify,
    model::{ClientRow, Filter, ListPage, Listing},
};
use crate::domain::{
    assess,
    identity::ClientIds,
    time::Timestamp,
    verdict::{Impact, Standing},
};

const COLUMNS: &str = "SELECT id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
 owner, last_contact, listing, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since,
 collected_at, received_at, future, duplicate FROM clients WHERE estate = ?";

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
    Ok(After {
        sort_key: String::from_utf8(sort_key.to_vec()).map_err(|_| foreign())?,
        id: id.to_vec(),
    })
}

enum Value {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
}

/// A statement that grows with the filter, and the values it binds.
struct Growing {
    text: Composed,
    values: Vec<Value>,
}

impl Growing {
    fn new(text: Composed) -> Self {
        Self {
            text,
            values: vec![Value::Int(ESTATE)],
        }
    }

    fn and(&mut self, piece: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push(piece);
        self.values.extend(values);
    }

    fn statement(self, tx: &mut Tx) -> Statement<'_> {
        let mut statement = tx.composed(self.text);
        for value in self.values {
            statement = match value {
                Value::Text(value) => statement.bind(value),
                Value::Int(value) => statement.bind(value),
                Value::Bytes(value) => statement.bind(value),
            };
        }
        statement
    }

    fn any_of(&mut self, start: &'static str, codes: &[Standing]) {
        self.text.push(start);
        for (index, code) in codes.iter().enumerate() {
            self.and(if index == 0 { "?" } else { ", ?" }, [text(code.code())]);
        }
        self.text.push(")");
    }

    /// Everything a filter says of the `clients` table.
    fn narrow(&mut self, filter: &Filter) {
        match filter.standings.as_slice() {
            [] => {}
            [one] => self.and(" AND standing = ?", [text(one.code())]),
            many => self.any_of(" AND standing IN (", many),
        }
        if let Some(impact) = filter.impact {
            self.and(" AND impact = ?", [text(impact.code())]);
        }
        if let Some(os) = &filter.os {
            self.and(" AND os_key = ?", [text(os)]);
        }
        if let Some(site) = &filter.site {
            self.and(" AND site = ?", [text(site)]);
        }
        if let Some(role) = &filter.role {
            self.and(" AND roles <> '' AND roles LIKE ?", [text(&format!("%,{role},%"))]);
        }
        if let Some(mask) = filter.reason.as_deref().map(reason_mask) {
            self.and(" AND (reasons & ?) <> 0", [Value::Int(mask)]);
        }
        if let Some(mask) = filter.fix.as_deref().map(fix_mask) {
            self.and(" AND (reasons & ?) <> 0", [Value::Int(mask)]);
        }
        if filter.duplicates {
            self.text.push(" AND duplicate");
        }
        if filter.future {
            self.text.push(" AND future");
        }
        if filter.left_out {
            self.text.push(" AND listing IN ('obsolete', 'decommissioned')");
        } else if filter.unlisted {
            self.text.push(" AND listing IN ('unlisted', 'returned')");
        } else {
            self.text.push(" AND listing NOT IN ('obsolete', 'decommissioned')");
        }
        if let Some(q) = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            self.search(q);
        }
    }

    /// The beginning of a name or FQDN, or a whole id.
    fn search(&mut self, q: &str) {
        let lower = q.to_lowercase();
        let upper = q.to_uppercase();
        let guid = upper.strip_prefix("GUID:").unwrap_or(&upper);
        let end = |start: &str| text(&format!("{start}\u{10FFFF}"));
        self.and(
            " AND ((sort_key >= ? AND sort_key < ?) OR id IN (SELECT client_id FROM identities
             WHERE estate = ? AND (ident IN (?, ?, ?, ?, ?) OR (ident >= ? AND ident < ?))))",
            [
                text(&lower),
                end(&lower),
                Value::Int(ESTATE),
                text(&format!("g:{guid}")),
                text(&format!("s:{guid}")),
                text(&format!("x:{lower}")),
                text(&format!("i:{lower}")),
                text(&format!("r:{upper}")),
                text(&format!("f:{lower}")),
                end(&format!("f:{lower}")),
            ],
        );
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// The bit of a reason; no bit for a code nobody knows, so that an unknown reason lists nobody.
fn reason_mask(code: &str) -> i64 {
    assess::reason(code).map_or(0, |reason| 1 << reason.bit)
}

/// The bits of every reason this fix mends.
fn fix_mask(fix: &str) -> i64 {
    assess::REASONS
        .iter()
        .filter(|reason| reason.fix == fix)
        .fold(0, |mask, reason| mask | 1 << reason.bit)
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
        let total = count(&mut tx, filter).await?;
        let (items, next_cursor) = page(&mut tx, filter, cursor, limit).await?;
        Ok(ListPage {
            items,
            next_cursor,
            total,
        })
    }

    /// The whole list, a page at a time, from one snapshot: for exports in constant memory.
    pub async fn walk(&self, filter: Filter, now: Timestamp) -> Result<Walk> {
        self.sweep(now).await?;
        Ok(Walk {
            tx: self.db.read().await?,
            filter,
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
    cursor: Option<String>,
    done: bool,
}

impl Walk {
    /// The next rows; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<ClientRow>>> {
        if self.done {
            return Ok(None);
        }
        let (rows, next) = page(&mut self.tx, &self.filter, self.cursor.as_deref(), 1_000).await?;
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
) -> Result<(Vec<ClientRow>, Option<String>)> {
    let mut growing = Growing::new(StoredClient::select());
    growing.narrow(filter);
    if let Some(cursor) = cursor {
        let after = read_cursor(cursor)?;
        growing.and(
            " AND (sort_key, id) > (?, ?)",
            [Value::Text(after.sort_key), Value::Bytes(after.id)],
        );
    }
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    growing.and(" ORDER BY sort_key, id LIMIT ?", [Value::Int(wanted)]);
    let mut rows: Vec<StoredClient> = growing.statement(tx).all().await?;
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
async fn count(tx: &mut Tx, filter: &Filter) -> Result<i64> {
    let by_counts = filter.role.is_none() && filter.fix.is_none() && filter.q.is_none();
    let special = [
        filter.reason.is_some(),
        filter.impact.is_some(),
        filter.duplicates,
        filter.future,
    ];
    if !by_counts || special.iter().filter(|set| **set).count() > 1 {
        let mut text = Composed::default();
        text.push("SELECT COUNT(*) FROM clients WHERE estate = ?");
        let mut growing = Growing::new(text);
        growing.narrow(filter);
        return growing.statement(tx).scalar().await;
    }
    let mut text = Composed::default();
    text.push("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE estate = ?");
    let mut growing = Growing::new(text);
    if let Some(reason) = &filter.reason {
        let bit = assess::reason(reason).map_or_else(|| "none".to_owned(), |r| r.bit.to_string());
        growing.and(" AND kind = 'reason' AND detail = ?", [Value::Text(bit)]);
    } else if filter.duplicates {
        growing.and(" AND kind = 'flag' AND detail = 'duplicate'", []);
    } else if filter.future {
        growing.and(" AND kind = 'flag' AND detail = 'future'", []);
    } else if let Some(impact) = filter.impact {
        growing.and(
            " AND kind = 'client' AND detail = ?",
            [Value::Text(impact.code().to_owned())],
        );
    } else {
        growing.and(" AND kind = 'client'", []);
    }
    let plain = Filter {
        reason: None,
        impact: None,
        duplicates: false,
        future: false,
        ..filter.clone()
    };
    growing.narrow(&plain);
    growing.statement(tx).scalar().await
}
