//! A plain list of expected clients: one name a line, no heading.

use super::{
    columns::{Column, recognise},
    csv_text::without_preamble,
    fields::FieldError,
    population::{Builder, PopulationList, RowError, whole},
    population_row::Cells,
};
use crate::domain::lists::ListOrigin;

/// Longest line that can be a name: a fully qualified one has at most 255 bytes.
const LONGEST: usize = 260;

/// Whether a text is a plain list of names: its first line is one word that could name a machine and is no heading.
pub fn is_names(text: &[u8]) -> bool {
    let (_, text) = without_preamble(text);
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    std::str::from_utf8(bare(first)).is_ok_and(|line| is_name(line) && recognise(line).is_none())
}

/// Reads one name a line, already decoded to UTF-8.
///
/// # Errors
/// There is no line at all, or there are too many.
pub fn parse_names(text: &[u8]) -> Result<PopulationList, Vec<FieldError>> {
    let (skipped, text) = without_preamble(text);
    let mut list = Builder::default();
    list.list.recognised.push("one name a line".to_owned());
    for (line, content) in (skipped + 1..).zip(text.split(|byte| *byte == b'\n')) {
        let name = bare(content);
        if name.is_empty() {
            continue;
        }
        match std::str::from_utf8(name) {
            Ok(name) if is_name(name) => {
                let mut cells = Cells::new(line, ListOrigin::Names);
                // A name with dots is a full one.
                let column = if name.contains('.') {
                    Column::Fqdn
                } else {
                    Column::Name
                };
                cells.put_bytes(column, name.as_bytes());
                list.row(cells)?;
            }
            _ => list.refuse(RowError {
                line,
                detail: "this line is no computer name; a plain list has one name a line and nothing else"
                    .to_owned(),
            }),
        }
    }
    if list.list.rows.is_empty() && list.list.rejected_count == 0 {
        return Err(whole("the list is empty; write one name a line".to_owned()));
    }
    let mut list = list.list;
    list.kind = ListOrigin::Names;
    Ok(list)
}

/// A line without blanks, and without the `$` that Active Directory puts behind account names.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_suffix(b"$").unwrap_or(line)
}

/// Letters, digits, hyphens, underscores and dots between; an address is no name.
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= LONGEST
        && text.chars().all(fits)
        && text.chars().any(char::is_alphanumeric)
        && text.parse::<std::net::IpAddr>().is_err()
}
