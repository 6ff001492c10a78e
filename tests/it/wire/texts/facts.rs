//! Absent against not collected, format by format, as the rules will see it; and updates listed against missing.

use cutover::{
    domain::facts::{Key, Reading, RegData, Report},
    wire::foreign::Source,
};

use super::{known, report};

/// What the rules see of a value.
#[derive(Debug, PartialEq)]
enum Seen {
    Value(u32),
    Absent,
    NotCollected,
}

fn read(name: &str, text: &str) -> Report {
    let formats = known(name, text);
    let [format] = formats.as_slice() else {
        panic!("{name} is known by {} readers\n{text}", formats.len());
    };
    let source = Source {
        name,
        text,
        device: Some("PC-1"),
    };
    let (overview, mut pieces) = (format.read)(&source);
    overview.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(pieces.len(), 1, "{text}");
    let piece = pieces
        .remove(0)
        .unwrap_or_else(|refused| panic!("{refused:?}"));
    report(&piece.document)
}

fn seen(report: &Report, key: Key, name: &str) -> Seen {
    match report.facts.registry.value(key, name) {
        Reading::Absent => Seen::Absent,
        Reading::NotCollected => Seen::NotCollected,
        Reading::Value(value) => match value.data {
            RegData::Number(number) => Seen::Value(number),
            ref other => panic!("{other:?}"),
        },
    }
}

const CLIENT: &str = r"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client";

fn osquery_row(kind: &str, name: &str, data: &str) -> String {
    format!(
        r#"{{"key":"{CLIENT}","path":"{CLIENT}\\{name}","name":"{name}","type":"{kind}","data":"{data}","mtime":"1"}}"#
    )
}

fn inspec(results: &str) -> String {
    format!(
        r#"{{"platform":{{"name":"windows_7","release":"6.1.7601"}},"profiles":[{{"controls":[{{"results":[{results}]}}]}}]}}"#
    )
}

fn result(status: &str, claim: &str, more: &str) -> String {
    format!(r#"{{"status":"{status}","code_desc":"Registry Key {CLIENT}{claim}"{more}}}"#)
}

fn clixml(inner: &str) -> String {
    format!(
        r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj><MS><S N="TLSVersion">1.2</S>{inner}</MS></Obj></Objs>"#
    )
}

fn check(cases: Vec<(String, Seen)>) {
    for (text, wanted) in cases {
        let report = read("any.json", &text);
        assert_eq!(seen(&report, Key::Tls12Client, "Enabled"), wanted, "{text}");
    }
}

#[test]
fn only_rows_of_osquery_are_evidence_and_nothing_is_ever_absent() {
    use Seen::{NotCollected, Value};
    let other = osquery_row("REG_DWORD", "DisabledByDefault", "0");
    let with = |kind, name, data| format!("[{}, {other}]", osquery_row(kind, name, data));
    check(vec![
        (with("REG_DWORD", "Enabled", "1"), Value(1)),
        (with("REG_DWORD", "enabled", "4294967295"), Value(u32::MAX)),
        (with("REG_DWORD", "Enabled", "AA0"), NotCollected),
        (with("subkey", "Enabled", ""), NotCollected),
        (format!("[{other}]"), NotCollected),
    ]);
}

#[test]
fn results_of_inspec_that_ran_are_evidence() {
    use Seen::{Absent, Value};
    let got = |got: &str| {
        format!(
            r#","message":"\nexpected: 1\n     got: {got}\n\n(compared using `cmp` matcher)\n""#
        )
    };
    let cases = [
        (
            "passed",
            " Enabled is expected to cmp == 1",
            String::new(),
            Value(1),
        ),
        ("passed", " Enabled should eq 1", String::new(), Value(1)),
        (
            "passed",
            r#" is expected to have property value \"Enabled\", :dword, 1"#,
            String::new(),
            Value(1),
        ),
        (
            "failed",
            " Enabled is expected to cmp == 1",
            got("0"),
            Value(0),
        ),
        (
            "failed",
            " Enabled (currently: 1) is expected to cmp == 1",
            got("4294967295"),
            Value(u32::MAX),
        ),
        (
            "failed",
            " Enabled is expected to cmp == 1",
            got("nil"),
            Absent,
        ),
        (
            "passed",
            " Enabled is expected to be nil",
            String::new(),
            Absent,
        ),
        (
            "failed",
            r#" is expected to have property \"Enabled\""#,
            String::new(),
            Absent,
        ),
        ("failed", " is expected to exist", String::new(), Absent),
    ];
    let cases =
        cases.map(|(status, claim, more, seen)| (inspec(&result(status, claim, &more)), seen));
    check(cases.into());
}

#[test]
fn results_of_inspec_that_crashed_or_say_nothing_are_none() {
    let crashed = r#","message":"expected: 1\n got: nil","exception":"RuntimeError""#;
    let words = r#","message":"expected: 1\n got: some words""#;
    let cases = [
        ("failed", " Enabled is expected to cmp == 1", crashed),
        ("failed", " Enabled is expected to cmp == 1", words),
        ("failed", " Enabled is expected to cmp == 1", ""),
        ("skipped", " Enabled is expected to cmp == 1", ""),
        ("passed", " Enabled is expected not to cmp == 1", ""),
        ("passed", " Enabled is expected to be >= 1", ""),
        ("passed", " DisabledByDefault is expected to cmp == 1", ""),
        (
            "failed",
            r#" is expected to have property value \"Enabled\", :dword, 1"#,
            "",
        ),
        ("passed", " is expected to exist", ""),
        ("passed", "X Enabled is expected to cmp == 1", ""),
    ];
    let mut cases: Vec<String> = cases
        .iter()
        .map(|(status, claim, more)| result(status, claim, more))
        .collect();
    cases.push(
        [
            result("passed", " Enabled is expected to cmp == 1", ""),
            result("passed", " Enabled is expected to cmp == 0", ""),
        ]
        .join(","),
    );
    let cases = cases
        .iter()
        .map(|results| (inspec(results), Seen::NotCollected));
    check(cases.collect());
}

#[test]
fn raw_values_of_health_checker_are_evidence_and_its_conclusions_are_none() {
    use Seen::{Absent, NotCollected, Value};
    let cases = [
        (
            r#"<I32 N="ClientEnabledValue">1</I32><I32 N="ClientDisabledByDefaultValue">0</I32>"#,
            Value(1),
        ),
        (r#"<I32 N="ClientEnabledValue">-1</I32>"#, Value(u32::MAX)),
        (
            r#"<B N="ClientEnabled">false</B><I32 N="ClientEnabledValue">1</I32>"#,
            Value(1),
        ),
        (
            r#"<B N="ClientEnabled">true</B><Nil N="ClientEnabledValue" />"#,
            Absent,
        ),
        (
            r#"<B N="ClientEnabled">true</B><I32 N="ServerEnabledValue">1</I32>"#,
            NotCollected,
        ),
    ];
    check(
        cases
            .into_iter()
            .map(|(inner, seen)| (clixml(inner), seen))
            .collect(),
    );
}

/// What the rules see of KB3140245.
#[derive(Debug, PartialEq)]
enum Update {
    Listed,
    /// Read in full, and not in it.
    Missing,
    /// Not in the list, which proves nothing; or no list.
    NotKnown,
}

fn update(report: &Report) -> Update {
    match &report.facts.hotfixes {
        Some(list) if list.contains(&3_140_245) => Update::Listed,
        Some(_) if !report.facts.hotfixes_cut => Update::Missing,
        _ => Update::NotKnown,
    }
}

#[test]
fn an_update_is_listed_or_missing_or_not_known() {
    use Update::{Listed, Missing, NotKnown};
    let info = |hotfixes: &str| {
        format!(
            "\r\nHost Name:      PC-1\r\nOS Version:     6.1.7601 Service Pack 1 Build 7601\r\n{}\r\n",
            hotfixes.replace('|', "\r\n                ")
        )
    };
    let clixml = |kb: &str| {
        format!(
            r#"<Objs xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj><Props><S N="HotFixID">{kb}</S></Props></Obj></Objs>"#
        )
    };
    let cases: Vec<(String, Update)> = vec![
        (
            info("Hotfix(s):      1 Hotfix(s) Installed.|[01]: KB3140245"),
            Listed,
        ),
        (
            info("Hotfix(s):      1 Hotfix(s) Installed.|[01]: kb3140245v2 - Update"),
            Listed,
        ),
        (
            info("Hotfix(s):      1 Hotfix(s) Installed.|[01]: KB976902"),
            Missing,
        ),
        (
            info("Hotfix(s):      2 Hotfix(s) Installed.|[01]: KB976902"),
            NotKnown,
        ),
        (
            info("Hotfix(s):      1 Hotfix(s) Installed.|[01]: KB976902|[02"),
            NotKnown,
        ),
        (
            info("Hotfix(s):      1 Hotfix(s) Installed.|[01]: KB976902|[02]: KB976903"),
            NotKnown,
        ),
        (
            info("Hotfix(s):      3 Hotfix(s) Installed.|[01]: KB3140245|[02"),
            Listed,
        ),
        (info("Hotfix(s):      N/A"), Missing),
        (info("Hotfix(s):      0 Hotfix(s) Installed."), Missing),
        (info("Hotfix(s):      3 Hotfix(s) Installed."), NotKnown),
        (info("Hotfix(s):      unreadable"), NotKnown),
        (info("Hotfix(s):"), NotKnown),
        (info("Domain:         WORKGROUP"), NotKnown),
        (info("Paikat:         1 kpl|[01]: KB3140245"), Listed),
        (info("Paikat:         ei ole"), NotKnown),
        (
            "HotFixID  InstalledOn\nKB3140245  1/1/2019\n".to_owned(),
            Listed,
        ),
        (
            "HotFixID  InstalledOn\nKB976902   1/1/2019\n".to_owned(),
            NotKnown,
        ),
        (
            "HotFixID=KB976902\r\r\nInstalledOn=1/1/2019\r\r\n".to_owned(),
            NotKnown,
        ),
        (
            "\"HotFixID\",\"InstalledOn\"\n\"KB3140245\",\"\"\n".to_owned(),
            Listed,
        ),
        (
            r#"[{"hotfix_id":"KB3140245","csname":"PC-1"}]"#.to_owned(),
            Listed,
        ),
        (
            r#"[{"hotfix_id":"KB976902","csname":"PC-1"}]"#.to_owned(),
            NotKnown,
        ),
        (clixml("KB3140245"), Listed),
        (clixml("KB976902"), NotKnown),
    ];
    for (text, wanted) in cases {
        assert_eq!(update(&read("any", &text)), wanted, "{text}");
    }
}

#[test]
fn a_start_is_read_only_when_it_can_be_one_time_only() {
    let info = |install: &str, boot: &str, zone: &str| {
        format!(
            "Host Name:  PC-1\nOS Version: 10.0.19045 N/A Build 19045\nOriginal Install Date: {install}\nSystem Boot Time: {boot}\nTime Zone:  {zone}\n"
        )
    };
    let zone = "(UTC+01:00) Berlin";
    // Each is an hour early: summer time may have been in force.
    let cases = [
        (
            "1/2/2019, 1:00:00 AM",
            "3/15/2019, 8:13:51 PM",
            zone,
            Some("2019-03-15T18:13:51Z"),
        ),
        (
            "1/20/2019, 1:00:00 AM",
            "3/5/2019, 12:13:51 AM",
            zone,
            Some("2019-03-04T22:13:51Z"),
        ),
        (
            "20/1/2019, 1:00:00",
            "3/5/2019, 8:13:51",
            zone,
            Some("2019-05-03T06:13:51Z"),
        ),
        (
            "1/2/2019, 1:00:00",
            "3/3/2019, 8:13:51",
            zone,
            Some("2019-03-03T06:13:51Z"),
        ),
        (
            "2019-01-02, 01:00:00",
            "2019-03-05, 08:13:51",
            "(UTC) London",
            Some("2019-03-05T07:13:51Z"),
        ),
        (
            "2019/1/2, 1:00:00",
            "2019/3/5, 8:13:51",
            "(GMT-08:00) Pacific",
            Some("2019-03-05T15:13:51Z"),
        ),
        (
            "26-1-2019, 1:00:00",
            "27-1-2019, 8:13:51",
            zone,
            Some("2019-01-27T06:13:51Z"),
        ),
        ("1/2/2019, 1:00:00 AM", "3/5/2019, 8:13:51 PM", zone, None),
        ("1.2.2019, 1:00:00", "3.5.2019, 8:13:51", zone, None),
        (
            "1/20/2019, 1:00:00 AM",
            "3/15/2019, 8:13:51 ap.",
            zone,
            None,
        ),
        ("1/20/19, 1:00:00 AM", "3/15/19, 8:13:51 AM", zone, None),
        (
            "1/20/2019, 1:00:00 AM",
            "3/15/2019, 8:13:51 AM",
            "Berlin",
            None,
        ),
        ("20/1/2562, 1:00:00", "21/1/2562, 8:13:51", zone, None),
        ("30/1/2019, 1:00:00", "31/2/2019, 8:13:51", zone, None),
        ("x", "0 Days, 0 Hours", zone, None),
    ];
    for (install, boot, zone, wanted) in cases {
        let text = info(install, boot, zone);
        let at = read("any", &text).facts.os.last_boot_at;
        assert_eq!(at.map(|at| at.to_string()).as_deref(), wanted, "{text}");
    }
}

#[test]
fn what_a_machine_is_is_taken_from_words_that_are_sure() {
    let cases = [
        ("Standalone Workstation", Some(1)),
        ("Member Workstation", Some(1)),
        ("Standalone Server", Some(3)),
        ("Member Server", Some(3)),
        ("Primary Domain Controller", Some(2)),
        ("Additional/Backup Domain Controller", Some(2)),
        ("Eigenständige Arbeitsstation", Some(1)),
        ("Mitgliedsserver", Some(3)),
        ("Station de travail autonome", Some(1)),
        ("Serveur membre", Some(3)),
        ("Estación de trabajo independiente", Some(1)),
        ("Estaci¢n de trabajo independiente", Some(1)),
        ("Workstation autonoma", Some(1)),
        ("Server membro", Some(3)),
        ("Estação de trabalho autônoma", Some(1)),
        ("Servidor membro", Some(3)),
        ("Autonomiczna stacja robocza", Some(1)),
        ("Изолированная рабочая станция", Some(1)),
        ("Рядовой сервер", Some(3)),
        ("Основной контроллер домена", Some(2)),
        ("独立工作站", Some(1)),
        ("成员服务器", Some(3)),
        ("スタンドアロン ワークステーション", Some(1)),
        ("Itsenäinen", None),
        ("Workstation or Server", None),
        ("", None),
    ];
    for (words, wanted) in cases {
        let text = format!(
            "Host Name: PC-1\nOS Version: 10.0.19045 N/A Build 19045\nOS Configuration: {words}\n"
        );
        assert_eq!(read("any", &text).facts.os.product_type, wanted, "{words}");
    }
}
