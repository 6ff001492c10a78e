//! Clients made anew from the reports that are left of them, as if the others had never come.
//!
//! What is left is gone through in the order of time, with the same decisions as when it came in (`joining`), and only
//! what comes out at the end is written, so that nobody sees a client pass through what it never was.

use std::collections::{HashMap, HashSet};

use super::{
    error::Result,
    identify::{self, ClientId},
    incoming::{Incoming, ReadsAgain},
    joining::{self, Outcome, Source},
    known::{State, packed_roles},
    model::Listing,
    remains::{Listed, Remains},
};
use crate::domain::{
    evidence::Coverage,
    identity::ClientIds,
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// What the reports that are left come to.
pub(super) struct Verdict {
    pub(super) os_key: String,
    pub(super) roles: Vec<String>,
    pub(super) verdict: Standing,
    pub(super) impact: Option<Impact>,
    pub(super) deciding: Option<&'static str>,
    pub(super) reasons: i64,
    pub(super) warnings: i64,
    pub(super) ruleset: String,
    pub(super) since: Timestamp,
    pub(super) stale_at: Timestamp,
    pub(super) oldest_at: Option<Timestamp>,
    pub(super) coverage: Coverage,
    pub(super) sent_token: String,
    pub(super) sent_from: String,
    /// At least one.
    pub(super) sources: Vec<Source>,
}

impl Verdict {
    /// The newest source; the client's row tells its times.
    pub(super) fn newest(&self) -> Option<&Source> {
        self.sources.iter().max_by_key(|source| source.rank())
    }

    pub(super) fn is_joint(&self) -> bool {
        self.sources.len() > 1
    }
}

/// A client as it is without the reports that are set aside.
pub(super) struct Rebuilt {
    pub(super) id: ClientId,
    pub(super) ids: ClientIds,
    /// How it is called.
    pub(super) name: String,
    /// By what it is known: what its reports and the lists say.
    pub(super) idents: HashSet<String>,
    /// Nobody knows which of its ids a list gave, so all of them stay.
    pub(super) keeps_idents: bool,
    /// What the lists say of it; `None`: no list names it.
    pub(super) listed: Option<Listed>,
    /// `None`: no report is left.
    pub(super) verdict: Option<Verdict>,
    /// OS key and roles of one that no report is left of.
    pub(super) silent: (String, String),
    /// How it stood before; `None`: it was not there.
    pub(super) before: Option<Standing>,
}

impl Rebuilt {
    /// How it stands now; `None`: neither a report nor a list knows it any more.
    pub(super) fn standing(&self, now: Timestamp) -> Option<Standing> {
        match &self.verdict {
            Some(verdict) if verdict.stale_at <= now => Some(Standing::Stale),
            Some(verdict) => Some(verdict.verdict),
            None => self.listed.as_ref().map(|_| Standing::Silent),
        }
    }

    /// Makes a client from what is left.
    pub(super) fn of(remains: Remains, reader: &dyn ReadsAgain, now: Timestamp) -> Result<Self> {
        let Remains {
            id,
            current,
            listed,
            reports,
            kept_at,
        } = remains;
        let listed_ids = listed.as_ref().and_then(|listed| listed.ids.clone());
        // Lists that came before their words were kept: then what is known of the client stays.
        let keeps_idents = listed.is_some() && listed_ids.is_none();
        let mut ids = match (&listed_ids, &current) {
            (Some(ids), _) => ids.clone(),
            (None, Some(current)) if keeps_idents => current.ids.clone(),
            _ => ClientIds::default(),
        };
        let mut name = listed_ids
            .as_ref()
            .map(ClientIds::display_name)
            .or_else(|| current.as_ref().map(|current| current.name.clone()))
            .unwrap_or_default();
        let mut idents: HashSet<String> = identify::all_idents(&ids).into_iter().collect();
        let mut verdict: Option<Verdict> = None;
        for stored in &reports {
            let Some(report) = reader.again(stored) else {
                tracing::warn!("a stored report can no longer be read; it is left out");
                continue;
            };
            idents.extend(identify::all_idents(&report.ids));
            let newest;
            (verdict, newest) = heard(id, verdict, &report, now)?;
            learn(&mut ids, &report.ids, newest);
            if newest {
                name.clone_from(&report.name);
            }
        }
        if let Some(verdict) = &mut verdict {
            for source in &mut verdict.sources {
                let hash = source.said.content_hash;
                let places = kept_at.get(&hash).map_or(&[][..], Vec::as_slice);
                // The facts stand where they were said first, be it in a report that is set aside.
                if !places.contains(&source.evidence_at)
                    && let Some(first) = places.first()
                {
                    source.evidence_at = *first;
                }
            }
        }
        let said = listed
            .as_ref()
            .map(|listed| (&listed.os_key, &listed.roles));
        let silent = match (said, &current) {
            (Some((Some(os_key), roles)), _) => (os_key.clone(), roles.clone().unwrap_or_default()),
            (_, Some(current)) => (current.os_key.clone(), current.roles.clone()),
            _ => ("unknown".to_owned(), String::new()),
        };
        Ok(Self {
            id,
            ids,
            name,
            idents,
            keeps_idents,
            listed,
            verdict,
            silent,
            before: current.map(|current| current.standing),
        })
    }
}

/// One report more. Answers what is known then, and whether the report is the newest word.
fn heard(
    id: ClientId,
    before: Option<Verdict>,
    report: &Incoming,
    now: Timestamp,
) -> Result<(Option<Verdict>, bool)> {
    let Some(before) = before else {
        return Ok((Some(alone(report, None)?), true));
    };
    let state = state(&before);
    if joining::stands_alone(report, &state) {
        let newest = before.newest().map(|source| {
            let (seen_at, hash, _) = source.rank();
            (seen_at, hash)
        });
        if newest.is_some_and(|newest| (report.seen_at, report.content_hash) <= newest) {
            return Ok((Some(before), false));
        }
        return Ok((Some(alone(report, Some(&before))?), true));
    }
    let (verdict_before, impact_before, since) = (before.verdict, before.impact, before.since);
    let (token, from) = (before.sent_token.clone(), before.sent_from.clone());
    let outcome = Outcome::of(id, report, before.sources, now)?;
    let newest = outcome.is_newest();
    let newest_seen = outcome.sources.iter().map(Source::rank).max();
    let jointly = outcome.jointly;
    let same = verdict_before == jointly.verdict && impact_before == jointly.impact;
    let joint = outcome.sources.len() > 1;
    Ok((
        Some(Verdict {
            os_key: jointly.os_key,
            roles: jointly.roles,
            verdict: jointly.verdict,
            impact: jointly.impact,
            deciding: jointly.deciding,
            reasons: jointly.reasons,
            warnings: jointly.warnings,
            ruleset: report.ruleset.to_string(),
            since: if same {
                since
            } else {
                newest_seen.map_or(report.seen_at, |(seen_at, ..)| seen_at)
            },
            stale_at: outcome.stale_at,
            oldest_at: joint.then_some(outcome.oldest_at),
            coverage: Coverage {
                touched: outcome.coverage.touched,
                whole: if joint { 0 } else { outcome.coverage.whole },
            },
            sent_token: if newest {
                report.sender.token.to_string()
            } else {
                token
            },
            sent_from: if newest {
                report.sender.from.to_string()
            } else {
                from
            },
            sources: outcome.sources,
        }),
        newest,
    ))
}

/// A report that leaves nothing of what was known to say.
fn alone(report: &Incoming, before: Option<&Verdict>) -> Result<Verdict> {
    let mut source = Source::incoming(report)?;
    let mut since = report.seen_at;
    if let Some(before) = before {
        let known = before.newest();
        if let Some(known) = known.filter(|known| known.said.content_hash == report.content_hash) {
            source.evidence_at = known.evidence_at;
        }
        if before.verdict == report.verdict && before.impact == report.impact {
            since = before.since;
        }
    }
    Ok(Verdict {
        os_key: report.os_key.clone(),
        roles: report.roles.clone(),
        verdict: report.verdict,
        impact: report.impact,
        deciding: report.deciding,
        reasons: report.reasons,
        warnings: report.warnings,
        ruleset: report.ruleset.to_string(),
        since,
        stale_at: report.stale_at,
        oldest_at: None,
        coverage: report.coverage,
        sent_token: report.sender.token.to_string(),
        sent_from: report.sender.from.to_string(),
        sources: vec![source],
    })
}

/// What is known, as the decision how a report comes in wants it.
fn state(verdict: &Verdict) -> State {
    let newest = verdict.newest();
    State {
        ids: ClientIds::default(),
        listing: Listing::Unlisted,
        seen_at: newest.map(|source| source.said.seen_at.0),
        content_hash: newest.map(|source| source.said.content_hash.to_vec()),
        standing: Some(verdict.verdict),
        verdict: Some(verdict.verdict),
        stale_at: Some(verdict.stale_at.0),
        os_key: verdict.os_key.clone(),
        sent_token: verdict.sent_token.clone(),
        sent_from: verdict.sent_from.clone(),
        sources: i64::try_from(verdict.sources.len()).unwrap_or(i64::MAX),
        coverage: verdict.coverage,
        roles: packed_roles(&verdict.roles),
        trust: verdict
            .sources
            .iter()
            .map(|source| source.said.trust)
            .max()
            .unwrap_or_default(),
    }
}

/// Ids of the newest word take the place of older ones; another one fills gaps.
fn learn(known: &mut ClientIds, said: &ClientIds, newest: bool) {
    fn one<T: Clone>(known: &mut Option<T>, said: Option<&T>, newest: bool) {
        if newest || known.is_none() {
            *known = said.cloned().or_else(|| known.take());
        }
    }
    one(&mut known.sms_guid, said.sms_guid.as_ref(), newest);
    one(&mut known.resource_id, said.resource_id.as_ref(), newest);
    one(&mut known.site_code, said.site_code.as_ref(), newest);
    one(&mut known.name, said.name.as_ref(), newest);
    one(&mut known.fqdn, said.fqdn.as_ref(), newest);
    one(&mut known.smbios_guid, said.smbios_guid.as_ref(), newest);
    one(
        &mut known.serial_number,
        said.serial_number.as_ref(),
        newest,
    );
}

/// Where the facts of each hash are kept in the history of a client, the best place first.
pub(super) type KeptAt = HashMap<[u8; 16], Vec<i64>>;
