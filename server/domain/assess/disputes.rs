//! Where the sources contradict each other, and how these rules decide: as data, to be read and argued with.

/// One dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// What it is about.
    pub question: &'static str,
    /// What is said.
    pub sides: &'static str,
    /// How the rules decide, and why.
    pub decision: &'static str,
    /// Ids of the checks that it bears on.
    pub checks: &'static [&'static str],
    /// The switch that decides otherwise; empty: there is none.
    pub switch: &'static str,
}

/// Every dispute that bears on a verdict, the weightiest first.
pub const DISPUTES: &[Dispute] = &[
    Dispute {
        question: "Is TLS 1.2 on by itself in Windows 7, Server 2008 R2 and Server 2008 SP2?",
        sides: "Some of Microsoft’s texts call it on by default everywhere; the table of protocols, and the article on KB3140245, say that it is off there.",
        decision: "Off. A missing DisabledByDefault=0 fails: a false “blocking” costs one registry value, a false “ready” costs a machine.",
        checks: &["schannel.tls12_client", "schannel.tls12_server"],
        switch: "group_b_schannel_absent",
    },
    Dispute {
        question: "Does WinHTTP on Windows 7 need the SCHANNEL value at all?",
        sides: "The article on KB3140245 prescribes it. Reports from the field say that WinHTTP, which asks for TLS 1.2 by name, works without.",
        decision: "It is needed, because other programs on the machine do not ask by name.",
        checks: &["schannel.tls12_client"],
        switch: "group_b_schannel_absent",
    },
    Dispute {
        question: "Is DisabledByDefault still read?",
        sides: "Older descriptions of the registry settings explain it; the newest leaves it out.",
        decision: "It is read. On Windows 8 and later a value other than 0 fails, too, although programs that ask for TLS 1.2 by name would still get it.",
        checks: &["schannel.tls12_client", "schannel.tls12_server"],
        switch: "",
    },
    Dispute {
        question: "Must the .NET values be set where .NET is new enough?",
        sides: "The instructions for Configuration Manager ask for them on every computer; the documents of .NET say that programs made for 4.7 or later need none.",
        decision: "What is absent is a warning on a client where Windows offers TLS 1.2 by itself, and a failure on Windows 7 and on site systems. SchUseStrongCrypto = 0 fails everywhere, unless SystemDefaultTlsVersions = 1 leaves the choice to Windows; then it counts like a value that is absent.",
        checks: &["dotnet.v4.native", "dotnet.v4.wow64"],
        switch: "dotnet",
    },
    Dispute {
        question: "What is the lowest .NET Framework?",
        sides: "Most texts say 4.6.2; one says 4.6.3, which does not exist.",
        decision: "4.6.2, which is Release 394802.",
        checks: &["dotnet.version"],
        switch: "min_dotnet_release",
    },
    Dispute {
        question: "Is there a WinHTTP update for Windows 8?",
        sides: "The overview asks for one; the article on the update lists none for Windows 8 itself.",
        decision: "The versions of the files decide, as on Server 2012.",
        checks: &["winhttp.update"],
        switch: "",
    },
    Dispute {
        question: "When does DefaultSecureProtocols act?",
        sides: "Old texts say: when a program sets the protocols. New ones say: when it does not.",
        decision: "When it does not. The value replaces the default on every Windows, so one without TLS 1.2 fails on Windows 10 and 11 as well.",
        checks: &[
            "winhttp.default_secure_protocols.native",
            "winhttp.default_secure_protocols.wow64",
        ],
        switch: "",
    },
    Dispute {
        question: "What has to be started again?",
        sides: "The instructions for clients say the computer; others say that the services that use WinHTTP may do.",
        decision: "The computer.",
        checks: &["restart"],
        switch: "",
    },
    Dispute {
        question: "Is Enabled 1 or 0xFFFFFFFF?",
        sides: "Texts differ.",
        decision: "Any number but 0 counts as on.",
        checks: &["schannel.tls12_client", "schannel.tls12_server"],
        switch: "",
    },
    Dispute {
        question: "What does KB4467770 teach Embedded 2009 and Server 2008 SP2?",
        sides: "Third-party copies of the article exist; the list of systems could not be verified.",
        decision: "It decides nothing: such a machine stays undetermined until a handshake proves TLS 1.2.",
        checks: &["winhttp.update", "os"],
        switch: "",
    },
];

#[cfg(test)]
mod tests {
    use super::{super::check_info, *};

    #[test]
    fn every_dispute_bears_on_checks_that_there_are() {
        for dispute in DISPUTES {
            assert!(!dispute.checks.is_empty(), "{}", dispute.question);
            for id in dispute.checks {
                assert!(check_info(id).is_some(), "{id}");
            }
        }
    }
}
