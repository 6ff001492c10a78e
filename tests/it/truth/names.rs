//! Whom a file is about: never a client that cannot be.

use cutover::{
    clock,
    domain::{assess::Policy, time::DAY},
    ingest::{self, Judge},
    store::incoming::{Sender, Way},
    wire::foreign::any_file::Options,
};
use serde_json::json;

use crate::{
    foreign_files::{read, read_text},
    support::stores::TestStore,
};

const EXPORT: &str = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client]\r\n\"Enabled\"=dword:00000000\r\n";
const UPDATES: &str = "HotFixID,Description\nKB3140245,Update\n";

#[test]
fn a_file_name_that_no_computer_can_have_names_none() {
    for (name, text, device) in [
        ("PC-0016.reg", EXPORT, Some("PC-0016")),
        ("PC-0016-schannel.reg", EXPORT, None),
        ("PC-0016_schannel.reg", EXPORT, Some("PC-0016")),
        ("PC-0016.csv", UPDATES, Some("PC-0016")),
        ("PC-0016.qfe.csv", UPDATES, Some("PC-0016")),
        ("list-of-all-updates.csv", UPDATES, None),
        ("my updates.csv", UPDATES, None),
    ] {
        let told = read_text(name, text);
        let named: Vec<String> = told
            .readings
            .iter()
            .map(|one| one.report().ids.name.unwrap_or_default())
            .collect();
        if let Some(device) = device {
            assert_eq!(named, [device], "{name}");
        } else {
            assert!(named.is_empty(), "{name}: {named:?}");
            assert!(!told.refused.is_empty(), "{name}");
        }
        // Who says the device is heard.
        let options = Options {
            device: Some("PC-0099".to_owned()),
            ..Options::default()
        };
        let said = read(&[(name, text.as_bytes())], &options);
        assert_eq!(
            said.readings[0].report().ids.name.as_deref(),
            Some("PC-0099"),
            "{name}"
        );
    }
}

/// A report that says little, as a person brings it.
async fn bring(
    test: &TestStore,
    judge: &Judge,
    client: serde_json::Value,
    at: cutover::domain::time::Timestamp,
) {
    let report = json!({
        "schema_version": 1, "partial": true, "collected_at": at.to_string(), "collector": {"name": "table"},
        "client": client, "os": {"version": "10.0.19045", "product_type": 1, "architecture": "64-bit"},
    });
    let sender = Sender::vouched("a person", Way::Upload);
    let body = serde_json::to_vec(&report).expect("JSON");
    ingest::take(&test.store, judge, body, clock::now(), &sender)
        .await
        .expect("taken");
}

#[tokio::test]
async fn a_resource_id_without_its_site_makes_no_second_client() {
    let judge = Judge::new(Policy::default(), 14 * DAY);
    for test in TestStore::each().await {
        let now = clock::now();
        bring(
            &test,
            &judge,
            json!({"name": "PC-7", "resource_id": 16_777_220, "site_code": "P01"}),
            now.plus(-DAY),
        )
        .await;
        bring(
            &test,
            &judge,
            json!({"name": "PC-7", "resource_id": 16_777_220}),
            now.plus(-DAY / 2),
        )
        .await;
        bring(
            &test,
            &judge,
            json!({"name": "PC-8", "fqdn": "pc-8.corp.example"}),
            now.plus(-DAY),
        )
        .await;
        bring(
            &test,
            &judge,
            json!({"name": "PC-8", "resource_id": 16_777_221}),
            now.plus(-DAY / 2),
        )
        .await;
        let page = test
            .store
            .list(&cutover::store::model::Filter::default(), None, 10, now)
            .await
            .expect("a list");
        assert_eq!(page.items.len(), 2, "{}: {:?}", test.engine, page.items);
    }
}
