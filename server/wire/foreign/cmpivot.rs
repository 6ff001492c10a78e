//! Results of CMPivot as it exports them: one entity a file, the devices in the column `Device`.
//!
//! Which registry view CMPivot reads is documented nowhere, and neither is the width of the process that does it. So
//! documents say neither, unless somebody who knows says it with the file: values under `Wow6432Node` are what they say,
//! and native values under `HKLM\SOFTWARE` decide nothing on 64-bit Windows.

use super::super::{
    document::{Document, Key},
    fields::check_id,
    registry::is_powershell_extra,
};
use super::{
    Overview, Piece, Refused, Sink, Source, Unreadable,
    cell_text::{add_file, bare},
    kit_columns::OPEN_VIEW,
    mapping::Mapping,
    meaning::{Meaning, is_redirected, machine_key},
    pivot_query::{self, Query, Status},
    reading_time::FILE_TIME,
    table::{Row, Table},
    table_cells::Plan,
};

/// Most rows that CMPivot hands out.
pub const MOST_ROWS: u64 = 20_000;

/// How the documents name what read the facts.
const COLLECTOR: &str = "CMPivot";

/// What a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entity {
    /// `Registry('…')`: one value a row.
    Registry,
    /// `RegistryKey('…')`: one key a row.
    Keys,
    /// `OperatingSystem`, `OS`: one row for every device that was reached.
    System,
    /// `QuickFixEngineering`: one update a row.
    Updates,
    /// `File('…')`: one file a row.
    Files,
}

impl Entity {
    fn of<H: AsRef<str>>(heading: &[H], mapping: &Mapping) -> Option<Self> {
        if mapping.has(&Meaning::LongProperty) && mapping.has(&Meaning::LongValue) {
            return Some(Self::Registry);
        }
        let has = |name: &str| {
            heading
                .iter()
                .any(|heading| heading.as_ref().trim().eq_ignore_ascii_case(name))
        };
        let only_system = mapping.columns.iter().all(|column| {
            !matches!(
                column.meaning,
                Meaning::Registry { .. }
                    | Meaning::HasUpdate(_)
                    | Meaning::FileVersion(_)
                    | Meaning::ScriptOutput
            )
        });
        if !has("Device") || !only_system {
            None
        } else if has("FileName") {
            Some(Self::Files)
        } else if has("HotFixID") {
            Some(Self::Updates)
        } else if has("Key") {
            Some(Self::Keys)
        } else if ["Caption", "Version", "BuildNumber", "ProductType"]
            .iter()
            .any(|name| has(name))
        {
            Some(Self::System)
        } else {
            None
        }
    }
}

/// Whether a table with this heading is read here.
pub fn recognises<H: AsRef<str>>(heading: &[H]) -> bool {
    let mapping = Mapping::guess(heading);
    let named = [Meaning::Name, Meaning::Fqdn, Meaning::SmsGuid]
        .iter()
        .any(|id| mapping.has(id));
    named && Entity::of(heading, &mapping).is_some()
}

/// Reads one file. Its pieces are joined afterwards ([`super::join::Joined`]): a device has a row for each value.
///
/// `mapping`: what the columns mean, where that is not plain from the heading. `key`: the registry key that was asked
/// for, or better the query as it was run; before version 2107 CMPivot does not export the key. Only an unfiltered
/// query shows that a value without a row is not there; a bare key does not.
///
/// # Errors
/// There is no heading, its columns say too little, or the key is not known.
pub fn read(
    source: &Source<'_>,
    mapping: Option<&Mapping>,
    key: Option<&str>,
    sink: &mut Sink<'_>,
) -> Result<Overview, Unreadable> {
    let mut table = Table::open(source.text)?;
    let heading = table.heading();
    let mut mapping = mapping.cloned().unwrap_or_else(|| Mapping::guess(heading));
    let entity = Entity::of(heading, &mapping).ok_or_else(|| {
        Unreadable(
            "This is no result of CMPivot that is read. Taken are Registry, RegistryKey, OperatingSystem, QuickFixEngineering and File, with the column Device."
                .to_owned(),
        )
    })?;
    if entity == Entity::System {
        for column in &mut mapping.columns {
            if column.heading.eq_ignore_ascii_case("Version") && !column.meaning.is_identity() {
                column.meaning = Meaning::OsVersion;
                column.note = None;
            }
        }
    }
    let plan = Plan::lay(&mapping, &table)?;
    let named = |name: &str| {
        let mut names = heading.iter();
        names.position(|heading| heading.eq_ignore_ascii_case(name))
    };
    let mut reader = Reader {
        entity,
        key: plan.index(&Meaning::LongKey).or_else(|| named("Key")),
        file: named("FileName"),
        version: named("Version"),
        plan,
        query: None,
        rows: 0,
        refused: false,
        native: false,
        elsewhere: false,
        statuses: Vec::new(),
    };
    for line in table.before() {
        reader.statuses.extend(pivot_query::status(line));
    }
    if entity == Entity::Registry {
        let mut written = table.before().iter().copied();
        let written =
            written.rfind(|line| pivot_query::is_told(line) && pivot_query::status(line).is_none());
        let typed = key.or(written);
        reader.query = typed
            .map(pivot_query::query)
            .transpose()
            .map_err(Unreadable)?;
        reader.check_key()?;
    }
    for row in table.clone().flatten() {
        reader.plan.learn(&row);
    }
    for row in table.by_ref() {
        if let Some(read) = reader.row(row) {
            reader.refused |= read.is_err();
            sink(read);
        }
    }
    Ok(reader.overview())
}

/// What is kept while the rows of a file pass by.
struct Reader<'m> {
    entity: Entity,
    plan: Plan<'m>,
    /// Where the key of a row stands.
    key: Option<usize>,
    /// Where the path of a file stands.
    file: Option<usize>,
    /// Where its version stands.
    version: Option<usize>,
    query: Option<Query>,
    rows: u64,
    /// A row was refused, so what it said is missing.
    refused: bool,
    /// A value came from a key that 32-bit programs are shown another copy of.
    native: bool,
    /// A row came from another key than the query names.
    elsewhere: bool,
    statuses: Vec<Status>,
}

impl Reader<'_> {
    /// Whether it is known, or will be said by the rows, which key the values are of.
    fn check_key(&self) -> Result<(), Unreadable> {
        let wildcard = self
            .query
            .as_ref()
            .is_some_and(|query| query.key.contains(['*', '?']));
        if self.key.is_some() || (self.query.is_some() && !wildcard) {
            return Ok(());
        }
        Err(Unreadable(
            "This table names registry values but not their key: CMPivot exports it from version 2107 on. Say which query this file answers, or write the query, such as Registry('hklm:\\SOFTWARE\\…'), on a line before the heading. A query with * in it needs the column Key."
                .to_owned(),
        ))
    }

    fn row(&mut self, row: Result<Row<'_>, Refused>) -> Option<Result<Piece, Refused>> {
        let row = match row {
            Ok(row) => row,
            Err(refused) => {
                self.rows += 1;
                return Some(Err(refused));
            }
        };
        if let Some(status) = pivot_query::status(row.raw.trim_end_matches([',', ';', '\t'])) {
            self.statuses.push(status);
            return None;
        }
        self.rows += 1;
        let mut notes = Vec::new();
        let document = match self.document(&row, &mut notes) {
            Ok(document) => document?,
            Err(detail) => {
                return Some(Err(Refused::new(row.place(), detail, row.raw.as_bytes())));
            }
        };
        Some(Ok(Piece {
            place: row.place(),
            document,
            notes,
            answered: self.entity == Entity::System,
            raw: None,
        }))
    }

    /// `None`: a row that says nothing of the device.
    fn document(
        &mut self,
        row: &Row<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Document>, String> {
        if matches!(self.entity, Entity::System | Entity::Updates) {
            return self.plan.document(row, COLLECTOR, notes).map(Some);
        }
        let mut document = Document::by(COLLECTOR);
        document.collector.explicit_views = self.plan.vouches_for_views();
        document.client = self.plan.client(row, notes)?;
        self.plan.read_at(row, &mut document)?;
        match self.entity {
            Entity::Registry => {
                if !self.value(row, &mut document, notes)? {
                    return Ok(None);
                }
            }
            Entity::Keys => document.registry.push(Key {
                key: self.key_of(row)?,
                exists: true,
                partial: true,
                ..Key::default()
            }),
            _ => self.file(row, &mut document, notes)?,
        }
        Ok(Some(document))
    }

    /// One registry value. A row without content is still a value that is there.
    fn value(
        &mut self,
        row: &Row<'_>,
        document: &mut Document,
        notes: &mut Vec<String>,
    ) -> Result<bool, String> {
        let at = |meaning: &Meaning| {
            let index = self.plan.index(meaning);
            index.map(|index| row.cell(index)).unwrap_or_default()
        };
        let (name, content) = (at(&Meaning::LongProperty), at(&Meaning::LongValue));
        if is_powershell_extra(name) {
            return Ok(false);
        }
        if name.is_empty() {
            return Err("This row does not say which registry value it is about. Export the result with its column Property.".to_owned());
        }
        check_id(name).map_err(|detail| format!("The name of the value: {detail}."))?;
        let key = self.key_of(row)?;
        self.native |= is_redirected(&key);
        self.elsewhere |= self
            .query
            .as_ref()
            .is_some_and(|query| !query.key.eq_ignore_ascii_case(&key));
        document.put(&key, name, Some(bare(name, content, notes)));
        Ok(true)
    }

    fn key_of(&self, row: &Row<'_>) -> Result<String, String> {
        let told = self.key.map(|index| row.cell(index)).unwrap_or_default();
        if !told.is_empty() {
            return machine_key(told).ok_or_else(|| {
                let shown: String = told.chars().take(100).collect();
                format!(
                    "`{shown}` is no key under HKLM, and others are not read. Leave the row out."
                )
            });
        }
        let query = self.query.as_ref().map(|query| query.key.clone());
        query
            .filter(|key| !key.contains(['*', '?']))
            .ok_or_else(|| "This row does not name its registry key. Export the result with its column Key, or say which query the file answers.".to_owned())
    }

    /// The version of a file. Without its folder it may be the 32-bit copy as well.
    fn file(
        &self,
        row: &Row<'_>,
        document: &mut Document,
        notes: &mut Vec<String>,
    ) -> Result<(), String> {
        let at = |index: Option<usize>| index.map(|index| row.cell(index)).unwrap_or_default();
        let (path, version) = (at(self.file), at(self.version));
        if !path.contains(['\\', '/']) {
            return Err(
                "This row does not say in which folder the file is, so it may be the 32-bit copy. Keep the full path in the column FileName."
                    .to_owned(),
            );
        }
        check_id(path).map_err(|detail| format!("The path of the file: {detail}."))?;
        add_file(document, path, version, notes);
        Ok(())
    }

    /// What the file as a whole says.
    fn overview(self) -> Overview {
        let mut notes = match self.entity {
            // Read by their own words, whatever the columns could mean elsewhere.
            Entity::Files | Entity::Keys => Vec::new(),
            _ => self.plan.notes(),
        };
        if self.plan.has_no_time() {
            notes.push(FILE_TIME.to_owned());
        }
        let status = match self.statuses.as_slice() {
            [] => None,
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(*first),
            _ => {
                notes.push(
                    "The file holds several lines that say how many clients answered, and they differ; none was believed. Send one query a file."
                        .to_owned(),
                );
                None
            }
        };
        if self.rows == MOST_ROWS {
            notes.push(format!(
                "The file has exactly {MOST_ROWS} rows, where CMPivot cuts. A row that is missing says nothing; ask smaller collections."
            ));
        } else if self.rows > MOST_ROWS {
            notes.push(format!(
                "The file has more than {MOST_ROWS} rows, so several results were put together, and each may have been cut. A row that is missing says nothing; send them one by one."
            ));
        }
        if self.native && !self.plan.vouches_for_views() {
            notes.push(OPEN_VIEW.to_owned());
        }
        if self.entity == Entity::Registry {
            notes.push(
                "Values without a row are not collected, not absent: a computer may not have answered. Ask with the joined queries of the page Feeding, which have a row for every computer that answers."
                    .to_owned(),
            );
        }
        Overview {
            notes,
            asked: status.map(|status| status.asked),
            answered: status.map(|status| status.answered),
        }
    }
}
