//! No text makes a reader panic or slow, and neither order nor case changes what an export says.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use cutover::{
    domain::facts::{Key, Reading},
    wire::foreign::{Source, reg_export, reg_query},
};
use proptest::{prelude::*, sample::select, test_runner::RngSeed};

use super::{facts, read, shown};

const FEEDS: &[&str] = &[
    include_str!("../../feeds/reg/schannel.reg"),
    include_str!("../../feeds/reg/types.reg"),
    include_str!("../../feeds/reg/edited.reg"),
    include_str!("../../feeds/reg/broken-lines.reg"),
    include_str!("../../feeds/reg/two-exports-apart.reg"),
    include_str!("../../feeds/reg/whole-system.reg"),
    include_str!("../../feeds/reg/query.txt"),
    include_str!("../../feeds/reg/kit-windows-10.txt"),
    include_str!("../../feeds/reg/kit-in-trouble.txt"),
];

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1_203),
        ..ProptestConfig::default()
    }
}

/// Both readers on any text; what they hand out must be taken by the report reader.
fn survive(text: &str) {
    let source = Source {
        name: "PC-1.reg",
        text,
        device: None,
    };
    let head = &text[..text.floor_char_boundary(64 * 1024)];
    let _ = reg_export::recognises("", head);
    let _ = reg_query::recognises("", head);
    for reader in [reg_export::read, reg_query::read] {
        let _ = reader(&source, &mut |result| {
            if let Ok(piece) = result {
                facts(&piece);
            }
        });
    }
}

/// Pieces of the grammar, put together at random.
fn grammar() -> impl Strategy<Value = String> {
    let parts: &[&str] = &[
        "Windows Registry Editor Version 5.00",
        "REGEDIT4",
        "\n",
        "\r\n",
        "\n\n",
        "[",
        "]",
        "-",
        "\"",
        "\\",
        "=",
        "@",
        "dword:",
        "hex:",
        "hex(7):",
        "00000aa0",
        "41,00",
        ",\\\n  ",
        ";",
        " ",
        "\t",
        "\u{FEFF}",
        "ü",
        "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319",
        "HKEY_LOCAL_MACHINE\\SYSTEM\\Select",
        "HKLM\\SYSTEM\\ControlSet001\\Control\\Lsa",
        "\"Enabled\"=dword:00000001\n",
        "    ",
        "REG_DWORD",
        "0x1",
        "; cutover-collect 1\n",
        "; ask 64 ",
        "; tree one ",
        "; value 32 ",
        "; there\n",
        "; absent\n",
        "; end 1\n",
        "|Name",
    ];
    prop::collection::vec(select(parts), 0..60).prop_map(|parts| parts.concat())
}

/// A feed with something cut out, doubled or put in.
fn mutated() -> impl Strategy<Value = String> {
    (
        select(FEEDS),
        any::<[prop::sample::Index; 3]>(),
        select(&["", "\"", "[", "\n", "\\", ";", "=-", "\0"][..]),
        0..3_u8,
    )
        .prop_map(|(feed, at, extra, how)| {
            let place =
                |index: &prop::sample::Index| feed.floor_char_boundary(index.index(feed.len() + 1));
            let mut places = [place(&at[0]), place(&at[1]), place(&at[2])];
            places.sort_unstable();
            let [a, b, c] = places;
            match how {
                0 => [&feed[..a], extra, &feed[b..]].concat(),
                1 => [&feed[..c], extra, &feed[a..b], &feed[c..]].concat(),
                _ => [&feed[..a], extra, &feed[a..]].concat(),
            }
        })
}

/// An export as sections of a tree: each with the values of its own.
fn sections() -> Vec<String> {
    const TOP: &str =
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
    [
        ("", "\"EventLogging\"=dword:00000001\n"),
        (r"\Protocols", ""),
        (r"\Protocols\TLS 1.2", ""),
        (
            r"\Protocols\TLS 1.2\Client",
            "\"Enabled\"=dword:00000001\n\"DisabledByDefault\"=dword:00000000\n",
        ),
        (r"\Protocols\TLS 1.0", ""),
        (r"\Protocols\TLS 1.0\Client", "\"Enabled\"=dword:00000000\n"),
        (r"\Protocols\TLS1.2", "\"Enabled\"=dword:00000000\n"),
        (r"\Ciphers", ""),
    ]
    .into_iter()
    .map(|(path, values)| format!("[{TOP}{path}]\n{values}\n"))
    .collect()
}

fn spelt(text: &str, upper: bool) -> String {
    let lower = !upper;
    text.lines()
        .map(|line| match line.strip_prefix('[') {
            Some(path) if lower => format!("[{}\n", path.to_lowercase()),
            Some(path) => format!("[{}\n", path.to_uppercase()),
            None => format!("{line}\n"),
        })
        .collect()
}

const HEADER: &str = "Windows Registry Editor Version 5.00\n\n";

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survive(&String::from_utf8_lossy(&bytes));
        survive(&format!("{HEADER}{}", String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn pieces_of_the_grammar_are_survived(text in grammar()) {
        survive(&text);
        survive(&format!("{HEADER}{text}"));
    }

    #[test]
    fn mutated_feeds_are_survived(text in mutated()) {
        survive(&text);
    }

    #[test]
    fn order_and_case_of_sections_never_change_what_they_hold(
        order in Just(sections()).prop_shuffle(),
        upper in prop::collection::vec(any::<Option<bool>>(), 8),
    ) {
        let usual = read("PC-1.reg", &format!("{HEADER}{}", sections().concat()), None).expect("an export");
        let text: String = order
            .iter()
            .zip(upper)
            .map(|(section, upper)| upper.map_or_else(|| section.clone(), |upper| spelt(section, upper)))
            .collect();
        let other = read("PC-1.reg", &format!("{HEADER}{text}"), None).expect("an export");
        prop_assert_eq!(facts(&usual.0).registry.misspelt.len(), 1);
        prop_assert_eq!(facts(&other.0).registry.misspelt.len(), 1);
        // Only an export in the order of Windows shows that a key is not there.
        let plain = |outcome| -> Vec<String> {
            let text = shown(&Ok(outcome)).to_lowercase();
            let told = |line: &&str| !line.ends_with("] not there") && !line.starts_with("note ");
            text.lines().filter(told).map(str::to_owned).collect()
        };
        prop_assert_eq!(plain(usual), plain(other));
    }
}

/// Texts that would take a careless reader quadratic time.
#[test]
fn large_hostile_texts_are_read_in_bounded_time() {
    const SIZE: usize = 2 * 1024 * 1024;
    let winhttp =
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp]";
    let start = format!("{HEADER}{winhttp}\n");
    for (what, unit) in [
        ("texts that are never closed", "\"a\"=\"x\n"),
        ("texts closed far below", "\"a\"=\"\\\"\n"),
        ("hex that always goes on", "\"a\"=hex:\\\n"),
        ("bytes", "41,\\\n"),
        ("garbage", "x\n"),
        ("the same value", "\"a\"=dword:00000001\n"),
        ("empty lines", "\n"),
        ("headings", "\n[HKEY_LOCAL_MACHINE\\A]\n"),
        ("first lines", "REGEDIT4\n\n"),
        ("brackets", "["),
        ("quotation marks", "\""),
        ("backslashes", "\\"),
        ("types", "    REG_SZ    "),
    ] {
        let text = start.clone() + &unit.repeat(SIZE / unit.len());
        let began = Instant::now();
        for reader in [reg_export::read, reg_query::read] {
            let source = Source {
                name: "PC-1.reg",
                text: &text,
                device: None,
            };
            let mut told = 0;
            let _ = reader(&source, &mut |_| told += 1);
            assert!(told <= 1_002, "{what}: {told} things were told");
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(20), "{what} took {took:?}");
    }
}

/// What `reg query` prints of a key with very many values: bounded in time and in what is kept.
#[test]
fn many_values_of_one_key_are_cut_with_a_word() {
    let key = Key::WinHttpNative
        .path()
        .replacen("HKLM", "HKEY_LOCAL_MACHINE", 1);
    let mut text = format!("\n{key}\n    DefaultSecureProtocols    REG_DWORD    0xaa0\n");
    for index in 0..200_000 {
        writeln!(text, "    Value {index}    REG_DWORD    0x1").expect("text");
    }
    let began = Instant::now();
    let (piece, refused) = read("PC-1.txt", &text, None).expect("it can be read");
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    assert!(refused.is_empty());
    assert!(
        piece
            .notes
            .iter()
            .any(|note| note.contains("more values than"))
    );
    let registry = facts(&piece).registry;
    let value = registry.value(Key::WinHttpNative, "DefaultSecureProtocols");
    assert!(matches!(value, Reading::Value(_)));
    assert_eq!(
        registry.value(Key::WinHttpNative, "Other"),
        Reading::NotCollected
    );
}

/// More than a report can hold is said, never dropped in silence, and never makes the report unreadable.
#[test]
fn a_file_with_too_much_is_cut_with_a_word() {
    let mut text = format!(
        "{HEADER}[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL]\n"
    );
    for index in 0..2_500 {
        writeln!(text, "\"Value {index}\"=dword:00000001").expect("text");
    }
    writeln!(text, "\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols]\n").expect("text");
    for index in 0..2_500 {
        let path = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
        writeln!(
            text,
            "[{path}\\P{index}]\n\"Long\"=\"{}\"\n",
            "x".repeat(1_000)
        )
        .expect("text");
    }
    let path = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2";
    writeln!(
        text,
        "[{path}]\n\n[{path}\\Client]\n\"Enabled\"=dword:00000001\n\"Long\"=\"{}\"\n",
        "y".repeat(40_000)
    )
    .expect("text");
    let (piece, refused) = read("PC-1.reg", &text, None).expect("an export");
    assert!(refused.is_empty());
    assert!(piece.document.registry.len() <= 2_000);
    assert!(piece.document.to_json().len() < 1024 * 1024);
    let facts = facts(&piece);
    assert!(matches!(
        facts.registry.value(Key::Tls12Client, "Enabled"),
        Reading::Value(_)
    ));
    assert_eq!(
        facts.registry.value(Key::Tls12Client, "DisabledByDefault"),
        Reading::Absent
    );
    for said in ["more values than", "were left out", "at most 2000 keys"] {
        assert!(piece.notes.iter().any(|note| note.contains(said)), "{said}");
    }
    assert!(piece.notes.len() < 60, "{} notes", piece.notes.len());
}
