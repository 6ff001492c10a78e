//! The plan is the best there is: brute force says the same.

use cutover::domain::{
    assess::REASONS,
    plan::{
        Action, ActionSet, Kind, MOST_ACTIONS, Only, Plan, Signature, actions, needed, plan,
        plan_within,
    },
};
use proptest::{prelude::*, sample::subsequence, test_runner::RngSeed};

const TEN: &str = "10.0.19045-client";
const EIGHT: &str = "6.2.9200-client";

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(47),
        ..ProptestConfig::default()
    }
}

fn mask(codes: &[&str]) -> i64 {
    codes.iter().fold(0, |mask, code| {
        let info = REASONS.iter().find(|info| info.code == *code);
        mask | 1 << info.unwrap_or_else(|| panic!("no reason {code}")).bit
    })
}

fn signature(os: &str, codes: &[&str], clients: i64) -> Signature {
    Signature {
        os_key: os.to_owned(),
        reasons: mask(codes),
        clients,
    }
}

fn set(codes: &[&str]) -> ActionSet {
    ActionSet::of_codes(codes.iter().copied())
}

/// A client with a few reasons out of a few kinds, so that signatures overlap.
fn signatures() -> impl Strategy<Value = Vec<Signature>> {
    // A restart alone never blocks: it is no failed check.
    let restart = mask(&["restart.pending"]);
    let bits: Vec<u8> = REASONS.iter().map(|info| info.bit).collect();
    let few = subsequence(bits, 2..=9);
    few.prop_flat_map(move |bits| {
        let most = bits.len().min(4);
        let one = (
            subsequence(bits, 1..=most),
            prop::sample::select(vec![TEN, TEN, EIGHT]),
            1_i64..5,
        );
        let one = one.prop_map(|(bits, os, clients)| Signature {
            os_key: os.to_owned(),
            reasons: bits.iter().fold(0, |mask, bit| mask | 1 << bit),
            clients,
        });
        let one = one.prop_filter("a blocker", move |one| one.reasons != restart);
        prop::collection::vec(one, 0..12)
    })
}

/// The most clients that any set of so many actions unblocks, found by trying them all.
fn brute_force(signatures: &[Signature], most: usize) -> Vec<(i64, i64)> {
    let needs: Vec<(ActionSet, i64)> = signatures
        .iter()
        .filter_map(|signature| {
            Some((
                needed(&signature.os_key, signature.reasons)?,
                signature.clients,
            ))
        })
        .filter(|(set, _)| !set.replaces())
        .collect();
    let occurring: Vec<&Action> = actions()
        .iter()
        .filter(|action| needs.iter().any(|(set, _)| set.contains(action)))
        .collect();
    let covered = |set: ActionSet| -> i64 {
        let within = needs.iter().filter(|(need, _)| need.is_within(set));
        within.map(|(_, clients)| clients).sum()
    };
    let mut best = vec![(0, 0); most.min(occurring.len()) + 1];
    for bits in 0_usize..1 << occurring.len() {
        let size = bits.count_ones() as usize;
        let chosen = occurring
            .iter()
            .enumerate()
            .filter(|(at, _)| bits & 1 << at != 0);
        let set = chosen.fold(ActionSet::default(), |set, (_, action)| set.with(action));
        if let Some(best) = best.get_mut(size) {
            *best = (*best).max((covered(set), covered(set.without_learning())));
        }
    }
    best
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_best_set_of_each_size_is_what_trying_all_of_them_finds(signatures in signatures()) {
        let found = plan(&signatures);
        let best = brute_force(&signatures, MOST_ACTIONS);
        let mut before = 0;
        for (size, (clients, certain)) in best.iter().enumerate() {
            let step = found.steps.iter().find(|step| step.actions.len() == size);
            prop_assert!(*clients >= before, "a larger set never unblocks fewer");
            if *clients > before {
                let step = step.expect("a step for each size that brings more");
                prop_assert_eq!((step.clients, step.certain), (*clients, *certain), "{} actions", size);
                prop_assert_eq!(step.gain, clients - before);
            } else {
                prop_assert!(step.is_none(), "{} actions add nothing", size);
            }
            before = *clients;
        }
        let all: i64 = signatures.iter().map(|signature| signature.clients).sum();
        prop_assert_eq!(found.clients, all);
        prop_assert_eq!(before + found.replaced + found.unexplained, all, "nobody is lost between the numbers");
        prop_assert!(found.left_out.is_empty());
    }

    #[test]
    fn each_step_counts_exactly_the_list_it_leads_to(signatures in signatures()) {
        let found = plan(&signatures);
        let listed = |set: ActionSet| -> i64 {
            let only = Only::these(set.with_restart());
            let meant = signatures.iter().filter(|one| only.holds(&one.os_key, one.reasons));
            meant.map(|one| one.clients).sum()
        };
        for step in &found.steps {
            prop_assert_eq!(listed(step.actions), step.clients);
            prop_assert_eq!(listed(step.actions.without_learning()), step.certain);
        }
        for single in &found.singles {
            prop_assert_eq!(listed(ActionSet::of(single.action)), single.alone);
            prop_assert!(single.alone <= single.asked || single.action.kind == Kind::Replace);
        }
        prop_assert_eq!(listed(set(&["replace-machine"])), found.replaced);
    }

    #[test]
    fn the_order_of_the_counts_changes_nothing(signatures in signatures()) {
        let mut turned = signatures.clone();
        turned.reverse();
        prop_assert_eq!(plan(&signatures), plan(&turned));
    }

    #[test]
    fn no_more_actions_are_combined_than_allowed_and_the_plan_says_whom_that_leaves(
        signatures in signatures(), most in 0_usize..5,
    ) {
        let found = plan_within(&signatures, most);
        prop_assert!(found.steps.iter().all(|step| step.actions.len() <= most));
        let reached = found.steps.last().map_or(0, |step| step.clients);
        prop_assert_eq!(reached + found.replaced + found.unexplained + found.not_planned, found.clients);
        prop_assert_eq!(found.left_out.is_empty(), found.not_planned == 0);
    }
}

#[test]
fn two_fixes_that_help_only_together_are_found_together() {
    let both = [
        "winhttp.update_file_too_old",
        "winhttp.default_without_tls12",
    ];
    let found = plan(&[
        signature("6.1.7601-client", &both, 71),
        signature(TEN, &["schannel.tls12_disabled"], 25),
        signature(
            "5.1.2600-client",
            &["os.without_tls12", "winhttp.default_without_tls12"],
            4,
        ),
    ]);
    let steps: Vec<_> = found
        .steps
        .iter()
        .map(|step| (step.actions.codes(), step.clients, step.gain))
        .collect();
    let two = vec!["install-kb3140245", "set-default-secure-protocols"];
    let three = vec![
        "install-kb3140245",
        "set-default-secure-protocols",
        "enable-schannel-tls12-client",
    ];
    assert_eq!(
        steps,
        [
            (vec!["enable-schannel-tls12-client"], 25, 25),
            (two, 71, 46),
            (three, 96, 25)
        ]
    );
    assert_eq!(found.replaced, 4, "the XP needs no value any more");
    let asked: Vec<_> = found
        .singles
        .iter()
        .map(|single| (single.action.code, single.asked, single.alone))
        .collect();
    assert_eq!(asked[0], ("set-default-secure-protocols", 75, 0));
}

#[test]
fn a_fact_that_is_missing_keeps_a_client_from_counting_as_certain() {
    let found = plan(&[
        signature(TEN, &["schannel.tls12_disabled"], 10),
        signature(
            TEN,
            &["schannel.tls12_disabled", "winhttp.not_collected"],
            5,
        ),
    ]);
    let last = found.steps.last().expect("a step");
    assert_eq!((last.clients, last.certain), (15, 10));
}

#[test]
fn a_restart_goes_with_every_action_and_replacing_makes_the_rest_idle() {
    assert_eq!(
        needed(TEN, mask(&["schannel.tls12_disabled", "restart.pending"])),
        Some(set(&["enable-schannel-tls12-client"]))
    );
    assert_eq!(
        needed(
            "5.1.2600-client",
            mask(&["os.without_tls12", "dotnet.version_missing"])
        ),
        Some(set(&["replace-machine"]))
    );
    assert_eq!(
        needed(TEN, 0),
        None,
        "blocking for no reason is not mended by nothing"
    );
    assert_eq!(needed(TEN, 1 << 61), None, "a reason of a later version");
    assert_eq!(
        needed(TEN, 1 << 61 | mask(&["schannel.tls12_disabled"])),
        None
    );
}

#[test]
fn what_cannot_be_installed_is_no_way_out() {
    let old = mask(&["dotnet.version_too_old"]);
    assert_eq!(needed(TEN, old), Some(set(&["install-dotnet-48"])));
    assert_eq!(needed(EIGHT, old), Some(set(&["replace-machine"])));
}

#[test]
fn an_update_that_only_lets_the_next_check_speak_asks_for_what_follows() {
    let needs = needed("6.0.6002-server", mask(&["os.update_missing"])).expect("known");
    for code in [
        "install-kb4019276",
        "install-kb4467770",
        "enable-schannel-tls12-client",
        "prove-by-handshake",
    ] {
        assert!(needs.codes().contains(&code), "{code}");
    }
    let found = plan(&[signature("6.0.6002-server", &["os.update_missing"], 3)]);
    assert_eq!(found.steps[0].certain, 0, "no handshake, no certainty");
}

#[test]
fn the_table_has_no_more_actions_than_can_be_combined() {
    let combined = actions()
        .iter()
        .filter(|action| matches!(action.kind, Kind::Mend | Kind::Learn));
    assert!(combined.count() <= MOST_ACTIONS);
}

#[test]
fn all_actions_at_once_are_planned_exactly() {
    let signatures: Vec<Signature> = REASONS
        .iter()
        .map(|info| signature(TEN, &[info.code], 1))
        .collect();
    let found: Plan = plan(&signatures);
    assert!(found.left_out.is_empty());
    assert_eq!(found.not_planned, 0);
    let last = found.steps.last().expect("a step");
    assert_eq!(found.unexplained, 1, "a restart alone is no blocker");
    assert_eq!(last.clients + found.replaced + 1, found.clients);
}
