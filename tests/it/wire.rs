//! What comes in: every rule of reading reports, bodies and device lists, as data.

use cutover::{
    domain::{
        facts::{Bits, Key, OsVersion, Reading, RegData, RegType},
        time::Timestamp,
    },
    wire::report_v1,
};

/// The example of the contract.
const SAMPLE: &str = r#"{
  "schema_version": 1,
  "report_id": "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10",
  "collected_at": "2026-11-23T08:15:00Z",
  "collector": {"name": "cutover-collector", "version": "1.0.0", "process_bits": 64},
  "client": {
    "sms_guid": "GUID:2A8B6C1E-0A52-4C61-9B1D-0C9B7E3C1F10", "resource_id": 16777345, "site_code": "P01",
    "name": "PC-0042", "fqdn": "PC-0042.corp.example", "smbios_guid": "…", "serial_number": "…",
    "ip_addresses": ["10.20.30.40"], "management_point": "mp01.corp.example",
    "client_version": "5.00.9128.1000", "roles": []
  },
  "os": {
    "caption": "Microsoft Windows 7 Enterprise", "version": "6.1.7601", "product_type": 1, "architecture": "64-bit",
    "service_pack": 1, "sku": 4, "suite_mask": 256, "last_boot_at": "2026-11-20T06:00:00Z"
  },
  "registry": [
    {"key": "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp", "exists": true,
     "last_write_at": "2026-11-01T10:00:00Z",
     "values": {"DefaultSecureProtocols": {"type": "REG_DWORD", "data": 2720}}},
    {"key": "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client", "exists": false}
  ],
  "hotfixes": ["KB3140245"],
  "files": {"System32\\winhttp.dll": "6.1.7601.24000", "System32\\webio.dll": "6.1.7601.24000"},
  "cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  "software": [{"name": "Microsoft SQL Server 2012 Native Client", "version": "11.4.7001.0"}]
}"#;

#[test]
fn the_contracts_example_is_read_in_full() {
    let report = report_v1::parse(SAMPLE.as_bytes()).expect("the example is good");
    assert_eq!(
        report.collected_at,
        Timestamp::parse("2026-11-23T08:15:00Z").expect("a time")
    );
    assert_eq!(
        report.ids.sms_guid.as_deref(),
        Some("2A8B6C1E-0A52-4C61-9B1D-0C9B7E3C1F10")
    );
    assert_eq!(report.ids.resource_id, Some(16_777_345));
    assert_eq!(report.ids.fqdn.as_deref(), Some("pc-0042.corp.example"));
    let facts = report.facts;
    assert_eq!(facts.process_bits, Some(64));
    assert_eq!(
        facts.os.version,
        Some(OsVersion {
            major: 6,
            minor: 1,
            build: 7601
        })
    );
    assert_eq!(facts.os.bits, Some(Bits::B64));
    let Reading::Value(value) = facts
        .registry
        .value(Key::WinHttpNative, "defaultsecureprotocols")
    else {
        panic!("the value is there");
    };
    assert_eq!(
        (value.kind, &value.data),
        (Some(RegType::Dword), &RegData::Number(2720))
    );
    assert_eq!(
        facts.registry.value(Key::Tls12Client, "Enabled"),
        Reading::Absent
    );
    assert_eq!(
        facts.registry.value(Key::NetV4Native, "SchUseStrongCrypto"),
        Reading::NotCollected
    );
    assert_eq!(facts.hotfixes, Some(vec![3_140_245]));
    assert!(facts.files.expect("files were read").webio.is_some());
}
