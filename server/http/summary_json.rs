//! The summary as programs read it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    contract::codes::{self, Impacts, Standings},
    export::{OsJson, PopulationJson, ReadinessJson},
    polled::Polled,
};
use crate::{
    domain::{
        assess::{self, ReasonInfo},
        readiness::Readiness,
        verdict,
    },
    store::model::{OsLine, ReasonLine, Summary},
    views::change::{Change, Systems},
};

/// Counts by standing, OS version, site and reason, and what they cover.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryAnswer {
    /// The moment that the numbers are of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    /// Clients whose last report has not yet been judged by these rules.
    to_rejudge: i64,
    standings: Standings,
    /// Of these, the clients under an exception in force. They stand where they stood.
    excepted: Standings,
    readiness: ReadinessJson,
    impacts: Impacts,
    /// A line for each OS version, the most blocking and unjudged clients first.
    by_os: Vec<OsSummary>,
    /// A line for each site.
    by_site: Vec<SiteSummary>,
    /// Why clients block or cannot be judged, the most frequent first. A client may stand in several lines.
    reasons: Vec<ReasonSummary>,
    population: PopulationJson,
    /// Clients that were ready in the last 30 days and are not any more, although the rules are the same.
    regressed_30_days: i64,
    /// The day that `change_7_days` compares with; null: no numbers were kept then, or the summary is of a selection.
    #[schema(format = Date)]
    changes_since: Option<String>,
}

impl Polled for SummaryAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// The clients of one OS version.
#[derive(Debug, Serialize, ToSchema)]
struct OsSummary {
    os: OsJson,
    /// Clients counted.
    total: i64,
    /// Silent, stale, undetermined and conflicting clients: nobody knows a verdict that holds now.
    no_verdict: i64,
    /// What changed within a week; null: nobody kept the numbers.
    change_7_days: Option<WeekChange>,
    standings: Standings,
    /// What most of them fail for; null: none of them fails.
    top_reason: Option<TopReason>,
}

/// How many more clients than a week ago; below nought: fewer.
#[derive(Debug, Serialize, ToSchema)]
struct WeekChange {
    /// Blocking.
    blocking: i64,
    /// Without a verdict that holds now.
    no_verdict: i64,
    /// Ready.
    ready: i64,
}

/// The most frequent reason of an OS version.
#[derive(Debug, Serialize, ToSchema)]
struct TopReason {
    #[schema(value_type = codes::Reason)]
    reason: &'static str,
    /// The reason in short words.
    title: &'static str,
    /// Clients of this OS version and standing that carry it.
    clients: i64,
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    #[schema(value_type = codes::Fix)]
    fix: &'static str,
    /// The fix in short words.
    fix_title: &'static str,
}

/// The clients of one site.
#[derive(Debug, Serialize, ToSchema)]
struct SiteSummary {
    /// Site code; empty: no site is known.
    site_code: String,
    standings: Standings,
}

/// A reason, and how many clients carry it.
#[derive(Debug, Serialize, ToSchema)]
struct ReasonSummary {
    /// Code of the reason. One that a newer version wrote may be unknown to this one.
    #[schema(value_type = String, example = "winhttp.default_without_tls12")]
    reason: String,
    /// The reason in short words; null: this version does not know it.
    title: Option<&'static str>,
    #[schema(value_type = Option<codes::Fix>)]
    fix: Option<&'static str>,
    /// The fix in short words.
    fix_title: Option<&'static str>,
    /// Blocking clients that carry it.
    blocking: i64,
    /// Undetermined clients that carry it.
    undetermined: i64,
}

/// What is known beside the summary itself.
pub(super) struct Beside<'b> {
    /// Name of the rules.
    pub ruleset: &'b str,
    /// The numbers of a week ago.
    pub then: Option<&'b Systems>,
    /// Their day.
    pub since: Option<String>,
    /// Who was ready and is not any more.
    pub regressed: i64,
}

impl SummaryAnswer {
    /// Puts the answer together.
    pub(super) fn new(summary: Summary, beside: Beside<'_>) -> Self {
        Self {
            as_of: summary.as_of.to_string(),
            ruleset: beside.ruleset.to_owned(),
            to_rejudge: summary.to_rejudge,
            standings: Standings::of(&summary.population.standings),
            excepted: Standings::of(&summary.excepted),
            readiness: Readiness::of(&summary.population.standings).into(),
            impacts: Impacts::of(&summary.impacts),
            by_os: summary
                .by_os
                .iter()
                .map(|line| OsSummary::new(line, beside.then))
                .collect(),
            by_site: summary.by_site.into_iter().map(SiteSummary::from).collect(),
            reasons: summary
                .reasons
                .into_iter()
                .map(ReasonSummary::from)
                .collect(),
            population: summary.population.into(),
            regressed_30_days: beside.regressed,
            changes_since: beside.since,
        }
    }
}

impl OsSummary {
    fn new(line: &OsLine, then: Option<&Systems>) -> Self {
        let change = then.map(|then| Change::new(then.get(&line.os_key), &line.standings));
        let top = line.top_reason.as_ref();
        let top = top.and_then(|top| Some((assess::reason(&top.reason)?, top)));
        Self {
            os: OsJson::of(&line.os_key),
            total: line.total,
            no_verdict: line.no_verdict(),
            change_7_days: change.map(|change| WeekChange {
                blocking: change.blocking,
                no_verdict: change.no_verdict,
                ready: change.ready,
            }),
            standings: Standings::of(&line.standings),
            top_reason: top.map(|(reason, top)| TopReason {
                reason: reason.code,
                title: reason.title,
                clients: top.clients,
                standing: top.of.code(),
                fix: reason.fix,
                fix_title: reason.fix_title,
            }),
        }
    }
}

impl From<(String, BTreeMap<verdict::Standing, i64>)> for SiteSummary {
    fn from((site_code, standings): (String, BTreeMap<verdict::Standing, i64>)) -> Self {
        Self {
            site_code,
            standings: Standings::of(&standings),
        }
    }
}

impl From<ReasonLine> for ReasonSummary {
    fn from(line: ReasonLine) -> Self {
        let known = assess::reason(&line.reason);
        let of = |part: fn(&ReasonInfo) -> &'static str| known.map(part);
        Self {
            title: of(|reason| reason.title),
            fix: of(|reason| reason.fix),
            fix_title: of(|reason| reason.fix_title),
            reason: line.reason,
            blocking: line.blocking,
            undetermined: line.undetermined,
        }
    }
}
