//! Registry data as `.reg` files and `reg.exe` spell it, into the values of a report document.

use encoding_rs::WINDOWS_1252;

use super::super::{
    document::{Data, Value},
    fields::MAX_TEXT,
};

/// Most bytes of binary data that are kept, for display.
const BINARY_SHOWN: usize = 256;

/// Stands for the type of what has no usable data, so that no rule takes it for a number or for absent.
const WRONG_LENGTH: &str = "a number of the wrong length";
/// See [`WRONG_LENGTH`].
const TOO_LONG: &str = "longer than what is kept";

/// The registry's types by number.
const TYPES: [&str; 12] = [
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTOR",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
];

/// A `REG_DWORD`.
pub(super) fn dword(number: u32) -> Value {
    typed("REG_DWORD", Data::Number(u64::from(number)))
}

/// A `REG_SZ`.
pub(super) fn text(text: String) -> Value {
    some_text("REG_SZ", text)
}

/// What stands behind `hex(…):`. Texts are UTF-16 in files of version 5 (`wide`) and bytes of a code page that
/// nobody names in `REGEDIT4`; no name or number that matters has a character in which code pages differ.
pub(super) fn from_bytes(kind: u32, bytes: &[u8], wide: bool) -> Value {
    let name = usize::try_from(kind).ok().and_then(|kind| TYPES.get(kind));
    match (kind, name) {
        (1 | 2 | 6, Some(name)) => {
            let text = decoded(bytes, wide);
            some_text(name, text.trim_end_matches('\0').to_owned())
        }
        (7, Some(name)) => {
            let text = decoded(bytes, wide);
            texts(name, text.trim_end_matches('\0').split('\0'))
        }
        (4, Some(name)) => match <[u8; 4]>::try_from(bytes) {
            Ok(four) => typed(name, Data::Number(u64::from(u32::from_le_bytes(four)))),
            Err(_) => typed(WRONG_LENGTH, shown(bytes)),
        },
        (5, Some(name)) => match <[u8; 4]>::try_from(bytes) {
            Ok(four) => typed(name, Data::Number(u64::from(u32::from_be_bytes(four)))),
            Err(_) => typed(WRONG_LENGTH, shown(bytes)),
        },
        (11, Some(name)) => match <[u8; 8]>::try_from(bytes) {
            Ok(eight) => typed(name, Data::Number(u64::from_le_bytes(eight))),
            Err(_) => typed(WRONG_LENGTH, shown(bytes)),
        },
        (_, Some(name)) => typed(name, shown(bytes)),
        (_, None) => typed("a type without a name", shown(bytes)),
    }
}

/// What `reg query` shows of a value. `None`: its data are not what `reg query` writes for this type.
pub(super) fn from_query(kind: &str, data: &str) -> Option<Value> {
    let name = *TYPES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(kind))
        .or_else(|| {
            // Other names of the same types.
            match kind {
                "REG_DWORD_LITTLE_ENDIAN" => TYPES.get(4),
                "REG_QWORD_LITTLE_ENDIAN" => TYPES.get(11),
                _ => None,
            }
        })?;
    Some(match name {
        "REG_DWORD" | "REG_DWORD_BIG_ENDIAN" => typed(name, Data::Number(hex_number(data, 8)?)),
        "REG_QWORD" => typed(name, Data::Number(hex_number(data, 16)?)),
        "REG_MULTI_SZ" => texts(name, data.trim_end_matches("\\0").split("\\0")),
        "REG_SZ" | "REG_EXPAND_SZ" | "REG_LINK" => some_text(name, data.to_owned()),
        _ => {
            let short: String = data.chars().take(2 * BINARY_SHOWN).collect();
            let cut = if short.len() < data.len() { "…" } else { "" };
            typed(name, Data::Text(format!("{short}{cut}")))
        }
    })
}

fn hex_number(data: &str, digits: usize) -> Option<u64> {
    let hex = data
        .strip_prefix("0x")
        .or_else(|| data.strip_prefix("0X"))?;
    let plain = (1..=digits).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(hex, 16).ok()).flatten()
}

fn typed(kind: &'static str, data: Data) -> Value {
    Value::Typed { r#type: kind, data }
}

fn some_text(kind: &'static str, text: String) -> Value {
    if text.len() > MAX_TEXT {
        return typed(
            TOO_LONG,
            Data::Text(format!("{kind}, {} bytes", text.len())),
        );
    }
    typed(kind, Data::Text(text))
}

fn texts<'t>(kind: &'static str, list: impl Iterator<Item = &'t str>) -> Value {
    let list: Vec<String> = list
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect();
    let length: usize = list.iter().map(|text| text.len() + 4).sum();
    if length > MAX_TEXT {
        return typed(
            TOO_LONG,
            Data::Text(format!("{kind}, {} texts", list.len())),
        );
    }
    typed(kind, Data::Texts(list))
}

fn decoded(bytes: &[u8], wide: bool) -> String {
    if !wide {
        return WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned();
    }
    let units = bytes.chunks(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        // Half a character: never to be taken for a whole one.
        _ => 0xFFFD,
    });
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn shown(bytes: &[u8]) -> Data {
    let mut text: String = bytes
        .iter()
        .take(BINARY_SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if bytes.len() > BINARY_SHOWN {
        text.push('…');
    }
    Data::Text(text)
}
