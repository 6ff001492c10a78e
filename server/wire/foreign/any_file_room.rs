//! What of a file goes into a reading that is put together from several.
//!
//! Whole exports of the registry hold far more keys than the rules read. A reading of one file keeps them, for people;
//! joined, they would only take the room of what counts.

use super::super::key_paths::looks_misspelt;
use super::Piece;
use crate::domain::facts::Key;

/// Most keys that look like misspelt ones.
const MISSPELT: usize = 20;

/// Leaves out keys that nobody reads, with a note.
pub(super) fn narrow(piece: &mut Piece) {
    let registry = &mut piece.document.registry;
    let before = registry.len();
    // The same ones, in whatever order they were read.
    registry.sort_by(|a, b| a.key.cmp(&b.key));
    let mut misspelt = 0;
    registry.retain(|key| {
        if Key::from_path(&key.key).is_some() {
            return true;
        }
        misspelt += usize::from(looks_misspelt(&key.key));
        looks_misspelt(&key.key) && misspelt <= MISSPELT
    });
    let gone = before - registry.len();
    if gone > 0 {
        let what = match gone {
            1 => "1 key that no rule reads was".to_owned(),
            many => format!("{many} keys that no rule reads were"),
        };
        piece.notes.push(format!(
            "{what} left out of {}, because it was joined with other files.",
            piece.place
        ));
    }
}
