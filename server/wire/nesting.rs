//! How deep a JSON text is nested and where its values end, counted without reading it.

/// Deepest nesting of objects and lists that is taken, also in parts that nobody reads.
pub(super) const MAX_DEPTH: usize = 32;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The offset of the bracket that goes deeper than [`MAX_DEPTH`].
pub(super) fn too_deep(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Behind its last bracket.
    At(usize),
    /// Not within the text.
    Missing,
}

/// The end of the object or list that begins at `start`, by its brackets alone.
pub(super) fn end_of_value(text: &[u8], start: usize) -> End {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = end_of_string(text, at + 1);
                // A text never holds a bare line break: a quotation mark is missing before it.
                if end >= text.len() || text[at..end].contains(&b'\n') {
                    return End::Missing;
                }
                at = end;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return End::At(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    End::Missing
}

/// The offset of the quotation mark that ends a string, eight bytes at a time; the end if there is none.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    loop {
        while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            let word = u64::from_le_bytes(*chunk);
            let found = zero_bytes(word ^ (ONES * u64::from(b'"')))
                | zero_bytes(word ^ (ONES * u64::from(b'\\')));
            if found != 0 {
                at += found.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match text.get(at) {
            None => return text.len(),
            Some(b'"') => return at,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

/// A word whose lowest set bit lies in the first zero byte of `word`; zero when there is none.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}
