//! Registry exports.
#![no_main]

use cutover_fuzz::{file, wire::foreign::reg_export};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.reg",
    data,
    reg_export::recognises,
    reg_export::read
));
