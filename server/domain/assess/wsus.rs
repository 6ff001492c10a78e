//! The check `wsus`: can WSUS on a software update point do TLS 1.2?

use super::{
    finding::{NOT_COLLECTED, blank},
    os::System,
    os_check::listed,
    reasons::code,
    site_system::Duties,
    sources,
    update::dotted,
};
use crate::domain::{
    facts::{Facts, FileVersion},
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "wsus";

/// Server 2012: least `WsusService.exe` and update.
pub(super) const TWELVE: (FileVersion, u32) = (FileVersion([6, 2, 9200, 22167]), 4_022_721);
/// The same for Server 2012 R2.
pub(super) const TWELVE_R2: (FileVersion, u32) = (FileVersion([6, 3, 9600, 18694]), 4_022_720);

/// Built in since Server 2016; 2012 and 2012 R2 need an update, where the file beats the list.
pub(super) fn check(facts: &Facts, system: &System, duties: Duties) -> CheckResult {
    if !duties.wsus {
        return CheckResult {
            message: "This site system is no software update point.".to_owned(),
            ..blank(ID, Outcome::NotApplicable, "wsus.no_role")
        };
    }
    let (least, kb) = match system.family() {
        Some((10, 0)) => {
            return CheckResult {
                message: "WSUS of this Windows does TLS 1.2.".to_owned(),
                sources: &[sources::SERVERS],
                ..blank(ID, Outcome::Pass, "wsus.built_in")
            };
        }
        Some((6, 3)) => TWELVE_R2,
        Some((6, 2)) => TWELVE,
        _ => {
            return CheckResult {
                message: "What WSUS on this Windows needs for TLS 1.2 is not documented."
                    .to_owned(),
                fix: "Move the software update point to Server 2016 or later.".to_owned(),
                sources: &[sources::SERVERS, sources::OWN_RULE],
                ..blank(ID, Outcome::Unknown, code::WSUS_UNKNOWN)
            };
        }
    };
    let file = facts.files.as_ref().and_then(|files| files.wsus_service);
    let in_list = listed(facts, kb) == Some(true);
    let (outcome, reason, message) = match file {
        Some(file) if file >= least => (
            Outcome::Pass,
            "wsus.file_new_enough",
            "WsusService.exe is new enough.",
        ),
        Some(_) => (
            Outcome::Fail,
            code::WSUS_OLD,
            "WsusService.exe is too old for TLS 1.2.",
        ),
        None if in_list => (
            Outcome::Pass,
            "wsus.update_listed",
            "The WSUS update for TLS 1.2 is installed.",
        ),
        None => (
            Outcome::Unknown,
            code::WSUS_UNKNOWN,
            "The WSUS update is not listed, which proves nothing: a later rollup may have brought it.",
        ),
    };
    let fix = match outcome {
        Outcome::Fail => format!("Install KB{kb} or a later monthly rollup and restart."),
        Outcome::Unknown => format!(
            "Report the file version of WsusService.exe; if it is below {}, install KB{kb} or a later rollup.",
            dotted(least)
        ),
        _ => String::new(),
    };
    CheckResult {
        message: message.to_owned(),
        expected: format!("WsusService.exe {} or later, or KB{kb}", dotted(least)),
        observed: match (file, in_list) {
            (Some(file), _) => dotted(file),
            (None, true) => format!("KB{kb} listed"),
            (None, false) => NOT_COLLECTED.to_owned(),
        },
        fix,
        sources: &[sources::SERVERS, sources::DLL_SCRIPTS],
        ..blank(ID, outcome, reason)
    }
}
