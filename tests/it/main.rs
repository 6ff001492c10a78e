//! The tests of the whole program: one binary, one link.

mod cases;
mod durability;
mod house;
mod load;
mod postgres;
mod properties;
mod sim;
mod store;
mod stub;
mod support;
mod views;
mod wire;
