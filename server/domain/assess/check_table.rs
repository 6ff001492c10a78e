//! The checks as data: what each looks at, what passes, why it matters, and on whose word.

use super::sources;

/// One check, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckInfo {
    /// Id of the contract.
    pub id: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// What passes, and what does not.
    pub rule: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The documents behind it.
    pub sources: &'static [&'static str],
    /// It is asked of site systems only.
    pub site_systems: bool,
}

/// The check of an id.
pub fn check_info(id: &str) -> Option<&'static CheckInfo> {
    CHECKS.iter().find(|check| check.id == id)
}

const VALUES_WHY: &str = "Software Center, parts of the console and many scripts are .NET programs. Older ones choose TLS 1.0 themselves unless these values tell them to use what Windows offers.";
const VALUES_RULE: &str = "Passes when SystemDefaultTlsVersions and SchUseStrongCrypto are both 1. Fails when SchUseStrongCrypto is 0 and SystemDefaultTlsVersions is not 1, when TLS 1.2 is off in Windows, or when .NET follows a Windows default without TLS 1.2. Anything else is a warning on a client and a failure on a site system.";
const OLD_WHY: &str = "Programs made for .NET 2.0 to 3.5 stay on TLS 1.0 without these values. The Configuration Manager client is none of them, so it never decides.";
const OLD_RULE: &str = "Passes when both values are 1; a warning otherwise, where .NET 3.5 is installed. It never blocks.";

/// Every check, in the order of the contract.
pub const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "os",
        looks_at: "Version, build and product type of Windows; on Server 2008 SP2 and Embedded 2009 also an update.",
        rule: "Passes for a known release with TLS 1.2. Releases out of support, and builds newer than the table, pass with a warning. Windows without TLS 1.2, and what is not Windows, fails. A version that is missing, or that two places contradict, decides nothing.",
        why: "TLS 1.2 is a part of Windows. Where it is missing, no setting brings it.",
        sources: &[
            sources::PROTOCOLS,
            sources::CLIENT_SYSTEMS,
            sources::SOLVING,
            sources::KB4019276,
            sources::VERSIONS,
        ],
        site_systems: false,
    },
    CheckInfo {
        id: "winhttp.update",
        looks_at: "Versions of winhttp.dll and webio.dll, and the list of updates.",
        rule: "On Windows 7, 8, Server 2008 R2 and 2012 both files must be as new as KB3140245 brings them, or the update must be listed; a file that is older beats the list. That an update is not listed proves nothing, because a rollup may have brought it. Later Windows needs none.",
        why: "Without the update WinHTTP ignores DefaultSecureProtocols and stays on TLS 1.0, whatever the registry says.",
        sources: &[sources::KB3140245, sources::KB4467770, sources::DLL_SCRIPTS],
        site_systems: false,
    },
    CheckInfo {
        id: "winhttp.default_secure_protocols.native",
        looks_at: "DefaultSecureProtocols in the native registry view.",
        rule: "A value passes when it has the bit 0x800. No value passes from Windows 8.1 and Server 2012 R2 on, and fails before. A value of another type than REG_DWORD decides nothing.",
        why: "The Configuration Manager client talks to its management point through WinHTTP. This value replaces the protocols that WinHTTP offers by itself, on every Windows.",
        sources: &[
            sources::CLIENTS,
            sources::OPTIONS,
            sources::SERVER_WINHTTP,
            sources::VIEWS,
        ],
        site_systems: false,
    },
    CheckInfo {
        id: "winhttp.default_secure_protocols.wow64",
        looks_at: "DefaultSecureProtocols under Wow6432Node, on 64-bit Windows.",
        rule: "As in the native view.",
        why: "32-bit programs read their own copy of the registry. With the native value alone they stay on old protocols.",
        sources: &[sources::OPTIONS, sources::SERVER_WINHTTP, sources::VIEWS],
        site_systems: false,
    },
    CheckInfo {
        id: "schannel.tls12_client",
        looks_at: r"Enabled and DisabledByDefault under SCHANNEL\Protocols\TLS 1.2\Client.",
        rule: "Fails when Enabled is 0 or DisabledByDefault is not 0. Where both are absent, Windows 8, Server 2012 and later pass, and Windows 7, Server 2008 R2 and Server 2008 SP2 fail.",
        why: "SChannel lies under everything else: a protocol that is off here is off for WinHTTP and for .NET.",
        sources: &[
            sources::TLS_REGISTRY,
            sources::RESTRICT,
            sources::PROTOCOLS,
            sources::UNTOUCHED_SEVEN,
            sources::ENABLED_ALONE,
        ],
        site_systems: false,
    },
    CheckInfo {
        id: "dotnet.version",
        looks_at: "Release of .NET Framework 4.",
        rule: "Passes from the lowest release on that is set for this server; 394802 (4.6.2) by default.",
        why: "Configuration Manager asks for this version of .NET before TLS 1.2 can be the only protocol.",
        sources: &[
            sources::CLIENTS,
            sources::OVERVIEW,
            sources::DOTNET_RELEASES,
        ],
        site_systems: false,
    },
    CheckInfo {
        id: "dotnet.v4.native",
        looks_at: r"SystemDefaultTlsVersions and SchUseStrongCrypto under .NETFramework\v4.0.30319.",
        rule: VALUES_RULE,
        why: VALUES_WHY,
        sources: &[sources::CLIENTS, sources::OVERVIEW, sources::DOTNET_TLS],
        site_systems: false,
    },
    CheckInfo {
        id: "dotnet.v4.wow64",
        looks_at: "The same values under Wow6432Node, on 64-bit Windows.",
        rule: VALUES_RULE,
        why: "32-bit .NET programs read these values, not the native ones.",
        sources: &[sources::CLIENTS, sources::OVERVIEW, sources::DOTNET_TLS],
        site_systems: false,
    },
    CheckInfo {
        id: "dotnet.v2.native",
        looks_at: r"The same two values under .NETFramework\v2.0.50727.",
        rule: OLD_RULE,
        why: OLD_WHY,
        sources: &[sources::CLIENTS, sources::DOTNET_TLS],
        site_systems: false,
    },
    CheckInfo {
        id: "dotnet.v2.wow64",
        looks_at: "The same values under Wow6432Node, on 64-bit Windows.",
        rule: OLD_RULE,
        why: OLD_WHY,
        sources: &[sources::CLIENTS, sources::DOTNET_TLS],
        site_systems: false,
    },
    CheckInfo {
        id: "cipher_suites",
        looks_at: "The cipher suites that the client offers, or the policy that sets them, or the default of its Windows.",
        rule: "Fails when none is good for TLS 1.2, or when the suites of the site servers are known and none is shared. That nobody collected them fails nobody.",
        why: "Client and server need a cipher suite in common. A client that is right in everything else still fails the handshake without one.",
        sources: &[sources::SUITES, sources::LEGACY_SWITCH],
        site_systems: false,
    },
    CheckInfo {
        id: "fips",
        looks_at: "FIPS mode.",
        rule: "A warning when it is on. It never blocks.",
        why: "FIPS mode takes cipher suites away and stops some older programs from using TLS at all.",
        sources: &[sources::SUITES, sources::RESTRICT],
        site_systems: false,
    },
    CheckInfo {
        id: "restart",
        looks_at: "The last start of the computer, and the last writes of the keys whose checks pass.",
        rule: "A key that was written after the last start makes a client wait for a restart. Where one of the times is missing, nothing is said.",
        why: "Most of these settings only count after the next start. A client that looks right but has not been restarted still talks TLS 1.0.",
        sources: &[sources::CLIENTS, sources::TLS_REGISTRY],
        site_systems: false,
    },
    CheckInfo {
        id: "schannel.tls12_server",
        looks_at: r"Enabled and DisabledByDefault under SCHANNEL\Protocols\TLS 1.2\Server.",
        rule: "As for outgoing connections.",
        why: "A site system that does not accept TLS 1.2 locks out every client once the old protocols are off.",
        sources: &[sources::TLS_REGISTRY, sources::RESTRICT, sources::PROTOCOLS],
        site_systems: true,
    },
    CheckInfo {
        id: "sql.engine",
        looks_at: "Build of SQL Server, where one is installed.",
        rule: "Passes from the build on that brings TLS 1.2 to its version.",
        why: "The site server and its roles talk to the database over TLS. An older engine does not answer any more.",
        sources: &[sources::SQL_ENGINE, sources::SERVERS],
        site_systems: true,
    },
    CheckInfo {
        id: "sql.client",
        looks_at: "SQL Server Native Client and ODBC drivers.",
        rule: "Passes from the versions on that do TLS 1.2; one ODBC driver that breaks Configuration Manager fails.",
        why: "Roles on other servers reach the database through these drivers.",
        sources: &[sources::SERVERS, sources::PREREQUISITES, sources::ODBC],
        site_systems: true,
    },
    CheckInfo {
        id: "wsus",
        looks_at: "Version of WsusService.exe and the list of updates, on software update points.",
        rule: "Built in since Server 2016. Server 2012 and 2012 R2 need an update; the file beats the list.",
        why: "Without it clients get no software updates once TLS 1.0 is off.",
        sources: &[sources::SERVERS, sources::DLL_SCRIPTS],
        site_systems: true,
    },
];

#[cfg(test)]
mod tests {
    use super::{super::REASONS, *};

    #[test]
    fn every_check_is_explained_once() {
        for (at, check) in CHECKS.iter().enumerate() {
            let first = CHECKS.iter().position(|other| other.id == check.id);
            assert_eq!(first, Some(at), "{}", check.id);
            assert!(!check.sources.is_empty(), "{}", check.id);
        }
        for reason in REASONS {
            assert!(check_info(reason.check).is_some(), "{}", reason.code);
        }
    }
}
