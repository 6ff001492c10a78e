//! Device lists: CSV, JSON, and names one a line.
#![no_main]

use cutover_fuzz::wire::{self, PopulationList, population, population_names};

fn check(list: &PopulationList) {
    for row in &list.rows {
        assert!(row.ids.identifies(), "{row:?}");
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = wire::to_utf8(data) else {
        return;
    };
    let _ = population_names::is_names(&text);
    for read in [
        population::parse_csv(&text),
        population::parse_json(&text),
        population_names::parse_names(&text),
    ] {
        match read {
            Ok(list) => check(&list),
            Err(errors) => assert!(!errors.is_empty()),
        }
    }
});
