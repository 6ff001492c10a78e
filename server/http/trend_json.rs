//! The trend as programs read it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    contract::codes::{self, DayStandings, Standings},
    export::{OsJson, ReadinessJson},
    polled::Polled,
};
use crate::{
    domain::{
        assess,
        days::{date_of, is_whole},
        readiness::Readiness,
        verdict::Standing,
    },
    store::{moves::Regression, trend::TrendDay},
    views::trend::Asked,
};

/// A line a day, and where that leads.
#[derive(Serialize, ToSchema)]
pub(super) struct TrendAnswer {
    /// The moment that today's line is of.
    #[schema(format = DateTime)]
    pub as_of: String,
    /// How many days were asked for.
    pub days: i64,
    /// Site code that was asked for; empty: clients whose site is not known; null: all.
    pub site_code: Option<String>,
    /// OS version that was asked for; null: all.
    pub os: Option<OsJson>,
    /// Reason that was asked for; null: all clients.
    pub reason: Option<String>,
    /// The first day of which numbers are kept; null: none are.
    #[schema(format = Date)]
    pub first_day: Option<String>,
    /// The oldest day first, today last. Days without numbers are left out, never made up.
    pub items: Vec<DayJson>,
    /// Where it leads; null: a reason was asked for.
    pub forecast: Option<ForecastJson>,
    /// The sites that the caller may see: all numbers count these alone. Missing: there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sites: Option<Vec<String>>,
}

impl Polled for TrendAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        // Today's numbers are of this moment, too.
        let today = self.items.last_mut().map(|day| &mut day.taken_at);
        [&mut self.as_of].into_iter().chain(today).collect()
    }
}

/// The numbers of one day. Of `lists`, `feeds`, `feeds_stopped` and `to_rejudge` nothing is kept by site: for whoever may
/// see some sites only, 1 of a past day says that there was something of it in the estate.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendDay)]
pub(super) struct DayJson {
    /// The day, in UTC.
    #[schema(format = Date)]
    day: String,
    /// Whether these are the numbers of its end. Today's never are.
    complete: bool,
    /// When they were taken.
    #[schema(format = DateTime)]
    taken_at: String,
    /// Name of the rules of that day.
    ruleset: String,
    #[schema(value_type = DayStandings)]
    standings: Standings,
    /// How many were ready; null: a reason was asked for.
    readiness: Option<ReadinessJson>,
    /// Expected lists in force.
    lists: i64,
    /// Feeds that were spoken of.
    feeds: i64,
    /// Those of them that had stopped.
    feeds_stopped: i64,
    /// Reports not yet judged by the rules of that day.
    to_rejudge: i64,
    /// The day was made up for a demonstration.
    simulated: bool,
}

/// Where the trend leads, or why nobody can say.
#[derive(Serialize, ToSchema)]
#[schema(as = Forecast)]
pub(super) struct ForecastJson {
    /// It in whole sentences.
    pub says: Vec<String>,
    /// Whether there is a forecast.
    pub given: bool,
    /// Clients that are not ready now.
    pub not_ready: i64,
    /// The day at the middle pace of the last weeks.
    #[schema(format = Date)]
    pub at_middle_pace: Option<String>,
    /// The day at the pace of the slow weeks, or of the last two weeks where they were slower still; null: at that pace it never
    /// comes.
    #[schema(format = Date)]
    pub at_slow_pace: Option<String>,
    /// Clients that become ready in a week, at the middle pace.
    pub clients_a_week: Option<f64>,
    /// The day that was asked about.
    #[schema(format = Date)]
    pub by: Option<String>,
    /// Clients a week that it takes to be done by then.
    pub needed_a_week: Option<f64>,
    /// Clients that have not been ready for 60 days, without any change.
    pub unchanged_60_days: i64,
}

/// Who was ready in the last 30 days and is not any more, under the same rules.
#[derive(Serialize, ToSchema)]
pub(super) struct RegressedAnswer {
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    pub as_of: String,
    /// How far it goes back.
    #[schema(format = DateTime)]
    pub since: String,
    /// How many there are.
    pub total: i64,
    /// How many of them are here, 1,000 at most. `GET /api/v1/clients?regressed=1` has all, page by page.
    pub shown: usize,
    /// The latest first.
    pub items: Vec<RegressionJson>,
    /// The sites that the caller may see: all numbers count these alone. Missing: there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sites: Option<Vec<String>>,
}

impl Polled for RegressedAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of, &mut self.since]
    }
}

/// A client that was ready and is not any more.
#[derive(Serialize, ToSchema)]
#[schema(as = Regression)]
pub(super) struct RegressionJson {
    /// Id of the client.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    os: OsJson,
    /// When it was lost.
    #[schema(format = DateTime)]
    at: String,
    /// What it was before.
    #[schema(value_type = codes::Standing)]
    was: &'static str,
    /// What it became then.
    #[schema(value_type = codes::Standing)]
    became: &'static str,
    /// What it is now.
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    /// The reasons that came up.
    #[schema(value_type = Vec<codes::Reason>)]
    reasons_gained: Vec<&'static str>,
}

/// The standings that a trend tells.
pub(super) fn shown_standings(asked: &Asked) -> Vec<Standing> {
    if asked.slice.reason.is_some() {
        vec![Standing::Blocking, Standing::Undetermined]
    } else {
        Standing::ALL.to_vec()
    }
}

impl DayJson {
    /// The line of a day.
    pub(super) fn of(day: &TrendDay, asked: &Asked) -> Self {
        let head = &day.head;
        let all = asked.slice.reason.is_none();
        Self {
            day: date_of(head.day),
            complete: is_whole(head.day, head.taken_at),
            taken_at: head.taken_at.to_string(),
            ruleset: head.ruleset.clone(),
            standings: Standings::some(&day.standings, shown_standings(asked)),
            readiness: all.then(|| Readiness::of(&day.standings).into()),
            lists: head.lists,
            feeds: head.feeds,
            feeds_stopped: head.feeds_stopped,
            to_rejudge: head.to_rejudge,
            simulated: head.simulated,
        }
    }
}

impl From<Regression> for RegressionJson {
    fn from(row: Regression) -> Self {
        Self {
            os: OsJson::of(&row.os_key),
            at: row.at.to_string(),
            was: row.from.code(),
            became: row.to.code(),
            standing: row.standing.code(),
            reasons_gained: assess::reasons_in(row.gained)
                .map(|reason| reason.code)
                .collect(),
            id: row.id,
            name: row.name,
        }
    }
}
