//! The output of `systeminfo /fo csv`: a row for each machine, with or without headings.

use super::{
    super::csv_text::{LineCount, sniff, without_preamble},
    Unreadable,
    lines::{Span, lines},
    systeminfo_labels as labels,
    systeminfo_machine::{Item, Machine, is_version},
};

/// Fewest cells of a row; real ones have 31 to 33.
const LEAST: usize = 25;
/// Bytes of a row that is looked at to recognise a file.
const LONGEST: usize = 256 * 1024;
/// The cell with the version, from 0, in every language.
const VERSION: usize = 2;

/// Whether a text begins like such an output.
pub(super) fn recognises(text: &str) -> bool {
    lines(text).take(20).any(|line| {
        let text = line.text.trim();
        if text.len() > LONGEST {
            return false;
        }
        if !text.contains("\",\"") && !text.contains("\";\"") {
            return false;
        }
        let cells = row(text);
        cells.len() >= LEAST
            && (cells.get(VERSION).is_some_and(|cell| is_version(cell))
                || cells
                    .iter()
                    .filter(|cell| labels::field(cell).is_some())
                    .count()
                    >= 3)
    })
}

fn row(line: &str) -> Vec<String> {
    let mut reader = reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(sniff(text))
        .flexible(true)
        .has_headers(false)
        .from_reader(text)
}

/// Whether a text is the form with columns: a heading, and `=` under every column.
pub(super) fn is_table(text: &str) -> bool {
    lines(text).take(10).any(|line| {
        let line = line.text.trim();
        line.starts_with("====")
            && line.bytes().all(|byte| matches!(byte, b'=' | b' '))
            && line.split(' ').filter(|part| !part.is_empty()).count() >= LEAST
    })
}

/// Hands out every row that is a machine.
pub(super) fn read(text: &str, each: &mut dyn FnMut(&Machine<'_>, Span)) -> Result<(), Unreadable> {
    let (skipped, body) = without_preamble(text.as_bytes());
    let mut numbers = LineCount::after(skipped);
    let mut reader = reader(body);
    let mut record = csv::StringRecord::new();
    let mut headings: Option<csv::StringRecord> = None;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                return Err(Unreadable(format!(
                    "This output of systeminfo cannot be read as CSV: {error}. Send it as systeminfo writes it."
                )));
            }
        }
        let from = record.position().map_or(0, csv::Position::byte);
        let line = numbers.at(body, usize::try_from(from).unwrap_or(usize::MAX));
        let known = record.iter().filter(|cell| labels::field(cell).is_some());
        if known.count() >= 3 {
            headings = Some(record.clone());
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let headings = headings
            .as_ref()
            .filter(|headings| headings.len() == record.len());
        let mut machine = Machine::default();
        for (at, cell) in record.iter().enumerate().take(100) {
            let label = headings.and_then(|headings| headings.get(at));
            machine.items.push(item(label.unwrap_or_default(), cell));
        }
        each(&machine, Span::at(line));
    }
}

/// A cell: what stands before the first entry, and the entries, all with commas between.
fn item<'t>(label: &'t str, cell: &'t str) -> Item<'t> {
    let Some(at) = cell.find(",[") else {
        return Item::of(label.trim(), cell.trim());
    };
    let (value, rest) = cell.split_at(at);
    let mut item = Item::of(label.trim(), value.trim());
    for entry in rest.split(",[").skip(1) {
        item.entry_behind_bracket(entry);
    }
    item
}
