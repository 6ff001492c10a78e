//! Reports of one client by several sources, joined: no order matters, and what is dead stays dead.
#![no_main]

use cutover_fuzz::{
    domain::{
        assess::{Policy, assess_jointly},
        evidence::{Coverage, Source, Trust},
        facts::Facts,
        time::Timestamp,
        verdict::Standing,
    },
    parts,
    wire::report_v1,
};

const NEVER: Timestamp = Timestamp(i64::MIN);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let said: Vec<(Facts, Trust)> = parts(data)
        .take(6)
        .filter_map(|part| {
            let (first, rest) = part.split_first()?;
            let trust = if first & 1 == 0 {
                Trust::Claimed
            } else {
                Trust::Vouched
            };
            Some((report_v1::parse(rest).ok()?.facts, trust))
        })
        .collect();
    let sources: Vec<Source<'_>> = (0..)
        .zip(&said)
        .map(|(at, (facts, trust))| Source {
            rank: (Timestamp(at), [0; 16]),
            trust: *trust,
            facts,
        })
        .collect();
    let policy = Policy::default();
    let all = assess_jointly(&sources, &policy, NEVER);
    let stands = |joint: &cutover_fuzz::domain::assess::Joint| {
        let verdict = &joint.verdict;
        (
            verdict.standing,
            verdict.impact,
            verdict.deciding,
            verdict.checks.clone(),
        )
    };
    let mut turned = sources.clone();
    turned.reverse();
    let other = assess_jointly(&turned, &policy, NEVER);
    assert_eq!(stands(&all), stands(&other));
    assert!(all.live.iter().eq(other.live.iter().rev()));
    // One after the other, what is dead forgotten at once.
    let mut known: Vec<Source<'_>> = Vec::new();
    for source in &turned {
        known.push(*source);
        let live = assess_jointly(&known, &policy, NEVER).live;
        let mut live = live.iter();
        known.retain(|_| live.next() == Some(&true));
    }
    if !known.is_empty() {
        let ranks: Vec<_> = known.iter().rev().map(|source| source.rank).collect();
        let kept = sources.iter().zip(&all.live).filter(|(_, live)| **live);
        assert_eq!(
            ranks,
            kept.map(|(source, _)| source.rank).collect::<Vec<_>>()
        );
        assert_eq!(
            stands(&all),
            stands(&assess_jointly(&known, &policy, NEVER))
        );
    }
    let trusted: Vec<Source<'_>> = sources
        .iter()
        .copied()
        .filter(|source| source.trust == Trust::Vouched)
        .collect();
    if assess_jointly(&trusted, &policy, NEVER).verdict.standing == Standing::Blocking {
        assert_eq!(all.verdict.standing, Standing::Blocking);
    }
    for pair in sources.windows(2) {
        let superseded = Coverage::of(pair[1].facts).supersedes(Coverage::of(pair[0].facts));
        if superseded && pair[1].trust >= pair[0].trust {
            assert!(!assess_jointly(pair, &policy, NEVER).live[0]);
        }
    }
});
