//! The collector kit without Windows: what the script would send is read and judged, and the script asks for what the
//! rules read.

use std::{fs, path::Path};

use cutover::{
    domain::{
        assess::{Policy, assess},
        facts::{Key, Reading, RegData, Report},
        verdict::{Impact, Outcome, Standing, Verdict},
    },
    views::feeding::CMPIVOT,
    wire::report_v1,
};

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn report(name: &str) -> Report {
    let text = text(&format!("tests/feeds/kit/{name}"));
    report_v1::parse(text.as_bytes()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"))
}

fn judged(name: &str) -> (Report, Verdict) {
    let report = report(name);
    let verdict = assess(&report.facts, &Policy::default());
    (report, verdict)
}

fn open_checks(verdict: &Verdict) -> Vec<&str> {
    verdict
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Unknown)
        .map(|check| check.id)
        .collect()
}

#[test]
fn a_windows_11_leaves_nothing_open() {
    for name in ["windows-11-powershell-5.json", "compact-windows-11.json"] {
        let (_, verdict) = judged(name);
        assert_eq!(open_checks(&verdict), Vec::<&str>::new(), "{name}");
        assert_eq!(verdict.standing, Standing::Ready, "{name}");
    }
}

#[test]
fn an_untouched_windows_7_read_by_powershell_2_blocks_and_leaves_nothing_open() {
    let (report, verdict) = judged("windows-7-powershell-2.json");
    assert_eq!(open_checks(&verdict), Vec::<&str>::new());
    assert_eq!(
        (verdict.standing, verdict.impact),
        (Standing::Blocking, Some(Impact::Orphan))
    );
    assert_eq!(report.facts.process_bits, Some(32));
    assert!(report.facts.explicit_views, "the 64-bit view was demanded");
}

/// A full report of a machine on which everything can be read has every key that the rules know.
#[test]
fn every_key_is_reported() {
    for name in [
        "windows-7-powershell-2.json",
        "windows-11-powershell-5.json",
    ] {
        let report = report(name);
        for key in Key::ALL {
            assert!(
                report.facts.registry.key(key).is_some(),
                "{name}: {}",
                key.path()
            );
        }
    }
}

#[test]
fn large_numbers_and_missing_values_keep_their_meaning() {
    let facts = report("windows-11-powershell-5.json").facts;
    let enabled = facts.registry.value(Key::Tls12Client, "Enabled");
    assert!(
        matches!(enabled, Reading::Value(value) if value.data == RegData::Number(u32::MAX)),
        "{enabled:?}"
    );
    let policy = facts.registry.value(Key::CipherPolicy, "Functions");
    assert_eq!(policy, Reading::Absent, "asked for, and not there");
    let owner = facts.registry.value(Key::CurrentVersion, "RegisteredOwner");
    assert_eq!(owner, Reading::NotCollected, "never asked for");
}

#[test]
fn the_worst_compact_report_fits_and_is_read() {
    let text = text("tests/feeds/kit/compact-worst-case.json");
    let line = text.trim_end();
    let escaped = line.matches(['"', '\\']).count();
    assert!(!line.contains('\n'), "one line");
    assert!(line.is_ascii());
    assert!(
        line.len() + escaped < 4_000,
        "{} characters as Configuration Manager stores it",
        line.len() + escaped
    );
    let report = report("compact-worst-case.json");
    assert_eq!(report.ids.name.as_deref(), Some("ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"));
    assert!(report.facts.hotfixes_cut, "a cut list says so");
    for key in [
        Key::WinHttpNative,
        Key::WinHttpWow64,
        Key::Tls12Client,
        Key::Tls12Server,
        Key::NetV4Native,
        Key::NetV4Wow64,
        Key::NdpV4Full,
    ] {
        assert!(report.facts.registry.key(key).is_some(), "{}", key.path());
    }
    assert!(
        report
            .facts
            .cipher_suites
            .is_some_and(|list| !list.is_empty())
    );
}

/// The script as PowerShell reads its texts: variables put in.
fn script() -> String {
    let text = text("static/kit/cutover-collect.ps1");
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(&format!("${name} = '")))
            .and_then(|rest| rest.strip_suffix('\''))
            .unwrap_or_else(|| panic!("${name} is set"))
            .to_owned()
    };
    let (schannel, winhttp) = (value("schannel"), value("winHttp"));
    text.replace("$schannel", &schannel)
        .replace("$winHttp", &winhttp)
}

#[test]
fn the_script_asks_for_every_key_the_rules_know() {
    let script = script();
    for key in Key::ALL {
        let path = key.path().trim_start_matches(r"HKLM\");
        let named = [format!("Path = '{path}'"), format!("Path = \"{path}\"")];
        assert!(
            named.iter().any(|text| script.contains(text)),
            "{}",
            key.path()
        );
    }
}

#[test]
fn cmpivot_and_inventory_name_keys_that_the_rules_know() {
    let known = |path: &str| Key::from_path(path).is_some();
    let mut asked = 0;
    for query in CMPIVOT {
        for rest in query.text.split("Registry('").skip(1) {
            let path = rest.split('\'').next().expect("a path");
            assert!(known(&path.replace(r"\\", r"\")), "{path}");
            asked += 1;
        }
    }
    assert!(asked >= 6);
    assert!(
        CMPIVOT[0].text.starts_with("OperatingSystem"),
        "the query that everybody answers comes first"
    );
    let mof = text("static/kit/cutover.mof");
    let contexts: Vec<&str> = mof
        .split("PropertyContext(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(contexts.len() > 20);
    for context in contexts {
        let path = context.split('|').nth(1).expect("a path");
        assert!(known(&path.replace(r"\\", r"\")), "{path}");
    }
}

/// Both parts of the inventory extension have the same classes with the same properties.
#[test]
fn the_two_mof_files_agree() {
    let properties = |path: &str| -> Vec<String> {
        text(path)
            .lines()
            .filter_map(|line| line.split_once("uint32 "))
            .map(|(_, name)| name.trim().to_owned())
            .collect()
    };
    let data = properties("static/kit/cutover.mof");
    assert!(!data.is_empty());
    assert_eq!(data, properties("static/kit/cutover-import.mof"));
}
