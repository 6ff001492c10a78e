//! x
mod views;
