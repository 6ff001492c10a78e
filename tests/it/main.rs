//! The tests of the whole program, in one binary: it links once.

mod cases;
mod properties;
mod wire;
