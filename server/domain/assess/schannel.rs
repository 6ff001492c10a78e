//! The checks `schannel.tls12_client` and `schannel.tls12_server`: is TLS 1.2 on in SChannel?

use super::{
    finding::{Dword, blank, pair},
    os::System,
    os_table::Group,
    policy::AbsentPolicy,
    reasons::code,
    sources,
};
use crate::domain::{
    facts::{Facts, Key},
    verdict::{CheckResult, Outcome},
};

/// Id of the check on outgoing connections.
pub(super) const CLIENT: &str = "schannel.tls12_client";
/// Id of the check on incoming connections, on site systems.
pub(super) const SERVER: &str = "schannel.tls12_server";

const SOURCES: &[&str] = &[sources::TLS_REGISTRY, sources::RESTRICT, sources::PROTOCOLS];
const DISPUTE: &[&str] = &[
    sources::KB3140245,
    sources::PROTOCOLS,
    sources::ENABLED_ALONE,
    sources::RESTRICT,
    sources::UNTOUCHED_SEVEN,
];
const EXPECTED_OLD: &str = "Enabled = 1 and DisabledByDefault = 0";
const EXPECTED_NEW: &str = "Enabled absent or 1, DisabledByDefault absent or 0";

/// The two sides of a connection, and the words that differ between them.
struct Side {
    id: &'static str,
    key: Key,
    disabled: &'static str,
    by_default: &'static str,
    not_enabled: &'static str,
    fix_old: &'static str,
    fix_new: &'static str,
    direction: &'static str,
}

const CLIENT_SIDE: Side = Side {
    id: CLIENT,
    key: Key::Tls12Client,
    disabled: code::SCHANNEL_DISABLED,
    by_default: code::SCHANNEL_BY_DEFAULT,
    not_enabled: code::SCHANNEL_NOT_ENABLED,
    fix_old: r"Set Enabled = 1 and DisabledByDefault = 0 (both REG_DWORD) in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client; then restart the computer.",
    fix_new: r"Delete Enabled and DisabledByDefault, or set Enabled = 1 and DisabledByDefault = 0 (both REG_DWORD), in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client; then restart the computer.",
    direction: "outgoing",
};

const SERVER_SIDE: Side = Side {
    id: SERVER,
    key: Key::Tls12Server,
    disabled: code::SERVER_DISABLED,
    by_default: code::SERVER_BY_DEFAULT,
    not_enabled: code::SERVER_NOT_ENABLED,
    fix_old: r"Set Enabled = 1 and DisabledByDefault = 0 (both REG_DWORD) in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server; then restart the computer.",
    fix_new: r"Delete Enabled and DisabledByDefault, or set Enabled = 1 and DisabledByDefault = 0 (both REG_DWORD), in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server; then restart the computer.",
    direction: "incoming",
};

/// What programs that leave the choice to Windows get; the .NET checks need it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact, and the .NET rules ask for them one by one"
)]
pub(super) struct Offer {
    /// The check could not decide.
    pub(super) unknown: bool,
    /// `Enabled` = 0.
    pub(super) off: bool,
    /// Windows' default lacks TLS 1.2.
    pub(super) default_lacks: bool,
    /// `DisabledByDefault` = 0 is there.
    pub(super) offered: bool,
    /// `DisabledByDefault` was not read or is unusable.
    pub(super) offered_unknown: bool,
}

/// Outgoing connections, and what they mean for .NET.
pub(super) fn client(
    facts: &Facts,
    system: &System,
    os: Outcome,
    policy: AbsentPolicy,
) -> (CheckResult, Offer) {
    let (enabled, by_default) = values(facts, Key::Tls12Client);
    let result = if os == Outcome::Fail {
        CheckResult {
            message: "Registry values cannot add what this Windows lacks.".to_owned(),
            observed: pair(("Enabled", enabled), ("DisabledByDefault", by_default)),
            ..blank(CLIENT, Outcome::NotApplicable, "schannel.pointless")
        }
    } else {
        judge(&CLIENT_SIDE, enabled, by_default, system, policy)
    };
    let on_group_b = system.group == Some(Group::B);
    let offer = Offer {
        unknown: result.outcome == Outcome::Unknown,
        off: enabled.is(0),
        default_lacks: enabled.is(0) || by_default.is_on() || (on_group_b && !by_default.is(0)),
        offered: by_default.is(0),
        offered_unknown: by_default == Dword::NotCollected || by_default.is_unusable(),
    };
    (result, offer)
}

/// Incoming connections, on site systems.
pub(super) fn server(facts: &Facts, system: &System, policy: AbsentPolicy) -> CheckResult {
    let (enabled, by_default) = values(facts, Key::Tls12Server);
    judge(&SERVER_SIDE, enabled, by_default, system, policy)
}

fn values(facts: &Facts, key: Key) -> (Dword<'_>, Dword<'_>) {
    (
        Dword::read(&facts.registry, key, "Enabled"),
        Dword::read(&facts.registry, key, "DisabledByDefault"),
    )
}

/// The rules SC2 to SC7; the first line that fits wins.
fn judge(
    side: &Side,
    enabled: Dword<'_>,
    by_default: Dword<'_>,
    system: &System,
    policy: AbsentPolicy,
) -> CheckResult {
    let on_by_default = system.group == Some(Group::C);
    let fix = if on_by_default {
        side.fix_new
    } else {
        side.fix_old
    };
    let result = if enabled == Dword::NotCollected || by_default == Dword::NotCollected {
        CheckResult {
            message:
                "The SCHANNEL key for TLS 1.2 was not read, so whether TLS 1.2 is on is not known."
                    .to_owned(),
            fix: format!(
                "Read {} and report it, also when it does not exist.",
                side.key.path()
            ),
            sources: &[sources::OWN_RULE],
            ..blank(side.id, Outcome::Unknown, code::SCHANNEL_NOT_COLLECTED)
        }
    } else if enabled.is_unusable() || by_default.is_unusable() {
        CheckResult {
            message: "A SCHANNEL value for TLS 1.2 is there, but not as a number of type REG_DWORD; what Windows makes of it is not documented."
                .to_owned(),
            fix: format!("Delete the value first and write it again. {fix}"),
            sources: &[sources::TLS_REGISTRY, sources::OWN_RULE],
            ..blank(side.id, Outcome::Unknown, code::SCHANNEL_TYPE)
        }
    } else if enabled.is(0) {
        CheckResult {
            message: format!(
                "TLS 1.2 is switched off for {} connections (Enabled = 0); no other setting brings it back.",
                side.direction
            ),
            fix: fix.to_owned(),
            sources: SOURCES,
            ..blank(side.id, Outcome::Fail, side.disabled)
        }
    } else if by_default.is_on() {
        CheckResult {
            message: format!(
                "TLS 1.2 is not offered for {} connections unless a program asks for it by name (DisabledByDefault is not 0); programs that leave the choice to Windows lose it.",
                side.direction
            ),
            fix: fix.to_owned(),
            sources: SOURCES,
            disputed: on_by_default,
            ..blank(side.id, Outcome::Fail, side.by_default)
        }
    } else if by_default.is(0) {
        CheckResult {
            message: "TLS 1.2 is switched on.".to_owned(),
            sources: SOURCES,
            ..blank(side.id, Outcome::Pass, "schannel.tls12_on")
        }
    } else {
        absent(side, system.group, policy)
    };
    CheckResult {
        expected: (if on_by_default {
            EXPECTED_NEW
        } else {
            EXPECTED_OLD
        })
        .to_owned(),
        observed: pair(("Enabled", enabled), ("DisabledByDefault", by_default)),
        ..result
    }
}

/// SC6 and SC7: the default of the system decides.
fn absent(side: &Side, group: Option<Group>, policy: AbsentPolicy) -> CheckResult {
    match group {
        Some(Group::C) => CheckResult {
            message: "TLS 1.2 is on by default on this Windows, and nothing switches it off.".to_owned(),
            sources: &[sources::PROTOCOLS, sources::CLIENTS],
            ..blank(side.id, Outcome::Pass, "schannel.on_by_default")
        },
        Some(Group::A | Group::B) => CheckResult {
            message: "TLS 1.2 is off by default on this Windows, and DisabledByDefault = 0 is missing; Enabled alone is not enough. Some sources say WinHTTP works without it; we do not rely on that."
                .to_owned(),
            fix: side.fix_old.to_owned(),
            sources: DISPUTE,
            disputed: true,
            ..blank(
                side.id,
                match policy {
                    AbsentPolicy::Fail => Outcome::Fail,
                    AbsentPolicy::Warn => Outcome::Warn,
                },
                side.not_enabled,
            )
        },
        None => CheckResult {
            message: "TLS 1.2 is left to the default of Windows, and which Windows this is, is not known."
                .to_owned(),
            fix: "Report the Windows version from Win32_OperatingSystem.Version.".to_owned(),
            sources: &[sources::OWN_RULE],
            ..blank(side.id, Outcome::Unknown, code::SCHANNEL_DEFAULT_UNKNOWN)
        },
    }
}
