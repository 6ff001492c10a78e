//! How far an export goes, so that a key which is not listed can be told from one that was cut off.
//!
//! A file that was cut between two keys looks whole. But Windows writes a key, then everything below it, and the keys
//! below one key in the order of their names in capitals. So a key is certainly not there only when the file goes on
//! behind the place where it would stand. Keys that live in memory alone come behind their sorted neighbours; where the
//! names do not rise, nothing follows from the neighbours.

use std::cmp::Ordering;

/// The way from the root to the section that was listed last.
#[derive(Debug, Default)]
pub(super) struct Trail<'t> {
    levels: Vec<Level<'t>>,
    /// Parts in the path of the first section.
    top: usize,
    /// Some section does not stand right behind the key above it and what is below that.
    broken: bool,
}

#[derive(Debug)]
struct Level<'t> {
    name: &'t str,
    /// The names below it rose so far.
    rises: bool,
}

impl<'t> Trail<'t> {
    /// The next section, as written.
    pub(super) fn enter(&mut self, written: &'t str) {
        if self.broken {
            return;
        }
        let level = |name| Level { name, rises: true };
        if self.levels.is_empty() {
            self.levels.extend(written.split('\\').map(level));
            self.top = self.levels.len();
            return;
        }
        let (shared, parts) = (self.shared(written), written.split('\\').count());
        if shared < self.top || shared + 1 != parts {
            self.broken = true;
            return;
        }
        let Some((_, name)) = written.rsplit_once('\\') else {
            return;
        };
        let fell = self
            .levels
            .get(shared)
            .is_some_and(|before| order(before.name, name) != Ordering::Less);
        self.levels.truncate(shared);
        if let Some(above) = self.levels.last_mut() {
            above.rises &= !fell;
        }
        self.levels.push(level(name));
    }

    /// Whether the file goes on behind the place where this key would stand, which is not listed itself. `holds` tells
    /// whether a key is listed.
    pub(super) fn passed(&self, written: &str, holds: impl Fn(&str) -> bool) -> bool {
        let shared = self.shared(written);
        if self.broken || shared < self.top {
            return false;
        }
        let (Some(name), Some(last)) = (written.split('\\').nth(shared), self.levels.get(shared))
        else {
            return false;
        };
        let end = written
            .match_indices('\\')
            .nth(shared)
            .map_or(written.len(), |(at, _)| at);
        // The key above it is listed, and the file has left that.
        let left = end < written.len() && written.get(..end).is_some_and(holds);
        let rises = shared
            .checked_sub(1)
            .and_then(|above| self.levels.get(above))
            .is_some_and(|above| above.rises);
        left || rises && order(last.name, name) == Ordering::Greater
    }

    /// How many parts a path has in common with the last section's.
    fn shared(&self, written: &str) -> usize {
        self.levels
            .iter()
            .zip(written.split('\\'))
            .take_while(|(level, part)| level.name.eq_ignore_ascii_case(part))
            .count()
    }
}

/// The order of names in the registry. Other letters than those of ASCII may sort otherwise, which only makes names
/// count as not rising.
fn order(one: &str, other: &str) -> Ordering {
    let capitals = |name: &'_ str| name.to_uppercase();
    capitals(one).cmp(&capitals(other))
}
