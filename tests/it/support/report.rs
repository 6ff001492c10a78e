//! Reports of imaginary machines, in the words of the people who look after them.

use cutover::{clock, domain::time::Timestamp};
use serde_json::{Value, json};

use super::{answer::Answer, app::TestApp};

const WINDOWS_10: &str = include_str!("../../browser/fixtures/windows-10-ready.json");
const WINDOWS_7: &str = include_str!("../../browser/fixtures/windows-7-untouched.json");

/// Milliseconds in an hour.
pub const HOUR: i64 = 3_600_000;

/// A time this many milliseconds from now, as reports write it.
pub fn from_now(millis: i64) -> String {
    Timestamp(clock::now().0 + millis).to_string()
}

/// A report that can be changed and sent.
#[derive(Clone)]
pub struct Report<'a> {
    app: &'a TestApp,
    value: Value,
}

impl<'a> Report<'a> {
    /// Of a ready Windows 10 with that name, ten minutes ago.
    pub fn about(app: &'a TestApp, name: &str) -> Self {
        let mut value: Value = serde_json::from_str(WINDOWS_10).expect("the fixture");
        // The same name is the same machine, another name is another.
        let number = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        value["report_id"] = json!(uuid::Uuid::now_v7().to_string());
        value["collected_at"] = json!(from_now(-HOUR / 6));
        value["client"] = json!({
            "sms_guid": format!("GUID:{number:08X}-1111-4222-8333-000000000000"),
            "resource_id": number, "site_code": "P01", "name": name,
            "fqdn": format!("{}.corp.example", name.to_lowercase()),
            "smbios_guid": format!("{number:08X}-5555-4666-8777-000000000000"),
            "serial_number": format!("SN{number}"), "roles": [],
        });
        value["os"]["last_boot_at"] = json!(from_now(-72 * HOUR));
        Self { app, value }
    }

    /// Windows 7 as it came out of the box: blocks.
    pub fn windows7_untouched(mut self) -> Self {
        let other: Value = serde_json::from_str(WINDOWS_7).expect("the fixture");
        for part in ["registry", "hotfixes", "files", "cipher_suites"] {
            self.value[part] = other[part].clone();
        }
        for part in ["caption", "version", "service_pack"] {
            self.value["os"][part] = other["os"][part].clone();
        }
        self
    }

    /// The registry could not be read: nothing can be said.
    pub fn without_registry(mut self) -> Self {
        self.value["registry"] = json!([]);
        self
    }

    /// With this as the protocols of WinHTTP, whatever it is.
    pub fn winhttp(mut self, value: Value) -> Self {
        let keys = self.value["registry"].as_array_mut().expect("keys");
        let key = keys.iter_mut().find(|key| {
            let name = key["key"].as_str().expect("a key");
            name.ends_with("WinHttp") && !name.contains("WOW6432Node")
        });
        key.expect("the key of WinHTTP")["values"] = json!({"DefaultSecureProtocols": value});
        self
    }

    /// TLS 1.0 alone for WinHTTP: blocks.
    pub fn winhttp_old(self) -> Self {
        self.winhttp(json!({"type": "REG_DWORD", "data": 0x80}))
    }

    /// A value for WinHTTP that nobody can read: what was known of it is not known any more.
    pub fn winhttp_unreadable(self) -> Self {
        self.winhttp(json!({"type": "REG_SZ", "data": "abc"}))
    }

    /// Of no known site.
    pub fn without_site(self) -> Self {
        self.set("/client/site_code", Value::Null)
    }

    /// Somewhere else in the estate.
    pub fn at_site(self, site: &str) -> Self {
        self.set("/client/site_code", json!(site))
    }

    /// Collected this many milliseconds from now.
    pub fn collected(self, millis: i64) -> Self {
        self.set("/collected_at", json!(from_now(millis)))
    }

    /// Says something else at that place.
    pub fn set(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        self.value.pointer_mut(parent).expect("a place")[name] = value;
        self
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// On one line.
    pub fn line(&self) -> String {
        self.value.to_string()
    }

    /// As `ConvertTo-Json` writes it: over many lines.
    pub fn pretty(&self) -> String {
        let text = serde_json::to_string_pretty(&self.value).expect("JSON");
        text.replace("\": ", "\":  ").replace('\n', "\r\n")
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        self.app.send(self.line()).await
    }

    /// Sends it; it is stored. Answers our id of the client.
    pub async fn stored(self) -> String {
        let answer = self.send().await.ok("a report").json();
        assert_eq!(answer["stored"], 1, "{answer}");
        answer["results"][0]["client_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }
}

/// Text as UTF-16 with a byte order mark.
pub fn utf16(text: &str, big_end_first: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big_end_first {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}
