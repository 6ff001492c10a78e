//! Every worked example in `tests/cases`, judged through the same door as a real report.

use std::{fs, path::Path};

use cutover::{
    domain::{
        assess::{
            AbsentPolicy, DotnetPolicy, Policy, SeenOld, assess, reason, reason_mask, reasons_in,
            standing_at,
        },
        facts::Report,
        time::{DAY, Timestamp},
        verdict::{Outcome, Standing, Verdict},
    },
    wire::report_v1,
};
use serde_json::Value;

/// How many examples there are, so that a lost file is noticed: clients, site systems, other tools' cases.
const EXPECTED_FILES: [(&str, usize); 3] = [("D-", 75), ("S-", 16), ("A-", 77)];

/// The short names of the worked examples and the checks behind them; NET is the worst of three.
const COLUMNS: &[(&str, &[&str])] = &[
    ("os", &["os"]),
    ("sch", &["schannel.tls12_client"]),
    ("upd", &["winhttp.update"]),
    ("whn", &["winhttp.default_secure_protocols.native"]),
    ("whw", &["winhttp.default_secure_protocols.wow64"]),
    (
        "net",
        &["dotnet.version", "dotnet.v4.native", "dotnet.v4.wow64"],
    ),
];

pub struct Case {
    pub file: String,
    pub json: Value,
}

pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<Case> = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a readable case");
            let file = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let json =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            Case { file, json }
        })
        .collect();
    cases.sort_by(|a, b| a.file.cmp(&b.file));
    cases
}

pub fn report(case: &Case) -> Report {
    let bytes = serde_json::to_vec(&case.json["report"]).expect("JSON again");
    report_v1::parse(&bytes).unwrap_or_else(|errors| panic!("{}: {errors:?}", case.file))
}

pub fn policy(case: &Case) -> Policy {
    let given = &case.json["context"]["policy"];
    Policy {
        dotnet: match given["dotnet"].as_str() {
            Some("warn") => DotnetPolicy::Warn,
            _ => DotnetPolicy::Block,
        },
        group_b_schannel_absent: match given["group_b_schannel_absent"].as_str() {
            Some("warn") => AbsentPolicy::Warn,
            _ => AbsentPolicy::Fail,
        },
        server_suites: given["server_suites"]
            .as_array()
            .map(|list| texts(list).map(str::to_owned).collect()),
        ..Policy::default()
    }
}

fn texts(list: &[Value]) -> impl Iterator<Item = &str> {
    list.iter().map(|item| item.as_str().expect("a text"))
}

fn time(value: &Value) -> Option<Timestamp> {
    value
        .as_str()
        .map(|text| Timestamp::parse(text).expect("a time"))
}

fn standing(case: &Case, report: &Report, verdict: &Verdict) -> Standing {
    let context = &case.json["context"];
    let days = context["freshness_days"].as_i64().unwrap_or(14);
    standing_at(
        verdict.standing,
        report.collected_at,
        time(&context["observed_legacy_at"]).map(|last| SeenOld {
            last,
            since: report.collected_at,
        }),
        days * DAY,
        time(&context["now"]).expect("now"),
    )
}

fn outcome(verdict: &Verdict, id: &str) -> Outcome {
    verdict
        .checks
        .iter()
        .find(|check| check.id == id)
        .unwrap_or_else(|| panic!("no check {id}"))
        .outcome
}

fn letter(verdict: &Verdict, ids: &[&str]) -> &'static str {
    match ids.iter().map(|id| outcome(verdict, id)).max() {
        Some(Outcome::Pass) => "P",
        Some(Outcome::Warn) => "W",
        Some(Outcome::Fail) => "F",
        Some(Outcome::Unknown) => "U",
        _ => "NA",
    }
}

/// What differs from the expectation; empty when all is well.
fn differences(case: &Case) -> Vec<String> {
    let expect = &case.json["expect"];
    let report = report(case);
    let verdict = assess(&report.facts, &policy(case));
    let mut found = Vec::new();
    let mut differ = |what: &str, expected: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug| {
        found.push(format!(
            "{}: {what}: expected {expected:?}, got {got:?}",
            case.file
        ));
    };
    let got = standing(case, &report, &verdict).code();
    if expect["standing"] != got {
        differ("standing", &expect["standing"], &(got, verdict.deciding));
    }
    let impact = verdict.impact.map(cutover::domain::verdict::Impact::code);
    if expect
        .get("impact")
        .is_some_and(|impact_| impact_.as_str() != impact)
    {
        differ("impact", &expect["impact"], &impact);
    }
    let warnings = u64::from(verdict.warnings);
    if expect["warnings_at_least"]
        .as_u64()
        .is_some_and(|least| warnings < least)
        || expect["warnings_at_most"]
            .as_u64()
            .is_some_and(|most| warnings > most)
    {
        differ("warnings", &expect, &warnings);
    }
    for (name, ids) in COLUMNS {
        let got = letter(&verdict, ids);
        if expect[*name].as_str().is_some_and(|letter| letter != got) {
            differ(name, &expect[*name], &got);
        }
    }
    for (id, expected) in expect["checks"].as_object().into_iter().flatten() {
        let got = outcome(&verdict, id).code();
        if expected != got {
            differ(id, expected, &got);
        }
    }
    let reasons: Vec<&str> = reasons_in(reason_mask(&verdict))
        .map(|info| info.code)
        .collect();
    for expected in expect["reasons"]
        .as_array()
        .into_iter()
        .flat_map(|list| texts(list))
    {
        if !reasons.contains(&expected) {
            differ("reasons", &expected, &reasons);
        }
    }
    let notes: Vec<&str> = verdict.notes.iter().map(|note| note.code).collect();
    for expected in expect["notes"]
        .as_array()
        .into_iter()
        .flat_map(|list| texts(list))
    {
        if !notes.contains(&expected) {
            differ("notes", &expected, &notes);
        }
    }
    found
}

/// Clients that are left out before any rule is applied; the store does that.
fn excluded(case: &Case) -> bool {
    case.json["expect"]["standing"] == "excluded"
}

#[test]
fn every_worked_example_gets_its_verdict() {
    let found: Vec<String> = all()
        .iter()
        .filter(|case| !excluded(case))
        .flat_map(differences)
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_lost_and_every_case_names_itself_and_its_source() {
    let cases = all();
    for (prefix, count) in EXPECTED_FILES {
        let found = cases
            .iter()
            .filter(|case| case.file.starts_with(prefix))
            .count();
        assert_eq!(found, count, "cases that start with {prefix}");
    }
    for row in 1..=72 {
        assert!(
            cases.iter().any(|case| case.file == format!("D-{row:02}")),
            "row {row} of the table"
        );
    }
    for row in 1..=14 {
        assert!(
            cases.iter().any(|case| case.file == format!("S-{row:02}")),
            "row S{row} of the table"
        );
    }
    for case in &cases {
        assert_eq!(case.json["id"], case.file.as_str());
        for field in ["title", "source", "why"] {
            assert!(
                case.json[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{}: {field}",
                case.file
            );
        }
    }
}

#[test]
fn every_result_can_be_acted_on() {
    for case in all() {
        let verdict = assess(&report(&case).facts, &policy(&case));
        for check in &verdict.checks {
            let at = format!("{}: {}", case.file, check.id);
            assert!(check.message.ends_with('.'), "{at}: {}", check.message);
            let needs_a_fix = matches!(check.outcome, Outcome::Fail | Outcome::Unknown);
            if needs_a_fix {
                let info = reason(check.reason)
                    .unwrap_or_else(|| panic!("{at}: {} has no entry", check.reason));
                assert_eq!(
                    info.impact.is_some(),
                    check.outcome == Outcome::Fail,
                    "{at}: {}",
                    check.reason
                );
                assert!(
                    !check.expected.is_empty() && !check.observed.is_empty(),
                    "{at}"
                );
                assert!(
                    !check.sources.is_empty(),
                    "{at}: {} has no source",
                    check.reason
                );
            }
            if needs_a_fix || check.outcome == Outcome::Warn {
                assert!(!check.fix.is_empty(), "{at}: {} has no fix", check.reason);
            }
            if check.outcome == Outcome::Pass {
                assert!(check.fix.is_empty(), "{at}: nothing to do");
            }
        }
    }
}

#[test]
fn the_checks_come_in_the_order_of_the_contract() {
    const CLIENT: [&str; 13] = [
        "os",
        "winhttp.update",
        "winhttp.default_secure_protocols.native",
        "winhttp.default_secure_protocols.wow64",
        "schannel.tls12_client",
        "dotnet.version",
        "dotnet.v4.native",
        "dotnet.v4.wow64",
        "dotnet.v2.native",
        "dotnet.v2.wow64",
        "cipher_suites",
        "fips",
        "restart",
    ];
    const SITE_SYSTEM: [&str; 4] = ["schannel.tls12_server", "sql.engine", "sql.client", "wsus"];
    for case in all() {
        let report = report(&case);
        let verdict = assess(&report.facts, &policy(&case));
        let ids: Vec<&str> = verdict.checks.iter().map(|check| check.id).collect();
        let mut expected = CLIENT.to_vec();
        if ids.len() > CLIENT.len() {
            assert!(!report.facts.roles.is_empty(), "{}", case.file);
            expected.extend(SITE_SYSTEM);
        }
        assert_eq!(ids, expected, "{}", case.file);
    }
}
