//! The check `cipher_suites`: a client can be right in everything else and still share no suite with the servers.
//!
//! The suites are an optional fact: that nobody collected them never makes a machine un-ready. What was
//! collected and cannot work does.

use super::{finding::blank, os::System, reasons::code, sources};
use crate::domain::{
    facts::{Facts, Key, Reading, RegData},
    verdict::{CheckResult, Outcome},
};

/// Id of the check.
pub(super) const ID: &str = "cipher_suites";

const SOURCES: &[&str] = &[sources::SUITES, sources::LEGACY_SWITCH];
const FIX: &str = r"Add a suite that the site servers accept, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, to the cipher suite order (Group Policy 'SSL Cipher Suite Order', or HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 value Functions) and restart the computer; or let the servers accept a suite that this client offers.";
const EXPECTED: &str = "a TLS 1.2 cipher suite that the site servers accept";

/// What Windows before 10 offers out of the box for TLS 1.2: no ECDHE-RSA with AES-GCM.
const DEFAULT_OLD: &[&str] = &[
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
];
/// What Windows 10 and later add to that.
const DEFAULT_NEW: &[&str] = &[
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
];

/// What a suite name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// TLS 1.2 with authenticated encryption.
    Strong,
    /// TLS 1.2 can use it, but hardened servers refuse it.
    Usable,
    /// Not for TLS 1.2, or never accepted.
    Useless,
    /// Not a name the rules can read.
    Unreadable,
}

/// Where the list of suites came from.
enum Offered<'f> {
    Collected(Vec<&'f str>),
    Policy(Vec<&'f str>),
    PolicyUnreadable,
    NotCollected,
}

/// Judges the client's list against itself, and against the servers' when that is known.
pub(super) fn check(
    facts: &Facts,
    system: &System,
    servers: Option<&[String]>,
    site_system: bool,
) -> CheckResult {
    let result = match offered(facts) {
        Offered::NotCollected => by_default(system, servers),
        Offered::PolicyUnreadable => CheckResult {
            observed: "policy value Functions of another type".to_owned(),
            ..unusable("The cipher suite policy is there, but cannot be read as a list of names.")
        },
        Offered::Collected(list) => CheckResult {
            observed: joined(&list),
            ..judge(&list, servers)
        },
        Offered::Policy(list) => CheckResult {
            observed: format!("policy value Functions: {}", joined(&list)),
            ..judge(&list, servers)
        },
    };
    let result = match servers {
        Some(servers) if site_system && result.outcome <= Outcome::Pass => {
            refuses_old_clients(servers).unwrap_or(result)
        }
        _ => result,
    };
    CheckResult {
        expected: EXPECTED.to_owned(),
        ..result
    }
}

fn offered(facts: &Facts) -> Offered<'_> {
    if let Some(list) = &facts.cipher_suites {
        return Offered::Collected(list.iter().flat_map(|text| split(text)).collect());
    }
    match facts.registry.value(Key::CipherPolicy, "Functions") {
        Reading::NotCollected | Reading::Absent => Offered::NotCollected,
        Reading::Value(value) => match &value.data {
            RegData::Text(text) => Offered::Policy(split(text).collect()),
            RegData::Texts(texts) => {
                Offered::Policy(texts.iter().flat_map(|text| split(text)).collect())
            }
            RegData::Number(_) | RegData::Unreadable(_) => Offered::PolicyUnreadable,
        },
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// An empty list is a failed reading, not a fact: a machine without any suite could not use TLS at all.
fn judge(list: &[&str], servers: Option<&[String]>) -> CheckResult {
    let count = |worth: Worth| list.iter().filter(|name| worth_of(name) == worth).count();
    let (strong, usable) = (count(Worth::Strong), count(Worth::Usable));
    if strong + usable == 0 {
        if list.is_empty() {
            return unusable(
                "The list of cipher suites was collected and is empty, which no working system has.",
            );
        }
        if count(Worth::Unreadable) > 0 {
            return unusable("The list of cipher suites holds no name that Windows uses.");
        }
        return CheckResult {
            message: "The client offers no cipher suite that TLS 1.2 can use.".to_owned(),
            fix: FIX.to_owned(),
            sources: SOURCES,
            ..blank(ID, Outcome::Fail, code::CIPHER_NONE)
        };
    }
    if let Some(servers) = servers {
        return if shares(list, servers) {
            CheckResult {
                message: "The client and the site servers share a TLS 1.2 cipher suite.".to_owned(),
                sources: SOURCES,
                ..blank(ID, Outcome::Pass, "cipher.suite_shared")
            }
        } else {
            not_shared(
                "The client and the site servers share no TLS 1.2 cipher suite, so the handshake fails.",
            )
        };
    }
    if strong == 0 {
        return CheckResult {
            message: "The client offers TLS 1.2 cipher suites with CBC only; servers that accept nothing but AES-GCM refuse it."
                .to_owned(),
            fix: FIX.to_owned(),
            sources: SOURCES,
            ..blank(ID, Outcome::Warn, "cipher.cbc_only")
        };
    }
    CheckResult {
        message: "The client offers TLS 1.2 cipher suites; which ones the site servers accept is not known."
            .to_owned(),
        sources: SOURCES,
        ..blank(ID, Outcome::Pass, "cipher.tls12_suites_offered")
    }
}

/// Nobody collected the suites: the default list of the Windows version is compared, if the servers' is known.
fn by_default(system: &System, servers: Option<&[String]>) -> CheckResult {
    let lists: &[&[&str]] = match system.family() {
        Some((6, _)) => &[DEFAULT_OLD],
        Some((10, _)) => &[DEFAULT_OLD, DEFAULT_NEW],
        _ => &[],
    };
    let observed = super::finding::NOT_COLLECTED.to_owned();
    let (Some(servers), false) = (servers, lists.is_empty()) else {
        return CheckResult {
            message: "Nothing is known to speak against the client's cipher suites.".to_owned(),
            observed,
            sources: SOURCES,
            ..blank(ID, Outcome::NotApplicable, "cipher.not_collected")
        };
    };
    if lists.iter().any(|list| shares(list, servers)) {
        return CheckResult {
            message: "The client's list was not collected; the default list of its Windows version shares a suite with the site servers."
                .to_owned(),
            observed,
            sources: SOURCES,
            ..blank(ID, Outcome::Pass, "cipher.default_list_shared")
        };
    }
    CheckResult {
        observed,
        ..not_shared(
            "The site servers accept no cipher suite that this Windows version offers by default, so the handshake fails.",
        )
    }
}

/// The servers' list shuts out Windows 7 to 8.1 and Server 2008 R2 to 2012 R2.
fn refuses_old_clients(servers: &[String]) -> Option<CheckResult> {
    (!shares(DEFAULT_OLD, servers)).then(|| CheckResult {
        message: "The site servers accept no suite that Windows 7 to 8.1 and Server 2008 R2 to 2012 R2 offer; such clients fail although they do TLS 1.2."
            .to_owned(),
        observed: servers.join(", "),
        fix: "Use an ECDSA certificate, or take 'Disable Legacy TLS' off the binding, while such clients exist."
            .to_owned(),
        sources: SOURCES,
        ..blank(ID, Outcome::Warn, "cipher.old_clients_refused")
    })
}

fn not_shared(message: &str) -> CheckResult {
    CheckResult {
        message: message.to_owned(),
        fix: FIX.to_owned(),
        sources: SOURCES,
        ..blank(ID, Outcome::Fail, code::CIPHER_NOT_SHARED)
    }
}

fn unusable(message: &str) -> CheckResult {
    CheckResult {
        message: message.to_owned(),
        fix: "Collect the list again (Get-TlsCipherSuite, or the cipher suite order policy), or leave it out of the report."
            .to_owned(),
        sources: &[sources::SUITES, sources::OWN_RULE],
        ..blank(ID, Outcome::Unknown, code::CIPHER_UNUSABLE)
    }
}

/// Whether both lists hold a suite that TLS 1.2 can use.
fn shares(list: &[&str], servers: &[String]) -> bool {
    list.iter().any(|name| {
        matches!(worth_of(name), Worth::Strong | Worth::Usable)
            && servers
                .iter()
                .any(|other| bare(other).eq_ignore_ascii_case(bare(name)))
    })
}

/// The name without the curve that Windows before 10 appends.
fn bare(name: &str) -> &str {
    let name = name.trim();
    match name
        .len()
        .checked_sub(5)
        .and_then(|at| name.split_at_checked(at))
    {
        Some((head, tail))
            if ["_P256", "_P384", "_P521"]
                .iter()
                .any(|curve| tail.eq_ignore_ascii_case(curve)) =>
        {
            head
        }
        _ => name,
    }
}

fn worth_of(name: &str) -> Worth {
    let has = |part: &str| {
        name.as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    };
    let starts = |part: &str| {
        name.get(..part.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(part))
    };
    if starts("SSL_") {
        return Worth::Useless;
    }
    if !starts("TLS_") {
        return Worth::Unreadable;
    }
    // TLS 1.3 suites name no key exchange.
    if !has("_WITH_") {
        return Worth::Useless;
    }
    let refused = ["_NULL", "_RC4_", "_EXPORT", "_WITH_DES_", "_ANON_", "_MD5"];
    if refused.iter().any(|part| has(part)) {
        Worth::Useless
    } else if has("_GCM_") || has("_CCM") || has("CHACHA20") {
        Worth::Strong
    } else {
        Worth::Usable
    }
}

/// The first names of a list.
fn joined(list: &[&str]) -> String {
    const SHOWN: usize = 8;
    if list.is_empty() {
        return "an empty list".to_owned();
    }
    match list.split_at_checked(SHOWN) {
        Some((head, rest)) if !rest.is_empty() => {
            format!("{} and {} more", head.join(", "), rest.len())
        }
        _ => list.join(", "),
    }
}
