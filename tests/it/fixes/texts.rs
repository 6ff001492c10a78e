//! The texts of the fixes: complete, and right. A registry file is applied to the facts of an untouched machine of each
//! system it says it is for, and the machine is judged.

use std::collections::{BTreeMap, BTreeSet};

use cutover::{
    domain::{
        assess::{FixFile, FixText, Policy, assess, fix_text, fix_texts},
        facts::{Facts, Key, KeyReading, RegData, RegType, RegValue},
        plan::actions,
        verdict::Outcome,
    },
    wire::{
        foreign::{Piece, Source, reg_export},
        report_v1,
    },
};
use serde_json::{Value, json};

#[test]
fn every_fix_has_a_text_and_every_text_a_fix() {
    let wanted: BTreeSet<&str> = actions().iter().map(|action| action.code).collect();
    let written: Vec<&str> = fix_texts().map(|text| text.code).collect();
    assert_eq!(written.len(), wanted.len());
    assert_eq!(written.into_iter().collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn every_text_says_everything_in_whole_sentences() {
    for text in fix_texts() {
        let at = text.code;
        for words in [text.does, text.systems, text.restart, text.undo, text.proof]
            .into_iter()
            .chain(text.steps.iter().copied())
            .chain(text.beware.iter().copied())
            .chain(text.meanings.iter().map(|(_, meaning)| *meaning))
        {
            assert!(words.ends_with('.'), "{at}: {words}");
            assert!(
                words.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '"'),
                "{at}: {words}"
            );
        }
        assert!(
            !text.steps.is_empty() && !text.sources.is_empty() && !text.checks.is_empty(),
            "{at}"
        );
    }
}

#[test]
fn files_can_be_saved_and_opened_on_any_windows() {
    for text in fix_texts() {
        let names: BTreeSet<&str> = text.files.iter().map(|file| file.name).collect();
        assert_eq!(
            names.len(),
            text.files.len(),
            "{}: two files of one name",
            text.code
        );
        for file in text.files {
            let name = file.name;
            let kind = if file.is_registry() { "reg" } else { "ps1" };
            assert_eq!(name.rsplit('.').next(), Some(kind), "{name}");
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)),
                "{name}"
            );
            assert!(file.text.is_ascii(), "{name}");
            assert!(file.text.ends_with("\r\n"), "{name}");
            assert_eq!(
                file.text.matches('\n').count(),
                file.text.matches("\r\n").count(),
                "{name}"
            );
        }
    }
}

/// What a registry file does: keys, and under each what is set (`Some`) or deleted (`None`).
type Changes = Vec<(Key, Vec<(String, Option<u32>)>)>;

fn changes(file: &FixFile) -> Changes {
    let mut lines = file.text.lines();
    assert_eq!(lines.next(), Some("Windows Registry Editor Version 5.00"));
    let mut changes: Changes = Vec::new();
    let mut under = None;
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(';')) {
        if let Some(path) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            under = Key::from_path(path);
            changes.extend(under.map(|key| (key, Vec::new())));
            continue;
        }
        assert!(
            under.is_some(),
            "{}: a value in an unknown key: {line}",
            file.name
        );
        let (name, data) = line
            .split_once('=')
            .unwrap_or_else(|| panic!("{}: {line}", file.name));
        let name = name.trim_matches('"').to_owned();
        let number = (data != "-").then(|| {
            let digits = data.strip_prefix("dword:").expect("a DWORD");
            assert_eq!(digits.len(), 8, "{}: {line}", file.name);
            u32::from_str_radix(digits, 16).expect("hexadecimal")
        });
        changes.last_mut().expect("a key").1.push((name, number));
    }
    changes
}

/// The facts after an import: what the file sets is there as a DWORD, what it deletes is gone, the rest stays.
fn applied(facts: &Facts, file: &FixFile) -> Facts {
    let mut facts = facts.clone();
    for (key, values) in changes(file) {
        let mut reading = facts.registry.key(key).cloned().unwrap_or_default();
        reading.exists = true;
        // Written long before the next start.
        reading.last_write_at = None;
        for (name, number) in values {
            reading
                .values
                .retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            if let Some(number) = number {
                let kind = Some(RegType::Dword);
                let data = RegData::Number(number);
                reading.values.push((name, RegValue { kind, data }));
            }
        }
        facts.registry.insert(key, reading);
    }
    facts
}

struct System {
    name: &'static str,
    version: &'static str,
    product: u32,
    wide: bool,
    files: Option<[&'static str; 2]>,
}

const fn system(name: &'static str, version: &'static str, product: u32, wide: bool) -> System {
    System {
        name,
        version,
        product,
        wide,
        files: None,
    }
}

const SEVEN: Option<[&str; 2]> = Some(["6.1.7601.24000", "6.1.7601.24000"]);
const EIGHT: Option<[&str; 2]> = Some(["6.2.9200.21797", "6.2.9200.21797"]);
const OLD: [System; 6] = [
    System {
        files: SEVEN,
        ..system("Windows 7 SP1", "6.1.7601", 1, true)
    },
    System {
        files: SEVEN,
        ..system("Windows 7 SP1, 32-bit", "6.1.7601", 1, false)
    },
    System {
        files: SEVEN,
        ..system("Server 2008 R2 SP1", "6.1.7601", 3, true)
    },
    System {
        files: EIGHT,
        ..system("Windows 8", "6.2.9200", 1, true)
    },
    System {
        files: EIGHT,
        ..system("Windows 8, 32-bit", "6.2.9200", 1, false)
    },
    System {
        files: EIGHT,
        ..system("Server 2012", "6.2.9200", 3, true)
    },
];
const NEW: [System; 7] = [
    system("Windows 8.1", "6.3.9600", 1, true),
    system("Windows 8.1, 32-bit", "6.3.9600", 1, false),
    system("Server 2012 R2", "6.3.9600", 3, true),
    system("Windows 10 22H2", "10.0.19045", 1, true),
    system("Windows 10 22H2, 32-bit", "10.0.19045", 1, false),
    system("Windows 11 24H2", "10.0.26100", 1, true),
    system("Server 2025", "10.0.26100", 3, true),
];

/// Everything was read and nothing of it was ever touched.
fn untouched(system: &System) -> Facts {
    let mut registry: Vec<Value> = Key::ALL
        .into_iter()
        .filter(|key| !key.path().contains("NDP"))
        .map(|key| json!({"key": key.path(), "exists": false}))
        .collect();
    registry.push(json!({"key": Key::NdpV4Full.path(), "exists": true, "values": {"Release": {"type": "REG_DWORD", "data": 528_049}}}));
    registry.push(json!({"key": Key::NdpV35.path(), "exists": true, "values": {"Install": {"type": "REG_DWORD", "data": 1}}}));
    let mut report = json!({
        "schema_version": 1,
        "collected_at": "2026-11-24T08:15:00Z",
        "collector": {"name": "a test", "version": "1", "process_bits": if system.wide { 64 } else { 32 }, "explicit_views": true},
        "client": {"name": "PC-1"},
        "os": {"version": system.version, "product_type": system.product, "architecture": if system.wide { "64-bit" } else { "32-bit" }},
        "registry": registry,
        "hotfixes": [],
    });
    if let Some([winhttp, webio]) = system.files {
        report["files"] = json!({
            r"System32\winhttp.dll": winhttp,
            r"System32\webio.dll": webio,
        });
    }
    let bytes = serde_json::to_vec(&report).expect("JSON");
    report_v1::parse(&bytes)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
        .facts
}

fn set(facts: &Facts, key: Key, values: &[(&str, u32)]) -> Facts {
    let mut facts = facts.clone();
    let values = values
        .iter()
        .map(|(name, number)| {
            let value = RegValue {
                kind: Some(RegType::Dword),
                data: RegData::Number(*number),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    facts.registry.insert(
        key,
        KeyReading {
            exists: true,
            values,
            ..KeyReading::default()
        },
    );
    facts
}

fn outcomes(facts: &Facts) -> BTreeMap<&'static str, (Outcome, &'static str)> {
    let verdict = assess(facts, &Policy::default());
    verdict
        .checks
        .iter()
        .map(|check| (check.id, (check.outcome, check.reason)))
        .collect()
}

fn file(code: &str, name: &str) -> &'static FixFile {
    let text: &FixText = fix_text(code).expect(code);
    let found = text.files.iter().find(|file| file.name == name);
    found.unwrap_or_else(|| panic!("{code} has no {name}"))
}

/// The checks fail before, and pass, or mean nothing there, after.
fn mends(what: &str, before: &Facts, file: &FixFile, checks: &[&str]) {
    let (first, then) = (outcomes(before), outcomes(&applied(before, file)));
    assert!(
        checks.iter().any(|id| first[id].0 == Outcome::Fail),
        "{what}: nothing fails before {}: {first:?}",
        file.name
    );
    for id in checks {
        assert!(
            matches!(then[id].0, Outcome::Pass | Outcome::NotApplicable),
            "{what}: {id} after {}: {:?}",
            file.name,
            then[id]
        );
    }
    for (id, (outcome, _)) in &then {
        assert!(
            *outcome <= first[id].0 || *outcome <= Outcome::Warn,
            "{what}: {id} is worse after {}",
            file.name
        );
    }
}

const WINHTTP: [&str; 2] = [
    "winhttp.default_secure_protocols.native",
    "winhttp.default_secure_protocols.wow64",
];
const NET: [&str; 2] = ["dotnet.v4.native", "dotnet.v4.wow64"];

fn bits(system: &System) -> &'static str {
    if system.wide { "64" } else { "32" }
}

#[test]
fn the_winhttp_value_mends_every_older_windows() {
    for system in &OLD {
        let name = format!("winhttp-windows-7-{}-bit.reg", bits(system));
        let file = file("set-default-secure-protocols", &name);
        mends(system.name, &untouched(system), file, &WINHTTP);
    }
}

#[test]
fn taking_the_winhttp_value_away_mends_every_newer_windows() {
    for system in &NEW {
        let name = format!("winhttp-windows-8.1-{}-bit.reg", bits(system));
        let file = file("set-default-secure-protocols", &name);
        let mut broken = set(
            &untouched(system),
            Key::WinHttpNative,
            &[("DefaultSecureProtocols", 0xA0)],
        );
        if system.wide {
            broken = set(
                &broken,
                Key::WinHttpWow64,
                &[("DefaultSecureProtocols", 0xA0)],
            );
        }
        mends(system.name, &broken, file, &WINHTTP);
    }
}

#[test]
fn schannel_values_mend_what_never_had_them_and_what_switched_them_off() {
    let client = file("enable-schannel-tls12-client", "schannel-tls12-client.reg");
    for system in OLD
        .iter()
        .filter(|system| system.version.starts_with("6.1"))
    {
        mends(
            system.name,
            &untouched(system),
            client,
            &["schannel.tls12_client"],
        );
    }
    for system in OLD.iter().chain(&NEW) {
        for off in [("Enabled", 0), ("DisabledByDefault", 1)] {
            let broken = set(&untouched(system), Key::Tls12Client, &[off]);
            mends(system.name, &broken, client, &["schannel.tls12_client"]);
        }
    }
}

#[test]
fn the_server_side_is_mended_on_site_systems() {
    let server = file("enable-schannel-tls12-server", "schannel-tls12-server.reg");
    for system in OLD.iter().chain(&NEW).filter(|system| system.product == 3) {
        let mut facts = set(&untouched(system), Key::Tls12Server, &[("Enabled", 0)]);
        facts.roles = vec!["distribution_point".to_owned()];
        mends(system.name, &facts, server, &["schannel.tls12_server"]);
    }
}

#[test]
fn dotnet_values_mend_an_untouched_seven_alone_and_a_weakened_ten() {
    for system in OLD
        .iter()
        .filter(|system| system.version.starts_with("6.1"))
    {
        let name = format!("dotnet-windows-7-{}-bit.reg", bits(system));
        let file = file("set-dotnet-tls-values", &name);
        mends(system.name, &untouched(system), file, &NET);
    }
    let later = OLD
        .iter()
        .filter(|system| !system.version.starts_with("6.1"));
    for system in later.chain(&NEW) {
        let name = format!("dotnet-windows-8-{}-bit.reg", bits(system));
        let file = file("set-dotnet-tls-values", &name);
        let weak = set(
            &untouched(system),
            Key::NetV4Native,
            &[("SchUseStrongCrypto", 0)],
        );
        mends(system.name, &weak, file, &NET);
        let site_system = Facts {
            roles: vec!["distribution_point".to_owned()],
            ..untouched(system)
        };
        mends(system.name, &site_system, file, &NET);
    }
}

/// The whole recipe for an untouched Windows 7 with the update makes it ready, and no single part of it does.
#[test]
fn all_parts_together_make_an_untouched_seven_ready() {
    let parts = [
        file(
            "set-default-secure-protocols",
            "winhttp-windows-7-64-bit.reg",
        ),
        file("enable-schannel-tls12-client", "schannel-tls12-client.reg"),
        file("set-dotnet-tls-values", "dotnet-windows-7-64-bit.reg"),
    ];
    let blocked = |facts: &Facts| {
        outcomes(facts)
            .values()
            .any(|(outcome, _)| *outcome >= Outcome::Unknown)
    };
    let seven = untouched(&OLD[0]);
    assert!(parts.iter().all(|part| blocked(&applied(&seven, part))));
    let all = parts
        .iter()
        .fold(seven, |facts, part| applied(&facts, part));
    assert!(!blocked(&all), "{:?}", outcomes(&all));
}

#[test]
fn undoing_leaves_what_windows_does_by_itself() {
    let client = file("enable-schannel-tls12-client", "schannel-tls12-client.reg");
    let undo = file(
        "enable-schannel-tls12-client",
        "schannel-tls12-client-undo.reg",
    );
    for system in OLD.iter().chain(&NEW) {
        let before = untouched(system);
        let after = applied(&applied(&before, client), undo);
        assert_eq!(outcomes(&before), outcomes(&after), "{}", system.name);
    }
}

#[test]
fn no_file_switches_an_old_protocol_on() {
    for file in fix_texts()
        .flat_map(|text| text.files)
        .filter(|file| file.is_registry())
    {
        for (key, values) in changes(file) {
            assert!(
                !matches!(
                    key,
                    Key::Tls10Client | Key::Tls10Server | Key::Tls11Client | Key::Tls11Server
                ),
                "{}",
                file.name
            );
            for (name, number) in values {
                if name == "DefaultSecureProtocols" {
                    assert!(
                        number.is_none_or(|bits| bits & 0xA8 == 0 && bits & 0x800 != 0),
                        "{}",
                        file.name
                    );
                }
            }
        }
    }
}

fn read(name: &str, text: &str) -> Result<Piece, String> {
    let source = Source {
        name,
        text,
        device: Some("PC-1"),
    };
    let mut pieces = Vec::new();
    let mut sink = |result: Result<Piece, _>| pieces.extend(result.ok());
    reg_export::read(&source, &mut sink).map_err(|unreadable| unreadable.0)?;
    Ok(pieces.remove(0))
}

/// Whoever uploads a fix instead of a report must not clear a machine that nobody touched.
#[test]
fn no_registry_file_is_taken_for_a_report() {
    for file in fix_texts()
        .flat_map(|text| text.files)
        .filter(|file| file.is_registry())
    {
        let answer = read(file.name, file.text);
        assert!(
            answer.is_err(),
            "{} was read as {:?}",
            file.name,
            answer.map(|piece| piece.document)
        );
    }
}

/// What our reader of registry exports makes of the same keys, one at a time as an export writes them.
#[test]
fn our_own_reader_sees_the_values_that_the_files_set() {
    for file in fix_texts()
        .flat_map(|text| text.files)
        .filter(|file| file.is_registry())
    {
        for (key, values) in changes(file) {
            let path = key.path().replacen("HKLM", "HKEY_LOCAL_MACHINE", 1);
            let mut export = format!("Windows Registry Editor Version 5.00\r\n\r\n[{path}]\r\n");
            for (name, number) in values
                .iter()
                .filter_map(|(name, number)| Some((name, (*number)?)))
            {
                export.push_str(&format!("\"{name}\"=dword:{number:08x}\r\n"));
            }
            export.push_str("\r\n");
            let piece =
                read("PC-1.reg", &export).unwrap_or_else(|error| panic!("{}: {error}", file.name));
            let found = piece
                .document
                .registry
                .iter()
                .find(|read| Key::from_path(&read.key) == Some(key));
            let found = found.unwrap_or_else(|| panic!("{}: {path} was not read", file.name));
            let set = values.iter().filter(|(_, number)| number.is_some()).count();
            assert_eq!(found.values.len(), set, "{}: {path}", file.name);
        }
    }
}
