//! What several records say of one client, judged together as the server judges it.

use std::collections::HashMap;

use super::assess::{Judged, Outcome};
use crate::{
    domain::{
        assess::{Joint, Policy, assess_jointly},
        evidence::{Source, Trust},
        identity::ClientIds,
        time::Timestamp,
        verdict::{Note, Standing},
    },
    store::{
        identify::{Candidate, ClientId, Speaker, all_idents, resolve},
        model::Listing,
    },
};

/// Gives every record the verdict on its client.
pub(super) fn jointly(
    outcomes: &mut [Outcome],
    policy: &Policy,
    freshness_ms: i64,
    now: Timestamp,
) {
    let too_old = now.plus(freshness_ms.saturating_neg());
    for places in clients(outcomes, now) {
        let judged: Vec<&Judged> = places
            .iter()
            .filter_map(|at| outcomes.get(*at)?.result.as_ref().ok())
            .collect();
        // The same thing said again is one source, as new as it was last said.
        let mut newest: HashMap<[u8; 16], &Judged> = HashMap::new();
        for one in judged {
            let known = newest.entry(one.content_hash).or_insert(one);
            if one.report.collected_at > known.report.collected_at {
                *known = one;
            }
        }
        if newest.len() < 2 {
            continue;
        }
        let sources: Vec<Source<'_>> = newest
            .values()
            .map(|one| Source {
                rank: (one.report.collected_at.min(now), one.content_hash),
                trust: Trust::Vouched,
                facts: &one.report.facts,
            })
            .collect();
        let Joint {
            mut verdict,
            combined,
            ..
        } = assess_jointly(&sources, policy, too_old);
        let counting = sources.iter().zip(&combined.decides);
        let oldest = counting
            .filter(|(_, decides)| !decides.is_empty())
            .map(|(source, _)| source.rank.0)
            .min()
            .or_else(|| sources.iter().map(|source| source.rank.0).max())
            .unwrap_or(now);
        let standing = if oldest <= too_old {
            Standing::Stale
        } else {
            verdict.standing
        };
        verdict.notes.push(Note {
            code: "evidence.joint",
            message: format!(
                "{} records here are about this client and were judged together.",
                places.len()
            ),
        });
        for at in places {
            if let Some(Ok(judged)) = outcomes.get_mut(at).map(|outcome| outcome.result.as_mut()) {
                judged.verdict = verdict.clone();
                judged.standing = standing;
            }
        }
    }
}

/// Which records are about one client; only where there are several.
fn clients(outcomes: &[Outcome], now: Timestamp) -> Vec<Vec<usize>> {
    let mut order: Vec<(usize, &Judged)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(at, outcome)| Some((at, outcome.result.as_ref().ok()?)))
        .collect();
    order.sort_by_key(|(_, one)| (one.report.collected_at.min(now), one.content_hash));
    let mut known: HashMap<ClientId, ClientIds> = HashMap::new();
    let mut carriers: HashMap<String, Vec<ClientId>> = HashMap::new();
    let mut places: HashMap<ClientId, Vec<usize>> = HashMap::new();
    for (at, one) in order {
        let ids = &one.report.ids;
        let idents = all_idents(ids);
        let found = idents
            .iter()
            .filter_map(|ident| {
                let candidates = carriers.get(ident)?.iter().filter_map(|id| {
                    let ids = known.get(id)?.clone();
                    Some(Candidate {
                        id: *id,
                        ids,
                        listing: Listing::Unlisted,
                    })
                });
                Some((ident.clone(), candidates.collect()))
            })
            .collect();
        let Some(resolution) = resolve(ids, &found, Speaker::File) else {
            continue;
        };
        let id = resolution.id;
        add(known.entry(id).or_default(), ids);
        for ident in idents {
            let carriers = carriers.entry(ident).or_default();
            if !carriers.contains(&id) {
                carriers.push(id);
            }
        }
        places.entry(id).or_default().push(at);
    }
    let mut several: Vec<Vec<usize>> = places
        .into_values()
        .filter(|places| places.len() > 1)
        .collect();
    several.sort_unstable();
    several
}

/// Ids that a newer record adds.
fn add(known: &mut ClientIds, more: &ClientIds) {
    let texts = [
        (&mut known.sms_guid, &more.sms_guid),
        (&mut known.site_code, &more.site_code),
        (&mut known.name, &more.name),
        (&mut known.fqdn, &more.fqdn),
        (&mut known.smbios_guid, &more.smbios_guid),
        (&mut known.serial_number, &more.serial_number),
    ];
    for (known, more) in texts {
        if more.is_some() {
            known.clone_from(more);
        }
    }
    known.resource_id = more.resource_id.or(known.resource_id);
}
