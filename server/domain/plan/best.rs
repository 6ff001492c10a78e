//! The exact search: for every set of actions at once, how many clients need nothing beyond it.
//!
//! Each client's signature is a set; a set of actions unblocks those whose signature lies within it. Summing over all
//! subsets of all sets at once (one pass for each action) takes n·2^n additions, so every set of every size is looked at,
//! and the best one is no guess. A greedy choice would be: where two actions help only together, it takes neither.

use super::actions::{Action, ActionSet};

/// The best set of each size, as long as a larger one brings more. Of equals the one with more certain clients, then the
/// one whose actions come first in `order` (most needed first), so that the same fleet always gets the same plan.
/// `order` names every action in `sets`, and is no longer than [`super::MOST_ACTIONS`].
pub(super) fn steps(order: &[&'static Action], sets: &[(ActionSet, i64)]) -> Vec<super::Step> {
    let sums = sums(order, sets);
    let at = |mask: usize| sums.get(mask).copied().unwrap_or(0);
    let certain_part = order
        .iter()
        .enumerate()
        .filter(|(_, action)| action.kind != super::Kind::Learn)
        .fold(0, |mask, (place, _)| mask | 1 << place);
    // For each size: clients, certain ones, and the set with its first action as the highest bit.
    let mut best: Vec<Option<(i64, i64, usize)>> = vec![None; order.len() + 1];
    for mask in 1..sums.len() {
        let found = (at(mask), at(mask & certain_part), mask.reverse_bits());
        if let Some(best) = best.get_mut(mask.count_ones() as usize)
            && best.is_none_or(|known| found > known)
        {
            *best = Some(found);
        }
    }
    let mut steps = Vec::new();
    let mut before = 0;
    for (clients, certain, reversed) in best.into_iter().flatten() {
        if clients > before {
            steps.push(super::Step {
                actions: set(order, reversed.reverse_bits()),
                clients,
                certain,
                gain: clients - before,
            });
            before = clients;
        }
    }
    steps
}

fn set(order: &[&'static Action], mask: usize) -> ActionSet {
    order
        .iter()
        .enumerate()
        .filter(|(place, _)| mask & 1 << place != 0)
        .fold(ActionSet::default(), |set, (_, action)| set.with(action))
}

/// For each set of actions, as bits in the places of `order`: the clients whose signature lies within it.
fn sums(order: &[&'static Action], sets: &[(ActionSet, i64)]) -> Vec<i64> {
    let mut sums = vec![0_i64; 1 << order.len().min(super::MOST_ACTIONS)];
    for (set, clients) in sets {
        let mask = order
            .iter()
            .enumerate()
            .filter(|(_, action)| set.contains(action))
            .fold(0, |mask, (place, _)| mask | 1 << place);
        if let Some(sum) = sums.get_mut(mask) {
            *sum += clients;
        }
    }
    for place in 0..order.len().min(super::MOST_ACTIONS) {
        // Pairs of blocks that differ only in this action: the one with it has all that the one without it has.
        for block in sums.chunks_exact_mut(2 << place) {
            let (without, with) = block.split_at_mut(1 << place);
            for (with, without) in with.iter_mut().zip(without) {
                *with += *without;
            }
        }
    }
    sums
}
