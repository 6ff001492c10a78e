//! What a collector read on one client: facts, never verdicts.
//!
//! Every registry fact is one of three things and the last two are never confused: a value, *absent*
//! (the place was read, nothing there) or *not collected*.

use super::{identity::ClientIds, time::Timestamp};

/// One report as the rules see it, after decoding and before judging.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The sender's id of this report; makes sending it again harmless.
    pub report_id: Option<String>,
    /// When the facts were read, by the client's clock.
    pub collected_at: Timestamp,
    /// Who the client is.
    pub ids: ClientIds,
    /// What was read.
    pub facts: Facts,
}

/// Everything the rules may look at. `None` and `NotCollected` both mean "nobody looked".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// 32 or 64: bitness of the process that read the registry. A 32-bit reader on 64-bit Windows sees
    /// the redirected copy of `HKLM\SOFTWARE`.
    pub process_bits: Option<u32>,
    /// Whether a 32-bit reader asked for the 64-bit view by name, so that no redirection happened.
    pub explicit_views: bool,
    /// When they were read was said without a time zone and taken for the earliest that it can be; they may be up to
    /// [`super::time::UNZONED`] younger.
    pub time_open: bool,
    /// ConfigMgr client version, for display.
    pub client_version: Option<String>,
    /// Site system roles, lower-case, such as `management_point`; empty for a plain client.
    pub roles: Vec<String>,
    /// How the client talks to its site: `http`, `https`, `ehttp`; for display only.
    pub communication: Option<String>,
    /// Addresses as reported; for display only.
    pub ip_addresses: Vec<String>,
    /// Management point in use; for display only.
    pub management_point: Option<String>,
    /// The operating system.
    pub os: OsFacts,
    /// Registry keys that somebody looked at.
    pub registry: Registry,
    /// KB numbers, digits only, sorted. `None`: the list was not read.
    pub hotfixes: Option<Vec<u32>>,
    /// The hotfix list is known to be cut, so that a number missing from it proves nothing.
    pub hotfixes_cut: bool,
    /// Versions of the files that matter. `None`: no file was looked at.
    pub files: Option<Files>,
    /// Cipher suite names as offered, in order. `None`: not read.
    pub cipher_suites: Option<Vec<String>>,
    /// What the source told in two ways, such as two rows of one table; it is in none of the others.
    pub contradicted: Vec<Contradicted>,
    /// Installed software that the rules know (SQL clients, ODBC drivers, WSUS …). `None`: not read.
    pub software: Option<Vec<Software>>,
}

/// A fact that one source told in two ways, so that neither is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradicted {
    /// Whether a key is there.
    Key(Key),
    /// A value under a key, by its name.
    Value(Key, String),
    /// Another one, by its name in the report document: `os.version`, `hotfix:KB3140245`, `file:` and a path.
    Other(String),
}

/// The operating system as reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsFacts {
    /// `windows` unless the report says otherwise (`macos`, `windows_mdm`); lower-case.
    pub platform: Option<String>,
    /// Display only: captions lie ("Windows 10" on Windows 11) and are localised.
    pub caption: Option<String>,
    /// `major.minor.build` as reported by WMI.
    pub version: Option<OsVersion>,
    /// Build number read from the registry (`CurrentBuildNumber`), to expose a lying version call.
    pub registry_build: Option<u32>,
    /// 1 workstation, 2 domain controller, 3 server.
    pub product_type: Option<u32>,
    /// From the localised text or another source. `None`: unknown.
    pub bits: Option<Bits>,
    /// Service pack number.
    pub service_pack: Option<u32>,
    /// `OperatingSystemSKU`.
    pub sku: Option<u32>,
    /// `SuiteMask`; bit 0x40 is an embedded system.
    pub suite_mask: Option<u32>,
    /// Last start of the machine.
    pub last_boot_at: Option<Timestamp>,
}

/// Windows' own version number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OsVersion {
    /// 10 for everything since Windows 10.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Build number.
    pub build: u32,
}

/// Width of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// 32-bit Windows: no second registry view.
    B32,
    /// 64-bit Windows (x64, ARM64): two views of `HKLM\SOFTWARE`.
    B64,
}

/// A fact that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// Nobody looked, or what came back could not be used.
    NotCollected,
    /// The place was read; nothing there.
    Absent,
    /// The place was read; this is there.
    Value(T),
}

/// The registry keys the rules know. Everything else stays in the raw report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Key {
    /// `…\Internet Settings\WinHttp`, native view.
    WinHttpNative,
    /// The same under `Wow6432Node`.
    WinHttpWow64,
    /// `SCHANNEL\Protocols\TLS 1.2\Client`.
    Tls12Client,
    /// `SCHANNEL\Protocols\TLS 1.2\Server`.
    Tls12Server,
    /// `SCHANNEL\Protocols\TLS 1.0\Client`; display only.
    Tls10Client,
    /// `SCHANNEL\Protocols\TLS 1.0\Server`; display only.
    Tls10Server,
    /// `SCHANNEL\Protocols\TLS 1.1\Client`; display only.
    Tls11Client,
    /// `SCHANNEL\Protocols\TLS 1.1\Server`; display only.
    Tls11Server,
    /// `SCHANNEL\Protocols\TLS 1.3\Client`; display only.
    Tls13Client,
    /// `SOFTWARE\Microsoft\.NETFramework\v4.0.30319`.
    NetV4Native,
    /// The same under `Wow6432Node`.
    NetV4Wow64,
    /// `SOFTWARE\Microsoft\.NETFramework\v2.0.50727`.
    NetV2Native,
    /// The same under `Wow6432Node`.
    NetV2Wow64,
    /// `SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full`.
    NdpV4Full,
    /// `SOFTWARE\Microsoft\NET Framework Setup\NDP\v3.5`.
    NdpV35,
    /// `SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy`.
    FipsPolicy,
    /// `SYSTEM\CurrentControlSet\Control\Lsa` (value `FIPSAlgorithmPolicy` on XP/2003).
    Lsa,
    /// `SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002` (value `Functions`).
    CipherPolicy,
    /// `SOFTWARE\Microsoft\Windows NT\CurrentVersion`.
    CurrentVersion,
}

impl Key {
    /// All keys, in the order of the enum.
    pub const ALL: [Self; 19] = [
        Self::WinHttpNative,
        Self::WinHttpWow64,
        Self::Tls12Client,
        Self::Tls12Server,
        Self::Tls10Client,
        Self::Tls10Server,
        Self::Tls11Client,
        Self::Tls11Server,
        Self::Tls13Client,
        Self::NetV4Native,
        Self::NetV4Wow64,
        Self::NetV2Native,
        Self::NetV2Wow64,
        Self::NdpV4Full,
        Self::NdpV35,
        Self::FipsPolicy,
        Self::Lsa,
        Self::CipherPolicy,
        Self::CurrentVersion,
    ];

    /// The full path as Microsoft writes it, starting with `HKLM\`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::WinHttpNative => {
                r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
            }
            Self::WinHttpWow64 => {
                r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
            }
            Self::Tls12Client => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
            }
            Self::Tls12Server => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server"
            }
            Self::Tls10Client => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.0\Client"
            }
            Self::Tls10Server => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.0\Server"
            }
            Self::Tls11Client => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.1\Client"
            }
            Self::Tls11Server => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.1\Server"
            }
            Self::Tls13Client => {
                r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.3\Client"
            }
            Self::NetV4Native => r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319",
            Self::NetV4Wow64 => r"HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319",
            Self::NetV2Native => r"HKLM\SOFTWARE\Microsoft\.NETFramework\v2.0.50727",
            Self::NetV2Wow64 => r"HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v2.0.50727",
            Self::NdpV4Full => r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full",
            Self::NdpV35 => r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v3.5",
            Self::FipsPolicy => r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy",
            Self::Lsa => r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa",
            Self::CipherPolicy => {
                r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002"
            }
            Self::CurrentVersion => r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion",
        }
    }

    /// The key a path names: any case, `HKLM` or `HKEY_LOCAL_MACHINE`, with or without a final `\`.
    pub fn from_path(path: &str) -> Option<Self> {
        let path = path.trim().trim_end_matches('\\');
        let rest = strip_prefix_ignore_case(path, r"HKLM\")
            .or_else(|| strip_prefix_ignore_case(path, r"HKEY_LOCAL_MACHINE\"))
            .or_else(|| strip_prefix_ignore_case(path, r"HKLM:\"))?;
        Self::ALL
            .into_iter()
            .find(|key| key.path()[r"HKLM\".len()..].eq_ignore_ascii_case(rest))
    }
}

fn strip_prefix_ignore_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// What was seen at the known keys. A key that is not there was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    keys: [Option<Box<KeyReading>>; Key::ALL.len()],
    /// Keys under `SCHANNEL\Protocols` or `.NETFramework` that look like a misspelt known key, as written.
    pub misspelt: Vec<String>,
    /// Of several sources: keys with a value from a source that does not say which registry view it read.
    pub unproven: Vec<Key>,
    /// Of several sources: keys of which such a source says later something else than what is proven.
    pub disputed: Vec<Key>,
}

/// One key that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyReading {
    /// False: looked for and not there.
    pub exists: bool,
    /// The key's last write; a value has none of its own.
    pub last_write_at: Option<Timestamp>,
    /// Values under it, names as written; compared without case.
    pub values: Vec<(String, RegValue)>,
    /// Values that were asked for and are not there. Only of interest when `partial`.
    pub absent: Vec<String>,
    /// Only `values` and `absent` were asked for; of any other value nothing is known.
    pub partial: bool,
}

/// A registry value: its type as stated, and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegValue {
    /// Type as stated by the source; `None`: the source has no types (then taken as a DWORD with a note).
    pub kind: Option<RegType>,
    /// Data.
    pub data: RegData,
}

/// The registry types the rules tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegType {
    /// `REG_DWORD`.
    Dword,
    /// `REG_QWORD`.
    Qword,
    /// `REG_SZ` and `REG_EXPAND_SZ`.
    Text,
    /// `REG_MULTI_SZ`.
    MultiText,
    /// `REG_BINARY` and everything else.
    Other,
}

/// Data of a registry value, already normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegData {
    /// A number 0…4294967295 (−1 has become 4294967295).
    Number(u32),
    /// Text as found.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// There, but not usable as a number or text; shown as it came.
    Unreadable(String),
}

impl Registry {
    /// Records what was seen at a key. A second reading of the same key replaces the first.
    pub fn insert(&mut self, key: Key, reading: KeyReading) {
        self.keys[key as usize] = Some(Box::new(reading));
    }

    /// Forgets a key, as if nobody had looked.
    pub fn remove(&mut self, key: Key) -> Option<KeyReading> {
        self.keys[key as usize].take().map(|boxed| *boxed)
    }

    /// What was seen at a key; `None`: not looked at.
    pub fn key(&self, key: Key) -> Option<&KeyReading> {
        self.keys[key as usize].as_deref()
    }

    /// For tests and importers that build facts: the reading to change, made (existing, empty) if missing.
    pub fn key_mut(&mut self, key: Key) -> &mut KeyReading {
        self.keys[key as usize].get_or_insert_with(|| {
            Box::new(KeyReading {
                exists: true,
                ..KeyReading::default()
            })
        })
    }

    /// One value: three-valued as the whole product needs it. Names compare without case.
    pub fn value(&self, key: Key, name: &str) -> Reading<&RegValue> {
        match self.key(key) {
            None => Reading::NotCollected,
            Some(reading) => {
                let value = reading
                    .values
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name));
                let asked = || {
                    !reading.partial
                        || !reading.exists
                        || reading.absent.iter().any(|a| a.eq_ignore_ascii_case(name))
                };
                match value {
                    Some((_, value)) => Reading::Value(value),
                    None if asked() => Reading::Absent,
                    None => Reading::NotCollected,
                }
            }
        }
    }
}

/// A four-part file version, compared number by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileVersion(pub [u32; 4]);

/// Versions of the files the rules know, System32 copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `winhttp.dll`.
    pub winhttp: Option<FileVersion>,
    /// `webio.dll`.
    pub webio: Option<FileVersion>,
    /// `schannel.dll`.
    pub schannel: Option<FileVersion>,
    /// `WsusService.exe`, on software update points.
    pub wsus_service: Option<FileVersion>,
}

/// One installed product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// Display name as listed.
    pub name: String,
    /// Version as listed.
    pub version: String,
}
