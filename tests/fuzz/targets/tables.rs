//! Tables with a column for each fact.
#![no_main]

use cutover_fuzz::{
    piece, wire,
    wire::foreign::{Source, mapping::Mapping, table::Table, wide},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(decoded) = wire::to_text(data) else {
        return;
    };
    if let Ok(table) = Table::open(&decoded.text) {
        let mapping = Mapping::guess(table.heading());
        let _ = (mapping.check(), wide::recognises(table.heading()));
    }
    let source = Source {
        name: "table.csv",
        text: &decoded.text,
        device: None,
    };
    let _ = wide::read(&source, None, &mut |read| piece(read));
});
