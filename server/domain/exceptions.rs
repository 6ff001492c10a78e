//! Exceptions: one client that somebody answers for, by whom they are asked for and decided, and when they end.
//!
//! An exception says that somebody knows of a client. It never makes one ready, and no standing depends on it.

use super::{
    access::{Permission, Role},
    time::{DAY, Timestamp},
};

/// Longest time from the request to the end, in days.
pub const LONGEST: i64 = 400;
/// Characters of a reason or of a compensating control at most.
pub const TEXT_AT_MOST: usize = 1_000;
/// Characters of an owner's name at most.
pub const OWNER_AT_MOST: usize = 100;
/// Clients that can be asked for at once.
pub const TOGETHER: usize = 1_000;
/// An exception that ends within so many days is running out.
pub const SOON: i64 = 30;
/// A request that is older than so many days has waited long.
pub const WAITED: i64 = 7;

/// What kind of an answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client is served in another way.
    Mitigated,
    /// The client is lost, and that is accepted.
    AcceptedLoss,
    /// The client is being mended, and has until then.
    Grace,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Mitigated, Self::AcceptedLoss, Self::Grace];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mitigated => "mitigated",
            Self::AcceptedLoss => "accepted_loss",
            Self::Grace => "grace",
        }
    }

    /// The kind a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How far an exception has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Asked for, and waiting for somebody else.
    Requested,
    /// Approved, and in force.
    Active,
    /// Its time is over.
    Expired,
    /// What it was asked for has changed.
    Lapsed,
    /// Taken back.
    Withdrawn,
    /// Somebody else said no.
    Rejected,
}

impl State {
    /// All, the open ones first.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Active,
        Self::Expired,
        Self::Lapsed,
        Self::Withdrawn,
        Self::Rejected,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
        }
    }

    /// The state a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether anything can still be done with it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Active)
    }

    /// What a step makes of it; `None`: the step is not possible any more.
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Requested, Step::Approve) => Some(Self::Active),
            (Self::Requested, Step::Reject) => Some(Self::Rejected),
            (Self::Requested | Self::Active, Step::Withdraw) => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

/// What people do with an exception that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody else says yes.
    Approve,
    /// Somebody else says no.
    Reject,
    /// Whoever asked, or decides, takes it back.
    Withdraw,
}

impl Step {
    /// All.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Withdraw];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
        }
    }

    /// Whether whoever has this role may take the step; `own`: the person asked for the exception.
    pub const fn is_for(self, role: Role, own: bool) -> bool {
        match self {
            // Four eyes: nobody decides on a request of their own.
            Self::Approve | Self::Reject => role.may(Permission::Decide) && !own,
            Self::Withdraw => role.may(Permission::Decide) || own && may_ask(role),
        }
    }
}

/// Whether whoever has this role may ask for an exception.
pub const fn may_ask(role: Role) -> bool {
    role.may(Permission::Feed) || role.may(Permission::Decide)
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What kind of an answer it is.
    pub kind: Kind,
    /// Why the client stays as it is.
    pub reason: String,
    /// What is done so that nothing comes of it.
    pub control: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub until: Timestamp,
}

/// One thing that is wrong with what was asked: which field, and what to write instead.
pub type Wrong = (&'static str, String);

impl Asked {
    /// Checks what somebody wrote into a form.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn read(
        [kind, reason, control, owner, until]: [&str; 5],
        now: Timestamp,
    ) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let known = Kind::from_code(kind.trim());
        if known.is_none() {
            wrong.push((
                "kind",
                "choose mitigated, accepted_loss or grace".to_owned(),
            ));
        }
        let reason = text("reason", reason, TEXT_AT_MOST, &mut wrong);
        let control = text("control", control, TEXT_AT_MOST, &mut wrong);
        let owner = text("owner", owner, OWNER_AT_MOST, &mut wrong);
        let end = end_of(until.trim());
        match end {
            None => wrong.push((
                "until",
                "give the last day on which it holds, such as 2027-03-31".to_owned(),
            )),
            Some(end) if end <= now => {
                wrong.push(("until", "this day is over; give a later one".to_owned()));
            }
            Some(end) if now.plus(LONGEST * DAY) < end => wrong.push((
                "until",
                format!(
                    "this is further away than {LONGEST} days; give an earlier day and ask again when it comes"
                ),
            )),
            Some(_) => {}
        }
        match (known, end) {
            (Some(kind), Some(until)) if wrong.is_empty() => Ok(Self {
                kind,
                reason,
                control,
                owner,
                until,
            }),
            _ => Err(wrong),
        }
    }
}

/// The end of a day.
fn end_of(day: &str) -> Option<Timestamp> {
    (day.len() == 10)
        .then(|| Timestamp::parse(&format!("{day}T00:00:00Z")).ok())
        .flatten()
        .map(|start| start.plus(DAY))
}

/// What somebody wrote, without what no text has.
pub fn text(field: &'static str, given: &str, most: usize, wrong: &mut Vec<Wrong>) -> String {
    let plain: String = given
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let plain = plain.trim();
    if plain.is_empty() {
        wrong.push((field, "is needed; say it in a few words".to_owned()));
    } else if plain.chars().count() > most {
        wrong.push((
            field,
            format!("is longer than {most} characters; say it shorter"),
        ));
    }
    plain.to_owned()
}
