//! Clients that several sources speak of: what each said is read again, judged together, and written as one.
//!
//! The rows are locked first, so here a decision may be made from what was read.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::{Error, Result},
    evidence,
    identify::{self, ClientId},
    incoming::{Incoming, Jointly, Kept, News, Said, Way},
    known::{ClientIdRow, IdRow, State, packed_roles},
    rows::Rows,
};
use crate::domain::{
    evidence::{Coverage, Trust},
    time::Timestamp,
    verdict::{Impact, Standing},
};

const LOCK: &str = include_str!("sql/lock_clients.sql");
const SOURCES: &str = include_str!("sql/sources_of_clients.sql");
const WRITE: &str = include_str!("sql/join_clients.sql");
const FORGET: &str = "WITH v (client_id) AS ({rows}) DELETE FROM evidence
WHERE estate = $1 AND client_id IN (SELECT client_id FROM v) RETURNING client_id";
const KEEP: &str = "WITH v (client_id, content_hash, trust, seen_at, evidence_at) AS ({rows})
INSERT INTO evidence (estate, client_id, content_hash, trust, seen_at, evidence_at)
SELECT $1, client_id, content_hash, trust, seen_at, evidence_at FROM v WHERE TRUE
RETURNING client_id";

/// What became of a report that was judged together with others.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) kept: Kept,
    pub(super) news: News,
    /// By the rules.
    pub(super) verdict: Standing,
    /// Now.
    pub(super) standing: Standing,
    pub(super) impact: Option<Impact>,
    pub(super) reasons: i64,
    pub(super) os_key: String,
    pub(super) roles: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Locked {
    id: Vec<u8>,
    seen_at: Option<i64>,
    content_hash: Option<Vec<u8>>,
    sources: i64,
    touched: i64,
    whole: i64,
    trust: i64,
    verdict: Option<String>,
    os_key: String,
    sent_token: String,
    sent_from: String,
}

/// A source as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Stored {
    client_id: Vec<u8>,
    content_hash: Vec<u8>,
    trust: i64,
    seen_at: i64,
    evidence_at: i64,
    collected_at: i64,
    received_at: i64,
    report_id: Option<String>,
    future: bool,
    dictionary: i64,
    raw: Vec<u8>,
}

/// One of several sources, ready to be judged.
pub(super) struct Source {
    pub(super) said: Said,
    pub(super) evidence_at: i64,
    pub(super) collected_at: Timestamp,
    pub(super) received_at: Timestamp,
    pub(super) report_id: Option<String>,
    pub(super) future: bool,
}

/// Where other servers write too, locks clients that may change, in the order of their ids, and brings what is known
/// of them up to date.
pub(super) async fn lock(
    conn: &mut Conn,
    ids: &[ClientId],
    state: &mut HashMap<ClientId, State>,
) -> Result<()> {
    if !conn.shares_its_database() {
        return Ok(());
    }
    let rows = Rows::default().bytes(ids.iter().map(|id| Some(identify::bytes(*id))));
    let locked: Vec<Locked> = conn.many(LOCK, &[ESTATE], &rows).await?;
    for row in locked {
        if let Some(state) = identify::from_bytes(&row.id).and_then(|id| state.get_mut(&id)) {
            state.seen_at = row.seen_at;
            state.content_hash = row.content_hash;
            state.sources = row.sources;
            state.coverage = Coverage {
                touched: row.touched,
                whole: row.whole,
            };
            state.trust = Trust::from_level(row.trust);
            state.verdict = row.verdict.as_deref().and_then(Standing::from_code);
            state.os_key = row.os_key;
            state.sent_token = row.sent_token;
            state.sent_from = row.sent_from;
        }
    }
    Ok(())
}

/// Whether a report and what is known of its client need not be joined: the newer of the two says all that the other
/// one says, and is believed as far.
pub(super) fn stands_alone(report: &Incoming, state: &State) -> bool {
    let (Some(seen_at), Some(hash)) = (state.seen_at, &state.content_hash) else {
        return true;
    };
    if state.sources != 1 {
        return false;
    }
    if report.content_hash[..] == hash[..] {
        return report.sender.trust == state.trust;
    }
    // Of two of the same time none is the newer one; nor of two whose order nobody knows.
    if report.seen_at.0 == seen_at || report.time_open {
        return false;
    }
    let is_newer = (report.seen_at.0, &report.content_hash[..]) > (seen_at, &hash[..]);
    if is_newer {
        report.sender.trust >= state.trust && report.coverage.supersedes(state.coverage)
    } else {
        state.trust >= report.sender.trust && state.coverage.supersedes(report.coverage)
    }
}

/// Joins each report with the other sources about its client, and writes clients and sources. One answer a report,
/// in order. All clients are different, known, and locked.
pub(super) async fn join(
    conn: &mut Conn,
    reports: &[(ClientId, &Incoming)],
    now: Timestamp,
) -> Result<Vec<Joined>> {
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::default().bytes(reports.iter().map(|(id, _)| Some(identify::bytes(*id))));
    let stored: Vec<Stored> = conn.many(SOURCES, &[ESTATE], &rows).await?;
    let mut known: HashMap<Vec<u8>, Vec<Source>> = HashMap::new();
    for row in stored {
        let id = row.client_id.clone();
        known.entry(id).or_default().push(Source::stored(row)?);
    }
    let mut outcomes = Vec::with_capacity(reports.len());
    for (id, report) in reports {
        let sources = known.remove(&id.as_bytes()[..]).unwrap_or_default();
        outcomes.push(Outcome::of(*id, report, sources, now)?);
    }
    write(conn, &outcomes, now).await?;
    Ok(outcomes.into_iter().map(|outcome| outcome.joined).collect())
}

impl Source {
    fn stored(row: Stored) -> Result<Self> {
        let content_hash =
            <[u8; 16]>::try_from(&row.content_hash[..]).map_err(|_| Error::Inconsistent {
                table: "evidence",
                detail: format!("a hash of {} bytes", row.content_hash.len()),
            })?;
        Ok(Self {
            said: Said {
                seen_at: Timestamp(row.seen_at),
                content_hash,
                trust: Trust::from_level(row.trust),
                raw: evidence::unpacked(&row.raw, row.dictionary)?,
            },
            evidence_at: row.evidence_at,
            collected_at: Timestamp(row.collected_at),
            received_at: Timestamp(row.received_at),
            report_id: row.report_id,
            future: row.future,
        })
    }

    pub(super) fn incoming(report: &Incoming) -> Result<Self> {
        Ok(Self {
            said: Said {
                seen_at: report.seen_at,
                content_hash: report.content_hash,
                trust: report.sender.trust,
                raw: evidence::unpacked(&report.raw, report.dictionary)?,
            },
            evidence_at: report.seen_at.0,
            collected_at: report.collected_at,
            received_at: report.received_at,
            report_id: report.report_id.clone(),
            future: report.future,
        })
    }

    pub(super) const fn rank(&self) -> (Timestamp, [u8; 16], Trust) {
        (self.said.seen_at, self.said.content_hash, self.said.trust)
    }

    fn says_the_same_as(&self, report: &Incoming) -> bool {
        self.said.content_hash == report.content_hash && self.said.trust == report.sender.trust
    }
}

/// A client after one more source was heard.
pub(super) struct Outcome<'r> {
    id: ClientId,
    report: &'r Incoming,
    pub(super) jointly: Jointly,
    /// Those that still have something to say, whatever their age.
    pub(super) sources: Vec<Source>,
    pub(super) coverage: Coverage,
    pub(super) oldest_at: Timestamp,
    pub(super) stale_at: Timestamp,
    joined: Joined,
}

impl<'r> Outcome<'r> {
    pub(super) fn of(
        id: ClientId,
        report: &'r Incoming,
        mut sources: Vec<Source>,
        now: Timestamp,
    ) -> Result<Self> {
        let lasts = report.stale_at.since(report.seen_at);
        let mut kept = Kept::Stored;
        let same = |source: &&mut Source| source.says_the_same_as(report);
        if let Some(known) = sources.iter_mut().find(same) {
            kept = Kept::Unchanged;
            if report.seen_at > known.said.seen_at {
                let evidence_at = known.evidence_at;
                *known = Source::incoming(report)?;
                known.evidence_at = evidence_at;
            }
        } else {
            sources.push(Source::incoming(report)?);
        }
        let said: Vec<Said> = sources.iter().map(|source| source.said.clone()).collect();
        let too_old = now.plus(-lasts);
        let jointly = report.judge.jointly(&said, too_old);
        let news = match said.split_last() {
            Some((own, before)) if kept == Kept::Stored && report.sender.way != Way::Report => {
                news(report, own, before, &jointly, too_old)
            }
            _ => News::Some,
        };
        let oldest_at = jointly.oldest(&said);
        let stale_at = oldest_at.plus(lasts);
        let mut coverage = Coverage::default();
        for (own, live) in jointly.coverage.iter().zip(&jointly.live) {
            if *live {
                coverage.touched |= own.touched;
                coverage.whole |= own.whole;
            }
        }
        // Where nobody says anything, the newest word stays, so that the client has been seen.
        let newest = sources.iter().map(Source::rank).max();
        let nobody = !jointly.live.contains(&true);
        let mut live = jointly.live.iter();
        sources.retain(|source| {
            let live = live.next().copied().unwrap_or(true);
            live || (nobody && Some(source.rank()) == newest)
        });
        let heard = sources.iter().any(|source| source.says_the_same_as(report));
        if !heard && kept == Kept::Stored {
            kept = Kept::Late;
        }
        let standing = if stale_at <= now {
            Standing::Stale
        } else {
            jointly.verdict
        };
        Ok(Self {
            id,
            report,
            joined: Joined {
                kept,
                news,
                verdict: jointly.verdict,
                standing,
                impact: jointly.impact,
                reasons: jointly.reasons,
                os_key: jointly.os_key.clone(),
                roles: jointly.roles.clone(),
            },
            jointly,
            sources,
            coverage,
            oldest_at,
            stale_at,
        })
    }

    /// The newest source; the client's row tells its times.
    fn newest(&self) -> Option<&Source> {
        self.sources.iter().max_by_key(|source| source.rank())
    }

    fn is_joint(&self) -> bool {
        self.sources.len() > 1
    }

    /// Whether this report is the newest word; then the client is called as it says.
    pub(super) fn is_newest(&self) -> bool {
        let newest = self.newest();
        newest.is_some_and(|newest| newest.says_the_same_as(self.report))
    }
}

/// Whether a further source of a client, come in a file, says anything that the others had not.
fn news(
    report: &Incoming,
    own: &Said,
    before: &[Said],
    jointly: &Jointly,
    too_old: Timestamp,
) -> News {
    if before.is_empty()
        || !report
            .judge
            .jointly(before, too_old)
            .comes_to_the_same_as(jointly)
    {
        return News::Some;
    }
    let same = before
        .iter()
        .filter(|said| said.content_hash == own.content_hash);
    match same.map(|said| said.trust).max() {
        Some(trust) if trust < own.trust => News::Vouched,
        _ => News::None,
    }
}

async fn write(conn: &mut Conn, outcomes: &[Outcome<'_>], now: Timestamp) -> Result<()> {
    let each = || outcomes.iter();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let rows = Rows::default()
        .bytes(each().map(|o| Some(identify::bytes(o.id))))
        .flag(each().map(Outcome::is_newest))
        .text(each().map(|o| o.report.ids.name.clone()))
        .text(each().map(|o| o.report.ids.name.as_ref().map(|name| name.to_lowercase())))
        .text(each().map(|o| o.report.ids.sms_guid.clone()))
        .int(each().map(|o| o.report.ids.resource_id))
        .text(each().map(|o| o.report.ids.site_code.clone()))
        .text(each().map(|o| o.report.ids.fqdn.clone()))
        .text(each().map(|o| o.report.ids.smbios_guid.clone()))
        .text(each().map(|o| o.report.ids.serial_number.clone()))
        .text(each().map(|o| Some(packed_roles(&o.jointly.roles))))
        .text(each().map(|o| Some(o.jointly.os_key.clone())))
        .text(each().map(|o| Some(o.joined.standing.code())))
        .text(each().map(|o| Some(o.jointly.verdict.code())))
        .text(each().map(|o| o.jointly.impact.map(Impact::code)))
        .text(each().map(|o| o.jointly.deciding))
        .int(each().map(|o| Some(o.jointly.reasons)))
        .int(each().map(|o| Some(o.jointly.warnings)))
        .text(each().map(|o| Some(o.report.ruleset.to_string())))
        .int(each().map(|o| o.newest().map(|s| s.collected_at.0)))
        .int(each().map(|o| o.newest().map(|s| s.received_at.0)))
        .int(each().map(|o| o.newest().map(|s| s.said.seen_at.0)))
        .int(each().map(|o| o.newest().map(|s| s.evidence_at)))
        .bytes(each().map(|o| o.newest().map(|s| s.said.content_hash.to_vec())))
        .text(each().map(|o| o.newest().and_then(|s| s.report_id.clone())))
        .int(each().map(|o| Some(o.stale_at.0)))
        .int(each().map(|o| (o.stale_at > now).then_some(o.stale_at.0)))
        .flag(each().map(|o| o.newest().is_some_and(|s| s.future)))
        .int(each().map(|o| Some(count(o.sources.len().max(1)))))
        .int(each().map(|o| Some(o.coverage.touched)))
        .int(each().map(|o| Some(if o.is_joint() { 0 } else { o.coverage.whole })))
        .int(each().map(|o| o.sources.iter().map(|s| s.said.trust.level()).max()))
        .int(each().map(|o| o.is_joint().then_some(o.oldest_at.0)))
        .text(each().map(|o| Some(o.report.sender.token.to_string())))
        .text(each().map(|o| Some(o.report.sender.from.to_string())));
    let written: Vec<IdRow> = conn.many(WRITE, &[ESTATE], &rows).await?;
    let distinct: HashSet<Vec<u8>> = written.into_iter().map(|row| row.id).collect();
    if distinct.len() != outcomes.len() {
        return Err(Error::Inconsistent {
            table: "clients",
            detail: "a client that was locked is gone".to_owned(),
        });
    }
    let ids: Vec<ClientId> = each().map(|outcome| outcome.id).collect();
    let kept: Vec<(ClientId, &Source)> = outcomes
        .iter()
        .filter(|outcome| outcome.is_joint())
        .flat_map(|outcome| outcome.sources.iter().map(|source| (outcome.id, source)))
        .collect();
    keep_sources(conn, &ids, &kept).await
}

/// Writes which sources these clients have, in place of those they had; a client with one has none here.
pub(super) async fn keep_sources(
    conn: &mut Conn,
    ids: &[ClientId],
    kept: &[(ClientId, &Source)],
) -> Result<()> {
    let rows = Rows::default().bytes(ids.iter().map(|id| Some(identify::bytes(*id))));
    let _: Vec<ClientIdRow> = conn.many(FORGET, &[ESTATE], &rows).await?;
    let rows = Rows::default()
        .bytes(kept.iter().map(|(id, _)| Some(identify::bytes(*id))))
        .bytes(kept.iter().map(|(_, s)| Some(s.said.content_hash.to_vec())))
        .int(kept.iter().map(|(_, s)| Some(s.said.trust.level())))
        .int(kept.iter().map(|(_, s)| Some(s.said.seen_at.0)))
        .int(kept.iter().map(|(_, s)| Some(s.evidence_at)));
    let _: Vec<ClientIdRow> = conn.many(KEEP, &[ESTATE], &rows).await?;
    Ok(())
}
