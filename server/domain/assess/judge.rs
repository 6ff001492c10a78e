//! The one way from facts to a verdict.

use super::{
    ciphers, contradicted, dotnet,
    finding::blank,
    fips, notes,
    os::{Platform, System},
    os_check,
    policy::Policy,
    restart, schannel,
    site_system::{self, Duties},
    sql, standing, update, winhttp, wsus,
};
use crate::domain::{
    facts::Facts,
    verdict::{CheckResult, Outcome, Verdict},
};

/// Judges what was read on one client. Pure: the same facts and policy give the same verdict, at any time.
pub fn assess(facts: &Facts, policy: &Policy) -> Verdict {
    let system = System::of(facts);
    let duties = site_system::duties(&facts.roles);
    let mut checks = Vec::with_capacity(17);
    checks.push(os_check::check(facts, &system));
    let mut pending_since = None;
    if system.platform == Platform::Windows {
        client(facts, policy, &system, duties.is_some(), &mut checks);
        let at = checks.len();
        if let Some(duties) = duties {
            server(facts, policy, &system, duties, &mut checks);
        }
        let (result, since) =
            restart::check(facts, &checks, dotnet::decides(policy, duties.is_some()));
        checks.insert(at, result);
        pending_since = since;
        contradicted::tell(facts, &mut checks);
    } else {
        not_windows(&mut checks);
    }
    let decision = standing::decide(&checks);
    Verdict {
        standing: decision.standing,
        impact: decision.impact,
        deciding: decision.deciding,
        warnings: decision.warnings,
        notes: notes::notes(facts, &system, duties.is_some()),
        checks,
        pending_since,
    }
}

/// The checks of every Windows client, in the order of the contract; `restart` comes later because it looks
/// at the others.
fn client(
    facts: &Facts,
    policy: &Policy,
    system: &System,
    site_system: bool,
    checks: &mut Vec<CheckResult>,
) {
    let os = checks
        .first()
        .map_or(Outcome::Unknown, |check| check.outcome);
    checks.push(update::check(facts, system, os));
    checks.push(winhttp::native(facts, system));
    checks.push(winhttp::wow64(facts, system));
    let (result, offer) = schannel::client(facts, system, os, policy.group_b_schannel_absent);
    checks.push(result);
    checks.extend(dotnet::checks(
        facts,
        dotnet::Setting {
            system,
            offer,
            policy,
            site_system,
        },
    ));
    let servers = policy.server_suites.as_deref();
    checks.push(ciphers::check(facts, system, servers, site_system));
    checks.push(fips::check(facts));
}

/// What site systems are asked beside that.
fn server(
    facts: &Facts,
    policy: &Policy,
    system: &System,
    duties: Duties,
    checks: &mut Vec<CheckResult>,
) {
    checks.push(schannel::server(
        facts,
        system,
        policy.group_b_schannel_absent,
    ));
    checks.push(sql::engine(facts, duties));
    checks.push(sql::client(facts, duties));
    checks.push(wsus::check(facts, system, duties));
}

/// What is not Windows has none of the things the other checks look at.
fn not_windows(checks: &mut Vec<CheckResult>) {
    let ids = [
        update::ID,
        winhttp::NATIVE,
        winhttp::WOW64,
        schannel::CLIENT,
    ]
    .into_iter()
    .chain(dotnet::IDS)
    .chain([ciphers::ID, fips::ID, restart::ID]);
    checks.extend(ids.map(|id| CheckResult {
        message: "This check looks at Windows only.".to_owned(),
        ..blank(id, Outcome::NotApplicable, "os.not_applicable")
    }));
}
