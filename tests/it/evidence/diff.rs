//! What differs between two reports about a client.

use cutover::domain::{
    assess::{Policy, assess},
    evidence::{Area, Change, State, diff},
    facts::{Facts, Key, KeyReading, OsVersion, RegData, RegType, RegValue, Software},
    time::Timestamp,
};
use proptest::prelude::*;

use crate::properties::{config, facts};

fn dword(number: u32) -> RegValue {
    RegValue {
        kind: Some(RegType::Dword),
        data: RegData::Number(number),
    }
}

fn value(text: &str) -> State {
    State::Value(text.to_owned())
}

/// A change as one line, for short expectations.
fn line(change: &Change) -> String {
    format!(
        "{} {}: {} -> {}",
        change.area.code(),
        change.fact,
        change.before.words(),
        change.after.words()
    )
}

fn lines(before: &Facts, after: &Facts) -> Vec<String> {
    diff(before, after).iter().map(line).collect()
}

const WINHTTP: &str = r"DefaultSecureProtocols in HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp";

#[test]
fn absent_and_not_collected_are_two_states_and_going_between_them_is_a_change() {
    let unread = Facts::default();
    let mut absent = Facts::default();
    absent.registry.insert(
        Key::WinHttpNative,
        KeyReading {
            exists: true,
            ..KeyReading::default()
        },
    );
    let mut set = absent.clone();
    set.registry
        .key_mut(Key::WinHttpNative)
        .values
        .push(("defaultsecureprotocols".to_owned(), dword(0xA00)));
    assert_eq!(
        lines(&unread, &absent),
        [format!("registry {WINHTTP}: not collected -> absent")]
    );
    assert_eq!(
        lines(&absent, &set),
        [format!("registry {WINHTTP}: absent -> 0xA00 (2560)")]
    );
    assert_eq!(
        lines(&set, &unread),
        [format!("registry {WINHTTP}: 0xA00 (2560) -> not collected")]
    );
}

#[test]
fn a_key_that_goes_takes_its_values_with_it_in_one_change_each() {
    let mut there = Facts::default();
    let key = there.registry.key_mut(Key::Tls12Client);
    key.values.push(("Enabled".to_owned(), dword(1)));
    key.last_write_at = Some(Timestamp(0));
    let mut gone = Facts::default();
    gone.registry
        .insert(Key::Tls12Client, KeyReading::default());
    let path = Key::Tls12Client.path();
    assert_eq!(
        lines(&there, &gone),
        [
            format!("registry Enabled in {path}: 1 -> absent"),
            format!("times last write of {path}: 1970-01-01T00:00:00Z -> not collected"),
        ]
    );
    // An empty key says so itself.
    there.registry.key_mut(Key::Tls12Client).values.clear();
    assert_eq!(
        lines(&there, &gone)[0],
        format!("registry key {path}: there -> absent")
    );
}

#[test]
fn updates_come_and_go_one_by_one_but_a_cut_list_proves_nothing() {
    let with = |list: &[u32], cut| Facts {
        hotfixes: Some(list.to_vec()),
        hotfixes_cut: cut,
        ..Facts::default()
    };
    assert_eq!(
        lines(&with(&[1, 3_140_245], false), &with(&[1, 7], false)),
        [
            "updates KB3140245: listed -> absent",
            "updates KB7: absent -> listed"
        ]
    );
    assert_eq!(
        lines(&with(&[1, 7], true), &with(&[7, 9], true)),
        [
            "updates KB1: listed -> not collected",
            "updates KB9: not collected -> listed"
        ]
    );
    assert_eq!(
        lines(&with(&[1, 2, 3], false), &with(&[3], true)),
        ["updates list of updates: read -> cut, 1 read"]
    );
    assert_eq!(
        lines(&with(&[1, 2, 3], false), &Facts::default()),
        ["updates list of updates: read -> not collected"]
    );
}

#[test]
fn lists_and_plain_facts_say_what_they_were() {
    let mut before = Facts {
        cipher_suites: Some(vec!["A".to_owned(), "B".to_owned()]),
        software: Some(vec![Software {
            name: "ODBC".to_owned(),
            version: "17".to_owned(),
        }]),
        ..Facts::default()
    };
    let mut after = before.clone();
    before.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 19_044,
    });
    after.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 19_045,
    });
    after.cipher_suites = Some(vec!["B".to_owned(), "A".to_owned()]);
    after.software = Some(vec![
        Software {
            name: "ODBC".to_owned(),
            version: "18".to_owned(),
        },
        Software {
            name: "SNAC".to_owned(),
            version: "11".to_owned(),
        },
    ]);
    assert_eq!(
        lines(&before, &after),
        [
            "system Windows version: 10.0.19044 -> 10.0.19045",
            "cipher_suites order: A, B -> B, A",
            "software ODBC: 17 -> 18",
            "software SNAC: absent -> 11",
        ]
    );
}

#[test]
fn what_differs_far_behind_is_still_a_change() {
    let long = |end: &str| Facts {
        management_point: Some(format!("{}{end}", "x".repeat(5_000))),
        ..Facts::default()
    };
    let changes = diff(&long("a"), &long("b"));
    assert_eq!(changes.len(), 1);
    assert!(
        changes[0]
            .after
            .words()
            .ends_with("(they differ further on)")
    );
    assert!(changes[0].after.words().len() < 300);
}

/// A hostile report fills a key with names; finding them must not take the square of their number.
#[test]
fn forty_thousand_values_are_compared_in_no_time() {
    let mut many = Facts::default();
    let key = many.registry.key_mut(Key::WinHttpNative);
    for n in 0..40_000 {
        key.values.push((format!("v{n}"), dword(n)));
    }
    let mut other = many.clone();
    other.registry.key_mut(Key::WinHttpNative).values.reverse();
    let start = std::time::Instant::now();
    assert!(diff(&many, &other).is_empty());
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

/// The same facts, told in another order.
fn told_otherwise(facts: &Facts) -> Facts {
    let mut other = facts.clone();
    for key in Key::ALL {
        if let Some(mut reading) = other.registry.remove(key) {
            // Of a name that stands twice the first counts, so that order means something there.
            let mut names: Vec<String> =
                reading.values.iter().map(|v| v.0.to_lowercase()).collect();
            names.sort();
            names.dedup();
            if names.len() == reading.values.len() {
                reading.values.reverse();
            }
            reading.absent.reverse();
            other.registry.insert(key, reading);
        }
    }
    other.registry.misspelt.reverse();
    other.roles.reverse();
    other.ip_addresses.reverse();
    if let Some(software) = &mut other.software {
        software.reverse();
    }
    other
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn equal_facts_do_not_differ_whatever_order_they_are_told_in(facts in facts()) {
        prop_assert_eq!(diff(&facts, &facts), vec![]);
        prop_assert_eq!(diff(&facts, &told_otherwise(&facts)), vec![]);
    }

    #[test]
    fn the_way_back_is_the_way_there_turned_round(a in facts(), b in facts()) {
        let mut back: Vec<Change> = diff(&b, &a)
            .into_iter()
            .map(|change| Change { before: change.after, after: change.before, ..change })
            .collect();
        back.sort();
        prop_assert_eq!(diff(&a, &b), back);
    }

    #[test]
    fn what_judges_differently_differs(a in facts(), b in facts()) {
        let policy = Policy::default();
        let (first, second) = (assess(&a, &policy), assess(&b, &policy));
        if first.checks != second.checks {
            prop_assert!(!diff(&a, &b).is_empty());
        }
    }

    #[test]
    fn no_change_goes_from_a_state_to_itself(a in facts(), b in facts()) {
        for change in diff(&a, &b) {
            prop_assert_ne!(&change.before, &change.after, "{}", change.fact);
            prop_assert!(change.before.words().len() < 1_000);
        }
    }
}

#[test]
fn areas_have_codes_and_words() {
    assert_eq!(Area::CipherSuites.code(), "cipher_suites");
    assert_eq!(value("x").code(), "value");
}
