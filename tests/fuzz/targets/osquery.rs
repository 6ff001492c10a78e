//! Rows of osquery, one run or a log.
#![no_main]

use cutover_fuzz::{file, wire::foreign::osquery};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.json",
    data,
    osquery::recognises,
    osquery::read
));
