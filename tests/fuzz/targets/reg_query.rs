//! The output of reg query and of the collector for cmd.
#![no_main]

use cutover_fuzz::{file, wire::foreign::reg_query};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.txt",
    data,
    reg_query::recognises,
    reg_query::read
));
