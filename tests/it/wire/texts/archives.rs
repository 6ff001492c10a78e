//! Zip archives of files, and what an archive may not do.

use std::io::{Cursor, Write};

use cutover::wire::{
    archive::{self, Entry, MAX_ENTRIES},
    foreign::{Refused, Unreadable},
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fn packed(write: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    write(&mut writer);
    writer.finish().expect("an archive").into_inner()
}

fn put(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]) {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer.start_file(name, options).expect("an entry");
    writer.write_all(bytes).expect("bytes");
}

type Read = (Result<Vec<String>, Unreadable>, Vec<Result<Entry, Refused>>);

fn read(file: &[u8]) -> Read {
    let mut entries = Vec::new();
    let notes = archive::for_each_entry(file, |entry| entries.push(entry));
    (notes, entries)
}

#[test]
fn files_are_handed_out_in_order_and_names_lead_nowhere() {
    let file = packed(|zip| {
        zip.add_directory("a folder", SimpleFileOptions::default())
            .expect("a folder");
        put(zip, "a folder/PC-1.txt", b"one");
        put(zip, "../../etc/passwd", b"two");
        put(zip, r"C:\Windows\PC-2.txt", b"three");
        put(zip, "__MACOSX/._PC-1.txt", b"no");
        put(zip, "exe\u{202E}txt.cod\u{7}", b"four");
    });
    assert!(archive::is_zip(&file));
    let (notes, entries) = read(&file);
    let names: Vec<(String, Vec<u8>)> = entries
        .into_iter()
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.name, entry.bytes))
        .collect();
    let wanted = [
        ("PC-1.txt", "one"),
        ("passwd", "two"),
        ("PC-2.txt", "three"),
        ("exetxt.cod", "four"),
    ];
    let wanted = wanted.map(|(name, bytes)| (name.to_owned(), bytes.as_bytes().to_vec()));
    assert_eq!(names, wanted);
    assert_eq!(notes.expect("readable").len(), 2);
}

#[test]
fn what_cannot_be_taken_is_refused_and_the_others_go_on() {
    let inner = packed(|zip| put(zip, "x", b"x"));
    let bomb = vec![b'a'; 16 * 1024 * 1024];
    let file = packed(|zip| {
        put(zip, "inner.zip", &inner);
        put(zip, "bomb.txt", &bomb);
        put(zip, "log.gz", b"\x1F\x8B\x08");
        zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
            .expect("a link");
        put(zip, "good.txt", b"good");
    });
    // The last entry becomes encrypted in both its headers.
    let mut secret = packed(|zip| put(zip, "secret.txt", b"secret"));
    for (mark, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let found = secret
            .windows(4)
            .position(|four| four == mark)
            .expect("a header");
        secret[found + at] |= 1;
    }
    // A method that nobody knows.
    let mut method = packed(|zip| put(zip, "odd.txt", b"odd odd odd odd odd"));
    for (mark, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let found = method
            .windows(4)
            .position(|four| four == mark)
            .expect("a header");
        method[found + at] = 12;
    }
    let mut damaged = packed(|zip| put(zip, "damaged.txt", b"some words that are long enough"));
    damaged[50] ^= 0xFF;
    let mut told = String::new();
    for file in [file, secret, method, damaged] {
        let (notes, entries) = read(&file);
        assert!(notes.is_ok(), "{notes:?}");
        for entry in entries {
            told += &match entry {
                Ok(entry) => format!("{}: {} bytes\n", entry.place, entry.bytes.len()),
                Err(refused) => format!("{}: {}\n", refused.place, refused.detail),
            };
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_archive_has_bounds() {
    let many = packed(|zip| {
        for at in 0..=MAX_ENTRIES {
            put(zip, &format!("{at}"), b"");
        }
    });
    let (notes, entries) = read(&many);
    assert!(notes.is_err() && entries.is_empty());
    // Noise packs badly, so that only the total is exceeded.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    })
    .take(30 * 1024 * 1024)
    .collect();
    let large = packed(|zip| {
        for name in ["1", "2", "3", "4"] {
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            zip.start_file(name, options).expect("an entry");
            zip.write_all(&noise).expect("bytes");
        }
    });
    let (notes, entries) = read(&large);
    assert!(notes.is_ok());
    assert_eq!(entries.len(), 3);
    let refused = entries
        .last()
        .expect("a refusal")
        .as_ref()
        .expect_err("refused");
    assert!(refused.detail.contains("2 in all"), "{}", refused.detail);
    for file in [
        &b"PK\x03\x04"[..],
        b"PK\x05\x06",
        &large[..large.len() - 30],
    ] {
        assert!(read(file).0.is_err());
    }
}
