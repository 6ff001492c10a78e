//! Foreign files in the encodings that Windows writes.

use cutover::wire::{DecodeError, to_text};

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let mark = if mark { "\u{FEFF}" } else { "" };
    format!("{mark}{text}")
        .encode_utf16()
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn text_is_read_in_every_encoding() {
    let text = "Nom de l'hôte: PC-1\r\nОС, 版本\r\n";
    let cases: Vec<(Vec<u8>, &str, usize)> = vec![
        (text.as_bytes().to_vec(), "UTF-8", 0),
        (format!("\u{FEFF}{text}").into_bytes(), "UTF-8", 0),
        (utf16(text, true, false), "UTF-16 (little endian)", 0),
        (utf16(text, true, true), "UTF-16 (big endian)", 0),
        (utf16(text, false, false), "UTF-16 (little endian)", 1),
        (utf16(text, false, true), "UTF-16 (big endian)", 1),
    ];
    for (file, encoding, notes) in cases {
        let decoded = to_text(&file).expect("text");
        assert_eq!(decoded.text, text, "{encoding}");
        assert_eq!(decoded.encoding, encoding);
        assert_eq!(decoded.notes.len(), notes, "{:?}", decoded.notes);
    }
}

#[test]
fn code_pages_are_guessed_with_a_note() {
    let cases: &[(&[u8], &str, &str)] = &[
        (b"Configuraci\xA2n del sistema: s\xA1, Espa\xA4a", "code page 850", "Configuración del sistema: sí, España"),
        (b"Configuraci\xF3n del sistema: s\xED, Espa\xF1a", "windows-1252", "Configuración del sistema: sí, España"),
        (
            b"Versi\xA2n: 10\r\nConfiguraci\xA2n: Estaci\xA2n de trabajo\r\nRevisi\xA2n(es): 9\r\nUbicaci\xA2n(es) de archivo de paginaci\xA2n",
            "code page 850",
            "Versión: 10\r\nConfiguración: Estación de trabajo\r\nRevisión(es): 9\r\nUbicación(es) de archivo de paginación",
        ),
        (b"Universit\xE0", "windows-1252", "Università"),
        (b"\xB0\xE6\xB1\xBE: Windows \xC6\xF3\xD2\xB5\xB0\xE6, \xB6\xC0\xC1\xA2\xB9\xA4\xD7\xF7\xD5\xBE", "GBK", "版本: Windows 企业版, 独立工作站"),
        (b"Eigenst\x84ndige Arbeitsstation, Gr\x94\xE1e", "code page 850", "Eigenständige Arbeitsstation, Größe"),
        (
            b"\x88\xAC\xEF \xE3\xA7\xAB\xA0: PC. \x82\xA5\xE0\xE1\xA8\xEF \x8E\x91. \x80\xA4\xAC\xA8\xAD\xA8\xE1\xE2\xE0\xA0\xE2\xAE\xE0",
            "IBM866",
            "Имя узла: PC. Версия ОС. Администратор",
        ),
    ];
    for (file, encoding, text) in cases {
        let decoded = to_text(file).expect("text");
        assert_eq!((decoded.encoding, &*decoded.text), (*encoding, *text));
        assert_eq!(decoded.notes.len(), 1);
    }
}

#[test]
fn damage_is_said_or_refused() {
    let mut odd = utf16("Host Name: PC-1", true, false);
    odd.push(b'x');
    let refused: &[(&[u8], DecodeError)] = &[
        (&odd, DecodeError::BrokenUtf16),
        (b"\x1F\x8B\x08rest", DecodeError::Compressed("gzip")),
        (b"PK\x03\x04rest", DecodeError::Compressed("zip")),
        (b"\xFF\xFE\0\0a\0\0\0", DecodeError::Utf32),
        (
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0\xB8\0\0\0",
            DecodeError::Binary,
        ),
    ];
    for (file, error) in refused {
        assert_eq!(to_text(file).err(), Some(*error));
    }
    let mut late = vec![b'a'; 5_000];
    late.push(0);
    assert_eq!(to_text(&late).err(), Some(DecodeError::Binary));
    // A half pair, and UTF-8 that was cut inside a letter.
    let half = to_text(b"\xFF\xFEa\0\x00\xD8b\0").expect("text");
    assert_eq!((&*half.text, half.notes.len()), ("a\u{FFFD}b", 1));
    let cut = to_text(
        "Domäne: Größ\u{20AC}"
            .as_bytes()
            .split_last()
            .expect("bytes")
            .1,
    )
    .expect("text");
    assert_eq!((cut.encoding, cut.notes.len()), ("UTF-8", 1));
    assert!(cut.text.starts_with("Domäne: Größ"));
    assert_eq!(to_text(b"").expect("text").text, "");
}
