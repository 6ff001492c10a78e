//! The tests of the whole program: one binary, one link.

mod store;
mod support;
