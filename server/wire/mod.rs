//! What comes in: bytes are decoded, cut into records and read into the domain's types, or refused in plain English.
//!
//! The way of a body: [`to_utf8`] → [`for_each_record`] → [`report_v1::parse_with_hash`]; a device list goes
//! through [`to_utf8`] into [`population::parse_csv`], [`population::parse_json`] or [`population_names::parse_names`].
//! Nothing here knows about requests, databases or the time.

pub mod archive;
mod code_page;
mod columns;
mod csv_text;
pub mod decode;
pub mod document;
mod document_join;
mod document_keys;
mod fields;
pub mod foreign;
pub mod hello;
mod key_paths;
mod machine;
mod nesting;
pub mod population;
pub mod population_names;
mod population_row;
mod raw;
pub mod records;
mod registry;
pub mod report_v1;
mod sentence;
mod shapes;
mod tables;

pub use decode::{DecodeError, Decoded, to_text, to_utf8};
pub use fields::FieldError;
pub use population::{PopulationList, PopulationRow, RowError};
pub use records::{BodyError, Cut, Place, Shape, for_each_record};
pub use report_v1::Parsed;
