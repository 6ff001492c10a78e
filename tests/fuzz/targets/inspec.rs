//! Reports of InSpec.
#![no_main]

use cutover_fuzz::{file, wire::foreign::inspec};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.json",
    data,
    inspec::recognises,
    inspec::read
));
