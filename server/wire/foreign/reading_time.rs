//! When the facts of a row were read, by the columns of its table that say so.
//!
//! A table that has such a column never gets the time of the file for a row: facts of last month that pass for facts of
//! today would beat what was read yesterday.

use super::{
    cell_text::{says_absent, says_nothing},
    headings::{Guess, guess},
    local_time::{Dates, Moment, Order},
    meaning::Meaning,
    table::{Row, Table},
};
use crate::domain::time::Timestamp;

/// Headings that say when somebody read the facts, best first, as [`super::headings`] folds them. Of a column that is
/// not there the next ones count; several of the same rank count together, and then the oldest time.
pub(super) const NAMES: &[&[&str]] = &[
    &[
        "collected",
        "collectedat",
        "collectedon",
        "collectiontime",
        "readat",
    ],
    &[
        "lasthwscan",
        "lasthardwarescan",
        "hwscan",
        "lastscan",
        "scantime",
        "inventorydate",
    ],
    &["time", "timestamp"],
];

/// Parts of headings that may well be such a column; what is in it decides.
const PARTS: &[&str] = &[
    "scan",
    "inventor",
    "collect",
    "timestamp",
    "readat",
    "readon",
    "reportdate",
    "reporttime",
    "reportedat",
    "asof",
];

/// What is said of a table without such a column.
pub(super) const FILE_TIME: &str = "No column says when these facts were read. They count as read at the time that was given with the file, or else when it was last written.";

/// Which column it is, the lower the better.
pub(super) fn rank(plain: &str) -> Option<u8> {
    let found = NAMES.iter().position(|names| names.contains(&plain))?;
    u8::try_from(found).ok()
}

/// The columns of a table that say when its rows were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    read: Vec<Column>,
    /// Columns that look like it and are not read; only where none is.
    unread: Vec<Column>,
}

/// When a row was read.
#[derive(Clone, Debug)]
pub(super) struct ReadAt {
    /// The oldest of its times.
    pub(super) at: Timestamp,
    /// A zone was not said.
    pub(super) open: bool,
    /// The cell that says it and its column, for people.
    pub(super) from: String,
}

#[derive(Clone, Debug)]
struct Column {
    at: usize,
    heading: String,
    order: Order,
    /// Its heading says it.
    plain: bool,
}

impl Times {
    /// Reads the column at this place.
    pub(super) fn add(&mut self, at: usize, heading: &str) {
        self.read.push(Column::new(at, heading, true));
    }

    /// Takes a person's word for how dates are written.
    pub(super) fn prefer(&mut self, dates: Option<Dates>) {
        for column in &mut self.read {
            column.order.prefer(dates);
        }
    }

    /// Looks through what nobody reads; `is_read`: whether the column at a place has a meaning.
    pub(super) fn settle(&mut self, table: &Table<'_>, is_read: impl Fn(usize) -> bool) {
        if !self.read.is_empty() {
            return;
        }
        for (at, heading) in table.heading().iter().enumerate() {
            let plain = matches!(guess(heading), Guess::Meaning(Meaning::CollectedAt, _));
            let looks = || {
                let folded: String = heading
                    .chars()
                    .filter(|c| c.is_alphanumeric())
                    .flat_map(char::to_lowercase)
                    .collect();
                PARTS.iter().any(|part| folded.contains(part))
            };
            if !is_read(at) && (plain || looks()) {
                self.unread.push(Column::new(at, heading, plain));
            }
        }
    }

    /// Whether rows have no time but that of the file.
    pub(super) const fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    /// Whether the column at this place is read.
    pub(super) fn has(&self, at: usize) -> bool {
        self.read.iter().any(|column| column.at == at)
    }

    /// Learns from a row how the table writes its times.
    pub(super) fn learn(&mut self, row: &Row<'_>) {
        for column in &mut self.read {
            let text = row.cell(column.at);
            if !is_empty(text) {
                column.order.learn(text);
            }
        }
    }

    /// How the columns are written.
    pub(super) fn orders(&self) -> impl Iterator<Item = Order> {
        self.read.iter().map(|column| column.order)
    }

    /// When a row was read; `None`: its table does not say it of any row.
    ///
    /// # Errors
    /// The table says it of its rows, but what it says of this one cannot be used: a sentence with the remedy.
    pub(super) fn of(&self, row: &Row<'_>) -> Result<Option<ReadAt>, String> {
        let mut oldest: Option<ReadAt> = None;
        let mut open = false;
        for column in &self.read {
            let text = row.cell(column.at);
            if is_empty(text) {
                continue;
            }
            let at = match column.order.read(text) {
                Moment::Doubtful => {
                    return Err(format!(
                        "The time `{}` in `{}` can be two days, because day and month may be the other way round. So it is not known when this row was read, and it was not taken. Write it like 2026-11-23T08:15:00Z.",
                        shown(text),
                        column.heading
                    ));
                }
                moment => {
                    open |= matches!(moment, Moment::Wall(_));
                    moment.earliest().ok_or_else(|| {
                    format!(
                        "The time `{}` in `{}` cannot be read. So it is not known when this row was read, and it was not taken. Write it like 2026-11-23T08:15:00Z.",
                        shown(text),
                        column.heading
                    )
                    })?
                }
            };
            if oldest.as_ref().is_none_or(|known| at < known.at) {
                let from = format!("`{}` in `{}`", shown(text), column.heading);
                oldest = Some(ReadAt { at, open, from });
            }
        }
        if let (None, Some(column)) = (&oldest, self.read.first()) {
            return Err(format!(
                "`{}` is empty, so it is not known when this row was read, and it was not taken. It may never have been read.",
                column.heading
            ));
        }
        let is_time = |column: &&Column| {
            let text = row.cell(column.at);
            column.plain || (!is_empty(text) && column.order.read(text) != Moment::None)
        };
        if let Some(column) = self.unread.iter().find(is_time) {
            return Err(format!(
                "The column `{}` looks like the time at which the facts were read, but is not read as that. Give it the meaning \"{}\", or leave it out of the table.",
                column.heading,
                Meaning::CollectedAt.title()
            ));
        }
        Ok(oldest.map(|oldest| ReadAt { open, ..oldest }))
    }
}

impl Column {
    fn new(at: usize, heading: &str, plain: bool) -> Self {
        Self {
            at,
            heading: heading.to_owned(),
            order: Order::default(),
            plain,
        }
    }
}

fn is_empty(text: &str) -> bool {
    says_nothing(text) || says_absent(text)
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}
