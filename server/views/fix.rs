//! One fix: what it does, what to run, how to take it back, and who needs it.

use askama::Template;

use super::{
    Layout,
    columns::{ListColumn, Sortable},
    fixes::only,
    links,
    rows::RowView,
    text::{Count, clients, number},
    words,
};
use crate::{
    domain::{
        assess::{self, FixText},
        plan::{Action, ActionSet, Plan},
        verdict::Standing,
    },
    store::model::{Filter, ListPage},
};

/// Who needs it, of one standing.
#[derive(Clone, Debug)]
pub struct NeedRow {
    /// `Blocking`.
    pub standing: &'static str,
    /// Clients that are asked for it.
    pub asked: Count,
    /// Clients that need nothing else.
    pub alone: Count,
}

/// A file to copy or to save.
#[derive(Clone, Debug)]
pub struct FileView {
    /// Its name.
    pub name: &'static str,
    /// Where it is had.
    pub href: String,
    /// What it does.
    pub title: &'static str,
    /// For which systems.
    pub systems: &'static str,
    /// Its content.
    pub text: String,
}

/// A reason that calls for it.
#[derive(Clone, Debug)]
pub struct CallRow {
    /// Short words.
    pub title: &'static str,
    /// Stable code.
    pub code: &'static str,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "fix.html", whitespace = "minimize")]
pub struct FixPage {
    /// The frame.
    pub layout: Layout,
    /// Short words.
    pub title: &'static str,
    /// The words.
    pub text: &'static FixText,
    /// Who needs it.
    pub needs: Vec<NeedRow>,
    /// What else has to be done where this is asked for.
    pub then: Vec<(&'static str, String)>,
    /// What to run.
    pub files: Vec<FileView>,
    /// Which checks prove it, in words, with their ids.
    pub checks: Vec<(&'static str, &'static str)>,
    /// Which reasons call for it.
    pub calls: Vec<CallRow>,
    /// The first clients that need it.
    pub rows: Vec<RowView>,
    /// The columns of these rows.
    pub columns: Vec<ListColumn>,
    /// These rows are in order of name and stay so.
    pub by_name: Option<Sortable>,
    /// The same.
    pub by_since: Option<Sortable>,
    /// What these rows are.
    pub caption: String,
    /// All of them.
    pub list_href: String,
}

/// Clients that are asked for an action and are in the way.
pub fn asked(action: &Action) -> Filter {
    Filter {
        standings: vec![Standing::Blocking, Standing::Undetermined],
        fix: Some(action.code.to_owned()),
        ..Filter::default()
    }
}

impl FixPage {
    /// The page; `rows` is the beginning of the list that [`asked`] describes.
    pub fn new(
        layout: Layout,
        action: &'static Action,
        text: &'static FixText,
        blocking: &Plan,
        undetermined: &Plan,
        rows: &ListPage,
    ) -> Self {
        let need = |plan: &Plan, standing: Standing| {
            let single = plan
                .singles
                .iter()
                .find(|single| single.action.code == action.code);
            let filter = Filter {
                standings: vec![standing],
                ..asked(action)
            };
            let alone = only(&Filter::default(), standing, ActionSet::of(action));
            NeedRow {
                standing: words::standing(standing).word,
                asked: Count::new(single.map_or(0, |single| single.asked), &filter),
                alone: Count::new(single.map_or(0, |single| single.alone), &alone),
            }
        };
        let shown = i64::try_from(rows.items.len()).unwrap_or(0);
        Self {
            title: action.title,
            text,
            needs: vec![
                need(blocking, Standing::Blocking),
                need(undetermined, Standing::Undetermined),
            ],
            then: action
                .requires()
                .iter()
                .filter(|other| other.code != action.code)
                .map(|other| (other.title, links::fix_url(other.code)))
                .collect(),
            files: text
                .files
                .iter()
                .map(|file| FileView {
                    name: file.name,
                    href: links::fix_file_url(text.code, file.name),
                    title: file.title,
                    systems: file.systems,
                    text: file.text.replace('\r', "").trim_end().to_owned(),
                })
                .collect(),
            checks: text
                .checks
                .iter()
                .map(|id| (words::check(id), *id))
                .collect(),
            calls: assess::REASONS
                .iter()
                .filter(|info| info.fix == action.code)
                .map(|info| CallRow {
                    title: info.title,
                    code: info.code,
                })
                .collect(),
            columns: ListColumn::USUAL.to_vec(),
            by_name: None,
            by_since: None,
            rows: rows
                .items
                .iter()
                .map(|row| RowView::new(row, layout.now))
                .collect(),
            caption: if shown < rows.total {
                format!(
                    "The first {} of {}, by name.",
                    number(shown),
                    clients(rows.total)
                )
            } else {
                format!("{}, by name.", clients(rows.total))
            },
            list_href: links::list_url(&asked(action)),
            layout,
        }
    }
}
