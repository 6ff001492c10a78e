//! x

mod wire;
