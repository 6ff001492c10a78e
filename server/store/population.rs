//! The expected device list: who should be there. A new list replaces the earlier one in one transaction.

use std::collections::HashSet;

use super::{
    ESTATE, Store,
    db::Conn,
    error::{Error, Result},
    identify::{self, ClientId, Speaker},
    known::{IdRow, Known, Met, insert_identities, insert_suspects, packed_roles},
    model::Listing,
    rows::Rows,
};
use crate::domain::{identity::ClientIds, time::Timestamp};

const UPSERT: &str = include_str!("sql/upsert_expected.sql");
/// Who the new list does not name and who never reported is gone; who reported stays and is `unlisted`.
const GONE_IDENTS: &str = "DELETE FROM identities WHERE estate = $1 AND client_id IN (
  SELECT id FROM clients WHERE estate = $1 AND list_id <> $2 AND verdict IS NULL)";
const GONE_SUSPECTS: &str = "DELETE FROM suspects WHERE estate = $1 AND (
  client_id IN (SELECT id FROM clients WHERE estate = $1 AND list_id <> $2 AND verdict IS NULL)
  OR other_id IN (SELECT id FROM clients WHERE estate = $1 AND list_id <> $2 AND verdict IS NULL))";
const GONE: &str = "DELETE FROM clients WHERE estate = $1 AND list_id <> $2 AND verdict IS NULL";
const UNLIST: &str = "UPDATE clients SET listing = 'unlisted', owner = NULL
WHERE estate = $1 AND list_id <> $2 AND verdict IS NOT NULL AND listing <> 'unlisted'";
/// Who may be whom depends on who is still counted.
const REMARK: &str = "UPDATE clients SET duplicate = NOT duplicate
WHERE estate = $1 AND id IN (SELECT client_id FROM suspects WHERE estate = $1)
  AND duplicate <> (listing NOT IN ('obsolete', 'decommissioned') AND EXISTS (
    SELECT 1 FROM suspects s JOIN clients o ON o.estate = s.estate AND o.id = s.other_id
    WHERE s.estate = clients.estate AND s.client_id = clients.id
      AND o.listing NOT IN ('obsolete', 'decommissioned')))";
const UNMARK: &str = "UPDATE clients SET duplicate = FALSE WHERE estate = $1 AND duplicate
  AND NOT EXISTS (SELECT 1 FROM suspects s WHERE s.estate = clients.estate AND s.client_id = clients.id)";
const COUNTED: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'client' AND listing NOT IN ('obsolete', 'decommissioned')";
const BLOCKING: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts
WHERE estate = $1 AND kind = 'client' AND listing NOT IN ('obsolete', 'decommissioned') AND standing = 'blocking'";
const NEWEST: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM lists WHERE estate = $1";
const RECORD: &str = "INSERT INTO lists (estate, id, uploaded_at, uploaded_by, file_hash, rows_read, new_clients, gone,
  matched, duplicates, left_out, rejected) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// Rows written in one statement of the transaction.
const CHUNK: usize = 1_000;

/// One row of the list.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who.
    pub ids: ClientIds,
    /// OS key from the list; `unknown` when it names none.
    pub os_key: String,
    /// Roles, if the list names any.
    pub roles: Vec<String>,
    /// Owner.
    pub owner: Option<String>,
    /// Last contact, as given.
    pub last_contact: Option<String>,
    /// Expected, obsolete or decommissioned.
    pub listing: Listing,
}

/// A whole list and where it came from.
#[derive(Clone, Debug)]
pub struct ExpectedList {
    /// The rows that were understood.
    pub rows: Vec<Expected>,
    /// How many were not.
    pub rejected: i64,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// Name of the user or token.
    pub uploaded_by: String,
    /// Someone has seen that the population gets smaller and wants it.
    pub confirmed: bool,
}

/// What a new list changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Rows that were understood.
    pub rows: i64,
    /// Clients not known before: silent until they report.
    pub new: i64,
    /// Clients of the earlier list that this one does not name.
    pub gone: i64,
    /// Clients known before, from a list or a report.
    pub matched: i64,
    /// Rows that name a client another row has named.
    pub duplicate: i64,
    /// Rows marked obsolete or decommissioned.
    pub left_out: i64,
    /// Population before.
    pub before: i64,
    /// Population now.
    pub after: i64,
}

impl Store {
    /// Puts a new expected list in force.
    ///
    /// # Errors
    /// [`Error::NeedsConfirmation`] when the population would shrink by more than a twentieth, or a blocking
    /// client would no longer be counted, and nobody confirmed that: a shorter list must never quietly make
    /// a fleet look ready.
    pub async fn replace_population(&self, list: ExpectedList, now: Timestamp) -> Result<Replaced> {
        self.sweep(now).await?;
        self.writer
            .run(move |conn| Box::pin(replace(conn, list, now)))
            .await
    }
}

async fn replace(conn: &mut Conn, list: ExpectedList, now: Timestamp) -> Result<Replaced> {
    conn.lock_new_clients().await?;
    let before: i64 = conn.sql(COUNTED).bind(ESTATE).scalar().await?;
    let blocking_before: i64 = conn.sql(BLOCKING).bind(ESTATE).scalar().await?;
    let newest: i64 = conn.sql(NEWEST).bind(ESTATE).scalar().await?;
    let list_id = now.0.max(newest + 1);
    let mut replaced = Replaced {
        before,
        rows: i64::try_from(list.rows.len()).unwrap_or(i64::MAX),
        ..Replaced::default()
    };
    let mut named = HashSet::new();
    for chunk in list.rows.chunks(CHUNK) {
        write_chunk(conn, chunk, list_id, now, &mut named, &mut replaced).await?;
    }
    for text in [GONE_IDENTS, GONE_SUSPECTS] {
        conn.sql(text).bind(ESTATE).bind(list_id).execute().await?;
    }
    let gone = conn.sql(GONE).bind(ESTATE).bind(list_id).execute().await?;
    let unlisted = conn
        .sql(UNLIST)
        .bind(ESTATE)
        .bind(list_id)
        .execute()
        .await?;
    replaced.gone = i64::try_from(gone + unlisted).unwrap_or(i64::MAX);
    conn.sql(REMARK).bind(ESTATE).execute().await?;
    conn.sql(UNMARK).bind(ESTATE).execute().await?;
    replaced.after = conn.sql(COUNTED).bind(ESTATE).scalar().await?;
    let blocking_after: i64 = conn.sql(BLOCKING).bind(ESTATE).scalar().await?;
    if !list.confirmed {
        confirm(replaced, blocking_before - blocking_after)?;
    }
    conn.sql(RECORD)
        .bind(ESTATE)
        .bind(list_id)
        .bind(now.0)
        .bind(list.uploaded_by)
        .bind(list.file_hash)
        .bind(replaced.rows)
        .bind(replaced.new)
        .bind(replaced.gone)
        .bind(replaced.matched)
        .bind(replaced.duplicate)
        .bind(replaced.left_out)
        .bind(list.rejected)
        .execute()
        .await?;
    Ok(replaced)
}

/// Refuses a list that hides too much, unless someone said so.
fn confirm(replaced: Replaced, blocking_hidden: i64) -> Result<()> {
    let lost = replaced.before - replaced.after;
    if blocking_hidden > 0 {
        return Err(Error::NeedsConfirmation(
            format!(
                "With this list {blocking_hidden} blocking clients would no longer be counted, because it marks them obsolete or decommissioned. Nothing was changed; confirm to put it in force."
            ),
            replaced,
        ));
    }
    if lost * 20 > replaced.before {
        return Err(Error::NeedsConfirmation(
            format!(
                "With this list {lost} of {} clients would no longer be counted. Nothing was changed; confirm to put it in force.",
                replaced.before
            ),
            replaced,
        ));
    }
    Ok(())
}

async fn write_chunk(
    conn: &mut Conn,
    chunk: &[Expected],
    list_id: i64,
    now: Timestamp,
    named: &mut HashSet<ClientId>,
    replaced: &mut Replaced,
) -> Result<()> {
    let idents: HashSet<String> = chunk
        .iter()
        .flat_map(|row| identify::all_idents(&row.ids))
        .collect();
    let known = Known::find(conn, idents.into_iter().collect()).await?;
    let mut fresh = Vec::new();
    let mut suspects = Vec::new();
    let mut met = Met::default();
    let mut rows: Vec<(ClientId, &Expected)> = Vec::with_capacity(chunk.len());
    for row in chunk {
        let Some(resolution) = known.resolve(&row.ids, Speaker::List) else {
            return Err(Error::Input("a row of the list names no client".to_owned()));
        };
        let id = resolution.id;
        if !named.insert(id) {
            replaced.duplicate += 1;
            continue;
        }
        if resolution.new && !known.has(id) {
            replaced.new += 1;
        } else {
            replaced.matched += 1;
        }
        if !row.listing.is_counted() {
            replaced.left_out += 1;
        }
        fresh.extend(
            identify::all_idents(&row.ids)
                .into_iter()
                .map(|ident| (ident, id)),
        );
        suspects.extend(
            resolution
                .suspects
                .into_iter()
                .map(|(other, shares)| (id, other, shares)),
        );
        suspects.extend(met.note(&row.ids, id));
        rows.push((id, row));
    }
    upsert(conn, &rows, list_id).await?;
    insert_identities(conn, &fresh).await?;
    insert_suspects(conn, &suspects, now).await
}

async fn upsert(conn: &mut Conn, rows: &[(ClientId, &Expected)], list_id: i64) -> Result<()> {
    let each = || rows.iter().map(|(_, row)| *row);
    let name = |row: &Expected| row.ids.display_name();
    let rows = Rows::default()
        .bytes(rows.iter().map(|(id, _)| Some(identify::bytes(*id))))
        .text(each().map(|row| Some(name(row))))
        .text(each().map(|row| Some(name(row).to_lowercase())))
        .text(each().map(|row| row.ids.sms_guid.clone()))
        .int(each().map(|row| row.ids.resource_id))
        .text(each().map(|row| Some(row.ids.site_code.clone().unwrap_or_default())))
        .text(each().map(|row| row.ids.fqdn.clone()))
        .text(each().map(|row| row.ids.smbios_guid.clone()))
        .text(each().map(|row| row.ids.serial_number.clone()))
        .text(each().map(|row| Some(packed_roles(&row.roles))))
        .text(each().map(|row| row.owner.clone()))
        .text(each().map(|row| row.last_contact.clone()))
        .text(each().map(|row| Some(row.listing.code())))
        .text(each().map(|row| Some(row.os_key.clone())));
    let _: Vec<IdRow> = conn.many(UPSERT, &[ESTATE, list_id], &rows).await?;
    Ok(())
}
