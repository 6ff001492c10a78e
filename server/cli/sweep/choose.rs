//! Which files of the folder are taken, and in what order.

use std::{
    collections::BinaryHeap, ffi::OsStr, ffi::OsString, fs, io, path::Path, time::SystemTime,
};

use super::{
    memory::Memory,
    settling::{Found, Look},
};

/// Files that one pass takes.
pub const MOST: usize = 10_000;

/// Whether a file of this name is taken at all: hidden files, and files that are not finished by their name, are not.
pub fn is_wanted(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let ends = |ending: &str| {
        name.len()
            .checked_sub(ending.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
    };
    !(name.first() == Some(&b'.') || ends(".part") || ends(".tmp"))
}

/// Keeps the oldest of any number of files; those that wait behind the others come after all that do not.
#[derive(Debug)]
pub struct Oldest {
    most: usize,
    kept: BinaryHeap<(u32, SystemTime, OsString, u64)>,
    offered: u64,
}

impl Oldest {
    /// Keeps so many.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kept: BinaryHeap::new(),
            offered: 0,
        }
    }

    /// One more file, so far behind the others.
    pub fn offer(&mut self, file: Found, behind: u32) {
        self.offered += 1;
        self.kept
            .push((behind, file.look.modified, file.name, file.look.size));
        if self.kept.len() > self.most {
            self.kept.pop();
        }
    }

    /// How many were offered, and the ones kept in the order they are taken.
    pub fn into_order(self) -> (u64, Vec<Found>) {
        let files = self
            .kept
            .into_sorted_vec()
            .into_iter()
            .map(|(_, modified, name, size)| Found {
                name,
                look: Look { size, modified },
            })
            .collect();
        (self.offered, files)
    }
}

/// What lies in the folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files to take, the oldest first.
    pub files: Vec<Found>,
    /// How many there are, with those beyond what one pass takes.
    pub in_all: u64,
    /// Links, pipes and the like, which are left alone.
    pub strange: u64,
    /// Files that the system does not describe.
    pub unclear: u64,
}

/// Looks at the folder. Nothing is opened, and no link is followed.
///
/// # Errors
/// The folder cannot be listed.
pub fn list(folder: &Path, memory: &mut Memory) -> io::Result<Listing> {
    let mut oldest = Oldest::new(MOST);
    let mut listing = Listing::default();
    memory.begin();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_wanted(&name) {
            continue;
        }
        // Of the entry itself: a link is a link here, whatever it points to.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            // Moved away since the listing began.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => {
                listing.unclear += 1;
                continue;
            }
        };
        if metadata.is_dir() || is_hidden(&metadata) {
            continue;
        }
        if !metadata.is_file() {
            listing.strange += 1;
            continue;
        }
        let Ok(look) = Look::of(&metadata) else {
            listing.unclear += 1;
            continue;
        };
        if let Some(behind) = memory.meet(&name, &look) {
            oldest.offer(Found { name, look }, behind);
        }
    }
    memory.end();
    (listing.in_all, listing.files) = oldest.into_order();
    Ok(listing)
}

#[cfg(windows)]
fn is_hidden(metadata: &fs::Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    const HIDDEN: u32 = 0x2;
    metadata.file_attributes() & HIDDEN != 0
}

#[cfg(not(windows))]
const fn is_hidden(_: &fs::Metadata) -> bool {
    false
}
