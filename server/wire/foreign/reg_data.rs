//! Data as `.reg` files spell them: texts in quotation marks, `dword:` and `hex(…):`.

use super::{super::document::Value, reg_values};

/// A text up to its closing quotation mark, and what comes behind that. `None`: it is not closed.
/// A backslash stands before a quotation mark or another backslash; before anything else it stands for itself.
pub(super) fn quoted(line: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some((text, chars.as_str())),
            '\\' => match chars.next() {
                Some(escaped @ ('"' | '\\')) => text.push(escaped),
                Some(other) => {
                    text.push('\\');
                    text.push(other);
                }
                None => return None,
            },
            c => text.push(c),
        }
    }
    None
}

/// What comes behind `dword:`; the second tells whether a hand wrote it.
pub(super) fn dword(rest: &str) -> Result<(Value, bool), String> {
    let (digits, comment) = rest
        .split_once(';')
        .map_or((rest, false), |(digits, _)| (digits, true));
    let plain = digits.trim();
    let hex = (1..=8).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_hexdigit());
    let number = hex
        .then(|| u32::from_str_radix(plain, 16).ok())
        .flatten()
        .ok_or("Behind `dword:` come one to eight hexadecimal digits; here they do not.")?;
    let by_hand = comment || format!("{number:08x}") != digits;
    Ok((reg_values::dword(number), by_hand))
}

/// The type in `hex:` and `hex(7):`.
pub(super) fn hex_kind(kind: &str) -> Result<u32, String> {
    let unknown =
        || "These data are neither a text, nor `dword:`, nor `hex:` or `hex(…):`.".to_owned();
    let (hex, rest) = kind.split_at_checked(3).ok_or_else(unknown)?;
    if !hex.eq_ignore_ascii_case("hex") {
        return Err(unknown());
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Ok(3);
    }
    let number = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .map(str::trim)
        .filter(|digits| digits.len() <= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    number
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or_else(unknown)
}

/// `de,ad,be,ef`, with or without a comma at the end.
pub(super) fn hex(data: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
    let data = data.trim();
    let data = data.strip_suffix(',').unwrap_or(data);
    if data.is_empty() {
        return Ok(());
    }
    for pair in data.split(',') {
        let pair = pair.trim();
        let plain = (1..=2).contains(&pair.len()) && pair.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = plain.then(|| u8::from_str_radix(pair, 16).ok()).flatten();
        bytes.push(byte.ok_or(
            "Behind `hex:` come pairs of hexadecimal digits with commas between; here they do not.",
        )?);
    }
    Ok(())
}
