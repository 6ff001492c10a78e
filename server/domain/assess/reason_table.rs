//! The reasons as data: one line each, in the order of their bits.

use super::reasons::{ReasonInfo, code};
use crate::domain::verdict::Impact;

/// A fix: stable code and short words.
struct Fix(&'static str, &'static str);

const RETIRE: Fix = Fix(
    "replace-machine",
    "Replace the machine or its operating system",
);
const TLS_UPDATE: Fix = Fix(
    "install-kb4019276",
    "Install KB4019276 or replace the machine",
);
const HANDSHAKE: Fix = Fix(
    "prove-by-handshake",
    "Prove TLS 1.2 by a handshake, or replace",
);
const RECOLLECT_OS: Fix = Fix("collect-os", "Report version, product type and build again");
const RECOLLECT_UPDATES: Fix = Fix("collect-updates", "Report update list and file versions");
const RECOLLECT_REGISTRY: Fix = Fix("collect-registry", "Read the registry again, in both views");
const RECOLLECT_SOFTWARE: Fix = Fix("collect-software", "Report installed SQL and WSUS versions");
const WINHTTP_UPDATE: Fix = Fix("install-kb3140245", "Install KB3140245");
const SERVICE_PACK: Fix = Fix(
    "install-service-pack",
    "Install Service Pack 1, then KB3140245",
);
const EMBEDDED_UPDATE: Fix = Fix(
    "install-kb4467770",
    "Install KB4467770 or replace the machine",
);
const SECURE_PROTOCOLS: Fix = Fix("set-default-secure-protocols", "Set DefaultSecureProtocols");
const ENABLE_CLIENT: Fix = Fix(
    "enable-schannel-tls12-client",
    "Enable TLS 1.2 for SChannel clients",
);
const ENABLE_SERVER: Fix = Fix(
    "enable-schannel-tls12-server",
    "Enable TLS 1.2 for SChannel servers",
);
const REWRITE: Fix = Fix("rewrite-as-dword", "Write the value again as REG_DWORD");
const DOTNET: Fix = Fix("install-dotnet-48", "Install .NET Framework 4.8");
const DOTNET_VALUES: Fix = Fix("set-dotnet-tls-values", "Set the .NET TLS values to 1");
const CIPHERS: Fix = Fix(
    "fix-cipher-suites",
    "Enable a TLS 1.2 cipher suite the servers accept",
);
const RECOLLECT_CIPHERS: Fix = Fix("collect-cipher-suites", "Report the cipher suites again");
const RESTART: Fix = Fix("restart-computer", "Restart the computer");
const SQL_UPDATE: Fix = Fix("update-sql-server", "Update SQL Server");
const SQL_CLIENT: Fix = Fix("update-sql-client", "Update the SQL client or ODBC driver");
const WSUS: Fix = Fix("update-wsus", "Install the WSUS update");

const ORPHAN: Option<Impact> = Some(Impact::Orphan);
const PARTIAL: Option<Impact> = Some(Impact::Partial);
const DEGRADED: Option<Impact> = Some(Impact::Degraded);
const OPEN: Option<Impact> = None;

macro_rules! reasons {
    ($($bit:literal $code:ident $check:literal $impact:ident $fix:ident $title:literal;)*) => {
        &[$(ReasonInfo {
            code: code::$code,
            bit: $bit,
            check: $check,
            title: $title,
            fix: $fix.0,
            fix_title: $fix.1,
            impact: $impact,
        },)*]
    };
}

/// Every reason a failed or undecided check can carry, in the order of their bits.
#[rustfmt::skip]
pub const REASONS: &[ReasonInfo] = reasons! {
    0 OS_NOT_USABLE "os" ORPHAN RETIRE "Not a Windows client";
    1 OS_VERSION_MISSING "os" OPEN RECOLLECT_OS "Windows version missing";
    2 OS_PRODUCT_TYPE_MISSING "os" OPEN RECOLLECT_OS "Client or server unknown";
    3 OS_CONTRADICTORY "os" OPEN RECOLLECT_OS "Contradictory Windows version";
    4 OS_WITHOUT_TLS12 "os" ORPHAN RETIRE "Windows without TLS 1.2";
    5 OS_UPDATE_MISSING "os" ORPHAN TLS_UPDATE "TLS 1.2 update KB4019276 missing";
    6 OS_UPDATE_NOT_PROVEN "os" OPEN RECOLLECT_UPDATES "TLS 1.2 update KB4019276 not proven";
    7 OS_WINHTTP_UNDOCUMENTED "os" OPEN HANDSHAKE "Embedded 2009: behaviour not documented";
    8 OS_BUILD_UNKNOWN "os" OPEN RECOLLECT_OS "No such Windows release";
    9 UPDATE_SERVICE_PACK "winhttp.update" ORPHAN SERVICE_PACK "Service Pack 1 missing";
    10 UPDATE_FILE_OLD "winhttp.update" ORPHAN WINHTTP_UPDATE "WinHTTP files too old for TLS 1.2";
    11 UPDATE_MISSING "winhttp.update" ORPHAN EMBEDDED_UPDATE "WinHTTP update KB4467770 missing";
    12 UPDATE_NOT_PROVEN "winhttp.update" OPEN RECOLLECT_UPDATES "WinHTTP update not proven";
    13 UPDATE_UNDOCUMENTED "winhttp.update" OPEN HANDSHAKE "Effect of KB4467770 not documented";
    14 WINHTTP_BIT "winhttp.default_secure_protocols.native" ORPHAN SECURE_PROTOCOLS "WinHTTP value without TLS 1.2";
    15 WINHTTP_DEFAULT "winhttp.default_secure_protocols.native" ORPHAN SECURE_PROTOCOLS "WinHTTP value not set";
    16 WINHTTP_WOW_BIT "winhttp.default_secure_protocols.wow64" PARTIAL SECURE_PROTOCOLS "32-bit WinHTTP value without TLS 1.2";
    17 WINHTTP_WOW_DEFAULT "winhttp.default_secure_protocols.wow64" PARTIAL SECURE_PROTOCOLS "32-bit WinHTTP value not set";
    18 WINHTTP_NOT_COLLECTED "winhttp.default_secure_protocols.native" OPEN RECOLLECT_REGISTRY "WinHTTP value not collected";
    19 WINHTTP_VIEW "winhttp.default_secure_protocols.native" OPEN RECOLLECT_REGISTRY "WinHTTP value perhaps read in the wrong view";
    20 WINHTTP_TYPE "winhttp.default_secure_protocols.native" OPEN REWRITE "WinHTTP value of the wrong type";
    21 WINHTTP_DEFAULT_UNKNOWN "winhttp.default_secure_protocols.native" OPEN RECOLLECT_OS "WinHTTP default unknown";
    22 WINHTTP_WIDTH "winhttp.default_secure_protocols.wow64" OPEN RECOLLECT_OS "32-bit or 64-bit unknown";
    23 SCHANNEL_DISABLED "schannel.tls12_client" ORPHAN ENABLE_CLIENT "TLS 1.2 switched off";
    24 SCHANNEL_BY_DEFAULT "schannel.tls12_client" ORPHAN ENABLE_CLIENT "TLS 1.2 disabled by default";
    25 SCHANNEL_NOT_ENABLED "schannel.tls12_client" ORPHAN ENABLE_CLIENT "TLS 1.2 not switched on";
    26 SCHANNEL_NOT_COLLECTED "schannel.tls12_client" OPEN RECOLLECT_REGISTRY "SChannel key not collected";
    27 SCHANNEL_TYPE "schannel.tls12_client" OPEN REWRITE "SChannel value of the wrong type";
    28 SCHANNEL_DEFAULT_UNKNOWN "schannel.tls12_client" OPEN RECOLLECT_OS "SChannel default unknown";
    29 NET_VERSION_MISSING "dotnet.version" DEGRADED DOTNET ".NET Framework 4.5 or later missing";
    30 NET_VERSION_OLD "dotnet.version" DEGRADED DOTNET ".NET Framework too old";
    31 NET_VERSION_UNKNOWN "dotnet.version" OPEN RECOLLECT_REGISTRY ".NET version not collected or unreadable";
    32 NET_NOT_COLLECTED "dotnet.v4.native" OPEN RECOLLECT_REGISTRY ".NET values not collected";
    33 NET_VIEW "dotnet.v4.native" OPEN RECOLLECT_REGISTRY ".NET values perhaps read in the wrong view";
    34 NET_TYPE "dotnet.v4.native" OPEN REWRITE ".NET value of the wrong type";
    35 NET_WIDTH "dotnet.v4.wow64" OPEN RECOLLECT_OS "32-bit or 64-bit unknown (.NET)";
    36 NET_DEFAULT_UNKNOWN "dotnet.v4.native" OPEN RECOLLECT_REGISTRY "Windows default for .NET unknown";
    37 NET_DEFAULT_LACKS "dotnet.v4.native" DEGRADED ENABLE_CLIENT ".NET follows a Windows default without TLS 1.2";
    38 NET_DISABLED "dotnet.v4.native" DEGRADED ENABLE_CLIENT "TLS 1.2 switched off for .NET";
    39 NET_WEAK "dotnet.v4.native" DEGRADED DOTNET_VALUES ".NET strong crypto switched off";
    40 NET_NOT_STRONG "dotnet.v4.native" DEGRADED DOTNET_VALUES ".NET strong crypto not set";
    41 NET_VALUES_MISSING "dotnet.v4.native" DEGRADED DOTNET_VALUES ".NET TLS values missing on a site system";
    42 CIPHER_NONE "cipher_suites" ORPHAN CIPHERS "No TLS 1.2 cipher suite";
    43 CIPHER_NOT_SHARED "cipher_suites" ORPHAN CIPHERS "No cipher suite shared with the servers";
    44 CIPHER_UNUSABLE "cipher_suites" OPEN RECOLLECT_CIPHERS "Cipher suite list unusable";
    45 RESTART_PENDING "restart" OPEN RESTART "Restart pending";
    46 SERVER_DISABLED "schannel.tls12_server" ORPHAN ENABLE_SERVER "TLS 1.2 switched off for incoming connections";
    47 SERVER_BY_DEFAULT "schannel.tls12_server" ORPHAN ENABLE_SERVER "TLS 1.2 disabled by default for incoming connections";
    48 SERVER_NOT_ENABLED "schannel.tls12_server" ORPHAN ENABLE_SERVER "TLS 1.2 not switched on for incoming connections";
    49 SQL_ENGINE_OLD "sql.engine" ORPHAN SQL_UPDATE "SQL Server build without TLS 1.2";
    50 SQL_ENGINE_UNKNOWN "sql.engine" OPEN RECOLLECT_SOFTWARE "SQL Server build unknown";
    51 SQL_CLIENT_OLD "sql.client" ORPHAN SQL_CLIENT "SQL Native Client too old";
    52 SQL_ODBC_BROKEN "sql.client" ORPHAN SQL_CLIENT "ODBC driver that breaks Configuration Manager";
    53 SQL_CLIENT_UNKNOWN "sql.client" OPEN RECOLLECT_SOFTWARE "SQL client unknown";
    54 WSUS_OLD "wsus" DEGRADED WSUS "WSUS without TLS 1.2";
    55 WSUS_UNKNOWN "wsus" OPEN RECOLLECT_SOFTWARE "WSUS update not proven";
};
