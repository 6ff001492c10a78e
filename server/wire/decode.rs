//! Bodies in the encodings that Windows writes, into UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

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
        "this is compressed with {0}; unpack it, or name the compression in the header Content-Encoding"
    )]
    Compressed(&'static str),
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

fn utf16<'b>(encoding: &'static Encoding, rest: &'b [u8]) -> Result<Cow<'b, [u8]>, DecodeError> {
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(rest)
        .ok_or(DecodeError::BrokenUtf16)?;
    Ok(Cow::Owned(text.into_owned().into_bytes()))
}
