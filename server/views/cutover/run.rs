//! A kept run with its names.

use askama::Template;

use super::{
    parts::{Blast, Moved},
    scope::LeftoverRow,
    scopes::{about, scope_url},
};
use crate::{
    domain::{
        cutover::{scope::Scope, tally::Tally},
        time::Timestamp,
    },
    store::cutover::runs::KeptRun,
    views::{Layout, links::encode, text::Moment},
};

/// Address of a run.
pub fn run_url(scope: &Scope, run: &KeptRun) -> String {
    format!("{}/what-if/{}", scope_url(scope), encode(&run.id))
}

/// The names of a page of a run.
#[derive(Clone, Debug)]
pub struct Names {
    /// Those of this page.
    pub rows: Vec<LeftoverRow>,
    /// Which they are, in words.
    pub shown: String,
    /// Where all of them are as a table; empty: there are none.
    pub csv: String,
    /// Where the following page is.
    pub next: Option<String>,
}

/// A kept run.
#[derive(Debug, Template)]
#[template(path = "cutover_run.html", whitespace = "minimize")]
pub struct RunPage {
    /// The frame.
    pub layout: Layout,
    /// Name of the scope.
    pub name: String,
    /// Page of the scope.
    pub scope_url: String,
    /// What the scope is about now.
    pub about: String,
    /// When it was made.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// Hash of everything that went in.
    pub input_hash: String,
    /// In numbers.
    pub blast: Blast,
    /// What moved since the run before.
    pub moved: Option<Moved>,
    /// The names that are asked for.
    pub leftovers: Vec<LeftoverRow>,
    /// Which are shown, in words.
    pub shown: String,
    /// All of them as a table; empty: there are none.
    pub csv: String,
    /// The following page.
    pub next: Option<String>,
}

impl RunPage {
    /// The page.
    pub fn new(
        layout: Layout,
        scope: &Scope,
        run: &KeptRun,
        tally: &Tally,
        moved: Option<Moved>,
        names: Names,
    ) -> Self {
        Self {
            name: scope.name.clone(),
            scope_url: scope_url(scope),
            about: about(scope),
            at: Moment::new(Timestamp(run.made_at), layout.now),
            by: run.made_by.clone(),
            input_hash: run.input_hash.clone(),
            blast: Blast::new(tally, &run_url(scope, run), &layout.sites),
            moved,
            leftovers: names.rows,
            shown: names.shown,
            csv: names.csv,
            next: names.next,
            layout,
        }
    }
}
