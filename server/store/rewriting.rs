//! Writes clients that were made anew, and everything that hangs on them: sources, ids, suspicions.

use std::collections::HashSet;

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    joining::{self, Source},
    known::{ClientIdRow, IdRow, Known, insert_identities, insert_suspects, packed_roles},
    model::Listing,
    rebuilding::Rebuilt,
    rows::Rows,
};
use crate::domain::{
    time::Timestamp,
    verdict::{Impact, Standing},
};

const WRITE: &str = include_str!("sql/rebuild_clients.sql");
const GONE: &str = "WITH v (client_id) AS ({rows}) DELETE FROM clients
WHERE estate = $1 AND id IN (SELECT client_id FROM v) RETURNING id";
/// How a client was found by its name is no id of its own, and stays.
const FORGET_IDENTS: &str = "WITH v (client_id) AS ({rows}) DELETE FROM identities
WHERE estate = $1 AND client_id IN (SELECT client_id FROM v) AND SUBSTR(ident, 1, 2) <> 'w:' RETURNING client_id";
/// Suspicions that rest on what neither side says any more.
const UNFOUNDED: &str = "WITH v (client_id) AS ({rows})
SELECT s.client_id, s.other_id, s.shares FROM v CROSS JOIN suspects s
WHERE s.estate = $1 AND s.client_id = v.client_id AND NOT EXISTS (
  SELECT 1 FROM identities a JOIN identities b ON b.estate = a.estate AND b.ident = a.ident
  WHERE a.estate = $1 AND a.client_id = s.client_id AND b.client_id = s.other_id
    AND SUBSTR(a.ident, 1, 2) = CASE s.shares WHEN 'smbios' THEN 's:' WHEN 'serial' THEN 'x:' WHEN 'fqdn' THEN 'f:'
      WHEN 'resource_id' THEN 'r:' ELSE 'n:' END)";
const UNSUSPECT: &str = "WITH v (client_id, other_id, shares) AS ({rows}) DELETE FROM suspects
WHERE estate = $1 AND (client_id, other_id, shares) IN (SELECT client_id, other_id, shares FROM v) RETURNING client_id";
const MARK: &str = include_str!("sql/mark_duplicates.sql");

#[derive(sqlx::FromRow)]
struct Pair {
    client_id: Vec<u8>,
    other_id: Vec<u8>,
    shares: String,
}

/// Writes clients as they are now. They are locked, and nobody makes clients known meanwhile.
pub(super) async fn write(conn: &mut Conn, clients: &[Rebuilt], now: Timestamp) -> Result<()> {
    let (there, gone): (Vec<&Rebuilt>, Vec<&Rebuilt>) = clients
        .iter()
        .partition(|client| client.standing(now).is_some());
    let ids = |clients: &[&Rebuilt]| {
        Rows::default().bytes(clients.iter().map(|c| Some(identify::bytes(c.id))))
    };
    if !there.is_empty() {
        let _: Vec<IdRow> = conn.many(WRITE, &[ESTATE], &rows(&there, now)).await?;
    }
    if !gone.is_empty() {
        let _: Vec<IdRow> = conn.many(GONE, &[ESTATE], &ids(&gone)).await?;
    }
    let all: Vec<ClientId> = clients.iter().map(|client| client.id).collect();
    let sources: Vec<(ClientId, &Source)> = there
        .iter()
        .filter_map(|client| Some((client.id, client.verdict.as_ref()?)))
        .filter(|(_, verdict)| verdict.is_joint())
        .flat_map(|(id, verdict)| verdict.sources.iter().map(move |source| (id, source)))
        .collect();
    joining::keep_sources(conn, &all, &sources).await?;
    let anew: Vec<&Rebuilt> = clients
        .iter()
        .filter(|client| !client.keeps_idents)
        .collect();
    if !anew.is_empty() {
        let _: Vec<ClientIdRow> = conn.many(FORGET_IDENTS, &[ESTATE], &ids(&anew)).await?;
    }
    let idents: Vec<(String, ClientId)> = there
        .iter()
        .flat_map(|client| client.idents.iter().map(|ident| (ident.clone(), client.id)))
        .collect();
    if !idents.is_empty() {
        insert_identities(conn, &idents).await?;
    }
    suspicions(conn, &all, &there, now).await
}

/// Lets go of suspicions that rest on nothing now, and notes those that what is left gives rise to.
async fn suspicions(
    conn: &mut Conn,
    all: &[ClientId],
    there: &[&Rebuilt],
    now: Timestamp,
) -> Result<()> {
    let rows = Rows::default().bytes(all.iter().map(|id| Some(identify::bytes(*id))));
    let pairs: Vec<Pair> = conn.many(UNFOUNDED, &[ESTATE], &rows).await?;
    if !pairs.is_empty() {
        let both: Vec<(&[u8], &[u8], &str)> = pairs
            .iter()
            .flat_map(|pair| {
                let (one, other) = (&pair.client_id[..], &pair.other_id[..]);
                [
                    (one, other, &pair.shares[..]),
                    (other, one, &pair.shares[..]),
                ]
            })
            .collect();
        let rows = Rows::default()
            .bytes(both.iter().map(|(one, ..)| Some(one.to_vec())))
            .bytes(both.iter().map(|(_, other, _)| Some(other.to_vec())))
            .text(both.iter().map(|(.., shares)| Some(*shares)));
        let _: Vec<ClientIdRow> = conn.many(UNSUSPECT, &[ESTATE], &rows).await?;
    }
    let suspicious = |ident: &&String| identify::suspicion(ident).is_some();
    let idents = there
        .iter()
        .flat_map(|client| client.idents.iter().filter(suspicious).cloned());
    let known = Known::find(conn, idents).await?;
    let mut suspects: Vec<(ClientId, ClientId, &'static str)> = Vec::new();
    for client in there {
        for ident in client.idents.iter().filter(suspicious) {
            let Some(shares) = identify::suspicion(ident) else {
                continue;
            };
            suspects.extend(
                known
                    .carriers(ident)
                    .filter(|other| *other != client.id)
                    .map(|other| (client.id, other, shares)),
            );
        }
    }
    insert_suspects(conn, &suspects, now).await?;
    let marked: HashSet<Vec<u8>> = pairs
        .into_iter()
        .flat_map(|pair| [pair.client_id, pair.other_id])
        .chain(there.iter().map(|client| identify::bytes(client.id)))
        .collect();
    let rows = Rows::default().bytes(marked.into_iter().map(Some));
    let _: Vec<IdRow> = conn.many(MARK, &[ESTATE], &rows).await?;
    Ok(())
}

fn rows(clients: &[&Rebuilt], now: Timestamp) -> Rows {
    let each = || clients.iter();
    let verdicts = || clients.iter().map(|client| client.verdict.as_ref());
    let newest = || verdicts().map(|verdict| verdict?.newest());
    let listing = |client: &Rebuilt| match &client.listed {
        None => Listing::Unlisted,
        Some(listed) => {
            let newest = client.verdict.as_ref().and_then(|verdict| verdict.newest());
            listed.listing(newest.map(|newest| newest.said.seen_at))
        }
    };
    Rows::default()
        .bytes(each().map(|c| Some(identify::bytes(c.id))))
        .text(each().map(|c| Some(c.name.clone())))
        .text(each().map(|c| Some(c.name.to_lowercase())))
        .text(each().map(|c| c.ids.sms_guid.clone()))
        .int(each().map(|c| c.ids.resource_id))
        .text(each().map(|c| Some(c.ids.site_code.clone().unwrap_or_default())))
        .text(each().map(|c| c.ids.fqdn.clone()))
        .text(each().map(|c| c.ids.smbios_guid.clone()))
        .text(each().map(|c| c.ids.serial_number.clone()))
        .text(each().map(|c| {
            Some(match &c.verdict {
                Some(verdict) => packed_roles(&verdict.roles),
                None => c.silent.1.clone(),
            })
        }))
        .text(each().map(|c| Some(listing(c).code())))
        .text(each().map(|c| {
            Some(match &c.verdict {
                Some(verdict) => verdict.os_key.clone(),
                None => c.silent.0.clone(),
            })
        }))
        .text(each().map(|c| Some(c.standing(now).unwrap_or(Standing::Silent).code())))
        .text(verdicts().map(|v| Some(v?.verdict.code())))
        .text(verdicts().map(|v| v?.impact.map(Impact::code)))
        .text(verdicts().map(|v| v?.deciding))
        .int(verdicts().map(|v| Some(v.map_or(0, |v| v.reasons))))
        .int(verdicts().map(|v| Some(v.map_or(0, |v| v.warnings))))
        .text(verdicts().map(|v| Some(v.map(|v| v.ruleset.clone()).unwrap_or_default())))
        .int(verdicts().map(|v| Some(v?.since.0)))
        .int(newest().map(|s| Some(s?.collected_at.0)))
        .int(newest().map(|s| Some(s?.received_at.0)))
        .int(newest().map(|s| Some(s?.said.seen_at.0)))
        .int(newest().map(|s| Some(s?.evidence_at)))
        .bytes(newest().map(|s| Some(s?.said.content_hash.to_vec())))
        .text(newest().map(|s| s?.report_id.clone()))
        .int(verdicts().map(|v| Some(v?.stale_at.0)))
        .int(verdicts().map(|v| Some(v?.stale_at.0).filter(|at| *at > now.0)))
        .flag(newest().map(|s| s.is_some_and(|s| s.future)))
        .int(
            verdicts()
                .map(|v| Some(v.map_or(1, |v| i64::try_from(v.sources.len()).unwrap_or(i64::MAX)))),
        )
        .int(verdicts().map(|v| Some(v.map_or(-1, |v| v.coverage.touched))))
        .int(verdicts().map(|v| Some(v.map_or(0, |v| v.coverage.whole))))
        .int(verdicts().map(|v| {
            let trusts = v.into_iter().flat_map(|v| &v.sources);
            Some(trusts.map(|s| s.said.trust.level()).max().unwrap_or(1))
        }))
        .int(verdicts().map(|v| v?.oldest_at.map(|at| at.0)))
        .text(verdicts().map(|v| Some(v.map(|v| v.sent_token.clone()).unwrap_or_default())))
        .text(verdicts().map(|v| Some(v.map(|v| v.sent_from.clone()).unwrap_or_default())))
}
