//! Writes down what reports did that honest machines seldom do, in the transaction that takes them.
//!
//! A report that says what is known, from where the last one came, costs nothing here: all that is compared was read to
//! find its client.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE, acquaintance,
    bursts::{self, Turn},
    db::Conn,
    error::Result,
    group::{Applied, Wave},
    identify::{self, ClientId},
    incoming::{Incoming, Kept},
    known::{ClientIdRow, State, unpacked_roles},
    rows::Rows,
    suspicion_list, system_roles,
};
use crate::domain::{
    assess::asks_less,
    evidence::Trust,
    suspicions::{
        After, Before, Found, Kind, Mover, Place, SETTLED, Traits, dropped, is_looked_at,
        is_settled, lost_verdict, many_addresses, odd, other_site,
    },
    time::Timestamp,
    verdict::Standing,
};

const RAISE: &str = include_str!("sql/upsert_suspicions.sql");
const LISTED: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (
  SELECT 1 AS one FROM members WHERE estate = $1 AND site = $2 LIMIT 1) AS few";
const ADDRESSES: &str = include_str!("sql/upsert_addresses.sql");
const SINCE: &str = "WITH v (n, client_id, address) AS ({rows})
SELECT v.n, a.since FROM v CROSS JOIN client_addresses a
WHERE a.estate = $1 AND a.client_id = v.client_id AND a.address = v.address";
/// How many addresses clients have, and from how many of them they were heard lately.
const HOW_MANY: &str = "WITH v (client_id) AS ({rows})
SELECT v.client_id, CAST(COUNT(CASE WHEN a.last_at >= $2 THEN 1 END) AS BIGINT) AS lately,
  CAST(COUNT(*) AS BIGINT) AS n
FROM v CROSS JOIN client_addresses a WHERE a.estate = $1 AND a.client_id = v.client_id GROUP BY v.client_id";
const FORGET: &str =
    "DELETE FROM client_addresses WHERE estate = $1 AND client_id = $2 AND address IN (
  SELECT address FROM client_addresses WHERE estate = $1 AND client_id = $2
  ORDER BY last_at DESC, address LIMIT $3 OFFSET $4)";

/// So many addresses of a client are kept, those where it was heard last.
const KEPT: i64 = 16;

#[derive(sqlx::FromRow)]
struct Since {
    n: i64,
    since: i64,
}

#[derive(sqlx::FromRow)]
struct HowMany {
    client_id: Vec<u8>,
    lately: i64,
    n: i64,
}

/// Something odd, and the report that showed it.
struct Raised<'r> {
    client: ClientId,
    report: &'r Incoming,
    found: Found,
    turned: bool,
}

impl<'r> Wave<'r> {
    /// Notes what is odd about the reports of this wave, of which those in `rest` were more than touched.
    pub(super) async fn suspect(
        &self,
        conn: &mut Conn,
        touched: &HashMap<usize, ClientId>,
        rest: &[usize],
        applied: &HashMap<ClientId, Applied>,
        burst: i64,
    ) -> Result<()> {
        let mut raised = Vec::new();
        let mut turns = Vec::new();
        let mut judged: Vec<(usize, Before<'_>, After<'_>)> = rest
            .iter()
            .filter_map(|&index| self.compared(index, applied))
            .collect();
        judged.extend(touched.keys().filter_map(|&index| self.woken(index)));
        let turned: Vec<&(usize, Before<'_>, After<'_>)> = judged
            .iter()
            .filter(|(_, before, after)| after.turned(before) && after.by_a_stranger())
            .collect();
        let settled = self.settled(conn, &turned).await?;
        let by_token: Vec<(usize, ClientId, &str)> = turned
            .iter()
            .map(|(index, _, after)| (*index, self.id(*index), after.traits.token))
            .collect();
        let newcomers = acquaintance::newcomers(conn, &by_token, self.now).await?;
        for (index, before, mut after) in judged {
            after.settled = settled.get(&index).copied().unwrap_or(true);
            after.newcomer = newcomers.get(&index).copied();
            let turned = after.turned(&before);
            let (client, report) = (self.id(index), &self.reports[index]);
            if after.is_of_a_burst(&before) {
                turns.push(Turn { client, report });
            }
            raised.extend(odd(&before, &after).into_iter().map(|found| Raised {
                client,
                report,
                found,
                turned,
            }));
        }
        let listed = self.listed_sites(conn, rest).await?;
        let dropped = self.dropped_roles(conn, rest, applied).await?;
        let doubted = self.doubted(conn, rest, &dropped).await?;
        raised.extend(dropped);
        for &index in rest.iter().filter(|&&index| self.counts(index, applied)) {
            let found = self.left_its_site(index, &listed, &doubted).into_iter();
            raised.extend(found.chain(self.lost(index)).map(|found| Raised {
                client: self.id(index),
                report: &self.reports[index],
                found,
                turned: false,
            }));
        }
        let moved: Vec<(usize, &State)> = touched
            .keys()
            .chain(rest)
            .filter_map(|&index| Some((index, self.moved(index)?)))
            .collect();
        raised.extend(self.heard_elsewhere(conn, &moved).await?);
        raise(conn, &raised, self.now).await?;
        bursts::turned(conn, &turns, burst, self.now).await
    }

    /// What was known of a client that had reported before, where its report is looked at.
    fn before(&self, index: usize) -> Option<&State> {
        let state = self.known.state.get(&self.id(index))?;
        let looked_at = is_looked_at(self.reports[index].sender.trust);
        (looked_at && state.seen_at.is_some()).then_some(state)
    }

    /// A client before and after a report that only says again what was known, where that had become too old. By the token that
    /// was heard last, too: it may have said the same before, to be the one.
    fn woken(&self, index: usize) -> Option<(usize, Before<'_>, After<'_>)> {
        let state = self.before(index)?;
        if !self.is_too_old(state) {
            return None;
        }
        let (index, before, mut after) = self.compared(index, &HashMap::new())?;
        after.counts = true;
        after.verdict = state.verdict?;
        Some((index, before, after))
    }

    /// Whether what was known of a client had become too old, also where nobody has written that down yet.
    fn is_too_old(&self, state: &State) -> bool {
        state.stale_at.is_none_or(|stale_at| stale_at <= self.now.0)
    }

    /// A client before and after a report.
    fn compared(
        &self,
        index: usize,
        applied: &HashMap<ClientId, Applied>,
    ) -> Option<(usize, Before<'_>, After<'_>)> {
        let state = self.before(index)?;
        let report = &self.reports[index];
        let joined = self.joined.get(&index);
        let counts = self.counts(index, applied);
        let before = Before {
            traits: Traits {
                smbios_guid: state.ids.smbios_guid.as_deref(),
                serial_number: state.ids.serial_number.as_deref(),
                os_key: &state.os_key,
                token: &state.sent_token,
                from: &state.sent_from,
            },
            verdict: match state.verdict? {
                Standing::Ready if self.is_too_old(state) => Standing::Stale,
                verdict => verdict,
            },
            seen_at: Timestamp(state.seen_at?),
        };
        let after = After {
            traits: Traits {
                smbios_guid: report.ids.smbios_guid.as_deref(),
                serial_number: report.ids.serial_number.as_deref(),
                os_key: joined.map_or(&report.os_key, |joined| &joined.os_key),
                token: &report.sender.token,
                from: &report.sender.from,
            },
            verdict: self.earned(index).0,
            collected_at: report.collected_at,
            future: report.future,
            holds: report.stale_at.since(report.seen_at),
            trust: report.sender.trust,
            counts,
            settled: true,
            newcomer: None,
        };
        Some((index, before, after))
    }

    /// Whether a report is in force, or stands beside others that are. A late one says nothing of today.
    fn counts(&self, index: usize, applied: &HashMap<ClientId, Applied>) -> bool {
        match self.joined.get(&index) {
            Some(joined) => joined.kept != Kept::Late,
            None => applied.contains_key(&self.id(index)),
        }
    }

    /// Whether a report took the verdict away from a client that was known not to be ready.
    fn lost(&self, index: usize) -> Option<Found> {
        let state = self.known.state.get(&self.id(index))?;
        let before = match state.standing {
            Some(Standing::Conflict) => Standing::Conflict,
            _ => state.verdict?,
        };
        lost_verdict(before, self.earned(index).0)
    }

    /// Which site systems do not name their role any more, also where a list in force calls them so: the list may be gone tomorrow,
    /// and they are judged by what they say. One that was never heard says no more than lists in force do.
    async fn dropped_roles(
        &self,
        conn: &mut Conn,
        rest: &[usize],
        applied: &HashMap<ClientId, Applied>,
    ) -> Result<Vec<Raised<'r>>> {
        // A late report that stands beside others has their roles written anew, of which some may have become too old.
        let written =
            |index: usize| self.joined.contains_key(&index) || self.counts(index, applied);
        let written = rest.iter().filter(|&&index| written(index));
        let known: Vec<(usize, ClientId, &State)> = written
            .filter_map(|&index| {
                let client = self.id(index);
                Some((index, client, self.known.state.get(&client)?))
            })
            .collect();
        let unheard = known.iter().filter(|(_, _, state)| state.seen_at.is_none());
        let unheard: HashSet<ClientId> = unheard.map(|(_, client, _)| *client).collect();
        let listed = system_roles::listed(conn, &unheard).await?;
        let raised = known.into_iter().filter_map(|(index, client, state)| {
            let found = if unheard.contains(&client) {
                let roles = listed.get(&client)?.iter().map(String::as_str);
                dropped(roles, self.roles(index))
            } else {
                dropped(unpacked_roles(&state.roles), self.roles(index))
            };
            Some(Raised {
                client,
                report: &self.reports[index],
                found: found?,
                turned: false,
            })
        });
        Ok(raised.collect())
    }

    /// Those that name another site than the one where they are known, and are ready only without a role that they dropped, now or
    /// before, by a report about which a suspicion is open, or without having been judged as the site system that a list in force
    /// calls them.
    async fn doubted(
        &self,
        conn: &mut Conn,
        rest: &[usize],
        dropped: &[Raised<'r>],
    ) -> Result<HashSet<ClientId>> {
        let elsewhere = |index: &usize| {
            let site = self.reports[*index].ids.site_code.as_deref();
            let known = self.known.state.get(&self.id(*index));
            site.is_some() && known.is_some_and(|known| known.ids.site_code.as_deref() != site)
        };
        let moving: HashSet<ClientId> = rest
            .iter()
            .filter(|index| elsewhere(index))
            .map(|index| self.id(*index))
            .collect();
        let mut doubted: HashSet<ClientId> = dropped.iter().map(|one| one.client).collect();
        doubted.extend(system_roles::before_drops(conn, &moving).await?.into_keys());
        doubted.extend(suspicion_list::suspected_of(conn, &moving).await?);
        let listed = system_roles::listed(conn, &moving).await?;
        doubted.extend(rest.iter().filter_map(|&index| {
            let called = listed.get(&self.id(index))?.iter().map(String::as_str);
            asks_less(called.chain(self.roles(index)), self.roles(index)).then(|| self.id(index))
        }));
        Ok(doubted)
    }

    /// The roles that a client has with a report.
    fn roles(&self, index: usize) -> impl Iterator<Item = &str> {
        let joined = self.joined.get(&index).map(|joined| &joined.roles);
        let roles = joined.unwrap_or(&self.reports[index].roles);
        roles.iter().map(String::as_str)
    }

    /// Where a client was before a report.
    fn place(&self, index: usize) -> Option<Place<'_>> {
        let state = self.known.state.get(&self.id(index))?;
        Some(match state.ids.site_code.as_deref() {
            Some(site) if !site.is_empty() => Place::At(site),
            _ if state.seen_at.is_none() => Place::Unheard,
            _ => Place::Nowhere {
                claimed: matches!(state.trust, Trust::Signed | Trust::Claimed),
            },
        })
    }

    /// Whether a report took a client away from the site where it was known, or from where it could have been, other than one
    /// that was ready and stays so.
    fn left_its_site(
        &self,
        index: usize,
        listed: &HashSet<String>,
        doubted: &HashSet<ClientId>,
    ) -> Option<Found> {
        let state = self.known.state.get(&self.id(index))?;
        let report = &self.reports[index];
        // What is too old is not ready any more, also where nobody has written that down yet.
        let was_ready = !doubted.contains(&self.id(index))
            && state.standing == Some(Standing::Ready)
            && state.stale_at.is_some_and(|stale_at| stale_at > self.now.0);
        let site = report.ids.site_code.as_deref();
        let by = Mover {
            trust: report.sender.trust,
            by_token: !report.sender.token.is_empty(),
        };
        other_site(
            self.place(index)?,
            site,
            was_ready && self.earned(index).0 == Standing::Ready,
            by,
            site.is_some_and(|site| listed.contains(site)),
        )
    }

    /// Which of the sites are named by a list in force that reports name first of clients that somebody vouched for.
    async fn listed_sites(&self, conn: &mut Conn, rest: &[usize]) -> Result<HashSet<String>> {
        let vouched = Some(Place::Nowhere { claimed: false });
        let asked: HashSet<&str> = rest
            .iter()
            .filter(|&&index| self.place(index) == vouched)
            .filter_map(|&index| self.reports[index].ids.site_code.as_deref())
            .filter(|site| !site.is_empty())
            .collect();
        let mut listed = HashSet::new();
        for site in asked {
            let known: i64 = conn.sql(LISTED).bind(ESTATE).bind(site).scalar().await?;
            if known > 0 {
                listed.insert(site.to_owned());
            }
        }
        Ok(listed)
    }

    /// Of those that turned ready: whether their address is one where the client has been known for long enough.
    async fn settled(
        &self,
        conn: &mut Conn,
        turned: &[&(usize, Before<'_>, After<'_>)],
    ) -> Result<HashMap<usize, bool>> {
        if turned.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::default()
            .int((0_i64..).take(turned.len()).map(Some))
            .bytes(
                turned
                    .iter()
                    .map(|(index, ..)| Some(identify::bytes(self.id(*index)))),
            )
            .text(turned.iter().map(|(.., after)| Some(after.traits.from)));
        let found: Vec<Since> = conn.many(SINCE, &[ESTATE], &rows).await?;
        let since: HashMap<i64, Timestamp> = found
            .into_iter()
            .map(|row| (row.n, Timestamp(row.since)))
            .collect();
        let settled = (0_i64..).zip(turned).map(|(n, (index, before, after))| {
            let same = before.traits.from == after.traits.from;
            (*index, is_settled(since.get(&n).copied(), same, self.now))
        });
        Ok(settled.collect())
    }

    /// What was known of a client whose report came from another address than the one before.
    fn moved(&self, index: usize) -> Option<&State> {
        let from = &self.reports[index].sender.from;
        self.before(index).filter(|state| {
            !from.is_empty() && !state.sent_from.is_empty() && state.sent_from != **from
        })
    }

    /// Writes down from where clients are heard that moved, and finds those that move a lot.
    async fn heard_elsewhere(
        &self,
        conn: &mut Conn,
        moved: &[(usize, &State)],
    ) -> Result<Vec<Raised<'r>>> {
        if moved.is_empty() {
            return Ok(Vec::new());
        }
        let ids = || {
            moved
                .iter()
                .map(|(index, _)| Some(identify::bytes(self.id(*index))))
        };
        let then = |state: &State| state.seen_at.unwrap_or_default();
        let now = self.now.0;
        let rows = Rows::default()
            .bytes(ids().chain(ids()))
            .text(
                moved
                    .iter()
                    .map(|(_, state)| Some(state.sent_from.clone()))
                    .chain(
                        moved
                            .iter()
                            .map(|(index, _)| Some(self.reports[*index].sender.from.to_string())),
                    ),
            )
            .int(
                moved
                    .iter()
                    .map(|_| Some(0))
                    .chain(moved.iter().map(|_| Some(now))),
            )
            .int(
                moved
                    .iter()
                    .map(|(_, state)| Some(then(state)))
                    .chain(moved.iter().map(|_| Some(now))),
            );
        let _: Vec<ClientIdRow> = conn.many(ADDRESSES, &[ESTATE], &rows).await?;
        let lately = self.now.plus(-SETTLED).0;
        let rows = Rows::default().bytes(ids());
        let counted: Vec<HowMany> = conn.many(HOW_MANY, &[ESTATE, lately], &rows).await?;
        let mut raised = Vec::new();
        for row in counted {
            if row.n > KEPT {
                conn.sql(FORGET)
                    .bind(ESTATE)
                    .bind(row.client_id.clone())
                    .bind(i64::MAX)
                    .bind(KEPT)
                    .execute()
                    .await?;
            }
            let report = moved
                .iter()
                .find(|(index, _)| self.id(*index).as_bytes()[..] == row.client_id[..]);
            if let (Some(found), Some((index, _))) = (many_addresses(row.lately), report) {
                raised.push(Raised {
                    client: self.id(*index),
                    report: &self.reports[*index],
                    found,
                    turned: false,
                });
            }
        }
        Ok(raised)
    }
}

async fn raise(conn: &mut Conn, raised: &[Raised<'_>], now: Timestamp) -> Result<()> {
    if raised.is_empty() {
        return Ok(());
    }
    let each = || raised.iter();
    let sender = || raised.iter().map(|one| &one.report.sender);
    let rows = Rows::default()
        .text(each().map(|_| Some(uuid::Uuid::now_v7().to_string())))
        .bytes(each().map(|one| Some(identify::bytes(one.client))))
        .text(each().map(|one| Some(one.found.kind.code())))
        .text(sender().map(|sender| Some(sender.token.to_string())))
        // Each site that a client left, and each set of roles that it had, is looked at by itself.
        .text(each().map(|one| {
            let left = matches!(one.found.kind, Kind::Site | Kind::Roles);
            Some(if left { one.found.was.as_str() } else { "" })
        }))
        .text(sender().map(|sender| Some(sender.name.to_string())))
        .text(sender().map(|sender| Some(sender.from.to_string())))
        .text(each().map(|one| Some(one.found.was.clone())))
        .text(each().map(|one| Some(one.found.became.clone())))
        .flag(each().map(|one| one.turned))
        .int(each().map(|_| Some(now.0)));
    let _: Vec<ClientIdRow> = conn.many(RAISE, &[ESTATE], &rows).await?;
    Ok(())
}
