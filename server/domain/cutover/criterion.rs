//! The eleven things that a board asks for, in words: what each counts, and what a person has to say for it.

/// What was done longer ago than so many days has to be done anew: site systems, people and procedures change.
pub const DONE_LASTS: i64 = 180;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criterion {
    /// Who will or may lose contact, outside exceptions.
    Blockers,
    /// Share of the expected clients with a verdict that counts.
    Coverage,
    /// Silent clients that nobody answers for.
    Silent,
    /// Clients and addresses seen using the old protocols lately.
    Observed,
    /// Clients that a report turned ready, or took the verdict from, about which a suspicion is open.
    Suspicious,
    /// A rehearsal was held.
    Rehearsal,
    /// The way back is written, timed and tried.
    Rollback,
    /// The site systems themselves were looked at.
    SiteSystems,
    /// The window lies in no freeze, and the cipher suites do not change in it.
    Freeze,
    /// Exceptions that end before the planned day.
    Exceptions,
    /// There is a way to mend clients that does not use what is switched off.
    RepairPath,
}

impl Criterion {
    /// All, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Blockers,
        Self::Coverage,
        Self::Silent,
        Self::Observed,
        Self::Suspicious,
        Self::Rehearsal,
        Self::Rollback,
        Self::SiteSystems,
        Self::Freeze,
        Self::Exceptions,
        Self::RepairPath,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blockers => "blockers",
            Self::Coverage => "coverage",
            Self::Silent => "silent",
            Self::Observed => "observed",
            Self::Suspicious => "suspicious",
            Self::Rehearsal => "rehearsal",
            Self::Rollback => "rollback",
            Self::SiteSystems => "site_systems",
            Self::Freeze => "freeze",
            Self::Exceptions => "exceptions",
            Self::RepairPath => "repair_path",
        }
    }

    /// The criterion a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// In short words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Blockers => "Will or may lose contact, outside exceptions",
            Self::Coverage => "Expected clients with a verdict that counts",
            Self::Silent => "Not heard lately, and nobody answers for them",
            Self::Observed => "Seen using TLS 1.0 or 1.1 in the last 30 days",
            Self::Suspicious => {
                "Turned ready, or left without a verdict, by a report about which a suspicion is open"
            }
            Self::Rehearsal => "Rehearsal held in this scope",
            Self::Rollback => "Way back written, timed and tried",
            Self::SiteSystems => {
                "Site systems looked at: SQL, native client, .NET, WSUS, reporting, console, gateway, boot images"
            }
            Self::Freeze => "No freeze, and cipher suites do not change in the same window",
            Self::Exceptions => "Exceptions that end before the planned day",
            Self::RepairPath => "Repair path that does not use what is switched off",
        }
    }

    /// What it counts, and when it is met.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Blockers => {
                "Clients of the scope that will lose contact, or may, when the old protocols are switched off, without those that an exception in force answers for. Met when there are no more than the limit."
            }
            Self::Coverage => {
                "The lower one of two shares, rounded down: of the clients of the scope that an expected list names, those with a verdict that rests on a report no older than the scope lets count; and what is left of these when as many are taken off as there are in the scope of whom nobody can say what would happen. Met when it is no less than the limit. Without an expected list nobody knows, and it is not met."
            }
            Self::Silent => {
                "Expected clients of the scope that were not heard within the days for which a report counts, or never, and that no exception in force answers for. Met when there are no more than the limit."
            }
            Self::Observed => {
                "Different clients, and addresses that may be anybody's, that logs of the last 30 days show using TLS 1.0 or 1.1 with the site systems of the scope. Met when there are no more than the limit and the logs cover the whole window; that nobody was seen in logs with gaps proves nothing."
            }
            Self::Suspicious => {
                "Clients of the scope that a report turned ready about which a suspicion is open: by another sender than before, with other hardware, or among many that one sender turned within an hour; those that were known not to be ready until a report took their verdict away; and site systems whose report dropped their role. Met when there are no more than the limit. Somebody looks at them, and closes each with a reason."
            }
            Self::Rehearsal => {
                "Somebody says with a name and a day that the switch was rehearsed in this scope. Met while that stands and the day is no more than 180 days ago."
            }
            Self::Rollback => {
                "Somebody says with a name and a day that the way back is written, timed and tried. Met while that stands and the day is no more than 180 days ago."
            }
            Self::SiteSystems => {
                "Somebody says with a name and a day that the site systems themselves can do TLS 1.2 in every part. Met while that stands, the day is no more than 180 days ago, and no site system that reports is anything but ready: what their own reports say, nobody can say away."
            }
            Self::Freeze => {
                "Somebody says with a name that the planned day lies in no freeze, and that cipher suites do not change in its window. Met while that stands and the planned day is the one that it was said about."
            }
            Self::Exceptions => {
                "Exceptions in force in the scope that end before the planned day. Met when there are no more than the limit. With exceptions and no planned day nobody knows, and it is not met."
            }
            Self::RepairPath => {
                "Somebody says with a name and a day how clients are mended without what is switched off. Met while that stands."
            }
        }
    }

    /// What a person has to say for it; `None`: it is computed.
    pub const fn asks(self) -> Option<&'static str> {
        match self {
            Self::Rehearsal => Some("When it was held, for how long, and what was seen."),
            Self::Rollback => Some(
                "The steps, who takes them, how many minutes they need, whether a restart is needed, what triggers them, and when they were last tried.",
            ),
            Self::SiteSystems => Some("Who looked at which part, and what was found."),
            Self::Freeze => Some("Which calendar was looked at, and whether cipher suites change."),
            Self::RepairPath => {
                Some("Which path: group policy, a software share, remote management, hands.")
            }
            Self::Blockers
            | Self::Coverage
            | Self::Silent
            | Self::Observed
            | Self::Suspicious
            | Self::Exceptions => None,
        }
    }

    /// Whether it holds only once something was done, so that no day to come can be named for it.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Rollback | Self::SiteSystems)
    }

    /// Whether it holds of the planned day alone.
    pub const fn is_of_the_day(self) -> bool {
        matches!(self, Self::Freeze)
    }

    /// The limit that goes without saying: the most that may be there; of the coverage the least, in hundredths of a percent.
    pub const fn usual(self) -> i64 {
        match self {
            Self::Coverage => 9_800,
            _ => 0,
        }
    }

    /// Whether this can be its limit.
    pub const fn takes(self, limit: i64) -> bool {
        match self {
            Self::Coverage => limit >= 0 && limit <= 10_000,
            _ => self.asks().is_none() && limit >= 0 && limit <= 10_000_000,
        }
    }

    /// A figure or limit of it in words.
    pub fn figure(self, n: i64) -> String {
        match self {
            Self::Coverage => format!("{}.{:02} %", n / 100, n % 100),
            _ => n.to_string(),
        }
    }
}
