//! What the tests lean on.

pub mod postgres;
pub mod process;
pub mod stores;
