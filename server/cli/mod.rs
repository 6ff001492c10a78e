//! The commands of the program beside the server.

pub mod load;
pub mod loadgen;
