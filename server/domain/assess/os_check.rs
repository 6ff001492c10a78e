//! The check `os`: can this system do TLS 1.2 at all, and is it one the rules know?

use super::{
    finding::blank,
    os::{Platform, System},
    os_table::Kind,
    reasons::code,
    sources,
};
use crate::domain::{
    facts::{Facts, FileVersion},
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "os";
/// First `schannel.dll` of Server 2008 SP2 with TLS 1.2.
pub(super) const SCHANNEL_2008: FileVersion = FileVersion([6, 0, 6002, 24129]);
const EXPECTED: &str = "a Windows release with TLS 1.2 in SChannel";

/// Applies the rules OS1 to OS12; the first line that fits wins.
pub(super) fn check(facts: &Facts, system: &System) -> CheckResult {
    let mut result = decide(facts, system);
    EXPECTED.clone_into(&mut result.expected);
    result.observed = observed(facts, system);
    result
}

fn decide(facts: &Facts, system: &System) -> CheckResult {
    if system.platform != Platform::Windows {
        return not_windows(system.platform);
    }
    if let Some((version, build)) = system.contradiction {
        let message = format!(
            "The system says it is {}.{}.{} but its build is {build}: a program without the right \
             manifest is told an old version. No rule that needs the version can decide.",
            version.major, version.minor, version.build
        );
        return unknown(
            code::OS_CONTRADICTORY,
            message,
            "Report Win32_OperatingSystem.Version or CurrentBuildNumber instead of the program's own version call.",
        );
    }
    let Some(version) = system.version else {
        return unknown(
            code::OS_VERSION_MISSING,
            "The report names no usable Windows version, so nothing can be judged.".to_owned(),
            "Report os.version from Win32_OperatingSystem.Version, such as 10.0.19045.",
        );
    };
    let Some(kind) = system.kind else {
        return unknown(
            code::OS_PRODUCT_TYPE_MISSING,
            "The product type is missing; several builds are a client and a server release at once."
                .to_owned(),
            "Report os.product_type from Win32_OperatingSystem.ProductType: 1 workstation, 2 domain controller, 3 server.",
        );
    };
    let server = kind == Kind::Server;
    match (version.major, version.minor, version.build) {
        (5, 1, _) if kind == Kind::Embedded => embedded_2009(facts),
        (5, ..) => cannot(system),
        (6, 0, build) if !server || build < 6002 => cannot(system),
        (6, 0, 6002 | 6003) => server_2008(facts),
        (6, 1, 7600 | 7601) | (6, 2, 9200) | (6, 3, 9600) => old(system, server),
        (10, 0, build) if build >= 10240 => modern(system),
        _ => unknown(
            code::OS_BUILD_UNKNOWN,
            format!(
                "No Windows release has the version {}.{}.{}; previews and mistyped versions are not judged.",
                version.major, version.minor, version.build
            ),
            "Check the version that was reported, or move the machine to a released build.",
        ),
    }
}

fn not_windows(platform: Platform) -> CheckResult {
    let what = match platform {
        Platform::MacOs => "A macOS client",
        Platform::WindowsMdm => "A Windows device under on-premises MDM",
        _ => "A client that is not Windows",
    };
    CheckResult {
        message: format!("{what} cannot be used in an environment with TLS 1.2 only."),
        fix: "Move the device to another way of management before the cutover, or retire it."
            .to_owned(),
        sources: &[sources::TROUBLE],
        ..blank(ID, Outcome::Fail, code::OS_NOT_USABLE)
    }
}

fn cannot(system: &System) -> CheckResult {
    CheckResult {
        message: format!(
            "{} has no TLS 1.2 and no update brings it; registry values cannot add it.",
            system.label()
        ),
        fix: "Replace the machine or its operating system before the cutover.".to_owned(),
        sources: &[sources::PROTOCOLS, sources::SOLVING, sources::VERSIONS],
        ..blank(ID, Outcome::Fail, code::OS_WITHOUT_TLS12)
    }
}

/// OS4. A list that was not read, or is cut, proves nothing.
fn embedded_2009(facts: &Facts) -> CheckResult {
    match listed(facts, 4_019_276) {
        Some(false) => CheckResult {
            message: "This embedded system lacks KB4019276, which brings TLS 1.2 to SChannel."
                .to_owned(),
            fix: "Install KB4019276 and KB4467770, then prove TLS 1.2 by a handshake; better, replace the device."
                .to_owned(),
            sources: &[sources::SOLVING, sources::KB4019276],
            ..blank(ID, Outcome::Fail, code::OS_UPDATE_MISSING)
        },
        Some(true) => CheckResult {
            sources: &[sources::SOLVING, sources::KB4467770],
            disputed: true,
            ..unknown(
                code::OS_WINHTTP_UNDOCUMENTED,
                "KB4019276 is installed, but what WinHTTP does on this embedded system is not documented."
                    .to_owned(),
                "Prove TLS 1.2 by a handshake from this device, or replace it.",
            )
        },
        None => unknown(
            code::OS_UPDATE_NOT_PROVEN,
            "Whether KB4019276 is installed is not known: the update list was not read, or is cut."
                .to_owned(),
            "Collect the complete list of installed updates.",
        ),
    }
}

/// OS6: Server 2008 SP2 has TLS 1.2 with KB4019276 only.
fn server_2008(facts: &Facts) -> CheckResult {
    let file = facts.files.as_ref().and_then(|files| files.schannel);
    if listed(facts, 4_019_276) == Some(true) || file.is_some_and(|file| file >= SCHANNEL_2008) {
        return CheckResult {
            message: "Server 2008 SP2 with KB4019276 has TLS 1.2, off by default. Configuration Manager no longer supports the system."
                .to_owned(),
            fix: "Plan its replacement.".to_owned(),
            sources: &[sources::SOLVING, sources::KB4019276, sources::CLIENT_SYSTEMS],
            ..blank(ID, Outcome::Warn, "os.out_of_support")
        };
    }
    if file.is_some() {
        return CheckResult {
            message: "schannel.dll is older than KB4019276, so this server has no TLS 1.2."
                .to_owned(),
            fix: "Install KB4019276 and restart, or replace the server.".to_owned(),
            sources: &[sources::SOLVING, sources::KB4019276, sources::DLL_SCRIPTS],
            ..blank(ID, Outcome::Fail, code::OS_UPDATE_MISSING)
        };
    }
    CheckResult {
        sources: &[sources::SOLVING, sources::KB4019276, sources::OWN_RULE],
        ..unknown(
            code::OS_UPDATE_NOT_PROVEN,
            "Whether this server has KB4019276 cannot be told: it is not listed, and a later update may have brought the files."
                .to_owned(),
            "Collect the file version of System32\\schannel.dll; KB4019276 brings 6.0.6002.24129.",
        )
    }
}

/// OS7 to OS9: able, but ConfigMgr no longer supports it (2012 R2: on paid terms only).
fn old(system: &System, server: bool) -> CheckResult {
    let paid_terms = server && system.family() >= Some((6, 2));
    let support = if paid_terms {
        "Configuration Manager supports it only under extended security updates, to roll out security updates"
    } else {
        "Configuration Manager no longer supports it as a client"
    };
    CheckResult {
        message: format!("{} can do TLS 1.2. {support}.", system.label()),
        fix: "Plan its replacement; this does not stand in the way of the cutover.".to_owned(),
        sources: &[sources::PROTOCOLS, sources::CLIENT_SYSTEMS],
        ..blank(ID, Outcome::Warn, "os.out_of_support")
    }
}

/// OS10 and OS11.
fn modern(system: &System) -> CheckResult {
    if let Some(release) = system.release {
        return CheckResult {
            message: format!("{} has TLS 1.2 on by default.", release.name),
            sources: &[sources::PROTOCOLS, sources::CLIENTS],
            ..blank(ID, Outcome::Pass, "os.has_tls12")
        };
    }
    CheckResult {
        message: format!(
            "{} is not in the rules' table; it is judged like its family, which has TLS 1.2 on by default.",
            system.label()
        ),
        fix: "Ask for an update of the rules, and prove TLS 1.2 by one handshake from this build."
            .to_owned(),
        sources: &[sources::CLIENTS],
        ..blank(ID, Outcome::Warn, "os.build_unlisted")
    }
}

fn unknown(reason: &'static str, message: String, fix: &str) -> CheckResult {
    CheckResult {
        message,
        fix: fix.to_owned(),
        sources: &[sources::VERSIONS, sources::OWN_RULE],
        ..blank(ID, Outcome::Unknown, reason)
    }
}

/// Whether an update is in the list; `None`: it is not, and the list does not prove that.
pub(super) fn listed(facts: &Facts, kb: u32) -> Option<bool> {
    let list = facts.hotfixes.as_ref()?;
    if list.contains(&kb) {
        Some(true)
    } else if facts.hotfixes_cut {
        None
    } else {
        Some(false)
    }
}

fn observed(facts: &Facts, system: &System) -> String {
    let os = &facts.os;
    let Some(version) = os.version else {
        return super::finding::NOT_COLLECTED.to_owned();
    };
    let mut text = format!("{}.{}.{}", version.major, version.minor, version.build);
    if let Some(build) = os.registry_build.filter(|build| *build != version.build) {
        text.push_str(", registry build ");
        text.push_str(&build.to_string());
    }
    text.push_str(match os.product_type {
        Some(1) => ", workstation",
        Some(2) => ", domain controller",
        Some(3) => ", server",
        Some(_) => ", unknown product type",
        None => ", product type not collected",
    });
    text.push_str(match system.bits {
        Some(crate::domain::facts::Bits::B32) => ", 32-bit",
        Some(crate::domain::facts::Bits::B64) => ", 64-bit",
        None => ", width not collected",
    });
    text
}
