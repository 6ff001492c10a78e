//! The verdict on a client that several sources speak of.

use super::{judge::assess, policy::Policy};
use crate::domain::{
    evidence::{Combined, Source, Trust, combine},
    verdict::{Impact, Note, Standing, Verdict},
};

/// What all sources together come to.
#[derive(Clone, Debug)]
pub struct Joint {
    /// The verdict.
    pub verdict: Verdict,
    /// The facts it was made from, and who said them.
    pub combined: Combined,
    /// For each source, in the order given, whether it still has anything to say. What has not can be forgotten.
    pub live: Vec<bool>,
}

/// Judges what all sources together say. A failure that better trusted sources find stays, whatever less trusted
/// ones say later: who holds the clients' token must not be able to clear a client that an administrator saw blocking.
pub fn assess_jointly(sources: &[Source<'_>], policy: &Policy) -> Joint {
    let combined = combine(sources);
    let mut live: Vec<bool> = combined
        .decides
        .iter()
        .map(|facts| !facts.is_empty())
        .collect();
    let mut verdict = assess(&combined.facts, policy);
    let mut joint = combined;
    let lowest = sources.iter().map(|source| source.trust).min();
    if let Some(lowest) = lowest.filter(|lowest| *lowest < Trust::Vouched) {
        let trusted: Vec<usize> = (0..sources.len())
            .filter(|&index| sources[index].trust > lowest)
            .collect();
        if !trusted.is_empty() {
            let chosen: Vec<Source<'_>> = trusted.iter().map(|&index| sources[index]).collect();
            let above = combine(&chosen);
            for (&index, facts) in trusted.iter().zip(&above.decides) {
                live[index] |= !facts.is_empty();
            }
            let better = assess(&above.facts, policy);
            if rank(&better) < rank(&verdict) && better.standing == Standing::Blocking {
                verdict = better;
                verdict.notes.push(Note {
                    code: "evidence.lower_trust",
                    message: "A later reading that was sent with the clients' token looks better. It does not clear this client: what was brought by a person or an import says that it blocks. Read the client again by that way."
                        .to_owned(),
                });
                joint = placed(above, &trusted, sources.len());
            }
        }
    }
    for differ in &joint.contradictions {
        verdict.notes.push(Note {
            code: "evidence.contradiction",
            message: format!(
                "Two sources differ on {}: the newer one says {}, which is believed; an older one says {}.",
                differ.fact, differ.believed.1, differ.other.1
            ),
        });
    }
    Joint {
        verdict,
        combined: joint,
        live,
    }
}

/// Worse verdicts have lower ranks.
fn rank(verdict: &Verdict) -> (u8, Option<Impact>) {
    match verdict.standing {
        Standing::Blocking => (0, verdict.impact),
        Standing::Ready => (2, None),
        _ => (1, None),
    }
}

/// The same, with places in the list of all sources.
fn placed(part: Combined, places: &[usize], all: usize) -> Combined {
    let mut decides = vec![Vec::new(); all];
    for (&place, facts) in places.iter().zip(part.decides) {
        decides[place] = facts;
    }
    let at = |(index, text): (usize, String)| (places[index], text);
    Combined {
        facts: part.facts,
        decides,
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
