//! What the tests lean on.

pub mod answer;
pub mod app;
pub mod forms;
pub mod hello;
pub mod postgres;
pub mod process;
pub mod report;
pub mod stores;
