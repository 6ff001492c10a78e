//! The expected device lists: who should be there. A new upload replaces the list of its name in one transaction.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE, Store, audit,
    db::Conn,
    departures::{Departures, MayLeave, Moved},
    error::{Error, Result},
    identify::{self, ClientId, Speaker},
    known::{
        ClientIdRow, IdRow, Known, Met, insert_identities, insert_suspects, packed_roles,
        unpacked_roles,
    },
    membership::{self, Change, Consent, Counted},
    model::Listing,
    rows::Rows,
    system_roles,
};
use crate::domain::{
    access::Sites, assess::carries_contact, audit::Because, identity::ClientIds, lists::ListOrigin,
    time::Timestamp,
};

const UPSERT: &str = include_str!("sql/upsert_expected.sql");
const MEMBERS: &str = include_str!("sql/upsert_members.sql");
const NEWEST: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM lists WHERE estate = $1";
const ROWS: &str = "SELECT CAST(COALESCE(MAX(rows_read), -1) AS BIGINT) FROM lists
WHERE estate = $1 AND name = $2 AND ended_at IS NULL";
const RECORD: &str = "INSERT INTO lists (estate, id, uploaded_at, uploaded_by, file_hash, rows_read, new_clients, gone,
  matched, duplicates, left_out, rejected, name, kind)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

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
    /// What it is called; it replaces the list of this name and leaves the others.
    pub name: String,
    /// What the file was.
    pub kind: ListOrigin,
    /// The rows that were understood.
    pub rows: Vec<Expected>,
    /// How many were not.
    pub rejected: i64,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// Name of the user or token.
    pub uploaded_by: String,
    /// Who it is, for the audit log, and why.
    pub by: Because,
    /// How far somebody has agreed to a smaller population.
    pub consent: Consent,
}

/// What a new list changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Rows that were understood.
    pub rows: i64,
    /// Clients not known before: silent until they report.
    pub new: i64,
    /// Clients of the earlier list of this name that this one does not name.
    pub gone: i64,
    /// Clients known before, from a list or a report.
    pub matched: i64,
    /// Rows that name a client another row has named.
    pub duplicate: i64,
    /// Rows marked obsolete or decommissioned.
    pub left_out: i64,
    /// Population before, of the sites of whoever sends the list.
    pub before: i64,
    /// The same now.
    pub after: i64,
    /// Clients that are no longer counted, however many others came.
    pub leaving: i64,
    /// Clients that are not ready and are counted at another site than before.
    pub moving: i64,
    /// Those of both kinds that went in the last 30 days without being asked about.
    pub lately: i64,
    /// So many go that it takes their number and a reason: more than a twentieth of all or of a site, or blockers that are
    /// counted elsewhere.
    pub needs_number: bool,
}

impl Replaced {
    /// The number that a confirmation has to name.
    pub const fn number(&self) -> i64 {
        self.leaving + self.moving + self.lately
    }

    /// Takes over who leaves.
    pub(super) fn depart(&mut self, departures: &Departures) {
        self.leaving = departures.leaving();
        self.moving = departures.moving();
        self.lately = departures.lately();
        self.needs_number = departures.needs_number();
    }
}

impl Store {
    /// Puts a new expected list in force, in place of the one with its name, for somebody with these sites, who hears of no
    /// others.
    ///
    /// # Errors
    /// [`Error::NeedsConfirmation`] when more than a twentieth of the population, or of a site, would no longer be counted
    /// there, or a blocking client would not, and nobody confirmed that: a shorter list must never quietly make a fleet look
    /// ready, nor one that exchanges names, or takes them to another site.
    pub async fn replace_population(
        &self,
        sites: &Sites,
        list: ExpectedList,
        now: Timestamp,
    ) -> Result<Replaced> {
        self.sweep(now).await?;
        let sites = sites.clone();
        self.writer
            .run(move |conn| Box::pin(replace(conn, sites, list, now)))
            .await
    }
}

async fn replace(
    conn: &mut Conn,
    sites: Sites,
    list: ExpectedList,
    now: Timestamp,
) -> Result<Replaced> {
    conn.lock_new_clients().await?;
    let before = Counted::now(conn, &sites).await?;
    let rows_before = rows_in_force(conn, &list.name).await?;
    let called = system_roles::called(conn, &list.name).await?;
    let newest: i64 = conn.sql(NEWEST).bind(ESTATE).scalar().await?;
    let list_id = now.0.max(newest + 1);
    let mut upload = Upload {
        name: list.name,
        list_id,
        now,
        named: HashSet::new(),
        moved: HashMap::new(),
        limited: sites.is_limited(),
        shared: shared_names(&list.rows),
        replaced: Replaced {
            before: before.own,
            rows: i64::try_from(list.rows.len()).unwrap_or(i64::MAX),
            ..Replaced::default()
        },
    };
    for chunk in list.rows.chunks(CHUNK) {
        upload.write(conn, chunk).await?;
    }
    let Upload {
        name,
        mut replaced,
        moved,
        ..
    } = upload;
    let may_leave = MayLeave::now(conn, &name, list_id, called).await?;
    replaced.gone = membership::settle(conn, &name, list_id).await?;
    let after = Counted::now(conn, &sites).await?;
    replaced.after = before.own_after(&after);
    let own = &before.own_sites;
    let departures = Departures::of(conn, may_leave, &moved, own, &sites, now).await?;
    replaced.depart(&departures);
    let confirmed = membership::confirm(list.consent, Change::Replace, &departures, replaced)?;
    departures.note(conn, confirmed, now).await?;
    membership::end(conn, &name, now, list.uploaded_by.clone()).await?;
    let hash: String = list
        .file_hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let elsewhere = match replaced.moving {
        0 => String::new(),
        n => format!("; {n} that are not ready counted at another site"),
    };
    let told = format!(
        "{} rows, {} of them left out; {} clients new, {} gone; population {} to {}{elsewhere}; SHA-256 {hash}",
        replaced.rows,
        replaced.left_out,
        replaced.new,
        replaced.gone,
        before.clients,
        after.clients
    );
    let entry = list
        .by
        .entry(now, "list.replace", name.clone())
        .change(rows_before.map(|rows| format!("{rows} rows")), Some(told));
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
        .bind(name)
        .bind(list.kind.code())
        .execute()
        .await?;
    audit::note(conn, &entry).await?;
    Ok(replaced)
}

/// How many rows the list in force under this name has.
pub(super) async fn rows_in_force(conn: &mut Conn, name: &str) -> Result<Option<i64>> {
    let rows: i64 = conn.sql(ROWS).bind(ESTATE).bind(name).scalar().await?;
    Ok((rows >= 0).then_some(rows))
}

/// Names that more than one counted row has.
fn shared_names(rows: &[Expected]) -> HashSet<String> {
    let mut once = HashSet::new();
    rows.iter()
        .filter(|row| row.listing.is_counted())
        .filter_map(|row| Some(row.ids.name.as_ref()?.to_lowercase()))
        .filter(|name| !once.insert(name.clone()))
        .collect()
}

/// A list on its way into the database.
struct Upload {
    name: String,
    list_id: i64,
    now: Timestamp,
    named: HashSet<ClientId>,
    /// Those that are counted, and whose site it changes.
    moved: HashMap<ClientId, Moved>,
    /// Whoever sends it is limited to sites.
    limited: bool,
    /// Names that several counted rows have; none of them is found by it.
    shared: HashSet<String>,
    replaced: Replaced,
}

impl Upload {
    async fn write(&mut self, conn: &mut Conn, chunk: &[Expected]) -> Result<()> {
        let idents = chunk.iter().flat_map(|row| identify::all_idents(&row.ids));
        let known = Known::find(conn, idents).await?;
        let mut fresh = Vec::new();
        let mut suspects = Vec::new();
        let mut met = Met::default();
        let mut rows: Vec<(ClientId, &Expected)> = Vec::with_capacity(chunk.len());
        for row in chunk {
            let speaker = Speaker::List {
                alone: row.listing.is_counted() && !self.shares_its_name(row),
            };
            let Some(resolution) = known.resolve(&row.ids, speaker) else {
                return Err(Error::Input("a row of the list names no client".to_owned()));
            };
            let id = resolution.id;
            if !self.named.insert(id) {
                self.replaced.duplicate += 1;
                continue;
            }
            self.note_move(&known, id, row);
            if resolution.new && !known.has(id) {
                self.replaced.new += 1;
            } else {
                self.replaced.matched += 1;
            }
            if !row.listing.is_counted() {
                self.replaced.left_out += 1;
            }
            fresh.extend(
                identify::all_idents(&row.ids)
                    .into_iter()
                    .chain(resolution.witness())
                    .filter(|ident| !known.carries(id, ident))
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
        self.upsert(conn, &rows).await?;
        // Neighbours in the index are written together.
        fresh.sort_unstable();
        insert_identities(conn, &fresh).await?;
        insert_suspects(conn, &suspects, self.now).await
    }

    /// Notes that the row takes a client away from the site where it is counted. Who is at no known site may be at any, so that the
    /// first site of one that is not ready matters to all others: somebody who sees only some does not give it unasked.
    fn note_move(&mut self, known: &Known, id: ClientId, row: &Expected) {
        let Some(state) = known.state.get(&id) else {
            return;
        };
        let (from, to) = (
            state.ids.site_code.as_deref().unwrap_or_default(),
            row.ids.site_code.as_deref().unwrap_or_default(),
        );
        let other =
            !to.is_empty() && !from.eq_ignore_ascii_case(to) && (!from.is_empty() || self.limited);
        if other && state.listing.is_counted() {
            let moved = Moved {
                from: from.to_owned(),
                to: to.to_owned(),
                contact: carries_contact(unpacked_roles(&state.roles))
                    || carries_contact(row.roles.iter().map(String::as_str)),
            };
            self.moved.insert(id, moved);
        }
    }

    fn shares_its_name(&self, row: &Expected) -> bool {
        let name = row.ids.name.as_ref();
        name.is_some_and(|name| self.shared.contains(&name.to_lowercase()))
    }

    async fn upsert(&self, conn: &mut Conn, rows: &[(ClientId, &Expected)]) -> Result<()> {
        let each = || rows.iter().map(|(_, row)| *row);
        let ids = || rows.iter().map(|(id, _)| Some(identify::bytes(*id)));
        let name = |row: &Expected| row.ids.display_name();
        let clients = Rows::default()
            .bytes(ids())
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
        let fixed = [ESTATE, self.list_id];
        let _: Vec<IdRow> = conn.many(UPSERT, &fixed, &clients).await?;
        let members = Rows::default()
            .text(each().map(|_| Some(self.name.as_str())))
            .bytes(ids())
            .text(each().map(|row| Some(row.listing.code())))
            .text(each().map(|row| row.owner.clone()))
            .text(each().map(|row| row.last_contact.clone()))
            .text(each().map(|row| Some(row.ids.name.clone().unwrap_or_default())))
            .text(each().map(|row| row.ids.sms_guid.clone()))
            .int(each().map(|row| row.ids.resource_id))
            .text(each().map(|row| row.ids.site_code.clone()))
            .text(each().map(|row| row.ids.fqdn.clone()))
            .text(each().map(|row| row.ids.smbios_guid.clone()))
            .text(each().map(|row| row.ids.serial_number.clone()))
            .text(each().map(|row| Some(packed_roles(&row.roles))))
            .text(each().map(|row| Some(row.os_key.clone())));
        let _: Vec<ClientIdRow> = conn.many(MEMBERS, &fixed, &members).await?;
        Ok(())
    }
}
