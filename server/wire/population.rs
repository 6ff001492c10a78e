//! A list of expected devices, from CSV or JSON, with whatever column names it was exported.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    columns::{Column, can_identify, kind_of, no_id_column, recognise},
    csv_text::{LineCount, sniff, without_preamble},
    fields::FieldError,
    population_row::{Cells, Row},
    raw::Scalar,
    sentence,
    shapes::Pairs,
};
use crate::domain::{facts::OsVersion, identity::ClientIds, lists::ListOrigin};

/// Most rows of a list.
pub const MAX_ROWS: usize = 2_000_000;

/// Most refused rows, and most doubled rows, that are listed; beyond that they are only counted.
pub const MAX_LISTED: usize = 1_000;

/// Most columns that are looked at.
const MAX_COLUMNS: usize = 500;

/// An uploaded device list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PopulationList {
    /// What it was made from, told by its columns.
    pub kind: ListOrigin,
    /// The clients expected, each once, in the order given.
    pub rows: Vec<PopulationRow>,
    /// The first rows that name no client or hold something unusable.
    pub rejected: Vec<RowError>,
    /// How many such rows there are.
    pub rejected_count: u64,
    /// The first rows that name a client once more; what they add was merged into the first row.
    pub duplicates: Vec<DuplicateRow>,
    /// How many such rows there are.
    pub duplicate_count: u64,
    /// Column names that were understood, as written.
    pub recognised: Vec<String>,
    /// Column names that were passed over, as written.
    pub ignored: Vec<String>,
    /// What separates the columns; `None` for JSON.
    pub delimiter: Option<char>,
}

/// One expected client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PopulationRow {
    /// By what it is known, normalised; at least one of them finds a client.
    pub ids: ClientIds,
    /// Domain or workgroup, as given; no id.
    pub domain: Option<String>,
    /// Name of the operating system, as given.
    pub os_caption: Option<String>,
    /// Its version, when the list has one that can be read.
    pub os_version: Option<OsVersion>,
    /// When the site last heard from it, as given: such times carry no zone.
    pub last_contact: Option<String>,
    /// The site has replaced this record by a newer one.
    pub obsolete: bool,
    /// The site says the machine is gone.
    pub decommissioned: bool,
    /// Whose machine it is.
    pub owner: Option<String>,
    /// Site system roles, in the spelling of reports.
    pub roles: Vec<String>,
    /// Line of the list, from 1; in JSON the number of the element, from 1.
    pub line: u64,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Line of the list, from 1; in JSON the number of the element, from 1.
    pub line: u64,
    /// A sentence for people.
    pub detail: String,
}

/// A row that names a client again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateRow {
    /// Where it stands.
    pub line: u64,
    /// Where the client was named first.
    pub first: u64,
}

/// Reads a list as CSV, already decoded to UTF-8; comma, semicolon or tab is told from the header.
///
/// # Errors
/// No row can be read at all: no header, no column with an id, too many rows.
pub fn parse_csv(text: &[u8]) -> Result<PopulationList, Vec<FieldError>> {
    let (skipped, text) = without_preamble(text);
    let mut lines = LineCount::after(skipped);
    let delimiter = sniff(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut list = Builder::default();
    let (mut columns, mut width) = (Vec::new(), 0);
    let mut kind = ListOrigin::default();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| whole(format!("the list cannot be read as CSV: {error}")))?
    {
        let from = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(text, usize::try_from(from).unwrap_or(usize::MAX));
        let blank = record.iter().all(|cell| cell.trim_ascii().is_empty());
        if blank {
            continue;
        }
        if columns.is_empty() {
            width = record.len();
            for heading in record.iter().take(MAX_COLUMNS) {
                columns.push(list.column(String::from_utf8_lossy(heading).trim()));
            }
            list.check_columns()?;
            kind = kind_of(&list.columns);
            continue;
        }
        let mut cells = Cells::new(line, kind);
        for (column, cell) in columns.iter().zip(&record) {
            if let Some(column) = column {
                cells.put_bytes(*column, cell);
            }
        }
        let beyond = record.iter().skip(width);
        if beyond.into_iter().any(|cell| !cell.trim_ascii().is_empty()) {
            cells.refuse(format!(
                "this row has {} cells but the header has {}; put quotation marks round texts that hold the separator",
                record.len(),
                width
            ));
        }
        list.row(cells)?;
    }
    if columns.is_empty() {
        return Err(whole(
            "the list is empty; the first line names the columns".to_owned(),
        ));
    }
    list.list.delimiter = Some(char::from(delimiter));
    Ok(list.finished())
}

/// Reads a list as a JSON array of objects, already decoded to UTF-8. Keys are matched like CSV headings.
///
/// # Errors
/// It is no such array, no key names an id, or there are too many rows.
pub fn parse_json(text: &[u8]) -> Result<PopulationList, Vec<FieldError>> {
    if text.trim_ascii().is_empty() {
        return Err(whole(
            "the list is empty; send a JSON list of objects".to_owned(),
        ));
    }
    let mut builder = Builder::default();
    let mut input = serde_json::Deserializer::from_slice(text);
    let read = input
        .deserialize_any(Rows(&mut builder))
        .and_then(|()| input.end());
    if let Some(refused) = builder.refused.take() {
        return Err(refused);
    }
    if let Err(error) = read {
        return Err(whole(sentence::json(&error)));
    }
    let some_rows = builder.list.rejected_count > 0 || !builder.list.rows.is_empty();
    if some_rows {
        builder.check_columns()?;
    }
    Ok(builder.finished())
}

pub(super) fn whole(detail: String) -> Vec<FieldError> {
    vec![FieldError::whole(detail)]
}

/// Puts a list together row by row.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) list: PopulationList,
    columns: Vec<Column>,
    /// What headings mean, as far as they were seen.
    headings: HashMap<String, Option<Column>>,
    /// Rows by the hash of their best id; a false match is told apart by comparing.
    known: HashMap<u64, usize>,
    hasher: RandomState,
    refused: Option<Vec<FieldError>>,
}

impl Builder {
    /// Notes a column and tells what it means.
    fn column(&mut self, heading: &str) -> Option<Column> {
        if let Some(column) = self.headings.get(heading) {
            return *column;
        }
        if self.headings.len() == MAX_COLUMNS {
            return None;
        }
        let column = recognise(heading);
        self.headings.insert(heading.to_owned(), column);
        let names = match column {
            Some(column) if column != Column::AdMark => &mut self.list.recognised,
            _ => &mut self.list.ignored,
        };
        if !heading.is_empty() {
            names.push(heading.to_owned());
        }
        if let Some(column) = column
            && !self.columns.contains(&column)
        {
            self.columns.push(column);
        }
        column
    }

    fn check_columns(&self) -> Result<(), Vec<FieldError>> {
        if can_identify(&self.columns) {
            return Ok(());
        }
        let seen = [&self.list.recognised[..], &self.list.ignored[..]].concat();
        Err(whole(no_id_column(&seen)))
    }

    /// The list, with what it is. `Enabled` means something in a list of Active Directory alone.
    fn finished(mut self) -> PopulationList {
        self.list.kind = kind_of(&self.columns);
        if self.list.kind != ListOrigin::AdComputers {
            let (passed_over, recognised) = std::mem::take(&mut self.list.recognised)
                .into_iter()
                .partition(|heading| recognise(heading) == Some(Column::Enabled));
            self.list.recognised = recognised;
            self.list.ignored.extend::<Vec<String>>(passed_over);
        }
        self.list
    }

    pub(super) fn row(&mut self, cells: Cells) -> Result<(), Vec<FieldError>> {
        match cells.read() {
            Row::Bad(error) => self.refuse(error),
            Row::Good(row) => self.add(*row)?,
        }
        Ok(())
    }

    /// Counts a row that is not taken, and lists the first ones.
    pub(super) fn refuse(&mut self, error: RowError) {
        self.list.rejected_count += 1;
        if self.list.rejected.len() < MAX_LISTED {
            self.list.rejected.push(error);
        }
    }

    fn add(&mut self, row: PopulationRow) -> Result<(), Vec<FieldError>> {
        let key = self.hasher.hash_one(best_id(&row.ids));
        let known = self.known.get(&key).copied();
        if let Some(first) = known
            && let Some(first) = self.list.rows.get_mut(first)
            && best_id(&first.ids) == best_id(&row.ids)
        {
            self.list.duplicate_count += 1;
            if self.list.duplicates.len() < MAX_LISTED {
                self.list.duplicates.push(DuplicateRow {
                    line: row.line,
                    first: first.line,
                });
            }
            merge(first, row);
            return Ok(());
        }
        if self.list.rows.len() == MAX_ROWS {
            return Err(whole(format!(
                "the list has more than {MAX_ROWS} clients, the most that is taken"
            )));
        }
        if known.is_none() {
            self.known.insert(key, self.list.rows.len());
        }
        self.list.rows.push(row);
        Ok(())
    }
}

/// The id by which two rows are the same client: the strongest that a row has.
fn best_id(ids: &ClientIds) -> (u8, String, i64) {
    let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    if let Some(guid) = &ids.sms_guid {
        return (0, guid.clone(), 0);
    }
    if let (Some(id), Some(site)) = (ids.resource_id, &ids.site_code) {
        return (1, site.clone(), id);
    }
    match (lower(&ids.fqdn), lower(&ids.name)) {
        (Some(fqdn), _) => (2, fqdn, 0),
        (None, name) => (3, name.unwrap_or_default(), 0),
    }
}

/// A client is expected when any of its rows says so; gaps are filled from later rows.
fn merge(first: &mut PopulationRow, again: PopulationRow) {
    first.obsolete &= again.obsolete;
    first.decommissioned &= again.decommissioned;
    let fill = |slot: &mut Option<String>, more: Option<String>| {
        if slot.is_none() {
            *slot = more;
        }
    };
    fill(&mut first.ids.name, again.ids.name);
    fill(&mut first.ids.fqdn, again.ids.fqdn);
    fill(&mut first.ids.site_code, again.ids.site_code);
    fill(&mut first.ids.smbios_guid, again.ids.smbios_guid);
    fill(&mut first.ids.serial_number, again.ids.serial_number);
    fill(&mut first.domain, again.domain);
    fill(&mut first.os_caption, again.os_caption);
    fill(&mut first.last_contact, again.last_contact);
    fill(&mut first.owner, again.owner);
    first.os_version = first.os_version.or(again.os_version);
    first.ids.resource_id = first.ids.resource_id.or(again.ids.resource_id);
    for role in again.roles {
        if !first.roles.contains(&role) {
            first.roles.push(role);
        }
    }
}

/// The list as JSON: objects in an array, or the one object that PowerShell unwrapped.
struct Rows<'b>(&'b mut Builder);

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, one for each device")
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let mut line = 0;
        while let Some(row) = seq.next_element::<Keys<'de>>()? {
            line += 1;
            take::<S::Error>(self.0, row, line)?;
        }
        Ok(())
    }
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<(), M::Error> {
        let row = Keys::deserialize(MapAccessDeserializer::new(map))?;
        take::<M::Error>(self.0, row, 1)
    }
}

fn take<E: Error>(builder: &mut Builder, row: Keys<'_>, line: u64) -> Result<(), E> {
    let entries = row.0.unwrap_or_default();
    let columns: Vec<Column> = entries
        .iter()
        .filter_map(|(key, _)| builder.column(key))
        .collect();
    let mut cells = Cells::new(line, kind_of(&columns));
    for (index, (key, value)) in entries.iter().enumerate() {
        if let Some(column) = builder.column(key) {
            if entries[..index].iter().any(|(earlier, _)| earlier == key) {
                cells.refuse(format!("the key `{key}` is given twice; send it once"));
            }
            cells.put_value(column, value);
        }
    }
    builder.row(cells).map_err(|refused| {
        builder.refused = Some(refused);
        E::custom("refused")
    })
}

/// One element with its keys.
type Keys<'a> = Pairs<'a, Scalar<'a>, MAX_COLUMNS>;
