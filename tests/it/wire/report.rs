//! The report document: what is taken, what is refused and where.

use std::fmt::Write as _;

use cutover::{
    domain::{
        facts::{Bits, FileVersion, Key, OsVersion, Reading, RegData, RegType, Report},
        time::Timestamp,
    },
    wire::{FieldError, report_v1},
};

/// The example of the contract.
pub const SAMPLE: &str = include_str!("sample.report.json");

const WINHTTP: &str =
    r"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp";
const CLIENT12: &str = r"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client";

/// The shortest good report, with more members behind; a key given in `more` replaces the usual one.
fn with(more: &str) -> String {
    let mut text = String::from("{");
    for (key, usual) in [
        ("schema_version", "1"),
        ("collected_at", r#""2026-11-23T08:15:00Z""#),
        ("client", r#"{"name": "PC-1"}"#),
        ("os", r#"{"version": "10.0.19045"}"#),
    ] {
        if !more.starts_with(&format!("\"{key}\"")) {
            write!(text, "\"{key}\": {usual}, ").expect("a string takes all");
        }
    }
    format!(
        "{}}}",
        text + if more.is_empty() { "\"x\": 0" } else { more }
    )
}

fn good(more: &str) -> Report {
    let text = with(more);
    report_v1::parse(text.as_bytes()).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"))
}

fn bad(text: &[u8]) -> Vec<FieldError> {
    report_v1::parse(text)
        .err()
        .unwrap_or_else(|| panic!("taken: {}", String::from_utf8_lossy(text)))
}

fn value(json: &str) -> Report {
    good(&format!(
        r#""registry": [{{"key": "{WINHTTP}", "values": {{"V": {json}}}}}]"#
    ))
}

fn read(json: &str) -> (Option<RegType>, RegData) {
    let report = value(json);
    match report.facts.registry.value(Key::WinHttpNative, "v") {
        Reading::Value(value) => (value.kind, value.data.clone()),
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn the_contracts_example_is_read_in_full() {
    let report = report_v1::parse(SAMPLE.as_bytes()).expect("the example is good");
    insta::assert_debug_snapshot!(report);
}

#[test]
fn the_shortest_report_collects_nothing() {
    let facts = good("").facts;
    assert_eq!(facts.hotfixes, None);
    assert_eq!(facts.files, None);
    assert_eq!(facts.cipher_suites, None);
    assert_eq!(facts.software, None);
    assert_eq!(
        facts.registry.value(Key::WinHttpNative, "x"),
        Reading::NotCollected
    );
}

#[test]
fn null_is_not_collected_and_an_empty_list_is() {
    let null = good(
        r#""hotfixes": null, "files": null, "cipher_suites": null, "software": null, "registry": null"#,
    );
    assert_eq!(null.facts, good("").facts);
    let empty =
        good(r#""hotfixes": [], "files": [], "cipher_suites": [], "software": [], "registry": []"#)
            .facts;
    assert_eq!(empty.hotfixes, Some(vec![]));
    assert_eq!(empty.files, Some(cutover::domain::facts::Files::default()));
    assert_eq!(empty.cipher_suites, Some(vec![]));
    assert_eq!(empty.software, Some(vec![]));
}

#[test]
fn dwords_are_numbers_in_every_spelling() {
    for (json, number) in [
        ("2720", 2720),
        ("0", 0),
        ("4294967295", u32::MAX),
        ("-1", u32::MAX),
        ("-2147483648", 0x8000_0000),
        (r#""2720""#, 2720),
        (r#"" 2720 ""#, 2720),
        (r#""0xAA0""#, 0xAA0),
        (r#""0X00000aa0""#, 0xAA0),
        (r#""0xFFFFFFFF""#, u32::MAX),
        (r#""-1""#, u32::MAX),
    ] {
        let typed = format!(r#"{{"type": "REG_DWORD", "data": {json}}}"#);
        assert_eq!(
            read(&typed),
            (Some(RegType::Dword), RegData::Number(number)),
            "{json}"
        );
        assert_eq!(read(json), (None, RegData::Number(number)), "{json}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn other_types_are_kept_as_they_are() {
    use RegData::{Number, Text, Texts, Unreadable};
    let text = |text: &str| Text(text.to_owned());
    let odd = |text: &str| Unreadable(text.to_owned());
    for (json, kind, data) in [
        (
            r#"{"type": "REG_SZ", "data": "2720"}"#,
            Some(RegType::Text),
            text("2720"),
        ),
        (
            r#"{"type": "reg_expand_sz", "data": 2720}"#,
            Some(RegType::Text),
            text("2720"),
        ),
        (
            r#"{"type": "String", "data": "a\u0000b"}"#,
            Some(RegType::Text),
            text("a\0b"),
        ),
        (
            r#"{"type": "REG_SZ", "data": [1]}"#,
            Some(RegType::Text),
            odd("[1]"),
        ),
        (
            r#"{"type": "DWord", "data": 1}"#,
            Some(RegType::Dword),
            Number(1),
        ),
        (r#"{"type": 4, "data": 1}"#, Some(RegType::Dword), Number(1)),
        (
            r#"{"Type": "dword", "Data": 1}"#,
            Some(RegType::Dword),
            Number(1),
        ),
        (
            r#"{"type": "REG_DWORD", "data": null}"#,
            Some(RegType::Dword),
            odd("null"),
        ),
        (
            r#"{"type": "REG_DWORD"}"#,
            Some(RegType::Dword),
            odd("null"),
        ),
        (
            r#"{"type": "REG_QWORD", "data": 2720}"#,
            Some(RegType::Qword),
            Number(2720),
        ),
        (
            r#"{"type": "REG_QWORD", "data": -1}"#,
            Some(RegType::Qword),
            odd("-1"),
        ),
        (
            r#"{"type": "REG_QWORD", "data": 18446744073709551615}"#,
            Some(RegType::Qword),
            odd("18446744073709551615"),
        ),
        (
            r#"{"type": "REG_BINARY", "data": [170, 10, 0, 0]}"#,
            Some(RegType::Other),
            odd("[170,10,0,0]"),
        ),
        (
            r#"{"type": "REG_BINARY", "data": "A0 0A"}"#,
            Some(RegType::Other),
            odd("A0 0A"),
        ),
        (
            r#"{"type": "REG_DWORD_BIG_ENDIAN", "data": 1}"#,
            Some(RegType::Other),
            Number(1),
        ),
        (
            r#"{"type": "REG_MULTI_SZ", "data": ["a", "b"]}"#,
            Some(RegType::MultiText),
            Texts(vec!["a".into(), "b".into()]),
        ),
        (
            r#"{"type": "REG_MULTI_SZ", "data": "a"}"#,
            Some(RegType::MultiText),
            Texts(vec!["a".into()]),
        ),
        (r#"{"type": "", "data": 1}"#, None, Number(1)),
        (r#"{"data": "AA0"}"#, None, text("AA0")),
        (r#""AA0""#, None, text("AA0")),
        (r#""Not Set""#, None, text("Not Set")),
        (
            r#""NULL --- Error: access""#,
            None,
            text("NULL --- Error: access"),
        ),
        (r#""""#, None, text("")),
        ("1.5", None, odd("1.5")),
        ("true", None, odd("true")),
        ("4294967296", None, odd("4294967296")),
        (r#"["a", "b"]"#, None, Texts(vec!["a".into(), "b".into()])),
        (r#"[["a"], {"b": 1}]"#, None, odd("[[,…],{…}]")),
    ] {
        assert_eq!(read(json), (kind, data), "{json}");
    }
}

#[test]
fn a_bare_null_says_the_value_is_absent() {
    for json in [
        "null",
        r#"{"type": null, "data": null}"#,
        r#"{"data": null}"#,
    ] {
        let report = value(json);
        assert_eq!(
            report.facts.registry.value(Key::WinHttpNative, "V"),
            Reading::Absent,
            "{json}"
        );
    }
}

#[test]
fn keys_are_found_in_every_spelling() {
    for path in [
        r"hklm\\software\\wow6432node\\Microsoft\\.netframework\\V4.0.30319",
        r"HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\Microsoft\\.NETFramework\\v4.0.30319\\",
        r"HKLM:\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30319",
        r"Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30319",
        r"Computer\\HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30319",
    ] {
        // One object instead of a list of one, and what Get-ItemProperty adds.
        let report = good(&format!(
            r#""registry": {{"key": "{path}", "values": {{"SchUseStrongCrypto": 1, "PSPath": "x", "PSDrive": {{"Name": "HKLM"}}}}}}"#
        ));
        let reading = report
            .facts
            .registry
            .key(Key::NetV4Wow64)
            .unwrap_or_else(|| panic!("{path}"));
        assert!(reading.exists);
        assert_eq!(reading.values.len(), 1, "{path}");
    }
}

#[test]
fn misspelt_and_foreign_keys_are_told_apart() {
    let protocols =
        r"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols";
    for (path, misspelt) in [
        (format!(r"{protocols}\\TLS1.2\\Client"), true),
        (format!(r"{protocols}\\TLS 1.2\\Clients"), true),
        (format!(r"{protocols}\\TLS 1.2\\Client\\Enabled"), false),
        (format!(r"{protocols}\\TLS 1.2"), false),
        (format!(r"{protocols}\\SSL 2.0\\Client"), false),
        (format!(r"{protocols}\\DTLS 1.2\\Client"), false),
        (protocols.to_owned(), false),
        (protocols.replace("Protocols", r"Protocol\\TLS 1.2"), true),
        (
            protocols.replace("CurrentControlSet", "ControlSet001") + r"\\TLS1.2\\Client",
            false,
        ),
        (
            r"HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\4.0.30319".to_owned(),
            true,
        ),
        (
            r"HKLM\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30139".to_owned(),
            true,
        ),
        (
            r"HKLM\\SOFTWARE\\Microsoft\\.NET Framework\\v4.0.30319".to_owned(),
            true,
        ),
        (
            r"HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\v3.0".to_owned(),
            false,
        ),
        (
            r"HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\Policy".to_owned(),
            false,
        ),
        (
            r"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings".to_owned(),
            false,
        ),
        (r"HKLM\\SOFTWARE\\Other".to_owned(), false),
    ] {
        let listed = |exists: bool| {
            good(&format!(
                r#""registry": [{{"key": "{path}", "exists": {exists}}}]"#
            ))
            .facts
            .registry
        };
        assert_eq!(!listed(true).misspelt.is_empty(), misspelt, "{path}");
        assert!(listed(false).misspelt.is_empty(), "{path}");
        assert!(
            Key::ALL
                .into_iter()
                .all(|key| listed(true).key(key).is_none()),
            "{path}"
        );
    }
}

#[test]
fn the_same_key_twice_with_the_same_content_is_harmless() {
    let one = format!(r#"{{"key": "{CLIENT12}", "exists": false}}"#);
    let report = good(&format!(r#""registry": [{one}, {one}]"#));
    assert_eq!(
        report.facts.registry.value(Key::Tls12Client, "Enabled"),
        Reading::Absent
    );
}

#[test]
fn os_fields_are_read_in_every_spelling() {
    let version = |major, minor, build| {
        Some(OsVersion {
            major,
            minor,
            build,
        })
    };
    for (json, expected) in [
        (r#"{"version": "10.0.19045"}"#, version(10, 0, 19045)),
        (r#"{"version": "10.0.19045.3930"}"#, version(10, 0, 19045)),
        (
            r#"{"version": "6.1.7601 Service Pack 1 Build 7601"}"#,
            version(6, 1, 7601),
        ),
        (
            r#"{"version": "10.0", "build": "19045"}"#,
            version(10, 0, 19045),
        ),
    ] {
        assert_eq!(
            good(&format!(r#""os": {json}"#)).facts.os.version,
            expected,
            "{json}"
        );
    }
    for (text, bits) in [
        (r#""64-bit""#, Some(Bits::B64)),
        (r#""64 Bits""#, Some(Bits::B64)),
        (r#""x64-based PC""#, Some(Bits::B64)),
        (r#""AMD64""#, Some(Bits::B64)),
        (r#""x86_64""#, Some(Bits::B64)),
        (r#""ARM64""#, Some(Bits::B64)),
        (r#""32-Bit""#, Some(Bits::B32)),
        (r#""X86-based PC""#, Some(Bits::B32)),
        (r#""ARM""#, None),
        ("null", None),
        ("64", Some(Bits::B64)),
    ] {
        let os = good(&format!(
            r#""os": {{"version": "10.0.19045", "architecture": {text}}}"#
        ))
        .facts
        .os;
        assert_eq!(os.bits, bits, "{text}");
    }
    for (text, number) in [
        ("1", 1),
        (r#""3""#, 3),
        (r#""Domain Controller""#, 2),
        (r#""WorkStation""#, 1),
        (r#""ServerNT""#, 3),
    ] {
        let os = good(&format!(
            r#""os": {{"version": "10.0.19045", "product_type": {text}}}"#
        ))
        .facts
        .os;
        assert_eq!(os.product_type, Some(number), "{text}");
    }
    let os = good(r#""os": {"version": "6.1.7601", "platform": "Windows", "service_pack": "Service Pack 1", "sku": "0x4", "suite_mask": "", "caption": " "}"#).facts.os;
    assert_eq!(
        (os.service_pack, os.sku, os.suite_mask),
        (Some(1), Some(4), None)
    );
    assert_eq!(
        (os.platform.as_deref(), os.caption),
        (Some("windows"), None)
    );
}

#[test]
fn a_build_that_contradicts_the_version_is_kept_for_the_rules() {
    let current = r#""registry": [{"key": "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", "values": {"CurrentBuildNumber": {"type": "REG_SZ", "data": "22631"}}}]"#;
    for (os, expected) in [
        (r#"{"version": "10.0.19045"}"#, Some(22631)),
        (r#"{"version": "10.0.22631"}"#, Some(22631)),
        (
            r#"{"version": "10.0.19045", "registry_build": "19045"}"#,
            Some(22631),
        ),
        (
            r#"{"version": "10.0.22631", "registry_build": 19045}"#,
            Some(19045),
        ),
        (r#"{"version": "10.0.22631", "build": 19045}"#, Some(19045)),
        (r#"{"version": "10.0.22631", "build": 22631}"#, Some(22631)),
    ] {
        assert_eq!(
            good(&format!(r#""os": {os}, {current}"#))
                .facts
                .os
                .registry_build,
            expected,
            "{os}"
        );
    }
    assert_eq!(good("").facts.os.registry_build, None);
}

#[test]
fn times_come_in_three_spellings() {
    let expected = Timestamp(1_700_000_000_000);
    for json in [
        r#""2023-11-14T22:13:20Z""#,
        r#""2023-11-14T23:13:20.0000000+01:00""#,
        r#""\/Date(1700000000000)\/""#,
        r#""/Date(1700000000000+0100)/""#,
        r#"{"value": "\/Date(1700000000000)\/", "DisplayHint": 2, "DateTime": "mardi 14 novembre 2023"}"#,
    ] {
        assert_eq!(
            good(&format!(r#""collected_at": {json}"#)).collected_at,
            expected,
            "{json}"
        );
        let os = good(&format!(
            r#""os": {{"version": "10.0.19045", "last_boot_at": {json}}}"#
        ))
        .facts
        .os;
        assert_eq!(os.last_boot_at, Some(expected), "{json}");
    }
    assert_eq!(
        good(r#""os": {"version": "10.0.19045", "last_boot_at": null}"#)
            .facts
            .os
            .last_boot_at,
        None
    );
}

#[test]
fn hotfixes_are_numbers_whatever_they_are_called() {
    for (json, expected) in [
        (
            r#"["KB3140245", "kb3140245", 3140245, "Q147222", "940157", "KB893803v2 - Update", "File 1", "N/A", null]"#,
            vec![147_222, 893_803, 940_157, 3_140_245],
        ),
        (r#""KB3140245""#, vec![3_140_245]),
        (
            r#"{"HotFixID": "KB3140245", "InstalledOn": null}"#,
            vec![3_140_245],
        ),
        (
            r#"[{"HotFixID": "KB3140245"}, "KB", "", "KB12", "3140245.1", "KB99999999999"]"#,
            vec![3_140_245],
        ),
    ] {
        assert_eq!(
            good(&format!(r#""hotfixes": {json}"#)).facts.hotfixes,
            Some(expected),
            "{json}"
        );
    }
    assert!(
        good(r#""hotfixes": [], "hotfixes_cut": true"#)
            .facts
            .hotfixes_cut
    );
}

#[test]
fn only_system32_files_count() {
    let old = Some(FileVersion([6, 1, 7601, 17514]));
    let new = Some(FileVersion([6, 1, 7601, 24000]));
    for (json, expected) in [
        (r#"{"System32\\winhttp.dll": "6.1.7601.24000"}"#, new),
        (
            r#"{"C:\\Windows\\system32\\WINHTTP.DLL": "6.1.7601.24000 (win7sp1_ldr.180101-0000)"}"#,
            new,
        ),
        (r#"{"winhttp.dll": "6.1.7601.24000"}"#, new),
        (
            r#"{"%windir%/Sysnative/winhttp.dll": "6.1.7601.24000"}"#,
            new,
        ),
        (
            r#"{"System32\\winhttp.dll": "6.1.7601.17514", "SysWOW64\\winhttp.dll": "6.1.7601.24000"}"#,
            old,
        ),
        (r#"{"SysWOW64\\winhttp.dll": "6.1.7601.24000"}"#, None),
        (
            r#"{"C:\\Windows\\System32\\winhttp.dll": "6.1.7601.24000", "winhttp.dll": "6.1.7601.17514"}"#,
            old,
        ),
        (r#"{"System32\\winhttp.dll": null}"#, None),
        (r#"{"System32\\other.dll": "none"}"#, None),
    ] {
        let files = good(&format!(r#""files": {json}"#))
            .facts
            .files
            .expect("a list was given");
        assert_eq!(files.winhttp, expected, "{json}");
    }
    let wsus = good(
        r#""files": {"C:\\Program Files\\Update Services\\Service\\bin\\WsusService.exe": "10.0.17763.1"}"#,
    );
    assert!(
        wsus.facts
            .files
            .expect("a list was given")
            .wsus_service
            .is_some()
    );
}

#[test]
fn lists_of_one_may_come_unwrapped() {
    let report = good(
        r#""client": {"name": "PC-1", "ip_addresses": "10.0.0.1", "roles": "SMS Management Point", "communication": "HTTPS"},
        "cipher_suites": {"Name": "tls_aes_128_gcm_sha256", "Exchange": "ECDH"},
        "software": {"DisplayName": "ODBC\u0000", "DisplayVersion": "17.1"}"#,
    );
    assert_eq!(report.facts.ip_addresses, ["10.0.0.1"]);
    assert_eq!(report.facts.roles, ["management_point"]);
    assert_eq!(report.facts.communication.as_deref(), Some("https"));
    assert_eq!(
        report.facts.cipher_suites,
        Some(vec!["TLS_AES_128_GCM_SHA256".to_owned()])
    );
    let software = report.facts.software.expect("a list was given");
    assert_eq!(
        (software[0].name.as_str(), software[0].version.as_str()),
        ("ODBC", "17.1")
    );
    assert_eq!(
        good(r#""cipher_suites": "TLS_A,tls_b""#)
            .facts
            .cipher_suites,
        Some(vec!["TLS_A".to_owned(), "TLS_B".to_owned()])
    );
}

#[test]
fn unknown_parts_are_passed_over() {
    let known = report_v1::parse(with("").as_bytes()).expect("good");
    assert_eq!(
        good(r#""extra": {"a": 1, "a": 2, "b": [[[{}]]]}, "y": 1e3, "z": "\u0000""#),
        known
    );
}

#[test]
fn the_hash_knows_what_changed_and_not_when() {
    let hash = |text: &str| {
        let parsed = report_v1::parse_with_hash(text.as_bytes()).expect("good");
        assert_eq!(
            parsed.content_hash,
            report_v1::content_hash(text.as_bytes())
        );
        assert_eq!(Ok(parsed.report), report_v1::parse(text.as_bytes()));
        parsed.content_hash
    };
    let first = hash(SAMPLE);
    let tomorrow = SAMPLE
        .replace("2026-11-23T08:15:00Z", "2026-11-24T08:15:01Z")
        .replace("0198f3a2-7c11", "0198ffff-0000");
    assert_eq!(first, hash(&tomorrow));
    assert_ne!(first, hash(&SAMPLE.replace("2720", "2048")));
    assert_ne!(
        first,
        hash(&SAMPLE.replace("2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z"))
    );
    // The same names deeper down are content, and the order of the two does not matter.
    let nested = |id: &str, at: &str| {
        with(&format!(
            r#""collected_at": "{at}", "report_id": "{id}", "x": {{"report_id": "{id}"}}"#
        ))
    };
    assert_ne!(
        hash(&nested("a", "2026-11-23T08:15:00Z")),
        hash(&nested("b", "2026-11-23T08:15:00Z"))
    );
    assert_eq!(
        report_v1::content_hash(b"no json"),
        report_v1::content_hash(b"no json")
    );
}

/// Every refusal with its pointer and sentence, on one page.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn refusals_name_the_place_and_the_remedy() {
    let in_value = |json: &str| {
        with(&format!(
            r#""registry": [{{"key": "{WINHTTP}", "values": {{"a/b~c": {json}}}}}]"#
        ))
    };
    let long = "x".repeat(257);
    let many = |one: &str, count: usize| vec![one; count].join(",");
    let deep = |depth: usize| {
        with(&format!(
            r#""x": {}{}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    assert!(report_v1::parse(deep(31).as_bytes()).is_ok());
    let cases: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("a list", "[]".to_owned()),
        ("a text", r#""x""#.to_owned()),
        ("cut", r#"{"schema_version": 1, "os": {"vers"#.to_owned()),
        ("trailing data", with("") + " x"),
        ("two documents", with("") + &with("")),
        ("NaN", with(r#""hotfixes": NaN"#)),
        ("trailing comma", with(r#""x": 1,"#)),
        ("huge number", with(r#""registry": [1e999]"#)),
        ("lone surrogate", with(r#""client": {"name": "PC\ud800"}"#)),
        ("bare line break in a text", with("\"client\": {\"name\": \"PC\n1\"}")),
        ("deep", deep(32)),
        ("very deep", deep(10_000)),
        ("unclosed and very deep", "[{\"a\":".repeat(10_000)),
        ("too large", with(&format!(r#""x": "{}""#, "x".repeat(1 << 20)))),
        ("schema missing", "{}".to_owned()),
        ("schema 2", r#"{"schema_version": 2, "os": [], "client": 1}"#.to_owned()),
        ("schema text", r#"{"schema_version": "one"}"#.to_owned()),
        ("all missing", r#"{"schema_version": 1}"#.to_owned()),
        ("duplicate key", with(r#""hotfixes": [], "hotfixes": null"#)),
        ("duplicate key below", with(r#""client": {"name": "a", "name": "b"}"#)),
        ("duplicate key in a list", with(&format!(r#""registry": [{{"key": "{CLIENT12}", "exists": false, "exists": true}}]"#))),
        ("duplicate type", in_value(r#"{"type": "REG_DWORD", "data": 1, "Data": 2}"#)),
        ("client is a list", with(r#""client": ["a", "b"]"#)),
        ("client was cut", with(r#""client": "@{name=PC}""#)),
        ("client is null", with(r#""client": null"#)),
        ("only a resource id", with(r#""client": {"resource_id": 5, "site_code": " "}"#)),
        ("resource id", with(r#""client": {"name": "PC", "resource_id": -5}"#)),
        ("long name", with(&format!(r#""client": {{"name": "{long}"}}"#))),
        ("NUL in a name", with(r#""client": {"name": "PC\u0000"}"#)),
        ("control in an address", with(r#""client": {"name": "PC", "ip_addresses": ["1", "\u001b[2J"]}"#)),
        ("a number as fqdn", with(r#""client": {"fqdn": 1.5}"#)),
        ("collected_at without zone", with(r#""collected_at": "2026-11-23T08:15:00""#)),
        ("collected_at localised", with(r#""collected_at": "23.11.2026 08:15""#)),
        ("collected_at as number", with(r#""collected_at": 1700000000""#.trim_end_matches('"'))),
        ("collected_at null", with(r#""collected_at": null"#)),
        ("collected_at far away", with(r#""collected_at": "/Date(999999999999999999)/""#)),
        ("collected_at half a pair", with(r#""collected_at": "\udc00""#)),
        ("os version", with(r#""os": {"version": "6.1.7601SP1"}"#)),
        ("os version as number", with(r#""os": {"version": 10.0}"#)),
        ("os version short", with(r#""os": {"version": "10.0"}"#)),
        ("os product type", with(r#""os": {"version": "10.0.19045", "product_type": "Toaster"}"#)),
        ("os last boot", with(r#""os": {"version": "10.0.19045", "last_boot_at": "20191203135652.000000-420"}"#)),
        ("process bits", with(r#""collector": {"process_bits": 16, "explicit_views": "maybe"}"#)),
        ("bare hexadecimal", in_value(r#"{"type": "REG_DWORD", "data": "AA0"}"#)),
        ("0x alone", in_value(r#"{"type": "REG_DWORD", "data": "0x"}"#)),
        ("a plus sign", in_value(r#"{"type": "REG_DWORD", "data": "+1"}"#)),
        ("a fraction", in_value(r#"{"type": "REG_DWORD", "data": 2720.0}"#)),
        ("too big a dword", in_value(r#"{"type": "REG_DWORD", "data": 4294967296}"#)),
        ("too small a dword", in_value(r#"{"type": "REG_DWORD", "data": -2147483649}"#)),
        ("a dword as list", in_value(r#"{"type": "REG_DWORD", "data": [1]}"#)),
        ("a dword not set", in_value(r#"{"type": "REG_DWORD", "data": "Not Set"}"#)),
        ("type is an object", in_value(r#"{"type": {}, "data": 1}"#)),
        ("neither type nor data", in_value(r#"{"value": 1}"#)),
        ("a value cut by PowerShell", in_value(r#""@{type=REG_DWORD; data=1}""#)),
        ("long text", in_value(&format!(r#"{{"type": "REG_SZ", "data": "{}"}}"#, "x".repeat(32 * 1024 + 1)))),
        ("values twice", with(&format!(r#""registry": {{"key": "{WINHTTP}", "values": {{"A": 1, "a": 1}}}}"#))),
        ("values as list", with(&format!(r#""registry": [{{"key": "{WINHTTP}", "values": [1]}}]"#))),
        ("value name with NUL", with(&format!(r#""registry": [{{"key": "{WINHTTP}", "values": {{"A\u0000": 1}}}}]"#))),
        ("exists and not", with(&format!(r#""registry": [{{"key": "{WINHTTP}", "exists": false, "values": {{"A": 1}}}}]"#))),
        ("exists unclear", with(&format!(r#""registry": [{{"key": "{WINHTTP}", "exists": "perhaps"}}]"#))),
        ("neither exists nor values", with(&format!(r#""registry": [{{"key": "{WINHTTP}"}}]"#))),
        ("key twice", with(&format!(r#""registry": [{{"key": "{CLIENT12}", "exists": false}}, 0, {{"key": "{CLIENT12}", "exists": true}}]"#).replace("0, ", ""))),
        ("lists cut by PowerShell", with(r#""hotfixes": "System.Object[]", "cipher_suites": ["System.Object[]"], "software": "@{name=x}""#)),
        ("roles cut by PowerShell", with(r#""client": {"name": "PC", "roles": "System.Object[]"}"#)),
        ("key missing", with(r#""registry": [{"exists": true}, null, {"key": "\u0000"}]"#)),
        ("registry entry as text", with(r#""registry": ["HKLM"]"#)),
        ("last write", with(&format!(r#""registry": [{{"key": "{WINHTTP}", "exists": true, "last_write_at": "yesterday"}}]"#))),
        ("file version", with(r#""files": {"System32\\winhttp.dll": "6.1.7601", "System32\\webio.dll": 6.1, "schannel.dll": "6.1.7601.1.2"}"#)),
        ("file twice", with(r#""files": {"System32\\winhttp.dll": "6.1.7601.2", "system32\\WinHTTP.dll": "6.1.7601.1"}"#)),
        ("suite", with(r#""cipher_suites": ["TLS_A", 5, {"x": 1}]"#)),
        ("software", with(r#""software": [{"name": []}, 5]"#)),
        ("many keys", with(&format!(r#""registry": [{}]"#, many(r#"{"key":"x"}"#, 2_001)))),
        ("many values", with(&format!(r#""registry": [{{"key": "x", "values": {{{}}}}}]"#, many(r#""a":1"#, 2_001)))),
        ("many hotfixes", with(&format!(r#""hotfixes": [{}]"#, many("1", 5_001)))),
        ("many products", with(&format!(r#""software": [{}]"#, many(r#""a""#, 5_001)))),
        ("many suites", with(&format!(r#""cipher_suites": [{}]"#, many(r#""a""#, 501)))),
        ("many suites in one text", with(&format!(r#""cipher_suites": "{}""#, many("a", 501)))),
        ("many roles", with(&format!(r#""client": {{"name": "a", "roles": [{}]}}"#, many(r#""a""#, 65)))),
        ("many addresses", with(&format!(r#""client": {{"name": "a", "ip_addresses": [{}]}}"#, many(r#""a""#, 257)))),
    ];
    let mut page = String::new();
    for (name, text) in &cases {
        writeln!(page, "{name}").expect("a string takes all");
        for error in bad(text.as_bytes()) {
            let pointer = error.pointer.replace(char::is_control, "\u{FFFD}");
            writeln!(page, "    {pointer:<30} {}", error.detail).expect("a string takes all");
        }
    }
    insta::assert_snapshot!(page);
}

#[test]
fn text_that_is_no_utf8_is_refused() {
    let mut bytes = with("").into_bytes();
    bytes.insert(5, 0xE4);
    assert_eq!(
        bad(&bytes)[0].detail,
        "this is not UTF-8: byte 6 does not fit; save the file as UTF-8"
    );
}

#[test]
fn errors_are_listed_together_but_not_without_end() {
    let values: Vec<String> = (0..200)
        .map(|n| format!(r#""v{n}": {{"type": "REG_DWORD", "data": "x"}}"#))
        .collect();
    let text = with(&format!(
        r#""registry": [{{"key": "{WINHTTP}", "values": {{{}}}}}]"#,
        values.join(",")
    ));
    assert_eq!(bad(text.as_bytes()).len(), 50);
}

#[test]
fn a_key_that_nobody_looked_into_was_not_collected() {
    let path = Key::Tls12Client.path().replace('\\', r"\\");
    let with = |entry: &str| {
        let text = format!(
            r#"{{"schema_version": 1, "collected_at": "2026-11-23T08:15:00Z", "client": {{"name": "PC-1"}}, "os": {{"version": "10.0.19045"}}, "registry": [{{"key": "{path}", "exists": true{entry}}}]}}"#
        );
        report_v1::parse(text.as_bytes())
            .expect("a report")
            .facts
            .registry
    };
    for unread in ["", r#", "values": null"#] {
        assert_eq!(with(unread).key(Key::Tls12Client), None, "{unread}");
    }
    assert!(with(r#", "values": {}"#).key(Key::Tls12Client).is_some());
}
