//! The views that somebody gave a name.

use askama::Template;

use super::{Layout, links, text::Moment};
use crate::{domain::time::Timestamp, store::saved::SavedView};

/// A line of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewLine {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// Who saved it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Where the button that deletes it sends to; `None`: the reader may not.
    pub delete: Option<String>,
}

/// Every saved view.
#[derive(Debug, Template)]
#[template(path = "saved.html", whitespace = "minimize")]
pub struct SavedPage {
    /// The frame.
    pub layout: Layout,
    /// By name.
    pub views: Vec<ViewLine>,
}

impl SavedPage {
    /// The page.
    pub fn new(layout: Layout, views: &[SavedView]) -> Self {
        Self {
            views: views
                .iter()
                .map(|view| ViewLine {
                    href: view.address.clone(),
                    name: view.name.clone(),
                    by: view.created_by.clone(),
                    at: Moment::new(Timestamp(view.created_at), layout.now),
                    delete: (layout.may.administer()
                        || layout.signed_in.as_deref() == Some(view.created_by.as_str()))
                    .then(|| format!("/views/{}/delete", links::encode(&view.id))),
                })
                .collect(),
            layout,
        }
    }
}
