//! The kit for cmd: its script as a text, and what a real run of it wrote (`tests/kit/wine` makes that).

use std::{env, fs, path::PathBuf};

use cutover::domain::facts::{Bits, Key, OsVersion, Reading, RegData};

use super::{facts, read};

#[test]
fn the_script_is_one_that_old_systems_run_and_changes_nothing() {
    let path = format!("{}/static/kit/cutover-collect.cmd", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the kit is there, in ASCII");
    assert!(text.is_ascii());
    for line in text.split_inclusive('\n') {
        assert!(line.ends_with("\r\n"), "cmd loses its labels without CR LF: {line:?}");
        let command = line.trim().to_ascii_lowercase();
        if command.starts_with("rem") {
            continue;
        }
        for word in ["powershell", "cscript", "wscript", "wmic", "reg add", "reg delete", "reg import", "chcp", "findstr"] {
            assert!(!command.contains(word), "{line:?} says {word}");
        }
        if let Some((before, behind)) = command.split_once("\"%reg%\"") {
            let asks_for_it = before == "if not exist ";
            assert!(asks_for_it || behind.starts_with(" query "), "{line:?} is no query");
        }
    }
    let labels: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(':')).collect();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let label = match pair {
                ["goto", label] => *label,
                ["call", label] if label.starts_with(':') => &label[1..],
                _ => continue,
            };
            assert!(labels.contains(&label), "{line:?} goes nowhere");
        }
    }
}

fn number(facts: &cutover::domain::facts::Facts, key: Key, name: &str) -> Option<u32> {
    match facts.registry.value(key, name) {
        Reading::Value(value) => match value.data {
            RegData::Number(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// What `tests/kit/wine` left in the folder that this variable names; without it there is nothing to look at.
#[test]
#[ignore = "needs the files of tests/kit/wine, which calls it"]
fn a_real_run_is_read_to_the_last_value() {
    let folder = PathBuf::from(env::var("CUTOVER_KIT_FOLDER").expect("CUTOVER_KIT_FOLDER names the folder"));
    let decoded = |name: &str| {
        let bytes = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = cutover::wire::to_utf8(&bytes).expect("an encoding that is taken").into_owned();
        String::from_utf8(text).expect("UTF-8")
    };

    let (piece, refused) = read("whoever.txt", &decoded("kit.txt"), None).expect("the kit's file");
    assert_eq!(refused, [], "everything was understood");
    assert_eq!(piece.notes, Vec::<String>::new());
    assert!(piece.document.client.name.is_some(), "{:?}", piece.document.client);
    assert_eq!(piece.document.collector.name, "cutover-collect.cmd");
    assert_eq!(piece.document.collector.process_bits, Some(64));
    assert!(piece.document.collector.explicit_views);
    let kit = facts(&piece);
    assert_eq!(kit.os.version, Some(OsVersion { major: 6, minor: 1, build: 7601 }));
    assert_eq!(kit.os.bits, Some(Bits::B64));
    assert_eq!(kit.os.product_type, Some(1));
    assert_eq!(number(&kit, Key::WinHttpNative, "DefaultSecureProtocols"), Some(0xAA0));
    assert_eq!(number(&kit, Key::WinHttpWow64, "DefaultSecureProtocols"), Some(0xA0));
    assert_eq!(number(&kit, Key::Tls12Client, "Enabled"), Some(u32::MAX));
    assert_eq!(kit.registry.value(Key::Tls12Client, "DisabledByDefault"), Reading::Absent);
    assert_eq!(kit.registry.value(Key::Tls12Server, "Enabled"), Reading::Absent);
    assert!(kit.registry.key(Key::Tls12Server).is_some_and(|key| !key.exists));
    assert_eq!(number(&kit, Key::NetV4Native, "SchUseStrongCrypto"), Some(1));
    assert_eq!(kit.registry.value(Key::NetV4Native, "SystemDefaultTlsVersions"), Reading::Absent);
    assert!(kit.registry.key(Key::NetV4Wow64).is_some_and(|key| key.exists && !key.partial));
    assert_eq!(kit.registry.value(Key::NetV4Wow64, "SchUseStrongCrypto"), Reading::Absent);
    assert!(kit.registry.key(Key::NetV2Native).is_some_and(|key| !key.exists));
    assert!(kit.registry.key(Key::CipherPolicy).is_some_and(|key| !key.exists));
    assert_eq!(kit.registry.value(Key::Lsa, "FIPSAlgorithmPolicy"), Reading::Absent);
    assert_eq!(kit.registry.misspelt.len(), 1, "{:?}", kit.registry.misspelt);

    // The same machine by reg export: a tree, and a single key.
    let (piece, refused) = read("PC-1_schannel.reg", &decoded("schannel.reg"), None).expect("an export");
    assert_eq!(refused, []);
    assert_eq!(piece.notes, Vec::<String>::new());
    let export = facts(&piece);
    for key in [Key::Tls12Client, Key::Tls12Server, Key::Tls10Client] {
        assert_eq!(export.registry.key(key), kit.registry.key(key), "{key:?}");
    }
    assert_eq!(export.registry.value(Key::WinHttpNative, "DefaultSecureProtocols"), Reading::NotCollected);
    let (piece, _) = read("PC-1.reg", &decoded("winhttp.reg"), None).expect("an export");
    assert_eq!(number(&facts(&piece), Key::WinHttpNative, "DefaultSecureProtocols"), Some(0xAA0));
    let (piece, _) = read("PC-1.reg", &decoded("software.reg"), None).expect("an export");
    let software = facts(&piece);
    assert_eq!(number(&software, Key::WinHttpNative, "DefaultSecureProtocols"), Some(0xAA0));
    assert_eq!(number(&software, Key::WinHttpWow64, "DefaultSecureProtocols"), Some(0xA0));
    assert!(piece.document.collector.explicit_views, "the views differ");
    assert!(software.registry.key(Key::NetV2Native).is_some_and(|key| !key.exists));
    assert_eq!(software.registry.value(Key::Tls12Client, "Enabled"), Reading::NotCollected);

    // And by plain reg query.
    let (piece, refused) = read("PC-1.txt", &decoded("query.txt"), None).expect("the output of reg query");
    assert_eq!(refused, []);
    let query = facts(&piece);
    assert_eq!(number(&query, Key::Tls12Client, "Enabled"), Some(u32::MAX));
    assert_eq!(query.registry.value(Key::Tls12Client, "DisabledByDefault"), Reading::NotCollected);
}
