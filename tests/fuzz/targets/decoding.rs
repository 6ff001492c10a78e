//! Bytes as text: what is UTF-8 stays as it is, and nothing grows beyond three times its size.
#![no_main]

use cutover_fuzz::wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = wire::to_utf8(data) {
        assert!(text.len() <= data.len() * 2);
    }
    if let Ok(decoded) = wire::to_text(data) {
        assert!(decoded.text.len() <= data.len() * 3);
        assert!(!decoded.text.starts_with('\u{FEFF}') || data.len() > 6);
        if !decoded.text.contains('\u{FFFD}') && decoded.encoding == "UTF-8" {
            assert!(data.ends_with(decoded.text.as_bytes()));
        }
    }
});
