//! Text in the code pages that Windows wrote before Unicode: which one is it, and what does it say?
//!
//! Nothing that the rules read lies outside ASCII, so a wrong guess spoils the look of a name and no verdict.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_4, ISO_8859_15, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254,
    WINDOWS_1257, WINDOWS_1258,
};

/// Bytes that the guess looks at.
const LOOKED_AT: usize = 4 * 1024 * 1024;

/// The upper half of code page 850, the console's own in Western Europe, which the web never knew.
const CP850: &str = "\
ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

/// The text, and the name of the code page that it was taken for.
pub(super) fn read(bytes: &[u8]) -> (Cow<'_, str>, &'static str) {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let guess = match letters(head) {
        Letters::Console => return (Cow::Owned(from_850(bytes)), "code page 850"),
        Letters::Windows if !is_latin(guess) => WINDOWS_1252,
        Letters::Windows | Letters::Other => guess,
    };
    let (text, _) = guess.decode_without_bom_handling(bytes);
    (text, guess.name())
}

/// Encodings of languages that are written in Latin letters.
fn is_latin(encoding: &'static Encoding) -> bool {
    [
        WINDOWS_1250,
        WINDOWS_1252,
        WINDOWS_1254,
        WINDOWS_1257,
        WINDOWS_1258,
        ISO_8859_2,
        ISO_8859_4,
        ISO_8859_15,
    ]
    .contains(&encoding)
}

/// What the bytes above ASCII look like.
enum Letters {
    /// Latin letters, where code page 850 has them and Windows' own pages have signs.
    Console,
    /// Latin letters, where Windows' own pages have them.
    Windows,
    /// No Latin letters: other languages have several such bytes in a row.
    Other,
}

fn letters(head: &[u8]) -> Letters {
    /// Latin letters beyond ASCII come alone or in pairs, as in "größer".
    const LONGEST_ROW: usize = 2;
    let (mut all, mut alone, mut console, mut windows) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut before = b' ';
    let mut rows = head
        .chunk_by(|one, next| one.is_ascii() == next.is_ascii())
        .peekable();
    while let Some(row) = rows.next() {
        if row.is_ascii() {
            before = row.last().copied().unwrap_or(b' ');
            continue;
        }
        all += row.len();
        let behind = rows.peek().and_then(|next| next.first()).copied();
        let behind = behind.unwrap_or(b' ');
        let beside_letter = before.is_ascii_alphabetic() || behind.is_ascii_alphabetic();
        if row.len() > LONGEST_ROW || !beside_letter {
            continue;
        }
        alone += row.len();
        for byte in row {
            match byte {
                0x80..=0xA5 | 0xB5..=0xB7 => console += 1,
                0xC0..=0xFF => windows += 1,
                _ => {}
            }
        }
    }
    if alone * 3 < all * 2 {
        Letters::Other
    } else if console > windows {
        Letters::Console
    } else {
        Letters::Windows
    }
}

fn from_850(bytes: &[u8]) -> String {
    let table: Vec<char> = CP850.chars().collect();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for byte in bytes {
        let upper = byte.checked_sub(0x80).map(usize::from);
        text.push(match upper {
            None => char::from(*byte),
            Some(at) => table.get(at).copied().unwrap_or('\u{FFFD}'),
        });
    }
    text
}
