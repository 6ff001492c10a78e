//! Results of Run Scripts.
#![no_main]

use cutover_fuzz::{
    piece, wire,
    wire::foreign::{Source, run_scripts},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(decoded) = wire::to_text(data) else {
        return;
    };
    let source = Source {
        name: "scripts.csv",
        text: &decoded.text,
        device: None,
    };
    let _ = run_scripts::read(&source, None, &mut |read| piece(read));
});
