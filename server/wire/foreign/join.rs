//! Pieces of one upload that are about the same device, made one.
//!
//! Pieces belong together when they share an id and no other id of theirs disagrees. Everything is decided at the end,
//! so the order of rows and of files never matters. Held is one document for each device, however many rows it has.

use std::collections::{BTreeSet, HashMap};

use super::super::document::Document;
use super::{
    Piece, Refused, Sink,
    same_device::{Group, MAX_KEYS, MAX_UPDATES, MAX_VALUES, resolve},
};

/// Where joined pieces go, beside the files that they come from.
pub type SinkByFile<'s> = dyn FnMut(&BTreeSet<usize>, Result<Piece, Refused>) + 's;

/// Joins pieces of one or several files of one upload.
///
/// A value that has no row is never taken for absent because the device has a row somewhere else: it may have gone
/// offline in between. Only what one answer says itself counts.
#[derive(Debug, Default)]
pub struct Joined {
    groups: Vec<Group>,
    /// Groups by everything that says which device they are about.
    known: HashMap<String, usize>,
    /// How many files have ended.
    files: usize,
}

impl Joined {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a piece. Complete reports, and pieces for which there is no room, go straight on.
    pub fn add(&mut self, piece: Piece, sink: &mut Sink<'_>) {
        if piece.raw.is_some() {
            return sink(Ok(piece));
        }
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

    /// Ends a file.
    pub const fn file(&mut self) {
        self.files += 1;
    }

    /// Hands out one piece for each device, in the order in which they first came up. Where values with two views were
    /// read in several ways there is one for each way.
    pub fn finish(self, sink: &mut Sink<'_>) {
        self.finish_by_file(&mut |_, read| sink(read));
    }

    /// As [`Self::finish`], beside each piece the files that it comes from, in the order in which they ended, from 0.
    pub fn finish_by_file(self, sink: &mut SinkByFile<'_>) {
        for read in resolve(self.groups) {
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
                    if group.more_notes > 0 {
                        group.notes.push(match group.more_notes {
                            1 => "There is 1 more note.".to_owned(),
                            more => format!("There are {more} more notes."),
                        });
                    }
                    let (place, files) = (group.places.shown(), group.files.clone());
                    let (notes, answered) = (group.notes.clone(), group.answered);
                    for document in group.documents() {
                        let piece = Piece {
                            place: place.clone(),
                            document,
                            notes: notes.clone(),
                            answered,
                            raw: None,
                        };
                        sink(&files, Ok(piece));
                    }
                }
                Err((files, refused)) => sink(&files, Err(refused)),
            }
        }
    }
}
