//! The tests of the whole program: one binary, one link.

mod postgres;
mod support;
