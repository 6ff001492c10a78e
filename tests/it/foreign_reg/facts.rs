//! Absent against not collected, file by file: what the rules are told in the end.

use cutover::domain::facts::{Contradicted, Key, Reading, RegData, RegType, RegValue, Registry};

use super::{facts, read};

/// What a value should come out as.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Number(u32),
    /// There, but no number of the right type.
    Unusable,
    Absent,
    NotCollected,
}
use Told::{Absent, NotCollected, Number, Unusable};

const DSP: &str = "DefaultSecureProtocols";

/// File, key, value, outcome.
const TABLE: &[(&str, Key, &str, Told)] = &[
    // An export of one key: complete, and silent about everything else.
    ("winhttp.reg", Key::WinHttpNative, DSP, Number(0xAA0)),
    ("winhttp.reg", Key::WinHttpNative, "Other", Absent),
    ("winhttp.reg", Key::WinHttpWow64, DSP, NotCollected),
    ("winhttp.reg", Key::Tls12Client, "Enabled", NotCollected),
    // A tree: what it does not list below its top is not there.
    (
        "schannel.reg",
        Key::Tls12Client,
        "Enabled",
        Number(u32::MAX),
    ),
    ("schannel.reg", Key::Tls12Client, "Other", Absent),
    ("schannel.reg", Key::Tls12Server, "Enabled", Absent),
    ("schannel.reg", Key::FipsPolicy, "Enabled", NotCollected),
    (
        "schannel.reg",
        Key::NetV4Native,
        "SchUseStrongCrypto",
        NotCollected,
    ),
    (
        "schannel-untouched.reg",
        Key::Tls12Client,
        "Enabled",
        Absent,
    ),
    (
        "schannel-untouched.reg",
        Key::Tls12Client,
        "DisabledByDefault",
        Absent,
    ),
    // Never across views: without a Wow6432Node heading nothing is known of that view.
    (
        "software-native-only.reg",
        Key::WinHttpNative,
        DSP,
        Number(0xA00),
    ),
    (
        "software-native-only.reg",
        Key::NetV2Native,
        "SchUseStrongCrypto",
        Absent,
    ),
    (
        "software-native-only.reg",
        Key::CipherPolicy,
        "Functions",
        Absent,
    ),
    (
        "software-native-only.reg",
        Key::WinHttpWow64,
        DSP,
        NotCollected,
    ),
    (
        "software-native-only.reg",
        Key::NetV4Wow64,
        "SchUseStrongCrypto",
        NotCollected,
    ),
    (
        "software-native-only.reg",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "software-both-views.reg",
        Key::WinHttpWow64,
        DSP,
        Number(0xA00),
    ),
    (
        "software-both-views.reg",
        Key::NetV4Wow64,
        "SchUseStrongCrypto",
        Absent,
    ),
    // Somebody cut it down, as every Windows has more than that.
    (
        "software-trimmed.reg",
        Key::WinHttpNative,
        DSP,
        Number(0xA00),
    ),
    (
        "software-trimmed.reg",
        Key::WinHttpNative,
        "Other",
        NotCollected,
    ),
    (
        "software-trimmed.reg",
        Key::NetV2Native,
        "SchUseStrongCrypto",
        NotCollected,
    ),
    // Never across control sets.
    (
        "controlset-alone.reg",
        Key::Tls12Client,
        "Enabled",
        Number(1),
    ),
    ("controlset-alone.reg", Key::Tls12Server, "Enabled", Absent),
    (
        "controlset-and-current-agree.reg",
        Key::Tls12Client,
        "Enabled",
        Number(1),
    ),
    (
        "controlset-and-current-differ.reg",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "controlset-current-without.reg",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "controlset-current-without.reg",
        Key::Tls12Server,
        "Enabled",
        Absent,
    ),
    (
        "controlsets-differ.reg",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "controlset-selected.reg",
        Key::Tls12Client,
        "Enabled",
        Number(0),
    ),
    ("whole-system.reg", Key::Tls12Client, "Enabled", Number(1)),
    ("whole-system.reg", Key::FipsPolicy, "Enabled", Absent),
    ("whole-system.reg", Key::WinHttpNative, DSP, NotCollected),
    // The same key from two exports with different data: neither.
    (
        "two-exports-same-key.reg",
        Key::WinHttpNative,
        DSP,
        NotCollected,
    ),
    (
        "two-exports-same-key.reg",
        Key::WinHttpNative,
        "Other",
        Number(1),
    ),
    // Edited by hand: only what is listed.
    ("edited.reg", Key::Tls12Client, "Enabled", Number(1)),
    // It is there twice with different data: neither.
    (
        "edited.reg",
        Key::Tls12Client,
        "DisabledByDefault",
        NotCollected,
    ),
    ("edited.reg", Key::Tls12Client, "Other", NotCollected),
    ("edited.reg", Key::Tls12Server, "Enabled", NotCollected),
    (
        "edited-short-root.reg",
        Key::Tls12Client,
        "DisabledByDefault",
        NotCollected,
    ),
    ("empty-lines.reg", Key::WinHttpNative, DSP, Number(0xAA0)),
    ("empty-lines.reg", Key::WinHttpNative, "Other", NotCollected),
    // Lines that cannot be understood: their values are not known, and nothing is absent.
    (
        "broken-lines.reg",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "broken-lines.reg",
        Key::Tls12Client,
        "DisabledByDefault",
        Number(0),
    ),
    (
        "broken-lines.reg",
        Key::Tls12Server,
        "Enabled",
        NotCollected,
    ),
    // Text where a number belongs is there, and no number.
    ("types.reg", Key::WinHttpNative, DSP, Unusable),
    (
        "types.reg",
        Key::WinHttpNative,
        "DWORD as bytes",
        Number(0xAA0),
    ),
    ("types.reg", Key::WinHttpNative, "short dword", Unusable),
    ("types.reg", Key::WinHttpNative, "Quad", Unusable),
    ("types.reg", Key::WinHttpNative, "Big", Unusable),
    ("user-key-beside.reg", Key::WinHttpNative, DSP, Absent),
    // What `reg query` printed, and nothing else.
    ("query.txt", Key::WinHttpNative, DSP, Number(0xAA0)),
    ("query.txt", Key::WinHttpNative, "Other", NotCollected),
    ("query.txt", Key::Tls12Client, "Enabled", Number(u32::MAX)),
    (
        "query.txt",
        Key::Tls12Client,
        "DisabledByDefault",
        NotCollected,
    ),
    ("query.txt", Key::Tls12Server, "Enabled", NotCollected),
    ("query-xp.txt", Key::WinHttpNative, DSP, Number(0xA0)),
    ("query-two-views.txt", Key::WinHttpNative, DSP, NotCollected),
    ("query-doubtful.txt", Key::WinHttpNative, DSP, NotCollected),
    // The kit says what it asked for and how that ended.
    ("kit-windows-10.txt", Key::Tls12Client, "Enabled", Absent),
    ("kit-windows-10.txt", Key::WinHttpNative, DSP, Number(0xA00)),
    ("kit-windows-10.txt", Key::WinHttpWow64, DSP, Number(0xA0)),
    (
        "kit-windows-10.txt",
        Key::NetV4Native,
        "SystemDefaultTlsVersions",
        Absent,
    ),
    (
        "kit-windows-10.txt",
        Key::NetV2Native,
        "SchUseStrongCrypto",
        Absent,
    ),
    (
        "kit-windows-10.txt",
        Key::NetV2Wow64,
        "SchUseStrongCrypto",
        Absent,
    ),
    ("kit-windows-10.txt", Key::NdpV35, "Install", Absent),
    (
        "kit-windows-10.txt",
        Key::NdpV4Full,
        "Release",
        Number(528_376),
    ),
    (
        "kit-windows-10.txt",
        Key::Lsa,
        "FIPSAlgorithmPolicy",
        Absent,
    ),
    ("kit-windows-10.txt", Key::Lsa, "Other", NotCollected),
    (
        "kit-windows-10.txt",
        Key::CurrentVersion,
        "CSDVersion",
        Absent,
    ),
    (
        "kit-windows-10.txt",
        Key::CurrentVersion,
        "RegisteredOwner",
        NotCollected,
    ),
    ("kit-cut-short.txt", Key::Tls12Client, "Enabled", Absent),
    ("kit-cut-short.txt", Key::WinHttpNative, DSP, NotCollected),
    ("kit-xp.txt", Key::WinHttpNative, DSP, Absent),
    ("kit-xp.txt", Key::WinHttpWow64, DSP, NotCollected),
    ("kit-by-path.txt", Key::WinHttpNative, DSP, Absent),
    ("kit-by-path.txt", Key::WinHttpWow64, DSP, Number(0xA0)),
    ("kit-in-trouble.txt", Key::WinHttpNative, DSP, NotCollected),
    ("kit-in-trouble.txt", Key::WinHttpWow64, DSP, Number(0xAA0)),
    (
        "kit-in-trouble.txt",
        Key::WinHttpWow64,
        "Other",
        NotCollected,
    ),
    (
        "kit-in-trouble.txt",
        Key::Tls12Client,
        "Enabled",
        NotCollected,
    ),
    (
        "kit-in-trouble.txt",
        Key::NetV4Native,
        "SchUseStrongCrypto",
        NotCollected,
    ),
    (
        "kit-in-trouble.txt",
        Key::NetV2Native,
        "SchUseStrongCrypto",
        NotCollected,
    ),
    (
        "kit-in-trouble.txt",
        Key::Lsa,
        "FIPSAlgorithmPolicy",
        NotCollected,
    ),
];

fn told(registry: &Registry, key: Key, name: &str) -> Told {
    match registry.value(key, name) {
        Reading::NotCollected => NotCollected,
        Reading::Absent => Absent,
        Reading::Value(RegValue {
            kind: Some(RegType::Dword),
            data: RegData::Number(number),
        }) => Number(*number),
        Reading::Value(_) => Unusable,
    }
}

fn feed(name: &str) -> String {
    let path = format!("{}/tests/feeds/reg/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the feed is there")
}

#[test]
fn absent_and_not_collected_are_told_apart() {
    let mut wrong = Vec::new();
    for (name, key, value, expected) in TABLE {
        let outcome = read(name, &feed(name), Some("PC-1"));
        let (piece, _) = outcome.unwrap_or_else(|unreadable| panic!("{name}: {unreadable}"));
        let found = told(&facts(&piece).registry, *key, value);
        if found != *expected {
            wrong.push(format!(
                "{name}: {value} in {key:?} is {found:?}, not {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn views_are_explicit_only_where_the_file_proves_it() {
    for (name, proven) in [
        ("winhttp.reg", false),
        ("software-native-only.reg", false),
        ("software-both-views.reg", true),
        ("two-exports-alike.reg", false),
        ("two-exports-apart.reg", true),
        ("query.txt", false),
        ("kit-windows-10.txt", true),
        ("kit-by-path.txt", false),
        ("kit-xp.txt", false),
    ] {
        let (piece, _) = read(name, &feed(name), Some("PC-1")).expect("it can be read");
        assert_eq!(piece.document.collector.explicit_views, proven, "{name}");
    }
}

#[test]
fn what_changes_a_machine_is_refused_as_a_whole() {
    for (name, because) in [
        (
            "script-leaf-keys.reg",
            "line 3 and line 7 do not belong to one exported key",
        ),
        ("script-deletes-value.reg", "line 4 deletes a value"),
        ("script-deletes-key.reg", "line 3 deletes a key"),
        (
            "script-tight.reg",
            "line 2 is a heading without an empty line",
        ),
        (
            "script-tight-below.reg",
            "line 4 is a heading without an empty line",
        ),
        ("reg-add.cmd", "a batch file with `reg` commands"),
    ] {
        let unreadable = read(name, &feed(name), Some("PC-1")).expect_err(name);
        assert!(unreadable.contains(because), "{name}: {unreadable}");
        assert!(
            unreadable.contains("Nothing of it was taken"),
            "{name}: {unreadable}"
        );
    }
}

/// A name of Windows that no report may hold costs the name only, not the device.
#[test]
fn a_name_of_windows_with_a_control_character_is_left_out() {
    let whole = include_str!("../../feeds/reg/windows-7.reg");
    let broken = whole.replace("\"ProductName\"=\"W", "\"ProductName\"=\"\u{1}W");
    let (with, _) = read("PC-1.reg", whole, None).expect("it reads");
    let (without, _) = read("PC-1.reg", &broken, None).expect("it reads");
    assert!(with.document.os.caption.is_some());
    assert_eq!(without.document.os.caption, None);
    assert_eq!(facts(&without).os.version, facts(&with).os.version);
}

/// What a file tells in two ways is in dispute, so that no older source that looks better takes its place.
#[test]
fn a_value_that_comes_twice_is_in_dispute() {
    const HEAD: &str = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp]\n";
    let disputed = |body: &str| {
        let (piece, _) = read("PC-1.reg", &format!("{HEAD}{body}\n"), None).expect("it reads");
        facts(&piece).contradicted
    };
    let dsp = Contradicted::Value(Key::WinHttpNative, DSP.to_owned());
    let twice =
        "\"DefaultSecureProtocols\"=dword:00000a00\n\"DefaultSecureProtocols\"=dword:000000a0\n";
    assert_eq!(disputed(twice), [dsp]);
    let same =
        "\"DefaultSecureProtocols\"=dword:00000a00\n\"defaultsecureprotocols\"=dword:00000a00\n";
    assert_eq!(disputed(same), []);
    let other = "\"Other\"=dword:00000a00\n\"Other\"=dword:000000a0\n";
    assert_eq!(disputed(other), []);
}
