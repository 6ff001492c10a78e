//! What registry texts say of one machine: readings of keys, put together without ever choosing the better of two.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt,
};

use super::{
    super::{
        document::{self, Document, Value},
        registry::{MAX_KEYS, MAX_VALUES},
        report_v1::MAX_RECORD,
    },
    Piece, Source, Unreadable,
    reg_device::{self, Told},
    reg_paths::{KeyPath, Use},
    reg_system,
};
use crate::domain::facts::Key;

/// Room that is left for everything beside the registry.
const SIZE: usize = MAX_RECORD - 16 * 1024;

/// Values by their names in lower case: the name as written, and the value or that it is not there.
pub(super) type Values = BTreeMap<String, (String, Option<Value>)>;

/// What one place in a file says of one key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// Whether it is there.
    pub(super) exists: bool,
    /// Of values that are not listed nothing is known.
    pub(super) partial: bool,
    /// Its values.
    pub(super) values: Values,
    /// Values, by their names in lower case, that this place gives twice with different data. None is believed.
    pub(super) disputed: BTreeSet<String>,
    /// Where the file says so.
    pub(super) line: u64,
}

impl Reading {
    /// Notes a value. False: there is no room for it, and the key is partial from now on.
    pub(super) fn put(&mut self, name: String, value: Option<Value>) -> bool {
        let full = self.values.len() >= MAX_VALUES;
        match self.values.entry(name.to_lowercase()) {
            Entry::Vacant(_) if full => {
                self.partial = true;
                return false;
            }
            Entry::Vacant(free) => {
                free.insert((name, value));
            }
            Entry::Occupied(known) => {
                if known.get().1 != value {
                    self.disputed.insert(name.to_lowercase());
                }
            }
        }
        true
    }

    /// Whether two readings cannot be of the same key. What only one of them knows contradicts nothing.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let lacks = |one: &Self, another: &Self| {
            one.values.iter().any(|(name, (_, value))| {
                if one.disputed.contains(name) || another.disputed.contains(name) {
                    return false;
                }
                match another.values.get(name) {
                    Some((_, known)) => known != value,
                    None => value.is_some() && !another.partial,
                }
            })
        };
        self.exists != other.exists || lacks(self, other) || lacks(other, self)
    }
}

/// All readings of one key.
#[derive(Debug)]
struct Known {
    path: KeyPath,
    /// `None`: one place says that it is there, another that it is not.
    reading: Option<Reading>,
    /// Values of which two places say different things.
    disputed: BTreeSet<String>,
}

/// One machine.
#[derive(Debug, Default)]
pub(super) struct Machine {
    keys: BTreeMap<String, Known>,
    notes: Vec<String>,
    neighbours: usize,
    left_out: u64,
}

/// How the readings were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    /// Such as `reg export`.
    pub(super) name: &'static str,
    /// Its version.
    pub(super) version: Option<String>,
    /// See [`document::Collector`].
    pub(super) process_bits: Option<u32>,
    /// See [`document::Collector`].
    pub(super) explicit_views: bool,
    /// The machine's own architecture, where the file says it outside of the registry.
    pub(super) architecture: Option<String>,
    /// The version that the system's own command line states.
    pub(super) told_version: Option<String>,
    /// The computer's name as the machine stated it, outside of the registry.
    pub(super) told_name: Option<String>,
}

impl Machine {
    /// Something that people should know. Said once, however often it is found.
    pub(super) fn note(&mut self, note: impl fmt::Display) {
        let note = note.to_string();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// All of them, for who cannot make a piece.
    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Whether something was said of a key.
    pub(super) fn knows(&self, lower: &str) -> bool {
        self.keys.contains_key(lower)
    }

    /// Takes a reading of a key; what contradicts an earlier one is taken for not read. The order does not matter.
    pub(super) fn add(&mut self, path: &KeyPath, wanted: Use, reading: Reading) {
        let twice;
        match self.keys.entry(path.lower.clone()) {
            Entry::Vacant(free) => {
                if wanted == Use::Neighbour {
                    if self.neighbours >= MAX_KEYS - Key::ALL.len() {
                        self.left_out += 1;
                        return;
                    }
                    self.neighbours += 1;
                }
                twice = Known::twice(path, &reading);
                free.insert(Known {
                    path: path.clone(),
                    disputed: reading.disputed.clone(),
                    reading: Some(reading),
                });
            }
            Entry::Occupied(mut known) => {
                twice = Known::twice(path, &reading);
                known.get_mut().merge(reading, &mut self.notes);
            }
        }
        if let Some(note) = twice {
            self.note(note);
        }
    }

    /// A value that is there.
    pub(super) fn value(&self, lower: &str, name: &str) -> Option<&Value> {
        let known = self.keys.get(lower)?;
        let name = name.to_lowercase();
        if known.disputed.contains(&name) {
            return None;
        }
        let (_, value) = known.reading.as_ref()?.values.get(&name)?;
        value.as_ref()
    }

    /// Whether a key is there of whose path this is true.
    pub(super) fn has(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.keys.iter().any(|(lower, known)| {
            wanted(lower) && known.reading.as_ref().is_some_and(|reading| reading.exists)
        })
    }

    /// Whether nothing was read that says anything about TLS or the system.
    pub(super) fn is_empty(&self) -> bool {
        !self
            .keys
            .values()
            .any(|known| matches!(known.path.wanted(), Use::Rules(_) | Use::Neighbour))
    }

    /// The machine as a piece for the sink.
    pub(super) fn piece(
        mut self,
        source: &Source<'_>,
        reader: Reader,
    ) -> Result<Piece, Unreadable> {
        let mut document = Document::by(reader.name);
        document.collector.version.clone_from(&reader.version);
        document.collector.process_bits = reader.process_bits;
        document.collector.explicit_views = reader.explicit_views;
        let told = Told::by(&self, reader.told_name.as_deref());
        document.client = reg_device::client(source, told, &mut |note| self.note(note))?;
        document.os = reg_system::os(&mut self, &reader);
        document.registry = self.listed();
        document.contradicted = self.contradicted();
        self.fit(&mut document);
        if self.left_out > 0 {
            let left_out = self.left_out;
            self.note(format!(
                "{left_out} keys that no rule reads were left out, because a report holds at most {MAX_KEYS} keys."
            ));
        }
        Ok(Piece {
            place: "the whole file".to_owned(),
            document,
            notes: self.notes,
            answered: false,
            raw: None,
        })
    }

    /// What the file tells in two ways of what rules read: no older source may take its place.
    fn contradicted(&self) -> BTreeSet<String> {
        let rules = self.keys.iter();
        rules
            .filter(|(_, known)| matches!(known.path.wanted(), Use::Rules(_)))
            .flat_map(|(lower, known)| {
                let whole = known.reading.is_none();
                let key = whole.then(|| format!("registry:{lower}"));
                let values = known.disputed.iter();
                key.into_iter()
                    .chain(values.map(move |name| format!("registry:{lower}!{name}")))
            })
            .collect()
    }

    /// The keys of the document: those that rules read, then their neighbours.
    fn listed(&self) -> Vec<document::Key> {
        let mut listed = Vec::new();
        let rules = Key::ALL.into_iter().filter_map(|key| {
            let known = self.keys.get(&key.path().to_ascii_lowercase())?;
            Some((key.path().to_owned(), known))
        });
        let neighbours = self
            .keys
            .values()
            .filter(|known| known.path.wanted() == Use::Neighbour)
            .map(|known| (known.path.shown.clone(), known));
        for (key, known) in rules.chain(neighbours) {
            let Some(reading) = &known.reading else {
                continue;
            };
            listed.push(document::Key {
                key,
                exists: reading.exists,
                last_write_at: None,
                partial: reading.partial || !known.disputed.is_empty(),
                values: reading
                    .values
                    .iter()
                    .filter(|(name, _)| !known.disputed.contains(*name))
                    // Only what was asked for by name is said to be missing; for the rest `partial` says it.
                    .filter(|(_, (_, value))| value.is_some() || reading.partial)
                    .map(|(_, named)| named.clone())
                    .collect(),
            });
        }
        listed
    }

    /// A report has a largest size: first neighbours lose their values, then the keys with the most data.
    fn fit(&mut self, document: &mut Document) {
        let sizes: Vec<usize> = document
            .registry
            .iter()
            .map(|key| serde_json::to_vec(key).map_or(0, |json| json.len() + 1))
            .collect();
        let mut total: usize = sizes.iter().sum();
        if total <= SIZE {
            return;
        }
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        let size = |at: &usize| sizes.get(*at).copied().unwrap_or_default();
        let is_known: Vec<bool> = document
            .registry
            .iter()
            .map(|key| Key::from_path(&key.key).is_some())
            .collect();
        let is_known = |at: &usize| is_known.get(*at).copied().unwrap_or(true);
        order.sort_by_key(|at| (is_known(at), usize::MAX - size(at)));
        let (mut emptied, mut neighbours) = (Vec::new(), 0);
        for at in order {
            if total <= SIZE {
                break;
            }
            let Some(key) = document.registry.get_mut(at) else {
                continue;
            };
            let before = size(&at);
            key.values.clear();
            key.partial = true;
            let after = serde_json::to_vec(key).map_or(0, |json| json.len() + 1);
            total = total.saturating_sub(before.saturating_sub(after));
            if is_known(&at) {
                emptied.push(key.key.clone());
            } else {
                neighbours += 1;
            }
        }
        if neighbours > 0 {
            let keys = match neighbours {
                1 => "1 key that no rule reads".to_owned(),
                many => format!("{many} keys that no rule reads"),
            };
            self.note(format!(
                "The values of {keys} were left out, because a report holds at most 1 MiB."
            ));
        }
        for key in emptied {
            self.note(format!(
                "The values of {key} are too many or too long for one report and were left out; they count as not read."
            ));
        }
    }
}

/// The note on a key with more values than a report holds.
pub(super) fn too_many(path: &str) -> String {
    format!(
        "{path} has more values than the {MAX_VALUES} that a report holds; the others count as not read."
    )
}

impl Known {
    /// The note on values that one place gives twice.
    fn twice(path: &KeyPath, reading: &Reading) -> Option<String> {
        let first = reading.disputed.first()?;
        let (name, _) = reading.values.get(first)?;
        let more = match reading.disputed.len() {
            1 => String::new(),
            many => format!(" (and {} other values)", many - 1),
        };
        Some(format!(
            "{} (line {}) has {name}{more} twice with different data, as Windows never writes it. None of them was believed; read the key again.",
            path.shown, reading.line
        ))
    }

    fn merge(&mut self, other: Reading, notes: &mut Vec<String>) {
        let path = &self.path.shown;
        let Some(reading) = &mut self.reading else {
            return;
        };
        let mut say = |note: String| {
            if !notes.contains(&note) {
                notes.push(note);
            }
        };
        if reading.exists != other.exists {
            say(format!(
                "Line {} and line {} contradict each other: one says that {path} is there, the other that it is not. The key counts as not read.",
                reading.line, other.line
            ));
            self.reading = None;
            return;
        }
        let mut disputed = Vec::new();
        let missing =
            |known: &Reading, name: &String| !known.partial && !known.values.contains_key(name);
        for (name, (spelt, value)) in &other.values {
            let differs = match reading.values.get(name) {
                Some((_, known)) => known != value,
                None => value.is_some() && missing(reading, name),
            };
            if differs {
                disputed.push((name.clone(), spelt.clone()));
            }
        }
        // Most readings are of one value of many: they cannot miss any.
        if !other.partial {
            for (name, (spelt, value)) in &reading.values {
                if value.is_some() && missing(&other, name) {
                    disputed.push((name.clone(), spelt.clone()));
                }
            }
        }
        for (name, spelt) in disputed {
            if self.disputed.insert(name) {
                say(format!(
                    "Line {} and line {} say different things about {spelt} in {path}; one of them may be of another registry view or another time. The value counts as not read.",
                    reading.line, other.line
                ));
            }
        }
        self.disputed.extend(other.disputed);
        reading.partial &= other.partial;
        for (name, named) in other.values {
            if reading.values.len() < MAX_VALUES {
                reading.values.entry(name).or_insert(named);
            } else if !reading.values.contains_key(&name) {
                reading.partial = true;
                say(too_many(path));
            }
        }
    }
}
