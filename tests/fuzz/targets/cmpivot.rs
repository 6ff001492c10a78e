//! Results of CMPivot, one file or several, joined.
#![no_main]

use cutover_fuzz::{
    parts, piece, wire,
    wire::foreign::{Source, cmpivot, join::Joined},
};

const KEY: &str = r"Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\Lsa')";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for key in [None, Some(KEY)] {
        let mut joined = Joined::new();
        for part in parts(data) {
            let Ok(decoded) = wire::to_text(part) else {
                continue;
            };
            let source = Source {
                name: "pivot.csv",
                text: &decoded.text,
                device: None,
            };
            let read = cmpivot::read(&source, None, key, &mut |read| match read {
                Ok(read) => joined.add(read, &mut |read| piece(read)),
                Err(refused) => piece(Err(refused)),
            });
            if read.is_ok() {
                joined.file();
            }
        }
        joined.finish(&mut |read| piece(read));
    }
});
