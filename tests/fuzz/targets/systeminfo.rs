//! The output of systeminfo, as text and as a table.
#![no_main]

use cutover_fuzz::{file, wire::foreign::systeminfo};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.txt",
    data,
    systeminfo::recognises,
    systeminfo::read
));
