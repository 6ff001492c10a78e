//! Bytes, piece by piece, into lines of bounded length.

use std::io::BufRead as _;

/// A longer line is passed over and counted. IIS caps what an administrator may add to a line at 64 KiB.
pub const LONGEST_LINE: usize = 128 << 10;

/// Cuts bytes into lines, in constant memory.
#[derive(Debug, Default)]
pub struct Cutter {
    rest: Vec<u8>,
    /// The line in hand is too long already.
    passing: bool,
    /// Lines that were too long.
    too_long: u64,
}

impl Cutter {
    /// Takes the next piece, and hands out each line that ends in it, without its line feed; one that is too long as an empty
    /// one.
    ///
    /// # Errors
    /// What `each` says.
    pub fn feed<E>(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !piece.is_empty() {
            let mut behind = piece;
            // Skipping in a slice cannot fail.
            let length = behind.skip_until(b'\n').unwrap_or(piece.len());
            let (part, behind) = piece.split_at_checked(length).unwrap_or((piece, &[]));
            piece = behind;
            let (text, ended) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            // A line that lies whole in the piece is not copied.
            let whole = ended && self.rest.is_empty() && !self.passing;
            if whole && text.len() <= LONGEST_LINE {
                each(text)?;
                continue;
            }
            if !self.passing {
                self.rest.extend_from_slice(text);
            }
            if self.rest.len() > LONGEST_LINE {
                self.passing = true;
                self.too_long += 1;
                self.rest.clear();
            }
            if ended {
                // In its place stands an empty one, so that whoever counts lines counts it, too.
                each(if self.passing { b"" } else { &self.rest })?;
                self.rest.clear();
                self.passing = false;
            }
        }
        Ok(())
    }

    /// What stands behind the last line feed.
    pub fn rest(&self) -> &[u8] {
        if self.passing { &[] } else { &self.rest }
    }

    /// Lines that were too long so far.
    pub const fn too_long(&self) -> u64 {
        self.too_long
    }
}
