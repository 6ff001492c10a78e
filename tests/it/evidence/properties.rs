//! The laws of joining sources, on facts nobody thought of.

use cutover::domain::{
    assess::{Joint, assess, assess_jointly},
    evidence::{Combined, Coverage, Trust, combine},
    facts::{Facts, Key, RegData, RegType, RegValue},
    time::HOUR,
    verdict::{Standing, Verdict},
};
use proptest::{prelude::*, sample::select};

use super::said::{NEVER, NOON, Said, said, several, sources};
use crate::properties::{NEEDED, config, facts, policy};

/// What of a verdict is stored or decides: everything but the notes.
fn deciding(verdict: &Verdict) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        verdict.standing,
        verdict.impact,
        verdict.deciding,
        verdict.warnings,
        verdict.checks.clone(),
        verdict.pending_since,
    )
}

fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Blocking => 0,
        Standing::Ready => 3,
        Standing::RestartPending => 2,
        _ => 1,
    }
}

fn jointly(said: &[Said], policy: &cutover::domain::assess::Policy) -> Joint {
    assess_jointly(&sources(said), policy, NEVER)
}

fn only<T: Clone>(all: &[T], kept: &[bool]) -> Vec<T> {
    let kept = all.iter().zip(kept).filter(|(_, kept)| **kept);
    kept.map(|(one, _)| one.clone()).collect()
}

/// As sources come in, one by one: what has nothing to say any more is forgotten at once.
fn one_by_one(order: &[Said], policy: &cutover::domain::assess::Policy) -> (Vec<Said>, Verdict) {
    let mut known: Vec<Said> = Vec::new();
    let mut verdict = assess(&Facts::default(), policy);
    for next in order {
        known.push(next.clone());
        let joint = jointly(&known, policy);
        known = only(&known, &joint.live);
        verdict = joint.verdict;
    }
    known.sort_by_key(|one| one.rank);
    (known, verdict)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_source_is_believed_as_it_stands(one in said(), policy in policy()) {
        let combined = combine(&[one.source()]);
        prop_assert_eq!(&combined.facts, &one.facts);
        prop_assert!(combined.contradictions.is_empty());
        let joint = jointly(std::slice::from_ref(&one), &policy);
        prop_assert_eq!(joint.verdict, assess(&one.facts, &policy));
    }

    #[test]
    fn a_source_beside_one_that_says_nothing_is_judged_as_if_alone(one in said(), hours in -500_i64..10, policy in policy()) {
        prop_assume!(hours != one.rank.0);
        let nothing = Said { facts: Facts::default(), trust: Trust::Claimed, rank: (hours, 1) };
        let both = [one.clone(), nothing];
        let joint = jointly(&both, &policy);
        prop_assert_eq!(deciding(&joint.verdict), deciding(&assess(&one.facts, &policy)));
        prop_assert!(!joint.live[1], "nothing was said: {:?}", joint.combined.decides);
    }

    #[test]
    fn saying_it_again_later_changes_nothing(one in said(), hours in 1_i64..50, policy in policy()) {
        let again = Said { rank: (one.rank.0 + hours, one.rank.1), ..one.clone() };
        let joint = jointly(&[one.clone(), again], &policy);
        prop_assert_eq!(deciding(&joint.verdict), deciding(&assess(&one.facts, &policy)));
        prop_assert!(!joint.live[0]);
    }

    #[test]
    fn the_order_in_which_sources_are_listed_never_matters(all in several(5), turns in any::<prop::sample::Index>(), policy in policy()) {
        let first = jointly(&all, &policy);
        let mut turned = all.clone();
        turned.rotate_left(turns.index(all.len()));
        turned.reverse();
        let second = jointly(&turned, &policy);
        prop_assert_eq!(&first.verdict, &second.verdict);
        prop_assert_eq!(&first.combined.facts, &second.combined.facts);
        let mut decides = second.combined.decides;
        let mut live = second.live;
        decides.reverse();
        live.reverse();
        decides.rotate_right(turns.index(all.len()));
        live.rotate_right(turns.index(all.len()));
        prop_assert_eq!(first.combined.decides, decides);
        prop_assert_eq!(first.live, live);
    }

    #[test]
    fn whatever_order_sources_come_in_the_same_ones_are_left(all in several(5), turns in any::<prop::sample::Index>(), policy in policy()) {
        let at_once = jointly(&all, &policy);
        let mut left = only(&all, &at_once.live);
        left.sort_by_key(|one| one.rank);
        let mut turned = all.clone();
        turned.rotate_left(turns.index(all.len()));
        for order in [all.clone(), turned.clone(), { turned.reverse(); turned }] {
            let (known, verdict) = one_by_one(&order, &policy);
            let ranks = |all: &[Said]| all.iter().map(|one| (one.rank, one.trust)).collect::<Vec<_>>();
            prop_assert_eq!(ranks(&known), ranks(&left));
            prop_assert_eq!(deciding(&verdict), deciding(&at_once.verdict));
        }
    }

    #[test]
    fn forgetting_what_is_not_live_never_changes_the_verdict(all in several(6), policy in policy()) {
        let joint = jointly(&all, &policy);
        let again = jointly(&only(&all, &joint.live), &policy);
        prop_assert_eq!(deciding(&joint.verdict), deciding(&again.verdict));
        prop_assert!(again.live.iter().all(|live| *live));
    }

    #[test]
    fn a_blocker_that_better_trusted_sources_found_never_goes_away(
        all in several(5), level in select(&[Trust::Proven, Trust::Vouched][..]), policy in policy()
    ) {
        let vouched: Vec<Said> = all.iter().filter(|one| one.trust >= level).cloned().collect();
        prop_assume!(!vouched.is_empty());
        let alone = jointly(&vouched, &policy).verdict;
        prop_assume!(alone.standing == Standing::Blocking);
        let with_all = jointly(&all, &policy).verdict;
        prop_assert_eq!(with_all.standing, Standing::Blocking);
        prop_assert!(with_all.impact <= alone.impact, "{:?} became {:?}", alone.impact, with_all.impact);
    }

    #[test]
    fn a_whole_report_supersedes_any_that_says_no_more(older in facts(), policy in policy()) {
        // The same machine, the same collector, other values.
        let mut newer = older.clone();
        for key in Key::ALL {
            if let Some(mut reading) = newer.registry.remove(key) {
                reading.values.clear();
                newer.registry.insert(key, reading);
            }
        }
        prop_assert!(Coverage::of(&newer).supersedes(Coverage::of(&older)));
        let said = [
            Said { facts: older, trust: Trust::Claimed, rank: (0, 0) },
            Said { facts: newer.clone(), trust: Trust::Claimed, rank: (1, 0) },
        ];
        let joint = jointly(&said, &policy);
        prop_assert_eq!(deciding(&joint.verdict), deciding(&assess(&newer, &policy)));
        prop_assert_eq!(joint.live, vec![false, true]);
    }

    #[test]
    fn without_a_needed_fact_in_any_source_nothing_is_ready(all in several(4), policy in policy()) {
        for (what, remove) in NEEDED {
            let mut less = all.clone();
            for one in &mut less {
                remove(&mut one.facts);
            }
            let standing = jointly(&less, &policy).verdict.standing;
            prop_assert!(
                !matches!(standing, Standing::Ready | Standing::RestartPending),
                "ready without {}", what
            );
        }
    }

    #[test]
    fn what_is_too_old_never_improves_a_standing_by_its_age(all in several(5), hours in -400_i64..0, policy in policy()) {
        let too_old = NOON.plus(hours * HOUR);
        let joint = assess_jointly(&sources(&all), &policy, too_old);
        let ageless = jointly(&all, &policy);
        prop_assert_eq!(&joint.live, &ageless.live);
        let rests_on_age = all.iter().zip(&joint.combined.decides).any(|(one, decides)| {
            !decides.is_empty() && one.source().rank.0 <= too_old
        });
        prop_assert!(
            rests_on_age || rank(joint.verdict.standing) <= rank(ageless.verdict.standing),
            "{:?} became {:?}", ageless.verdict.standing, joint.verdict.standing
        );
    }

    #[test]
    fn what_sources_differ_on_is_noted(one in said(), other in said(), trusts in any::<bool>(), policy in policy()) {
        prop_assume!(one.rank != other.rank);
        let other = Said { trust: if trusts { one.trust } else { other.trust }, ..other };
        let differ = match (one.facts.os.version, other.facts.os.version) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        } || matches!((one.facts.os.product_type, other.facts.os.product_type), (Some(a), Some(b)) if a != b)
            || matches!((one.facts.os.bits, other.facts.os.bits), (Some(a), Some(b)) if a != b)
            || matches!((&one.facts.os.platform, &other.facts.os.platform), (Some(a), Some(b)) if a != b)
            || matches!((&one.facts.cipher_suites, &other.facts.cipher_suites), (Some(a), Some(b)) if a != b);
        let joint = jointly(&[one, other], &policy);
        let noted = joint.verdict.notes.iter().any(|note| note.code == "evidence.contradiction");
        prop_assert!(noted || !differ);
    }
}

proptest! {
    // Few cases are such.
    #![proptest_config(ProptestConfig { cases: 200, max_global_rejects: 200_000, ..config() })]

    #[test]
    fn a_claim_never_clears_what_a_trusted_value_does_to_a_client(
        all in several(4), newer in said(), policy in policy()
    ) {
        // The trusted sources are the newest, so they decide what they speak of; then somebody claims otherwise.
        let mut before = all;
        for one in &mut before {
            if one.trust == Trust::Vouched {
                one.rank.0 += 500;
            }
        }
        let now = jointly(&before, &policy).verdict;
        prop_assume!(now.standing == Standing::Blocking && before.iter().any(|one| one.trust == Trust::Vouched));
        let only_claims: Vec<Said> = before.iter().filter(|one| one.trust == Trust::Claimed).cloned().collect();
        prop_assume!(only_claims.is_empty() || jointly(&only_claims, &policy).verdict.standing != Standing::Blocking);
        // It claims nothing that nobody has spoken of yet: it only speaks against what is known.
        let mut later = newer;
        later.trust = Trust::Claimed;
        later.rank.0 = 2_000;
        later.facts = known_to_trusted(&before, later.facts);
        let mut after = before;
        after.push(later);
        prop_assert_eq!(jointly(&after, &policy).verdict.standing, Standing::Blocking);
    }

    #[test]
    fn what_is_superseded_leaves_nothing(older in said(), newer in said(), policy in policy()) {
        let newer = Said { rank: (older.rank.0 + 1, newer.rank.1), ..newer };
        prop_assume!(newer.trust >= older.trust);
        prop_assume!(Coverage::of(&newer.facts).supersedes(Coverage::of(&older.facts)));
        let joint = jointly(&[older, newer.clone()], &policy);
        prop_assert_eq!(deciding(&joint.verdict), deciding(&assess(&newer.facts, &policy)));
        prop_assert!(!joint.live[0]);
    }
}

/// Of `claim` what the trusted sources speak of as well, so that it can only speak against them.
fn known_to_trusted(before: &[Said], mut claim: Facts) -> Facts {
    let trusted = || before.iter().filter(|one| one.trust == Trust::Vouched);
    for key in Key::ALL {
        let Some(mut reading) = claim.registry.remove(key) else {
            continue;
        };
        reading.partial = true;
        reading.exists = true;
        reading.absent.clear();
        reading.values.retain(|(name, _)| {
            trusted().any(|one| {
                let told = one.facts.registry.value(key, name);
                told != cutover::domain::facts::Reading::NotCollected
            })
        });
        claim.registry.insert(key, reading);
    }
    let heard = |said: fn(&Facts) -> bool| trusted().any(|one| said(&one.facts));
    if !heard(|facts| facts.os.version.is_some()) {
        claim.os.version = None;
    }
    claim.os.registry_build = None;
    if !heard(|facts| facts.os.product_type.is_some()) {
        claim.os.product_type = None;
    }
    if !heard(|facts| facts.os.bits.is_some()) {
        claim.os.bits = None;
    }
    if !heard(|facts| facts.os.suite_mask.is_some()) {
        claim.os.suite_mask = None;
    }
    if !heard(|facts| facts.os.platform.is_some()) {
        claim.os.platform = None;
    }
    if !heard(|facts| facts.hotfixes.is_some() && !facts.hotfixes_cut) {
        claim.hotfixes = None;
        claim.hotfixes_cut = false;
    }
    if !heard(|facts| {
        facts
            .files
            .as_ref()
            .is_some_and(|files| files.winhttp.is_some() && files.webio.is_some())
    }) {
        claim.files = None;
    }
    if !heard(|facts| facts.cipher_suites.is_some()) {
        claim.cipher_suites = None;
    }
    if !heard(|facts| facts.software.is_some()) {
        claim.software = None;
    }
    if !heard(|facts| !facts.roles.is_empty()) {
        claim.roles.clear();
    }
    claim
}

/// However many small reports come in, only few of them are kept: no more than there are facts.
#[test]
fn the_number_of_sources_is_bounded_by_the_number_of_facts() {
    let policy = cutover::domain::assess::Policy::default();
    let mut known: Vec<Said> = Vec::new();
    for number in 0..600_u32 {
        let mut facts = Facts::default();
        let key = Key::ALL[number as usize % Key::ALL.len()];
        let reading = facts.registry.key_mut(key);
        reading.partial = true;
        reading.values.push((
            format!("Value{number}"),
            RegValue {
                kind: Some(RegType::Dword),
                data: RegData::Number(number),
            },
        ));
        facts.hotfixes = Some(vec![9_000_000 + number]);
        facts.hotfixes_cut = true;
        known.push(Said {
            facts,
            trust: Trust::Claimed,
            rank: (i64::from(number), 0),
        });
        let live = jointly(&known, &policy).live;
        known = only(&known, &live);
    }
    assert!(known.len() < 60, "{} sources", known.len());
}

/// What is joined says the same as each source about what it alone speaks of.
#[test]
fn combined_facts_name_their_sources() {
    let version = |build| Facts {
        os: cutover::domain::facts::OsFacts {
            version: Some(cutover::domain::facts::OsVersion {
                major: 10,
                minor: 0,
                build,
            }),
            ..Default::default()
        },
        ..Facts::default()
    };
    let (old, new) = (version(17_763), version(19_045));
    let said = [
        Said {
            facts: new,
            trust: Trust::Claimed,
            rank: (1, 0),
        },
        Said {
            facts: old,
            trust: Trust::Claimed,
            rank: (0, 0),
        },
    ];
    let Combined {
        facts,
        decides,
        contradictions,
        ..
    } = combine(&sources(&said));
    assert_eq!(facts.os.version.map(|version| version.build), Some(19_045));
    assert_eq!(
        decides,
        vec![vec!["Windows version".to_owned()], Vec::new()]
    );
    assert_eq!(contradictions.len(), 1);
    assert_eq!(
        (contradictions[0].believed.0, contradictions[0].other.0),
        (0, 1)
    );
}
