//! Zip archives: bounded whatever they promise, and no name of an entry points anywhere.
#![no_main]

use cutover_fuzz::wire::archive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let lone = archive::is_lone(data);
    let (mut total, mut files) = (0, 0);
    let read = archive::for_each_entry(data, |entry| {
        files += 1;
        if let Ok(entry) = entry {
            total += entry.bytes.len() as u64;
            assert!(!entry.name.contains(['/', '\\']) && !entry.name.chars().any(char::is_control));
            assert!(!entry.place.chars().any(char::is_control));
        }
    });
    assert!(total <= archive::MAX_TOTAL && files <= archive::MAX_ENTRIES);
    if read.is_ok() && archive::is_zip(data) {
        assert!(!lone || files < 2, "{files} files in an archive of one");
    }
});
