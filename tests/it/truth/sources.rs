//! What a further source may do to what is known, and what it never may.

use cutover::domain::{
    assess::{Joint, Policy, assess_jointly},
    evidence::{Source, Trust},
    facts::{Bits, Contradicted, Facts, Key, KeyReading, OsVersion, RegData, RegType, RegValue},
    time::{DAY, Timestamp},
    verdict::{Outcome, Standing},
};
use proptest::prelude::*;

use crate::{
    evidence::said::{NEVER, Said, said, several, sources},
    properties::{config, policy},
};

const NOON: Timestamp = Timestamp(1_795_100_000_000);

fn number(kind: Option<RegType>, number: u32) -> RegValue {
    RegValue {
        kind,
        data: RegData::Number(number),
    }
}

fn put(facts: &mut Facts, key: Key, values: &[(&str, u32)], partial: bool) {
    let kind = Some(RegType::Dword).filter(|_| !partial);
    let values = values
        .iter()
        .map(|(name, data)| ((*name).to_owned(), number(kind, *data)))
        .collect();
    facts.registry.insert(
        key,
        KeyReading {
            exists: true,
            partial,
            values,
            ..KeyReading::default()
        },
    );
}

/// Windows 10 as every rule wants it, read by a 64-bit program.
fn good() -> Facts {
    let mut facts = Facts {
        process_bits: Some(64),
        ..Facts::default()
    };
    facts.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 19_045,
    });
    facts.os.product_type = Some(1);
    facts.os.bits = Some(Bits::B64);
    for key in [Key::WinHttpNative, Key::WinHttpWow64] {
        put(&mut facts, key, &[("DefaultSecureProtocols", 0xA00)], false);
    }
    put(
        &mut facts,
        Key::Tls12Client,
        &[("Enabled", 1), ("DisabledByDefault", 0)],
        false,
    );
    put(&mut facts, Key::NdpV4Full, &[("Release", 528_049)], false);
    for key in [Key::NetV4Native, Key::NetV4Wow64] {
        put(
            &mut facts,
            key,
            &[("SystemDefaultTlsVersions", 1), ("SchUseStrongCrypto", 1)],
            false,
        );
    }
    facts
}

/// A row of a result that does not say which view it is of.
fn row(key: Key, values: &[(&str, u32)]) -> Facts {
    let mut facts = Facts::default();
    put(&mut facts, key, values, true);
    facts
}

fn together(all: &[(&Facts, i64)]) -> Joint {
    let sources: Vec<Source<'_>> = all
        .iter()
        .zip(1_u8..)
        .map(|((facts, days), hash)| Source {
            rank: (NOON.plus(days * DAY), [hash; 16]),
            trust: Trust::Vouched,
            facts,
        })
        .collect();
    assess_jointly(&sources, &Policy::default(), NEVER)
}

fn check(joint: &Joint, id: &str) -> Outcome {
    let mut checks = joint.verdict.checks.iter();
    checks
        .find(|check| check.id == id)
        .expect("such a check")
        .outcome
}

#[test]
fn a_newer_reading_of_unknown_view_disputes_what_is_proven() {
    let known = good();
    for (what, newer, standing, deciding) in [
        (
            "the same",
            row(Key::WinHttpNative, &[("DefaultSecureProtocols", 0xA00)]),
            Standing::Ready,
            None,
        ),
        (
            "WinHTTP",
            row(Key::WinHttpNative, &[("DefaultSecureProtocols", 128)]),
            Standing::Undetermined,
            Some("winhttp.view_not_proven"),
        ),
        (
            ".NET",
            row(
                Key::NetV4Native,
                &[("SchUseStrongCrypto", 0), ("SystemDefaultTlsVersions", 0)],
            ),
            Standing::Undetermined,
            Some("dotnet.view_not_proven"),
        ),
        // There is no other copy of these that says something else.
        (
            "Release",
            row(Key::NdpV4Full, &[("Release", 378_389)]),
            Standing::Blocking,
            Some("dotnet.version_old"),
        ),
        (
            "SChannel",
            row(Key::Tls12Client, &[("Enabled", 0)]),
            Standing::Blocking,
            Some("schannel.disabled"),
        ),
        (
            "the 32-bit view",
            row(Key::WinHttpWow64, &[("DefaultSecureProtocols", 128)]),
            Standing::Blocking,
            None,
        ),
    ] {
        for turned in [false, true] {
            let mut all = vec![(&known, -2), (&newer, -1)];
            if turned {
                all.reverse();
            }
            let joint = together(&all);
            assert_eq!(
                joint.verdict.standing, standing,
                "{what}: {:?}",
                joint.verdict.deciding
            );
            if let Some(deciding) = deciding.filter(|code| code.contains("view")) {
                assert_eq!(joint.verdict.deciding, Some(deciding), "{what}");
                let notes = &joint.verdict.notes;
                assert!(
                    notes
                        .iter()
                        .any(|note| note.message.contains("which is proven")),
                    "{notes:#?}"
                );
            }
            let noted = joint
                .verdict
                .notes
                .iter()
                .any(|note| note.code == "evidence.contradiction");
            assert_eq!(noted, standing != Standing::Ready, "{what}");
        }
        // An older one is history.
        assert_eq!(
            together(&[(&known, -1), (&newer, -2)]).verdict.standing,
            Standing::Ready,
            "{what}"
        );
    }
    // What is proven to be bad is not cleared, nor put in doubt, by a good value of unknown view.
    let mut bad = good();
    put(
        &mut bad,
        Key::WinHttpNative,
        &[("DefaultSecureProtocols", 128)],
        false,
    );
    let better = row(Key::WinHttpNative, &[("DefaultSecureProtocols", 0xA00)]);
    assert_eq!(
        together(&[(&bad, -2), (&better, -1)]).verdict.standing,
        Standing::Blocking
    );
}

#[test]
fn a_proven_value_elsewhere_does_not_make_an_unproven_blocker_vanish() {
    // Release came from a row, and is too old; then a person vouches for values of another key.
    let mut first = row(Key::NdpV4Full, &[("Release", 378_389)]);
    first.os = good().os;
    let mut second = row(Key::WinHttpNative, &[("DefaultSecureProtocols", 0xA00)]);
    second.explicit_views = true;
    assert_eq!(
        check(&together(&[(&first, -2)]), "dotnet.version"),
        Outcome::Fail
    );
    assert_eq!(
        check(&together(&[(&first, -2), (&second, -1)]), "dotnet.version"),
        Outcome::Fail
    );
}

#[test]
fn of_sources_of_the_same_time_the_worse_counts_in_any_order() {
    let fine = good();
    let mut bad = row(Key::Tls12Client, &[("Enabled", 0)]);
    bad.process_bits = Some(64);
    for all in [[(&fine, -1), (&bad, -1)], [(&bad, -1), (&fine, -1)]] {
        let joint = together(&all);
        assert_eq!(joint.verdict.standing, Standing::Blocking);
        assert_eq!(joint.live, [true, true]);
    }
}

#[test]
fn equal_values_never_differ_because_one_has_no_type() {
    let typed = good();
    let bare = row(
        Key::Tls12Client,
        &[("Enabled", 1), ("DisabledByDefault", 0)],
    );
    let joint = together(&[(&typed, -2), (&bare, -1)]);
    assert!(
        joint.combined.contradictions.is_empty(),
        "{:?}",
        joint.combined.contradictions
    );
    // The same products in another order are the same; others show where they differ.
    let product = |name: &str| cutover::domain::facts::Software {
        name: name.to_owned(),
        version: "1".to_owned(),
    };
    let many: Vec<_> = (0..40).map(|n| product(&format!("Product {n}"))).collect();
    let mut turned = many.clone();
    turned.reverse();
    let with = |software: Vec<cutover::domain::facts::Software>| Facts {
        software: Some(software),
        ..good()
    };
    let (one, other) = (with(many.clone()), with(turned));
    assert!(
        together(&[(&one, -2), (&other, -1)])
            .combined
            .contradictions
            .is_empty()
    );
    let more = with(many.into_iter().chain([product("Product 9z")]).collect());
    let joint = together(&[(&one, -2), (&more, -1)]);
    let differ = &joint.combined.contradictions[0];
    assert_ne!(differ.believed.1, differ.other.1);
}

#[test]
fn version_and_build_from_two_days_are_no_misled_program() {
    let mut older = good();
    older.os.version = None;
    older.os.registry_build = Some(19_045);
    let mut newer = Facts::default();
    newer.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 22_631,
    });
    let mut build = Facts::default();
    put(
        &mut build,
        Key::CurrentVersion,
        &[("CurrentBuildNumber", 19_045)],
        true,
    );
    let joint = together(&[(&older, -9), (&build, -5), (&newer, -1)]);
    let os = joint
        .verdict
        .checks
        .iter()
        .find(|check| check.id == "os")
        .expect("os");
    assert_eq!(os.outcome, Outcome::Unknown);
    assert!(os.message.contains("upgraded in between"), "{}", os.message);
    // Said by one source it is what it was.
    let mut one = good();
    one.os.registry_build = Some(22_631);
    let joint = together(&[(&one, -1)]);
    let os = joint
        .verdict
        .checks
        .iter()
        .find(|check| check.id == "os")
        .expect("os");
    assert!(os.message.contains("manifest"), "{}", os.message);
}

/// A source that says which Windows it read counts for that one only.
#[test]
fn what_was_read_under_another_windows_is_not_counted_for_a_client() {
    let mut seven = good();
    seven.os.version = Some(OsVersion {
        major: 6,
        minor: 1,
        build: 7601,
    });
    let ten = Facts {
        os: good().os,
        ..Facts::default()
    };
    for (order, live) in [([-2, -1], [true, true]), ([-1, -2], [true, false])] {
        let joint = together(&[(&seven, order[0]), (&ten, order[1])]);
        assert_eq!(joint.verdict.standing, Standing::Undetermined, "{order:?}");
        assert_eq!(joint.live, live, "{order:?}");
    }
    // Read anew it is ready, and what was read under the other one is forgotten.
    let anew = together(&[(&seven, -3), (&ten, -2), (&good(), -1)]);
    assert_eq!(anew.verdict.standing, Standing::Ready);
    assert_eq!(anew.live, [false, false, true]);
    // The build alone is another one after an update of the same Windows.
    let mut updated = ten.clone();
    updated.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 22_631,
    });
    let joint = together(&[(&good(), -2), (&updated, -1)]);
    assert_eq!(joint.verdict.standing, Standing::Ready);
}

/// Outcomes from the worst to the best, as they bear on a standing.
fn better(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Unknown => 1,
        _ => 2,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_source_that_does_not_speak_of_winhttp_never_improves_it(all in several(4), more in said(), policy in policy()) {
        let mut more = more;
        // It says nothing of the fact, nor of the Windows that the fact is judged by.
        for key in [Key::WinHttpNative, Key::WinHttpWow64, Key::CurrentVersion] {
            more.facts.registry.remove(key);
        }
        more.facts.os = cutover::domain::facts::OsFacts::default();
        more.trust = Trust::Vouched;
        prop_assume!(all.iter().all(|one| one.rank != more.rank));
        let before = assess_jointly(&sources(&all), &policy, NEVER);
        let mut with: Vec<Said> = all.clone();
        with.push(more);
        let after = assess_jointly(&sources(&with), &policy, NEVER);
        prop_assume!(before.verdict.checks.iter().any(|check| check.id == "winhttp.default_secure_protocols.native"));
        for id in ["winhttp.default_secure_protocols.native", "winhttp.default_secure_protocols.wow64"] {
            let of = |joint: &Joint| joint.verdict.checks.iter().find(|check| check.id == id).map(|check| better(check.outcome));
            // Where better trusted sources block, the verdict shows what they say.
            if before.verdict.standing != Standing::Blocking && after.verdict.standing != Standing::Blocking {
                prop_assert!(of(&after) <= of(&before), "{id}");
            }
        }
    }

    #[test]
    fn a_source_that_speaks_of_something_else_never_improves_the_release(all in several(4), more in said(), policy in policy()) {
        let mut more = more;
        more.facts.registry.remove(Key::NdpV4Full);
        more.facts.os = cutover::domain::facts::OsFacts::default();
        prop_assume!(all.iter().all(|one| one.rank != more.rank));
        let mut all = all;
        for one in all.iter_mut().chain([&mut more]) {
            one.trust = Trust::Vouched;
        }
        let release = |joint: &Joint| joint.verdict.checks.iter().find(|check| check.id == "dotnet.version").map(|check| better(check.outcome));
        let before = assess_jointly(&sources(&all), &policy, NEVER);
        let mut with = all.clone();
        with.push(more);
        let after = assess_jointly(&sources(&with), &policy, NEVER);
        // Where one reading blocks, the verdict shows that one.
        if before.verdict.standing != Standing::Blocking && after.verdict.standing != Standing::Blocking {
            prop_assert!(release(&after) <= release(&before));
        }
    }
}

#[test]
fn what_a_newer_source_told_in_two_ways_is_in_doubt_whatever_an_older_one_said() {
    const CHECK: &str = "winhttp.default_secure_protocols.wow64";
    let told = |facts: Facts| Facts {
        contradicted: vec![Contradicted::Value(
            Key::WinHttpWow64,
            "DefaultSecureProtocols".to_owned(),
        )],
        ..facts
    };
    let (mut bad, doubting) = (good(), told(Facts::default()));
    put(
        &mut bad,
        Key::WinHttpWow64,
        &[("DefaultSecureProtocols", 0x80)],
        false,
    );
    let ready = good();
    for (all, expected) in [
        (vec![(&ready, 0), (&doubting, 1)], Standing::Undetermined),
        (vec![(&ready, 0), (&doubting, 0)], Standing::Undetermined),
        (vec![(&doubting, 0), (&ready, 1)], Standing::Ready),
        (vec![(&bad, 0), (&doubting, 1)], Standing::Blocking),
    ] {
        let joint = together(&all);
        assert_eq!(joint.verdict.standing, expected, "{:#?}", joint.verdict);
        let checks = &joint.verdict.checks;
        let check = checks.iter().find(|check| check.id == CHECK);
        let check = check.expect("the check");
        let says = check
            .message
            .contains("say different things of DefaultSecureProtocols");
        assert_eq!(says, expected == Standing::Undetermined, "{check:#?}");
        let keeps = joint.live.get(
            all.iter()
                .position(|(facts, _)| **facts == doubting)
                .expect("it"),
        );
        assert_eq!(keeps, Some(&(expected != Standing::Ready)), "{expected:?}");
    }
    // Whoever knows the view is believed over rows that do not say it.
    let unsure = Facts {
        contradicted: vec![Contradicted::Value(
            Key::WinHttpNative,
            "DefaultSecureProtocols".to_owned(),
        )],
        ..Facts::default()
    };
    let joint = together(&[(&ready, 0), (&unsure, 1)]);
    assert_eq!(joint.verdict.standing, Standing::Ready);
    // Alone it is told as what it is, too.
    let alone = told({
        let mut facts = good();
        facts.registry.remove(Key::WinHttpWow64);
        facts
    });
    let joint = together(&[(&alone, 0)]);
    assert_eq!(joint.verdict.standing, Standing::Undetermined);
    let told = joint.verdict.checks.iter().find(|check| check.id == CHECK);
    assert_eq!(told.expect("the check").observed, "told in two ways");
}

/// A newer row about Windows itself says nothing of what was read under another Windows, or on another machine of that name.
#[tokio::test]
async fn another_windows_clears_nothing_that_was_read_before_it() {
    let system = |name: &str, caption: &str, version: &str, width: &str, at: &str| {
        format!(
            "Name0,Caption0,Version0,BuildNumber0,ProductType0,SystemType0,LastHWScan\n{name},{caption},{version},,1,{width},{at}\n"
        )
    };
    let facts = |name: &str,
                 caption: &str,
                 version: &str,
                 width: &str,
                 at: &str,
                 native: &str,
                 wow: &str| {
        format!(
            "Name0,Caption0,Version0,ProductType0,SystemType0,LastHWScan,KeyName0,WinHttpNative0,WinHttpWow640,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0,NetRelease0,NetV4NativeSystemDefaultTlsVersions0,NetV4Wow64SystemDefaultTlsVersions0,NetV4NativeSchUseStrongCrypto0,NetV4Wow64SchUseStrongCrypto0\n{name},{caption},{version},1,{width},{at},cutover,{native},{wow},1,0,528372,1,1,1,1\n"
        )
    };
    let hours = |hours: i64| cutover::clock::now().plus(-hours * 3_600_000).to_string();
    let (first, then, last) = (hours(30), hours(20), hours(10));
    let windows7 = ("Windows 7 Enterprise", "6.1.7601");
    let windows10 = ("Windows 10 Enterprise", "10.0.19045");
    let cases = [
        (
            "PC-UPGRADED",
            facts(
                "PC-UPGRADED",
                windows7.0,
                windows7.1,
                "x64-based PC",
                &first,
                "160",
                "160",
            ),
            system(
                "PC-UPGRADED",
                windows10.0,
                windows10.1,
                "x64-based PC",
                &then,
            ),
        ),
        (
            "PC-NARROWED",
            facts(
                "PC-NARROWED",
                windows10.0,
                windows10.1,
                "x64-based PC",
                &first,
                "2720",
                "160",
            ),
            system(
                "PC-NARROWED",
                windows10.0,
                windows10.1,
                "X86-based PC",
                &then,
            ),
        ),
    ];
    for app in crate::support::app::TestApp::each().await {
        for (name, before, after) in &cases {
            let standing = async || {
                let found = app.json(&format!("/api/v1/clients?q={name}")).await;
                found["items"][0]["standing"]
                    .as_str()
                    .expect("one")
                    .to_owned()
            };
            app.uploaded("before.csv", before.clone()).await;
            assert_eq!(standing().await, "blocking", "{name}, {}", app.engine);
            app.uploaded("after.csv", after.clone()).await;
            assert_ne!(standing().await, "ready", "{name}, {}", app.engine);
            // Read anew, it is.
            let anew = facts(
                name,
                windows10.0,
                windows10.1,
                "x64-based PC",
                &last,
                "2720",
                "2720",
            );
            app.uploaded("anew.csv", anew).await;
            assert_eq!(standing().await, "ready", "{name}, {}", app.engine);
        }
    }
}

#[test]
fn a_32_bit_windows_with_values_for_32_bit_programs_is_none() {
    let mut facts = Facts::default();
    facts.os.version = Some(OsVersion {
        major: 10,
        minor: 0,
        build: 19045,
    });
    facts.os.product_type = Some(1);
    facts.os.bits = Some(Bits::B32);
    facts.explicit_views = true;
    put(
        &mut facts,
        Key::WinHttpNative,
        &[("DefaultSecureProtocols", 0xA00)],
        false,
    );
    put(
        &mut facts,
        Key::WinHttpWow64,
        &[("DefaultSecureProtocols", 0xA0)],
        false,
    );
    let verdict = cutover::domain::assess::assess(&facts, &Policy::default());
    let wow = verdict
        .checks
        .iter()
        .find(|check| check.id == "winhttp.default_secure_protocols.wow64");
    assert_eq!(wow.map(|check| check.outcome), Some(Outcome::Unknown));
}
