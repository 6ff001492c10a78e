//! Bodies in the encodings that Windows writes, into UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::code_page;

/// Why a body is no text that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Zero bytes where UTF-8 has none.
    #[error(
        "this looks like UTF-16 without a byte order mark; save it as UTF-8, or as UTF-16 with the mark (Out-File -Encoding utf8 or unicode)"
    )]
    NoByteOrderMark,
    /// UTF-16 that ends in half a unit or holds half a pair.
    #[error(
        "this UTF-16 text is damaged: it ends in the middle of a character or holds half of a pair; send the whole file"
    )]
    BrokenUtf16,
    /// A byte order mark of UTF-32.
    #[error("this is UTF-32; save it as UTF-8 or UTF-16")]
    Utf32,
    /// The beginning of a compressed file.
    #[error(
        "this is compressed with {0}; unpack it, or name the compression in the header Content-Encoding. Where it should have been unpacked here, it is damaged or was compressed twice: make it anew, and send it again"
    )]
    Compressed(&'static str),
    /// Zero bytes that are no UTF-16.
    #[error(
        "this is no text: it holds zero bytes as programs and databases do; export what it says as text, CSV, JSON or XML"
    )]
    Binary,
}

/// A file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'b> {
    /// Without byte order mark; borrowed when the file was UTF-8.
    pub text: Cow<'b, str>,
    /// How the file was read, for people: `UTF-8`, `UTF-16 (little endian)`, `windows-1252`.
    pub encoding: &'static str,
    /// What people should know about it: a guess, letters that could not be read. Whole sentences.
    pub notes: Vec<String>,
}

/// Text as UTF-8 without byte order mark; borrowed unless it came as UTF-16.
///
/// Whether UTF-8 is valid is left to the readers behind, so that one bad line does not spoil the others.
/// UTF-16 grows to at most one and a half times its size.
///
/// # Errors
/// The bytes are in no encoding that is taken.
pub fn to_utf8(body: &[u8]) -> Result<Cow<'_, [u8]>, DecodeError> {
    match body {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(DecodeError::Utf32),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok(Cow::Borrowed(rest)),
        [0xFF, 0xFE, rest @ ..] => utf16(UTF_16LE, rest),
        [0xFE, 0xFF, rest @ ..] => utf16(UTF_16BE, rest),
        [0x1F, 0x8B, ..] => Err(DecodeError::Compressed("gzip")),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Err(DecodeError::Compressed("zstd")),
        [b'P', b'K', 3, 4, ..] => Err(DecodeError::Compressed("zip")),
        _ if body.iter().take(4).any(|byte| *byte == 0) => Err(DecodeError::NoByteOrderMark),
        _ => Ok(Cow::Borrowed(body)),
    }
}

/// A foreign file as text, in whatever encoding Windows wrote it.
///
/// With a byte order mark the mark is believed. Without one: UTF-16 if the zero bytes of the first KiB lie as in
/// UTF-16; else UTF-8 if all of it is UTF-8; else the code page that the letters look like, with a note. Single
/// characters that cannot be read become U+FFFD, with a note, so that one of them does not cost the whole file.
///
/// # Errors
/// The bytes are no text, or a text with its end cut off.
pub fn to_text(file: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    match file {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(DecodeError::Utf32),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok(marked_utf8(rest)),
        [0xFF, 0xFE, rest @ ..] => loose_utf16(UTF_16LE, rest, true),
        [0xFE, 0xFF, rest @ ..] => loose_utf16(UTF_16BE, rest, true),
        [0x1F, 0x8B, ..] => Err(DecodeError::Compressed("gzip")),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Err(DecodeError::Compressed("zstd")),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Err(DecodeError::Compressed("zip")),
        _ => unmarked(file),
    }
}

fn unmarked(file: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    match zeros(file) {
        Zeros::Odd => return loose_utf16(UTF_16LE, file, false),
        Zeros::Even => return loose_utf16(UTF_16BE, file, false),
        Zeros::Anywhere => return Err(DecodeError::Binary),
        Zeros::None => {}
    }
    match std::str::from_utf8(file) {
        Ok(text) => Ok(Decoded {
            text: Cow::Borrowed(text),
            encoding: "UTF-8",
            notes: Vec::new(),
        }),
        // UTF-8 to its last character, of which bytes are missing: the file was cut, and no other code page.
        Err(error) if error.error_len().is_none() && !file[..error.valid_up_to()].is_ascii() => {
            Ok(marked_utf8(file))
        }
        Err(_) => {
            let (text, encoding) = code_page::read(file);
            Ok(Decoded {
                text,
                encoding,
                notes: vec![format!(
                    "The file does not say its encoding; by the look of its letters it was read as {encoding}. Letters outside ASCII may be wrong."
                )],
            })
        }
    }
}

/// UTF-8 by its mark, whatever is wrong with single characters.
fn marked_utf8(rest: &[u8]) -> Decoded<'_> {
    let text = String::from_utf8_lossy(rest);
    let notes = match &text {
        Cow::Borrowed(_) => Vec::new(),
        Cow::Owned(_) => vec![replaced("UTF-8")],
    };
    Decoded {
        text,
        encoding: "UTF-8",
        notes,
    }
}

fn loose_utf16<'b>(
    encoding: &'static Encoding,
    rest: &'b [u8],
    marked: bool,
) -> Result<Decoded<'b>, DecodeError> {
    if rest.len() % 2 == 1 {
        return Err(DecodeError::BrokenUtf16);
    }
    let (text, broken) = encoding.decode_without_bom_handling(rest);
    let name = if encoding == UTF_16LE {
        "UTF-16 (little endian)"
    } else {
        "UTF-16 (big endian)"
    };
    let mut notes = Vec::new();
    if !marked {
        notes.push(format!(
            "The file has no byte order mark; by its zero bytes it was read as {name}."
        ));
    }
    if broken {
        notes.push(replaced(name));
    }
    Ok(Decoded {
        text,
        encoding: name,
        notes,
    })
}

fn replaced(encoding: &str) -> String {
    format!(
        "Some characters of the file are no valid {encoding}; they are shown as \u{FFFD}. Was the file cut, or were two files joined?"
    )
}

enum Zeros {
    None,
    /// Every other byte, from the second on: ASCII as UTF-16, little end first.
    Odd,
    /// Every other byte, from the first on.
    Even,
    Anywhere,
}

/// Where the zero bytes of the first KiB lie. UTF-16 of any language has ASCII blanks, digits and line ends.
fn zeros(file: &[u8]) -> Zeros {
    const LOOKED_AT: usize = 1024;
    /// A side that has so many times the zeros of the other is the high half.
    const CLEARLY: usize = 8;
    let (mut even, mut odd) = (0_usize, 0_usize);
    let head = &file[..file.len().min(LOOKED_AT)];
    for pair in head.chunks(2) {
        even += usize::from(pair.first() == Some(&0));
        odd += usize::from(pair.get(1) == Some(&0));
    }
    let enough = head.len().div_ceil(16);
    if even + odd == 0 {
        // Zeros behind the first KiB: text has none, and UTF-16 would have shown itself by now.
        if file.contains(&0) {
            Zeros::Anywhere
        } else {
            Zeros::None
        }
    } else if odd >= enough && odd >= even * CLEARLY {
        Zeros::Odd
    } else if even >= enough && even >= odd * CLEARLY {
        Zeros::Even
    } else {
        Zeros::Anywhere
    }
}

fn utf16<'b>(encoding: &'static Encoding, rest: &'b [u8]) -> Result<Cow<'b, [u8]>, DecodeError> {
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(rest)
        .ok_or(DecodeError::BrokenUtf16)?;
    Ok(Cow::Owned(text.into_owned().into_bytes()))
}
