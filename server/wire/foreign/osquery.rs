//! osquery: rows of its tables `registry`, `patches`, `os_version` and `system_info`, as `osqueryi --json` prints them
//! or as its logs carry them.
//!
//! A query for a key or value that is not there returns no row. So a row is evidence and a missing one is none: every
//! key is partial, and nothing is ever absent.

use std::collections::HashMap;

use serde::{
    Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::{
    super::{
        fields::dword,
        nesting::{End, end_of_value},
        sentence,
        shapes::Object,
    },
    Overview, Sink, Source, Unreadable,
    lines::{Span, lines, refused},
    osquery_host::Host,
    osquery_rows::{Fact, Record, Row},
    powershell_json,
};

/// Most hosts in one file.
const MAX_HOSTS: usize = 20_000;

/// Whether a file holds such rows.
pub fn recognises(_name: &str, head: &str) -> bool {
    let says = |word: &str| head.contains(word);
    let registry = says("\"mtime\"") && says("\"path\"") && says("\"key\"") && says("\"type\"");
    let log = says("\"hostIdentifier\"")
        && (says("\"columns\"") || says("\"snapshot\"") || says("\"diffResults\""));
    let patches = says("\"hotfix_id\"");
    let version = says("\"platform_like\"") || (says("\"codename\"") && says("\"platform\""));
    let system = says("\"hardware_serial\"") && says("\"computer_name\"");
    powershell_json::looks_like(head) && (registry || log || patches || version || system)
}

/// Reads the file.
///
/// # Errors
/// It is no JSON, or none of its rows is of a table that is read.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    let mut hosts = Hosts::default();
    for chunk in chunks(source.text) {
        if chunk.text.trim().is_empty() {
            continue;
        }
        chunk.read(&mut hosts, sink)?;
    }
    hosts.hand_out(source, sink)
}

/// What stands between two `@@section` markers.
struct Chunk<'t> {
    text: &'t str,
    /// The line on which it begins.
    line: u64,
}

fn chunks(text: &str) -> Vec<Chunk<'_>> {
    /// Markers beyond so many are left in the text, where they are an error with its place.
    const MOST: usize = 10_000;
    let mut found = Vec::new();
    let mut begin = (0_usize, 1_u64);
    let mut at = 0_usize;
    for (number, line) in (1_u64..).zip(text.split_inclusive('\n')) {
        if line.starts_with("@@") && found.len() < MOST {
            found.push(Chunk {
                text: text.get(begin.0..at).unwrap_or_default(),
                line: begin.1,
            });
            begin = (at + line.len(), number + 1);
        }
        at += line.len();
    }
    found.push(Chunk {
        text: text.get(begin.0..).unwrap_or_default(),
        line: begin.1,
    });
    found
}

impl Chunk<'_> {
    fn read(&self, hosts: &mut Hosts, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
        let mut json = powershell_json::begins(self.text)?;
        if json.starts_with('[') {
            let ends = self.text.trim_end().bytes().filter(|byte| *byte == b'\n');
            let mut span = Span::at(self.line);
            span.reach(self.line + ends.count() as u64);
            // Result sets one after another, as when each query appends to the same file.
            while json.starts_with('[') {
                let end = match end_of_value(json.as_bytes(), 0) {
                    End::At(end) => end,
                    End::Missing => json.len(),
                };
                let (list, rest) = json.split_at_checked(end).unwrap_or((json, ""));
                self.list(list, span, hosts)?;
                json = rest.trim_start();
            }
            return if json.is_empty() {
                Ok(())
            } else {
                powershell_json::begins(json).and(Err(Unreadable(
                    "Lists of rows and single rows are mixed in this file; send a file for each."
                        .to_owned(),
                )))
            };
        }
        // Logs: one object on each line; a line that is damaged does not spoil the others.
        let one = serde_json::from_str::<IgnoredAny>(json).is_ok();
        if one {
            record(json, Span::at(self.line), hosts, sink);
            return Ok(());
        }
        for line in lines(self.text) {
            let text = line.text.trim();
            if !text.is_empty() {
                record(text, Span::at(self.line + line.number - 1), hosts, sink);
            }
        }
        Ok(())
    }

    /// A result set. The place of single rows in it is not known, and every one may be on a line of its own.
    fn list(&self, json: &str, span: Span, hosts: &mut Hosts) -> Result<(), Unreadable> {
        struct Each<'h> {
            hosts: &'h mut Hosts,
            span: Span,
        }
        impl<'de> Visitor<'de> for Each<'_> {
            type Value = ();
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rows")
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
                while let Some(Object(row)) = seq.next_element::<Object<Row<'de>>>()? {
                    if let Some(row) = row {
                        self.hosts.rows(None, None, self.span, &[row]);
                    }
                }
                Ok(())
            }
        }
        let mut input = serde_json::Deserializer::from_str(json);
        input
            .deserialize_seq(Each { hosts, span })
            .and_then(|()| input.end())
            .map_err(|error| {
                Unreadable(format!(
                    "The list of rows that begins at line {} is not JSON to its end: {}. Send the whole output.",
                    self.line,
                    sentence::json(&error)
                ))
            })
    }
}

/// One object of a log.
fn record(text: &str, span: Span, hosts: &mut Hosts, sink: &mut Sink<'_>) {
    match serde_json::from_str::<Object<Record<'_>>>(text) {
        Ok(Object(Some(record))) => hosts.record(&record, span, text),
        Ok(Object(None)) => {}
        Err(error) => sink(Err(refused(
            span.place(),
            format!(
                "This is not a line of an osquery log: {}.",
                sentence::json(&error)
            ),
            text,
        ))),
    }
}

/// Everything that was read, by host. The host without a name is whom the file as a whole is about.
#[derive(Default)]
pub(super) struct Hosts {
    list: Vec<Host>,
    known: HashMap<String, usize>,
    foreign: u64,
    beyond: u64,
}

impl Hosts {
    /// A line of a log.
    fn record(&mut self, record: &Record<'_>, span: Span, text: &str) {
        let Some(identifier) = record.host() else {
            // Not a log but a row on a line of its own.
            match serde_json::from_str::<Object<Row<'_>>>(text) {
                Ok(Object(Some(row))) if row.fact().is_some() => {
                    self.rows(None, None, span, &[row]);
                }
                _ => self.foreign += 1,
            }
            return;
        };
        if !record.has_rows() {
            self.foreign += 1;
            return;
        }
        let time = dword(&record.unix_time).map(i64::from);
        if record.is_snapshot() {
            let query = record.name.text().unwrap_or_default();
            let facts = record.snapshot_rows();
            if let Some(host) = self.host(Some(identifier), record.host_name()) {
                host.snapshot(query, time, span, facts);
            }
            return;
        }
        for gone in record.removed() {
            if let Some(fact) = gone.fact()
                && let Some(host) = self.host(Some(identifier), record.host_name())
            {
                host.forget(&fact, span);
            }
        }
        for row in record.added() {
            self.rows(
                Some((identifier, record.host_name())),
                time,
                span,
                std::slice::from_ref(row),
            );
        }
    }

    fn rows(
        &mut self,
        host: Option<(&str, Option<&str>)>,
        time: Option<i64>,
        span: Span,
        rows: &[Row<'_>],
    ) {
        for row in rows {
            let Some(fact) = row.fact() else {
                self.foreign += 1;
                continue;
            };
            let (identifier, name) = match host {
                Some((identifier, name)) => (Some(identifier), name),
                None => (None, None),
            };
            if let Some(host) = self.host(identifier, name) {
                host.learn(fact, time, span);
            }
        }
    }

    fn host(&mut self, identifier: Option<&str>, name: Option<&str>) -> Option<&mut Host> {
        let key = identifier.unwrap_or_default().to_lowercase();
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None if self.list.len() == MAX_HOSTS => {
                self.beyond += 1;
                return None;
            }
            None => {
                self.list.push(Host::called(identifier));
                self.known.insert(key, self.list.len() - 1);
                self.list.len() - 1
            }
        };
        let host = self.list.get_mut(at)?;
        if let Some(name) = name {
            host.also_called(name);
        }
        Some(host)
    }

    fn hand_out(self, source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
        if self.list.is_empty() {
            return Err(Unreadable(
                "No row of the tables registry, patches, os_version or system_info is in this file. A query that finds nothing returns no row; that proves nothing."
                    .to_owned(),
            ));
        }
        let mut overview = Overview::default();
        if self.foreign > 0 {
            overview.notes.push(format!(
                "Rows and lines that are of no use here (other tables, status) were passed over: {}.",
                self.foreign
            ));
        }
        if self.beyond > 0 {
            overview.notes.push(format!(
                "More than {MAX_HOSTS} hosts are in this file, the most that is taken; {} rows of others were left out. Send it in parts.",
                self.beyond
            ));
        }
        for host in self.list {
            sink(host.piece(source));
        }
        Ok(overview)
    }
}

/// A fact that a log line or a list told, with its time.
pub(super) type Timed = (Option<i64>, Fact);
