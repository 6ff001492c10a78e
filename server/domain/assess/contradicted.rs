//! Checks that could not decide because rows of one source contradict each other say so: nobody would find the cause in
//! "was not read".

use super::{ciphers, dotnet, finding::NOT_COLLECTED, fips, os_check, schannel, update, winhttp};
use crate::domain::{
    facts::{Contradicted, Facts, Key},
    verdict::{CheckResult, Outcome},
};

/// Puts it into the words of the checks; no outcome changes.
pub(super) fn tell(facts: &Facts, checks: &mut [CheckResult]) {
    if facts.contradicted.is_empty() {
        return;
    }
    for check in checks
        .iter_mut()
        .filter(|check| matches!(check.outcome, Outcome::Unknown | Outcome::Warn))
    {
        let told: Vec<String> = facts
            .contradicted
            .iter()
            .filter(|fact| bears_on(fact, check.id) && !fact.is_known(facts))
            .map(Contradicted::words)
            .collect();
        if told.is_empty() {
            continue;
        }
        check.message = format!(
            "Rows of one upload say different things of {}, so none of them was believed.",
            told.join(" and ")
        );
        "Find out which row is right and upload that one alone, or read the client again."
            .clone_into(&mut check.fix);
        if check.observed == NOT_COLLECTED {
            "told in two ways".clone_into(&mut check.observed);
        }
    }
}

fn bears_on(fact: &Contradicted, check: &str) -> bool {
    match fact {
        Contradicted::Key(key) | Contradicted::Value(key, _) => reads(check, *key),
        Contradicted::Other(name) => match name.as_str() {
            "os.architecture" => {
                check == os_check::ID || check == winhttp::WOW64 || dotnet::IDS.contains(&check)
            }
            "cipher_suites" => check == ciphers::ID,
            "software" => check.starts_with("sql."),
            name if name.starts_with("os.") => check == os_check::ID,
            _ => check == update::ID || check == os_check::ID,
        },
    }
}

/// Whether a check reads a registry key.
fn reads(check: &str, key: Key) -> bool {
    let [version, v4, v4_wow64, v2, v2_wow64] = dotnet::IDS;
    match key {
        Key::WinHttpNative => check == winhttp::NATIVE,
        Key::WinHttpWow64 => check == winhttp::WOW64,
        Key::Tls12Client => check == schannel::CLIENT,
        Key::Tls12Server => check == schannel::SERVER,
        Key::NdpV4Full => check == version,
        Key::NetV4Native => check == v4,
        Key::NetV4Wow64 => check == v4_wow64,
        Key::NetV2Native => check == v2,
        Key::NetV2Wow64 => check == v2_wow64,
        Key::NdpV35 => check == v2 || check == v2_wow64,
        Key::FipsPolicy | Key::Lsa => check == fips::ID,
        Key::CipherPolicy => check == ciphers::ID,
        Key::CurrentVersion => check == os_check::ID,
        Key::Tls10Client
        | Key::Tls10Server
        | Key::Tls11Client
        | Key::Tls11Server
        | Key::Tls13Client => false,
    }
}
