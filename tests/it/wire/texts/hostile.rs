//! No file, however made, makes a reader panic; and what is read is always a report that is taken.

use std::sync::LazyLock;

use cutover::wire::{archive, foreign::Source, to_text};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::RngSeed};

use super::{FORMATS, feeds, report};

static FEEDS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| feeds().into_iter().map(|(_, file)| file).collect());

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(3_140_245),
        ..ProptestConfig::default()
    }
}

/// Reads a file by every reader, whether that knows it or not.
fn through_all(file: &[u8]) {
    let Ok(decoded) = to_text(file) else {
        return;
    };
    for format in FORMATS {
        let _: bool = (format.recognises)("any.txt", super::head(&decoded.text));
        let source = Source {
            name: "any.txt",
            text: &decoded.text,
            device: None,
        };
        let (_, pieces) = (format.read)(&source);
        for piece in pieces.into_iter().flatten() {
            let _ = report(&piece.document);
        }
    }
}

/// A change to a file.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index),
    Drop(Index, usize),
    Put(Index, Vec<u8>),
    Double(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let words: &[&str] = &[
        "\"",
        "<",
        "</Obj>",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\n",
        "\r",
        ":",
        "[01]: KB3140245",
        "@@",
        "\0",
        "\u{FEFF}",
        "é",
        "-1",
        "99999999999999999999",
        "HotFixID",
        "Registry Key ",
        "&x;",
        "Host Name: ",
        "(UTC+99:99)",
    ];
    let put = prop_oneof![
        vec(any::<u8>(), 1..6),
        proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
    ];
    prop_oneof![
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), 1_usize..40).prop_map(|(at, many)| Change::Drop(at, many)),
        (any::<Index>(), put).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        (any::<Index>(), 1_usize..200).prop_map(|(at, many)| Change::Double(at, many)),
    ]
}

fn changed(mut file: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = |index: &Index| index.index(file.len() + 1);
        match change {
            Change::Cut(index) => file.truncate(at(index)),
            Change::Drop(index, many) => {
                let from = at(index);
                let to = (from + many).min(file.len());
                file.drain(from..to);
            }
            Change::Put(index, bytes) => {
                let from = at(index);
                file.splice(from..from, bytes.iter().copied());
            }
            Change::Double(index, many) => {
                let from = at(index);
                let to = (from + many).min(file.len());
                let again = file[from..to].to_vec();
                file.splice(from..from, again);
            }
        }
    }
    file
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_files_never_panic(
        which in any::<Index>(),
        changes in vec(change(), 1..8),
    ) {
        let file = which.get(FEEDS.as_slice()).clone();
        through_all(&changed(file, &changes));
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        through_all(&bytes);
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}") {
        through_all(text.as_bytes());
    }

    #[test]
    fn changed_archives_never_panic(changes in vec(change(), 1..6)) {
        use std::io::Write as _;
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["one.txt", "two/three.json"] {
            writer
                .start_file(name, zip::write::SimpleFileOptions::default())
                .expect("an entry");
            writer.write_all(b"Host Name: PC-1 PC-1 PC-1 PC-1").expect("bytes");
        }
        let file = changed(writer.finish().expect("an archive").into_inner(), &changes);
        let mut entries = 0;
        let _: Result<_, _> = archive::for_each_entry(&file, |_| entries += 1);
        prop_assert!(entries <= archive::MAX_ENTRIES);
    }
}

/// Sizes that would take minutes if anything were quadratic.
#[test]
fn large_files_take_no_time() {
    let many = 200_000;
    let files = [
        "Host Name: PC-1\n".repeat(many),
        format!(
            "OS Version: 10.0.19045 N/A Build 19045\n{}",
            "x: y\n".repeat(many)
        ),
        format!(
            "OS Version: 10.0.19045 N/A Build 19045\nHotfix(s): 3\n{}",
            " [01]: KB3140245\n".repeat(many)
        ),
        format!(
            "HotFixID  InstalledOn\n{}",
            "KB3140245  1/1/2019\n".repeat(many)
        ),
        format!("HotFixID=KB3140245\n{}", "x=y\n".repeat(many)),
        format!("[{}{{}}]", "{},".repeat(many)),
        "[]".repeat(many),
        "@@x\n".repeat(many),
        "{}\n".repeat(many),
        format!(
            "<Objs xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{}</Objs>",
            "<Obj N=\"1.2\"><I32 N=\"ClientEnabledValue\">1</I32></Obj>".repeat(many)
        ),
        format!("<Objs {}/>", "a=\"b\" ".repeat(many)),
        "[".repeat(many),
        "\u{202E}".repeat(many),
    ];
    for file in files {
        let began = std::time::Instant::now();
        let decoded = to_text(file.as_bytes()).expect("text");
        for format in FORMATS {
            let source = Source {
                name: "large.txt",
                text: &decoded.text,
                device: None,
            };
            let (_, pieces) = (format.read)(&source);
            drop(pieces);
        }
        let took = began.elapsed();
        assert!(
            took.as_secs() < 30,
            "{took:?} for {}",
            super::head(&file).get(..60).unwrap_or_default()
        );
    }
}
