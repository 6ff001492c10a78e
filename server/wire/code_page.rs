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
    if is_latin(guess) && looks_like_850(head) {
        return (Cow::Owned(from_850(bytes)), "code page 850");
    }
    let (text, _) = guess.decode_without_bom_handling(bytes);
    (text, guess.name())
}

/// Encodings that a text of code page 850 is mistaken for.
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

/// Whether the bytes beside ASCII letters are where code page 850 keeps its letters, which Windows' own Latin
/// pages keep for signs.
fn looks_like_850(head: &[u8]) -> bool {
    let (mut console, mut windows) = (0_usize, 0_usize);
    for trio in head.windows(3) {
        let [before, byte, behind] = trio else {
            continue;
        };
        if byte.is_ascii() || !(before.is_ascii_alphabetic() || behind.is_ascii_alphabetic()) {
            continue;
        }
        match byte {
            0x80..=0xA5 | 0xB5..=0xB7 => console += 1,
            0xC0..=0xFF => windows += 1,
            _ => {}
        }
    }
    console > windows
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
