//! The checks `sql.engine` and `sql.client`: SQL Server builds and drivers that can do TLS 1.2.

use super::{finding::blank, reasons::code, site_system::Duties, sources};
use crate::domain::{
    facts::{Facts, Software},
    verdict::{CheckResult, Outcome},
};

/// Id of the check on the database engine.
pub(super) const ENGINE: &str = "sql.engine";
/// Id of the check on the drivers.
pub(super) const CLIENT: &str = "sql.client";

type Build = [u32; 4];

/// Builds with TLS 1.2 as ranges of the third number, by major version. A service pack has a security
/// branch with low numbers and a cumulative branch with high ones, so a build is compared within its own.
const ENGINES: &[(u32, &[(u32, u32)])] = &[
    (
        12,
        &[
            (2271, 2299),
            (2564, 2999),
            (4219, 4399),
            (4439, 4999),
            (5000, u32::MAX),
        ],
    ),
    (
        11,
        &[
            (5352, 5499),
            (5644, 5999),
            (6216, 6499),
            (6518, 6999),
            (7001, u32::MAX),
        ],
    ),
];
/// Least third number of SQL Server 2008 R2 SP3 and of 2008 SP4.
const ENGINE_2008_R2: u32 = 6542;
const ENGINE_2008: u32 = 6547;
/// SQL Express at secondary sites: 2016 SP2 (the documents print two different numbers).
const EXPRESS: Build = [13, 0, 5026, 0];
/// First build of SQL Server 2016 with a service pack.
const SP1_2016: u32 = 4001;
const NATIVE_CLIENT: u32 = 7001;
const BROKEN_ODBC: Build = [18, 6, 1, 1];

/// Parts of SQL Server whose names look like the engine's.
const NOT_ENGINE: &[&str] = &[
    "native client",
    "odbc",
    "ole db",
    "setup",
    "management",
    "browser",
    "writer",
    "reporting",
    "analysis",
    "integration",
    "data-tier",
    "transact",
    "compact",
    "clr types",
    "books",
    "advisor",
    "localdb",
    "report builder",
    "master data",
    "policies",
    "tools",
    "sql language",
    "client",
    "replication",
    "full text",
    "batch parser",
    "rsfx",
    "xevent",
    "common files",
    "shared",
    "diagnostics",
];

/// A SQL engine in the list of software, on a site system that holds a database or has one all the same.
pub(super) fn engine(facts: &Facts, duties: Duties) -> CheckResult {
    let engines: Vec<&Software> = facts
        .software
        .iter()
        .flatten()
        .filter(|item| is_engine(&item.name))
        .collect();
    let result = if engines.is_empty() {
        if !duties.database {
            return CheckResult {
                message: "This site system holds no site database.".to_owned(),
                ..blank(ENGINE, Outcome::NotApplicable, "sql.no_engine")
            };
        }
        let message = if facts.software.is_none() {
            "The installed software was not reported, so the SQL Server build is not known."
        } else {
            "No SQL Server engine is in the list of software, although the role needs one."
        };
        engine_unknown(message)
    } else {
        engines
            .iter()
            .map(|engine| judge_engine(engine, duties))
            .max_by_key(|result| result.outcome)
            .unwrap_or_else(|| engine_unknown("No SQL Server engine was found."))
    };
    let observed = if engines.is_empty() && facts.software.is_none() {
        super::finding::NOT_COLLECTED.to_owned()
    } else {
        listed(engines.into_iter())
    };
    CheckResult {
        expected: "a SQL Server build with TLS 1.2 (2016 and later: every build)".to_owned(),
        observed,
        ..result
    }
}

fn is_engine(name: &str) -> bool {
    let name = name.to_lowercase();
    if !name.contains("sql server") {
        return false;
    }
    name.contains("database engine") || !NOT_ENGINE.iter().any(|part| name.contains(part))
}

fn judge_engine(engine: &Software, duties: Duties) -> CheckResult {
    let Some(build) = parts(&engine.version) else {
        return engine_unknown("The SQL Server build cannot be read.");
    };
    let express = duties.secondary && engine.name.to_lowercase().contains("express");
    if !has_tls12(build) || (express && build < EXPRESS) {
        return CheckResult {
            message: "This SQL Server build cannot do TLS 1.2 as Configuration Manager needs it."
                .to_owned(),
            fix: "Install the latest service pack and cumulative update of this SQL Server version (2012: SP4, 2014: SP3, Express at secondary sites: 2016 SP2, 13.0.5026.0), or move to a supported version."
                .to_owned(),
            sources: &[sources::SQL_ENGINE, sources::SERVERS, sources::PREREQUISITES],
            disputed: express,
            ..blank(ENGINE, Outcome::Fail, code::SQL_ENGINE_OLD)
        };
    }
    if build[0] == 13 && build[2] < SP1_2016 {
        return CheckResult {
            message: "This build does TLS 1.2, but SQL Server 2016 without a service pack is long out of service."
                .to_owned(),
            fix: "Install the latest service pack of SQL Server 2016, or move to a supported version."
                .to_owned(),
            sources: &[sources::SQL_ENGINE],
            ..blank(ENGINE, Outcome::Warn, "sql.engine_out_of_service")
        };
    }
    CheckResult {
        message: "This SQL Server build does TLS 1.2.".to_owned(),
        sources: &[sources::SQL_ENGINE],
        ..blank(ENGINE, Outcome::Pass, "sql.engine_has_tls12")
    }
}

fn has_tls12([major, minor, build, _]: Build) -> bool {
    match (major, minor) {
        (13.., _) => true,
        (10, 50..) => build >= ENGINE_2008_R2,
        (10, _) => build >= ENGINE_2008,
        _ => ENGINES
            .iter()
            .find(|(known, _)| *known == major)
            .is_some_and(|(_, ranges)| {
                ranges
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&build))
            }),
    }
}

fn engine_unknown(message: &str) -> CheckResult {
    CheckResult {
        message: message.to_owned(),
        fix: "Report the engine's name and full version in software, such as 13.0.5026.0 (SELECT SERVERPROPERTY('ProductVersion'))."
            .to_owned(),
        sources: &[sources::SQL_ENGINE, sources::OWN_RULE],
        ..blank(ENGINE, Outcome::Unknown, code::SQL_ENGINE_UNKNOWN)
    }
}

/// The native client and the ODBC driver of a site system.
pub(super) fn client(facts: &Facts, duties: Duties) -> CheckResult {
    let named = |words: &'static [&'static str]| {
        move |item: &&Software| {
            let name = item.name.to_lowercase();
            words.iter().all(|word| name.contains(word))
        }
    };
    let software = || facts.software.iter().flatten();
    let native: Vec<&Software> = software()
        .filter(named(&["sql server", "native client"]))
        .collect();
    let odbc: Vec<&Software> = software()
        .filter(named(&["odbc driver", "sql server"]))
        .collect();
    let result = judge_client(&native, &odbc);
    if !duties.sql_client && result.outcome != Outcome::Fail {
        return CheckResult {
            message: "This site system's roles do not talk to SQL Server.".to_owned(),
            ..blank(CLIENT, Outcome::NotApplicable, "sql.no_client")
        };
    }
    CheckResult {
        expected:
            "SQL Server Native Client 11.*.7001.0 or later, or ODBC driver 18 other than 18.6.1.1"
                .to_owned(),
        observed: if facts.software.is_none() {
            super::finding::NOT_COLLECTED.to_owned()
        } else {
            listed(native.into_iter().chain(odbc))
        },
        ..result
    }
}

fn judge_client(native: &[&Software], odbc: &[&Software]) -> CheckResult {
    let broken = odbc
        .iter()
        .any(|item| parts(&item.version) == Some(BROKEN_ODBC));
    if broken {
        return CheckResult {
            message: "ODBC driver 18.6.1.1 breaks Configuration Manager (not TLS).".to_owned(),
            fix: "Replace it by ODBC driver 18.6.2.1, 18.5.2.1 or 18.4.1.1.".to_owned(),
            sources: &[sources::ODBC],
            ..blank(CLIENT, Outcome::Fail, code::SQL_ODBC_BROKEN)
        };
    }
    let eleven: Vec<Build> = native
        .iter()
        .filter_map(|item| parts(&item.version))
        .filter(|build| build[0] == 11)
        .collect();
    let modern_odbc = odbc
        .iter()
        .filter_map(|item| parts(&item.version))
        .any(|build| build[0] >= 18);
    let (outcome, reason, message, fix) = if eleven.iter().any(|build| build[2] >= NATIVE_CLIENT) {
        (
            Outcome::Pass,
            "sql.native_client_new_enough",
            "The SQL Server Native Client is new enough.",
            "",
        )
    } else if !native.is_empty() && eleven.is_empty() && modern_odbc {
        (
            Outcome::Pass,
            "sql.odbc_driver",
            "ODBC driver 18 is installed.",
            "",
        )
    } else if !eleven.is_empty() {
        (
            Outcome::Fail,
            code::SQL_CLIENT_OLD,
            "The SQL Server Native Client is older than SQL Server 2012 SP4 and has no TLS 1.2. Configuration Manager's own check does not look at remote site systems.",
            "Install SQL Server Native Client 11.4.7001.0 or later (or 11.4.7462.6, its last security update).",
        )
    } else if modern_odbc {
        (
            Outcome::Pass,
            "sql.odbc_driver",
            "ODBC driver 18 is installed.",
            "",
        )
    } else {
        (
            Outcome::Unknown,
            code::SQL_CLIENT_UNKNOWN,
            "Neither a SQL Server Native Client 11 nor an ODBC driver 18 is known to be installed, although the role needs one.",
            "Report installed SQL drivers with name and version in software; install ODBC driver 18 if there is none.",
        )
    };
    CheckResult {
        message: message.to_owned(),
        fix: fix.to_owned(),
        sources: &[sources::PREREQUISITES, sources::SERVERS],
        ..blank(CLIENT, outcome, reason)
    }
}

fn listed<'f>(items: impl Iterator<Item = &'f Software>) -> String {
    let text = items
        .map(|item| format!("{} {}", item.name, item.version))
        .collect::<Vec<_>>()
        .join("; ");
    if text.is_empty() {
        super::finding::ABSENT.to_owned()
    } else {
        text
    }
}

/// Two to four numbers; missing ones are 0.
fn parts(version: &str) -> Option<Build> {
    let mut build = [0; 4];
    let mut count = 0;
    for part in version.trim().split('.') {
        *build.get_mut(count)? = part.trim().parse().ok()?;
        count += 1;
    }
    (count >= 3).then_some(build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_compared_within_their_branch() {
        let can = |text: &str| has_tls12(parts(text).unwrap_or_default());
        for good in [
            "12.0.2271.0",
            "12.0.2564.0",
            "12.0.4219.0",
            "12.0.4237.0",
            "12.0.4439.1",
            "12.0.5000.0",
            "12.3.6024.0",
            "11.0.5352.0",
            "11.0.5644.2",
            "11.0.6216.27",
            "11.0.6518.0",
            "11.4.7001.0",
            "10.50.6542.0",
            "10.53.6560.0",
            "10.0.6547.0",
            "13.0.1601.5",
            "16.0.1000.6",
        ] {
            assert!(can(good), "{good}");
        }
        for bad in [
            "12.0.2000.8",
            "12.0.2300.0",
            "12.0.2563.0",
            "12.0.4100.1",
            "12.0.4218.0",
            "12.0.4425.0",
            "12.0.4438.0",
            "11.0.2100.60",
            "11.0.3000.0",
            "11.0.5058.0",
            "11.0.5500.0",
            "11.0.5643.0",
            "11.0.6020.0",
            "11.0.6500.0",
            "11.0.6517.0",
            "10.50.6537.0",
            "10.50.4343.0",
            "10.0.6543.0",
            "9.0.5000.0",
            "8.0.2039.0",
        ] {
            assert!(!can(bad), "{bad}");
        }
    }

    #[test]
    fn the_engine_is_told_from_its_companions() {
        for engine in [
            "SQL Server 2014 Database Engine Services",
            "Microsoft SQL Server 2012 (64-bit)",
            "Microsoft SQL Server 2016 Express",
            "SQL Server 2019",
        ] {
            assert!(is_engine(engine), "{engine}");
        }
        for other in [
            "Microsoft SQL Server 2012 Native Client",
            "Microsoft ODBC Driver 18 for SQL Server",
            "SQL Server 2014 Management Studio",
            "Microsoft SQL Server 2014 Setup (English)",
            "SQL Server Browser for SQL Server 2014",
            "Microsoft VSS Writer for SQL Server 2014",
        ] {
            assert!(!is_engine(other), "{other}");
        }
    }
}
