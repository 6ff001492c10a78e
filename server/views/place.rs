//! One OS version, one site, or one role: how its clients stand, why, and who they are.

use askama::Template;

use super::{
    Layout,
    bar::{self, Segment},
    change::{self, Change, Systems},
    columns::{ListColumn, Sortable},
    links::{self, encode},
    os,
    rows::RowView,
    tables::{Columns, FewSites, Folded, OsRow, SiteRow, WhyRow, fold},
    text::{clients, counted, joined, number},
    way::Way,
    words,
};
use crate::{
    domain::{assess, verdict::Standing},
    store::model::{Filter, ListPage, Summary},
};

/// What the page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An OS version, by its key.
    Os(String),
    /// A site, by its code; empty: no site known.
    Site(String),
    /// A site system role.
    Role(String),
}

impl Place {
    /// Exactly its clients.
    pub fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        match self {
            Self::Os(key) => filter.os = Some(key.clone()),
            Self::Site(code) => filter.site = Some(code.clone()),
            Self::Role(role) => filter.role = Some(role.clone()),
        }
        filter
    }

    fn name(&self) -> String {
        match self {
            Self::Os(key) => assess::os_label(key),
            Self::Site(code) if code.is_empty() => words::site(code),
            Self::Site(code) => format!("Site {code}"),
            Self::Role(role) => format!("Role: {}", words::role(role)),
        }
    }
}

/// The page of one OS version, site or role.
#[derive(Debug, Template)]
#[template(path = "place.html", whitespace = "minimize")]
pub struct PlacePage {
    /// The frame.
    pub layout: Layout,
    /// Its name.
    pub name: String,
    /// Its key, for OS versions.
    pub key: Option<String>,
    /// Where it stands, in one sentence.
    pub sentence: String,
    /// How it changed within a week, in sentences; `None`: nothing of that is kept of a role.
    pub change: Option<String>,
    /// Its trend; `None`: a role has none.
    pub trend_href: Option<String>,
    /// Site systems that its clients depend on and that are not ready; `None`: there is none, or it is no site.
    pub way: Option<Way>,
    /// `support ended 2020-01-14`.
    pub support_ended: Option<String>,
    /// The bar and its table.
    pub segments: Vec<Segment>,
    /// Everybody here.
    pub all: Columns,
    /// By OS version, unless that is what the page is about.
    pub systems: Vec<OsRow>,
    /// OS versions with less trouble.
    pub more_systems: Folded<OsRow>,
    /// By site, unless that is what the page is about.
    pub sites: Vec<SiteRow>,
    /// Further sites.
    pub more_sites: Folded<SiteRow>,
    /// That there are still more, and where.
    pub further_sites: Option<(String, String)>,
    /// Why blocked, among these clients.
    pub why: Vec<WhyRow>,
    /// Rarer reasons.
    pub more_why: Folded<WhyRow>,
    /// The first rows of its list.
    pub rows: Vec<RowView>,
    /// The columns of these rows.
    pub columns: Vec<ListColumn>,
    /// These rows are in order of name and stay so.
    pub by_name: Option<Sortable>,
    /// The same.
    pub by_since: Option<Sortable>,
    /// What these rows are.
    pub caption: String,
    /// The whole list.
    pub list_href: String,
    /// The first screen of these clients, where they can be narrowed further.
    pub overview_href: String,
}

impl PlacePage {
    /// The page of a place: the numbers of its clients, and the first page of their list.
    pub fn new(layout: Layout, place: &Place, summary: &Summary, rows: &ListPage) -> Self {
        let base = place.filter();
        let now = layout.now;
        let shown = i64::try_from(rows.items.len()).unwrap_or(0);
        let (systems, more_systems) = match place {
            Place::Os(_) => fold(Vec::new(), 0, ""),
            _ => fold(
                summary
                    .by_os
                    .iter()
                    .map(|line| OsRow::new(line, &base, now))
                    .collect(),
                40,
                "OS versions",
            ),
        };
        let sites = match place {
            Place::Site(_) => FewSites::none(),
            Place::Os(_) | Place::Role(_) => FewSites::of(&summary.by_site, &base, 20),
        };
        let why = summary
            .reasons
            .iter()
            .map(|line| WhyRow::new(line, &base))
            .collect();
        let (why, more_why) = fold(why, 20, "reasons");
        let key = match place {
            Place::Os(key) => Some(key.clone()),
            _ => None,
        };
        Self {
            name: place.name(),
            sentence: sentence(summary),
            change: None,
            way: None,
            trend_href: match place {
                Place::Os(key) => Some(format!("/trend?os={}", encode(key))),
                // Nothing leads to the trend of those whose site is not known.
                Place::Site(code) if !code.is_empty() => {
                    Some(format!("/trend?site={}", encode(code)))
                }
                Place::Site(_) | Place::Role(_) => None,
            },
            support_ended: key.as_deref().and_then(|key| os::support_ended(key, now)),
            key,
            segments: bar::segments(&summary.population.standings, &base),
            all: Columns::new(&summary.population.standings, &base),
            systems,
            more_systems,
            sites: sites.shown,
            more_sites: sites.folded,
            further_sites: sites.further,
            why,
            more_why,
            rows: rows
                .items
                .iter()
                .map(|row| RowView::new(row, now))
                .collect(),
            columns: ListColumn::USUAL.to_vec(),
            by_name: None,
            by_since: None,
            caption: if shown < rows.total {
                format!(
                    "The first {} of {}, by name.",
                    number(shown),
                    clients(rows.total)
                )
            } else {
                format!("{}, by name.", clients(rows.total))
            },
            list_href: links::list_url(&base),
            overview_href: links::overview_url(&base),
            layout,
        }
    }
}

impl PlacePage {
    /// Says how the place changed since `day`, of which these were the standings by OS version; `None`: no numbers were kept on
    /// it.
    pub fn say_change(
        &mut self,
        place: &Place,
        summary: &Summary,
        day: i64,
        then: Option<&Systems>,
    ) {
        let standings = &summary.population.standings;
        self.change = match place {
            Place::Role(_) => None,
            Place::Os(key) => Some(change::sentence(
                day,
                then.map(|then| Change::new(then.get(key), standings)),
            )),
            Place::Site(_) => Some(change::sentence(
                day,
                then.map(|then| Change::of_all(then, standings)),
            )),
        };
    }
}

fn sentence(summary: &Summary) -> String {
    let of = |wanted: &dyn Fn(Standing) -> bool| -> i64 {
        summary
            .population
            .standings
            .iter()
            .filter(|(standing, _)| wanted(**standing))
            .map(|(_, n)| n)
            .sum()
    };
    let parts: Vec<String> = [
        (of(&|s| s == Standing::Blocking), "blocks", "block"),
        (
            of(&Standing::is_no_verdict),
            "cannot be judged",
            "cannot be judged",
        ),
        (
            of(&|s| s == Standing::RestartPending),
            "waits for a restart",
            "wait for a restart",
        ),
        (of(&|s| s == Standing::Ready), "is ready", "are ready"),
    ]
    .into_iter()
    .filter(|(n, _, _)| *n > 0)
    .map(|(n, one, many)| counted(n, one, many))
    .collect();
    if parts.is_empty() {
        return "No client here is counted.".to_owned();
    }
    format!(
        "Of {}, {}.",
        clients(summary.population.total),
        joined(&parts)
    )
}
