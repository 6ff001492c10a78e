//! What is remembered of single files while the program runs: what waits behind the others, and what is left alone.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
};

use super::settling::Look;

/// SHA-256 of what a file holds.
pub type Sha256 = [u8; 32];

#[derive(Debug, Default)]
struct Known {
    /// How often it could not be dealt with; others go first.
    behind: u32,
    /// It was sent and could not be moved.
    aside: Option<(Look, Sha256)>,
    /// What was last said of it.
    told: String,
    /// The last look it was in.
    look: u64,
}

/// Only files that gave trouble are in it, and only while they lie in the folder.
#[derive(Debug, Default)]
pub struct Memory {
    looks: u64,
    files: HashMap<OsString, Known>,
}

impl Memory {
    /// A new look at the folder begins.
    pub fn begin(&mut self) {
        self.looks += 1;
    }

    /// The file is in the folder: how far behind the others it waits, or `None` when it is left alone.
    pub fn meet(&mut self, name: &OsStr, look: &Look) -> Option<u32> {
        let Some(known) = self.files.get_mut(name) else {
            return Some(0);
        };
        known.look = self.looks;
        match &known.aside {
            Some((aside, _)) if aside == look => None,
            _ => Some(known.behind),
        }
    }

    /// The look is over: what was not in the folder is forgotten.
    pub fn end(&mut self) {
        let looks = self.looks;
        self.files.retain(|_, known| known.look == looks);
    }

    /// It could not be dealt with this time; the others go first next time. Answers how often that has been so.
    pub fn put_behind(&mut self, name: &OsStr) -> u32 {
        let known = self.known(name);
        known.behind = known.behind.saturating_add(1);
        known.behind
    }

    /// It was sent and could not be moved: it is not sent again.
    pub fn set_aside(&mut self, name: &OsStr, look: Look, content: Sha256) {
        self.known(name).aside = Some((look, content));
    }

    /// Whether just this content was sent under this name and could not be moved.
    pub fn was_sent(&self, name: &OsStr, content: &Sha256) -> bool {
        self.files
            .get(name)
            .and_then(|known| known.aside.as_ref())
            .is_some_and(|(_, sent)| sent == content)
    }

    /// Whether this is something else than what was said of the file last.
    pub fn is_news(&mut self, name: &OsStr, text: &str) -> bool {
        let known = self.known(name);
        if known.told == text {
            return false;
        }
        text.clone_into(&mut known.told);
        true
    }

    /// The file has gone its way.
    pub fn forget(&mut self, name: &OsStr) {
        self.files.remove(name);
    }

    fn known(&mut self, name: &OsStr) -> &mut Known {
        let look = self.looks;
        let known = self.files.entry(name.to_owned()).or_default();
        known.look = look;
        known
    }
}
