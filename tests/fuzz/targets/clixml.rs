//! CLIXML, as Export-Clixml writes it.
#![no_main]

use cutover_fuzz::{file, wire::foreign::health_checker};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1.xml",
    data,
    health_checker::recognises,
    health_checker::read
));
