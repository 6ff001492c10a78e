//! What would happen to one client if the old protocols were switched off: five answers, each with its reason.
//!
//! Nothing here is ever "safe" because something is missing, old or contradictory. An exception moves a client to
//! "accepted" and leaves its standing alone; what it would be without the exception is kept beside it.

use serde_json::{Value, json};

use super::super::verdict::{Impact, Standing};

/// What would happen to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It would lose its management channel.
    WillLose,
    /// It may lose contact, or lose a part of it.
    MayLose,
    /// Nobody can say.
    CannotSay,
    /// An exception in force answers for it.
    Accepted,
    /// It goes on as before.
    Safe,
}

impl Fate {
    /// All, worst first.
    pub const ALL: [Self; 5] = [
        Self::WillLose,
        Self::MayLose,
        Self::CannotSay,
        Self::Accepted,
        Self::Safe,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WillLose => "will_lose",
            Self::MayLose => "may_lose",
            Self::CannotSay => "cannot_say",
            Self::Accepted => "accepted",
            Self::Safe => "safe",
        }
    }

    /// The fate a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WillLose => "Will lose contact",
            Self::MayLose => "May lose contact",
            Self::CannotSay => "Cannot say",
            Self::Accepted => "Accepted by an exception",
            Self::Safe => "Safe",
        }
    }

    /// Whether this is worse than `other`.
    pub const fn is_worse_than(self, other: Self) -> bool {
        self.place() < other.place()
    }

    /// Its place in [`Fate::ALL`].
    pub const fn place(self) -> usize {
        match self {
            Self::WillLose => 0,
            Self::MayLose => 1,
            Self::CannotSay => 2,
            Self::Accepted => 3,
            Self::Safe => 4,
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// A check failed whose loss is the management channel.
    Blocks,
    /// A check failed that costs a part only.
    BlocksInPart,
    /// It was seen using the old protocols although it is configured well.
    SeenUsingOld,
    /// It is ready after a restart that has not happened.
    RestartPending,
    /// The last report is too old, and it was not good.
    OldAndBad,
    /// The last report is too old; it was good, or could not be judged.
    Old,
    /// A needed fact is missing.
    Undetermined,
    /// It has never reported.
    Silent,
    /// Nobody knows whether it belongs to the scope.
    Unplaced,
    /// The lists leave it out, yet it was heard lately and is not ready, or only by a suspected report.
    LeftOutHeard,
    /// Its report carries a time to come, so that nobody knows how old it is.
    FutureReport,
    /// It may be a second record of another machine, or share an id with one.
    Duplicate,
    /// Its report has not been judged by the rules in force.
    OtherRules,
    /// It is ready, but the way to its site is not: a management point there, or what that needs.
    ManagementPoint,
    /// It is ready, and was heard lately.
    Ready,
}

impl Because {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Blocks,
        Self::BlocksInPart,
        Self::SeenUsingOld,
        Self::RestartPending,
        Self::OldAndBad,
        Self::Old,
        Self::Undetermined,
        Self::Silent,
        Self::Unplaced,
        Self::LeftOutHeard,
        Self::FutureReport,
        Self::Duplicate,
        Self::OtherRules,
        Self::ManagementPoint,
        Self::Ready,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::BlocksInPart => "blocks_in_part",
            Self::SeenUsingOld => "seen_using_old",
            Self::RestartPending => "restart_pending",
            Self::OldAndBad => "old_and_bad",
            Self::Old => "old",
            Self::Undetermined => "undetermined",
            Self::Silent => "silent",
            Self::Unplaced => "unplaced",
            Self::LeftOutHeard => "left_out_heard",
            Self::FutureReport => "future_report",
            Self::Duplicate => "duplicate",
            Self::OtherRules => "other_rules",
            Self::ManagementPoint => "management_point",
            Self::Ready => "ready",
        }
    }

    /// The reason a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// A sentence that a board can read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blocks => "A check failed: it cannot speak TLS 1.2 to its management point.",
            Self::BlocksInPart => {
                "A check failed that costs a part: 32-bit programs or .NET parts lose their connection."
            }
            Self::SeenUsingOld => {
                "It is configured well, and was yet seen using the old protocols."
            }
            Self::RestartPending => "It is ready only after a restart, which has not happened.",
            Self::OldAndBad => "Its last report is too old, and it was not good.",
            Self::Old => "Its last report is too old to count.",
            Self::Undetermined => {
                "A fact that decides was not collected, cannot be read, or contradicts another."
            }
            Self::Silent => "It has never reported. Silence is not success.",
            Self::Unplaced => {
                "Its site or OS version is not known, or a report that nobody has looked at took it to another site: it may belong here."
            }
            Self::LeftOutHeard => {
                "The expected lists leave it out, yet it was heard lately and is not ready, or ready only by a report that nobody has looked at."
            }
            Self::FutureReport => {
                "Its report carries a time to come, so nobody knows how old it is."
            }
            Self::Duplicate => {
                "It may be one machine with another record; somebody has to say which."
            }
            Self::OtherRules => "Its report has not been judged by the rules in force.",
            Self::ManagementPoint => {
                "It is ready, but a management point of its site is not, or a site server or database that this needs, or nobody can say."
            }
            Self::Ready => "It is ready, and was heard lately.",
        }
    }
}

/// How a client came into the scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Membership {
    /// The scope names it.
    #[default]
    Named,
    /// What the scope names is not known of it, or not sure.
    Unplaced,
    /// The lists leave it out, yet it is heard and not ready, or only by a suspected report.
    LeftOutHeard,
}

/// What a run knows of a client.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Our id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Site code; empty: not known.
    pub site: String,
    /// OS key.
    pub os_key: String,
    /// Owner from the list.
    pub owner: Option<String>,
    /// Standing now.
    pub standing: Standing,
    /// What its last report was judged as; `None`: never reported.
    pub verdict: Option<Standing>,
    /// How bad, when that was blocking.
    pub impact: Option<Impact>,
    /// Reason codes.
    pub reasons: Vec<&'static str>,
    /// How it came into the scope.
    pub membership: Membership,
    /// An expected list names it, and no other site than the scope's for it.
    pub expected: bool,
    /// The facts behind the verdict are within the days of the scope.
    pub fresh: bool,
    /// The report carries a time to come.
    pub future: bool,
    /// It may be a second record.
    pub duplicate: bool,
    /// The rules in force have judged it.
    pub judged: bool,
    /// A log or a handshake that is surely its own shows an old protocol, and nothing newer than that was reported.
    pub seen_using_old: bool,
    /// A report turned it ready, or took the verdict away, about which a suspicion is open. That moves nobody.
    pub suspected: bool,
    /// How the worst of what [`assess::carries_contact`] stands that is switched at its site, where that is not ready.
    ///
    /// [`assess::carries_contact`]: super::super::assess::carries_contact
    pub way: Option<Standing>,
    /// When the facts were read, in milliseconds.
    pub collected_at: Option<i64>,
    /// When the last report came in, in milliseconds.
    pub received_at: Option<i64>,
    /// Hash of the facts; empty: never reported.
    pub evidence: String,
    /// Id of the exception in force that answers for it.
    pub exception: Option<String>,
}

/// What was found of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// With exceptions.
    pub fate: Fate,
    /// As if there were none.
    pub without: Fate,
    /// Why.
    pub because: Because,
}

/// Says what would happen to a client.
pub fn judge(known: &Known) -> Found {
    let (without, because) = bare(known);
    let excepted = known.exception.is_some() && without != Fate::Safe;
    Found {
        fate: if excepted { Fate::Accepted } else { without },
        without,
        because,
    }
}

fn bare(known: &Known) -> (Fate, Because) {
    match known.membership {
        // It blocks for certain, and perhaps elsewhere.
        Membership::Unplaced if known.standing == Standing::Blocking => {
            return (Fate::MayLose, Because::Unplaced);
        }
        Membership::Unplaced => return (Fate::CannotSay, Because::Unplaced),
        Membership::LeftOutHeard => return (Fate::MayLose, Because::LeftOutHeard),
        Membership::Named => {}
    }
    if known.standing == Standing::Silent || known.verdict.is_none() {
        return (Fate::CannotSay, Because::Silent);
    }
    // The days of the scope can be fewer than those of the server, and then a standing says too much.
    if known.standing == Standing::Stale || !known.fresh {
        return match known.verdict {
            Some(Standing::Blocking | Standing::Conflict | Standing::RestartPending) => {
                (Fate::MayLose, Because::OldAndBad)
            }
            _ if known.standing == Standing::Conflict || known.seen_using_old => {
                (Fate::MayLose, Because::SeenUsingOld)
            }
            _ => (Fate::CannotSay, Because::Old),
        };
    }
    match known.standing {
        // Of a blocking client without a known impact the worst is believed.
        Standing::Blocking => match known.impact {
            Some(Impact::Partial | Impact::Degraded) => (Fate::MayLose, Because::BlocksInPart),
            Some(Impact::Orphan) | None => (Fate::WillLose, Because::Blocks),
        },
        Standing::Conflict => (Fate::MayLose, Because::SeenUsingOld),
        // What is seen on the wire is more than what is configured.
        Standing::Ready | Standing::Undetermined if known.seen_using_old => {
            (Fate::MayLose, Because::SeenUsingOld)
        }
        Standing::RestartPending => (Fate::MayLose, Because::RestartPending),
        Standing::Undetermined => (Fate::CannotSay, Because::Undetermined),
        Standing::Silent => (Fate::CannotSay, Because::Silent),
        Standing::Stale => (Fate::CannotSay, Because::Old),
        Standing::Ready if known.future => (Fate::CannotSay, Because::FutureReport),
        Standing::Ready if !known.judged => (Fate::CannotSay, Because::OtherRules),
        Standing::Ready if known.duplicate => (Fate::CannotSay, Because::Duplicate),
        Standing::Ready => match known.way {
            None => (Fate::Safe, Because::Ready),
            Some(Standing::Blocking | Standing::Conflict | Standing::RestartPending) => {
                (Fate::MayLose, Because::ManagementPoint)
            }
            Some(_) => (Fate::CannotSay, Because::ManagementPoint),
        },
    }
}

impl Known {
    /// Everything that was known and found, in the form in which records and hashes have it.
    pub fn line(&self, found: Found) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "site": self.site,
            "os": self.os_key,
            "owner": self.owner,
            "standing": self.standing.code(),
            "verdict": self.verdict.map(Standing::code),
            "impact": self.impact.map(Impact::code),
            "reasons": self.reasons,
            "expected": self.expected,
            "fresh": self.fresh,
            "collected_at": self.collected_at,
            "received_at": self.received_at,
            "evidence": self.evidence,
            "exception": self.exception,
            "seen_using_old": self.seen_using_old,
            "suspected": self.suspected,
            "way": self.way.map(Standing::code),
            "fate": found.fate.code(),
            "without": found.without.code(),
            "because": found.because.code(),
        })
    }

    /// What decides its fate and what a board asks for, and nothing that only tells when it was last heard.
    pub fn input(&self) -> Value {
        json!([
            self.id,
            self.evidence,
            self.site,
            self.os_key,
            self.standing.code(),
            self.verdict.map(Standing::code),
            self.impact.map(Impact::code),
            self.reasons,
            match self.membership {
                Membership::Named => "named",
                Membership::Unplaced => "unplaced",
                Membership::LeftOutHeard => "left_out_heard",
            },
            self.expected,
            self.fresh,
            self.future,
            self.duplicate,
            self.judged,
            self.exception,
            self.seen_using_old,
            self.suspected,
            self.way.map(Standing::code),
        ])
    }
}
