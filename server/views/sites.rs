//! All sites, those with most clients left first.

use askama::Template;

use super::{
    layout::Layout,
    links,
    tables::{SiteRow, most_left_first},
    text::{Moment, number},
};
use crate::{
    domain::counted::counted_len,
    store::{
        model::{Filter, Summary},
        sites::OFFERED,
    },
};

/// So many stand on one page.
const ROWS: usize = 200;

/// All sites of everybody, or of a selection.
#[derive(Template)]
#[template(path = "sites.html")]
pub struct SitesPage {
    /// The frame.
    pub layout: Layout,
    /// How many there are.
    pub sentence: String,
    /// Only some clients are meant.
    pub selection: bool,
    /// The first screen of the same clients.
    pub overview: String,
    /// Those of this page.
    pub rows: Vec<SiteRow>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, when this is another.
    pub first: Option<String>,
    /// When the numbers were true.
    pub as_of: Moment,
}

/// How many sites a choice leaves out; `None`: none.
pub fn further_sites(further: usize) -> Option<String> {
    (further > 0).then(|| {
        format!(
            "The choice has the {OFFERED} sites with most clients left; there are {}",
            counted_len(further, "further site", "further sites")
        )
    })
}

impl SitesPage {
    /// The page behind so many sites.
    pub fn new(layout: Layout, summary: &Summary, base: &Filter, before: i64) -> Self {
        let all = most_left_first(&summary.by_site);
        let total = all.len();
        let before = usize::try_from(before).unwrap_or(0).min(total);
        let here = all.iter().skip(before).take(ROWS);
        let rows: Vec<SiteRow> = here
            .map(|(code, standings)| SiteRow::new(code, standings, base))
            .collect();
        let end = before + rows.len();
        let as_number = |n: usize| number(i64::try_from(n).unwrap_or(i64::MAX));
        let sentence = counted_len(total, "site", "sites");
        Self {
            sentence: if total > rows.len() && !rows.is_empty() {
                format!(
                    "{sentence}, those with most clients left first; these are {} to {}.",
                    as_number(before + 1),
                    as_number(end)
                )
            } else {
                format!("{sentence}, those with most clients left first.")
            },
            selection: !base.is_everybody(),
            overview: links::overview_url(base),
            next: (end < total).then(|| links::sites_url(base, end)),
            first: (before > 0).then(|| links::sites_url(base, 0)),
            rows,
            as_of: Moment::new(summary.as_of, layout.now),
            layout,
        }
    }
}
