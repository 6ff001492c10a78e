//! Lists of updates, by wmic or Get-HotFix.
#![no_main]

use cutover_fuzz::{file, wire::foreign::hotfix_list};

libfuzzer_sys::fuzz_target!(|data: &[u8]| file(
    "PC-1_qfe.txt",
    data,
    hotfix_list::recognises,
    hotfix_list::read
));
