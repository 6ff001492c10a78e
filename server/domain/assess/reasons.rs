//! Every reason a failed or undecided check can carry, with the fix it calls for.
//!
//! The database keeps a client's reasons as one 64-bit mask, so that lists filter quickly. A bit is given
//! once, 0 to 61, and never used again for another reason, not even after its reason is gone; a code
//! and a fix code never change their meaning. New reasons take the next free bit.

pub use super::reason_table::REASONS;
use crate::domain::verdict::{Impact, Outcome, Verdict};

/// One reason: what it means and what mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonInfo {
    /// Stable code, such as `winhttp.tls12_bit_missing`.
    pub code: &'static str,
    /// Its bit in a mask, 0 to 61.
    pub bit: u8,
    /// The check that gives it; where two checks share a reason, the first of them.
    pub check: &'static str,
    /// Short words for tables.
    pub title: &'static str,
    /// Stable code of the fix, such as `set-default-secure-protocols`.
    pub fix: &'static str,
    /// The fix in short words.
    pub fix_title: &'static str,
    /// How bad it is; `None` for reasons that leave a check undecided.
    pub impact: Option<Impact>,
}

/// The reason a code names.
pub fn reason(code: &str) -> Option<&'static ReasonInfo> {
    REASONS.iter().find(|info| info.code == code)
}

/// The bits of every failed or undecided check's reason, and of a pending restart.
pub fn reason_mask(verdict: &Verdict) -> i64 {
    verdict
        .checks
        .iter()
        .filter(|check| {
            matches!(check.outcome, Outcome::Fail | Outcome::Unknown)
                || check.reason == code::RESTART_PENDING
        })
        .filter_map(|check| reason(check.reason))
        .fold(0, |mask, info| mask | 1 << info.bit)
}

/// The reasons whose bits are in a mask, in the order of their bits.
pub fn reasons_in(mask: i64) -> impl Iterator<Item = &'static ReasonInfo> {
    REASONS
        .iter()
        .filter(move |info| mask & (1 << info.bit) != 0)
}

/// The codes, so that a check cannot misspell one.
pub(super) mod code {
    pub(in super::super) const OS_NOT_USABLE: &str = "os.not_usable";
    pub(in super::super) const OS_VERSION_MISSING: &str = "os.version_missing";
    pub(in super::super) const OS_PRODUCT_TYPE_MISSING: &str = "os.product_type_missing";
    pub(in super::super) const OS_CONTRADICTORY: &str = "os.version_contradictory";
    pub(in super::super) const OS_WITHOUT_TLS12: &str = "os.without_tls12";
    pub(in super::super) const OS_UPDATE_MISSING: &str = "os.update_missing";
    pub(in super::super) const OS_UPDATE_NOT_PROVEN: &str = "os.update_not_proven";
    pub(in super::super) const OS_WINHTTP_UNDOCUMENTED: &str = "os.winhttp_undocumented";
    pub(in super::super) const OS_BUILD_UNKNOWN: &str = "os.build_unknown";

    pub(in super::super) const UPDATE_SERVICE_PACK: &str = "winhttp.service_pack_missing";
    pub(in super::super) const UPDATE_FILE_OLD: &str = "winhttp.update_file_too_old";
    pub(in super::super) const UPDATE_MISSING: &str = "winhttp.update_missing";
    pub(in super::super) const UPDATE_NOT_PROVEN: &str = "winhttp.update_not_proven";
    pub(in super::super) const UPDATE_UNDOCUMENTED: &str = "winhttp.update_undocumented";

    pub(in super::super) const WINHTTP_BIT: &str = "winhttp.tls12_bit_missing";
    pub(in super::super) const WINHTTP_DEFAULT: &str = "winhttp.default_without_tls12";
    pub(in super::super) const WINHTTP_WOW_BIT: &str = "winhttp.wow64_tls12_bit_missing";
    pub(in super::super) const WINHTTP_WOW_DEFAULT: &str = "winhttp.wow64_default_without_tls12";
    pub(in super::super) const WINHTTP_NOT_COLLECTED: &str = "winhttp.not_collected";
    pub(in super::super) const WINHTTP_VIEW: &str = "winhttp.view_not_proven";
    pub(in super::super) const WINHTTP_TYPE: &str = "winhttp.value_unusable";
    pub(in super::super) const WINHTTP_DEFAULT_UNKNOWN: &str = "winhttp.default_unknown";
    pub(in super::super) const WINHTTP_WIDTH: &str = "winhttp.architecture_unknown";

    pub(in super::super) const SCHANNEL_DISABLED: &str = "schannel.tls12_disabled";
    pub(in super::super) const SCHANNEL_BY_DEFAULT: &str = "schannel.tls12_disabled_by_default";
    pub(in super::super) const SCHANNEL_NOT_ENABLED: &str = "schannel.tls12_not_enabled";
    pub(in super::super) const SCHANNEL_NOT_COLLECTED: &str = "schannel.not_collected";
    pub(in super::super) const SCHANNEL_TYPE: &str = "schannel.value_unusable";
    pub(in super::super) const SCHANNEL_DEFAULT_UNKNOWN: &str = "schannel.default_unknown";

    pub(in super::super) const NET_VERSION_MISSING: &str = "dotnet.version_missing";
    pub(in super::super) const NET_VERSION_OLD: &str = "dotnet.version_too_old";
    pub(in super::super) const NET_VERSION_UNKNOWN: &str = "dotnet.version_unknown";
    pub(in super::super) const NET_NOT_COLLECTED: &str = "dotnet.not_collected";
    pub(in super::super) const NET_VIEW: &str = "dotnet.view_not_proven";
    pub(in super::super) const NET_TYPE: &str = "dotnet.value_unusable";
    pub(in super::super) const NET_WIDTH: &str = "dotnet.architecture_unknown";
    pub(in super::super) const NET_DEFAULT_UNKNOWN: &str = "dotnet.windows_default_unknown";
    pub(in super::super) const NET_DEFAULT_LACKS: &str = "dotnet.windows_default_without_tls12";
    pub(in super::super) const NET_DISABLED: &str = "dotnet.tls12_disabled";
    pub(in super::super) const NET_WEAK: &str = "dotnet.strong_crypto_off";
    pub(in super::super) const NET_NOT_STRONG: &str = "dotnet.strong_crypto_missing";
    pub(in super::super) const NET_VALUES_MISSING: &str = "dotnet.values_missing";

    pub(in super::super) const CIPHER_NONE: &str = "cipher.no_tls12_suite";
    pub(in super::super) const CIPHER_NOT_SHARED: &str = "cipher.no_shared_suite";
    pub(in super::super) const CIPHER_UNUSABLE: &str = "cipher.list_unusable";

    pub(in super::super) const RESTART_PENDING: &str = "restart.pending";

    pub(in super::super) const SERVER_DISABLED: &str = "schannel.server_tls12_disabled";
    pub(in super::super) const SERVER_BY_DEFAULT: &str =
        "schannel.server_tls12_disabled_by_default";
    pub(in super::super) const SERVER_NOT_ENABLED: &str = "schannel.server_tls12_not_enabled";
    pub(in super::super) const SQL_ENGINE_OLD: &str = "sql.engine_too_old";
    pub(in super::super) const SQL_ENGINE_UNKNOWN: &str = "sql.engine_unknown";
    pub(in super::super) const SQL_CLIENT_OLD: &str = "sql.client_too_old";
    pub(in super::super) const SQL_ODBC_BROKEN: &str = "sql.odbc_driver_broken";
    pub(in super::super) const SQL_CLIENT_UNKNOWN: &str = "sql.client_unknown";
    pub(in super::super) const WSUS_OLD: &str = "wsus.update_missing";
    pub(in super::super) const WSUS_UNKNOWN: &str = "wsus.update_not_proven";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_codes_are_unique_and_fit_a_mask() {
        let mut seen = 0_i64;
        for info in REASONS {
            assert!(info.bit <= 61, "{}", info.code);
            assert_eq!(seen & (1 << info.bit), 0, "bit of {} is taken", info.code);
            seen |= 1 << info.bit;
            assert_eq!(
                reason(info.code),
                Some(info),
                "{} is listed once",
                info.code
            );
            let same_fix = REASONS.iter().filter(|other| other.fix == info.fix);
            assert!(
                same_fix
                    .clone()
                    .all(|other| other.fix_title == info.fix_title),
                "{}",
                info.fix
            );
        }
        assert!(reasons_in(seen).eq(REASONS.iter()));
    }
}
