//! The simulated fleet: the same from the same seed, in the wanted proportions, and every report as the contract says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::{HashMap, HashSet};

use cutover::{
    domain::time::{DAY, Timestamp},
    sim::{DEFAULT_EPOCH, Family, Fleet, Presence, SimClient},
};
use serde_json::Value;

const AT: Timestamp = Timestamp(1_795_507_200_042); // 2026-11-24T08:00:00.042Z

fn fleet() -> Fleet {
    Fleet::new(7, 20_000)
}

fn share(of: impl Fn(&SimClient) -> bool) -> f64 {
    let count = u32::try_from(fleet().clients().filter(of).count()).unwrap();
    f64::from(count) / 20_000.0
}

#[track_caller]
fn assert_between(value: f64, low: f64, high: f64) {
    assert!(
        (low..=high).contains(&value),
        "{value} is not in {low}..={high}"
    );
}

fn parsed(client: &SimClient, round: u64) -> Value {
    let text = client.report(AT, round);
    serde_json::from_slice(&text)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&text)))
}

#[test]
fn the_epoch_is_what_it_says() {
    assert_eq!(DEFAULT_EPOCH.to_string(), "2026-11-02T00:00:00Z");
}

#[test]
fn the_same_seed_gives_the_same_fleet_in_any_order() {
    let forwards: Vec<_> = (0..500)
        .map(|i| fleet().client(i).report(AT, i % 3))
        .collect();
    let backwards: Vec<_> = (0..500)
        .rev()
        .map(|i| fleet().client(i).report(AT, i % 3))
        .collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert_ne!(
        fleet().client(3).report(AT, 0),
        Fleet::new(8, 20_000).client(3).report(AT, 0)
    );
}

#[test]
fn operating_systems_come_in_the_published_proportions() {
    let of = |family: Family| share(move |client| client.family() == family);
    assert_between(of(Family::Windows10), 0.78, 0.82);
    assert_between(of(Family::Windows11), 0.07, 0.095);
    assert_between(of(Family::Windows7), 0.034, 0.046);
    assert_between(of(Family::Windows81), 0.007, 0.013);
    assert_between(of(Family::ServerModern), 0.043, 0.058);
    assert_between(
        of(Family::Server2012) + of(Family::Server2012R2),
        0.016,
        0.025,
    );
    assert_between(
        of(Family::Server2008) + of(Family::Server2008R2),
        0.0015,
        0.005,
    );
    assert_between(of(Family::Xp) + of(Family::Server2003), 0.0003, 0.002);
}

#[test]
fn a_few_are_silent_and_the_old_ones_more_often() {
    let silent =
        |client: &SimClient| matches!(client.presence(), Presence::Silent | Presence::Stale { .. });
    assert_between(share(silent), 0.04, 0.06);
    let old = share(|client| client.family().is_old());
    let old_silent = share(|client| client.family().is_old() && silent(client));
    assert!(old_silent / old > 2.0 * share(silent));
}

#[test]
fn rebuilt_machines_share_name_and_hardware_with_the_client_before() {
    assert_between(share(SimClient::is_rebuilt), 0.003, 0.007);
    for client in fleet().clients().filter(SimClient::is_rebuilt) {
        let before = fleet().client(client.index() - 1);
        assert_eq!(before.presence(), Presence::Replaced);
        assert_eq!(client.name(), before.name());
        assert_eq!(client.smbios_guid(), before.smbios_guid());
        assert_ne!(client.sms_guid(), before.sms_guid());
        assert!(before.collected_at(AT) < client.collected_at(AT));
    }
}

#[test]
fn sites_follow_the_size() {
    let sites = |size| Fleet::new(1, size).sites();
    assert_eq!(
        [10, 20_000, 200_000, 1_000_000, 5_000_000].map(sites),
        [3, 3, 4, 20, 20]
    );
    let seen: HashSet<_> = fleet().clients().map(|client| client.site_code()).collect();
    assert_eq!(seen.len(), 3);
}

#[test]
fn each_site_has_its_site_systems() {
    let roles: Vec<_> = fleet()
        .clients()
        .flat_map(|client| client.roles().to_vec())
        .collect();
    for role in ["management_point", "software_update_point", "site_database"] {
        assert_eq!(roles.iter().filter(|known| **known == role).count(), 3);
    }
    assert!(roles.contains(&"distribution_point"));
}

#[test]
fn every_report_says_what_the_contract_requires() {
    let mut bytes = 0;
    let mut ids = HashSet::new();
    for client in fleet().clients().step_by(7) {
        let report = parsed(&client, 0);
        bytes += client.report(AT, 0).len();
        assert_eq!(report["schema_version"], 1);
        let collected = Timestamp::parse(report["collected_at"].as_str().unwrap()).unwrap();
        assert_eq!(collected.0, client.collected_at(AT).0);
        assert!(collected <= AT);
        assert_eq!(
            report["client"]["sms_guid"],
            format!("GUID:{}", client.sms_guid())
        );
        assert_eq!(report["client"]["name"], client.name());
        assert_eq!(report["client"]["fqdn"], client.fqdn());
        assert_eq!(report["client"]["site_code"], client.site_code());
        assert_eq!(report["os"]["version"], client.os_version());
        assert!(ids.insert(report["report_id"].as_str().unwrap().to_owned()));
        let boot = Timestamp::parse(report["os"]["last_boot_at"].as_str().unwrap()).unwrap();
        assert!(boot < collected);
        for key in report["registry"].as_array().unwrap() {
            assert!(key["key"].as_str().unwrap().starts_with("HKLM\\"));
            assert_eq!(key["exists"], key["values"].is_object());
            if let Some(at) = key["last_write_at"].as_str() {
                assert!(Timestamp::parse(at).unwrap() < collected);
            }
        }
        if let Some(hotfixes) = report["hotfixes"].as_array() {
            assert!((10..=33).contains(&hotfixes.len()), "{}", hotfixes.len());
        }
    }
    let mean = bytes / fleet().clients().step_by(7).count();
    assert!((2_500..=3_200).contains(&mean), "{mean} bytes a report");
}

fn registry_value<'r>(report: &'r Value, key: &str, name: &str) -> &'r Value {
    report["registry"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["key"].as_str().unwrap().ends_with(key))
        .map_or(&Value::Null, |entry| &entry["values"][name]["data"])
}

#[test]
fn windows_7_and_server_2012_are_half_repaired() {
    let mut states: HashMap<&str, f64> = HashMap::new();
    let mut total = 0.0;
    let fleet = Fleet::new(11, 100_000);
    for client in fleet.clients() {
        let is_one = matches!(client.family(), Family::Windows7 | Family::Server2012);
        if !is_one || client.presence() != Presence::Reporting {
            continue;
        }
        let report = parsed(&client, 0);
        let native = registry_value(
            &report,
            "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp",
            "DefaultSecureProtocols",
        );
        let wow64 = registry_value(
            &report,
            "Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp",
            "DefaultSecureProtocols",
        );
        let is_32_bit = report["os"]["architecture"] == "32-bit";
        let written = report["registry"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["key"].as_str().unwrap().ends_with("WinHttp"))
            .map(|entry| entry["last_write_at"].as_str().unwrap_or("").to_owned());
        let state = match (native.is_number(), wow64.is_number()) {
            (false, false) => "nothing or update only",
            (true, true | false) if written.as_deref() > report["os"]["last_boot_at"].as_str() => {
                "restart pending"
            }
            (true, true) => "complete",
            (true, false) if is_32_bit => "complete",
            _ => "one hive",
        };
        *states.entry(state).or_default() += 1.0;
        total += 1.0;
    }
    let of = |state: &str| states.get(state).copied().unwrap_or_default() / total;
    assert_between(of("nothing or update only"), 0.56, 0.66);
    assert_between(of("one hive"), 0.07, 0.12);
    assert_between(of("restart pending"), 0.08, 0.12);
    assert_between(of("complete"), 0.17, 0.24);
}

#[test]
fn odd_values_are_there_but_rare() {
    let mut all_bits = 0;
    let mut old_bits = 0;
    let mut no_hotfixes = 0;
    for client in fleet().clients() {
        if client.family() != Family::Windows10 {
            continue;
        }
        let report = parsed(&client, 0);
        let enabled = registry_value(&report, "TLS 1.2\\Client", "Enabled");
        all_bits += u32::from(enabled == 4_294_967_295_u32 || enabled == -1);
        let bits = registry_value(&report, "Settings\\WinHttp", "DefaultSecureProtocols");
        old_bits += u32::from(bits == 0xA0);
        no_hotfixes += u32::from(report["hotfixes"].is_null());
    }
    assert_between(f64::from(all_bits) / 16_000.0, 0.015, 0.025);
    assert!((15..120).contains(&old_bits), "{old_bits}");
    assert!((60..300).contains(&no_hotfixes), "{no_hotfixes}");
}

/// A report without its id and time.
fn facts(client: &SimClient, round: u64) -> Value {
    let mut report = parsed(client, round);
    report["report_id"] = Value::Null;
    report["collected_at"] = Value::Null;
    report
}

#[test]
fn between_rounds_the_wanted_share_changes_and_the_rest_stays() {
    let fleet = fleet().changing(0.1);
    let mut changed = 0;
    for client in fleet.clients().step_by(4) {
        assert_ne!(client.report_id(AT, 4), client.report_id(AT, 5));
        let differs = facts(&client, 4) != facts(&client, 5);
        assert_eq!(differs, client.revision(4) != client.revision(5));
        changed += u32::from(differs);
    }
    assert_between(f64::from(changed) / 5_000.0, 0.085, 0.115);

    let still = fleet.changing(0.0);
    assert!(
        still
            .clients()
            .take(200)
            .all(|client| facts(&client, 0) == facts(&client, 90))
    );
    let all = fleet.changing(1.0);
    assert!(
        all.clients()
            .take(200)
            .all(|client| facts(&client, 0) != facts(&client, 1))
    );
}

#[test]
fn an_anchored_fleet_has_booted_before_its_first_round_and_is_stable_for_weeks() {
    let other = Timestamp(1_700_000_000_000);
    for days in [0, 3, 29, 400] {
        let first = other.plus(days * DAY);
        let fleet = Fleet::new(7, 1_000).anchored(first);
        for client in fleet.clients() {
            let report: Value = serde_json::from_slice(&client.report(first, 0)).unwrap();
            assert!(report["os"]["last_boot_at"].as_str() < report["collected_at"].as_str());
        }
    }
    let start = Timestamp(other.0 / (28 * DAY) * 28 * DAY);
    let a = Fleet::new(7, 50).anchored(start).client(9);
    let b = Fleet::new(7, 50).anchored(start.plus(27 * DAY)).client(9);
    assert_eq!(facts(&a, 0), facts(&b, 0));
}

#[test]
fn the_device_list_names_everybody_who_reports() {
    let mut text = Vec::new();
    let told = fleet().population_csv(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|known| known == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len() as u64, told.rows);

    let flagged = |name: &str| {
        let at = column(name);
        rows.iter().filter(|row| &row[at] == "1").count() as u64
    };
    assert_eq!(flagged("Obsolete"), told.obsolete);
    assert_eq!(flagged("Decommissioned"), told.decommissioned);
    assert!(told.obsolete * 1_000 / told.rows >= 5 && told.obsolete * 1_000 / told.rows <= 9);
    assert!(told.decommissioned > 10);

    let at = column("SMSUniqueIdentifier");
    let listed: HashSet<&str> = rows.iter().map(|row| &row[at]).collect();
    assert_eq!(listed.len(), rows.len(), "a GUID is listed twice");
    for client in fleet().clients() {
        if !client.is_rebuilt() {
            assert!(listed.contains(format!("GUID:{}", client.sms_guid()).as_str()));
        }
    }
    let rebuilt = fleet().clients().filter(SimClient::is_rebuilt);
    let (inside, outside): (Vec<_>, Vec<_>) =
        rebuilt.partition(|client| listed.contains(format!("GUID:{}", client.sms_guid()).as_str()));
    assert!(!inside.is_empty() && !outside.is_empty());
    let contact = column("LastContact");
    let mut late = Vec::new();
    fleet().exported(AT).population_csv(&mut late).unwrap();
    let late = String::from_utf8(late).unwrap();
    assert_eq!(late.lines().count(), rows.len() + 1);
    assert!(late.lines().nth(1).unwrap().contains("2026-11-2"));
    assert!(
        rows.iter()
            .all(|row| &row[contact] <= "2026-11-02T00:00:00Z")
    );
    let resources: HashSet<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(resources.len(), rows.len());
}
