//! What a column of a table can mean, with a code that stays and a title for people.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{domain::facts::Key, wire::key_paths::without_provider};

/// Most bytes of a registry path or of a name in a code.
const MAX_PART: usize = 512;

/// What a column means. Written and kept as its code; see [`Meaning::code`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Meaning {
    /// Not read.
    #[default]
    Ignored,
    /// NetBIOS name; a domain before it is told apart.
    Name,
    /// Fully qualified name.
    Fqdn,
    /// Domain or workgroup; only tells two devices of one name apart.
    Domain,
    /// ConfigMgr client GUID.
    SmsGuid,
    /// ConfigMgr resource id.
    ResourceId,
    /// ConfigMgr site code.
    SiteCode,
    /// SMBIOS UUID.
    SmbiosGuid,
    /// Serial number.
    SerialNumber,
    /// Name of the system, for display.
    OsCaption,
    /// `10.0.19045`.
    OsVersion,
    /// `19045`, beside a version that lacks it.
    OsBuild,
    /// 1, 2, 3 or a word for them.
    OsProductType,
    /// `64-bit`, `x64-based PC`.
    OsArchitecture,
    /// `1` or `Service Pack 1`.
    OsServicePack,
    /// `OperatingSystemSKU`.
    OsSku,
    /// `Microsoft Windows NT Workstation 10.0`, as discovery writes it: says workstation or server.
    OsDiscovered,
    /// Last start of the machine.
    LastBoot,
    /// When the facts of the row were read.
    CollectedAt,
    /// ConfigMgr client version.
    ClientVersion,
    /// Addresses.
    IpAddresses,
    /// Site system roles.
    Roles,
    /// One registry value of every device.
    Registry {
        /// `HKLM\…`.
        key: String,
        /// Its name.
        value: String,
    },
    /// Whether one update is installed, as yes or no.
    HasUpdate(u32),
    /// Updates by number, one or several in a cell.
    Updates,
    /// The version of one file in System32.
    FileVersion(String),
    /// Long form: the key of the row.
    LongKey,
    /// Long form: the name of the value.
    LongProperty,
    /// Long form: what is there.
    LongValue,
    /// Output of a script: a report document.
    ScriptOutput,
}

/// The meanings without anything of their own: code and title.
const PLAIN: &[(Meaning, &str, &str)] = &[
    (Meaning::Ignored, "ignored", "Not read"),
    (Meaning::Name, "device.name", "Device name"),
    (Meaning::Fqdn, "device.fqdn", "Fully qualified name"),
    (Meaning::Domain, "device.domain", "Domain or workgroup"),
    (
        Meaning::SmsGuid,
        "device.sms_guid",
        "Configuration Manager GUID",
    ),
    (
        Meaning::ResourceId,
        "device.resource_id",
        "Configuration Manager resource id",
    ),
    (Meaning::SiteCode, "device.site_code", "Site code"),
    (Meaning::SmbiosGuid, "device.smbios_guid", "SMBIOS GUID"),
    (
        Meaning::SerialNumber,
        "device.serial_number",
        "Serial number",
    ),
    (
        Meaning::OsCaption,
        "os.caption",
        "Name of the operating system",
    ),
    (
        Meaning::OsVersion,
        "os.version",
        "Windows version, such as 10.0.19045",
    ),
    (
        Meaning::OsBuild,
        "os.build",
        "Windows build, such as 19045, beside a version without it",
    ),
    (
        Meaning::OsProductType,
        "os.product_type",
        "Product type (1 workstation, 2 domain controller, 3 server)",
    ),
    (
        Meaning::OsArchitecture,
        "os.architecture",
        "Architecture (32-bit or 64-bit)",
    ),
    (Meaning::OsServicePack, "os.service_pack", "Service pack"),
    (Meaning::OsSku, "os.sku", "Operating system SKU"),
    (
        Meaning::OsDiscovered,
        "os.discovered",
        "System as discovered (Microsoft Windows NT Workstation 10.0): workstation or server",
    ),
    (Meaning::LastBoot, "time.last_boot", "Last start"),
    (
        Meaning::CollectedAt,
        "time.collected",
        "When the facts were read (last hardware scan)",
    ),
    (
        Meaning::ClientVersion,
        "client.version",
        "Configuration Manager client version",
    ),
    (
        Meaning::IpAddresses,
        "client.ip_addresses",
        "Internet addresses",
    ),
    (Meaning::Roles, "client.roles", "Site system roles"),
    (
        Meaning::Updates,
        "kb.list",
        "Installed updates, one or several in a cell",
    ),
    (Meaning::LongKey, "long.key", "Registry key of the row"),
    (
        Meaning::LongProperty,
        "long.property",
        "Name of the registry value of the row",
    ),
    (
        Meaning::LongValue,
        "long.value",
        "Content of the registry value of the row",
    ),
    (
        Meaning::ScriptOutput,
        "script.output",
        "Output of the collector script (a report as JSON)",
    ),
];

/// Registry values that the rules read.
const VALUES: &[(Key, &str)] = &[
    (Key::WinHttpNative, "DefaultSecureProtocols"),
    (Key::WinHttpWow64, "DefaultSecureProtocols"),
    (Key::Tls12Client, "Enabled"),
    (Key::Tls12Client, "DisabledByDefault"),
    (Key::Tls12Server, "Enabled"),
    (Key::Tls12Server, "DisabledByDefault"),
    (Key::NdpV4Full, "Release"),
    (Key::NetV4Native, "SchUseStrongCrypto"),
    (Key::NetV4Native, "SystemDefaultTlsVersions"),
    (Key::NetV4Wow64, "SchUseStrongCrypto"),
    (Key::NetV4Wow64, "SystemDefaultTlsVersions"),
    (Key::NdpV35, "Install"),
    (Key::NetV2Native, "SchUseStrongCrypto"),
    (Key::NetV2Native, "SystemDefaultTlsVersions"),
    (Key::NetV2Wow64, "SchUseStrongCrypto"),
    (Key::NetV2Wow64, "SystemDefaultTlsVersions"),
    (Key::FipsPolicy, "Enabled"),
    (Key::CurrentVersion, "CurrentBuildNumber"),
];

/// Files whose versions the rules read.
const FILES: &[&str] = &["winhttp.dll", "webio.dll", "schannel.dll"];

/// Updates that the rules look for.
const UPDATES: &[u32] = &[3_140_245, 4_019_276, 4_467_770];

impl Meaning {
    /// A value of the registry.
    pub(super) fn registry(key: Key, value: &str) -> Self {
        Self::Registry {
            key: key.path().to_owned(),
            value: value.to_owned(),
        }
    }

    /// Everything worth offering in a list to choose from.
    pub fn choices() -> Vec<Self> {
        let plain = PLAIN.iter().map(|(meaning, ..)| meaning.clone());
        let values = VALUES
            .iter()
            .map(|(key, value)| Self::registry(*key, value));
        let files = FILES
            .iter()
            .map(|name| Self::FileVersion((*name).to_owned()));
        let updates = UPDATES.iter().map(|number| Self::HasUpdate(*number));
        plain.chain(values).chain(updates).chain(files).collect()
    }

    /// The code, which stays from version to version: `os.version`, `kb:3140245`, `registry:HKLM\…!Enabled`.
    pub fn code(&self) -> String {
        match self {
            Self::Registry { key, value } => format!("registry:{key}!{value}"),
            Self::HasUpdate(number) => format!("kb:{number}"),
            Self::FileVersion(name) => format!("file:{name}"),
            plain => plain.plain().0.to_owned(),
        }
    }

    /// What to call it on a page.
    pub fn title(&self) -> String {
        match self {
            Self::Registry { key, value } => format!("Registry value {value} in {key}"),
            Self::HasUpdate(number) => format!("KB{number} is installed (yes or no)"),
            Self::FileVersion(name) => format!("Version of {name} in System32"),
            plain => plain.plain().1.to_owned(),
        }
    }

    fn plain(&self) -> (&'static str, &'static str) {
        let found = PLAIN.iter().find(|(meaning, ..)| meaning == self);
        found.map_or(("ignored", "Not read"), |(_, code, title)| (code, title))
    }

    /// Whether it says which device a row is about.
    pub(super) const fn is_identity(&self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Fqdn
                | Self::Domain
                | Self::SmsGuid
                | Self::ResourceId
                | Self::SiteCode
                | Self::SmbiosGuid
                | Self::SerialNumber
        )
    }

    /// Whether it is one of the columns of a table with one registry value a row.
    pub(super) const fn is_long(&self) -> bool {
        matches!(self, Self::LongKey | Self::LongProperty | Self::LongValue)
    }
}

impl FromStr for Meaning {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        if let Some((meaning, ..)) = PLAIN.iter().find(|(_, known, _)| *known == code) {
            return Ok(meaning.clone());
        }
        let unknown = || {
            let shown: String = code.chars().take(100).collect();
            format!("`{shown}` is no meaning of a column that this version knows.")
        };
        let (kind, rest) = code.split_once(':').ok_or_else(unknown)?;
        match kind {
            "registry" => {
                let (key, value) = rest.split_once('!').ok_or_else(unknown)?;
                let key = machine_key(key).ok_or_else(unknown)?;
                let value = value.trim();
                if value.is_empty() || !is_fit(value) {
                    return Err(unknown());
                }
                Ok(Self::Registry {
                    key,
                    value: value.to_owned(),
                })
            }
            "kb" => {
                let plain = (5..=9).contains(&rest.len())
                    && rest.bytes().all(|byte| byte.is_ascii_digit())
                    && !rest.starts_with('0');
                let number = rest.parse().ok().filter(|_| plain);
                number.map(Self::HasUpdate).ok_or_else(unknown)
            }
            "file" if is_fit(rest) && !rest.trim().is_empty() && !rest.contains(['\\', '/']) => {
                Ok(Self::FileVersion(rest.trim().to_owned()))
            }
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Meaning {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        code.parse()
    }
}

impl From<Meaning> for String {
    fn from(meaning: Meaning) -> Self {
        meaning.code()
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

fn is_fit(text: &str) -> bool {
    text.len() <= MAX_PART && !text.chars().any(char::is_control)
}

/// A key under HKLM in the spelling of reports, from any of the ways to write it; keys that the rules read as
/// Microsoft spells them. `None`: it is no such key.
pub(super) fn machine_key(path: &str) -> Option<String> {
    let path = without_provider(path.trim().trim_matches('"'));
    let (root, rest) = path.split_once('\\')?;
    let root = root.trim_end_matches(':');
    let known = ["HKLM", "HKEY_LOCAL_MACHINE"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(root));
    let steps: Vec<&str> = rest.split('\\').filter(|step| !step.is_empty()).collect();
    if !known || steps.is_empty() || !is_fit(path) || path.contains('!') {
        return None;
    }
    let path = format!(r"HKLM\{}", steps.join(r"\"));
    Some(Key::from_path(&path).map_or(path, |key| key.path().to_owned()))
}

/// Whether 32-bit programs are shown another copy of a key.
pub(super) fn is_redirected(key: &str) -> bool {
    const SOFTWARE: &str = r"HKLM\SOFTWARE\";
    const WOW: &str = "Wow6432Node";
    match key.split_at_checked(SOFTWARE.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(SOFTWARE) => !rest
            .split('\\')
            .next()
            .is_some_and(|step| step.eq_ignore_ascii_case(WOW)),
        _ => false,
    }
}
