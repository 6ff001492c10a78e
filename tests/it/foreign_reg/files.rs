//! Every file of `tests/feeds/reg`, in every encoding and with every line end that it can come with.

use std::{borrow::Cow, fs, path::PathBuf};

use cutover::wire::to_utf8;

use super::{facts, read, shown};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/feeds/reg")
}

fn feeds() -> Vec<(String, String)> {
    let mut feeds: Vec<_> = fs::read_dir(folder())
        .expect("the folder of feeds")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).expect("UTF-8");
            (name, text)
        })
        .collect();
    feeds.sort();
    assert!(feeds.len() > 40, "the feeds are there");
    feeds
}

#[test]
fn every_feed_is_read_as_it_was_agreed() {
    for (name, text) in feeds() {
        let outcome = read(&name, &text, Some("PC-1"));
        if let Ok((piece, _)) = &outcome {
            facts(piece);
            assert_eq!(
                piece.document.collected_at, None,
                "{name}: no file says when"
            );
        }
        insta::assert_snapshot!(format!("feed-{name}"), shown(&outcome));
    }
}

#[test]
fn encodings_and_line_ends_never_matter() {
    for (name, text) in feeds() {
        let usual = shown(&read(&name, &text, Some("PC-1")));
        let crlf = text.replace('\n', "\r\n");
        let plain = |shown: &str| shown.replace("\\r", "");
        for (how, bytes) in [
            ("CR LF", crlf.clone().into_bytes()),
            ("CR CR LF", text.replace('\n', "\r\r\n").into_bytes()),
            (
                "UTF-8 with a mark",
                [b"\xEF\xBB\xBF", crlf.as_bytes()].concat(),
            ),
            (
                "UTF-16LE, as regedit writes it",
                utf16(&crlf, u16::to_le_bytes),
            ),
            ("UTF-16BE", utf16(&crlf, u16::to_be_bytes)),
        ] {
            let decoded = to_utf8(&bytes).expect("an encoding that is taken");
            let decoded = match &decoded {
                Cow::Borrowed(bytes) => std::str::from_utf8(bytes).expect("UTF-8"),
                Cow::Owned(bytes) => std::str::from_utf8(bytes).expect("UTF-8"),
            };
            let other = shown(&read(&name, decoded, Some("PC-1")));
            assert_eq!(plain(&usual), plain(&other), "{name} in {how}");
        }
    }
}

fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(bytes)
        .collect()
}
