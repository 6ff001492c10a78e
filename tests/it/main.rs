//! The tests of the whole program: one binary, one link.

mod load;
mod postgres;
mod sim;
mod store;
mod stub;
mod support;
mod views;
mod wire;
