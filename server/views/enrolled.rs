//! Machines that sign their reports: who has a key, and how one is made void.

use askama::Template;

use super::{
    Layout, links,
    text::{Moment, counted},
};
use crate::{
    domain::time::Timestamp,
    store::enrolment::{Enrolled, EnrolledFound, WhichEnrolled},
};

/// Address of the page of a machine.
pub fn machine_url(name: &str) -> String {
    format!("{}/{}", links::ENROLLED, links::encode(name))
}

/// A machine, dressed.
#[derive(Clone, Debug)]
pub struct MachineRow {
    /// Its name.
    pub name: String,
    /// Address of its page.
    pub href: String,
    /// The so-maniest key that it was given.
    pub key: i64,
    /// Since when it has that.
    pub since: Moment,
    /// When that was made void; `None`: it holds.
    pub void: Option<Moment>,
}

impl MachineRow {
    fn new(machine: &Enrolled, now: Timestamp) -> Self {
        Self {
            name: machine.name.clone(),
            href: machine_url(&machine.name),
            key: machine.generation,
            since: Moment::new(machine.enrolled_at(), now),
            void: machine.revoked_at().map(|at| Moment::new(at, now)),
        }
    }
}

/// The page of all of them.
#[derive(Debug, Template)]
#[template(path = "enrolled.html", whitespace = "minimize")]
pub struct EnrolledPage {
    /// The frame.
    pub layout: Layout,
    /// How many there are, in a sentence.
    pub summary: String,
    /// What is looked for in names.
    pub q: String,
    /// Which states: code, words, chosen.
    pub states: [(&'static str, &'static str, bool); 3],
    /// Something narrows the list.
    pub narrowed: bool,
    /// In order of their names.
    pub rows: Vec<MachineRow>,
    /// The next page.
    pub next: Option<String>,
}

impl EnrolledPage {
    /// The page.
    pub fn new(layout: Layout, which: &WhichEnrolled, page: &EnrolledFound) -> Self {
        let now = layout.now;
        let state = match which.holds {
            None => "any",
            Some(true) => "holds",
            Some(false) => "void",
        };
        let next = page.next.as_deref().map(|name| {
            format!(
                "{}?q={}&state={state}&cursor={}",
                links::ENROLLED,
                links::encode(&which.q),
                links::encode(name)
            )
        });
        Self {
            summary: format!(
                "{} of {} {}.",
                counted(page.holding, "key", "keys"),
                counted(page.all, "machine", "machines"),
                if page.holding == 1 { "holds" } else { "hold" }
            ),
            q: which.q.clone(),
            states: [
                ("any", "Any", which.holds.is_none()),
                ("holds", "Holds", which.holds == Some(true)),
                ("void", "Void", which.holds == Some(false)),
            ],
            narrowed: !which.q.is_empty() || which.holds.is_some(),
            rows: page
                .items
                .iter()
                .map(|machine| MachineRow::new(machine, now))
                .collect(),
            next,
            layout,
        }
    }
}

/// The page of one of them.
#[derive(Debug, Template)]
#[template(path = "machine.html", whitespace = "minimize")]
pub struct MachinePage {
    /// The frame.
    pub layout: Layout,
    /// The machine.
    pub machine: MachineRow,
}

impl MachinePage {
    /// The page.
    pub fn new(layout: Layout, machine: &Enrolled) -> Self {
        let machine = MachineRow::new(machine, layout.now);
        Self { layout, machine }
    }
}
