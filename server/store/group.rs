//! One group of reports, written in one transaction by a few statements of many rows each.
//!
//! Nothing here decides the order of reports: the guards inside the statements do. What is read first only
//! says which statement a report takes.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    echoes,
    error::{Error, Result},
    feeds,
    identify::{self, ClientId},
    incoming::{Incoming, Kept, News, Receipt},
    joining::{self, Joined},
    known::{IdRow, Known, Met, insert_identities, insert_suspects, name_fully, packed_roles},
    rows::Rows,
};
use crate::domain::{
    time::Timestamp,
    verdict::{Impact, Standing},
};

const TOUCH: &str = include_str!("sql/touch_clients.sql");
const UPSERT: &str = include_str!("sql/upsert_clients.sql");
const SAID_BEFORE: &str = "SELECT
  (SELECT COUNT(*) FROM history
   WHERE estate = $1 AND client_id = $2 AND content_hash = $3 AND trust >= $4 AND aside IS NULL)
  + (SELECT COUNT(*) FROM echoes
   WHERE estate = $1 AND client_id = $2 AND content_hash = $3 AND trust >= $4 AND aside IS NULL)";

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Applied {
    id: Vec<u8>,
    pub(super) evidence_at: i64,
    pub(super) seen_at: i64,
}

/// Writes the group; the caller has begun the transaction and commits it. One receipt a report, in order. `burst`: so many
/// clients may turn ready in an hour by what one sender sends, before that is noted; 0: any.
pub(super) async fn apply(
    conn: &mut Conn,
    reports: &[Incoming],
    burst: i64,
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
            .write(conn, burst, &mut receipts)
            .await?;
        waiting = later;
    }
    feeds::heard(conn, reports).await?;
    receipts
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Inconsistent {
            table: "clients",
            detail: "a report was neither kept nor refused".to_owned(),
        })
}

/// What the thorough look-up found out besides the clients.
#[derive(Default)]
struct FoundOut {
    /// Pairs of records that may be one machine, and what they share.
    suspects: Vec<(ClientId, ClientId, &'static str)>,
    /// Clients that were found by their name, and how they are called fully.
    named: Vec<(ClientId, String)>,
    /// The same, as it is remembered.
    witnesses: Vec<(String, ClientId)>,
}

/// Reports about clients that are all different.
pub(super) struct Wave<'r> {
    pub(super) reports: &'r [Incoming],
    indexes: Vec<usize>,
    pub(super) now: Timestamp,
    pub(super) known: Known,
    /// Client of each index, once resolved.
    client: HashMap<usize, ClientId>,
    /// Reports that were judged together with other sources, by index.
    pub(super) joined: HashMap<usize, Joined>,
}

impl<'r> Wave<'r> {
    fn new(reports: &'r [Incoming], indexes: Vec<usize>, now: Timestamp) -> Self {
        Self {
            reports,
            indexes,
            now,
            known: Known::default(),
            client: HashMap::new(),
            joined: HashMap::new(),
        }
    }

    async fn write(
        mut self,
        conn: &mut Conn,
        burst: i64,
        receipts: &mut [Option<Receipt>],
    ) -> Result<()> {
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
                news: News::None,
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
            return self
                .suspect(conn, &touched, &rest, &HashMap::new(), burst)
                .await;
        }
        let found = self.identify(conn, &rest).await?;
        // Every server locks rows in the same order.
        rest.sort_by_key(|&index| self.id(index));
        let joint = self.apart(conn, &mut rest).await?;
        let applied = self.upsert(conn, &rest).await?;
        self.join(conn, &joint).await?;
        rest.extend(&joint);
        self.remember(conn, &rest, found).await?;
        self.keep_history(conn, &rest, &applied, receipts).await?;
        self.suspect(conn, &touched, &rest, &applied, burst).await
    }

    /// Takes out of `rest` what has to be judged together with other sources. Where other servers write too, the
    /// rows are locked before this is decided.
    async fn apart(&mut self, conn: &mut Conn, rest: &mut Vec<usize>) -> Result<Vec<usize>> {
        let ids: Vec<ClientId> = rest.iter().map(|&index| self.id(index)).collect();
        joining::lock(conn, &ids, &mut self.known.state).await?;
        let known: Vec<ClientId> = ids
            .into_iter()
            .filter(|id| {
                let state = self.known.state.get(id);
                state.is_some_and(|state| state.seen_at.is_some())
            })
            .collect();
        echoes::close_runs(conn, &known).await?;
        let (alone, joint) = rest.iter().partition(|&&index| {
            let state = self.known.state.get(&self.id(index));
            state.is_none_or(|state| joining::stands_alone(&self.reports[index], state))
        });
        *rest = alone;
        Ok(joint)
    }

    /// Judges reports together with what other sources say of the same clients, and writes what comes of it.
    async fn join(&mut self, conn: &mut Conn, joint: &[usize]) -> Result<()> {
        let reports: Vec<(ClientId, &Incoming)> = joint
            .iter()
            .map(|&index| (self.id(index), &self.reports[index]))
            .collect();
        let joined = joining::join(conn, &reports, self.now).await?;
        self.joined.extend(joint.iter().copied().zip(joined));
        Ok(())
    }

    /// What a report made of its client: standing, impact and reasons.
    pub(super) fn earned(&self, index: usize) -> (Standing, Option<Impact>, i64) {
        let report = &self.reports[index];
        self.joined
            .get(&index)
            .map_or((report.verdict, report.impact, report.reasons), |joined| {
                (joined.verdict, joined.impact, joined.reasons)
            })
    }

    /// The cheap look-up: nearly every report names its client by its strongest id.
    async fn find_by_strongest(&mut self, conn: &mut Conn) -> Result<()> {
        let idents = self.indexes.iter().filter_map(|&index| {
            identify::matching_idents(&self.reports[index].ids)
                .into_iter()
                .next()
        });
        self.known = Known::find(conn, idents).await?;
        for &index in &self.indexes {
            let ids = &self.reports[index].ids;
            if let Some(resolution) = self
                .known
                .resolve(ids, self.reports[index].sender.speaker())
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
    /// again. What it says counts once: facts that were sent before, by somebody believed as far, move nothing.
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
                .bind(self.reports[index].sender.trust.level())
                .scalar()
                .await?;
            if known > 0 {
                aside.insert(index);
                receipts[index] = Some(Receipt {
                    client_id: id,
                    kept: Kept::Unchanged,
                    news: News::None,
                    standing: self.standing_of(id, &self.reports[index]),
                });
            }
        }
        self.indexes.retain(|index| !aside.contains(index));
        let aside: Vec<(ClientId, &Incoming)> = aside
            .into_iter()
            .map(|index| (self.id(index), &self.reports[index]))
            .collect();
        echoes::keep_first(conn, &aside).await
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
            .int(same.iter().map(|s| Some(report(s).sender.trust.level())))
            .int(same.iter().map(|s| Some(report(s).collected_at.0)))
            .int(same.iter().map(|s| Some(report(s).received_at.0)))
            .int(same.iter().map(|s| Some(report(s).seen_at.0)))
            .int(same.iter().map(|s| Some(report(s).stale_at.0)))
            .text(same.iter().map(|s| report(s).report_id.clone()))
            .text(
                same.iter()
                    .map(|s| Some(report(s).sender.token.to_string())),
            )
            .text(same.iter().map(|s| Some(report(s).sender.from.to_string())));
        let touched: Vec<IdRow> = conn.many(TOUCH, &[ESTATE, self.now.0], &rows).await?;
        let touched: HashSet<Vec<u8>> = touched.into_iter().map(|row| row.id).collect();
        Ok(same
            .into_iter()
            .filter(|(_, id)| touched.contains(&id.as_bytes()[..]))
            .collect())
    }

    /// The thorough look-up, for new clients and for ids that are new to a known one.
    async fn identify(&mut self, conn: &mut Conn, rest: &[usize]) -> Result<FoundOut> {
        let unsure: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|index| !self.ids_are_known(*index))
            .collect();
        let mut out = FoundOut::default();
        if unsure.is_empty() {
            return Ok(out);
        }
        conn.lock_new_clients().await?;
        let idents = unsure
            .iter()
            .flat_map(|&index| identify::all_idents(&self.reports[index].ids));
        let thorough = Known::find(conn, idents).await?;
        let mut met = Met::default();
        for index in unsure {
            let ids = &self.reports[index].ids;
            let Some(resolution) = thorough.resolve(ids, self.reports[index].sender.speaker())
            else {
                return Err(Error::Input("a report names no client".to_owned()));
            };
            let id = resolution.id;
            self.client.insert(index, id);
            if let Some(state) = thorough.state.get(&id) {
                self.known.state.insert(id, state.clone());
            }
            out.witnesses
                .extend(resolution.witness().map(|witness| (witness, id)));
            out.named.extend(resolution.by_name.map(|fqdn| (id, fqdn)));
            out.suspects.extend(
                resolution
                    .suspects
                    .into_iter()
                    .map(|(other, shares)| (id, other, shares)),
            );
            out.suspects.extend(met.note(ids, id));
        }
        Ok(out)
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

    pub(super) fn id(&self, index: usize) -> ClientId {
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
            .text(each().map(|r| r.impact.map(Impact::code)))
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
            .flag(each().map(|r| r.future))
            .int(each().map(|r| Some(r.coverage.touched)))
            .int(each().map(|r| Some(r.coverage.whole)))
            .int(each().map(|r| Some(r.sender.trust.level())))
            .text(each().map(|r| Some(r.sender.token.to_string())))
            .text(each().map(|r| Some(r.sender.from.to_string())));
        let applied: Vec<Applied> = conn.many(UPSERT, &[ESTATE], &rows).await?;
        Ok(applied
            .into_iter()
            .filter_map(|row| Some((identify::from_bytes(&row.id)?, row)))
            .collect())
    }

    /// Writes down the ids that are new, and who may be whom.
    async fn remember(&self, conn: &mut Conn, rest: &[usize], found: FoundOut) -> Result<()> {
        let mut fresh = found.witnesses;
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
        name_fully(conn, &found.named).await?;
        insert_suspects(conn, &found.suspects, self.now).await
    }
}
