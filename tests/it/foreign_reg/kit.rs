//! The kit for cmd: its script as a text, and what a real run of it wrote (`tests/kit/wine` makes that).

use std::{env, fs, path::PathBuf};

use cutover::{
    domain::facts::{Bits, Facts, Key, Reading, RegData},
    wire::{foreign::Piece, to_utf8},
};

use super::{facts, read};

#[test]
fn the_script_is_one_that_old_systems_run_and_changes_nothing() {
    let path = format!(
        "{}/static/kit/cutover-collect.cmd",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(path).expect("the kit is there, in ASCII");
    assert!(text.is_ascii());
    for line in text.split_inclusive('\n') {
        assert!(
            line.ends_with("\r\n"),
            "cmd loses its labels without CR LF: {line:?}"
        );
        let command = line.trim().to_ascii_lowercase();
        if command.starts_with("rem") {
            continue;
        }
        for word in [
            "powershell",
            "cscript",
            "wscript",
            "wmic",
            "reg add",
            "reg delete",
            "reg import",
            "chcp",
            "findstr",
        ] {
            assert!(!command.contains(word), "{line:?} says {word}");
        }
        if let Some((before, behind)) = command.split_once("\"%reg%\"") {
            let asks_for_it = before == "if not exist ";
            assert!(
                asks_for_it || behind.starts_with(" query "),
                "{line:?} is no query"
            );
        }
    }
    let labels: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(':'))
        .collect();
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

fn number(facts: &Facts, key: Key, name: &str) -> Option<u32> {
    match facts.registry.value(key, name) {
        Reading::Value(value) => match value.data {
            RegData::Number(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// A file that `tests/kit/wine` left in the folder that this variable names; without it there is nothing to look at.
fn left(name: &str) -> String {
    let folder = env::var("CUTOVER_KIT_FOLDER").expect("CUTOVER_KIT_FOLDER names the folder");
    let path = PathBuf::from(folder).join(name);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = to_utf8(&bytes).expect("an encoding that is taken");
    String::from_utf8(text.into_owned()).expect("UTF-8")
}

/// Everything in it was understood, and there was nothing to say about it.
fn plain(file: &str, left_as: &str) -> Piece {
    let (piece, refused) = read(file, &left(left_as), None).expect("it can be read");
    assert_eq!(refused, [], "{left_as}");
    piece
}

#[test]
#[ignore = "needs the files of tests/kit/wine, which calls it"]
fn a_real_run_is_read_to_the_last_value() {
    const DSP: &str = "DefaultSecureProtocols";
    let piece = plain("export.txt", "kit.txt");
    assert_eq!(piece.notes, Vec::<String>::new());
    let document = &piece.document;
    assert!(document.client.name.is_some(), "{:?}", document.client);
    assert_eq!(document.collector.name, "cutover-collect.cmd");
    assert_eq!(document.collector.process_bits, Some(64));
    assert!(document.collector.explicit_views);
    let kit = facts(&piece);
    assert_eq!(document.os.version.as_deref(), Some("6.1.7601"));
    assert_eq!(kit.os.bits, Some(Bits::B64));
    assert_eq!(kit.os.product_type, Some(1));
    for (key, name, expected) in [
        (Key::WinHttpNative, DSP, Some(0xAA0)),
        (Key::WinHttpWow64, DSP, Some(0xA0)),
        (Key::Tls12Client, "Enabled", Some(u32::MAX)),
        (Key::Tls12Client, "DisabledByDefault", None),
        (Key::Tls12Server, "Enabled", None),
        (Key::NetV4Native, "SchUseStrongCrypto", Some(1)),
        (Key::NetV4Native, "SystemDefaultTlsVersions", None),
        (Key::NetV4Wow64, "SchUseStrongCrypto", None),
        (Key::NetV2Native, "SchUseStrongCrypto", None),
        (Key::CipherPolicy, "Functions", None),
        (Key::Lsa, "FIPSAlgorithmPolicy", None),
    ] {
        let absent = kit.registry.value(key, name) == Reading::Absent;
        assert_eq!(number(&kit, key, name), expected, "{name} in {key:?}");
        assert_eq!(absent, expected.is_none(), "{name} in {key:?}");
    }
    for (key, there) in [
        (Key::Tls12Server, false),
        (Key::NetV4Wow64, true),
        (Key::NetV2Native, false),
        (Key::CipherPolicy, false),
    ] {
        let reading = kit.registry.key(key).expect("it was asked for");
        assert_eq!((reading.exists, reading.partial), (there, false), "{key:?}");
    }
    let misspelt = &kit.registry.misspelt;
    assert_eq!(misspelt.len(), 2, "the key and its Client: {misspelt:?}");
}

#[test]
#[ignore = "needs the files of tests/kit/wine, which calls it"]
fn real_exports_say_the_same_as_the_kit() {
    const DSP: &str = "DefaultSecureProtocols";
    let kit = facts(&plain("export.txt", "kit.txt")).registry;
    let piece = plain("PC-1_schannel.reg", "schannel.reg");
    assert_eq!(piece.notes, Vec::<String>::new());
    let export = facts(&piece).registry;
    for key in [Key::Tls12Client, Key::Tls12Server, Key::Tls10Client] {
        assert_eq!(export.key(key), kit.key(key), "{key:?}");
    }
    assert_eq!(export.value(Key::WinHttpNative, DSP), Reading::NotCollected);
    let one_key = facts(&plain("PC-1.reg", "winhttp.reg"));
    assert_eq!(number(&one_key, Key::WinHttpNative, DSP), Some(0xAA0));

    // A whole hive: both views, which differ.
    let piece = plain("PC-1.reg", "software.reg");
    assert!(piece.document.collector.explicit_views);
    let hive = facts(&piece);
    assert_eq!(number(&hive, Key::WinHttpNative, DSP), Some(0xAA0));
    assert_eq!(number(&hive, Key::WinHttpWow64, DSP), Some(0xA0));
    for key in [Key::NetV4Native, Key::NetV4Wow64, Key::NetV2Native] {
        assert_eq!(hive.registry.key(key), kit.key(key), "{key:?}");
    }
    assert_eq!(hive.registry.key(Key::Tls12Client), None);

    let query = facts(&plain("PC-1.txt", "query.txt"));
    assert_eq!(number(&query, Key::Tls12Client, "Enabled"), Some(u32::MAX));
    assert_eq!(
        query.registry.value(Key::Tls12Client, "DisabledByDefault"),
        Reading::NotCollected
    );
}
