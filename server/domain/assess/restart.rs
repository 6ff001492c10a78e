//! The check `restart`: do the good values count already, or from the next start on?

use super::{dotnet, finding::blank, reasons::code, schannel, sources, winhttp};
use crate::domain::{
    facts::{Facts, Key},
    time::Timestamp,
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "restart";

/// Keys whose values act from the next start on, and the checks they can make pass.
const KEYS: &[(Key, &str)] = &[
    (Key::WinHttpNative, winhttp::NATIVE),
    (Key::WinHttpWow64, winhttp::WOW64),
    (Key::Tls12Client, schannel::CLIENT),
    (Key::Tls12Server, schannel::SERVER),
    (Key::NetV4Native, "dotnet.v4.native"),
    (Key::NetV4Wow64, "dotnet.v4.wow64"),
];

/// Compares the last writes of keys whose checks pass with the last start. A key's time is an upper
/// bound: some value in it changed, perhaps another one. We take the upper bound, because a restart too
/// many costs less than a client that is cleared too early.
///
/// `dotnet_decides`: where the .NET checks only warn, their keys decide nothing and wait for nothing.
pub(super) fn check(
    facts: &Facts,
    others: &[CheckResult],
    dotnet_decides: bool,
) -> (CheckResult, Option<Timestamp>) {
    let passes = |id: &str| {
        if !dotnet_decides && dotnet::IDS.contains(&id) {
            return false;
        }
        others
            .iter()
            .any(|check| check.id == id && matches!(check.outcome, Outcome::Pass | Outcome::Warn))
    };
    let Some(boot) = facts.os.last_boot_at else {
        let result = CheckResult {
            message: "The last start of the computer was not reported, so a pending restart cannot be seen."
                .to_owned(),
            observed: super::finding::NOT_COLLECTED.to_owned(),
            sources: &[sources::CLIENTS],
            ..blank(ID, Outcome::NotApplicable, "restart.unknown")
        };
        return (result, None);
    };
    let latest = KEYS
        .iter()
        .filter_map(|(key, id)| {
            let reading = facts.registry.key(*key).filter(|reading| reading.exists)?;
            let written = reading.last_write_at.filter(|at| *at > boot)?;
            passes(id).then_some((written, *key))
        })
        .max_by_key(|(written, _)| *written);
    let untimed = KEYS.iter().any(|(key, id)| {
        let reading = facts.registry.key(*key);
        passes(id)
            && reading
                .is_some_and(|r| r.exists && !r.values.is_empty() && r.last_write_at.is_none())
    });
    if latest.is_none() && untimed {
        let result = CheckResult {
            message: "When the deciding registry keys were last written was not reported, so a pending restart cannot be seen."
                .to_owned(),
            observed: super::finding::NOT_COLLECTED.to_owned(),
            sources: &[sources::CLIENTS],
            ..blank(ID, Outcome::NotApplicable, "restart.unknown")
        };
        return (result, None);
    }
    let Some((written, key)) = latest else {
        let result = CheckResult {
            message: "No deciding registry key was written after the last start.".to_owned(),
            sources: &[sources::CLIENTS],
            ..blank(ID, Outcome::Pass, "restart.not_needed")
        };
        return (result, None);
    };
    let result = CheckResult {
        message: "A registry key that makes a check pass was written after the last start; it counts from the next start on."
            .to_owned(),
        expected: "last start later than the last write".to_owned(),
        observed: format!("{} written {written}, last start {boot}", key.path()),
        fix: "Restart the computer, then report again.".to_owned(),
        sources: &[sources::CLIENTS, sources::TLS_REGISTRY],
        ..blank(ID, Outcome::Warn, code::RESTART_PENDING)
    };
    (result, Some(written))
}
