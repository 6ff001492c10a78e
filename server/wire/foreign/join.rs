//! Pieces of one upload that are about the same device, made one.
//!
//! Pieces belong together when they share an id and no other id of theirs disagrees. Everything is decided at the end,
//! so the order of rows and of files never matters. Held is one document for each device, however many rows it has.

use std::collections::{BTreeSet, HashMap};

use super::super::document::{Document, Key};
use super::{
    Overview, Piece, Refused, Sink,
    same_device::{Group, MAX_KEYS, MAX_UPDATES, MAX_VALUES, resolve},
};

/// Where joined pieces go, beside the files that they come from.
pub type SinkByFile<'s> = dyn FnMut(&BTreeSet<usize>, Result<Piece, Refused>) + 's;

/// Joins pieces of one or several files of one upload.
#[derive(Debug, Default)]
pub struct Joined {
    one_run: bool,
    groups: Vec<Group>,
    /// Groups by everything that says which device they are about.
    known: HashMap<String, usize>,
    queries: Vec<Overview>,
    /// What the sources say that answer for every device.
    witnesses: Vec<Overview>,
    /// Since the last file ended, a piece answered for its device.
    answering: bool,
    /// How many files have ended.
    files: usize,
}

impl Joined {
    /// Nothing yet.
    ///
    /// `one_run`: somebody vouches that all files come from one run: the same collection, one query straight after the
    /// other, and the devices that answered one were reached by the others. CMPivot itself does not say so. Without
    /// it, a value that has no row is taken for absent only when as many clients were asked as by the source that
    /// answers for every device, all of them answered, and no device has a row in one and not in the other.
    pub fn new(one_run: bool) -> Self {
        Self {
            one_run,
            ..Self::default()
        }
    }

    /// Takes a piece. Complete reports, and pieces for which there is no room, go straight on.
    pub fn add(&mut self, piece: Piece, sink: &mut Sink<'_>) {
        if piece.raw.is_some() {
            return sink(Ok(piece));
        }
        self.answering |= piece.answered;
        let mut group = Group::of(piece);
        group.files.insert(self.files);
        let key = group.key();
        let at = self.known.get(&key).copied();
        let mut has = at.and_then(|at| self.groups.get_mut(at));
        let full = match &has {
            Some(has) => has.is_full(&group.document),
            None => Group::default().is_full(&group.document),
        };
        if full {
            if let Some(has) = &mut has {
                has.incomplete = true;
            } else {
                // The device is kept without what it says, so that nothing is concluded about it.
                self.known.insert(key, self.groups.len());
                self.groups.push(Group {
                    incomplete: true,
                    document: Document::by(""),
                    ids: group.ids.clone(),
                    domain: group.domain.clone(),
                    files: group.files.clone(),
                    ..Group::default()
                });
            }
            return sink(Err(Refused::new(
                group.places.shown(),
                format!(
                    "The upload says more of this device than is taken: at most {MAX_KEYS} registry keys with {MAX_VALUES} values each, {MAX_KEYS} files and {MAX_UPDATES} updates."
                ),
                &group.document.to_json(),
            )));
        }
        if let Some(has) = has {
            has.absorb(group);
        } else {
            self.known.insert(key, self.groups.len());
            self.groups.push(group);
        }
    }

    /// Ends a file: what it says as a whole.
    pub fn file(&mut self, overview: &Overview) {
        let silent = Overview {
            notes: Vec::new(),
            ..overview.clone()
        };
        if std::mem::take(&mut self.answering) {
            self.witnesses.push(silent.clone());
        }
        if !silent.covered.is_empty() {
            self.queries.push(silent);
        }
        self.files += 1;
    }

    /// Hands out one piece for each device, in the order in which they first came up; what people should know about
    /// the upload comes back.
    pub fn finish(self, sink: &mut Sink<'_>) -> Vec<String> {
        self.finish_by_file(&mut |_, read| sink(read))
    }

    /// As [`Self::finish`], beside each piece the files that it comes from, in the order in which they ended, from 0.
    pub fn finish_by_file(self, sink: &mut SinkByFile<'_>) -> Vec<String> {
        let (covered, mut notes) = self.covered();
        let resolved = resolve(self.groups);
        let strangers = |path: &str| {
            let mut groups = resolved.iter().flatten();
            let is = |key: &Key| key.key.eq_ignore_ascii_case(path);
            groups.any(|group| !group.answered && group.document.registry.iter().any(is))
        };
        let (covered, doubted): (Vec<_>, Vec<_>) = covered
            .into_iter()
            .partition(|query| query.vouched || !strangers(&query.key));
        notes.extend(doubted.iter().map(|query| {
            format!(
                "Some devices have values of {} and yet did not answer for themselves, so the queries did not reach the same devices; values without a row are not collected, not absent.",
                query.key
            )
        }));
        for read in resolved {
            match read {
                // All that came was refused before.
                Ok(group) if group.places.is_empty() => {}
                Ok(group) if !group.ids.identifies() => sink(
                    &group.files,
                    Err(Refused::new(
                        group.places.shown(),
                        "Nothing here names a device: a resource id says which only together with a site code. Send a table with names, or with the site code, in the same upload.",
                        &group.document.to_json(),
                    )),
                ),
                Ok(mut group) => {
                    if group.answered && !group.incomplete {
                        conclude(&mut group, &covered);
                    }
                    if group.more_notes > 0 {
                        group
                            .notes
                            .push(format!("There are {} more notes.", group.more_notes));
                    }
                    let piece = Piece {
                        place: group.places.shown(),
                        document: group.document,
                        notes: group.notes,
                        answered: group.answered,
                        raw: None,
                    };
                    sink(&group.files, Ok(piece));
                }
                Err((files, refused)) => sink(&files, Err(refused)),
            }
        }
        notes
    }

    /// Keys of which a missing value is absent, on every device that answered.
    fn covered(&self) -> (Vec<Covered>, Vec<String>) {
        let (mut covered, mut notes) = (Vec::new(), Vec::new());
        for query in &self.queries {
            let fewer = self.witnesses.iter().any(
                |witness| matches!((query.answered, witness.answered), (Some(q), Some(w)) if q < w),
            );
            let all = query.asked.is_some() && query.asked == query.answered;
            let alike = matches!(self.witnesses.as_slice(), [one] if one.asked == query.asked);
            let keys = query.covered.join(", ");
            if fewer {
                notes.push(format!(
                    "Fewer devices answered the query on {keys} than another one of this upload, so values without a row are not collected, not absent."
                ));
            } else if self.one_run || (all && alike) {
                covered.extend(query.covered.iter().map(|key| Covered {
                    key: key.clone(),
                    vouched: self.one_run,
                }));
            } else {
                notes.push(format!(
                    "Whether every device was reached by the query on {keys} is not known, so values without a row are not collected, not absent. Keep the line \"Query completed on … of … clients\" above the heading of each file, and ask a collection of devices that are online."
                ));
            }
        }
        covered.sort_unstable();
        covered.dedup_by(|a, b| a.key == b.key);
        (covered, notes)
    }
}

/// A key of which every value has a row on every device that was reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Covered {
    key: String,
    /// Somebody vouches that all devices were reached.
    vouched: bool,
}

/// What was asked of a device that answered, and has no row, is not there.
fn conclude(group: &mut Group, covered: &[Covered]) {
    let mut gone = Vec::new();
    for Covered { key: path, .. } in covered {
        let position = |document: &Document| {
            let mut keys = document.registry.iter();
            keys.position(|known| known.key.eq_ignore_ascii_case(path))
        };
        let at = position(&group.document);
        let known = at.and_then(|at| group.document.registry.get(at));
        // A key with rows has no others; one without has none at all.
        let asked = Key {
            partial: false,
            ..known.cloned().unwrap_or_else(|| Key {
                key: path.clone(),
                ..Key::default()
            })
        };
        let mut whole = Document::default();
        whole.collector.clone_from(&group.document.collector);
        whole.collected_at.clone_from(&group.document.collected_at);
        whole.registry.push(asked);
        let said = group.document.absorb(whole);
        group.note(said);
        if at.is_none() && position(&group.document).is_some() {
            gone.push(path.as_str());
        }
    }
    if !gone.is_empty() {
        let keys = gone.join(", ");
        group.note([format!(
            "This device answered in the same run and has no row for {keys}, so these values were taken for absent."
        )]);
    }
}
