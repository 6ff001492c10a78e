//! Writes the registry part of a report: which keys were looked at, and what was there.

use std::sync::LazyLock;

use super::{
    condition::{Condition, Pair, Value},
    faults::Gap,
    fleet::SimClient,
    json::Json,
};
use crate::domain::{facts::Key, time::Timestamp};

const TLS13_SERVER: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.3\Server";

/// The start of a key's entry, path escaped: `{"key":"HKLM\\…","exists":`.
static HEADS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let head = |path: &str| format!(r#"{{"key":"{}","exists":"#, path.replace('\\', r"\\"));
    let known = Key::ALL.iter().map(|key| head(key.path()));
    known.chain([head(TLS13_SERVER)]).collect()
});

/// Writes the `registry` member, with a comma before it.
pub(super) fn write(client: &SimClient, found: &Condition, json: &mut Json<'_>) {
    let mut keys = Keys {
        json,
        lead: r#","registry":["#,
    };
    let wow64 = client.system().bits == 64;
    let views: &[(usize, [Key; 3])] = &[
        (0, [Key::WinHttpNative, Key::NetV4Native, Key::NetV2Native]),
        (1, [Key::WinHttpWow64, Key::NetV4Wow64, Key::NetV2Wow64]),
    ];
    for &(view, [winhttp, v4, v2]) in &views[..=usize::from(wow64)] {
        if found.gap != Gap::WinHttp {
            keys.one(
                "DefaultSecureProtocols",
                winhttp,
                found.winhttp[view],
                Some(found.winhttp_written),
            );
        }
        if found.gap != Gap::DotNet {
            let names = ["SchUseStrongCrypto", "SystemDefaultTlsVersions"];
            let pair = found.dotnet[view];
            keys.pair(
                names,
                v4,
                pair,
                (found.release > 0).then_some(found.dotnet_written),
            );
            keys.pair(
                names,
                v2,
                pair,
                found.has_dotnet35.then_some(found.dotnet_written),
            );
        }
    }
    keys.protocols(found, client.system().is_server());
    let has = |there: bool| {
        if there {
            Value::Dword(1)
        } else {
            Value::Absent
        }
    };
    keys.one("Install", Key::NdpV35, has(found.has_dotnet35), None);
    if found.gap != Gap::DotNet {
        let release = match found.release {
            0 => Value::Absent,
            release => Value::Dword(release),
        };
        keys.one("Release", Key::NdpV4Full, release, None);
    }
    let fips = Value::Dword(found.fips.into());
    if client.family().is_beyond_repair() {
        keys.one("FIPSAlgorithmPolicy", Key::Lsa, fips, None);
    } else {
        keys.one("Enabled", Key::FipsPolicy, fips, None);
    }
    let build = Value::Text(client.system().build);
    keys.one("CurrentBuildNumber", Key::CurrentVersion, build, None);
    keys.json.raw("]");
}

/// Writes the registry entries with the right commas.
struct Keys<'j, 'b> {
    json: &'j mut Json<'b>,
    lead: &'static str,
}

impl Keys<'_, '_> {
    fn head(&mut self, index: usize) {
        self.json.raw(self.lead);
        self.lead = ",";
        if let Some(head) = HEADS.get(index) {
            self.json.raw(head);
        }
    }

    fn absent(&mut self, index: usize) {
        self.head(index);
        self.json.raw("false}");
    }

    /// A key with one value; without it the key is not there either.
    fn one(&mut self, name: &str, key: Key, value: Value, written: Option<Timestamp>) {
        if value == Value::Absent {
            return self.absent(key as usize);
        }
        self.open(key, written);
        self.value(name, value, "");
        self.json.raw("}}");
    }

    /// A key with two values, either of which may be missing; `None`: no such key.
    fn pair(&mut self, names: [&str; 2], key: Key, pair: Pair, written: Option<Timestamp>) {
        let Some(written) = written else {
            return self.absent(key as usize);
        };
        self.open(key, Some(written));
        let is_first_written = self.value(names[0], pair.0, "");
        self.value(names[1], pair.1, if is_first_written { "," } else { "" });
        self.json.raw("}}");
    }

    /// The SCHANNEL keys: all of them on a server, on a workstation those that say what it can do as a client.
    fn protocols(&mut self, found: &Condition, is_server: bool) {
        let unset = (Value::Absent, Value::Absent);
        let client = [
            (Key::Tls10Client, found.old_client),
            (Key::Tls11Client, found.old_client),
            (Key::Tls12Client, found.tls12_client),
        ];
        let server = [
            (Key::Tls10Server, unset),
            (Key::Tls11Server, unset),
            (Key::Tls12Server, found.tls12_server),
            (Key::Tls13Client, unset),
        ];
        let rest = if is_server { &server[..] } else { &[] };
        for &(key, pair) in client.iter().chain(rest) {
            let written = (pair != unset).then_some(found.schannel_written);
            self.pair(["Enabled", "DisabledByDefault"], key, pair, written);
        }
        if is_server {
            self.absent(Key::ALL.len());
        }
    }

    fn open(&mut self, key: Key, written: Option<Timestamp>) {
        self.head(key as usize);
        self.json.raw("true,");
        if let Some(written) = written {
            self.json.raw(r#""last_write_at":"#).time(written).raw(",");
        }
        self.json.raw(r#""values":{"#);
    }

    fn value(&mut self, name: &str, value: Value, comma: &str) -> bool {
        if value == Value::Absent {
            return false;
        }
        self.json.raw(comma).raw("\"").raw(name);
        match value {
            Value::Absent => {}
            Value::Dword(data) => {
                self.json.raw(r#"":{"type":"REG_DWORD","data":"#);
                self.json.number(data.into()).raw("}");
            }
            Value::MinusOne => {
                self.json.raw(r#"":{"type":"REG_DWORD","data":-1}"#);
            }
            Value::Text(data) => {
                self.json.raw(r#"":{"type":"REG_SZ","data":""#);
                self.json.raw(data).raw("\"}");
            }
        }
        true
    }
}
