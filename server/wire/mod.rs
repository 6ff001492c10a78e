//! What comes in: bytes are decoded, cut into records and read into the domain's types, or refused in plain English.
//!
//! Nothing here knows about requests, databases or the time.

pub mod decode;
pub mod population;
pub mod records;
mod fields;
mod nesting;
mod raw;
mod registry;
pub mod report_v1;
mod sentence;
mod shapes;
mod tables;

pub use fields::FieldError;
pub use report_v1::Parsed;
