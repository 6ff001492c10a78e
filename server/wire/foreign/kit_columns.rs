//! Columns that the kit's own statements and queries name, what their names promise, and what they leave open.

use super::headings::ASKED;

/// What stands in the key of the kit's inventory class. Each of its properties names the view that it is of, and only the
/// 64-bit provider may answer for it; so a row with this key proves its views.
pub(super) const INVENTORY_KEY: &str = "cutover";

/// Where that key stands, in a table that has the columns of the class.
pub(super) fn inventory_key(heading: &[String]) -> Option<usize> {
    let find = |wanted: &str| {
        let mut names = heading.iter();
        names.position(|name| name == wanted || name.strip_suffix('0') == Some(wanted))
    };
    find("winhttpnative")?;
    find("winhttpwow64")?;
    find("keyname")
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
