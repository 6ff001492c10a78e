//! The checks `dotnet.*`: is .NET Framework new enough, and does it use TLS 1.2?

use super::{
    finding::{DISPUTED, Dword, OR_SAY_SO, blank, disputed, pair},
    os::{NativeView, System},
    os_table::Group,
    policy::{DotnetPolicy, Policy},
    reasons::code,
    schannel::Offer,
    sources,
};
use crate::domain::{
    facts::{Facts, Key},
    verdict::{CheckResult, Outcome},
};

const VERSION: &str = "dotnet.version";
const V4_NATIVE: &str = "dotnet.v4.native";
const V4_WOW64: &str = "dotnet.v4.wow64";
const V2_NATIVE: &str = "dotnet.v2.native";
const V2_WOW64: &str = "dotnet.v2.wow64";
/// Ids of the five checks, in the order of the contract.
pub(super) const IDS: [&str; 5] = [VERSION, V4_NATIVE, V4_WOW64, V2_NATIVE, V2_WOW64];

const SYSTEM_DEFAULT: &str = "SystemDefaultTlsVersions";
const STRONG: &str = "SchUseStrongCrypto";
const SOURCES: &[&str] = &[sources::CLIENTS, sources::OVERVIEW, sources::DOTNET_TLS];
const BOTH_ONE: &str = "SystemDefaultTlsVersions = 1 and SchUseStrongCrypto = 1";
const SET_VALUES: &str = r"Set SystemDefaultTlsVersions = 1 and SchUseStrongCrypto = 1 (both REG_DWORD) in HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319 and, on 64-bit Windows, also in HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319; then restart the computer.";
const SET_BOTH: &str = r"Set SystemDefaultTlsVersions = 1 and SchUseStrongCrypto = 1 (both REG_DWORD) in HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319 and, on 64-bit Windows, also in HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319; set Enabled = 1 and DisabledByDefault = 0 in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client; then restart the computer.";
const SET_VALUES_V2: &str = r"Set SystemDefaultTlsVersions = 1 and SchUseStrongCrypto = 1 (both REG_DWORD) in HKLM\SOFTWARE\Microsoft\.NETFramework\v2.0.50727 and, on 64-bit Windows, also in HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v2.0.50727.";
const ENABLE: &str = r"Set Enabled = 1 and DisabledByDefault = 0 (both REG_DWORD) in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client; then restart the computer.";
const RECOLLECT: &str = "Read the .NETFramework keys again in a 64-bit process, or with explicit registry views, and report both views.";

/// The `Release` of .NET Framework 4.8.1, the newest.
pub(super) const RELEASE_481: u32 = 533_320;
/// The `Release` of .NET Framework 4.8 on every Windows that it has to be installed on.
pub(super) const RELEASE_48: u32 = 528_049;
/// The `Release` of .NET Framework 4.6.2.
pub(super) const RELEASE_462: u32 = 394_802;

/// First `Release` of each version, newest first.
const RELEASES: &[(u32, &str)] = &[
    (533_320, "4.8.1"),
    (528_040, "4.8"),
    (461_808, "4.7.2"),
    (461_308, "4.7.1"),
    (460_798, "4.7"),
    (394_802, "4.6.2"),
    (394_254, "4.6.1"),
    (393_295, "4.6"),
    (379_893, "4.5.2"),
    (378_675, "4.5.1"),
    (378_389, "4.5"),
];

/// Everything the .NET rules look at beside the registry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'f> {
    pub(super) system: &'f System,
    pub(super) offer: Offer,
    pub(super) policy: &'f Policy,
    /// Site systems are held to the prescribed values.
    pub(super) site_system: bool,
}

/// The five checks, in the order of the contract.
pub(super) fn checks(facts: &Facts, setting: Setting<'_>) -> [CheckResult; 5] {
    let mut results = [
        version(facts, setting.policy.min_dotnet_release),
        v4(facts, setting, false),
        v4(facts, setting, true),
        v2(facts, setting.system, false),
        v2(facts, setting.system, true),
    ];
    if !decides(setting.policy, setting.site_system) {
        for result in &mut results {
            if matches!(result.outcome, Outcome::Fail | Outcome::Unknown) {
                result.outcome = Outcome::Warn;
            }
        }
    }
    results
}

/// Whether a failing .NET check blocks; site systems are never let off.
pub(super) fn decides(policy: &Policy, site_system: bool) -> bool {
    site_system || policy.dotnet == DotnetPolicy::Block
}

/// N1 and N2. `Release` is in both registry views, so a redirected reading of it is good.
fn version(facts: &Facts, least: u32) -> CheckResult {
    let release = Dword::read(&facts.registry, Key::NdpV4Full, "Release");
    let result = match release {
        Dword::NotCollected => CheckResult {
            message: "The .NET Framework version was not read.".to_owned(),
            fix: format!("Read {} and report Release.", Key::NdpV4Full.path()),
            sources: &[sources::OWN_RULE],
            ..blank(VERSION, Outcome::Unknown, code::NET_VERSION_UNKNOWN)
        },
        Dword::Unusable(_) => CheckResult {
            message: "The .NET Framework version is there, but not as a number of type REG_DWORD."
                .to_owned(),
            fix: "Repair .NET Framework, then report Release again.".to_owned(),
            sources: &[sources::DOTNET_RELEASES, sources::OWN_RULE],
            ..blank(VERSION, Outcome::Unknown, code::NET_VERSION_UNKNOWN)
        },
        Dword::Absent => CheckResult {
            message: "No .NET Framework 4.5 or later is installed; Software Center and other .NET parts cannot do TLS 1.2."
                .to_owned(),
            fix: format!("Install .NET Framework {} or later (4.8 where Windows takes it).", name(least)),
            sources: &[sources::CLIENTS, sources::DOTNET_RELEASES],
            ..blank(VERSION, Outcome::Fail, code::NET_VERSION_MISSING)
        },
        Dword::Number(number) if number < least => CheckResult {
            message: format!(
                ".NET Framework {} is older than {}, the least that Configuration Manager needs for TLS 1.2.",
                name(number),
                name(least)
            ),
            fix: format!("Install .NET Framework {} or later (4.8 where Windows takes it).", name(least)),
            sources: &[sources::CLIENTS, sources::DOTNET_RELEASES],
            ..blank(VERSION, Outcome::Fail, code::NET_VERSION_OLD)
        },
        Dword::Number(_) => CheckResult {
            message: ".NET Framework is new enough.".to_owned(),
            sources: &[sources::CLIENTS, sources::DOTNET_RELEASES],
            ..blank(VERSION, Outcome::Pass, "dotnet.version_new_enough")
        },
    };
    CheckResult {
        expected: format!("Release {least} (.NET Framework {}) or higher", name(least)),
        observed: match release {
            Dword::Number(number) => format!("{number} (.NET Framework {})", name(number)),
            other => other.shown(),
        },
        ..result
    }
}

/// The version a `Release` number stands for.
fn name(release: u32) -> &'static str {
    RELEASES
        .iter()
        .find(|(least, _)| release >= *least)
        .map_or("before 4.5", |(_, name)| name)
}

/// The v4 values of one view: N1 and N3 to N9; the first line that fits wins.
fn v4(facts: &Facts, setting: Setting<'_>, wow64: bool) -> CheckResult {
    let (id, key) = if wow64 {
        (V4_WOW64, Key::NetV4Wow64)
    } else {
        (V4_NATIVE, Key::NetV4Native)
    };
    if wow64 && setting.system.is_32_bit() {
        return one_view(id);
    }
    let system_default = Dword::read(&facts.registry, key, SYSTEM_DEFAULT);
    let strong = Dword::read(&facts.registry, key, STRONG);
    let view = setting.system.native_view_of(facts, key);
    let mut result = unread(id, setting.system, system_default, (wow64, view))
        .unwrap_or_else(|| judge(id, system_default, strong, setting));
    if disputed(facts, setting.system, key) && result.outcome != Outcome::Fail {
        result = CheckResult {
            message: DISPUTED.to_owned(),
            fix: format!("{RECOLLECT} {OR_SAY_SO}"),
            sources: &[sources::VIEWS, sources::OWN_RULE],
            ..blank(id, Outcome::Unknown, code::NET_VIEW)
        };
    }
    CheckResult {
        expected: BOTH_ONE.to_owned(),
        observed: pair((SYSTEM_DEFAULT, system_default), (STRONG, strong)),
        ..result
    }
}

fn one_view(id: &'static str) -> CheckResult {
    CheckResult {
        message: "32-bit Windows has one registry view only.".to_owned(),
        sources: SOURCES,
        ..blank(id, Outcome::NotApplicable, "dotnet.one_view")
    }
}

/// N1: nobody looked, or perhaps at the wrong place.
fn unread(
    id: &'static str,
    system: &System,
    value: Dword<'_>,
    (wow64, view): (bool, NativeView),
) -> Option<CheckResult> {
    let (reason, message, fix) = if value == Dword::NotCollected {
        (
            code::NET_NOT_COLLECTED,
            "The .NET values were not read, so which protocols .NET programs use is not known.",
            RECOLLECT,
        )
    } else if wow64 && system.bits.is_none() {
        (
            code::NET_WIDTH,
            "Whether this is 64-bit Windows, and so whether the Wow6432Node values matter, is not known.",
            "Report os.architecture from Win32_OperatingSystem.OSArchitecture.",
        )
    } else if !wow64 && view != NativeView::Trusted {
        let message = if view == NativeView::Redirected {
            "The native values were read by a 32-bit process, which is shown the Wow6432Node copy instead."
        } else {
            "The report does not say whether a 64-bit process read the native values; a 32-bit one is shown the Wow6432Node copy."
        };
        (code::NET_VIEW, message, RECOLLECT)
    } else {
        return None;
    };
    // Nobody's word makes a native reading of what a 32-bit process read.
    let fix = if reason == code::NET_VIEW && view == NativeView::Unstated {
        format!("{fix} {OR_SAY_SO}")
    } else {
        fix.to_owned()
    };
    Some(CheckResult {
        message: message.to_owned(),
        fix,
        sources: &[sources::VIEWS, sources::OWN_RULE],
        ..blank(id, Outcome::Unknown, reason)
    })
}

fn judge(
    id: &'static str,
    system_default: Dword<'_>,
    strong: Dword<'_>,
    setting: Setting<'_>,
) -> CheckResult {
    let (outcome, reason) = rule(system_default, strong, setting);
    let (message, fix) = words(reason);
    CheckResult {
        message: message.to_owned(),
        fix: fix.to_owned(),
        sources: SOURCES,
        ..blank(id, outcome, reason)
    }
}

const VALUES_SET: &str = "dotnet.values_set";
const NOT_PRESCRIBED: &str = "dotnet.values_not_prescribed";

/// N3 to N9; the first line that fits wins. Where N8 cannot decide because Windows' default is not known, site
/// systems fail all the same: their values have to be there.
fn rule(
    system_default: Dword<'_>,
    strong: Dword<'_>,
    setting: Setting<'_>,
) -> (Outcome, &'static str) {
    let Setting { system, offer, .. } = setting;
    let left_to_windows = system_default.is_on();
    let needs_default = !strong.is(1) && !offer.offered;
    let group_b = system.group == Some(Group::B);
    if system_default.is_unusable() || strong.is_unusable() {
        (Outcome::Unknown, code::NET_TYPE)
    } else if left_to_windows && offer.unknown {
        (Outcome::Unknown, code::NET_DEFAULT_UNKNOWN)
    } else if left_to_windows && offer.default_lacks {
        (Outcome::Fail, code::NET_DEFAULT_LACKS)
    } else if offer.off {
        (Outcome::Fail, code::NET_DISABLED)
    } else if strong.is(0) && !system_default.is(1) {
        (Outcome::Fail, code::NET_WEAK)
    } else if system_default.is(1) && strong.is(1) {
        (Outcome::Pass, VALUES_SET)
    } else if needs_default && group_b && !offer.offered_unknown {
        (Outcome::Fail, code::NET_NOT_STRONG)
    } else if setting.site_system {
        (Outcome::Fail, code::NET_VALUES_MISSING)
    } else if needs_default && (group_b || system.group.is_none()) {
        (Outcome::Unknown, code::NET_DEFAULT_UNKNOWN)
    } else {
        (Outcome::Warn, NOT_PRESCRIBED)
    }
}

/// Message and fix of a reason.
fn words(reason: &str) -> (&'static str, &'static str) {
    match reason {
        code::NET_TYPE => (
            "A .NET value is there, but not as a number of type REG_DWORD.",
            SET_VALUES,
        ),
        code::NET_DEFAULT_UNKNOWN => (
            ".NET programs follow Windows' default here, and what Windows offers is not known.",
            "Report the Windows version, and the SCHANNEL key TLS 1.2\\Client with both values as REG_DWORD.",
        ),
        code::NET_DEFAULT_LACKS => (
            ".NET leaves the choice of protocols to Windows, and Windows does not offer TLS 1.2 by default here.",
            ENABLE,
        ),
        code::NET_DISABLED => (
            "TLS 1.2 is switched off in SChannel, so no .NET program can use it.",
            ENABLE,
        ),
        code::NET_WEAK => (
            "SchUseStrongCrypto = 0 sends .NET programs back to SSL 3.0 and TLS 1.0.",
            SET_VALUES,
        ),
        code::NET_NOT_STRONG => (
            "Neither strong crypto for .NET nor TLS 1.2 as a Windows default is set, so .NET programs use TLS 1.0 here.",
            SET_BOTH,
        ),
        code::NET_VALUES_MISSING => (
            "The .NET values are not both 1; on site systems Microsoft prescribes them.",
            SET_VALUES,
        ),
        VALUES_SET => ("Both .NET values are set as prescribed.", ""),
        _ => (
            "The .NET values are not both 1. Programs made for .NET 4.7 or later use TLS 1.2 all the same; older ones may not.",
            SET_VALUES,
        ),
    }
}

/// N11: .NET 2.0 to 3.5 never decides; it is a warning at most.
fn v2(facts: &Facts, system: &System, wow64: bool) -> CheckResult {
    let (id, key) = if wow64 {
        (V2_WOW64, Key::NetV2Wow64)
    } else {
        (V2_NATIVE, Key::NetV2Native)
    };
    if wow64 && system.is_32_bit() {
        return one_view(id);
    }
    let system_default = Dword::read(&facts.registry, key, SYSTEM_DEFAULT);
    let strong = Dword::read(&facts.registry, key, STRONG);
    let installed = Dword::read(&facts.registry, Key::NdpV35, "Install");
    let (outcome, reason, message) = if !installed.is_on() {
        let message = match installed {
            Dword::NotCollected => {
                "Whether .NET 3.5 is installed was not read; it decides nothing."
            }
            _ => ".NET 3.5 is not installed.",
        };
        (Outcome::NotApplicable, "dotnet.v2_not_installed", message)
    } else if system_default == Dword::NotCollected {
        (
            Outcome::NotApplicable,
            "dotnet.v2_not_collected",
            "The values for .NET 2.0 to 3.5 were not read; they decide nothing.",
        )
    } else if system_default.is(1) && strong.is(1) {
        (
            Outcome::Pass,
            "dotnet.v2_values_set",
            "Both values for .NET 2.0 to 3.5 are set as prescribed.",
        )
    } else {
        (
            Outcome::Warn,
            "dotnet.v2_values_missing",
            ".NET 3.5 is installed and its values are not both 1: programs made for .NET 2.0 to 3.5 stay on TLS 1.0.",
        )
    };
    CheckResult {
        message: message.to_owned(),
        expected: BOTH_ONE.to_owned(),
        observed: pair((SYSTEM_DEFAULT, system_default), (STRONG, strong)),
        fix: if outcome == Outcome::Warn {
            SET_VALUES_V2.to_owned()
        } else {
            String::new()
        },
        sources: SOURCES,
        ..blank(id, outcome, reason)
    }
}
