//! Tables as text: what stands before the heading, the separator, and the rows, one at a time.

use std::borrow::Cow;

use super::super::csv_text::sniff;
use super::{Refused, Unreadable, pivot_query};

/// Most bytes of one row.
pub const MAX_ROW: usize = 1024 * 1024;

/// Most columns of a table.
pub const MAX_COLUMNS: usize = 500;

/// Most bytes of one heading.
const MAX_HEADING: usize = 512;

/// Most lines before the heading that are remembered.
const MAX_BEFORE: usize = 50;

/// A table whose heading was read. Iterating gives its rows; nothing but the row at hand is held.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    heading: Vec<String>,
    before: Vec<&'a str>,
    separator: u8,
    text: &'a str,
    at: usize,
    line: u64,
    rows: u64,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The line it ends on: a text between quotation marks may hold line breaks.
    pub last_line: u64,
    /// As it stands in the file, without its line break.
    pub raw: &'a str,
    cells: Vec<Cow<'a, str>>,
    /// How many cells there are, kept or not.
    count: usize,
    /// A cell beyond the heading says something.
    surplus: bool,
}

impl Row<'_> {
    /// The text of a cell, without blanks around it and without what spreadsheets add; empty when there is none.
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |cell| plain(cell))
    }

    /// How many cells it has.
    pub const fn width(&self) -> usize {
        self.count
    }

    /// Where it stands, for people.
    pub fn place(&self) -> String {
        lines(self.line, self.last_line)
    }

    fn is_blank(&self) -> bool {
        !self.surplus && self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// What database tools print between the heading and the rows (`----,----`), and below them.
    fn is_decoration(&self, first: bool) -> bool {
        let filled = || self.cells.iter().map(|cell| cell.trim());
        let dashes = first && filled().all(|cell| cell.bytes().all(|byte| byte == b'-'));
        let lower = self.cell(0).to_ascii_lowercase();
        let count = lower.starts_with('(')
            && (lower.ends_with("rows affected)") || lower.ends_with("row affected)"))
            && filled().skip(1).all(str::is_empty);
        dashes || count
    }
}

/// A cell as people mean it: Excel's `="…"` is its text, and the `'` that exports put before `=`, `+`, `-` and `@` is
/// no part of it.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    if let Some(inner) = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return inner.trim();
    }
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

fn lines(first: u64, last: u64) -> String {
    if first == last {
        format!("line {first}")
    } else {
        format!("lines {first} to {last}")
    }
}

impl<'a> Table<'a> {
    /// Reads the heading.
    ///
    /// # Errors
    /// There is none, or it is too wide.
    pub fn open(text: &'a str) -> Result<Self, Unreadable> {
        let mut table = Self {
            heading: Vec::new(),
            before: Vec::new(),
            separator: b',',
            text: text.trim_start_matches('\u{FEFF}'),
            at: 0,
            line: 1,
            rows: 0,
        };
        let stated = table.skip_preamble();
        let rest = table.text.get(table.at..).unwrap_or_default();
        table.separator = stated.unwrap_or_else(|| sniff(rest.as_bytes()));
        let heading = match table.cut(MAX_COLUMNS) {
            None => {
                return Err(Unreadable(
                    "The table is empty. Its first line names the columns.".to_owned(),
                ));
            }
            Some(Err(refused)) => return Err(Unreadable(refused.detail)),
            Some(Ok(row)) => row,
        };
        if heading.surplus {
            return Err(Unreadable(format!(
                "The table has {} columns; the most that is taken is {MAX_COLUMNS}. Leave out columns that are not needed.",
                heading.count
            )));
        }
        if heading.cells.iter().any(|cell| cell.len() > MAX_HEADING) {
            return Err(Unreadable(format!(
                "The first line does not name columns: one of its cells is longer than {MAX_HEADING} bytes. Send a table whose first line is its heading."
            )));
        }
        table.heading = (0..heading.cells.len())
            .map(|index| heading.cell(index).to_owned())
            .collect();
        Ok(table)
    }

    /// The names of the columns, as written.
    pub fn heading(&self) -> &[String] {
        &self.heading
    }

    /// Lines before the heading that say something, such as how many clients answered.
    pub fn before(&self) -> &[&'a str] {
        &self.before
    }

    /// What separates the cells.
    pub fn separator(&self) -> char {
        char::from(self.separator)
    }

    /// What PowerShell (`#TYPE …`), Excel (`sep=;`) and people put before the heading; the separator where it is told.
    fn skip_preamble(&mut self) -> Option<u8> {
        let mut stated = None;
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let end = rest.find('\n');
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let told = told_separator(line);
            let line = line.trim();
            let says = line.starts_with('#') || pivot_query::is_told(line);
            if !(line.is_empty() || told.is_some() || says) {
                break;
            }
            if says && self.before.len() < MAX_BEFORE {
                self.before.push(line);
            }
            stated = told.or(stated);
            self.at += end.map_or(rest.len(), |end| end + 1);
            self.line += 1;
        }
        stated
    }

    /// Cuts off the next row; of its cells no more than `width` are kept.
    fn cut(&mut self, width: usize) -> Option<Result<Row<'a>, Refused>> {
        let from = self.at;
        let text = self.text;
        let bytes = text.as_bytes();
        if from >= bytes.len() {
            return None;
        }
        let limit = bytes.len().min(from.saturating_add(MAX_ROW));
        let mut row = Row {
            line: self.line,
            last_line: self.line,
            raw: "",
            cells: Vec::new(),
            count: 0,
            surplus: false,
        };
        let mut at = from;
        loop {
            let Some((cell, end)) = self.cut_cell(at, limit) else {
                return Some(Err(self.overlong(from, limit)));
            };
            row.count += 1;
            if row.cells.len() < width {
                row.cells.push(cell);
            } else {
                row.surplus |= !cell.trim().is_empty();
            }
            match bytes.get(end) {
                Some(byte) if *byte == self.separator => at = end + 1,
                Some(_) => {
                    self.at = end + 1;
                    break;
                }
                None => {
                    self.at = end;
                    break;
                }
            }
            if at >= limit && limit < bytes.len() {
                return Some(Err(self.overlong(from, limit)));
            }
        }
        row.raw = text
            .get(from..self.at)
            .unwrap_or_default()
            .trim_end_matches(['\r', '\n']);
        let broken = row.raw.bytes().filter(|byte| *byte == b'\n').count();
        row.last_line += broken as u64;
        self.line = row.last_line + 1;
        Some(Ok(row))
    }

    /// One cell, and where the separator, the line break or the end behind it is; `None`: not before the limit.
    fn cut_cell(&self, from: usize, limit: usize) -> Option<(Cow<'a, str>, usize)> {
        let text = self.text;
        let bytes = text.as_bytes();
        let ends = |at: usize| {
            let rest = bytes.get(at..limit).unwrap_or_default();
            let found = rest
                .iter()
                .position(|byte| *byte == self.separator || *byte == b'\n');
            match found {
                Some(found) => Some(at + found),
                None if limit == bytes.len() => Some(limit),
                None => None,
            }
        };
        let blank = bytes.get(from..limit).unwrap_or_default();
        let blank = blank.iter().take_while(|byte| **byte == b' ').count();
        let open = from + blank;
        if open >= limit || bytes.get(open) != Some(&b'"') {
            let end = ends(from)?;
            let cell = text.get(from..end).unwrap_or_default();
            return Some((Cow::Borrowed(cell.trim_end_matches('\r')), end));
        }
        let (mut at, mut doubled) = (open + 1, false);
        let close = loop {
            let rest = bytes.get(at..limit)?;
            let quote = at + rest.iter().position(|byte| *byte == b'"')?;
            if bytes.get(quote + 1) != Some(&b'"') {
                break quote;
            }
            doubled = true;
            at = quote + 2;
        };
        let end = ends(close + 1)?;
        let inside = text.get(open + 1..close).unwrap_or_default();
        let behind = text.get(close + 1..end).unwrap_or_default().trim();
        let mut cell = Cow::Borrowed(inside);
        if doubled {
            cell = Cow::Owned(inside.replace("\"\"", "\""));
        }
        if !behind.is_empty() {
            cell.to_mut().push_str(behind);
        }
        Some((cell, end))
    }

    /// Passes over a row without an end and goes on with the first line behind what was looked at.
    fn overlong(&mut self, from: usize, limit: usize) -> Refused {
        let bytes = self.text.as_bytes();
        let rest = bytes.get(limit..).unwrap_or_default();
        let next = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(bytes.len(), |found| limit + found + 1);
        let passed = self.text.get(from..next).unwrap_or_default();
        let breaks = passed.matches('\n').count() as u64;
        let first = self.line;
        self.line += breaks;
        self.at = next;
        let last = if passed.ends_with('\n') {
            self.line.saturating_sub(1)
        } else {
            self.line
        };
        let detail = if limit == bytes.len() {
            "A quotation mark in this row is never closed, so where the row ends is not known; all up to the end of the file was passed over. Close it, or double quotation marks inside texts."
                .to_owned()
        } else {
            format!(
                "This row is longer than {MAX_ROW} bytes, the most that is taken; often a quotation mark is not closed. The lines named here were passed over; repair them and send them again."
            )
        };
        Refused::new(lines(first, last.max(first)), detail, passed.as_bytes())
    }
}

/// The separator of a line like `sep=;`.
fn told_separator(line: &str) -> Option<u8> {
    let line = line.trim_end_matches(['\r', '\n']);
    let line = line.trim_matches('"');
    let (head, rest) = line.split_at_checked(4)?;
    match rest.as_bytes() {
        [separator @ (b',' | b';' | b'\t' | b'|')] if head.eq_ignore_ascii_case("sep=") => {
            Some(*separator)
        }
        _ => None,
    }
}

impl<'a> Iterator for Table<'a> {
    type Item = Result<Row<'a>, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = match self.cut(self.heading.len())? {
                Ok(row) => row,
                Err(refused) => return Some(Err(refused)),
            };
            if row.is_blank() || row.is_decoration(self.rows == 0) {
                continue;
            }
            self.rows += 1;
            if row.surplus {
                return Some(Err(Refused::new(
                    row.place(),
                    format!(
                        "This row has {} cells but the heading has {}. Put quotation marks round texts that hold the separator.",
                        row.count,
                        self.heading.len()
                    ),
                    row.raw.as_bytes(),
                )));
            }
            return Some(Ok(row));
        }
    }
}
