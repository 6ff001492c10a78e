//! Writes a client's report as contract version 1 JSON, straight into the caller's buffer.

use std::io::Write as _;

use uuid::{Builder, Uuid};

use super::{
    condition::{Condition, Files},
    dice::{Ask, scale},
    faults::Gap,
    fleet::SimClient,
    identity::Role,
    json::Json,
    registry, suites,
    systems::{Family, System},
};
use crate::domain::time::Timestamp;

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
        registry::write(self, &found, &mut json);
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
