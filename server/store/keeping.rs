//! What a group of reports leaves in the history, and what its senders are told.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    echoes,
    error::Result,
    group::{Applied, Wave},
    identify::{self, ClientId},
    incoming::{Incoming, Kept, News, Receipt},
    known::ClientIdRow,
    rows::Rows,
};
use crate::domain::verdict::{Impact, Standing};

const HISTORY: &str = include_str!("sql/insert_history.sql");
const IN_FORCE: &str = include_str!("sql/history_in_force.sql");

impl Wave<'_> {
    /// Writes the history and the receipts, for everything that was not merely touched.
    pub(super) async fn keep_history(
        &self,
        conn: &mut Conn,
        rest: &[usize],
        applied: &HashMap<ClientId, Applied>,
        receipts: &mut [Option<Receipt>],
    ) -> Result<()> {
        let mut keep: Vec<(usize, bool)> = Vec::new();
        let passed_over: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|index| !self.joined.contains_key(index))
            .filter(|&index| !applied.contains_key(&self.id(index)))
            .collect();
        let in_force = self.in_force(conn, &passed_over).await?;
        for &index in rest {
            let id = self.id(index);
            let report = &self.reports[index];
            if let Some(joined) = self.joined.get(&index) {
                if joined.kept != Kept::Unchanged {
                    keep.push((index, joined.kept == Kept::Late));
                }
                receipts[index] = Some(Receipt {
                    client_id: id,
                    kept: joined.kept,
                    news: joined.news,
                    standing: joined.standing,
                });
                continue;
            }
            let (kept, standing) = match applied.get(&id) {
                Some(row) if row.evidence_at == row.seen_at => {
                    keep.push((index, false));
                    (Kept::Stored, report.standing_at(self.now))
                }
                Some(_) => (Kept::Unchanged, report.standing_at(self.now)),
                None => {
                    let standing = self.standing_of(id, report);
                    let then = in_force.get(&index).and_then(Option::as_deref);
                    if then == Some(&report.content_hash[..]) {
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
                news: News::Some,
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
        let echoes: Vec<(ClientId, &Incoming)> = rest
            .iter()
            .map(|&index| (self.id(index), &self.reports[index]))
            .filter(|(id, _)| !written.contains(&id.as_bytes()[..]))
            .collect();
        echoes::keep(conn, &echoes).await
    }

    /// The standing of a client that a late report did not move.
    pub(super) fn standing_of(&self, id: ClientId, report: &Incoming) -> Standing {
        let Some(state) = self.known.state.get(&id) else {
            return report.standing_at(self.now);
        };
        match (state.verdict, state.stale_at) {
            (Some(_), Some(stale_at)) if stale_at <= self.now.0 => Standing::Stale,
            (Some(verdict), _) if state.seen_at.is_some() => state.standing.unwrap_or(verdict),
            _ => report.standing_at(self.now),
        }
    }

    /// The hash of the facts that were in force for its client at the time of each of these reports, by index: looked
    /// up together, since a file that is sent once more consists of such reports.
    async fn in_force(
        &self,
        conn: &mut Conn,
        indexes: &[usize],
    ) -> Result<HashMap<usize, Option<Vec<u8>>>> {
        #[derive(sqlx::FromRow)]
        struct InForce {
            n: i64,
            content_hash: Option<Vec<u8>>,
        }
        let rows = Rows::default()
            .int((0_i64..).take(indexes.len()).map(Some))
            .bytes(
                indexes
                    .iter()
                    .map(|&index| Some(identify::bytes(self.id(index)))),
            )
            .int(
                indexes
                    .iter()
                    .map(|&index| Some(self.reports[index].seen_at.0)),
            );
        let found: Vec<InForce> = conn.many(IN_FORCE, &[ESTATE], &rows).await?;
        let index = |n: i64| indexes.get(usize::try_from(n).ok()?).copied();
        Ok(found
            .into_iter()
            .filter_map(|row| Some((index(row.n)?, row.content_hash)))
            .collect())
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
            .text(
                keep.iter()
                    .map(|(index, _)| Some(self.earned(*index).0.code())),
            )
            .text(
                keep.iter()
                    .map(|(index, _)| self.earned(*index).1.map(Impact::code)),
            )
            .int(keep.iter().map(|(index, _)| Some(self.earned(*index).2)))
            .text(each().map(|r| Some(r.ruleset.to_string())))
            .flag(keep.iter().map(|(_, late)| *late))
            .text(each().map(|r| Some(r.sender.name.to_string())))
            .text(each().map(|r| Some(r.sender.way.code())))
            .int(each().map(|r| Some(r.sender.trust.level())))
            .text(each().map(|r| Some(r.sender.token.to_string())))
            .text(each().map(|r| Some(r.sender.from.to_string())))
            .int(each().map(|r| Some(r.dictionary)))
            .bytes(each().map(|r| Some(r.raw.clone())));
        let written: Vec<ClientIdRow> = conn.many(HISTORY, &[ESTATE], &rows).await?;
        Ok(written.into_iter().map(|row| row.client_id).collect())
    }
}
