//! What the tests lean on.

pub mod postgres;
pub mod stores;
