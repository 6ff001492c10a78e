//! Columns that the kit's own statements and queries name, what their names promise, and what they leave open.

use super::{cell_text::says_nothing, headings::ASKED, table::Row};

/// What stands in the key of the kit's inventory class. Each of its properties names the view that it is of, and only the
/// 64-bit provider may answer for it; so a row with this key proves its views.
const KEY: &str = "cutover";

/// Where the rows of the kit's inventory class name themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Inventory {
    at: Option<usize>,
    /// What the first row that is not of the class has there.
    other: Option<String>,
}

impl Inventory {
    /// Finds the key, in a table that has the columns of the class.
    pub(super) fn of(heading: &[String]) -> Self {
        let find = |wanted: &str| {
            let mut names = heading.iter();
            names.position(|name| name == wanted || name.strip_suffix('0') == Some(wanted))
        };
        let is_class = find("winhttpnative").is_some() && find("winhttpwow64").is_some();
        Self {
            at: find("keyname").filter(|_| is_class),
            other: None,
        }
    }

    /// Whether the key is the column at this place.
    pub(super) fn stands_at(&self, at: usize) -> bool {
        self.at == Some(at)
    }

    /// Whether a row is of the class.
    pub(super) fn has(&self, row: &Row<'_>) -> bool {
        self.at
            .is_some_and(|at| row.cell(at).eq_ignore_ascii_case(KEY))
    }

    /// Notes what stands there in place of the key.
    pub(super) fn learn(&mut self, row: &Row<'_>) {
        let Some(at) = self.at.filter(|_| self.other.is_none()) else {
            return;
        };
        let text = row.cell(at);
        // Empty where a device has not sent the class yet.
        if !says_nothing(text) && !text.eq_ignore_ascii_case(KEY) {
            self.other = Some(text.chars().take(60).collect());
        }
    }

    /// What people should know about rows that are not of the class.
    pub(super) fn note(&self) -> Option<String> {
        let other = self.other.as_ref()?;
        Some(format!(
            "The column `KeyName` is `{other}` in some rows. It proves that 64-bit programs read the registry values of a row only where it is `{KEY}`, which the inventory class of the kit writes there. So these rows prove nothing of that: export the column as the class has it."
        ))
    }
}

/// Columns that a joined query asked every device for.
pub(super) fn asked(heading: &[String]) -> Vec<usize> {
    let named = heading.iter().enumerate();
    named
        .filter(|(_, name)| name.starts_with(ASKED))
        .map(|(at, _)| at)
        .collect()
}

/// Said of a table with registry values of which nobody knows which program read them.
pub(super) const OPEN_VIEW: &str = r"Nothing in this file says whether 64-bit programs read the registry values, and a 32-bit one is shown the values under Wow6432Node in place of the others. So the values outside Wow6432Node under HKLM\SOFTWARE are shown, but decide nothing on 64-bit Windows, until somebody who knows says with the upload that 64-bit programs read them.";
