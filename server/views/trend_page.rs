//! The page of the trend: what can be chosen, the picture, the outlook, and who was ready.

use askama::Template;

use super::{
    Layout,
    form::{Choice, Choices, choices_of, reasons},
    links::{self, NO_SITE},
    sites::further_sites,
    text::{Count, Moment},
    trend::{Asked, Days, LENGTHS, Trend},
    words::{self, Badge},
};
use crate::{
    domain::{assess, verdict::Standing},
    store::{model::Filter, moves::Regression},
};

/// A client that was ready, as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegressedLine {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its OS version.
    pub os: String,
    /// What it was.
    pub from: Badge,
    /// What it is now.
    pub now: Badge,
    /// When it moved.
    pub at: Moment,
    /// What it carries since.
    pub gained: Vec<String>,
}

/// The first part of the clients that were ready, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regressed {
    /// All of them.
    pub count: Count,
    /// The latest.
    pub lines: Vec<RegressedLine>,
}

/// What the page says beside the picture.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// The forecast, or why there is none.
    pub forecast: Vec<String>,
    /// What the chosen date asks for.
    pub by: Option<String>,
    /// Clients that no trend will mend.
    pub unchanged: Option<Count>,
}

/// `/trend`
#[derive(Debug, Template)]
#[template(path = "trend.html", whitespace = "minimize")]
pub struct TrendPage {
    /// The frame.
    pub layout: Layout,
    /// Picture and table.
    pub trend: Trend,
    /// Whose numbers, in words.
    pub whose: String,
    /// Lengths to choose from: words, address, chosen.
    pub lengths: Vec<(String, String, bool)>,
    /// The length, for the form.
    pub days: i64,
    /// OS versions of the form.
    pub systems: Vec<Choice>,
    /// Sites of the form.
    pub sites: Vec<Choice>,
    /// That there are more, where they are not all offered.
    pub further_sites: Option<String>,
    /// Standings of the form.
    pub standings: Vec<Choice>,
    /// Reasons of the form.
    pub reasons: Vec<Choice>,
    /// The date of the form.
    pub by: String,
    /// The forecast; `None`: a reason was asked for.
    pub outlook: Option<Outlook>,
    /// Who was ready.
    pub regressed: Regressed,
    /// The same as CSV.
    pub csv: String,
    /// The same as JSON.
    pub json: String,
}

impl TrendPage {
    /// The page of what was asked for.
    pub fn new(
        layout: Layout,
        asked: &Asked,
        days: &Days,
        choices: &Choices,
        outlook: Option<Outlook>,
        regressed: (i64, &[Regression]),
    ) -> Self {
        let filter = Filter {
            reason: asked.slice.reason.clone(),
            ..Filter::default()
        };
        let (failed, unknown) = reasons(&filter);
        let address = |format: &str| format!("/api/v1/trend?format={format}&{}", asked.query());
        Self {
            trend: Trend::new(asked, days),
            whose: asked.whose(),
            lengths: LENGTHS
                .into_iter()
                .map(|length| {
                    (
                        format!("{length} days"),
                        format!("/trend?{}", asked.of_days(length).query()),
                        length == asked.days,
                    )
                })
                .collect(),
            days: asked.days,
            systems: choices_of(&choices.os, asked.slice.os.as_deref(), |key| {
                (key.to_owned(), assess::os_label(key))
            }),
            further_sites: further_sites(choices.further_sites),
            sites: choices_of(&choices.sites, asked.slice.site.as_deref(), |code| {
                let value = if code.is_empty() { NO_SITE } else { code };
                (value.to_owned(), words::site(code))
            }),
            standings: Standing::ALL
                .into_iter()
                .map(|standing| Choice {
                    value: standing.code().to_owned(),
                    label: words::standing(standing).word.to_owned(),
                    chosen: asked.standing == Some(standing),
                })
                .collect(),
            reasons: failed.into_iter().chain(unknown).collect(),
            by: asked.by.clone().unwrap_or_default(),
            outlook,
            regressed: Regressed::new(regressed.0, regressed.1, &layout),
            csv: address("csv"),
            json: address("json"),
            layout,
        }
    }
}

impl Regressed {
    fn new(count: i64, regressions: &[Regression], layout: &Layout) -> Self {
        let filter = Filter {
            regressed: true,
            ..Filter::default()
        };
        Self {
            count: Count::new(count, &filter),
            lines: regressions
                .iter()
                .map(|one| RegressedLine {
                    href: links::client_url(&one.id),
                    name: one.name.clone(),
                    os: assess::os_label(&one.os_key),
                    from: words::standing(one.from),
                    now: words::standing(one.standing),
                    at: Moment::new(one.at, layout.now),
                    gained: assess::reasons_in(one.gained)
                        .map(|reason| reason.title.to_owned())
                        .collect(),
                })
                .collect(),
        }
    }
}
