//! Writes a client's report as contract version 1 JSON, straight into the caller's buffer.

use std::{io::Write as _, sync::LazyLock};

use uuid::{Builder, Uuid};

use super::{
    condition::{Condition, Files, Pair, Value},
    dice::{Ask, scale},
    faults::Gap,
    fleet::SimClient,
    identity::Role,
    json::Json,
    suites,
    systems::{Family, System},
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

impl SimClient {
    /// Appends the report of one round. `at` is the end of the round; the report says [`Self::collected_at`].
    /// Until the client's facts change, its reports differ in `report_id` and `collected_at` alone.
    pub fn write_report(&self, at: Timestamp, round: u64, out: &mut Vec<u8>) {
        let found = Condition::of(self, round);
        let mut json = Json(out);
        json.raw(r#"{"schema_version":1,"report_id":""#);
        json.uuid_lower(self.report_uuid(at, round));
        json.raw(r#"","collected_at":"#).time(self.collected_at(at));
        json.raw(r#","collector":{"name":"cutover-collector","version":"1.0.0","process_bits":"#);
        let bits = if found.gap == Gap::Redirected {
            32
        } else {
            self.system().bits
        };
        json.number(bits.into()).raw("},");
        self.write_client(&mut json);
        self.write_os(&found, &mut json);
        self.write_registry(&found, &mut json);
        self.write_hotfixes(&found, &mut json);
        write_files(&found, &mut json);
        if found.gap != Gap::Suites {
            json.raw(r#","cipher_suites":"#);
            json.raw(suites::of(self.family(), self.system().build));
        }
        if found.gap != Gap::Software {
            self.write_software(&mut json);
        }
        json.raw("}");
    }

    /// The id of that report: a version 7 UUID made from its time and from chance that can be repeated.
    pub fn report_id(&self, at: Timestamp, round: u64) -> String {
        self.report_uuid(at, round).to_string()
    }

    fn report_uuid(&self, at: Timestamp, round: u64) -> Uuid {
        let millis = self.collected_at(at).0.max(0).unsigned_abs();
        let chance = u128::from(self.dice().nth(Ask::ReportId, 2 * round)) << 64
            | u128::from(self.dice().nth(Ask::ReportId, 2 * round + 1));
        let [_, _, _, _, _, _, random @ ..] = chance.to_be_bytes();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn write_client(&self, json: &mut Json<'_>) {
        let who = &self.who;
        json.raw(r#""client":{"sms_guid":"GUID:"#);
        json.uuid_upper(who.sms_guid());
        json.raw(r#"","resource_id":"#).number(who.resource_id());
        json.raw(r#","site_code":"P"#).padded(who.site_number(), 2);
        json.raw(r#"","name":""#);
        let start = json.0.len();
        // Writing to a vector cannot fail.
        let _ = write!(json.0, "{}", who.name());
        let end = json.0.len();
        json.raw(r#"","fqdn":""#);
        let lower = json.0.len();
        json.0.extend_from_within(start..end);
        json.0[lower..].make_ascii_lowercase();
        json.raw(".").raw(who.domain());
        json.raw(r#"","smbios_guid":""#)
            .uuid_upper(who.smbios_guid());
        json.raw(r#"","serial_number":"5CG"#)
            .padded(who.serial(), 9);
        let (site, block, host) = who.address();
        json.raw(r#"","ip_addresses":["10."#).number(site);
        json.raw(".").number(block).raw(".").number(host);
        json.raw(r#""],"management_point":"p"#)
            .padded(who.site_number(), 2);
        json.raw("-mp-").padded(who.site * 4 + 1, 6);
        json.raw(".")
            .raw(who.domain())
            .raw(r#"","client_version":""#);
        json.raw(match self.dice().below(Ask::Agent, 10) {
            _ if self.family().is_beyond_repair() => "5.00.8239.1000",
            0 => "5.00.9122.1000",
            1 => "5.00.9106.1000",
            _ => "5.00.9128.1000",
        });
        json.raw(r#"","roles":["#);
        for (index, role) in self.roles().iter().enumerate() {
            json.raw(if index == 0 { "\"" } else { ",\"" });
            json.raw(role).raw("\"");
        }
        json.raw("]},");
    }

    fn write_os(&self, found: &Condition, json: &mut Json<'_>) {
        let system = self.system();
        json.raw(r#""os":{"caption":""#).raw(system.caption);
        json.raw(r#"","version":""#).raw(system.version);
        json.raw(r#"","product_type":"#);
        json.number(system.product_type.into());
        json.raw(r#","architecture":""#).raw(self.architecture());
        json.raw(r#"","service_pack":"#);
        json.number(system.service_pack.into());
        json.raw(r#","sku":"#).number(system.sku.into());
        json.raw(r#","suite_mask":"#);
        json.raw(if system.is_server() { "272" } else { "256" });
        json.raw(r#","last_boot_at":"#).time(found.boot).raw("}");
    }

    /// Windows says this in its own language.
    fn architecture(&self) -> &'static str {
        let System { bits, .. } = *self.system();
        match (bits, self.dice().below(Ask::Language, 100)) {
            (32, _) => "32-bit",
            (_, 0..4) => "64 bits",
            (_, 4..10) => "64-Bit",
            (_, 10) => "64-разрядная",
            _ => "64-bit",
        }
    }

    fn write_registry(&self, found: &Condition, json: &mut Json<'_>) {
        let mut keys = Keys {
            json,
            lead: r#","registry":["#,
        };
        let wow64 = self.system().bits == 64;
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
        keys.protocols(found, self.system().is_server());
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
        if self.family().is_beyond_repair() {
            keys.one("FIPSAlgorithmPolicy", Key::Lsa, fips, None);
        } else {
            keys.one("Enabled", Key::FipsPolicy, fips, None);
        }
        let build = Value::Text(self.system().build);
        keys.one("CurrentBuildNumber", Key::CurrentVersion, build, None);
        keys.json.raw("]");
    }

    fn write_hotfixes(&self, found: &Condition, json: &mut Json<'_>) {
        if found.gap == Gap::Hotfixes {
            return;
        }
        let dice = self.dice();
        let (least, spread, first, range) = match self.family() {
            Family::Windows10 | Family::Windows11 | Family::ServerModern => {
                (10, 5, 5_003_000, 62_000)
            }
            Family::Xp | Family::Server2003 => (20, 11, 890_000, 109_000),
            _ => (17, 14, 2_479_000, 1_900_000),
        };
        json.raw(r#","hotfixes":["KB"#);
        // The monthly update: the one that changes whenever anything does.
        json.number(first + range + 37 * found.revision);
        for n in 0..least + dice.below(Ask::HotfixCount, spread) {
            json.raw(r#"","KB"#);
            json.number(first + scale(dice.nth(Ask::Hotfixes, n), range));
        }
        for &update in found.updates {
            json.raw(r#"","KB"#).number(update);
        }
        json.raw("\"]");
    }

    fn write_software(&self, json: &mut Json<'_>) {
        let draw = self.dice().below(Ask::Software, 100);
        let database = match draw {
            0..15 => SQL_2014_SP1_CU,
            15..55 => SQL_2016,
            _ => SQL_2019,
        };
        let driver = if draw < 5 { ODBC_18_BROKEN } else { ODBC_18 };
        let native = if draw % 10 == 3 {
            NATIVE_CLIENT_SP3
        } else {
            NATIVE_CLIENT_SP4
        };
        let products: &[&str] = match self.who.role {
            Some(Role::Database) => &[database, native, driver],
            Some(Role::ManagementPoint) => &[native, driver],
            Some(Role::UpdatePoint) => &[driver],
            Some(Role::DistributionPoint) | None if draw < 30 => &[native],
            Some(Role::DistributionPoint) | None => &[],
        };
        json.raw(r#","software":["#);
        for (index, product) in products.iter().enumerate() {
            json.raw(if index == 0 { "" } else { "," }).raw(product);
        }
        json.raw("]");
    }
}

const SQL_2014_SP1_CU: &str =
    r#"{"name":"SQL Server 2014 Database Engine Services","version":"12.0.4425.0"}"#;
const SQL_2016: &str =
    r#"{"name":"SQL Server 2016 Database Engine Services","version":"13.0.6300.2"}"#;
const SQL_2019: &str =
    r#"{"name":"SQL Server 2019 Database Engine Services","version":"15.0.4375.4"}"#;
const ODBC_18: &str = r#"{"name":"Microsoft ODBC Driver 18 for SQL Server","version":"18.4.1.1"}"#;
const ODBC_18_BROKEN: &str =
    r#"{"name":"Microsoft ODBC Driver 18 for SQL Server","version":"18.6.1.1"}"#;
const NATIVE_CLIENT_SP3: &str =
    r#"{"name":"Microsoft SQL Server 2012 Native Client","version":"11.3.6540.0"}"#;
const NATIVE_CLIENT_SP4: &str =
    r#"{"name":"Microsoft SQL Server 2012 Native Client","version":"11.4.7001.0"}"#;

fn write_files(found: &Condition, json: &mut Json<'_>) {
    let (winhttp, webio) = match found.files {
        Files::NotRead => return,
        Files::Version(both) => (both, both),
        Files::Mixed(winhttp, webio) => (winhttp, webio),
    };
    json.raw(r#","files":{"System32\\winhttp.dll":""#)
        .raw(winhttp);
    json.raw(r#"","System32\\webio.dll":""#)
        .raw(webio)
        .raw("\"}");
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
