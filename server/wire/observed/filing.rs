//! One file from its first byte to its last: pieces in, deliveries out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cutter, Delivery, FileMark, Gathering, Kind, Reader, Settings, Told};

/// Reads one file. What it hands out is the same whenever the same file is read with the same settings, so that a delivery
/// that was taken already is known by its number.
#[derive(Debug)]
pub struct Filing {
    name: String,
    sha256: String,
    site: Option<String>,
    one_system: bool,
    cutter: Cutter,
    reader: Reader,
    gathering: Gathering,
    /// Portions so far, by system; the empty one is for leases.
    portions: BTreeMap<String, i64>,
}

impl Filing {
    /// Begins with a file of this name and hash, in hexadecimal; `site` is the site of its system.
    pub fn new(name: &str, sha256: &str, site: Option<String>, settings: Settings) -> Self {
        Self {
            name: name.to_owned(),
            sha256: sha256.to_owned(),
            site,
            one_system: false,
            cutter: Cutter::default(),
            reader: Reader::new(settings),
            gathering: Gathering::default(),
            portions: BTreeMap::new(),
        }
    }

    /// The same file, all of which is of the one system that its settings name: who has it under another system refuses it.
    #[must_use]
    pub const fn of_one_system(mut self) -> Self {
        self.one_system = true;
        self
    }

    /// Takes the next piece; what is ready to be sent comes back.
    ///
    /// # Errors
    /// The file as a whole cannot be read: one sentence with the remedy.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Vec<Delivery>, String> {
        let Self {
            cutter,
            reader,
            gathering,
            ..
        } = self;
        let mut ready = Vec::new();
        cutter.feed(piece, |line| {
            reader.line(line, gathering)?;
            if gathering.is_enough() {
                ready.extend(gathering.hand_out());
            }
            Ok::<(), String>(())
        })?;
        Ok(ready
            .into_iter()
            .map(|delivery| self.marked(delivery))
            .collect())
    }

    /// Says that the file ended; the rest comes back, with a last portion for each system.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub fn end(&mut self) -> Result<Vec<Delivery>, String> {
        self.reader.end(self.cutter.rest(), &mut self.gathering)?;
        let mut rest = self.gathering.hand_out();
        let named: BTreeSet<String> = rest
            .iter()
            .map(|delivery| delivery.system.clone().unwrap_or_default())
            .collect();
        // A system whose rows are all handed out is told that there are no more.
        for system in self.portions.keys() {
            if !named.contains(system) {
                rest.push(Delivery {
                    system: Some(system.clone()).filter(|system| !system.is_empty()),
                    ..Delivery::default()
                });
            }
        }
        let mut marked: Vec<Delivery> = Vec::with_capacity(rest.len());
        for delivery in rest {
            marked.push(self.marked(delivery));
        }
        let mut told = BTreeSet::new();
        for delivery in marked.iter_mut().rev() {
            let first_from_behind = told.insert(delivery.system.clone());
            if let Some(file) = &mut delivery.file {
                file.last = first_from_behind;
            }
        }
        Ok(marked)
    }

    /// How lines were read so far.
    pub fn told(&self) -> Told {
        self.gathering.told
    }

    /// Lines that were too long.
    pub const fn too_long(&self) -> u64 {
        self.cutter.too_long()
    }

    /// What somebody should know of the reading, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.told().notes(self.too_long());
        if let Some((line, found)) = &self.gathering.first_undated {
            let found = if found.is_empty() {
                "nothing stands".to_owned()
            } else {
                format!("{found:?} stands")
            };
            let read = if self.kind() == Kind::W3c {
                "days such as 2026-11-23 and times such as 08:15:00, in UTC"
            } else {
                "times such as 2026-11-23T08:15:00Z, 2026-11-23T09:15:00+01:00, 2026-11-23 08:15:00 (taken as UTC), days such as 2026-11-23, and seconds since 1970"
            };
            notes.push(format!(
                "The first time that cannot be read is in line {line}, where {found}; what is read are {read}."
            ));
        }
        notes
    }

    /// What the file is.
    pub const fn kind(&self) -> Kind {
        self.reader.kind()
    }

    fn marked(&mut self, mut delivery: Delivery) -> Delivery {
        let system = delivery.system.clone().unwrap_or_default();
        let portion = self.portions.entry(system).or_default();
        delivery.file = Some(FileMark {
            name: self.name.clone(),
            sha256: self.sha256.clone(),
            portion: *portion,
            last: false,
            one_system: self.one_system,
        });
        *portion += 1;
        if delivery.system.is_some() {
            delivery.site_code.clone_from(&self.site);
        }
        delivery
    }
}

impl Told {
    /// What somebody should know of the reading, in sentences.
    pub fn notes(&self, too_long: u64) -> Vec<String> {
        let all = [
            (self.plain, "of plain HTTP, or without a known protocol"),
            (
                self.unknown,
                "with a value of the protocol that is not known",
            ),
            (
                self.odd,
                "with a value that clients write, not servers; counted all the same",
            ),
            (self.failed, "of failed connections, which name no protocol"),
            (self.idle, "of connections that only ran out of time"),
            (
                self.unrecorded,
                "where the log records no protocol: turn on crypt-protocol; nothing is known of them",
            ),
            (self.undated, "without a date and time that can be read"),
            (self.future, "with a time to come"),
            (self.unreadable, "that do not fit their heading"),
            (self.cut, "at the end, cut in the middle"),
            (self.headless, "in front of any #Fields"),
            (self.nameless, "that name no system; name it with --system"),
            (too_long, "too long to be read"),
        ];
        all.into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| {
                let lines = if n == 1 { "line" } else { "lines" };
                format!("{n} {lines} {what}.")
            })
            .collect()
    }
}
