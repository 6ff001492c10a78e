//! Files of any format, several at once, as an upload brings them.
#![no_main]

use cutover_fuzz::{
    document, parts, report,
    wire::foreign::{
        self,
        any_file::{File, Options, Row},
    },
};

const NAMES: [&str; 6] = ["PC-1.reg", "a.csv", "b.txt", "c.json", "d.zip", "e.xml"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let files: Vec<File<'_>> = parts(rest)
        .take(NAMES.len())
        .enumerate()
        .map(|(at, bytes)| File {
            name: NAMES[(at + usize::from(*first)) % NAMES.len()],
            bytes,
        })
        .collect();
    let options = Options {
        one_run: first & 0x40 != 0,
        device: (first & 0x80 != 0).then(|| "PC-9".to_owned()),
        ..Options::default()
    };
    let told = foreign::read(&files, &options, &mut |row| {
        match row {
            Row::Reading {
                record: Some(_),
                document,
                ..
            } => report(&document),
            Row::Reading {
                document: bytes,
                needs_time: true,
                ..
            } => document(&bytes),
            Row::Reading { document, .. } => report(&document),
            Row::Refused { refused, .. } => assert!(!refused.detail.is_empty()),
        }
        true
    });
    for (_, unreadable) in told.into_iter().filter_map(Result::err) {
        assert!(!unreadable.0.is_empty());
    }
});
