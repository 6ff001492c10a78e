//! The check `winhttp.update`: can WinHTTP read `DefaultSecureProtocols` at all?

use super::{finding::blank, os::System, os_check::listed, reasons::code, sources};
use crate::domain::{
    facts::{Facts, FileVersion},
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "winhttp.update";

pub(super) const SEVEN: FileVersion = FileVersion([6, 1, 7601, 23375]);
pub(super) const EIGHT: FileVersion = FileVersion([6, 2, 9200, 21797]);
const SOURCES: &[&str] = &[sources::KB3140245, sources::DLL_SCRIPTS];

/// Applies the rules UP1 to UP7; the first line that fits wins.
pub(super) fn check(facts: &Facts, system: &System, os: Outcome) -> CheckResult {
    let mut result = decide(facts, system, os);
    if result.outcome != Outcome::NotApplicable {
        result.observed = observed(facts);
    }
    result
}

fn decide(facts: &Facts, system: &System, os: Outcome) -> CheckResult {
    if os == Outcome::Fail {
        return CheckResult {
            message: "The system lacks TLS 1.2 itself, so an update of WinHTTP does not matter."
                .to_owned(),
            ..blank(ID, Outcome::NotApplicable, "winhttp.update_pointless")
        };
    }
    let Some(version) = system.version else {
        return not_proven("Whether this Windows needs an update for WinHTTP is not known.");
    };
    match (version.major, version.minor, version.build) {
        (10, 0, _) | (6, 3, _) => CheckResult {
            message: "This Windows needs no update for TLS 1.2 in WinHTTP.".to_owned(),
            sources: &[sources::CLIENTS],
            ..blank(ID, Outcome::NotApplicable, "winhttp.update_not_needed")
        },
        (6, 1, 7600) => CheckResult {
            message: "KB3140245, which teaches WinHTTP TLS 1.2, needs Service Pack 1, and this machine has none."
                .to_owned(),
            expected: "Service Pack 1 (build 7601) and KB3140245".to_owned(),
            fix: "Install Service Pack 1 and then KB3140245; restart the computer.".to_owned(),
            sources: &[sources::KB3140245],
            ..blank(ID, Outcome::Fail, code::UPDATE_SERVICE_PACK)
        },
        (6, 1, 7601) => by_files(facts, Some(SEVEN)),
        (6, 2, 9200) => by_files(facts, Some(EIGHT)),
        (6, 1 | 2, _) => by_files(facts, None),
        (6, 0, _) | (5, 1, _) => old_family(facts),
        _ => not_proven("Whether this Windows needs an update for WinHTTP is not known."),
    }
}

/// UP3 to UP6: files beat the list, and "not listed" proves nothing.
fn by_files(facts: &Facts, least: Option<FileVersion>) -> CheckResult {
    let files = facts.files.as_ref();
    let (winhttp, webio) = (
        files.and_then(|files| files.winhttp),
        files.and_then(|files| files.webio),
    );
    let kb = listed(facts, 3_140_245) == Some(true);
    let expected = expected(least);
    if let Some(least) = least {
        if [winhttp, webio]
            .into_iter()
            .flatten()
            .any(|file| file < least)
        {
            let message = if kb {
                "KB3140245 is listed, but winhttp.dll or webio.dll is older than it; installing a language pack afterwards does that."
            } else {
                "winhttp.dll or webio.dll is older than KB3140245, so WinHTTP ignores DefaultSecureProtocols and stays at TLS 1.0."
            };
            return CheckResult {
                message: message.to_owned(),
                expected,
                fix: "Install KB3140245 (again) and restart the computer.".to_owned(),
                sources: SOURCES,
                ..blank(ID, Outcome::Fail, code::UPDATE_FILE_OLD)
            };
        }
        // A file of a later Windows cannot be on this one: such a reading proves nothing.
        let genuine = |file: Option<FileVersion>| {
            file.is_some_and(|FileVersion(parts)| parts[..2] == least.0[..2])
        };
        if genuine(winhttp) && genuine(webio) {
            return CheckResult {
                message: "winhttp.dll and webio.dll are new enough to read DefaultSecureProtocols."
                    .to_owned(),
                expected,
                sources: SOURCES,
                ..blank(ID, Outcome::Pass, "winhttp.files_new_enough")
            };
        }
    }
    if kb {
        return CheckResult {
            message: "KB3140245 is installed.".to_owned(),
            expected,
            sources: SOURCES,
            ..blank(ID, Outcome::Pass, "winhttp.update_listed")
        };
    }
    CheckResult {
        expected,
        ..not_proven(
            "KB3140245 is not listed, which proves nothing: a later rollup may have brought its files.",
        )
    }
}

/// UP7: Server 2008 SP2 and Embedded 2009.
fn old_family(facts: &Facts) -> CheckResult {
    let expected = "KB4467770".to_owned();
    match listed(facts, 4_467_770) {
        Some(true) => CheckResult {
            message:
                "KB4467770 is installed, but which systems it teaches TLS 1.2 is not documented."
                    .to_owned(),
            expected,
            fix: "Prove TLS 1.2 by a handshake from this machine, or replace it.".to_owned(),
            sources: &[sources::KB4467770, sources::OWN_RULE],
            disputed: true,
            ..blank(ID, Outcome::Unknown, code::UPDATE_UNDOCUMENTED)
        },
        Some(false) => CheckResult {
            message:
                "KB4467770 is missing, so WinHTTP stays at TLS 1.0 whatever the registry says."
                    .to_owned(),
            expected,
            fix: "Install KB4467770 and prove TLS 1.2 by a handshake, or replace the machine."
                .to_owned(),
            sources: &[sources::KB4467770],
            ..blank(ID, Outcome::Fail, code::UPDATE_MISSING)
        },
        None => CheckResult {
            expected,
            ..not_proven(
                "Whether KB4467770 is installed is not known: the update list was not read, or is cut.",
            )
        },
    }
}

fn not_proven(message: &str) -> CheckResult {
    CheckResult {
        message: message.to_owned(),
        expected: "KB3140245 where this Windows needs it".to_owned(),
        fix: "Report the versions of System32\\winhttp.dll and System32\\webio.dll; if they are older, install KB3140245."
            .to_owned(),
        sources: &[sources::KB3140245, sources::DLL_SCRIPTS, sources::OWN_RULE],
        ..blank(ID, Outcome::Unknown, code::UPDATE_NOT_PROVEN)
    }
}

fn expected(least: Option<FileVersion>) -> String {
    least.map_or_else(
        || "KB3140245".to_owned(),
        |least| {
            format!(
                "winhttp.dll and webio.dll {} or later, or KB3140245",
                dotted(least)
            )
        },
    )
}

/// `6.1.7601.23375`.
pub(super) fn dotted(FileVersion([major, minor, build, revision]): FileVersion) -> String {
    format!("{major}.{minor}.{build}.{revision}")
}

fn observed(facts: &Facts) -> String {
    let file = |name: &str, version: Option<FileVersion>| match version {
        Some(version) => format!("{name} {}", dotted(version)),
        None => format!("{name} not collected"),
    };
    let files = facts.files.clone().unwrap_or_default();
    let list = match &facts.hotfixes {
        None => "update list not collected".to_owned(),
        Some(list) => {
            let known: Vec<String> = [3_140_245, 4_019_276, 4_467_770]
                .into_iter()
                .filter(|kb| list.contains(kb))
                .map(|kb| format!("KB{kb}"))
                .collect();
            let cut = if facts.hotfixes_cut { " (cut)" } else { "" };
            if known.is_empty() {
                format!("none of the updates listed{cut}")
            } else {
                format!("listed: {}{cut}", known.join(", "))
            }
        }
    };
    format!(
        "{}, {}; {list}",
        file("winhttp.dll", files.winhttp),
        file("webio.dll", files.webio)
    )
}
