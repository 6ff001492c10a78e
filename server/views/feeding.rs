//! How to feed cutover: every way to get facts out of a site, with what to copy, and the files of the kit.

use askama::Template;

use super::{Layout, text::number};

/// A file of the kit as it is built in.
#[derive(Clone, Copy, Debug)]
pub struct KitFile {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

/// A file of the kit, dressed.
#[derive(Clone, Debug)]
pub struct KitRow {
    /// Its name.
    pub name: &'static str,
    /// Where it is had.
    pub href: String,
    /// How large it is.
    pub size: String,
    /// What it is for.
    pub purpose: &'static str,
}

/// A query to copy.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// What it asks for.
    pub title: &'static str,
    /// The query.
    pub text: &'static str,
}

/// The queries for CMPivot, in the order in which they are worth running. Backslashes are doubled in its texts. A join is
/// always on the device, and there are at most five in a query; each has its row from `OperatingSystem`, whatever the
/// others say, so that an empty cell is an answer.
pub const CMPIVOT: &[Query] = &[
    Query {
        title: "Windows, WinHTTP, SChannel and the .NET Framework version",
        text: r"OperatingSystem
| project Device, Caption, Version, BuildNumber, ProductType, OSArchitecture, LastBootUpTime
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp') | where Property == 'DefaultSecureProtocols' | project Device, Asked_WinHttpNative = Value)
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp') | where Property == 'DefaultSecureProtocols' | project Device, Asked_WinHttpWow64 = Value)
| join kind=leftouter (Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client') | where Property == 'Enabled' | project Device, Asked_Tls12ClientEnabled = Value)
| join kind=leftouter (Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client') | where Property == 'DisabledByDefault' | project Device, Asked_Tls12ClientDisabledByDefault = Value)
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full') | where Property == 'Release' | project Device, Asked_NetRelease = Value)",
    },
    Query {
        title: ".NET Framework 4 values, both views",
        text: r"OperatingSystem
| project Device, Caption, Version
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319') | where Property == 'SystemDefaultTlsVersions' | project Device, Asked_NetV4NativeSystemDefaultTlsVersions = Value)
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319') | where Property == 'SchUseStrongCrypto' | project Device, Asked_NetV4NativeSchUseStrongCrypto = Value)
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30319') | where Property == 'SystemDefaultTlsVersions' | project Device, Asked_NetV4Wow64SystemDefaultTlsVersions = Value)
| join kind=leftouter (Registry('hklm:\\SOFTWARE\\Wow6432Node\\Microsoft\\.NETFramework\\v4.0.30319') | where Property == 'SchUseStrongCrypto' | project Device, Asked_NetV4Wow64SchUseStrongCrypto = Value)",
    },
    Query {
        title: "The WinHTTP update, on Windows 7, Server 2008 R2 and Server 2012",
        text: "QuickFixEngineering | where HotFixID == 'KB3140245'",
    },
    Query {
        title: "File version, which proves more than the update list",
        text: r"File('%windir%\\system32\\winhttp.dll')",
    },
    Query {
        title: "The second file",
        text: r"File('%windir%\\system32\\webio.dll')",
    },
];

/// What the result of the first of them looks like when it is exported.
pub const CMPIVOT_SAMPLE: &str =
    "Device,Caption,Version,BuildNumber,ProductType,OSArchitecture,LastBootUpTime,Asked_WinHttpNative,Asked_WinHttpWow64,Asked_Tls12ClientEnabled,Asked_Tls12ClientDisabledByDefault,Asked_NetRelease
PC-0101,Microsoft Windows 10 Enterprise,10.0.19045,19045,1,64-bit,2026-11-20T06:12:44Z,,,1,0,528372
PC-0102,Microsoft Windows 10 Enterprise,10.0.19044,19044,1,64-bit,2026-11-02T17:40:05Z,2720,2720,,,461814";

/// What each known file is for; a file that is not here is listed all the same.
const PURPOSES: &[(&str, &str)] = &[
    (
        "cutover-collect.ps1",
        "The collector: PowerShell 2.0 to 7, reads and reports",
    ),
    (
        "cutover-collect.cmd",
        "The fallback for computers where no PowerShell may run",
    ),
    (
        "scheduled-task.xml",
        "A daily task for Group Policy or schtasks",
    ),
    (
        "device-list.sql",
        "The expected list from the site database",
    ),
    (
        "facts.sql",
        "What the site database knows without any change",
    ),
    (
        "facts-with-inventory.sql",
        "The registry values of extended hardware inventory",
    ),
    (
        "cutover.mof",
        "Hardware inventory, part 1: data classes for configuration.mof",
    ),
    (
        "cutover-import.mof",
        "Hardware inventory, part 2: reporting classes to import",
    ),
];

/// The page.
#[derive(Debug, Template)]
#[template(path = "feeding.html", whitespace = "minimize")]
pub struct FeedingPage {
    /// The frame.
    pub layout: Layout,
    /// What can be downloaded.
    pub files: Vec<KitRow>,
    /// Queries for CMPivot.
    pub queries: &'static [Query],
    /// What a result of CMPivot looks like.
    pub sample: &'static str,
    /// The statement for the expected list.
    pub device_list: String,
    /// The statement for facts.
    pub facts: String,
    /// The statement for extended inventory.
    pub inventory: String,
}

impl FeedingPage {
    /// The page; `files` are all files of the kit.
    pub fn new(layout: Layout, files: impl Iterator<Item = KitFile>) -> Self {
        let files: Vec<KitFile> = files.collect();
        let text = |name: &str| {
            files
                .iter()
                .find(|file| file.name == name)
                .map(|file| String::from_utf8_lossy(file.bytes).replace('\r', ""))
                .unwrap_or_default()
        };
        Self {
            layout,
            queries: CMPIVOT,
            sample: CMPIVOT_SAMPLE,
            device_list: text("device-list.sql"),
            facts: text("facts.sql"),
            inventory: text("facts-with-inventory.sql"),
            files: files.iter().map(KitRow::new).collect(),
        }
    }

    /// Whether a file is in the kit, so that the page does not link what is not there.
    pub fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }
}

impl KitRow {
    fn new(file: &KitFile) -> Self {
        let length = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
        Self {
            name: file.name,
            href: format!("/kit/{}", file.name),
            size: format!("{} bytes", number(length)),
            purpose: PURPOSES
                .iter()
                .find(|(name, _)| *name == file.name)
                .map_or("", |(_, purpose)| purpose),
        }
    }
}
