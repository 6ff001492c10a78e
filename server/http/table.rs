//! A list as a table: its fields, which CSV and Excel share, and the writing of CSV.

use super::export::{self, fixes, reasons};
use crate::{
    domain::{assess, time::Timestamp, verdict::Impact},
    store::model::ClientRow,
};

/// A value of a table with its type, so that a spreadsheet can sort and add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words; empty when there is nothing to say.
    Text(String),
    /// A number.
    Number(i64),
    /// A point in time.
    Time(Timestamp),
    /// Yes or no.
    Flag(bool),
}

/// A field of a table.
pub struct Field {
    /// Its stable name.
    pub name: &'static str,
    /// Its value of a client.
    pub value: fn(&ClientRow) -> Cell,
    /// Width of its column in a spreadsheet, in characters.
    pub width: f64,
}

fn text(value: Option<&str>) -> Cell {
    Cell::Text(value.unwrap_or_default().to_owned())
}

fn number(value: Option<i64>) -> Cell {
    value.map_or_else(|| text(None), Cell::Number)
}

fn time(value: Option<Timestamp>) -> Cell {
    value.map_or_else(|| text(None), Cell::Time)
}

macro_rules! fields {
    ($($name:literal $width:literal $value:expr;)*) => {
        [$(Field { name: $name, value: $value, width: $width as f64 },)*]
    };
}

/// Every field, in the fixed order. New ones are only ever added at the end.
#[rustfmt::skip]
pub const FIELDS: [Field; 25] = fields! {
    "id" 36 |row| text(Some(&row.id));
    "name" 20 |row| text(Some(&row.name));
    "standing" 16 |row| text(Some(row.standing.code()));
    "impact" 10 |row| text(row.impact.map(Impact::code));
    "os" 28 |row| Cell::Text(assess::os_label(&row.os_key));
    "os_key" 20 |row| text(Some(&row.os_key));
    "site_code" 10 |row| text(row.ids.site_code.as_deref());
    "reasons" 40 |row| Cell::Text(reasons(row.reasons).join(" "));
    "fixes" 40 |row| Cell::Text(fixes(row.reasons).join(" "));
    "deciding" 30 |row| text(row.deciding.as_deref());
    "warnings" 10 |row| Cell::Number(row.warnings);
    "since" 20 |row| time(row.since);
    "collected_at" 20 |row| time(row.collected_at);
    "received_at" 20 |row| time(row.received_at);
    "owner" 20 |row| text(row.owner.as_deref());
    "roles" 24 |row| Cell::Text(row.roles.join(" "));
    "fqdn" 30 |row| text(row.ids.fqdn.as_deref());
    "sms_guid" 42 |row| Cell::Text(row.ids.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")).unwrap_or_default());
    "resource_id" 12 |row| number(row.ids.resource_id);
    "smbios_guid" 38 |row| text(row.ids.smbios_guid.as_deref());
    "serial_number" 20 |row| text(row.ids.serial_number.as_deref());
    "listing" 14 |row| text(Some(row.listing.code()));
    "suspected_duplicate" 12 |row| Cell::Flag(row.duplicate);
    "last_contact" 22 |row| text(row.last_contact.as_deref());
    "excepted_until" 20 |row| time(row.exception.as_ref().map(|exception| exception.until));
};

/// The field of this name.
pub fn field(name: &str) -> Option<&'static Field> {
    const ALL: &[Field] = &FIELDS;
    ALL.iter().find(|field| field.name == name)
}

/// The names of all fields.
pub fn names() -> Vec<&'static str> {
    FIELDS.iter().map(|field| field.name).collect()
}

/// The names of everything that can be chosen: the fields of tables, and what only lines of JSON have.
pub fn choices() -> Vec<&'static str> {
    let tables = names();
    let lines = export::FIELDS.into_iter();
    let only_lines = lines.filter(|name| !tables.contains(name));
    let only_lines: Vec<&str> = only_lines.collect();
    [tables, only_lines].concat()
}

/// The fields of a table that were asked for; all of them when none was.
pub fn chosen(names: &[&'static str]) -> Vec<&'static Field> {
    const ALL: &[Field] = &FIELDS;
    if names.is_empty() {
        return ALL.iter().collect();
    }
    names.iter().filter_map(|name| field(name)).collect()
}

/// One CSV line, terminator included; behind the fields a cursor, where one is asked for.
///
/// # Errors
/// The line could not be put together; it cannot happen with fields in memory.
pub fn csv_line(
    row: &ClientRow,
    fields: &[&'static Field],
    cursor: Option<String>,
) -> Result<Vec<u8>, String> {
    let cells = fields.iter().map(|field| match (field.value)(row) {
        Cell::Text(text) => harmless(&text),
        Cell::Number(number) => number.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    });
    csv_record(cells.chain(cursor))
}

pub(super) fn csv_record(fields: impl Iterator<Item = String>) -> Result<Vec<u8>, String> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record(fields)
        .map_err(|error| error.to_string())?;
    writer.into_inner().map_err(|error| error.to_string())
}

/// A spreadsheet runs what starts with one of these; an apostrophe in front makes it text.
pub(super) fn harmless(field: &str) -> String {
    let risky = field.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
    ]);
    if risky {
        format!("'{field}")
    } else {
        field.to_owned()
    }
}
