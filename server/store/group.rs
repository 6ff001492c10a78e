//! One group of reports, written in one transaction by a few statements of many rows each.
//!
//! Nothing here decides the order of reports: the guards inside the statements do. What is read first only
//! says which statement a report takes.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::{Error, Result},
    identify::{self, ClientId, Speaker},
    incoming::{Incoming, Kept, Receipt},
    known::{ClientIdRow, IdRow, Known, Met, insert_identities, insert_suspects, packed_roles},
    rows::Rows,
};
use crate::domain::{time::Timestamp, verdict::Standing};

const TOUCH: &str = include_str!("sql/touch_clients.sql");
const UPSERT: &str = include_str!("sql/upsert_clients.sql");
const HISTORY: &str = include_str!("sql/insert_history.sql");
const SAID_BEFORE: &str =
    "SELECT COUNT(*) FROM history WHERE estate = $1 AND client_id = $2 AND content_hash = $3";
const IN_FORCE: &str = include_str!("sql/history_in_force.sql");

#[derive(Debug, sqlx::FromRow)]
struct Applied {
    id: Vec<u8>,
    evidence_at: i64,
    seen_at: i64,
}

/// Writes the group; the caller has begun the transaction and commits it. One receipt a report, in order.
pub(super) async fn apply(
    conn: &mut Conn,
    reports: &[Incoming],
    now: Timestamp,
) -> Result<Vec<Receipt>> {
    let mut receipts: Vec<Option<Receipt>> = vec![None; reports.len()];
    let mut waiting: Vec<usize> = (0..reports.len()).collect();
    // Reports about one client are in the order of their time, one wave after the other.
    waiting.sort_by_key(|&index| (reports[index].seen_at, reports[index].content_hash));
    while !waiting.is_empty() {
        let mut taken = HashSet::new();
        let (wave, later): (Vec<usize>, Vec<usize>) = waiting.into_iter().partition(|&index| {
            let idents = identify::matching_idents(&reports[index].ids);
            let free = !idents.iter().any(|ident| taken.contains(ident));
            // Also when it has to wait: whatever shares an ident with it waits behind it.
            taken.extend(
                idents
                    .into_iter()
                    .filter(|ident| !ident.starts_with("n:") || free),
            );
            free
        });
        Wave::new(reports, wave, now)
            .write(conn, &mut receipts)
            .await?;
        waiting = later;
    }
    receipts
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Inconsistent {
            table: "clients",
            detail: "a report was neither kept nor refused".to_owned(),
        })
}

/// Reports about clients that are all different.
struct Wave<'r> {
    reports: &'r [Incoming],
    indexes: Vec<usize>,
    now: Timestamp,
    known: Known,
    /// Client of each index, once resolved.
    client: HashMap<usize, ClientId>,
}

impl<'r> Wave<'r> {
    fn new(reports: &'r [Incoming], indexes: Vec<usize>, now: Timestamp) -> Self {
        Self {
            reports,
            indexes,
            now,
            known: Known::default(),
            client: HashMap::new(),
        }
    }

    async fn write(mut self, conn: &mut Conn, receipts: &mut [Option<Receipt>]) -> Result<()> {
        self.find_by_strongest(conn).await?;
        // Before the first row is locked: two servers that wait for this lock with rows in hand wait in a circle.
        if self
            .indexes
            .iter()
            .any(|&index| self.same_facts(index).is_none() && !self.ids_are_known(index))
        {
            conn.lock_new_clients().await?;
        }
        self.set_aside_repeats_from_the_future(conn, receipts)
            .await?;
        let touched = self.touch(conn).await?;
        for (index, id) in &touched {
            receipts[*index] = Some(Receipt {
                client_id: *id,
                kept: Kept::Unchanged,
                standing: self.reports[*index].verdict,
            });
        }
        let mut rest: Vec<usize> = self
            .indexes
            .iter()
            .copied()
            .filter(|index| !touched.contains_key(index))
            .collect();
        if rest.is_empty() {
            return Ok(());
        }
        let suspects = self.identify(conn, &rest).await?;
        // Every server locks rows in the same order.
        rest.sort_by_key(|&index| self.id(index));
        let applied = self.upsert(conn, &rest).await?;
        self.remember(conn, &rest, suspects).await?;
        self.keep_history(conn, &rest, &applied, receipts).await
    }

    /// The cheap look-up: nearly every report names its client by its strongest id.
    async fn find_by_strongest(&mut self, conn: &mut Conn) -> Result<()> {
        let idents = self
            .indexes
            .iter()
            .filter_map(|&index| {
                identify::matching_idents(&self.reports[index].ids)
                    .into_iter()
                    .next()
            })
            .collect();
        self.known = Known::find(conn, idents).await?;
        for &index in &self.indexes {
            let ids = &self.reports[index].ids;
            if let Some(resolution) = self.known.resolve(ids, Speaker::Report)
                && !resolution.new
                && self.known.has(resolution.id)
            {
                self.client.insert(index, resolution.id);
            }
        }
        Ok(())
    }

    /// Whether the client is known to have sent these very facts before.
    fn same_facts(&self, index: usize) -> Option<ClientId> {
        let id = *self.client.get(&index)?;
        let state = self.known.state.get(&id)?;
        (state.content_hash.as_deref() == Some(&self.reports[index].content_hash[..])).then_some(id)
    }

    /// A report that claims a time to come is dated by its receipt, so sending it again would make it the newest
    /// again. What it says counts once: facts that the client is known to have sent before move nothing.
    async fn set_aside_repeats_from_the_future(
        &mut self,
        conn: &mut Conn,
        receipts: &mut [Option<Receipt>],
    ) -> Result<()> {
        let mut aside = HashSet::new();
        for &index in self
            .indexes
            .iter()
            .filter(|&&index| self.reports[index].future)
        {
            let Some(&id) = self.client.get(&index) else {
                continue;
            };
            let known: i64 = conn
                .sql(SAID_BEFORE)
                .bind(ESTATE)
                .bind(identify::bytes(id))
                .bind(self.reports[index].content_hash.to_vec())
                .scalar()
                .await?;
            if known > 0 {
                aside.insert(index);
                receipts[index] = Some(Receipt {
                    client_id: id,
                    kept: Kept::Unchanged,
                    standing: self.standing_of(id, &self.reports[index]),
                });
            }
        }
        self.indexes.retain(|index| !aside.contains(index));
        Ok(())
    }

    async fn touch(&self, conn: &mut Conn) -> Result<HashMap<usize, ClientId>> {
        let mut same: Vec<(usize, ClientId)> = self
            .indexes
            .iter()
            .filter_map(|&index| self.same_facts(index).map(|id| (index, id)))
            .collect();
        same.sort_by_key(|(_, id)| *id);
        let report = |(index, _): &(usize, ClientId)| &self.reports[*index];
        let rows = Rows::default()
            .bytes(same.iter().map(|(_, id)| Some(identify::bytes(*id))))
            .bytes(same.iter().map(|s| Some(report(s).content_hash.to_vec())))
            .text(same.iter().map(|s| Some(report(s).ruleset.to_string())))
            .flag(same.iter().map(|s| report(s).future))
            .int(same.iter().map(|s| Some(report(s).collected_at.0)))
            .int(same.iter().map(|s| Some(report(s).received_at.0)))
            .int(same.iter().map(|s| Some(report(s).seen_at.0)))
            .int(same.iter().map(|s| Some(report(s).stale_at.0)))
            .text(same.iter().map(|s| report(s).report_id.clone()));
        let touched: Vec<IdRow> = conn.many(TOUCH, &[ESTATE, self.now.0], &rows).await?;
        let touched: HashSet<Vec<u8>> = touched.into_iter().map(|row| row.id).collect();
        Ok(same
            .into_iter()
            .filter(|(_, id)| touched.contains(&id.as_bytes()[..]))
            .collect())
    }

    /// The thorough look-up, for new clients and for ids that are new to a known one. Answers pairs of records
    /// that may be one machine.
    async fn identify(
        &mut self,
        conn: &mut Conn,
        rest: &[usize],
    ) -> Result<Vec<(ClientId, ClientId, &'static str)>> {
        let unsure: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|index| !self.ids_are_known(*index))
            .collect();
        let mut suspects = Vec::new();
        if unsure.is_empty() {
            return Ok(suspects);
        }
        conn.lock_new_clients().await?;
        let idents: HashSet<String> = unsure
            .iter()
            .flat_map(|&index| identify::all_idents(&self.reports[index].ids))
            .collect();
        let thorough = Known::find(conn, idents.into_iter().collect()).await?;
        let mut met = Met::default();
        for index in unsure {
            let ids = &self.reports[index].ids;
            let Some(resolution) = thorough.resolve(ids, Speaker::Report) else {
                return Err(Error::Input("a report names no client".to_owned()));
            };
            let id = resolution.id;
            self.client.insert(index, id);
            if let Some(state) = thorough.state.get(&id) {
                self.known.state.insert(id, state.clone());
            }
            suspects.extend(
                resolution
                    .suspects
                    .into_iter()
                    .map(|(other, shares)| (id, other, shares)),
            );
            suspects.extend(met.note(ids, id));
        }
        Ok(suspects)
    }

    /// The client was found, and the report carries no id that is new for it.
    fn ids_are_known(&self, index: usize) -> bool {
        let Some(state) = self
            .client
            .get(&index)
            .and_then(|id| self.known.state.get(id))
        else {
            return false;
        };
        let known = identify::all_idents(&state.ids);
        identify::all_idents(&self.reports[index].ids)
            .iter()
            .all(|ident| known.contains(ident))
    }

    fn id(&self, index: usize) -> ClientId {
        self.client.get(&index).copied().unwrap_or_default()
    }

    async fn upsert(&self, conn: &mut Conn, rest: &[usize]) -> Result<HashMap<ClientId, Applied>> {
        let each = || rest.iter().map(|&index| &self.reports[index]);
        let rows = Rows::default()
            .bytes(
                rest.iter()
                    .map(|&index| Some(identify::bytes(self.id(index)))),
            )
            .text(each().map(|r| Some(r.name.clone())))
            .text(each().map(|r| Some(r.name.to_lowercase())))
            .text(each().map(|r| r.ids.sms_guid.clone()))
            .int(each().map(|r| r.ids.resource_id))
            .text(each().map(|r| Some(r.ids.site_code.clone().unwrap_or_default())))
            .text(each().map(|r| r.ids.fqdn.clone()))
            .text(each().map(|r| r.ids.smbios_guid.clone()))
            .text(each().map(|r| r.ids.serial_number.clone()))
            .text(each().map(|r| Some(packed_roles(&r.roles))))
            .text(each().map(|r| Some(r.os_key.clone())))
            .text(each().map(|r| Some(r.standing_at(self.now).code())))
            .text(each().map(|r| Some(r.verdict.code())))
            .text(each().map(|r| r.impact.map(crate::domain::verdict::Impact::code)))
            .text(each().map(|r| r.deciding))
            .int(each().map(|r| Some(r.reasons)))
            .int(each().map(|r| Some(r.warnings)))
            .text(each().map(|r| Some(r.ruleset.to_string())))
            .int(each().map(|r| Some(r.collected_at.0)))
            .int(each().map(|r| Some(r.received_at.0)))
            .int(each().map(|r| Some(r.seen_at.0)))
            .bytes(each().map(|r| Some(r.content_hash.to_vec())))
            .text(each().map(|r| r.report_id.clone()))
            .int(each().map(|r| Some(r.stale_at.0)))
            .int(each().map(|r| (r.stale_at > self.now).then_some(r.stale_at.0)))
            .flag(each().map(|r| r.future));
        let applied: Vec<Applied> = conn.many(UPSERT, &[ESTATE], &rows).await?;
        Ok(applied
            .into_iter()
            .filter_map(|row| Some((identify::from_bytes(&row.id)?, row)))
            .collect())
    }

    /// Writes down the ids that are new, and who may be whom.
    async fn remember(
        &self,
        conn: &mut Conn,
        rest: &[usize],
        suspects: Vec<(ClientId, ClientId, &'static str)>,
    ) -> Result<()> {
        let mut fresh: Vec<(String, ClientId)> = Vec::new();
        for &index in rest {
            let id = self.id(index);
            let known = self
                .known
                .state
                .get(&id)
                .map(|state| identify::all_idents(&state.ids))
                .unwrap_or_default();
            fresh.extend(
                identify::all_idents(&self.reports[index].ids)
                    .into_iter()
                    .filter(|ident| !known.contains(ident))
                    .map(|ident| (ident, id)),
            );
        }
        insert_identities(conn, &fresh).await?;
        insert_suspects(conn, &suspects, self.now).await
    }

    async fn keep_history(
        &self,
        conn: &mut Conn,
        rest: &[usize],
        applied: &HashMap<ClientId, Applied>,
        receipts: &mut [Option<Receipt>],
    ) -> Result<()> {
        let mut keep: Vec<(usize, bool)> = Vec::new();
        for &index in rest {
            let id = self.id(index);
            let report = &self.reports[index];
            let (kept, standing) = match applied.get(&id) {
                Some(row) if row.evidence_at == row.seen_at => {
                    keep.push((index, false));
                    (Kept::Stored, report.standing_at(self.now))
                }
                Some(_) => (Kept::Unchanged, report.standing_at(self.now)),
                None => {
                    let standing = self.standing_of(id, report);
                    if self.in_force(conn, id, report).await?.as_deref()
                        == Some(&report.content_hash[..])
                    {
                        (Kept::Unchanged, standing)
                    } else {
                        keep.push((index, true));
                        (Kept::Late, standing)
                    }
                }
            };
            receipts[index] = Some(Receipt {
                client_id: id,
                kept,
                standing,
            });
        }
        let written = self.insert_history(conn, &keep).await?;
        for (index, late) in keep {
            let id = self.id(index);
            if late && !written.contains(&id.as_bytes()[..]) {
                // Sent before, to the byte.
                if let Some(receipt) = &mut receipts[index] {
                    receipt.kept = Kept::Unchanged;
                }
            }
        }
        Ok(())
    }

    /// The standing of a client that a late report did not move.
    fn standing_of(&self, id: ClientId, report: &Incoming) -> Standing {
        let Some(state) = self.known.state.get(&id) else {
            return report.standing_at(self.now);
        };
        match (state.verdict, state.stale_at) {
            (Some(_), Some(stale_at)) if stale_at <= self.now.0 => Standing::Stale,
            (Some(verdict), _) if state.seen_at.is_some() => state.standing.unwrap_or(verdict),
            _ => report.standing_at(self.now),
        }
    }

    async fn in_force(
        &self,
        conn: &mut Conn,
        id: ClientId,
        report: &Incoming,
    ) -> Result<Option<Vec<u8>>> {
        #[derive(sqlx::FromRow)]
        struct Hash {
            content_hash: Vec<u8>,
        }
        let row: Option<Hash> = conn
            .sql(IN_FORCE)
            .bind(ESTATE)
            .bind(identify::bytes(id))
            .bind(report.seen_at.0)
            .optional()
            .await?;
        Ok(row.map(|row| row.content_hash))
    }

    async fn insert_history(
        &self,
        conn: &mut Conn,
        keep: &[(usize, bool)],
    ) -> Result<HashSet<Vec<u8>>> {
        let each = || keep.iter().map(|(index, _)| &self.reports[*index]);
        let rows = Rows::default()
            .bytes(
                keep.iter()
                    .map(|(index, _)| Some(identify::bytes(self.id(*index)))),
            )
            .int(each().map(|r| Some(r.seen_at.0)))
            .bytes(each().map(|r| Some(r.content_hash.to_vec())))
            .int(each().map(|r| Some(r.collected_at.0)))
            .int(each().map(|r| Some(r.received_at.0)))
            .text(each().map(|r| r.report_id.clone()))
            .text(each().map(|r| Some(r.verdict.code())))
            .text(each().map(|r| r.impact.map(crate::domain::verdict::Impact::code)))
            .int(each().map(|r| Some(r.reasons)))
            .text(each().map(|r| Some(r.ruleset.to_string())))
            .flag(keep.iter().map(|(_, late)| *late))
            .text(each().map(|r| Some(r.sent_by.to_string())))
            .int(each().map(|r| Some(r.dictionary)))
            .bytes(each().map(|r| Some(r.raw.clone())));
        let written: Vec<ClientIdRow> = conn.many(HISTORY, &[ESTATE], &rows).await?;
        Ok(written.into_iter().map(|row| row.client_id).collect())
    }
}
