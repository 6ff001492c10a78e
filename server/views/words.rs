//! The words, shapes and short explanations that all pages use for the same thing.

use crate::{
    domain::{
        changes::{Kind, Why},
        exceptions,
        lists::ListOrigin,
        sightings::Failure,
        verdict::{Impact, Outcome, Standing},
    },
    store::model::{Excepted, Freshness, Listing, Order},
};

/// A word with a shape: colour is never the only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Badge {
    /// CSS class and id of the symbol, after `s-` or `o-`.
    pub code: &'static str,
    /// What it says.
    pub word: &'static str,
}

/// Why a TLS handshake failed, in one sentence.
pub const fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::NoTls12 => "It offered nothing newer than TLS 1.1.",
        Failure::NoSharedSuite => {
            "It offered TLS 1.2, but no cipher suite that this server takes with its certificates."
        }
        Failure::NotTls => "What it sent was not TLS.",
        Failure::Other => {
            "Something else: it may not trust the certificate, may have gone away, or sent a broken hello."
        }
    }
}

/// The badge of a standing.
pub const fn standing(standing: Standing) -> Badge {
    Badge {
        code: standing.code(),
        word: match standing {
            // "Cannot be judged" is what pages call the four standings without a verdict together.
            Standing::Undetermined => "Undetermined",
            other => other.words(),
        },
    }
}

/// What a standing means, in one sentence.
pub const fn standing_meaning(standing: Standing) -> &'static str {
    match standing {
        Standing::Blocking => "A check failed: it would lose a connection when TLS 1.0/1.1 goes.",
        Standing::Undetermined => {
            "Reported, but a needed fact is missing, unreadable or contradictory."
        }
        Standing::Conflict => "Configured well, but seen using TLS 1.0/1.1 since it has been.",
        Standing::RestartPending => "Set up well, but only in force after a restart.",
        Standing::Stale => "The last report is too old to count.",
        Standing::Silent => "Expected, but never reported.",
        Standing::Ready => {
            "Everything passed, perhaps with warnings. The only standing that is cleared."
        }
    }
}

/// The badge of a check's outcome.
pub const fn outcome(outcome: Outcome) -> Badge {
    Badge {
        code: outcome.code(),
        word: outcome.words(),
    }
}

/// An impact in two or three words, for tables.
pub const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Orphan => "Orphaned",
        Impact::Partial => "32-bit programs",
        Impact::Degraded => ".NET parts",
    }
}

/// What an impact means, as a sentence.
pub const fn impact_meaning(impact: Impact) -> &'static str {
    match impact {
        Impact::Orphan => "Loses its management channel, and with it the way to repair it.",
        Impact::Partial => "Its 32-bit programs lose their connection.",
        Impact::Degraded => ".NET parts, such as Software Center, lose their connection.",
    }
}

/// What happened to the list of blockers, in one sentence.
pub const fn change_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "It is in the list now, and was not before.",
        Kind::Changed => {
            "It stays in the list, and something that the list shows of it is another."
        }
        Kind::Cleared => {
            "It is not in the list any more. `why` says whether that is good news: only `fixed` says that something was mended."
        }
    }
}

/// Why a client left the list of blockers, in one sentence.
pub const fn why_cleared(why: Why) -> &'static str {
    match why {
        Why::Fixed => {
            "What is reported of it now does not block any more, by the same rules; a restart may still be due."
        }
        Why::RulesChanged => {
            "Other rules, or other switches of them, judge it otherwise; whether the machine changed as well stands on its page."
        }
        Why::Retired => {
            "It is not counted any more: every expected list that names it marks it obsolete or decommissioned. Nothing was mended."
        }
        Why::WentStale => {
            "Its last report is too old to count. It was blocking then, and nobody knows how it is now."
        }
        Why::Undetermined => {
            "What is reported of it now leaves open whether it blocks, by the same rules. Nobody knows that it was mended."
        }
        Why::Contradicted => {
            "It is configured well now, but was seen using TLS 1.0/1.1 since it has been."
        }
        Why::Gone => "There is no record of it here any more. Nothing was mended.",
    }
}

/// What an expected list was made from, in words.
pub const fn list_kind(kind: ListOrigin) -> &'static str {
    match kind {
        ListOrigin::Devices => "device list",
        ListOrigin::AdComputers => "Active Directory computer list",
        ListOrigin::Names => "plain list of names",
    }
}

/// The way a report came in, in words.
pub fn way(code: &str) -> &'static str {
    match code {
        "report" => "sent as reports",
        "upload" => "uploaded files",
        "command" => "import on the server",
        "share" => "file share",
        _ => "another way",
    }
}

/// How a client stands to the expected lists, in words.
pub const fn listing(listing: Listing) -> &'static str {
    match listing {
        Listing::Expected => "on the expected list",
        Listing::Unlisted => "on no expected list",
        Listing::Obsolete => "left out: every list that names it marks it obsolete",
        Listing::Decommissioned => {
            "left out: every list that names it marks it decommissioned or obsolete"
        }
        Listing::Returned => "marked obsolete or decommissioned, but it has reported since",
    }
}

/// What a check looks at, in words.
pub fn check(id: &str) -> &str {
    match id {
        "os" => "Windows version",
        "winhttp.update" => "WinHTTP update",
        "winhttp.default_secure_protocols.native" => "WinHTTP default protocols",
        "winhttp.default_secure_protocols.wow64" => "WinHTTP default protocols, 32-bit programs",
        "schannel.tls12_client" => "TLS 1.2 in Windows, outgoing",
        "schannel.tls12_server" => "TLS 1.2 in Windows, incoming",
        "dotnet.version" => ".NET Framework version",
        "dotnet.v4.native" => ".NET Framework 4 settings",
        "dotnet.v4.wow64" => ".NET Framework 4 settings, 32-bit programs",
        "dotnet.v2.native" => ".NET Framework 2.0/3.5 settings",
        "dotnet.v2.wow64" => ".NET Framework 2.0/3.5 settings, 32-bit programs",
        "cipher_suites" => "Cipher suites",
        "fips" => "FIPS mode",
        "restart" => "Restart since the last change",
        "sql.engine" => "SQL Server",
        "sql.client" => "SQL client drivers",
        "wsus" => "WSUS",
        other => other,
    }
}

/// A site as pages name it.
pub fn site(code: &str) -> String {
    if code.is_empty() {
        "No site known".to_owned()
    } else {
        code.to_owned()
    }
}

/// How old the knowledge about a client is.
pub const fn freshness(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Fresh => "Fresh report",
        Freshness::Stale => "Report too old",
        Freshness::Silent => "Never reported",
    }
}

/// How a client stands to exceptions.
pub const fn excepted(how: Excepted) -> &'static str {
    match how {
        Excepted::Yes => "Under an exception",
        Excepted::No => "Under no exception",
        Excepted::Soon => "Under an exception that is over within 30 days",
    }
}

/// What kind of an answer an exception is.
pub const fn exception_kind(kind: exceptions::Kind) -> &'static str {
    match kind {
        exceptions::Kind::Mitigated => "Mitigated: served in another way",
        exceptions::Kind::AcceptedLoss => "Accepted loss",
        exceptions::Kind::Grace => "Grace: being mended until then",
    }
}

/// How far an exception has come.
pub const fn exception_state(state: exceptions::State) -> &'static str {
    match state {
        exceptions::State::Requested => "Requested",
        exceptions::State::Active => "Active",
        exceptions::State::Expired => "Expired",
        exceptions::State::Lapsed => "Lapsed",
        exceptions::State::Withdrawn => "Withdrawn",
        exceptions::State::Rejected => "Rejected",
    }
}

/// What that means.
pub const fn exception_means(state: exceptions::State) -> &'static str {
    match state {
        exceptions::State::Requested => "Asked for, and waiting for somebody else to decide",
        exceptions::State::Active => "Approved, and in force",
        exceptions::State::Expired => "Its time is over",
        exceptions::State::Lapsed => "The client is not what it was asked for any more",
        exceptions::State::Withdrawn => "Taken back",
        exceptions::State::Rejected => "Somebody else said no",
    }
}

/// The order of a list.
pub const fn order(order: Order) -> &'static str {
    match order {
        Order::Name => "In order of name",
        Order::NameDown => "In order of name, from the end",
        Order::Since => "The verdict that has stood longest first",
        Order::SinceDown => "The newest verdict first",
    }
}

/// Roles as people write them, with commas between.
pub fn roles(codes: &[String]) -> String {
    let each: Vec<String> = codes.iter().map(|code| role(code)).collect();
    each.join(", ")
}

/// A role as people write it: `management_point` is "management point".
pub fn role(code: &str) -> String {
    code.replace('_', " ")
}
