//! Things worth showing that decide nothing.

use super::{
    finding::Dword,
    os::{NativeView, Platform, System, end_of_support},
    reasons::code,
};
use crate::domain::{
    facts::{Facts, Key, Report},
    time::{MINUTE, Timestamp},
    verdict::{CheckResult, Note, Outcome, Verdict},
};

/// The day the tables of this ruleset were made; a support date before it has passed.
const TABLES_MADE: &str = "2026-11-23";
/// Clocks that differ by more are worth a note.
const CLOCK_TOLERANCE: i64 = 5 * MINUTE;

/// The numbers the rules read; a source without types is believed, with a note.
const READ: &[(Key, &str)] = &[
    (Key::WinHttpNative, "DefaultSecureProtocols"),
    (Key::WinHttpWow64, "DefaultSecureProtocols"),
    (Key::Tls12Client, "Enabled"),
    (Key::Tls12Client, "DisabledByDefault"),
    (Key::NetV4Native, "SystemDefaultTlsVersions"),
    (Key::NetV4Native, "SchUseStrongCrypto"),
    (Key::NetV4Wow64, "SystemDefaultTlsVersions"),
    (Key::NetV4Wow64, "SchUseStrongCrypto"),
    (Key::NdpV4Full, "Release"),
];

/// The notes on one report.
pub(super) fn notes(facts: &Facts, system: &System, site_system: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |code: &'static str, message: String| notes.push(Note { code, message });
    support(facts, system, &mut note);
    for written in &facts.registry.misspelt {
        note(
            "registry.misspelt",
            format!(
                "Windows does not read the key \"{written}\": its name is misspelt. What it holds has no effect."
            ),
        );
    }
    for (key, name) in READ {
        let typeless = match facts.registry.value(*key, name) {
            crate::domain::facts::Reading::Value(value) => value.kind.is_none(),
            _ => false,
        };
        if typeless {
            note(
                "registry.type_unknown",
                format!(
                    "{name} in {} came without a type and was taken for a REG_DWORD.",
                    key.path()
                ),
            );
        }
    }
    if !site_system {
        let off = Dword::read(&facts.registry, Key::Tls12Server, "Enabled").is(0)
            || Dword::read(&facts.registry, Key::Tls12Server, "DisabledByDefault").is_on();
        if off {
            note(
                "schannel.server_off",
                "TLS 1.2 is switched off for incoming connections, which a plain client does not need for Configuration Manager."
                    .to_owned(),
            );
        }
    }
    if system.platform == Platform::Windows && system.native_view == NativeView::Unstated {
        note(
            "collector.bitness_unstated",
            "Nothing says whether a 64-bit program read the registry, or that both views were asked for by name. Reports say it in collector.process_bits and collector.explicit_views; of a table somebody can say it when it is uploaded."
                .to_owned(),
        );
    }
    if facts.communication.as_deref() == Some("http") {
        note(
            "client.http_only",
            "The client talks plain HTTP today, so the cutover would not cut it off yet; HTTP-only sites are deprecated, and the result is not waived."
                .to_owned(),
        );
    }
    notes
}

fn support(facts: &Facts, system: &System, note: &mut impl FnMut(&'static str, String)) {
    let Some(release) = system.release else {
        return;
    };
    if let Some(end) = end_of_support(release, facts.os.sku).filter(|end| *end < TABLES_MADE) {
        let paid = match release.end_paid {
            Some(paid) => format!("; paid security updates until {paid}"),
            None => String::new(),
        };
        // Without its edition nobody knows that this client is out of support.
        let others = match (facts.os.sku, release.end_enterprise, release.end_ltsc) {
            (None, Some(later), _) => {
                format!("; Enterprise and Education editions have it until {later}")
            }
            (None, None, Some(later)) => format!("; the long-term channel has it until {later}"),
            _ => String::new(),
        };
        note(
            "os.end_of_support",
            format!("Support for {} ended on {end}{others}{paid}.", release.name),
        );
    }
    if system.family() < Some((6, 2)) {
        note(
            "os.configmgr_unsupported",
            format!(
                "Configuration Manager does not support {} as a client, paid updates or not.",
                release.name
            ),
        );
    }
}

/// Whether a check could not decide because nobody says which registry view was read.
pub fn doubts_the_view(verdict: &Verdict) -> bool {
    let doubts = |check: &CheckResult| {
        check.outcome == Outcome::Unknown
            && matches!(check.reason, code::WINHTTP_VIEW | code::NET_VIEW)
    };
    verdict.checks.iter().any(doubts)
}

/// Notes on the clocks of a report: a client whose clock is wrong confuses freshness and restarts.
pub fn clock_notes(report: &Report, received_at: Timestamp) -> Vec<Note> {
    let mut notes = Vec::new();
    let ahead = report.collected_at.since(received_at);
    if ahead > CLOCK_TOLERANCE {
        notes.push(Note {
            code: "clock.ahead",
            message: format!(
                "The report says it was collected at {}, after it arrived; the client's clock is ahead by {} minutes.",
                report.collected_at,
                ahead / MINUTE
            ),
        });
    }
    let facts = &report.facts;
    let newest = Key::ALL
        .into_iter()
        .filter_map(|key| facts.registry.key(key)?.last_write_at)
        .chain(facts.os.last_boot_at)
        .max();
    if let Some(at) = newest.filter(|at| at.since(report.collected_at) > CLOCK_TOLERANCE) {
        notes.push(Note {
            code: "clock.future_time",
            message: format!(
                "The report names a time ({at}) later than its own collection time ({}).",
                report.collected_at
            ),
        });
    }
    notes
}
