//! The gate: figures against limits, for a pipeline that asks whether it may go on.
//!
//! A criterion is left out only by saying so. What is not known is not met, and nobody passes with nobody in scope: a
//! misspelt site would open every gate otherwise.

use std::{fmt, str::FromStr};

/// What is held against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criterion {
    /// Somebody is in scope.
    Clients,
    /// Blocking clients.
    Blocking,
    /// Clients without a verdict that holds now.
    NoVerdict,
    /// Clients that have never reported.
    Silent,
    /// Clients that are ready after a restart.
    RestartPending,
    /// Clients whose report has not been judged by the rules of today.
    ToRejudge,
    /// Age of the oldest expected list in force, in days.
    ListAge,
    /// Feeds that should have spoken by now.
    StoppedFeeds,
    /// Clients that are not ready and of which nobody knows whether they belong to the scope.
    Unplaced,
    /// Clients that lists leave out, although they are heard and are not ready.
    LeftOutHeard,
    /// Clients whose last report carries a time to come.
    FutureReports,
    /// Clients that were ready and are not any more.
    Regressed,
    /// Clients that may be second records of a machine.
    Duplicates,
    /// Blocking clients under no exception in force.
    BlockingWithoutException,
    /// Clients whose exception in force is over soon.
    ExceptionsExpiring,
    /// Clients that a report turned ready, or took the verdict from, about which a suspicion is open.
    Suspicious,
}

/// How much of it may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many at most.
    AtMost(i64),
    /// So many hundredths of a percent of the clients in scope at most, of whom those alone that a list expects, and not at another
    /// site, are counted: by making clients up, or by taking others there, nobody raises what may be there.
    Share(i64),
    /// So many at least.
    AtLeast(i64),
    /// Not asked.
    Any,
}

impl Criterion {
    /// All, in the order of an answer.
    pub const ALL: [Self; 16] = [
        Self::Clients,
        Self::Blocking,
        Self::NoVerdict,
        Self::Silent,
        Self::RestartPending,
        Self::ToRejudge,
        Self::ListAge,
        Self::StoppedFeeds,
        Self::Unplaced,
        Self::LeftOutHeard,
        Self::FutureReports,
        Self::Regressed,
        Self::Duplicates,
        Self::BlockingWithoutException,
        Self::ExceptionsExpiring,
        Self::Suspicious,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Blocking => "blocking",
            Self::NoVerdict => "no_verdict",
            Self::Silent => "silent",
            Self::RestartPending => "restart_pending",
            Self::ToRejudge => "to_rejudge",
            Self::ListAge => "list_age_days",
            Self::StoppedFeeds => "stopped_feeds",
            Self::Unplaced => "unplaced",
            Self::LeftOutHeard => "left_out_heard",
            Self::FutureReports => "future_reports",
            Self::Regressed => "regressed",
            Self::Duplicates => "suspected_duplicates",
            Self::BlockingWithoutException => "blocking_without_exception",
            Self::ExceptionsExpiring => "exceptions_expiring",
            Self::Suspicious => "suspicious",
        }
    }

    /// The criterion of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// What goes without saying.
    pub const fn usual(self) -> Limit {
        match self {
            Self::Clients => Limit::AtLeast(1),
            Self::NoVerdict => Limit::Share(200),
            Self::ListAge => Limit::AtMost(30),
            // Beside `blocking`, which counts all, blocking without an exception would say nothing.
            Self::Regressed
            | Self::Duplicates
            | Self::BlockingWithoutException
            | Self::ExceptionsExpiring => Limit::Any,
            _ => Limit::AtMost(0),
        }
    }

    /// Whether it counts clients in scope, so that a share of them means something.
    pub const fn counts_clients(self) -> bool {
        !matches!(
            self,
            Self::Clients
                | Self::ToRejudge
                | Self::ListAge
                | Self::StoppedFeeds
                | Self::Unplaced
                | Self::LeftOutHeard
        )
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "{most}"),
            Self::Share(share) => match (share / 100, share % 100) {
                (whole, 0) => write!(f, "{whole}%"),
                (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}%", part / 10),
                (whole, part) => write!(f, "{whole}.{part:02}%"),
            },
            Self::AtLeast(least) => write!(f, "{least}"),
            Self::Any => f.write_str("any"),
        }
    }
}

/// The limits of a gate: for each criterion one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criteria(Vec<(Criterion, Limit)>);

impl Default for Criteria {
    fn default() -> Self {
        Self(
            Criterion::ALL
                .into_iter()
                .map(|criterion| (criterion, criterion.usual()))
                .collect(),
        )
    }
}

impl FromStr for Criteria {
    type Err = String;

    /// `blocking:0,no_verdict:2%,regressed:any`: limits in place of the usual ones; the others stay.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut criteria = Self::default();
        let mut seen = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (code, limit) = part.split_once(':').unwrap_or((part, ""));
            let (code, limit) = (code.trim(), limit.trim());
            let Some(criterion) = Criterion::from_code(code) else {
                let known = Criterion::ALL.map(Criterion::code).join(", ");
                let code: String = code.chars().take(40).collect();
                return Err(format!("{code:?} is no criterion; use one of {known}"));
            };
            if seen.contains(&criterion) {
                return Err(format!("{code} is given twice; give it once"));
            }
            seen.push(criterion);
            let limit = criterion.limit(limit)?;
            for known in &mut criteria.0 {
                if known.0 == criterion {
                    known.1 = limit;
                }
            }
        }
        Ok(criteria)
    }
}

impl Criterion {
    fn limit(self, text: &str) -> Result<Limit, String> {
        let code = self.code();
        let whole = |text: &str| {
            text.parse::<u32>()
                .map(i64::from)
                .map_err(|_| self.wanted())
        };
        match (self, text.strip_suffix('%')) {
            (Self::Clients, _) => match whole(text)? {
                0 => Err(format!(
                    "{code} must be at least 1: nobody passes with nobody in scope"
                )),
                least => Ok(Limit::AtLeast(least)),
            },
            (_, None) if text == "any" => Ok(Limit::Any),
            (_, Some(share)) if self.counts_clients() => hundredths(share)
                .map(Limit::Share)
                .ok_or_else(|| self.wanted()),
            (_, Some(_)) => Err(self.wanted()),
            (_, None) => whole(text).map(Limit::AtMost),
        }
    }

    fn wanted(self) -> String {
        let code = self.code();
        if self == Self::Clients {
            format!("{code} takes the least number, such as {code}:100")
        } else if self.counts_clients() {
            format!(
                "{code} takes the most that may be there, as a number, a share of the expected clients in scope or any: {code}:0, {code}:2%, {code}:any"
            )
        } else {
            format!("{code} takes the most that may be there, or any: {code}:0, {code}:any")
        }
    }
}

/// `2`, `0.5`, `1.25`: a percentage up to 100, in hundredths of a percent.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole)
        || !digits(part)
        || !(1..=3).contains(&whole.len())
        || !(1..=2).contains(&part.len())
    {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let share = whole.parse::<i64>().ok()? * 100 + part;
    (share <= 10_000).then_some(share)
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Clients in scope.
    pub clients: i64,
    /// Of them, expected by a list; without a list all of them, and the age of the list fails.
    pub expected: i64,
    /// Of those, expected at another site than they say. They raise no share: whoever sends their reports would raise it by that.
    pub elsewhere: i64,
    /// Of them, blocking.
    pub blocking: i64,
    /// Of them, without a verdict that holds now.
    pub no_verdict: i64,
    /// Of them, never heard.
    pub silent: i64,
    /// Of them, ready after a restart.
    pub restart_pending: i64,
    /// Reports anywhere that the rules of today have not judged yet.
    pub to_rejudge: i64,
    /// Age of the oldest expected list in force, in whole days; `None`: no list expects anybody in scope.
    pub list_age_days: Option<i64>,
    /// Feeds that stopped.
    pub stopped_feeds: i64,
    /// Clients that are not ready, and whose site or OS version, which the scope names, is not known.
    pub unplaced: i64,
    /// Clients that would be in scope, are not ready although heard lately, and are left out by the lists.
    pub left_out_heard: i64,
    /// Those of the same that are ready, by a report about which a suspicion is open.
    pub left_out_suspected: i64,
    /// Those of the same that are not ready, and whose site or OS version, which the scope names, is not known.
    pub left_out_unplaced: i64,
    /// Of the clients in scope, those whose last report carries a time to come.
    pub future_reports: i64,
    /// Of the clients in scope, those that were ready and are not any more.
    pub regressed: i64,
    /// Of the clients in scope, those that may be second records.
    pub duplicates: i64,
    /// Of those that block, those under no exception in force.
    pub blocking_without_exception: i64,
    /// Of the clients in scope, those whose exception in force is over within 30 days.
    pub exceptions_expiring: i64,
    /// Of the clients in scope, those that a report turned ready, or took the verdict from, about which a suspicion is open.
    pub suspicious: i64,
}

/// A criterion with what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which one.
    pub criterion: Criterion,
    /// What is there; `None`: nobody knows.
    pub figure: Option<i64>,
    /// What may be there.
    pub limit: Limit,
    /// Whether it is met. What is not known is not.
    pub met: bool,
}

/// Holds figures against limits.
pub fn hold(figures: &Figures, criteria: &Criteria) -> Vec<Held> {
    let held = |&(criterion, limit): &(Criterion, Limit)| {
        let figure = figures.of(criterion);
        Held {
            criterion,
            figure,
            limit,
            met: limit.is_kept(figure, (figures.expected - figures.elsewhere).max(0)),
        }
    };
    criteria.0.iter().map(held).collect()
}

/// Whether a share decides about any of these, so that it matters how many are expected.
pub fn is_about_a_share(held: &[Held]) -> bool {
    held.iter()
        .any(|held| matches!(held.limit, Limit::Share(_)) && held.figure.is_some_and(|n| n > 0))
}

impl Figures {
    const fn of(&self, criterion: Criterion) -> Option<i64> {
        Some(match criterion {
            Criterion::Clients => self.clients,
            Criterion::Blocking => self.blocking,
            Criterion::NoVerdict => self.no_verdict,
            Criterion::Silent => self.silent,
            Criterion::RestartPending => self.restart_pending,
            Criterion::ToRejudge => self.to_rejudge,
            Criterion::ListAge => return self.list_age_days,
            Criterion::StoppedFeeds => self.stopped_feeds,
            Criterion::Unplaced => self.unplaced,
            Criterion::LeftOutHeard => {
                self.left_out_heard + self.left_out_suspected + self.left_out_unplaced
            }
            Criterion::FutureReports => self.future_reports,
            Criterion::Regressed => self.regressed,
            Criterion::Duplicates => self.duplicates,
            Criterion::BlockingWithoutException => self.blocking_without_exception,
            Criterion::ExceptionsExpiring => self.exceptions_expiring,
            Criterion::Suspicious => self.suspicious,
        })
    }
}

impl Limit {
    fn is_kept(self, figure: Option<i64>, expected: i64) -> bool {
        let Some(figure) = figure else {
            return self == Self::Any;
        };
        match self {
            Self::AtMost(most) => figure <= most,
            // Exact: a share that is rounded could let somebody through.
            Self::Share(share) => {
                i128::from(figure) * 10_000 <= i128::from(share) * i128::from(expected)
            }
            Self::AtLeast(least) => figure >= least,
            Self::Any => true,
        }
    }
}
