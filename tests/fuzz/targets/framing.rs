//! A body of reports: cut into records, every one of which lies in the body and is read.
#![no_main]

use cutover_fuzz::{report, wire};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = wire::to_utf8(data) else {
        return;
    };
    let mut next = 0;
    let _ = wire::for_each_record(&text, |place, record| {
        assert_eq!(place.index, next);
        next += 1;
        match record {
            Ok(bytes) => report(bytes),
            Err(cut) => assert!(!cut.error.detail.is_empty()),
        }
    });
});
