//! File names that anybody may have chosen: shown without harm, and cut to what a file system takes.

use std::ffi::{OsStr, OsString};

/// Characters of a name that are shown.
const MOST_SHOWN: usize = 120;
/// Bytes of a name that every file system takes.
const MOST_BYTES: usize = 255;

/// A name for a terminal or a log: one line, no control characters, nothing invisible, nothing that turns the
/// direction of writing; what is not text is shown as bytes. A very long name ends in `…`.
pub fn shown(name: &OsStr) -> String {
    let mut out = String::new();
    let mut room = MOST_SHOWN;
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if room == 0 {
                return out + "…";
            }
            room -= 1;
            push(&mut out, c);
        }
        for byte in chunk.invalid() {
            if room == 0 {
                return out + "…";
            }
            room -= 1;
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// Text of the server, which may quote what is in a file: one line, made visible like a name, at most so many
/// characters.
pub fn harmless(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (index, c) in text.trim().chars().enumerate() {
        if index == most {
            out.push('…');
            break;
        }
        // A backslash is what most paths are made of; here it stays readable.
        if c == '\\' {
            out.push(c);
        } else {
            push(&mut out, c);
        }
    }
    out
}

/// The name with something behind it, in at most 255 bytes: a longer name loses its end.
pub fn with_behind(name: &OsStr, behind: &str) -> OsString {
    if name.len().saturating_add(behind.len()) <= MOST_BYTES {
        let mut whole = name.to_owned();
        whole.push(behind);
        return whole;
    }
    let text = name.to_string_lossy();
    let room = MOST_BYTES.saturating_sub(behind.len());
    let mut cut = String::new();
    for c in text.chars() {
        if cut.len() + c.len_utf8() > room {
            break;
        }
        cut.push(c);
    }
    cut.push_str(behind);
    cut.into()
}

fn push(out: &mut String, c: char) {
    if c == '\\' || c.is_control() || (c.is_whitespace() && c != ' ') || is_invisible(c) {
        out.extend(c.escape_default());
    } else {
        out.push(c);
    }
}

/// Characters that show nothing or move what stands beside them, so that one name looks like another.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}
