//! When a file is taken for finished: it looked the same twice, far enough apart. Time is passed in.

use std::{
    collections::HashMap, ffi::OsString, fs::Metadata, io, time::Duration, time::SystemTime,
};

/// What one look sees of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: SystemTime,
}

impl Look {
    /// The look that these metadata are.
    ///
    /// # Errors
    /// The file system does not tell when the file was written.
    pub fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            size: metadata.len(),
            modified: metadata.modified()?,
        })
    }
}

/// A file in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name in the folder.
    pub name: OsString,
    /// What was seen of it.
    pub look: Look,
}

/// The files of one look, apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Looked the same twice; in the order they came.
    pub settled: Vec<Found>,
    /// New, or changed since the look before.
    pub moving: Vec<Found>,
}

/// Compares each look at the folder with the one before.
#[derive(Clone, Debug)]
pub struct Settling {
    wait: Duration,
    seen: HashMap<OsString, (Look, Duration)>,
}

impl Settling {
    /// Two looks have to be so far apart.
    pub fn new(wait: Duration) -> Self {
        Self {
            wait,
            seen: HashMap::new(),
        }
    }

    /// Judges a look that was taken from `began` to `ended`, by any clock that never goes back. What is not in it any
    /// more is forgotten, so a file that comes back begins anew.
    pub fn judge(&mut self, began: Duration, ended: Duration, found: Vec<Found>) -> Judged {
        let mut before = std::mem::take(&mut self.seen);
        let mut judged = Judged::default();
        for file in found {
            let same = before
                .remove(&file.name)
                .filter(|(look, _)| *look == file.look);
            // From the end of one look to the beginning of the other: never less than was asked for.
            let since = same.map_or(ended, |(_, since)| since);
            self.seen.insert(file.name.clone(), (file.look, since));
            if same.is_some() && began.saturating_sub(since) >= self.wait {
                judged.settled.push(file);
            } else {
                judged.moving.push(file);
            }
        }
        judged
    }
}
