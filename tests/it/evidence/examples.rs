//! Cases of joined sources that once went wrong, or that would be easy to get wrong.

use cutover::domain::{
    assess::{Policy, assess_jointly},
    evidence::{Source, Trust},
    facts::{Bits, Facts, Key, KeyReading, OsVersion, RegData, RegType, RegValue},
    time::{DAY, Timestamp},
    verdict::{Standing, Verdict},
};

const NOON: Timestamp = Timestamp(1_795_100_000_000);
const NEVER: Timestamp = Timestamp(i64::MIN);
const BOOT: Timestamp = Timestamp(1_794_000_000_000);

fn number(number: u32) -> RegValue {
    RegValue {
        kind: Some(RegType::Dword),
        data: RegData::Number(number),
    }
}

fn reading(values: &[(&str, u32)]) -> KeyReading {
    KeyReading {
        exists: true,
        values: values
            .iter()
            .map(|(name, data)| ((*name).to_owned(), number(*data)))
            .collect(),
        ..KeyReading::default()
    }
}

const fn version(major: u32, minor: u32, build: u32) -> OsVersion {
    OsVersion {
        major,
        minor,
        build,
    }
}

/// Windows 10 as every rule wants it, read by a 64-bit program.
fn good() -> Facts {
    let mut facts = Facts {
        process_bits: Some(64),
        ..Facts::default()
    };
    facts.os.version = Some(version(10, 0, 19_045));
    facts.os.product_type = Some(1);
    facts.os.bits = Some(Bits::B64);
    facts.os.last_boot_at = Some(BOOT);
    for key in [Key::WinHttpNative, Key::WinHttpWow64] {
        facts
            .registry
            .insert(key, reading(&[("DefaultSecureProtocols", 0xA00)]));
    }
    facts.registry.insert(
        Key::Tls12Client,
        reading(&[("Enabled", 1), ("DisabledByDefault", 0)]),
    );
    facts
        .registry
        .insert(Key::NdpV4Full, reading(&[("Release", 528_049)]));
    for key in [Key::NetV4Native, Key::NetV4Wow64] {
        facts.registry.insert(
            key,
            reading(&[("SystemDefaultTlsVersions", 1), ("SchUseStrongCrypto", 1)]),
        );
    }
    facts
}

fn judged(said: &[(i64, Trust, &Facts)]) -> Verdict {
    let sources: Vec<Source<'_>> = said
        .iter()
        .map(|(days, trust, facts)| Source {
            rank: (NOON.plus(days * DAY), [0; 16]),
            trust: *trust,
            facts,
        })
        .collect();
    assess_jointly(&sources, &Policy::default(), NEVER).verdict
}

fn claimed(said: &[(i64, &Facts)]) -> Standing {
    let said: Vec<_> = said
        .iter()
        .map(|(days, facts)| (*days, Trust::Claimed, *facts))
        .collect();
    judged(&said).standing
}

#[test]
fn the_good_machine_is_ready() {
    assert_eq!(claimed(&[(0, &good())]), Standing::Ready);
}

#[test]
fn a_32_bit_reading_of_64_bit_windows_is_not_proven_by_another_source() {
    // It says that Windows is 32-bit, which this Windows cannot be; what it read is the redirected copy.
    let mut whole = good();
    whole.os.version = Some(version(10, 0, 22_631));
    whole.os.bits = None;
    let native = whole.registry.remove(Key::WinHttpNative).expect("there");
    let mut other = Facts {
        process_bits: Some(32),
        ..Facts::default()
    };
    other.os.bits = Some(Bits::B32);
    other.registry.insert(Key::WinHttpNative, native);
    for (first, second) in [(0, 1), (1, 0)] {
        assert_eq!(
            claimed(&[(first, &whole), (second, &other)]),
            Standing::Undetermined
        );
    }
}

#[test]
fn a_build_number_that_was_read_later_contradicts_an_older_version() {
    let mut later = Facts::default();
    later.os.registry_build = Some(17_763);
    assert_eq!(
        claimed(&[(0, &good()), (1, &later)]),
        Standing::Undetermined
    );
    // One that was read before does not: Windows has been updated since.
    assert_eq!(claimed(&[(1, &good()), (0, &later)]), Standing::Ready);
}

#[test]
fn a_key_that_was_written_later_waits_for_a_restart_whoever_says_so() {
    let mut later = Facts::default();
    later.registry.insert(
        Key::Tls12Client,
        KeyReading {
            exists: true,
            partial: true,
            last_write_at: Some(BOOT.plus(DAY)),
            ..KeyReading::default()
        },
    );
    assert_eq!(
        claimed(&[(0, &good()), (1, &later)]),
        Standing::RestartPending
    );
    // A newer whole reading knows better.
    assert_eq!(claimed(&[(1, &good()), (0, &later)]), Standing::Ready);
}

#[test]
fn what_sources_differ_on_is_said_for_every_fact() {
    type Change = fn(&mut Facts);
    let changes: [(&str, Change); 9] = [
        ("platform", |facts| {
            facts.os.platform = Some("macos".to_owned());
        }),
        ("kind of Windows", |facts| {
            facts.os.product_type = Some(3);
        }),
        ("32-bit or 64-bit Windows", |facts| {
            facts.os.bits = Some(Bits::B32);
        }),
        ("Windows version", |facts| {
            facts.os.version = Some(version(10, 0, 17_763));
        }),
        ("site system roles", |facts| {
            facts.roles = vec!["management_point".to_owned()];
        }),
        ("cipher suites", |facts| {
            facts.cipher_suites = Some(vec!["TLS_RSA_WITH_RC4_128_SHA".to_owned()]);
        }),
        ("updates", |facts| {
            facts.hotfixes = Some(Vec::new());
        }),
        ("winhttp.dll", |facts| {
            facts.files.get_or_insert_default().winhttp =
                Some(cutover::domain::facts::FileVersion([6, 1, 7601, 1]));
        }),
        ("DefaultSecureProtocols", |facts| {
            facts.registry.insert(
                Key::WinHttpNative,
                reading(&[("DefaultSecureProtocols", 0xA0)]),
            );
        }),
    ];
    let mut base = good();
    base.os.platform = Some("windows".to_owned());
    base.roles = vec!["console".to_owned()];
    base.cipher_suites = Some(vec!["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned()]);
    base.hotfixes = Some(vec![3_140_245]);
    base.files = Some(cutover::domain::facts::Files {
        winhttp: Some(cutover::domain::facts::FileVersion([6, 1, 7601, 24_000])),
        ..Default::default()
    });
    for (what, change) in changes {
        let mut other = base.clone();
        change(&mut other);
        for trust in [Trust::Claimed, Trust::Vouched] {
            let verdict = judged(&[(0, trust, &base), (1, Trust::Claimed, &other)]);
            let noted = verdict
                .notes
                .iter()
                .filter(|note| note.code == "evidence.contradiction");
            assert!(
                noted.clone().any(|note| note.message.contains(what)
                    || (what == "updates" && note.message.contains("KB3140245"))),
                "{what} {trust:?}: {:?}",
                verdict.notes
            );
        }
    }
}

#[test]
fn that_a_trusted_blocker_stands_against_a_claim_is_said() {
    let mut bad = good();
    bad.registry.insert(
        Key::WinHttpNative,
        reading(&[("DefaultSecureProtocols", 0xA0)]),
    );
    let verdict = judged(&[(0, Trust::Vouched, &bad), (1, Trust::Claimed, &good())]);
    assert_eq!(verdict.standing, Standing::Blocking);
    let codes: Vec<&str> = verdict.notes.iter().map(|note| note.code).collect();
    assert!(codes.contains(&"evidence.lower_trust"), "{codes:?}");
    assert!(codes.contains(&"evidence.contradiction"), "{codes:?}");
}

#[test]
fn each_step_of_trust_keeps_what_it_found_against_those_below_it() {
    let mut bad = good();
    bad.registry.insert(
        Key::WinHttpNative,
        reading(&[("DefaultSecureProtocols", 0xA0)]),
    );
    use Trust::{Claimed, Proven, Vouched};
    for (first, second, third, blocks) in [
        (Proven, Claimed, None, true),
        (Vouched, Proven, None, true),
        (Vouched, Claimed, None, true),
        (Claimed, Proven, None, false),
        (Proven, Proven, None, false),
        (Proven, Vouched, None, false),
        // With a third one below both, too.
        (Vouched, Proven, Some(Claimed), true),
        (Proven, Claimed, Some(Claimed), true),
        (Proven, Vouched, Some(Claimed), false),
    ] {
        let good = good();
        let mut all = vec![(0, first, &bad), (1, second, &good)];
        all.extend(third.map(|trust| (2, trust, &good)));
        let verdict = judged(&all);
        assert_eq!(
            verdict.standing == Standing::Blocking,
            blocks,
            "{first:?}, then {second:?}, {third:?}"
        );
    }
}
