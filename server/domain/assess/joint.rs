//! The verdict on a client that several sources speak of.

use super::{judge::assess, policy::Policy};
use crate::domain::{
    evidence::{Combined, Source, combine, combine_by_trust},
    time::Timestamp,
    verdict::{Impact, Note, Standing, Verdict},
};

/// What all sources together come to.
#[derive(Clone, Debug)]
pub struct Joint {
    /// The verdict.
    pub verdict: Verdict,
    /// The facts it was made from, and who said them.
    pub combined: Combined,
    /// For each source, in the order given, whether it still has anything to say. What has not can be forgotten,
    /// whatever else may arrive.
    pub live: Vec<bool>,
}

/// Judges what all sources together say, of which those that were last seen at `too_old` or before are too old.
///
/// What is too old is not counted, unless the client would stand better without it: nobody is cleared because nobody
/// has looked again. The verdict then rests on it, and so the client is stale.
pub fn assess_jointly(sources: &[Source<'_>], policy: &Policy, too_old: Timestamp) -> Joint {
    let everybody = ageless(sources, policy);
    // Who says nothing does not make anything fresh.
    let fresh: Vec<usize> = (0..sources.len())
        .filter(|&index| everybody.live[index] && sources[index].rank.0 > too_old)
        .collect();
    let kept = everybody.live.iter().filter(|live| **live).count();
    if fresh.is_empty() || fresh.len() == kept {
        return everybody;
    }
    let heard: Vec<Source<'_>> = fresh.iter().map(|&index| sources[index]).collect();
    let mut now = ageless(&heard, policy);
    if severity(&now.verdict) > severity(&everybody.verdict) {
        let mut everybody = everybody;
        everybody.verdict.notes.push(Note {
            code: "evidence.too_old_decides",
            message: "Without what is too old this client would stand better. That nobody has read it again does not clear it: read again what rests on the oldest source."
                .to_owned(),
        });
        return everybody;
    }
    now.verdict.notes.push(Note {
        code: "evidence.too_old",
        message: "Some of what was read of this client is too old and is not counted any more."
            .to_owned(),
    });
    Joint {
        verdict: now.verdict,
        combined: placed(now.combined, &fresh, sources.len()),
        live: everybody.live,
    }
}

/// Judges sources whatever their age. A failure that better trusted sources find stays, whatever less trusted ones
/// say later: who holds the clients' token must not be able to clear a client that an administrator saw blocking.
/// So three readings are judged, and of those that block the worst counts: the newest word on each fact; the best
/// trusted word on each fact, with the others only beside it; and the best trusted words alone.
fn ageless(sources: &[Source<'_>], policy: &Policy) -> Joint {
    let newest = combine(sources);
    let mut live = newest.live.clone();
    let mut verdict = assess(&newest.facts, policy);
    let mut chosen = newest;
    let lowest = sources.iter().map(|source| source.trust).min();
    let trusted: Vec<usize> = (0..sources.len())
        .filter(|&index| Some(sources[index].trust) > lowest)
        .collect();
    let mut by_trust = false;
    if !trusted.is_empty() {
        let above: Vec<Source<'_>> = trusted.iter().map(|&index| sources[index]).collect();
        let beside = combine_by_trust(sources);
        let mut alone = placed(combine(&above), &trusted, sources.len());
        alone.contradictions.clone_from(&beside.contradictions);
        for better in [beside, alone] {
            for (live, also) in live.iter_mut().zip(&better.live) {
                *live |= also;
            }
            let stands = assess(&better.facts, policy);
            if stands.standing == Standing::Blocking && rank(&stands) < rank(&verdict) {
                (verdict, chosen, by_trust) = (stands, better, true);
            }
        }
    }
    if by_trust {
        verdict.notes.push(Note {
            code: "evidence.lower_trust",
            message: "What was sent with the clients' token looks better. It does not clear this client: what was brought by a person or an import says that it blocks. Read the client again by that way."
                .to_owned(),
        });
    }
    for differ in &chosen.contradictions {
        let (believed, other) = if by_trust {
            ("the better trusted or newer one", "another one")
        } else {
            ("the newer one", "an older one")
        };
        verdict.notes.push(Note {
            code: "evidence.contradiction",
            message: format!(
                "Two sources differ on {}: {believed} says {}, which is believed; {other} says {}.",
                differ.fact, differ.believed.1, differ.other.1
            ),
        });
    }
    Joint {
        verdict,
        combined: chosen,
        live,
    }
}

/// Worse verdicts have lower ranks.
fn rank(verdict: &Verdict) -> (u8, Option<Impact>) {
    (severity(verdict), verdict.impact)
}

const fn severity(verdict: &Verdict) -> u8 {
    match verdict.standing {
        Standing::Blocking => 0,
        Standing::RestartPending => 2,
        Standing::Ready => 3,
        _ => 1,
    }
}

/// The same, with places in the list of all sources.
fn placed(part: Combined, places: &[usize], all: usize) -> Combined {
    let mut decides = vec![Vec::new(); all];
    let mut live = vec![false; all];
    for ((&place, facts), own) in places.iter().zip(part.decides).zip(part.live) {
        decides[place] = facts;
        live[place] = own;
    }
    let at = |(index, text): (usize, String)| (places[index], text);
    Combined {
        facts: part.facts,
        decides,
        live,
        contradictions: part
            .contradictions
            .into_iter()
            .map(|mut differ| {
                differ.believed = at(differ.believed);
                differ.other = at(differ.other);
                differ
            })
            .collect(),
    }
}
