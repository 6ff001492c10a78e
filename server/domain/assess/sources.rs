//! The documents behind the rules, in words a person can look up.

pub(super) const CLIENTS: &str = "Microsoft Learn: How to enable TLS 1.2 on clients (https://learn.microsoft.com/mem/configmgr/core/plan-design/security/enable-tls-1-2-client)";
pub(super) const SERVERS: &str = "Microsoft Learn: How to enable TLS 1.2 on the site servers and remote site systems (https://learn.microsoft.com/mem/configmgr/core/plan-design/security/enable-tls-1-2-server)";
pub(super) const OVERVIEW: &str = "Microsoft Learn: How to enable TLS 1.2 for Configuration Manager (https://learn.microsoft.com/mem/configmgr/core/plan-design/security/enable-tls-1-2)";
pub(super) const TROUBLE: &str = "Microsoft Learn: Common issues when enabling TLS 1.2 (https://learn.microsoft.com/mem/configmgr/core/plan-design/security/enable-tls-1-2-troubleshoot)";
pub(super) const CLIENT_SYSTEMS: &str = "Microsoft Learn: Supported OS versions for clients and devices (https://learn.microsoft.com/mem/configmgr/core/plan-design/configs/supported-operating-systems-for-clients-and-devices)";
pub(super) const PREREQUISITES: &str = "Microsoft Learn: List of prerequisite checks (https://learn.microsoft.com/mem/configmgr/core/servers/deploy/install/list-of-prerequisite-checks)";
pub(super) const PROTOCOLS: &str = "Microsoft Learn: Protocols in TLS/SSL, Schannel SSP (https://learn.microsoft.com/windows/win32/secauthn/protocols-in-tls-ssl--schannel-ssp-)";
pub(super) const SUITES: &str = "Microsoft Learn: Cipher suites in TLS/SSL, Schannel SSP (https://learn.microsoft.com/windows/win32/secauthn/cipher-suites-in-schannel)";
pub(super) const LEGACY_SWITCH: &str = "Microsoft Learn: Disabling legacy TLS (https://learn.microsoft.com/security/engineering/disable-legacy-tls)";
pub(super) const SOLVING: &str = "Microsoft Learn: Solving the TLS 1.0 problem (https://learn.microsoft.com/security/engineering/solving-tls1-problem)";
pub(super) const OPTIONS: &str = "Microsoft Learn: WinHTTP option flags (https://learn.microsoft.com/windows/win32/winhttp/option-flags)";
pub(super) const SERVER_WINHTTP: &str = "Microsoft Learn: Configure secure protocol options for WinHTTP (https://learn.microsoft.com/windows-server/networking/configure-secure-protocol-options-winhttp)";
pub(super) const TLS_REGISTRY: &str = "Microsoft Learn: TLS registry settings (https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings)";
pub(super) const RESTRICT: &str = "Microsoft: Restrict cryptographic algorithms and protocols in Schannel.dll, article 245030 (https://learn.microsoft.com/troubleshoot/windows-server/windows-security/restrict-cryptographic-algorithms-protocols-schannel)";
pub(super) const VIEWS: &str = "Microsoft Learn: Registry keys affected by WOW64 (https://learn.microsoft.com/windows/win32/winprog64/shared-registry-keys)";
pub(super) const VERSIONS: &str = "Microsoft Learn: Operating system version (https://learn.microsoft.com/windows/win32/sysinfo/operating-system-version)";
pub(super) const KB3140245: &str = "Microsoft support: KB3140245, TLS 1.1 and TLS 1.2 as default secure protocols in WinHTTP (https://support.microsoft.com/kb/3140245)";
pub(super) const KB4019276: &str = "Microsoft support: KB4019276, TLS 1.1 and TLS 1.2 for Windows Server 2008 SP2 (https://support.microsoft.com/kb/4019276)";
pub(super) const KB4467770: &str =
    "Third-party copy: KB4467770, WinHTTP on Windows Embedded 2009; system list not verified";
pub(super) const KB5017811: &str = "Microsoft support: KB5017811, TLS 1.0 and 1.1 off by default (https://support.microsoft.com/kb/5017811)";
pub(super) const DLL_SCRIPTS: &str =
    "Third party: file version thresholds that several public readiness scripts agree on";
pub(super) const UNTOUCHED_SEVEN: &str = "Third party: libgit2 issues 4546 and 4550, rust-lang/cargo pull request 5097 (WinHTTP on an untouched Windows 7)";
pub(super) const ENABLED_ALONE: &str =
    "Third party: dotnet/runtime issue 67935 (Enabled without DisabledByDefault on Windows 7)";
pub(super) const DOTNET_TLS: &str = "Microsoft Learn: TLS best practices with .NET Framework (https://learn.microsoft.com/dotnet/framework/network-programming/tls)";
pub(super) const DOTNET_RELEASES: &str = "Microsoft Learn: Determine which .NET Framework versions are installed (https://learn.microsoft.com/dotnet/framework/install/how-to-determine-which-versions-are-installed)";
pub(super) const SQL_ENGINE: &str = "Microsoft: TLS 1.2 support for Microsoft SQL Server, article 3135244 (https://learn.microsoft.com/troubleshoot/sql/database-engine/connect/tls-1-2-support-microsoft-sql-server)";
pub(super) const ODBC: &str =
    "Microsoft: ODBC driver 18.6.1.1 breaks Configuration Manager (support article, 2026)";
pub(super) const OWN_RULE: &str =
    "Rule of this product: what was not seen, or cannot be read, never counts as good";
