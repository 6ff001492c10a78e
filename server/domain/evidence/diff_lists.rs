//! What differs between two lists of updates, cipher suites or software.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{Area, Note, State, members};
use crate::domain::facts::Facts;

/// A number that is missing from a cut list is not absent. That a list came, went or was cut is one change, not one
/// for each of its numbers.
pub(super) fn updates(both: [&Facts; 2], note: &mut Note<'_>) {
    let [was, is] = both.map(|facts| match &facts.hotfixes {
        None => State::NotCollected,
        Some(list) if facts.hotfixes_cut => State::Value(format!("cut, {} read", list.len())),
        Some(_) => State::Value("read".to_owned()),
    });
    let [Some(before), Some(after)] = both.map(|facts| facts.hotfixes.as_ref()) else {
        note(Area::Updates, "list of updates".to_owned(), was, is);
        return;
    };
    if both[0].hotfixes_cut != both[1].hotfixes_cut {
        note(Area::Updates, "list of updates".to_owned(), was, is);
    }
    let sets: [BTreeSet<u32>; 2] = [before, after].map(|list| list.iter().copied().collect());
    for kb in sets[0].symmetric_difference(&sets[1]) {
        let [was, is] = [0, 1].map(|side| {
            if sets[side].contains(kb) {
                State::Value("listed".to_owned())
            } else if both[side].hotfixes_cut {
                State::NotCollected
            } else {
                State::Absent
            }
        });
        let known = was != State::NotCollected && is != State::NotCollected;
        // Where one list alone is cut, that says it for all.
        if known || both[0].hotfixes_cut == both[1].hotfixes_cut {
            note(Area::Updates, format!("KB{kb}"), was, is);
        }
    }
}

pub(super) fn suites(both: [&Facts; 2], note: &mut Note<'_>) {
    let lists = both.map(|facts| facts.cipher_suites.as_deref());
    let [Some(before), Some(after)] = lists else {
        let [was, is] = lists.map(|list| counted(list.map(<[String]>::len)));
        note(
            Area::CipherSuites,
            "list of cipher suites".to_owned(),
            was,
            is,
        );
        return;
    };
    if before == after {
        return;
    }
    let sets = [before, after].map(|list| list.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let (was, is) = (sets[0].clone(), sets[1].clone());
    let mut any = false;
    members(sets, |name| {
        any = true;
        let [was, is] = [&was, &is].map(|set| {
            if set.contains(name) {
                State::Value("offered".to_owned())
            } else {
                State::Absent
            }
        });
        note(Area::CipherSuites, name.to_owned(), was, is);
    });
    if !any {
        let [was, is] = [before, after].map(|list| State::Value(list.join(", ")));
        note(Area::CipherSuites, "order".to_owned(), was, is);
    }
}

pub(super) fn software(both: [&Facts; 2], note: &mut Note<'_>) {
    let lists = both.map(|facts| facts.software.as_deref());
    if lists.iter().any(Option::is_none) {
        let [was, is] = lists.map(|list| counted(list.map(<[_]>::len)));
        note(Area::Software, "list of software".to_owned(), was, is);
        return;
    }
    let sides: [BTreeMap<&str, BTreeSet<&str>>; 2] = lists.map(|list| {
        let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for software in list.unwrap_or_default() {
            named
                .entry(&software.name)
                .or_default()
                .insert(&software.version);
        }
        named
    });
    let names: BTreeSet<&str> = sides.iter().flat_map(BTreeMap::keys).copied().collect();
    for name in names {
        let [was, is] = [0, 1].map(|side| match sides[side].get(name) {
            None => State::Absent,
            Some(versions) => {
                let versions: Vec<&str> = versions.iter().copied().collect();
                State::Value(versions.join(", "))
            }
        });
        note(Area::Software, name.to_owned(), was, is);
    }
}

fn counted(entries: Option<usize>) -> State {
    State::of(entries, |entries| format!("{entries} entries"))
}
