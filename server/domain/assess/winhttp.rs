//! The checks `winhttp.default_secure_protocols.*`: which protocols WinHTTP offers, in each registry view.

use super::{
    finding::{DISPUTED, Dword, OR_SAY_SO, blank, disputed, mask},
    os::{NativeView, System},
    os_table::default_has_tls12,
    reasons::code,
    sources,
};
use crate::domain::{
    facts::{Facts, Key},
    protocols::{MEANINGFUL, Mask, TLS12},
    verdict::{CheckResult, Outcome},
};

/// Id of the check on the native view.
pub(super) const NATIVE: &str = "winhttp.default_secure_protocols.native";
/// Id of the check on the 32-bit view of 64-bit Windows.
pub(super) const WOW64: &str = "winhttp.default_secure_protocols.wow64";

const VALUE: &str = "DefaultSecureProtocols";
const SSL2: u32 = 0x8;
const SOURCES: &[&str] = &[sources::CLIENTS, sources::OPTIONS, sources::SERVER_WINHTTP];
const FIX_OLD: &str = r"Set DefaultSecureProtocols (REG_DWORD) to 0x00000A00 (TLS 1.1 and 1.2) in HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp and, on 64-bit Windows, also in HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp; then restart the computer.";
const FIX_NEW: &str = r"Delete DefaultSecureProtocols, whose absence means TLS 1.2 on this Windows, or set it (REG_DWORD) to 0x00000A00, in HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp and, on 64-bit Windows, also in HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp; then restart the computer.";
const RECOLLECT: &str = "Read the key again in a 64-bit process, or with KEY_WOW64_64KEY and KEY_WOW64_32KEY, and report both views.";

/// One of the two registry views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Native,
    Wow64,
}

impl View {
    const fn id(self) -> &'static str {
        match self {
            Self::Native => NATIVE,
            Self::Wow64 => WOW64,
        }
    }

    const fn programs(self) -> &'static str {
        match self {
            Self::Native => "WinHTTP (which carries the Configuration Manager client)",
            Self::Wow64 => "WinHTTP in 32-bit programs",
        }
    }
}

/// The native view: the ConfigMgr client itself.
pub(super) fn native(facts: &Facts, system: &System) -> CheckResult {
    let value = Dword::read(&facts.registry, Key::WinHttpNative, VALUE);
    let view = system.native_view_of(facts, Key::WinHttpNative);
    // Nobody's word makes a native reading of what a 32-bit process read.
    let fix = if view == NativeView::Unstated {
        format!("{RECOLLECT} {OR_SAY_SO}")
    } else {
        RECOLLECT.to_owned()
    };
    let reading_in_doubt = match view {
        NativeView::Trusted => None,
        NativeView::Redirected => Some(
            "The native value was read by a 32-bit process, which is shown the Wow6432Node copy instead.",
        ),
        NativeView::Unstated => Some(
            "The report does not say whether a 64-bit process read the native value; a 32-bit one is shown the Wow6432Node copy.",
        ),
    };
    if let (Some(message), false) = (reading_in_doubt, value == Dword::NotCollected) {
        return CheckResult {
            message: message.to_owned(),
            expected: expected(system),
            observed: value.shown(),
            fix,
            sources: &[sources::VIEWS, sources::OWN_RULE],
            ..blank(NATIVE, Outcome::Unknown, code::WINHTTP_VIEW)
        };
    }
    let result = judge(View::Native, value, system);
    if disputed(facts, system, Key::WinHttpNative) && result.outcome != Outcome::Fail {
        return CheckResult {
            message: DISPUTED.to_owned(),
            fix: format!("{RECOLLECT} {OR_SAY_SO}"),
            sources: &[sources::VIEWS, sources::OWN_RULE],
            ..CheckResult {
                expected: result.expected,
                observed: result.observed,
                ..blank(NATIVE, Outcome::Unknown, code::WINHTTP_VIEW)
            }
        };
    }
    result
}

/// The 32-bit view; without meaning on 32-bit Windows, even if such a key exists there.
pub(super) fn wow64(facts: &Facts, system: &System) -> CheckResult {
    let value = Dword::read(&facts.registry, Key::WinHttpWow64, VALUE);
    if system.is_32_bit() {
        // Without meaning there; but the word on the width may be wrong, and then this would block.
        if let Dword::Number(bits) = value
            && bits & TLS12 == 0
        {
            return CheckResult {
                message: "Windows is said to be 32-bit, which has one registry view only; but below Wow6432Node, which only 64-bit Windows makes, a value without TLS 1.2 was read. One of the two is wrong."
                    .to_owned(),
                expected: expected(system),
                observed: mask(bits),
                fix: "Read Win32_OperatingSystem.OSArchitecture and the registry again, together; if Windows is 32-bit, delete the key below Wow6432Node."
                    .to_owned(),
                sources: &[sources::OPTIONS, sources::OWN_RULE],
                ..blank(WOW64, Outcome::Unknown, code::WINHTTP_WIDTH)
            };
        }
        return CheckResult {
            message: "32-bit Windows has one registry view only.".to_owned(),
            sources: &[sources::OPTIONS],
            ..blank(WOW64, Outcome::NotApplicable, "winhttp.one_view")
        };
    }
    if system.bits.is_none() && value != Dword::NotCollected {
        return CheckResult {
            message: "Whether this is 64-bit Windows, and so whether the Wow6432Node value matters, is not known."
                .to_owned(),
            expected: expected(system),
            observed: value.shown(),
            fix: "Report os.architecture from Win32_OperatingSystem.OSArchitecture.".to_owned(),
            sources: &[sources::OPTIONS, sources::OWN_RULE],
            ..blank(WOW64, Outcome::Unknown, code::WINHTTP_WIDTH)
        };
    }
    judge(View::Wow64, value, system)
}

/// The rules WH2 to WH7 on a reading that comes from the right place.
fn judge(view: View, value: Dword<'_>, system: &System) -> CheckResult {
    let result = match value {
        Dword::NotCollected => CheckResult {
            message: "The WinHttp registry key was not read, so what WinHTTP offers is not known."
                .to_owned(),
            fix: RECOLLECT.to_owned(),
            sources: &[sources::OWN_RULE],
            ..blank(view.id(), Outcome::Unknown, code::WINHTTP_NOT_COLLECTED)
        },
        Dword::Unusable(_) => CheckResult {
            message: "DefaultSecureProtocols is there, but not as a number of type REG_DWORD; what Windows makes of it is not documented."
                .to_owned(),
            fix: "Delete the value and write it again as REG_DWORD 0x00000A00, in both registry views; then restart the computer."
                .to_owned(),
            sources: &[sources::SERVER_WINHTTP, sources::OWN_RULE],
            ..blank(view.id(), Outcome::Unknown, code::WINHTTP_TYPE)
        },
        Dword::Number(bits) => present(view, bits, system),
        Dword::Absent => absent(view, system),
    };
    let observed = match value {
        Dword::Number(bits) => mask(bits),
        other => other.shown(),
    };
    CheckResult {
        expected: expected(system),
        observed,
        ..result
    }
}

/// The value replaces the system default on every Windows, so one without TLS 1.2 breaks Windows 10 too.
fn present(view: View, bits: u32, system: &System) -> CheckResult {
    if bits & TLS12 == 0 {
        let reason = match view {
            View::Native => code::WINHTTP_BIT,
            View::Wow64 => code::WINHTTP_WOW_BIT,
        };
        let fix = match system.version.and_then(default_has_tls12) {
            Some(true) => FIX_NEW,
            _ => FIX_OLD,
        };
        return CheckResult {
            message: format!(
                "DefaultSecureProtocols lacks the bit 0x800, so {} does not offer TLS 1.2.",
                view.programs()
            ),
            fix: fix.to_owned(),
            sources: SOURCES,
            ..blank(view.id(), Outcome::Fail, reason)
        };
    }
    if bits & (SSL2 | !MEANINGFUL) != 0 {
        return CheckResult {
            message: "TLS 1.2 is in DefaultSecureProtocols, but so are SSL 2.0 or bits without a meaning."
                .to_owned(),
            fix: "Set DefaultSecureProtocols to 0x00000A00.".to_owned(),
            sources: SOURCES,
            ..blank(view.id(), Outcome::Warn, "winhttp.odd_bits")
        };
    }
    CheckResult {
        message: "DefaultSecureProtocols contains TLS 1.2.".to_owned(),
        sources: SOURCES,
        ..blank(view.id(), Outcome::Pass, "winhttp.tls12_bit_set")
    }
}

/// Absent is normal: good from Windows 8.1 on, bad before.
fn absent(view: View, system: &System) -> CheckResult {
    match system.version.and_then(default_has_tls12) {
        Some(true) => CheckResult {
            message: match default_of(system) {
                Some(bits) => format!(
                    "The value is absent, and the default of this Windows has TLS 1.2: {}.",
                    mask(bits)
                ),
                None => "The value is absent, and the default of this Windows has TLS 1.2.".to_owned(),
            },
            sources: &[sources::OPTIONS, sources::CLIENTS, sources::KB5017811],
            ..blank(view.id(), Outcome::Pass, "winhttp.default_has_tls12")
        },
        Some(false) => CheckResult {
            message: format!(
                "The value is absent, and the default of this Windows is SSL 3.0 and TLS 1.0, so {} does not offer TLS 1.2.",
                view.programs()
            ),
            fix: FIX_OLD.to_owned(),
            sources: &[sources::OPTIONS, sources::CLIENTS, sources::KB3140245],
            ..blank(
                view.id(),
                Outcome::Fail,
                match view {
                    View::Native => code::WINHTTP_DEFAULT,
                    View::Wow64 => code::WINHTTP_WOW_DEFAULT,
                },
            )
        },
        None => CheckResult {
            message: "The value is absent and the Windows version is not known, so neither is the default in force."
                .to_owned(),
            fix: "Report the Windows version from Win32_OperatingSystem.Version.".to_owned(),
            sources: &[sources::OWN_RULE],
            ..blank(view.id(), Outcome::Unknown, code::WINHTTP_DEFAULT_UNKNOWN)
        },
    }
}

/// The set in force when the value is absent, where it is documented.
fn default_of(system: &System) -> Option<u32> {
    system
        .release
        .map(|release| release.winhttp_default)
        .filter(|bits| *bits != 0)
}

fn expected(system: &System) -> String {
    match system.version.and_then(default_has_tls12) {
        Some(true) => "absent, or a value with the bit 0x800 (TLS 1.2)",
        _ => "a value with the bit 0x800 (TLS 1.2), such as 0x00000A00 or 0x00000AA0",
    }
    .to_owned()
}

/// The protocols in force by a check on `DefaultSecureProtocols`, and where the number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolMask {
    /// Id of the check that reads it.
    pub check: &'static str,
    /// The registry key.
    pub key: Key,
    /// The value is absent, and this is the default of Windows.
    pub by_default: bool,
    /// The bits.
    pub mask: Mask,
}

/// Every mask of protocols that is known of a client: the value where it is a number, the default of its Windows where
/// the value is absent. What was not read, or is no number, has none.
pub fn protocol_masks(facts: &Facts) -> Vec<ProtocolMask> {
    let system = System::of(facts);
    let views = if system.is_32_bit() {
        &[(NATIVE, Key::WinHttpNative)][..]
    } else {
        &[(NATIVE, Key::WinHttpNative), (WOW64, Key::WinHttpWow64)][..]
    };
    let mask = |&(check, key): &(&'static str, Key)| {
        let (by_default, number) = match Dword::read(&facts.registry, key, VALUE) {
            Dword::Number(number) => (false, number),
            Dword::Absent => (true, default_of(&system)?),
            Dword::NotCollected | Dword::Unusable(_) => return None,
        };
        Some(ProtocolMask {
            check,
            key,
            by_default,
            mask: Mask::of(number),
        })
    };
    views.iter().filter_map(mask).collect()
}
