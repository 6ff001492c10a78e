//! What the tests lean on.

pub mod answer;
pub mod app;
pub mod forms;
pub mod hello;
pub mod postgres;
pub mod process;
pub mod report;
pub mod stores;

use std::env;

/// How far a long test goes: so far with `CUTOVER_TEST_LARGE` set, as before a release, and a quarter of it otherwise.
pub fn large(whole: u64) -> u64 {
    if env::var_os("CUTOVER_TEST_LARGE").is_some() {
        whole
    } else {
        whole / 4
    }
}
