//! The verdict on a client that several sources speak of.

use super::{judge::assess, policy::Policy, reasons::code};
use crate::domain::{
    evidence::{
        Combined, Contradiction, Source, Trust, combine, combine_by_trust, combine_doubting,
        combine_turned,
    },
    facts::OsFacts,
    time::{Timestamp, UNZONED},
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
/// So several readings are judged, and of those that block the worst counts: the newest word on each fact; and for
/// each step of trust the newest word from there up on each fact, with the others only beside it, and those words alone.
fn ageless(sources: &[Source<'_>], policy: &Policy) -> Joint {
    let newest = combine(sources);
    let mut live = newest.live.clone();
    let mut verdict = assess(&newest.facts, policy);
    let mut chosen = newest;
    let mut times: Vec<Timestamp> = sources.iter().map(|source| source.rank.0).collect();
    times.sort_unstable();
    // Of sources of the same time none is the newer one, so each comes first once, and the worse outcome counts.
    let several_at_once = times.windows(2).any(|pair| pair.first() == pair.last());
    if several_at_once {
        let turned = combine_turned(sources, false);
        add(&mut live, &turned.live);
        let stands = assess(&turned.facts, policy);
        if rank(&stands) < rank(&verdict) {
            (verdict, chosen) = (stands, turned);
        }
    }
    // What may be younger than it says could be the newest word: then the worse outcome counts.
    if let Some(later) = as_late_as_can_be(sources) {
        let last = combine(&later);
        add(&mut live, &last.live);
        let mut stands = assess(&last.facts, policy);
        if rank(&stands) < rank(&verdict) {
            stands.notes.push(Note {
                code: "evidence.time_open",
                message: "One source was read at a time that was written without its zone, so it may be older or newer than the others. What is worse for the client counts. Read the client again, or write times like 2026-11-23T08:15:00Z."
                    .to_owned(),
            });
            (verdict, chosen) = (stands, last);
        }
    }
    // What a newer source told in two ways is in doubt, whatever an older one said of it.
    if let Some(doubting) = combine_doubting(sources) {
        add(&mut live, &doubting.live);
        let stands = assess(&doubting.facts, policy);
        if rank(&stands) < rank(&verdict) {
            (verdict, chosen) = (stands, doubting);
        }
    }
    // What was read under another Windows, or of another machine of this name, proves nothing of the Windows of today.
    let since = of_this_windows(sources);
    if !since.is_empty() && since.len() < sources.len() {
        let heard: Vec<Source<'_>> = since.iter().map(|&index| sources[index]).collect();
        let mut today = placed(combine(&heard), &since, sources.len());
        today.contradictions.clone_from(&chosen.contradictions);
        add(&mut live, &today.live);
        let mut stands = assess(&today.facts, policy);
        let as_open = severity(&stands) == 1 && severity(&verdict) == 1;
        if rank(&stands) < rank(&verdict) || as_open {
            stands.notes.push(Note {
                code: "evidence.other_windows",
                message: "An older source speaks of another Windows version, of another kind of Windows or of another architecture. What was read before this Windows was first seen is not counted in its favour: Windows was installed anew, or it is another machine of this name. Read everything again, together."
                    .to_owned(),
            });
            (verdict, chosen) = (stands, today);
        }
    }
    let mut by_trust = false;
    // Each step of trust is heard without all below it, and before all below it, so that none clears what one above it found.
    for level in levels_above_lowest(sources) {
        let trusted: Vec<usize> = (0..sources.len())
            .filter(|&index| sources[index].trust >= level)
            .collect();
        let above: Vec<Source<'_>> = trusted.iter().map(|&index| sources[index]).collect();
        let halves = in_halves(sources, level);
        let beside = combine_by_trust(&halves);
        let mut alone = placed(combine(&above), &trusted, sources.len());
        alone.contradictions.clone_from(&beside.contradictions);
        let mut readings = vec![beside, alone];
        if several_at_once {
            readings.push(combine_turned(&halves, true));
            let turned = placed(combine_turned(&above, false), &trusted, sources.len());
            readings.push(turned);
        }
        for better in readings {
            add(&mut live, &better.live);
            let stands = assess(&better.facts, policy);
            if stands.standing == Standing::Blocking && rank(&stands) < rank(&verdict) {
                (verdict, chosen, by_trust) = (stands, better, true);
            }
        }
    }
    if by_trust {
        verdict.notes.push(Note {
            code: "evidence.lower_trust",
            message: less_trusted(sources).to_owned(),
        });
    }
    for differ in &chosen.contradictions {
        verdict.notes.push(contradiction(differ, sources, by_trust));
    }
    name_cause(&mut verdict, &chosen, sources);
    Joint {
        verdict,
        combined: chosen,
        live,
    }
}

/// The steps of trust among these sources but the lowest, each once.
fn levels_above_lowest(sources: &[Source<'_>]) -> Vec<Trust> {
    let mut levels: Vec<Trust> = sources.iter().map(|source| source.trust).collect();
    levels.sort_unstable();
    levels.dedup();
    levels.split_off(levels.len().min(1))
}

/// The same sources in two halves: from this step of trust up, and below it. Within a half time alone decides.
fn in_halves<'f>(sources: &[Source<'f>], level: Trust) -> Vec<Source<'f>> {
    let half = |source: &Source<'f>| Source {
        trust: if source.trust >= level {
            Trust::Vouched
        } else {
            Trust::Claimed
        },
        ..*source
    };
    sources.iter().map(half).collect()
}

/// That less trusted sources do not clear the client.
fn less_trusted(sources: &[Source<'_>]) -> &'static str {
    if sources.iter().any(|source| source.trust == Trust::Proven) {
        "What less trusted sources say looks better. It does not clear this client: a better trusted one says that it blocks. Read the client again by the way of that one."
    } else {
        "What was sent with the clients' token looks better. It does not clear this client: what was brought by a person or an import says that it blocks. Read the client again by that way."
    }
}

/// Version and build from different sources may be of before and after an upgrade: then no program was misled.
fn name_cause(verdict: &mut Verdict, combined: &Combined, sources: &[Source<'_>]) {
    let who = |fact: &str| {
        let decides = |facts: &Vec<String>| facts.iter().any(|known| known.contains(fact));
        combined.decides.iter().position(decides)
    };
    let version = who("Windows version");
    let build = who("build number").or_else(|| who("CurrentBuildNumber"));
    let apart = match (version, build) {
        (Some(version), Some(build)) => version != build,
        _ => false,
    };
    for check in verdict
        .checks
        .iter_mut()
        .filter(|check| apart && check.reason == code::OS_CONTRADICTORY)
    {
        let at = |index: Option<usize>| {
            let source = index.and_then(|index| sources.get(index));
            source
                .map(|source| source.rank.0.to_string())
                .unwrap_or_default()
        };
        check.message = format!(
            "One source says the Windows version (read {}) and another the build (read {}), and they do not fit together: Windows may have been upgraded in between, or one of them is wrong. No rule that needs the version can decide.",
            at(version),
            at(build)
        );
        "Read version and build again, together.".clone_into(&mut check.fix);
    }
}

/// The same sources, those without a time zone as late as they can be; `None`: every time is sure.
fn as_late_as_can_be<'f>(sources: &[Source<'f>]) -> Option<Vec<Source<'f>>> {
    let open = sources.iter().any(|source| source.facts.time_open);
    (open && sources.len() > 1).then(|| {
        let late = |source: &Source<'f>| {
            let (at, hash) = source.rank;
            let at = if source.facts.time_open {
                at.plus(UNZONED)
            } else {
                at
            };
            Source {
                rank: (at, hash),
                ..*source
            }
        };
        sources.iter().map(late).collect()
    })
}

/// The sources since the Windows of the newest word was first seen; all of them when nobody speaks of another one.
fn of_this_windows(sources: &[Source<'_>]) -> Vec<usize> {
    fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
    let family = |os: &OsFacts| os.version.map(|version| (version.major, version.minor));
    let is_server = |os: &OsFacts| os.product_type.map(|kind| kind != 1);
    let differs = |one: &OsFacts, other: &OsFacts| {
        differ(family(one), family(other))
            || differ(is_server(one), is_server(other))
            || differ(one.bits, other.bits)
    };
    let speaks =
        |os: &OsFacts| os.version.is_some() || os.product_type.is_some() || os.bits.is_some();
    let told = || sources.iter().filter(|source| speaks(&source.facts.os));
    let Some(newest) = told().max_by_key(|source| source.rank) else {
        return (0..sources.len()).collect();
    };
    let of_another = told().filter(|source| differs(&source.facts.os, &newest.facts.os));
    let Some(last) = of_another.map(|source| source.rank.0).max() else {
        return (0..sources.len()).collect();
    };
    let first = told()
        .map(|source| source.rank.0)
        .filter(|at| *at > last)
        .min();
    // Of the same time as the word on another Windows, only those count that say themselves that they are of this one.
    let of_this = |source: &Source<'_>| match first {
        Some(first) => source.rank.0 >= first,
        None => {
            source.rank.0 == last
                && speaks(&source.facts.os)
                && !differs(&source.facts.os, &newest.facts.os)
        }
    };
    (0..sources.len())
        .filter(|&index| of_this(&sources[index]))
        .collect()
}

fn add(live: &mut [bool], also: &[bool]) {
    for (live, also) in live.iter_mut().zip(also) {
        *live |= also;
    }
}

/// That two sources differ, in words.
fn contradiction(differ: &Contradiction, sources: &[Source<'_>], by_trust: bool) -> Note {
    let at = |index: usize| sources.get(index).map(|source| source.rank.0);
    let ((first, believed), (second, other)) = (&differ.believed, &differ.other);
    let said = if at(*first) == at(*second) {
        format!(
            "one says {believed}; another of the same time says {other}. What is worse for the client counts"
        )
    } else if at(*first) < at(*second) && !by_trust {
        format!(
            "an older one says {believed}, which is proven; a newer one says {other}, but not which registry view it read. That does not replace what is proven, and leaves it in dispute"
        )
    } else if by_trust {
        format!(
            "the better trusted or newer one says {believed}, which is believed; another one says {other}"
        )
    } else {
        format!("the newer one says {believed}, which is believed; an older one says {other}")
    };
    Note {
        code: "evidence.contradiction",
        message: format!("Two sources differ on {}: {said}.", differ.fact),
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
