//! Tables with one column a fact, such as results of SQL queries on the site database: one row a device, or several
//! rows that each say something of it.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use super::super::document::Client;
use super::{
    Overview, Piece, Refused, Sink, Source, Unreadable,
    join::Joined,
    kit_columns::OPEN_VIEW,
    mapping::Mapping,
    meaning::Meaning,
    pivot_query,
    reading_time::FILE_TIME,
    table::{Row, Table},
    table_cells::{Plan, ids_of},
};

/// How the documents name what read the facts.
const COLLECTOR: &str = "table";

/// Whether a table with this heading can be read here without anybody's help.
pub fn recognises<H: AsRef<str>>(heading: &[H]) -> bool {
    let mapping = Mapping::guess(heading);
    mapping.check().is_ok() && !is_other(&mapping)
}

/// Whether the rows of such a table must be collected and joined ([`Joined`]): several of them are about one device, or
/// they name devices only by an id that finds none by itself. Otherwise every device has one piece, and what comes can
/// be passed on at once.
pub fn needs_joining(mapping: &Mapping) -> bool {
    let named = [Meaning::Name, Meaning::Fqdn, Meaning::SmsGuid]
        .iter()
        .any(|id| mapping.has(id))
        || (mapping.has(&Meaning::ResourceId) && mapping.has(&Meaning::SiteCode));
    let long = mapping
        .columns
        .iter()
        .any(|column| column.meaning.is_long());
    long || !named || mapping.has(&Meaning::Updates)
}

/// An empty cell of these tables says that nothing is there, so a missing one must not pass for an empty one.
const CUT: &str = "This row has fewer cells than the heading, or ends in the middle: the file was probably cut. Export it again, whole.";

fn is_other(mapping: &Mapping) -> bool {
    mapping.has(&Meaning::ScriptOutput)
        || mapping
            .columns
            .iter()
            .any(|column| column.meaning.is_long())
}

/// Reads a table; `mapping`: what its columns mean, else it is guessed from the heading.
///
/// An empty cell, and `NULL`, mean that the fact is not collected; `Not Set`, `Not Found`, `Not Present` and `absent`
/// mean that somebody looked and nothing was there. Unless the rows have to be joined anyway ([`needs_joining`]), a
/// device with several rows still gives one piece; such pieces come last.
///
/// # Errors
/// There is no heading, or its columns say too little.
pub fn read(
    source: &Source<'_>,
    mapping: Option<&Mapping>,
    sink: &mut Sink<'_>,
) -> Result<Overview, Unreadable> {
    let table = Table::open(source.text)?;
    let guessed = match mapping {
        Some(_) => Mapping::default(),
        None => Mapping::guess(table.heading()),
    };
    let mapping = mapping.unwrap_or(&guessed);
    if is_other(mapping) {
        return Err(Unreadable(
            "This table has one registry value a row, or the output of a script; it is read in another way."
                .to_owned(),
        ));
    }
    let mut plan = Plan::new(mapping, &table)?;
    let joining = needs_joining(mapping);
    let mut devices = Devices::default();
    for row in table.clone().flatten() {
        plan.learn(&row);
        if !joining && let Ok(client) = plan.client(&row, &mut Vec::new()) {
            devices.count(&client);
        }
    }
    let mut overview = Overview {
        notes: plan.notes(),
        ..Overview::default()
    };
    // What CMPivot said of its run, where somebody kept that line.
    let mut said = table
        .before()
        .iter()
        .filter_map(|line| pivot_query::status(line));
    if let (Some(first), true) = (said.next(), said.next().is_none()) {
        overview.asked = Some(first.asked);
        overview.answered = Some(first.answered);
    }
    if plan.has_no_time() {
        overview.notes.push(FILE_TIME.to_owned());
    }
    let mut held = Joined::new();
    let mut open_view = false;
    for row in table {
        let piece = row.and_then(|row| {
            let open = !source.text.ends_with('\n') && source.text.ends_with(row.raw);
            if plan.is_cut(&row, open) {
                return Err(Refused::new(
                    row.place(),
                    CUT.to_owned(),
                    row.raw.as_bytes(),
                ));
            }
            piece(&plan, &row, joining)
        });
        open_view |= piece
            .as_ref()
            .is_ok_and(|piece| piece.document.leaves_view_open());
        match piece {
            Ok(piece) if devices.has_several(&piece.document.client) => held.add(piece, sink),
            other => sink(other),
        }
    }
    if open_view {
        overview.notes.push(OPEN_VIEW.to_owned());
    }
    if !devices.several.is_empty() {
        overview.notes.push(format!(
            "Devices with several rows: {}. Their rows were joined. Where rows of one device say different things, none of them is believed; the notes of the device say which.",
            devices.several.len()
        ));
    }
    held.finish(sink);
    Ok(overview)
}

fn piece(plan: &Plan<'_>, row: &Row<'_>, joining: bool) -> Result<Piece, Refused> {
    let refuse = |detail: String| Refused::new(row.place(), detail, row.raw.as_bytes());
    let mut notes = Vec::new();
    let document = plan.document(row, COLLECTOR, &mut notes).map_err(refuse)?;
    if !joining && !ids_of(&document.client).identifies() {
        return Err(refuse(
            "This row names no device: a resource id says which only together with a site code. Add a column with the site code, or with the name."
                .to_owned(),
        ));
    }
    Ok(Piece {
        place: row.place(),
        document,
        notes,
        ..Piece::default()
    })
}

/// Which devices come up more than once, by the hash of their strongest id. Two devices that share a hash are only
/// looked at more closely than they need to be.
#[derive(Default)]
struct Devices {
    hasher: RandomState,
    once: HashSet<u64>,
    several: HashSet<u64>,
}

impl Devices {
    fn count(&mut self, client: &Client) {
        let hash = self.hash(client);
        if !self.once.insert(hash) {
            self.several.insert(hash);
        }
    }

    fn has_several(&self, client: &Client) -> bool {
        !self.several.is_empty() && self.several.contains(&self.hash(client))
    }

    fn hash(&self, client: &Client) -> u64 {
        let ids = ids_of(client);
        let lower = |text: Option<String>| text.map(|text| text.to_lowercase());
        let weak = match (&ids.sms_guid, ids.resource_id) {
            (None, None) => (lower(ids.fqdn.clone()), lower(ids.name.clone())),
            _ => (None, None),
        };
        let weak = if weak.0.is_some() {
            (weak.0, None)
        } else {
            weak
        };
        let resource = ids.resource_id.filter(|_| ids.sms_guid.is_none());
        self.hasher.hash_one((ids.sms_guid, resource, weak))
    }
}
